/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/committer.c: races, and totals that stay exact under them. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/record/change.h"
#include "core/record/rollup.h"
#include "core/record/txn.h"
#include "tests/unit/fixture.h"

#define THREADS 4
#define ROUNDS 40

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

struct racer {
    struct fixture *f;
    int index;
    tn_id target;
    pthread_barrier_t *barrier;
    unsigned won;
    unsigned unexpected;
};

/* cmocka's assertions belong to the main thread, so racers count. */
static tn_status begin(struct racer *r, struct err *err, bool takes_turn, struct txn **ret_txn)
{
    struct txn_options options = {.portal = r->f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("racer"),
                                  .deadline_us = INT64_MAX,
                                  .takes_turn = takes_turn};

    err_init(err, NULL);
    return txn_begin(r->f->records, &options, ret_txn, err);
}

static tn_status end(struct txn *txn, tn_status st, struct err *err)
{
    if (st == TN_OK)
        st = txn_commit_wait(txn, err);
    txn_destroy(txn);
    return st;
}

static void race(struct fixture *f, tn_id target, void *(*run)(void *), struct racer *racers)
{
    pthread_barrier_t barrier;
    pthread_t threads[THREADS];

    (void)pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){.f = f, .index = i, .target = target, .barrier = &barrier};
        assert_int_equal(pthread_create(&threads[i], NULL, run, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    (void)pthread_barrier_destroy(&barrier);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(racers[i].unexpected, 0);
}

static tn_status set_text(struct record *record, struct txn *txn, const char *name,
                          const char *text, struct err *err)
{
    const struct schema_property *property =
        schema_property_by_name(txn_schema(txn), record_type(record), utf8_str(name));
    struct tn_value value;

    TRY(value_parse(property->kind, utf8_str(text), name, &value, err));
    return record_write(record, property, &value, err);
}

/* Everybody creates the same serials; a conflict is run again, as the host does. */
static void *create_same(void *arg)
{
    struct racer *r = arg;

    for (int i = 0; i < ROUNDS; i++) {
        char serial[16];
        tn_status st;

        (void)snprintf(serial, sizeof(serial), "S-%d", i);
        (void)pthread_barrier_wait(r->barrier);
        do {
            struct txn *txn;
            struct record *record;
            struct err err;

            st = begin(r, &err, false, &txn);
            if (st != TN_OK)
                break;
            const struct schema_type *type =
                schema_type_by_name(txn_schema(txn), utf8_str("machines"));
            st = txn_create(txn, type, &record, &err);
            if (st == TN_OK)
                st = set_text(record, txn, "serial", serial, &err);
            st = end(txn, st, &err);
        } while (st == TN_ABORTED);
        r->won += st == TN_OK;
        r->unexpected += st != TN_OK && st != TN_ALREADY_EXISTS;
    }
    return NULL;
}

static void unique_value_is_given_to_exactly_one(void **state)
{
    struct racer racers[THREADS];
    unsigned won = 0;

    race(*state, 0, create_same, racers);
    for (int i = 0; i < THREADS; i++)
        won += racers[i].won;
    assert_int_equal(won, ROUNDS);
}

/* Everybody adds 1 to the same number, compare-and-set by what was read. */
static void *increment(void *arg)
{
    struct racer *r = arg;

    (void)pthread_barrier_wait(r->barrier);
    for (int i = 0; i < ROUNDS; i++) {
        tn_status st = TN_ABORTED;

        for (int attempt = 0; st == TN_ABORTED; attempt++) {
            struct txn *txn;
            struct record *record;
            struct err err;

            st = begin(r, &err, attempt >= 3, &txn);
            if (st != TN_OK)
                break;
            const struct schema_type *type =
                schema_type_by_name(txn_schema(txn), utf8_str("machines"));
            const struct schema_property *price =
                schema_property_by_name(txn_schema(txn), type, utf8_str("price"));
            struct tn_value value = value_none();
            st = txn_get(txn, type, r->target, &record, &err);
            if (st == TN_OK)
                st = record_read(record, price, &value);
            struct decimal sum = {0};
            if (st == TN_OK)
                st = decimal_add(value.kind ? (struct decimal){value.as.integer, value.exponent}
                                            : (struct decimal){0, 0},
                                 (struct decimal){1, 0},
                                 &sum);
            value = value_number(sum);
            if (st == TN_OK)
                st = record_write(record, price, &value, &err);
            st = end(txn, st, &err);
            if (attempt >= 3)
                r->unexpected += st == TN_ABORTED; /* who has the turn cannot lose */
        }
        r->won += st == TN_OK;
        r->unexpected += st != TN_OK;
    }
    return NULL;
}

static void no_update_is_lost_and_nobody_starves(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct racer racers[THREADS];
    struct record *record;
    char expected[16];

    race(f, id, increment, racers);
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    (void)snprintf(expected, sizeof(expected), "%d", THREADS * ROUNDS);
    assert_string_equal(fixture_get(record, "price"), expected);
    assert_int_equal(record_version(record), 1 + THREADS * ROUNDS);
    txn_destroy(txn);
}

/* Everybody links a machine of its own to the same site, which takes two. */
static void *link_own(void *arg)
{
    struct racer *r = arg;
    char serial[16];
    struct err err;
    struct txn *txn;
    struct record *machine;
    tn_status st;

    (void)snprintf(serial, sizeof(serial), "L-%d", r->index);
    (void)pthread_barrier_wait(r->barrier);
    do {
        st = begin(r, &err, false, &txn);
        if (st != TN_OK)
            break;
        bool is_inverse;
        const struct schema_type *type = schema_type_by_name(txn_schema(txn), utf8_str("machines"));
        const struct schema_association *association =
            schema_association_by_name(txn_schema(txn), utf8_str("machine_to_site"), &is_inverse);
        st = txn_create(txn, type, &machine, &err);
        if (st == TN_OK)
            st = set_text(machine, txn, "serial", serial, &err);
        if (st == TN_OK)
            st = txn_link(txn, association, false, machine, r->target, 0, false, NULL, &err);
        st = end(txn, st, &err);
    } while (st == TN_ABORTED);
    r->won += st == TN_OK;
    r->unexpected += st != TN_OK && st != TN_FAILED_PRECONDITION;
    return NULL;
}

static void limit_of_links_holds_under_a_race(void **state)
{
    struct fixture *f = *state;
    struct racer racers[THREADS];
    unsigned won = 0;

    race(f, fixture_site(f, "Paris"), link_own, racers);
    for (int i = 0; i < THREADS; i++)
        won += racers[i].won;
    assert_int_equal(won, 2);
}

static void group_of(struct fixture *f, const char *state_name, struct rollup_group *ret_group)
{
    struct txn *txn = fixture_begin(f);
    struct tn_value value = value_text(TN_CHOICE, utf8_str(state_name));
    struct rollup_group *groups;
    size_t count;

    assert_int_equal(
        rollup_read(txn,
                    schema_rollup_by_name(txn_schema(txn), utf8_str("machines_by_state")),
                    &value,
                    1,
                    &groups,
                    &count,
                    &f->err),
        TN_OK);
    *ret_group = (struct rollup_group){0};
    static struct decimal sums[2];
    for (size_t i = 0; i < count; i++) {
        ret_group->count += groups[i].count;
        sums[0] = groups[i].sums[0];
        sums[1] = groups[i].sums[1];
        ret_group->sums = sums;
    }
    txn_destroy(txn);
}

static tn_status change_machine(struct fixture *f, tn_id id, const char *property, const char *text)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    if (property)
        assert_int_equal(fixture_set(f, record, property, text), TN_OK);
    else
        assert_int_equal(txn_archive(record, &f->err), TN_OK);
    return fixture_commit(f, txn);
}

