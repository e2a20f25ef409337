/* SPDX-License-Identifier: Apache-2.0 */
/* host_private.h - what the files of the checking host share. */
#ifndef SDK_CHECK_HOST_PRIVATE_H
#define SDK_CHECK_HOST_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "sdk/check/host.h"

enum call_state {
    CALL_UNUSED,
    CALL_RUNS,    /* its callback does */
    CALL_HELD,    /* until finish() */
    CALL_ENTERED, /* begun by the plugin, until finish() */
    CALL_ENDED
};

struct tn_call {
    _Atomic enum call_state state;
    atomic_uint users; /* host functions that are at work for it */
    pthread_t thread;  /* that it was begun on */
};

struct tn_record {
    struct tn_call *call;
    uint32_t type;
    uint32_t id;
    struct tn_value *values; /* by row of properties */
    struct tn_bytes body;
};

struct tn_found {
    struct tn_call *call;
    bool is_closed;
};

struct tn_blob {
    struct tn_call *call;
    bool is_open;
};

struct checking {
    struct board *board;
    const struct tn_plugin *plugin;
    void *self;
    struct tn_call *calls;
    struct tn_record *records;
    struct tn_found *founds;
    struct tn_blob *blobs;
    atomic_uint call_count;
    atomic_uint record_count;
    atomic_uint found_count;
    atomic_uint blob_count;
};
extern struct checking checking;

struct member {
    const char *name;
    size_t offset;
};

struct table {
    const char *id;
    const void *functions;
    size_t size;
    const struct member *members;
    size_t member_count;
};
extern const struct table *const tables[];
extern const size_t table_count;
extern const struct table core_table;
extern const struct table records_table;
extern const struct table bus_table;
extern const struct table blobs_table;

/* Whether the record's type has the property in this row, which exists. */
bool record_has_property(const struct tn_record *record, uint32_t property);

/* A host function at work. */
struct visit {
    const char *name;
    struct tn_call *call;
};

/*
 * A function is entered for a call that must run; a fault of the plugin's is told, and false.
 * visit_leave() follows either way.
 */
bool visit_call(struct visit *visit, const char *name, const struct tn_call *call);
bool visit_record(struct visit *visit, const char *name, const struct tn_record *record);
/* As visit_call, for what only the host's own threads may call. */
bool visit_worker(struct visit *visit, const char *name, const struct tn_call *call);
void visit_leave(struct visit *visit);

/* Tells that a row is not the plugin's own: false. */
bool visit_row(const struct visit *visit, const char *list, uint32_t row, uint32_t count);

#define VISIT __attribute__((cleanup(visit_leave))) struct visit visit

#endif /* SDK_CHECK_HOST_PRIVATE_H */
