/* SPDX-License-Identifier: Apache-2.0 */
/* Dates by pattern. */
#include "sdk/cli/import/date_format.h"

#include <string.h>

#include "core/base/utf8.h"
#include "tests/unit/check.h"

static void check_reads(const char *pattern, const char *text, const char *expected)
{
    char out[DATE_FORMAT_TEXT_SIZE] = "";

    assert_true(date_format_is_valid(utf8_str(pattern)));
    if (date_format_apply(utf8_str(pattern), utf8_str(text), out) != TN_OK)
        fail_msg("%s by %s", text, pattern);
    assert_string_equal(out, expected);
}

static void check_status(const char *pattern, const char *text, tn_status expected)
{
    char out[DATE_FORMAT_TEXT_SIZE] = "untouched";

    assert_int_equal(date_format_apply(utf8_str(pattern), utf8_str(text), out), expected);
    assert_string_equal(out, "untouched");
}

static void patterns_of_many_countries_are_read(void **state)
{
    (void)state;
    check_reads("DD-MM-YY", "01-03-17", "2017-03-01");
    check_reads("DD/MM/YYYY", "29/02/2024", "2024-02-29");
    check_reads("M/D/YYYY", "3/1/2017", "2017-03-01");
    check_reads("M/D/YYYY", "12/31/2017", "2017-12-31");
    check_reads("YYYYMMDD", "20170301", "2017-03-01");
    check_reads("D.M.YY", "1.12.99", "1999-12-01");
    check_reads("DD-MM-YY", "01-01-68", "2068-01-01");
    check_reads("DD-MM-YY", "01-01-69", "1969-01-01");
    check_reads("le DD/MM/YYYY", "le 14/07/1789", "1789-07-14");
    check_reads("YYYY-MM-DD HH:mm:ss", "2017-03-01 09:05:59", "2017-03-01T09:05:59Z");
    check_reads("DD/MM/YYYY HHhmm", "01/03/2017 18h30", "2017-03-01T18:30:00Z");
}

static void what_does_not_follow_the_pattern_is_refused(void **state)
{
    (void)state;
    check_status("DD-MM-YY", "", TN_INVALID_ARGUMENT);
    check_status("DD-MM-YY", "1-3-17", TN_INVALID_ARGUMENT);
    check_status("DD-MM-YY", "01-03-2017", TN_INVALID_ARGUMENT);
    check_status("DD-MM-YY", "01/03/17", TN_INVALID_ARGUMENT);
    check_status("DD-MM-YY", "01-03-17 ", TN_INVALID_ARGUMENT);
    check_status("DD-MM-YY", "aa-03-17", TN_INVALID_ARGUMENT);
    check_status("YYYY-MM-DD", "-001-03-17", TN_INVALID_ARGUMENT);
}

static void days_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    check_status("DD-MM-YY", "31-02-17", TN_OUT_OF_RANGE);
    check_status("DD-MM-YYYY", "29-02-1900", TN_OUT_OF_RANGE);
    check_status("DD-MM-YY", "00-01-17", TN_OUT_OF_RANGE);
    check_status("DD-MM-YY", "01-13-17", TN_OUT_OF_RANGE);
    check_status("DD-MM-YYYY HH:mm", "01-01-2017 24:00", TN_OUT_OF_RANGE);
    check_status("DD-MM-YYYY HH:mm", "01-01-2017 23:60", TN_OUT_OF_RANGE);
}

static void patterns_must_name_a_day_once(void **state)
{
    (void)state;
    assert_false(date_format_is_valid(utf8_str("")));
    assert_false(date_format_is_valid(utf8_str("DD-MM")));
    assert_false(date_format_is_valid(utf8_str("YYYY")));
    assert_false(date_format_is_valid(utf8_str("DD-MM-YY YYYY")));
    assert_false(date_format_is_valid(utf8_str("dd-mm-yy")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_of_many_countries_are_read),
        cmocka_unit_test(what_does_not_follow_the_pattern_is_refused),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(patterns_must_name_a_day_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
