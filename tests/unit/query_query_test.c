/* SPDX-License-Identifier: Apache-2.0 */
/* query_query_test.c - queries against a walk over all records that knows no index. */
#include "core/query/query.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/query/match.h"
#include "core/query/order.h"
#include "core/value/fold.h"
#include "core/value/value.h"
#include "tests/unit/check.h"

enum { PART };
enum { CODE, NAME, PRICE, MADE_ON, GRADE, IS_OK, NOTE, WEIGHT, SHELF, PROPERTY_COUNT };

static const struct tn_option grades[] = {{"a", "A"}, {"b", "B"}, {"A", "Capital A"}};

static const struct tn_type types[] = {
    [PART] = {.name = "parts", .label = "Part", .plural = "Parts"},
};
static const struct tn_property properties[PROPERTY_COUNT] = {
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
    .properties = TN_LIST(properties),
};

/* What the test knows of a record. */
struct part {
    tn_id id;
    bool is_archived;
    struct tn_value values[PROPERTY_COUNT];
};

struct world {
    char dir[64];
    struct store *store;
    struct catalog *catalog;
    struct catalog_declared *declared;
    struct portals *portals;
    struct portal *portal;
    struct records *records;
    struct part *parts;
    size_t count;
    struct arena arena; /* of the parts' texts */
    uint64_t random;
    struct err err;
};

static struct world *w;

/* --------------------------------------------------------------------------- random --- */

/* xorshift: the same in every run. */
static uint64_t rnd(uint64_t bound)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % bound;
}

/* Texts that fold alike, differ in accents only, share more than a key's length, or are odd. */
static struct tn_str some_text(void)
{
    static const char *const texts[] = {
        /* clang-format off */
        "alpha", "Alpha", "ALPHA", "\xc3\xa9l\xc3\xa9ment", "Element",
        "ELEMENT", "\xc3\x89l\xc3\xa9ment", "zeta", "Stra\xc3\x9f\x65", "strasse",
        "b", "B", "ba", "a b", "\xe6\x97\xa5\xe6\x9c\xac",
        "0", "~",
        /* clang-format on */
    };
    size_t position = rnd(sizeof(texts) / sizeof(texts[0]) + 3);

    if (position < sizeof(texts) / sizeof(texts[0]))
        return utf8_str(texts[position]);
    char *text = arena_alloc(&w->arena, 300);
    assert_non_null(text);
    memset(text, 'q', 299);
    text[298] = (char)('w' + rnd(3)); /* behind what a key holds */
    return (struct tn_str){text, 299};
}

static struct tn_value some_value(int property)
{
    switch (properties[property].kind) {
    case TN_NUMBER:
        return value_number((struct decimal){.mantissa = (int64_t)rnd(41) - 20, .exponent = 0});
    case TN_DATE:
        return value_integer(TN_DATE, 19000 + (int64_t)rnd(30));
    case TN_BOOL:
        return value_integer(TN_BOOL, (int64_t)rnd(2));
    case TN_CHOICE:
        return value_text(TN_CHOICE,
                          grades[rnd(3)].name[0] == 'a' ? utf8_str("a")
                          : rnd(2)                      ? utf8_str("b")
                                                        : utf8_str("A"));
    default:
        return value_text(TN_TEXT, some_text());
    }
}

/* ---------------------------------------------------------------------------- world --- */

static struct txn *begin_in(struct portal *portal)
{
    struct txn_options options = {.portal = portal,
                                  .source = utf8_str("api"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX};
    struct txn *txn = NULL;

