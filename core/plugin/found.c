/* SPDX-License-Identifier: Apache-2.0 */
/* found.c - queries of plugins: filters turned into a query, rows lent one at a time. */
#include "core/plugin/found.h"

#include "core/query/query.h"
#include "core/value/value.h"

struct tn_found {
    struct tn_call *call;
    struct tn_found *next; /* opened before it */
    struct query query;    /* which the run refers to */
    struct query_run *run; /* NULL: closed */
    uint32_t left;         /* records still wanted; UINT32_MAX: all */
    struct tn_record record;
};

/* The two kinds of filters count their operators differently. */
static bool query_op_of(uint32_t op, enum query_op *ret_op)
{
    static const enum query_op ops[] = {[TN_EQ] = QUERY_EQ,
                                        [TN_NE] = QUERY_NE,
                                        [TN_LT] = QUERY_LT,
                                        [TN_LE] = QUERY_LE,
                                        [TN_GT] = QUERY_GT,
                                        [TN_GE] = QUERY_GE,
                                        [TN_IN] = QUERY_IN,
                                        [TN_HAS] = QUERY_HAS,
                                        [TN_HAS_NOT] = QUERY_HAS_NOT,
                                        [TN_WORD] = QUERY_WORD,
                                        [TN_BETWEEN] = QUERY_BETWEEN};

    if (op >= sizeof(ops) / sizeof(ops[0]) || ops[op] == 0)
        return false;
    *ret_op = ops[op];
    return true;
}

/* The plugin's own values may be gone when the query goes on. */
static tn_status copy_values(struct tn_call *call, const struct tn_filter *from,
                             struct query_filter *filter)
{
    const struct schema_property *property = filter->property;
    struct arena *arena = txn_arena(call->txn);
    struct tn_value *values;

    if (from->value_count > QUERY_VALUE_MAX)
        return call_misuse(call, "a filter has too many values");
    values = arena_array(arena, struct tn_value, from->value_count);
    if (!values)
        return call_fail(call, err_memory(call->err, "a query"));
    for (uint32_t i = 0; i < from->value_count; i++) {
        values[i] = from->values[i];
        TRY(call_fail(
            call, query_value_check(property, property->name.data, arena, &values[i], call->err)));
        if (value_copy(arena, &values[i], &values[i]) != TN_OK)
            return call_fail(call, err_memory(call->err, "a query"));
    }
    filter->values = values;
    filter->value_count = from->value_count;
    return TN_OK;
}

static tn_status make_filter(struct tn_call *call, const struct schema_type *type,
                             const struct tn_filter *from, struct query_filter *ret_filter)
{
    struct query_filter filter = {0};

    TRY(call_property(call, from->property, type, &filter.property));
    if (!query_op_of(from->op, &filter.op))
        return call_misuse(call, "a filter has no known operator");
    TRY(copy_values(call, from, &filter));
    *ret_filter = filter;
    return TN_OK;
}

/* Filters of one group number become one group of the query, in the order of their first. */
static tn_status make_groups(struct tn_call *call, const struct schema_type *type,
                             const struct tn_filter *filters, uint32_t count, struct query *query)
{
    struct arena *arena = txn_arena(call->txn);
    struct query_filter *made = arena_array(arena, struct query_filter, count);
    struct query_group *groups = arena_array(arena, struct query_group, count);
    uint32_t made_count = 0;

    if (!made || !groups)
        return call_fail(call, err_memory(call->err, "a query"));
    for (uint32_t i = 0; i < count; i++) {
        bool is_known = false;

        for (uint32_t j = 0; j < i && !is_known; j++)
            is_known = filters[j].group == filters[i].group;
        if (is_known)
            continue;
        struct query_group *group = &groups[query->group_count++];
        group->filters = &made[made_count];
        for (uint32_t j = i; j < count; j++) {
            if (filters[j].group != filters[i].group)
                continue;
            TRY(make_filter(call, type, &filters[j], &made[made_count++]));
            group->filter_count++;
        }
    }
    query->groups = groups;
    return TN_OK;
}

static tn_status make_sort(struct tn_call *call, uint32_t sort, struct query *query)
{
    if (sort == TN_BY_ID)
        return TN_OK;
    query->descending = (sort & TN_DESCENDING) != 0; /* as TN_NEWEST_FIRST has it */
    if (sort == TN_NEWEST_FIRST)
        return TN_OK;
    return call_property(call, sort & ~TN_DESCENDING, query->type, &query->sort);
}

tn_status found_open(struct tn_call *call, uint32_t row, const struct tn_filter *filters,
                     uint32_t filter_count, uint32_t sort, uint32_t limit,
                     struct tn_found **ret_found)
{
    struct tn_found *found = arena_new(txn_arena(call->txn), struct tn_found);

    if (!found)
        return call_fail(call, err_memory(call->err, "a query"));
    /* A bound before more memory is taken; query_open states the finer ones. */
    if (filter_count > QUERY_GROUP_MAX * QUERY_FILTER_MAX)
        return call_misuse(call, "a query has too many filters");
    TRY(call_type(call, row, &found->query.type));
    TRY(make_groups(call, found->query.type, filters, filter_count, &found->query));
    TRY(make_sort(call, sort, &found->query));
    TRY(call_fail(
        call, query_open(call->txn, &found->query, (struct tn_bytes){0}, &found->run, call->err)));
    found->call = call;
    found->left = limit > 0 ? limit : UINT32_MAX;
    found->record = (struct tn_record){.call = call, .seen = SEEN_FOUND, .type = found->query.type};
    found->next = call->found;
    call->found = found;
    *ret_found = found;
    return TN_OK;
}

tn_status found_next(struct tn_found *found, const struct tn_record **ret_record)
{
    struct tn_call *call = found->call;
    struct query_hit hit;
    struct err err;

    if (found->left == 0 || !found->run) {
        *ret_record = NULL;
        return TN_OK;
    }
    err_init(&err, txn_language(call->txn));
    tn_status st = query_next(found->run, &hit, &err);
    if (st == TN_NOT_FOUND) {
        found->left = 0;
        *ret_record = NULL;
        return TN_OK;
    }
    if (st != TN_OK) {
        err_copy(call->err, &err);
        return call_fail(call, st);
    }
    if (found->left != UINT32_MAX)
        found->left--;
    found->record.id = hit.id;
    found->record.row = hit.row;
    *ret_record = &found->record;
    return TN_OK;
}

void found_close(struct tn_found *found)
{
    if (!found || !found->run)
        return;
    query_close(found->run);
    found->run = NULL;
}

void call_close_found(struct tn_call *call)
{
    for (struct tn_found *found = call->found; found; found = found->next)
        found_close(found);
    call->found = NULL;
}
