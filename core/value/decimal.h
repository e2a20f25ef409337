/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decimal.h - exact decimal numbers: mantissa x 10^exponent, with 128-bit intermediates.
 * Every result is in canonical form: of all pairs for a number the one with the largest exponent up
 * to DECIMAL_EXPONENT_MAX (12.50 is {125, -1}, 10^20 is {100, 18}), and 0 is {0, 0}, so equal
 * numbers have equal members.
 */
#ifndef CORE_VALUE_DECIMAL_H
#define CORE_VALUE_DECIMAL_H

#include <stdint.h>

#include <tenon/base.h>

#define DECIMAL_EXPONENT_MIN (-18)
#define DECIMAL_EXPONENT_MAX 18

struct decimal {
    int64_t mantissa;
    int32_t exponent; /* DECIMAL_EXPONENT_MIN to _MAX */
};

/* Sums that roll-ups keep: 128 bits at a fixed scale of 10^-18 would overflow at 1.7e20, so the
 * scale is the sum's own and only ever gets finer. */
struct decimal_sum {
    __extension__ __int128 mantissa;
    int32_t exponent;
};

/* Canonical form. TN_OUT_OF_RANGE: the number has no exact form in range. [any] */
tn_status decimal_make(int64_t mantissa, int32_t exponent, struct decimal *ret_value);

/*
 * "-12.50", "+3", "1e6", "1.5E-3"; optional sign, digits with at most one '.', optional exponent;
 * no blanks, no thousands separators. TN_INVALID_ARGUMENT: no number; TN_OUT_OF_RANGE: it has
 * more digits than are exact. [any]
 */
tn_status decimal_parse(struct tn_str text, struct decimal *ret_value);

/* The shortest plain notation ("12.5", "1000000"), NUL-terminated. Returns its length. [any] */
#define DECIMAL_TEXT_SIZE 48
size_t decimal_format(struct decimal value, char text[DECIMAL_TEXT_SIZE]);

/* <0, 0, >0, exact for all pairs. [any] */
int decimal_compare(struct decimal a, struct decimal b);

/* TN_OUT_OF_RANGE: the exact result has no room. [any] */
tn_status decimal_add(struct decimal a, struct decimal b, struct decimal *ret_sum);
tn_status decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret_product);

/* Rounds half to even to `exponent` (-2: cents). [any] */
tn_status decimal_round(struct decimal value, int32_t exponent, struct decimal *ret_rounded);

/* sum += sign * a * b, exactly; sign is 1 or -1. TN_OUT_OF_RANGE: past 128 bits; unchanged. [any]
 */
tn_status decimal_sum_add(struct decimal_sum *sum, int sign, struct decimal a, struct decimal b);

/* The sum as a decimal, rounded half to even where it has more digits than one holds. [any] */
tn_status decimal_sum_value(const struct decimal_sum *sum, struct decimal *ret_value);

#endif /* CORE_VALUE_DECIMAL_H */
