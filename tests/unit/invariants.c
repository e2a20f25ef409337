/* SPDX-License-Identifier: Apache-2.0 */
/* invariants.c - see invariants.h. It reads families and formats directly, not through record/. */
#include "tests/unit/invariants.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/graph/edge.h"
#include "core/index/index.h"
#include "core/index/totals.h"
#include "core/record/change.h"
#include "core/record/head.h"
#include "core/record/row_system.h"
#include "core/store/key.h"
#include "core/value/fold.h"
#include "core/value/row.h"

/* What one check may hold in memory. */
#define CHECK_SIZE_MAX ((size_t)1 << 30)

/* One family as it is stored: key -> struct tn_bytes. */
struct family {
    struct map entries;
    const char *name;
};

struct row {
    tn_id id; /* the map's key */
    uint32_t type;
    struct tn_bytes bytes;
    struct row_header header;
};

/* A record as the change log tells it. */
struct replayed {
    tn_id id; /* the map's key */
    uint32_t type;
    struct row_header header;
    struct row_value *values;
    size_t value_count;
    bool is_purged;
};

struct replayed_link {
    uint64_t key[3]; /* association, from, to: the map's key */
    struct edge_value value;
    bool is_linked;
};

struct check {
    struct store *store;
    struct store_snapshot *snapshot;
    const struct schema *schema;
    uint32_t portal;
    struct arena arena;
    struct err *err;
    struct map rows;     /* id -> struct row */
    struct map replayed; /* id -> struct replayed */
    struct map links;    /* key -> struct replayed_link */
    struct family index;
    struct family unique;
    struct family words;
    struct family history;
    struct head head;
};

#define BROKEN(check, ...) err_set((check)->err, TN_DATA_LOSS, __VA_ARGS__)

static tn_status memory(struct check *c)
{
    return err_memory(c->err, "a check");
}

static tn_status copy(struct check *c, struct tn_bytes bytes, struct tn_bytes *ret_copy)
{
    const char *p = arena_copy(&c->arena, bytes.data, bytes.len);

    if (!p)
        return memory(c);
    *ret_copy = (struct tn_bytes){(const uint8_t *)p, bytes.len};
    return TN_OK;
}

/* Calls `each` for all entries of a family. */
static tn_status walk(struct check *c, enum store_family family,
                      tn_status (*each)(struct check *c, void *ctx, struct tn_bytes key,
                                        struct tn_bytes value),
                      void *ctx)
{
    struct tn_bytes key;
    struct tn_bytes value;
    tn_status st;
    struct store_cursor *cursor = store_cursor_open(c->store,
                                                    c->snapshot,
                                                    family,
                                                    c->portal,
                                                    (struct tn_bytes){0},
                                                    (struct tn_bytes){0},
                                                    false);

    if (!cursor)
        return memory(c);
    while ((st = store_cursor_next(cursor, &key, &value, c->err)) == TN_OK) {
        st = each(c, ctx, key, value);
        if (st != TN_OK)
            break;
    }
    store_cursor_close(cursor);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status load_entry(struct check *c, void *ctx, struct tn_bytes key, struct tn_bytes value)
{
    struct family *family = ctx;
    struct tn_bytes *held = arena_new(&c->arena, struct tn_bytes);

    if (!held)
        return memory(c);
    TRY(copy(c, key, &key));
    TRY(copy(c, value, held));
    return map_set(&family->entries, (struct tn_str){(const char *)key.data, key.len}, held, NULL);
}

/* Takes an entry that must be there out of a family; what is left in the end must not. */
static tn_status expect(struct check *c, struct family *family, const struct buf *key,
                        struct tn_bytes value, tn_id record)
{
    struct tn_bytes *held =
        map_remove(&family->entries, (struct tn_str){(const char *)key->data, key->len});

    if (!held)
        return BROKEN(
            c, "%s: an entry of record %llu is missing", family->name, (unsigned long long)record);
    if (held->len != value.len || (value.len && memcmp(held->data, value.data, value.len) != 0))
        return BROKEN(
            c, "%s: an entry of record %llu is another", family->name, (unsigned long long)record);
    return TN_OK;
}

static tn_status expect_no_more(struct check *c, struct family *family)
{
    if (map_count(&family->entries) > 0)
        return BROKEN(
            c, "%s: %zu entries belong to nothing", family->name, map_count(&family->entries));
    return TN_OK;
}

/* Rows and what follows from them */

static tn_status load_row(struct check *c, void *ctx, struct tn_bytes key, struct tn_bytes value)
{
    struct row *row = arena_new(&c->arena, struct row);
    struct key_row_parts parts;

    (void)ctx;
    if (!row)
        return memory(c);
    if (key_row_read(key, &parts) != TN_OK || row_check(value) != TN_OK ||
        row_header(value, &row->header) != TN_OK)
        return BROKEN(c, "rows: a damaged one");
    row->id = parts.record;
    row->type = parts.type;
    TRY(copy(c, value, &row->bytes));
    if (row->id == 0 || row->id >= c->head.next_record)
        return BROKEN(c, "rows: %llu was never given out", (unsigned long long)row->id);
    if (!schema_type_by_id(c->schema, row->type))
        return BROKEN(c, "rows: %llu has no type", (unsigned long long)row->id);
    if (((row->header.flags & ROW_ARCHIVED) != 0) != (row->header.archived_us != 0))
        return BROKEN(c, "rows: %llu is archived by half", (unsigned long long)row->id);
    if (map_get_u64(&c->rows, &row->id))
        return BROKEN(c, "rows: %llu is there twice", (unsigned long long)row->id);
    return map_set_u64(&c->rows, &row->id, row, NULL);
}

struct word {
    struct tn_str text;
    uint64_t bits;
    struct word *next;
};

/* More are not indexed. */
#define WORD_MAX 2000u

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

    if (!word && map_count(&words->by_text) >= WORD_MAX)
        return TN_OK;
    if (!word) {
        word = arena_new(&words->check->arena, struct word);
        if (!word || arena_copy_str(&words->check->arena, text, &word->text) != TN_OK)
            return TN_RESOURCE_EXHAUSTED;
        TRY(map_set(&words->by_text, word->text, word, NULL));
        word->next = words->first;
        words->first = word;
    }
    word->bits |= words->bit;
    return TN_OK;
}

