/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - reading by key. Snapshots are in reopen.c. */
#include <assert.h>
#include <string.h>

#include "core/store/private.h"

void key_prefix_write(uint8_t *out, unsigned family, uint32_t portal)
{
    write_u32(out, portal);
    out[4] = (uint8_t)family;
}

tn_status key_too_long(struct err *err)
{
    return err_set(
        err, TN_INVALID_ARGUMENT, "A stored key is longer than %u bytes.", (unsigned)STORE_KEY_MAX);
}

tn_status full_key_make(struct full_key *out, unsigned family, uint32_t portal, struct tn_bytes key,
                        struct err *err)
{
    if (key.len > STORE_KEY_MAX)
        return key_too_long(err);
    key_prefix_write(out->data, family, portal);
    if (key.len)
        memcpy(out->data + KEY_PREFIX_SIZE, key.data, key.len);
    out->len = KEY_PREFIX_SIZE + key.len;
    return TN_OK;
}

static const rocksdb_readoptions_t *options_of(const struct store *store,
                                               const struct store_snapshot *snapshot)
{
    return snapshot ? snapshot->options : store->newest;
}

/* The value, pinned in RocksDB's cache; the caller, who is inside, destroys it. TN_NOT_FOUND. */
static tn_status get_pinned(struct store *store, const struct store_snapshot *snapshot,
                            enum store_family family, uint32_t portal, struct tn_bytes key,
                            rocksdb_pinnableslice_t **ret_value, struct err *err)
{
    struct full_key full;
    char *fault = NULL;

    assert(family >= 1 && family <= STORE_FAMILY_MAX);
    TRY(full_key_make(&full, family, portal, key, err));
    rocksdb_pinnableslice_t *value = rocksdb_get_pinned_cf(store->db,
                                                           options_of(store, snapshot),
                                                           store->keys,
                                                           (const char *)full.data,
                                                           full.len,
                                                           &fault);
    if (fault)
        return fault_report(fault, FAULT_READ, store->dir, err);
    if (!value)
        return TN_NOT_FOUND;
    *ret_value = value;
    return TN_OK;
}

/* Replaces what `out` holds, which stays when memory is out. */
static tn_status copy_value(const rocksdb_pinnableslice_t *value, struct buf *out, struct err *err)
{
    size_t len = 0;
    const char *data = rocksdb_pinnableslice_value(value, &len);

    if (len > out->len && buf_reserve(out, len - out->len) != TN_OK)
        return err_memory(err, "a value");
    buf_clear(out);
    return buf_add(out, data, len); /* fits */
}

tn_status store_get(struct store *store, const struct store_snapshot *snapshot,
                    enum store_family family, uint32_t portal, struct tn_bytes key,
                    struct buf *ret_value, struct err *err)
{
    rocksdb_pinnableslice_t *value = NULL;

    TRY(gate_enter_snapshot(store, snapshot, err));
    tn_status status = get_pinned(store, snapshot, family, portal, key, &value, err);
    if (status == TN_OK) {
        status = copy_value(value, ret_value, err);
        rocksdb_pinnableslice_destroy(value);
    }
    gate_leave(store);
    return status;
}

tn_status store_has(struct store *store, const struct store_snapshot *snapshot,
                    enum store_family family, uint32_t portal, struct tn_bytes key, struct err *err)
{
    rocksdb_pinnableslice_t *value = NULL;

    TRY(gate_enter_snapshot(store, snapshot, err));
    tn_status status = get_pinned(store, snapshot, family, portal, key, &value, err);
    if (status == TN_OK)
        rocksdb_pinnableslice_destroy(value);
    gate_leave(store);
    return status;
}

/* How many look-ups RocksDB gets at once: it overlaps reads within them. */
#define MANY_COUNT 32

struct many {
    struct buf bytes; /* the full keys, one behind the other */
    const char *keys[MANY_COUNT];
    size_t key_lens[MANY_COUNT];
    rocksdb_pinnableslice_t *values[MANY_COUNT];
    char *faults[MANY_COUNT];
};

static tn_status many_set_keys(struct many *many, enum store_family family, uint32_t portal,
                               const struct tn_bytes *keys, size_t count, struct err *err)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (keys[i].len > STORE_KEY_MAX)
            return key_too_long(err);
        many->key_lens[i] = KEY_PREFIX_SIZE + keys[i].len;
        len += many->key_lens[i];
    }
    buf_clear(&many->bytes);
    if (buf_reserve(&many->bytes, len) != TN_OK)
        return err_memory(err, "keys");
    for (size_t i = 0; i < count; i++) {
        uint8_t *p = many->bytes.data + many->bytes.len;

        many->keys[i] = (const char *)p;
        key_prefix_write(p, family, portal);
        many->bytes.len += KEY_PREFIX_SIZE;
        (void)buf_add(&many->bytes, keys[i].data, keys[i].len); /* reserved */
    }
    return TN_OK;
}

/* Takes the i-th answer apart, whatever `status` is by now, and frees it. */
static tn_status many_take(struct many *many, size_t i, tn_status status, const struct store *store,
                           struct buf *ret_value, bool *ret_found, struct err *err)
{
    rocksdb_pinnableslice_t *value = many->values[i];

    if (many->faults[i] && status == TN_OK)
        status = fault_report(many->faults[i], FAULT_READ, store->dir, err);
    else
        rocksdb_free(many->faults[i]); /* one is told */
    *ret_found = value != NULL;
    if (!value)
        buf_clear(ret_value);
    else if (status == TN_OK)
        status = copy_value(value, ret_value, err);
    if (value)
        rocksdb_pinnableslice_destroy(value);
    return status;
}

tn_status store_get_many(struct store *store, const struct store_snapshot *snapshot,
                         enum store_family family, uint32_t portal, const struct tn_bytes *keys,
                         size_t count, struct buf *ret_values, bool *ret_found, struct err *err)
{
    struct many many = {0};
    tn_status status = TN_OK;

    assert(family >= 1 && family <= STORE_FAMILY_MAX);
    TRY(gate_enter_snapshot(store, snapshot, err));
    for (size_t done = 0; done < count && status == TN_OK; done += MANY_COUNT) {
        size_t n = count - done < MANY_COUNT ? count - done : MANY_COUNT;

        status = many_set_keys(&many, family, portal, keys + done, n, err);
        if (status != TN_OK)
            break;
        rocksdb_batched_multi_get_cf(store->db,
                                     options_of(store, snapshot),
                                     store->keys,
                                     n,
                                     many.keys,
                                     many.key_lens,
                                     many.values,
                                     many.faults,
                                     false);
        for (size_t i = 0; i < n; i++)
            status = many_take(
                &many, i, status, store, &ret_values[done + i], &ret_found[done + i], err);
    }
    buf_fini(&many.bytes);
    gate_leave(store);
    return status;
}
