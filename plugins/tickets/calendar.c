/* SPDX-License-Identifier: Apache-2.0 */
/* calendar.c - walking through local days, one offset from UTC after the other. */
#include "calendar.h"

#include "civil.h"

#define SECOND_US 1000000ll
#define MINUTE_US (60 * SECOND_US)
#define DAY_US (DAY_S * SECOND_US)

static bool is_holiday(const struct calendar *calendar, int64_t day)
{
    uint32_t low = 0;
    uint32_t high = calendar->holiday_count;
    struct civil date = civil_of_days(day);

    if (calendar->yearly[date.month - 1] >> (date.day - 1) & 1)
        return true;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (calendar->holidays[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < calendar->holiday_count && calendar->holidays[low] == day;
}

static tn_time least(tn_time a, tn_time b)
{
    return a < b ? a : b;
}

static tn_time most(tn_time a, tn_time b)
{
    return a > b ? a : b;
}

/* Counts business time on a local clock that runs evenly, from `*at` to `until`, and stops after
 * `limit` of it; `*at` is then where it stopped. */
static tn_time count_local(const struct calendar *calendar, tn_time *at, tn_time until,
                           tn_time limit)
{
    tn_time counted = 0;

    for (int64_t day = civil_floor_div(*at, DAY_US); day * DAY_US < until; day++) {
        int weekday = civil_weekday(day);

        if (calendar->window_counts[weekday] == 0 || is_holiday(calendar, day))
            continue;
        for (int i = 0; i < calendar->window_counts[weekday]; i++) {
            const struct calendar_window *window = &calendar->windows[weekday][i];
            tn_time begin = most(*at, day * DAY_US + window->begin * MINUTE_US);
            tn_time end = least(until, day * DAY_US + window->end * MINUTE_US);

            if (end <= begin)
                continue;
            if (end - begin >= limit - counted) {
                *at = begin + (limit - counted);
                return limit;
            }
            counted += end - begin;
        }
    }
    *at = until;
    return counted;
}

/* As count_local, on the clock of the zone; `*at` and `until` are instants. */
static tn_time count(const struct calendar *calendar, tn_time *at, tn_time until, tn_time limit)
{
    static const struct tn_zone_span utc = {INT64_MIN, INT64_MAX, 0, 0};
    const struct calendar_clock *clock = &calendar->clock;
    tn_time counted = 0;

    while (*at < until && counted < limit) {
        const struct tn_zone_span span = clock->span_at ? clock->span_at(clock, *at) : utc;
        tn_time offset = span.offset_s * SECOND_US;
        tn_time end = least(until, span.until);
        tn_time local = *at + offset;

        counted += count_local(calendar, &local, end + offset, limit - counted);
        *at = local - offset;
    }
    return counted;
}

tn_time calendar_elapsed(const struct calendar *calendar, tn_time from, tn_time to)
{
    if (to <= from)
        return 0;
    return calendar ? count(calendar, &from, to, INT64_MAX) : to - from;
}

tn_time calendar_after(const struct calendar *calendar, tn_time from, tn_time business)
{
    const tn_time horizon = CALENDAR_YEARS_MAX * 366 * DAY_US;
    tn_time at = from;

    if (business <= 0)
        return from;
    if (!calendar)
        return business <= horizon ? from + business : CALENDAR_NEVER;
    return count(calendar, &at, from + horizon, business) == business ? at : CALENDAR_NEVER;
}
