/* SPDX-License-Identifier: Apache-2.0 */
/* lead.c - the rules of leads: where they come from, their stages, and the deal that one becomes.
 */
#include <stdio.h>
#include <string.h>

#include <tenon/pipelines/v1/pipelines.pb-c.h>

#include "rows.h"

#define KEY_SIZE 256
#define REQUEST_SIZE 128u

static struct tn_value text_value(struct tn_str text)
{
    struct tn_value value = {TN_TEXT, 0, {0}};

    value.as.text = text;
    return value;
}

static int same(struct tn_str a, struct tn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* The stage record of the lead; TN_NOT_FOUND, which marks nothing. */
static tn_status find_stage(struct tn_call *call, struct tn_str name, struct tn_record **ret_stage)
{
    char key[KEY_SIZE];
    int len = snprintf(key, sizeof(key), "leads/%.*s", (int)name.len, name.data);

    if (len < 0 || (size_t)len >= sizeof(key))
        return TN_NOT_FOUND;
    struct tn_value value = text_value((struct tn_str){key, (size_t)len});
    return tn_records->get_by(call, STAGE_KEY, &value, ret_stage);
}

struct tn_str lead_state(struct tn_call *call, const struct tn_record *lead)
{
    struct tn_record *stage = NULL;

    if (!tn_has(lead, LEAD_STAGE) || find_stage(call, tn_text(lead, LEAD_STAGE), &stage) != TN_OK)
        return tn_str("");
    return tn_text(stage, STAGE_STATE);
}

/* Entering */

static tn_status make_default_pipeline(struct tn_call *call)
{
    Tenon__Pipelines__V1__Pipeline pipeline = TENON__PIPELINES__V1__PIPELINE__INIT;
    Tenon__Pipelines__V1__CreateRequest asked = TENON__PIPELINES__V1__CREATE_REQUEST__INIT;
    struct tn_record *request = tn_request(call, MAKE_PIPELINE);
    const struct tn_record *made;
    uint8_t bytes[REQUEST_SIZE];
    char name[] = "default";
    char type[] = "leads"; /* and the template's name */

    pipeline.name = name;
    pipeline.type = type;
    asked.pipeline = &pipeline;
    asked.template_ = type;
    if (tenon__pipelines__v1__create_request__get_packed_size(&asked) > sizeof(bytes))
        return TN_INTERNAL;
    tn_set_body(request, bytes, tenon__pipelines__v1__create_request__pack(&asked, bytes));
    return tn_invoke(request, &made);
}

/* The default pipeline is made when the first lead comes, in the transaction that brings it. */
static tn_status ensure_pipeline(struct tn_call *call, const struct tn_record *lead)
{
    struct tn_record *stage;

    if (tn_has(lead, LEAD_PIPELINE) && !tn_is(lead, LEAD_PIPELINE, "default"))
        return TN_OK;
    tn_status st = find_stage(call, tn_str(STAGE_NEW), &stage);
    return st == TN_NOT_FOUND ? make_default_pipeline(call) : st;
}

static tn_status check_origin(struct tn_call *call, struct tn_record *lead)
{
    if (tn_linked(lead, LEAD_TO_CONTACT) || tn_linked(lead, LEAD_TO_COMPANY))
        return tn_core->status(call);
    return tn_core->refuse(call,
                           TN_INVALID_ARGUMENT,
                           UINT32_MAX,
                           "origin",
                           "A lead starts from a contact or a company: associate one with it.");
}

/* Told to the lifecycle's plugin, in this transaction. */
static tn_status tell(struct tn_call *call, struct tn_record *lead, const char *event)
{
    struct tn_record *request = tn_request(call, APPLY_EVENT);
    tn_id contact = tn_linked(lead, LEAD_TO_CONTACT);
    tn_id company = tn_linked(lead, LEAD_TO_COMPANY);
    const struct tn_record *applied;

    tn_set_choice(request, EVENT_NAME, event);
    if (contact)
        tn_set_ref(request, EVENT_CONTACT, contact);
    if (company)
        tn_set_ref(request, EVENT_COMPANY, company);
    return contact || company ? tn_invoke(request, &applied) : TN_OK;
}

tn_status lead_enters(struct tn_call *call, const struct tn_record *before, struct tn_record *after)
{
    tn_status st = TN_OK;

    if (!after)
        return TN_OK;
    if (!before)
        st = check_origin(call, after);
    if (st == TN_OK && !tn_has(after, LEAD_STAGE))
        st = ensure_pipeline(call, after);
    if (st == TN_OK && !tn_has(after, LEAD_PIPELINE) && !tn_has(after, LEAD_STAGE))
        tn_set_text(after, LEAD_PIPELINE, tn_str("default")); /* leads are always in a pipeline */
    if (tn_int(before, LEAD_OWNER) != tn_int(after, LEAD_OWNER)) {
        if (tn_has(after, LEAD_OWNER))
            tn_set_time(after, LEAD_OWNER_DATE, tn_core->now(call));
        else
            tn_clear(after, LEAD_OWNER_DATE);
    }
    return st;
}

/* Moving */

static tn_status qualified(struct tn_call *call, struct tn_record *lead)
{
    tn_id deal;
    tn_status st = TN_OK;

    tn_set_time(lead, LEAD_QUALIFIED, tn_core->now(call));
    if (!tn_has(lead, LEAD_DEAL))
        st = lead_make_deal(call, lead, NULL, &deal);
    return st != TN_OK ? st : tell(call, lead, "lead_qualified");
}

static tn_status disqualified(struct tn_call *call, struct tn_record *lead)
{
    if (!tn_has(lead, LEAD_REASON))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               LEAD_REASON,
                               "required",
                               "A lead is disqualified for a reason.");
    tn_set_time(lead, LEAD_DISQUALIFIED, tn_core->now(call));
    return tell(call, lead, "lead_disqualified");
}

