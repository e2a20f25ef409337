/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/date.c. */
#include "core/value/date.h"

#include "core/base/utf8.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

#define SECOND INT64_C(1000000)
#define MAY_FIRST 19844 /* 2024-05-01 */

static void every_day_of_10000_years_comes_back(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t expected = DATE_MIN;

    (void)state;
    for (int year = 1; year <= 9999; year++) {
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= lengths[month - 1] + (month == 2 ? leap : 0); day++) {
                int32_t days = 0;
                int y = 0;
                int m = 0;
                int d = 0;

                if (date_from_civil(year, month, day, &days) != TN_OK || days != expected++)
                    fail_msg("%d-%d-%d gives %d", year, month, day, days);
                date_to_civil(days, &y, &m, &d);
                if (y != year || m != month || d != day)
                    fail_msg("day %d is %d-%d-%d", days, y, m, d);
            }
        }
    }
    assert_int_equal(expected, DATE_MAX + 1);
}

static void days_that_are_not_are_refused(void **state)
{
    static const int bad[][3] = {{0, 1, 1},
                                 {10000, 1, 1},
                                 {2024, 0, 1},
                                 {2024, 13, 1},
                                 {2024, 1, 0},
                                 {2024, 1, 32},
                                 {2023, 2, 29},
                                 {1900, 2, 29},
                                 {2024, 4, 31}};
    int32_t days = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(date_from_civil(bad[i][0], bad[i][1], bad[i][2], &days), TN_OUT_OF_RANGE);
    assert_int_equal(days, 42);
}

static void date_reads_one_form_only(void **state)
{
    static const char *const bad[] = {"",
                                      "2024-5-1",
                                      "2024-05-1",
                                      "24-05-01",
                                      "2024/05/01",
                                      "2024-05-01 ",
                                      " 2024-05-01",
                                      "2024-05-0a",
                                      "20240501",
                                      "-2024-05-01",
                                      "+024-05-01",
                                      "2024-05-01T00:00:00Z"};
    int32_t days = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(date_parse(utf8_str(bad[i]), &days), TN_INVALID_ARGUMENT);
    assert_int_equal(date_parse(utf8_str("2023-02-29"), &days), TN_OUT_OF_RANGE);
    assert_int_equal(date_parse(utf8_str("0000-01-01"), &days), TN_OUT_OF_RANGE);
    assert_int_equal(days, 42);
    assert_int_equal(date_parse(utf8_str("2024-05-01"), &days), TN_OK);
    assert_int_equal(days, MAY_FIRST);
}

