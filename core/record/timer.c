/* SPDX-License-Identifier: Apache-2.0 */
/* timer.c - see timer.h. */
#include "core/record/timer.h"

#include <string.h>

#include "core/record/state.h"
#include "core/store/key.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* type u32, record u64, then the name */
#define NAME_AT 12u
/* Of one record; more than any set of plugins declares. */
#define TIMERS_OF_RECORD_MAX 10000u

/* Keys */

/* Of family meta, behind the byte of its owner. */
static tn_status make_key(struct txn *txn, uint32_t type, tn_id record, struct tn_str name,
                          struct tn_str *ret_key, struct err *err)
{
    uint8_t *key;

    if (name.len == 0 || name.len > TIMER_NAME_MAX)
        return err_set(err, TN_INVALID_ARGUMENT, "A key of %zu bytes is too long.", name.len);
    key = arena_alloc(&txn->arena, NAME_AT + name.len);
    if (!key)
        return err_memory(err, "a timer");
    write_u32(key, type);
    write_u64(key + 4, record);
    memcpy(key + NAME_AT, name.data, name.len);
    *ret_key = (struct tn_str){(const char *)key, NAME_AT + name.len};
    return TN_OK;
}

/* name · 00 · wake_us, which is never negative · type · record */
tn_status timer_due_key(struct tn_bytes meta_key, tn_time wake_us, struct buf *out)
{
    if (meta_key.len < TIMER_META_KEY_MIN)
        return TN_DATA_LOSS;
    TRY(buf_add(out, meta_key.data + 1 + NAME_AT, meta_key.len - 1 - NAME_AT));
    TRY(buf_add_u8(out, 0));
    TRY(buf_add_u64(out, (uint64_t)wake_us));
    return buf_add(out, meta_key.data + 1, NAME_AT);
}

tn_status timer_meta_key(struct tn_bytes due_key, tn_time *ret_wake_us, struct buf *out)
{
    const uint8_t *end = memchr(due_key.data, 0, due_key.len);
    size_t len = end ? (size_t)(end - due_key.data) : 0;

    if (len == 0 || due_key.len != len + 1 + 8 + NAME_AT)
        return TN_DATA_LOSS;
    TRY(buf_add_u8(out, STORE_META_TIMER));
    TRY(buf_add(out, end + 1 + 8, NAME_AT));
    TRY(buf_add(out, due_key.data, len));
    *ret_wake_us = (tn_time)read_u64(end + 1);
    return TN_OK;
}

/* What every timer of the record is marked with, so that who ends all conflicts with who sets one.
 */
static uint64_t mark_of_record(const struct txn *txn, uint32_t type, tn_id record)
{
    return mark_id(txn, MARK_TIMERS, type, record, 0);
}

/* Values */

static tn_status decode(struct tn_bytes value, struct arena *arena, struct timer *ret_timer)
{
    Tenon__Stored__V1__Timer *stored =
        tenon__stored__v1__timer__unpack(NULL, value.len, value.data);
    struct tn_str rule;

    if (!stored)
        return TN_DATA_LOSS;
    struct timer timer = {.due_us = stored->due_us,
                          .wake_us = stored->wake_us,
                          .begun_us = stored->begun_us,
                          .failed_count = stored->failed_count};
    tn_status st =
        arena_copy_str(arena, (struct tn_str){stored->rule, strlen(stored->rule)}, &rule);
    tenon__stored__v1__timer__free_unpacked(stored, NULL);
    TRY(st);
    timer.rule = rule;
    *ret_timer = timer;
    return TN_OK;
}

static tn_status encode(struct txn *txn, const struct timer *timer, struct tn_bytes *ret_value)
{
    Tenon__Stored__V1__Timer stored = TENON__STORED__V1__TIMER__INIT;

    stored.due_us = timer->due_us;
    stored.wake_us = timer->wake_us > 0 ? timer->wake_us : 1; /* all zero would be no value */
    stored.begun_us = timer->begun_us;
    stored.failed_count = timer->failed_count;
    stored.rule = arena_copy(&txn->arena, timer->rule.data, timer->rule.len);
    if (!stored.rule)
        return TN_RESOURCE_EXHAUSTED;
    size_t len = tenon__stored__v1__timer__get_packed_size(&stored);
    uint8_t *packed = arena_alloc(&txn->arena, len + 1);
    if (!packed)
        return TN_RESOURCE_EXHAUSTED;
    (void)tenon__stored__v1__timer__pack(&stored, packed);
    *ret_value = (struct tn_bytes){packed, len};
    return TN_OK;
}

