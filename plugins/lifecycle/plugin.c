/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.c - the lifecycle of contacts and companies, moved on by what happens to them: a lead, a
 * deal, a deal that is won. What moves by itself moves forward only; the plugin of contacts dates
 * each entry.
 */
#include <stdlib.h>

#include <tenon_sdk.h>

#include "texts.h"

TN_NEEDS(core, records);

enum { CONTACT, COMPANY, DEAL, APPLY_REQUEST, APPLY_RESPONSE };

enum {
    CONTACT_STAGE,
    CONTACT_STATUS,
    COMPANY_STAGE,
    DEAL_IS_WON,
    APPLY_EVENT,
    APPLY_CONTACT,
    APPLY_COMPANY,
    APPLIED_TO_CONTACT,
    APPLIED_TO_COMPANY
};

enum { CONTACT_TO_COMPANY, DEAL_TO_CONTACT, DEAL_TO_COMPANY };

/* Settings; those of stages are in the order of the events. */
enum {
    STAGE_OF_EVENT,
    CONTACTS_FOLLOW = 7,
    COMPANY_FOLLOWS,
    STATUS_FOLLOWS,
};

enum {
    LEAD_CREATED,
    LEAD_ATTEMPTED,
    LEAD_CONNECTED,
    LEAD_QUALIFIED,
    LEAD_DISQUALIFIED,
    DEAL_CREATED,
    DEAL_WON,
    EVENT_COUNT
};

/* Records that one event may reach; there are no deals with more contacts. */
#define LINKED_MAX 1000u
/* The contacts of one company that follow it in one transaction; the others do at their next
 * change. */
#define FOLLOWER_MAX 100000u

/* By rank. "other", the last of the lifecycle's stages, has none. */
static const char *const stages[] = {"subscriber",
                                     "lead",
                                     "marketingqualifiedlead",
                                     "salesqualifiedlead",
                                     "opportunity",
                                     "customer",
                                     "evangelist"};
#define STAGE_COUNT (sizeof(stages) / sizeof(stages[0]))

static const struct tn_option events[EVENT_COUNT] = {
    [LEAD_CREATED] = {"lead_created", "Lead created"},
    [LEAD_ATTEMPTED] = {"lead_attempted", "Lead attempted"},
    [LEAD_CONNECTED] = {"lead_connected", "Lead connected"},
    [LEAD_QUALIFIED] = {"lead_qualified", "Lead qualified"},
    [LEAD_DISQUALIFIED] = {"lead_disqualified", "Lead disqualified"},
    [DEAL_CREATED] = {"deal_created", "Deal created"},
    [DEAL_WON] = {"deal_won", "Deal won"},
};

/* The contact's lead status after an event. */
static const char *const statuses[EVENT_COUNT] = {
    [LEAD_CREATED] = "NEW",
    [LEAD_ATTEMPTED] = "ATTEMPTED_TO_CONTACT",
    [LEAD_CONNECTED] = "CONNECTED",
    [LEAD_DISQUALIFIED] = "UNQUALIFIED",
    [DEAL_CREATED] = "OPEN_DEAL",
};

static int is(struct tn_str text, const char *other)
{
    return text.len == strlen(other) && memcmp(text.data, other, text.len) == 0;
}

/* STAGE_COUNT: none, or one without a rank. */
static size_t rank_of(struct tn_str stage)
{
    size_t rank = 0;

    while (rank < STAGE_COUNT && !is(stage, stages[rank]))
        rank++;
    return rank;
}

/*
 * To the stage of that name, if that is a step forward. What has no stage enters it; what stands in
 * one without a rank was put there by somebody, and stays.
 */
static int move_on(struct tn_record *record, uint32_t property, struct tn_str stage)
{
    size_t to = rank_of(stage);
    struct tn_str now = tn_text(record, property);

    if (!record || to == STAGE_COUNT)
        return 0;
    if (now.len > 0 && (rank_of(now) == STAGE_COUNT || rank_of(now) >= to))
        return 0;
    tn_set_choice(record, property, stages[to]);
    return 1;
}

/* NULL: no such record any more. */
static struct tn_record *find(struct tn_call *call, uint32_t type, tn_id id)
{
    return id ? tn_get(call, type, id) : NULL;
}

static int apply_to_contact(struct tn_call *call, unsigned event, tn_id id)
{
    struct tn_record *contact = find(call, CONTACT, id);

    if (contact && statuses[event] && tn_setting_int(call, STATUS_FOLLOWS))
        tn_set_choice(contact, CONTACT_STATUS, statuses[event]);
    return move_on(contact, CONTACT_STAGE, tn_setting_text(call, STAGE_OF_EVENT + event));
}

static int apply_to_company(struct tn_call *call, unsigned event, tn_id id)
{
    return move_on(
        find(call, COMPANY, id), COMPANY_STAGE, tn_setting_text(call, STAGE_OF_EVENT + event));
}

