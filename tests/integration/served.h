/* SPDX-License-Identifier: Apache-2.0 */
/*
 * served.h - a host in the test's own process: the fixture's store and types, behind the bus on an
 * ipc socket, and a client of it.
 */
#ifndef TESTS_INTEGRATION_SERVED_H
#define TESTS_INTEGRATION_SERVED_H

#include <stdatomic.h>

#include <tenon/client.h>

#include "core/blob/blobs.h"
#include "core/bus/server.h"
#include "core/service/service.h"
#include "tenon/records/v1/records.pb-c.h"
#include "tenon/records/v1/search.pb-c.h"
#include "tests/unit/fixture.h"

/* Nothing here takes longer, on a loaded machine with sanitizers. */
#define PATIENCE_US ((int64_t)20 * 1000000)

/* Threads that run calls. */
#define SERVED_WORKERS 8u
/* Bytes of its largest blob. */
#define SERVED_BLOB_MAX ((uint64_t)8 << 20)

struct served {
    struct fixture *f;
    struct tokens *tokens;
    struct limit_rate portal_rate; /* from the next served_restart on */
    struct limit_rate token_rate;
    const char *plugin_dir; /* of the plugins that it loads; NULL: it has none */
    struct blobs *blobs;
    struct plugin_host *plugins;
    struct pool *pool;
    struct bus_server *server;
    struct service_host *host;
    struct tenon_client *client;
    char url[BUS_URL_SIZE];
    struct arena arena; /* of requests and responses, until the end of the test */
    struct tenon_result result;
    struct tenon_call_options options; /* of the next calls; zeroed by served_open */
    _Atomic int admitted;              /* connections times portals */
};

/* Without plugins. */
struct served *served_open(void);
/* With all of a folder, which have to run; `plugin_dir` must outlive it. */
struct served *served_open_with(const char *plugin_dir);
void served_close(struct served *s);
/* Stops serving, reopens the store, serves again. */
void served_restart(struct served *s);

/* For cmocka: *state is the struct served. */
int served_setup(void **state);
int served_teardown(void **state);

/* Calls and waits; NULL unless TN_OK. The response lives until the end of the test. */
void *served_call(struct served *s, const char *method, const void *request,
                  const ProtobufCMessageDescriptor *response);
/* The same, and the test fails unless TN_OK. */
void *served_must(struct served *s, const char *method, const void *request,
                  const ProtobufCMessageDescriptor *response);

/*
 * Whether the last call was refused with this status, field and rule (NULL: any). Says on standard
 * error what it was instead.
 */
bool served_refused(const struct served *s, tn_status status, const char *field, const char *rule);
/* The connection of the first call is still the one in use, and serves. */
void served_is_alive(struct served *s);

/* Parts of requests */

Tenon__Records__V1__Value *a_literal(struct served *s, const char *text);
Tenon__Records__V1__Property *a_property(struct served *s, const char *name, const char *text);
Tenon__Records__V1__RecordKey *an_id(struct served *s, uint64_t id);
Tenon__Records__V1__RecordKey *a_key(struct served *s, const char *property, const char *text);
/* A list of the pointers up to the first that is NULL; `*ret_count` receives how many. */
#define A_LIST(s, ret_count, ...) a_list((s), (ret_count), (void *[]){__VA_ARGS__, NULL})
void *a_list(struct served *s, size_t *ret_count, void *const *items);
char *a_text(struct served *s, const char *text);

/* Whole calls */

/* "serial=M1;price=3" of type `type`; the created record. */
Tenon__Records__V1__Record *create_record(struct served *s, const char *type, const char *values);
/* The request of it. */
Tenon__Records__V1__CreateRequest *a_create(struct served *s, const char *type, const char *values);
Tenon__Records__V1__Record *get_record(struct served *s, const char *type, uint64_t id);
/* As a person reads it; "" where it has none. */
const char *text_of(struct served *s, const Tenon__Records__V1__Record *record,
                    const char *property);

#endif /* TESTS_INTEGRATION_SERVED_H */