static tn_status check_words(struct check *c, const struct row *row, const struct words *words)
{
    struct buf key = {0};
    tn_status st = TN_OK;

    for (const struct word *word = words->first; st == TN_OK && word; word = word->next) {
        uint8_t bits[8];

        write_u64(bits, word->bits);
        buf_clear(&key);
        st = key_word(&key, row->type, word->text, row->id);
        if (st == TN_OK)
            st = expect(c, &c->words, &key, (struct tn_bytes){bits, sizeof(bits)}, row->id);
    }
    buf_fini(&key);
    return st;
}

static tn_status check_value(struct check *c, const struct row *row,
                             const struct schema_property *property, const struct tn_value *value)
{
    struct buf form = {0};
    struct buf key = {0};
    uint8_t id[8];
    tn_status st = TN_OK;

    if (value->kind != property->kind)
        return BROKEN(c, "rows: a value of %llu has another kind", (unsigned long long)row->id);
    if (property->flags & TN_INDEXED) {
        st = value_order_key(value, &form);
        if (st == TN_OK)
            st = key_index(&key, row->type, property->id, buf_bytes(&form), row->id);
        if (st == TN_OK)
            st = expect(c, &c->index, &key, (struct tn_bytes){0}, row->id);
    }
    buf_clear(&form);
    buf_clear(&key);
    if (st == TN_OK && (property->flags & TN_UNIQUE)) {
        write_u64(id, row->id);
        st = value_unique_key(value, &form);
        if (st == TN_OK)
            st = key_unique(&key, row->type, property->id, buf_bytes(&form));
        if (st == TN_OK)
            st = expect(c, &c->unique, &key, (struct tn_bytes){id, sizeof(id)}, row->id);
    }
    buf_fini(&form);
    buf_fini(&key);
    return st;
}

