/* SPDX-License-Identifier: Apache-2.0 */
/* query_match_test.c - queries that make no sense, refused with the field that is wrong. */
#include "core/query/match.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/value/value.h"
#include "tests/unit/fixture.h"

static int setup(void **state)
{
    *state = fixture_open();
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

static void refused(struct fixture *f, const struct query *query, tn_status status,
                    const char *field, const char *rule)
{
    struct txn *txn = fixture_begin(f);
    struct query_run *run = NULL;
    struct query of_txn = *query;
    uint64_t count = 0;

    of_txn.type = fixture_type(txn, "machines");
    assert_int_equal(query_open(txn, &of_txn, (struct tn_bytes){0}, &run, &f->err), status);
    assert_null(run);
    assert_int_equal(f->err.status, status);
    assert_true(fixture_refused(f, field, rule));
    err_clear(&f->err);
    assert_int_equal(query_count(txn, &of_txn, &count, &f->err), status);
    txn_destroy(txn);
}

static void filter_refused(struct fixture *f, struct query_filter filter, const char *field,
                           const char *rule)
{
    struct query_group group = {.filters = &filter, .filter_count = 1};
    struct query query = {.groups = &group, .group_count = 1};

    refused(f, &query, TN_INVALID_ARGUMENT, field, rule);
}

#define PROPERTY "groups[0].filters[0].property"
#define OP "groups[0].filters[0].op"
#define VALUES "groups[0].filters[0].values"

static void values_of_a_wrong_kind_or_number_are_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    const struct schema_property *price = fixture_property(txn, "machines", "price");
    struct tn_value number = value_number((struct decimal){.mantissa = 1});
    struct tn_value yes = value_integer(TN_BOOL, 1);
    struct tn_value many[QUERY_VALUE_MAX + 1];
    struct query_filter filter = {
        .property = price, .op = QUERY_EQ, .values = &yes, .value_count = 1};

    filter_refused(f, filter, VALUES, "kind");
    for (uint32_t i = 0; i <= QUERY_VALUE_MAX; i++)
        many[i] = number;
    filter.values = many;
    filter.value_count = 2;
    filter_refused(f, filter, VALUES, "value_count");
    filter.value_count = 0;
    filter_refused(f, filter, VALUES, "value_count");
    filter.op = QUERY_IN;
    filter_refused(f, filter, VALUES, "value_count");
    filter.value_count = QUERY_VALUE_MAX + 1;
    filter_refused(f, filter, VALUES, "value_count");
    filter.value_count = 1;
    filter.op = QUERY_HAS;
    filter_refused(f, filter, VALUES, "value_count");
    filter.op = QUERY_HAS_NOT;
    filter_refused(f, filter, VALUES, "value_count");
    filter.op = QUERY_BETWEEN;
    filter_refused(f, filter, VALUES, "value_count");
    txn_destroy(txn);
}

static void unknown_operators_and_those_without_an_order_are_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct tn_value tags = value_text(TN_CHOICES, (struct tn_str){"a", 1});
    struct query_filter filter = {.property = fixture_property(txn, "machines", "tags"),
                                  .op = QUERY_GT,
                                  .values = &tags,
                                  .value_count = 1};

    filter_refused(f, filter, OP, "operator");
    filter.op = (enum query_op)99;
    filter_refused(f, filter, OP, "operator");
    filter.op = (enum query_op)0;
    filter_refused(f, filter, OP, "operator");
    txn_destroy(txn);
}

static void words_of_what_is_not_searchable_or_too_many_are_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    char text[65 * 3];
    struct tn_value words = value_text(TN_TEXT, (struct tn_str){text, sizeof(text)});
    struct tn_value number = value_number((struct decimal){.mantissa = 1});
    struct query_filter filter = {.property = fixture_property(txn, "machines", "price"),
                                  .op = QUERY_WORD,
                                  .values = &number,
                                  .value_count = 1};
    struct query_group group = {.filters = &filter, .filter_count = 1};
    struct query query = {.groups = &group, .group_count = 1};

    refused(f, &query, TN_FAILED_PRECONDITION, OP, "searchable");
    for (int i = 0; i < 65; i++) {
        text[3 * i] = (char)('a' + i / 26);
        text[3 * i + 1] = (char)('a' + i % 26);
        text[3 * i + 2] = ' ';
    }
    filter.property = fixture_property(txn, "machines", "serial");
    filter.values = &words;
    filter_refused(f, filter, "serial", "too_many");
    txn_destroy(txn);
}

