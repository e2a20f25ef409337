/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/tickets in a host: stages, targets and pauses, who gets a ticket, and the desk. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenon/tickets/v1/tickets.pb-c.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "tests/integration/plugins/bench.h"

#define SERVICE "tenon.tickets.v1.Tickets/"
#define PLUGIN "tenon.tickets"
#define MINUTE_US (60ll * 1000000)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
/* How long a test waits for what timers do. */
#define PATIENCE_US (30ll * 1000000)

/* Monday, 2 March 2082, 08:00 UTC, 09:00 in Paris: what is due then fires in no test. */
#define MONDAY_9 (3539664000ll * 1000000)

#define REPLY_STATUS "hs_time_to_first_response_sla_status"
#define REPLY_DUE "hs_time_to_first_response_sla_at"
#define CLOSE_STATUS "hs_time_to_close_sla_status"
#define CLOSE_DUE "hs_time_to_close_sla_at"
#define ACTIVE "0"
#define OVERDUE "1"
#define DUE_SOON "2"
#define ON_TIME "3"
#define LATE "4"

static struct bench *open_tickets(void)
{
    struct bench *b = bench_open((const char *const[]){PLUGINS "contacts.so",
                                                       PLUGINS "pipelines.so",
                                                       PLUGINS "products.so",
                                                       PLUGINS "tickets.so",
                                                       NULL},
                                 NULL);

    bench_all_run(b);
    return b;
}

static tn_id make(struct bench *b, const char *type, const char *const *values)
{
    tn_id id = 0;

    if (bench_create(b, type, values, &id) != TN_OK)
        fail_msg("%s", b->err.message);
    return id;
}

static tn_id make_ticket(struct bench *b, const char *subject)
{
    return make(b, "tickets", BENCH_VALUES("subject", subject));
}

static void move(struct bench *b, tn_id ticket, const char *stage)
{
    if (bench_update(b, "tickets", ticket, BENCH_VALUES("hs_pipeline_stage", stage)) != TN_OK)
        fail_msg("%s", b->err.message);
}

static void check(struct bench *b, tn_id ticket, const char *property, const char *expected)
{
    const char *value = bench_read(b, "tickets", ticket, property);

    if (strcmp(value, expected) != 0)
        fail_msg("%s is '%s', not '%s'", property, value, expected);
}

/* An instant as it is read, without fractions of a second. */
static const char *instant(tn_time time_us, char buffer[32])
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;

    (void)strftime(buffer, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    return buffer;
}

static void check_time(struct bench *b, tn_id ticket, const char *property, tn_time expected)
{
    char buffer[32];

    check(b, ticket, property, instant(expected, buffer));
}

static const char *id_text(tn_id id, char buffer[32])
{
    (void)snprintf(buffer, 32, "%" PRIu64, id);
    return buffer;
}

/* Methods: every request has its numbers at 1 and, of Receive, 3, and its text at 2. */
struct asked {
    tn_id first;
    const char *text;
    tn_id second; /* of Merge at 2, else at 3 */
};

static tn_status call(struct bench *b, const char *method, struct asked asked,
                      struct buf *ret_response)
{
    Tenon__Tickets__V1__ReceiveRequest message = TENON__TICKETS__V1__RECEIVE_REQUEST__INIT;
    Tenon__Tickets__V1__MergeRequest merge = TENON__TICKETS__V1__MERGE_REQUEST__INIT;
    bool is_merge = strcmp(method, "Merge") == 0;
    char name[64];
    char text[256];
    uint8_t bytes[512];
    size_t len;

    (void)snprintf(name, sizeof(name), SERVICE "%s", method);
    (void)snprintf(text, sizeof(text), "%s", asked.text ? asked.text : "");
    message.ticket = asked.first;
    message.body = text;
    message.contact = asked.second;
    merge.primary = asked.first;
    merge.secondary = asked.second;
    len = is_merge ? tenon__tickets__v1__merge_request__pack(&merge, bytes)
                   : tenon__tickets__v1__receive_request__pack(&message, bytes);
    return bench_call(b, name, (struct tn_bytes){bytes, len}, ret_response);
}

static void must_call(struct bench *b, const char *method, struct asked asked)
{
    if (call(b, method, asked, NULL) != TN_OK)
        fail_msg("%s: %s", method, b->err.message);
}

/* The default pipeline */

static void the_first_ticket_makes_the_default_pipeline(void **state)
{
    struct bench *b = open_tickets();

    (void)state;
    assert_int_equal(bench_count(b, "pipelines"), 0);
    tn_id id = make_ticket(b, "The scale shows nothing");
    assert_int_equal(bench_count(b, "pipelines"), 1);
    assert_int_equal(bench_count(b, "pipeline_stages"), 4);
    check(b, id, "hs_pipeline", "0");
    check(b, id, "hs_pipeline_stage", "1");
    check(b, id, "hs_is_closed", "false");
    tn_id stage = bench_find(b, "pipeline_stages", "key", "tickets/2");
    assert_string_equal(bench_read(b, "pipeline_stages", stage, "label"), "Waiting on contact");
    assert_string_equal(bench_read(b, "pipeline_stages", stage, "ticket_waits_on"), "CUSTOMER");
    (void)make_ticket(b, "Another one");
    assert_int_equal(bench_count(b, "pipelines"), 1);
    bench_close(b);
}

