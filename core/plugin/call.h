/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - what a plugin's callback gets: a call inside a transaction, and the records that it sees
 * through its own declarations.
 */
#ifndef CORE_PLUGIN_CALL_H
#define CORE_PLUGIN_CALL_H

#include "core/base/map.h"
#include "core/plugin/plugin.h"
#include "core/record/past.h"

enum seen {
    SEEN_LIVE = 1,   /* a record of the transaction */
    SEEN_BEFORE = 2, /* the same, as it is in the store */
    SEEN_FOUND = 3,  /* a row that a query met */
    SEEN_MESSAGE = 4,
    SEEN_PAST = 5 /* a record as a change found it or left it */
};

/* One record or message as one plugin sees it. */
struct tn_record {
    struct tn_call *call;
    enum seen seen;
    uint64_t id;                    /* key of the call's map */
    const struct schema_type *type; /* NULL of a message */
    struct record *record;          /* SEEN_LIVE, SEEN_BEFORE */
    struct tn_bytes row;            /* SEEN_FOUND */
    const struct past *past;        /* SEEN_PAST */
    uint32_t type_row;              /* SEEN_MESSAGE: which row of the plugin's types */
    struct message *message;
    const struct plugin_method *method; /* of a request made by tn_bus_v1.request, as the next */
    uint32_t response_row;
    uint32_t handle; /* by which a runner names it; 0: none yet */
};

struct tn_call {
    struct plugin *plugin;
    struct txn *txn;
    struct err *err;    /* gets the first failure's reason */
    tn_status status;   /* the first failure; TN_OK: none */
    uint32_t depth;     /* of joined calls */
    bool is_read_only;  /* a TN_READS method */
    bool is_misused;    /* the first failure is call_misuse's */
    bool is_down;       /* the plugin's process is not there, or ended under the call */
    bool is_entered;    /* part of a struct entered (core_table.c), which owns the transaction */
    struct map records; /* struct tn_record of SEEN_LIVE by id: the same one, the same pointer */
    struct tn_found *found; /* open queries, newest first */
    struct tn_blob *blobs;  /* of blobs_table.c, newest first */
    struct err *nested;     /* why the last joined call failed; of the transaction's arena */
};

/* [worker] */
void call_init(struct tn_call *call, struct plugin *plugin, struct txn *txn, struct err *err);
/* Closes what the callback left open. */
void call_fini(struct tn_call *call);

/* Marks the call: the first failure stays. Returns `status`. [any] */
tn_status call_fail(struct tn_call *call, tn_status status);
/*
 * A host function was used wrongly, as `what` says: as call_fail with TN_INVALID_ARGUMENT, which
 * the plugin gets. The call itself comes to TN_INTERNAL, since its caller did nothing wrong. [any]
 */
tn_status call_misuse(struct tn_call *call, const char *what);

/* What the callback's `status` comes to, after marks; its reason is in the call's err. [worker] */
tn_status call_result(struct tn_call *call, tn_status status);

/* The call's view of a record. NULL when memory is out; the call is marked then. [worker] */
struct tn_record *call_see(struct tn_call *call, struct record *record);
/* Of a message, by the row of types that describes it. [worker] */
struct tn_record *call_see_message(struct tn_call *call, uint32_t type_row,
                                   struct message *message);

/*
 * Rows to what they name. Each marks the call with TN_INVALID_ARGUMENT if there is no such row, or
 * it does not fit. [worker]
 */
tn_status call_type(struct tn_call *call, uint32_t row, const struct schema_type **ret_type);
tn_status call_property(struct tn_call *call, uint32_t row, const struct schema_type *type,
                        const struct schema_property **ret_property);
tn_status call_association(struct tn_call *call, uint32_t row, const struct schema_type *at,
                           const struct schema_association **ret_association, bool *ret_is_inverse);
/* The property that a row of a record's properties names on `type` (NULL: on that of the row);
 * NULL: none there. [any] */
const struct schema_property *plugin_find_property(const struct plugin *plugin,
                                                   const struct schema *schema, uint32_t row,
                                                   const struct schema_type *type);
/* Whether `row`, of a hook or consumer, means records of that type. [any] */
bool plugin_is_for_type(const struct plugin *plugin, uint32_t row, const struct schema_type *type);

/* Position of a property in the message. */
tn_status call_field(struct tn_call *call, uint32_t row, const struct tn_record *message,
                     uint32_t *ret_field);

/*
 * A method inside the caller's transaction: decodes nothing, commits nothing. On failure its writes
 * are still there; its reason is in `err`. [worker]
 */
tn_status call_method(const struct plugin_method *method, struct txn *txn, uint32_t depth,
                      struct message *request, struct message *response, struct err *err);

/* Closes all queries of the call (records_table.c). */
void call_close_found(struct tn_call *call);
/* Ends what it reads and writes of blobs (blobs_table.c). */
void call_close_blobs(struct tn_call *call);

extern const struct tn_core_v1 plugin_core_table;
extern const struct tn_records_v1 plugin_records_table;
extern const struct tn_bus_v1 plugin_bus_table;
extern const struct tn_blobs_v1 plugin_blobs_table;

/* As in core/base/err.h. */
#ifdef __clang_analyzer__
#define call_misuse(...) err_refusal(call_misuse(__VA_ARGS__))
#endif

#endif /* CORE_PLUGIN_CALL_H */