/* Back to work: what it was closed with is no longer so. */
static void reopened(struct tn_record *lead)
{
    tn_clear(lead, LEAD_REASON);
    tn_clear(lead, LEAD_NOTE);
    tn_clear(lead, LEAD_DISQUALIFIED);
}

static tn_status in_work(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after)
{
    if (tn_has(before, LEAD_DISQUALIFIED))
        reopened(after);
    if (!before)
        return tell(call, after, "lead_created");
    if (tn_is(after, LEAD_STAGE, STAGE_ATTEMPTING))
        return tell(call, after, "lead_attempted");
    if (tn_is(after, LEAD_STAGE, STAGE_CONNECTED))
        return tell(call, after, "lead_connected");
    return TN_OK;
}

tn_status lead_moves(struct tn_call *call, const struct tn_record *before, struct tn_record *after)
{
    if (!after || same(tn_text(before, LEAD_STAGE), tn_text(after, LEAD_STAGE)))
        return TN_OK;
    struct tn_str state = lead_state(call, after);
    int is_won = same(state, tn_str("WON"));

    if (!is_won && tn_has(after, LEAD_DEAL))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               LEAD_STAGE,
                               "qualified",
                               "A qualified lead has its deal, and stays qualified.");
    if (is_won)
        return qualified(call, after);
    if (same(state, tn_str("LOST")))
        return disqualified(call, after);
    return in_work(call, before, after);
}

/* Making leads */

static void take_from_contact(struct tn_call *call, struct tn_record *lead, tn_id id)
{
    struct tn_record *contact = id ? tn_get(call, CONTACT, id) : NULL;

    if (!contact)
        return;
    tn_link_as(lead, LEAD_TO_CONTACT, id, TN_LINK_PRIMARY, 0);
    if (!tn_has(lead, LEAD_NAME) && tn_has(contact, CONTACT_SHOWN_NAME))
        tn_set_text(lead, LEAD_NAME, tn_text(contact, CONTACT_SHOWN_NAME));
    if (!tn_has(lead, LEAD_OWNER) && tn_has(contact, CONTACT_OWNER))
        tn_set(lead, LEAD_OWNER, tn_read(contact, CONTACT_OWNER));
}

static void take_from_company(struct tn_call *call, struct tn_record *lead, tn_id id)
{
    struct tn_record *company = id ? tn_get(call, COMPANY, id) : NULL;

    if (!company)
        return;
    tn_link_as(lead, LEAD_TO_COMPANY, id, TN_LINK_PRIMARY, 0);
    if (!tn_has(lead, LEAD_NAME) && tn_has(company, COMPANY_NAME))
        tn_set_text(lead, LEAD_NAME, tn_text(company, COMPANY_NAME));
}

static tn_status unknown(struct tn_call *call, uint32_t property)
{
    return tn_core->refuse(call, TN_NOT_FOUND, property, "not_found", "There is no such record.");
}

