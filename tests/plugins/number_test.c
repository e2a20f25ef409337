/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/pipelines/number.c. */
#include "plugins/pipelines/number.h"

#include "tests/unit/check.h"

static struct tn_value number(int64_t integer, int32_t exponent)
{
    return (struct tn_value){TN_NUMBER, exponent, {integer}};
}

static void check(struct tn_value a, struct tn_value b, int64_t integer, int32_t exponent)
{
    struct tn_value product;

    assert_true(number_multiply(a, b, &product));
    assert_int_equal(product.kind, TN_NUMBER);
    assert_true(product.as.integer == integer);
    assert_int_equal(product.exponent, exponent);
}

static void products_are_exact_and_canonical(void **state)
{
    (void)state;
    check(number(15005, -1), number(2, -1), 3001, -1); /* 1500.5 x 0.2 = 300.1 */
    check(number(25, 0), number(4, 0), 1, 2);
    check(number(-5, 0), number(5, -1), -25, -1);
    check(number(0, 0), number(9, -1), 0, 0);
    check(number(1, 18), number(1, -18), 1, 0);
}

static void digits_past_the_last_are_rounded_half_to_even(void **state)
{
    (void)state;
    check(number(5, -18), number(1, -1), 0, 0);               /* 0.5 of the last digit: to 0 */
    check(number(15, -18), number(1, -1), 2, -18);            /* 1.5: to 2 */
    check(number(25, -18), number(1, -1), 2, -18);            /* 2.5: to 2 */
    check(number(25, -18), number(10000000001, -11), 3, -18); /* just past 2.5 */
    check(number(-15, -18), number(1, -1), -2, -18);
    check(number(9000000000000000001, 0), number(9, -1), 8100000000000000001, 0);
}

static void what_is_too_large_is_refused(void **state)
{
    struct tn_value product;

    (void)state;
    assert_false(number_multiply(number(9, 18), number(2, 18), &product));
    assert_false(number_multiply(number(INT64_MAX, 18), number(INT64_MAX, 0), &product));
    check(number(9, 18), number(2, 17), 18 * INT64_C(100000000000000000), 18);
}

static void what_is_no_number_is_refused(void **state)
{
    struct tn_value none = {TN_NONE, 0, {0}};
    struct tn_value product;

    (void)state;
    assert_false(number_multiply(none, number(1, 0), &product));
    assert_false(number_multiply(number(1, 0), none, &product));
}

static void a_probability_is_from_zero_to_one(void **state)
{
    (void)state;
    assert_true(number_is_probability(number(0, 0)));
    assert_true(number_is_probability(number(1, 0)));
    assert_true(number_is_probability(number(999999, -6)));
    assert_true(number_is_probability(number(1000000000000000000, -18)));
    assert_false(number_is_probability(number(1000000000000000001, -18)));
    assert_false(number_is_probability(number(11, -1)));
    assert_false(number_is_probability(number(-1, -1)));
    assert_false(number_is_probability(number(1, 1)));
    assert_false(number_is_probability((struct tn_value){TN_TEXT, 0, {0}}));
    assert_false(number_is_probability(number(1, -19)));
    assert_false(number_is_probability(number(1, INT32_MIN)));
    assert_false(number_is_probability(number(0, INT32_MIN)));
    assert_false(number_is_probability(number(0, INT32_MAX)));
}

static void one_is_one_in_all_its_forms(void **state)
{
    (void)state;
    assert_true(number_is_one(number(1, 0)));
    assert_true(number_is_one(number(10, -1)));
    assert_true(number_is_one(number(1000000000000000000, -18)));
    assert_false(number_is_one(number(0, 0)));
    assert_false(number_is_one(number(9, -1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_exact_and_canonical),
        cmocka_unit_test(digits_past_the_last_are_rounded_half_to_even),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(a_probability_is_from_zero_to_one),
        cmocka_unit_test(one_is_one_in_all_its_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
