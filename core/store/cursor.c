/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.c - walking keys in order, within the bounds of a prefix. */
#include <assert.h>

#include "core/store/private.h"

struct store_cursor {
    struct store *store;
    rocksdb_iterator_t *iterator; /* NULL: the store could not be read when it was opened */
    rocksdb_readoptions_t *options;
    bool is_reverse;
    bool is_started; /* the iterator stands on a key that was given out */
    struct buf keys; /* the lower and the upper bound, lent to `options`, and the start */
};

/*
 * The first key behind all that start with the `len` bytes at `prefix`, in place; its length.
 * There always is one: a family is never FF.
 */
static size_t make_successor(uint8_t *prefix, size_t len)
{
    while (prefix[len - 1] == 0xff)
        len--;
    prefix[len - 1]++;
    return len;
}

static void add_key(struct buf *out, unsigned family, uint32_t portal, struct tn_bytes key)
{
    uint8_t start[KEY_PREFIX_SIZE];

    key_prefix_write(start, family, portal);
    (void)buf_add(out, start, sizeof(start)); /* the caller reserved */
    (void)buf_add(out, key.data, key.len);
}

/* The bounds cut off what `from` reaches beyond the prefix. */
static void seek(struct store_cursor *cursor, struct tn_bytes start)
{
    bool from_edge = start.len == KEY_PREFIX_SIZE;

    if (from_edge && cursor->is_reverse)
        rocksdb_iter_seek_to_last(cursor->iterator);
    else if (from_edge)
        rocksdb_iter_seek_to_first(cursor->iterator);
    else if (cursor->is_reverse)
        rocksdb_iter_seek_for_prev(cursor->iterator, (const char *)start.data, start.len);
    else
        rocksdb_iter_seek(cursor->iterator, (const char *)start.data, start.len);
}

DEFINE_CLEANUP(struct store_cursor, store_cursor_close)

struct store_cursor *store_cursor_open(struct store *store, const struct store_snapshot *snapshot,
                                       enum store_family family, uint32_t portal,
                                       struct tn_bytes prefix, struct tn_bytes from, bool reverse)
{
    CLEANUP(store_cursor_close_p) struct store_cursor *cursor = mem_new(struct store_cursor);
    size_t bound_len = KEY_PREFIX_SIZE + prefix.len;
    struct tn_bytes start = {NULL, KEY_PREFIX_SIZE + from.len};

    assert(family >= 1 && family <= STORE_FAMILY_MAX);
    if (!cursor || buf_reserve(&cursor->keys, 2 * bound_len + start.len) != TN_OK)
        return NULL;
    add_key(&cursor->keys, family, portal, prefix);
    add_key(&cursor->keys, family, portal, prefix);
    add_key(&cursor->keys, family, portal, from);

    const char *lower = (const char *)cursor->keys.data;
    const char *upper = lower + bound_len;
    size_t upper_len = make_successor(cursor->keys.data + bound_len, bound_len);
    start.data = cursor->keys.data + 2 * bound_len;

    if (gate_enter_snapshot(store, snapshot, NULL) != TN_OK)
        return TAKE(cursor); /* store_cursor_next tells */
    cursor->store = store;
    cursor->is_reverse = reverse;
    cursor->options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_iterate_lower_bound(cursor->options, lower, bound_len);
    rocksdb_readoptions_set_iterate_upper_bound(cursor->options, upper, upper_len);
    if (snapshot)
        rocksdb_readoptions_set_snapshot(cursor->options, snapshot->view);
    cursor->iterator = rocksdb_create_iterator_cf(store->db, cursor->options, store->keys);
    seek(cursor, start);
    return TAKE(cursor);
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (!cursor)
        return;
    if (cursor->iterator)
        rocksdb_iter_destroy(cursor->iterator);
    if (cursor->options)
        rocksdb_readoptions_destroy(cursor->options);
    if (cursor->store)
        gate_leave(cursor->store);
    buf_fini(&cursor->keys);
    mem_free(cursor);
}

static void move(struct store_cursor *cursor)
{
    if (!rocksdb_iter_valid(cursor->iterator))
        return;
    if (cursor->is_reverse)
        rocksdb_iter_prev(cursor->iterator);
    else
        rocksdb_iter_next(cursor->iterator);
}

tn_status store_cursor_next(struct store_cursor *cursor, struct tn_bytes *ret_key,
                            struct tn_bytes *ret_value, struct err *err)
{
    char *fault = NULL;

    /* Shut while it is open: whoever wants to close the database waits for it to be closed. */
    if (!cursor->iterator || gate_is_shut(cursor->store))
        return gate_refuse(err);
    if (cursor->is_started)
        move(cursor);
    cursor->is_started = true;
    if (!rocksdb_iter_valid(cursor->iterator)) {
        rocksdb_iter_get_error(cursor->iterator, &fault);
        return fault ? fault_report(fault, FAULT_READ, cursor->store->dir, err) : TN_NOT_FOUND;
    }

    struct tn_bytes key = {0};
    struct tn_bytes value = {0};
    key.data = (const uint8_t *)rocksdb_iter_key(cursor->iterator, &key.len);
    value.data = (const uint8_t *)rocksdb_iter_value(cursor->iterator, &value.len);
    assert(key.len >= KEY_PREFIX_SIZE);
    key.data += KEY_PREFIX_SIZE;
    key.len -= KEY_PREFIX_SIZE;
    *ret_key = key;
    if (ret_value)
        *ret_value = value;
    return TN_OK;
}

tn_status store_each(struct store *store, enum store_family family, uint32_t portal,
                     struct tn_bytes prefix, store_each_fn each, void *ctx, struct err *err)
{
    struct tn_bytes key;
    struct tn_bytes value;
    tn_status status;
    struct store_cursor *cursor =
        store_cursor_open(store, NULL, family, portal, prefix, (struct tn_bytes){0}, false);

    if (!cursor)
        return err_memory(err, "the store");
    while ((status = store_cursor_next(cursor, &key, &value, err)) == TN_OK) {
        status = each(ctx, key, value, err);
        if (status != TN_OK)
            break;
    }
    store_cursor_close(cursor);
    return status == TN_NOT_FOUND ? TN_OK : status;
}

tn_status store_next_range(struct store *store, const struct store_snapshot *snapshot,
                           uint32_t portal, unsigned family, uint32_t *ret_portal,
                           unsigned *ret_family, struct err *err)
{
    uint8_t start[KEY_PREFIX_SIZE];
    char *fault = NULL;
    size_t len = 0;
    tn_status status = TN_NOT_FOUND;

    if (portal == UINT32_MAX && family >= UINT8_MAX)
        return TN_NOT_FOUND; /* nothing is behind the last one */
    TRY(gate_enter_snapshot(store, snapshot, err));
    rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
        store->db, snapshot ? snapshot->options : store->newest, store->keys);
    key_prefix_write(start, family, portal);
    rocksdb_iter_seek(iterator, (const char *)start, make_successor(start, sizeof(start)));
    if (rocksdb_iter_valid(iterator)) {
        const uint8_t *key = (const uint8_t *)rocksdb_iter_key(iterator, &len);

        assert(len >= KEY_PREFIX_SIZE);
        *ret_portal = read_u32(key);
        *ret_family = key[4];
        status = TN_OK;
    } else {
        rocksdb_iter_get_error(iterator, &fault);
        if (fault)
            status = fault_report(fault, FAULT_READ, store->dir, err);
    }
    rocksdb_iter_destroy(iterator);
    gate_leave(store);
    return status;
}