static void totals_follow_every_change(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    tn_id b = fixture_machine(f, "B");
    struct rollup_group group;

    assert_int_equal(change_machine(f, a, "price", "10.50"), TN_OK);
    assert_int_equal(change_machine(f, a, "weight", "0.1"), TN_OK);
    assert_int_equal(change_machine(f, b, "price", "0.25"), TN_OK);
    group_of(f, "new", &group);
    assert_int_equal(group.count, 2);
    assert_int_equal(decimal_compare(group.sums[0], (struct decimal){1075, -2}), 0);
    assert_int_equal(decimal_compare(group.sums[1], (struct decimal){105, -2}), 0);
    assert_int_equal(change_machine(f, b, "state", "used"), TN_OK);
    group_of(f, "new", &group);
    assert_int_equal(group.count, 1);
    fixture_reopen(f);
    group_of(f, "used", &group);
    assert_int_equal(group.count, 1);
    assert_int_equal(decimal_compare(group.sums[0], (struct decimal){25, -2}), 0);
    assert_int_equal(change_machine(f, b, NULL, NULL), TN_OK);
    group_of(f, "used", &group);
    assert_int_equal(group.count, 0);
}

static void property_added_at_run_time_is_used_at_once(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct txn *before = fixture_begin(f);
    struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .user = utf8_str("tester"), .now_us = 1};
    struct catalog_property_request request = {.type = utf8_str("machines"),
                                               .name = utf8_str("colour"),
                                               .kind = TN_TEXT,
                                               .flags = TN_UNIQUE};
    struct record *record;

    assert_int_equal(txn_get(before, fixture_type(before, "machines"), id, &record, &f->err),
                     TN_OK);
    assert_int_equal(fixture_set(f, record, "price", "1"), TN_OK);
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &request}, &f->err),
        TN_OK);
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &request}, &f->err),
        TN_ALREADY_EXISTS);
    /* Prepared under the schema before: it runs again under the new one. */
    assert_int_equal(fixture_commit(f, before), TN_ABORTED);
    assert_int_equal(change_machine(f, id, "colour", "red"), TN_OK);
    fixture_reopen(f);
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    assert_string_equal(fixture_get(record, "colour"), "red");
    txn_destroy(txn);
    assert_int_equal(records_head(f->records, f->portal), 3);
}

