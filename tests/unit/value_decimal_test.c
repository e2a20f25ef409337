/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/decimal.c. */
#include "core/value/decimal.h"

#include <stdlib.h>

#include "core/base/utf8.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

__extension__ typedef __int128 int128;

#define ROUNDS 100000

static struct decimal parsed(const char *text)
{
    struct decimal value = {-1, -1};

    assert_int_equal(decimal_parse(utf8_str(text), &value), TN_OK);
    return value;
}

static void check_is(struct decimal value, int64_t mantissa, int32_t exponent)
{
    assert_int_equal(value.mantissa, mantissa);
    assert_int_equal(value.exponent, exponent);
}

static void check_text(struct decimal value, const char *expected)
{
    char text[DECIMAL_TEXT_SIZE];

    assert_int_equal(decimal_format(value, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void make_gives_the_largest_exponent(void **state)
{
    struct decimal value;

    (void)state;
    assert_int_equal(decimal_make(1250, -2, &value), TN_OK);
    check_is(value, 125, -1);
    assert_int_equal(decimal_make(0, 12, &value), TN_OK);
    check_is(value, 0, 0);
    assert_int_equal(decimal_make(0, INT32_MAX, &value), TN_OK);
    check_is(value, 0, 0);
    assert_int_equal(decimal_make(1, 20, &value), TN_OK);
    check_is(value, 100, 18);
    assert_int_equal(decimal_make(1000, 18, &value), TN_OK);
    check_is(value, 1000, 18);
    assert_int_equal(decimal_make(7000, -21, &value), TN_OK);
    check_is(value, 7, -18);
    assert_int_equal(decimal_make(INT64_MIN, 0, &value), TN_OK);
    check_is(value, INT64_MIN, 0);
}

static void make_refuses_what_has_no_exact_form(void **state)
{
    struct decimal value = {42, 0};

    (void)state;
    assert_int_equal(decimal_make(1, -19, &value), TN_OUT_OF_RANGE);
    assert_int_equal(decimal_make(11, -19, &value), TN_OUT_OF_RANGE);
    assert_int_equal(decimal_make(1, 37, &value), TN_OUT_OF_RANGE);
    assert_int_equal(decimal_make(INT64_MAX, 19, &value), TN_OUT_OF_RANGE);
    assert_int_equal(decimal_make(1, INT32_MAX, &value), TN_OUT_OF_RANGE);
    assert_int_equal(decimal_make(1, INT32_MIN, &value), TN_OUT_OF_RANGE);
    check_is(value, 42, 0);
}

static void parse_reads_every_form(void **state)
{
    (void)state;
    check_is(parsed("-12.50"), -125, -1);
    check_is(parsed("+3"), 3, 0);
    check_is(parsed("1e6"), 1, 6);
    check_is(parsed("1.5E-3"), 15, -4);
    check_is(parsed("0"), 0, 0);
    check_is(parsed("-0.000"), 0, 0);
    check_is(parsed("0e999999999999999999999"), 0, 0);
    check_is(parsed(".5"), 5, -1);
    check_is(parsed("5."), 5, 0);
    check_is(parsed("007"), 7, 0);
    check_is(parsed("100200"), 1002, 2);
    check_is(parsed("9223372036854775807"), INT64_MAX, 0);
    check_is(parsed("-9223372036854775808"), INT64_MIN, 0);
    check_is(parsed("1000000000000000000000000000000000000.0000000000000000000000000"),
             1000000000000000000,
             18);
    check_is(parsed("0.000000000000000001"), 1, -18);
    check_is(parsed("0.0000000000000000010000"), 1, -18);
}

static void parse_refuses_what_is_no_number(void **state)
{
    static const char *const texts[] = {"",      "-",   "+",   ".",    "e5",       "1e",  "1e+",
                                        "1.2.3", "1,5", " 1",  "1 ",   "1 000",    "--1", "0x10",
                                        "1e5.0", "inf", "nan", "1e5 ", "\xd9\xa1", "1f"};
    struct decimal value = {42, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(decimal_parse(utf8_str(texts[i]), &value), TN_INVALID_ARGUMENT);
    assert_int_equal(decimal_parse((struct tn_str){NULL, 0}, &value), TN_INVALID_ARGUMENT);
    check_is(value, 42, 0);
}

static void parse_refuses_more_digits_than_are_exact(void **state)
{
    static const char *const texts[] = {"9223372036854775808",
                                        "-9223372036854775809",
                                        "12345678901234567891",
                                        "1.2345678901234567891",
                                        "1e-19",
                                        "1e37",
                                        "1e99999999999999999999",
                                        "1e-99999999999999999999",
                                        "100000000000000000000000000000000000001"};
    struct decimal value = {42, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(decimal_parse(utf8_str(texts[i]), &value), TN_OUT_OF_RANGE);
    check_is(value, 42, 0);
}

static void format_writes_plain_notation(void **state)
{
    (void)state;
    check_text((struct decimal){0, 0}, "0");
    check_text((struct decimal){125, -1}, "12.5");
    check_text((struct decimal){1, 6}, "1000000");
    check_text((struct decimal){-5, -1}, "-0.5");
    check_text((struct decimal){-15, -4}, "-0.0015");
    check_text((struct decimal){1, -18}, "0.000000000000000001");
    check_text((struct decimal){INT64_MIN, 18}, "-9223372036854775808000000000000000000");
    check_text((struct decimal){INT64_MIN, -18}, "-9.223372036854775808");
}

static struct decimal random_decimal(struct random *random)
{
    struct decimal value = {0, 0};

    for (;;) {
        int64_t mantissa = (int64_t)(random_next(random) >> (random_next(random) % 64));
        int32_t exponent = (int32_t)random_below(random, 37) - 18;

        if (random_below(random, 2))
            mantissa = -(mantissa == INT64_MIN ? INT64_MAX : mantissa);
        if (decimal_make(mantissa, exponent, &value) == TN_OK)
            return value;
    }
}

static void every_number_survives_its_text(void **state)
{
    struct random random = {1};

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct decimal value = random_decimal(&random);
        char text[DECIMAL_TEXT_SIZE];

        (void)decimal_format(value, text);
        check_is(parsed(text), value.mantissa, value.exponent);
    }
}

/* Exponents from -8 to 8 and mantissas below 2^63: all exact in 128 bits at a scale of 10^-8. */
static int128 at_scale(struct decimal value)
{
    int128 scaled = value.mantissa;

    for (int32_t i = -8; i < value.exponent; i++)
        scaled *= 10;
    return scaled;
}

static struct decimal random_medium(struct random *random)
{
    struct decimal value;

    do {
        value = random_decimal(random);
    } while (value.exponent < -8 || value.exponent > 8);
    return value;
}

static void compare_agrees_with_128_bits(void **state)
{
    struct random random = {2};

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct decimal a = random_medium(&random);
        struct decimal b = random_below(&random, 8) ? random_medium(&random) : a;
        int expected = (at_scale(a) > at_scale(b)) - (at_scale(a) < at_scale(b));

        assert_int_equal(decimal_compare(a, b), expected);
        assert_int_equal(decimal_compare(b, a), -expected);
    }
}

static void compare_orders_the_extremes(void **state)
{
    const struct decimal rising[] = {{INT64_MIN, 18},
                                     {-1, 18},
                                     {INT64_MIN, -18},
                                     {-1, -18},
                                     {0, 0},
                                     {1, -18},
                                     {INT64_MAX, -18},
                                     {1, 1},
                                     {1, 18},
                                     {INT64_MAX, 18}};
    const int count = sizeof(rising) / sizeof(rising[0]);

    (void)state;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            assert_int_equal(decimal_compare(rising[i], rising[j]), (i > j) - (i < j));
}

static void add_is_exact_or_refused(void **state)
{
    struct random random = {3};

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct decimal a = random_medium(&random);
        struct decimal b = random_medium(&random);
        struct decimal sum = {42, 42};
        int128 exact = at_scale(a) + at_scale(b);

        if (decimal_add(a, b, &sum) == TN_OK) {
            struct decimal again;

            assert_true(at_scale(sum) == exact);
            assert_int_equal(decimal_make(sum.mantissa, sum.exponent, &again), TN_OK);
            check_is(sum, again.mantissa, again.exponent);
        } else {
            int128 left = exact;

            check_is(sum, 42, 42);
            while (left % 10 == 0)
                left /= 10;
            assert_true(left > INT64_MAX || left < INT64_MIN);
        }
    }
}

static void add_refuses_what_spans_too_many_digits(void **state)
{
    struct decimal sum = {42, 0};

    (void)state;
    assert_int_equal(decimal_add((struct decimal){1, 18}, (struct decimal){1, -18}, &sum),
                     TN_OUT_OF_RANGE);
    assert_int_equal(decimal_add((struct decimal){INT64_MAX, 0}, (struct decimal){1, 0}, &sum),
                     TN_OUT_OF_RANGE);
    assert_int_equal(decimal_add((struct decimal){1, 0}, (struct decimal){1, 99}, &sum),
                     TN_OUT_OF_RANGE);
    check_is(sum, 42, 0);
    assert_int_equal(decimal_add((struct decimal){0, 0}, (struct decimal){1, -18}, &sum), TN_OK);
    check_is(sum, 1, -18);
    assert_int_equal(decimal_add((struct decimal){-5, 3}, (struct decimal){5, 3}, &sum), TN_OK);
    check_is(sum, 0, 0);
}

static void multiply_is_exact_or_refused(void **state)
{
    struct decimal product = {42, 0};

    (void)state;
    assert_int_equal(decimal_multiply(parsed("19.99"), parsed("0.2"), &product), TN_OK);
    check_is(product, 3998, -3);
    assert_int_equal(decimal_multiply(parsed("2.5"), parsed("-4"), &product), TN_OK);
    check_is(product, -1, 1);
    assert_int_equal(decimal_multiply(parsed("1e18"), parsed("1e18"), &product), TN_OK);
    check_is(product, 1000000000000000000, 18);
    assert_int_equal(decimal_multiply(parsed("1e-10"), parsed("1e-9"), &product), TN_OUT_OF_RANGE);
    assert_int_equal(
        decimal_multiply((struct decimal){INT64_MIN, 0}, (struct decimal){INT64_MIN, 0}, &product),
        TN_OUT_OF_RANGE);
    check_is(product, 1000000000000000000, 18);
}

static void check_round(const char *text, int32_t exponent, const char *expected)
{
    struct decimal rounded;

    assert_int_equal(decimal_round(parsed(text), exponent, &rounded), TN_OK);
    check_text(rounded, expected);
}

static void round_takes_the_even_neighbour_of_a_half(void **state)
{
    (void)state;
    check_round("2.5", 0, "2");
    check_round("3.5", 0, "4");
    check_round("-2.5", 0, "-2");
    check_round("-3.5", 0, "-4");
    check_round("2.51", 0, "3");
    check_round("2.49", 0, "2");
    check_round("0.5", 0, "0");
    check_round("1.005", -2, "1");
    check_round("1.015", -2, "1.02");
    check_round("12.34", -5, "12.34");
    check_round("1250", 2, "1200");
    check_round("9223372036854775807", 19, "10000000000000000000");
    check_round("4999999999999999999", 19, "0");
    check_round("5", 60, "0");
    check_round("9.99", -1, "10");
}

static void sum_is_exact_beyond_64_bits(void **state)
{
    struct decimal_sum sum = {0, 0};
    struct decimal total;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(decimal_sum_add(&sum, 1, parsed("9000000000000000"), parsed("1000.01")),
                         TN_OK);
    for (int i = 0; i < 999; i++)
        assert_int_equal(decimal_sum_add(&sum, -1, parsed("1000.01"), parsed("9000000000000000")),
                         TN_OK);
    assert_int_equal(decimal_sum_value(&sum, &total), TN_OK);
    check_text(total, "9000090000000000000");
}

static void sum_comes_back_to_zero_in_any_order(void **state)
{
    struct random random = {4};
    struct decimal values[64];
    struct decimal_sum sum = {0, 0};
    struct decimal total;

    (void)state;
    for (int i = 0; i < 64; i++) {
        values[i] = (struct decimal){(int64_t)(random_next(&random) >> 20),
                                     (int32_t)random_below(&random, 7) - 6};
        assert_int_equal(decimal_sum_add(&sum, 1, values[i], (struct decimal){1, 0}), TN_OK);
    }
    for (int i = 63; i >= 0; i--)
        assert_int_equal(decimal_sum_add(&sum, -1, values[i], (struct decimal){1, 0}), TN_OK);
    assert_int_equal(decimal_sum_value(&sum, &total), TN_OK);
    check_is(total, 0, 0);
}

static void sum_past_128_bits_is_refused_and_unchanged(void **state)
{
    struct decimal_sum sum = {0, 0};
    tn_status st = TN_OK;

    (void)state;
    for (int i = 0; i < 10 && st == TN_OK; i++) {
        struct decimal_sum before = sum;

        st = decimal_sum_add(
            &sum, 1, (struct decimal){INT64_MAX, 0}, (struct decimal){INT64_MAX, 0});
        if (st != TN_OK)
            assert_true(sum.mantissa == before.mantissa && sum.exponent == before.exponent);
    }
    assert_int_equal(st, TN_OUT_OF_RANGE);
    struct decimal_sum before = sum;
    assert_int_equal(decimal_sum_add(&sum, 1, (struct decimal){1, -18}, (struct decimal){1, 0}),
                     TN_OUT_OF_RANGE);
    assert_true(sum.mantissa == before.mantissa && sum.exponent == before.exponent);
}

static void sum_value_rounds_once_and_half_to_even(void **state)
{
    struct decimal_sum sum = {0, 0};
    struct decimal total;

    (void)state;
    assert_int_equal(decimal_sum_add(&sum, 1, parsed("1e18"), parsed("10")), TN_OK);
    assert_int_equal(decimal_sum_add(&sum, 1, parsed("0.49999999"), parsed("1")), TN_OK);
    assert_int_equal(decimal_sum_value(&sum, &total), TN_OK);
    check_text(total, "10000000000000000000");

    struct decimal_sum fine = {5, -19};
    assert_int_equal(decimal_sum_value(&fine, &total), TN_OK);
    check_is(total, 0, 0);
    fine.mantissa = 15;
    assert_int_equal(decimal_sum_value(&fine, &total), TN_OK);
    check_is(total, 2, -18);

    struct decimal_sum large = {(int128)INT64_MAX * 1000000, 14};
    total = (struct decimal){42, 0};
    assert_int_equal(decimal_sum_value(&large, &total), TN_OUT_OF_RANGE);
    check_is(total, 42, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(make_gives_the_largest_exponent),
        cmocka_unit_test(make_refuses_what_has_no_exact_form),
        cmocka_unit_test(parse_reads_every_form),
        cmocka_unit_test(parse_refuses_what_is_no_number),
        cmocka_unit_test(parse_refuses_more_digits_than_are_exact),
        cmocka_unit_test(format_writes_plain_notation),
        cmocka_unit_test(every_number_survives_its_text),
        cmocka_unit_test(compare_agrees_with_128_bits),
        cmocka_unit_test(compare_orders_the_extremes),
        cmocka_unit_test(add_is_exact_or_refused),
        cmocka_unit_test(add_refuses_what_spans_too_many_digits),
        cmocka_unit_test(multiply_is_exact_or_refused),
        cmocka_unit_test(round_takes_the_even_neighbour_of_a_half),
        cmocka_unit_test(sum_is_exact_beyond_64_bits),
        cmocka_unit_test(sum_comes_back_to_zero_in_any_order),
        cmocka_unit_test(sum_past_128_bits_is_refused_and_unchanged),
        cmocka_unit_test(sum_value_rounds_once_and_half_to_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