static tn_status serve_apply(struct tn_call *call, const struct tn_record *request,
                             struct tn_record *response)
{
    tn_id contact = (tn_id)tn_int(request, APPLY_CONTACT);
    tn_id company = (tn_id)tn_int(request, APPLY_COMPANY);
    unsigned event = 0;

    while (event < EVENT_COUNT && !tn_is(request, APPLY_EVENT, events[event].name))
        event++;
    if (event == EVENT_COUNT || (!contact && !company))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               APPLY_CONTACT,
                               "required",
                               "An event happens to a contact or to a company.");
    tn_set_bool(response, APPLIED_TO_CONTACT, apply_to_contact(call, event, contact));
    tn_set_bool(response, APPLIED_TO_COMPANY, apply_to_company(call, event, company));
    return TN_OK;
}

/* Deals */

static void apply_to_linked(struct tn_call *call, struct tn_record *deal, unsigned event)
{
    tn_id ids[LINKED_MAX];
    uint32_t count = 0;

    if (tn_records->linked(deal, DEAL_TO_CONTACT, ids, LINKED_MAX, &count) == TN_OK)
        for (uint32_t i = 0; i < count && i < LINKED_MAX; i++)
            (void)apply_to_contact(call, event, ids[i]);
    if (tn_records->linked(deal, DEAL_TO_COMPANY, ids, LINKED_MAX, &count) == TN_OK)
        for (uint32_t i = 0; i < count && i < LINKED_MAX; i++)
            (void)apply_to_company(call, event, ids[i]);
}

static tn_status deal_moved(struct tn_call *call, const struct tn_record *before,
                            const struct tn_record *after)
{
    struct tn_record *deal = after ? find(call, DEAL, tn_id_of(after)) : NULL;

    if (!deal)
        return TN_OK;
    if (!before)
        apply_to_linked(call, deal, DEAL_CREATED);
    if (tn_int(after, DEAL_IS_WON) && !tn_int(before, DEAL_IS_WON))
        apply_to_linked(call, deal, DEAL_WON);
    return tn_core->status(call);
}

/* A company and its contacts */

static tn_status company_moved(struct tn_call *call, const struct tn_record *before,
                               const struct tn_record *after)
{
    struct tn_record *company = after ? find(call, COMPANY, tn_id_of(after)) : NULL;
    uint32_t count = 0;
    tn_id none;

    (void)before;
    if (!company || !tn_setting_int(call, CONTACTS_FOLLOW))
        return TN_OK;
    tn_status st = tn_records->linked(company, CONTACT_TO_COMPANY, &none, 0, &count);
    if (st != TN_OK || count == 0)
        return st;
    if (count > FOLLOWER_MAX)
        count = FOLLOWER_MAX;
    tn_id *ids = calloc(count, sizeof(*ids));
    if (!ids)
        return TN_RESOURCE_EXHAUSTED;
    uint32_t room = count;
    st = tn_records->linked(company, CONTACT_TO_COMPANY, ids, room, &count);
    for (uint32_t i = 0; st == TN_OK && i < count && i < room; i++)
        (void)move_on(find(call, CONTACT, ids[i]), CONTACT_STAGE, tn_text(after, COMPANY_STAGE));
    free(ids);
    return st == TN_OK ? tn_core->status(call) : st;
}

static tn_status contact_moved(struct tn_call *call, const struct tn_record *before,
                               const struct tn_record *after)
{
    struct tn_record *contact = after ? find(call, CONTACT, tn_id_of(after)) : NULL;
    struct tn_record *company = NULL;

    if (contact)
        company = find(call, COMPANY, tn_linked(contact, CONTACT_TO_COMPANY));
    if (!company)
        return TN_OK;
    if (tn_setting_int(call, COMPANY_FOLLOWS))
        (void)move_on(company, COMPANY_STAGE, tn_text(after, CONTACT_STAGE));
    if (!before && tn_setting_int(call, CONTACTS_FOLLOW))
        (void)move_on(contact, CONTACT_STAGE, tn_text(company, COMPANY_STAGE));
    return tn_core->status(call);
}

static const struct tn_type types[] = {
    [CONTACT] = {.name = "contacts", .flags = TN_EXTERN},
    [COMPANY] = {.name = "companies", .flags = TN_EXTERN},
    [DEAL] = {.name = "deals", .flags = TN_EXTERN},
    [APPLY_REQUEST] = {.name = "tenon.lifecycle.v1.ApplyRequest", .flags = TN_MESSAGE},
    [APPLY_RESPONSE] = {.name = "tenon.lifecycle.v1.ApplyResponse", .flags = TN_MESSAGE},
};

#define USES TN_EXTERN
#define MOVES (TN_EXTERN | TN_WRITES)

