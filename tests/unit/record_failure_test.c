/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/committer.c: groups that are not written, and what is right after them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/record/state.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

/* For what takes no time to speak of. */
#define PATIENCE_US ((int64_t)30 * 1000000)

/* A driver between the committer and the local one: it holds groups back, and fails some. */
struct gate {
    struct fixture *f;
    struct log_driver real;
    pthread_mutex_t mu;
    pthread_cond_t moved;
    bool is_held;
    bool has_arrived;
    unsigned fail_count;
    enum log_outcome failure;
};

static void gate_commit(void *ctx, struct log_commit *commits, size_t count, struct err *err)
{
    struct gate *gate = ctx;

    (void)pthread_mutex_lock(&gate->mu);
    gate->has_arrived = true;
    (void)pthread_cond_broadcast(&gate->moved);
    while (gate->is_held)
        (void)pthread_cond_wait(&gate->moved, &gate->mu);
    bool fails = gate->fail_count > 0;
    gate->fail_count -= fails;
    (void)pthread_mutex_unlock(&gate->mu);
    if (!fails) {
        gate->real.commit(gate->real.ctx, commits, count, err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        commits[i].outcome = gate->failure;
}

static void gate_set(struct gate *gate, bool is_held)
{
    (void)pthread_mutex_lock(&gate->mu);
    gate->is_held = is_held;
    gate->has_arrived = false;
    (void)pthread_cond_broadcast(&gate->moved);
    (void)pthread_mutex_unlock(&gate->mu);
}

static void gate_await(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->mu);
    while (!gate->has_arrived)
        (void)pthread_cond_wait(&gate->moved, &gate->mu);
    (void)pthread_mutex_unlock(&gate->mu);
}

static int set_up(void **state)
{
    struct gate *gate = calloc(1, sizeof(*gate));

    assert_non_null(gate);
    gate->f = fixture_open();
    (void)pthread_mutex_init(&gate->mu, NULL);
    (void)pthread_cond_init(&gate->moved, NULL);
    gate->real = gate->f->records->driver;
    gate->f->records->driver.ctx = gate;
    gate->f->records->driver.commit = gate_commit;
    *state = gate;
    return 0;
}

static int tear_down(void **state)
{
    struct gate *gate = *state;

    fixture_close(gate->f);
    (void)pthread_cond_destroy(&gate->moved);
    (void)pthread_mutex_destroy(&gate->mu);
    free(gate);
    return 0;
}

static void must_hold(struct fixture *f)
{
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);

    err_clear(&f->err);
    if (invariants_check(f->store, schema, f->portal->id, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    schema_unref(schema);
}

static struct txn *begin_write(struct fixture *f, tn_id id, const char *price)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "price", price), TN_OK);
    return txn;
}

struct waiter {
    struct gate *gate;
    struct txn *txn;
    tn_status status;
    bool is_done; /* guarded by gate->mu */
};

static void note_done(void *ctx, tn_status status, const struct err *err)
{
    struct waiter *waiter = ctx;

    (void)err;
    (void)pthread_mutex_lock(&waiter->gate->mu);
    waiter->status = status;
    waiter->is_done = true;
    (void)pthread_cond_broadcast(&waiter->gate->moved);
    (void)pthread_mutex_unlock(&waiter->gate->mu);
}

static void submit(struct waiter *waiter)
{
    assert_int_equal(txn_commit(waiter->txn, note_done, waiter, &waiter->gate->f->err), TN_OK);
}

static tn_status await(struct waiter *waiter)
{
    (void)pthread_mutex_lock(&waiter->gate->mu);
    while (!waiter->is_done)
        (void)pthread_cond_wait(&waiter->gate->moved, &waiter->gate->mu);
    (void)pthread_mutex_unlock(&waiter->gate->mu);
    txn_destroy(waiter->txn);
    return waiter->status;
}

static void await_mending(struct fixture *f)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (records_is_frozen(f->records)) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
}

