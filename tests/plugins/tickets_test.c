/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/tickets in a host: stages, dates, the desk and merging. */
#include "tests/plugins/tickets.h"

#include <time.h>

#include <tenon/tickets/v1/tickets.pb-c.h>

/* The default pipeline */

static void the_first_ticket_makes_the_default_pipeline(void **state)
{
    struct bench *b = tickets_open();

    (void)state;
    assert_int_equal(bench_count(b, "pipelines"), 0);
    tn_id id = tickets_make_one(b, "The scale shows nothing");
    assert_int_equal(bench_count(b, "pipelines"), 1);
    assert_int_equal(bench_count(b, "pipeline_stages"), 4);
    tickets_check(b, id, "hs_pipeline", "0");
    tickets_check(b, id, "hs_pipeline_stage", "1");
    tickets_check(b, id, "hs_is_closed", "false");
    tn_id stage = bench_find(b, "pipeline_stages", "key", "tickets/2");
    assert_string_equal(bench_read(b, "pipeline_stages", stage, "label"), "Waiting on contact");
    assert_string_equal(bench_read(b, "pipeline_stages", stage, "ticket_waits_on"), "CUSTOMER");
    (void)tickets_make_one(b, "Another one");
    assert_int_equal(bench_count(b, "pipelines"), 1);
    bench_close(b);
}

static void a_stage_alone_is_enough_as_integrators_write_it(void **state)
{
    struct bench *b = tickets_open();
    tn_id id = tickets_make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "3"));

    (void)state;
    tickets_check(b, id, "hs_pipeline", "0");
    tickets_check(b, id, "hs_pipeline_stage", "3");
    bench_close(b);
}

static void the_default_pipeline_speaks_the_portals_language(void **state)
{
    struct bench *b = tickets_open();
    struct portal_settings french = {.language = "fr"};

    (void)state;
    assert_int_equal(portals_update(b->portals, b->portal, &french, &b->err), TN_OK);
    (void)tickets_make_one(b, "A");
    tn_id stage = bench_find(b, "pipeline_stages", "key", "tickets/4");
    assert_string_equal(bench_read(b, "pipeline_stages", stage, "label"), "Fermé");
    bench_close(b);
}

static void the_loser_of_two_first_tickets_is_run_again(void **state)
{
    struct bench *b = tickets_open();
    struct txn *one = bench_begin(b);
    struct txn *other = bench_begin(b);

    (void)state;
    (void)bench_new(b, one, "tickets", BENCH_VALUES("subject", "A"));
    (void)bench_new(b, other, "tickets", BENCH_VALUES("subject", "B"));
    assert_int_equal(bench_commit(b, one), TN_OK);
    assert_int_equal(bench_commit(b, other), TN_ABORTED);
    assert_int_equal(bench_count(b, "pipelines"), 1);
    bench_close(b);
}

