/* SPDX-License-Identifier: Apache-2.0 */
/* filled.c - see filled.h. */
#include "tests/unit/filled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/access/token.h"
#include "core/base/utf8.h"
#include "core/blob/blobs.h"
#include "core/record/timer.h"

void filled_put(struct fixture *f, enum store_family family, uint32_t portal, struct tn_bytes key,
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

bool filled_has(struct fixture *f, enum store_family family, uint32_t portal, struct tn_bytes key)
{
    tn_status st = store_has(f->store, NULL, family, portal, key, &f->err);

    assert_true(st == TN_OK || st == TN_NOT_FOUND);
    return st == TN_OK;
}

size_t filled_entries(struct fixture *f, enum store_family family, uint32_t portal,
                      const char *prefix, struct filled_entry *entries)
{
    const struct tn_bytes start = {(const uint8_t *)prefix, strlen(prefix)};
    struct store_cursor *cursor =
        store_cursor_open(f->store, NULL, family, portal, start, (struct tn_bytes){0}, false);
    struct tn_bytes key;
    struct tn_bytes value;
    size_t count = 0;

    assert_non_null(cursor);
    while (store_cursor_next(cursor, &key, &value, &f->err) == TN_OK) {
        assert_true(count < FILLED_ENTRY_MAX);
        entries[count] = (struct filled_entry){{0}, {0}};
        assert_int_equal(buf_add(&entries[count].key, key.data, key.len), TN_OK);
        assert_int_equal(buf_add(&entries[count].value, value.data, value.len), TN_OK);
        count++;
    }
    store_cursor_close(cursor);
    return count;
}

void filled_free(struct filled_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_fini(&entries[i].key);
        buf_fini(&entries[i].value);
    }
    free(entries);
}

const struct filled_kind filled_kinds[] = {
    {"rows", STORE_ROWS, false, "", 0, ""},
    {"index", STORE_INDEX, false, "", 0, ""},
    {"unique", STORE_UNIQUE, false, "", 0, ""},
    {"words", STORE_WORDS, false, "", 0, ""},
    {"edges", STORE_EDGES, false, "", 0, ""},
    {"history", STORE_HISTORY, false, "", 0, ""},
    {"rollup", STORE_ROLLUP, false, "", 0, ""},
    {"log", STORE_LOG, false, "", 0, ""},
    {"due", STORE_DUE, true, "", 0, ""},
    {"blobs", STORE_META, false, "b", 0, ""},
    {"timers by time", STORE_DUE, false, "", 0, ""},
    {"head", STORE_META, false, "h", 0, ""},
    {"outcomes", STORE_META, false, "o", 0, ""},
    {"shapes",
     STORE_META,
     false,
     "r",
     FILLED_REMOVED,
     "a roll-up without its shape is counted anew"},
    {"definitions of the portal", STORE_META, false, "s", 0, ""},
    {"settings",
     STORE_META,
     false,
     "vs",
     FILLED_REMOVED | FILLED_MOVED | FILLED_ADDED,
     "an operator may set anything"},
    {"imports", STORE_META, false, "vi", 0, ""},
    {"timers by record", STORE_META, false, "d", 0, ""},
    {"cursors",
     STORE_META,
     false,
     "vc",
     FILLED_ADDED,
     "a consumer is known once all portals have its cursor"},
    {"dead letters", STORE_META, false, "vd", 0, ""},
    {"consumers",
     STORE_META,
     true,
     "c",
     FILLED_REMOVED,
     "a consumer is known once all portals have its cursor"},
    {"definitions of the host", STORE_META, true, "s", 0, ""},
    {"portals", STORE_META, true, "p", 0, ""},
    {"tokens",
     STORE_META,
     true,
     "t",
     FILLED_REMOVED | FILLED_MOVED,
     "a key is the hash of what nobody keeps"},
};
const size_t filled_kind_count = sizeof(filled_kinds) / sizeof(filled_kinds[0]);

static void change_record(struct fixture *f, tn_id id, const char *property, const char *text)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, property, text), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

void filled_blob_dir(const struct fixture *f, char dir[static FILLED_BLOB_DIR_SIZE])
{
    (void)snprintf(dir, FILLED_BLOB_DIR_SIZE, "%s/blobs", f->dir);
}

