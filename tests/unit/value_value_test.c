/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/value.c. */
#include "core/value/value.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/value/date.h"
#include "tests/unit/check.h"

#define TEXT_MAX 100

static struct tn_value text_of(const char *text)
{
    return value_text(TN_TEXT, utf8_str(text));
}

static void kinds_and_names_go_both_ways(void **state)
{
    (void)state;
    for (uint32_t kind = TN_TEXT; kind <= TN_DURATION; kind++)
        assert_int_equal(value_kind_of(utf8_str(value_kind_name(kind))), kind);
    assert_string_equal(value_kind_name(TN_REF), "reference");
    assert_null(value_kind_name(TN_NONE));
    assert_null(value_kind_name(11));
    assert_null(value_kind_name(UINT32_MAX));
    assert_int_equal(value_kind_of(utf8_str("")), TN_NONE);
    assert_int_equal(value_kind_of(utf8_str("Text")), TN_NONE);
    assert_int_equal(value_kind_of(utf8_str("texts")), TN_NONE);
}

static void equal_compares_kind_and_bits(void **state)
{
    struct tn_value upper = text_of("A");
    struct tn_value lower = text_of("a");
    struct tn_value choice = value_text(TN_CHOICE, utf8_str("a"));
    struct tn_value one = {.kind = TN_NUMBER, .as.integer = 1};
    struct tn_value ten_tenths = {.kind = TN_NUMBER, .exponent = -1, .as.integer = 10};
    struct tn_value yes = value_integer(TN_BOOL, 1);
    struct tn_value none = value_none();
    struct tn_value empty = {.kind = TN_TEXT};

    (void)state;
    assert_true(value_equal(&lower, &lower));
    assert_false(value_equal(&lower, &upper));
    assert_false(value_equal(&lower, &choice));
    assert_true(value_equal(&one, &ten_tenths));
    assert_false(value_equal(&one, &yes));
    assert_true(value_equal(&none, &none));
    assert_false(value_equal(&none, &empty));
    assert_true(value_equal(&empty, &empty));
}

static void check_rising(const struct tn_value *values, int count)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            int order = value_compare(&values[i], &values[j]);

            if ((order > 0) - (order < 0) != (i > j) - (i < j))
                fail_msg("values %d and %d compare as %d", i, j, order);
        }
}

static void compare_orders_each_kind_and_none_last(void **state)
{
    /* Of those that fold alike the bytes decide. */
    const struct tn_value texts[] = {text_of(""),
                                     text_of("E"),
                                     text_of("e"),
                                     text_of("é"),
                                     text_of("Ea"),
                                     text_of("eb"),
                                     text_of("z"),
                                     value_none()};
    const struct tn_value numbers[] = {value_number((struct decimal){-2, 0}),
                                       value_number((struct decimal){5, -1}),
                                       value_number((struct decimal){1, 1}),
                                       value_none()};
    const struct tn_value dates[] = {value_integer(TN_DATE, -1), value_integer(TN_DATE, 20000)};
    /* Blobs are bytes: what looks like an upper-case letter is not folded. */
    const struct tn_value blobs[] = {value_text(TN_BLOB, utf8_str("B")),
                                     value_text(TN_BLOB, utf8_str("a"))};

    (void)state;
    check_rising(texts, 8);
    check_rising(numbers, 4);
    check_rising(dates, 2);
    check_rising(blobs, 2);
}

static void copy_owns_its_text(void **state)
{
    char text[] = "machine";
    struct tn_value value = value_text(TN_TEXT, utf8_str(text));
    struct tn_value copy;
    struct arena arena;

    (void)state;
    arena_init(&arena, 100);
    assert_int_equal(value_copy(&arena, &value, &copy), TN_OK);
    text[0] = 'X';
    assert_int_equal(copy.kind, TN_TEXT);
    assert_string_equal(copy.as.text.data, "machine");
    arena_fini(&arena);
}

static void copy_without_room_leaves_the_target(void **state)
{
    struct tn_value value = text_of("sixteen bytes...");
    struct tn_value copy = value_integer(TN_DATE, 5);
    struct arena arena;

    (void)state;
    arena_init(&arena, 16); /* one less than the text and its NUL */
    assert_int_equal(value_copy(&arena, &value, &copy), TN_RESOURCE_EXHAUSTED);
    assert_int_equal(copy.kind, TN_DATE);
    arena_fini(&arena);
}

static void check_accepts(struct tn_value value)
{
    struct err err;

    err_init(&err, NULL);
    assert_int_equal(value_check(&value, TEXT_MAX, "f", &err), TN_OK);
    assert_int_equal(err.violation_count, 0);
}

static void check_refuses(struct tn_value value, const char *rule)
{
    struct err err;

    err_init(&err, NULL);
    assert_int_equal(value_check(&value, TEXT_MAX, "fields[2]", &err), TN_INVALID_ARGUMENT);
    assert_int_equal(err.violation_count, 1);
    assert_string_equal(err.violations[0].field, "fields[2]");
    assert_string_equal(err.violations[0].rule, rule);
    assert_true(err.violations[0].text[0] != '\0');
    assert_int_equal(value_check(&value, TEXT_MAX, NULL, NULL), TN_INVALID_ARGUMENT);
}

