/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests core/check: a sound store has no findings, and one entry of each kind of key that is
 * removed, changed or added is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/access/token.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/check/check.h"
#include "core/graph/edge.h"
#include "core/store/key.h"
#include "core/store/meta.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

#define TOLD_SIZE 16384
#define ENTRY_MAX 4096

/* Everything that was told, a line each. */
struct told {
    char text[TOLD_SIZE];
    size_t len;
    uint64_t count;
};

struct entry {
    struct buf key;
    struct buf value;
};

static void note(void *ctx, const struct check_finding *finding)
{
    struct told *told = ctx;
    int len = snprintf(told->text + told->len,
                       TOLD_SIZE - told->len,
                       "%u %s [%s] %s\n",
                       finding->portal,
                       finding->family_name ? finding->family_name : "?",
                       finding->key,
                       finding->problem);

    if (len > 0 && told->len + (size_t)len < TOLD_SIZE)
        told->len += (size_t)len;
    told->count++;
}

static void check_all(struct fixture *f, struct told *told)
{
    const struct check_options options = {.store = f->store, .tell = note, .ctx = told};
    struct check_counts counts = {0};

    *told = (struct told){.len = 0};
    err_clear(&f->err);
    if (check_store(&options, &counts, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    assert_int_equal(counts.findings, told->count);
}

static void must_be_sound(struct fixture *f)
{
    struct told *told = calloc(1, sizeof(*told));

    assert_non_null(told);
    check_all(f, told);
    if (told->count)
        fail_msg("%s", told->text);
    free(told);
}

/* `family`, and some part of the key, are in one finding. */
static void must_name(struct fixture *f, const char *family, const char *key)
{
    struct told *told = calloc(1, sizeof(*told));
    char start[32];
    bool is_named = false;

    assert_non_null(told);
    check_all(f, told);
    (void)snprintf(start, sizeof(start), " %s [", family);
    for (const char *line = told->text; *line && !is_named;) {
        const char *end = strchr(line, '\n');
        const char *at = strstr(line, start);
        const char *found = strstr(line, key);

        is_named = at && at < end && found && found < end;
        line = end + 1;
    }
    if (!is_named)
        fail_msg("no finding of %s names \"%s\":\n%s", family, key, told->text);
    free(told);
}

static void put(struct fixture *f, enum store_family family, uint32_t portal, struct tn_bytes key,
                const struct tn_bytes *value)
{
    struct store_batch *batch = store_batch_create();

    assert_non_null(batch);
    if (value)
        store_batch_put(batch, family, portal, key, *value);
    else
        store_batch_delete(batch, family, portal, key);
    assert_int_equal(store_write(f->store, batch, false, &f->err), TN_OK);
    store_batch_destroy(batch);
}

/* The entries of a family that start with `prefix`. */
static size_t entries_of(struct fixture *f, enum store_family family, uint32_t portal,
                         const char *prefix, struct entry *entries)
{
    const struct tn_bytes start = {(const uint8_t *)prefix, strlen(prefix)};
    struct store_cursor *cursor =
        store_cursor_open(f->store, NULL, family, portal, start, (struct tn_bytes){0}, false);
    struct tn_bytes key;
    struct tn_bytes value;
    size_t count = 0;

    assert_non_null(cursor);
    while (store_cursor_next(cursor, &key, &value, &f->err) == TN_OK) {
        assert_true(count < ENTRY_MAX);
        entries[count] = (struct entry){{0}, {0}};
        assert_int_equal(buf_add(&entries[count].key, key.data, key.len), TN_OK);
        assert_int_equal(buf_add(&entries[count].value, value.data, value.len), TN_OK);
        count++;
    }
    store_cursor_close(cursor);
    return count;
}

static void free_entries(struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_fini(&entries[i].key);
        buf_fini(&entries[i].value);
    }
    free(entries);
}

/* What can be done to an entry. */
enum harm { REMOVED = 1, CHANGED = 2, MOVED = 4, ADDED = 8 };

/*
 * Every kind of key, by family, portal and start of the key. What no check could see, because what
 * is left is a store that could have come about: `unseen`, and why. The format has one more entry,
 * in a family that only core/store names: a store in which it is damaged does not open
 * (store_format_test).
 */
static const struct kind {
    const char *name;
    enum store_family family;
    bool is_of_host;
    const char *prefix;
    unsigned unseen; /* of enum harm */
    const char *why;
} kinds[] = {
    {"rows", STORE_ROWS, false, "", 0, ""},
    {"index", STORE_INDEX, false, "", 0, ""},
    {"unique", STORE_UNIQUE, false, "", 0, ""},
    {"words", STORE_WORDS, false, "", 0, ""},
    {"edges", STORE_EDGES, false, "", 0, ""},
    {"history", STORE_HISTORY, false, "", 0, ""},
    {"rollup", STORE_ROLLUP, false, "", 0, ""},
    {"log", STORE_LOG, false, "", 0, ""},
    {"due", STORE_DUE, true, "", 0, ""},
    {"head", STORE_META, false, "h", 0, ""},
    {"outcomes", STORE_META, false, "o", 0, ""},
    {"shapes", STORE_META, false, "r", REMOVED, "a roll-up without its shape is counted anew"},
    {"definitions of the portal", STORE_META, false, "s", 0, ""},
    {"settings", STORE_META, false, "vs", REMOVED | MOVED | ADDED, "an operator may set anything"},
    {"imports", STORE_META, false, "vi", 0, ""},
    {"definitions of the host", STORE_META, true, "s", 0, ""},
    {"portals", STORE_META, true, "p", 0, ""},
    {"tokens", STORE_META, true, "t", REMOVED | MOVED, "a key is the hash of what nobody keeps"},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* A machine, linked, changed, archived and restored, one purged, an outcome, and definitions. */
static void change_record(struct fixture *f, tn_id id, const char *property, const char *text)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, property, text), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void link_records(struct fixture *f, const char *name, tn_id from, tn_id to)
{
    struct txn *txn = fixture_begin(f);
    const struct schema_association *association = fixture_association(txn, name);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), from, &record, &f->err), TN_OK);
    assert_int_equal(txn_link(txn, association, false, record, to, 0, true, NULL, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void archive(struct fixture *f, tn_id id, bool purges)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_int_equal(txn_archive(record, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    if (!purges)
        return;
    txn = fixture_begin(f);
    assert_int_equal(txn_get_any(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_int_equal(txn_purge(record, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void keep_outcome(struct fixture *f)
{
    static const uint8_t hash[32] = {1};
    struct txn *txn = fixture_begin(f);
    const struct tn_bytes response = {(const uint8_t *)"done", 4};
    const struct tn_bytes setting = {(const uint8_t *)"\x0a\x02no", 4};
    const struct tn_bytes import = {(const uint8_t *)"\x0a\x01m", 3}; /* its type */
    const struct tn_bytes newest = {(const uint8_t *)"\0\0\0\0\0\0\0\1", 8};

    assert_int_equal(
        txn_keep_outcome(txn, utf8_str("key-1"), utf8_str("a.B/C"), hash, response, &f->err),
        TN_OK);
    assert_int_equal(txn_put_meta(txn, utf8_str("setting/a/b"), setting, &f->err), TN_OK);
    assert_int_equal(txn_put_meta(txn, utf8_str("import-newest"), newest, &f->err), TN_OK);
    assert_int_equal(txn_put_meta(txn, utf8_str("import/1"), import, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void make_tokens(struct fixture *f)
{
    struct tokens *tokens;
    const struct token_grant grant = {
        .name = utf8_str("till"), .scopes = TOKEN_READ, .creator = utf8_str("tester")};
    char secret[TOKEN_SECRET_SIZE];
    struct token *token;

    assert_int_equal(tokens_open(f->store, &tokens, &f->err), TN_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tokens_create(tokens, f->portal, &grant, secret, &token, &f->err), TN_OK);
        token_unref(token);
    }
    tokens_close(tokens);
}

static void fill(struct fixture *f)
{
    struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .user = utf8_str("tester"), .now_us = 1};
    const struct catalog_type_request type = {.name = utf8_str("lorries")};
    const struct catalog_property_request property = {.type = utf8_str("machines"),
                                                      .name = utf8_str("colour"),
                                                      .kind = TN_TEXT,
                                                      .flags = TN_INDEXED | TN_SEARCHABLE};
    tn_id a = fixture_machine(f, "Pump A");
    tn_id b = fixture_machine(f, "Pump B");
    tn_id gone = fixture_machine(f, "Gone");
    tn_id site = fixture_site(f, "North yard");

    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_type = &type}, &f->err),
        TN_OK);
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &property}, &f->err),
        TN_OK);
    change_record(f, a, "price", "12.5");
    change_record(f, a, "price", "13");
    change_record(f, b, "colour", "dark green");
    change_record(f, b, "state", "used");
    change_record(f, b, "price", "7");
    change_record(f, a, "weight", "3");
    change_record(f, b, "weight", "2");
    link_records(f, "machine_to_site", a, site);
    link_records(f, "machine_to_machine", a, b);
    change_record(f, gone, "price", "99");
    archive(f, gone, true);
    archive(f, fixture_machine(f, "Pump C"), false);
    keep_outcome(f);
    make_tokens(f);
    f->portal = f->other; /* a portal that nobody has written to would not be missed */
    (void)fixture_site(f, "Elsewhere");
    f->portal = portals_find(f->portals, utf8_str("main"));
}

static int set_up(void **state)
{
    struct fixture *f = fixture_open();

    fill(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_close(*state);
    return 0;
}

static void sound_store_has_no_findings(void **state)
{
    must_be_sound(*state);
}

/* Whether a finding is of that portal and family. */
static bool is_told(const struct told *told, uint32_t portal, enum store_family family)
{
    char start[64];

    (void)snprintf(start, sizeof(start), "%u %s [", portal, check_family_name(family));
    for (const char *line = told->text; line && *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, start, strlen(start)) == 0)
            return true;
    return false;
}

/* The harm that was done to an entry is told of its portal and family, or it is none that could be.
 */
static void check_told(struct fixture *f, const struct kind *kind, uint32_t portal, enum harm harm,
                       const char *what)
{
    struct told *told = calloc(1, sizeof(*told));

    assert_non_null(told);
    check_all(f, told);
    if (kind->unseen & harm) {
        if (told->count)
            fail_msg(
                "%s entry of %s is told although %s:\n%s", what, kind->name, kind->why, told->text);
    } else if (!is_told(told, portal, kind->family)) {
        fail_msg("%s entry of %s is not told:\n%s", what, kind->name, told->text);
    }
    free(told);
}

typedef void (*harm_fn)(struct fixture *f, const struct kind *kind, uint32_t portal,
                        const struct entry *entry);

/* Calls `harm` for every entry of every kind, and puts what it harmed back in order. */
static void harm_each(struct fixture *f, harm_fn harm)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        uint32_t portal = kinds[i].is_of_host ? 0 : f->portal->id;
        struct entry *entries = calloc(ENTRY_MAX, sizeof(*entries));

        assert_non_null(entries);
        size_t count = entries_of(f, kinds[i].family, portal, kinds[i].prefix, entries);
        if (count == 0)
            fail_msg("there are no %s", kinds[i].name);
        for (size_t j = 0; j < count; j++) {
            const struct tn_bytes value = buf_bytes(&entries[j].value);

            harm(f, &kinds[i], portal, &entries[j]);
            put(f, kinds[i].family, portal, buf_bytes(&entries[j].key), &value);
        }
        free_entries(entries, count);
    }
    must_be_sound(f);
}

static void remove_one(struct fixture *f, const struct kind *kind, uint32_t portal,
                       const struct entry *entry)
{
    put(f, kind->family, portal, buf_bytes(&entry->key), NULL);
    check_told(f, kind, portal, REMOVED, "a removed");
}

static void removed_entry_is_missed(void **state)
{
    harm_each(*state, remove_one);
}

/* A byte of its value, or one more where there is none. */
static void corrupt_one(struct fixture *f, const struct kind *kind, uint32_t portal,
                        const struct entry *entry)
{
    struct buf value = {0};

    assert_int_equal(buf_add(&value, entry->value.data, entry->value.len), TN_OK);
    if (value.len)
        value.data[0] ^= 0x55;
    else
        assert_int_equal(buf_add_u8(&value, 1), TN_OK);
    const struct tn_bytes bytes = buf_bytes(&value);
    put(f, kind->family, portal, buf_bytes(&entry->key), &bytes);
    buf_fini(&value);
    check_told(f, kind, portal, CHANGED, "a changed");
}

static void changed_value_is_seen(void **state)
{
    harm_each(*state, corrupt_one);
}

/* Puts the entry under another key, which is not that of another entry; OWNED. */
static struct buf put_elsewhere(struct fixture *f, const struct kind *kind, uint32_t portal,
                                const struct entry *entry)
{
    const struct tn_bytes value = buf_bytes(&entry->value);
    struct buf key = {0};

    assert_int_equal(buf_add(&key, entry->key.data, entry->key.len), TN_OK);
    if (key.len > 1)
        key.data[key.len - 1] ^= 0x40;
    else
        assert_int_equal(buf_add_u8(&key, 'x'), TN_OK);
    put(f, kind->family, portal, buf_bytes(&key), &value);
    return key;
}

static void move_one(struct fixture *f, const struct kind *kind, uint32_t portal,
                     const struct entry *entry)
{
    struct buf key = put_elsewhere(f, kind, portal, entry);

    put(f, kind->family, portal, buf_bytes(&entry->key), NULL);
    check_told(f, kind, portal, MOVED, "a moved");
    put(f, kind->family, portal, buf_bytes(&key), NULL);
    buf_fini(&key);
}

static void changed_key_is_seen(void **state)
{
    harm_each(*state, move_one);
}

static void add_one(struct fixture *f, const struct kind *kind, uint32_t portal,
                    const struct entry *entry)
{
    struct buf key = put_elsewhere(f, kind, portal, entry);

    check_told(f, kind, portal, ADDED, "an added");
    put(f, kind->family, portal, buf_bytes(&key), NULL);
    buf_fini(&key);
}

static void added_entry_is_seen(void **state)
{
    harm_each(*state, add_one);
}

/* A key that nobody would write: in each family, and of each owner of values. */
static void key_of_no_kind_is_seen(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < KIND_COUNT; i++) {
        uint32_t portal = kinds[i].is_of_host ? 0 : f->portal->id;
        const struct tn_bytes value = {(const uint8_t *)"?", 1};
        char text[16];
        int len = snprintf(text, sizeof(text), "%s?", kinds[i].prefix);
        const struct tn_bytes key = {(const uint8_t *)text, (size_t)len};

        put(f, kinds[i].family, portal, key, &value);
        check_told(f,
                   &(struct kind){kinds[i].name, kinds[i].family, false, "", 0, ""},
                   portal,
                   ADDED,
                   "a strange");
        put(f, kinds[i].family, portal, key, NULL);
    }
    must_be_sound(f);
}

