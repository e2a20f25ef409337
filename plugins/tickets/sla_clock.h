/* SPDX-License-Identifier: Apache-2.0 */
/* sla_clock.h - a clock that counts business time and can be stopped: what a target is held
 * against. */
#ifndef PLUGINS_TICKETS_SLA_CLOCK_H
#define PLUGINS_TICKETS_SLA_CLOCK_H

#include "calendar.h"

/* All zero: it stands and has not run yet. */
struct sla_clock {
    bool is_running;
    tn_time since; /* while it runs; what came before is in `used` */
    tn_time used;  /* business time */
};

/* Running what runs, and stopping what stands, changes nothing. [any] */
void sla_clock_run(struct sla_clock *clock, tn_time now);
void sla_clock_stop(struct sla_clock *clock, const struct calendar *calendar, tn_time now);

tn_time sla_clock_used(const struct sla_clock *clock, const struct calendar *calendar, tn_time now);
/*
 * When it will have run for `target`, or did. CALENDAR_NEVER: it stands, or that is too far away.
 * A clock that ran for longer before it stood last tells the time since when it runs. [any]
 */
tn_time sla_clock_due(const struct sla_clock *clock, const struct calendar *calendar,
                      tn_time target);

#endif /* PLUGINS_TICKETS_SLA_CLOCK_H */
