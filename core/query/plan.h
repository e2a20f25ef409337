/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - choosing how the records of a group of filters are found: by one filter that an index
 * answers; the others are checked against the rows.
 *
 * The best of them is taken by rule, not by statistics, which the host does not keep: equality
 * with a unique property (one record), equality with an indexed one (its entries lie by record
 * id, so they are read as they are wanted), IN, then a range.
 */
#ifndef CORE_QUERY_PLAN_H
#define CORE_QUERY_PLAN_H

#include "core/query/scan.h"

enum plan_access {
    PLAN_NONE = 0, /* no index helps: walk the rows */
    PLAN_RANGE,
    PLAN_IN,
    PLAN_EQUAL,
    PLAN_UNIQUE /* one get per value in the unique family */
};

struct plan {
    enum plan_access access;
    const struct query_filter *filter; /* the one that was chosen; of PLAN_RANGE: one of them */
};

/* [any] */
struct plan plan_group(const struct query_group *group);

/*
 * The part of `property`'s index outside of which nothing matches the group: all its equality and
 * range filters on that property together. `ret_needs_value`: a record without a value cannot
 * match. Keys into `arena`. TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status plan_range(const struct query_group *group, const struct schema_property *property,
                     struct arena *arena, struct scan_range *ret_range, bool *ret_needs_value);

/* The order key of a value, into `arena`. TN_RESOURCE_EXHAUSTED. [any] */
tn_status plan_key(struct arena *arena, const struct tn_value *value, struct tn_bytes *ret_key);

#endif /* CORE_QUERY_PLAN_H */
