/* SPDX-License-Identifier: Apache-2.0 */
/* Tests business time of plugins/tickets: at the edges, and what is refused. */
#include "plugins/tickets/calendar.h"

#include <stdio.h>
#include <string.h>

#include "plugins/tickets/civil.h"
#include "plugins/tickets/sla_clock.h"
#include "tests/plugins/zone_clock.h"
#include "tests/unit/check.h"

#define HOUR_US (3600ll * 1000000)
#define MINUTE_US (60ll * 1000000)

static struct tn_str str(const char *text)
{
    return (struct tn_str){text, strlen(text)};
}

static tn_time at(int year, int month, int day, int hour, int minute)
{
    return (civil_to_days(year, month, day) * DAY_S + hour * 3600 + minute * 60) * 1000000ll;
}

static struct zone *load(const char *name)
{
    struct zone *zone = NULL;

    assert_int_equal(zone_load(str(name), &zone), TN_OK);
    return zone;
}

static struct calendar make(struct zone *zone, const char *hours)
{
    struct calendar calendar = {0};

    if (zone)
        calendar.clock = zone_clock(zone);
    assert_int_equal(calendar_set_hours(&calendar, str(hours)), CALENDAR_OK);
    return calendar;
}

/* Hours */

static void a_target_that_ends_with_the_day_is_due_then_and_not_next_morning(void **state)
{
    struct calendar c = make(NULL, "mon-fri 09:00-18:00");

    (void)state;
    assert_true(calendar_after(&c, at(2026, 11, 20, 16, 0), 2 * HOUR_US) ==
                at(2026, 11, 20, 18, 0)); /* a Friday */
    assert_true(calendar_after(&c, at(2026, 11, 20, 16, 0), 2 * HOUR_US + 1) ==
                at(2026, 11, 23, 9, 0) + 1);
    assert_true(calendar_elapsed(&c, at(2026, 11, 20, 16, 0), at(2026, 11, 23, 9, 0)) ==
                2 * HOUR_US);
}

static void no_business_time_is_due_at_once(void **state)
{
    struct calendar c = make(NULL, "mon-fri 09:00-18:00");

    (void)state;
    assert_true(calendar_after(&c, at(2026, 11, 21, 4, 0), 0) == at(2026, 11, 21, 4, 0));
    assert_true(calendar_elapsed(&c, at(2026, 11, 23, 12, 0), at(2026, 11, 23, 10, 0)) == 0);
}

static void hours_over_midnight_belong_to_both_days(void **state)
{
    struct calendar c = make(NULL, "fri 22:00-06:00");

    (void)state;
    assert_true(calendar_elapsed(&c, at(2026, 11, 16, 0, 0), at(2026, 11, 23, 0, 0)) ==
                8 * HOUR_US);
    assert_true(calendar_after(&c, at(2026, 11, 20, 23, 0), 2 * HOUR_US) == at(2026, 11, 21, 1, 0));
}

static void days_go_by_french_names_and_over_the_weeks_end(void **state)
{
    struct calendar french = make(NULL, "Sam-Lun 9:00-10:00\nmer 9:00-9:30");
    struct calendar english = make(NULL, "sat,sun,mon 09:00-10:00; WED 09:00-09:30");

    (void)state;
    assert_memory_equal(french.windows, english.windows, sizeof(french.windows));
    assert_memory_equal(french.window_counts, english.window_counts, sizeof(french.window_counts));
}

static void hours_that_touch_or_overlap_are_joined(void **state)
{
    struct calendar c = make(NULL, "mon 13:00-17:00 9:00-12:00, 11:00-13:00");

    (void)state;
    assert_int_equal(c.window_counts[0], 1);
    assert_int_equal(c.windows[0][0].begin, 9 * 60);
    assert_int_equal(c.windows[0][0].end, 17 * 60);
}

static void without_a_calendar_all_time_counts(void **state)
{
    (void)state;
    assert_true(calendar_elapsed(NULL, 5, 12) == 7);
    assert_true(calendar_after(NULL, 5, 7) == 12);
}

