/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sort.c - the writes of a batch in the order of their keys.
 *
 * Half the work of a commit is finding the places of its keys in the memtable, a skip list. With
 * hints (settings.c) a search begins where the last one of the same kind of key ended, so that
 * neighbours are found in a few steps: worth it once keys come in order.
 */
#include <stdlib.h>
#include <string.h>

#include "core/store/private.h"

struct write {
    struct tn_bytes bytes; /* kind, key and value as they lie in the batch */
    struct tn_bytes key;
};

static int compare(const void *a, const void *b)
{
    const struct write *x = a;
    const struct write *y = b;
    size_t len = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = memcmp(x->key.data, y->key.data, len);

    if (order == 0 && x->key.len != y->key.len)
        order = x->key.len < y->key.len ? -1 : 1;
    if (order == 0) /* of one key the last write counts, so they stay as they came */
        order = x->bytes.data < y->bytes.data ? -1 : 1;
    return order;
}

/* Takes a part that is behind its length. */
static struct tn_bytes take_part(struct tn_bytes *rest)
{
    uint64_t len = 0;
    struct tn_bytes part = {rest->data, 0};

    if (read_varint(rest, &len) == TN_OK && len <= rest->len) {
        part = (struct tn_bytes){rest->data, (size_t)len};
        rest->data += len;
        rest->len -= (size_t)len;
    }
    return part;
}

/* False: it holds something other than puts and deletes, whose place matters. */
static bool split(struct tn_bytes rest, struct write *writes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *start = rest.data;
        uint8_t kind = rest.len ? *start : BATCH_DELETE_RANGE;

        if (kind != BATCH_PUT && kind != BATCH_DELETE)
            return false;
        rest.data++;
        rest.len--;
        writes[i].key = take_part(&rest);
        if (kind == BATCH_PUT)
            (void)take_part(&rest);
        writes[i].bytes = (struct tn_bytes){start, (size_t)(rest.data - start)};
    }
    return rest.len == 0;
}

bool batch_sort(struct tn_bytes bytes, uint32_t count, struct buf *out)
{
    struct tn_bytes rest = {bytes.data + BATCH_HEADER_SIZE, bytes.len - BATCH_HEADER_SIZE};
    struct write *writes = mem_array(struct write, count);
    bool is_sorted = writes && buf_reserve(out, bytes.len) == TN_OK && split(rest, writes, count);

    if (is_sorted) {
        qsort(writes, count, sizeof(*writes), compare);
        (void)buf_add(out, bytes.data, BATCH_HEADER_SIZE); /* reserved, as all of it */
        for (uint32_t i = 0; i < count; i++)
            (void)buf_add(out, writes[i].bytes.data, writes[i].bytes.len);
    }
    mem_free(writes);
    return is_sorted;
}