static void what_is_no_stage_of_tickets_is_refused(void **state)
{
    struct bench *b = tickets_open();

    (void)state;
    assert_int_equal(
        bench_create(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "9"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "hs_pipeline_stage", "stage"));
    assert_int_equal(
        bench_create(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline", "sales"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "hs_pipeline", "pipeline"));
    assert_int_equal(bench_create(b, "tickets", BENCH_VALUES("content", "A"), NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "subject", "required"));
    bench_close(b);
}

/* Dates */

static void closing_dates_and_times_a_ticket_and_reopening_undoes_it(void **state)
{
    struct bench *b = tickets_open();

    (void)state;
    b->now_us = MONDAY_9;
    tn_id id = tickets_make_one(b, "A");
    tickets_check_time(b, id, "createdate", MONDAY_9);
    b->now_us = MONDAY_9 + 90 * MINUTE_US;
    tickets_move(b, id, "4");
    tickets_check_time(b, id, "closed_date", MONDAY_9 + 90 * MINUTE_US);
    tickets_check(b, id, "time_to_close", "5400000");
    b->now_us = MONDAY_9 + 2 * HOUR_US;
    tickets_move(b, id, "3");
    tickets_check(b, id, "closed_date", "");
    tickets_check(b, id, "time_to_close", "");
    tickets_check(b, id, "times_reopened", "1");
    tickets_check_time(b, id, "hs_ticket_reopened_at", MONDAY_9 + 2 * HOUR_US);
    b->now_us = MONDAY_9 + 3 * HOUR_US;
    tickets_move(b, id, "4");
    tickets_check(b, id, "time_to_close", "10800000");
    bench_close(b);
}

static void an_imported_ticket_keeps_its_dates(void **state)
{
    struct bench *b = tickets_open();
    tn_id id = tickets_make(b,
                            "tickets",
                            BENCH_VALUES("subject",
                                         "A",
                                         "createdate",
                                         "2024-05-01T10:00:00Z",
                                         "closed_date",
                                         "2024-05-01T11:00:00Z",
                                         "hs_pipeline_stage",
                                         "4"));

    (void)state;
    tickets_check(b, id, "time_to_close", "3600000");
    assert_int_equal(
        bench_update(b, "tickets", id, BENCH_VALUES("closed_date", "2024-05-01T12:00:00Z")), TN_OK);
    tickets_check(b, id, "time_to_close", "7200000");
    bench_close(b);
}

static void dates_that_cannot_be_are_refused(void **state)
{
    struct bench *b = tickets_open();
    tn_id open = tickets_make_one(b, "A");
    tn_id closed =
        tickets_make(b, "tickets", BENCH_VALUES("subject", "B", "hs_pipeline_stage", "4"));

    (void)state;
    assert_int_equal(
        bench_create(b, "tickets", BENCH_VALUES("subject", "A", "createdate", "2999-01-01"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "createdate", "range"));
    assert_int_equal(
        bench_create(b, "tickets", BENCH_VALUES("subject", "A", "createdate", "1969-01-01"), NULL),
        TN_INVALID_ARGUMENT);
    assert_int_equal(bench_update(b, "tickets", open, BENCH_VALUES("createdate", "2020-01-01")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "createdate", "fixed"));
    assert_int_equal(bench_update(b, "tickets", open, BENCH_VALUES("closed_date", "2024-05-01")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "closed_date", "open"));
    assert_int_equal(bench_update(b, "tickets", closed, BENCH_VALUES("closed_date", "2001-01-01")),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "closed_date", "range"));
    assert_int_equal(bench_update(b, "tickets", open, BENCH_VALUES("time_to_close", "5")),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "time_to_close", "read_only"));
    bench_close(b);
}

static void a_ticket_that_closed_long_ago_stays_closed(void **state)
{
    struct bench *b = tickets_open();
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9;
    id = tickets_make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "4"));
    b->now_us = MONDAY_9 + 31 * DAY_US;
    assert_int_equal(bench_update(b, "tickets", id, BENCH_VALUES("hs_pipeline_stage", "1")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "closed_date", "closed_for_good"));
    assert_int_equal(tickets_call(b, "Reopen", (struct asked){.first = id}, NULL),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "closed_date", "closed_for_good"));
    assert_int_equal(bench_setting(b, PLUGIN, "reopen_within", "90d"), TN_OK);
    tickets_must_call(b, "Reopen", (struct asked){.first = id});
    tickets_check(b, id, "hs_pipeline_stage", "3");
    bench_close(b);
}

/* The desk */

