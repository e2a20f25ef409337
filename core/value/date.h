/* SPDX-License-Identifier: Apache-2.0 */
/* date.h - calendar dates and times as people and files write them (proleptic Gregorian). */
#ifndef CORE_VALUE_DATE_H
#define CORE_VALUE_DATE_H

#include <stdint.h>

#include <tenon/base.h>

/* The days and microseconds that years 1 to 9999 span, ends included. */
#define DATE_MIN (-719162)
#define DATE_MAX 2932896
#define DATETIME_MIN_US (INT64_C(86400000000) * DATE_MIN)
#define DATETIME_MAX_US (INT64_C(86400000000) * (DATE_MAX + 1) - 1)

/* Days since 1970-01-01; TN_OUT_OF_RANGE: no such day, or not in years 1 to 9999. [any] */
tn_status date_from_civil(int year, int month, int day, int32_t *ret_days);
void date_to_civil(int32_t days, int *ret_year, int *ret_month, int *ret_day);

/* "2024-05-01". TN_INVALID_ARGUMENT: not of this form; TN_OUT_OF_RANGE: no such day. [any] */
tn_status date_parse(struct tn_str text, int32_t *ret_days);
#define DATE_TEXT_SIZE 16
size_t date_format(int32_t days, char text[DATE_TEXT_SIZE]);

/*
 * RFC 3339 "2024-05-01T09:30:00.123Z" (fraction up to microseconds, offset "+02:00"), a date
 * alone (midnight UTC), or milliseconds since 1970 as digits. A time without an offset is refused:
 * nobody knows what it means. Statuses as date_parse. [any]
 */
tn_status datetime_parse(struct tn_str text, tn_time *ret_us);
#define DATETIME_TEXT_SIZE 32
size_t datetime_format(tn_time us, char text[DATETIME_TEXT_SIZE]); /* "2024-05-01T09:30:00.123456Z",
                                                                      no fraction where it is 0 */

/*
 * "90s", "15m", "4h", "2d", "1h30m", "500ms", "20us", "-1d"; units from large to small, each once.
 * TN_INVALID_ARGUMENT: not of this form; TN_OUT_OF_RANGE: past 64 bits of microseconds. [any]
 */
tn_status duration_parse(struct tn_str text, tn_time *ret_us);
#define DURATION_TEXT_SIZE 48
size_t duration_format(tn_time us, char text[DURATION_TEXT_SIZE]);

#endif /* CORE_VALUE_DATE_H */