    err_init(&w->err, NULL);
    assert_int_equal(txn_begin(w->records, &options, &txn, &w->err), TN_OK);
    return txn;
}

static struct txn *begin(void)
{
    return begin_in(w->portal);
}

static const struct schema_type *part_type(struct txn *txn)
{
    return schema_type_by_name(txn_schema(txn), utf8_str("parts"));
}

static const struct schema_property *property_of(struct txn *txn, int property)
{
    return schema_property_by_name(
        txn_schema(txn), part_type(txn), utf8_str(properties[property].name));
}

static void fill(struct txn *txn, struct record *record, struct part *part, size_t number)
{
    char code[32];

    for (int i = 0; i < PROPERTY_COUNT; i++) {
        if (i == CODE || i == SHELF || rnd(4) == 0)
            continue;
        part->values[i] = some_value(i);
    }
    (void)snprintf(code, sizeof(code), "Code-%zu", number);
    if (rnd(5) != 0) {
        const char *copy = arena_copy(&w->arena, code, strlen(code));
        part->values[CODE] = value_text(TN_TEXT, utf8_str(copy));
    }
    if (rnd(5) != 0)
        part->values[SHELF] =
            value_number((struct decimal){.mantissa = (int64_t)number * 3 + 1, .exponent = 0});
    for (int i = 0; i < PROPERTY_COUNT; i++) {
        if (part->values[i].kind != TN_NONE)
            assert_int_equal(record_write(record, property_of(txn, i), &part->values[i], &w->err),
                             TN_OK);
    }
}

static void create_parts(size_t count)
{
    struct txn *txn = begin();

    w->parts = calloc(count, sizeof(*w->parts));
    assert_non_null(w->parts);
    w->count = count;
    for (size_t i = 0; i < count; i++) {
        struct record *record = NULL;

        assert_int_equal(txn_create(txn, part_type(txn), &record, &w->err), TN_OK);
        fill(txn, record, &w->parts[i], i);
        w->parts[i].id = record_id(record);
    }
    assert_int_equal(txn_commit_wait(txn, &w->err), TN_OK);
    txn_destroy(txn);
}

static void archive_some(void)
{
    struct txn *txn = begin();

    for (size_t i = 0; i < w->count; i++) {
        struct record *record = NULL;

        if (rnd(6) != 0)
            continue;
        assert_int_equal(txn_get(txn, part_type(txn), w->parts[i].id, &record, &w->err), TN_OK);
        assert_int_equal(txn_archive(record, &w->err), TN_OK);
        w->parts[i].is_archived = true;
    }
    assert_int_equal(txn_commit_wait(txn, &w->err), TN_OK);
    txn_destroy(txn);
}

/* Changed values leave no old index entries behind. */
static void change_some(void)
{
    struct txn *txn = begin();

    for (size_t i = 0; i < w->count; i++) {
        struct record *record = NULL;
        int property = NAME + (int)rnd(WEIGHT - NAME + 1);

        if (rnd(3) != 0)
            continue;
        assert_int_equal(txn_get(txn, part_type(txn), w->parts[i].id, &record, &w->err), TN_OK);
        w->parts[i].values[property] = rnd(3) ? some_value(property) : value_none();
        assert_int_equal(
            record_write(
                record, property_of(txn, property), &w->parts[i].values[property], &w->err),
            TN_OK);
    }
    assert_int_equal(txn_commit_wait(txn, &w->err), TN_OK);
    txn_destroy(txn);
}

static int open_world(void **state)
{
    struct store_options options = {.create_if_missing = true};
    struct portal_settings settings = {0};

    (void)state;
    w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->random = 88172645463325252u;
    arena_init(&w->arena, (size_t)64 * 1024 * 1024);
    err_init(&w->err, NULL);
    (void)snprintf(w->dir, sizeof(w->dir), "/tmp/tenon-query-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    assert_int_equal(store_open(w->dir, &options, &w->store, &w->err), TN_OK);
    assert_int_equal(catalog_open(w->store, &w->catalog, &w->err), TN_OK);
    assert_int_equal(catalog_declare(w->catalog, &plugin, &w->declared, &w->err), TN_OK);
    assert_int_equal(catalog_keep(w->catalog, w->declared, &w->err), TN_OK);
    assert_int_equal(portals_open(w->store, &w->portals, &w->err), TN_OK);
    assert_int_equal(portals_create(w->portals, utf8_str("main"), &settings, &w->portal, &w->err),
                     TN_OK);
    struct records_options of_records = {
        .store = w->store, .catalog = w->catalog, .portals = w->portals};
    assert_int_equal(records_create(&of_records, &w->records, &w->err), TN_OK);
    return 0;
}

static int open_filled(void **state)
{
    (void)open_world(state);
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

static int close_world(void **state)
{
    (void)state;
    records_destroy(w->records);
    catalog_declared_destroy(w->declared);
    catalog_close(w->catalog);
    portals_close(w->portals);
    store_close(w->store);
    (void)nftw(w->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    arena_fini(&w->arena);
    free(w->parts);
    free(w);
    return 0;
}

/* ---------------------------------------------------------------------------- naive --- */

/* A query by properties of the test, so that it can be asked in any transaction. */
struct want_filter {
    int property;
    enum query_op op;
    struct tn_value values[4];
    uint32_t value_count;
};
struct want {
    struct want_filter filters[QUERY_GROUP_MAX][QUERY_FILTER_MAX];
    uint32_t filter_count[QUERY_GROUP_MAX];
    uint32_t group_count;
    bool archived;
    int sort; /* -1: by id */
    bool descending;
};

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

    for (size_t i = 0; i < w->count; i++) {
        if (naive_match(want, &w->parts[i]))
            found[count++] = &w->parts[i];
    }
    sorting = want;
    qsort(found, count, sizeof(*found), compare_parts);
    return count;
}

/* ---------------------------------------------------------------------------- asking --- */

/* The query of `want`, in the transaction's arena. */
static const struct query *ask(struct txn *txn, const struct want *want)
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
                .property = property_of(txn, want->filters[i][j].property),
                .op = want->filters[i][j].op,
                .values = want->filters[i][j].values,
                .value_count = want->filters[i][j].value_count,
            };
        groups[i] = (struct query_group){.filters = filters, .filter_count = want->filter_count[i]};
    }
    *query = (struct query){
        .type = part_type(txn),
        .groups = groups,
        .group_count = want->group_count,
        .archived = want->archived,
        .sort = want->sort >= 0 ? property_of(txn, want->sort) : NULL,
        .descending = want->descending,
    };
    return query;
}

