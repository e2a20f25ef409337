/* SPDX-License-Identifier: Apache-2.0 */
/* records.c - portals' states, shared snapshots, watchers. The committer is in committer.c. */
#include "core/record/records.h"

#include <time.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/record/state.h"

/* An older one holds back the store's clean-up; half of what snapshots may live. */
#define SNAPSHOT_AGE_MAX_US ((int64_t)30 * 1000000)

/* Portal states */

static tn_status open_state(struct records *records, struct portal *portal,
                            struct portal_state **ret_state, struct err *err)
{
    struct portal_state *state = mem_new(struct portal_state);
    struct head head;

    if (!state)
        return err_memory(err, "a portal");
    tn_status st = head_read(records->store, portal->id, &head, err);
    state->batch = store_batch_create();
    if (st == TN_OK && !state->batch)
        st = err_memory(err, "a portal");
    if (st != TN_OK) {
        store_batch_destroy(state->batch);
        mem_free(state);
        return st;
    }
    state->id = portal->id;
    state->portal = portal;
    state->next_change = head.change + 1;
    atomic_init(&state->next_record, head.next_record);
    atomic_init(&state->head, head.change);
    atomic_init(&state->settled, 0);
    atomic_init(&state->timer_epoch, 0);
    *ret_state = state;
    return TN_OK;
}

static void close_state(struct portal_state *state)
{
    schema_unref(state->schema);
    store_batch_destroy(state->batch);
    mem_free(state);
}

/* [mu held] */
static tn_status find_state(struct records *records, struct portal *portal,
                            struct portal_state **ret_state, struct err *err)
{
    uint64_t id = portal->id;
    struct portal_state *state = map_get_u64(&records->states, &id);

    if (!state) {
        /* Once per portal and start: a read under the lock does no harm. */
        TRY(open_state(records, portal, &state, err));
        if (map_set_u64(&records->states, &state->id, state, NULL) != TN_OK) {
            close_state(state);
            return err_memory(err, "a portal");
        }
    }
    *ret_state = state;
    return TN_OK;
}

tn_status records_state(struct records *records, struct portal *portal,
                        struct portal_state **ret_state, struct err *err)
{
    (void)pthread_mutex_lock(&records->mu);
    tn_status st = find_state(records, portal, ret_state, err);
    (void)pthread_mutex_unlock(&records->mu);
    return st;
}

tn_status records_enter(struct records *records, struct portal *portal,
                        struct portal_state **ret_state, struct txn **ret_txn, struct err *err)
{
    (void)pthread_mutex_lock(&records->mu);
    tn_status st = find_state(records, portal, ret_state, err);
    if (st == TN_OK) {
        struct txn *txn = records->spare;

        *ret_txn = txn;
        if (txn) {
            records->spare = TAKE(txn->next_spare);
            records->spare_count--;
        }
    }
    (void)pthread_mutex_unlock(&records->mu);
    return st;
}

void records_leave(struct records *records, struct txn *txn)
{
    (void)pthread_mutex_lock(&records->mu);
    bool is_kept = records->spare_count < TXN_SPARE_MAX;
    if (is_kept) {
        txn->next_spare = records->spare;
        records->spare = txn;
        records->spare_count++;
    }
    (void)pthread_mutex_unlock(&records->mu);
    if (!is_kept)
        txn_free(txn);
}

struct records_stats records_stats(const struct records *records)
{
    return (struct records_stats){
        .groups = atomic_load_explicit(&records->group_count, memory_order_relaxed),
        .commits = atomic_load_explicit(&records->commit_count, memory_order_relaxed),
        .conflicts = atomic_load_explicit(&records->conflict_count, memory_order_relaxed),
        .failures = atomic_load_explicit(&records->failure_count, memory_order_relaxed),
        .keys = atomic_load_explicit(&records->key_count, memory_order_relaxed),
        .bytes = atomic_load_explicit(&records->byte_count, memory_order_relaxed),
        .mendings = atomic_load_explicit(&records->mending_count, memory_order_relaxed),
        .mending_failures =
            atomic_load_explicit(&records->mending_failure_count, memory_order_relaxed),
    };
}