static tn_status check_row(struct check *c, const struct row *row)
{
    const struct schema_type *type = schema_type_by_id(c->schema, row->type);
    struct words words = {.check = c};
    tn_status st = TN_OK;

    if (row->header.flags & ROW_ARCHIVED)
        return TN_OK;
    for (uint32_t i = 0; st == TN_OK && i < type->property_count; i++) {
        const struct schema_property *property = type->properties[i];
        struct tn_value value;

        st = row_get(row->bytes, property->id, &value);
        if (st == TN_OK && value.kind != TN_NONE)
            st = check_value(c, row, property, &value);
        words.bit = 1ull << property->word_bit;
        if (st == TN_OK && value.kind == TN_TEXT && (property->flags & TN_SEARCHABLE))
            st = fold_words(value.as.text, add_word, &words);
    }
    if (st == TN_OK)
        st = check_words(c, row, &words);
    map_fini(&words.by_text);
    return st;
}

static tn_status check_rows(struct check *c)
{
    struct row *row;

    for (size_t at = 0; (row = map_next(&c->rows, &at, NULL));)
        TRY(check_row(c, row));
    TRY(expect_no_more(c, &c->index));
    TRY(expect_no_more(c, &c->unique));
    return expect_no_more(c, &c->words);
}

/* Roll-ups */

static tn_status number_of(const struct row *row, const struct schema_property *property,
                           struct decimal fallback, struct decimal *ret_number)
{
    struct tn_value value = value_none();

    if (property)
        TRY(row_get(row->bytes, property->id, &value));
    *ret_number =
        value.kind == TN_NONE ? fallback : (struct decimal){value.as.integer, value.exponent};
    return TN_OK;
}

static tn_status count_row(struct check *c, struct map *groups, const struct schema_rollup *rollup,
                           const struct row *row)
{
    const struct decimal zero = {0, 0};
    struct buf group = {0};
    struct buf key = {0};
    tn_status st = TN_OK;

    for (uint32_t i = 0; st == TN_OK && i < rollup->group_count; i++) {
        struct tn_value value;

        st = row_get(row->bytes, rollup->group[i]->id, &value);
        if (st == TN_OK)
            st = value_encode(&value, &group);
    }
    if (st == TN_OK)
        st = key_rollup(&key, rollup->id, buf_bytes(&group));
    struct tn_str name = {(const char *)key.data, key.len};
    struct totals *totals = map_get(groups, name);
    if (st == TN_OK && !totals) {
        totals = arena_new(&c->arena, struct totals);
        st = totals ? arena_copy_str(&c->arena, name, &name) : TN_RESOURCE_EXHAUSTED;
        if (st == TN_OK)
            st = map_set(groups, name, totals, NULL);
    }
    buf_fini(&group);
    buf_fini(&key);
    TRY(st);
    totals->count++;
    totals->sum_count = rollup->sum_count;
    for (uint32_t i = 0; i < rollup->sum_count; i++) {
        struct decimal value;
        struct decimal weight = {1, 0};

        TRY(number_of(row, rollup->sum[i], zero, &value));
        if (rollup->by && rollup->by[i])
            TRY(number_of(row, rollup->by[i], zero, &weight));
        TRY(decimal_sum_add(&totals->sums[i], 1, value, weight));
    }
    return TN_OK;
}

static tn_status compare_totals(struct check *c, void *ctx, struct tn_bytes key,
                                struct tn_bytes value)
{
    const struct totals *counted =
        map_remove(ctx, (struct tn_str){(const char *)key.data, key.len});
    struct totals stored;

    if (totals_decode(value, &stored) != TN_OK)
        return BROKEN(c, "roll-up: damaged totals");
    if (!counted || counted->count != stored.count || counted->sum_count != stored.sum_count)
        return BROKEN(c,
                      "roll-up: a group has %llu records, stored are %llu",
                      counted ? (unsigned long long)counted->count : 0,
                      (unsigned long long)stored.count);
    for (uint32_t i = 0; i < stored.sum_count; i++) {
        struct decimal a;
        struct decimal b;

        TRY(decimal_sum_value(&counted->sums[i], &a));
        TRY(decimal_sum_value(&stored.sums[i], &b));
        if (decimal_compare(a, b) != 0)
            return BROKEN(c, "roll-up: sum %u of a group is not what its records make", i);
    }
    return TN_OK;
}