static void a_conversation_moves_a_ticket_between_the_two_sides(void **state)
{
    struct bench *b = tickets_open();
    tn_id id = tickets_make_one(b, "A");
    tn_id contact = tickets_make(b, "contacts", BENCH_VALUES("lastname", "L"));

    (void)state;
    tickets_must_call(b, "Reply", (struct asked){.first = id, .text = "Which model?"});
    tickets_check(b, id, "hs_pipeline_stage", "2");
    tickets_must_call(
        b, "Receive", (struct asked){.first = id, .text = "The blue one", .second = contact});
    tickets_check(b, id, "hs_pipeline_stage", "3");
    assert_true(bench_linked(b, "tickets", id, "ticket_to_contact") == contact);
    assert_string_not_equal(bench_read(b, "tickets", id, "hs_last_message_received_at"), "");
    assert_int_equal(bench_count(b, "ticket_messages"), 2);
    tickets_must_call(b, "Close", (struct asked){.first = id});
    tickets_must_call(b, "Reply", (struct asked){.first = id, .text = "Goodbye"});
    tickets_check(b, id, "hs_pipeline_stage", "4"); /* an afterthought opens nothing */
    tickets_must_call(b, "Receive", (struct asked){.first = id, .text = "It broke again"});
    tickets_check(b, id, "hs_pipeline_stage", "3");
    tickets_check(b, id, "times_reopened", "1");
    bench_close(b);
}

static void a_message_on_what_closed_long_ago_makes_a_follow_up(void **state)
{
    struct bench *b = tickets_open();
    struct buf bytes = {0};
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9;
    id = tickets_make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "4"));
    b->now_us = MONDAY_9 + 40 * DAY_US;
    assert_int_equal(
        tickets_call(b, "Receive", (struct asked){.first = id, .text = "It is back"}, &bytes),
        TN_OK);
    Tenon__Tickets__V1__ReceiveResponse *response =
        tenon__tickets__v1__receive_response__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(response);
    assert_true(response->ticket != id && response->ticket != 0);
    assert_false(response->reopened);
    tickets_check(b, id, "hs_is_closed", "true");
    tickets_check(b, response->ticket, "subject", "A");
    tickets_check(b, response->ticket, "hs_is_closed", "false");
    assert_true(bench_linked(b, "tickets", id, "ticket_to_follow_up_ticket") == response->ticket);
    tenon__tickets__v1__receive_response__free_unpacked(response, NULL);
    buf_fini(&bytes);
    bench_close(b);
}

static void requests_about_nothing_are_refused(void **state)
{
    static const char *const methods[] = {"Reply", "Receive", "Close", "Reopen", "Assign"};
    struct bench *b = tickets_open();
    tn_id id = tickets_make_one(b, "A");

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        assert_int_equal(tickets_call(b, methods[i], (struct asked){.first = 999999}, NULL),
                         TN_NOT_FOUND);
        assert_true(bench_refused(b, "ticket", "reference"));
        assert_int_equal(tickets_call(b, methods[i], (struct asked){.first = 0}, NULL),
                         TN_INVALID_ARGUMENT);
        assert_true(bench_refused(b, "ticket", "required"));
    }
    assert_int_equal(
        tickets_call(b, "Receive", (struct asked){.first = id, .second = 999999}, NULL),
        TN_NOT_FOUND);
    assert_true(bench_refused(b, "contact", "reference"));
    assert_int_equal(
        bench_create(b, "ticket_messages", BENCH_VALUES("direction", "INCOMING"), NULL),
        TN_INVALID_ARGUMENT);
    bench_close(b);
}

/* Merging */

