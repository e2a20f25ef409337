/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - handing a transaction to the committer, and waiting for it. */
#include <assert.h>

#include "core/record/state.h"

/* Nothing to write: there is nothing to validate either, the snapshot was consistent. */
static bool is_empty(const struct txn *txn)
{
    return store_batch_count(txn->batch) == 0 && txn->entry_count == 0;
}

tn_status txn_commit(struct txn *txn, txn_done_fn done, void *ctx, struct err *err)
{
    TRY(txn_prepare(txn, err));
    assert(txn->stage == TXN_PREPARED);
    TRY(txn_encode_metas(txn, err));
    if (is_empty(txn)) {
        txn->stage = TXN_ENDED;
        done(ctx, TN_OK, NULL);
        return TN_OK;
    }
    TRY(txn_note_limits(txn, err));
    txn->submission =
        (struct submission){.state = txn->state, .txn = txn, .done = done, .ctx = ctx};
    txn->stage = TXN_SUBMITTED;
    tn_status st = committer_submit(txn->records, &txn->submission, err);
    if (st != TN_OK)
        txn->stage = TXN_ENDED;
    return st;
}

struct waiter {
    pthread_mutex_t mu;
    pthread_cond_t done;
    bool is_done; /* guarded by mu, as the next two */
    tn_status status;
    struct err err;
};

static void wake(void *ctx, tn_status status, const struct err *err)
{
    struct waiter *waiter = ctx;

    (void)pthread_mutex_lock(&waiter->mu);
    waiter->is_done = true;
    waiter->status = status;
    err_copy(&waiter->err, err);
    (void)pthread_cond_signal(&waiter->done);
    (void)pthread_mutex_unlock(&waiter->mu);
}

static void waiter_init(struct waiter *waiter)
{
    (void)pthread_mutex_init(&waiter->mu, NULL);
    (void)pthread_cond_init(&waiter->done, NULL);
    waiter->is_done = false;
    err_init(&waiter->err, NULL);
}

static tn_status waiter_wait(struct waiter *waiter, struct err *err)
{
    (void)pthread_mutex_lock(&waiter->mu);
    while (!waiter->is_done)
        (void)pthread_cond_wait(&waiter->done, &waiter->mu);
    (void)pthread_mutex_unlock(&waiter->mu);
    if (waiter->status != TN_OK)
        err_copy(err, &waiter->err);
    return waiter->status;
}

static void waiter_fini(struct waiter *waiter)
{
    (void)pthread_cond_destroy(&waiter->done);
    (void)pthread_mutex_destroy(&waiter->mu);
}

tn_status txn_commit_wait(struct txn *txn, struct err *err)
{
    struct waiter waiter;

    waiter_init(&waiter);
    tn_status st = txn_commit(txn, wake, &waiter, err);
    if (st == TN_OK)
        st = waiter_wait(&waiter, err);
    waiter_fini(&waiter);
    return st;
}

tn_status committer_submit_wait(struct records *records, const struct submission *asked,
                                struct err *err)
{
    struct submission submission = *asked;
    struct waiter waiter;

    waiter_init(&waiter);
    submission.done = wake;
    submission.ctx = &waiter;
    tn_status st = committer_submit(records, &submission, err);
    if (st == TN_OK)
        st = waiter_wait(&waiter, err);
    waiter_fini(&waiter);
    return st;
}

/* Schema changes */

struct evolution {
    struct catalog *catalog;
    uint32_t portal;
    const struct catalog_change *change;
};

static tn_status evolve(void *ctx, struct store_batch *batch, struct schema **ret_schema,
                        struct err *err)
{
    const struct evolution *e = ctx;

    return catalog_change(e->catalog, e->portal, e->change, batch, ret_schema, err);
}

tn_status records_change_schema(struct records *records, const struct txn_options *options,
                                const struct catalog_change *change, struct err *err)
{
    struct buf entry = {0};
    struct evolution evolution = {
        .catalog = records->catalog, .portal = options->portal->id, .change = change};
    struct submission submission = {
        .evolve = evolve, .evolve_ctx = &evolution, .language = options->language};
    struct change logged = {.kind = CHANGE_SCHEMA,
                            .at_us = options->now_us,
                            .source = options->source,
                            .user = options->user};

    TRY(records_check_change(records, options, change, err));
    TRY(records_state(records, options->portal, &submission.state, err));
    if (change_encode(&logged, 0, &entry) != TN_OK) {
        buf_fini(&entry);
        return err_memory(err, "a change of the schema");
    }
    submission.entry = buf_bytes(&entry);
    tn_status st = committer_submit_wait(records, &submission, err);
    buf_fini(&entry);
    return st;
}
