/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers.h - schedules: the timers of one row of a plugin in one portal, by the time at which they
 * are due. A firing is consumed in the commit of the call that it makes.
 */
#ifndef CORE_PLUGIN_TIMERS_H
#define CORE_PLUGIN_TIMERS_H

#include "core/plugin/attempt.h"
#include "core/plugin/call.h"
#include "core/plugin/lanes.h"
#include "core/plugin/letters.h"

struct schedule;

/* [any] blocks */
tn_status schedule_open(struct lanes *lanes, struct plugin *plugin, uint32_t row,
                        struct portal *portal, struct schedule **ret_schedule, struct err *err);
/* After lanes_stop(). Accepts NULL. */
void schedule_close(struct schedule *schedule);

/* Timers were set, or the clock was. [any] */
void schedule_wake(struct schedule *schedule);

/* As feed_replay(), for a firing. [worker] blocks */
enum attempt_end schedule_replay(struct schedule *schedule, const struct letter *letter,
                                 struct err *err);
/* Whether it is of that plugin and timer. [any] */
bool schedule_is(const struct schedule *schedule, const char *plugin, const char *name);
/* Others took dead letters away. [any] blocks */
void schedule_recount(struct schedule *schedule);
/* As struct plugin_timer of host.h. [any] */
void schedule_read(const struct schedule *schedule, struct plugin_timer *ret_timer);

/*
 * As tn_records_v1.timer, of a record that is checked to be a live one. TN_INVALID_ARGUMENT marks
 * the call. [worker] blocks
 */
tn_status timers_set(struct tn_record *record, uint32_t row, tn_time at, const char *rule);

#endif /* CORE_PLUGIN_TIMERS_H */
