/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/tickets in a host: targets, pauses and their timers. */
#include "tests/plugins/tickets.h"

#include <string.h>
#include <time.h>

#include "core/base/clock.h"

/* Targets */

/* Paris, nine to six but for lunch; first response in two hours of it, resolution in eight, urgent
 * ones in four; warned half an hour before. */
static tn_id make_policy(struct bench *b, const char *pipeline)
{
    char calendar[32];
    tn_id id = tickets_make(b,
                            "business_calendars",
                            BENCH_VALUES("name",
                                         "Paris",
                                         "time_zone",
                                         "Europe/Paris",
                                         "hours",
                                         "lun-ven 9:00-12:00 13:00-18:00",
                                         "holidays",
                                         "2082-03-04"));

    return tickets_make(b,
                        "sla_policies",
                        BENCH_VALUES("name",
                                     "Standard",
                                     "pipeline",
                                     pipeline,
                                     "calendar",
                                     tickets_id_text(id, calendar),
                                     "first_response",
                                     "2h",
                                     "resolution",
                                     "8h",
                                     "resolution_urgent",
                                     "4h"));
}

static void a_ticket_gets_its_policy_and_is_due_in_business_hours(void **state)
{
    struct bench *b = tickets_open();
    tn_id policy = make_policy(b, "*");
    char text[32];
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9 + 150 * MINUTE_US; /* 11:30 in Paris */
    id = tickets_make_one(b, "A");
    tickets_check(b, id, "sla_policy", tickets_id_text(policy, text));
    tickets_check(b, id, REPLY_STATUS, ACTIVE);
    tickets_check_time(b, id, REPLY_DUE, MONDAY_9 + 330 * MINUTE_US); /* 14:30, after lunch */
    tickets_check(b, id, CLOSE_STATUS, ACTIVE);
    /* Half an hour and five hours on Monday, and 2.5 of Tuesday. */
    tickets_check_time(b, id, CLOSE_DUE, MONDAY_9 + DAY_US + 150 * MINUTE_US);
    tickets_check(b, id, "sla_paused", "false");
    bench_close(b);
}

static void a_priority_may_have_a_target_of_its_own(void **state)
{
    struct bench *b = tickets_open();
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    id = tickets_make(b, "tickets", BENCH_VALUES("subject", "A", "hs_ticket_priority", "URGENT"));
    tickets_check_time(b, id, REPLY_DUE, MONDAY_9 + 2 * HOUR_US);
    tickets_check_time(b, id, CLOSE_DUE, MONDAY_9 + 5 * HOUR_US);
    assert_int_equal(bench_update(b, "tickets", id, BENCH_VALUES("hs_ticket_priority", "LOW")),
                     TN_OK);
    tickets_check_time(b, id, CLOSE_DUE, MONDAY_9 + 9 * HOUR_US);
    bench_close(b);
}

static void a_pipelines_own_policy_goes_before_that_for_all(void **state)
{
    struct bench *b = tickets_open();
    tn_id all = make_policy(b, "*");
    tn_id own = tickets_make(
        b, "sla_policies", BENCH_VALUES("name", "Own", "pipeline", "0", "first_response", "10m"));
    char text[32];
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9 - 5 * HOUR_US; /* at night, but without a calendar */
    id = tickets_make_one(b, "A");
    tickets_check(b, id, "sla_policy", tickets_id_text(own, text));
    tickets_check_time(b, id, REPLY_DUE, MONDAY_9 - 5 * HOUR_US + 10 * MINUTE_US);
    tickets_check(b, id, CLOSE_STATUS, "");
    assert_int_equal(
        bench_update(b, "tickets", id, BENCH_VALUES("sla_policy", tickets_id_text(all, text))),
        TN_OK);
    tickets_check_time(b, id, REPLY_DUE, MONDAY_9 + 2 * HOUR_US);
    assert_int_equal(bench_update(b, "tickets", id, BENCH_VALUES("sla_policy", "")), TN_OK);
    tickets_check(b, id, REPLY_STATUS, "");
    tickets_check(b, id, REPLY_DUE, "");
    bench_close(b);
}

static void without_a_policy_there_are_no_targets(void **state)
{
    struct bench *b = tickets_open();
    tn_id id = tickets_make_one(b, "A");

    (void)state;
    tickets_check(b, id, "sla_policy", "");
    tickets_check(b, id, CLOSE_STATUS, "");
    tickets_check(b, id, "sla_paused", "");
    bench_close(b);
}

/* From 10:00 on Monday to 10:00 on Thursday the ticket waits on the customer; Wednesday is a
 * holiday. */