static tn_status check_rollups(struct check *c)
{
    struct map groups = {0};
    struct row *row;
    tn_status st = TN_OK;

    for (size_t at = 0; st == TN_OK && (row = map_next(&c->rows, &at, NULL));) {
        const struct schema_type *type = schema_type_by_id(c->schema, row->type);

        for (uint32_t i = 0; st == TN_OK && i < type->rollup_count; i++)
            if (!(row->header.flags & ROW_ARCHIVED))
                st = count_row(c, &groups, type->rollups[i], row);
    }
    if (st == TN_OK)
        st = walk(c, STORE_ROLLUP, compare_totals, &groups);
    if (st == TN_OK && map_count(&groups) > 0)
        st = BROKEN(c, "roll-up: %zu groups are not stored", map_count(&groups));
    map_fini(&groups);
    return st;
}

/* Links */

struct side {
    struct key_edge_parts last;
    size_t count;
    size_t primary_count;
};

static bool is_live(const struct check *c, uint32_t type, tn_id id)
{
    const struct row *row = map_get_u64(&c->rows, &id);

    return row && row->type == type && !(row->header.flags & ROW_ARCHIVED);
}

static tn_status check_mirror(struct check *c, const struct key_edge_parts *parts,
                              struct tn_bytes value)
{
    struct buf key = {0};
    struct buf other = {0};
    tn_status st = key_edge(&key,
                            parts->to_type,
                            parts->to,
                            parts->association ^ EDGE_INVERSE,
                            parts->from_type,
                            parts->from);

    if (st == TN_OK)
        st = store_get(
            c->store, c->snapshot, STORE_EDGES, c->portal, buf_bytes(&key), &other, c->err);
    if (st == TN_NOT_FOUND ||
        (st == TN_OK && (other.len != value.len || memcmp(other.data, value.data, value.len) != 0)))
        st = BROKEN(c,
                    "links: %llu to %llu is not the same from its other end",
                    (unsigned long long)parts->from,
                    (unsigned long long)parts->to);
    buf_fini(&key);
    buf_fini(&other);
    return st;
}

static tn_status check_replayed_link(struct check *c, const struct edge *edge,
                                     const struct edge_value *value)
{
    uint64_t key[3] = {edge->association->id, edge->from, edge->to};
    struct replayed_link *told = map_get(&c->links, (struct tn_str){(char *)key, sizeof(key)});

    if (!told || !told->is_linked)
        return BROKEN(c,
                      "links: the log does not tell of %llu to %llu",
                      (unsigned long long)edge->from,
                      (unsigned long long)edge->to);
    if (told->value.labels != value->labels || told->value.created_us != value->created_us ||
        told->value.is_primary_of_from != value->is_primary_of_from ||
        told->value.is_primary_of_to != value->is_primary_of_to)
        return BROKEN(c,
                      "links: the log tells otherwise of %llu to %llu",
                      (unsigned long long)edge->from,
                      (unsigned long long)edge->to);
    told->is_linked = false; /* found */
    return TN_OK;
}

static tn_status check_edge(struct check *c, void *ctx, struct tn_bytes key, struct tn_bytes bytes)
{
    struct side *side = ctx;
    struct key_edge_parts parts;
    struct edge_value value;

    if (key_edge_read(key, &parts) != TN_OK)
        return BROKEN(c, "links: a damaged key");
    bool is_inverse = (parts.association & EDGE_INVERSE) != 0;
    const struct schema_association *association =
        schema_association_by_id(c->schema, parts.association & ~EDGE_INVERSE);
    if (!association || parts.from_type != (is_inverse ? association->to : association->from) ||
        parts.to_type != (is_inverse ? association->from : association->to))
        return BROKEN(c, "links: one of no association");
    if (!is_live(c, parts.from_type, parts.from) || !is_live(c, parts.to_type, parts.to))
        return BROKEN(c,
                      "links: %llu to %llu ends at what is not live",
                      (unsigned long long)parts.from,
                      (unsigned long long)parts.to);
    TRY(check_mirror(c, &parts, bytes));
    struct edge edge = {
        association, is_inverse ? parts.to : parts.from, is_inverse ? parts.from : parts.to};
    TRY(edge_get(c->store, c->snapshot, c->portal, &edge, &value, c->err));
    if (side->last.from_type != parts.from_type || side->last.from != parts.from ||
        side->last.association != parts.association)
        *side = (struct side){.last = parts};
    side->count++;
    side->primary_count += is_inverse ? value.is_primary_of_to : value.is_primary_of_from;
    uint32_t max = is_inverse ? association->max_from : association->max_to;
    if ((max && side->count > max) || side->primary_count > 1)
        return BROKEN(
            c, "links: %llu has too many, or primary ones", (unsigned long long)parts.from);
    return is_inverse ? TN_OK : check_replayed_link(c, &edge, &value);
}

