/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.c - exact decimals on 64-bit mantissas, with 128 bits in between. */
#include "core/value/decimal.h"

#include <assert.h>
#include <stdbool.h>

#include "core/base/err.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/* 10^38 is the largest power of ten in a signed 128-bit integer. */
#define POWER_MAX 38

/* 10^19 exceeds every 64-bit mantissa, so a larger difference of exponents decides alone. */
#define MANTISSA_DIGITS 19

/* Exponents as people write them are kept from overflowing; no text is that long. */
#define EXPONENT_LIMIT INT64_C(1000000000000000)

/* 10^count, for 0 to POWER_MAX. */
static int128 power_of_ten(int64_t count)
{
    int128 power = 1;

    for (int64_t i = 0; i < count; i++)
        power *= 10;
    return power;
}

static bool fits(int128 mantissa)
{
    return mantissa >= INT64_MIN && mantissa <= INT64_MAX;
}

/* mantissa *= 10^count; false (and no change) when it has no room. */
static bool scale_up(int128 *mantissa, int64_t count)
{
    int128 scaled = 0;

    if (*mantissa == 0)
        return true;
    if (count > POWER_MAX || __builtin_mul_overflow(*mantissa, power_of_ten(count), &scaled))
        return false;
    *mantissa = scaled;
    return true;
}

/* mantissa / 10^count to the nearest integer, to the even one from half-way between two. */
static int128 scale_down(int128 mantissa, int64_t count)
{
    if (count > POWER_MAX)
        return 0; /* |mantissa| < 1.8e38 is less than half of 10^39 */

    int128 power = power_of_ten(count);
    int128 quotient = mantissa / power;
    int128 below = mantissa % power;

    if (below < 0)
        below = -below;
    int128 above = power - below; /* compared so, because 2 x below may overflow */
    if (below > above || (below == above && quotient % 2 != 0))
        quotient += mantissa < 0 ? -1 : 1;
    return quotient;
}

/* Takes trailing zeros off the mantissa while the exponent is below `exponent_max`. */
static void strip_zeros(int128 *mantissa, int64_t *exponent, int64_t exponent_max)
{
    while (*exponent < exponent_max && *mantissa != 0 && *mantissa % 10 == 0) {
        *mantissa /= 10;
        (*exponent)++;
    }
}

static tn_status make(int128 mantissa, int64_t exponent, struct decimal *ret_value)
{
    if (mantissa == 0) {
        *ret_value = (struct decimal){0, 0};
        return TN_OK;
    }
    strip_zeros(&mantissa, &exponent, DECIMAL_EXPONENT_MAX);
    if (exponent > DECIMAL_EXPONENT_MAX) {
        if (!scale_up(&mantissa, exponent - DECIMAL_EXPONENT_MAX))
            return TN_OUT_OF_RANGE;
        exponent = DECIMAL_EXPONENT_MAX;
    }
    if (exponent < DECIMAL_EXPONENT_MIN || !fits(mantissa))
        return TN_OUT_OF_RANGE;
    *ret_value = (struct decimal){(int64_t)mantissa, (int32_t)exponent};
    return TN_OK;
}

tn_status decimal_make(int64_t mantissa, int32_t exponent, struct decimal *ret_value)
{
    return make(mantissa, exponent, ret_value);
}

/* What decimal_parse has read so far: digits x 10^zeros x 10^exponent. */
struct parse {
    uint64_t digits;
    int64_t zeros; /* read but not yet multiplied in: they may be the last ones */
    int64_t exponent;
    bool has_digit;
    bool has_point;
    bool is_too_long;
};

static void parse_digit(struct parse *parse, unsigned digit)
{
    parse->has_digit = true;
    parse->exponent -= parse->has_point;
    if (digit == 0) {
        parse->zeros += parse->digits != 0;
        return;
    }
    for (; parse->zeros >= 0; parse->zeros--)
        if (__builtin_mul_overflow(parse->digits, 10u, &parse->digits))
            break;
    if (parse->zeros >= 0 || __builtin_add_overflow(parse->digits, digit, &parse->digits))
        parse->is_too_long = true;
    parse->zeros = 0;
}

/* The digits behind 'e', to the end of the text. */
static bool parse_exponent(struct tn_str text, size_t i, int64_t *ret_exponent)
{
    bool is_negative = i < text.len && text.data[i] == '-';
    int64_t exponent = 0;

    if (i < text.len && (text.data[i] == '-' || text.data[i] == '+'))
        i++;
    if (i == text.len)
        return false;
    for (; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (exponent < EXPONENT_LIMIT)
            exponent = exponent * 10 + (text.data[i] - '0');
    }
    *ret_exponent = is_negative ? -exponent : exponent;
    return true;
}

tn_status decimal_parse(struct tn_str text, struct decimal *ret_value)
{
    struct parse parse = {0};
    int64_t exponent = 0;
    size_t i = 0;
    bool is_negative = text.len > 0 && text.data[0] == '-';

    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+'))
        i++;
    for (; i < text.len; i++) {
        char c = text.data[i];

        if (c >= '0' && c <= '9')
            parse_digit(&parse, (unsigned)(c - '0'));
        else if (c == '.' && !parse.has_point)
            parse.has_point = true;
        else
            break;
    }
    if (!parse.has_digit)
        return TN_INVALID_ARGUMENT;
    if (i < text.len &&
        ((text.data[i] != 'e' && text.data[i] != 'E') || !parse_exponent(text, i + 1, &exponent)))
        return TN_INVALID_ARGUMENT;
    if (parse.is_too_long)
        return TN_OUT_OF_RANGE;
    return make(is_negative ? -(int128)parse.digits : (int128)parse.digits,
                parse.exponent + parse.zeros + exponent,
                ret_value);
}

