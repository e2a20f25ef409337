/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/unique.c: who has a unique value when it moves inside one transaction. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/record/txn.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

static int set_up(void **state)
{
    *state = fixture_open();
    return 0;
}

static int tear_down(void **state)
{
    fixture_close(*state);
    return 0;
}

static struct record *create(struct fixture *f, struct txn *txn, const char *serial)
{
    struct record *record;

    assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "serial", serial), TN_OK);
    return record;
}

static struct record *get(struct fixture *f, struct txn *txn, tn_id id)
{
    struct record *record = NULL;

    assert_int_equal(txn_get_any(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    return record;
}

static void accept(struct fixture *f, struct txn *txn)
{
    assert_int_equal(txn_prepare_changes(txn, &f->err), TN_OK);
}

static void must_refuse(struct fixture *f, struct txn *txn)
{
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);

    err_clear(&f->err);
    assert_int_equal(fixture_commit(f, txn), TN_ALREADY_EXISTS);
    assert_true(fixture_refused(f, "serial", "unique"));
    err_clear(&f->err);
    assert_int_equal(invariants_check(f->store, schema, f->portal->id, &f->err), TN_OK);
    schema_unref(schema);
}

static void value_written_back_after_another_took_it_is_refused(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "X");
    struct txn *txn = fixture_begin(f);

    assert_int_equal(fixture_set(f, get(f, txn, id), "serial", "Y"), TN_OK);
    (void)create(f, txn, "X");
    accept(f, txn);
    assert_int_equal(fixture_set(f, get(f, txn, id), "serial", "X"), TN_OK);
    must_refuse(f, txn);
}

static void record_archived_and_restored_around_another_is_refused(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "X");
    struct txn *txn = fixture_begin(f);

    assert_int_equal(txn_archive(get(f, txn, id), &f->err), TN_OK);
    (void)create(f, txn, "X");
    accept(f, txn);
    assert_int_equal(txn_restore(get(f, txn, id), &f->err), TN_OK);
    must_refuse(f, txn);
}

static void value_taken_after_a_restore_is_refused(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "X");
    struct txn *txn = fixture_begin(f);
    struct record *found;

    assert_int_equal(txn_archive(get(f, txn, id), &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    assert_int_equal(txn_restore(get(f, txn, id), &f->err), TN_OK);
    accept(f, txn);
    const struct tn_value value = value_text(TN_TEXT, utf8_str("x"));
    assert_int_equal(
        txn_get_by(txn, fixture_property(txn, "machines", "serial"), &value, &found, &f->err),
        TN_OK);
    assert_int_equal(record_id(found), id);
    (void)create(f, txn, "X");
    must_refuse(f, txn);
}

static void rollback_to_a_value_that_was_given_up_keeps_it_from_others(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct record *a = create(f, txn, "X");

    accept(f, txn);
    struct txn_mark mark = txn_mark(txn);
    assert_int_equal(fixture_set(f, a, "serial", "Y"), TN_OK);
    (void)create(f, txn, "X");
    txn_rollback(txn, mark);
    (void)create(f, txn, "X");
    must_refuse(f, txn);
}

static void only_the_later_of_two_new_records_is_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);

    (void)create(f, txn, "X");
    struct record *second = create(f, txn, "x");
    err_clear(&f->err);
    assert_int_equal(txn_prepare_changes(txn, &f->err), TN_ALREADY_EXISTS);
    assert_true(fixture_refused(f, "serial", "unique"));
    assert_int_equal(f->err.violation_count, 1);
    assert_null(strstr(f->err.message, "ID")); /* that of a new record names nothing */
    assert_int_equal(fixture_set(f, second, "serial", "Y"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void two_records_swap_their_values(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    tn_id b = fixture_machine(f, "B");
    struct txn *txn = fixture_begin(f);
    struct record *found;

    assert_int_equal(fixture_set(f, get(f, txn, a), "serial", "B"), TN_OK);
    assert_int_equal(fixture_set(f, get(f, txn, b), "serial", "A"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    const struct tn_value value = value_text(TN_TEXT, utf8_str("a"));
    assert_int_equal(
        txn_get_by(txn, fixture_property(txn, "machines", "serial"), &value, &found, &f->err),
        TN_OK);
    assert_int_equal(record_id(found), b);
    txn_destroy(txn);
}

/* "No room to compare" must not count as "another". */
static void check_that_runs_out_of_memory_accepts_nothing(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    tn_status st = TN_RESOURCE_EXHAUSTED;

    (void)create(f, txn, "X");
    (void)create(f, txn, "X");
    for (unsigned nth = 1; nth < 200 && st == TN_RESOURCE_EXHAUSTED; nth++) {
        err_clear(&f->err);
        mem_fail_at(nth);
        st = txn_prepare_changes(txn, &f->err);
        mem_fail_never();
    }
    assert_int_equal(st, TN_ALREADY_EXISTS);
    txn_destroy(txn);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(value_written_back_after_another_took_it_is_refused),
        CASE(record_archived_and_restored_around_another_is_refused),
        CASE(value_taken_after_a_restore_is_refused),
        CASE(only_the_later_of_two_new_records_is_refused),
        CASE(rollback_to_a_value_that_was_given_up_keeps_it_from_others),
        CASE(two_records_swap_their_values),
        CASE(check_that_runs_out_of_memory_accepts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
