/* SPDX-License-Identifier: Apache-2.0 */
/*
 * committer.c - one thread that puts transactions in order: it validates what they read, numbers
 * their changes, and writes those that wait together with one sync. It reads from disk only
 * totals that it does not remember.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/record/state.h"
#include "core/store/key.h"

/* Bytes that share a write; past it the next group begins. */
#define GROUP_SIZE_MAX ((size_t)8 << 20)
/* A portal's batch that grew larger gives its memory back after the write. */
#define BATCH_KEPT_MAX ((size_t)256 << 10)
/* Totals remembered between groups; past it all are forgotten and read again. */
#define TOTALS_MAX 20000u

struct cached_totals {
    struct cached_totals *next_dirty;
    struct totals totals;
    struct portal_state *state;
    bool is_dirty;
    size_t key_len;
    uint8_t key[]; /* portal (4 bytes), key of family rollup */
};

struct group {
    struct submission *first;
    struct submission *last;
    size_t count;
    size_t size;
    size_t portal_count;
    size_t commit_count;
    struct log_commit commits[COMMITTER_GROUP_MAX]; /* by portal, those that write */
    struct portal_state *states[COMMITTER_GROUP_MAX];
};

const struct submission *committer_group(const struct records *records)
{
    return records->group->first;
}

void committer_complete(struct submission *sub, tn_status status, const struct err *err)
{
    struct txn *txn = sub->txn;

    if (txn) {
        if (txn->has_turn) {
            txn->has_turn = false;
            committer_end_turn(txn->records, txn->state, txn);
        }
        txn->stage = TXN_ENDED;
    }
    sub->done(sub->ctx, status, err);
}

/* For metrics: only this thread writes them. */
static void count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + more, memory_order_relaxed);
}

/* Validation */

static bool conflicts(const struct records *records, const struct txn *txn)
{
    if (txn->snapshot->epoch < records->mended_epoch)
        return true; /* what it read may not be what the store has */
    if (txn->has_turn)
        return false; /* nobody else wrote in its portal since its snapshot */
    if (txn->snapshot->epoch < recent_floor(records->recent))
        return true;
    for (size_t i = 0; i < txn->reads.count; i++)
        if (recent_find(records->recent, txn->reads.hashes[i]) > txn->snapshot->epoch)
            return true;
    return false;
}

static tn_status refuse_stale(struct err *err)
{
    return err_set(err, TN_ABORTED, "What the call has read was changed meanwhile: try again.");
}

static tn_status validate(struct records *records, struct submission *sub, struct err *err)
{
    const struct txn *txn = sub->txn;

    TRY(mend_refuse(records, err));
    if (!txn)
        return TN_OK;
    if (txn_is_late(txn, clock_mono_us()))
        return txn_refuse_late(err);
    /* What it was granted was taken back, or more is granted now. acquire: as in txn_begin(). */
    if (txn->entitled != atomic_load_explicit(&txn->portal->entitled, memory_order_acquire))
        return refuse_stale(err);
    if (txn->schema != sub->state->schema || !rollups_are_settled(sub->state, txn->schema) ||
        conflicts(records, txn))
        return refuse_stale(err);
    return counted_check(records, txn, err);
}

/* Totals */

void committer_free_totals(struct records *records)
{
    struct cached_totals *cached;

    for (size_t at = 0; (cached = map_next(&records->totals, &at, NULL));)
        mem_free(cached);
    map_fini(&records->totals);
}

static tn_status read_totals(struct records *records, struct portal_state *state,
                             struct cached_totals *cached, struct err *err)
{
    struct buf value = {0};
    tn_status st = store_get(records->store,
                             NULL,
                             STORE_ROLLUP,
                             (uint32_t)state->id,
                             (struct tn_bytes){cached->key + 4, cached->key_len - 4},
                             &value,
                             err);

    if (st == TN_OK && totals_decode(buf_bytes(&value), &cached->totals) != TN_OK)
        st = err_set(err, TN_DATA_LOSS, "A stored roll-up is damaged.");
    buf_fini(&value);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status find_totals(struct records *records, struct portal_state *state,
                             struct tn_bytes key, struct cached_totals **ret_cached,
                             struct err *err)
{
    struct cached_totals *cached = mem_alloc_zeroed(1, sizeof(*cached) + 4 + key.len);

