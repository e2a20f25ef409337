/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifecycle.c - the lifecycle of contacts and companies: it moves forward only; clearing the
 * stage and then setting it is the one way back. Each entry is dated, for funnels.
 */
#include <string.h>

#include "rows.h"

#define OTHER_STAGE (STAGE_COUNT - 1) /* has no rank: to it and from it is never a step back */

/* STAGE_COUNT: none. */
static unsigned stage_of(const struct tn_record *record, uint32_t lifecycle)
{
    unsigned stage = 0;

    while (stage < STAGE_COUNT && !tn_is(record, lifecycle, lifecycle_stages[stage].name))
        stage++;
    return stage;
}

tn_status lifecycle_changes(struct tn_call *call, const struct person_rows *rows,
                            const struct tn_record *before, struct tn_record *after)
{
    unsigned from = stage_of(before, rows->lifecycle);
    unsigned to = stage_of(after, rows->lifecycle);

    if (to == from || to == STAGE_COUNT)
        return TN_OK;
    if (to < from && from < OTHER_STAGE)
        return tn_core->refuse(
            call,
            TN_FAILED_PRECONDITION,
            rows->lifecycle,
            "forward_only",
            "The lifecycle stage moves forward only: clear it first, then set the earlier one.");
    tn_set_time(after, rows->stage_date + to, tn_core->now(call));
    return TN_OK;
}

void owner_changes(struct tn_call *call, const struct person_rows *rows,
                   const struct tn_record *before, struct tn_record *after)
{
    if (tn_int(before, rows->owner) == tn_int(after, rows->owner))
        return;
    if (tn_has(after, rows->owner))
        tn_set_time(after, rows->owner_date, tn_core->now(call));
    else
        tn_clear(after, rows->owner_date);
}
