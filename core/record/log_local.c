/* SPDX-License-Identifier: Apache-2.0 */
/* log_local.c - the log of a host alone: the store's own write-ahead log, one sync for all. */
#include "core/record/log.h"

#include "core/record/head.h"

static enum log_outcome outcome_of(tn_status st)
{
    switch (st) {
    case TN_OK:
        return LOG_DONE;
    case TN_RESOURCE_EXHAUSTED:
        return LOG_FULL;
    case TN_INVALID_ARGUMENT: /* a key that is too long: refused before anything was written */
        return LOG_UNAVAILABLE;
    default:
        return LOG_UNKNOWN;
    }
}

static void commit(void *ctx, struct log_commit *commits, size_t count, struct err *err)
{
    struct store *store = ctx;
    struct store_batch *all = commits[0].batch;

    /* Alone in its store, nobody moves a head but this host's one committer. */
    for (size_t i = 1; i < count; i++)
        store_batch_append(all, commits[i].batch);
    tn_status before = store_failure(store);
    tn_status st = store_write(store, all, true, err);
    enum log_outcome outcome = outcome_of(st);
    if (before != TN_OK && outcome == LOG_UNKNOWN)
        outcome = LOG_UNAVAILABLE; /* it had failed before: this was not even tried */
    for (size_t i = 0; i < count; i++)
        commits[i].outcome = outcome;
}

static tn_status head(void *ctx, uint32_t portal, uint64_t *ret_head, struct err *err)
{
    struct head stored;

    TRY(head_read(ctx, portal, &stored, err));
    *ret_head = stored.change;
    return TN_OK;
}

struct log_driver log_local(struct store *store)
{
    return (struct log_driver){.ctx = store, .commit = commit, .head = head};
}