static void full_disk_refuses_and_the_next_try_wins(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id id = fixture_machine(f, "A");

    gate->failure = LOG_FULL;
    gate->fail_count = 1;
    assert_int_equal(fixture_commit(f, begin_write(f, id, "1")), TN_RESOURCE_EXHAUSTED);
    assert_int_equal(records_head(f->records, f->portal), 1);
    /* It must not lose against the marks of its own group, which was not written. */
    assert_int_equal(fixture_commit(f, begin_write(f, id, "2")), TN_OK);
    assert_int_equal(records_head(f->records, f->portal), 2);
    must_hold(f);
}

static void failed_group_leaves_totals_as_they_were(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id id = fixture_machine(f, "A");

    assert_int_equal(fixture_commit(f, begin_write(f, id, "10")), TN_OK);
    gate->failure = LOG_UNAVAILABLE;
    for (int i = 0; i < 3; i++) {
        gate->fail_count = 1;
        assert_int_equal(fixture_commit(f, begin_write(f, id, "99")), TN_UNAVAILABLE);
        must_hold(f);
    }
    assert_int_equal(fixture_commit(f, begin_write(f, id, "11")), TN_OK);
    must_hold(f);
}

static void unknown_outcome_freezes_portals_until_the_store_was_opened_again(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id id = fixture_machine(f, "A");

    /* Somebody reads: the store cannot be opened again meanwhile. */
    struct store_cursor *reader = store_cursor_open(f->store,
                                                    NULL,
                                                    STORE_ROWS,
                                                    f->portal->id,
                                                    (struct tn_bytes){0},
                                                    (struct tn_bytes){0},
                                                    false);
    struct txn *early = begin_write(f, id, "2");
    gate->failure = LOG_UNKNOWN;
    gate->fail_count = 1;
    assert_int_equal(fixture_commit(f, begin_write(f, id, "1")), TN_UNAVAILABLE);
    assert_non_null(strstr(f->err.message, "unknown"));
    assert_true(records_is_frozen(f->records));
    assert_int_equal(fixture_commit(f, early), TN_UNAVAILABLE);
    assert_non_null(strstr(f->err.message, "nothing was written"));
    store_cursor_close(reader);
    await_mending(f);
    assert_int_equal(fixture_commit(f, begin_write(f, id, "2")), TN_OK);
    must_hold(f);
}

static void members_of_a_failed_group_can_all_try_again(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id ids[3] = {fixture_machine(f, "A"), fixture_machine(f, "B"), fixture_machine(f, "C")};
    struct waiter waiters[3];

    for (int i = 0; i < 3; i++)
        waiters[i] = (struct waiter){.gate = gate, .txn = begin_write(f, ids[i], "5")};
    gate_set(gate, true);
    submit(&waiters[0]);
    gate_await(gate);
    submit(&waiters[1]); /* these two wait together */
    submit(&waiters[2]);
    gate->failure = LOG_FULL;
    gate->fail_count = 2;
    gate_set(gate, false);
    for (int i = 0; i < 3; i++)
        assert_int_equal(await(&waiters[i]), TN_RESOURCE_EXHAUSTED);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fixture_commit(f, begin_write(f, ids[i], "6")), TN_OK);
    must_hold(f);
}

static void sum_without_room_is_refused_and_its_neighbour_tries_again(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id a = fixture_machine(f, "A");
    tn_id b = fixture_machine(f, "B");
    tn_id c = fixture_machine(f, "C");
    struct waiter waiters[3] = {{.gate = gate}, {.gate = gate}, {.gate = gate}};
    struct record *record;

    waiters[0].txn = begin_write(f, c, "1");
    waiters[1].txn = begin_write(f, b, "2");
    waiters[2].txn = begin_write(f, a, "9000000000000000000e18");
    assert_int_equal(
        txn_get(waiters[2].txn, fixture_type(waiters[2].txn, "machines"), a, &record, &f->err),
        TN_OK);
    assert_int_equal(fixture_set(f, record, "weight", "9000000000000000000e18"), TN_OK);
    gate_set(gate, true);
    submit(&waiters[0]);
    gate_await(gate);
    submit(&waiters[1]);
    submit(&waiters[2]);
    gate_set(gate, false);
    assert_int_equal(await(&waiters[0]), TN_OK);
    assert_int_equal(await(&waiters[1]), TN_ABORTED);
    assert_int_equal(await(&waiters[2]), TN_OUT_OF_RANGE);
    assert_int_equal(fixture_commit(f, begin_write(f, b, "2")), TN_OK);
    must_hold(f);
}

