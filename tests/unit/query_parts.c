/* SPDX-License-Identifier: Apache-2.0 */
/* query_parts.c - see query_parts.h. */
#include "tests/unit/query_parts.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/query/match.h"
#include "core/value/fold.h"

static const struct tn_option grades[] = {{"a", "A"}, {"b", "B"}, {"A", "Capital A"}};

static const struct tn_type types[] = {
    [PART] = {.name = "parts", .label = "Part", .plural = "Parts"},
};
const struct tn_property parts_properties[PROPERTY_COUNT] = {
    [CODE] = {.type = PART, .kind = TN_TEXT, .name = "code", .flags = TN_UNIQUE},
    [NAME] = {.type = PART, .kind = TN_TEXT, .name = "name", .flags = TN_INDEXED},
    [PRICE] = {.type = PART, .kind = TN_NUMBER, .name = "price", .flags = TN_INDEXED},
    [MADE_ON] = {.type = PART, .kind = TN_DATE, .name = "made_on", .flags = TN_INDEXED},
    [GRADE] = {.type = PART,
               .kind = TN_CHOICE,
               .name = "grade",
               .flags = TN_INDEXED,
               .options = TN_LIST(grades)},
    [IS_OK] = {.type = PART, .kind = TN_BOOL, .name = "is_ok", .flags = TN_INDEXED},
    [NOTE] = {.type = PART, .kind = TN_TEXT, .name = "note", .flags = TN_SEARCHABLE},
    [WEIGHT] = {.type = PART, .kind = TN_NUMBER, .name = "weight"},
    [SHELF] = {.type = PART, .kind = TN_NUMBER, .name = "shelf", .flags = TN_UNIQUE | TN_INDEXED},
};
static const struct tn_plugin plugin = {
    .magic = TN_MAGIC,
    .struct_size = (uint32_t)sizeof(struct tn_plugin),
    .id = "org.example.parts",
    .version = "1.0.0",
    .summary = "Parts",
    .schema = 1,
    .schema_oldest = 1,
    .types = TN_LIST(types),
    .properties = TN_LIST(parts_properties),
};

struct world *parts_world;

/* Random */

/* xorshift */
uint64_t parts_random(uint64_t bound)
{
    parts_world->random ^= parts_world->random << 13;
    parts_world->random ^= parts_world->random >> 7;
    parts_world->random ^= parts_world->random << 17;
    return parts_world->random % bound;
}

/* Texts that fold alike, differ in accents only, share more than a key's length, or are odd. */
struct tn_str parts_text(void)
{
    static const char *const texts[] = {
        /* clang-format off */
        "alpha", "Alpha", "ALPHA", "\xc3\xa9l\xc3\xa9ment", "Element",
        "ELEMENT", "\xc3\x89l\xc3\xa9ment", "zeta", "Stra\xc3\x9f\x65", "strasse",
        "b", "B", "ba", "a b", "\xe6\x97\xa5\xe6\x9c\xac",
        "0", "~",
        /* clang-format on */
    };
    size_t position = parts_random(sizeof(texts) / sizeof(texts[0]) + 3);

    if (position < sizeof(texts) / sizeof(texts[0]))
        return utf8_str(texts[position]);
    char *text = arena_alloc(&parts_world->arena, 300);
    assert_non_null(text);
    memset(text, 'q', 299);
    text[298] = (char)('w' + parts_random(3)); /* behind what a key holds */
    return (struct tn_str){text, 299};
}

struct tn_value parts_value(int property)
{
    switch (parts_properties[property].kind) {
    case TN_NUMBER:
        return value_number(
            (struct decimal){.mantissa = (int64_t)parts_random(41) - 20, .exponent = 0});
    case TN_DATE:
        return value_integer(TN_DATE, 19000 + (int64_t)parts_random(30));
    case TN_BOOL:
        return value_integer(TN_BOOL, (int64_t)parts_random(2));
    case TN_CHOICE:
        return value_text(TN_CHOICE,
                          grades[parts_random(3)].name[0] == 'a' ? utf8_str("a")
                          : parts_random(2)                      ? utf8_str("b")
                                                                 : utf8_str("A"));
    default:
        return value_text(TN_TEXT, parts_text());
    }
}

