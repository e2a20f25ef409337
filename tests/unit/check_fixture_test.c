/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that stores which earlier versions wrote open, are sound, and say what they said. Each
 * format has one in fixtures/, made by fixtures/make.sh with FIXTURE_MAKE set to a new directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/check/check.h"
#include "core/record/change.h"
#include "core/record/rollup.h"
#include "tests/unit/fixture.h"

/* What the fixture of format 1 holds; never to be changed. */
#define MACHINE_COUNT 12

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

static void check_sound(struct fixture *f)
{
    const struct check_options options = {.store = f->store, .tell = fail_finding};
    struct check_counts counts = {0};

    err_clear(&f->err);
    if (check_store(&options, &counts, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    assert_int_equal(counts.findings, 0);
    assert_int_equal(counts.entries[STORE_ROWS], MACHINE_COUNT + 1);
}

static void unpack(const char *archive, const char *dir)
{
    char command[512];

    assert_in_range(
        snprintf(command, sizeof(command), "tar -xJf '%s' -C '%s'", archive, dir), 1, 511);
    assert_int_equal(system(command), 0);
}

static void store_of_format_1_opens_and_says_what_it_said(void **state)
{
    char dir[] = "/tmp/tenon-format-XXXXXX";
    struct fixture *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    unpack(FIXTURE_FOLDER "/store-format-1.tar.xz", dir);
    f = fixture_open_at(dir);
    check_sound(f);
    read_records(f);
    (void)fixture_machine(f, "Pump new"); /* and it can be written to */
    assert_int_equal(records_head(f->records, f->portal), 2 * MACHINE_COUNT + 3);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
