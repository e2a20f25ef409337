/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that memory which runs out, at any allocation, ends a call with TN_RESOURCE_EXHAUSTED and
 * nothing half-done: transactions with their commits, declarations of plugins, new portals. The
 * leak checker looks after the rest.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/record/state.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

/* No call here makes more allocations. */
#define ALLOCATION_MAX 20000u

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

static void must_hold(struct fixture *f)
{
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);

    assert_non_null(schema);
    err_clear(&f->err);
    if (invariants_check(f->store, schema, f->portal->id, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    schema_unref(schema);
}

static tn_status set_text(struct record *record, const char *name, const char *text,
                          struct err *err)
{
    struct txn *txn = record_txn(record);
    const struct schema_property *property =
        schema_property_by_name(txn_schema(txn), record_type(record), utf8_str(name));
    struct tn_value value;

    TRY(value_parse(property->kind, utf8_str(text), name, &value, err));
    return record_write(record, property, &value, err);
}

/* Creates a machine, links it with the site, changes another machine, keeps a value. */
static tn_status fill(struct txn *txn, tn_id site, tn_id other, struct err *err)
{
    const struct schema *schema = txn_schema(txn);
    const struct schema_type *machines = schema_type_by_name(schema, utf8_str("machines"));
    bool is_inverse;
    const struct schema_association *association =
        schema_association_by_name(schema, utf8_str("machine_to_site"), &is_inverse);
    struct record *record;

    TRY(txn_create(txn, machines, &record, err));
    TRY(set_text(record, "serial", "New pump", err));
    TRY(set_text(record, "price", "12.5", err));
    TRY(txn_link(txn, association, false, record, site, 1, true, NULL, err));
    TRY(txn_get(txn, machines, other, &record, err));
    TRY(set_text(record, "state", "used", err));
    TRY(set_text(record, "serial", "Old pump, mended", err));
    return txn_put_meta(
        txn, utf8_str("setting/x"), (struct tn_bytes){(const uint8_t *)"1", 1}, err);
}

static tn_status run(struct fixture *f, tn_id site, tn_id other, struct err *err)
{
    struct txn_options options = {.portal = f->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX};
    struct txn *txn = NULL;

    TRY(txn_begin(f->records, &options, &txn, err));
    tn_status st = fill(txn, site, other, err);
    if (st == TN_OK)
        st = txn_commit_wait(txn, err);
    txn_destroy(txn);
    return st;
}

static void transaction_survives_any_failed_allocation(void **state)
{
    struct fixture *f = *state;
    tn_id site = fixture_site(f, "North yard");
    tn_id other = fixture_machine(f, "Old pump");
    uint64_t head = records_head(f->records, f->portal);
    unsigned nth;
    tn_status st = TN_UNKNOWN;

    for (nth = 1; st != TN_OK && nth < ALLOCATION_MAX; nth++) {
        err_clear(&f->err);
        mem_fail_at(nth);
        st = run(f, site, other, &f->err);
        mem_fail_never();
        if (st == TN_OK)
            break;
        if (st != TN_RESOURCE_EXHAUSTED)
            fail_msg("allocation %u: %s %s", nth, err_status_name(st), f->err.message);
        assert_int_equal(f->err.status, st);
        assert_int_equal(records_head(f->records, f->portal), head);
    }
    assert_in_range(nth, 20, ALLOCATION_MAX - 1);
    assert_int_equal(records_head(f->records, f->portal), head + 2);
    must_hold(f);
    fixture_reopen(f);
    must_hold(f);
}

/* Declarations */

enum { LORRY };
static const struct tn_type types[] = {
    [LORRY] = {.name = "lorries", .label = "Lorry", .plural = "Lorries"},
};
static const struct tn_option colours[] = {{"red", "Red"}, {"blue", "Blue"}};
static const struct tn_property properties[] = {
    {.type = LORRY,
     .kind = TN_TEXT,
     .name = "plate",
     .flags = TN_REQUIRED | TN_UNIQUE | TN_TITLE | TN_SEARCHABLE},
    {.type = LORRY,
     .kind = TN_CHOICE,
     .name = "colour",
     .fallback = "red",
     .options = TN_LIST(colours)},
};
static const struct tn_association associations[] = {
    {"lorry_to_lorry", LORRY, LORRY, .max_to = 1},
};
static const struct tn_text texts[] = {{"fr", "Lorry", "Camion"}};
static const struct tn_plugin lorries = {
    .magic = TN_MAGIC,
    .struct_size = (uint32_t)sizeof(struct tn_plugin),
    .id = "org.example.lorries",
    .version = "1.0.0",
    .summary = "Lorries",
    .schema = 1,
    .schema_oldest = 1,
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .texts = TN_LIST(texts),
};

static bool has_lorries(struct fixture *f)
{
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);

    assert_non_null(schema);
    bool has = schema_type_by_name(schema, utf8_str("lorries")) != NULL;
    schema_unref(schema);
    return has;
}

