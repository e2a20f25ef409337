/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recur.c - see recur.h. Slow rules go from period to period (a day, a week, a month, a year, by
 * FREQ), in which days and times of day are picked; quick ones from step to step.
 */
#include "core/value/recur.h"

#include <string.h>

#include "core/value/date.h"
#include "core/value/recur_rule.h"

#define DAY_S 86400
/* Steps of a quick rule that may pass without a time: those of a minute in 400 days. */
#define STEP_COUNT_MAX 600000
#define PERIOD_DAYS_MAX 366

/* What one look for a time goes by. */
struct recur {
    struct recur_rule rule;
    const struct zone *zone;
    int64_t begun_s;
    int64_t after_s;
    int64_t end_s; /* where it gives up */
};

tn_status recur_check(struct tn_str rule, struct err *err)
{
    struct recur_rule read;

    return recur_rule_read(rule, &read, err);
}

/* Local time */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The first of two; false: clocks skip it. */
static bool find_utc(const struct zone *zone, int64_t local_s, int64_t *ret_utc_s)
{
    /* No zone changes twice within two days. */
    int32_t before_s = zone_at(zone, local_s - DAY_S).offset_s;
    int32_t after_s = zone_at(zone, local_s + DAY_S).offset_s;

    if (zone_at(zone, local_s - before_s).offset_s == before_s)
        *ret_utc_s = local_s - before_s;
    else if (zone_at(zone, local_s - after_s).offset_s == after_s)
        *ret_utc_s = local_s - after_s;
    else
        return false;
    return true;
}

static int64_t local_of(const struct recur *recur, int64_t utc_s)
{
    return utc_s + zone_at(recur->zone, utc_s).offset_s;
}

static bool is_over(const struct recur *recur, int64_t utc_s)
{
    switch (recur->rule.until) {
    case RECUR_UNTIL_LOCAL:
        return local_of(recur, utc_s) > recur->rule.until_s;
    case RECUR_UNTIL_UTC:
        return utc_s > recur->rule.until_s;
    default:
        return false;
    }
}

/* 0 is Monday; 1970-01-01 was a Thursday. */
static int weekday_of(int64_t day)
{
    return (int)(day + 3 - 7 * floor_div(day + 3, 7));
}

static bool has_bit(uint64_t bits, int value)
{
    return bits == 0 || (bits >> value & 1);
}

/* Quick rules: steps of a fixed length */

static bool is_step(const struct recur *recur, int64_t hour_s, int64_t utc_s,
                    struct zone_span *span)
{
    const struct recur_rule *rule = &recur->rule;
    int year;
    int month;
    int month_day;
    bool has_day = rule->days.count == 0;

    if (utc_s < span->from_s || utc_s >= span->until_s)
        *span = zone_at(recur->zone, utc_s);
    if (rule->frequency == RECUR_HOURLY && (utc_s - hour_s) / 3600 % rule->interval != 0)
        return false;
    int64_t local_s = utc_s + span->offset_s;
    int64_t day = floor_div(local_s, DAY_S);
    int second = (int)(local_s - day * DAY_S);
    if (!has_bit(rule->minutes, second / 60 % 60) || !has_bit(rule->hours, second / 3600))
        return false;
    for (int i = 0; i < rule->days.count; i++)
        has_day = has_day || rule->days.items[i].weekday == weekday_of(day);
    if (!has_day || !rule->months)
        return has_day;
    date_to_civil((int32_t)day, &year, &month, &month_day);
    return has_bit(rule->months, month);
}

static tn_status next_step(const struct recur *recur, int64_t *ret_s)
{
    const struct recur_rule *rule = &recur->rule;
    struct zone_span span = zone_at(recur->zone, recur->begun_s);
    int64_t hour_s = recur->begun_s;
    int64_t step_s = (rule->frequency == RECUR_HOURLY ? 3600 : 60) * rule->interval;

    if (rule->frequency == RECUR_HOURLY && rule->minutes) {
        step_s = 60; /* several in an hour whose turn it is, from where it begins */
        hour_s -= (recur->begun_s + span.offset_s) -
                  3600 * floor_div(recur->begun_s + span.offset_s, 3600);
    }
    int64_t index =
        recur->after_s < recur->begun_s ? 0 : (recur->after_s - recur->begun_s) / step_s + 1;
    for (int64_t i = index; i < index + STEP_COUNT_MAX; i++) {
        int64_t utc_s = recur->begun_s + i * step_s;

        if ((rule->count && i >= rule->count) || utc_s > recur->end_s || is_over(recur, utc_s))
            return TN_NOT_FOUND;
        if (is_step(recur, hour_s, utc_s, &span)) {
            *ret_s = utc_s;
            return TN_OK;
        }
    }
    return TN_NOT_FOUND;
}