static void check_lets_good_values_through(void **state)
{
    char longest[TEXT_MAX];
    char blob[VALUE_BLOB_SIZE] = {0};

    (void)state;
    memset(longest, 'x', sizeof(longest));
    check_accepts(value_none());
    check_accepts((struct tn_value){.kind = TN_TEXT});
    check_accepts(value_text(TN_TEXT, (struct tn_str){longest, sizeof(longest)}));
    check_accepts(value_text(TN_BLOB, (struct tn_str){blob, sizeof(blob)}));
    check_accepts(value_integer(TN_BOOL, 0));
    check_accepts(value_integer(TN_BOOL, 1));
    check_accepts(value_integer(TN_DATE, DATE_MIN));
    check_accepts(value_integer(TN_DATE, DATE_MAX));
    check_accepts(value_integer(TN_DATETIME, DATETIME_MIN_US));
    check_accepts(value_integer(TN_DATETIME, DATETIME_MAX_US));
    check_accepts(value_integer(TN_REF, 1));
    check_accepts(value_integer(TN_REF, INT64_MAX));
    check_accepts(value_integer(TN_DURATION, -VALUE_DURATION_MAX_US));
    check_accepts(value_integer(TN_DURATION, VALUE_DURATION_MAX_US));
}

static void check_refuses_each_bad_value_with_its_rule(void **state)
{
    char long_text[TEXT_MAX + 1];

    (void)state;
    memset(long_text, 'x', sizeof(long_text));
    check_refuses(value_integer(11, 0), "kind");
    check_refuses(value_integer(UINT32_MAX, 0), "kind");
    check_refuses((struct tn_value){.kind = TN_DATE, .exponent = 1}, "kind");
    check_refuses((struct tn_value){.kind = TN_NONE, .exponent = 1}, "kind");
    check_refuses(value_number((struct decimal){1, 99}), "range");
    check_refuses(value_number((struct decimal){1, -19}), "range");
    check_refuses(value_integer(TN_BOOL, 2), "bool");
    check_refuses(value_integer(TN_BOOL, -1), "bool");
    check_refuses(value_integer(TN_DATE, DATE_MIN - 1), "range");
    check_refuses(value_integer(TN_DATE, DATE_MAX + 1), "range");
    check_refuses(value_integer(TN_DATE, INT64_MAX), "range");
    check_refuses(value_integer(TN_DATETIME, DATETIME_MIN_US - 1), "range");
    check_refuses(value_integer(TN_DATETIME, DATETIME_MAX_US + 1), "range");
    check_refuses(value_integer(TN_REF, 0), "reference");
    check_refuses(value_integer(TN_REF, -1), "reference");
    check_refuses(value_integer(TN_DURATION, INT64_MAX), "range");
    check_refuses(value_integer(TN_DURATION, INT64_MIN), "range");
    check_refuses(value_text(TN_TEXT, (struct tn_str){long_text, sizeof(long_text)}), "too_long");
    check_refuses(value_text(TN_CHOICE, (struct tn_str){long_text, sizeof(long_text)}), "too_long");
    check_refuses(value_text(TN_TEXT, (struct tn_str){"a\xff", 2}), "utf8");
    check_refuses(value_text(TN_CHOICES, (struct tn_str){"a\0b", 3}), "utf8");
    check_refuses(value_text(TN_TEXT, (struct tn_str){NULL, 3}), "utf8");
    check_refuses(value_text(TN_BLOB, (struct tn_str){long_text, 31}), "blob");
    check_refuses(value_text(TN_BLOB, (struct tn_str){NULL, 32}), "blob");
}

static void check_makes_numbers_canonical(void **state)
{
    struct tn_value value = {.kind = TN_NUMBER, .exponent = -2, .as.integer = 1250};

    (void)state;
    assert_int_equal(value_check(&value, TEXT_MAX, "f", NULL), TN_OK);
    assert_int_equal(value.exponent, -1);
    assert_int_equal(value.as.integer, 125);
}

static void check_speaks_the_language_of_the_call(void **state)
{
    struct tn_value value = value_integer(TN_BOOL, 7);
    struct err err;

    (void)state;
    err_init(&err, "fr");
    (void)value_check(&value, TEXT_MAX, "f", &err);
    assert_string_equal(err.message, "Un oui ou non se note 1 ou 0.");
}

static void check_parses(uint32_t kind, const char *text, int64_t expected)
{
    struct tn_value value = {0};

    assert_int_equal(value_parse(kind, utf8_str(text), "f", &value, NULL), TN_OK);
    assert_int_equal(value.kind, kind);
    assert_int_equal(value.as.integer, expected);
}

