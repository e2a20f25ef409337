/* SPDX-License-Identifier: Apache-2.0 */
/* meta.c - values beside records in a transaction: settings, imports, and outcomes by idempotency
 * key. */
#include <string.h>

#include "core/base/mem.h"
#include "core/record/state.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

tn_status txn_open_meta(struct txn *txn, enum store_meta owner, struct tn_str name,
                        struct txn_meta **ret_meta, struct err *err)
{
    struct buf value = {0};

    if (name.len > TXN_META_KEY_MAX)
        return err_set(err, TN_INVALID_ARGUMENT, "A key of %zu bytes is too long.", name.len);
    char *key = arena_alloc(&txn->arena, name.len + 1);
    if (!key)
        return err_memory(err, "a value");
    key[0] = (char)owner;
    memcpy(key + 1, name.data, name.len);
    struct tn_str whole = {key, name.len + 1};
    struct txn_meta *meta = map_get(&txn->metas, whole);
    if (meta) {
        *ret_meta = meta;
        return TN_OK;
    }
    meta = arena_new(&txn->arena, struct txn_meta);
    struct tn_bytes bytes = {(const uint8_t *)whole.data, whole.len};
    if (!meta || txn_mark_read(txn, mark_bytes(txn, MARK_META, bytes)) != TN_OK)
        return err_memory(err, "a value");
    meta->key = whole;
    tn_status st = store_get(
        txn->records->store, txn_snapshot(txn), STORE_META, txn->portal->id, bytes, &value, err);
    if (st == TN_OK) {
        const char *copy = arena_copy(&txn->arena, value.data, value.len);

        if (copy)
            meta->stored = meta->value = (struct tn_bytes){(const uint8_t *)copy, value.len};
        else
            st = err_memory(err, "a value");
    }
    buf_fini(&value);
    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    if (map_set(&txn->metas, meta->key, meta, NULL) != TN_OK)
        return err_memory(err, "a value");
    meta->next = txn->first_meta;
    txn->first_meta = meta;
    *ret_meta = meta;
    return TN_OK;
}

static tn_status get(struct txn *txn, enum store_meta owner, struct tn_str key,
                     struct tn_bytes *ret_value, struct err *err)
{
    struct txn_meta *meta;

    TRY(txn_open_meta(txn, owner, key, &meta, err));
    if (meta->value.len == 0)
        return TN_NOT_FOUND;
    *ret_value = meta->value;
    return TN_OK;
}

static tn_status put(struct txn *txn, enum store_meta owner, struct tn_str key,
                     struct tn_bytes value, tn_time expires_us, struct err *err)
{
    struct txn_meta *meta;

    TRY(txn_open_meta(txn, owner, key, &meta, err));
    const char *copy = arena_copy(&txn->arena, value.data, value.len);
    if (!copy || txn_undo_meta(txn, meta) != TN_OK)
        return err_memory(err, "a value");
    meta->value = (struct tn_bytes){(const uint8_t *)copy, value.len};
    meta->is_written = true;
    meta->expires_us = expires_us;
    return TN_OK;
}

tn_status txn_get_meta(struct txn *txn, struct tn_str key, struct tn_bytes *ret_value,
                       struct err *err)
{
    return get(txn, STORE_META_VALUE, key, ret_value, err);
}

tn_status txn_put_meta(struct txn *txn, struct tn_str key, struct tn_bytes value, struct err *err)
{
    TRY(txn_may_write(txn, err));
    return put(txn, STORE_META_VALUE, key, value, 0, err);
}

/* Outcomes: the key is the caller's own, so that nobody gets another one's answer. */

static tn_status outcome_key(struct txn *txn, struct tn_str key, struct tn_str *ret_key,
                             struct err *err)
{
    if (key.len == 0 || key.len > TXN_KEY_SIZE_MAX)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           "idempotency-key",
                           "too_long",
                           "An idempotency key has 1 to %u bytes.",
                           TXN_KEY_SIZE_MAX);
    uint8_t *name = arena_alloc(&txn->arena, 8 + key.len);
    if (!name)
        return err_memory(err, "a key");
    write_u64(name, hash_bytes(txn->user.data, txn->user.len));
    memcpy(name + 8, key.data, key.len);
    *ret_key = (struct tn_str){(const char *)name, 8 + key.len};
    return TN_OK;
}

tn_status txn_outcome(struct txn *txn, struct tn_str key, struct tn_str method,
                      const uint8_t request_hash[32], struct tn_bytes *ret_response,
                      struct err *err)
{
    struct tn_bytes value;
    struct tn_str name;
    tn_status st = TN_OK;

    TRY(outcome_key(txn, key, &name, err));
    TRY(get(txn, STORE_META_OUTCOME, name, &value, err));
    Tenon__Stored__V1__Outcome *outcome =
        tenon__stored__v1__outcome__unpack(NULL, value.len, value.data);
    if (!outcome)
        return err_set(err, TN_DATA_LOSS, "A stored outcome is damaged.");
    if (outcome->expires_us <= txn->now_us) {
        st = TN_NOT_FOUND;
    } else if (strlen(outcome->method) != method.len ||
               memcmp(outcome->method, method.data, method.len) != 0 ||
               outcome->request_hash.len != 32 ||
               memcmp(outcome->request_hash.data, request_hash, 32) != 0) {
        st = err_violate(err,
                         TN_ALREADY_EXISTS,
                         "idempotency-key",
                         "reused",
                         "This idempotency key was used for another request.");
    } else {
        const char *copy = arena_copy(&txn->arena, outcome->response.data, outcome->response.len);
        if (copy)
            *ret_response = (struct tn_bytes){(const uint8_t *)copy, outcome->response.len};
        else
            st = err_memory(err, "a response");
    }
    tenon__stored__v1__outcome__free_unpacked(outcome, NULL);
    return st;
}

tn_status txn_keep_outcome(struct txn *txn, struct tn_str key, struct tn_str method,
                           const uint8_t request_hash[32], struct tn_bytes response,
                           struct err *err)
{
    Tenon__Stored__V1__Outcome outcome = TENON__STORED__V1__OUTCOME__INIT;
    uint8_t hash[32];
    struct tn_str name;

    TRY(outcome_key(txn, key, &name, err));
    memcpy(hash, request_hash, sizeof(hash));
    outcome.method = arena_copy(&txn->arena, method.data, method.len);
    outcome.request_hash = (ProtobufCBinaryData){sizeof(hash), hash};
    outcome.response.data = (uint8_t *)arena_copy(&txn->arena, response.data, response.len);
    outcome.response.len = response.len;
    outcome.expires_us = txn->now_us + TXN_KEY_KEPT_US;
    if (!outcome.method || !outcome.response.data)
        return err_memory(err, "an outcome");
    size_t len = tenon__stored__v1__outcome__get_packed_size(&outcome);
    uint8_t *packed = arena_alloc(&txn->arena, len);
    if (!packed)
        return err_memory(err, "an outcome");
    (void)tenon__stored__v1__outcome__pack(&outcome, packed);
    return put(
        txn, STORE_META_OUTCOME, name, (struct tn_bytes){packed, len}, outcome.expires_us, err);
}
