/* SPDX-License-Identifier: Apache-2.0 */
/* blob.c - entries of blobs, their names, and who holds them in memory. */
#include "core/record/blob.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/record/state.h"
#include "core/store/meta.h"
#include "tenon/stored/v1/stored.pb-c.h"

#define KEY_SIZE ((size_t)1 + VALUE_BLOB_SIZE)
#define NAME_SIZE (KEY_SIZE + 4 + 8 + 4)
/* portal, hash */
#define PIN_KEY_SIZE ((size_t)4 + VALUE_BLOB_SIZE)

/* Lives while somebody holds or claims the blob. */
struct pin {
    uint8_t key[PIN_KEY_SIZE];
    uint64_t count; /* of those who hold it */
    bool is_claimed;
};

struct blob_pins {
    pthread_mutex_t mu;
    pthread_cond_t unclaimed;
    struct map pins; /* guarded by mu, as what is in it */
};

/* A blob that a transaction holds. */
struct txn_blob {
    struct txn_blob *next;
    uint8_t hash[VALUE_BLOB_SIZE];
};

/* Keys and entries */

tn_status blob_key(struct buf *out, const uint8_t hash[static VALUE_BLOB_SIZE])
{
    TRY(buf_reserve(out, KEY_SIZE));
    out->data[out->len++] = STORE_META_BLOB;
    return buf_add(out, hash, VALUE_BLOB_SIZE);
}

tn_status blob_name_key(struct buf *out, const uint8_t hash[static VALUE_BLOB_SIZE], uint32_t type,
                        tn_id record, uint32_t property)
{
    TRY(buf_reserve(out, NAME_SIZE));
    TRY(blob_key(out, hash));
    TRY(buf_add_u32(out, type));
    TRY(buf_add_u64(out, record));
    return buf_add_u32(out, property);
}

tn_status blob_key_read(struct tn_bytes key, struct blob_key_parts *ret_parts)
{
    struct blob_key_parts parts = {.is_name = key.len == NAME_SIZE};

    if ((key.len != KEY_SIZE && key.len != NAME_SIZE) || key.data[0] != STORE_META_BLOB)
        return TN_DATA_LOSS;
    memcpy(parts.hash, key.data + 1, sizeof(parts.hash));
    if (parts.is_name) {
        parts.type = read_u32(key.data + KEY_SIZE);
        parts.record = read_u64(key.data + KEY_SIZE + 4);
        parts.property = read_u32(key.data + KEY_SIZE + 12);
    }
    *ret_parts = parts;
    return TN_OK;
}

tn_status blob_entry_read(struct tn_bytes value, struct blob_entry *ret_entry)
{
    Tenon__Stored__V1__Blob *blob = tenon__stored__v1__blob__unpack(NULL, value.len, value.data);

    if (!blob)
        return TN_DATA_LOSS;
    bool is_sound = blob->sealed_us > 0 && blob->unnamed_us >= 0 && !blob->base.n_unknown_fields;
    if (is_sound)
        *ret_entry = (struct blob_entry){blob->size, blob->sealed_us, blob->unnamed_us};
    tenon__stored__v1__blob__free_unpacked(blob, NULL);
    return is_sound ? TN_OK : TN_DATA_LOSS;
}

tn_status blob_find(struct records *records, uint32_t portal,
                    const uint8_t hash[static VALUE_BLOB_SIZE], struct blob_entry *ret_entry,
                    struct err *err)
{
    struct buf value = {0};
    struct buf key = {0};
    tn_status st = blob_key(&key, hash);

    if (st == TN_OK)
        st = store_get(records->store, NULL, STORE_META, portal, buf_bytes(&key), &value, err);
    else
        st = err_memory(err, "a blob");
    if (st == TN_OK && blob_entry_read(buf_bytes(&value), ret_entry) != TN_OK)
        st = err_set(err, TN_DATA_LOSS, "A stored entry of a blob is damaged.");
    buf_fini(&key);
    buf_fini(&value);
    return st;
}

/* `entry` NULL: removes it. */
static tn_status write_entry(struct records *records, uint32_t portal,
                             const uint8_t hash[static VALUE_BLOB_SIZE],
                             const struct blob_entry *entry, struct err *err)
{
    Tenon__Stored__V1__Blob blob = TENON__STORED__V1__BLOB__INIT;
    struct store_batch *batch = store_batch_create();
    uint8_t packed[64]; /* three numbers and their tags */
    struct buf key = {0};

    if (!batch || blob_key(&key, hash) != TN_OK) {
        store_batch_destroy(batch);
        return err_memory(err, "a blob");
    }
    if (entry) {
        blob.size = entry->size;
        blob.sealed_us = entry->sealed_us;
        blob.unnamed_us = entry->unnamed_us;
        assert(tenon__stored__v1__blob__get_packed_size(&blob) <= sizeof(packed));
        size_t len = tenon__stored__v1__blob__pack(&blob, packed);
        store_batch_put(batch, STORE_META, portal, buf_bytes(&key), (struct tn_bytes){packed, len});
    } else {
        store_batch_delete(batch, STORE_META, portal, buf_bytes(&key));
    }
    tn_status st = store_write(records->store, batch, true, err);
    buf_fini(&key);
    store_batch_destroy(batch);
    return st;
}

