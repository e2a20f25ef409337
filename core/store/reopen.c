/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reopen.c - opening the database again in place after a write that failed. RocksDB must not be
 * touched by anybody while it is closed: a gate counts who is inside, snapshots are taken away from
 * those that have them, and cursors, which lend RocksDB's memory, are waited for.
 */
#include <assert.h>
#include <errno.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/store/private.h"

#undef gate_refuse

/* How long those that read now get to finish. Past it reading goes on and we come back later. */
#define LEAVE_MAX_US ((int64_t)2 * 1000000)
/* When callers are told to come back: opening again takes less, as a rule. */
#define COME_BACK_US ((int64_t)500 * 1000)

/* The gate */

void gate_init(struct store *store)
{
    pthread_condattr_t monotonic;

    (void)pthread_mutex_init(&store->mu, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&store->left, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

void gate_fini(struct store *store)
{
    (void)pthread_cond_destroy(&store->left);
    (void)pthread_mutex_destroy(&store->mu);
}

/* Who opens it again is let in before all others. */
static bool is_open_to_us(const struct store *store)
{
    return !atomic_load(&store->is_shut) ||
           (atomic_load(&store->is_reread) && pthread_equal(store->opener, pthread_self()));
}

/*
 * Counted first and asked then, as the other side shuts first and counts then: with sequential
 * consistency at least one of the two sees the other.
 */
bool gate_enter(struct store *store)
{
    (void)atomic_fetch_add(&store->users, 1);
    if (is_open_to_us(store))
        return true;
    gate_leave(store);
    return false;
}

void gate_leave(struct store *store)
{
    if (atomic_fetch_sub(&store->users, 1) > 1 || !atomic_load(&store->is_shut))
        return;
    (void)pthread_mutex_lock(&store->mu);
    (void)pthread_cond_broadcast(&store->left);
    (void)pthread_mutex_unlock(&store->mu);
}

bool gate_is_shut(const struct store *store)
{
    return !is_open_to_us(store);
}

tn_status gate_refuse(struct err *err)
{
    (void)err_set(
        err, TN_UNAVAILABLE, "The store is opened again after a write error: try again soon.");
    if (err)
        err->retry_after_us = COME_BACK_US;
    return TN_UNAVAILABLE;
}

tn_status gate_enter_snapshot(struct store *store, const struct store_snapshot *snapshot,
                              struct err *err)
{
    if (!gate_enter(store))
        return gate_refuse(err);
    if (!snapshot || snapshot->view)
        return TN_OK;
    gate_leave(store);
    return gate_refuse(err);
}

/* Shuts it and waits until nobody is inside; else opens it again. */
static tn_status shut(struct store *store, struct err *err)
{
    int64_t until_us = clock_mono_us() + LEAVE_MAX_US;
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    bool was_shut = atomic_exchange(&store->is_shut, true);
    bool is_late = false;

    (void)pthread_mutex_lock(&store->mu);
    while (atomic_load(&store->users) > 0 && !is_late)
        is_late = pthread_cond_timedwait(&store->left, &store->mu, &until) == ETIMEDOUT;
    bool is_empty = atomic_load(&store->users) == 0;
    (void)pthread_mutex_unlock(&store->mu);
    if (is_empty)
        return TN_OK;
    atomic_store(&store->is_shut, was_shut);
    return err_set(err,
                   TN_UNAVAILABLE,
                   "The store in '%s' is still being read: it cannot be opened again yet.",
                   store->dir);
}

/* Snapshots */

struct store_snapshot *store_snapshot_open(struct store *store)
{
    struct store_snapshot *snapshot = mem_new(struct store_snapshot);

    if (!snapshot)
        return NULL;
    snapshot->store = store;
    snapshot->options = rocksdb_readoptions_create();
    if (gate_enter(store)) {
        snapshot->view = rocksdb_create_snapshot(store->db);
        rocksdb_readoptions_set_snapshot(snapshot->options, snapshot->view);
        (void)pthread_mutex_lock(&store->mu);
        snapshot->next = store->snapshots;
        if (snapshot->next)
            snapshot->next->previous = snapshot;
        store->snapshots = snapshot;
        (void)pthread_mutex_unlock(&store->mu);
        gate_leave(store);
    }
    return snapshot;
}

/* Gives the view back and leaves the list, unless it was never there or was lost. [mu held] */
static void take_view(struct store_snapshot *snapshot)
{
    struct store *store = snapshot->store;

    if (!snapshot->view)
        return;
    rocksdb_release_snapshot(store->db, snapshot->view); /* it is open as long as there are views */
    snapshot->view = NULL;
    if (snapshot->previous)
        snapshot->previous->next = snapshot->next;
    else
        store->snapshots = snapshot->next;
    if (snapshot->next)
        snapshot->next->previous = snapshot->previous;
}

void store_snapshot_close(struct store_snapshot *snapshot)
{
    if (!snapshot)
        return;
    (void)pthread_mutex_lock(&snapshot->store->mu);
    take_view(snapshot);
    (void)pthread_mutex_unlock(&snapshot->store->mu);
    rocksdb_readoptions_destroy(snapshot->options);
    mem_free(snapshot);
}

/* Their owners find out when they read. */
static void take_all_views(struct store *store)
{
    (void)pthread_mutex_lock(&store->mu);
    while (store->snapshots)
        take_view(store->snapshots);
    (void)pthread_mutex_unlock(&store->mu);
}

/* Failing, and opening again */

tn_status store_failure(const struct store *store)
{
    return (tn_status)atomic_load(&store->failure);
}

void store_set_watcher(struct store *store, store_failed_fn failed, void *ctx)
{
    store->failed_ctx = ctx;
    store->failed = failed;
}

void store_fail(struct store *store, tn_status status)
{
    int none = TN_OK;

    /* A second failure is a write that was under way beside the first: it is known already. */
    if (atomic_compare_exchange_strong(&store->failure, &none, (int)status) && store->failed)
        store->failed(store->failed_ctx);
}

void store_resume(struct store *store)
{
    atomic_store(&store->failure, TN_OK);
}

/*
 * The database, closed, as it is on the disk, and one write to prove that its log can be written.
 * What can only be read is better than nothing, unless it is damaged: then it would be read
 * without what is missing.
 */
static tn_status open_again(struct store *store, struct err *err)
{
    tn_status status = database_open(store, err);

    if (status == TN_OK)
        return database_prove(store, err);
    database_close(store); /* it may be open to look at */
    if (status != TN_DATA_LOSS)
        (void)database_open_to_read(store, NULL); /* `status` says why it may not be written */
    return status;
}

/* The gate opens behind `reread`, whatever that comes to: what can be read is better than nothing.
 */
static tn_status read_first(struct store *store, store_reread_fn reread, void *ctx, struct err *err)
{
    store->opener = pthread_self();
    atomic_store(&store->is_reread, true);
    tn_status status = reread(ctx, err);
    atomic_store(&store->is_reread, false);
    return status;
}

static tn_status reopen(struct store *store, store_reread_fn reread, void *ctx, struct err *err)
{
    /* As long as the disk does not write, what is open serves reads best. */
    TRY(format_need_room(store->dir_fd, store->dir, ROOM_TO_WRITE, err));
    TRY(format_prove(store->dir_fd, store->dir, err));
    TRY(shut(store, err));
    take_all_views(store);
    database_close(store);
    tn_status status = open_again(store, err);
    if (status == TN_OK && reread)
        status = read_first(store, reread, ctx, err);
    if (store->db)
        atomic_store(&store->is_shut, false);
    return status;
}

tn_status store_reopen(struct store *store, store_reread_fn reread, void *ctx, struct err *err)
{
    int none = TN_OK;

    assert(!store->is_read_only);
    (void)atomic_compare_exchange_strong(&store->failure, &none, TN_UNAVAILABLE);
    tn_status status = reopen(store, reread, ctx, err);
    /* Who writes is told what it waits for now. */
    atomic_store(&store->failure,
                 status == TN_RESOURCE_EXHAUSTED ? TN_RESOURCE_EXHAUSTED : TN_UNAVAILABLE);
    return status;
}
