/* SPDX-License-Identifier: Apache-2.0 */
/* assign.h - who gets a ticket that nobody was given. */
#ifndef PLUGINS_TICKETS_ASSIGN_H
#define PLUGINS_TICKETS_ASSIGN_H

#include "rows.h"

/*
 * Gives the ticket an owner by the rule of its pipeline. TN_NOT_FOUND, which does not mark the
 * call: there is no rule, or nobody in it.
 */
tn_status assign_ticket(struct tn_call *call, struct tn_record *ticket);

#endif /* PLUGINS_TICKETS_ASSIGN_H */
