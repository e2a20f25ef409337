/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.c - running a query: by record id from the rows or from what indexes propose, or in the
 * order of a sorted property.
 *
 * A sorted query has two ways with one result: if its filters leave few candidates these are
 * sorted in memory, otherwise the sorted property's index is walked and what is among the
 * candidates, if an index tells any, is fetched and checked. The order of both is the same to the
 * byte, so that a cursor of one goes on in the other. Of the newest first, candidates are read from
 * their end, or else the rows.
 */
#include "core/query/query.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/query/ids.h"
#include "core/query/match.h"
#include "core/query/order.h"
#include "core/query/plan.h"
#include "core/query/position.h"
#include "core/query/scan.h"
#include "core/store/key.h"
#include "core/store/store.h"
#include "core/value/value.h"

enum mode {
    MODE_ROWS,   /* all rows of the type, by id */
    MODE_IDS,    /* what indexes propose, by id */
    MODE_NEWEST, /* the same, by falling id */
    MODE_INDEX,  /* the sorted property's index */
    MODE_SORTED, /* candidates sorted in memory */
    MODE_MISSING /* behind MODE_INDEX: those without a value of the sorted property, by id */
};

/* Records that indexes propose for a sorted query, by id. */
struct candidates {
    tn_id *ids;
    size_t count;
    size_t cap;
    size_t at;     /* of MODE_MISSING; of MODE_NEWEST: how many are left */
    bool is_known; /* false: any record may match */
};

/* Keys of filters, and of QUERY_SORT_MAX sorted records at 600 bytes. */
#define RUN_ARENA_SIZE_MAX ((size_t)16 * 1024 * 1024)

struct query_run {
    struct txn *txn;
    const struct query *query;
    struct matcher *matcher;
    struct arena arena;
    enum mode mode;
    struct store_cursor *rows;
    struct ids *ids;
    struct scan *scan;
    struct scan_range range; /* of `scan` */
    struct candidates candidates;
    struct order order;
    size_t order_at;
    bool needs_value; /* a record without a value of the sorted property cannot match */
    uint64_t hash;
    struct position position;
    struct buf row; /* the last hit's, where no cursor lends it */
    uint32_t steps;
};

/* Rows */

/* The rows behind record `at` (0: all of them), or with `reverse` those before it, from the end. */
static tn_status open_rows(struct query_run *run, tn_id at, bool reverse, struct err *err)
{
    uint32_t type = run->query->type->id;
    struct buf prefix = {0};
    struct buf from = {0};

    if (at == (reverse ? 1 : UINT64_MAX))
        return TN_OK; /* nothing is behind it: no cursor, no rows */
    tn_status st = key_type(&prefix, type);
    if (st == TN_OK && at != 0)
        st = key_row(&from, type, reverse ? at - 1 : at + 1);
    if (st == TN_OK)
        run->rows = store_cursor_open(records_store(txn_records(run->txn)),
                                      txn_snapshot(run->txn),
                                      STORE_ROWS,
                                      txn_portal(run->txn)->id,
                                      buf_bytes(&prefix),
                                      buf_bytes(&from),
                                      reverse);
    buf_fini(&from);
    buf_fini(&prefix);
    return run->rows ? TN_OK : err_memory(err, "a query");
}

static tn_status damaged(struct err *err)
{
    return err_set(err, TN_DATA_LOSS, "A stored record is damaged.");
}

static tn_status test(struct query_run *run, struct tn_bytes row, bool *ret_matches,
                      struct err *err)
{
    tn_status st = matcher_test(run->matcher, row, ret_matches);

    if (st == TN_DATA_LOSS)
        return damaged(err);
    return st == TN_OK ? TN_OK : err_memory(err, "a query");
}

static tn_status has_sort_value(const struct query_run *run, struct tn_bytes row, bool *ret_has)
{
    struct tn_value value;

    TRY(row_get(row, run->query->sort->id, &value));
    *ret_has = value.kind != TN_NONE;
    return TN_OK;
}