/* World */

struct txn *parts_begin_in(struct portal *portal)
{
    struct txn_options options = {.portal = portal,
                                  .source = utf8_str("api"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX};
    struct txn *txn = NULL;

    err_init(&parts_world->err, NULL);
    assert_int_equal(txn_begin(parts_world->records, &options, &txn, &parts_world->err), TN_OK);
    return txn;
}

struct txn *parts_begin(void)
{
    return parts_begin_in(parts_world->portal);
}

const struct schema_type *parts_type(struct txn *txn)
{
    return schema_type_by_name(txn_schema(txn), utf8_str("parts"));
}

const struct schema_property *parts_property(struct txn *txn, int property)
{
    return schema_property_by_name(
        txn_schema(txn), parts_type(txn), utf8_str(parts_properties[property].name));
}

static void fill(struct txn *txn, struct record *record, struct part *part, size_t number)
{
    char code[32];

    for (int i = 0; i < PROPERTY_COUNT; i++) {
        if (i == CODE || i == SHELF || parts_random(4) == 0)
            continue;
        part->values[i] = parts_value(i);
    }
    (void)snprintf(code, sizeof(code), "Code-%zu", number);
    if (parts_random(5) != 0) {
        const char *copy = arena_copy(&parts_world->arena, code, strlen(code));
        part->values[CODE] = value_text(TN_TEXT, utf8_str(copy));
    }
    if (parts_random(5) != 0)
        part->values[SHELF] =
            value_number((struct decimal){.mantissa = (int64_t)number * 3 + 1, .exponent = 0});
    for (int i = 0; i < PROPERTY_COUNT; i++) {
        if (part->values[i].kind != TN_NONE)
            assert_int_equal(
                record_write(record, parts_property(txn, i), &part->values[i], &parts_world->err),
                TN_OK);
    }
}

static void create_parts(size_t count)
{
    struct txn *txn = parts_begin();

    parts_world->parts = calloc(count, sizeof(*parts_world->parts));
    assert_non_null(parts_world->parts);
    parts_world->count = count;
    for (size_t i = 0; i < count; i++) {
        struct record *record = NULL;

        assert_int_equal(txn_create(txn, parts_type(txn), &record, &parts_world->err), TN_OK);
        fill(txn, record, &parts_world->parts[i], i);
        parts_world->parts[i].id = record_id(record);
    }
    assert_int_equal(txn_commit_wait(txn, &parts_world->err), TN_OK);
    txn_destroy(txn);
}

static void archive_some(void)
{
    struct txn *txn = parts_begin();

    for (size_t i = 0; i < parts_world->count; i++) {
        struct record *record = NULL;

        if (parts_random(6) != 0)
            continue;
        assert_int_equal(
            txn_get(txn, parts_type(txn), parts_world->parts[i].id, &record, &parts_world->err),
            TN_OK);
        assert_int_equal(txn_archive(record, &parts_world->err), TN_OK);
        parts_world->parts[i].is_archived = true;
    }
    assert_int_equal(txn_commit_wait(txn, &parts_world->err), TN_OK);
    txn_destroy(txn);
}

/* Changed values leave no old index entries behind. */
static void change_some(void)
{
    struct txn *txn = parts_begin();

    for (size_t i = 0; i < parts_world->count; i++) {
        struct record *record = NULL;
        int property = NAME + (int)parts_random(WEIGHT - NAME + 1);

        if (parts_random(3) != 0)
            continue;
        assert_int_equal(
            txn_get(txn, parts_type(txn), parts_world->parts[i].id, &record, &parts_world->err),
            TN_OK);
        parts_world->parts[i].values[property] =
            parts_random(3) ? parts_value(property) : value_none();
        assert_int_equal(record_write(record,
                                      parts_property(txn, property),
                                      &parts_world->parts[i].values[property],
                                      &parts_world->err),
                         TN_OK);
    }
    assert_int_equal(txn_commit_wait(txn, &parts_world->err), TN_OK);
    txn_destroy(txn);
}

int parts_open(void **state)
{
    struct store_options options = {.create_if_missing = true};
    struct portal_settings settings = {0};

    (void)state;
    parts_world = calloc(1, sizeof(*parts_world));
    assert_non_null(parts_world);
    parts_world->random = 88172645463325252u;
    arena_init(&parts_world->arena, (size_t)64 * 1024 * 1024);
    err_init(&parts_world->err, NULL);
    (void)snprintf(parts_world->dir, sizeof(parts_world->dir), "/tmp/tenon-query-XXXXXX");
    assert_non_null(mkdtemp(parts_world->dir));
    assert_int_equal(store_open(parts_world->dir, &options, &parts_world->store, &parts_world->err),
                     TN_OK);
    assert_int_equal(catalog_open(parts_world->store, &parts_world->catalog, &parts_world->err),
                     TN_OK);
    assert_int_equal(
        catalog_declare(parts_world->catalog, &plugin, &parts_world->declared, &parts_world->err),
        TN_OK);
    assert_int_equal(catalog_keep(parts_world->catalog, parts_world->declared, &parts_world->err),
                     TN_OK);
    assert_int_equal(portals_open(parts_world->store, &parts_world->portals, &parts_world->err),
                     TN_OK);
    assert_int_equal(portals_create(parts_world->portals,
                                    utf8_str("main"),
                                    &settings,
                                    &parts_world->portal,
                                    &parts_world->err),
                     TN_OK);
    struct records_options of_records = {.store = parts_world->store,
                                         .catalog = parts_world->catalog,
                                         .portals = parts_world->portals};
    assert_int_equal(records_create(&of_records, &parts_world->records, &parts_world->err), TN_OK);
    return 0;
}

int parts_open_filled(void **state)
{
    (void)parts_open(state);
    create_parts(1200);
    change_some();
    archive_some();
    return 0;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

int parts_close(void **state)
{
    (void)state;
    records_destroy(parts_world->records);
    catalog_declared_destroy(parts_world->declared);
    catalog_close(parts_world->catalog);
    portals_close(parts_world->portals);
    store_close(parts_world->store);
    (void)nftw(parts_world->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    arena_fini(&parts_world->arena);
    free(parts_world->parts);
    free(parts_world);
    return 0;
}

/* Naive */

static bool same_folded(struct tn_str a, struct tn_str b)
{
    struct buf x = {0};
    struct buf y = {0};

    assert_int_equal(fold_case(a, &x), TN_OK);
    assert_int_equal(fold_case(b, &y), TN_OK);
    bool same = x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
    buf_fini(&x);
    buf_fini(&y);
    return same;
}

static bool naive_equal(const struct tn_value *a, const struct tn_value *b)
{
    if (a->kind == TN_TEXT)
        return same_folded(a->as.text, b->as.text);
    return value_equal(a, b);
}

static int naive_order(const struct tn_value *a, const struct tn_value *b)
{
    if (value_is_text(a->kind))
        return fold_compare(a->as.text, b->as.text);
    return value_compare(a, b);
}

struct word_search {
    struct tn_str text;
    struct tn_str word; /* empty: looked for in the text by the outer walk */
    bool is_there;
};

static tn_status is_word(void *ctx, struct tn_str word)
{
    struct word_search *search = ctx;

    search->is_there |= utf8_equal(search->word, word);
    return TN_OK;
}

static tn_status is_in_text(void *ctx, struct tn_str word)
{
    struct word_search *outer = ctx;
    struct word_search inner = {.word = word};

    assert_int_equal(fold_words(outer->text, is_word, &inner), TN_OK);
    outer->is_there &= inner.is_there;
    return TN_OK;
}

static bool naive_has_words(struct tn_str text, struct tn_str words)
{
    struct word_search search = {.text = text, .is_there = true};

    assert_int_equal(fold_words(words, is_in_text, &search), TN_OK);
    return search.is_there;
}

static bool naive_filter(const struct want_filter *filter, const struct part *part)
{
    const struct tn_value *value = &part->values[filter->property];
    bool has = value->kind != TN_NONE;

    switch (filter->op) {
    case QUERY_HAS:
        return has;
    case QUERY_HAS_NOT:
        return !has;
    case QUERY_EQ:
        return has && naive_equal(value, &filter->values[0]);
    case QUERY_NE:
        return !has || !naive_equal(value, &filter->values[0]);
    case QUERY_LT:
        return has && naive_order(value, &filter->values[0]) < 0;
    case QUERY_LE:
        return has && naive_order(value, &filter->values[0]) <= 0;
    case QUERY_GT:
        return has && naive_order(value, &filter->values[0]) > 0;
    case QUERY_GE:
        return has && naive_order(value, &filter->values[0]) >= 0;
    case QUERY_BETWEEN:
        return has && naive_order(value, &filter->values[0]) >= 0 &&
               naive_order(value, &filter->values[1]) <= 0;
    case QUERY_IN:
        for (uint32_t i = 0; i < filter->value_count; i++) {
            if (has && naive_equal(value, &filter->values[i]))
                return true;
        }
        return false;
    case QUERY_WORD:
        return has && naive_has_words(value->as.text, filter->values[0].as.text);
    }
    return false;
}

static bool naive_match(const struct want *want, const struct part *part)
{
    if (part->is_archived != want->archived)
        return false;
    for (uint32_t i = 0; i < want->group_count; i++) {
        bool all = true;

        for (uint32_t j = 0; j < want->filter_count[i]; j++)
            all = all && naive_filter(&want->filters[i][j], part);
        if (all)
            return true;
    }
    return want->group_count == 0;
}

static const struct want *sorting; /* qsort has no context */

static int compare_parts(const void *a, const void *b)
{
    const struct part *x = *(const struct part *const *)a;
    const struct part *y = *(const struct part *const *)b;
    int by_id = x->id < y->id ? -1 : x->id > y->id;

    if (sorting->sort < 0)
        return sorting->descending ? -by_id : by_id;
    const struct tn_value *v = &x->values[sorting->sort];
    const struct tn_value *u = &y->values[sorting->sort];
    if (v->kind == TN_NONE || u->kind == TN_NONE)
        return v->kind == u->kind ? by_id : (v->kind == TN_NONE ? 1 : -1);
    struct buf p = {0};
    struct buf q = {0};
    assert_int_equal(value_order_key(v, &p), TN_OK);
    assert_int_equal(value_order_key(u, &q), TN_OK);
    int order = memcmp(p.data, q.data, p.len < q.len ? p.len : q.len);
    buf_fini(&p);
    buf_fini(&q);
    order = order ? order : by_id;
    return sorting->descending ? -order : order;
}

static size_t naive_find(const struct want *want, const struct part **found)
{
    size_t count = 0;

    for (size_t i = 0; i < parts_world->count; i++) {
        if (naive_match(want, &parts_world->parts[i]))
            found[count++] = &parts_world->parts[i];
    }
    sorting = want;
    qsort(found, count, sizeof(*found), compare_parts);
    return count;
}

/* Asking */

const struct query *parts_ask(struct txn *txn, const struct want *want)
{
    struct arena *arena = txn_arena(txn);
    struct query *query = arena_new(arena, struct query);
    struct query_group *groups = arena_array(arena, struct query_group, QUERY_GROUP_MAX);

    assert_non_null(query);
    assert_non_null(groups);
    for (uint32_t i = 0; i < want->group_count; i++) {
        struct query_filter *filters = arena_array(arena, struct query_filter, QUERY_FILTER_MAX);

        assert_non_null(filters);
        for (uint32_t j = 0; j < want->filter_count[i]; j++)
            filters[j] = (struct query_filter){
                .property = parts_property(txn, want->filters[i][j].property),
                .op = want->filters[i][j].op,
                .values = want->filters[i][j].values,
                .value_count = want->filters[i][j].value_count,
            };
        groups[i] = (struct query_group){.filters = filters, .filter_count = want->filter_count[i]};
    }
    *query = (struct query){
        .type = parts_type(txn),
        .groups = groups,
        .group_count = want->group_count,
        .archived = want->archived,
        .sort = want->sort >= 0 ? parts_property(txn, want->sort) : NULL,
        .descending = want->descending,
    };
    return query;
}

size_t parts_read_page(const struct want *want, struct buf *cursor, size_t limit, tn_id *ids)
{
    struct txn *txn = parts_begin();
    struct query_run *run = NULL;
    size_t count = 0;

    assert_int_equal(
        query_open(txn, parts_ask(txn, want), buf_bytes(cursor), &run, &parts_world->err), TN_OK);
    while (count < limit) {
        struct query_hit hit;
        tn_status st = query_next(run, &hit, &parts_world->err);

        if (st == TN_NOT_FOUND)
            break;
        assert_int_equal(st, TN_OK);
        ids[count++] = hit.id;
    }
    buf_clear(cursor);
    assert_int_equal(query_cursor(run, cursor), TN_OK);
    query_close(run);
    txn_destroy(txn);
    return count;
}

void parts_check(const struct want *want, size_t page_size)
{
    const struct part **found = calloc(parts_world->count + 1, sizeof(*found));
    tn_id *ids = calloc(page_size + 1, sizeof(*ids));
    struct buf cursor = {0};
    size_t at = 0;
    size_t read = page_size;

    assert_non_null(found);
    assert_non_null(ids);
    size_t count = naive_find(want, found);
    while (read == page_size) {
        read = parts_read_page(want, &cursor, page_size, ids);
        assert_true(at + read <= count);
        for (size_t i = 0; i < read; i++)
            assert_int_equal(ids[i], found[at + i]->id);
        at += read;
    }
    assert_int_equal(at, count);

    struct txn *txn = parts_begin();
    uint64_t counted = 0;
    assert_int_equal(query_count(txn, parts_ask(txn, want), &counted, &parts_world->err), TN_OK);
    assert_int_equal(counted, count);
    txn_destroy(txn);
    buf_fini(&cursor);
    free(ids);
    free(found);
}

static bool has_order(int property)
{
    return parts_properties[property].kind != TN_BOOL;
}

bool parts_can_ask(int property, enum query_op op)
{
    if (op == QUERY_WORD)
        return (parts_properties[property].flags & TN_SEARCHABLE) != 0;
    return !query_op_is_range(op) || has_order(property);
}

struct want_filter parts_some_filter(void)
{
    struct want_filter filter = {.property = (int)parts_random(PROPERTY_COUNT)};

    do
        filter.op = QUERY_EQ + (enum query_op)parts_random(QUERY_WORD);
    while (!parts_can_ask(filter.property, filter.op));
    if (filter.op == QUERY_HAS || filter.op == QUERY_HAS_NOT)
        return filter;
    filter.value_count = filter.op == QUERY_IN ? 1 + (uint32_t)parts_random(4) : 1;
    if (filter.op == QUERY_BETWEEN)
        filter.value_count = 2;
    for (uint32_t i = 0; i < filter.value_count; i++) {
        const struct part *part = &parts_world->parts[parts_random(parts_world->count)];

        filter.values[i] = part->values[filter.property];
        if (filter.values[i].kind == TN_NONE)
            filter.values[i] = parts_value(filter.property);
    }
    return filter;
}

struct want parts_some_want(void)
{
    static const int sorts[] = {NAME, PRICE, MADE_ON, GRADE, IS_OK, SHELF};
    struct want want = {.sort = -1};

    want.group_count = (uint32_t)parts_random(4);
    for (uint32_t i = 0; i < want.group_count; i++) {
        want.filter_count[i] = (uint32_t)parts_random(4);
        for (uint32_t j = 0; j < want.filter_count[i]; j++)
            want.filters[i][j] = parts_some_filter();
    }
    want.archived = parts_random(8) == 0;
    if (!want.archived && parts_random(2))
        want.sort = sorts[parts_random(6)];
    want.descending = parts_random(2);
    return want;
}
