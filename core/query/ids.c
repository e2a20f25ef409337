/* SPDX-License-Identifier: Apache-2.0 */
/* ids.c - merging what the indexes propose for each group of a query. */
#include "core/query/ids.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/index/index.h"

/* The candidates of one group: a scan, or a list. */
struct source {
    struct scan_range range; /* of the scan */
    struct scan *scan;       /* or NULL */
    tn_id *list;
    size_t count;
    size_t cap;
    size_t at;
    tn_id next; /* what it proposes; valid unless is_done */
    bool is_done;
};

struct ids {
    struct txn *txn;
    tn_id after;
    struct arena *arena;
    struct source sources[QUERY_GROUP_MAX];
    uint32_t source_count;
};

/* Collecting */

/* TN_OUT_OF_RANGE: too many, told to nobody but ids_open. */
static tn_status add_id(struct source *source, tn_id id, struct err *err)
{
    if (source->count == QUERY_CANDIDATE_MAX)
        return TN_OUT_OF_RANGE;
    if (source->count == source->cap) {
        size_t cap = source->cap ? source->cap * 2 : 64;
        tn_id *list = mem_resize(source->list, cap, sizeof(*list));

        if (!list)
            return err_memory(err, "a query");
        source->list = list;
        source->cap = cap;
    }
    source->list[source->count++] = id;
    return TN_OK;
}

