/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mend.c - going on after a write that failed. Its outcome is unknown, so that nothing is written
 * behind it: all portals, which share the store, are frozen. The committer then opens the store
 * again, where the write is found or not, and reads what it keeps in memory; while that does not
 * succeed it tries again, ever more seldom.
 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/record/state.h"

/* Between two tries; a disk that is full is looked at as often, which costs nothing. */
#define PAUSE_MIN_US ((int64_t)100 * 1000)
#define PAUSE_MAX_US ((int64_t)5 * 1000000)
/* What those are told at least who come while the store is being opened. */
#define COME_BACK_US ((int64_t)250 * 1000)

struct mending {
    struct records *records;
    _Atomic bool is_frozen;
    _Atomic int64_t due_us; /* monotonic: the next try */
    /* The committer's alone. */
    int64_t begun_us;
    int64_t pause_us;
    tn_status said; /* why the last try failed: it is logged once */
};

/* [any] A write of somebody else's failed: the committer finds it when it looks. */
static void notice(void *ctx)
{
    struct records *records = ctx;

    (void)pthread_mutex_lock(&records->mu);
    (void)pthread_cond_signal(&records->submitted);
    (void)pthread_mutex_unlock(&records->mu);
}

struct mending *mending_create(struct records *records)
{
    struct mending *mending = mem_new(struct mending);

    if (!mending)
        return NULL;
    mending->records = records;
    atomic_init(&mending->is_frozen, false);
    atomic_init(&mending->due_us, INT64_MAX);
    store_set_watcher(records->store, notice, records);
    return mending;
}

void mending_destroy(struct mending *mending)
{
    if (!mending)
        return;
    store_set_watcher(mending->records->store, NULL, NULL);
    mem_free(mending);
}

tn_status mend_refuse(const struct records *records, struct err *err)
{
    const struct mending *mending = records->mending;

    if (!atomic_load(&mending->is_frozen))
        return TN_OK;
    tn_status st = store_failure(records->store);
    if (st == TN_RESOURCE_EXHAUSTED)
        (void)err_set(err, st, "The disk is full: nothing was written.");
    else
        (void)err_set(err,
                      st = TN_UNAVAILABLE,
                      "The portal is frozen since a write error until its store was opened again: "
                      "nothing was written.");
    int64_t left_us = atomic_load(&mending->due_us) - clock_mono_us();
    if (err)
        err->retry_after_us = left_us > COME_BACK_US ? left_us : COME_BACK_US;
    return st;
}

void mend_begin(struct records *records, const struct err *err)
{
    struct mending *mending = records->mending;

    if (atomic_load(&mending->is_frozen))
        return;
    mending->begun_us = clock_mono_us();
    mending->pause_us = PAUSE_MIN_US;
    mending->said = TN_OK;
    atomic_store(&mending->due_us, mending->begun_us);
    atomic_store(&mending->is_frozen, true);
    LOG(records->log,
        LOG_ERROR,
        "write failed, portals frozen until the store was opened again: check the disk",
        LOG_STR("error", err->message));
}

int64_t mend_due_us(struct records *records)
{
    struct mending *mending = records->mending;

    if (!atomic_load(&mending->is_frozen) && store_failure(records->store) != TN_OK) {
        struct err err;

        err_init(&err, NULL);
        (void)err_set(&err, TN_UNAVAILABLE, "A write beside the portals' records failed.");
        mend_begin(records, &err);
    }
    return atomic_load(&mending->is_frozen) ? atomic_load(&mending->due_us) : INT64_MAX;
}

/* All that memory holds and that may not be what the store has. */
static tn_status reread(void *ctx, struct err *err)
{
    struct records *records = ctx;

    committer_forget_totals(records);
    TRY(portals_reread(records->portals, err));
    TRY(records_reread(records, err));
    if (records->reread)
        TRY(records->reread(records->reread_ctx, err));
    /* What was read before, and snapshots that were lost, are of an older epoch than any after. */
    committer_end_epoch(records);
    records->mended_epoch = records->epoch; /* only this thread moves it */
    return TN_OK;
}

static const char *advice(const struct records *records, tn_status status)
{
    if (status == TN_DATA_LOSS)
        return "the store is damaged: stop the host, check the disk, run tenon check";
    if (store_failure(records->store) == TN_RESOURCE_EXHAUSTED)
        return "make room on the disk, writing goes on by itself";
    return "check the disk; if it stays so, move the store to another one";
}

static void note_failure(struct records *records, tn_status status, const struct err *err)
{
    struct mending *mending = records->mending;

    LOG(records->log,
        status == mending->said ? LOG_DEBUG : LOG_ERROR,
        "store cannot be opened again yet, portals stay frozen",
        LOG_STR("status", err_status_name(status)),
        LOG_STR("reason", err->message),
        LOG_STR("advice", advice(records, status)),
        LOG_INT("next_try_us", mending->pause_us));
    mending->said = status;
    atomic_store(&mending->due_us, clock_mono_us() + mending->pause_us);
    mending->pause_us = mending->pause_us * 2 < PAUSE_MAX_US ? mending->pause_us * 2 : PAUSE_MAX_US;
    (void)atomic_fetch_add(&records->mending_failure_count, 1);
}

void mend(struct records *records)
{
    struct mending *mending = records->mending;
    struct err err;

    err_init(&err, NULL);
    tn_status st = store_reopen(records->store, reread, records, &err);
    committer_end_epoch(records); /* the snapshot that is shared may be lost, or never was one */
    if (st != TN_OK) {
        note_failure(records, st, &err);
        return;
    }
    store_resume(records->store);
    (void)atomic_fetch_add(&records->mending_count, 1);
    atomic_store(&mending->is_frozen, false);
    LOG(records->log,
        LOG_INFO,
        "store opened again, portals are written as before",
        LOG_INT("frozen_us", clock_mono_us() - mending->begun_us));
    records_wake_watchers(records); /* heads may have moved */
}
