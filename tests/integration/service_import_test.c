/* SPDX-License-Identifier: Apache-2.0 */
/* service_import_test.c - importing rows: once, twice, cut short, and refused one by one. */
#include <stdio.h>
#include <string.h>

#include "tenon/events/v1/changes.pb-c.h"
#include "tenon/import/v1/import.pb-c.h"
#include "tests/integration/served.h"

#define METHOD(name_) "tenon.import.v1.Import/" name_

static void *new_message(struct served *s, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(&s->arena, type->sizeof_message);

    assert_non_null(message);
    protobuf_c_message_init(type, message);
    return message;
}

static uint64_t start(struct served *s, const char *type, const char *key, bool dry_run)
{
    Tenon__Import__V1__StartRequest request = TENON__IMPORT__V1__START_REQUEST__INIT;

    request.type = a_text(s, type);
    request.key_property = a_text(s, key);
    request.dry_run = dry_run;
    request.name = a_text(s, "file.csv");
    const Tenon__Import__V1__StartResponse *response =
        served_must(s, METHOD("Start"), &request, &tenon__import__v1__start_response__descriptor);
    assert_true(response->import_id > 0);
    return response->import_id;
}

static Tenon__Import__V1__Row *a_row(struct served *s, uint64_t line, const char *values)
{
    const Tenon__Records__V1__CreateRequest *parts = a_create(s, "", values);
    Tenon__Import__V1__Row *row = new_message(s, &tenon__import__v1__row__descriptor);

    row->line = line;
    row->properties = parts->properties;
    row->n_properties = parts->n_properties;
    return row;
}

static Tenon__Import__V1__Row *with_link(struct served *s, Tenon__Import__V1__Row *row,
                                         const char *association, uint64_t id)
{
    Tenon__Records__V1__LinkTo *link = new_message(s, &tenon__records__v1__link_to__descriptor);

    link->association = a_text(s, association);
    link->to = an_id(s, id);
    row->links = A_LIST(s, &row->n_links, link);
    return row;
}

static Tenon__Import__V1__AppendRequest *an_append(struct served *s, uint64_t id, uint64_t first)
{
    Tenon__Import__V1__AppendRequest *request =
        new_message(s, &tenon__import__v1__append_request__descriptor);

    request->import_id = id;
    request->first_row = first;
    return request;
}

static const Tenon__Import__V1__AppendResponse *
append(struct served *s, const Tenon__Import__V1__AppendRequest *request)
{
    return served_must(
        s, METHOD("Append"), request, &tenon__import__v1__append_response__descriptor);
}

static void check_totals(const Tenon__Import__V1__Totals *totals, uint64_t rows, uint64_t created,
                         uint64_t updated, uint64_t unchanged, uint64_t refused)
{
    assert_non_null(totals);
    assert_int_equal(totals->rows, rows);
    assert_int_equal(totals->created, created);
    assert_int_equal(totals->updated, updated);
    assert_int_equal(totals->unchanged, unchanged);
    assert_int_equal(totals->refused, refused);
}

static size_t count_machines(struct served *s)
{
    Tenon__Records__V1__ListRequest request = TENON__RECORDS__V1__LIST_REQUEST__INIT;

    request.type = a_text(s, "machines");
    request.limit = 1000;
    const Tenon__Records__V1__ListResponse *response =
        served_must(s,
                    "tenon.records.v1.Records/List",
                    &request,
                    &tenon__records__v1__list_response__descriptor);
    return response->n_records;
}

static uint64_t head_of(struct served *s)
{
    Tenon__Events__V1__ListRequest request = TENON__EVENTS__V1__LIST_REQUEST__INIT;
    const Tenon__Events__V1__ListResponse *response = served_must(
        s, "tenon.events.v1.Changes/List", &request, &tenon__events__v1__list_response__descriptor);

    return response->head;
}

static Tenon__Import__V1__AppendRequest *three_rows(struct served *s, uint64_t id)
{
    Tenon__Import__V1__AppendRequest *request = an_append(s, id, 0);

    request->rows = A_LIST(s,
                           &request->n_rows,
                           a_row(s, 2, "serial=M-1;price=1"),
                           a_row(s, 3, "serial=M-2;price=2"),
                           a_row(s, 4, "serial=M-3;price=3"));
    return request;
}