tn_status blob_put(struct records *records, uint32_t portal,
                   const uint8_t hash[static VALUE_BLOB_SIZE], const struct blob_entry *entry,
                   struct err *err)
{
    return write_entry(records, portal, hash, entry, err);
}

tn_status blob_forget(struct records *records, uint32_t portal,
                      const uint8_t hash[static VALUE_BLOB_SIZE], struct err *err)
{
    return write_entry(records, portal, hash, NULL, err);
}

/* Holding */

struct blob_pins *blob_pins_create(void)
{
    struct blob_pins *pins = mem_new(struct blob_pins);

    if (!pins)
        return NULL;
    (void)pthread_mutex_init(&pins->mu, NULL);
    (void)pthread_cond_init(&pins->unclaimed, NULL);
    return pins;
}

void blob_pins_destroy(struct blob_pins *pins)
{
    struct pin *pin;

    if (!pins)
        return;
    for (size_t at = 0; (pin = map_next(&pins->pins, &at, NULL));)
        mem_free(pin);
    map_fini(&pins->pins);
    (void)pthread_cond_destroy(&pins->unclaimed);
    (void)pthread_mutex_destroy(&pins->mu);
    mem_free(pins);
}

static struct tn_str pin_key(uint8_t key[static PIN_KEY_SIZE], uint32_t portal, const uint8_t *hash)
{
    write_u32(key, portal);
    memcpy(key + 4, hash, VALUE_BLOB_SIZE);
    return (struct tn_str){(const char *)key, PIN_KEY_SIZE};
}

/* The pin of a blob, made if it is not there; NULL: memory is out. [mu held] */
static struct pin *get_pin(struct blob_pins *pins, uint32_t portal, const uint8_t *hash)
{
    uint8_t key[PIN_KEY_SIZE];
    struct pin *pin = map_get(&pins->pins, pin_key(key, portal, hash));

    if (pin)
        return pin;
    pin = mem_new(struct pin);
    if (pin && map_set(&pins->pins, pin_key(pin->key, portal, hash), pin, NULL) != TN_OK) {
        mem_free(pin);
        return NULL;
    }
    return pin;
}

/* [mu held] */
static void drop_pin(struct blob_pins *pins, struct pin *pin)
{
    if (pin->count > 0 || pin->is_claimed)
        return;
    (void)map_remove(&pins->pins, (struct tn_str){(const char *)pin->key, PIN_KEY_SIZE});
    mem_free(pin);
}

tn_status blob_hold(struct records *records, uint32_t portal,
                    const uint8_t hash[static VALUE_BLOB_SIZE], struct err *err)
{
    struct blob_pins *pins = records->blob_pins;
    struct pin *pin;

    (void)pthread_mutex_lock(&pins->mu);
    /* It is looked up each time: who unclaimed it may have removed it. */
    while ((pin = get_pin(pins, portal, hash)) && pin->is_claimed)
        (void)pthread_cond_wait(&pins->unclaimed, &pins->mu);
    if (pin)
        pin->count++;
    (void)pthread_mutex_unlock(&pins->mu);
    return pin ? TN_OK : err_memory(err, "a blob");
}

void blob_unhold(struct records *records, uint32_t portal,
                 const uint8_t hash[static VALUE_BLOB_SIZE])
{
    struct blob_pins *pins = records->blob_pins;
    uint8_t key[PIN_KEY_SIZE];

    (void)pthread_mutex_lock(&pins->mu);
    struct pin *pin = map_get(&pins->pins, pin_key(key, portal, hash));
    assert(pin);
    assert(pin->count > 0);
    pin->count--;
    drop_pin(pins, pin);
    (void)pthread_mutex_unlock(&pins->mu);
}

tn_status txn_hold_blob(struct txn *txn, const uint8_t hash[static VALUE_BLOB_SIZE],
                        struct err *err)
{
    struct txn_blob *held = arena_new(&txn->arena, struct txn_blob);
    struct blob_entry entry;

