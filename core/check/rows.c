/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - rows, and what follows from them: index, unique values, words. */
#include <string.h>

#include "core/base/utf8.h"
#include "core/check/state.h"
#include "core/index/index.h"
#include "core/record/row_system.h"
#include "core/store/key.h"

/* Rows */

static void check_property(struct check *check, const struct checked_record *record,
                           struct tn_bytes key, const struct row_value *at)
{
    const struct schema_property *property = schema_property_by_id(check->schema, at->property);

    if (at->property == ROW_SYSTEM_SOURCE || at->property == ROW_SYSTEM_USER) {
        if (at->value.kind != TN_TEXT)
            FOUND(check, STORE_ROWS, key, "Who created it is no text.");
    } else if (!property || property->type != record->type) {
        FOUND(check,
              STORE_ROWS,
              key,
              "It has a value of property %u, which its type has not.",
              at->property);
    } else if (property->kind != at->value.kind) {
        FOUND(check,
              STORE_ROWS,
              key,
              "Its value of \"%.*s\" is of another kind.",
              (int)property->name.len,
              property->name.data);
    }
}

static void check_header(struct check *check, const struct checked_record *record,
                         struct tn_bytes key)
{
    const struct row_header *header = &record->row;

    if (record->id == 0)
        FOUND(check, STORE_ROWS, key, "Its id is none.");
    if (((header->flags & ROW_ARCHIVED) != 0) != (header->archived_us != 0))
        FOUND(check, STORE_ROWS, key, "It is archived by half.");
    if (header->version == 0)
        FOUND(check, STORE_ROWS, key, "It has no version.");
}

static tn_status load_row(struct check *check, void *ctx, struct tn_bytes key,
                          struct tn_bytes bytes)
{
    struct checked_record *record = NULL;
    struct key_row_parts parts;
    struct row_header header;

    (void)ctx;
    check->counts->entries[STORE_ROWS]++;
    if (key_row_read(key, &parts) != TN_OK) {
        FOUND(check, STORE_ROWS, key, "This is no key of its family.");
        return TN_OK;
    }
    TRY(check_add_record(check, parts.record, &record));
    if (record->has_row) {
        FOUND(check, STORE_ROWS, key, "The record is there twice.");
        return TN_OK;
    }
    record->has_row = true;
    record->type = parts.type;
    if (row_check(bytes) != TN_OK || row_header(bytes, &header) != TN_OK) {
        FOUND(check, STORE_ROWS, key, "The row is damaged.");
        record->is_broken = true;
        return TN_OK;
    }
    record->row = header;
    if (!schema_type_by_id(check->schema, parts.type)) {
        FOUND(check, STORE_ROWS, key, "Its type is not defined.");
        record->is_broken = true;
        return TN_OK;
    }
    check_header(check, record, key);
    for (uint32_t i = 0; i < header.count; i++) {
        struct row_value value;

        TRY(row_at(bytes, i, &value));
        check_property(check, record, key, &value);
        TRY(check_blob_named(check, record, &value));
    }
    return TN_OK;
}

tn_status check_rows(struct check *check)
{
    return check_walk(check, check->portal, STORE_ROWS, (struct tn_bytes){0}, load_row, NULL);
}

/* Words */

struct word {
    struct tn_str text;
    uint64_t bits;
    struct word *next;
};

struct words {
    struct check *check;
    struct map by_text;
    struct word *first;
    uint64_t bit;
};

static tn_status add_word(void *ctx, struct tn_str text)
{
    struct words *words = ctx;
    struct word *word = map_get(&words->by_text, text);

    if (!word) {
        if (map_count(&words->by_text) >= INDEX_WORD_MAX)
            return TN_OK;
        word = arena_new(&words->check->scratch, struct word);
        if (!word)
            return TN_RESOURCE_EXHAUSTED;
        TRY(arena_copy_str(&words->check->scratch, text, &word->text));
        TRY(map_set(&words->by_text, word->text, word, NULL));
        word->next = words->first;
        words->first = word;
    }
    word->bits |= words->bit;
    return TN_OK;
}