static void importing_twice_changes_nothing(void **state)
{
    struct served *s = *state;

    check_totals(
        append(s, three_rows(s, start(s, "machines", "serial", false)))->totals, 3, 3, 0, 0, 0);
    uint64_t head = head_of(s);
    check_totals(
        append(s, three_rows(s, start(s, "machines", "serial", false)))->totals, 3, 0, 0, 3, 0);
    assert_int_equal(head_of(s), head);

    Tenon__Import__V1__AppendRequest *edited = three_rows(s, start(s, "machines", "serial", false));
    edited->rows[1] = a_row(s, 3, "serial=M-2;price=2.5");
    check_totals(append(s, edited)->totals, 3, 0, 1, 2, 0);
    assert_int_equal(head_of(s), head + 1);
    assert_int_equal(count_machines(s), 3);
}

static void a_repeated_append_is_taken_once(void **state)
{
    struct served *s = *state;
    uint64_t id = start(s, "machines", "", false); /* no key: a repeat would show */

    assert_int_equal(append(s, three_rows(s, id))->next_row, 3);
    served_restart(s);
    const Tenon__Import__V1__AppendResponse *again = append(s, three_rows(s, id));
    assert_int_equal(again->next_row, 3);
    check_totals(again->totals, 3, 3, 0, 0, 0);

    Tenon__Import__V1__AppendRequest *overlapping = three_rows(s, id);
    overlapping->first_row = 2; /* its first row is the one known */
    overlapping->rows = A_LIST(s,
                               &overlapping->n_rows,
                               a_row(s, 4, "serial=M-3;price=3"),
                               a_row(s, 5, "serial=M-4;price=4"));
    check_totals(append(s, overlapping)->totals, 4, 4, 0, 0, 0);
    assert_int_equal(count_machines(s), 4);
}

static void a_gap_is_refused(void **state)
{
    struct served *s = *state;
    Tenon__Import__V1__AppendRequest *request =
        three_rows(s, start(s, "machines", "serial", false));

    request->first_row = 1;
    assert_null(
        served_call(s, METHOD("Append"), request, &tenon__import__v1__append_response__descriptor));
    assert_true(served_refused(s, TN_OUT_OF_RANGE, "first_row", "gap"));
    assert_int_equal(count_machines(s), 0);
    served_is_alive(s);
}

static const Tenon__Import__V1__Refusal *
refusal_of(const Tenon__Import__V1__AppendResponse *response, uint64_t line)
{
    for (size_t i = 0; i < response->n_refusals; i++) {
        if (response->refusals[i]->line == line)
            return response->refusals[i];
    }
    return NULL;
}

static void check_refusal(const Tenon__Import__V1__AppendResponse *response, uint64_t line,
                          const char *property, const char *value, const char *rule)
{
    const Tenon__Import__V1__Refusal *refusal = refusal_of(response, line);

    assert_non_null(refusal);
    assert_string_equal(refusal->property, property);
    assert_string_equal(refusal->value, value);
    if (rule)
        assert_string_equal(refusal->rule, rule);
    assert_true(refusal->message[0] != '\0');
}

static void a_refused_row_does_not_spoil_the_others(void **state)
{
    struct served *s = *state;
    Tenon__Import__V1__AppendRequest *request =
        an_append(s, start(s, "machines", "serial", false), 0);

    request->rows = A_LIST(s,
                           &request->n_rows,
                           a_row(s, 2, "serial=M-1;price=1"),
                           a_row(s, 3, "serial=M-2;price=much"),
                           a_row(s, 4, "price=3"),
                           a_row(s, 5, "serial=M-4;colour=red"),
                           a_row(s, 6, "serial=M-5;state=odd"),
                           with_link(s, a_row(s, 7, "serial=M-6"), "machine_to_site", 999),
                           with_link(s, a_row(s, 8, "serial=M-7"), "machine_to_moon", 1),
                           a_row(s, 9, "serial=M-8;hours=3"),
                           a_row(s, 10, "serial=M-9;price=9"));
    const Tenon__Import__V1__AppendResponse *response = append(s, request);
    check_totals(response->totals, 9, 2, 0, 0, 7);
    assert_int_equal(response->n_refusals, 7);
    check_refusal(response, 3, "price", "much", NULL);
    check_refusal(response, 4, "serial", "", "required");
    check_refusal(response, 5, "colour", "red", "unknown_property");
    check_refusal(response, 6, "state", "odd", NULL);
    assert_non_null(refusal_of(response, 7));
    check_refusal(response, 8, "links[0]", "", "unknown_association");
    check_refusal(response, 9, "hours", "3", "read_only");
    assert_int_equal(count_machines(s), 2);
    served_is_alive(s);
}

