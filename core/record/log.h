/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the seam between the committer and what makes commits durable and ordered. The local
 * driver writes to this host's store, synced: its write-ahead log is the log. A shared driver would
 * put a replicated log in between, and the store would be its applied state.
 */
#ifndef CORE_RECORD_LOG_H
#define CORE_RECORD_LOG_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/store/store.h"

enum log_outcome {
    LOG_DONE,       /* durable and applied */
    LOG_CONFLICT,   /* `expected` is not the head: catch up and validate again */
    LOG_FENCED,     /* another host owns the portal */
    LOG_UNKNOWN,    /* an I/O error: it may or may not have happened */
    LOG_FULL,       /* no room; nothing happened */
    LOG_UNAVAILABLE /* not now; nothing happened */
};

/* The commits of one portal in one durable round trip: a batch that moves its log on. */
struct log_commit {
    uint32_t portal;
    uint64_t expected;         /* the newest change number before */
    uint64_t last;             /* and after */
    uint64_t epoch;            /* of this host's ownership; 0 with the local driver */
    struct store_batch *batch; /* resulting writes, never commands; borrowed */
    enum log_outcome outcome;  /* set by commit */
};

struct log_driver {
    void *ctx;
    /* All of them durable in one round trip, each for itself done or not; blocks. */
    void (*commit)(void *ctx, struct log_commit *commits, size_t count, struct err *err);
    /* The newest change number of a portal. TN_UNAVAILABLE; TN_DATA_LOSS. blocks */
    tn_status (*head)(void *ctx, uint32_t portal, uint64_t *ret_head, struct err *err);
};

/* Number and write succeed or fail together in one synced write of `store` (borrowed). */
struct log_driver log_local(struct store *store);

#endif /* CORE_RECORD_LOG_H */