static tn_status collect_range(struct ids *ids, struct source *source,
                               const struct scan_range *range, struct err *err)
{
    struct scan_entry entry;
    struct scan *scan = NULL;

    TRY(scan_open(ids->txn, range, false, NULL, &scan, err));
    tn_status st = scan_next(scan, &entry, err);
    while (st == TN_OK) {
        if (entry.id > ids->after)
            st = add_id(source, entry.id, err);
        if (st == TN_OK)
            st = scan_next(scan, &entry, err);
    }
    scan_close(scan);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status collect_unique(struct ids *ids, struct source *source,
                                const struct schema_property *property,
                                const struct tn_value *value, struct err *err)
{
    struct txn *txn = ids->txn;
    struct buf key = {0};
    tn_id id = 0;

    if (index_unique_key(property, value, &key) != TN_OK) {
        buf_fini(&key);
        return err_memory(err, "a query");
    }
    tn_status st = index_unique_find(records_store(txn_records(txn)),
                                     txn_snapshot(txn),
                                     txn_portal(txn)->id,
                                     buf_bytes(&key),
                                     &id,
                                     err);
    buf_fini(&key);
    if (st != TN_OK)
        return st == TN_NOT_FOUND ? TN_OK : st;
    return id > ids->after ? add_id(source, id, err) : TN_OK;
}

static tn_status collect_values(struct ids *ids, struct source *source,
                                const struct query_filter *filter, struct err *err)
{
    const struct schema_property *property = filter->property;

    for (uint32_t i = 0; i < filter->value_count; i++) {
        struct scan_range range = {.property = property};

        if (property->flags & TN_UNIQUE) {
            TRY(collect_unique(ids, source, property, &filter->values[i], err));
            continue;
        }
        if (plan_key(ids->arena, &filter->values[i], &range.from) != TN_OK)
            return err_memory(err, "a query");
        range.to = range.from;
        TRY(collect_range(ids, source, &range, err));
    }
    return TN_OK;
}

static int compare_ids(const void *a, const void *b)
{
    tn_id x = *(const tn_id *)a;
    tn_id y = *(const tn_id *)b;

    return x < y ? -1 : x > y;
}

/* Equal values of an IN, or texts with one folded form, propose a record twice. */
static void sort_list(struct source *source)
{
    size_t kept = 0;

    if (source->count == 0)
        return;
    qsort(source->list, source->count, sizeof(*source->list), compare_ids);
    for (size_t i = 1; i < source->count; i++) {
        if (source->list[i] != source->list[kept])
            source->list[++kept] = source->list[i];
    }
    source->count = kept + 1;
}

/* Sources */

static tn_status source_next(struct source *source, struct err *err)
{
    struct scan_entry entry;

    if (!source->scan) {
        source->is_done = source->at == source->count;
        if (!source->is_done)
            source->next = source->list[source->at++];
        return TN_OK;
    }
    tn_status st = scan_next(source->scan, &entry, err);
    source->is_done = st == TN_NOT_FOUND;
    if (st == TN_OK)
        source->next = entry.id;
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status open_equal(struct ids *ids, struct source *source,
                            const struct query_filter *filter, struct err *err)
{
    struct scan_range *range = &source->range;

    range->property = filter->property;
    if (plan_key(ids->arena, &filter->values[0], &range->from) != TN_OK)
        return err_memory(err, "a query");
    range->to = range->from;

    struct scan_entry after = {.key = range->from, .id = ids->after};
    return scan_open(ids->txn, range, false, &after, &source->scan, err);
}

static tn_status open_source(struct ids *ids, struct source *source,
                             const struct query_group *group, struct err *err)
{
    struct plan plan = plan_group(group);
    bool needs_value = false;

    switch (plan.access) {
    case PLAN_NONE:
        return TN_NOT_FOUND;
    case PLAN_EQUAL:
        TRY(open_equal(ids, source, plan.filter, err));
        break;
    case PLAN_RANGE:
        if (plan_range(group, plan.filter->property, ids->arena, &source->range, &needs_value) !=
            TN_OK)
            return err_memory(err, "a query");
        TRY(collect_range(ids, source, &source->range, err));
        break;
    case PLAN_IN:
    case PLAN_UNIQUE:
        TRY(collect_values(ids, source, plan.filter, err));
        break;
    }
    sort_list(source);
    return source_next(source, err);
}

DEFINE_CLEANUP(struct ids, ids_close)

tn_status ids_open(struct txn *txn, const struct query *query, tn_id after, struct arena *arena,
                   struct ids **ret_ids, struct err *err)
{
    if (query->archived || query->group_count == 0)
        return TN_NOT_FOUND; /* archived records have no index entries */
    for (uint32_t i = 0; i < query->group_count; i++) {
        if (plan_group(&query->groups[i]).access == PLAN_NONE)
            return TN_NOT_FOUND;
    }
    CLEANUP(ids_close_p) struct ids *ids = mem_new(struct ids);
    if (!ids)
        return err_memory(err, "a query");
    ids->txn = txn;
    ids->after = after;
    ids->arena = arena;
    for (uint32_t i = 0; i < query->group_count; i++) {
        tn_status st = open_source(ids, &ids->sources[ids->source_count++], &query->groups[i], err);

        if (st == TN_OUT_OF_RANGE)
            return TN_NOT_FOUND;
        TRY(st);
    }
    *ret_ids = TAKE(ids);
    return TN_OK;
}

void ids_close(struct ids *ids)
{
    if (!ids)
        return;
    for (uint32_t i = 0; i < ids->source_count; i++) {
        scan_close(ids->sources[i].scan);
        mem_free(ids->sources[i].list);
    }
    mem_free(ids);
}

bool ids_are_collected(const struct ids *ids)
{
    for (uint32_t i = 0; i < ids->source_count; i++)
        if (ids->sources[i].scan)
            return false;
    return true;
}

tn_status ids_next(struct ids *ids, tn_id *ret_id, struct err *err)
{
    const struct source *first = NULL;

    for (uint32_t i = 0; i < ids->source_count; i++) {
        const struct source *source = &ids->sources[i];

        if (!source->is_done && (!first || source->next < first->next))
            first = source;
    }
    if (!first)
        return TN_NOT_FOUND;

    tn_id id = first->next;
    for (uint32_t i = 0; i < ids->source_count; i++) {
        struct source *source = &ids->sources[i];

        if (!source->is_done && source->next == id)
            TRY(source_next(source, err));
    }
    *ret_id = id;
    return TN_OK;
}
