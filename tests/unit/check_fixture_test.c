/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that stores which earlier versions wrote open, are sound, and say what they said. Each
 * format has one in fixtures/, made by fixtures/make.sh with FIXTURE_MAKE set to a new directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/check/check.h"
#include "core/record/change.h"
#include "core/record/rollup.h"
#include "core/store/key.h"
#include "tests/unit/fixture.h"

/* What the fixtures of every format hold; never to be changed. */
#define MACHINE_COUNT 12
/* What store-format-1-numbers holds beside: sites "+45 (0)33 12 34 56", "12345678", "Paris 33 12 34
 * 56 78", an archived "04 78 12 34 56", and between them machine "0033.478.123456". */
#define NUMBERS_MACHINE 4
#define NUMBERS_WORDS_IN_1 16
#define NUMBERS_WORDS 10

static void fail_finding(void *ctx, const struct check_finding *finding)
{
    (void)ctx;
    fail_msg(
        "%u %s [%s]: %s", finding->portal, finding->family_name, finding->key, finding->problem);
}

/* Record 1 is a site, machines follow. */
static void write_records(struct fixture *f)
{
    static const uint8_t hash[32] = {7};
    const struct tn_bytes response = {(const uint8_t *)"answer", 6};
    tn_id site = fixture_site(f, "Nørrebro élan");
    struct record *record;
    struct txn *txn;

    for (int i = 0; i < MACHINE_COUNT; i++) {
        char text[16];

        (void)snprintf(text, sizeof(text), "Pump %d", i);
        tn_id id = fixture_machine(f, text);
        txn = fixture_begin(f);
        assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
        (void)snprintf(text, sizeof(text), "%d.25", i);
        assert_int_equal(fixture_set(f, record, "price", text), TN_OK);
        assert_int_equal(fixture_set(f, record, "installed_on", "2024-02-29"), TN_OK);
        assert_int_equal(fixture_set(f, record, "state", i % 2 ? "used" : "new"), TN_OK);
        if (i < 2)
            assert_int_equal(txn_link(txn,
                                      fixture_association(txn, "machine_to_site"),
                                      false,
                                      record,
                                      site,
                                      1,
                                      true,
                                      NULL,
                                      &f->err),
                             TN_OK);
        assert_int_equal(fixture_commit(f, txn), TN_OK);
    }
    txn = fixture_begin(f);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), 13, &record, &f->err), TN_OK);
    assert_int_equal(txn_archive(record, &f->err), TN_OK);
    assert_int_equal(
        txn_keep_outcome(txn, utf8_str("key"), utf8_str("a.B/C"), hash, response, &f->err), TN_OK);
    assert_int_equal(txn_put_meta(txn, utf8_str("setting/x"), response, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void read_totals(struct fixture *f, struct txn *txn)
{
    const struct schema_rollup *rollup =
        schema_rollup_by_name(txn_schema(txn), utf8_str("machines_by_state"));
    struct rollup_group *groups;
    uint64_t sum = 0;
    size_t count;

    assert_non_null(rollup);
    assert_int_equal(rollup_read(txn, rollup, NULL, 0, &groups, &count, &f->err), TN_OK);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++)
        sum += groups[i].count;
    assert_int_equal(sum, MACHINE_COUNT - 1);
}

static void read_records(struct fixture *f)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;
    struct txn_link *links;
    struct history_value *history;
    size_t count;
    bool more;

    assert_int_equal(txn_get(txn, fixture_type(txn, "sites"), 1, &record, &f->err), TN_OK);
    assert_string_equal(fixture_get(record, "name"), "Nørrebro élan");
    assert_int_equal(txn_linked(record, NULL, false, 0, 10, &links, &count, &more, &f->err), TN_OK);
    assert_int_equal(count, 2);
    assert_int_equal(links[0].labels, 1);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), 5, &record, &f->err), TN_OK);
    assert_string_equal(fixture_get(record, "serial"), "Pump 3");
    assert_string_equal(fixture_get(record, "price"), "3.25");
    assert_string_equal(fixture_get(record, "installed_on"), "2024-02-29");
    assert_string_equal(fixture_get(record, "state"), "used");
    const struct schema_property *state = fixture_property(txn, "machines", "state");
    assert_int_equal(history_read(record, state->id, &history, &count, &f->err), TN_OK);
    assert_int_equal(count, 2);
    assert_true(utf8_is(history[1].value.as.text, "new"));
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), 13, &record, &f->err),
                     TN_NOT_FOUND);
    read_totals(f, txn);
    txn_destroy(txn);
    assert_int_equal(records_head(f->records, f->portal), 2 * MACHINE_COUNT + 2);
}