static void hours_that_say_nothing_clear_are_refused_and_change_nothing(void **state)
{
    static const char *const bad[] = {"mon",
                                      "09:00-17:00",
                                      "mon 9-17",
                                      "mon 09:00",
                                      "mon 09:00-09:00",
                                      "mon 09:00-24:01",
                                      "mon 09:60-10:00",
                                      "xyz 09:00-10:00",
                                      "mon- 09:00-10:00",
                                      "mon,,tue 09:00-10:00",
                                      "mon 09:00-10:00 tue 09:00-10:00",
                                      "mon 09:00-10:00x"};
    struct calendar c = make(NULL, "mon-fri 09:00-18:00");
    struct calendar before = c;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (calendar_set_hours(&c, str(bad[i])) != CALENDAR_BAD_TEXT)
            fail_msg("'%s' is taken", bad[i]);
    assert_int_equal(calendar_set_hours(&c, str(" ;\n; ")), CALENDAR_NO_HOURS);
    assert_int_equal(calendar_set_hours(&c,
                                        str("mon 1:00-1:01 2:00-2:01 3:00-3:01 4:00-4:01 "
                                            "5:00-5:01 6:00-6:01 7:00-7:01 8:00-8:01 9:00-9:01")),
                     CALENDAR_TOO_MANY);
    assert_memory_equal(&c, &before, sizeof(c));
}

/* Holidays */

static void holidays_are_days_ranges_and_days_of_every_year(void **state)
{
    struct calendar c = make(NULL, "mon-sun 00:00-24:00");

    (void)state;
    assert_int_equal(
        calendar_set_holidays(&c, str("2026-11-11, 2026-12-24..2026-12-26;\n01-01 02-29")),
        CALENDAR_OK);
    assert_int_equal(c.holiday_count, 4);
    assert_true(calendar_elapsed(&c, at(2026, 12, 20, 0, 0), at(2027, 1, 3, 0, 0)) ==
                10 * 24 * HOUR_US);
    assert_true(calendar_elapsed(&c, at(2028, 2, 28, 0, 0), at(2028, 3, 2, 0, 0)) ==
                2 * 24 * HOUR_US);
    assert_true(calendar_elapsed(&c, at(2027, 2, 28, 0, 0), at(2027, 3, 2, 0, 0)) ==
                2 * 24 * HOUR_US);
}

static void dates_that_are_none_are_refused_and_change_nothing(void **state)
{
    static const char *const bad[] = {"2026-02-29",
                                      "2026-13-01",
                                      "2026-00-10",
                                      "13-01",
                                      "02-30",
                                      "2026-1-5",
                                      "0000-01-01",
                                      "26-12-25",
                                      "2026-12-25.",
                                      "2026-12-25..",
                                      "2026-12-25..2026-12-24",
                                      "2026-12-25..12-26",
                                      "12-25..12-26",
                                      "2026-12-255",
                                      "Noel"};
    struct calendar c = make(NULL, "mon-fri 09:00-18:00");
    struct calendar before = c;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (calendar_set_holidays(&c, str(bad[i])) != CALENDAR_BAD_TEXT)
            fail_msg("'%s' is taken", bad[i]);
    assert_int_equal(calendar_set_holidays(&c, str("2026-01-01..2030-01-01")), CALENDAR_TOO_MANY);
    assert_memory_equal(&c, &before, sizeof(c));
}

static void a_target_that_holidays_never_let_through_is_never_due(void **state)
{
    struct calendar c = make(NULL, "mon 09:00-10:00");
    char year[12 * 31 * 6 + 1] = "";
    size_t len = 0;

    (void)state;
    for (int month = 1; month <= 12; month++)
        for (int day = 1; day <= civil_month_length(2000, month); day++, len += 6)
            (void)snprintf(year + len, sizeof(year) - len, "%02d-%02d ", month, day);
    assert_int_equal(calendar_set_holidays(&c, str(year)), CALENDAR_OK);
    assert_true(calendar_after(&c, at(2026, 11, 20, 16, 0), 1) == CALENDAR_NEVER);
}