static void check_date_text(int32_t days, const char *expected)
{
    char text[DATE_TEXT_SIZE];

    assert_int_equal(date_format(days, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void date_is_written_as_it_is_read(void **state)
{
    (void)state;
    check_date_text(0, "1970-01-01");
    check_date_text(-1, "1969-12-31");
    check_date_text(DATE_MIN, "0001-01-01");
    check_date_text(DATE_MAX, "9999-12-31");
    check_date_text(INT32_MAX, "5881580-07-11");
    check_date_text(INT32_MIN, "-5877641-06-23");
}

static void check_time(const char *text, tn_time expected)
{
    tn_time us = 42;

    assert_int_equal(datetime_parse(utf8_str(text), &us), TN_OK);
    assert_int_equal(us, expected);
}

static void datetime_reads_every_form(void **state)
{
    const tn_time day = MAY_FIRST * 86400 * SECOND;
    const tn_time half_past_nine = day + (9 * 3600 + 30 * 60) * SECOND;

    (void)state;
    check_time("2024-05-01", day);
    check_time("2024-05-01T09:30:00Z", half_past_nine);
    check_time("2024-05-01t09:30:00z", half_past_nine);
    check_time("2024-05-01 09:30:00Z", half_past_nine);
    check_time("2024-05-01T11:30:00+02:00", half_past_nine);
    check_time("2024-05-01T00:00:00-09:30", half_past_nine);
    check_time("2024-05-01T09:30:00.123Z", half_past_nine + 123000);
    check_time("2024-05-01T09:30:00.000001Z", half_past_nine + 1);
    check_time("1714555800123", half_past_nine + 123000);
    check_time("0", 0);
    check_time("-1", -1000);
    check_time("9999-12-31T23:59:59.999999Z", DATETIME_MAX_US);
    check_time("0001-01-01", DATETIME_MIN_US);
}

static void check_times_refused(const char *const *texts, size_t count, tn_status status)
{
    tn_time us = 42;

    for (size_t i = 0; i < count; i++)
        if (datetime_parse(utf8_str(texts[i]), &us) != status)
            fail_msg("%s is not refused with %d", texts[i], status);
    assert_int_equal(us, 42);
}

static void datetime_refuses_other_forms(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "now",
                                      "12a",
                                      "1.5",
                                      "2024-05-01T",
                                      "2024-05-01T09:30Z",
                                      "2024-05-01T09:30:00",
                                      "2024-05-01T09:30:00.Z",
                                      "2024-05-01T09:30:00.1234567Z",
                                      "2024-05-01T09:30:00+0200",
                                      "2024-05-01T09:30:00Z ",
                                      "2024-05-01T09:30:00 Z",
                                      "2024-05-01X09:30:00Z",
                                      "2024-05-01T9:30:00Z",
                                      "2024-13-01T9:30:00Z",
                                      "2024-05-01T09:30:00+02:0"};

    (void)state;
    check_times_refused(bad, sizeof(bad) / sizeof(bad[0]), TN_INVALID_ARGUMENT);
}

static void datetime_refuses_times_that_are_not(void **state)
{
    static const char *const bad[] = {"2024-02-30",
                                      "2024-02-30T09:30:00Z",
                                      "2024-05-01T24:00:00Z",
                                      "2024-05-01T23:60:00Z",
                                      "2024-05-01T23:59:60Z",
                                      "2024-05-01T23:59:59+24:00",
                                      "9999-12-31T23:59:59-00:01",
                                      "0001-01-01T00:00:00+00:01",
                                      "253402300800000",
                                      "-99999999999999999999999999"};

    (void)state;
    check_times_refused(bad, sizeof(bad) / sizeof(bad[0]), TN_OUT_OF_RANGE);
}

static void check_time_text(tn_time us, const char *expected)
{
    char text[DATETIME_TEXT_SIZE];

    assert_int_equal(datetime_format(us, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void datetime_is_written_with_a_fraction_where_it_has_one(void **state)
{
    (void)state;
    check_time_text(0, "1970-01-01T00:00:00Z");
    check_time_text(-1, "1969-12-31T23:59:59.999999Z");
    check_time_text(1714555800120000, "2024-05-01T09:30:00.120000Z");
    check_time_text(INT64_MAX, "294247-01-10T04:00:54.775807Z");
    check_time_text(INT64_MIN, "-290308-12-21T19:59:05.224192Z");
}

static void every_time_survives_its_text(void **state)
{
    struct random random = {1};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[DATETIME_TEXT_SIZE];
        tn_time us = DATETIME_MIN_US + (tn_time)random_below(&random, DATETIME_MAX_US) * 2;

        if (us > DATETIME_MAX_US)
            continue;
        (void)datetime_format(us, text);
        check_time(text, us);
    }
}

static void check_duration(const char *text, tn_time expected)
{
    tn_time us = 42;

    assert_int_equal(duration_parse(utf8_str(text), &us), TN_OK);
    assert_int_equal(us, expected);
}

static void duration_reads_each_unit(void **state)
{
    (void)state;
    check_duration("90s", 90 * SECOND);
    check_duration("15m", 900 * SECOND);
    check_duration("4h", 4 * 3600 * SECOND);
    check_duration("2d", 2 * 86400 * SECOND);
    check_duration("1h30m", 5400 * SECOND);
    check_duration("500ms", SECOND / 2);
    check_duration("20us", 20);
    check_duration("0s", 0);
    check_duration("-1d2h3m4s5ms6us", -(93784 * SECOND + 5006));
    check_duration("9223372036854775807us", INT64_MAX);
    check_duration("-9223372036854775808us", INT64_MIN);
}

static void duration_refuses_other_forms(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "5",
                                      "s",
                                      "1.5h",
                                      "1h 30m",
                                      "30m1h",
                                      "1h1h",
                                      "1w",
                                      "1H",
                                      "+1h",
                                      "1hh",
                                      "1h-30m",
                                      "1h30",
                                      "1 h",
                                      "1min",
                                      "--1h",
                                      "1mss"};
    tn_time us = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (duration_parse(utf8_str(bad[i]), &us) != TN_INVALID_ARGUMENT)
            fail_msg("'%s' is no duration", bad[i]);
    assert_int_equal(duration_parse(utf8_str("9223372036854775808us"), &us), TN_OUT_OF_RANGE);
    assert_int_equal(duration_parse(utf8_str("106751992d"), &us), TN_OUT_OF_RANGE);
    assert_int_equal(duration_parse(utf8_str("106751991d1000h"), &us), TN_OUT_OF_RANGE);
    assert_int_equal(duration_parse(utf8_str("99999999999999999999d"), &us), TN_OUT_OF_RANGE);
    assert_int_equal(us, 42);
}

static void every_duration_survives_its_text(void **state)
{
    struct random random = {2};
    static const tn_time some[] = {0, 1, -1, 90 * SECOND, INT64_MAX, INT64_MIN};
    char text[DURATION_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        size_t len = duration_format(some[i], text);

        assert_int_equal(len, strlen(text));
        check_duration(text, some[i]);
    }
    (void)duration_format(90 * SECOND, text);
    assert_string_equal(text, "1m30s");
    (void)duration_format(0, text);
    assert_string_equal(text, "0s");
    for (int i = 0; i < 100000; i++) {
        tn_time us = (tn_time)(random_next(&random) >> random_below(&random, 64));

        (void)duration_format(us, text);
        check_duration(text, us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_10000_years_comes_back),
        cmocka_unit_test(days_that_are_not_are_refused),
        cmocka_unit_test(date_reads_one_form_only),
        cmocka_unit_test(date_is_written_as_it_is_read),
        cmocka_unit_test(datetime_reads_every_form),
        cmocka_unit_test(datetime_refuses_other_forms),
        cmocka_unit_test(datetime_refuses_times_that_are_not),
        cmocka_unit_test(datetime_is_written_with_a_fraction_where_it_has_one),
        cmocka_unit_test(every_time_survives_its_text),
        cmocka_unit_test(duration_reads_each_unit),
        cmocka_unit_test(duration_refuses_other_forms),
        cmocka_unit_test(every_duration_survives_its_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
