/* SPDX-License-Identifier: Apache-2.0 */
/* zone_rule.c - reading and applying POSIX rules of time zones. */
#include "core/value/zone_rule.h"

#include <assert.h>

#include "core/value/date.h"

#define HOUR_S 3600
#define DAY_S 86400

/* What is left of the text. */
struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* One to three digits, at most `max`. */
static bool take_number(struct cursor *c, int max, int *ret_number)
{
    const char *begin = c->at;
    int number = 0;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - begin < 3)
        number = number * 10 + (*c->at++ - '0');
    if (c->at == begin || number > max)
        return false;
    *ret_number = number;
    return true;
}

/* "CET", or "<+0330>" with signs and digits. */
static bool take_name(struct cursor *c)
{
    const char *begin = c->at;

    if (take(c, '<')) {
        while (c->at < c->end && *c->at != '>')
            c->at++;
        return take(c, '>');
    }
    while (c->at < c->end && ((*c->at >= 'A' && *c->at <= 'Z') || (*c->at >= 'a' && *c->at <= 'z')))
        c->at++;
    return c->at - begin >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct cursor *c, int hour_max, int32_t *ret_s)
{
    bool is_negative = take(c, '-');
    int hours;
    int minutes = 0;
    int seconds = 0;

    if (!is_negative)
        (void)take(c, '+');
    if (!take_number(c, hour_max, &hours))
        return false;
    if (take(c, ':') &&
        (!take_number(c, 59, &minutes) || (take(c, ':') && !take_number(c, 59, &seconds))))
        return false;
    int32_t total_s = hours * HOUR_S + minutes * 60 + seconds;
    *ret_s = is_negative ? -total_s : total_s;
    return true;
}

static bool take_day(struct cursor *c, struct zone_turn *turn)
{
    if (take(c, 'J')) {
        turn->kind = ZONE_JULIAN;
        return take_number(c, 365, &turn->day) && turn->day >= 1;
    }
    if (!take(c, 'M')) {
        turn->kind = ZONE_ORDINAL;
        return take_number(c, 365, &turn->day);
    }
    turn->kind = ZONE_MONTH_DAY;
    return take_number(c, 12, &turn->month) && turn->month >= 1 && take(c, '.') &&
           take_number(c, 5, &turn->week) && turn->week >= 1 && take(c, '.') &&
           take_number(c, 6, &turn->weekday);
}

static bool take_turn(struct cursor *c, struct zone_turn *turn)
{
    turn->time_s = 2 * HOUR_S;
    return take(c, ',') && take_day(c, turn) && (!take(c, '/') || take_time(c, 167, &turn->time_s));
}

bool zone_rule_parse(struct tn_str text, struct zone_rule *ret_rule)
{
    struct cursor c = {text.data, text.data + text.len};
    struct zone_rule rule = {0};

    if (!take_name(&c) || !take_time(&c, 24, &rule.standard_s))
        return false;
    rule.standard_s = -rule.standard_s; /* POSIX counts west */
    rule.has_summer = c.at < c.end;
    if (!rule.has_summer) {
        *ret_rule = rule;
        return true;
    }
    if (!take_name(&c))
        return false;
    rule.summer_s = rule.standard_s + HOUR_S;
    if (c.at < c.end && *c.at != ',') {
        if (!take_time(&c, 24, &rule.summer_s))
            return false;
        rule.summer_s = -rule.summer_s;
    }
    if (!take_turn(&c, &rule.begin) || !take_turn(&c, &rule.end) || c.at != c.end)
        return false;
    *ret_rule = rule;
    return true;
}

/* Of a year from 1 to 9999. */
static int64_t first_of(int year, int month)
{
    int32_t days = 0;
    tn_status st = date_from_civil(year, month, 1, &days);

    assert(st == TN_OK);
    (void)st; /* without assertions */
    return days;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* 0 is Sunday. */
static int weekday_of(int64_t days)
{
    int weekday = (int)((days + 4) % 7); /* 1970-01-01 was a Thursday */

    return weekday < 0 ? weekday + 7 : weekday;
}

static int64_t day_of(const struct zone_turn *turn, int year)
{
    int64_t first = first_of(year, 1);

    if (turn->kind == ZONE_ORDINAL)
        return first + turn->day;
    if (turn->kind == ZONE_JULIAN)
        return first + turn->day - 1 + (is_leap(year) && turn->day >= 60);
    int64_t month = first_of(year, turn->month);
    int64_t next = turn->month == 12 ? month + 31 : first_of(year, turn->month + 1);
    int64_t day = month + (turn->weekday + 7 - weekday_of(month)) % 7 + 7 * (turn->week - 1);
    while (day >= next)
        day -= 7;
    return day;
}

/* One change of clocks. */
struct event {
    int64_t at_s;
    int32_t offset_s;
};

/* The changes of a year in the order in which they happen; where summer ends as the next one
 * begins, it goes on. */
static void events_of(const struct zone_rule *rule, int year, struct event events[2])
{
    struct event begin = {
        day_of(&rule->begin, year) * DAY_S + rule->begin.time_s - rule->standard_s, rule->summer_s};
    struct event end = {day_of(&rule->end, year) * DAY_S + rule->end.time_s - rule->summer_s,
                        rule->standard_s};

    events[0] = begin.at_s < end.at_s ? begin : end;
    events[1] = begin.at_s < end.at_s ? end : begin;
}

struct zone_span zone_rule_at(const struct zone_rule *rule, int64_t utc_s)
{
    struct zone_span span = {INT64_MIN, INT64_MAX, rule->standard_s};

    if (!rule->has_summer)
        return span;
    int year;
    int month;
    int day;
    date_to_civil(
        (int32_t)((utc_s - (utc_s % DAY_S + DAY_S) % DAY_S) / DAY_S), &year, &month, &day);
    /* A turn may be a week away from its day, so that the neighbours count too. */
    for (int y = year - 1; y <= year + 1; y++) {
        struct event events[2];

        events_of(rule, y, events);
        for (int i = 0; i < 2; i++) {
            if (events[i].at_s <= utc_s && events[i].at_s >= span.from_s) {
                span.from_s = events[i].at_s;
                span.offset_s = events[i].offset_s;
            } else if (events[i].at_s > utc_s && events[i].at_s < span.until_s) {
                span.until_s = events[i].at_s;
            }
        }
    }
    return span;
}
