/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - what properties were. An entry holds the value that a change replaced, and who made
 * the change: so a value's source and time are in the entry after it, and the row tells of the
 * creation.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/record/row_system.h"
#include "core/record/state.h"
#include "core/store/key.h"

#define HISTORY_FORMAT 1u

tn_status history_encode(const struct tn_value *value, const struct txn *txn, struct buf *out)
{
    TRY(buf_add_u8(out, HISTORY_FORMAT));
    TRY(value_encode(value, out));
    TRY(buf_add_varint(out, zigzag(txn->now_us)));
    TRY(buf_add_varint(out, txn->source.len));
    TRY(buf_add(out, txn->source.data, txn->source.len));
    TRY(buf_add_varint(out, txn->user.len));
    return buf_add(out, txn->user.data, txn->user.len);
}

static tn_status read_text(struct tn_bytes *in, struct tn_str *ret_text)
{
    uint64_t len;

    TRY(read_varint(in, &len));
    if (len > in->len)
        return TN_DATA_LOSS;
    *ret_text = (struct tn_str){(const char *)in->data, (size_t)len};
    *in = (struct tn_bytes){in->data + len, in->len - (size_t)len};
    return TN_OK;
}

/* The replaced value, and time, source and user of the change that replaced it. */
static tn_status decode(struct tn_bytes in, struct history_value *ret_value)
{
    struct history_value value = {0};
    uint64_t at;

    if (in.len == 0)
        return TN_DATA_LOSS;
    if (in.data[0] != HISTORY_FORMAT)
        return TN_UNIMPLEMENTED;
    in = (struct tn_bytes){in.data + 1, in.len - 1};
    TRY(value_decode(&in, &value.value));
    TRY(read_varint(&in, &at));
    TRY(read_text(&in, &value.source));
    TRY(read_text(&in, &value.user));
    value.at_us = unzigzag(at);
    *ret_value = value;
    return TN_OK;
}

struct listing {
    struct arena *arena;
    struct history_value *values;
    size_t count;
    size_t cap;
};

static tn_status add(struct listing *listing, const struct history_value *value)
{
    if (listing->count >= HISTORY_MAX)
        return TN_OUT_OF_RANGE;
    if (listing->count == listing->cap) {
        size_t cap = listing->cap ? listing->cap * 2 : 32;
        struct history_value *grown = arena_array(listing->arena, struct history_value, cap);

        if (!grown)
            return TN_RESOURCE_EXHAUSTED;
        if (listing->count)
            memcpy(grown, listing->values, listing->count * sizeof(*grown));
        listing->values = grown;
        listing->cap = cap;
    }
    listing->values[listing->count++] = *value;
    return TN_OK;
}

/* Who created the record, and with it the oldest values. */
static tn_status read_creation(const struct record *record, struct history_value *ret_creation)
{
    struct tn_value source;
    struct tn_value user;

    TRY(row_get(record->row, ROW_SYSTEM_SOURCE, &source));
    TRY(row_get(record->row, ROW_SYSTEM_USER, &user));
    *ret_creation = (struct history_value){.at_us = record->read.created_us};
    if (source.kind == TN_TEXT)
        ret_creation->source = source.as.text;
    if (user.kind == TN_TEXT)
        ret_creation->user = user.as.text;
    return TN_OK;
}

/*
 * The values of one property, newest first. `walk` stands before its newest entry; every entry
 * tells how the value above it came, and has the value below.
 */
static tn_status list_property(struct record *record, const struct schema_property *property,
                               struct store_cursor *walk, const struct history_value *creation,
                               struct listing *listing, struct err *err)
{
    struct history_value above = {.property = property->id};
    struct tn_bytes key;
    struct tn_bytes bytes;
    bool has_entry = false;
    tn_status st;

    TRY(record_read_before(record, property, &above.value));
    while ((st = store_cursor_next(walk, &key, &bytes, err)) == TN_OK) {
        struct key_history_parts parts;
        struct history_value replaced = {0};
        const char *copy = arena_copy(listing->arena, bytes.data, bytes.len);

        if (!copy)
            return TN_RESOURCE_EXHAUSTED;
        TRY(key_history_read(key, &parts));
        TRY(decode((struct tn_bytes){(const uint8_t *)copy, bytes.len}, &replaced));
        has_entry = true;
        above.at_us = replaced.at_us;
        above.source = replaced.source;
        above.user = replaced.user;
        above.change = parts.change;
        TRY(add(listing, &above));
        above = (struct history_value){.property = property->id, .value = replaced.value};
    }
    if (st != TN_NOT_FOUND)
        return st;
    if (above.value.kind == TN_NONE && !has_entry)
        return TN_OK; /* it never had one */
    if (above.value.kind == TN_NONE)
        return TN_OK; /* the oldest entry replaced nothing: it had none at creation */
    above.at_us = creation->at_us;
    above.source = creation->source;
    above.user = creation->user;
    return add(listing, &above);
}

static tn_status open_and_list(struct record *record, const struct schema_property *property,
                               const struct history_value *creation, struct listing *listing,
                               struct err *err)
{
    struct txn *txn = record->txn;
    struct buf prefix = {0};
    tn_status st = buf_add_u32(&prefix, record->type->id);

    if (st == TN_OK)
        st = buf_add_u64(&prefix, record->id);
    if (st == TN_OK)
        st = buf_add_u32(&prefix, property->id);
    struct store_cursor *walk = st == TN_OK ? store_cursor_open(txn->records->store,
                                                                txn_snapshot(txn),
                                                                STORE_HISTORY,
                                                                txn->portal->id,
                                                                buf_bytes(&prefix),
                                                                (struct tn_bytes){0},
                                                                false)
                                            : NULL;
    if (walk)
        st = list_property(record, property, walk, creation, listing, err);
    else
        st = TN_RESOURCE_EXHAUSTED;
    store_cursor_close(walk);
    buf_fini(&prefix);
    return st;
}

