/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the time, in microseconds. */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <tenon/base.h>

/* Wall clock since 1970-01-01 UTC; may jump. For stored times. [any] */
tn_time clock_wall_us(void);

/* Since some start; never goes back. For deadlines and intervals. [any] */
int64_t clock_mono_us(void);

/* The same, some milliseconds late, at a tenth of its cost. [any] */
int64_t clock_mono_coarse_us(void);

#endif /* CORE_BASE_CLOCK_H */
