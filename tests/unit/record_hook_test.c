/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/prepare.c with a hook in place: what it may do, and when it runs again. */
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/record/change.h"
#include "core/record/txn.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

/* What the hook does to machines; it counts its runs in every case. */
enum behaviour {
    HOOK_NOTHING,
    HOOK_WRITES,  /* weight = "7" on the machine itself */
    HOOK_CREATES, /* a site for each new machine, linked */
    HOOK_REFUSES, /* machines in state "broken" */
    HOOK_OTHER,   /* price = "1" on the machine `target` */
    HOOK_COUNTS   /* price = times that it ran */
};

struct hooked {
    struct fixture *f;
    enum behaviour behaviour;
    tn_id target;
    unsigned machine_runs;
    unsigned site_runs;
    unsigned taken;
    unsigned given_back;
};

static tn_status set(struct record *record, const char *name, const char *text, struct err *err)
{
    struct txn *txn = record_txn(record);
    const struct schema_property *property =
        schema_property_by_name(txn_schema(txn), record_type(record), utf8_str(name));
    struct tn_value value;

    TRY(value_parse(property->kind, utf8_str(text), name, &value, err));
    return record_write(record, property, &value, err);
}

static tn_status create_site(struct txn *txn, struct record *machine, struct err *err)
{
    struct record *site;

    if (!record_is_new(machine))
        return TN_OK;
    TRY(txn_create(txn, fixture_type(txn, "sites"), &site, err));
    TRY(set(site, "name", "made by a hook", err));
    return txn_link(txn,
                    fixture_association(txn, "machine_to_site"),
                    false,
                    machine,
                    record_id(site),
                    0,
                    true,
                    NULL,
                    err);
}

static tn_status hook(void *ctx, struct txn *txn, struct record *record, struct err *err)
{
    struct hooked *h = ctx;
    struct record *other;
    char text[16];

    if (record_type(record) != fixture_type(txn, "machines")) {
        h->site_runs++;
        return TN_OK;
    }
    h->machine_runs++;
    switch (h->behaviour) {
    case HOOK_NOTHING:
        return TN_OK;
    case HOOK_WRITES:
        return set(record, "weight", "7", err);
    case HOOK_CREATES:
        return create_site(txn, record, err);
    case HOOK_REFUSES:
        if (strcmp(fixture_get(record, "state"), "broken") == 0)
            return err_set(err, TN_FAILED_PRECONDITION, "No broken machines.");
        return TN_OK;
    case HOOK_OTHER:
        if (record_id(record) == h->target)
            return TN_OK;
        TRY(txn_get(txn, record_type(record), h->target, &other, err));
        return set(other, "price", "1", err);
    case HOOK_COUNTS:
        (void)snprintf(text, sizeof(text), "%u", h->machine_runs);
        return set(record, "price", text, err);
    }
    return TN_INTERNAL;
}

static struct hooked hooked; /* of the test that runs */

static void *take(void *ctx)
{
    struct hooked *h = ctx;

    h->taken++;
    return h;
}

static void give_back(void *routes)
{
    struct hooked *h = routes;

    h->given_back++;
}

static int set_up(void **state)
{
    hooked = (struct hooked){.f = fixture_open()};
    const struct records_hooks hooks = {
        .take = take, .give_back = give_back, .run = hook, .ctx = &hooked};

    records_set_hooks(hooked.f->records, &hooks);
    *state = &hooked;
    return 0;
}

static int tear_down(void **state)
{
    struct hooked *h = *state;

    fixture_close(h->f);
    assert_true(h->taken > 0);
    assert_int_equal(h->taken, h->given_back); /* one of each a transaction */
    return 0;
}

static struct record *create(struct hooked *h, struct txn *txn, const char *serial)
{
    struct record *record;

    assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &record, &h->f->err), TN_OK);
    assert_int_equal(fixture_set(h->f, record, "serial", serial), TN_OK);
    return record;
}

