/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - a few records sorted in memory, in the very order in which an index would give them. */
#ifndef CORE_QUERY_ORDER_H
#define CORE_QUERY_ORDER_H

#include "core/query/position.h"

/* More candidates than this are not sorted but found by walking the sorted property's index:
 * fetching so many rows takes about 50 ms. */
#define QUERY_SORT_MAX ((size_t)10000)

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