static void a_stage_alone_is_enough_as_integrators_write_it(void **state)
{
    struct bench *b = open_tickets();
    tn_id id = make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "3"));

    (void)state;
    check(b, id, "hs_pipeline", "0");
    check(b, id, "hs_pipeline_stage", "3");
    bench_close(b);
}

static void the_default_pipeline_speaks_the_portals_language(void **state)
{
    struct bench *b = open_tickets();
    struct portal_settings french = {.language = "fr"};

    (void)state;
    assert_int_equal(portals_update(b->portals, b->portal, &french, &b->err), TN_OK);
    (void)make_ticket(b, "A");
    tn_id stage = bench_find(b, "pipeline_stages", "key", "tickets/4");
    assert_string_equal(bench_read(b, "pipeline_stages", stage, "label"), "Fermé");
    bench_close(b);
}

static void the_loser_of_two_first_tickets_is_run_again(void **state)
{
    struct bench *b = open_tickets();
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
    struct bench *b = open_tickets();

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
    struct bench *b = open_tickets();

    (void)state;
    b->now_us = MONDAY_9;
    tn_id id = make_ticket(b, "A");
    check_time(b, id, "createdate", MONDAY_9);
    b->now_us = MONDAY_9 + 90 * MINUTE_US;
    move(b, id, "4");
    check_time(b, id, "closed_date", MONDAY_9 + 90 * MINUTE_US);
    check(b, id, "time_to_close", "5400000");
    b->now_us = MONDAY_9 + 2 * HOUR_US;
    move(b, id, "3");
    check(b, id, "closed_date", "");
    check(b, id, "time_to_close", "");
    check(b, id, "times_reopened", "1");
    check_time(b, id, "hs_ticket_reopened_at", MONDAY_9 + 2 * HOUR_US);
    b->now_us = MONDAY_9 + 3 * HOUR_US;
    move(b, id, "4");
    check(b, id, "time_to_close", "10800000");
    bench_close(b);
}

static void an_imported_ticket_keeps_its_dates(void **state)
{
    struct bench *b = open_tickets();
    tn_id id = make(b,
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
    check(b, id, "time_to_close", "3600000");
    assert_int_equal(
        bench_update(b, "tickets", id, BENCH_VALUES("closed_date", "2024-05-01T12:00:00Z")), TN_OK);
    check(b, id, "time_to_close", "7200000");
    bench_close(b);
}

static void dates_that_cannot_be_are_refused(void **state)
{
    struct bench *b = open_tickets();
    tn_id open = make_ticket(b, "A");
    tn_id closed = make(b, "tickets", BENCH_VALUES("subject", "B", "hs_pipeline_stage", "4"));

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
    struct bench *b = open_tickets();
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9;
    id = make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "4"));
    b->now_us = MONDAY_9 + 31 * DAY_US;
    assert_int_equal(bench_update(b, "tickets", id, BENCH_VALUES("hs_pipeline_stage", "1")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "closed_date", "closed_for_good"));
    assert_int_equal(call(b, "Reopen", (struct asked){.first = id}, NULL), TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "closed_date", "closed_for_good"));
    assert_int_equal(bench_setting(b, PLUGIN, "reopen_within", "90d"), TN_OK);
    must_call(b, "Reopen", (struct asked){.first = id});
    check(b, id, "hs_pipeline_stage", "3");
    bench_close(b);
}

/* Targets */

/* Paris, nine to six but for lunch; first response in two hours of it, resolution in eight, urgent
 * ones in four; warned half an hour before. */
static tn_id make_policy(struct bench *b, const char *pipeline)
{
    char calendar[32];
    tn_id id = make(b,
                    "business_calendars",
                    BENCH_VALUES("name",
                                 "Paris",
                                 "time_zone",
                                 "Europe/Paris",
                                 "hours",
                                 "lun-ven 9:00-12:00 13:00-18:00",
                                 "holidays",
                                 "2082-03-04"));

    return make(b,
                "sla_policies",
                BENCH_VALUES("name",
                             "Standard",
                             "pipeline",
                             pipeline,
                             "calendar",
                             id_text(id, calendar),
                             "first_response",
                             "2h",
                             "resolution",
                             "8h",
                             "resolution_urgent",
                             "4h"));
}

static void a_ticket_gets_its_policy_and_is_due_in_business_hours(void **state)
{
    struct bench *b = open_tickets();
    tn_id policy = make_policy(b, "*");
    char text[32];
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9 + 150 * MINUTE_US; /* 11:30 in Paris */
    id = make_ticket(b, "A");
    check(b, id, "sla_policy", id_text(policy, text));
    check(b, id, REPLY_STATUS, ACTIVE);
    check_time(b, id, REPLY_DUE, MONDAY_9 + 330 * MINUTE_US); /* 14:30, after lunch */
    check(b, id, CLOSE_STATUS, ACTIVE);
    /* Half an hour and five hours on Monday, and 2.5 of Tuesday. */
    check_time(b, id, CLOSE_DUE, MONDAY_9 + DAY_US + 150 * MINUTE_US);
    check(b, id, "sla_paused", "false");
    bench_close(b);
}

