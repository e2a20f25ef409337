/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests core/record/mend.c: a disk that fails at each call in turn under a small load, in one
 * process. What was acknowledged is there, what was unknown is there as a whole or not at all, and
 * calls that are repeated under their keys are done once.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/record/state.h"
#include "tests/unit/faults.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

#define STEP_COUNT 6u
/* No run makes more calls. */
#define CALL_MAX 2000u
/* A disk that is well again is written to within this time. */
#define PATIENCE_US ((int64_t)30 * 1000000)
#define PAUSE_US 2000

struct load {
    struct fixture *f;
    tn_id site;
    tn_id machines[STEP_COUNT];
    unsigned failed_count; /* steps that had to be repeated */
};

static struct fixture *open_in_memory(void)
{
    char dir[] = "/dev/shm/tenon-test-XXXXXX";

    return mkdtemp(dir) ? fixture_open_at(dir) : fixture_open();
}

static int set_up(void **state)
{
    *state = open_in_memory();
    return 0;
}

static int tear_down(void **state)
{
    fixture_close(*state);
    return 0;
}

static void must_hold(struct fixture *f)
{
    const struct portal *portals[] = {f->portal, f->other};

    for (size_t i = 0; i < 2; i++) {
        struct schema *schema = catalog_schema(f->catalog, portals[i]->id);

        err_clear(&f->err);
        if (invariants_check(f->store, schema, portals[i]->id, &f->err) != TN_OK)
            fail_msg("%s", f->err.message);
        schema_unref(schema);
    }
}

static bool is_passing(tn_status st)
{
    return st == TN_UNAVAILABLE || st == TN_RESOURCE_EXHAUSTED || st == TN_ABORTED;
}

/* One machine at the site, another one changed, and the answer kept: its id. */
static tn_status fill(struct load *load, struct txn *txn, unsigned step, tn_id *ret_id)
{
    struct fixture *f = load->f;
    const struct schema_type *machines = fixture_type(txn, "machines");
    struct record *record;
    char serial[32];

    (void)snprintf(serial, sizeof(serial), "M-%u", step);
    TRY(txn_create(txn, machines, &record, &f->err));
    TRY(fixture_set(f, record, "serial", serial));
    TRY(fixture_set(f, record, "price", "10.5"));
    if (step % 3 == 0)
        TRY(txn_link(txn,
                     fixture_association(txn, "machine_to_site"),
                     false,
                     record,
                     load->site,
                     1,
                     true,
                     NULL,
                     &f->err));
    *ret_id = record_id(record);
    if (step == 0)
        return TN_OK;
    TRY(txn_get(txn, machines, load->machines[step - 1], &record, &f->err));
    TRY(fixture_set(f, record, "state", "used"));
    return fixture_set(f, record, "price", "7");
}

/* As a client's call with a key: its answer is the first one's if that was done. */
static tn_status run_step(struct load *load, unsigned step, tn_id *ret_id)
{
    static const uint8_t hash[32] = {1};
    struct fixture *f = load->f;
    struct txn_options options = {.portal = f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX};
    struct tn_bytes response;
    struct txn *txn = NULL;
    char key[16];
    tn_id id = 0;

    (void)snprintf(key, sizeof(key), "key-%u", step);
    err_clear(&f->err);
    TRY(txn_begin(f->records, &options, &txn, &f->err));
    tn_status st = txn_outcome(txn, utf8_str(key), utf8_str("Create"), hash, &response, &f->err);
    if (st == TN_OK) {
        assert_int_equal(response.len, sizeof(id));
        memcpy(ret_id, response.data, sizeof(id));
    } else if (st == TN_NOT_FOUND) {
        st = fill(load, txn, step, &id);
        if (st == TN_OK)
            st = txn_keep_outcome(txn,
                                  utf8_str(key),
                                  utf8_str("Create"),
                                  hash,
                                  (struct tn_bytes){(const uint8_t *)&id, sizeof(id)},
                                  &f->err);
        if (st == TN_OK)
            st = txn_commit_wait(txn, &f->err);
        if (st == TN_OK)
            *ret_id = id;
    }
    txn_destroy(txn);
    return st;
}

static tn_status run_create(struct load *load, unsigned step)
{
    return run_step(load, step, &load->machines[step]);
}

/* Without keys: a repeated one finds what it has done. */
static tn_status run_type(struct load *load, unsigned step)
{
    struct fixture *f = load->f;
    struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .user = utf8_str("tester"), .now_us = 1};
    struct catalog_type_request request = {.name = utf8_str("lorries")};

    (void)step;
    err_clear(&f->err);
    tn_status st = records_change_schema(
        f->records, &options, &(struct catalog_change){.add_type = &request}, &f->err);
    return st == TN_ALREADY_EXISTS && load->failed_count > 0 ? TN_OK : st;
}

