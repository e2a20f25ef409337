/* SPDX-License-Identifier: Apache-2.0 */
/* service_search_test.c - searching, counting and totals over the bus. */
#include <stdio.h>
#include <string.h>

#include "tests/integration/served.h"

#define METHOD(name_) "tenon.records.v1.Search/" name_
#define OP(name_) TENON__RECORDS__V1__FILTER__OPERATOR__##name_

static Tenon__Records__V1__Filter *a_filter(struct served *s, const char *property,
                                            Tenon__Records__V1__Filter__Operator op,
                                            const char *first, const char *second)
{
    Tenon__Records__V1__Filter *filter = arena_new(&s->arena, Tenon__Records__V1__Filter);

    assert_non_null(filter);
    tenon__records__v1__filter__init(filter);
    filter->property = a_text(s, property);
    filter->op = op;
    filter->values = A_LIST(s,
                            &filter->n_values,
                            first ? a_literal(s, first) : NULL,
                            second ? a_literal(s, second) : NULL);
    return filter;
}

static Tenon__Records__V1__FilterGroup *a_group(struct served *s, Tenon__Records__V1__Filter *first,
                                                Tenon__Records__V1__Filter *second)
{
    Tenon__Records__V1__FilterGroup *group = arena_new(&s->arena, Tenon__Records__V1__FilterGroup);

    assert_non_null(group);
    tenon__records__v1__filter_group__init(group);
    group->filters = A_LIST(s, &group->n_filters, first, second);
    return group;
}

static Tenon__Records__V1__SearchRequest *a_search(struct served *s,
                                                   Tenon__Records__V1__FilterGroup *first,
                                                   Tenon__Records__V1__FilterGroup *second)
{
    Tenon__Records__V1__SearchRequest *request =
        arena_new(&s->arena, Tenon__Records__V1__SearchRequest);

    assert_non_null(request);
    tenon__records__v1__search_request__init(request);
    request->type = a_text(s, "machines");
    request->groups = A_LIST(s, &request->n_groups, first, second);
    return request;
}

/* The serials found, with a blank between; and the count says the same number. */
static void check_found(struct served *s, Tenon__Records__V1__SearchRequest *request,
                        const char *serials)
{
    Tenon__Records__V1__CountRequest count = TENON__RECORDS__V1__COUNT_REQUEST__INIT;
    char found[256] = "";
    size_t all = 0;

    do {
        const Tenon__Records__V1__SearchResponse *page = served_must(
            s, METHOD("Search"), request, &tenon__records__v1__search_response__descriptor);

        for (size_t i = 0; i < page->n_records; i++) {
            size_t len = strlen(found);

            (void)snprintf(found + len,
                           sizeof(found) - len,
                           "%s%s",
                           len ? " " : "",
                           text_of(s, page->records[i], "serial"));
        }
        all += page->n_records;
        request->cursor = page->cursor;
    } while (request->cursor[0] != '\0');
    assert_string_equal(found, serials);
    count.type = request->type;
    count.groups = request->groups;
    count.n_groups = request->n_groups;
    const Tenon__Records__V1__CountResponse *counted =
        served_must(s, METHOD("Count"), &count, &tenon__records__v1__count_response__descriptor);
    assert_int_equal(counted->count, all);
}

static void refuse_search(struct served *s, const Tenon__Records__V1__SearchRequest *request,
                          tn_status status, const char *field, const char *rule)
{
    assert_null(served_call(
        s, METHOD("Search"), request, &tenon__records__v1__search_response__descriptor));
    assert_true(served_refused(s, status, field, rule));
    served_is_alive(s);
}

static void create_five(struct served *s)
{
    (void)create_record(s, "machines", "serial=A;price=1;installed_on=2024-01-01;state=new");
    (void)create_record(s, "machines", "serial=B;price=2.50;installed_on=2024-02-01;state=used");
    (void)create_record(s, "machines", "serial=C;price=2.5;state=used");
    (void)create_record(s, "machines", "serial=D;price=10;installed_on=2024-04-01;state=broken");
    (void)create_record(s, "machines", "serial=E;installed_on=2024-05-01");
}