static void merging_moves_links_and_conversation_and_closes_the_secondary(void **state)
{
    struct bench *b = tickets_open();
    tn_id primary = tickets_make_one(b, "A");
    tn_id secondary = tickets_make(
        b, "tickets", BENCH_VALUES("subject", "B", "content", "Text", "source_type", "EMAIL"));
    tn_id contact = tickets_make(b, "contacts", BENCH_VALUES("lastname", "L"));
    tn_id company = tickets_make(b, "companies", BENCH_VALUES("name", "Ex"));
    char text[32];

    (void)state;
    assert_int_equal(bench_link(b, "tickets", secondary, "ticket_to_contact", contact), TN_OK);
    assert_int_equal(bench_link(b, "tickets", secondary, "ticket_to_company", company), TN_OK);
    tickets_must_call(b, "Receive", (struct asked){.first = secondary, .text = "Hello?"});
    tn_id message = bench_linked(b, "tickets", secondary, "ticket_to_ticket_message");
    assert_true(message != 0);
    tickets_must_call(b, "Merge", (struct asked){.first = primary, .second = secondary});
    assert_true(bench_linked(b, "tickets", primary, "ticket_to_contact") == contact);
    assert_true(bench_linked(b, "tickets", primary, "ticket_to_company") == company);
    assert_true(bench_linked(b, "tickets", primary, "ticket_to_ticket_message") == message);
    assert_true(bench_linked(b, "tickets", secondary, "ticket_to_contact") == 0);
    assert_true(bench_linked(b, "tickets", secondary, "ticket_to_ticket_message") == 0);
    tickets_check(b, primary, "subject", "A");
    tickets_check(b, primary, "content", "Text");
    tickets_check(b, primary, "source_type", "EMAIL");
    tickets_check(b, primary, "hs_merged_object_ids", tickets_id_text(secondary, text));
    tickets_check(b, secondary, "hs_is_closed", "true");
    tickets_check(b, secondary, "time_to_close", "");
    tickets_check(b, secondary, "merged_into", tickets_id_text(primary, text));
    bench_close(b);
}

static void a_merged_ticket_goes_on_nowhere_else(void **state)
{
    static const char *const methods[] = {"Reply", "Receive", "Close", "Reopen", "Assign"};
    struct bench *b = tickets_open();
    tn_id one = tickets_make_one(b, "A");
    tn_id two = tickets_make_one(b, "B");
    tn_id three = tickets_make_one(b, "C");

    (void)state;
    assert_int_equal(tickets_call(b, "Merge", (struct asked){.first = one, .second = one}, NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "secondary", "same"));
    tickets_must_call(b, "Merge", (struct asked){.first = one, .second = two});
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        assert_int_equal(tickets_call(b, methods[i], (struct asked){.first = two}, NULL),
                         TN_FAILED_PRECONDITION);
        assert_true(bench_refused(b, "ticket", "merged"));
    }
    assert_int_equal(tickets_call(b, "Merge", (struct asked){.first = three, .second = two}, NULL),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "secondary", "merged"));
    assert_int_equal(tickets_call(b, "Merge", (struct asked){.first = two, .second = three}, NULL),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "primary", "merged"));
    assert_int_equal(bench_update(b, "tickets", two, BENCH_VALUES("hs_pipeline_stage", "1")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "merged_into", "merged"));
    tickets_must_call(b, "Merge", (struct asked){.first = three, .second = one});
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_ticket_makes_the_default_pipeline),
        cmocka_unit_test(a_stage_alone_is_enough_as_integrators_write_it),
        cmocka_unit_test(the_default_pipeline_speaks_the_portals_language),
        cmocka_unit_test(the_loser_of_two_first_tickets_is_run_again),
        cmocka_unit_test(what_is_no_stage_of_tickets_is_refused),
        cmocka_unit_test(closing_dates_and_times_a_ticket_and_reopening_undoes_it),
        cmocka_unit_test(an_imported_ticket_keeps_its_dates),
        cmocka_unit_test(dates_that_cannot_be_are_refused),
        cmocka_unit_test(a_ticket_that_closed_long_ago_stays_closed),
        cmocka_unit_test(a_conversation_moves_a_ticket_between_the_two_sides),
        cmocka_unit_test(a_message_on_what_closed_long_ago_makes_a_follow_up),
        cmocka_unit_test(requests_about_nothing_are_refused),
        cmocka_unit_test(merging_moves_links_and_conversation_and_closes_the_secondary),
        cmocka_unit_test(a_merged_ticket_goes_on_nowhere_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
