/* SPDX-License-Identifier: Apache-2.0 */
/* date.c - civil dates by eras of 400 years, and their texts. */
#include "core/value/date.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/err.h"

#define US_PER_MS INT64_C(1000)
#define US_PER_SECOND INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR (60 * US_PER_MINUTE)
#define US_PER_DAY (24 * US_PER_HOUR)

/* The calendar repeats after 400 years, which have this many days. */
#define DAYS_PER_ERA 146097
/* From 0000-03-01, where eras start, to 1970-01-01. */
#define DAYS_TO_EPOCH 719468

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

tn_status date_from_civil(int year, int month, int day, int32_t *ret_days)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month))
        return TN_OUT_OF_RANGE;

    /* Years that start in March have the leap day at their end. */
    int march_year = year - (month <= 2);
    int era = march_year / 400;
    int year_of_era = march_year % 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    *ret_days = era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
    return TN_OK;
}

void date_to_civil(int32_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = (int64_t)days + DAYS_TO_EPOCH;
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int day_of_era = (int)(shifted - era * DAYS_PER_ERA);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (5 * day_of_year + 2) / 153;
    int month = march_month + (march_month < 10 ? 3 : -9);

    *ret_year = (int)(era * 400) + year_of_era + (month <= 2);
    *ret_month = month;
    *ret_day = day_of_year - (153 * march_month + 2) / 5 + 1;
}

/* A position in a text that is read from the left. */
struct cursor {
    const char *p;
    const char *end;
};

static struct cursor cursor_of(struct tn_str text)
{
    const char *start = text.data ? text.data : "";

    return (struct cursor){start, start + text.len};
}

/* Moves past `c` if it is next. */
static bool take(struct cursor *at, char c)
{
    if (at->p == at->end || *at->p != c)
        return false;
    at->p++;
    return true;
}

/* Exactly `count` digits; false (and an undefined position) if there are fewer. */
static bool take_digits(struct cursor *at, int count, int *ret_number)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        if (at->p == at->end || *at->p < '0' || *at->p > '9')
            return false;
        number = number * 10 + (*at->p++ - '0');
    }
    *ret_number = number;
    return true;
}

static tn_status take_date(struct cursor *at, int32_t *ret_days)
{
    int year = 0;
    int month = 0;
    int day = 0;

    if (!take_digits(at, 4, &year) || !take(at, '-') || !take_digits(at, 2, &month) ||
        !take(at, '-') || !take_digits(at, 2, &day))
        return TN_INVALID_ARGUMENT;
    return date_from_civil(year, month, day, ret_days);
}

tn_status date_parse(struct tn_str text, int32_t *ret_days)
{
    struct cursor at = cursor_of(text);

    if (text.len != strlen("yyyy-mm-dd"))
        return TN_INVALID_ARGUMENT;
    return take_date(&at, ret_days);
}

/* Writes `value` with at least `width` digits and returns the place behind them. */
static char *put_number(char *p, uint64_t value, int width)
{
    char digits[20];
    int count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0 || count < width);
    while (count > 0)
        *p++ = digits[--count];
    return p;
}

static char *put_date(char *p, int32_t days)
{
    int year = 0;
    int month = 0;
    int day = 0;

    date_to_civil(days, &year, &month, &day);
    if (year < 0)
        *p++ = '-';
    p = put_number(p, (uint64_t)(year < 0 ? -year : year), 4);
    *p++ = '-';
    p = put_number(p, (uint64_t)month, 2);
    *p++ = '-';
    return put_number(p, (uint64_t)day, 2);
}

size_t date_format(int32_t days, char text[DATE_TEXT_SIZE])
{
    char *end = put_date(text, days);

    *end = '\0';
    return (size_t)(end - text);
}

/* "09:30:00" and a fraction of up to six digits. */
static tn_status take_time(struct cursor *at, int64_t *ret_us)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    int64_t fraction = 0;

    if (!take_digits(at, 2, &hour) || !take(at, ':') || !take_digits(at, 2, &minute) ||
        !take(at, ':') || !take_digits(at, 2, &second))
        return TN_INVALID_ARGUMENT;
    if (take(at, '.')) {
        int digit = 0;
        int64_t unit = US_PER_SECOND;

        while (unit > 1 && take_digits(at, 1, &digit)) {
            unit /= 10;
            fraction += digit * unit;
        }
        if (unit == US_PER_SECOND)
            return TN_INVALID_ARGUMENT;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return TN_OUT_OF_RANGE;
    *ret_us = hour * US_PER_HOUR + minute * US_PER_MINUTE + second * US_PER_SECOND + fraction;
    return TN_OK;
}

/* "Z" or "+02:00". */
static tn_status take_offset(struct cursor *at, int64_t *ret_us)
{
    int hour = 0;
    int minute = 0;

    if (take(at, 'Z') || take(at, 'z')) {
        *ret_us = 0;
        return TN_OK;
    }
    bool is_west = take(at, '-');
    if ((!is_west && !take(at, '+')) || !take_digits(at, 2, &hour) || !take(at, ':') ||
        !take_digits(at, 2, &minute))
        return TN_INVALID_ARGUMENT;
    if (hour > 23 || minute > 59)
        return TN_OUT_OF_RANGE;
    *ret_us = (is_west ? -1 : 1) * (hour * US_PER_HOUR + minute * US_PER_MINUTE);
    return TN_OK;
}

