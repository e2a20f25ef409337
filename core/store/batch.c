/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c - writes that happen together, collected in the form that RocksDB stores them in (the
 * `rep` of its WriteBatch, which rocksdb_writebatch_data exposes and its write-ahead logs
 * keep): sequence u64, count u32, both little-endian, then per write a kind and its parts, each
 * behind a varint length. Holding the bytes ourselves makes appending one batch to another a copy,
 * which the C API lacks, and a failed allocation a status instead of an abort.
 */
#include <assert.h>

#include "core/store/private.h"

/* A kind and two varint lengths of 32 bits. */
#define WRITE_OVERHEAD_MAX ((size_t)11)

struct store_batch {
    struct buf bytes; /* writes, behind room for the header; empty as long as there are none */
    uint32_t count;
    tn_status fault; /* the first write that did not fit, told by store_write */
};

struct store_batch *store_batch_create(void)
{
    return mem_new(struct store_batch);
}

void store_batch_destroy(struct store_batch *batch)
{
    if (!batch)
        return;
    buf_fini(&batch->bytes);
    mem_free(batch);
}

void store_batch_clear(struct store_batch *batch)
{
    buf_clear(&batch->bytes);
    batch->count = 0;
    batch->fault = TN_OK;
}

size_t store_batch_count(const struct store_batch *batch)
{
    return batch->count;
}

size_t store_batch_size(const struct store_batch *batch)
{
    return batch->bytes.len;
}

tn_status store_batch_status(const struct store_batch *batch)
{
    return batch->fault;
}

static void fail(struct store_batch *batch, tn_status status)
{
    if (batch->fault == TN_OK)
        batch->fault = status;
}

/* Room for `len` bytes more, and for the header if they are the first. */
static bool make_room(struct store_batch *batch, size_t len)
{
    static const uint8_t header[BATCH_HEADER_SIZE];

    if (batch->bytes.len + len > STORE_BATCH_SIZE_MAX ||
        buf_reserve(&batch->bytes, BATCH_HEADER_SIZE + len) != TN_OK) {
        fail(batch, TN_RESOURCE_EXHAUSTED);
        return false;
    }
    if (batch->bytes.len == 0)
        (void)buf_add(&batch->bytes, header, BATCH_HEADER_SIZE); /* reserved */
    return true;
}

/* These cannot fail: make_room came before. */
static void add_key(struct buf *out, unsigned family, uint32_t portal, struct tn_bytes key)
{
    uint8_t prefix[KEY_PREFIX_SIZE];

    key_prefix_write(prefix, family, portal);
    (void)buf_add_varint(out, KEY_PREFIX_SIZE + key.len);
    (void)buf_add(out, prefix, sizeof(prefix));
    (void)buf_add(out, key.data, key.len);
}

static void add_write(struct store_batch *batch, uint8_t kind, enum store_family family,
                      uint32_t portal, struct tn_bytes key, const struct tn_bytes *value,
                      const struct tn_bytes *to)
{
    size_t value_len = value ? value->len : 0;
    size_t to_len = to ? to->len : 0;

    if (key.len > STORE_KEY_MAX || to_len > STORE_KEY_MAX) {
        fail(batch, TN_INVALID_ARGUMENT);
        return;
    }
    if (value_len > STORE_BATCH_SIZE_MAX) {
        fail(batch, TN_RESOURCE_EXHAUSTED);
        return;
    }
    if (!make_room(batch, WRITE_OVERHEAD_MAX + 2 * KEY_PREFIX_SIZE + key.len + value_len + to_len))
        return;
    (void)buf_add_u8(&batch->bytes, kind);
    add_key(&batch->bytes, family, portal, key);
    if (value) {
        (void)buf_add_varint(&batch->bytes, value_len);
        (void)buf_add(&batch->bytes, value->data, value_len);
    }
    if (to)
        add_key(&batch->bytes, family, portal, *to);
    batch->count++;
}

