/* SPDX-License-Identifier: Apache-2.0 */
/* query_query_test.c - queries against a walk over all records that knows no index. */
#include "core/query/query.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/query/match.h"
#include "core/query/order.h"
#include "tests/unit/query_parts.h"

static void any_query_finds_what_a_walk_over_all_finds(void **state)
{
    (void)state;
    for (int i = 0; i < 600; i++) {
        struct want want = parts_some_want();

        parts_check(&want, 1 + parts_random(400));
    }
}

static void one_filter_of_each_kind_finds_what_a_walk_finds(void **state)
{
    (void)state;
    for (int property = 0; property < PROPERTY_COUNT; property++) {
        for (enum query_op op = QUERY_EQ; op <= QUERY_WORD; op++) {
            struct want want = {.group_count = 1, .filter_count = {1}, .sort = -1};
            struct want_filter filter;

            if (!parts_can_ask(property, op))
                continue;
            do
                filter = parts_some_filter();
            while (filter.property != property || filter.op != op);
            want.filters[0][0] = filter;
            parts_check(&want, 97);
            want.descending = true;
            parts_check(&want, 97);
            want.descending = false;
            want.sort = PRICE;
            parts_check(&want, 97);
            want.sort =
                property == NAME || property == GRADE || property == MADE_ON ? property : NAME;
            want.descending = true;
            parts_check(&want, 97);
        }
    }
}

static void everything_is_found_in_pages_of_one(void **state)
{
    struct want want = {.sort = GRADE, .descending = true};

    (void)state;
    parts_check(&want, 1);
}

static void the_newest_come_first_in_pages_of_one(void **state)
{
    struct want want = {.sort = -1, .descending = true};

    (void)state;
    parts_check(&want, 1);
    want.archived = true;
    parts_check(&want, 1);
}

static void texts_longer_than_a_key_are_told_apart(void **state)
{
    struct want want = {.group_count = 1, .filter_count = {1}, .sort = -1};
    struct tn_str text;
    tn_id ids[64];
    struct buf cursor = {0};

    (void)state;
    do
        text = parts_text();
    while (text.len != 299);
    want.filters[0][0] = (struct want_filter){
        .property = NAME, .op = QUERY_EQ, .values = {value_text(TN_TEXT, text)}, .value_count = 1};
    size_t count = parts_read_page(&want, &cursor, 64, ids);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < parts_world->count; j++) {
            if (parts_world->parts[j].id == ids[i])
                assert_true(utf8_equal(parts_world->parts[j].values[NAME].as.text, text));
        }
    }
    buf_fini(&cursor);
}

/* Past QUERY_SORT_MAX candidates the other way is taken; the order must not change with it. */
static void many_candidates_are_sorted_as_few_are(void **state)
{
    struct want want = {.group_count = 1, .filter_count = {1}, .sort = PRICE};
    size_t count = QUERY_SORT_MAX * 2;

    (void)state;
    parts_world->parts = calloc(count, sizeof(*parts_world->parts));
    assert_non_null(parts_world->parts);
    while (parts_world->count < count) {
        struct txn *txn = parts_begin();

        for (size_t i = 0; i < 3000 && parts_world->count < count; i++) {
            struct part *part = &parts_world->parts[parts_world->count++];
            struct record *record = NULL;

            bool is_last = parts_world->count == count; /* found last of all, as it has no price */
            part->values[PRICE] = parts_random(9) && !is_last ? parts_value(PRICE) : value_none();
            part->values[IS_OK] = value_integer(TN_BOOL, is_last || parts_random(4) != 0);
            part->values[WEIGHT] = parts_value(WEIGHT);
            assert_int_equal(txn_create(txn, parts_type(txn), &record, &parts_world->err), TN_OK);
            assert_int_equal(
                record_write(
                    record, parts_property(txn, PRICE), &part->values[PRICE], &parts_world->err),
                TN_OK);
            assert_int_equal(
                record_write(
                    record, parts_property(txn, IS_OK), &part->values[IS_OK], &parts_world->err),
                TN_OK);
            assert_int_equal(
                record_write(
                    record, parts_property(txn, WEIGHT), &part->values[WEIGHT], &parts_world->err),
                TN_OK);
            part->id = record_id(record);
        }
        assert_int_equal(txn_commit_wait(txn, &parts_world->err), TN_OK);
        txn_destroy(txn);
    }
    want.filters[0][0] = (struct want_filter){
        .property = IS_OK, .op = QUERY_EQ, .values = {value_integer(TN_BOOL, 1)}, .value_count = 1};
    size_t page_sizes[] = {7, 1000, count};
    for (size_t i = 0; i < 3; i++) {
        want.descending = !want.descending;
        parts_check(&want, page_sizes[i]);
    }
    /* Few of the many match: after QUERY_MISS_MAX others, and with one page, before. */
    want.filter_count[0] = 2;
    want.filters[0][1] =
        (struct want_filter){.property = WEIGHT,
                             .op = QUERY_EQ,
                             .values = {value_number((struct decimal){.mantissa = 7})},
                             .value_count = 1};
    for (size_t i = 0; i < 3; i++) {
        want.descending = !want.descending;
        parts_check(&want, page_sizes[i]);
    }
    want.filter_count[0] = 1;
    want.group_count = 2; /* or those without a price, from the index that the others are in */
    want.filter_count[1] = 2;
    want.filters[1][0] = (struct want_filter){
        .property = IS_OK, .op = QUERY_EQ, .values = {value_integer(TN_BOOL, 0)}, .value_count = 1};
    want.filters[1][1] = (struct want_filter){.property = PRICE, .op = QUERY_HAS_NOT};
    parts_check(&want, 1000);
    parts_check(&want, 40);
    /* or the few that are not: all of them */
    want.filter_count[1] = 1;
    want.filters[1][0] = (struct want_filter){
        .property = IS_OK, .op = QUERY_IN, .values = {value_integer(TN_BOOL, 0)}, .value_count = 1};
    parts_check(&want, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_query_finds_what_a_walk_over_all_finds),
        cmocka_unit_test(one_filter_of_each_kind_finds_what_a_walk_finds),
        cmocka_unit_test(everything_is_found_in_pages_of_one),
        cmocka_unit_test(the_newest_come_first_in_pages_of_one),
        cmocka_unit_test(texts_longer_than_a_key_are_told_apart),
    };
    const struct CMUnitTest large[] = {
        cmocka_unit_test(many_candidates_are_sorted_as_few_are),
    };

    return cmocka_run_group_tests(tests, parts_open_filled, parts_close) +
           cmocka_run_group_tests(large, parts_open, parts_close);
}
