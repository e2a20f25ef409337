/* SPDX-License-Identifier: Apache-2.0 */
/* desk_rules.c - what is refused of calendars, policies and assignment rules when they are written.
 */
#include "sla.h"
#include "stages.h"

/* What is for no pipeline at all is for nobody who does not ask for it by name. */
static tn_status check_pipeline(struct tn_call *call, const struct tn_record *record,
                                uint32_t property)
{
    tn_status st = TN_OK;

    if (tn_has(record, property) && !tn_is(record, property, EVERY_PIPELINE))
        st = stages_check_pipeline(call, tn_text(record, property));
    if (st != TN_NOT_FOUND)
        return st;
    return tn_core->refuse(call,
                           TN_INVALID_ARGUMENT,
                           property,
                           "pipeline",
                           "Tickets have no pipeline of this name; \"*\" stands for all of them.");
}

tn_status calendar_changes(struct tn_call *call, const struct tn_record *before,
                           struct tn_record *after)
{
    struct calendar calendar = {0};

    (void)before;
    return after ? sla_read_calendar(call, after, &calendar) : TN_OK;
}

tn_status policy_changes(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after)
{
    (void)before;
    if (!after)
        return TN_OK;
    tn_status st = check_pipeline(call, after, POLICY_PIPELINE);
    for (uint32_t i = 0; i < 2 * TARGET_COUNT; i++) {
        uint32_t target = POLICY_REPLY_TARGET + i;

        if (tn_has(after, target) &&
            (tn_int(after, target) <= 0 || tn_int(after, target) > SLA_TARGET_MAX))
            st = tn_core->refuse(call,
                                 TN_OUT_OF_RANGE,
                                 target,
                                 "range",
                                 "A target is longer than zero, and 366 days at most.");
    }
    if (tn_int(after, POLICY_WARN) < 0)
        st = tn_core->refuse(
            call, TN_OUT_OF_RANGE, POLICY_WARN, "range", "A warning comes before its target.");
    return st;
}

tn_status rule_changes(struct tn_call *call, const struct tn_record *before,
                       struct tn_record *after)
{
    (void)before;
    if (!after || tn_has(after, RULE_MODE))
        return after ? check_pipeline(call, after, RULE_PIPELINE) : TN_OK;
    return tn_core->refuse(call,
                           TN_INVALID_ARGUMENT,
                           RULE_MODE,
                           "required",
                           "A rule assigns in turn, or by the fewest open tickets.");
}
