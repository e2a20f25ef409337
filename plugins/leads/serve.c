/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - tenon.leads.v1.Leads: making leads, working on them, and closing them. */
#include <string.h>

#include "rows.h"

static struct tn_record *find_lead(struct tn_call *call, const struct tn_record *request,
                                   uint32_t property)
{
    struct tn_record *lead = tn_get(call, LEAD, (tn_id)tn_int(request, property));

    if (!lead && tn_core->status(call) == TN_OK)
        (void)tn_core->refuse(call, TN_NOT_FOUND, property, "not_found", "There is no such lead.");
    return lead;
}

static int is_state(struct tn_call *call, const struct tn_record *lead, const char *state)
{
    struct tn_str text = lead_state(call, lead);

    return text.len == strlen(state) && memcmp(text.data, state, text.len) == 0;
}

tn_status serve_create_from(struct tn_call *call, const struct tn_record *request,
                            struct tn_record *response)
{
    tn_id contact = (tn_id)tn_int(request, FROM_CONTACT);
    tn_id company = (tn_id)tn_int(request, FROM_COMPANY);

    if (!contact && !company)
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               FROM_CONTACT,
                               "required",
                               "A lead starts from a contact or a company: associate one with it.");
    struct tn_record *lead = lead_make(
        call, contact, company, tn_text(request, FROM_NAME), (tn_id)tn_int(request, FROM_OWNER));
    if (!lead)
        return tn_core->status(call);
    if (tn_has(request, FROM_PIPELINE))
        tn_set_text(lead, LEAD_PIPELINE, tn_text(request, FROM_PIPELINE));
    tn_set_ref(response, FROM_LEAD, tn_id_of(lead));
    return tn_core->status(call);
}

/* Touches */

static void count(struct tn_record *lead, uint32_t property)
{
    tn_set_number(lead, property, tn_int(lead, property) + 1, 0);
}

/* A first try moves on what is new, an answer what waits for one; nothing moves back. */
static const char *stage_after_touch(const struct tn_record *lead, int is_answered)
{
    if (is_answered &&
        (tn_is(lead, LEAD_STAGE, STAGE_NEW) || tn_is(lead, LEAD_STAGE, STAGE_ATTEMPTING)))
        return STAGE_CONNECTED;
    return tn_is(lead, LEAD_STAGE, STAGE_NEW) ? STAGE_ATTEMPTING : NULL;
}

tn_status serve_touch(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_record *lead = find_lead(call, request, TOUCHED_LEAD);
    tn_time time = tn_has(request, TOUCH_TIME) ? tn_int(request, TOUCH_TIME) : tn_core->now(call);

    if (!lead)
        return tn_core->status(call);
    if (time > tn_core->now(call))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               TOUCH_TIME,
                               "future",
                               "A touch that was made is not in the future.");
    const char *stage = stage_after_touch(lead, tn_int(request, TOUCH_ANSWERED) != 0);
    if (tn_is(request, TOUCH_KIND, "CALL"))
        count(lead, LEAD_CALLS);
    count(lead, LEAD_TOUCHES);
    if (!tn_has(lead, LEAD_FIRST_TOUCHED) || tn_int(lead, LEAD_FIRST_TOUCHED) > time)
        tn_set_time(lead, LEAD_FIRST_TOUCHED, time);
    if (tn_int(lead, LEAD_TOUCHED) < time)
        tn_set_time(lead, LEAD_TOUCHED, time);
    if (stage)
        tn_set_text(lead, LEAD_STAGE, tn_str(stage));
    tn_set_text(response, TOUCHED_STAGE, tn_text(lead, LEAD_STAGE));
    return tn_core->status(call);
}

/* Closing */

/* The stage of the lead's pipeline that means `state`; the default pipeline's name else. */
static tn_status enter(struct tn_call *call, struct tn_record *lead, const char *state,
                       const char *stage)
{
    struct tn_value value = {TN_CHOICE, 0, {0}};
    struct tn_value pipeline = tn_read(lead, LEAD_PIPELINE);
    struct tn_value type = {TN_TEXT, 0, {0}};
    const struct tn_record *found = NULL;
    struct tn_found *stages;

    value.as.text = tn_str(state);
    type.as.text = tn_str("leads");
    const struct tn_filter filters[] = {
        {STAGE_TYPE, TN_EQ, 0, 1, &type},
        {STAGE_PIPELINE, TN_EQ, 0, 1, &pipeline},
        {STAGE_STATE, TN_EQ, 0, 1, &value},
    };
    tn_status st = tn_records->find(call, STAGE, filters, 3, TN_BY_ID, 1, &stages);
    if (st != TN_OK)
        return st;
    st = tn_records->next(stages, &found);
    if (st == TN_OK)
        tn_set_text(lead, LEAD_STAGE, found ? tn_text(found, STAGE_NAME) : tn_str(stage));
    tn_records->close(stages);
    return st == TN_OK ? tn_core->status(call) : st;
}

tn_status serve_qualify(struct tn_call *call, const struct tn_record *request,
                        struct tn_record *response)
{
    struct tn_record *lead = find_lead(call, request, QUALIFIED_LEAD);
    tn_id deal;

    if (!lead)
        return tn_core->status(call);
    if (is_state(call, lead, "LOST"))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               LEAD_STAGE,
                               "disqualified",
                               "The lead is disqualified: reopen it first.");
    deal = (tn_id)tn_int(lead, LEAD_DEAL);
    tn_set_bool(response, QUALIFIED_CREATED, deal == 0);
    if (!deal) {
        tn_status st = lead_make_deal(call, lead, request, &deal);

        if (st == TN_OK)
            st = enter(call, lead, "WON", STAGE_QUALIFIED);
        if (st != TN_OK)
            return st;
    }
    tn_set_ref(response, QUALIFIED_DEAL, deal);
    return tn_core->status(call);
}

tn_status serve_disqualify(struct tn_call *call, const struct tn_record *request,
                           struct tn_record *response)
{
    struct tn_record *lead = find_lead(call, request, DISQUALIFIED_LEAD);

    if (!lead)
        return tn_core->status(call);
    if (tn_has(lead, LEAD_DEAL))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               LEAD_STAGE,
                               "qualified",
                               "A qualified lead has its deal, and stays qualified.");
    tn_set(lead, LEAD_REASON, tn_read(request, DISQUALIFY_REASON));
    if (tn_has(request, DISQUALIFY_NOTE))
        tn_set(lead, LEAD_NOTE, tn_read(request, DISQUALIFY_NOTE));
    tn_status st = enter(call, lead, "LOST", STAGE_DISQUALIFIED);
    tn_set_text(response, DISQUALIFIED_STAGE, tn_text(lead, LEAD_STAGE));
    return st;
}