static void property_required_later_stops_nobody(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .user = utf8_str("tester"), .now_us = 1};
    struct catalog_property_request request = {.type = utf8_str("machines"),
                                               .name = utf8_str("colour"),
                                               .kind = TN_TEXT,
                                               .flags = TN_REQUIRED};
    struct record *record;

    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &request}, &f->err),
        TN_OK);
    assert_int_equal(change_machine(f, id, "price", "1"), TN_OK);
    assert_int_equal(change_machine(f, id, "colour", "red"), TN_OK);
    assert_int_equal(change_machine(f, id, "colour", ""), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "colour", "required"));
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "serial", "B"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "colour", "required"));
}

static void refused_schema_change_speaks_the_callers_language(void **state)
{
    struct fixture *f = *state;
    struct txn_options options = {.portal = f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .language = "fr",
                                  .now_us = 1};
    struct catalog_property_request request = {
        .type = utf8_str("nothing"), .name = utf8_str("colour"), .kind = TN_TEXT};

    err_init(&f->err, "fr");
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &request}, &f->err),
        TN_NOT_FOUND);
    assert_non_null(strstr(f->err.message, "Il n'y a pas"));
}

static void refused_schema_change_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .user = utf8_str("tester"), .now_us = 1};
    struct catalog_property_request request = {
        .type = utf8_str("machines"), .name = utf8_str("Bad Name"), .kind = TN_TEXT};

    err_init(&f->err, NULL);
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &request}, &f->err),
        TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "name", "name"));
    request.name = utf8_str("ok");
    request.type = utf8_str("nothing");
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &request}, &f->err),
        TN_NOT_FOUND);
    request.type = utf8_str("machines");
    request.kind = 99;
    assert_int_equal(
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_property = &request}, &f->err),
        TN_INVALID_ARGUMENT);
    assert_int_equal(records_head(f->records, f->portal), 0);
    (void)fixture_machine(f, "A");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(unique_value_is_given_to_exactly_one),
        CASE(no_update_is_lost_and_nobody_starves),
        CASE(limit_of_links_holds_under_a_race),
        CASE(totals_follow_every_change),
        CASE(property_added_at_run_time_is_used_at_once),
        CASE(property_required_later_stops_nobody),
        CASE(refused_schema_change_speaks_the_callers_language),
        CASE(refused_schema_change_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