static void too_large_a_transaction_fails_alone(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    struct txn *txn = fixture_begin(f);
    char *text = malloc(TXN_TEXT_SIZE_MAX + 1);

    assert_non_null(text);
    memset(text, 'x', TXN_TEXT_SIZE_MAX);
    text[TXN_TEXT_SIZE_MAX] = '\0';
    for (int i = 0; i < 400; i++) {
        struct record *record;

        assert_int_equal(txn_create(txn, fixture_type(txn, "sites"), &record, &f->err), TN_OK);
        assert_int_equal(fixture_set(f, record, "name", text), TN_OK);
    }
    free(text);
    assert_int_equal(fixture_commit(f, txn), TN_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(f->err.message, "split"));
    (void)fixture_machine(f, "A");
    assert_int_equal(records_head(f->records, f->portal), 1);
}

static void schema_change_that_was_not_written_leaves_nothing(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .user = utf8_str("tester"), .now_us = 1};
    struct catalog_type_request request = {.name = utf8_str("lorries")};

    gate->failure = LOG_FULL;
    gate->fail_count = 1;
    err_clear(&f->err);
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_type = &request}, &f->err),
        TN_RESOURCE_EXHAUSTED);
    struct txn *txn = fixture_begin(f);
    assert_null(schema_type_by_name(txn_schema(txn), utf8_str("lorries")));
    txn_destroy(txn);
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_type = &request}, &f->err),
        TN_OK);
    fixture_reopen(f);
    txn = fixture_begin(f);
    assert_non_null(schema_type_by_name(txn_schema(txn), utf8_str("lorries")));
    txn_destroy(txn);
    must_hold(f);
}

static void refused_schema_change_does_not_fail_what_waits_beside_it(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id a = fixture_machine(f, "A");
    tn_id b = fixture_machine(f, "B");
    struct waiter waiters[2] = {{.gate = gate, .txn = begin_write(f, a, "1")},
                                {.gate = gate, .txn = begin_write(f, b, "1")}};
    struct txn_options options = {.portal = f->portal, .now_us = 1};
    struct catalog_type_request request = {.name = utf8_str("Not A Name")};

    gate_set(gate, true);
    submit(&waiters[0]);
    gate_await(gate);
    submit(&waiters[1]);
    gate_set(gate, false);
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_type = &request}, &f->err),
        TN_INVALID_ARGUMENT);
    assert_int_equal(await(&waiters[0]), TN_OK);
    assert_int_equal(await(&waiters[1]), TN_OK);
}

static void who_waits_for_a_turn_at_the_end_is_told(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id id = fixture_machine(f, "A");
    struct waiter waiter = {.gate = gate, .txn = begin_write(f, id, "1")};
    struct txn_options options = {
        .portal = f->portal, .deadline_us = INT64_MAX, .takes_turn = true};
    struct txn *turn;

    assert_int_equal(txn_begin(f->records, &options, &turn, &f->err), TN_OK);
    submit(&waiter);
    committer_stop(f->records);
    assert_int_equal(await(&waiter), TN_UNAVAILABLE);
    txn_destroy(turn);
}

static tn_status take_turn(struct fixture *f, int64_t deadline_us, struct txn **ret_txn)
{
    struct txn_options options = {
        .portal = f->portal, .deadline_us = deadline_us, .takes_turn = true};

    err_clear(&f->err);
    return txn_begin(f->records, &options, ret_txn, &f->err);
}