uint64_t records_head(struct records *records, const struct portal *portal)
{
    struct portal_state *state;

    if (records_state(records, (struct portal *)(uintptr_t)portal, &state, NULL) != TN_OK)
        return 0;
    /* acquire: pairs with the committer's release, after the group was written. */
    return atomic_load_explicit(&state->head, memory_order_acquire);
}

bool records_is_frozen(const struct records *records)
{
    return mend_refuse(records, NULL) != TN_OK;
}

/* [mu held] */
static tn_status reread_state(struct records *records, struct portal_state *state, struct err *err)
{
    struct head head;
    uint64_t known = atomic_load_explicit(&state->head, memory_order_relaxed);
    uint64_t next = atomic_load_explicit(&state->next_record, memory_order_relaxed);

    TRY(head_read(records->store, (uint32_t)state->id, &head, err));
    if (head.change < known)
        return err_set(err,
                       TN_DATA_LOSS,
                       "Portal %u has lost changes: it had %llu, the disk has %llu.",
                       (unsigned)state->id,
                       (unsigned long long)known,
                       (unsigned long long)head.change);
    catalog_reread(records->catalog, (uint32_t)state->id);
    state->next_change = head.change + 1;
    /* Ids are given out before they are written: raised by others meanwhile, never lowered. */
    while (next < head.next_record && !atomic_compare_exchange_weak_explicit(&state->next_record,
                                                                             &next,
                                                                             head.next_record,
                                                                             memory_order_relaxed,
                                                                             memory_order_relaxed))
        ;
    /* release: who reads the head finds its changes in the store. */
    atomic_store_explicit(&state->head, head.change, memory_order_release);
    return TN_OK;
}

tn_status records_reread(struct records *records, struct err *err)
{
    struct portal_state *state;
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&records->mu);
    for (size_t at = 0; st == TN_OK && (state = map_next(&records->states, &at, NULL));)
        st = reread_state(records, state, err);
    (void)pthread_mutex_unlock(&records->mu);
    return st;
}

void records_await(pthread_cond_t *cond, pthread_mutex_t *mu, int64_t until_us)
{
    if (until_us == INT64_MAX) {
        (void)pthread_cond_wait(cond, mu);
        return;
    }
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    (void)pthread_cond_timedwait(cond, mu, &until);
}

/* Snapshots */

static struct shared_snapshot *open_snapshot(struct store *store, uint64_t epoch)
{
    struct shared_snapshot *shared = mem_new(struct shared_snapshot);

    if (!shared)
        return NULL;
    shared->snapshot = store_snapshot_open(store);
    if (!shared->snapshot) {
        mem_free(shared);
        return NULL;
    }
    shared->epoch = epoch;
    shared->opened_us = clock_mono_us();
    atomic_init(&shared->refs, 1); /* that of `records` */
    return shared;
}

tn_status records_snapshot(struct records *records, struct shared_snapshot **ret_snapshot)
{
    struct shared_snapshot *stale = NULL;

    (void)pthread_mutex_lock(&records->mu);
    struct shared_snapshot *current = records->snapshot;
    if (!current || current->epoch != records->epoch ||
        clock_mono_coarse_us() - current->opened_us > SNAPSHOT_AGE_MAX_US) {
        /* It may already hold the group after `epoch`: at worst a false conflict. */
        stale = current;
        current = records->snapshot = open_snapshot(records->store, records->epoch);
    }
    if (current)
        atomic_fetch_add_explicit(&current->refs, 1, memory_order_relaxed);
    (void)pthread_mutex_unlock(&records->mu);
    records_snapshot_release(stale);
    if (!current)
        return TN_RESOURCE_EXHAUSTED;
    *ret_snapshot = current;
    return TN_OK;
}

void records_snapshot_release(struct shared_snapshot *snapshot)
{
    /* acq_rel: the last one to leave sees what all others did. */
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) > 1)
        return;
    store_snapshot_close(snapshot->snapshot);
    mem_free(snapshot);
}

/* Watchers */