struct tn_record *lead_make(struct tn_call *call, tn_id contact, tn_id company, struct tn_str name,
                            tn_id owner)
{
    struct tn_record *person = contact ? tn_get(call, CONTACT, contact) : NULL;

    if (contact && !person)
        (void)unknown(call, FROM_CONTACT);
    if (company && !tn_get(call, COMPANY, company))
        (void)unknown(call, FROM_COMPANY);
    if (tn_core->status(call) != TN_OK)
        return NULL;
    struct tn_record *lead = tn_create(call, LEAD);
    if (name.len > 0)
        tn_set_text(lead, LEAD_NAME, name);
    if (owner)
        tn_set_ref(lead, LEAD_OWNER, owner);
    if (lead) {
        take_from_contact(call, lead, contact);
        take_from_company(call, lead, company ? company : tn_linked(person, CONTACT_TO_COMPANY));
    }
    return tn_core->status(call) == TN_OK ? lead : NULL;
}

tn_status contact_moved(struct tn_call *call, const struct tn_record *before,
                        const struct tn_record *after)
{
    struct tn_str wanted = tn_setting_text(call, FROM_LIFECYCLE);
    struct tn_str now = tn_text(after, CONTACT_LIFECYCLE);
    struct tn_record *contact;

    if (!after || wanted.len == 0 || !same(now, wanted) ||
        same(tn_text(before, CONTACT_LIFECYCLE), wanted))
        return TN_OK;
    contact = tn_get(call, CONTACT, tn_id_of(after));
    if (!contact || tn_linked(contact, LEAD_TO_CONTACT | TN_INVERSE))
        return TN_OK; /* it is gone, or somebody works on it already */
    (void)lead_make(call, tn_id_of(contact), 0, tn_str(""), 0);
    return tn_core->status(call);
}

/* The deal */

static void carry(struct tn_call *call, struct tn_record *lead, uint32_t from,
                  struct tn_record *deal, uint32_t to)
{
    tn_id ids[LINKED_MAX];
    uint32_t count = 0;

    if (tn_records->linked(lead, from, ids, LINKED_MAX, &count) != TN_OK)
        return;
    if (count > LINKED_MAX) {
        (void)tn_core->refuse(call,
                              TN_OUT_OF_RANGE,
                              UINT32_MAX,
                              "too_many",
                              "A lead has at most 50 contacts and 50 companies.");
        return;
    }
    for (uint32_t i = 0; i < count; i++) /* the primary one first, and so on the deal */
        tn_link_as(deal, to, ids[i], i == 0 ? TN_LINK_PRIMARY : 0, 0);
}

static void copy_if(struct tn_record *to, uint32_t property, struct tn_value value)
{
    if (value.kind != TN_NONE)
        tn_set(to, property, value);
}

tn_status lead_make_deal(struct tn_call *call, struct tn_record *lead,
                         const struct tn_record *request, tn_id *ret_deal)
{
    struct tn_record *asked = tn_request(call, MAKE_DEAL);
    const struct tn_record *answer = NULL;

    copy_if(asked, DEAL_ASKED_NAME, tn_read(lead, LEAD_NAME));
    copy_if(asked, DEAL_ASKED_OWNER, tn_read(lead, LEAD_OWNER));
    copy_if(asked, DEAL_ASKED_NAME, tn_read(request, QUALIFY_NAME));
    copy_if(asked, DEAL_ASKED_AMOUNT, tn_read(request, QUALIFY_AMOUNT));
    copy_if(asked, DEAL_ASKED_PIPELINE, tn_read(request, QUALIFY_PIPELINE));
    copy_if(asked, DEAL_ASKED_STAGE, tn_read(request, QUALIFY_STAGE));
    tn_status st = tn_invoke(asked, &answer);
    if (st != TN_OK)
        return st; /* as the module of deals says it */
    tn_id id = (tn_id)tn_int(answer, DEAL_MADE);
    struct tn_record *deal = tn_get(call, DEAL, id);
    tn_set_ref(lead, LEAD_DEAL, id);
    tn_link_as(lead, LEAD_TO_DEAL, id, TN_LINK_PRIMARY, 0);
    carry(call, lead, LEAD_TO_CONTACT, deal, DEAL_TO_CONTACT);
    carry(call, lead, LEAD_TO_COMPANY, deal, DEAL_TO_COMPANY);
    *ret_deal = id;
    return tn_core->status(call);
}