static tn_status check_edges(struct check *c)
{
    struct side side = {0};
    struct replayed_link *told;

    TRY(walk(c, STORE_EDGES, check_edge, &side));
    for (size_t at = 0; (told = map_next(&c->links, &at, NULL));)
        if (told->is_linked)
            return BROKEN(c,
                          "links: the log tells of %llu to %llu, which is not there",
                          (unsigned long long)told->key[1],
                          (unsigned long long)told->key[2]);
    return TN_OK;
}

/* The change log */

struct log_walk {
    uint64_t number;
    uint64_t transaction;
};

static tn_status set_value(struct check *c, struct replayed *record, uint32_t property,
                           const struct tn_value *before, const struct tn_value *after)
{
    struct tn_value now = value_none();
    size_t at = 0;

    while (at < record->value_count && record->values[at].property < property)
        at++;
    bool is_there = at < record->value_count && record->values[at].property == property;
    if (is_there)
        now = record->values[at].value;
    if (before && !value_equal(&now, before))
        return BROKEN(
            c, "log: a value of %llu was not what its change says", (unsigned long long)record->id);
    if (!is_there) {
        struct row_value *grown = arena_array(&c->arena, struct row_value, record->value_count + 1);

        if (!grown)
            return memory(c);
        for (size_t i = 0; i < record->value_count; i++)
            grown[i < at ? i : i + 1] = record->values[i];
        record->values = grown;
        record->value_count++;
    }
    record->values[at] = (struct row_value){property, *after};
    return TN_OK;
}

static tn_status play_creation(struct check *c, const struct change *change,
                               struct replayed *record)
{
    const struct tn_value source = value_text(TN_TEXT, change->source);
    const struct tn_value user = value_text(TN_TEXT, change->user);

    record = arena_new(&c->arena, struct replayed);
    if (!record)
        return memory(c);
    record->id = change->record;
    record->type = change->type;
    record->header.version = 1;
    record->header.created_us = change->at_us;
    record->header.updated_us = change->at_us;
    TRY(set_value(c, record, ROW_SYSTEM_SOURCE, NULL, &source));
    TRY(set_value(c, record, ROW_SYSTEM_USER, NULL, &user));
    for (size_t i = 0; i < change->value_count; i++)
        TRY(set_value(c,
                      record,
                      change->values[i].property,
                      &change->values[i].before,
                      &change->values[i].after));
    return map_set_u64(&c->replayed, &record->id, record, NULL);
}

/* Takes the history entry that holds a replaced value. */
static tn_status expect_history(struct check *c, const struct change *change, size_t i)
{
    struct buf key = {0};
    struct buf value = {0};
    tn_status st =
        key_history(&key, change->type, change->record, change->values[i].property, change->number);

    if (st == TN_OK)
        st = buf_add_u8(&value, 1); /* format, value, time, source, user */
    if (st == TN_OK)
        st = value_encode(&change->values[i].before, &value);
    if (st == TN_OK)
        st = buf_add_varint(&value, zigzag(change->at_us));
    if (st == TN_OK)
        st = buf_add_varint(&value, change->source.len);
    if (st == TN_OK)
        st = buf_add(&value, change->source.data, change->source.len);
    if (st == TN_OK)
        st = buf_add_varint(&value, change->user.len);
    if (st == TN_OK)
        st = buf_add(&value, change->user.data, change->user.len);
    if (st == TN_OK)
        st = expect(c, &c->history, &key, buf_bytes(&value), change->record);
    buf_fini(&key);
    buf_fini(&value);
    return st;
}

