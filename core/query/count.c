/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count.c - counting what a query finds. One filter on one indexed property is answered by the
 * keys of its index, where these tell values apart: those of texts are folded and cut, so that
 * only their presence can be counted.
 */
#include "core/query/ids.h"
#include "core/query/match.h"
#include "core/query/plan.h"
#include "core/query/query.h"
#include "core/value/value.h"

/* Keys of one filter's values. */
#define COUNT_ARENA_SIZE_MAX ((size_t)1024 * 1024)

static const struct query_filter *only_filter(const struct query *query)
{
    bool is_alone =
        !query->archived && query->group_count == 1 && query->groups[0].filter_count == 1;

    return is_alone ? &query->groups[0].filters[0] : NULL;
}

static bool is_answered_by_keys(const struct query_filter *filter)
{
    if (!filter || !(filter->property->flags & TN_INDEXED))
        return false;
    if (filter->op == QUERY_HAS)
        return true;
    return filter->op != QUERY_NE && filter->op != QUERY_HAS_NOT &&
           !value_is_text(filter->property->kind); /* so none of QUERY_WORD */
}

static tn_status count_range(struct txn *txn, const struct scan_range *range, uint64_t *count,
                             struct err *err)
{
    struct scan_entry entry;
    struct scan *scan = NULL;

    TRY(scan_open(txn, range, false, NULL, &scan, err));
    tn_status st = scan_next(scan, &entry, err);
    for (; st == TN_OK; st = scan_next(scan, &entry, err))
        ++*count;
    scan_close(scan);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* Whether values[position] was there before. */
static bool is_repeated(const struct query_filter *filter, uint32_t position)
{
    for (uint32_t i = 0; i < position; i++) {
        if (value_equal(&filter->values[i], &filter->values[position]))
            return true;
    }
    return false;
}

static tn_status count_values(struct txn *txn, const struct query_filter *filter,
                              struct arena *arena, uint64_t *count, struct err *err)
{
    for (uint32_t i = 0; i < filter->value_count; i++) {
        struct scan_range range = {.property = filter->property};

        if (is_repeated(filter, i))
            continue;
        if (plan_key(arena, &filter->values[i], &range.from) != TN_OK)
            return err_memory(err, "a query");
        range.to = range.from;
        TRY(count_range(txn, &range, count, err));
    }
    return TN_OK;
}

static tn_status count_keys(struct txn *txn, const struct query *query, uint64_t *ret_count,
                            struct err *err)
{
    const struct query_filter *filter = only_filter(query);
    struct scan_range range;
    struct arena arena;
    bool needs_value = false;
    uint64_t count = 0;
    tn_status st;

    arena_init(&arena, COUNT_ARENA_SIZE_MAX);
    if (filter->op == QUERY_IN)
        st = count_values(txn, filter, &arena, &count, err);
    else if (plan_range(query->groups, filter->property, &arena, &range, &needs_value) != TN_OK)
        st = err_memory(err, "a query");
    else
        st = count_range(txn, &range, &count, err);
    arena_fini(&arena);
    if (st == TN_OK)
        *ret_count = count;
    return st;
}

static tn_status count_rows(struct txn *txn, const struct query *query, uint64_t *ret_count,
                            struct err *err)
{
    struct query unsorted = *query;
    struct query_run *run = NULL;
    struct query_hit hit;
    uint64_t count = 0;

    unsorted.sort = NULL;
    unsorted.descending = false;
    TRY(query_open(txn, &unsorted, (struct tn_bytes){0}, &run, err));
    tn_status st = query_next(run, &hit, err);
    for (; st == TN_OK; st = query_next(run, &hit, err))
        count++;
    query_close(run);
    if (st != TN_NOT_FOUND)
        return st;
    *ret_count = count;
    return TN_OK;
}

tn_status query_count(struct txn *txn, const struct query *query, uint64_t *ret_count,
                      struct err *err)
{
    TRY(match_check(query, err));
    if (is_answered_by_keys(only_filter(query)))
        return count_keys(txn, query, ret_count, err);
    return count_rows(txn, query, ret_count, err);
}
