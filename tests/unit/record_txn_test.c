/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/txn.c and what a commit makes of a transaction. */
#include "core/record/txn.h"

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/record/change.h"
#include "core/store/meta.h"
#include "tests/unit/fixture.h"

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

static struct record *get(struct fixture *f, struct txn *txn, const char *type, tn_id id)
{
    struct record *record = NULL;

    err_clear(&f->err);
    assert_int_equal(txn_get(txn, fixture_type(txn, type), id, &record, &f->err), TN_OK);
    return record;
}

static struct record *create(struct fixture *f, struct txn *txn, const char *serial)
{
    struct record *record = NULL;

    assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "serial", serial), TN_OK);
    return record;
}

static void committed_record_is_read_back_after_reopening(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct record *record = create(f, txn, "A-1");
    tn_id id = record_id(record);

    assert_int_equal(fixture_set(f, record, "price", "12.50"), TN_OK);
    assert_int_equal(fixture_set(f, record, "tags", "c;a"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    fixture_reopen(f);
    txn = fixture_begin(f);
    record = get(f, txn, "machines", id);
    assert_string_equal(fixture_get(record, "serial"), "A-1");
    assert_string_equal(fixture_get(record, "price"), "12.5");
    assert_string_equal(fixture_get(record, "state"), "new");
    assert_string_equal(fixture_get(record, "tags"), "a;c");
    assert_int_equal(record_version(record), 1);
    txn_destroy(txn);
}

static void destroyed_transaction_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    tn_id id = record_id(create(f, txn, "A-1"));
    struct record *record;

    txn_destroy(txn);
    txn = fixture_begin(f);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, NULL), TN_NOT_FOUND);
    txn_destroy(txn);
    assert_int_equal(records_head(f->records, f->portal), 0);
}

static void missing_required_value_is_refused_at_commit(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &record, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "serial", "required"));
}

static void wrong_values_are_refused_with_field_and_rule(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct record *record = create(f, txn, "A-1");
    const struct schema_property *price = fixture_property(txn, "machines", "price");
    struct tn_value text = value_text(TN_TEXT, utf8_str("ten"));
    struct tn_value bad_utf8 = value_text(TN_TEXT, (struct tn_str){"\xff", 1});

    assert_int_equal(record_write(record, price, &text, &f->err), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "price", "kind"));
    assert_int_equal(fixture_set(f, record, "state", "melted"), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "state", "option"));
    assert_int_equal(fixture_set(f, record, "tags", "a;z"), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "tags", "option"));
    assert_int_equal(fixture_set(f, record, "hours", "5"), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "hours", "read_only"));
    assert_int_equal(fixture_set(f, record, "site", "999"), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "site", "not_found"));
    assert_int_equal(
        record_write(record, fixture_property(txn, "machines", "serial"), &bad_utf8, &f->err),
        TN_INVALID_ARGUMENT);
    txn_destroy(txn);
}

static void declarer_writes_its_read_only_property(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct record *record = create(f, txn, "A-1");

    struct tn_str before = txn_set_writer(txn, utf8_str(fixture_plugin.id));
    assert_int_equal(fixture_set(f, record, "hours", "5"), TN_OK);
    (void)txn_set_writer(txn, before);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static void unique_value_is_refused_whatever_its_case(void **state)
{
    struct fixture *f = *state;
    tn_id first = fixture_machine(f, "Straße-1");
    struct txn *txn = fixture_begin(f);
    char id[32];

    (void)create(f, txn, "STRASSE-1");
    assert_int_equal(fixture_commit(f, txn), TN_ALREADY_EXISTS);
    assert_true(fixture_refused(f, "serial", "unique"));
    (void)snprintf(id, sizeof(id), "Existing ID: %llu", (unsigned long long)first);
    assert_non_null(strstr(f->err.message, id));
}

static void unique_value_twice_in_one_transaction_is_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);

    (void)create(f, txn, "A-1");
    (void)create(f, txn, "a-1");
    assert_int_equal(fixture_commit(f, txn), TN_ALREADY_EXISTS);
}

