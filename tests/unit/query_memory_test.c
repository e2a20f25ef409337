/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that memory which runs out, at any allocation of a query, ends it with
 * TN_RESOURCE_EXHAUSTED, and that what it has found until then is right. The leak checker looks
 * after the rest.
 */
#include <stdio.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/value/value.h"
#include "tests/unit/fixture.h"

#define MACHINE_COUNT 12u
/* No query here makes more allocations. */
#define ALLOCATION_MAX 2000u

struct world {
    struct fixture *f;
    struct txn *txn;
    struct tn_value used;
    struct tn_value low;
    struct tn_value bounds[2];
};

/* Every other machine is used, prices rise, the last ones have none. */
static void add_machine(struct fixture *f, unsigned number)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;
    char text[16];

    (void)snprintf(text, sizeof(text), "S%u", number);
    assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "serial", text), TN_OK);
    (void)snprintf(text, sizeof(text), "%u", number);
    if (number < MACHINE_COUNT - 3)
        assert_int_equal(fixture_set(f, record, "price", text), TN_OK);
    if (number % 2 == 0)
        assert_int_equal(fixture_set(f, record, "state", "used"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
}

static int set_up(void **state)
{
    struct world *world = mem_new(struct world);

    assert_non_null(world);
    world->f = fixture_open();
    for (unsigned i = 0; i < MACHINE_COUNT; i++)
        add_machine(world->f, i);
    world->txn = fixture_begin(world->f);
    world->used = value_text(TN_CHOICE, utf8_str("used"));
    world->low = value_number((struct decimal){.mantissa = 2});
    world->bounds[0] = world->low;
    world->bounds[1] = value_number((struct decimal){.mantissa = 7});
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    txn_destroy(world->txn);
    fixture_close(world->f);
    mem_free(world);
    return 0;
}

/* The whole query, and a count of it; what it found, and from its first half on once more. */
static tn_status run(struct world *world, const struct query *query, uint64_t *ret_found)
{
    struct query_run *found = NULL;
    struct query_hit hit;
    struct buf cursor = {0};
    uint64_t counted = 0;
    uint64_t count = 0;
    tn_status st = query_open(world->txn, query, (struct tn_bytes){0}, &found, &world->f->err);

    while (st == TN_OK && (st = query_next(found, &hit, &world->f->err)) == TN_OK)
        count++;
    if (st == TN_NOT_FOUND)
        st = count ? query_cursor(found, &cursor) : TN_OK;
    query_close(found);
    found = NULL;
    if (st == TN_OK && count) { /* nothing is behind the last one */
        st = query_open(world->txn, query, buf_bytes(&cursor), &found, &world->f->err);
        if (st == TN_OK)
            st = query_next(found, &hit, &world->f->err);
        assert_int_not_equal(st, TN_OK);
        if (st == TN_NOT_FOUND)
            st = TN_OK;
        query_close(found);
    }
    buf_fini(&cursor);
    if (st == TN_OK)
        st = query_count(world->txn, query, &counted, &world->f->err);
    if (st == TN_OK)
        assert_int_equal(counted, count);
    *ret_found = count;
    return st;
}

static void survive(struct world *world, const struct query *query, uint64_t expected)
{
    uint64_t found = 0;
    unsigned nth;

    for (nth = 1; nth < ALLOCATION_MAX; nth++) {
        err_clear(&world->f->err);
        mem_fail_at(nth);
        tn_status st = run(world, query, &found);
        mem_fail_never();
        assert_in_range(found, 0, expected);
        if (st == TN_OK)
            break;
        if (st != TN_RESOURCE_EXHAUSTED)
            fail_msg("allocation %u: %s %s", nth, err_status_name(st), world->f->err.message);
    }
    assert_in_range(nth, 3, ALLOCATION_MAX - 1);
    assert_int_equal(found, expected);
}

static void walk_survives_any_failed_allocation(void **state)
{
    struct world *world = *state;
    struct query query = {.type = fixture_type(world->txn, "machines")};

    survive(world, &query, MACHINE_COUNT);
}

static void filters_survive_any_failed_allocation(void **state)
{
    struct world *world = *state;
    const struct query_filter is_used = {
        fixture_property(world->txn, "machines", "state"), QUERY_EQ, &world->used, 1};
    const struct query_filter filters[] = {
        is_used,
        {fixture_property(world->txn, "machines", "price"), QUERY_BETWEEN, world->bounds, 2},
    };
    const struct query_filter is_low = {
        fixture_property(world->txn, "machines", "price"), QUERY_LT, &world->low, 1};
    const struct query_group groups[] = {{filters, 2}, {&is_low, 1}};
    struct query query = {
        .type = fixture_type(world->txn, "machines"), .groups = groups, .group_count = 1};

    survive(world, &query, 3); /* 2, 4, 6 */
    query.group_count = 2;
    survive(world, &query, 5); /* and 0, 1 */
}

static void sorting_survives_any_failed_allocation(void **state)
{
    struct world *world = *state;
    const struct query_filter is_used = {
        fixture_property(world->txn, "machines", "state"), QUERY_EQ, &world->used, 1};
    const struct query_group group = {&is_used, 1};
    struct query query = {.type = fixture_type(world->txn, "machines"),
                          .sort = fixture_property(world->txn, "machines", "price")};

    survive(world, &query, MACHINE_COUNT);
    query.descending = true;
    survive(world, &query, MACHINE_COUNT);
    query.groups = &group;
    query.group_count = 1;
    survive(world, &query, MACHINE_COUNT / 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(walk_survives_any_failed_allocation),
        CASE(filters_survive_any_failed_allocation),
        CASE(sorting_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
