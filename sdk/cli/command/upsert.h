/* SPDX-License-Identifier: Apache-2.0 */
/* upsert.h - records written by a unique property, many a call. */
#ifndef SDK_CLI_COMMAND_UPSERT_H
#define SDK_CLI_COMMAND_UPSERT_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "sdk/cli/command/host.h"

/* Records of one call: small enough to be one transaction of milliseconds. */
#define UPSERT_BATCH 200
#define UPSERT_PROPERTY_MAX 32 /* of one record; more is our own bug */
#define UPSERT_LINK_MAX 4

struct upsert;

struct upsert_totals {
    uint64_t created;
    uint64_t updated;
    uint64_t unchanged;
};

/* A link to the record whose unique `property` is `key`. */
struct upsert_link {
    const char *association;
    const char *property;
    const char *key;
    const char *label; /* NULL: none */
    bool primary;
};

tn_status upsert_create(struct upsert **ret_upsert, struct err *err);
void upsert_destroy(struct upsert *upsert);
DEFINE_CLEANUP(struct upsert, upsert_destroy)

/* Begins with a type; `type` and `key_property` are borrowed until upsert_end. */
void upsert_begin(struct upsert *upsert, struct host *host, const char *type,
                  const char *key_property);

/* Begins a record, sending those before where they are a batch. What follows is about it. blocks */
tn_status upsert_record(struct upsert *upsert, struct err *err);

/* Texts are copied; exhausted memory is told by the next upsert_record or upsert_end. */
void upsert_set(struct upsert *upsert, const char *name, const char *value);
__attribute__((format(printf, 3, 4))) void upsert_setf(struct upsert *upsert, const char *name,
                                                       const char *format, ...);
void upsert_set_reference(struct upsert *upsert, const char *name, uint64_t id);
void upsert_link(struct upsert *upsert, const struct upsert_link *link);

/*
 * Sends what is left. `ret_ids` (may be NULL, else room for `id_count`) receives the records' ids
 * in order; `totals` grows by what became of them. blocks
 */
tn_status upsert_end(struct upsert *upsert, uint64_t *ret_ids, size_t id_count,
                     struct upsert_totals *totals, struct err *err);

#endif /* SDK_CLI_COMMAND_UPSERT_H */