static void a_priority_may_have_a_target_of_its_own(void **state)
{
    struct bench *b = open_tickets();
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    id = make(b, "tickets", BENCH_VALUES("subject", "A", "hs_ticket_priority", "URGENT"));
    check_time(b, id, REPLY_DUE, MONDAY_9 + 2 * HOUR_US);
    check_time(b, id, CLOSE_DUE, MONDAY_9 + 5 * HOUR_US);
    assert_int_equal(bench_update(b, "tickets", id, BENCH_VALUES("hs_ticket_priority", "LOW")),
                     TN_OK);
    check_time(b, id, CLOSE_DUE, MONDAY_9 + 9 * HOUR_US);
    bench_close(b);
}

static void a_pipelines_own_policy_goes_before_that_for_all(void **state)
{
    struct bench *b = open_tickets();
    tn_id all = make_policy(b, "*");
    tn_id own = make(
        b, "sla_policies", BENCH_VALUES("name", "Own", "pipeline", "0", "first_response", "10m"));
    char text[32];
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9 - 5 * HOUR_US; /* at night, but without a calendar */
    id = make_ticket(b, "A");
    check(b, id, "sla_policy", id_text(own, text));
    check_time(b, id, REPLY_DUE, MONDAY_9 - 5 * HOUR_US + 10 * MINUTE_US);
    check(b, id, CLOSE_STATUS, "");
    assert_int_equal(bench_update(b, "tickets", id, BENCH_VALUES("sla_policy", id_text(all, text))),
                     TN_OK);
    check_time(b, id, REPLY_DUE, MONDAY_9 + 2 * HOUR_US);
    assert_int_equal(bench_update(b, "tickets", id, BENCH_VALUES("sla_policy", "")), TN_OK);
    check(b, id, REPLY_STATUS, "");
    check(b, id, REPLY_DUE, "");
    bench_close(b);
}

static void without_a_policy_there_are_no_targets(void **state)
{
    struct bench *b = open_tickets();
    tn_id id = make_ticket(b, "A");

    (void)state;
    check(b, id, "sla_policy", "");
    check(b, id, CLOSE_STATUS, "");
    check(b, id, "sla_paused", "");
    bench_close(b);
}

/* From 10:00 on Monday to 10:00 on Thursday the ticket waits on the customer; Wednesday is a
 * holiday. */
static void waiting_on_the_customer_stops_the_clock(void **state)
{
    struct bench *b = open_tickets();
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    id = make_ticket(b, "A");
    b->now_us = MONDAY_9 + HOUR_US;
    move(b, id, "2");
    check(b, id, "sla_paused", "true");
    check(b, id, REPLY_DUE, "");
    check(b, id, CLOSE_DUE, "");
    check(b, id, CLOSE_STATUS, ACTIVE);
    b->now_us = MONDAY_9 + 3 * DAY_US + HOUR_US;
    move(b, id, "3");
    check(b, id, "sla_paused", "false");
    check_time(b, id, REPLY_DUE, b->now_us + HOUR_US);
    /* Seven hours are left: seven on Thursday, with lunch. */
    check_time(b, id, CLOSE_DUE, MONDAY_9 + 3 * DAY_US + 9 * HOUR_US);
    b->now_us = MONDAY_9 + 3 * DAY_US + 9 * HOUR_US;
    move(b, id, "4");
    check(b, id, CLOSE_STATUS, ON_TIME);
    check(b, id, "hs_time_to_close_in_operating_hours", "28800000");
    check(b, id, REPLY_STATUS, ""); /* nobody ever answered */
    bench_close(b);
}

static void time_that_a_ticket_is_closed_does_not_count(void **state)
{
    struct bench *b = open_tickets();
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    id = make_ticket(b, "A");
    b->now_us = MONDAY_9 + HOUR_US;
    move(b, id, "4");
    check(b, id, CLOSE_STATUS, ON_TIME);
    b->now_us = MONDAY_9 + DAY_US;
    move(b, id, "3");
    check(b, id, CLOSE_STATUS, ACTIVE);
    check_time(b, id, CLOSE_DUE, MONDAY_9 + DAY_US + 8 * HOUR_US); /* seven hours and lunch */
    bench_close(b);
}

static void a_response_too_late_is_completed_late(void **state)
{
    struct bench *b = open_tickets();
    tn_id in_time;
    tn_id late;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    in_time = make_ticket(b, "A");
    late = make_ticket(b, "B");
    b->now_us = MONDAY_9 + 2 * HOUR_US;
    must_call(b, "Reply", (struct asked){.first = in_time, .text = "Hello"});
    check(b, in_time, REPLY_STATUS, ON_TIME);
    check(b, in_time, "time_to_first_agent_reply", "7200000");
    check(b, in_time, "hs_time_to_first_response_in_operating_hours", "7200000");
    b->now_us = MONDAY_9 + 2 * HOUR_US + 1000;
    must_call(b, "Reply", (struct asked){.first = late, .text = "Hello"});
    check(b, late, REPLY_STATUS, LATE);
    check(b, late, "hs_pipeline_stage", "2");
    check(b, late, "sla_paused", "true");
    bench_close(b);
}