static tn_status damaged(tn_status status, struct err *err)
{
    if (status == TN_RESOURCE_EXHAUSTED)
        return err_memory(err, "a timer");
    return err_set(err, TN_DATA_LOSS, "A stored timer is damaged.");
}

/* Setting */

static tn_status write(struct txn *txn, struct txn_meta *meta, struct tn_bytes value,
                       struct err *err)
{
    if (txn_undo_meta(txn, meta) != TN_OK)
        return err_memory(err, "a timer");
    meta->value = value;
    meta->is_written = true;
    return TN_OK;
}

tn_status timer_set(struct record *record, struct tn_str name, const struct timer *timer,
                    struct err *err)
{
    struct txn *txn = record->txn;
    struct tn_bytes value = {0};
    struct txn_meta *meta;
    struct tn_str key;

    TRY(record_may_change(record, err));
    if (record->is_archived && timer)
        return err_set(err,
                       TN_NOT_FOUND,
                       "There is no record %llu of type %.*s.",
                       (unsigned long long)record->id,
                       (int)record->type->name.len,
                       record->type->name.data);
    TRY(make_key(txn, record->type->id, record->id, name, &key, err));
    TRY(txn_open_meta(txn, STORE_META_TIMER, key, &meta, err));
    if (timer && encode(txn, timer, &value) != TN_OK)
        return err_memory(err, "a timer");
    return write(txn, meta, value, err);
}

tn_status timer_get(struct txn *txn, const struct schema_type *type, tn_id record,
                    struct tn_str name, struct timer *ret_timer, struct err *err)
{
    struct txn_meta *meta;
    struct tn_str key;

    TRY(make_key(txn, type->id, record, name, &key, err));
    TRY(txn_open_meta(txn, STORE_META_TIMER, key, &meta, err));
    if (meta->value.len == 0)
        return TN_NOT_FOUND;
    tn_status st = decode(meta->value, &txn->arena, ret_timer);
    return st == TN_OK ? TN_OK : damaged(st, err);
}

tn_status timer_end(struct txn *txn, const struct schema_type *type, tn_id record,
                    struct tn_str name, struct err *err)
{
    struct txn_meta *meta;
    struct tn_str key;

    TRY(txn_may_write(txn, err));
    TRY(make_key(txn, type->id, record, name, &key, err));
    TRY(txn_open_meta(txn, STORE_META_TIMER, key, &meta, err));
    return write(txn, meta, (struct tn_bytes){0}, err);
}

/* Archiving */

static bool is_of_record(const struct txn_meta *meta, const uint8_t prefix[1 + NAME_AT])
{
    return meta->key.len > 1 + NAME_AT && memcmp(meta->key.data, prefix, 1 + NAME_AT) == 0;
}

/* Opens what the store has, so that the transaction's own list is all there is. */
static tn_status open_stored(struct record *record, const uint8_t prefix[1 + NAME_AT],
                             struct err *err)
{
    struct txn *txn = record->txn;
    struct tn_bytes key;
    struct txn_meta *meta;
    tn_status st;
    struct store_cursor *walk = store_cursor_open(txn->records->store,
                                                  txn_snapshot(txn),
                                                  STORE_META,
                                                  txn->portal->id,
                                                  (struct tn_bytes){prefix, 1 + NAME_AT},
                                                  (struct tn_bytes){0},
                                                  false);