/* Slow rules: days of a period */

static int64_t first_of_month(int64_t months)
{
    int32_t day = 0;

    (void)date_from_civil((int)(months / 12), (int)(months % 12) + 1, 1, &day); /* years are sane */
    return day;
}

/* A day, and where its month and year begin and end. */
struct place {
    int64_t day;
    int month;
    int64_t month_begin;
    int64_t month_end;
    int64_t year_begin;
    int64_t year_end;
};

static struct place place_of(int64_t day)
{
    struct place place = {.day = day};
    int year;
    int month_day;

    date_to_civil((int32_t)day, &year, &place.month, &month_day);
    int64_t months = (int64_t)year * 12;
    place.month_begin = day - month_day + 1;
    place.month_end = first_of_month(months + place.month);
    place.year_begin = first_of_month(months);
    place.year_end = first_of_month(months + 12);
    return place;
}

/* Whether `day` is one of the values, counted from 1 at `begin`, or back from -1 before `end`. */
static bool has_value(const struct recur_values *values, int64_t day, int64_t begin, int64_t end)
{
    for (int i = 0; i < values->count; i++)
        if (values->items[i] == day - begin + 1 || values->items[i] == day - end)
            return true;
    return values->count == 0;
}

static bool has_weekday(const struct recur_rule *rule, const struct place *place)
{
    bool is_year = rule->frequency == RECUR_YEARLY && !rule->months;
    int64_t begin = is_year ? place->year_begin : place->month_begin;
    int64_t end = is_year ? place->year_end : place->month_end;
    int weekday = weekday_of(place->day);

    for (int i = 0; i < rule->days.count; i++) {
        int position = rule->days.items[i].position;

        if (rule->days.items[i].weekday == weekday &&
            (position == 0 || position == (place->day - begin) / 7 + 1 ||
             position == -((end - 1 - place->day) / 7 + 1)))
            return true;
    }
    return rule->days.count == 0;
}

static bool has_day(const struct recur_rule *rule, int64_t day)
{
    const struct place place = place_of(day);

    return has_bit(rule->months, place.month) &&
           has_value(&rule->month_days, day, place.month_begin, place.month_end) &&
           has_value(&rule->year_days, day, place.year_begin, place.year_end) &&
           has_weekday(rule, &place);
}

/* What the rule leaves open is as it is at `begun_s`. */
static void fill_in(struct recur *recur)
{
    struct recur_rule *rule = &recur->rule;
    int64_t local_s = local_of(recur, recur->begun_s);
    int64_t day = floor_div(local_s, DAY_S);
    int second = (int)(local_s - day * DAY_S);
    int year;
    int month;
    int month_day;

    rule->hours = rule->hours ? rule->hours : UINT64_C(1) << second / 3600;
    rule->minutes = rule->minutes ? rule->minutes : UINT64_C(1) << second / 60 % 60;
    rule->seconds = rule->seconds ? rule->seconds : UINT64_C(1) << second % 60;
    if (rule->days.count || rule->month_days.count || rule->year_days.count)
        return;
    date_to_civil((int32_t)day, &year, &month, &month_day);
    if (rule->frequency == RECUR_WEEKLY) {
        rule->days.count = 1;
        rule->days.items[0].weekday = (int8_t)weekday_of(day);
        rule->days.items[0].position = 0;
    } else if (rule->frequency >= RECUR_MONTHLY) {
        rule->month_days.count = 1;
        rule->month_days.items[0] = (int16_t)month_day;
    }
    if (rule->frequency == RECUR_YEARLY && !rule->months)
        rule->months = UINT64_C(1) << month;
}

/* In days, weeks, months or years since something. */
static int64_t period_of(const struct recur_rule *rule, int64_t day)
{
    int year;
    int month;
    int month_day;

    if (rule->frequency == RECUR_DAILY)
        return day;
    if (rule->frequency == RECUR_WEEKLY)
        return floor_div(day + 3 - rule->week_start, 7);
    date_to_civil((int32_t)day, &year, &month, &month_day);
    return rule->frequency == RECUR_MONTHLY ? (int64_t)year * 12 + month - 1 : year;
}

/* The day with which it begins. */
static int64_t begin_of(const struct recur_rule *rule, int64_t period)
{
    switch (rule->frequency) {
    case RECUR_DAILY:
        return period;
    case RECUR_WEEKLY:
        return period * 7 - 3 + rule->week_start;
    case RECUR_MONTHLY:
        return first_of_month(period);
    default:
        return first_of_month(period * 12);
    }
}

