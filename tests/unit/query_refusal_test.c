/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/query/query.c: cursors that it refuses, and walks that it ends. */
#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "tests/unit/query_parts.h"

/* Refusals */

static tn_status open_refused_in(struct portal *portal, const struct query *query,
                                 struct tn_bytes cursor, const char *rule)
{
    struct txn *txn = parts_begin_in(portal);
    struct query_run *run = NULL;
    struct query of_txn = *query;

    of_txn.type = parts_type(txn);
    tn_status st = query_open(txn, &of_txn, cursor, &run, &parts_world->err);
    assert_null(run);
    txn_destroy(txn);
    assert_int_equal(parts_world->err.status, st);
    if (rule) {
        assert_int_equal(parts_world->err.violation_count, 1);
        assert_string_equal(parts_world->err.violations[0].rule, rule);
    }
    return st;
}

static tn_status open_refused(const struct query *query, struct tn_bytes cursor, const char *rule)
{
    return open_refused_in(parts_world->portal, query, cursor, rule);
}

/* A position tells of records: that of one portal is none in another. */
static void cursor_of_another_portal_is_refused(void **state)
{
    struct want want = {.group_count = 0, .sort = NAME};
    struct portal *other = NULL;
    struct buf cursor = {0};
    tn_id ids[8];

    (void)state;
    assert_int_equal(
        portals_create(parts_world->portals, utf8_str("other"), NULL, &other, &parts_world->err),
        TN_OK);
    assert_int_equal(parts_read_page(&want, &cursor, 8, ids), 8);
    struct txn *txn = parts_begin();
    struct query query = *parts_ask(txn, &want);
    assert_int_equal(open_refused_in(other, &query, buf_bytes(&cursor), "cursor"),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(parts_read_page(&want, &cursor, 8, ids), 8); /* where it is good */
    txn_destroy(txn);
    buf_fini(&cursor);
}

static void cursors_of_other_queries_and_damaged_ones_are_refused(void **state)
{
    struct want want = {.group_count = 1, .filter_count = {1}, .sort = NAME};
    struct buf cursor = {0};
    tn_id ids[8];

    (void)state;
    want.filters[0][0] = (struct want_filter){.property = PRICE, .op = QUERY_HAS};
    assert_int_equal(parts_read_page(&want, &cursor, 8, ids), 8);

    struct txn *txn = parts_begin();
    struct query query = *parts_ask(txn, &want);
    struct query other = query;
    other.descending = true;
    assert_int_equal(open_refused(&other, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
    other = query;
    other.sort = NULL;
    assert_int_equal(open_refused(&other, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
    other = query;
    other.group_count = 0;
    assert_int_equal(open_refused(&other, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
    for (size_t i = 0; i < cursor.len; i++) {
        cursor.data[i] ^= 1;
        assert_int_equal(open_refused(&query, buf_bytes(&cursor), "cursor"), TN_INVALID_ARGUMENT);
        cursor.data[i] ^= 1;
        struct tn_bytes cut = {cursor.data, i};
        if (i > 0)
            assert_int_equal(open_refused(&query, cut, "cursor"), TN_INVALID_ARGUMENT);
    }
    txn_destroy(txn);
    buf_fini(&cursor);
}

/* Limits */

static tn_status stopped(void *ctx)
{
    int *left = ctx;

    return --*left < 0 ? TN_CANCELLED : TN_OK;
}

static tn_status walk(struct txn *txn, const struct query *query)
{
    struct query_run *run = NULL;
    struct query_hit hit;

    tn_status st = query_open(txn, query, (struct tn_bytes){0}, &run, &parts_world->err);
    while (st == TN_OK)
        st = query_next(run, &hit, &parts_world->err);
    query_close(run);
    return st;
}

static void a_cancelled_walk_ends(void **state)
{
    int left = 2;
    struct txn_options options = {.portal = parts_world->portal,
                                  .deadline_us = INT64_MAX,
                                  .state = stopped,
                                  .state_ctx = &left,
                                  .is_read_only = true};
    struct want wants[3] = {{.sort = -1}, {.sort = NAME}, {.sort = -1}};
    struct txn *txn = NULL;

    (void)state;
    wants[2].group_count = 1;
    wants[2].filter_count[0] = 1;
    wants[2].filters[0][0] =
        (struct want_filter){.property = PRICE,
                             .op = QUERY_GE,
                             .values = {value_number((struct decimal){.mantissa = -1000})},
                             .value_count = 1};
    for (size_t i = 0; i < 3; i++) {
        left = 2;
        assert_int_equal(txn_begin(parts_world->records, &options, &txn, &parts_world->err), TN_OK);
        assert_int_equal(walk(txn, parts_ask(txn, &wants[i])), TN_CANCELLED);
        txn_destroy(txn);
    }
}

static void a_walk_past_its_deadline_ends(void **state)
{
    struct txn_options options = {
        .portal = parts_world->portal, .deadline_us = clock_mono_us() - 1, .is_read_only = true};
    struct want want = {.sort = -1};
    struct txn *txn = NULL;

    (void)state;
    tn_status st = txn_begin(parts_world->records, &options, &txn, &parts_world->err);
    if (st == TN_OK)
        st = walk(txn, parts_ask(txn, &want));
    assert_int_equal(st, TN_DEADLINE_EXCEEDED);
    txn_destroy(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_of_another_portal_is_refused),
        cmocka_unit_test(cursors_of_other_queries_and_damaged_ones_are_refused),
        cmocka_unit_test(a_cancelled_walk_ends),
        cmocka_unit_test(a_walk_past_its_deadline_ends),
    };

    return cmocka_run_group_tests(tests, parts_open_filled, parts_close);
}