tn_status records_add_watcher(struct records *records, records_wake_fn wake, void *ctx)
{
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&records->watch_mu);
    struct watcher *grown =
        records->watcher_count < WATCHER_MAX
            ? mem_resize(records->watchers, records->watcher_count + 1, sizeof(*grown))
            : NULL;
    if (grown) {
        records->watchers = grown;
        records->watchers[records->watcher_count++] = (struct watcher){wake, ctx};
    } else {
        st = TN_RESOURCE_EXHAUSTED;
    }
    (void)pthread_mutex_unlock(&records->watch_mu);
    return st;
}

void records_remove_watcher(struct records *records, records_wake_fn wake, void *ctx)
{
    (void)pthread_mutex_lock(&records->watch_mu);
    for (size_t i = 0; i < records->watcher_count; i++)
        if (records->watchers[i].wake == wake && records->watchers[i].ctx == ctx) {
            records->watchers[i] = records->watchers[--records->watcher_count];
            break;
        }
    (void)pthread_mutex_unlock(&records->watch_mu);
}

void records_wake_watchers(struct records *records)
{
    /* Held while they run, so that a removed one never runs again; they do not block. */
    (void)pthread_mutex_lock(&records->watch_mu);
    for (size_t i = 0; i < records->watcher_count; i++)
        records->watchers[i].wake(records->watchers[i].ctx);
    (void)pthread_mutex_unlock(&records->watch_mu);
}

/* Creating */

/* Times are monotonic everywhere. */
static void init_conds(struct records *records)
{
    pthread_condattr_t monotonic;

    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&records->submitted, &monotonic);
    (void)pthread_cond_init(&records->moved, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

tn_status records_create(const struct records_options *options, struct records **ret_records,
                         struct err *err)
{
    struct records *records = mem_new(struct records);

    if (!records)
        return err_memory(err, "the records");
    records->store = options->store;
    records->catalog = options->catalog;
    records->portals = options->portals;
    records->log = options->log;
    records->entitle = options->entitle;
    records->reread = options->reread;
    records->reread_ctx = options->reread_ctx;
    records->driver = log_local(options->store);
    records->epoch = 1;
    records->expired_us = INT64_MIN / 2; /* a start is a time to look */
    (void)pthread_mutex_init(&records->mu, NULL);
    (void)pthread_mutex_init(&records->watch_mu, NULL);
    records->aside_until_us = INT64_MAX;
    init_conds(records);
    records->recent = recent_create();
    records->mending = mending_create(records);
    records->blob_pins = blob_pins_create();
    if (!records->recent || !records->blob_pins || !records->mending ||
        committer_start(records) != TN_OK) {
        records_destroy(records);
        return err_memory(err, "the records");
    }
    tn_status st = renew_store(records, err);
    if (st != TN_OK) {
        records_destroy(records);
        return st;
    }
    *ret_records = records;
    return TN_OK;
}

void records_destroy(struct records *records)
{
    struct portal_state *state;

    if (!records)
        return;
    committer_stop(records);
    for (size_t at = 0; (state = map_next(&records->states, &at, NULL));)
        close_state(state);
    map_fini(&records->states);
    committer_free_totals(records);
    counted_forget(records);
    while (records->spare) {
        struct txn *txn = records->spare;

        records->spare = txn->next_spare;
        txn_free(txn);
    }
    records_snapshot_release(records->snapshot);
    recent_destroy(records->recent);
    blob_pins_destroy(records->blob_pins);
    mending_destroy(records->mending);
    mem_free(records->watchers);
    (void)pthread_cond_destroy(&records->moved);
    (void)pthread_cond_destroy(&records->submitted);
    (void)pthread_mutex_destroy(&records->watch_mu);
    (void)pthread_mutex_destroy(&records->mu);
    mem_free(records);
}

struct catalog *records_catalog(struct records *records)
{
    return records->catalog;
}

struct store *records_store(struct records *records)
{
    return records->store;
}

struct entitle *records_entitle(struct records *records)
{
    return records->entitle;
}

struct portals *records_portals(struct records *records)
{
    return records->portals;
}

void records_set_hooks(struct records *records, const struct records_hooks *hooks)
{
    records->hooks = *hooks;
}
