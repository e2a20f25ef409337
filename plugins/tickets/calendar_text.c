/* SPDX-License-Identifier: Apache-2.0 */
/* calendar_text.c - hours and holidays as people write them. */
#include <string.h>

#include "calendar.h"
#include "civil.h"

#define DAY_MINUTES 1440

struct cursor {
    const char *at;
    const char *end;
};

static bool is_at(const struct cursor *c, char wanted)
{
    return c->at < c->end && *c->at == wanted;
}

static bool take(struct cursor *c, char wanted)
{
    if (!is_at(c, wanted))
        return false;
    c->at++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
}

static bool is_digit(const struct cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

/* From `min` to `max` digits. */
static bool take_digits(struct cursor *c, int min, int max, int *ret_number)
{
    int count = 0;
    int number = 0;

    for (; count < max && is_digit(c); count++)
        number = number * 10 + (*c->at++ - '0');
    if (count < min)
        return false;
    *ret_number = number;
    return true;
}

/* Hours */

static bool take_weekday(struct cursor *c, int *ret_weekday)
{
    static const char names[][4] = {"mon",
                                    "tue",
                                    "wed",
                                    "thu",
                                    "fri",
                                    "sat",
                                    "sun",
                                    "lun",
                                    "mar",
                                    "mer",
                                    "jeu",
                                    "ven",
                                    "sam",
                                    "dim"};
    char name[3];

    if (c->end - c->at < 3)
        return false;
    for (int i = 0; i < 3; i++)
        name[i] = (char)(c->at[i] >= 'A' && c->at[i] <= 'Z' ? c->at[i] - 'A' + 'a' : c->at[i]);
    for (int i = 0; i < 14; i++) {
        if (memcmp(name, names[i], 3) != 0)
            continue;
        c->at += 3;
        *ret_weekday = i % 7;
        return true;
    }
    return false;
}

/* "mon", "mon-fri", "mon,wed": as bits. A range may go over the end of the week. */
static bool take_weekdays(struct cursor *c, unsigned *ret_days)
{
    unsigned days = 0;

    do {
        int first;
        int last;

        skip_blanks(c);
        if (!take_weekday(c, &first))
            return false;
        last = first;
        if (take(c, '-') && !take_weekday(c, &last))
            return false;
        for (int day = first;; day = (day + 1) % 7) {
            days |= 1u << day;
            if (day == last)
                break;
        }
        skip_blanks(c);
    } while (take(c, ','));
    *ret_days = days;
    return true;
}

/* "9:00", "24:00" */
static bool take_clock(struct cursor *c, int *ret_minutes)
{
    int hours;
    int minutes;

    if (!take_digits(c, 1, 2, &hours) || !take(c, ':') || !take_digits(c, 2, 2, &minutes) ||
        minutes > 59 || hours * 60 + minutes > DAY_MINUTES)
        return false;
    *ret_minutes = hours * 60 + minutes;
    return true;
}

/* Open minutes of one day as bits: sums of hours need no order and no joining. */
struct open_day {
    uint8_t minutes[DAY_MINUTES / 8];
};

static void open_minutes(struct open_day *day, int begin, int end)
{
    for (int i = begin; i < end; i++)
        day->minutes[i / 8] |= (uint8_t)(1u << i % 8);
}

static bool is_open(const struct open_day *day, int minute)
{
    return minute < DAY_MINUTES && day->minutes[minute / 8] >> minute % 8 & 1;
}

static void open_hours(struct open_day week[7], unsigned days, int begin, int end)
{
    for (int day = 0; day < 7; day++) {
        if (!(days >> day & 1))
            continue;
        if (begin < end) {
            open_minutes(&week[day], begin, end);
        } else {
            open_minutes(&week[day], begin, DAY_MINUTES);
            open_minutes(&week[(day + 1) % 7], 0, end);
        }
    }
}

/* Days and their hours, up to ';' or the end of the line. */
static bool take_entry(struct cursor *c, struct open_day week[7])
{
    unsigned days;
    int begin;
    int end;

    if (!take_weekdays(c, &days))
        return false;
    do {
        if (!take_clock(c, &begin))
            return false;
        skip_blanks(c);
        if (!take(c, '-'))
            return false;
        skip_blanks(c);
        if (!take_clock(c, &end) || begin == end)
            return false;
        open_hours(week, days, begin, end);
        while (c->at < c->end && (is_blank(*c->at) || *c->at == ','))
            c->at++;
    } while (is_digit(c));
    return c->at == c->end || is_at(c, ';') || is_at(c, '\n');
}

static enum calendar_fault keep_windows(const struct open_day week[7], struct calendar *calendar)
{
    int total = 0;

    for (int day = 0; day < 7; day++) {
        int count = 0;

        for (int minute = 0; minute < DAY_MINUTES;) {
            int begin = minute;

            while (is_open(&week[day], minute))
                minute++;
            if (minute == begin) {
                minute++;
                continue;
            }
            if (count == CALENDAR_WINDOW_MAX)
                return CALENDAR_TOO_MANY;
            calendar->windows[day][count++] =
                (struct calendar_window){(int16_t)begin, (int16_t)minute};
        }
        calendar->window_counts[day] = (uint8_t)count;
        total += count;
    }
    return total > 0 ? CALENDAR_OK : CALENDAR_NO_HOURS;
}

enum calendar_fault calendar_set_hours(struct calendar *calendar, struct tn_str text)
{
    struct cursor c = {text.data, text.data + text.len};
    struct open_day week[7] = {0};
    struct calendar read = *calendar;

    while (c.at < c.end) {
        skip_blanks(&c);
        if (take(&c, ';') || take(&c, '\n') || c.at == c.end)
            continue;
        if (!take_entry(&c, week))
            return CALENDAR_BAD_TEXT;
    }
    enum calendar_fault fault = keep_windows(week, &read);
    if (fault == CALENDAR_OK)
        *calendar = read;
    return fault;
}

/* Holidays */

/* A date, or with `*ret_yearly` a day of every year, of which the year is 2000: a leap year. */
static bool take_date(struct cursor *c, int64_t *ret_day, bool *ret_yearly)
{
    int year;
    int month;
    int day;
    const char *begin = c->at;

    if (!take_digits(c, 2, 4, &year) || c->at - begin == 3 || !take(c, '-'))
        return false;
    *ret_yearly = c->at - begin == 3;
    if (*ret_yearly) {
        month = year;
        year = 2000;
    } else if (!take_digits(c, 2, 2, &month) || !take(c, '-')) {
        return false;
    }
    if (!take_digits(c, 2, 2, &day) || is_digit(c) || year < 1 || month < 1 || month > 12 ||
        day < 1 || day > civil_month_length(year, month))
        return false;
    *ret_day = civil_to_days(year, month, day);
    return true;
}

/* Keeps them sorted and each once; false: there are too many. */
static bool add_holiday(struct calendar *calendar, int32_t day)
{
    uint32_t at = calendar->holiday_count;

    while (at > 0 && calendar->holidays[at - 1] >= day)
        at--;
    if (at < calendar->holiday_count && calendar->holidays[at] == day)
        return true;
    if (calendar->holiday_count == CALENDAR_HOLIDAY_MAX)
        return false;
    memmove(&calendar->holidays[at + 1],
            &calendar->holidays[at],
            (calendar->holiday_count - at) * sizeof(calendar->holidays[0]));
    calendar->holidays[at] = day;
    calendar->holiday_count++;
    return true;
}

static enum calendar_fault take_holiday(struct cursor *c, struct calendar *calendar)
{
    bool is_yearly;
    bool is_yearly_too;
    int64_t first;
    int64_t last;

    if (!take_date(c, &first, &is_yearly))
        return CALENDAR_BAD_TEXT;
    if (is_yearly) {
        struct civil date = civil_of_days(first);

        calendar->yearly[date.month - 1] |= 1u << (date.day - 1);
        return CALENDAR_OK;
    }
    last = first;
    if (take(c, '.') &&
        (!take(c, '.') || !take_date(c, &last, &is_yearly_too) || is_yearly_too || last < first))
        return CALENDAR_BAD_TEXT;
    for (int64_t day = first; day <= last; day++)
        if (!add_holiday(calendar, (int32_t)day))
            return CALENDAR_TOO_MANY;
    return CALENDAR_OK;
}

enum calendar_fault calendar_set_holidays(struct calendar *calendar, struct tn_str text)
{
    struct cursor c = {text.data, text.data + text.len};
    struct calendar read = *calendar;

    read.holiday_count = 0;
    memset(read.yearly, 0, sizeof(read.yearly));
    for (;;) {
        while (c.at < c.end && (is_blank(*c.at) || *c.at == '\n' || *c.at == ',' || *c.at == ';'))
            c.at++;
        if (c.at == c.end)
            break;
        enum calendar_fault fault = take_holiday(&c, &read);
        if (fault != CALENDAR_OK)
            return fault;
        if (c.at < c.end && !is_blank(*c.at) && *c.at != '\n' && *c.at != ',' && *c.at != ';')
            return CALENDAR_BAD_TEXT;
    }
    *calendar = read;
    return CALENDAR_OK;
}