/* Reads at most `limit` records behind `cursor`, which moves; returns how many. */
static size_t read_page(const struct want *want, struct buf *cursor, size_t limit, tn_id *ids)
{
    struct txn *txn = begin();
    struct query_run *run = NULL;
    size_t count = 0;

    assert_int_equal(query_open(txn, ask(txn, want), buf_bytes(cursor), &run, &w->err), TN_OK);
    while (count < limit) {
        struct query_hit hit;
        tn_status st = query_next(run, &hit, &w->err);

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

static void check_same(const struct want *want, size_t page_size)
{
    const struct part **found = calloc(w->count + 1, sizeof(*found));
    tn_id *ids = calloc(page_size + 1, sizeof(*ids));
    struct buf cursor = {0};
    size_t at = 0;
    size_t read = page_size;

    assert_non_null(found);
    assert_non_null(ids);
    size_t count = naive_find(want, found);
    while (read == page_size) {
        read = read_page(want, &cursor, page_size, ids);
        assert_true(at + read <= count);
        for (size_t i = 0; i < read; i++)
            assert_int_equal(ids[i], found[at + i]->id);
        at += read;
    }
    assert_int_equal(at, count);

    struct txn *txn = begin();
    uint64_t counted = 0;
    assert_int_equal(query_count(txn, ask(txn, want), &counted, &w->err), TN_OK);
    assert_int_equal(counted, count);
    txn_destroy(txn);
    buf_fini(&cursor);
    free(ids);
    free(found);
}

static bool has_order(int property)
{
    return properties[property].kind != TN_BOOL;
}

static bool can_ask(int property, enum query_op op)
{
    if (op == QUERY_WORD)
        return (properties[property].flags & TN_SEARCHABLE) != 0;
    return !query_op_is_range(op) || has_order(property);
}

static struct want_filter some_filter(void)
{
    struct want_filter filter = {.property = (int)rnd(PROPERTY_COUNT)};

    do
        filter.op = QUERY_EQ + (enum query_op)rnd(QUERY_WORD);
    while (!can_ask(filter.property, filter.op));
    if (filter.op == QUERY_HAS || filter.op == QUERY_HAS_NOT)
        return filter;
    filter.value_count = filter.op == QUERY_IN ? 1 + (uint32_t)rnd(4) : 1;
    if (filter.op == QUERY_BETWEEN)
        filter.value_count = 2;
    for (uint32_t i = 0; i < filter.value_count; i++) {
        const struct part *part = &w->parts[rnd(w->count)];

        filter.values[i] = part->values[filter.property];
        if (filter.values[i].kind == TN_NONE)
            filter.values[i] = some_value(filter.property);
    }
    return filter;
}

static struct want some_want(void)
{
    static const int sorts[] = {NAME, PRICE, MADE_ON, GRADE, IS_OK, SHELF};
    struct want want = {.sort = -1};

    want.group_count = (uint32_t)rnd(4);
    for (uint32_t i = 0; i < want.group_count; i++) {
        want.filter_count[i] = (uint32_t)rnd(4);
        for (uint32_t j = 0; j < want.filter_count[i]; j++)
            want.filters[i][j] = some_filter();
    }
    want.archived = rnd(8) == 0;
    if (!want.archived && rnd(2))
        want.sort = sorts[rnd(6)];
    want.descending = rnd(2);
    return want;
}

static void any_query_finds_what_a_walk_over_all_finds(void **state)
{
    (void)state;
    for (int i = 0; i < 600; i++) {
        struct want want = some_want();

        check_same(&want, 1 + rnd(400));
    }
}

static void one_filter_of_each_kind_finds_what_a_walk_finds(void **state)
{
    (void)state;
    for (int property = 0; property < PROPERTY_COUNT; property++) {
        for (enum query_op op = QUERY_EQ; op <= QUERY_WORD; op++) {
            struct want want = {.group_count = 1, .filter_count = {1}, .sort = -1};
            struct want_filter filter;

            if (!can_ask(property, op))
                continue;
            do
                filter = some_filter();
            while (filter.property != property || filter.op != op);
            want.filters[0][0] = filter;
            check_same(&want, 97);
            want.descending = true;
            check_same(&want, 97);
            want.descending = false;
            want.sort = PRICE;
            check_same(&want, 97);
            want.sort =
                property == NAME || property == GRADE || property == MADE_ON ? property : NAME;
            want.descending = true;
            check_same(&want, 97);
        }
    }
}

static void everything_is_found_in_pages_of_one(void **state)
{
    struct want want = {.sort = GRADE, .descending = true};

    (void)state;
    check_same(&want, 1);
}

static void the_newest_come_first_in_pages_of_one(void **state)
{
    struct want want = {.sort = -1, .descending = true};

    (void)state;
    check_same(&want, 1);
    want.archived = true;
    check_same(&want, 1);
}

static void texts_longer_than_a_key_are_told_apart(void **state)
{
    struct want want = {.group_count = 1, .filter_count = {1}, .sort = -1};
    struct tn_str text;
    tn_id ids[64];
    struct buf cursor = {0};

    (void)state;
    do
        text = some_text();
    while (text.len != 299);
    want.filters[0][0] = (struct want_filter){
        .property = NAME, .op = QUERY_EQ, .values = {value_text(TN_TEXT, text)}, .value_count = 1};
    size_t count = read_page(&want, &cursor, 64, ids);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < w->count; j++) {
            if (w->parts[j].id == ids[i])
                assert_true(utf8_equal(w->parts[j].values[NAME].as.text, text));
        }
    }
    buf_fini(&cursor);
}