/* Every byte of every value: what is stored is all looked at, but for what only its reader knows.
 */
static void any_changed_byte_of_a_value_is_seen(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; kinds[i].family != STORE_LOG; i++) {
        uint32_t portal = kinds[i].is_of_host ? 0 : f->portal->id;
        struct entry *entries = calloc(ENTRY_MAX, sizeof(*entries));
        struct told *told = calloc(1, sizeof(*told));

        assert_true(entries && told);
        size_t count = entries_of(f, kinds[i].family, portal, "", entries);
        for (size_t j = 0; j < count; j++) {
            const struct tn_bytes value = buf_bytes(&entries[j].value);

            for (size_t k = 0; k < value.len; k++) {
                entries[j].value.data[k] ^= 1;
                put(f, kinds[i].family, portal, buf_bytes(&entries[j].key), &value);
                check_all(f, told);
                entries[j].value.data[k] ^= 1;
                if (told->count == 0)
                    fail_msg("%s: byte %zu of entry %zu is not seen", kinds[i].name, k, j);
            }
            put(f, kinds[i].family, portal, buf_bytes(&entries[j].key), &value);
        }
        free(told);
        free_entries(entries, count);
    }
    must_be_sound(f);
}

/* A definition that reads well and makes no sense is a finding, not the end of the check. */
static void any_changed_byte_of_a_definition_is_survived(void **state)
{
    static const uint8_t masks[] = {0x01, 0x55, 0x80};
    struct fixture *f = *state;
    struct told *told = calloc(1, sizeof(*told));
    struct entry *entries = calloc(ENTRY_MAX, sizeof(*entries));

    assert_true(told && entries);
    size_t count = entries_of(f, STORE_META, f->portal->id, "s", entries);
    for (size_t i = 0; i < count; i++) {
        const struct tn_bytes value = buf_bytes(&entries[i].value);

        for (size_t k = 0; k < value.len * sizeof(masks); k++) {
            uint8_t *byte = &entries[i].value.data[k / sizeof(masks)];

            *byte ^= masks[k % sizeof(masks)];
            put(f, STORE_META, f->portal->id, buf_bytes(&entries[i].key), &value);
            check_all(f, told);
            *byte ^= masks[k % sizeof(masks)];
        }
        put(f, STORE_META, f->portal->id, buf_bytes(&entries[i].key), &value);
    }
    free_entries(entries, count);
    free(told);
    must_be_sound(f);
}