/* Clocks that change */

static void the_hour_that_clocks_skip_is_no_business_time(void **state)
{
    struct zone *paris = load("Europe/Paris");
    struct calendar c = make(paris, "sun 01:00-04:00");

    (void)state;
    /* 29 March 2026: 02:00 becomes 03:00, at 01:00 UTC. */
    assert_true(calendar_elapsed(&c, at(2026, 3, 28, 12, 0), at(2026, 3, 29, 12, 0)) ==
                2 * HOUR_US);
    assert_true(calendar_after(&c, at(2026, 3, 28, 12, 0), HOUR_US + MINUTE_US) ==
                at(2026, 3, 29, 1, 1));
    zone_destroy(paris);
}

static void the_hour_that_clocks_repeat_counts_twice(void **state)
{
    struct zone *paris = load("Europe/Paris");
    struct calendar c = make(paris, "sun 01:00-04:00");

    (void)state;
    /* 25 October 2026: 03:00 becomes 02:00, at 01:00 UTC. */
    assert_true(calendar_elapsed(&c, at(2026, 10, 24, 12, 0), at(2026, 10, 25, 12, 0)) ==
                4 * HOUR_US);
    struct calendar half = make(paris, "sun 02:15-02:30");
    assert_true(calendar_after(&half, at(2026, 10, 24, 12, 0), 20 * MINUTE_US) ==
                at(2026, 10, 25, 1, 20));
    zone_destroy(paris);
}

/* Clocks that stand */

static void a_clock_counts_only_while_it_runs(void **state)
{
    struct calendar c = make(NULL, "mon-fri 09:00-18:00");
    struct sla_clock clock = {0};

    (void)state;
    assert_true(sla_clock_due(&clock, &c, HOUR_US) == CALENDAR_NEVER);
    sla_clock_run(&clock, at(2026, 11, 23, 9, 0));
    sla_clock_run(&clock, at(2026, 11, 23, 17, 0)); /* it runs already */
    assert_true(sla_clock_due(&clock, &c, 8 * HOUR_US) == at(2026, 11, 23, 17, 0));
    sla_clock_stop(&clock, &c, at(2026, 11, 23, 12, 0));
    sla_clock_stop(&clock, &c, at(2026, 11, 23, 14, 0)); /* it stands already */
    assert_true(clock.used == 3 * HOUR_US);
    assert_true(sla_clock_due(&clock, &c, 8 * HOUR_US) == CALENDAR_NEVER);
    sla_clock_run(&clock, at(2026, 11, 24, 10, 0));
    assert_true(sla_clock_due(&clock, &c, 8 * HOUR_US) == at(2026, 11, 24, 15, 0));
    assert_true(sla_clock_used(&clock, &c, at(2026, 11, 24, 11, 0)) == 4 * HOUR_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_that_ends_with_the_day_is_due_then_and_not_next_morning),
        cmocka_unit_test(no_business_time_is_due_at_once),
        cmocka_unit_test(hours_over_midnight_belong_to_both_days),
        cmocka_unit_test(days_go_by_french_names_and_over_the_weeks_end),
        cmocka_unit_test(hours_that_touch_or_overlap_are_joined),
        cmocka_unit_test(without_a_calendar_all_time_counts),
        cmocka_unit_test(hours_that_say_nothing_clear_are_refused_and_change_nothing),
        cmocka_unit_test(holidays_are_days_ranges_and_days_of_every_year),
        cmocka_unit_test(dates_that_are_none_are_refused_and_change_nothing),
        cmocka_unit_test(a_target_that_holidays_never_let_through_is_never_due),
        cmocka_unit_test(the_hour_that_clocks_skip_is_no_business_time),
        cmocka_unit_test(the_hour_that_clocks_repeat_counts_twice),
        cmocka_unit_test(a_clock_counts_only_while_it_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