static void filters_find_by_index_and_by_row(void **state)
{
    struct served *s = *state;

    create_five(s);
    check_found(s, a_search(s, NULL, NULL), "A B C D E");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "serial", OP(EQ), "b", NULL), NULL), NULL), "B");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "price", OP(EQ), "2.5", NULL), NULL), NULL), "B C");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "price", OP(GT), "2.5", NULL), NULL), NULL), "D");
    check_found(s,
                a_search(s, a_group(s, a_filter(s, "price", OP(BETWEEN), "1", "2.5"), NULL), NULL),
                "A B C");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "price", OP(IN), "10", "1"), NULL), NULL), "A D");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "price", OP(HAS_NOT), NULL, NULL), NULL), NULL), "E");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "state", OP(EQ), "used", NULL), NULL), NULL), "B C");
    check_found(s,
                a_search(s, a_group(s, a_filter(s, "state", OP(NE), "used", NULL), NULL), NULL),
                "A D E");
    check_found(s,
                a_search(s,
                         a_group(s,
                                 a_filter(s, "price", OP(GE), "2", NULL),
                                 a_filter(s, "installed_on", OP(LT), "2024-03-01", NULL)),
                         NULL),
                "B");
    check_found(s,
                a_search(s,
                         a_group(s, a_filter(s, "price", OP(LE), "1", NULL), NULL),
                         a_group(s, a_filter(s, "installed_on", OP(GE), "2024-05-01", NULL), NULL)),
                "A E");
}

static void pages_go_on_where_they_ended(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__SearchRequest *request =
        a_search(s, a_group(s, a_filter(s, "price", OP(HAS), NULL, NULL), NULL), NULL);

    create_five(s);
    request->limit = 1;
    check_found(s, request, "A B C D");
}

static void a_sorted_search_puts_those_without_a_value_last(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__SearchRequest *request = a_search(s, NULL, NULL);

    create_five(s);
    request->limit = 2;
    request->sort = a_text(s, "price");
    check_found(s, request, "A B C D E");
    request->descending = 1;
    check_found(s, request, "D C B A E");
    request = a_search(s, a_group(s, a_filter(s, "state", OP(EQ), "used", NULL), NULL), NULL);
    request->sort = a_text(s, "installed_on");
    check_found(s, request, "B C");
    request->sort = a_text(s, "weight");
    refuse_search(s, request, TN_FAILED_PRECONDITION, "sort", "indexed");
    request->sort = a_text(s, "colour");
    refuse_search(s, request, TN_INVALID_ARGUMENT, "sort", "unknown_property");
}

static void the_newest_come_first_if_nothing_else_is_said(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__SearchRequest *request = a_search(s, NULL, NULL);

    create_five(s);
    request->limit = 2;
    request->descending = 1;
    check_found(s, request, "E D C B A");
    request = a_search(s, a_group(s, a_filter(s, "price", OP(HAS), NULL, NULL), NULL), NULL);
    request->limit = 1;
    request->descending = 1;
    check_found(s, request, "D C B A");
    request = a_search(s, a_group(s, a_filter(s, "state", OP(EQ), "used", NULL), NULL), NULL);
    request->limit = 1;
    request->descending = 1;
    check_found(s, request, "C B");
}

static void words_are_found_whatever_their_case(void **state)
{
    struct served *s = *state;

    (void)create_record(s, "machines", "serial=Grand \xc3\x89l\xc3\xa9vateur 7");
    (void)create_record(s, "machines", "serial=Grande Grue");
    check_found(s,
                a_search(s,
                         a_group(s, a_filter(s, "serial", OP(WORD), "elevateur GRAND", NULL), NULL),
                         NULL),
                "Grand \xc3\x89l\xc3\xa9vateur 7");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "serial", OP(WORD), "gran", NULL), NULL), NULL), "");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "state", OP(WORD), "new", NULL), NULL), NULL),
                  TN_FAILED_PRECONDITION,
                  "groups[0].filters[0].op",
                  "searchable");
}

static void several_options_are_found_in_any_order(void **state)
{
    struct served *s = *state;

    (void)create_record(s, "machines", "serial=A;tags=a");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "tags", OP(EQ), "a", NULL), NULL), NULL), "A");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "tags", OP(EQ), "a;z", NULL), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].values",
                  "option");
}

static void archived_records_are_not_found(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__ArchiveRequest archive = TENON__RECORDS__V1__ARCHIVE_REQUEST__INIT;

    create_five(s);
    archive.type = a_text(s, "machines");
    archive.key = a_key(s, "serial", "B");
    (void)served_must(s,
                      "tenon.records.v1.Records/Archive",
                      &archive,
                      &tenon__records__v1__archive_response__descriptor);
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "price", OP(EQ), "2.5", NULL), NULL), NULL), "C");
    check_found(
        s, a_search(s, a_group(s, a_filter(s, "serial", OP(EQ), "B", NULL), NULL), NULL), "");
}