/* What a finding says */

static void take_first(struct fixture *f, enum store_family family, const char *prefix)
{
    struct entry *entries = calloc(ENTRY_MAX, sizeof(*entries));

    assert_non_null(entries);
    size_t count = entries_of(f, family, f->portal->id, prefix, entries);
    assert_true(count > 0);
    put(f, family, f->portal->id, buf_bytes(&entries[0].key), NULL);
    free_entries(entries, count);
}

static void missing_index_entry_is_named_by_record_and_property(void **state)
{
    struct fixture *f = *state;

    take_first(f, STORE_UNIQUE, "");
    must_name(f, "unique", "machines.serial = ");
    take_first(f, STORE_WORDS, "");
    must_name(f, "words", ", word ");
    take_first(f, STORE_INDEX, "");
    must_name(f, "index", "machines.");
}

static void missing_direction_of_a_link_is_named_by_its_ends(void **state)
{
    struct fixture *f = *state;

    take_first(f, STORE_EDGES, "");
    must_name(f, "edges", "machine_to_site");
}

static void gap_in_the_log_is_named_by_its_change(void **state)
{
    struct fixture *f = *state;
    struct buf key = {0};

    assert_int_equal(key_log(&key, 3), TN_OK);
    put(f, STORE_LOG, f->portal->id, buf_bytes(&key), NULL);
    buf_fini(&key);
    must_name(f, "log", "should be 3");
}