static tn_status play_update(struct check *c, const struct change *change, struct replayed *record)
{
    bool is_archived = (record->header.flags & ROW_ARCHIVED) != 0;

    if (change->kind == CHANGE_ARCHIVED && !is_archived) {
        record->header.flags = ROW_ARCHIVED;
        record->header.archived_us = change->at_us;
    } else if (change->kind == CHANGE_RESTORED && is_archived) {
        record->header.flags = 0;
        record->header.archived_us = 0;
    } else if (change->kind != CHANGE_UPDATED) {
        return BROKEN(c, "log: %llu was in another state", (unsigned long long)change->record);
    }
    /* A record that is made and archived at once has one version and two entries. */
    record->header.version =
        change->transaction < change->number && change->version == record->header.version
            ? record->header.version
            : record->header.version + 1;
    record->header.updated_us = change->at_us;
    for (size_t i = 0; i < change->value_count; i++) {
        TRY(set_value(c,
                      record,
                      change->values[i].property,
                      &change->values[i].before,
                      &change->values[i].after));
        TRY(expect_history(c, change, i));
    }
    return TN_OK;
}

static tn_status play_link(struct check *c, const struct change *change,
                           const struct change_link *link)
{
    uint64_t key[3] = {link->association, link->from, link->to};
    struct replayed_link *told = map_get(&c->links, (struct tn_str){(char *)key, sizeof(key)});

    if (link->from != change->record && link->to != change->record)
        return BROKEN(c, "log: change %llu tells of others", (unsigned long long)change->number);
    if (!told) {
        told = arena_new(&c->arena, struct replayed_link);
        if (!told)
            return memory(c);
        memcpy(told->key, key, sizeof(key));
        TRY(map_set(&c->links, (struct tn_str){(char *)told->key, sizeof(key)}, told, NULL));
    }
    if (link->is_removed && !told->is_linked)
        return BROKEN(c,
                      "log: change %llu removes a link that is not there",
                      (unsigned long long)change->number);
    if (!told->is_linked)
        told->value.created_us = change->at_us;
    told->is_linked = !link->is_removed;
    told->value.labels = link->labels;
    told->value.is_primary_of_from = link->is_primary;
    told->value.is_primary_of_to = link->is_primary_of_to;
    return TN_OK;
}

static tn_status play(struct check *c, const struct change *change)
{
    struct replayed *record = map_get_u64(&c->replayed, &change->record);

    for (size_t i = 0; i < change->link_count; i++)
        TRY(play_link(c, change, &change->links[i]));
    if (change->kind == CHANGE_SCHEMA)
        return TN_OK;
    if ((record != NULL) == (change->kind == CHANGE_CREATED) ||
        (record && (record->is_purged || record->type != change->type)))
        return BROKEN(c,
                      "log: change %llu is of a record in another state",
                      (unsigned long long)change->number);
    if (change->kind == CHANGE_CREATED)
        TRY(play_creation(c, change, record));
    else if (change->kind == CHANGE_PURGED)
        record->is_purged = true;
    else if (change->kind != CHANGE_LINKED)
        TRY(play_update(c, change, record));
    record = map_get_u64(&c->replayed, &change->record);
    if (!record->is_purged && record->header.version != change->version)
        return BROKEN(c,
                      "log: change %llu has version %llu, not %llu",
                      (unsigned long long)change->number,
                      (unsigned long long)change->version,
                      (unsigned long long)record->header.version);
    return TN_OK;
}

/* A purged record's values are blanked in the log, and its history is gone. */
static tn_status find_purged(struct check *c, void *ctx, struct tn_bytes key, struct tn_bytes value)
{
    struct map *purged = ctx;
    struct change change;
    uint64_t number;

    if (key_log_read(key, &number) != TN_OK ||
        change_decode(number, value, &c->arena, &change) != TN_OK)
        return BROKEN(c, "log: a damaged entry");
    if (change.kind != CHANGE_PURGED)
        return TN_OK;
    tn_id *id = arena_new(&c->arena, tn_id);
    if (!id)
        return memory(c);
    *id = change.record;
    return map_set_u64(purged, id, id, NULL);
}

static tn_status play_entry(struct check *c, void *ctx, struct tn_bytes key, struct tn_bytes value)
{
    struct log_walk *log = ctx;
    struct change change;
    uint64_t number;

    TRY(copy(c, value, &value));
    if (key_log_read(key, &number) != TN_OK || number != log->number + 1)
        return BROKEN(c, "log: %llu is missing", (unsigned long long)log->number + 1);
    if (change_decode(number, value, &c->arena, &change) != TN_OK)
        return BROKEN(c, "log: %llu is damaged", (unsigned long long)number);
    if (change.transaction != number && change.transaction != log->transaction)
        return BROKEN(c, "log: %llu is of a transaction apart", (unsigned long long)number);
    log->number = number;
    log->transaction = change.transaction;
    return play(c, &change);
}