    if (!held)
        return err_memory(err, "a blob");
    TRY(blob_hold(txn->records, txn->portal->id, hash, err));
    memcpy(held->hash, hash, sizeof(held->hash));
    held->next = txn->blobs;
    txn->blobs = held;
    return blob_find(txn->records, txn->portal->id, hash, &entry, err);
}

void txn_release_blobs(struct txn *txn)
{
    for (const struct txn_blob *held = txn->blobs; held; held = held->next)
        blob_unhold(txn->records, txn->portal->id, held->hash);
    txn->blobs = NULL;
}

/* Claiming */

/* Whether any key lies behind the blob's own. */
static tn_status check_names(struct records *records, uint32_t portal, const uint8_t *hash,
                             struct err *err)
{
    struct buf prefix = {0};
    struct tn_bytes key;
    tn_status st = blob_key(&prefix, hash);
    struct store_cursor *cursor = NULL;

    if (st == TN_OK)
        cursor = store_cursor_open(records->store,
                                   NULL,
                                   STORE_META,
                                   portal,
                                   buf_bytes(&prefix),
                                   (struct tn_bytes){0},
                                   false);
    st = cursor ? TN_OK : err_memory(err, "a blob");
    while (st == TN_OK) {
        st = store_cursor_next(cursor, &key, NULL, err);
        if (st == TN_OK && key.len > KEY_SIZE)
            st = TN_FAILED_PRECONDITION;
    }
    store_cursor_close(cursor);
    buf_fini(&prefix);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status claim_pin(struct blob_pins *pins, uint32_t portal, const uint8_t *hash,
                           struct err *err)
{
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&pins->mu);
    struct pin *pin = get_pin(pins, portal, hash);
    if (!pin)
        st = err_memory(err, "a blob");
    else if (pin->count > 0)
        st = TN_FAILED_PRECONDITION;
    else
        pin->is_claimed = true;
    (void)pthread_mutex_unlock(&pins->mu);
    return st;
}

tn_status blob_claim(struct records *records, uint32_t portal,
                     const uint8_t hash[static VALUE_BLOB_SIZE], struct err *err)
{
    TRY(claim_pin(records->blob_pins, portal, hash, err));
    /* Who held it before may have committed with an unknown outcome. The portals were frozen before
     * it let go, and what the store says counts again once they are not. */
    tn_status st = mend_refuse(records, err);
    if (st == TN_OK)
        st = check_names(records, portal, hash, err);
    if (st != TN_OK)
        blob_unclaim(records, portal, hash);
    return st;
}

void blob_unclaim(struct records *records, uint32_t portal,
                  const uint8_t hash[static VALUE_BLOB_SIZE])
{
    struct blob_pins *pins = records->blob_pins;
    uint8_t key[PIN_KEY_SIZE];

    (void)pthread_mutex_lock(&pins->mu);
    struct pin *pin = map_get(&pins->pins, pin_key(key, portal, hash));
    assert(pin);
    assert(pin->is_claimed);
    pin->is_claimed = false;
    drop_pin(pins, pin);
    (void)pthread_cond_broadcast(&pins->unclaimed);
    (void)pthread_mutex_unlock(&pins->mu);
}

/* Names */

static tn_status name_of(struct tn_bytes row, uint32_t property, struct tn_value *ret_value)
{
    *ret_value = value_none();
    return row.len ? row_get(row, property, ret_value) : TN_OK;
}

static tn_status keep_name(const struct record *record, uint32_t property,
                           const struct tn_value *value, bool is_given)
{
    struct txn *txn = record->txn;
    struct buf key = {0};

    if (value->kind != TN_BLOB)
        return TN_OK;
    tn_status st = blob_name_key(
        &key, (const uint8_t *)value->as.text.data, record->type->id, record->id, property);
    if (st == TN_OK && is_given)
        store_batch_put(
            txn->batch, STORE_META, txn->portal->id, buf_bytes(&key), (struct tn_bytes){0});
    else if (st == TN_OK)
        store_batch_delete(txn->batch, STORE_META, txn->portal->id, buf_bytes(&key));
    buf_fini(&key);
    return st;
}

tn_status blob_keep_names(const struct record *record)
{
    for (uint32_t i = 0; i < record->type->property_count; i++) {
        const struct schema_property *property = record->type->properties[i];
        struct tn_value before;
        struct tn_value after;

        if (property->kind != TN_BLOB)
            continue;
        TRY(name_of(record->row, property->id, &before));
        TRY(name_of(record->new_row, property->id, &after));
        if (value_equal(&before, &after))
            continue;
        TRY(keep_name(record, property->id, &before, false));
        TRY(keep_name(record, property->id, &after, true));
    }
    return TN_OK;
}
