/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - finding records by what they hold: equality and ranges on indexed properties, the rest
 * checked against each row; a type without a usable index is walked. It sees the transaction's
 * snapshot, not its own writes, and what it meets is not remembered as read.
 */
#ifndef CORE_QUERY_QUERY_H
#define CORE_QUERY_QUERY_H

#include "core/record/txn.h"

/*
 * Texts are equal without regard to case, options to the letter; the order of texts is that of
 * their index, without regard to case and accents. A record without a value matches NE and HAS_NOT
 * only.
 */
enum query_op {
    QUERY_EQ = 1,
    QUERY_NE,
    QUERY_LT,
    QUERY_LE,
    QUERY_GT,
    QUERY_GE,
    QUERY_IN,
    QUERY_HAS,
    QUERY_HAS_NOT,
    QUERY_BETWEEN, /* values[0] to values[1], both included */
    QUERY_WORD     /* of searchable texts: has each word of values[0], case and accents apart */
};

struct query_filter {
    const struct schema_property *property;
    enum query_op op;
    const struct tn_value *values; /* as query_value_check leaves them */
    uint32_t value_count;
};

/* All filters of a group hold; of several groups, any. */
struct query_group {
    const struct query_filter *filters;
    uint32_t filter_count;
};

/* HubSpot's guide of March 2026: 5 groups, 6 filters each. */
#define QUERY_GROUP_MAX 5u
#define QUERY_FILTER_MAX 6u
#define QUERY_VALUE_MAX 100u

struct query {
    const struct schema_type *type;
    const struct query_group *groups; /* none: all live records */
    uint32_t group_count;
    bool archived;                      /* archived records instead of live ones */
    const struct schema_property *sort; /* NULL: by id; an indexed property otherwise */
    bool descending;                    /* of what it is sorted by; by id: the newest first */
};

/* One record that was found; `row` is lent until the next step. */
struct query_hit {
    tn_id id;
    struct tn_bytes row;
};

struct query_run;

/*
 * Checks a value that a filter on `property` compares with, and brings it to the form that is
 * stored, its text perhaps in `arena`. One of another kind is left to query_open. Violations of
 * `field` (TN_INVALID_ARGUMENT): what value_check says, or rule "option". [any]
 */
tn_status query_value_check(const struct schema_property *property, const char *field,
                            struct arena *arena, struct tn_value *value, struct err *err);

/*
 * Checks the query (violations of "groups[0].filters[1].values" and the like) and starts it behind
 * `cursor` (empty: at the start; one that query_cursor gave for the same query).
 *
 * The run copies nothing of the query: `query`, its groups, filters and values, their texts, and
 * the transaction (whose schema holds the type and properties) must live and stay as they are until
 * query_close(). The cursor is read within this call only.
 *
 * OWNED: query_close. TN_INVALID_ARGUMENT; TN_FAILED_PRECONDITION: sort on a property without
 * index, or words of one that is not searchable. [worker] blocks
 */
tn_status query_open(struct txn *txn, const struct query *query, struct tn_bytes cursor,
                     struct query_run **ret_run, struct err *err);
/* TN_NOT_FOUND: the end; TN_CANCELLED, TN_DEADLINE_EXCEEDED. [worker] blocks */
tn_status query_next(struct query_run *run, struct query_hit *ret_hit, struct err *err);
/* Appends where the next query_open() goes on: behind the last hit. [worker] */
tn_status query_cursor(const struct query_run *run, struct buf *out);
void query_close(struct query_run *run);

/* How many records match, without reading rows where an index answers. Needs the query within the
 * call only. [worker] blocks */
tn_status query_count(struct txn *txn, const struct query *query, uint64_t *ret_count,
                      struct err *err);

#endif /* CORE_QUERY_QUERY_H */
