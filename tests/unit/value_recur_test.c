/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/recur.c and zone.c: rules of RFC 5545 against times that python3 found. */
#include <string.h>

#include "core/base/utf8.h"
#include "core/value/recur.h"
#include "tests/unit/check.h"
#include "tests/unit/recur_table.h"

#define SECOND_US INT64_C(1000000)

static struct zone *zone_of(const char *name)
{
    struct zone *zone = NULL;

    assert_int_equal(zone_load(utf8_str(name), &zone), TN_OK);
    return zone;
}

static void times_are_those_that_python_finds(void **state)
{
    unsigned compared = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(recur_table) / sizeof(recur_table[0]); i++) {
        const struct recur_row *row = &recur_table[i];
        struct zone *zone = zone_of(row->zone);
        tn_time at_us = (row->begun_s - 1) * SECOND_US;

        for (int j = 0; j < row->count; j++, compared++) {
            assert_int_equal(
                recur_next(
                    utf8_str(row->rule), zone, row->begun_s * SECOND_US, at_us, &at_us, NULL),
                TN_OK);
            if (at_us != row->times_s[j] * SECOND_US)
                fail_msg("%s %s: time %d", row->zone, row->rule, j);
        }
        zone_destroy(zone);
    }
    assert_true(compared >= 200);
}

/* Wherever one begins to look. */
static void a_time_is_found_from_anywhere_before_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(recur_table) / sizeof(recur_table[0]); i++) {
        const struct recur_row *row = &recur_table[i];
        struct zone *zone = zone_of(row->zone);

        for (int j = 1; j < row->count; j++) {
            tn_time between_us = (row->times_s[j - 1] + row->times_s[j]) * SECOND_US / 2;
            tn_time at_us = 0;

            assert_int_equal(
                recur_next(
                    utf8_str(row->rule), zone, row->begun_s * SECOND_US, between_us, &at_us, NULL),
                TN_OK);
            assert_int_equal(at_us, row->times_s[j] * SECOND_US);
        }
        zone_destroy(zone);
    }
}

static tn_status next_in_paris(const char *rule, int64_t begun_s, int64_t after_s, int64_t *ret_s)
{
    struct zone *zone = zone_of("Europe/Paris");
    tn_time at_us = 0;
    tn_status st =
        recur_next(utf8_str(rule), zone, begun_s * SECOND_US, after_s * SECOND_US, &at_us, NULL);

    zone_destroy(zone);
    *ret_s = at_us / SECOND_US;
    return st;
}

static void rules_end(void **state)
{
    static const struct {
        const char *rule;
        int64_t last_s; /* which is still one; 1767225600 is 2026-01-01T00:00:00Z */
    } ends[] = {
        {"FREQ=DAILY;COUNT=1", 1767225600},
        {"FREQ=DAILY;COUNT=3", 1767225600 + 2 * 86400},
        {"FREQ=HOURLY;COUNT=3", 1767225600 + 2 * 3600},
        {"FREQ=DAILY;UNTIL=20260103T000000Z", 1767225600 + 2 * 86400},
        {"FREQ=DAILY;UNTIL=20260102T235959Z", 1767225600 + 86400},
        {"FREQ=DAILY;UNTIL=20260103T010000", 1767225600 + 2 * 86400}, /* local, an hour ahead */
        {"FREQ=DAILY;UNTIL=20260103T005959", 1767225600 + 86400},
        {"FREQ=DAILY;UNTIL=20260103", 1767225600 + 2 * 86400},
        {"FREQ=MINUTELY;INTERVAL=30;UNTIL=20260101T003000Z", 1767225600 + 1800},
    };
    int64_t at_s = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (next_in_paris(ends[i].rule, 1767225600, ends[i].last_s - 1, &at_s) != TN_OK ||
            at_s != ends[i].last_s)
            fail_msg("%s ends too early", ends[i].rule);
        if (next_in_paris(ends[i].rule, 1767225600, ends[i].last_s, &at_s) != TN_NOT_FOUND)
            fail_msg("%s does not end", ends[i].rule);
    }
}

/* Each would keep who looks for it without a bound busy for ever. */
static void what_never_comes_is_given_up(void **state)
{
    static const char *const rules[] = {
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9999",
        "FREQ=DAILY;INTERVAL=9999;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;BYHOUR=2;BYMINUTE=30",
        "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=31",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=17;BYMINUTE=0;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    };
    int64_t at_s;

    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (next_in_paris(rules[i], 1767225600, 1767225599, &at_s) != TN_NOT_FOUND)
            fail_msg("%s comes", rules[i]);
}

static void no_rules_are_refused(void **state)
{
    static const char *const rules[] = {
        "",
        "X",
        "FREQ=",
        "FREQ",
        "INTERVAL=2",
        "FREQ=SECONDLY",
        "FREQ=SOMETIMES",
        "FREQ=DAILY;",
        ";FREQ=DAILY",
        "FREQ=DAILY;;COUNT=2",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=10000",
        "FREQ=DAILY;COUNT=99999999999",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=65537",
        "FREQ=DAILY;INTERVAL= 1",
        "FREQ=DAILY;UNTIL=2027",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=20270101T250000Z",
        "FREQ=DAILY;UNTIL=20270101T000000X",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYHOUR=",
        "FREQ=DAILY;BYHOUR=1,",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=0,30",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=-32",
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYYEARDAY=1",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=YEARLY;BYWEEKNO=8",
        "FREQ=DAILY;WKST=1",
        "FREQ=DAILY;RSCALE=GREGORIAN",
        "FREQ=DAILY;X-OTHER=1",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY\n",
        "FREQ=HOURLY;BYMONTHDAY=1",
        "FREQ=MINUTELY;BYSECOND=0",
        "FREQ=MINUTELY;BYHOUR=1;COUNT=2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (recur_check(utf8_str(rules[i]), NULL) != TN_INVALID_ARGUMENT)
            fail_msg("\"%s\" is taken", rules[i]);
}

static void a_rule_has_a_bound(void **state)
{
    char rule[RECUR_LEN_MAX + 1] = "FREQ=DAILY;BYHOUR=1";
    size_t len = strlen(rule);

    (void)state;
    for (; len + 2 <= RECUR_LEN_MAX; len += 2)
        memcpy(rule + len, ",2", 2);
    assert_int_equal(recur_check((struct tn_str){rule, len}, NULL), TN_OK);
    memset(rule + len, '1', sizeof(rule) - len);
    assert_int_equal(recur_check((struct tn_str){rule, RECUR_LEN_MAX + 1}, NULL),
                     TN_INVALID_ARGUMENT);
}

static void rules_begin_within_bounds(void **state)
{
    int64_t at_s;

    (void)state;
    assert_int_equal(next_in_paris("FREQ=DAILY", -1, 0, &at_s), TN_INVALID_ARGUMENT);
    assert_int_equal(next_in_paris("FREQ=DAILY", 0, -1, &at_s), TN_OK);
    assert_int_equal(at_s, 0);
    assert_int_equal(next_in_paris("FREQ=DAILY", RECUR_BEGIN_END_US / SECOND_US, 0, &at_s),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(next_in_paris("FREQ=DAILY", 0, INT64_MAX / SECOND_US, &at_s), TN_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_those_that_python_finds),
        cmocka_unit_test(a_time_is_found_from_anywhere_before_it),
        cmocka_unit_test(rules_end),
        cmocka_unit_test(what_never_comes_is_given_up),
        cmocka_unit_test(no_rules_are_refused),
        cmocka_unit_test(a_rule_has_a_bound),
        cmocka_unit_test(rules_begin_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