static void missing_totals_are_named_by_their_group(void **state)
{
    take_first(*state, STORE_ROLLUP, "");
    must_name(*state, "rollup", "machines_by_state: ");
}

static void missing_history_is_named_by_record_and_change(void **state)
{
    take_first(*state, STORE_HISTORY, "");
    must_name(*state, "history", ", change ");
}

static void too_many_links_are_named(void **state)
{
    struct fixture *f = *state;
    struct store_batch *batch = store_batch_create();
    struct txn *txn = fixture_begin(f);
    const struct schema_association *association = fixture_association(txn, "machine_to_site");
    const struct edge_value value = {.created_us = 1, .is_primary_of_from = true};

    assert_non_null(batch);
    txn_destroy(txn);
    tn_id site = fixture_site(f, "South yard"); /* the machine is at North yard already */
    const struct edge edge = {association, 1, site};
    assert_int_equal(edge_put(batch, f->portal->id, &edge, &value), TN_OK);
    assert_int_equal(store_write(f->store, batch, false, &f->err), TN_OK);
    store_batch_destroy(batch);
    must_name(f, "edges", "limit");
    must_name(f, "edges", "second primary");
}

static void keys_of_no_portal_are_named(void **state)
{
    struct fixture *f = *state;
    const struct tn_bytes any = {(const uint8_t *)"xx", 2};

    put(f, STORE_ROWS, 4711, any, &any);
    must_name(f, "rows", "4711");
}