static void a_unique_value_of_another_record_refuses_the_row(void **state)
{
    struct served *s = *state;
    Tenon__Import__V1__AppendRequest *request = an_append(s, start(s, "machines", "", false), 0);

    (void)create_record(s, "machines", "serial=M-1");
    request->rows = A_LIST(s,
                           &request->n_rows,
                           a_row(s, 2, "serial=m-1"),
                           a_row(s, 3, "serial=M-2"),
                           a_row(s, 4, "serial=M-2"));
    const Tenon__Import__V1__AppendResponse *response = append(s, request);
    check_totals(response->totals, 3, 1, 0, 0, 2);
    check_refusal(response, 2, "serial", "m-1", "unique");
    check_refusal(response, 4, "serial", "M-2", "unique");
    assert_int_equal(count_machines(s), 2);
}

static void links_and_limits_hold_and_repeat_as_unchanged(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *site = create_record(s, "sites", "name=Here");

    for (int round = 0; round < 2; round++) {
        Tenon__Import__V1__AppendRequest *request =
            an_append(s, start(s, "machines", "serial", false), 0);

        request->rows =
            A_LIST(s,
                   &request->n_rows,
                   with_link(s, a_row(s, 2, "serial=M-1"), "machine_to_site", site->id),
                   with_link(s, a_row(s, 3, "serial=M-2"), "machine_to_site", site->id),
                   /* Two a site: */
                   with_link(s, a_row(s, 4, "serial=M-3"), "machine_to_site", site->id));
        const Tenon__Import__V1__AppendResponse *response = append(s, request);
        check_totals(response->totals, 3, round ? 0 : 2, 0, round ? 2 : 0, 1);
        assert_non_null(refusal_of(response, 4));
    }
    assert_int_equal(count_machines(s), 2);
}

static void a_reference_is_found_by_its_key(void **state)
{
    struct served *s = *state;
    Tenon__Import__V1__AppendRequest *request =
        an_append(s, start(s, "machines", "serial", false), 0);
    Tenon__Import__V1__Row *rows[3];
    const Tenon__Records__V1__Record *user =
        create_record(s, "users", "email=ann@example.org;lastname=Ann");
    static const char *const keys[] = {"ANN@example.org", "bob@example.org"};

    for (size_t i = 0; i < 2; i++) {
        Tenon__Import__V1__Reference *reference =
            new_message(s, &tenon__import__v1__reference__descriptor);

        rows[i] = a_row(s, i, i ? "serial=M-2" : "serial=M-1");
        reference->property = a_text(s, "owner");
        reference->key = a_key(s, "email", keys[i]);
        rows[i]->references = A_LIST(s, &rows[i]->n_references, reference);
    }
    request->rows = rows;
    request->n_rows = 2;
    const Tenon__Import__V1__AppendResponse *response = append(s, request);
    check_totals(response->totals, 2, 1, 0, 0, 1);
    check_refusal(response, 1, "owner", "bob@example.org", "not_found");

    Tenon__Records__V1__GetRequest get = TENON__RECORDS__V1__GET_REQUEST__INIT;
    get.type = a_text(s, "machines");
    get.key = a_key(s, "serial", "M-1");
    const Tenon__Records__V1__GetResponse *got = served_must(
        s, "tenon.records.v1.Records/Get", &get, &tenon__records__v1__get_response__descriptor);
    char id[24];
    (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)user->id);
    assert_string_equal(text_of(s, got->record, "owner"), id);
}

static void a_dry_run_tells_and_writes_nothing(void **state)
{
    struct served *s = *state;

    (void)create_record(s, "machines", "serial=M-1;price=1");
    (void)create_record(s, "machines", "serial=M-2;price=7");
    uint64_t head = head_of(s);
    uint64_t id = start(s, "machines", "serial", true);
    Tenon__Import__V1__AppendRequest *request = three_rows(s, id);
    Tenon__Import__V1__Row **rows = request->rows;
    request->rows =
        A_LIST(s, &request->n_rows, rows[0], rows[1], rows[2], a_row(s, 5, "serial=M-4;price=x"));
    const Tenon__Import__V1__AppendResponse *response = append(s, request);
    check_totals(response->totals, 4, 1, 1, 1, 1);
    assert_int_equal(response->n_refusals, 1);
    assert_int_equal(count_machines(s), 2);
    assert_int_equal(head_of(s), head);
}