static tn_status run_portal(struct load *load, unsigned step)
{
    struct fixture *f = load->f;
    struct portal *portal;

    (void)step;
    err_clear(&f->err);
    tn_status st = portals_create(f->portals, utf8_str("third"), NULL, &portal, &f->err);
    return st == TN_ALREADY_EXISTS && load->failed_count > 0 ? TN_OK : st;
}

/* Until it is done: the disk is well again after its first failure that we see. */
static void repeat(struct load *load, tn_status (*run)(struct load *, unsigned), unsigned step)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    tn_status st;

    while ((st = run(load, step)) != TN_OK) {
        if (!is_passing(st) || clock_mono_us() > until_us)
            fail_msg("step %u: %s %s", step, err_status_name(st), load->f->err.message);
        load->failed_count++;
        (void)usleep(PAUSE_US);
    }
}

static void run_load(struct load *load)
{
    for (unsigned step = 0; step < STEP_COUNT; step++) {
        repeat(load, run_create, step);
        if (step == STEP_COUNT / 3)
            repeat(load, run_type, step);
        if (step == STEP_COUNT / 2)
            repeat(load, run_portal, step);
    }
}

/* The last call may be answered by what it had kept before, while the store is opened again. */
static void await_thaw(struct fixture *f)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (records_is_frozen(f->records) || store_failure(f->store) != TN_OK) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(PAUSE_US);
    }
}

/* What the load leaves, whatever happened meanwhile. */
static void expect_load(struct load *load, uint64_t head)
{
    struct fixture *f = load->f;
    struct txn *txn = fixture_begin(f);
    struct record *record;

    for (unsigned step = 0; step < STEP_COUNT; step++) {
        assert_int_equal(
            txn_get(txn, fixture_type(txn, "machines"), load->machines[step], &record, &f->err),
            TN_OK);
        assert_string_equal(fixture_get(record, "price"), step + 1 < STEP_COUNT ? "7" : "10.5");
    }
    assert_non_null(schema_type_by_name(txn_schema(txn), utf8_str("lorries")));
    txn_destroy(txn);
    struct portal *third = portals_find(f->portals, utf8_str("third"));
    assert_non_null(third);
    assert_int_equal(third->id, 3);
    assert_int_equal(records_head(f->records, f->portal), head);
    must_hold(f);
}

/* On a disk that fails `count` times from the call behind the first `after`; whether it did.
 * `*head` 0: is set to what the load comes to. */
static bool run_once(uint64_t after, uint64_t count, int number, uint64_t *head)
{
    struct load load = {.f = open_in_memory()};

    load.site = fixture_site(load.f, "North yard");
    faults_begin(&(struct faults){load.f->dir, after, count, number});
    run_load(&load);
    bool did_fail = faults_end() > 0;
    await_thaw(load.f);
    if (*head == 0)
        *head = records_head(load.f->records, load.f->portal);
    expect_load(&load, *head);
    fixture_reopen(load.f);
    expect_load(&load, *head);
    fixture_close(load.f);
    return did_fail;
}

static void fail_each_call(uint64_t count, int number)
{
    uint64_t head = 0;
    uint64_t after = 0;

    assert_false(run_once(UINT32_MAX, 0, EIO, &head));
    while (run_once(after, count, number, &head))
        assert_true((after += count) < CALL_MAX); /* each call is in one window */
    assert_true(after >= 2 * STEP_COUNT);
}

static void any_call_may_fail_and_every_portal_goes_on(void **state)
{
    (void)state;
    fail_each_call(1, EIO);
}

static void any_call_may_find_the_disk_full_and_every_portal_goes_on(void **state)
{
    (void)state;
    fail_each_call(1, ENOSPC);
}

static void opening_again_may_fail_too(void **state)
{
    (void)state;
    fail_each_call(4, EIO);
}

/* Frozen */

/* While the store is opened again, nothing can even begin. */
static tn_status write_machine(struct fixture *f, const char *serial)
{
    struct txn_options options = {.portal = f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX};
    struct record *record;
    struct txn *txn;

    err_clear(&f->err);
    TRY(txn_begin(f->records, &options, &txn, &f->err));

    assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "serial", serial), TN_OK);
    return fixture_commit(f, txn);
}

static void must_read(struct fixture *f, tn_id id)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    txn_destroy(txn);
}