static void a_second_response_changes_nothing_of_the_first(void **state)
{
    struct bench *b = open_tickets();
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9;
    id = make_ticket(b, "A");
    b->now_us = MONDAY_9 + HOUR_US;
    must_call(b, "Reply", (struct asked){.first = id, .text = "One"});
    b->now_us = MONDAY_9 + 2 * HOUR_US;
    must_call(b, "Reply", (struct asked){.first = id, .text = "Two"});
    check_time(b, id, "first_agent_reply_date", MONDAY_9 + HOUR_US);
    check_time(b, id, "hs_last_message_sent_at", MONDAY_9 + 2 * HOUR_US);
    check(b, id, "time_to_first_agent_reply", "3600000");
    assert_int_equal(bench_count(b, "ticket_messages"), 2);
    bench_close(b);
}

/* What a write finds missed it says, whether a timer was there or not. */
static void a_ticket_that_comes_in_old_is_overdue_at_once(void **state)
{
    struct bench *b = open_tickets();
    char created[32];
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9 + 9 * HOUR_US; /* 18:00 */
    id = make(b, "tickets", BENCH_VALUES("subject", "A", "createdate", instant(MONDAY_9, created)));
    check(b, id, REPLY_STATUS, OVERDUE);
    check_time(b, id, REPLY_DUE, MONDAY_9 + 2 * HOUR_US);
    check(b, id, CLOSE_STATUS, OVERDUE); /* just now */
    check_time(b, id, CLOSE_DUE, MONDAY_9 + 9 * HOUR_US);
    b->now_us += HOUR_US;
    must_call(b, "Close", (struct asked){.first = id, .text = "Reset the scale"});
    check(b, id, CLOSE_STATUS, ON_TIME); /* the last hour was after work */
    check(b, id, "hs_resolution", "Reset the scale");
    bench_close(b);
}