static void declaration_survives_any_failed_allocation(void **state)
{
    struct fixture *f = *state;
    struct catalog_declared *declared = NULL;
    tn_status st = TN_UNKNOWN;
    unsigned nth;

    for (nth = 1; nth < ALLOCATION_MAX; nth++) {
        err_clear(&f->err);
        mem_fail_at(nth);
        st = catalog_declare(f->catalog, &lorries, &declared, &f->err);
        mem_fail_never();
        assert_false(has_lorries(f));
        if (st == TN_OK)
            break;
        if (st != TN_RESOURCE_EXHAUSTED)
            fail_msg("allocation %u: %s %s", nth, err_status_name(st), f->err.message);
        assert_null(declared);
    }
    assert_in_range(nth, 5, ALLOCATION_MAX - 1);
    for (nth = 1; nth < ALLOCATION_MAX; nth++) {
        mem_fail_at(nth);
        st = catalog_keep(f->catalog, declared, NULL);
        mem_fail_never();
        if (st == TN_OK)
            break;
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    }
    assert_int_equal(st, TN_OK);
    catalog_declared_destroy(declared);
    assert_true(has_lorries(f));
    must_hold(f);
}

/* Portals */

static void new_portal_survives_any_failed_allocation(void **state)
{
    static const struct portal_settings settings = {.title = "Third", .time_zone = "Europe/Paris"};
    struct fixture *f = *state;
    struct portal *portal = NULL;
    tn_status st = TN_UNKNOWN;
    unsigned nth;

    for (nth = 1; nth < ALLOCATION_MAX; nth++) {
        err_clear(&f->err);
        mem_fail_at(nth);
        st = portals_create(f->portals, utf8_str("third"), &settings, &portal, &f->err);
        mem_fail_never();
        if (st == TN_OK)
            break;
        if (st != TN_RESOURCE_EXHAUSTED)
            fail_msg("allocation %u: %s %s", nth, err_status_name(st), f->err.message);
        assert_null(portals_find(f->portals, utf8_str("third")));
        assert_null(portal);
        fixture_reopen(f); /* it is not in the store either */
        assert_null(portals_find(f->portals, utf8_str("third")));
    }
    assert_in_range(nth, 3, ALLOCATION_MAX - 1);
    assert_int_equal(portal->id, f->other->id + 1);
    fixture_reopen(f);
    assert_non_null(portals_find(f->portals, utf8_str("third")));
    assert_null(portals_next(f->portals, f->other->id + 1));
}

/* Opening the store again: what is kept of it in memory is read anew, or tried again. */
static void rereading_survives_any_failed_allocation(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_machine(f, "Old pump");
    uint64_t head = records_head(f->records, f->portal);
    tn_status st = TN_UNKNOWN;
    unsigned nth;

    for (nth = 1; nth < ALLOCATION_MAX; nth++) {
        err_clear(&f->err);
        mem_fail_at(nth);
        st = portals_reread(f->portals, &f->err);
        if (st == TN_OK)
            st = records_reread(f->records, &f->err);
        mem_fail_never();
        assert_int_equal(records_head(f->records, f->portal), head);
        if (st == TN_OK)
            break;
        if (st != TN_RESOURCE_EXHAUSTED)
            fail_msg("allocation %u: %s %s", nth, err_status_name(st), f->err.message);
    }
    assert_in_range(nth, 3, ALLOCATION_MAX - 1);
    struct txn *txn = fixture_begin(f);
    struct record *record;
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), id, &record, &f->err), TN_OK);
    txn_destroy(txn);
    (void)fixture_machine(f, "New pump");
    must_hold(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(transaction_survives_any_failed_allocation),
        CASE(declaration_survives_any_failed_allocation),
        CASE(new_portal_survives_any_failed_allocation),
        CASE(rereading_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