static struct record *get(struct hooked *h, struct txn *txn, tn_id id)
{
    struct record *record = NULL;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &h->f->err), TN_OK);
    return record;
}

static void must_hold(struct hooked *h)
{
    struct schema *schema = catalog_schema(h->f->catalog, h->f->portal->id);

    err_clear(&h->f->err);
    if (invariants_check(h->f->store, schema, h->f->portal->id, &h->f->err) != TN_OK)
        fail_msg("%s", h->f->err.message);
    schema_unref(schema);
}

static void hook_writes_to_its_record_and_runs_once(void **state)
{
    struct hooked *h = *state;
    struct txn *txn = fixture_begin(h->f);
    struct record *record = create(h, txn, "A");
    tn_id id = record_id(record);

    h->behaviour = HOOK_WRITES;
    assert_int_equal(txn_prepare(txn, &h->f->err), TN_OK);
    assert_string_equal(fixture_get(record, "weight"), "7"); /* seen before the commit */
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    assert_int_equal(h->machine_runs, 1);
    txn = fixture_begin(h->f);
    assert_string_equal(fixture_get(get(h, txn, id), "weight"), "7");
    txn_destroy(txn);
    must_hold(h);
}

static void hook_creates_and_links_and_the_new_record_is_hooked(void **state)
{
    struct hooked *h = *state;
    struct txn *txn = fixture_begin(h->f);
    struct txn_link *links;
    size_t count;
    bool more;

    h->behaviour = HOOK_CREATES;
    tn_id a = record_id(create(h, txn, "A"));
    (void)create(h, txn, "B");
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    assert_int_equal(h->machine_runs, 2);
    assert_int_equal(h->site_runs, 2);
    txn = fixture_begin(h->f);
    assert_int_equal(
        txn_linked(get(h, txn, a), NULL, false, 0, 10, &links, &count, &more, &h->f->err), TN_OK);
    assert_int_equal(count, 1);
    assert_true(links[0].is_primary);
    txn_destroy(txn);
    must_hold(h);
}

static void refused_row_is_taken_out_with_what_its_hook_did(void **state)
{
    struct hooked *h = *state;
    struct txn *txn = fixture_begin(h->f);

    h->behaviour = HOOK_CREATES;
    (void)create(h, txn, "A");
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_OK);
    struct txn_mark mark = txn_mark(txn);
    (void)create(h, txn, "A"); /* the same serial: its site must go too */
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_ALREADY_EXISTS);
    txn_rollback(txn, mark);
    err_clear(&h->f->err);
    (void)create(h, txn, "B");
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    assert_int_equal(h->machine_runs, 3);
    assert_int_equal(records_head(h->f->records, h->f->portal), 4);
    must_hold(h);
}

static void refusal_of_a_hook_cannot_be_passed_by_asking_again(void **state)
{
    struct hooked *h = *state;
    struct txn *txn = fixture_begin(h->f);
    struct record *record = create(h, txn, "A");

    h->behaviour = HOOK_REFUSES;
    assert_int_equal(fixture_set(h->f, record, "state", "broken"), TN_OK);
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_FAILED_PRECONDITION);
    err_clear(&h->f->err);
    assert_int_equal(txn_prepare(txn, &h->f->err), TN_FAILED_PRECONDITION);
    err_clear(&h->f->err);
    assert_int_equal(fixture_set(h->f, record, "state", "used"), TN_OK);
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    must_hold(h);
}

static void later_write_of_the_client_runs_the_hook_again(void **state)
{
    struct hooked *h = *state;
    struct txn *txn = fixture_begin(h->f);
    struct record *record = create(h, txn, "A");

    h->behaviour = HOOK_COUNTS;
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_OK);
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_OK); /* nothing new: not again */
    assert_string_equal(fixture_get(record, "price"), "1");
    assert_int_equal(fixture_set(h->f, record, "weight", "3"), TN_OK);
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_OK);
    assert_string_equal(fixture_get(record, "price"), "2");
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    assert_int_equal(h->machine_runs, 2);
    must_hold(h);
}