    if (!cached)
        return err_memory(err, "a roll-up");
    cached->state = state;
    cached->key_len = 4 + key.len;
    write_u32(cached->key, (uint32_t)state->id);
    memcpy(cached->key + 4, key.data, key.len);
    struct tn_str whole = {(const char *)cached->key, cached->key_len};
    struct cached_totals *known = map_get(&records->totals, whole);
    if (known) {
        mem_free(cached);
        *ret_cached = known;
        return TN_OK;
    }
    tn_status st = read_totals(records, state, cached, err);
    if (st == TN_OK && map_set(&records->totals, whole, cached, NULL) != TN_OK)
        st = err_memory(err, "a roll-up");
    if (st != TN_OK) {
        mem_free(cached);
        return st;
    }
    *ret_cached = cached;
    return TN_OK;
}

static void set_dirty(struct records *records, struct cached_totals *cached)
{
    if (cached->is_dirty)
        return;
    cached->is_dirty = true;
    cached->next_dirty = records->dirty;
    records->dirty = cached;
}

/* Adds a transaction's steps. A step that fails leaves those before it applied: the caller forgets
 * all totals, and the group with them. */
static tn_status apply_steps(struct records *records, struct portal_state *state,
                             const struct totals_step *steps, struct err *err)
{
    const struct totals_step *step;
    struct cached_totals *cached = NULL;
    tn_status st = TN_OK;

    /* Into groups first, so that a record that moves inside one never passes through "fewer than
     * none". */
    for (int pass = 0; st == TN_OK && pass < 2; pass++)
        for (step = steps; st == TN_OK && step; step = step->next) {
            if ((step->sign > 0) != (pass == 0))
                continue;
            st = find_totals(records, state, step->key, &cached, err);
            if (st == TN_OK)
                st = totals_apply(&cached->totals, step);
            if (st == TN_OK)
                set_dirty(records, cached);
        }
    if (st == TN_OUT_OF_RANGE)
        st = err_set(err, st, "A roll-up's sum is too large to be kept exactly.");
    return st;
}

void committer_forget_totals(struct records *records)
{
    counted_forget(records);
    committer_free_totals(records);
    records->totals = (struct map){0};
    records->dirty = NULL;
}

static tn_status put_totals(struct records *records)
{
    struct cached_totals *cached;
    struct buf value = {0};
    tn_status st = TN_OK;

    while (st == TN_OK && (cached = records->dirty)) {
        struct tn_bytes key = {cached->key + 4, cached->key_len - 4};
        uint32_t portal = (uint32_t)cached->state->id;

        records->dirty = cached->next_dirty;
        cached->is_dirty = false;
        buf_clear(&value);
        if (totals_is_empty(&cached->totals)) {
            store_batch_delete(cached->state->batch, STORE_ROLLUP, portal, key);
            continue;
        }
        st = totals_encode(&cached->totals, &value);
        if (st == TN_OK)
            store_batch_put(cached->state->batch, STORE_ROLLUP, portal, key, buf_bytes(&value));
    }
    buf_fini(&value);
    return st;
}

/* Building a group */

static tn_status put_entry(struct portal_state *state, uint64_t number, struct tn_bytes entry)
{
    struct buf key = {0};
    tn_status st = key_log(&key, number);

    if (st == TN_OK)
        store_batch_put(state->batch, STORE_LOG, (uint32_t)state->id, buf_bytes(&key), entry);
    buf_fini(&key);
    return st;
}

static tn_status put_history(struct portal_state *state, const struct pending_history *pending,
                             uint64_t first)
{
    struct buf key = {0};
    tn_status st = key_history(&key,
                               pending->record->type->id,
                               pending->record->id,
                               pending->property,
                               first + pending->position);

    if (st == TN_OK)
        store_batch_put(
            state->batch, STORE_HISTORY, (uint32_t)state->id, buf_bytes(&key), pending->value);
    buf_fini(&key);
    return st;
}

/* Numbers the changes of a transaction and takes it into the group. */
static tn_status take_txn(struct records *records, struct submission *sub, struct err *err)
{
    const struct txn *txn = sub->txn;
    struct portal_state *state = sub->state;
    uint64_t first = state->next_change;
    uint64_t number = first;
    tn_status st = TN_OK;

    TRY(apply_steps(records, state, txn->steps, err));
    store_batch_append(state->batch, txn->batch);
    for (const struct pending_entry *e = txn->entries; st == TN_OK && e; e = e->next)
        st = put_entry(state, number++, e->bytes);
    for (const struct pending_history *h = txn->history; st == TN_OK && h; h = h->next)
        st = put_history(state, h, first);
    if (st == TN_OK)
        st = store_batch_status(state->batch);
    if (st != TN_OK)
        return err_memory(err, "a commit");
    for (size_t i = 0; i < txn->writes.count; i++)
        recent_mark(records->recent, txn->writes.hashes[i], records->epoch + 1);
    counted_add(records, txn);
    state->next_change = number;
    return TN_OK;
}

/* A schema change that is not written: the store has it as it was. */
static void drop_evolution(struct records *records, struct submission *sub)
{
    if (sub->is_recount)
        return;
    schema_unref(sub->schema);
    sub->schema = NULL;
    catalog_reread(records->catalog, (uint32_t)sub->state->id);
}

static tn_status take_evolution(struct records *records, struct submission *sub, struct err *err)
{
    TRY(sub->evolve(sub->evolve_ctx, sub->state->batch, &sub->schema, err));
    if (sub->is_recount) {
        committer_forget_totals(records); /* it is a group of its own: none of them is dirty */
        return TN_OK;
    }
    if (put_entry(sub->state, sub->state->next_change, sub->entry) != TN_OK) {
        drop_evolution(records, sub);
        return err_memory(err, "a change of the schema");
    }
    sub->state->next_change++;
    return TN_OK;
}

static void open_portal(struct records *records, struct group *group, struct portal_state *state)
{
    if (state->is_in_group)
        return;
    state->is_in_group = true;
    store_batch_clear(state->batch);
    schema_unref(state->schema);
    state->schema = catalog_schema(records->catalog, (uint32_t)state->id);
    group->states[group->portal_count++] = state;
}

static void keep(struct group *group, struct submission *sub)
{
    sub->next = NULL;
    if (group->last)
        group->last->next = sub;
    else
        group->first = sub;
    group->last = sub;
    group->count++;
}

/*
 * Adds one to the group, or tells it why not. False: taking it failed half-way, and the group can
 * no longer be trusted; nothing of it may be written.
 */
static bool add(struct records *records, struct group *group, struct submission *sub)
{
    struct err err;

    err_init(&err, sub->txn ? sub->txn->language : sub->language);
    open_portal(records, group, sub->state);
    sub->status = validate(records, sub, &err);
    if (sub->status != TN_OK) {
        count(&records->conflict_count, sub->status == TN_ABORTED);
        committer_complete(sub, sub->status, &err);
        return true;
    }
    sub->status = sub->txn ? take_txn(records, sub, &err) : take_evolution(records, sub, &err);
    if (sub->status != TN_OK) {
        committer_complete(sub, sub->status, &err);
        return false;
    }
    group->size += sub->txn ? txn_write_size(sub->txn) : 0;
    keep(group, sub);
    return true;
}

/* Writing a group */

/* Marks of the group that ends have this number; no later group may have it too. */
void committer_end_epoch(struct records *records)
{
    (void)pthread_mutex_lock(&records->mu);
    records->epoch++;
    (void)pthread_mutex_unlock(&records->mu);
}

static void close_portals(struct group *group)
{
    for (size_t i = 0; i < group->portal_count; i++) {
        struct portal_state *state = group->states[i];

        state->is_in_group = false;
        if (store_batch_size(state->batch) <= BATCH_KEPT_MAX)
            continue;
        struct store_batch *fresh = store_batch_create();
        if (fresh) {
            store_batch_destroy(state->batch);
            state->batch = fresh;
        }
    }
}

/*
 * Heads, totals and the rest are as the store has them: what was built is dropped. Its marks stay,
 * so the epoch ends too: else whoever tries again would lose against what never happened.
 */
static void take_back(struct records *records, struct group *group)
{
    for (size_t i = 0; i < group->portal_count; i++) {
        struct portal_state *state = group->states[i];

        state->next_change = atomic_load_explicit(&state->head, memory_order_relaxed) + 1;
    }
    close_portals(group);
    committer_forget_totals(records);
    for (struct submission *sub = group->first; sub; sub = sub->next)
        if (!sub->txn)
            drop_evolution(records, sub);
    committer_end_epoch(records);
}

/* Says why a group came to nothing; its status. */
typedef tn_status (*why_fn)(const struct group *group, struct err *err);

/* `why` is asked for each in its own language; NULL: it was written. */
static void complete_all(struct group *group, why_fn why)
{
    struct submission *next;
    struct err err;

    err_init(&err, NULL);
    for (struct submission *sub = group->first; sub; sub = next) {
        tn_status st = TN_OK;

        next = sub->next; /* `done` may free it */
        if (why) {
            err_init(&err, sub->txn ? sub->txn->language : sub->language);
            st = why(group, &err);
        }
        committer_complete(sub, st, &err);
    }
}

static void fill_commits(struct group *group)
{
    for (size_t i = 0; i < group->portal_count; i++) {
        struct portal_state *state = group->states[i];
        uint64_t head = atomic_load_explicit(&state->head, memory_order_relaxed);

        if (store_batch_count(state->batch) == 0)
            continue;
        /* relaxed: ids of committed records were taken before their transactions came here. */
        head_put(state->batch,
                 (uint32_t)state->id,
                 &(struct head){state->next_change - 1,
                                atomic_load_explicit(&state->next_record, memory_order_relaxed)});
        group->commits[group->commit_count++] = (struct log_commit){.portal = (uint32_t)state->id,
                                                                    .expected = head,
                                                                    .last = state->next_change - 1,
                                                                    .batch = state->batch};
    }
}

static tn_status status_of(enum log_outcome outcome, struct err *err)
{
    switch (outcome) {
    case LOG_DONE:
        return TN_OK;
    case LOG_FULL:
        return err_set(err, TN_RESOURCE_EXHAUSTED, "The disk is full: nothing was written.");
    case LOG_UNAVAILABLE:
    case LOG_CONFLICT:
    case LOG_FENCED:
        return err_set(err, TN_UNAVAILABLE, "The portal's log cannot take it now.");
    case LOG_UNKNOWN:
        break;
    }
    return err_set(
        err, TN_UNAVAILABLE, "A write error: whether the call was done is unknown. Look first.");
}

static tn_status why_outcome(const struct group *group, struct err *err)
{
    return status_of(group->commits[0].outcome, err);
}

static tn_status why_memory(const struct group *group, struct err *err)
{
    (void)group;
    return err_memory(err, "a commit");
}

static tn_status why_neighbour(const struct group *group, struct err *err)
{
    (void)group;
    return err_set(err, TN_ABORTED, "A commit beside this one failed: try again.");
}

static void publish(struct records *records, struct group *group)
{
    for (struct submission *sub = group->first; sub; sub = sub->next)
        if (!sub->txn && !sub->is_recount)
            catalog_adopt(records->catalog, (uint32_t)sub->state->id, sub->schema);
    committer_end_epoch(records);
    for (size_t i = 0; i < group->portal_count; i++) {
        struct portal_state *state = group->states[i];

        /* release: who reads the head finds its changes in the store; and, as the epoch has ended
         * before, in every snapshot that it takes from now on. */
        atomic_store_explicit(&state->head, state->next_change - 1, memory_order_release);
    }
    for (const struct submission *sub = group->first; sub; sub = sub->next)
        if (sub->txn && sub->txn->has_timers)
            (void)atomic_fetch_add_explicit(&sub->state->timer_epoch, 1, memory_order_release);
    close_portals(group);
}

static void count_group(struct records *records, const struct group *group, tn_status st)
{
    if (st != TN_OK) {
        count(&records->failure_count, 1);
        return;
    }
    count(&records->group_count, 1);
    count(&records->commit_count, group->count);
    for (size_t i = 0; i < group->commit_count; i++)
        count(&records->key_count, store_batch_count(group->commits[i].batch));
    count(&records->byte_count, group->size);
}

static void write_group(struct records *records, struct group *group)
{
    why_fn why = NULL;
    tn_status st;

    if (!group->first) {
        close_portals(group); /* all were refused: nothing was built */
        return;
    }
    st = put_totals(records);
    expire_look(records, group->states[0]->batch);
    fill_commits(group);
    for (size_t i = 0; st == TN_OK && i < group->commit_count; i++)
        st = store_batch_status(group->commits[i].batch);
    if (st != TN_OK) {
        why = why_memory;
    } else if (group->commit_count > 0) {
        struct err err;

        err_init(&err, NULL);
        records->driver.commit(records->driver.ctx, group->commits, group->commit_count, &err);
        if (group->commits[0].outcome == LOG_UNKNOWN || store_failure(records->store) != TN_OK)
            mend_begin(records, &err);
        st = status_of(group->commits[0].outcome, NULL);
        why = st == TN_OK ? NULL : why_outcome;
    }
    count_group(records, group, st);
    if (st == TN_OK)
        publish(records, group);
    else
        take_back(records, group);
    complete_all(group, why);
    if (st == TN_OK)
        records_wake_watchers(records);
    if (map_count(&records->totals) > TOTALS_MAX)
        committer_forget_totals(records);
    counted_bound(records);
}

/* The thread */

/* Whether the group may go on with one more; the first one always may. A schema change is a group
 * of its own. */
static bool has_room(const struct group *group, const struct submission *sub)
{
    return !group->first || (sub->txn && group->size + txn_write_size(sub->txn) <= GROUP_SIZE_MAX);
}

/* Writes what was taken so far and starts anew with the rest of a batch. */
static void run_batch(struct records *records, struct group *group, struct submission *sub)
{
    while (sub) {
        struct submission *next;
        bool ok = true;

        memset(group, 0, offsetof(struct group, commits));
        for (; sub && ok && has_room(group, sub); sub = next) {
            next = sub->next;
            ok = add(records, group, sub);
        }
        if (ok) {
            write_group(records, group);
            continue;
        }
        /* One could not be taken in and left the batch half-built: the others run again. */
        take_back(records, group);
        complete_all(group, why_neighbour);
    }
}

/* Those whose turn never came. [mu held] */
static struct submission *take_set_aside(struct records *records)
{
    struct submission *all = NULL;
    struct portal_state *state;