    if (!walk)
        return err_memory(err, "a timer");
    for (unsigned i = 0; (st = store_cursor_next(walk, &key, NULL, err)) == TN_OK; i++) {
        struct tn_str name = {(const char *)key.data + 1, key.len - 1};

        if (i == TIMERS_OF_RECORD_MAX)
            st = err_set(err,
                         TN_RESOURCE_EXHAUSTED,
                         "The record has more than %u timers.",
                         TIMERS_OF_RECORD_MAX);
        if (st == TN_OK)
            st = txn_open_meta(txn, STORE_META_TIMER, name, &meta, err);
        if (st != TN_OK)
            break;
    }
    store_cursor_close(walk);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

tn_status timers_end_all(struct record *record, struct err *err)
{
    struct txn *txn = record->txn;
    uint8_t prefix[1 + NAME_AT] = {STORE_META_TIMER};

    write_u32(prefix + 1, record->type->id);
    write_u64(prefix + 5, record->id);
    if (txn_mark_read(txn, mark_of_record(txn, record->type->id, record->id)) != TN_OK)
        return err_memory(err, "a timer");
    if (!record->is_new)
        TRY(open_stored(record, prefix, err));
    for (struct txn_meta *meta = txn->first_meta; meta; meta = meta->next)
        if (meta->value.len && is_of_record(meta, prefix))
            TRY(write(txn, meta, (struct tn_bytes){0}, err));
    return TN_OK;
}

/* Committing */

/* The entry of family due that a stored value has. */
static tn_status due_of(struct txn *txn, struct tn_bytes key, struct tn_bytes value,
                        struct buf *out)
{
    struct timer timer;

    TRY(decode(value, &txn->arena, &timer));
    return timer_due_key(key, timer.wake_us, out);
}

tn_status timer_encode_due(struct txn *txn, const struct txn_meta *meta)
{
    const struct tn_bytes key = {(const uint8_t *)meta->key.data, meta->key.len};
    CLEANUP(buf_fini) struct buf before = {0};
    CLEANUP(buf_fini) struct buf after = {0};
    uint32_t type = read_u32(key.data + 1);

    if (meta->stored.len) {
        TRY(due_of(txn, key, meta->stored, &before));
        store_batch_delete(txn->batch, STORE_DUE, txn->portal->id, buf_bytes(&before));
    }
    if (meta->value.len) {
        TRY(due_of(txn, key, meta->value, &after));
        store_batch_put(
            txn->batch, STORE_DUE, txn->portal->id, buf_bytes(&after), (struct tn_bytes){0});
    }
    txn->has_timers = true;
    return txn_mark_write(txn, mark_of_record(txn, type, read_u64(key.data + 5)));
}

/* Reading what is due */

static tn_status read_due(struct tn_bytes key, size_t at, struct timer_due *ret_due,
                          struct err *err)
{
    if (key.len != at + 8 + NAME_AT)
        return err_set(err, TN_DATA_LOSS, "A stored timer is damaged.");
    *ret_due = (struct timer_due){.wake_us = (tn_time)read_u64(key.data + at),
                                  .type = read_u32(key.data + at + 8),
                                  .record = read_u64(key.data + at + 12)};
    return TN_OK;
}

tn_status timers_earliest(struct records *records, const struct portal *portal, struct tn_str name,
                          size_t limit, struct timer_due *ret_timers, size_t *ret_count,
                          struct err *err)
{
    CLEANUP(buf_fini) struct buf prefix = {0};
    struct tn_bytes key;
    size_t count = 0;
    tn_status st = TN_OK;

    if (buf_add(&prefix, name.data, name.len) != TN_OK || buf_add_u8(&prefix, 0) != TN_OK)
        return err_memory(err, "a timer");
    struct store_cursor *walk = store_cursor_open(records->store,
                                                  NULL,
                                                  STORE_DUE,
                                                  portal->id,
                                                  buf_bytes(&prefix),
                                                  (struct tn_bytes){0},
                                                  false);
    if (!walk)
        return err_memory(err, "a timer");
    while (st == TN_OK && count < limit) {
        st = store_cursor_next(walk, &key, NULL, err);
        if (st == TN_OK)
            st = read_due(key, prefix.len, &ret_timers[count], err);
        count += st == TN_OK;
    }
    store_cursor_close(walk);
    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    *ret_count = count;
    return TN_OK;
}

uint64_t timers_epoch(struct records *records, const struct portal *portal)
{
    struct portal_state *state;

    if (records_state(records, (struct portal *)(uintptr_t)portal, &state, NULL) != TN_OK)
        return 0;
    /* acquire: pairs with the committer's release, after the group was written. */
    return atomic_load_explicit(&state->timer_epoch, memory_order_acquire);
}