static void id_above_the_next_one_is_named(void **state)
{
    struct fixture *f = *state;
    struct entry *entries = calloc(ENTRY_MAX, sizeof(*entries));

    assert_non_null(entries);
    size_t count = entries_of(f, STORE_META, f->portal->id, "h", entries);
    assert_int_equal(count, 1);
    write_u64(entries[0].value.data + 9, 2);
    const struct tn_bytes value = buf_bytes(&entries[0].value);
    put(f, STORE_META, f->portal->id, buf_bytes(&entries[0].key), &value);
    free_entries(entries, count);
    must_name(f, "meta", "next record");
}

static void store_opened_for_reading_is_checked_and_not_changed(void **state)
{
    struct fixture *f = *state;
    struct store_options options = {.is_read_only = true};
    struct store *second = NULL;
    struct check_counts counts = {0};
    struct told *told = calloc(1, sizeof(*told));

    assert_non_null(told);
    err_clear(&f->err);
    assert_int_equal(store_open(f->dir, &options, &second, &f->err), TN_UNAVAILABLE);
    err_clear(&f->err);
    fixture_suspend(f);
    assert_int_equal(store_open(f->dir, &options, &second, &f->err), TN_OK);
    const struct check_options check = {.store = second, .tell = note, .ctx = told};
    assert_int_equal(check_store(&check, &counts, &f->err), TN_OK);
    assert_int_equal(told->count, 0);
    assert_int_equal(counts.portals, 2);
    assert_true(counts.entries[STORE_ROWS] > 0);

    struct store_batch *batch = store_batch_create();
    assert_non_null(batch);
    store_batch_put(
        batch, STORE_META, 1, (struct tn_bytes){(const uint8_t *)"v", 1}, (struct tn_bytes){0});
    assert_int_not_equal(store_write(second, batch, true, NULL), TN_OK);
    store_batch_destroy(batch);
    store_close(second);
    fixture_resume(f);
    free(told);
}