static void calendars_and_policies_that_cannot_be_are_refused(void **state)
{
    struct bench *b = open_tickets();

    (void)state;
    assert_int_equal(
        bench_create(
            b, "business_calendars", BENCH_VALUES("name", "A", "hours", "nine to five"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "hours", "hours"));
    assert_int_equal(
        bench_create(b, "business_calendars", BENCH_VALUES("name", "A", "hours", ";"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "hours", "no_hours"));
    assert_int_equal(
        bench_create(
            b,
            "business_calendars",
            BENCH_VALUES(
                "name", "A", "hours", "mon 9:00-17:00", "holidays", "2020-01-01..2029-01-01"),
            NULL),
        TN_OUT_OF_RANGE);
    assert_true(bench_refused(b, "holidays", "too_many"));
    assert_int_equal(
        bench_create(b,
                     "business_calendars",
                     BENCH_VALUES("name", "A", "hours", "mon 9:00-17:00", "holidays", "Noel"),
                     NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "holidays", "holidays"));
    assert_int_equal(
        bench_create(b,
                     "business_calendars",
                     BENCH_VALUES("name", "A", "hours", "mon 9:00-17:00", "time_zone", "Paris"),
                     NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "time_zone", "time_zone"));
    assert_int_equal(
        bench_create(b, "sla_policies", BENCH_VALUES("name", "A", "resolution_low", "0s"), NULL),
        TN_OUT_OF_RANGE);
    assert_true(bench_refused(b, "resolution_low", "range"));
    assert_int_equal(
        bench_create(b, "sla_policies", BENCH_VALUES("name", "A", "first_response", "367d"), NULL),
        TN_OUT_OF_RANGE);
    assert_true(bench_refused(b, "first_response", "range"));
    assert_int_equal(
        bench_create(b,
                     "sla_policies",
                     BENCH_VALUES("name", "A", "resolution", "1h", "warn_before", "-1s"),
                     NULL),
        TN_OUT_OF_RANGE);
    assert_true(bench_refused(b, "warn_before", "range"));
    (void)make_policy(b, "*");
    assert_int_equal(
        bench_create(b, "sla_policies", BENCH_VALUES("name", "A", "pipeline", "*"), NULL),
        TN_ALREADY_EXISTS);
    assert_int_equal(
        bench_create(b, "sla_policies", BENCH_VALUES("name", "A", "pipeline", "sales"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "pipeline", "pipeline"));
    assert_int_equal(
        bench_create(
            b, "ticket_assignment_rules", BENCH_VALUES("name", "A", "pipeline", "sales"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "pipeline", "pipeline"));
    bench_close(b);
}

/* Timers: what is due in the past fires at once. */

static void await(struct bench *b, tn_id ticket, const char *property, const char *wanted)
{
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;

    while (strcmp(bench_read(b, "tickets", ticket, property), wanted) != 0 &&
           clock_mono_us() < give_up_us)
        (void)nanosleep(&(struct timespec){0, 5000000}, NULL);
    check(b, ticket, property, wanted);
}

static tn_id make_round_the_clock(struct bench *b)
{
    return make(b,
                "sla_policies",
                BENCH_VALUES("name",
                             "Always",
                             "pipeline",
                             "*",
                             "first_response",
                             "1h",
                             "resolution",
                             "4h",
                             "warn_before",
                             "30m"));
}

static void a_timer_warns_before_a_target_is_missed(void **state)
{
    struct bench *b = open_tickets();
    tn_time now_us = clock_wall_us();
    tn_id id;

    (void)state;
    (void)make_round_the_clock(b);
    b->now_us = now_us - 45 * MINUTE_US; /* warned 15 minutes ago, due in 15 */
    id = make_ticket(b, "A");
    b->now_us = 0;
    await(b, id, REPLY_STATUS, DUE_SOON);
    check(b, id, CLOSE_STATUS, ACTIVE);
    bench_close(b);
}

static void a_timer_tells_that_a_target_was_missed_and_when(void **state)
{
    struct bench *b = open_tickets();
    tn_time created = (clock_wall_us() - 5 * HOUR_US) / 1000000 * 1000000;
    tn_id id;

    (void)state;
    (void)make_round_the_clock(b);
    b->now_us = created;
    id = make_ticket(b, "A");
    b->now_us = 0;
    await(b, id, REPLY_STATUS, OVERDUE);
    await(b, id, CLOSE_STATUS, OVERDUE);
    check_time(b, id, REPLY_DUE, created + HOUR_US);
    check_time(b, id, CLOSE_DUE, created + 4 * HOUR_US);
    must_call(b, "Close", (struct asked){.first = id});
    check(b, id, CLOSE_STATUS, LATE);
    bench_close(b);
}

static void a_timer_that_is_set_fires_after_a_restart(void **state)
{
    struct bench *b = open_tickets();
    tn_id id;

    (void)state;
    (void)make(
        b,
        "sla_policies",
        BENCH_VALUES("name", "Fast", "pipeline", "*", "first_response", "3s", "warn_before", "0s"));
    id = make_ticket(b, "A");
    check(b, id, REPLY_STATUS, ACTIVE);
    bench_reopen(b);
    await(b, id, REPLY_STATUS, OVERDUE);
    bench_close(b);
}

/* The ticket would be overdue by now, but its clock stood; and it was answered in time. */
static void no_timer_fires_while_the_clock_stands_or_after_an_answer(void **state)
{
    struct bench *b = open_tickets();
    tn_time now_us = clock_wall_us();
    tn_id paused;
    tn_id missed;

    (void)state;
    (void)make_round_the_clock(b);
    b->now_us = now_us - 3 * HOUR_US;
    paused = make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "2"));
    missed = make_ticket(b, "B");
    b->now_us = 0;
    await(b, missed, REPLY_STATUS, OVERDUE); /* the other one's would have fired before */
    check(b, paused, REPLY_STATUS, ACTIVE);
    move(b, paused, "3");
    check(b, paused, REPLY_STATUS, ACTIVE);
    bench_close(b);
}

/* Assignment */

static void make_users(struct bench *b, unsigned count, const char *team, tn_id *ret_ids)
{
    for (unsigned i = 0; i < count; i++) {
        char email[64];

        (void)snprintf(email, sizeof(email), "%s%u@desk.example", team, i);
        ret_ids[i] = make(b, "users", BENCH_VALUES("email", email, "team", team));
    }
}

static unsigned owned(struct bench *b, const tn_id *tickets, unsigned count, tn_id user)
{
    unsigned found = 0;
    char text[32];

    (void)id_text(user, text);
    for (unsigned i = 0; i < count; i++)
        found += strcmp(bench_read(b, "tickets", tickets[i], "hubspot_owner_id"), text) == 0;
    return found;
}

static void a_rule_assigns_its_team_in_turn(void **state)
{
    struct bench *b = open_tickets();
    tn_id users[3];
    tn_id others[1];
    tn_id tickets[7];

    (void)state;
    make_users(b, 3, "support", users);
    make_users(b, 1, "sales", others);
    (void)make(b,
               "ticket_assignment_rules",
               BENCH_VALUES("name", "All", "pipeline", "*", "team", "support"));
    for (unsigned i = 0; i < 7; i++)
        tickets[i] = make_ticket(b, "A");
    assert_int_equal(owned(b, tickets, 7, users[0]), 3);
    assert_int_equal(owned(b, tickets, 7, users[1]), 2);
    assert_int_equal(owned(b, tickets, 7, users[2]), 2);
    check(b, tickets[0], "hs_time_to_first_rep_assignment", "0");
    assert_string_not_equal(bench_read(b, "tickets", tickets[0], "hubspot_owner_assigneddate"), "");
    bench_close(b);
}

static void members_of_a_rule_go_before_its_team(void **state)
{
    struct bench *b = open_tickets();
    tn_id users[2];
    tn_id tickets[2];

    (void)state;
    make_users(b, 2, "support", users);
    tn_id rule = make(b,
                      "ticket_assignment_rules",
                      BENCH_VALUES("name", "All", "pipeline", "0", "team", "support"));
    assert_int_equal(
        bench_link(b, "ticket_assignment_rules", rule, "ticket_assignment_rule_to_user", users[1]),
        TN_OK);
    tickets[0] = make_ticket(b, "A");
    tickets[1] = make_ticket(b, "B");
    assert_int_equal(owned(b, tickets, 2, users[1]), 2);
    bench_close(b);
}

static void who_has_an_owner_or_is_closed_is_not_assigned(void **state)
{
    struct bench *b = open_tickets();
    tn_id users[2];
    char text[32];
    tn_id closed;

    (void)state;
    make_users(b, 2, "support", users);
    (void)make(b,
               "ticket_assignment_rules",
               BENCH_VALUES("name", "All", "pipeline", "*", "team", "support"));
    tn_id id = make(
        b, "tickets", BENCH_VALUES("subject", "A", "hubspot_owner_id", id_text(users[1], text)));
    check(b, id, "hubspot_owner_id", text);
    closed = make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "4"));
    check(b, closed, "hubspot_owner_id", "");
    bench_close(b);
}

