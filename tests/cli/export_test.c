/* SPDX-License-Identifier: Apache-2.0 */
/* What an export is made of: filters, values as text, and CSV that our reader reads back. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/utf8.h"
#include "sdk/cli/csv_write.h"
#include "sdk/cli/filter.h"
#include "sdk/cli/import/csv_file.h"
#include "sdk/cli/value_text.h"
#include "tests/unit/check.h"

typedef Tenon__Records__V1__Value value_message;

static void check_filter(const char *text, const char *property, int op, const char *value)
{
    Tenon__Records__V1__Filter *filter = NULL;
    struct arena arena;

    arena_init(&arena, 1u << 16);
    if (filter_parse(text, &arena, &filter, NULL) != TN_OK)
        fail_msg("%s", text);
    assert_string_equal(filter->property, property);
    assert_int_equal(filter->op, op);
    assert_int_equal(filter->n_values, value ? 1 : 0);
    if (value)
        assert_string_equal(filter->values[0]->literal, value);
    arena_fini(&arena);
}

static void filters_are_read(void **state)
{
    (void)state;
    check_filter("a=b", "a", TENON__RECORDS__V1__FILTER__OPERATOR__EQ, "b");
    check_filter("a=", "a", TENON__RECORDS__V1__FILTER__OPERATOR__EQ, "");
    check_filter("a=b=c", "a", TENON__RECORDS__V1__FILTER__OPERATOR__EQ, "b=c");
    check_filter("a!=b", "a", TENON__RECORDS__V1__FILTER__OPERATOR__NE, "b");
    check_filter("a<1", "a", TENON__RECORDS__V1__FILTER__OPERATOR__LT, "1");
    check_filter("a<=1", "a", TENON__RECORDS__V1__FILTER__OPERATOR__LE, "1");
    check_filter("a>1", "a", TENON__RECORDS__V1__FILTER__OPERATOR__GT, "1");
    check_filter("a>=1", "a", TENON__RECORDS__V1__FILTER__OPERATOR__GE, "1");
    check_filter("a", "a", TENON__RECORDS__V1__FILTER__OPERATOR__HAS, NULL);
    check_filter("!a", "a", TENON__RECORDS__V1__FILTER__OPERATOR__HAS_NOT, NULL);
}

static void what_is_no_filter_is_refused(void **state)
{
    static const char *const bad[] = {"", "!", "=b", "!a=b", "a!b", "<1"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        Tenon__Records__V1__Filter *filter = NULL;
        struct arena arena;

        arena_init(&arena, 1u << 16);
        assert_int_equal(filter_parse(bad[i], &arena, &filter, NULL), TN_INVALID_ARGUMENT);
        assert_null(filter);
        arena_fini(&arena);
    }
}

static void check_text(const value_message *value, const char *expected)
{
    struct buf text = {0};

    assert_int_equal(value_text_add(&text, value), TN_OK);
    assert_int_equal(text.len, strlen(expected));
    assert_true(text.len == 0 || memcmp(text.data, expected, text.len) == 0);
    buf_fini(&text);
}

static void values_are_written_as_people_write_them(void **state)
{
    Tenon__Records__V1__Decimal number;
    value_message value;

    tenon__records__v1__decimal__init(&number);
    tenon__records__v1__value__init(&value);
    (void)state;
    check_text(NULL, "");
    check_text(&value, "");
    number.mantissa = 12345;
    number.exponent = -2;
    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_NUMBER;
    value.number = &number;
    check_text(&value, "123.45");
    number.mantissa = 5;
    number.exponent = 40; /* past what a decimal may have */
    check_text(&value, "5e40");
    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_BOOLEAN;
    value.boolean = 0;
    check_text(&value, "false");
    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_DATE;
    value.date = 19844;
    check_text(&value, "2024-05-01");
    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_DATETIME;
    value.datetime = 19844ll * 86400 * 1000000 + 1;
    check_text(&value, "2024-05-01T00:00:00.000001Z");
    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_REFERENCE;
    value.reference = UINT64_MAX;
    check_text(&value, "18446744073709551615");
}

static const char *const nasty[] = {
    "",
    "plain",
    "with, comma",
    "semi;colon",
    "tab\there",
    "\"quoted\"",
    " spaces ",
    "a\nb",
    "a\r\nb",
    "\r",
    "\"",
    "\xc3\xa9t\xc3\xa9",
    "a\"b,c\"",
    "=1+1",
};
#define NASTY_COUNT (sizeof(nasty) / sizeof(nasty[0]))

static void rows_are_read_back_as_they_were(void **state)
{
    char path[] = "/tmp/tenon-export-XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    CLEANUP(csv_file_close_p) struct csv_file *file = NULL;
    struct csv_options options = {CSV_ENCODING_DETECT, ','};
    struct buf line = {0};

    (void)state;
    for (size_t width = 1; width <= NASTY_COUNT; width++) {
        buf_clear(&line);
        for (size_t i = 0; i < width; i++)
            assert_int_equal(csv_write_cell(&line, utf8_str(nasty[i]), i > 0), TN_OK);
        assert_int_equal(csv_write_end(&line, width, out), TN_OK);
    }
    (void)fclose(out);
    buf_fini(&line);
    assert_int_equal(csv_file_open(path, &options, &file, NULL), TN_OK);
    (void)unlink(path);
    for (size_t width = 1; width <= NASTY_COUNT; width++) {
        struct csv_row row;
        bool more = false;

        assert_int_equal(csv_file_next(file, &row, &more, NULL), TN_OK);
        assert_true(more);
        assert_null(row.fault);
        assert_int_equal(row.cell_count, width);
        for (size_t i = 0; i < width; i++)
            assert_true(utf8_is(row.cells[i], nasty[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_read),
        cmocka_unit_test(what_is_no_filter_is_refused),
        cmocka_unit_test(values_are_written_as_people_write_them),
        cmocka_unit_test(rows_are_read_back_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