    for (size_t at = 0; (state = map_next(&records->states, &at, NULL));) {
        while (state->set_aside) {
            struct submission *sub = state->set_aside;

            state->set_aside = sub->next;
            sub->next = all;
            all = sub;
        }
    }
    return all;
}

static void refuse_all(struct submission *sub)
{
    struct submission *next;
    struct err err;

    for (; sub; sub = next) {
        next = sub->next;
        err_init(&err, sub->txn ? sub->txn->language : sub->language);
        committer_complete(sub, err_set(&err, TN_UNAVAILABLE, "The host is stopping."), &err);
    }
}

/* For something to do, or until something is due. [mu held] */
static void await(struct records *records)
{
    int64_t until_us = mend_due_us(records);

    if (records->aside_until_us < until_us)
        until_us = records->aside_until_us;
    records_await(&records->submitted, &records->mu, until_us);
}

static void *run(void *arg)
{
    struct records *records = arg;

    (void)pthread_mutex_lock(&records->mu);
    for (;;) {
        struct submission *batch = committer_take(records);

        if (batch) {
            records->is_committing = true;
            (void)pthread_mutex_unlock(&records->mu);
            run_batch(records, records->group, batch);
            (void)pthread_mutex_lock(&records->mu);
            records->is_committing = false;
            records->batch_count++;
            (void)pthread_cond_broadcast(&records->moved);
        } else if (records->is_stopping) {
            break;
        } else if (mend_due_us(records) <= clock_mono_us()) {
            (void)pthread_mutex_unlock(&records->mu);
            mend(records);
            (void)pthread_mutex_lock(&records->mu);
        } else if (records->aside_until_us < clock_mono_us()) {
            turns_refuse_late(records);
        } else {
            await(records);
        }
    }
    struct submission *aside = take_set_aside(records);
    (void)pthread_mutex_unlock(&records->mu);
    refuse_all(aside);
    return NULL;
}

tn_status committer_start(struct records *records)
{
    records->group = mem_new(struct group);
    if (!records->group)
        return TN_RESOURCE_EXHAUSTED;
    if (pthread_create(&records->thread, NULL, run, records) != 0)
        return TN_RESOURCE_EXHAUSTED;
    records->has_thread = true;
    (void)pthread_setname_np(records->thread, "committer");
    return TN_OK;
}

void committer_stop(struct records *records)
{
    if (!records->has_thread) {
        mem_free(TAKE(records->group));
        return;
    }
    (void)pthread_mutex_lock(&records->mu);
    records->is_stopping = true;
    (void)pthread_cond_signal(&records->submitted);
    (void)pthread_mutex_unlock(&records->mu);
    (void)pthread_join(records->thread, NULL);
    records->has_thread = false;
    mem_free(TAKE(records->group));
}

tn_status committer_submit(struct records *records, struct submission *submission, struct err *err)
{
    tn_status st = mend_refuse(records, err);

    if (st != TN_OK)
        return st;
    (void)pthread_mutex_lock(&records->mu);
    bool is_asleep = !records->is_committing;
    if (records->is_stopping)
        st = TN_UNAVAILABLE;
    else
        committer_push(records, submission);
    (void)pthread_mutex_unlock(&records->mu);
    if (st != TN_OK)
        return err_set(err, st, "The host is stopping.");
    /* Without the lock, which the thread would wait for as soon as it is awake. */
    if (is_asleep)
        (void)pthread_cond_signal(&records->submitted);
    return TN_OK;
}