static void expect_sound(struct store *store, enum store_family family, uint64_t count)
{
    const struct check_options options = {.store = store, .tell = fail_finding};
    struct check_counts counts = {0};
    struct err err;

    err_init(&err, NULL);
    if (check_store(&options, &counts, &err) != TN_OK)
        fail_msg("%s", err.message);
    assert_int_equal(counts.findings, 0);
    assert_int_equal(counts.entries[family], count);
}

static void check_sound(struct fixture *f)
{
    expect_sound(f->store, STORE_ROWS, MACHINE_COUNT + 1);
}

static void unpack(const char *archive, const char *dir)
{
    char command[512];

    assert_in_range(
        snprintf(command, sizeof(command), "tar -xJf '%s' -C '%s'", archive, dir), 1, 511);
    assert_int_equal(system(command), 0);
}

static void opens_and_says_what_it_said(const char *archive)
{
    char dir[] = "/tmp/tenon-format-XXXXXX";
    struct fixture *f;

    assert_non_null(mkdtemp(dir));
    unpack(archive, dir);
    f = fixture_open_at(dir);
    assert_int_equal(store_format(f->store), STORE_FORMAT);
    check_sound(f);
    read_records(f);
    (void)fixture_machine(f, "Pump new"); /* and it can be written to */
    assert_int_equal(records_head(f->records, f->portal), 2 * MACHINE_COUNT + 3);
    fixture_close(f);
}

static void store_of_format_1_opens_and_says_what_it_said(void **state)
{
    (void)state;
    opens_and_says_what_it_said(FIXTURE_FOLDER "/store-format-1.tar.xz");
}

static void store_of_format_2_opens_and_says_what_it_said(void **state)
{
    (void)state;
    opens_and_says_what_it_said(FIXTURE_FOLDER "/store-format-2.tar.xz");
}

/* Renewing words */

static tn_status open_alone(const char *dir, bool is_read_only, struct store **ret_store)
{
    const struct store_options options = {.is_read_only = is_read_only};
    struct err err;

    err_init(&err, NULL);
    return store_open(dir, &options, ret_store, &err);
}

static void numbers_of_format_1_are_sound_before_and_after_they_become_one_word(void **state)
{
    char dir[] = "/tmp/tenon-format-XXXXXX";
    struct store *store = NULL;
    struct fixture *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    unpack(FIXTURE_FOLDER "/store-format-1-numbers.tar.xz", dir);
    assert_int_equal(open_alone(dir, true, &store), TN_OK);
    assert_int_equal(store_format(store), 1);
    expect_sound(store, STORE_WORDS, NUMBERS_WORDS_IN_1);
    store_close(store);
    f = fixture_open_at(dir);
    assert_int_equal(store_format(f->store), 2);
    expect_sound(f->store, STORE_WORDS, NUMBERS_WORDS);
    fixture_reopen(f);
    expect_sound(f->store, STORE_WORDS, NUMBERS_WORDS);
    fixture_close(f);
}