static void the_least_loaded_gets_the_next_ticket(void **state)
{
    struct bench *b = open_tickets();
    tn_id users[3];
    tn_id tickets[6];
    char text[32];

    (void)state;
    make_users(b, 3, "support", users);
    (void)make(b,
               "ticket_assignment_rules",
               BENCH_VALUES("name", "All", "pipeline", "*", "team", "support", "mode", "load"));
    for (unsigned i = 0; i < 6; i++)
        tickets[i] = make_ticket(b, "A");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(owned(b, tickets, 6, users[i]), 2);
    /* Who finishes work gets more. */
    (void)id_text(users[1], text);
    for (unsigned i = 0; i < 6; i++)
        if (strcmp(bench_read(b, "tickets", tickets[i], "hubspot_owner_id"), text) == 0)
            move(b, tickets[i], "4");
    check(b, make_ticket(b, "B"), "hubspot_owner_id", text);
    check(b, make_ticket(b, "C"), "hubspot_owner_id", text);
    bench_close(b);
}

/* Roll-ups do not see the batch itself. */
static void a_batch_is_spread_by_load_too(void **state)
{
    struct bench *b = open_tickets();
    tn_id users[4];

    (void)state;
    make_users(b, 4, "support", users);
    (void)make(b,
               "ticket_assignment_rules",
               BENCH_VALUES("name", "All", "pipeline", "*", "team", "support", "mode", "load"));
    for (unsigned round = 0; round < 2; round++) {
        tn_id tickets[10];
        struct txn *txn = bench_begin(b);

        for (unsigned i = 0; i < 10; i++)
            tickets[i] = record_id(bench_new(b, txn, "tickets", BENCH_VALUES("subject", "A")));
        assert_int_equal(bench_commit(b, txn), TN_OK);
        for (unsigned i = 0; i < 4; i++) {
            unsigned count = owned(b, tickets, 10, users[i]);

            assert_true(count == 2 || count == 3);
        }
    }
    bench_close(b);
}

/* Concurrent creations: a conflict is run again, as the host does it. */
#define CREATORS 4
#define CREATIONS 15

struct creator {
    struct bench bench; /* with an error of its own */
    pthread_t thread;
    unsigned conflicts;
    tn_id tickets[CREATIONS];
};

static void *create_tickets(void *arg)
{
    struct creator *creator = arg;
    struct bench *b = &creator->bench;

    for (unsigned i = 0; i < CREATIONS;) {
        struct txn *txn = bench_begin(b);
        struct record *ticket = bench_new(b, txn, "tickets", BENCH_VALUES("subject", "A"));
        tn_id id = record_id(ticket);
        tn_status st = bench_commit(b, txn);

        if (st == TN_OK)
            creator->tickets[i++] = id;
        else if (st == TN_ABORTED)
            creator->conflicts++;
        else
            break; /* the count tells */
    }
    return NULL;
}

static void check_even_under_load(const char *mode)
{
    struct bench *b = open_tickets();
    struct creator creators[CREATORS];
    tn_id users[7];
    unsigned conflicts = 0;

    make_users(b, 7, "support", users);
    (void)make(b,
               "ticket_assignment_rules",
               BENCH_VALUES("name", "All", "pipeline", "*", "team", "support", "mode", mode));
    for (unsigned i = 0; i < CREATORS; i++) {
        creators[i] = (struct creator){.bench = *b};
        assert_int_equal(pthread_create(&creators[i].thread, NULL, create_tickets, &creators[i]),
                         0);
    }
    for (unsigned i = 0; i < CREATORS; i++) {
        (void)pthread_join(creators[i].thread, NULL);
        conflicts += creators[i].conflicts;
    }
    assert_int_equal(bench_count(b, "tickets"), CREATORS * CREATIONS);
    for (unsigned i = 0; i < 7; i++) {
        unsigned count = 0;

        for (unsigned j = 0; j < CREATORS; j++)
            count += owned(b, creators[j].tickets, CREATIONS, users[i]);
        if (count != 60 / 7 && count != 60 / 7 + 1)
            fail_msg("%s gave one of 7 users %u of 60 tickets", mode, count);
    }
    assert_true(conflicts > 0); /* or nothing was at once */
    bench_close(b);
}