static void make_blob(struct fixture *f, const char *text, uint8_t hash[static VALUE_BLOB_SIZE])
{
    char dir[FILLED_BLOB_DIR_SIZE];
    const struct blobs_options options = {.records = f->records, .dir = dir, .is_quiet = true};
    const struct tn_bytes bytes = {(const uint8_t *)text, strlen(text)};
    const uint32_t portal = f->portal->id;
    struct blobs *blobs = NULL;
    uint64_t upload = 0;
    uint64_t size = 0;

    filled_blob_dir(f, dir);
    assert_int_equal(blobs_open(&options, &blobs, &f->err), TN_OK);
    assert_int_equal(blobs_begin(blobs, portal, &upload, &f->err), TN_OK);
    assert_int_equal(blobs_append(blobs, portal, upload, 0, bytes, &size, &f->err), TN_OK);
    assert_int_equal(blobs_seal(blobs, portal, upload, NULL, size, hash, &size, &f->err), TN_OK);
    blobs_close(blobs);
}

void filled_make_blob(struct fixture *f, const char *text)
{
    uint8_t hash[VALUE_BLOB_SIZE];

    make_blob(f, text, hash);
}

/* A blob that two records name. */
static void name_blob(struct fixture *f, tn_id first, tn_id second)
{
    const tn_id ids[] = {first, second};
    uint8_t hash[VALUE_BLOB_SIZE];

    make_blob(f, "how to use it", hash);
    struct txn *txn = fixture_begin(f);
    const struct tn_value value =
        value_text(TN_BLOB, (struct tn_str){(const char *)hash, VALUE_BLOB_SIZE});
    for (size_t i = 0; i < 2; i++) {
        struct record *record;

        assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), ids[i], &record, &f->err),
                         TN_OK);
        assert_int_equal(
            record_write(record, fixture_property(txn, "machines", "manual"), &value, &f->err),
            TN_OK);
    }
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

/* As core/plugin/consumers.c does for a consumer. */
static void keep_cursor(struct fixture *f)
{
    const struct tn_bytes known = {(const uint8_t *)"\0\0\0\1", 4}; /* since the first portal */
    const struct tn_bytes cursor = {(const uint8_t *)"\x08\x03", 2};
    struct txn *txn = fixture_begin(f);

    assert_int_equal(txn_put_meta(txn, utf8_str("cursor/a.b/c"), cursor, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    filled_put(f, STORE_META, 0, (struct tn_bytes){(const uint8_t *)"ca.b/c", 6}, &known);
}

/* As core/plugin/letters.c does for a change and a firing. */
static void keep_letters(struct fixture *f)
{
    static const struct {
        const char *key;
        const char *value;
        size_t len;
    } letters[] = {
        {"dead/consumer/a.b/c/00000000000000000001",
         "\x0a\x09\x08\x01\x10\x02\x20\x03\x3a\x01x",
         11},
        {"dead-count/consumer/a.b/c", "\x08\x01", 2},
        {"dead/timer/a.b/ring/00000000000000000001",
         "\x0a\x09\x08\x01\x18\x02\x20\x03\x3a\x01x",
         11},
        {"dead-count/timer/a.b/ring", "\x08\x01", 2},
    };
    struct txn *txn = fixture_begin(f);

    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        const struct tn_bytes value = {(const uint8_t *)letters[i].value, letters[i].len};

        assert_int_equal(txn_put_meta(txn, utf8_str(letters[i].key), value, &f->err), TN_OK);
    }
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void set_timer(struct fixture *f, tn_id id)
{
    const struct timer timer = {.due_us = 1000000, .wake_us = 2000000, .failed_count = 1};
    const struct timer ruled = {.due_us = 3000000,
                                .wake_us = 3000000,
                                .rule = utf8_str("FREQ=WEEKLY;BYDAY=MO"),
                                .begun_us = 1000000};
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_int_equal(timer_set(record, utf8_str("a.b/ring"), &timer, &f->err), TN_OK);
    assert_int_equal(timer_set(record, utf8_str("a.b/ruled"), &ruled, &f->err), TN_OK);
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

void filled_fill(struct fixture *f)
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
    name_blob(f, a, b);
    keep_outcome(f);
    keep_cursor(f);
    keep_letters(f);
    set_timer(f, a);
    make_tokens(f);
    f->portal = f->other; /* a portal that nobody has written to would not be missed */
    (void)fixture_site(f, "Elsewhere");
    f->portal = portals_find(f->portals, utf8_str("main"));
}