/* Writes `value` in decimal at `text` and returns the number of digits. */
static size_t write_digits(uint64_t value, char text[MANTISSA_DIGITS + 1])
{
    char digits[MANTISSA_DIGITS + 1];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < count; i++)
        text[i] = digits[count - 1 - i];
    return count;
}

size_t decimal_format(struct decimal value, char text[DECIMAL_TEXT_SIZE])
{
    assert(value.exponent >= DECIMAL_EXPONENT_MIN); /* or the text would have no room */
    assert(value.exponent <= DECIMAL_EXPONENT_MAX);

    char digits[MANTISSA_DIGITS + 1];
    uint64_t magnitude = value.mantissa < 0 ? -(uint64_t)value.mantissa : (uint64_t)value.mantissa;
    int count = (int)write_digits(magnitude, digits);
    int point = count + value.exponent; /* digits in front of the point; may be none */
    size_t len = 0;

    if (value.mantissa < 0)
        text[len++] = '-';
    if (point <= 0)
        text[len++] = '0';
    for (int i = 0; i < point; i++)
        text[len++] = i < count ? digits[i] : '0';
    if (value.exponent < 0)
        text[len++] = '.';
    for (int i = point; i < count; i++)
        text[len++] = i < 0 ? '0' : digits[i];
    text[len] = '\0';
    return len;
}

int decimal_compare(struct decimal a, struct decimal b)
{
    int64_t diff = (int64_t)a.exponent - b.exponent;
    int128 scaled_a = a.mantissa;
    int128 scaled_b = b.mantissa;

    if (diff > MANTISSA_DIGITS && a.mantissa != 0)
        return a.mantissa < 0 ? -1 : 1;
    if (diff < -MANTISSA_DIGITS && b.mantissa != 0)
        return b.mantissa < 0 ? 1 : -1;
    /* Less than 2^63 x 10^19, or zero times anything: there is room. */
    (void)scale_up(&scaled_a, diff > 0 ? diff : 0);
    (void)scale_up(&scaled_b, diff < 0 ? -diff : 0);
    return (scaled_a > scaled_b) - (scaled_a < scaled_b);
}

tn_status decimal_add(struct decimal a, struct decimal b, struct decimal *ret_sum)
{
    TRY(decimal_make(a.mantissa, a.exponent, &a));
    TRY(decimal_make(b.mantissa, b.exponent, &b));
    if (a.mantissa == 0 || b.mantissa == 0) {
        *ret_sum = a.mantissa == 0 ? b : a;
        return TN_OK;
    }

    struct decimal coarse = a.exponent > b.exponent ? a : b;
    struct decimal fine = a.exponent > b.exponent ? b : a;
    int128 mantissa = coarse.mantissa;

    /* In canonical form the last digit of the fine one stays, so the sum has all the digits. */
    if (coarse.exponent - fine.exponent > MANTISSA_DIGITS)
        return TN_OUT_OF_RANGE;
    if (!scale_up(&mantissa, coarse.exponent - fine.exponent))
        return TN_OUT_OF_RANGE;
    return make(mantissa + fine.mantissa, fine.exponent, ret_sum);
}

tn_status decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret_product)
{
    return make((int128)a.mantissa * b.mantissa, (int64_t)a.exponent + b.exponent, ret_product);
}

tn_status decimal_round(struct decimal value, int32_t exponent, struct decimal *ret_rounded)
{
    int64_t drop = (int64_t)exponent - value.exponent;

    if (drop <= 0)
        return decimal_make(value.mantissa, value.exponent, ret_rounded);
    return make(scale_down(value.mantissa, drop), exponent, ret_rounded);
}

tn_status decimal_sum_add(struct decimal_sum *sum, int sign, struct decimal a, struct decimal b)
{
    int128 total = sum->mantissa;
    int128 product = (int128)a.mantissa * b.mantissa * (sign < 0 ? -1 : 1);
    int64_t exponent = (int64_t)a.exponent + b.exponent;

    if (product == 0)
        return TN_OK;
    strip_zeros(&product, &exponent, sum->exponent);
    if (!scale_up(&total, sum->exponent > exponent ? sum->exponent - exponent : 0) ||
        !scale_up(&product, exponent > sum->exponent ? exponent - sum->exponent : 0) ||
        __builtin_add_overflow(total, product, &total))
        return TN_OUT_OF_RANGE;
    sum->mantissa = total;
    if (exponent < sum->exponent)
        sum->exponent = (int32_t)exponent;
    return TN_OK;
}

tn_status decimal_sum_value(const struct decimal_sum *sum, struct decimal *ret_value)
{
    int128 mantissa = sum->mantissa;
    int64_t exponent = sum->exponent;
    int64_t drop = 0;

    strip_zeros(&mantissa, &exponent, DECIMAL_EXPONENT_MAX);
    if (exponent < DECIMAL_EXPONENT_MIN)
        drop = DECIMAL_EXPONENT_MIN - exponent;
    /* All at once: rounding digit by digit would round 0.4999 up in the end. */
    while (!fits(scale_down(mantissa, drop)))
        drop++;
    return make(scale_down(mantissa, drop), exponent + drop, ret_value);
}