static const struct tn_property properties[] = {
    [CONTACT_STAGE] = {TN_PROPERTY(CONTACT, TN_CHOICE, "lifecyclestage", NULL, MOVES)},
    [CONTACT_STATUS] = {TN_PROPERTY(CONTACT, TN_CHOICE, "hs_lead_status", NULL, MOVES)},
    [COMPANY_STAGE] = {TN_PROPERTY(COMPANY, TN_CHOICE, "lifecyclestage", NULL, MOVES)},
    [DEAL_IS_WON] = {TN_PROPERTY(DEAL, TN_BOOL, "hs_is_closed_won", NULL, USES)},
    [APPLY_EVENT] = {TN_PROPERTY(APPLY_REQUEST, TN_CHOICE, "event", "Event", TN_REQUIRED),
                     .options = TN_LIST(events)},
    [APPLY_CONTACT] = {TN_PROPERTY(APPLY_REQUEST, TN_REF, "contact", "Contact", 0),
                       .refers = CONTACT},
    [APPLY_COMPANY] = {TN_PROPERTY(APPLY_REQUEST, TN_REF, "company", "Company", 0),
                       .refers = COMPANY},
    [APPLIED_TO_CONTACT] = {TN_PROPERTY(APPLY_RESPONSE, TN_BOOL, "contact_moved",
                                        "The contact moved", 0)},
    [APPLIED_TO_COMPANY] = {TN_PROPERTY(APPLY_RESPONSE, TN_BOOL, "company_moved",
                                        "The company moved", 0)},
};

static const struct tn_association associations[] = {
    [CONTACT_TO_COMPANY] = {"contact_to_company", CONTACT, COMPANY, .flags = TN_EXTERN},
    [DEAL_TO_CONTACT] = {"deal_to_contact", DEAL, CONTACT, .flags = TN_EXTERN},
    [DEAL_TO_COMPANY] = {"deal_to_company", DEAL, COMPANY, .flags = TN_EXTERN},
};

/* After the commit: nobody's write waits for it, and none fails by it. */
static const struct tn_consumer consumers[] = {
    {"deals", DEAL, 0, deal_moved, .on = TN_AT(DEAL_IS_WON)},
    {"companies", COMPANY, TN_LONG, company_moved, .on = TN_AT(COMPANY_STAGE)},
    {"contacts", CONTACT, 0, contact_moved, .on = TN_AT(CONTACT_STAGE)},
};

static const struct tn_method methods[] = {
    {"tenon.lifecycle.v1.Lifecycle/Apply",
     APPLY_REQUEST,
     APPLY_RESPONSE,
     serve_apply,
     .flags = TN_JOINS},
};

#define STAGE_SETTING(name, what, fallback)                                           \
    {                                                                                 \
        name, "The lifecycle stage after " what "; empty: none", TN_TEXT, 0, fallback \
    }

static const struct tn_setting settings[] = {
    [STAGE_OF_EVENT + LEAD_CREATED] = STAGE_SETTING("lead_created", "a lead was created", "lead"),
    [STAGE_OF_EVENT + LEAD_ATTEMPTED] =
        STAGE_SETTING("lead_attempted", "a first try to reach a lead", ""),
    [STAGE_OF_EVENT + LEAD_CONNECTED] = STAGE_SETTING("lead_connected", "a lead answered", ""),
    [STAGE_OF_EVENT + LEAD_QUALIFIED] =
        STAGE_SETTING("lead_qualified", "a lead was qualified", "salesqualifiedlead"),
    [STAGE_OF_EVENT + LEAD_DISQUALIFIED] =
        STAGE_SETTING("lead_disqualified", "a lead was disqualified", ""),
    [STAGE_OF_EVENT + DEAL_CREATED] =
        STAGE_SETTING("deal_created", "a deal was created", "opportunity"),
    [STAGE_OF_EVENT + DEAL_WON] = STAGE_SETTING("deal_won", "a deal was won", "customer"),
    [CONTACTS_FOLLOW] = {"contacts_follow_company",
                         "Whether contacts move on to the stage that their company enters",
                         TN_BOOL,
                         0,
                         "true"},
    [COMPANY_FOLLOWS] = {"company_follows_contacts",
                         "Whether a company moves on to the stage that one of its contacts enters",
                         TN_BOOL,
                         0,
                         "false"},
    [STATUS_FOLLOWS] = {"lead_status_follows",
                        "Whether a contact's lead status is set by what happens to its leads and "
                        "deals",
                        TN_BOOL,
                        0,
                        "true"},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("tenon.lifecycle", "1.0.0",
              "What moves contacts and companies on in their lifecycle"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .consumers = TN_LIST(consumers),
    .methods = TN_LIST(methods),
    .settings = TN_LIST(settings),
    .texts = TN_LIST(texts),
};