static void rollback_brings_back_what_the_hook_made_before(void **state)
{
    struct hooked *h = *state;
    struct txn *txn = fixture_begin(h->f);
    struct record *record = create(h, txn, "A");

    h->behaviour = HOOK_COUNTS;
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_OK);
    struct txn_mark mark = txn_mark(txn);
    assert_int_equal(fixture_set(h->f, record, "weight", "3"), TN_OK);
    assert_int_equal(txn_prepare_changes(txn, &h->f->err), TN_OK);
    assert_string_equal(fixture_get(record, "price"), "2");
    txn_rollback(txn, mark);
    assert_string_equal(fixture_get(record, "price"), "1");
    assert_string_equal(fixture_get(record, "weight"), "");
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    assert_int_equal(h->machine_runs, 2);
    must_hold(h);
}

static void rollback_of_a_preparation_is_not_committed(void **state)
{
    struct hooked *h = *state;
    struct txn *txn = fixture_begin(h->f);
    struct record *record = create(h, txn, "A");
    tn_id id = record_id(record);
    struct txn_mark mark = txn_mark(txn);

    assert_int_equal(fixture_set(h->f, record, "weight", "3"), TN_OK);
    assert_int_equal(txn_prepare(txn, &h->f->err), TN_OK);
    txn_rollback(txn, mark);
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    txn = fixture_begin(h->f);
    assert_string_equal(fixture_get(get(h, txn, id), "weight"), "");
    txn_destroy(txn);
    assert_int_equal(records_head(h->f->records, h->f->portal), 1);
    must_hold(h);
}

static void hook_touches_another_record_which_is_then_hooked(void **state)
{
    struct hooked *h = *state;
    tn_id target = fixture_machine(h->f, "T");
    struct txn *txn = fixture_begin(h->f);

    h->behaviour = HOOK_OTHER;
    h->target = target;
    h->machine_runs = 0;
    (void)create(h, txn, "A");
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    assert_int_equal(h->machine_runs, 2);
    txn = fixture_begin(h->f);
    assert_string_equal(fixture_get(get(h, txn, target), "price"), "1");
    txn_destroy(txn);
    must_hold(h);
}

static void what_a_hook_read_counts_for_conflicts_and_it_runs_again(void **state)
{
    struct hooked *h = *state;
    tn_id target = fixture_machine(h->f, "T");
    struct txn *txn = fixture_begin(h->f);

    h->behaviour = HOOK_OTHER;
    h->target = target;
    (void)create(h, txn, "A");
    assert_int_equal(txn_prepare(txn, &h->f->err), TN_OK);
    struct txn *rival = fixture_begin(h->f);
    assert_int_equal(fixture_set(h->f, get(h, rival, target), "weight", "5"), TN_OK);
    assert_int_equal(fixture_commit(h->f, rival), TN_OK);
    h->machine_runs = 0;
    assert_int_equal(fixture_commit(h->f, txn), TN_ABORTED);
    txn = fixture_begin(h->f);
    (void)create(h, txn, "A");
    assert_int_equal(fixture_commit(h->f, txn), TN_OK);
    assert_int_equal(h->machine_runs, 2);
    txn = fixture_begin(h->f);
    assert_string_equal(fixture_get(get(h, txn, target), "weight"), "5");
    assert_string_equal(fixture_get(get(h, txn, target), "price"), "1");
    txn_destroy(txn);
    must_hold(h);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(hook_writes_to_its_record_and_runs_once),
        CASE(hook_creates_and_links_and_the_new_record_is_hooked),
        CASE(refused_row_is_taken_out_with_what_its_hook_did),
        CASE(refusal_of_a_hook_cannot_be_passed_by_asking_again),
        CASE(later_write_of_the_client_runs_the_hook_again),
        CASE(rollback_brings_back_what_the_hook_made_before),
        CASE(rollback_of_a_preparation_is_not_committed),
        CASE(hook_touches_another_record_which_is_then_hooked),
        CASE(what_a_hook_read_counts_for_conflicts_and_it_runs_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