/* All local times of a period, in order: each day has the same times of day. */
struct period {
    int day_count;
    int64_t days[PERIOD_DAYS_MAX];
    int time_count;
    int32_t times[24 * 60];
};

static void list_times(const struct recur_rule *rule, struct period *period)
{
    int second = __builtin_ctzll(rule->seconds);

    period->time_count = 0;
    for (int hour = 0; hour < 24; hour++)
        for (int minute = 0; minute < 60; minute++)
            if (rule->hours >> hour & 1 && rule->minutes >> minute & 1)
                period->times[period->time_count++] = hour * 3600 + minute * 60 + second;
}

static void list_days(const struct recur_rule *rule, int64_t number, struct period *period)
{
    int64_t end = begin_of(rule, number + 1);

    period->day_count = 0;
    for (int64_t day = begin_of(rule, number); day < end; day++)
        if (has_day(rule, day))
            period->days[period->day_count++] = day;
}

/* Goes through one period. TN_NOT_FOUND: none yet; TN_OUT_OF_RANGE: it has ended. */
static tn_status walk(const struct recur *recur, const struct period *period, int *count,
                      int64_t *ret_s)
{
    const struct recur_rule *rule = &recur->rule;
    const int64_t begun_local_s = local_of(recur, recur->begun_s);
    int64_t total = (int64_t)period->day_count * period->time_count;

    for (int64_t i = 0; i < total; i++) {
        int64_t local_s =
            period->days[i / period->time_count] * DAY_S + period->times[i % period->time_count];
        int64_t utc_s = recur->begun_s; /* which may be the second of two */

        if (local_s < begun_local_s || !has_value(&rule->positions, i, 0, total))
            continue;
        if (local_s != begun_local_s &&
            (!find_utc(recur->zone, local_s, &utc_s) || utc_s < recur->begun_s))
            continue;
        if (utc_s > recur->end_s || is_over(recur, utc_s) || (rule->count && *count >= rule->count))
            return TN_OUT_OF_RANGE;
        ++*count;
        if (utc_s > recur->after_s) {
            *ret_s = utc_s;
            return TN_OK;
        }
    }
    return TN_NOT_FOUND;
}

static tn_status next_slow(struct recur *recur, int64_t *ret_s)
{
    const struct recur_rule *rule = &recur->rule;
    int64_t begun_day = floor_div(local_of(recur, recur->begun_s), DAY_S);
    int64_t after_day = floor_div(local_of(recur, recur->after_s), DAY_S);
    int64_t last = period_of(rule, floor_div(recur->end_s, DAY_S));
    int64_t number = period_of(rule, begun_day);
    struct period period;
    int count = 0;

    fill_in(recur);
    list_times(rule, &period);
    /* Those that count are counted from the first on. */
    if (!rule->count && after_day > begun_day)
        number += (period_of(rule, after_day) - number) / rule->interval * rule->interval;
    for (; number <= last; number += rule->interval) {
        list_days(rule, number, &period);
        tn_status st = walk(recur, &period, &count, ret_s);
        if (st != TN_NOT_FOUND)
            return st == TN_OK ? TN_OK : TN_NOT_FOUND;
    }
    return TN_NOT_FOUND;
}

tn_status recur_next(struct tn_str rule, const struct zone *zone, tn_time begun_us,
                     tn_time after_us, tn_time *ret_us, struct err *err)
{
    struct recur recur = {.zone = zone};
    int64_t next_s = 0;

    TRY(recur_rule_read(rule, &recur.rule, err));
    if (begun_us < 0 || begun_us >= RECUR_BEGIN_END_US)
        return err_set(err, TN_INVALID_ARGUMENT, "A rule begins in the years 1970 to 2199.");
    if (after_us >= 2 * RECUR_BEGIN_END_US)
        return TN_NOT_FOUND; /* clocks that are far off */
    recur.begun_s = begun_us / 1000000;
    recur.after_s = after_us < 0 ? -1 : after_us / 1000000;
    recur.end_s = (recur.after_s > recur.begun_s ? recur.after_s : recur.begun_s) +
                  (int64_t)RECUR_YEARS_MAX * 366 * DAY_S;
    TRY(recur.rule.frequency < RECUR_DAILY ? next_step(&recur, &next_s)
                                           : next_slow(&recur, &next_s));
    *ret_us = next_s * 1000000;
    return TN_OK;
}
