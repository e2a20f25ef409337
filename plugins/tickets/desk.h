/* SPDX-License-Identifier: Apache-2.0 */
/* desk.h - what the methods of the service share. */
#ifndef PLUGINS_TICKETS_DESK_H
#define PLUGINS_TICKETS_DESK_H

#include "rows.h"

/* The ticket of a request's field; TN_NOT_FOUND marks the call here. */
tn_status desk_ticket(struct tn_call *call, const struct tn_record *request, uint32_t field,
                      struct tn_record **ret_ticket);

/* The same of one that goes on in no other ticket. */
tn_status desk_live_ticket(struct tn_call *call, const struct tn_record *request, uint32_t field,
                           struct tn_record **ret_ticket);

/* Moves the ticket to the first closed stage of its pipeline. */
tn_status desk_close(struct tn_call *call, struct tn_record *ticket);

#endif /* PLUGINS_TICKETS_DESK_H */