tn_status history_read(struct record *record, uint32_t property, struct history_value **ret_values,
                       size_t *ret_count, struct err *err)
{
    struct listing listing = {.arena = &record->txn->arena};
    struct history_value creation;
    tn_status st = TN_OK;

    if (record->is_new)
        return err_set(err, TN_FAILED_PRECONDITION, "A new record has no history yet.");
    st = read_creation(record, &creation);
    for (uint32_t i = 0; st == TN_OK && i < record->type->property_count; i++) {
        const struct schema_property *candidate = record->type->properties[i];

        if (property ? candidate->id == property : !candidate->is_archived)
            st = open_and_list(record, candidate, &creation, &listing, err);
    }
    switch (st) {
    case TN_OK:
        break;
    case TN_OUT_OF_RANGE:
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "The record has more than %u versions of values; ask for one property.",
                       HISTORY_MAX);
    case TN_RESOURCE_EXHAUSTED:
        return err_memory(err, "a history");
    default:
        return err_set(err, st, "The stored history of a record is damaged.");
    }
    *ret_values = listing.values;
    *ret_count = listing.count;
    return TN_OK;
}

/*
 * What the oldest change behind `number` replaced, which is what the property was after `number`.
 * Entries stand with the newest change first, so it is the last one before the key of `number`.
 */
tn_status history_find_replaced(struct txn *txn, uint32_t type, tn_id record, uint32_t property,
                                uint64_t number, struct tn_value *ret_value, struct err *err)
{
    CLEANUP(buf_fini) struct buf prefix = {0};
    CLEANUP(buf_fini) struct buf from = {0};
    struct history_value found;
    struct tn_bytes key;
    struct tn_bytes value;

    if (key_history_property(&prefix, type, record, property) != TN_OK ||
        key_history(&from, type, record, property, number + 1) != TN_OK)
        return err_memory(err, "a history");
    struct store_cursor *walk = store_cursor_open(txn->records->store,
                                                  txn_snapshot(txn),
                                                  STORE_HISTORY,
                                                  txn->portal->id,
                                                  buf_bytes(&prefix),
                                                  buf_bytes(&from),
                                                  true);
    if (!walk)
        return err_memory(err, "a history");
    tn_status st = store_cursor_next(walk, &key, &value, err);
    const char *copy = st == TN_OK ? arena_copy(&txn->arena, value.data, value.len) : NULL;
    size_t len = st == TN_OK ? value.len : 0;
    store_cursor_close(walk);
    TRY(st);
    if (!copy)
        return err_memory(err, "a history");
    if (decode((struct tn_bytes){(const uint8_t *)copy, len}, &found) != TN_OK)
        return err_set(err, TN_DATA_LOSS, "The stored history of a record is damaged.");
    *ret_value = found.value;
    return TN_OK;
}

/* Purging */

/* The entry without what the record held; its number, kind and time stay. */
static tn_status blank(const struct record *record, struct tn_bytes key, struct tn_bytes entry,
                       struct store_batch *batch)
{
    struct arena arena;
    struct change change;
    struct buf out = {0};
    uint64_t number = key.len == 8 ? read_u64(key.data) : 0;

    arena_init(&arena, TXN_ARENA_SIZE_MAX);
    tn_status st = number ? change_decode(number, entry, &arena, &change) : TN_DATA_LOSS;
    if (st == TN_OK && change.type == record->type->id && change.record == record->id &&
        change.value_count > 0) {
        change.value_count = 0;
        st = change_encode(&change, number - change.transaction, &out);
        if (st == TN_OK)
            store_batch_put(batch, STORE_LOG, record->txn->portal->id, key, buf_bytes(&out));
    }
    buf_fini(&out);
    arena_fini(&arena);
    return st;
}

/* Walks the whole log of the portal: purging is rare, and an index by record would cost every write
 * a key. */
static tn_status blank_all(struct record *record, struct store_batch *batch, struct err *err)
{
    struct txn *txn = record->txn;
    struct tn_bytes key;
    struct tn_bytes entry;
    tn_status st;
    struct store_cursor *walk = store_cursor_open(txn->records->store,
                                                  txn_snapshot(txn),
                                                  STORE_LOG,
                                                  txn->portal->id,
                                                  (struct tn_bytes){0},
                                                  (struct tn_bytes){0},
                                                  false);

    if (!walk)
        return err_memory(err, "a purge");
    while ((st = store_cursor_next(walk, &key, &entry, err)) == TN_OK) {
        st = blank(record, key, entry, batch);
        if (st == TN_OK)
            st = txn_state(txn);
        if (st != TN_OK)
            break;
    }
    store_cursor_close(walk);
    if (st == TN_NOT_FOUND)
        return TN_OK;
    return err_set(err, st, "The change log could not be read for the purge.");
}

tn_status history_purge(struct record *record, struct store_batch *batch, struct err *err)
{
    struct buf from = {0};
    struct buf to = {0};
    tn_status st = buf_add_u32(&from, record->type->id);

    if (st == TN_OK)
        st = buf_add_u64(&from, record->id);
    if (st == TN_OK)
        st = buf_add_u32(&to, record->type->id);
    if (st == TN_OK)
        st = buf_add_u64(&to, record->id + 1);
    if (st == TN_OK)
        store_batch_delete_range(
            batch, STORE_HISTORY, record->txn->portal->id, buf_bytes(&from), buf_bytes(&to));
    buf_fini(&from);
    buf_fini(&to);
    if (st != TN_OK)
        return err_memory(err, "a purge");
    return blank_all(record, batch, err);
}