/* ------------------------------------------------------------------------- refusals --- */

static tn_status open_refused_in(struct portal *portal, const struct query *query,
                                 struct tn_bytes cursor, const char *rule)
{
    struct txn *txn = begin_in(portal);
    struct query_run *run = NULL;
    struct query of_txn = *query;

    of_txn.type = part_type(txn);
    tn_status st = query_open(txn, &of_txn, cursor, &run, &w->err);
    assert_null(run);
    txn_destroy(txn);
    assert_int_equal(w->err.status, st);
    if (rule) {
        assert_int_equal(w->err.violation_count, 1);
        assert_string_equal(w->err.violations[0].rule, rule);
    }
    return st;
}

static tn_status open_refused(const struct query *query, struct tn_bytes cursor, const char *rule)
{
    return open_refused_in(w->portal, query, cursor, rule);
}

/* A position tells of records: that of one portal is none in another. */
static void cursor_of_another_portal_is_refused(void **state)
{
    struct want want = {.group_count = 0, .sort = NAME};
    struct portal *other = NULL;
    struct buf cursor = {0};
    tn_id ids[8];

    (void)state;
    assert_int_equal(portals_create(w->portals, utf8_str("other"), NULL, &other, &w->err), TN_OK);
    assert_int_equal(read_page(&want, &cursor, 8, ids), 8);
    struct txn *txn = begin();
    struct query query = *ask(txn, &want);
    assert_int_equal(open_refused_in(other, &query, buf_bytes(&cursor), "cursor"),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(read_page(&want, &cursor, 8, ids), 8); /* where it is good */
    txn_destroy(txn);
    buf_fini(&cursor);
}

static void cursors_of_other_queries_and_damaged_ones_are_refused(void **state)
{
    struct want want = {.group_count = 1, .filter_count = {1}, .sort = NAME};
    struct buf cursor = {0};
    tn_id ids[8];

    (void)state;
    want.filters[0][0] = (struct want_filter){.property = PRICE, .op = QUERY_HAS};
    assert_int_equal(read_page(&want, &cursor, 8, ids), 8);

    struct txn *txn = begin();
    struct query query = *ask(txn, &want);
    struct query other = query;
    other.descending = true;
    assert_int_equal(open_refused(&other, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
    other = query;
    other.sort = NULL;
    assert_int_equal(open_refused(&other, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
    other = query;
    other.group_count = 0;
    assert_int_equal(open_refused(&other, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
    for (size_t i = 0; i < cursor.len; i++) {
        cursor.data[i] ^= 1;
        assert_int_equal(open_refused(&query, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
        cursor.data[i] ^= 1;
        struct tn_bytes cut = {cursor.data, i};
        if (i > 0)
            assert_int_equal(open_refused(&query, cut, "cursor"), TN_INVALID_ARGUMENT);
    }
    txn_destroy(txn);
    buf_fini(&cursor);
}

/* --------------------------------------------------------------------------- limits --- */

static tn_status stopped(void *ctx)
{
    int *left = ctx;

    return --*left < 0 ? TN_CANCELLED : TN_OK;
}

static tn_status walk(struct txn *txn, const struct query *query)
{
    struct query_run *run = NULL;
    struct query_hit hit;

    tn_status st = query_open(txn, query, (struct tn_bytes){0}, &run, &w->err);
    while (st == TN_OK)
        st = query_next(run, &hit, &w->err);
    query_close(run);
    return st;
}

static void a_cancelled_walk_ends(void **state)
{
    int left = 2;
    struct txn_options options = {.portal = w->portal,
                                  .deadline_us = INT64_MAX,
                                  .state = stopped,
                                  .state_ctx = &left,
                                  .is_read_only = true};
    struct want wants[3] = {{.sort = -1}, {.sort = NAME}, {.sort = -1}};
    struct txn *txn = NULL;

    (void)state;
    wants[2].group_count = 1;
    wants[2].filter_count[0] = 1;
    wants[2].filters[0][0] =
        (struct want_filter){.property = PRICE,
                             .op = QUERY_GE,
                             .values = {value_number((struct decimal){.mantissa = -1000})},
                             .value_count = 1};
    for (size_t i = 0; i < 3; i++) {
        left = 2;
        assert_int_equal(txn_begin(w->records, &options, &txn, &w->err), TN_OK);
        assert_int_equal(walk(txn, ask(txn, &wants[i])), TN_CANCELLED);
        txn_destroy(txn);
    }
}

static void a_walk_past_its_deadline_ends(void **state)
{
    struct txn_options options = {
        .portal = w->portal, .deadline_us = clock_mono_us() - 1, .is_read_only = true};
    struct want want = {.sort = -1};
    struct txn *txn = NULL;

    (void)state;
    tn_status st = txn_begin(w->records, &options, &txn, &w->err);
    if (st == TN_OK)
        st = walk(txn, ask(txn, &want));
    assert_int_equal(st, TN_DEADLINE_EXCEEDED);
    txn_destroy(txn);
}

/* Past QUERY_SORT_MAX candidates the other way is taken; the order must not change with it. */
static void many_candidates_are_sorted_as_few_are(void **state)
{
    struct want want = {.group_count = 1, .filter_count = {1}, .sort = PRICE};
    size_t count = QUERY_SORT_MAX * 2;

    (void)state;
    w->parts = calloc(count, sizeof(*w->parts));
    assert_non_null(w->parts);
    while (w->count < count) {
        struct txn *txn = begin();

        for (size_t i = 0; i < 3000 && w->count < count; i++) {
            struct part *part = &w->parts[w->count++];
            struct record *record = NULL;

            bool is_last = w->count == count; /* found last of all, as it has no price */
            part->values[PRICE] = rnd(9) && !is_last ? some_value(PRICE) : value_none();
            part->values[IS_OK] = value_integer(TN_BOOL, is_last || rnd(4) != 0);
            assert_int_equal(txn_create(txn, part_type(txn), &record, &w->err), TN_OK);
            assert_int_equal(
                record_write(record, property_of(txn, PRICE), &part->values[PRICE], &w->err),
                TN_OK);
            assert_int_equal(
                record_write(record, property_of(txn, IS_OK), &part->values[IS_OK], &w->err),
                TN_OK);
            part->id = record_id(record);
        }
        assert_int_equal(txn_commit_wait(txn, &w->err), TN_OK);
        txn_destroy(txn);
    }
    want.filters[0][0] = (struct want_filter){
        .property = IS_OK, .op = QUERY_EQ, .values = {value_integer(TN_BOOL, 1)}, .value_count = 1};
    size_t page_sizes[] = {7, 1000, count};
    for (size_t i = 0; i < 3; i++) {
        want.descending = !want.descending;
        check_same(&want, page_sizes[i]);
    }
    want.group_count = 2; /* or the few that are not: all of them */
    want.filter_count[1] = 1;
    want.filters[1][0] = (struct want_filter){
        .property = IS_OK, .op = QUERY_IN, .values = {value_integer(TN_BOOL, 0)}, .value_count = 1};
    check_same(&want, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_query_finds_what_a_walk_over_all_finds),
        cmocka_unit_test(one_filter_of_each_kind_finds_what_a_walk_finds),
        cmocka_unit_test(everything_is_found_in_pages_of_one),
        cmocka_unit_test(the_newest_come_first_in_pages_of_one),
        cmocka_unit_test(texts_longer_than_a_key_are_told_apart),
        cmocka_unit_test(cursor_of_another_portal_is_refused),
        cmocka_unit_test(cursors_of_other_queries_and_damaged_ones_are_refused),
        cmocka_unit_test(a_cancelled_walk_ends),
        cmocka_unit_test(a_walk_past_its_deadline_ends),
    };
    const struct CMUnitTest large[] = {
        cmocka_unit_test(many_candidates_are_sorted_as_few_are),
    };

    return cmocka_run_group_tests(tests, open_filled, close_world) +
           cmocka_run_group_tests(large, open_world, close_world);
}