static void records_may_swap_unique_values(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    tn_id b = fixture_machine(f, "B");
    struct txn *txn = fixture_begin(f);

    assert_int_equal(fixture_set(f, get(f, txn, "machines", a), "serial", "B"), TN_OK);
    assert_int_equal(fixture_set(f, get(f, txn, "machines", b), "serial", "A"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    struct tn_value value = value_text(TN_TEXT, utf8_str("A"));
    struct record *record;
    assert_int_equal(
        txn_get_by(txn, fixture_property(txn, "machines", "serial"), &value, &record, &f->err),
        TN_OK);
    assert_int_equal(record_id(record), b);
    txn_destroy(txn);
}

static void archived_record_gives_up_its_unique_value(void **state)
{
    struct fixture *f = *state;
    tn_id old = fixture_machine(f, "A");
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_archive(get(f, txn, "machines", old), &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    (void)fixture_machine(f, "A");
    txn = fixture_begin(f);
    assert_int_equal(txn_get_any(txn, fixture_type(txn, "machines"), old, &record, &f->err), TN_OK);
    assert_int_equal(txn_restore(record, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_ALREADY_EXISTS);
}

static void stale_read_aborts_the_commit(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct txn *late = fixture_begin(f);
    struct txn *txn = fixture_begin(f);

    assert_int_equal(fixture_set(f, get(f, late, "machines", id), "price", "1"), TN_OK);
    assert_int_equal(fixture_set(f, get(f, txn, "machines", id), "weight", "2"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    assert_int_equal(fixture_commit(f, late), TN_ABORTED);
    txn = fixture_begin(f);
    assert_string_equal(fixture_get(get(f, txn, "machines", id), "price"), "");
    txn_destroy(txn);
}

static void write_that_changes_nothing_writes_nothing(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct txn *txn = fixture_begin(f);
    uint64_t head = records_head(f->records, f->portal);
    struct record *record = get(f, txn, "machines", id);

    assert_int_equal(fixture_set(f, record, "price", "1"), TN_OK);
    assert_int_equal(fixture_set(f, record, "price", ""), TN_OK);
    assert_false(record_is_changed(record));
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    assert_int_equal(records_head(f->records, f->portal), head);
}

static void rollback_to_a_mark_takes_out_only_what_came_after(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct record *kept = create(f, txn, "A");
    tn_id kept_id = record_id(kept);
    struct txn_mark mark = txn_mark(txn);
    tn_id dropped = record_id(create(f, txn, "B"));
    struct record *record;

    assert_int_equal(fixture_set(f, kept, "price", "5"), TN_OK);
    txn_rollback(txn, mark);
    assert_string_equal(fixture_get(kept, "price"), "");
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), dropped, &record, NULL),
                     TN_NOT_FOUND);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    (void)get(f, txn, "machines", kept_id);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), dropped, &record, NULL),
                     TN_NOT_FOUND);
    txn_destroy(txn);
    assert_int_equal(records_head(f->records, f->portal), 1);
}

static void record_of_one_portal_is_not_found_in_another(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct portal *portal = f->portal;
    struct record *record;

    f->portal = f->other;
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, NULL), TN_NOT_FOUND);
    (void)create(f, txn, "A"); /* uniqueness ends at the portal */
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    f->portal = portal;
}