void store_batch_put(struct store_batch *batch, enum store_family family, uint32_t portal,
                     struct tn_bytes key, struct tn_bytes value)
{
    assert(family >= 1 && family <= STORE_FAMILY_MAX);
    add_write(batch, BATCH_PUT, family, portal, key, &value, NULL);
}

void store_batch_delete(struct store_batch *batch, enum store_family family, uint32_t portal,
                        struct tn_bytes key)
{
    assert(family >= 1 && family <= STORE_FAMILY_MAX);
    add_write(batch, BATCH_DELETE, family, portal, key, NULL, NULL);
}

void store_batch_delete_range(struct store_batch *batch, enum store_family family, uint32_t portal,
                              struct tn_bytes from, struct tn_bytes to)
{
    assert(family >= 1 && family <= STORE_FAMILY_MAX);
    assert(!settings_is_hinted(family));
    add_write(batch, BATCH_DELETE_RANGE, family, portal, from, NULL, &to);
}

void store_batch_append(struct store_batch *batch, const struct store_batch *from)
{
    assert(batch != from);
    if (from->fault != TN_OK)
        fail(batch, from->fault);
    if (from->count == 0)
        return;

    size_t len = from->bytes.len - BATCH_HEADER_SIZE;
    if (!make_room(batch, len))
        return;
    (void)buf_add(&batch->bytes, from->bytes.data + BATCH_HEADER_SIZE, len); /* reserved */
    batch->count += from->count;
}

static tn_status report_fault(const struct store_batch *batch, struct err *err)
{
    if (batch->fault == TN_INVALID_ARGUMENT)
        return key_too_long(err);
    if (batch->fault != TN_OK)
        return err_set(err,
                       batch->fault,
                       "A write is larger than %u MiB, or than the memory that is left.",
                       (unsigned)(STORE_BATCH_SIZE_MAX >> 20));
    return TN_OK;
}

/* The count is filled in here, the sequence by RocksDB. */
static struct tn_bytes finish(const struct store_batch *batch)
{
    for (unsigned i = 0; batch->count && i < 4; i++)
        batch->bytes.data[8 + i] = (uint8_t)(batch->count >> 8 * i);
    return buf_bytes(&batch->bytes);
}

/* Nothing is written after a write that failed, whatever RocksDB would make of it. */
static tn_status refuse_failed(const struct store *store, struct err *err)
{
    tn_status status = store_failure(store);

    if (status == TN_OK)
        return TN_OK;
    if (status == TN_RESOURCE_EXHAUSTED)
        return err_set(err, status, "The disk of the store in '%s' is full.", store->dir);
    return gate_refuse(err);
}

/* Asked inside the gate: what fails and is opened again meanwhile waits for us. */
static tn_status write_out(struct store *store, rocksdb_writebatch_t *writes, bool sync,
                           struct err *err)
{
    char *fault = NULL;
    tn_status status = refuse_failed(store, err);

    if (status != TN_OK)
        return status;
    rocksdb_write(store->db, sync ? store->synced : store->unsynced, writes, &fault);
    if (!fault)
        return TN_OK;
    status = fault_report(fault, FAULT_WRITE, store->dir, err);
    store_fail(store, status);
    return status;
}

tn_status store_write(struct store *store, struct store_batch *batch, bool sync, struct err *err)
{
    struct buf sorted = {0};
    TRY(report_fault(batch, err));
    if (batch->count == 0)
        return TN_OK;
    TRY(format_need_room(store->dir_fd, store->dir, ROOM_TO_WRITE + batch->bytes.len, err));

    struct tn_bytes bytes = finish(batch);
    if (batch_sort(bytes, batch->count, &sorted))
        bytes = buf_bytes(&sorted);
    rocksdb_writebatch_t *writes =
        rocksdb_writebatch_create_from((const char *)bytes.data, bytes.len);
    buf_fini(&sorted);
    tn_status status = TN_UNAVAILABLE;
    if (gate_enter(store)) {
        status = write_out(store, writes, sync, err);
        gate_leave(store);
    } else {
        (void)gate_refuse(err);
    }
    rocksdb_writebatch_destroy(writes);
    return status;
}