static void waiting_on_the_customer_stops_the_clock(void **state)
{
    struct bench *b = tickets_open();
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    id = tickets_make_one(b, "A");
    b->now_us = MONDAY_9 + HOUR_US;
    tickets_move(b, id, "2");
    tickets_check(b, id, "sla_paused", "true");
    tickets_check(b, id, REPLY_DUE, "");
    tickets_check(b, id, CLOSE_DUE, "");
    tickets_check(b, id, CLOSE_STATUS, ACTIVE);
    b->now_us = MONDAY_9 + 3 * DAY_US + HOUR_US;
    tickets_move(b, id, "3");
    tickets_check(b, id, "sla_paused", "false");
    tickets_check_time(b, id, REPLY_DUE, b->now_us + HOUR_US);
    /* Seven hours are left: seven on Thursday, with lunch. */
    tickets_check_time(b, id, CLOSE_DUE, MONDAY_9 + 3 * DAY_US + 9 * HOUR_US);
    b->now_us = MONDAY_9 + 3 * DAY_US + 9 * HOUR_US;
    tickets_move(b, id, "4");
    tickets_check(b, id, CLOSE_STATUS, ON_TIME);
    tickets_check(b, id, "hs_time_to_close_in_operating_hours", "28800000");
    tickets_check(b, id, REPLY_STATUS, ""); /* nobody ever answered */
    bench_close(b);
}

static void time_that_a_ticket_is_closed_does_not_count(void **state)
{
    struct bench *b = tickets_open();
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    id = tickets_make_one(b, "A");
    b->now_us = MONDAY_9 + HOUR_US;
    tickets_move(b, id, "4");
    tickets_check(b, id, CLOSE_STATUS, ON_TIME);
    b->now_us = MONDAY_9 + DAY_US;
    tickets_move(b, id, "3");
    tickets_check(b, id, CLOSE_STATUS, ACTIVE);
    tickets_check_time(
        b, id, CLOSE_DUE, MONDAY_9 + DAY_US + 8 * HOUR_US); /* seven hours and lunch */
    bench_close(b);
}

static void a_response_too_late_is_completed_late(void **state)
{
    struct bench *b = tickets_open();
    tn_id in_time;
    tn_id late;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    in_time = tickets_make_one(b, "A");
    late = tickets_make_one(b, "B");
    b->now_us = MONDAY_9 + 2 * HOUR_US;
    tickets_must_call(b, "Reply", (struct asked){.first = in_time, .text = "Hello"});
    tickets_check(b, in_time, REPLY_STATUS, ON_TIME);
    tickets_check(b, in_time, "time_to_first_agent_reply", "7200000");
    tickets_check(b, in_time, "hs_time_to_first_response_in_operating_hours", "7200000");
    b->now_us = MONDAY_9 + 2 * HOUR_US + 1000;
    tickets_must_call(b, "Reply", (struct asked){.first = late, .text = "Hello"});
    tickets_check(b, late, REPLY_STATUS, LATE);
    tickets_check(b, late, "hs_pipeline_stage", "2");
    tickets_check(b, late, "sla_paused", "true");
    bench_close(b);
}

static void a_second_response_changes_nothing_of_the_first(void **state)
{
    struct bench *b = tickets_open();
    tn_id id;

    (void)state;
    b->now_us = MONDAY_9;
    id = tickets_make_one(b, "A");
    b->now_us = MONDAY_9 + HOUR_US;
    tickets_must_call(b, "Reply", (struct asked){.first = id, .text = "One"});
    b->now_us = MONDAY_9 + 2 * HOUR_US;
    tickets_must_call(b, "Reply", (struct asked){.first = id, .text = "Two"});
    tickets_check_time(b, id, "first_agent_reply_date", MONDAY_9 + HOUR_US);
    tickets_check_time(b, id, "hs_last_message_sent_at", MONDAY_9 + 2 * HOUR_US);
    tickets_check(b, id, "time_to_first_agent_reply", "3600000");
    assert_int_equal(bench_count(b, "ticket_messages"), 2);
    bench_close(b);
}

/* What a write finds missed it says, whether a timer was there or not. */
static void a_ticket_that_comes_in_old_is_overdue_at_once(void **state)
{
    struct bench *b = tickets_open();
    char created[32];
    tn_id id;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9 + 9 * HOUR_US; /* 18:00 */
    id = tickets_make(
        b,
        "tickets",
        BENCH_VALUES("subject", "A", "createdate", tickets_instant(MONDAY_9, created)));
    tickets_check(b, id, REPLY_STATUS, OVERDUE);
    tickets_check_time(b, id, REPLY_DUE, MONDAY_9 + 2 * HOUR_US);
    tickets_check(b, id, CLOSE_STATUS, OVERDUE); /* just now */
    tickets_check_time(b, id, CLOSE_DUE, MONDAY_9 + 9 * HOUR_US);
    b->now_us += HOUR_US;
    tickets_must_call(b, "Close", (struct asked){.first = id, .text = "Reset the scale"});
    tickets_check(b, id, CLOSE_STATUS, ON_TIME); /* the last hour was after work */
    tickets_check(b, id, "hs_resolution", "Reset the scale");
    bench_close(b);
}