static void values_that_no_record_can_have_are_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    const struct schema_property *grade = fixture_property(txn, "machines", "state");
    const struct schema_property *tags = fixture_property(txn, "machines", "tags");
    const struct schema_property *date = fixture_property(txn, "machines", "installed_on");
    struct tn_value value = value_text(TN_CHOICE, (struct tn_str){"gone", 4});
    struct arena *arena = txn_arena(txn);

    assert_int_equal(query_value_check(grade, VALUES, arena, &value, &f->err), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, VALUES, "option"));
    assert_non_null(strstr(f->err.message, "\"gone\" is no option of state"));
    value = value_text(TN_CHOICES, (struct tn_str){"a;z", 3});
    err_clear(&f->err);
    assert_int_equal(query_value_check(tags, VALUES, arena, &value, &f->err), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, VALUES, "option"));
    value = value_integer(TN_DATE, INT32_MAX);
    err_clear(&f->err);
    assert_int_equal(query_value_check(date, VALUES, arena, &value, &f->err), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, VALUES, "range"));
    value = value_text(TN_CHOICES, (struct tn_str){"c;a;c", 5});
    assert_int_equal(query_value_check(tags, VALUES, arena, &value, &f->err), TN_OK);
    assert_true(utf8_is(value.as.text, "a;c")); /* as records have it */
    txn_destroy(txn);
}

static void properties_of_other_types_and_none_are_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct query_filter filter = {.op = QUERY_HAS};

    filter_refused(f, filter, PROPERTY, "unknown_property");
    filter.property = fixture_property(txn, "sites", "name");
    filter_refused(f, filter, PROPERTY, "unknown_property");
    txn_destroy(txn);
}

static void more_groups_or_filters_than_allowed_are_refused(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct query_filter filters[QUERY_FILTER_MAX + 1];
    struct query_group groups[QUERY_GROUP_MAX + 1];
    struct query query = {.groups = groups, .group_count = QUERY_GROUP_MAX + 1};

    for (size_t i = 0; i <= QUERY_FILTER_MAX; i++)
        filters[i] = (struct query_filter){.property = fixture_property(txn, "machines", "price"),
                                           .op = QUERY_HAS};
    for (size_t i = 0; i <= QUERY_GROUP_MAX; i++)
        groups[i] = (struct query_group){.filters = filters, .filter_count = 1};
    refused(f, &query, TN_INVALID_ARGUMENT, "groups", "too_many");
    groups[0].filter_count = QUERY_FILTER_MAX + 1;
    query.group_count = 1;
    refused(f, &query, TN_INVALID_ARGUMENT, "groups[0].filters", "too_many");
    txn_destroy(txn);
}

static void sorting_needs_an_index_and_live_records(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_begin(f);
    struct query query = {.sort = fixture_property(txn, "machines", "weight")};

    refused(f, &query, TN_FAILED_PRECONDITION, "sort", "indexed");
    query.sort = fixture_property(txn, "sites", "name");
    refused(f, &query, TN_FAILED_PRECONDITION, "sort", "indexed");
    query.sort = fixture_property(txn, "machines", "price");
    query.archived = true;
    refused(f, &query, TN_FAILED_PRECONDITION, "sort", "archived");
    txn_destroy(txn);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_of_a_wrong_kind_or_number_are_refused),
        TEST(words_of_what_is_not_searchable_or_too_many_are_refused),
        TEST(values_that_no_record_can_have_are_refused),
        TEST(unknown_operators_and_those_without_an_order_are_refused),
        TEST(properties_of_other_types_and_none_are_refused),
        TEST(more_groups_or_filters_than_allowed_are_refused),
        TEST(sorting_needs_an_index_and_live_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