static tn_status expect_words(struct check *check, const struct checked_record *record,
                              const struct words *words)
{
    struct buf key = {0};
    tn_status st = TN_OK;

    for (const struct word *word = words->first; st == TN_OK && word; word = word->next) {
        uint8_t bits[8];

        write_u64(bits, word->bits);
        buf_clear(&key);
        st = key_word(&key, record->type, word->text, record->id);
        if (st == TN_OK)
            st = check_expect(check, STORE_WORDS, &key, (struct tn_bytes){bits, sizeof(bits)});
    }
    buf_fini(&key);
    return st;
}

/* What follows from values */

static tn_status expect_index(struct check *check, const struct checked_record *record,
                              const struct schema_property *property, const struct tn_value *value)
{
    struct buf form = {0};
    struct buf key = {0};
    tn_status st = value_order_key(value, &form);

    if (st == TN_OK)
        st = key_index(&key, record->type, property->id, buf_bytes(&form), record->id);
    if (st == TN_OK)
        st = check_expect(check, STORE_INDEX, &key, (struct tn_bytes){0});
    buf_fini(&form);
    buf_fini(&key);
    return st;
}

static tn_status expect_unique(struct check *check, const struct checked_record *record,
                               const struct schema_property *property, const struct tn_value *value)
{
    struct buf key = {0};
    uint8_t id[8];

    write_u64(id, record->id);
    tn_status st = index_unique_key(property, value, &key);
    if (st == TN_OK)
        st = check_expect(check, STORE_UNIQUE, &key, (struct tn_bytes){id, sizeof(id)});
    buf_fini(&key);
    return st;
}

static tn_status follow_values(struct check *check, const struct checked_record *record,
                               struct tn_bytes row, struct words *words)
{
    const struct schema_type *type = schema_type_by_id(check->schema, record->type);

    for (uint32_t i = 0; i < type->property_count; i++) {
        const struct schema_property *property = type->properties[i];
        struct tn_value value;

        TRY(row_get(row, property->id, &value));
        if (value.kind == TN_NONE || value.kind != property->kind)
            continue; /* another kind was told */
        if (property->flags & TN_INDEXED)
            TRY(expect_index(check, record, property, &value));
        if (property->flags & TN_UNIQUE)
            TRY(expect_unique(check, record, property, &value));
        words->bit = 1ull << property->word_bit;
        if (value.kind == TN_TEXT && (property->flags & TN_SEARCHABLE))
            TRY(check->split(value.as.text, add_word, words));
    }
    return expect_words(check, record, words);
}

static tn_status follow_row(struct check *check, void *ctx, struct tn_bytes key,
                            struct tn_bytes row)
{
    struct words words = {.check = check};
    struct key_row_parts parts;
    struct row_header header;

    (void)ctx;
    /* What cannot be read was told; nothing follows from what is archived. */
    if (key_row_read(key, &parts) != TN_OK || row_check(row) != TN_OK ||
        row_header(row, &header) != TN_OK || (header.flags & ROW_ARCHIVED) ||
        !schema_type_by_id(check->schema, parts.type))
        return TN_OK;
    const struct checked_record *record = check_record(check, parts.record);
    if (!record || record->type != parts.type)
        return TN_OK;
    tn_status st = follow_values(check, record, row, &words);
    map_fini(&words.by_text);
    arena_reset(&check->scratch);
    return st;
}

static tn_status follow_rows(struct check *check)
{
    return check_walk(check, check->portal, STORE_ROWS, (struct tn_bytes){0}, follow_row, NULL);
}

tn_status check_index(struct check *check)
{
    TRY(follow_rows(check));
    TRY(check_expect_no_more(check, STORE_INDEX, follow_rows));
    TRY(check_expect_no_more(check, STORE_UNIQUE, follow_rows));
    return check_expect_no_more(check, STORE_WORDS, follow_rows);
}