static void await_failed_mending(struct fixture *f)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (records_stats(f->records).mending_failures < 2) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(PAUSE_US);
    }
}

static void await_writes(struct fixture *f, const char *serial)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (write_machine(f, serial) != TN_OK) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(PAUSE_US);
    }
}

static void play_failing_disk(struct fixture *f, int number, tn_status refusal)
{
    tn_id id = fixture_machine(f, "A");

    faults_begin(&(struct faults){f->dir, 0, UINT32_MAX, number});
    assert_int_equal(write_machine(f, "B"), refusal);
    assert_int_equal(f->err.retry_after_us, 0);
    assert_true(records_is_frozen(f->records));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write_machine(f, "C"), refusal);
        assert_true(f->err.retry_after_us > 0);
        assert_non_null(strstr(f->err.message, "nothing was written"));
        must_read(f, id);
        await_failed_mending(f);
    }
    must_read(f, id);
    assert_int_equal(records_stats(f->records).mendings, 0);
    (void)faults_end();
    await_writes(f, "C");
    assert_false(records_is_frozen(f->records));
    assert_true(records_stats(f->records).mendings > 0);
    must_read(f, id);
    must_hold(f);
}

static void failing_disk_is_read_while_portals_are_frozen(void **state)
{
    play_failing_disk(*state, EIO, TN_UNAVAILABLE);
}

static void full_disk_is_read_while_writes_are_refused(void **state)
{
    play_failing_disk(*state, ENOSPC, TN_RESOURCE_EXHAUSTED);
}

static void await_mending(struct fixture *f, uint64_t count)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (records_stats(f->records).mendings < count || records_is_frozen(f->records)) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(PAUSE_US);
    }
}

/* The portal is on the disk, although nobody was told so: its id must not be given again. */
static void portal_of_unknown_outcome_keeps_its_id(void **state)
{
    struct fixture *f = *state;
    struct portal *portal;

    faults_begin(&(struct faults){f->dir, 1, 1, EIO}); /* the log was written, and not synced */
    assert_int_equal(portals_create(f->portals, utf8_str("third"), NULL, &portal, &f->err),
                     TN_UNAVAILABLE);
    assert_int_equal(faults_end(), 1);
    await_mending(f, 1);
    portal = portals_find(f->portals, utf8_str("third"));
    assert_non_null(portal);
    assert_int_equal(portal->id, 3);
    assert_int_equal(portals_create(f->portals, utf8_str("fourth"), NULL, &portal, &f->err), TN_OK);
    assert_int_equal(portal->id, 4);
    fixture_reopen(f);
    assert_int_equal(portals_find(f->portals, utf8_str("third"))->id, 3);
    assert_int_equal(portals_find(f->portals, utf8_str("fourth"))->id, 4);
}

static void transaction_begun_before_does_not_commit_after(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "A");
    struct txn_options options = {.portal = f->portal, .deadline_us = INT64_MAX};
    struct txn *txns[2];
    struct record *record;

    for (int i = 0; i < 2; i++) {
        options.takes_turn = i == 1; /* which cannot lose otherwise */
        assert_int_equal(txn_begin(f->records, &options, &txns[i], &f->err), TN_OK);
        assert_int_equal(txn_get(txns[i], fixture_type(txns[i], "machines"), id, &record, &f->err),
                         TN_OK);
        assert_int_equal(fixture_set(f, record, "price", "1"), TN_OK);
    }
    /* Another's write fails: here that of the directory of portals. */
    faults_begin(&(struct faults){f->dir, 0, 1, EIO});
    struct portal *third;
    assert_int_equal(portals_create(f->portals, utf8_str("third"), NULL, &third, &f->err),
                     TN_UNAVAILABLE);
    assert_int_equal(faults_end(), 1);
    await_mending(f, 1);
    assert_int_equal(fixture_commit(f, txns[1]), TN_ABORTED);
    assert_int_equal(fixture_commit(f, txns[0]), TN_ABORTED);
    assert_int_equal(write_machine(f, "B"), TN_OK);
    must_hold(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(failing_disk_is_read_while_portals_are_frozen),
        CASE(full_disk_is_read_while_writes_are_refused),
        CASE(portal_of_unknown_outcome_keeps_its_id),
        CASE(transaction_begun_before_does_not_commit_after),
        cmocka_unit_test(any_call_may_fail_and_every_portal_goes_on),
        cmocka_unit_test(any_call_may_find_the_disk_full_and_every_portal_goes_on),
        cmocka_unit_test(opening_again_may_fail_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
