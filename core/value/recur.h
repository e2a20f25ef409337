/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recur.h - times that come again by a rule of RFC 5545 (RRULE), in a time zone.
 *
 * Rules have the parts FREQ (MINUTELY or slower), INTERVAL, COUNT or UNTIL, WKST and BY.. of the
 * RFC but BYWEEKNO. Their times are whole seconds from `begun` on, which need not be one of them:
 *
 * - DAILY and slower go by the local clock. A local time that clocks skip is left out, and does not
 *   count; of one that comes twice the first is meant.
 * - HOURLY and MINUTELY go by the time that passed, so that no change of clocks makes them pause,
 *   and BYMONTH, BYDAY, BYHOUR and BYMINUTE pick by the local clock. Other BY.. are refused.
 * - An UNTIL with a Z is UTC; one without is local time, and a date alone has its whole day.
 *
 * libical is not used: 3.0.16 crashes on BYWEEKNO, finds wrong times for YEARLY with BYMONTHDAY and
 * for DAILY with days from the end, reads numbers that overflow, and looks for what never comes
 * without a bound.
 */
#ifndef CORE_VALUE_RECUR_H
#define CORE_VALUE_RECUR_H

#include "core/base/err.h"
#include "core/value/zone.h"

#define RECUR_LEN_MAX 512u
/* COUNT and INTERVAL: with COUNT each time is found by counting from the first on. */
#define RECUR_NUMBER_MAX 9999
/* No farther is it looked for the next time; February 29th on a Monday comes within 40. */
#define RECUR_YEARS_MAX 100
/* Where rules begin: 1970 until the end of 2199. */
#define RECUR_BEGIN_END_US INT64_C(7258118400000000)

/* TN_INVALID_ARGUMENT: no such rule, with the reason. [any] */
tn_status recur_check(struct tn_str rule, struct err *err);

/*
 * The first time after `after_us`, and not before `begun_us`. TN_NOT_FOUND (err untouched): the
 * rule has ended, or does not come within RECUR_YEARS_MAX; TN_INVALID_ARGUMENT: no such rule, or
 * `begun_us` out of range. Takes microseconds, or some milliseconds where much is left out. [any]
 */
tn_status recur_next(struct tn_str rule, const struct zone *zone, tn_time begun_us,
                     tn_time after_us, tn_time *ret_us, struct err *err);

#endif /* CORE_VALUE_RECUR_H */
