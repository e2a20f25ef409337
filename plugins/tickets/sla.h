/* SPDX-License-Identifier: Apache-2.0 */
/* sla.h - targets for the first response to a ticket, and for its resolution. */
#ifndef PLUGINS_TICKETS_SLA_H
#define PLUGINS_TICKETS_SLA_H

#include "calendar.h"
#include "rows.h"

/* Options of the two statuses. */
#define SLA_ACTIVE "0"
#define SLA_OVERDUE "1"
#define SLA_DUE_SOON "2"
#define SLA_ON_TIME "3"
#define SLA_LATE "4"

/* A year and a day: what a target may be at most. */
#define SLA_TARGET_MAX (366ll * 86400 * 1000000)

/* What happens to a ticket in a write, as ticket.c has found out. */
struct ticket_turn {
    bool is_new;
    bool is_closed;
    bool was_closed;
    bool is_merged;
    bool waits_on_customer;
    bool has_moved;      /* into another pipeline */
    bool has_new_policy; /* set by sla_follow() */
};

/*
 * Gives the ticket its policy where it needs one, stops or runs its clock, and sets when its
 * targets are due, how they stand, and the timers. The call is marked on failure.
 */
tn_status sla_follow(struct tn_call *call, struct ticket_turn *turn, const struct tn_record *before,
                     struct tn_record *ticket);

/* A calendar of records; `text`s of one that is refused name the property. TN_OK, or the call is
 * marked. It lives as long as the record, and asks the call for its zone. */
tn_status sla_read_calendar(struct tn_call *call, const struct tn_record *record,
                            struct calendar *ret_calendar);

/* The record for the pipeline, else that for every one; TN_NOT_FOUND, which does not mark the
 * call. `property` is the unique name of the pipeline on such records. */
tn_status sla_record_for(struct tn_call *call, uint32_t property, struct tn_str pipeline,
                         struct tn_record **ret_record);

#endif /* PLUGINS_TICKETS_SLA_H */