static void status_and_finish_tell_where_it_stands(void **state)
{
    struct served *s = *state;
    uint64_t id = start(s, "machines", "serial", false);
    Tenon__Import__V1__StatusRequest ask = TENON__IMPORT__V1__STATUS_REQUEST__INIT;
    Tenon__Import__V1__FinishRequest finish = TENON__IMPORT__V1__FINISH_REQUEST__INIT;

    (void)append(s, three_rows(s, id));
    ask.import_id = finish.import_id = id;
    const Tenon__Import__V1__StatusResponse *status =
        served_must(s, METHOD("Status"), &ask, &tenon__import__v1__status_response__descriptor);
    assert_string_equal(status->type, "machines");
    assert_string_equal(status->name, "file.csv");
    assert_int_equal(status->next_row, 3);
    assert_false(status->finished);
    const Tenon__Import__V1__FinishResponse *finished =
        served_must(s, METHOD("Finish"), &finish, &tenon__import__v1__finish_response__descriptor);
    check_totals(finished->totals, 3, 3, 0, 0, 0);
    (void)served_must(
        s, METHOD("Finish"), &finish, &tenon__import__v1__finish_response__descriptor);
    assert_null(served_call(
        s, METHOD("Append"), three_rows(s, id), &tenon__import__v1__append_response__descriptor));
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "import_id", "finished"));

    ask.import_id = id + 7;
    assert_null(
        served_call(s, METHOD("Status"), &ask, &tenon__import__v1__status_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "import_id", "unknown_import"));
    s->options.portal = "other";
    ask.import_id = id;
    assert_null(
        served_call(s, METHOD("Status"), &ask, &tenon__import__v1__status_response__descriptor));
    assert_true(served_refused(s, TN_NOT_FOUND, "import_id", "unknown_import"));
}

static void wrong_starts_are_refused(void **state)
{
    struct served *s = *state;
    Tenon__Import__V1__StartRequest request = TENON__IMPORT__V1__START_REQUEST__INIT;
    const ProtobufCMessageDescriptor *answer = &tenon__import__v1__start_response__descriptor;

    request.type = a_text(s, "gadgets");
    assert_null(served_call(s, METHOD("Start"), &request, answer));
    assert_true(served_refused(s, TN_NOT_FOUND, "type", "unknown_type"));
    request.type = a_text(s, "machines");
    request.key_property = a_text(s, "price");
    assert_null(served_call(s, METHOD("Start"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key_property", "not_unique"));
    request.key_property = a_text(s, "colour");
    assert_null(served_call(s, METHOD("Start"), &request, answer));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "key_property", "unknown_property"));
    served_is_alive(s);
}

static void a_thousand_rows_go_in_one_append_and_no_more(void **state)
{
    struct served *s = *state;
    uint64_t id = start(s, "machines", "serial", false);
    Tenon__Import__V1__AppendRequest *request = an_append(s, id, 0);

    request->n_rows = 1001;
    request->rows = arena_array(&s->arena, Tenon__Import__V1__Row *, 1001);
    assert_non_null(request->rows);
    for (size_t i = 0; i < 1001; i++) {
        char values[64];

        (void)snprintf(values, sizeof(values), "serial=M-%zu;price=%zu", i, i);
        request->rows[i] = a_row(s, i, values);
    }
    assert_null(
        served_call(s, METHOD("Append"), request, &tenon__import__v1__append_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "rows", "too_many"));
    request->n_rows = 1000;
    check_totals(append(s, request)->totals, 1000, 1000, 0, 0, 0);
    assert_int_equal(count_machines(s), 1000);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(importing_twice_changes_nothing),
        TEST(a_repeated_append_is_taken_once),
        TEST(a_gap_is_refused),
        TEST(a_refused_row_does_not_spoil_the_others),
        TEST(a_unique_value_of_another_record_refuses_the_row),
        TEST(links_and_limits_hold_and_repeat_as_unchanged),
        TEST(a_reference_is_found_by_its_key),
        TEST(a_dry_run_tells_and_writes_nothing),
        TEST(status_and_finish_tell_where_it_stands),
        TEST(wrong_starts_are_refused),
        TEST(a_thousand_rows_go_in_one_append_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