static void change_log_tells_everything_without_gaps(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct txn *txn = fixture_begin(f);
    struct arena arena;
    struct change *changes;
    size_t count;

    assert_int_equal(fixture_set(f, get(f, txn, "machines", id), "price", "1"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    assert_int_equal(txn_archive(get(f, txn, "machines", id), &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    arena_init(&arena, SIZE_MAX);
    assert_int_equal(changes_read(f->records, f->portal, 0, 10, &arena, &changes, &count, &f->err),
                     TN_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(changes[i].number, i + 1);
    assert_int_equal(changes[0].kind, CHANGE_CREATED);
    assert_int_equal(changes[0].value_count, 2); /* serial and the initial state */
    assert_int_equal(changes[1].kind, CHANGE_UPDATED);
    assert_int_equal(changes[1].values[0].after.as.integer, 1);
    assert_int_equal(changes[1].version, 2);
    assert_int_equal(changes[2].kind, CHANGE_ARCHIVED);
    assert_true(utf8_is(changes[2].user, "tester"));
    arena_fini(&arena);
}

static void history_has_every_value_with_who_and_when(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct history_value *values;
    size_t count;

    for (int i = 0; i < 2; i++) {
        struct txn *txn = fixture_begin(f);

        assert_int_equal(
            fixture_set(f, get(f, txn, "machines", id), "state", i ? "broken" : "used"), TN_OK);
        assert_int_equal(fixture_commit(f, txn), TN_OK);
    }
    struct txn *txn = fixture_begin(f);
    uint32_t property = fixture_property(txn, "machines", "state")->id;
    assert_int_equal(history_read(get(f, txn, "machines", id), property, &values, &count, &f->err),
                     TN_OK);
    assert_int_equal(count, 3);
    assert_true(utf8_is(values[0].value.as.text, "broken"));
    assert_int_equal(values[0].change, 3);
    assert_true(utf8_is(values[1].value.as.text, "used"));
    assert_int_equal(values[1].change, 2);
    assert_true(utf8_is(values[2].value.as.text, "new"));
    assert_int_equal(values[2].change, 0);
    assert_true(utf8_is(values[2].source, "test"));
    assert_true(values[1].at_us >= values[2].at_us);
    txn_destroy(txn);
}

static void purge_leaves_no_value_behind(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "SECRET");
    struct txn *txn = fixture_begin(f);
    struct record *record;
    struct arena arena;
    struct change *changes;
    size_t count;

    assert_int_equal(txn_purge(get(f, txn, "machines", id), &f->err), TN_FAILED_PRECONDITION);
    txn_destroy(txn);
    txn = fixture_begin(f);
    assert_int_equal(txn_archive(get(f, txn, "machines", id), &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    assert_int_equal(txn_get_any(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_int_equal(txn_purge(record, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    assert_int_equal(txn_get_any(txn, fixture_type(txn, "machines"), id, &record, NULL),
                     TN_NOT_FOUND);
    txn_destroy(txn);
    arena_init(&arena, SIZE_MAX);
    assert_int_equal(changes_read(f->records, f->portal, 0, 10, &arena, &changes, &count, &f->err),
                     TN_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(changes[i].value_count, 0);
    assert_int_equal(changes[2].kind, CHANGE_PURGED);
    arena_fini(&arena);
}

static void key_gives_its_first_outcome_again(void **state)
{
    struct fixture *f = *state;
    const uint8_t hash[32] = {1};
    const uint8_t other_hash[32] = {2};
    const struct tn_str key = utf8_str("key-1");
    const struct tn_str method = utf8_str("Create");
    struct tn_bytes response = {(const uint8_t *)"done", 4};
    struct txn *txn = fixture_begin(f);

    assert_int_equal(txn_outcome(txn, key, method, hash, &response, &f->err), TN_NOT_FOUND);
    assert_int_equal(txn_prepare(txn, &f->err), TN_OK); /* the response is known only then */
    assert_int_equal(txn_keep_outcome(txn, key, method, hash, response, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    struct tn_bytes again;
    assert_int_equal(txn_outcome(txn, key, method, hash, &again, &f->err), TN_OK);
    assert_memory_equal(again.data, "done", 4);
    assert_int_equal(txn_outcome(txn, key, method, other_hash, &again, &f->err), TN_ALREADY_EXISTS);
    txn_destroy(txn);
}

static size_t count_outcomes(struct fixture *f)
{
    const uint8_t prefix = STORE_META_OUTCOME;
    struct tn_bytes key;
    struct tn_bytes value;
    size_t count = 0;
    struct store_cursor *walk = store_cursor_open(f->store,
                                                  NULL,
                                                  STORE_META,
                                                  f->portal->id,
                                                  (struct tn_bytes){&prefix, 1},
                                                  (struct tn_bytes){0},
                                                  false);

    assert_non_null(walk);
    while (store_cursor_next(walk, &key, &value, NULL) == TN_OK)
        count++;
    store_cursor_close(walk);
    return count;
}

static void outcome_that_has_ended_is_taken_away(void **state)
{
    struct fixture *f = *state;
    const uint8_t hash[32] = {1};
    const struct tn_bytes response = {(const uint8_t *)"done", 4};
    struct tn_bytes again;
    struct txn_options options = {.portal = f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX,
                                  .now_us = 1}; /* 1970: it ends a day later */
    struct txn *txn;

    assert_int_equal(txn_begin(f->records, &options, &txn, &f->err), TN_OK);
    assert_int_equal(
        txn_keep_outcome(txn, utf8_str("old"), utf8_str("Create"), hash, response, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    assert_int_equal(txn_outcome(txn, utf8_str("old"), utf8_str("Create"), hash, &again, &f->err),
                     TN_NOT_FOUND);
    assert_int_equal(
        txn_keep_outcome(txn, utf8_str("new"), utf8_str("Create"), hash, response, &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    assert_int_equal(count_outcomes(f), 2);
    fixture_reopen(f); /* a host that starts looks at its first commit */
    (void)fixture_machine(f, "A");
    assert_int_equal(count_outcomes(f), 1);
}

static void turn_wins_against_a_commit_that_came_between(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct txn_options options = {.portal = f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX,
                                  .takes_turn = true};
    struct txn *early = fixture_begin(f);
    struct txn *turn;

    assert_int_equal(fixture_set(f, get(f, early, "machines", id), "price", "1"), TN_OK);
    assert_int_equal(txn_begin(f->records, &options, &turn, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, get(f, turn, "machines", id), "price", "2"), TN_OK);
    assert_int_equal(fixture_commit(f, turn), TN_OK);
    assert_int_equal(fixture_commit(f, early), TN_ABORTED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(committed_record_is_read_back_after_reopening),
        CASE(destroyed_transaction_leaves_nothing),
        CASE(missing_required_value_is_refused_at_commit),
        CASE(wrong_values_are_refused_with_field_and_rule),
        CASE(declarer_writes_its_read_only_property),
        CASE(unique_value_is_refused_whatever_its_case),
        CASE(unique_value_twice_in_one_transaction_is_refused),
        CASE(records_may_swap_unique_values),
        CASE(archived_record_gives_up_its_unique_value),
        CASE(stale_read_aborts_the_commit),
        CASE(write_that_changes_nothing_writes_nothing),
        CASE(rollback_to_a_mark_takes_out_only_what_came_after),
        CASE(record_of_one_portal_is_not_found_in_another),
        CASE(change_log_tells_everything_without_gaps),
        CASE(history_has_every_value_with_who_and_when),
        CASE(purge_leaves_no_value_behind),
        CASE(key_gives_its_first_outcome_again),
        CASE(outcome_that_has_ended_is_taken_away),
        CASE(turn_wins_against_a_commit_that_came_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