static tn_status next_row(struct query_run *run, struct query_hit *ret_hit, struct err *err)
{
    bool is_missing = run->mode == MODE_MISSING;

    if (!run->rows)
        return TN_NOT_FOUND;
    for (;;) {
        struct key_row_parts parts;
        struct tn_bytes key;
        struct tn_bytes row;
        bool matches = false;
        bool has_value = false;

        TRY(scan_step(run->txn, &run->steps, err));
        TRY(store_cursor_next(run->rows, &key, &row, err));
        if (key_row_read(key, &parts) != TN_OK)
            return damaged(err);
        TRY(test(run, row, &matches, err));
        if (matches && is_missing && has_sort_value(run, row, &has_value) != TN_OK)
            return damaged(err);
        if (!matches || has_value)
            continue;
        *ret_hit = (struct query_hit){.id = parts.record, .row = row};
        return position_set(&run->position,
                            is_missing ? POSITION_MISSING : POSITION_BY_ID,
                            parts.record,
                            (struct tn_bytes){0});
    }
}

/* The row of an id that an index proposed, into run->row, and whether it matches. */
static tn_status fetch(struct query_run *run, tn_id id, bool *ret_matches, struct err *err)
{
    struct buf key = {0};
    tn_status st = key_row(&key, run->query->type->id, id);

    if (st != TN_OK)
        return err_memory(err, "a query");
    st = store_get(records_store(txn_records(run->txn)),
                   txn_snapshot(run->txn),
                   STORE_ROWS,
                   txn_portal(run->txn)->id,
                   buf_bytes(&key),
                   &run->row,
                   err);
    buf_fini(&key);
    if (st == TN_NOT_FOUND)
        return err_set(err, TN_DATA_LOSS, "An index entry is damaged.");
    TRY(st);
    return test(run, buf_bytes(&run->row), ret_matches, err);
}

static tn_status next_id(struct query_run *run, struct query_hit *ret_hit, struct err *err)
{
    for (;;) {
        tn_id id = 0;
        bool matches = false;

        TRY(scan_step(run->txn, &run->steps, err));
        TRY(ids_next(run->ids, &id, err));
        TRY(fetch(run, id, &matches, err));
        if (!matches)
            continue;
        *ret_hit = (struct query_hit){.id = id, .row = buf_bytes(&run->row)};
        return position_set(&run->position, POSITION_BY_ID, id, (struct tn_bytes){0});
    }
}

/* Candidates */

static int compare_ids(const void *a, const void *b)
{
    tn_id x = *(const tn_id *)a;
    tn_id y = *(const tn_id *)b;

    return x < y ? -1 : x > y;
}

static bool is_candidate(const struct candidates *candidates, tn_id id)
{
    return !candidates->is_known ||
           (candidates->count > 0 &&
            bsearch(&id, candidates->ids, candidates->count, sizeof(id), compare_ids));
}

static tn_status add_candidate(struct candidates *candidates, tn_id id, struct err *err)
{
    if (candidates->count == candidates->cap) {
        size_t cap = candidates->cap ? candidates->cap * 2 : 256;
        tn_id *ids = mem_resize(candidates->ids, cap, sizeof(*ids));

        if (!ids)
            return err_memory(err, "a query");
        candidates->ids = ids;
        candidates->cap = cap;
    }
    candidates->ids[candidates->count++] = id;
    return TN_OK;
}

/* Past QUERY_CANDIDATE_MAX they are forgotten: any record may match then. */
static tn_status read_candidates(struct query_run *run, struct ids *ids, struct err *err)
{
    struct candidates *candidates = &run->candidates;
    tn_id id = 0;

    for (;;) {
        TRY(scan_step(run->txn, &run->steps, err));
        tn_status st = ids_next(ids, &id, err);
        candidates->is_known = st == TN_NOT_FOUND;
        if (st == TN_NOT_FOUND || (st == TN_OK && candidates->count == QUERY_CANDIDATE_MAX))
            return TN_OK;
        TRY(st);
        TRY(add_candidate(candidates, id, err)); /* they come by rising id */
    }
}

