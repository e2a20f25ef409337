/* SPDX-License-Identifier: Apache-2.0 */
/* stages.h - where tickets stand and go: the stages of their pipelines. */
#ifndef PLUGINS_TICKETS_STAGES_H
#define PLUGINS_TICKETS_STAGES_H

#include "rows.h"

enum stage_wish { STAGE_OPEN, STAGE_CLOSED, STAGE_ON_CUSTOMER, STAGE_ON_US };

/*
 * Makes the default pipeline where the ticket needs it and it is not there: two at once conflict,
 * and the second one runs again. A ticket that says neither pipeline nor stage is put into it.
 */
tn_status stages_prepare(struct tn_call *call, struct tn_record *ticket);

/* Whether tickets have a pipeline of this name, or will have where it is needed. TN_NOT_FOUND,
 * which does not mark the call. */
tn_status stages_check_pipeline(struct tn_call *call, struct tn_str name);

/* The stage that the ticket is in; TN_NOT_FOUND, which does not mark the call. */
tn_status stages_of(struct tn_call *call, const struct tn_record *ticket,
                    struct tn_record **ret_stage);

/* Moves the ticket into the first stage of its pipeline that is so; TN_NOT_FOUND, and the ticket
 * stays: none is. Open stages only, but for STAGE_CLOSED. */
tn_status stages_move(struct tn_call *call, struct tn_record *ticket, enum stage_wish wish);

#endif /* PLUGINS_TICKETS_STAGES_H */