static void wrong_searches_are_refused(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__Filter *has = a_filter(s, "price", OP(HAS), NULL, NULL);
    Tenon__Records__V1__SearchRequest *request = a_search(s, NULL, NULL);

    request->type = a_text(s, "gadgets");
    refuse_search(s, request, TN_NOT_FOUND, "type", "unknown_type");
    refuse_search(s,
                  a_search(s, a_group(s, has, a_filter(s, "colour", OP(HAS), NULL, NULL)), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[1].property",
                  "unknown_property");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "price", OP(EQ), "x", NULL), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].values",
                  NULL);
    refuse_search(
        s,
        a_search(s, a_group(s, has, a_filter(s, "installed_on", OP(LT), "2024-02-30", NULL)), NULL),
        TN_INVALID_ARGUMENT,
        "groups[0].filters[1].values",
        "range");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "state", OP(EQ), "USED", NULL), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].values",
                  "option");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "state", OP(IN), "used", "gone"), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].values",
                  "option");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "price", OP(EQ), "", NULL), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].values",
                  "required");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "price", OP(UNKNOWN), "1", NULL), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].op",
                  "operator");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "price", OP(BETWEEN), "1", NULL), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].values",
                  "value_count");
    refuse_search(s,
                  a_search(s, a_group(s, a_filter(s, "tags", OP(LT), "a", NULL), NULL), NULL),
                  TN_INVALID_ARGUMENT,
                  "groups[0].filters[0].op",
                  "operator");
    request = a_search(s, a_group(s, has, NULL), NULL);
    Tenon__Records__V1__FilterGroup *group = request->groups[0];
    request->groups = A_LIST(s, &request->n_groups, group, group, group, group, group, group);
    refuse_search(s, request, TN_INVALID_ARGUMENT, "groups", "too_many");
    request->n_groups = 1;
    group->filters = A_LIST(s, &group->n_filters, has, has, has, has, has, has, has);
    refuse_search(s, request, TN_INVALID_ARGUMENT, "groups", "too_many");
}

static void totals_follow_the_records(void **state)
{
    struct served *s = *state;
    Tenon__Records__V1__AggregateRequest request = TENON__RECORDS__V1__AGGREGATE_REQUEST__INIT;
    const ProtobufCMessageDescriptor *answer = &tenon__records__v1__aggregate_response__descriptor;
    uint64_t count = 0;

    create_five(s);
    request.rollup = a_text(s, "machines_by_state");
    const Tenon__Records__V1__AggregateResponse *all =
        served_must(s, METHOD("Aggregate"), &request, answer);
    assert_int_equal(all->n_groups, 3);
    for (size_t i = 0; i < all->n_groups; i++)
        count += all->groups[i]->count;
    assert_int_equal(count, 5);

    request.group = A_LIST(s, &request.n_group, a_property(s, "state", "used"));
    const Tenon__Records__V1__AggregateResponse *used =
        served_must(s, METHOD("Aggregate"), &request, answer);
    assert_int_equal(used->n_groups, 1);
    assert_int_equal(used->groups[0]->count, 2);
    assert_string_equal(used->groups[0]->values[0]->name, "state");
    assert_string_equal(used->groups[0]->values[0]->value->text, "used");
    assert_int_equal(used->groups[0]->n_sums, 2);
    assert_string_equal(used->groups[0]->sums[0]->property, "price");
    assert_string_equal(used->groups[0]->sums[1]->weight, "weight");
    assert_int_equal(used->groups[0]->sums[0]->sum->mantissa, 5);
    assert_int_equal(used->groups[0]->sums[0]->sum->exponent, 0);

    request.group = A_LIST(s, &request.n_group, a_property(s, "state", "gone"));
    assert_null(served_call(s, METHOD("Aggregate"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "state", "option"));
    request.rollup = a_text(s, "machines_by_moon");
    assert_null(served_call(s, METHOD("Aggregate"), &request, answer));
    assert_true(served_refused(s, TN_NOT_FOUND, "rollup", "unknown_rollup"));
    request.rollup = a_text(s, "machines_by_state");
    request.group = A_LIST(s, &request.n_group, a_property(s, "price", "1"));
    assert_null(served_call(s, METHOD("Aggregate"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "price", "unknown_property"));
    served_is_alive(s);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(filters_find_by_index_and_by_row),
        TEST(pages_go_on_where_they_ended),
        TEST(a_sorted_search_puts_those_without_a_value_last),
        TEST(the_newest_come_first_if_nothing_else_is_said),
        TEST(words_are_found_whatever_their_case),
        TEST(several_options_are_found_in_any_order),
        TEST(archived_records_are_not_found),
        TEST(wrong_searches_are_refused),
        TEST(totals_follow_the_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