static void parse_reads_each_kind(void **state)
{
    static const char *const yes[] = {"true", "YES", "1", "oui", "Oui"};
    static const char *const no[] = {"false", "No", "0", "non", "NON"};
    struct tn_value value = {0};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        check_parses(TN_BOOL, yes[i], 1);
        check_parses(TN_BOOL, no[i], 0);
    }
    check_parses(TN_DATE, "1970-01-02", 1);
    check_parses(TN_DATETIME, "1970-01-01T00:00:01Z", 1000000);
    check_parses(TN_REF, "9223372036854775807", INT64_MAX);
    check_parses(TN_DURATION, "-1s", -1000000);
    check_parses(TN_NUMBER, "12.50", 125);
    assert_int_equal(value_parse(TN_CHOICE, utf8_str("x"), "f", &value, NULL), TN_OK);
    assert_int_equal(value.kind, TN_CHOICE);
    assert_string_equal(value.as.text.data, "x");
}

static void the_empty_text_is_none_of_every_kind(void **state)
{
    (void)state;
    for (uint32_t kind = TN_TEXT; kind <= TN_DURATION; kind++) {
        struct tn_value value = {.kind = 42};

        assert_int_equal(value_parse(kind, utf8_str(""), "f", &value, NULL), TN_OK);
        assert_int_equal(value.kind, TN_NONE);
    }
}

static void parse_refuses_each_bad_text_with_its_rule(void **state)
{
    static const struct {
        uint32_t kind;
        const char *text;
        const char *rule;
    } bad[] = {
        {TN_NUMBER, "1,5", "number"},
        {TN_NUMBER, "1e99", "range"},
        {TN_BOOL, "maybe", "bool"},
        {TN_BOOL, "true ", "bool"},
        {TN_DATE, "01/02/2024", "date"},
        {TN_DATE, "2023-02-29", "range"},
        {TN_DATETIME, "noon", "datetime"},
        {TN_DATETIME, "2023-02-29T00:00:00Z", "range"},
        {TN_REF, "0", "reference"},
        {TN_REF, "-1", "reference"},
        {TN_REF, "12a", "reference"},
        {TN_REF, "9223372036854775808", "reference"},
        {TN_DURATION, "1 hour", "duration"},
        {TN_DURATION, "99999999d", "range"},
        {TN_BLOB, "00", "kind"},
        {11, "x", "kind"},
        {TN_NONE, "x", "kind"},
        {11, "", "kind"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tn_value value = {.kind = 42};
        struct err err;

        err_init(&err, NULL);
        assert_int_equal(value_parse(bad[i].kind, utf8_str(bad[i].text), "f", &value, &err),
                         TN_INVALID_ARGUMENT);
        assert_int_equal(err.violation_count, 1);
        assert_string_equal(err.violations[0].field, "f");
        assert_string_equal(err.violations[0].rule, bad[i].rule);
        assert_int_equal(value.kind, 42);
    }
}

static void format_writes_what_parse_reads(void **state)
{
    static const struct {
        uint32_t kind;
        const char *text;
    } texts[] = {
        {TN_TEXT, "Été, \"x\""},
        {TN_CHOICE, "open"},
        {TN_CHOICES, "a;b"},
        {TN_NUMBER, "-12.5"},
        {TN_BOOL, "true"},
        {TN_BOOL, "false"},
        {TN_DATE, "0001-01-01"},
        {TN_DATETIME, "2024-05-01T09:30:00.000001Z"},
        {TN_REF, "9223372036854775807"},
        {TN_DURATION, "1h30m"},
        {TN_TEXT, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf out = {0};
        struct tn_value value;

        assert_int_equal(value_parse(texts[i].kind, utf8_str(texts[i].text), "f", &value, NULL),
                         TN_OK);
        assert_int_equal(value_format(&value, &out), TN_OK);
        assert_int_equal(out.len, strlen(texts[i].text));
        if (out.len)
            assert_memory_equal(out.data, texts[i].text, out.len);
        buf_fini(&out);
    }
}

static void format_writes_blobs_in_hexadecimal_and_refuses_unknown_kinds(void **state)
{
    struct tn_value blob = value_text(TN_BLOB, (struct tn_str){"\x00\x9f\xff", 3});
    struct tn_value unknown = value_integer(11, 0);
    struct buf out = {0};

    (void)state;
    assert_int_equal(value_format(&unknown, &out), TN_INVALID_ARGUMENT);
    assert_int_equal(out.len, 0);
    assert_int_equal(value_format(&blob, &out), TN_OK);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.data, "009fff", 6);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_names_go_both_ways),
        cmocka_unit_test(equal_compares_kind_and_bits),
        cmocka_unit_test(compare_orders_each_kind_and_none_last),
        cmocka_unit_test(copy_owns_its_text),
        cmocka_unit_test(copy_without_room_leaves_the_target),
        cmocka_unit_test(check_lets_good_values_through),
        cmocka_unit_test(check_refuses_each_bad_value_with_its_rule),
        cmocka_unit_test(check_makes_numbers_canonical),
        cmocka_unit_test(check_speaks_the_language_of_the_call),
        cmocka_unit_test(parse_reads_each_kind),
        cmocka_unit_test(the_empty_text_is_none_of_every_kind),
        cmocka_unit_test(parse_refuses_each_bad_text_with_its_rule),
        cmocka_unit_test(format_writes_what_parse_reads),
        cmocka_unit_test(format_writes_blobs_in_hexadecimal_and_refuses_unknown_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
