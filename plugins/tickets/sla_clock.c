/* SPDX-License-Identifier: Apache-2.0 */
/* sla_clock.c - business time of a clock that is stopped now and then. */
#include "sla_clock.h"

void sla_clock_run(struct sla_clock *clock, tn_time now)
{
    if (clock->is_running)
        return;
    clock->is_running = true;
    clock->since = now;
}

void sla_clock_stop(struct sla_clock *clock, const struct calendar *calendar, tn_time now)
{
    clock->used = sla_clock_used(clock, calendar, now);
    clock->is_running = false;
}

tn_time sla_clock_used(const struct sla_clock *clock, const struct calendar *calendar, tn_time now)
{
    return clock->used + (clock->is_running ? calendar_elapsed(calendar, clock->since, now) : 0);
}

tn_time sla_clock_due(const struct sla_clock *clock, const struct calendar *calendar,
                      tn_time target)
{
    if (!clock->is_running)
        return CALENDAR_NEVER;
    return calendar_after(calendar, clock->since, target - clock->used);
}