static void turns_stay_even_when_tickets_come_in_at_once(void **state)
{
    (void)state;
    check_even_under_load("round_robin");
}

static void loads_stay_even_when_tickets_come_in_at_once(void **state)
{
    (void)state;
    check_even_under_load("load");
}

static void assign_gives_a_ticket_to_the_next_one(void **state)
{
    struct bench *b = open_tickets();
    tn_id users[2];
    char text[32];
    tn_id id = make_ticket(b, "A");

    (void)state;
    assert_int_equal(call(b, "Assign", (struct asked){.first = id}, NULL), TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "ticket", "no_rule"));
    make_users(b, 2, "support", users);
    (void)make(b,
               "ticket_assignment_rules",
               BENCH_VALUES("name", "All", "pipeline", "*", "team", "support"));
    must_call(b, "Assign", (struct asked){.first = id});
    check(b, id, "hubspot_owner_id", id_text(users[0], text));
    must_call(b, "Assign", (struct asked){.first = id});
    check(b, id, "hubspot_owner_id", id_text(users[1], text));
    assert_int_equal(
        bench_create(b, "ticket_assignment_rules", BENCH_VALUES("name", "B", "mode", ""), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "mode", "required"));
    bench_close(b);
}

/* The desk */

static void a_conversation_moves_a_ticket_between_the_two_sides(void **state)
{
    struct bench *b = open_tickets();
    tn_id id = make_ticket(b, "A");
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));

    (void)state;
    must_call(b, "Reply", (struct asked){.first = id, .text = "Which model?"});
    check(b, id, "hs_pipeline_stage", "2");
    must_call(b, "Receive", (struct asked){.first = id, .text = "The blue one", .second = contact});
    check(b, id, "hs_pipeline_stage", "3");
    assert_true(bench_linked(b, "tickets", id, "ticket_to_contact") == contact);
    assert_string_not_equal(bench_read(b, "tickets", id, "hs_last_message_received_at"), "");
    assert_int_equal(bench_count(b, "ticket_messages"), 2);
    must_call(b, "Close", (struct asked){.first = id});
    must_call(b, "Reply", (struct asked){.first = id, .text = "Goodbye"});
    check(b, id, "hs_pipeline_stage", "4"); /* an afterthought opens nothing */
    must_call(b, "Receive", (struct asked){.first = id, .text = "It broke again"});
    check(b, id, "hs_pipeline_stage", "3");
    check(b, id, "times_reopened", "1");
    bench_close(b);
}

static void a_message_on_what_closed_long_ago_makes_a_follow_up(void **state)
{
    struct bench *b = open_tickets();
    struct buf bytes = {0};
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9;
    id = make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "4"));
    b->now_us = MONDAY_9 + 40 * DAY_US;
    assert_int_equal(call(b, "Receive", (struct asked){.first = id, .text = "It is back"}, &bytes),
                     TN_OK);
    Tenon__Tickets__V1__ReceiveResponse *response =
        tenon__tickets__v1__receive_response__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(response);
    assert_true(response->ticket != id && response->ticket != 0);
    assert_false(response->reopened);
    check(b, id, "hs_is_closed", "true");
    check(b, response->ticket, "subject", "A");
    check(b, response->ticket, "hs_is_closed", "false");
    assert_true(bench_linked(b, "tickets", id, "ticket_to_follow_up_ticket") == response->ticket);
    tenon__tickets__v1__receive_response__free_unpacked(response, NULL);
    buf_fini(&bytes);
    bench_close(b);
}

static void requests_about_nothing_are_refused(void **state)
{
    static const char *const methods[] = {"Reply", "Receive", "Close", "Reopen", "Assign"};
    struct bench *b = open_tickets();
    tn_id id = make_ticket(b, "A");

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        assert_int_equal(call(b, methods[i], (struct asked){.first = 999999}, NULL), TN_NOT_FOUND);
        assert_true(bench_refused(b, "ticket", "reference"));
        assert_int_equal(call(b, methods[i], (struct asked){.first = 0}, NULL),
                         TN_INVALID_ARGUMENT);
        assert_true(bench_refused(b, "ticket", "required"));
    }
    assert_int_equal(call(b, "Receive", (struct asked){.first = id, .second = 999999}, NULL),
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
    struct bench *b = open_tickets();
    tn_id primary = make_ticket(b, "A");
    tn_id secondary =
        make(b, "tickets", BENCH_VALUES("subject", "B", "content", "Text", "source_type", "EMAIL"));
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Ex"));
    char text[32];

    (void)state;
    assert_int_equal(bench_link(b, "tickets", secondary, "ticket_to_contact", contact), TN_OK);
    assert_int_equal(bench_link(b, "tickets", secondary, "ticket_to_company", company), TN_OK);
    must_call(b, "Receive", (struct asked){.first = secondary, .text = "Hello?"});
    tn_id message = bench_linked(b, "tickets", secondary, "ticket_to_ticket_message");
    assert_true(message != 0);
    must_call(b, "Merge", (struct asked){.first = primary, .second = secondary});
    assert_true(bench_linked(b, "tickets", primary, "ticket_to_contact") == contact);
    assert_true(bench_linked(b, "tickets", primary, "ticket_to_company") == company);
    assert_true(bench_linked(b, "tickets", primary, "ticket_to_ticket_message") == message);
    assert_true(bench_linked(b, "tickets", secondary, "ticket_to_contact") == 0);
    assert_true(bench_linked(b, "tickets", secondary, "ticket_to_ticket_message") == 0);
    check(b, primary, "subject", "A");
    check(b, primary, "content", "Text");
    check(b, primary, "source_type", "EMAIL");
    check(b, primary, "hs_merged_object_ids", id_text(secondary, text));
    check(b, secondary, "hs_is_closed", "true");
    check(b, secondary, "time_to_close", "");
    check(b, secondary, "merged_into", id_text(primary, text));
    bench_close(b);
}

