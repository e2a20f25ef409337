/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - choosing an index for a group of filters, and the part of it to read. */
#include "core/query/plan.h"

#include "core/query/match.h"
#include "core/value/value.h"

static enum plan_access access_of(const struct query_filter *filter)
{
    uint32_t flags = filter->property->flags;

    if (filter->op == QUERY_EQ && (flags & TN_UNIQUE))
        return PLAN_UNIQUE;
    if (filter->op == QUERY_EQ && (flags & TN_INDEXED))
        return PLAN_EQUAL;
    if (filter->op == QUERY_IN && (flags & (TN_UNIQUE | TN_INDEXED)))
        return PLAN_IN;
    if (query_op_is_range(filter->op) && (flags & TN_INDEXED))
        return PLAN_RANGE;
    return PLAN_NONE;
}

struct plan plan_group(const struct query_group *group)
{
    struct plan best = {.access = PLAN_NONE};

    for (uint32_t i = 0; i < group->filter_count; i++) {
        enum plan_access access = access_of(&group->filters[i]);

        if (access > best.access)
            best = (struct plan){.access = access, .filter = &group->filters[i]};
    }
    return best;
}

tn_status plan_key(struct arena *arena, const struct tn_value *value, struct tn_bytes *ret_key)
{
    struct buf key = {0};
    tn_status st = value_order_key(value, &key);

    if (st == TN_OK) {
        const char *copy = arena_copy(arena, key.data, key.len);

        if (copy)
            *ret_key = (struct tn_bytes){(const uint8_t *)copy, key.len};
        else
            st = TN_RESOURCE_EXHAUSTED;
    }
    buf_fini(&key);
    return st;
}

static void raise_from(struct scan_range *range, struct tn_bytes key, bool is_open)
{
    int order = range->from.len ? scan_compare(key, range->from) : 1;

    if (order > 0)
        range->from_open = is_open;
    if (order > 0)
        range->from = key;
    else if (order == 0 && is_open)
        range->from_open = true;
}

static void lower_to(struct scan_range *range, struct tn_bytes key, bool is_open)
{
    int order = range->to.len ? scan_compare(key, range->to) : -1;

    if (order < 0)
        range->to_open = is_open;
    if (order < 0)
        range->to = key;
    else if (order == 0 && is_open)
        range->to_open = true;
}

/* Folded or cut keys of different texts may be equal, so that a bound's own entries are read. */
static bool can_be_open(const struct query_filter *filter)
{
    return !value_is_text(filter->property->kind);
}

static tn_status narrow(struct scan_range *range, const struct query_filter *filter,
                        struct arena *arena)
{
    struct tn_bytes first;
    struct tn_bytes last;

    TRY(plan_key(arena, &filter->values[0], &first));
    switch (filter->op) {
    case QUERY_GT:
    case QUERY_GE:
        raise_from(range, first, filter->op == QUERY_GT && can_be_open(filter));
        return TN_OK;
    case QUERY_LT:
    case QUERY_LE:
        lower_to(range, first, filter->op == QUERY_LT && can_be_open(filter));
        return TN_OK;
    case QUERY_BETWEEN:
        TRY(plan_key(arena, &filter->values[1], &last));
        raise_from(range, first, false);
        lower_to(range, last, false);
        return TN_OK;
    default: /* QUERY_EQ */
        raise_from(range, first, false);
        lower_to(range, first, false);
        return TN_OK;
    }
}

tn_status plan_range(const struct query_group *group, const struct schema_property *property,
                     struct arena *arena, struct scan_range *ret_range, bool *ret_needs_value)
{
    struct scan_range range = {.property = property};
    bool needs_value = false;

    for (uint32_t i = 0; i < group->filter_count; i++) {
        const struct query_filter *filter = &group->filters[i];

        if (filter->property != property)
            continue;
        if (filter->op == QUERY_EQ || query_op_is_range(filter->op))
            TRY(narrow(&range, filter, arena));
        if (filter->op != QUERY_NE && filter->op != QUERY_HAS_NOT)
            needs_value = true;
    }
    *ret_range = range;
    *ret_needs_value = needs_value;
    return TN_OK;
}