static tn_status parse_milliseconds(struct tn_str text, tn_time *ret_us)
{
    struct cursor at = cursor_of(text);
    bool is_negative = take(&at, '-');
    int64_t us = 0;
    int digit = 0;

    if (at.p == at.end)
        return TN_INVALID_ARGUMENT;
    while (take_digits(&at, 1, &digit))
        if (us <= DATETIME_MAX_US)
            us = us * 10 + digit * US_PER_MS;
    if (at.p != at.end)
        return TN_INVALID_ARGUMENT;
    us = is_negative ? -us : us;
    if (us < DATETIME_MIN_US || us > DATETIME_MAX_US)
        return TN_OUT_OF_RANGE;
    *ret_us = us;
    return TN_OK;
}

tn_status datetime_parse(struct tn_str text, tn_time *ret_us)
{
    struct cursor at = cursor_of(text);
    int32_t days = 0;
    int64_t time_us = 0;
    int64_t offset_us = 0;

    if (text.len < 5 || text.data[4] != '-' || text.data[0] == '-')
        return parse_milliseconds(text, ret_us);
    tn_status st = take_date(&at, &days);
    if (st == TN_INVALID_ARGUMENT)
        return st;
    if (at.p != at.end) {
        if (!take(&at, 'T') && !take(&at, 't') && !take(&at, ' '))
            return TN_INVALID_ARGUMENT;
        tn_status time_st = take_time(&at, &time_us);
        if (time_st == TN_INVALID_ARGUMENT)
            return time_st;
        tn_status offset_st = take_offset(&at, &offset_us);
        if (offset_st == TN_INVALID_ARGUMENT || at.p != at.end)
            return TN_INVALID_ARGUMENT;
        TRY(time_st);
        TRY(offset_st);
    }
    TRY(st);

    tn_time us = days * US_PER_DAY + time_us - offset_us;
    if (us < DATETIME_MIN_US || us > DATETIME_MAX_US)
        return TN_OUT_OF_RANGE;
    *ret_us = us;
    return TN_OK;
}

size_t datetime_format(tn_time us, char text[DATETIME_TEXT_SIZE])
{
    int64_t days = us / US_PER_DAY - (us % US_PER_DAY < 0);
    uint64_t rest = (uint64_t)((us % US_PER_DAY + US_PER_DAY) % US_PER_DAY);
    char *p = put_date(text, (int32_t)days);

    *p++ = 'T';
    p = put_number(p, rest / US_PER_HOUR, 2);
    *p++ = ':';
    p = put_number(p, rest / US_PER_MINUTE % 60, 2);
    *p++ = ':';
    p = put_number(p, rest / US_PER_SECOND % 60, 2);
    if (rest % US_PER_SECOND != 0) {
        *p++ = '.';
        p = put_number(p, rest % US_PER_SECOND, 6);
    }
    *p++ = 'Z';
    *p = '\0';
    return (size_t)(p - text);
}

static const struct unit {
    const char *name;
    int64_t us;
} units[] = {
    {"d", US_PER_DAY},
    {"h", US_PER_HOUR},
    {"m", US_PER_MINUTE},
    {"s", US_PER_SECOND},
    {"ms", US_PER_MS},
    {"us", 1},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* The position in units[] of the letters at `at`, which moves past them; UNIT_COUNT if none. */
static size_t take_unit(struct cursor *at)
{
    const char *start = at->p;

    while (at->p != at->end && *at->p >= 'a' && *at->p <= 'z')
        at->p++;
    size_t len = (size_t)(at->p - start);
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, start, len) == 0)
            return i;
    return UNIT_COUNT;
}

tn_status duration_parse(struct tn_str text, tn_time *ret_us)
{
    struct cursor at = cursor_of(text);
    int sign = take(&at, '-') ? -1 : 1;
    int64_t total = 0;
    size_t unit_min = 0;
    bool has_room = true;

    if (at.p == at.end)
        return TN_INVALID_ARGUMENT;
    while (at.p != at.end) {
        const char *start = at.p;
        int64_t count = 0;
        int digit = 0;

        while (take_digits(&at, 1, &digit))
            has_room = has_room && !__builtin_mul_overflow(count, 10, &count) &&
                       !__builtin_add_overflow(count, sign * digit, &count);
        if (at.p == start)
            return TN_INVALID_ARGUMENT;
        size_t unit = take_unit(&at);
        if (unit == UNIT_COUNT || unit < unit_min)
            return TN_INVALID_ARGUMENT; /* unknown, or not smaller than the one before */
        unit_min = unit + 1;
        has_room = has_room && !__builtin_mul_overflow(count, units[unit].us, &count) &&
                   !__builtin_add_overflow(total, count, &total);
    }
    if (!has_room)
        return TN_OUT_OF_RANGE;
    *ret_us = total;
    return TN_OK;
}

size_t duration_format(tn_time us, char text[DURATION_TEXT_SIZE])
{
    uint64_t rest = us < 0 ? -(uint64_t)us : (uint64_t)us;
    char *p = text;

    if (us < 0)
        *p++ = '-';
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        uint64_t unit = (uint64_t)units[i].us;

        if (rest < unit && !(us == 0 && unit == US_PER_SECOND))
            continue;
        p = put_number(p, rest / unit, 1);
        for (const char *name = units[i].name; *name; name++)
            *p++ = *name;
        rest %= unit;
    }
    *p = '\0';
    return (size_t)(p - text);
}