static void calendars_and_policies_that_cannot_be_are_refused(void **state)
{
    struct bench *b = tickets_open();

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
    tickets_check(b, ticket, property, wanted);
}

static tn_id make_round_the_clock(struct bench *b)
{
    return tickets_make(b,
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
    struct bench *b = tickets_open();
    tn_time now_us = clock_wall_us();
    tn_id id;

    (void)state;
    (void)make_round_the_clock(b);
    b->now_us = now_us - 45 * MINUTE_US; /* warned 15 minutes ago, due in 15 */
    id = tickets_make_one(b, "A");
    b->now_us = 0;
    await(b, id, REPLY_STATUS, DUE_SOON);
    tickets_check(b, id, CLOSE_STATUS, ACTIVE);
    bench_close(b);
}

static void a_timer_tells_that_a_target_was_missed_and_when(void **state)
{
    struct bench *b = tickets_open();
    tn_time created = (clock_wall_us() - 5 * HOUR_US) / 1000000 * 1000000;
    tn_id id;

    (void)state;
    (void)make_round_the_clock(b);
    b->now_us = created;
    id = tickets_make_one(b, "A");
    b->now_us = 0;
    await(b, id, REPLY_STATUS, OVERDUE);
    await(b, id, CLOSE_STATUS, OVERDUE);
    tickets_check_time(b, id, REPLY_DUE, created + HOUR_US);
    tickets_check_time(b, id, CLOSE_DUE, created + 4 * HOUR_US);
    tickets_must_call(b, "Close", (struct asked){.first = id});
    tickets_check(b, id, CLOSE_STATUS, LATE);
    bench_close(b);
}

static void a_timer_that_is_set_fires_after_a_restart(void **state)
{
    struct bench *b = tickets_open();
    tn_id id;

    (void)state;
    (void)tickets_make(
        b,
        "sla_policies",
        BENCH_VALUES("name", "Fast", "pipeline", "*", "first_response", "3s", "warn_before", "0s"));
    id = tickets_make_one(b, "A");
    tickets_check(b, id, REPLY_STATUS, ACTIVE);
    bench_reopen(b);
    await(b, id, REPLY_STATUS, OVERDUE);
    bench_close(b);
}

/* The ticket would be overdue by now, but its clock stood; and it was answered in time. */
static void no_timer_fires_while_the_clock_stands_or_after_an_answer(void **state)
{
    struct bench *b = tickets_open();
    tn_time now_us = clock_wall_us();
    tn_id paused;
    tn_id missed;

    (void)state;
    (void)make_round_the_clock(b);
    b->now_us = now_us - 3 * HOUR_US;
    paused = tickets_make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "2"));
    missed = tickets_make_one(b, "B");
    b->now_us = 0;
    await(b, missed, REPLY_STATUS, OVERDUE); /* the other one's would have fired before */
    tickets_check(b, paused, REPLY_STATUS, ACTIVE);
    tickets_move(b, paused, "3");
    tickets_check(b, paused, REPLY_STATUS, ACTIVE);
    bench_close(b);
}

static void merging_ends_the_targets_of_the_secondary(void **state)
{
    struct bench *b = tickets_open();
    tn_id one;
    tn_id two;

    (void)state;
    (void)make_policy(b, "*");
    b->now_us = MONDAY_9;
    one = tickets_make_one(b, "A");
    two = tickets_make_one(b, "B");
    b->now_us = MONDAY_9 + HOUR_US;
    tickets_must_call(b, "Reply", (struct asked){.first = two, .text = "Hello"});
    b->now_us = MONDAY_9 + 4 * HOUR_US;
    tickets_must_call(b, "Merge", (struct asked){.first = one, .second = two});
    tickets_check(b, two, REPLY_STATUS, "");
    tickets_check(b, two, CLOSE_STATUS, "");
    /* The customer was answered, if in the other ticket. */
    tickets_check(b, one, REPLY_STATUS, ON_TIME);
    tickets_check(b, one, "time_to_first_agent_reply", "3600000");
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        cmocka_unit_test(merging_ends_the_targets_of_the_secondary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