static tn_status find_candidates(struct query_run *run, struct err *err)
{
    struct ids *ids = NULL;

    tn_status st = ids_open(run->txn, run->query, 0, &run->arena, &ids, err);
    if (st == TN_OK)
        st = read_candidates(run, ids, err);
    ids_close(ids);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* Sorted */

/* Fetches candidates until one matches and has no value of the sorted property. */
static tn_status next_missing_candidate(struct query_run *run, struct query_hit *ret_hit,
                                        struct err *err)
{
    struct candidates *candidates = &run->candidates;

    while (candidates->at < candidates->count) {
        tn_id id = candidates->ids[candidates->at++];
        bool matches = false;
        bool has_value = false;

        if (run->position.phase == POSITION_MISSING && id <= run->position.id)
            continue;
        TRY(scan_step(run->txn, &run->steps, err));
        TRY(fetch(run, id, &matches, err));
        if (matches && has_sort_value(run, buf_bytes(&run->row), &has_value) != TN_OK)
            return damaged(err);
        if (!matches || has_value)
            continue;
        *ret_hit = (struct query_hit){.id = id, .row = buf_bytes(&run->row)};
        return position_set(&run->position, POSITION_MISSING, id, (struct tn_bytes){0});
    }
    return TN_NOT_FOUND;
}

static tn_status next_missing(struct query_run *run, struct query_hit *ret_hit, struct err *err)
{
    if (run->needs_value)
        return TN_NOT_FOUND;
    if (run->candidates.is_known)
        return next_missing_candidate(run, ret_hit, err);
    return next_row(run, ret_hit, err);
}

static tn_status begin_missing(struct query_run *run, struct err *err)
{
    tn_id after = run->position.phase == POSITION_MISSING ? run->position.id : 0;

    run->mode = MODE_MISSING;
    if (run->needs_value || run->candidates.is_known)
        return TN_OK;
    return open_rows(run, after, false, err);
}

static tn_status next_indexed(struct query_run *run, struct query_hit *ret_hit, struct err *err)
{
    for (;;) {
        struct scan_entry entry;
        bool matches = false;

        tn_status st = scan_next(run->scan, &entry, err);
        if (st == TN_NOT_FOUND) {
            TRY(begin_missing(run, err));
            return next_missing(run, ret_hit, err);
        }
        TRY(st);
        if (!is_candidate(&run->candidates, entry.id))
            continue;
        TRY(fetch(run, entry.id, &matches, err));
        if (!matches)
            continue;
        *ret_hit = (struct query_hit){.id = entry.id, .row = buf_bytes(&run->row)};
        return position_set(&run->position, POSITION_BY_VALUE, entry.id, entry.key);
    }
}

static tn_status next_sorted(struct query_run *run, struct query_hit *ret_hit, struct err *err)
{
    bool matches = false;

    if (run->order_at == run->order.count)
        return TN_NOT_FOUND;
    const struct order_item *item = &run->order.items[run->order_at++];
    TRY(fetch(run, item->id, &matches, err));
    *ret_hit = (struct query_hit){.id = item->id, .row = buf_bytes(&run->row)};
    return position_set(
        &run->position, item->key.len ? POSITION_BY_VALUE : POSITION_MISSING, item->id, item->key);
}

/* Adds the fetched row to the order, unless it lies before the position. */
static tn_status order_row(struct query_run *run, tn_id id, struct err *err)
{
    struct order_item item = {.id = id};
    struct tn_value value;

    if (row_get(buf_bytes(&run->row), run->query->sort->id, &value) != TN_OK)
        return damaged(err);
    if (value.kind != TN_NONE && plan_key(&run->arena, &value, &item.key) != TN_OK)
        return err_memory(err, "a query");
    if (!order_is_behind(&item, &run->position, run->query->descending))
        return TN_OK;
    return order_add(&run->order, item.key, id) == TN_OK ? TN_OK : err_memory(err, "a query");
}

static tn_status sort_candidates(struct query_run *run, struct err *err)
{
    for (size_t i = 0; i < run->candidates.count; i++) {
        tn_id id = run->candidates.ids[i];
        bool matches = false;

        TRY(scan_step(run->txn, &run->steps, err));
        TRY(fetch(run, id, &matches, err));
        if (matches)
            TRY(order_row(run, id, err));
    }
    order_sort(&run->order, run->query->descending);
    run->mode = MODE_SORTED;
    return TN_OK;
}

/* A range of the sorted property itself is read in its order: nothing is left to sort. */
static bool is_range_of_sort(const struct query *query)
{
    return query->group_count == 1 && plan_group(query->groups).access == PLAN_RANGE &&
           plan_group(query->groups).filter->property == query->sort;
}

static tn_status plan_sort(struct query_run *run, struct err *err)
{
    const struct query *query = run->query;

    run->range.property = query->sort;
    run->needs_value = query->group_count > 0;
    for (uint32_t i = 0; i < query->group_count; i++) {
        struct scan_range range;
        bool needs_value = false;

        if (plan_range(&query->groups[i], query->sort, &run->arena, &range, &needs_value) != TN_OK)
            return err_memory(err, "a query");
        if (query->group_count == 1)
            run->range = range;
        run->needs_value = run->needs_value && needs_value;
    }
    return TN_OK;
}

static tn_status open_index(struct query_run *run, struct err *err)
{
    const struct position *position = &run->position;
    struct scan_entry after = {.key = buf_bytes(&position->key), .id = position->id};

    TRY(plan_sort(run, err));
    if (position->phase == POSITION_MISSING)
        return begin_missing(run, err);
    run->mode = MODE_INDEX;
    return scan_open(run->txn,
                     &run->range,
                     run->query->descending,
                     position->phase == POSITION_BY_VALUE ? &after : NULL,
                     &run->scan,
                     err);
}

static tn_status start_sorted(struct query_run *run, struct err *err)
{
    if (!is_range_of_sort(run->query))
        TRY(find_candidates(run, err));
    if (run->candidates.is_known && run->candidates.count <= QUERY_SORT_MAX)
        return sort_candidates(run, err);
    return open_index(run, err);
}

/* The newest first */

static tn_status next_newest(struct query_run *run, struct query_hit *ret_hit, struct err *err)
{
    struct candidates *candidates = &run->candidates;

    while (candidates->at > 0) {
        tn_id id = candidates->ids[--candidates->at];
        bool matches = false;

        TRY(scan_step(run->txn, &run->steps, err));
        TRY(fetch(run, id, &matches, err));
        if (!matches)
            continue;
        *ret_hit = (struct query_hit){.id = id, .row = buf_bytes(&run->row)};
        return position_set(&run->position, POSITION_BY_ID, id, (struct tn_bytes){0});
    }
    return TN_NOT_FOUND;
}

static tn_status start_newest(struct query_run *run, tn_id before, struct err *err)
{
    struct candidates *candidates = &run->candidates;

    TRY(find_candidates(run, err));
    run->mode = candidates->is_known ? MODE_NEWEST : MODE_ROWS;
    if (!candidates->is_known)
        return open_rows(run, before, true, err);
    candidates->at = candidates->count;
    while (before != 0 && candidates->at > 0 && candidates->ids[candidates->at - 1] >= before)
        candidates->at--;
    return TN_OK;
}

/* Opening */

static tn_status start(struct query_run *run, struct err *err)
{
    tn_id after = run->position.phase == POSITION_BY_ID ? run->position.id : 0;

    if (run->query->sort)
        return start_sorted(run, err);
    if (run->query->descending)
        return start_newest(run, after, err);
    run->mode = MODE_IDS;
    tn_status st = ids_open(run->txn, run->query, after, &run->arena, &run->ids, err);
    if (st != TN_NOT_FOUND)
        return st;
    run->mode = MODE_ROWS;
    return open_rows(run, after, false, err);
}

DEFINE_CLEANUP(struct query_run, query_close)

tn_status query_open(struct txn *txn, const struct query *query, struct tn_bytes cursor,
                     struct query_run **ret_run, struct err *err)
{
    TRY(match_check(query, err));

    CLEANUP(query_close_p) struct query_run *run = mem_new(struct query_run);
    if (!run)
        return err_memory(err, "a query");
    run->txn = txn;
    run->query = query;
    arena_init(&run->arena, RUN_ARENA_SIZE_MAX);
    if (position_hash(txn_portal(txn)->id, query, &run->hash) != TN_OK)
        return err_memory(err, "a query");
    if (cursor.len > 0)
        TRY(position_read(cursor, query, run->hash, &run->position, err));
    TRY(matcher_create(query, &run->matcher, err));
    TRY(start(run, err));
    *ret_run = TAKE(run);
    return TN_OK;
}

tn_status query_next(struct query_run *run, struct query_hit *ret_hit, struct err *err)
{
    switch (run->mode) {
    case MODE_IDS:
        return next_id(run, ret_hit, err);
    case MODE_NEWEST:
        return next_newest(run, ret_hit, err);
    case MODE_INDEX:
        return next_indexed(run, ret_hit, err);
    case MODE_SORTED:
        return next_sorted(run, ret_hit, err);
    case MODE_MISSING:
        return next_missing(run, ret_hit, err);
    case MODE_ROWS:
        break;
    }
    return next_row(run, ret_hit, err);
}

tn_status query_cursor(const struct query_run *run, struct buf *out)
{
    return position_write(&run->position, run->hash, out);
}

void query_close(struct query_run *run)
{
    if (!run)
        return;
    scan_close(run->scan);
    ids_close(run->ids);
    store_cursor_close(run->rows);
    order_fini(&run->order);
    mem_free(run->candidates.ids);
    matcher_destroy(run->matcher);
    position_fini(&run->position);
    buf_fini(&run->row);
    arena_fini(&run->arena);
    mem_free(run);
}
