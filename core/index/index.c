/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - comparing a row before with the row after, property by property and word by word. */
#include "core/index/index.h"

#include "core/base/map.h"
#include "core/base/utf8.h"
#include "core/store/key.h"
#include "core/value/fold.h"

bool index_row_is_live(struct tn_bytes row)
{
    struct row_header header;

    return row.len > 0 && row_header(row, &header) == TN_OK && !(header.flags & ROW_ARCHIVED);
}

/* Property indexes */

static tn_status index_key(const struct index_change *change,
                           const struct schema_property *property, const struct tn_value *value,
                           struct buf *order, struct buf *key)
{
    buf_clear(order);
    buf_clear(key);
    TRY(value_order_key(value, order));
    return key_index(key, change->type->id, property->id, buf_bytes(order), change->record);
}

static tn_status read_value(struct tn_bytes row, uint32_t property, struct tn_value *ret_value)
{
    if (row.len == 0) {
        *ret_value = value_none();
        return TN_OK;
    }
    return row_get(row, property, ret_value);
}

static tn_status keep_property(const struct index_change *change,
                               const struct schema_property *property, struct buf *order,
                               struct buf *key, struct store_batch *batch)
{
    struct tn_value before;
    struct tn_value after;

    TRY(read_value(change->before, property->id, &before));
    TRY(read_value(change->after, property->id, &after));
    if (value_equal(&before, &after))
        return TN_OK;
    if (before.kind != TN_NONE) {
        TRY(index_key(change, property, &before, order, key));
        store_batch_delete(batch, STORE_INDEX, change->portal, buf_bytes(key));
    }
    if (after.kind != TN_NONE) {
        TRY(index_key(change, property, &after, order, key));
        store_batch_put(batch, STORE_INDEX, change->portal, buf_bytes(key), (struct tn_bytes){0});
    }
    return TN_OK;
}

/* Words */

struct word {
    struct tn_str text;
    uint64_t bits[2]; /* of the properties that have it: before, after */
    struct word *next;
};

typedef tn_status (*split_fn)(struct tn_str text, tn_status (*each)(void *ctx, struct tn_str word),
                              void *ctx);

struct words {
    split_fn split[2]; /* texts before, after */
    struct arena *arena;
    struct map by_text;
    struct word *first;
    uint64_t bit;
    int side;        /* 0: before, 1: after */
    size_t count[2]; /* distinct words of each */
};

static tn_status add_word(void *ctx, struct tn_str text)
{
    struct words *words = ctx;
    struct word *word = map_get(&words->by_text, text);
    bool is_new = !word || word->bits[words->side] == 0;

    if (is_new && words->count[words->side] >= INDEX_WORD_MAX)
        return TN_OK;
    words->count[words->side] += is_new;
    if (!word) {
        word = arena_new(words->arena, struct word);
        if (!word)
            return TN_RESOURCE_EXHAUSTED;
        TRY(arena_copy_str(words->arena, text, &word->text));
        TRY(map_set(&words->by_text, word->text, word, NULL));
        word->next = words->first;
        words->first = word;
    }
    word->bits[words->side] |= words->bit;
    return TN_OK;
}

static tn_status collect_words(const struct index_change *change, struct words *words)
{
    for (uint32_t i = 0; i < change->type->property_count; i++) {
        const struct schema_property *property = change->type->properties[i];
        struct tn_value values[2];

        if (!(property->flags & TN_SEARCHABLE))
            continue;
        TRY(read_value(change->before, property->id, &values[0]));
        TRY(read_value(change->after, property->id, &values[1]));
        words->bit = 1ull << property->word_bit;
        for (words->side = 0; words->side < 2; words->side++)
            if (values[words->side].kind == TN_TEXT)
                TRY(words->split[words->side](values[words->side].as.text, add_word, words));
    }
    return TN_OK;
}

static tn_status put_words(const struct index_change *change, const struct words *words,
                           struct buf *key, struct store_batch *batch)
{
    for (const struct word *word = words->first; word; word = word->next) {
        uint8_t bits[8];

        if (word->bits[0] == word->bits[1])
            continue;
        buf_clear(key);
        TRY(key_word(key, change->type->id, word->text, change->record));
        if (word->bits[1] == 0) {
            store_batch_delete(batch, STORE_WORDS, change->portal, buf_bytes(key));
        } else {
            write_u64(bits, word->bits[1]);
            store_batch_put(batch,
                            STORE_WORDS,
                            change->portal,
                            buf_bytes(key),
                            (struct tn_bytes){bits, sizeof(bits)});
        }
    }
    return TN_OK;
}

static tn_status keep_words(const struct index_change *change, split_fn before, struct arena *arena,
                            struct buf *key, struct store_batch *batch)
{
    struct words words = {.split = {before, fold_words}, .arena = arena};
    tn_status st = collect_words(change, &words);

    if (st == TN_OK)
        st = put_words(change, &words, key, batch);
    map_fini(&words.by_text);
    return st;
}

tn_status index_keep(const struct index_change *change, struct arena *arena,
                     struct store_batch *batch)
{
    struct buf order = {0};
    struct buf key = {0};
    bool has_words = false;
    tn_status st = TN_OK;

    for (uint32_t i = 0; st == TN_OK && i < change->type->property_count; i++) {
        const struct schema_property *property = change->type->properties[i];

        has_words |= (property->flags & TN_SEARCHABLE) != 0;
        if (property->flags & TN_INDEXED)
            st = keep_property(change, property, &order, &key, batch);
    }
    if (st == TN_OK && has_words)
        st = keep_words(change, fold_words, arena, &key, batch);
    buf_fini(&order);
    buf_fini(&key);
    return st;
}

tn_status index_renew_words(uint32_t portal, const struct schema_type *type, tn_id record,
                            struct tn_bytes row, struct arena *arena, struct store_batch *batch)
{
    const struct index_change change = {
        .portal = portal, .type = type, .record = record, .before = row, .after = row};
    struct buf key = {0};

    if (!index_row_is_live(row))
        return TN_OK;
    tn_status st = keep_words(&change, fold_parts, arena, &key, batch);
    buf_fini(&key);
    return st;
}

/* Unique values */

tn_status index_unique_key(const struct schema_property *property, const struct tn_value *value,
                           struct buf *out)
{
    struct buf form = {0};

    if (value->kind == TN_NONE)
        return TN_OK;
    tn_status st = value_unique_key(value, &form);
    if (st == TN_OK)
        st = key_unique(out, property->type, property->id, buf_bytes(&form));
    buf_fini(&form);
    return st;
}

tn_status index_unique_find(struct store *store, const struct store_snapshot *snapshot,
                            uint32_t portal, struct tn_bytes key, tn_id *ret_record,
                            struct err *err)
{
    struct buf value = {0};
    tn_status st = store_get(store, snapshot, STORE_UNIQUE, portal, key, &value, err);

    if (st == TN_OK) {
        if (value.len == 8)
            *ret_record = read_u64(value.data);
        else
            st = err_set(err, TN_DATA_LOSS, "A stored unique value is damaged.");
    }
    buf_fini(&value);
    return st;
}

void index_unique_put(struct store_batch *batch, uint32_t portal, struct tn_bytes key, tn_id record)
{
    uint8_t value[8];

    write_u64(value, record);
    store_batch_put(batch, STORE_UNIQUE, portal, key, (struct tn_bytes){value, sizeof(value)});
}

void index_unique_delete(struct store_batch *batch, uint32_t portal, struct tn_bytes key)
{
    store_batch_delete(batch, STORE_UNIQUE, portal, key);
}
