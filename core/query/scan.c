/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - walking a part of one property's index. */
#include "core/query/scan.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/store/key.h"
#include "core/store/store.h"

#define STEPS_BETWEEN_CHECKS 256u

struct scan {
    struct txn *txn;
    struct store_cursor *cursor;
    struct scan_range range;
    size_t prefix_len; /* of the keys: what names the property */
    bool reverse;
    bool has_after; /* the entry `after` is to be skipped once */
    tn_id after_id;
    struct buf after_key;
    uint32_t steps;
};

int scan_compare(struct tn_bytes a, struct tn_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

tn_status scan_step(struct txn *txn, uint32_t *steps, struct err *err)
{
    if (++*steps % STEPS_BETWEEN_CHECKS != 0)
        return TN_OK;

    tn_status st = txn_state(txn);
    if (st == TN_DEADLINE_EXCEEDED)
        return err_set(err, st, "The time for the call is over.");
    return st == TN_OK ? TN_OK : err_set(err, st, "The call was cancelled.");
}

DEFINE_CLEANUP(struct scan, scan_close)

/* Where the cursor starts: at `after`, or at the bound on its side; empty: at the very end. */
static tn_status add_start(const struct scan *scan, struct tn_bytes prefix,
                           const struct scan_entry *after, struct buf *out)
{
    struct tn_bytes bound = scan->reverse ? scan->range.to : scan->range.from;
    struct tn_bytes key = after ? after->key : bound;
    uint64_t id = after ? after->id : (scan->reverse ? UINT64_MAX : 0);

    if (key.len == 0)
        return TN_OK;
    TRY(buf_add(out, prefix.data, prefix.len));
    TRY(buf_add(out, key.data, key.len));
    return buf_add_u64(out, id);
}

static tn_status open_cursor(struct scan *scan, const struct scan_entry *after)
{
    const struct schema_property *property = scan->range.property;
    struct txn *txn = scan->txn;
    struct buf prefix = {0};
    struct buf start = {0};

    tn_status st = key_type(&prefix, property->type);
    if (st == TN_OK)
        st = buf_add_u32(&prefix, property->id);
    if (st == TN_OK)
        st = add_start(scan, buf_bytes(&prefix), after, &start);
    if (st == TN_OK && after)
        st = buf_add(&scan->after_key, after->key.data, after->key.len);
    if (st == TN_OK) {
        scan->prefix_len = prefix.len;
        scan->cursor = store_cursor_open(records_store(txn_records(txn)),
                                         txn_snapshot(txn),
                                         STORE_INDEX,
                                         txn_portal(txn)->id,
                                         buf_bytes(&prefix),
                                         buf_bytes(&start),
                                         scan->reverse);
        st = scan->cursor ? TN_OK : TN_RESOURCE_EXHAUSTED;
    }
    buf_fini(&start);
    buf_fini(&prefix);
    return st;
}

tn_status scan_open(struct txn *txn, const struct scan_range *range, bool reverse,
                    const struct scan_entry *after, struct scan **ret_scan, struct err *err)
{
    CLEANUP(scan_close_p) struct scan *scan = mem_new(struct scan);

    if (!scan)
        return err_memory(err, "a query");
    scan->txn = txn;
    scan->range = *range;
    scan->reverse = reverse;
    scan->has_after = after != NULL;
    scan->after_id = after ? after->id : 0;
    if (open_cursor(scan, after) != TN_OK)
        return err_memory(err, "a query");
    *ret_scan = TAKE(scan);
    return TN_OK;
}

void scan_close(struct scan *scan)
{
    if (!scan)
        return;
    store_cursor_close(scan->cursor);
    buf_fini(&scan->after_key);
    mem_free(scan);
}

static tn_status read_entry(const struct scan *scan, struct tn_bytes key,
                            struct scan_entry *ret_entry)
{
    uint64_t id = 0;

    if (key.len < scan->prefix_len + sizeof(id))
        return TN_DATA_LOSS;
    TRY(key_record_read(key, &id));
    ret_entry->key.data = key.data + scan->prefix_len;
    ret_entry->key.len = key.len - scan->prefix_len - sizeof(id);
    ret_entry->id = id;
    return TN_OK;
}

enum place { PLACE_SKIPPED, PLACE_INSIDE, PLACE_BEHIND };

/* Where an entry lies: before what is asked for or on an open bound, inside, or past the end. */
static enum place place_of(struct scan *scan, const struct scan_entry *entry)
{
    const struct scan_range *range = &scan->range;
    int to_from = range->from.len ? scan_compare(entry->key, range->from) : 1;
    int to_to = range->to.len ? scan_compare(entry->key, range->to) : -1;

    if (scan->has_after) {
        scan->has_after = false;
        if (entry->id == scan->after_id &&
            scan_compare(entry->key, buf_bytes(&scan->after_key)) == 0)
            return PLACE_SKIPPED;
    }
    if (scan->reverse ? to_from < 0 : to_to > 0)
        return PLACE_BEHIND;
    if ((to_from == 0 && range->from_open) || (to_to == 0 && range->to_open))
        return PLACE_SKIPPED;
    return PLACE_INSIDE;
}

tn_status scan_next(struct scan *scan, struct scan_entry *ret_entry, struct err *err)
{
    for (;;) {
        struct scan_entry entry;
        struct tn_bytes key;
        struct tn_bytes value;

        TRY(scan_step(scan->txn, &scan->steps, err));
        TRY(store_cursor_next(scan->cursor, &key, &value, err));
        if (read_entry(scan, key, &entry) != TN_OK)
            return err_set(err, TN_DATA_LOSS, "An index entry is damaged.");
        switch (place_of(scan, &entry)) {
        case PLACE_BEHIND:
            return TN_NOT_FOUND;
        case PLACE_SKIPPED:
            break;
        case PLACE_INSIDE:
            *ret_entry = entry;
            return TN_OK;
        }
    }
}
