/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - business time: weekly hours in a time zone, without holidays.
 *
 * An instant is business time where the local clock shows a time within the hours of its weekday
 * and the local date is no holiday. So an hour that clocks skip is not counted, and one that they
 * repeat is counted twice.
 */
#ifndef PLUGINS_TICKETS_CALENDAR_H
#define PLUGINS_TICKETS_CALENDAR_H

#include <stdbool.h>

#include <tenon/tenon.h>

/* Of one weekday, after joining those that touch. */
#define CALENDAR_WINDOW_MAX 8
/* Single dates; ranges count each day. Forty years of eleven holidays and some weeks of closing. */
#define CALENDAR_HOLIDAY_MAX 1000

/* Minutes since midnight: from `begin` to before `end`, 1440 at most. */
struct calendar_window {
    int16_t begin;
    int16_t end;
};

/* The clocks that the hours are read on. */
struct calendar_clock {
    struct tn_zone_span (*span_at)(const struct calendar_clock *clock, tn_time at); /* NULL: UTC */
    void *of; /* span_at's, as the next; borrowed */
    struct tn_str name;
};

struct calendar {
    struct calendar_clock clock;
    struct calendar_window windows[7][CALENDAR_WINDOW_MAX]; /* from Monday on, by time */
    uint8_t window_counts[7];
    uint32_t yearly[12]; /* bit n of a month: its day n + 1 is a holiday every year */
    uint32_t holiday_count;
    int32_t holidays[CALENDAR_HOLIDAY_MAX]; /* days since 1970-01-01, sorted, each once */
};

/* Why a text is refused. */
enum calendar_fault {
    CALENDAR_OK,
    CALENDAR_BAD_TEXT, /* it does not say hours, or dates */
    CALENDAR_NO_HOURS, /* nothing is ever open */
    CALENDAR_TOO_MANY  /* more than the two bounds above */
};

/*
 * Sets the weekly hours from a text such as "mon-fri 09:00-12:30 13:30-18:00; sat 9:00-12:00". Days
 * may be named in French ("lun-ven"); lines end as ';' does. Hours that end before they begin
 * go on in the next day. Untouched on failure. [any]
 */
enum calendar_fault calendar_set_hours(struct calendar *calendar, struct tn_str text);
/*
 * Sets the holidays from dates between blanks, ',' or ';': "2026-12-25", a range
 * "2026-12-24..2026-12-31", every year "05-01". [any]
 */
enum calendar_fault calendar_set_holidays(struct calendar *calendar, struct tn_str text);

/*
 * Business time from one instant to another one, 0 where `to` is not after `from`; in microseconds.
 * `calendar` NULL: it is always business time. Instants of the years 1 to 9999. [any]
 */
tn_time calendar_elapsed(const struct calendar *calendar, tn_time from, tn_time to);

/*
 * The first instant from which on `business` microseconds have passed since `from`; `from` itself
 * for 0. CALENDAR_NEVER: not within CALENDAR_YEARS_MAX. [any]
 */
#define CALENDAR_YEARS_MAX 100
#define CALENDAR_NEVER INT64_MAX
tn_time calendar_after(const struct calendar *calendar, tn_time from, tn_time business);

#endif /* PLUGINS_TICKETS_CALENDAR_H */
