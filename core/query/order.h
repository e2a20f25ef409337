/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - a few records sorted in memory, in the very order in which an index would give them. */
#ifndef CORE_QUERY_ORDER_H
#define CORE_QUERY_ORDER_H

#include "core/query/position.h"

/*
 * More candidates than this are not fetched and sorted, which takes about 4 us each, but found on a
 * walk along the sorted property's index, whose entries take 0.5 us: 2000 of a million records are
 * about where a page of 100 costs the same either way.
 */
#define QUERY_SORT_MAX ((size_t)2000)

/*
 * So many records of the sorted property's index may be fetched in vain before all candidates are
 * read, up to QUERY_CANDIDATE_MAX of them at 0.5 us: 8 ms lost where few match, and many times
 * that won where a page is full before. A page of 50 needs 2000 where one of 40 matches.
 */
#define QUERY_MISS_MAX ((size_t)2000)

/* By value and id; with `descending` both downwards. Those without a value (an empty key) come
 * last, by id, either way. */
struct order_item {
    struct tn_bytes key; /* order key */
    tn_id id;
};

/* Zero is empty. */
struct order {
    struct order_item *items;
    size_t count;
    size_t cap;
};

void order_fini(struct order *order);
/* `key` is borrowed. TN_RESOURCE_EXHAUSTED: memory. [any] */
tn_status order_add(struct order *order, struct tn_bytes key, tn_id id);
void order_sort(struct order *order, bool descending);

/* Whether the item comes behind the position. [any] */
bool order_is_behind(const struct order_item *item, const struct position *position,
                     bool descending);

#endif /* CORE_QUERY_ORDER_H */