static tn_status compare_row(struct check *c, const struct replayed *told)
{
    const struct row *row = map_get_u64(&c->rows, &told->id);
    struct buf bytes = {0};

    if (told->is_purged)
        return row ? BROKEN(c, "log: %llu is purged and there", (unsigned long long)told->id)
                   : TN_OK;
    if (!row || row->type != told->type)
        return BROKEN(c, "log: %llu has no row", (unsigned long long)told->id);
    tn_status st = row_encode(&told->header, told->values, told->value_count, &bytes);
    if (st == TN_OK &&
        (bytes.len != row->bytes.len || memcmp(bytes.data, row->bytes.data, bytes.len) != 0))
        st = BROKEN(c, "log: the row of %llu is another", (unsigned long long)told->id);
    buf_fini(&bytes);
    return st;
}

/* Purged records cannot be replayed: their entries say that they were, and no more. */
static tn_status check_purged(struct check *c, const struct map *purged)
{
    tn_id *id;

    for (size_t at = 0; (id = map_next(purged, &at, NULL));) {
        const struct replayed *told = map_get_u64(&c->replayed, id);

        if (!told || !told->is_purged)
            return BROKEN(c, "log: %llu lives after its purge", (unsigned long long)*id);
        for (size_t i = 0; i < told->value_count; i++)
            if (told->values[i].property >= SCHEMA_ID_MIN)
                return BROKEN(
                    c, "log: values of the purged %llu are left", (unsigned long long)*id);
    }
    return TN_OK;
}

static tn_status check_log(struct check *c)
{
    struct log_walk log = {0};
    struct map purged = {0};
    struct replayed *told;
    struct row *row;

    tn_status st = walk(c, STORE_LOG, find_purged, &purged);
    if (st == TN_OK)
        st = walk(c, STORE_LOG, play_entry, &log);
    if (st == TN_OK)
        st = check_purged(c, &purged);
    map_fini(&purged);
    TRY(st);
    if (log.number != c->head.change)
        return BROKEN(c,
                      "head: it says %llu, the log ends with %llu",
                      (unsigned long long)c->head.change,
                      (unsigned long long)log.number);
    for (size_t at = 0; (told = map_next(&c->replayed, &at, NULL));)
        TRY(compare_row(c, told));
    for (size_t at = 0; (row = map_next(&c->rows, &at, NULL));)
        if (!map_get_u64(&c->replayed, &row->id))
            return BROKEN(c, "log: it does not tell of record %llu", (unsigned long long)row->id);
    return expect_no_more(c, &c->history);
}

/* All of it */

static tn_status load_family(struct check *c, enum store_family family, const char *name,
                             struct family *into)
{
    into->name = name;
    return walk(c, family, load_entry, into);
}

static tn_status check_all(struct check *c)
{
    TRY(head_read(c->store, c->portal, &c->head, c->err));
    TRY(walk(c, STORE_ROWS, load_row, NULL));
    TRY(load_family(c, STORE_INDEX, "index", &c->index));
    TRY(load_family(c, STORE_UNIQUE, "unique", &c->unique));
    TRY(load_family(c, STORE_WORDS, "words", &c->words));
    TRY(load_family(c, STORE_HISTORY, "history", &c->history));
    TRY(check_rows(c));
    TRY(check_rollups(c));
    TRY(check_log(c));
    return check_edges(c);
}

tn_status invariants_check(struct store *store, const struct schema *schema, uint32_t portal,
                           struct err *err)
{
    struct check c = {.store = store, .schema = schema, .portal = portal, .err = err};

    c.snapshot = store_snapshot_open(store);
    if (!c.snapshot)
        return memory(&c);
    arena_init(&c.arena, CHECK_SIZE_MAX);
    tn_status st = check_all(&c);
    store_snapshot_close(c.snapshot);
    map_fini(&c.rows);
    map_fini(&c.replayed);
    map_fini(&c.links);
    map_fini(&c.index.entries);
    map_fini(&c.unique.entries);
    map_fini(&c.words.entries);
    map_fini(&c.history.entries);
    arena_fini(&c.arena);
    return st == TN_OK ? TN_OK : err_set(err, st, "The store could not be checked.");
}
