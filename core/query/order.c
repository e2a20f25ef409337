/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - sorting in memory. */
#include "core/query/order.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/query/scan.h"

void order_fini(struct order *order)
{
    mem_free(order->items);
    *order = (struct order){0};
}

tn_status order_add(struct order *order, struct tn_bytes key, tn_id id)
{
    if (order->count == order->cap) {
        size_t cap = order->cap ? order->cap * 2 : 64;
        struct order_item *items = mem_resize(order->items, cap, sizeof(*items));

        if (!items)
            return TN_RESOURCE_EXHAUSTED;
        order->items = items;
        order->cap = cap;
    }
    order->items[order->count++] = (struct order_item){.key = key, .id = id};
    return TN_OK;
}

static int compare_ids(tn_id a, tn_id b)
{
    return a < b ? -1 : a > b;
}

static int compare(const struct order_item *a, const struct order_item *b, bool descending)
{
    if (a->key.len == 0 || b->key.len == 0) {
        if (a->key.len != b->key.len)
            return a->key.len == 0 ? 1 : -1;
        return compare_ids(a->id, b->id);
    }
    int by_key = scan_compare(a->key, b->key);
    int rising = by_key != 0 ? by_key : compare_ids(a->id, b->id);
    return descending ? -rising : rising;
}

static int compare_rising(const void *a, const void *b)
{
    return compare(a, b, false);
}

static int compare_falling(const void *a, const void *b)
{
    return compare(a, b, true);
}

void order_sort(struct order *order, bool descending)
{
    if (order->count > 1)
        qsort(order->items,
              order->count,
              sizeof(*order->items),
              descending ? compare_falling : compare_rising);
}

bool order_is_behind(const struct order_item *item, const struct position *position,
                     bool descending)
{
    struct order_item at = {.key = buf_bytes(&position->key), .id = position->id};

    return position->phase == POSITION_START || compare(item, &at, descending) > 0;
}