static void check_survives_any_failed_allocation(void **state)
{
    struct fixture *f = *state;
    unsigned nth;

    for (nth = 1; nth < 100000; nth += nth < 200 ? 1 : 37) {
        struct told *told = calloc(1, sizeof(*told));
        const struct check_options options = {.store = f->store, .tell = note, .ctx = told};
        struct check_counts counts = {0};

        assert_non_null(told);
        mem_fail_at(nth);
        tn_status st = check_store(&options, &counts, NULL);
        mem_fail_never();
        if (told->count)
            fail_msg("allocation %u that fails is told as a fault: %s", nth, told->text);
        free(told);
        if (st == TN_OK)
            break;
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    }
    assert_in_range(nth, 2, 99999);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sound_store_has_no_findings),
        CASE(removed_entry_is_missed),
        CASE(changed_value_is_seen),
        CASE(any_changed_byte_of_a_definition_is_survived),
        CASE(changed_key_is_seen),
        CASE(added_entry_is_seen),
        CASE(key_of_no_kind_is_seen),
        CASE(any_changed_byte_of_a_value_is_seen),
        CASE(missing_index_entry_is_named_by_record_and_property),
        CASE(missing_direction_of_a_link_is_named_by_its_ends),
        CASE(gap_in_the_log_is_named_by_its_change),
        CASE(missing_totals_are_named_by_their_group),
        CASE(missing_history_is_named_by_record_and_change),
        CASE(too_many_links_are_named),
        CASE(keys_of_no_portal_are_named),
        CASE(id_above_the_next_one_is_named),
        CASE(store_opened_for_reading_is_checked_and_not_changed),
        CASE(check_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