static void waiting_for_a_turn_ends_with_the_call(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    struct txn *turn = NULL;
    struct txn *second = NULL;

    assert_int_equal(take_turn(f, INT64_MAX, &turn), TN_OK);
    assert_int_equal(take_turn(f, clock_mono_us() + 20000, &second), TN_DEADLINE_EXCEEDED);
    assert_int_equal(f->err.status, TN_DEADLINE_EXCEEDED);
    assert_null(second);
    txn_destroy(turn);
    /* It did not take the turn with it. */
    assert_int_equal(take_turn(f, clock_mono_us() + PATIENCE_US, &second), TN_OK);
    txn_destroy(second);
}

static void turn_given_up_during_a_write_is_the_next_ones(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    struct waiter waiter = {.gate = gate, .txn = begin_write(f, fixture_machine(f, "A"), "1")};
    struct txn *turn = NULL;

    gate_set(gate, true);
    submit(&waiter);
    gate_await(gate);
    assert_int_equal(take_turn(f, clock_mono_us() + 20000, &turn), TN_DEADLINE_EXCEEDED);
    gate_set(gate, false);
    assert_int_equal(await(&waiter), TN_OK);
    assert_int_equal(take_turn(f, clock_mono_us() + PATIENCE_US, &turn), TN_OK);
    txn_destroy(turn);
}

static tn_status is_cancelled(void *ctx)
{
    (void)ctx;
    return TN_CANCELLED;
}

static void waiting_for_a_turn_ends_when_nobody_waits_for_the_call(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    struct txn_options options = {
        .portal = f->portal, .deadline_us = INT64_MAX, .state = is_cancelled, .takes_turn = true};
    struct txn *turn = NULL;
    struct txn *second = NULL;

    assert_int_equal(take_turn(f, INT64_MAX, &turn), TN_OK);
    err_clear(&f->err);
    assert_int_equal(txn_begin(f->records, &options, &second, &f->err), TN_CANCELLED);
    txn_destroy(turn);
}

static void commit_that_waits_for_a_turn_to_end_is_told_at_its_deadline(void **state)
{
    struct gate *gate = *state;
    struct fixture *f = gate->f;
    tn_id id = fixture_machine(f, "A");
    struct waiter waiters[2] = {{.gate = gate, .txn = begin_write(f, id, "1")},
                                {.gate = gate, .txn = begin_write(f, id, "2")}};
    struct txn *turn = NULL;

    waiters[0].txn->deadline_us = clock_mono_us() + 30000;
    assert_int_equal(take_turn(f, INT64_MAX, &turn), TN_OK);
    submit(&waiters[1]);
    submit(&waiters[0]);
    assert_int_equal(await(&waiters[0]), TN_DEADLINE_EXCEEDED);
    txn_destroy(turn);
    assert_int_equal(await(&waiters[1]), TN_OK); /* the other one still waited */
    must_hold(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(full_disk_refuses_and_the_next_try_wins),
        CASE(failed_group_leaves_totals_as_they_were),
        CASE(unknown_outcome_freezes_portals_until_the_store_was_opened_again),
        CASE(members_of_a_failed_group_can_all_try_again),
        CASE(sum_without_room_is_refused_and_its_neighbour_tries_again),
        CASE(too_large_a_transaction_fails_alone),
        CASE(schema_change_that_was_not_written_leaves_nothing),
        CASE(refused_schema_change_does_not_fail_what_waits_beside_it),
        CASE(who_waits_for_a_turn_at_the_end_is_told),
        CASE(waiting_for_a_turn_ends_with_the_call),
        CASE(turn_given_up_during_a_write_is_the_next_ones),
        CASE(waiting_for_a_turn_ends_when_nobody_waits_for_the_call),
        CASE(commit_that_waits_for_a_turn_to_end_is_told_at_its_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
