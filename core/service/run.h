/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - one run of a call in a transaction, as the files that run methods share it. */
#ifndef CORE_SERVICE_RUN_H
#define CORE_SERVICE_RUN_H

#include "core/service/dispatch.h"

/* One method of the bus: of the host, or of a plugin. It outlives versions of the plugin, so a call
 * finds by its name what serves it. */
struct entry {
    struct entry *next;
    struct dispatch *dispatch;
    const struct dispatch_method *method; /* NULL: a plugin's, which has the next four */
    const char *name;
    const char *plugin;     /* id */
    _Atomic uint32_t flags; /* TN_READS ..., of the version that serves it now; relaxed: a hint */
    atomic_bool is_served;  /* relaxed: for metrics; changed under the dispatch's mu */
    struct metric_set statuses;
    struct metric_histogram durations;
};

/* One run of a call. Those that commit lie on the heap, from their first run to their answer. */
struct run {
    struct entry *entry;
    struct bus_call *bus;
    struct txn *txn;
    struct schema *schema; /* of a DISPATCH_BARE method */
    tn_time now_us;        /* the same in all runs of a call */
    int64_t begun_us;      /* monotonic */
    uint32_t loss_count;
    bool is_admitted;    /* the caller was checked, and the call counted */
    uint32_t flags;      /* of a plugin's method, as this run takes it to be */
    int64_t deadline_us; /* monotonic */
    char language[8];
    struct service_call call;
};

/* A first run, on the heap. NULL: memory is out. [worker] */
struct run *run_create(struct entry *entry, struct bus_call *bus);
/* Drops what it did not commit. Accepts NULL. [any] */
void run_destroy(struct run *run);

/* Checks the caller, once, and begins a transaction. [worker] blocks */
tn_status run_begin(struct run *run);
/*
 * What serves it in the routes of this transaction, whatever served it when the call came.
 * TN_UNIMPLEMENTED: nothing does any more, or by another kind of call. [worker]
 */
tn_status run_find_method(struct run *run, const struct plugin_method **ret_method);
/* After a run that lost: ready to begin anew. [any] */
void run_lose(struct run *run);
/* Whether it may. */
bool run_may_repeat(const struct run *run);
/* Sends what was packed, or the refusal; of a stream, its end. The call is gone then. [any] */
void run_answer(struct run *run, tn_status status);

#endif /* CORE_SERVICE_RUN_H */