static void put_word(struct store *store, const char *type, const char *word)
{
    static const uint8_t bits[8] = {[7] = 1};
    struct store_batch *batch = store_batch_create();
    struct catalog *catalog = NULL;
    struct buf key = {0};

    assert_int_equal(catalog_open_stored(store, &catalog, NULL), TN_OK);
    struct schema *schema = catalog_schema(catalog, 1);
    const struct schema_type *found = schema_type_by_name(schema, utf8_str(type));
    assert_non_null(found);
    assert_int_equal(key_word(&key, found->id, utf8_str(word), NUMBERS_MACHINE), TN_OK);
    store_batch_put(batch, STORE_WORDS, 1, buf_bytes(&key), (struct tn_bytes){bits, sizeof(bits)});
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);
    store_batch_destroy(batch);
    schema_unref(schema);
    catalog_close(catalog);
    buf_fini(&key);
}

/* The entry inside says 1 still, and one of the new words is there. */
static void a_renewal_that_was_cut_short_is_begun_again(void **state)
{
    char dir[] = "/tmp/tenon-format-XXXXXX";
    struct store *store = NULL;
    struct fixture *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    unpack(FIXTURE_FOLDER "/store-format-1-numbers.tar.xz", dir);
    assert_int_equal(open_alone(dir, false, &store), TN_OK);
    assert_int_equal(store_renew_begin(store, NULL), TN_OK);
    put_word(store, "machines", "#65432187433");
    store_close(store);
    assert_int_equal(open_alone(dir, true, &store), TN_FAILED_PRECONDITION);
    f = fixture_open_at(dir);
    assert_int_equal(store_format(f->store), 2);
    expect_sound(f->store, STORE_WORDS, NUMBERS_WORDS);
    fixture_close(f);
}

static void renewing_survives_any_failed_allocation(void **state)
{
    char dir[] = "/tmp/tenon-format-XXXXXX";
    tn_status st = TN_RESOURCE_EXHAUSTED;
    unsigned nth = 1;

    (void)state;
    assert_non_null(mkdtemp(dir));
    unpack(FIXTURE_FOLDER "/store-format-1-numbers.tar.xz", dir);
    for (; st != TN_OK && nth < 200; nth++) {
        struct records_options options = {0};
        struct records *records = NULL;

        assert_int_equal(open_alone(dir, false, &options.store), TN_OK);
        assert_int_equal(catalog_open_stored(options.store, &options.catalog, NULL), TN_OK);
        assert_int_equal(portals_open(options.store, &options.portals, NULL), TN_OK);
        mem_fail_at(nth);
        st = records_create(&options, &records, NULL);
        mem_fail_never();
        assert_int_equal(store_format(options.store), st == TN_OK ? 2 : 1);
        records_destroy(records);
        portals_close(options.portals);
        catalog_close(options.catalog);
        store_close(options.store);
    }
    assert_int_equal(st, TN_OK);
    assert_true(nth > 10); /* some failed */
    struct fixture *f = fixture_open_at(dir);
    expect_sound(f->store, STORE_WORDS, NUMBERS_WORDS);
    fixture_close(f);
}

/* What make.sh packs; by default a store that is thrown away, so that this keeps working. */
static void store_of_this_version_says_the_same(void **state)
{
    const char *dir = getenv("FIXTURE_MAKE");
    struct fixture *f = dir ? fixture_open_at(dir) : fixture_open();

    (void)state;
    write_records(f);
    check_sound(f);
    read_records(f);
    fixture_reopen(f);
    read_records(f);
    if (dir)
        fixture_leave(f);
    else
        fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_of_this_version_says_the_same),
        cmocka_unit_test(store_of_format_1_opens_and_says_what_it_said),
        cmocka_unit_test(numbers_of_format_1_are_sound_before_and_after_they_become_one_word),
        cmocka_unit_test(a_renewal_that_was_cut_short_is_begun_again),
        cmocka_unit_test(renewing_survives_any_failed_allocation),
        cmocka_unit_test(store_of_format_2_opens_and_says_what_it_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