static void a_merged_ticket_goes_on_nowhere_else(void **state)
{
    static const char *const methods[] = {"Reply", "Receive", "Close", "Reopen", "Assign"};
    struct bench *b = open_tickets();
    tn_id one = make_ticket(b, "A");
    tn_id two = make_ticket(b, "B");
    tn_id three = make_ticket(b, "C");

    (void)state;
    assert_int_equal(call(b, "Merge", (struct asked){.first = one, .second = one}, NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "secondary", "same"));
    must_call(b, "Merge", (struct asked){.first = one, .second = two});
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        assert_int_equal(call(b, methods[i], (struct asked){.first = two}, NULL),
                         TN_FAILED_PRECONDITION);
        assert_true(bench_refused(b, "ticket", "merged"));
    }
    assert_int_equal(call(b, "Merge", (struct asked){.first = three, .second = two}, NULL),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "secondary", "merged"));
    assert_int_equal(call(b, "Merge", (struct asked){.first = two, .second = three}, NULL),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "primary", "merged"));
    assert_int_equal(bench_update(b, "tickets", two, BENCH_VALUES("hs_pipeline_stage", "1")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "merged_into", "merged"));
    must_call(b, "Merge", (struct asked){.first = three, .second = one});
    bench_close(b);
}

static void merging_ends_the_targets_of_the_secondary(void **state)
{
    struct bench *b = open_tickets();
    tn_id one;
    tn_id two;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    one = make_ticket(b, "A");
    two = make_ticket(b, "B");
    b->now_us = MONDAY_9 + HOUR_US;
    must_call(b, "Reply", (struct asked){.first = two, .text = "Hello"});
    b->now_us = MONDAY_9 + 4 * HOUR_US;
    must_call(b, "Merge", (struct asked){.first = one, .second = two});
    check(b, two, REPLY_STATUS, "");
    check(b, two, CLOSE_STATUS, "");
    /* The customer was answered, if in the other ticket. */
    check(b, one, REPLY_STATUS, ON_TIME);
    check(b, one, "time_to_first_agent_reply", "3600000");
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
        cmocka_unit_test(a_ticket_gets_its_policy_and_is_due_in_business_hours),
        cmocka_unit_test(a_priority_may_have_a_target_of_its_own),
        cmocka_unit_test(a_pipelines_own_policy_goes_before_that_for_all),
        cmocka_unit_test(without_a_policy_there_are_no_targets),
        cmocka_unit_test(waiting_on_the_customer_stops_the_clock),
        cmocka_unit_test(time_that_a_ticket_is_closed_does_not_count),
        cmocka_unit_test(a_response_too_late_is_completed_late),
        cmocka_unit_test(a_second_response_changes_nothing_of_the_first),
        cmocka_unit_test(a_ticket_that_comes_in_old_is_overdue_at_once),
        cmocka_unit_test(calendars_and_policies_that_cannot_be_are_refused),
        cmocka_unit_test(a_timer_warns_before_a_target_is_missed),
        cmocka_unit_test(a_timer_tells_that_a_target_was_missed_and_when),
        cmocka_unit_test(a_timer_that_is_set_fires_after_a_restart),
        cmocka_unit_test(no_timer_fires_while_the_clock_stands_or_after_an_answer),
        cmocka_unit_test(a_rule_assigns_its_team_in_turn),
        cmocka_unit_test(members_of_a_rule_go_before_its_team),
        cmocka_unit_test(who_has_an_owner_or_is_closed_is_not_assigned),
        cmocka_unit_test(the_least_loaded_gets_the_next_ticket),
        cmocka_unit_test(a_batch_is_spread_by_load_too),
        cmocka_unit_test(turns_stay_even_when_tickets_come_in_at_once),
        cmocka_unit_test(loads_stay_even_when_tickets_come_in_at_once),
        cmocka_unit_test(assign_gives_a_ticket_to_the_next_one),
        cmocka_unit_test(a_conversation_moves_a_ticket_between_the_two_sides),
        cmocka_unit_test(a_message_on_what_closed_long_ago_makes_a_follow_up),
        cmocka_unit_test(requests_about_nothing_are_refused),
        cmocka_unit_test(merging_moves_links_and_conversation_and_closes_the_secondary),
        cmocka_unit_test(a_merged_ticket_goes_on_nowhere_else),
        cmocka_unit_test(merging_ends_the_targets_of_the_secondary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
