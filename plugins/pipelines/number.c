/* SPDX-License-Identifier: Apache-2.0 */
/* number.c - exact products with 128-bit intermediates. */
#include "number.h"

#define EXPONENT_MIN (-18)
#define EXPONENT_MAX 18

__extension__ typedef __int128 wide;

static bool fits(wide mantissa)
{
    return mantissa >= INT64_MIN && mantissa <= INT64_MAX;
}

/* Drops the last digits, half to even over all of them. */
static wide drop_digits(wide mantissa, int *exponent)
{
    wide sign = mantissa < 0 ? -1 : 1;
    wide rest = mantissa * sign;
    bool is_past_half = false; /* of what was dropped before the last digit */
    int last = 0;

    while (!fits(rest) || *exponent < EXPONENT_MIN) {
        is_past_half = is_past_half || last > 0;
        last = (int)(rest % 10);
        rest /= 10;
        ++*exponent;
    }
    if (last > 5 || (last == 5 && (is_past_half || rest % 2 != 0)))
        rest++;
    return rest * sign;
}

bool number_multiply(struct tn_value a, struct tn_value b, struct tn_value *ret_product)
{
    if (a.kind != TN_NUMBER || b.kind != TN_NUMBER)
        return false;
    wide mantissa = (wide)a.as.integer * b.as.integer; /* 126 bits at most */
    int exponent = a.exponent + b.exponent;

    while (mantissa != 0 && mantissa % 10 == 0 && exponent < EXPONENT_MAX) {
        mantissa /= 10;
        exponent++;
    }
    mantissa = drop_digits(mantissa, &exponent);
    while (exponent > EXPONENT_MAX && mantissa != 0 && fits(mantissa * 10)) {
        mantissa *= 10;
        exponent--;
    }
    if (mantissa == 0)
        exponent = 0;
    if (!fits(mantissa) || exponent > EXPONENT_MAX)
        return false;
    *ret_product = (struct tn_value){TN_NUMBER, exponent, {(int64_t)mantissa}};
    return true;
}

/* The mantissa of 1 at an exponent from EXPONENT_MIN to 0: 10^18 at most, which fits. */
static int64_t one_at(int32_t exponent)
{
    int64_t one = 1;

    for (; exponent < 0; exponent++)
        one *= 10;
    return one;
}

bool number_is_probability(struct tn_value number)
{
    /* Of a request it may have any exponent: the bounds come first. */
    if (number.kind != TN_NUMBER || number.as.integer < 0 || number.exponent < EXPONENT_MIN ||
        number.exponent > EXPONENT_MAX)
        return false;
    if (number.as.integer == 0)
        return true;
    return number.exponent <= 0 && number.as.integer <= one_at(number.exponent);
}

bool number_is_one(struct tn_value probability)
{
    return probability.exponent <= 0 && probability.as.integer == one_at(probability.exponent);
}
