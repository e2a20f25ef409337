/* SPDX-License-Identifier: Apache-2.0 */
/*
 * properties.h - the properties of leads, under the names that integrators know, and those of
 * others and of messages that code works with. Included by plugin.c alone.
 */
#ifndef PLUGINS_LEADS_PROPERTIES_H
#define PLUGINS_LEADS_PROPERTIES_H

#include <tenon/marks.h>

#include "rows.h"

#define GROUP_LEAD "leadinformation"
#define GROUP_ACTIVITY "lead_activity"
#define GROUP_RESULT "lead_result"

static const struct tn_option lead_types[] = {
    {"NEW_BUSINESS", "New business"},
    {"RE_ATTEMPTING", "Re-attempting"},
    {"UPSELL", "Upsell"},
};
static const struct tn_option lead_labels[] = {
    {"WARM", "Warm"},
    {"HOT", "Hot"},
    {"COLD", "Cold"},
};
static const struct tn_option reasons[] = {
    {"NO_BUDGET", "No budget"},
    {"NO_NEED", "No need"},
    {"NO_RESPONSE", "No response"},
    {"BAD_TIMING", "Bad timing"},
    {"WENT_WITH_COMPETITOR", "Went with a competitor"},
    {"WRONG_CONTACT", "Wrong contact"},
    {"NOT_A_FIT", "Not a fit"},
    {"DUPLICATE", "Duplicate"},
    {"OTHER", "Other"},
};
static const struct tn_option touch_kinds[] = {
    {"CALL", "Call"},
    {"EMAIL", "Email"},
    {"MEETING", "Meeting"},
    {"MESSAGE", "Message"},
    {"OTHER", "Other"},
};

/* Rows of others are named as they are there. */
#define USED(type, kind, name)                         \
    {                                                  \
        TN_PROPERTY(type, kind, name, NULL, TN_EXTERN) \
    }
#define GIVEN(type, kind, name)                                    \
    {                                                              \
        TN_PROPERTY(type, kind, name, NULL, TN_EXTERN | TN_WRITES) \
    }

static const struct tn_property properties[] = {
    [LEAD_NAME] = {TN_PROPERTY(LEAD, TN_TEXT, "hs_lead_name", "Lead name",
                               TN_REQUIRED | TN_SEARCHABLE | TN_TITLE),
                   .group = GROUP_LEAD},
    [LEAD_PIPELINE] = GIVEN(TN_MARKED(TN_STAGED), TN_TEXT, "hs_pipeline"),
    [LEAD_STAGE] = GIVEN(TN_MARKED(TN_STAGED), TN_TEXT, "hs_pipeline_stage"),
    [LEAD_OWNER] = {TN_PROPERTY(LEAD, TN_REF, "hubspot_owner_id", "Lead owner",
                                TN_INDEXED | TN_OWNER),
                    .group = GROUP_LEAD,
                    .refers = USER},
    [LEAD_OWNER_DATE] = {TN_PROPERTY(LEAD, TN_DATETIME, "hubspot_owner_assigneddate",
                                     "Owner assigned on", TN_READONLY),
                         .group = GROUP_LEAD},
    [LEAD_REASON] = {TN_PROPERTY(LEAD, TN_CHOICE, "hs_lead_disqualification_reason",
                                 "Disqualification reason", TN_INDEXED),
                     .group = GROUP_RESULT,
                     .options = TN_LIST(reasons)},
    [LEAD_NOTE] = {TN_PROPERTY(LEAD, TN_TEXT, "hs_lead_disqualification_note",
                               "Disqualification note", 0),
                   .group = GROUP_RESULT},
    [LEAD_CALLS] = {TN_PROPERTY(LEAD, TN_NUMBER, "hs_lead_call_count", "Number of calls",
                                TN_READONLY),
                    .group = GROUP_ACTIVITY,
                    .fallback = "0"},
    [LEAD_TOUCHES] = {TN_PROPERTY(LEAD, TN_NUMBER, "hs_lead_touch_count", "Number of touches",
                                  TN_READONLY),
                      .group = GROUP_ACTIVITY,
                      .fallback = "0"},
    [LEAD_TOUCHED] = {TN_PROPERTY(LEAD, TN_DATETIME, "hs_last_touch_date", "Last touch on",
                                  TN_READONLY | TN_INDEXED),
                      .group = GROUP_ACTIVITY},
    [LEAD_FIRST_TOUCHED] = {TN_PROPERTY(LEAD, TN_DATETIME, "hs_first_outreach_date",
                                        "First touch on", TN_READONLY),
                            .group = GROUP_ACTIVITY},
    [LEAD_QUALIFIED] = {TN_PROPERTY(LEAD, TN_DATETIME, "hs_lead_qualified_date", "Qualified on",
                                    TN_READONLY),
                        .group = GROUP_RESULT},
    [LEAD_DISQUALIFIED] = {TN_PROPERTY(LEAD, TN_DATETIME, "hs_lead_disqualified_date",
                                       "Disqualified on", TN_READONLY),
                           .group = GROUP_RESULT},
    [LEAD_DEAL] = {TN_PROPERTY(LEAD, TN_REF, "hs_lead_deal_id", "Deal", TN_READONLY | TN_INDEXED),
                   .group = GROUP_RESULT,
                   .refers = DEAL},
    [STAGE_KEY] = USED(STAGE, TN_TEXT, "key"),
    [STAGE_TYPE] = USED(STAGE, TN_TEXT, "object_type"),
    [STAGE_PIPELINE] = USED(STAGE, TN_TEXT, "pipeline"),
    [STAGE_NAME] = USED(STAGE, TN_TEXT, "name"),
    [STAGE_STATE] = USED(STAGE, TN_CHOICE, "state"),
    [CONTACT_SHOWN_NAME] = USED(CONTACT, TN_TEXT, "hs_full_name_or_email"),
    [CONTACT_LIFECYCLE] = USED(CONTACT, TN_CHOICE, "lifecyclestage"),
    [CONTACT_OWNER] = USED(CONTACT, TN_REF, "hubspot_owner_id"),
    [COMPANY_NAME] = USED(COMPANY, TN_TEXT, "name"),
    [DEAL_ASKED_NAME] = USED(DEAL_REQUEST, TN_TEXT, "dealname"),
    [DEAL_ASKED_PIPELINE] = USED(DEAL_REQUEST, TN_TEXT, "pipeline"),
    [DEAL_ASKED_STAGE] = USED(DEAL_REQUEST, TN_TEXT, "dealstage"),
    [DEAL_ASKED_AMOUNT] = USED(DEAL_REQUEST, TN_NUMBER, "amount"),
    [DEAL_ASKED_OWNER] = USED(DEAL_REQUEST, TN_REF, "owner"),
    [DEAL_MADE] = USED(DEAL_RESPONSE, TN_REF, "deal"),
    [EVENT_NAME] = USED(EVENT_REQUEST, TN_CHOICE, "event"),
    [EVENT_CONTACT] = USED(EVENT_REQUEST, TN_REF, "contact"),
    [EVENT_COMPANY] = USED(EVENT_REQUEST, TN_REF, "company"),
    [FROM_CONTACT] = {TN_PROPERTY(FROM_REQUEST, TN_REF, "contact", "Contact", 0),
                      .refers = CONTACT},
    [FROM_COMPANY] = {TN_PROPERTY(FROM_REQUEST, TN_REF, "company", "Company", 0),
                      .refers = COMPANY},
    [FROM_NAME] = {TN_PROPERTY(FROM_REQUEST, TN_TEXT, "name", "Lead name", 0)},
    [FROM_PIPELINE] = {TN_PROPERTY(FROM_REQUEST, TN_TEXT, "pipeline", "Pipeline", 0)},
    [FROM_OWNER] = {TN_PROPERTY(FROM_REQUEST, TN_REF, "owner", "Lead owner", 0), .refers = USER},
    [FROM_LEAD] = {TN_PROPERTY(FROM_RESPONSE, TN_REF, "lead", "Lead", 0), .refers = LEAD},
    [TOUCHED_LEAD] = {TN_PROPERTY(TOUCH_REQUEST, TN_REF, "lead", "Lead", TN_REQUIRED),
                      .refers = LEAD},
    [TOUCH_KIND] = {TN_PROPERTY(TOUCH_REQUEST, TN_CHOICE, "kind", "Kind", TN_REQUIRED),
                    .options = TN_LIST(touch_kinds)},
    [TOUCH_ANSWERED] = {TN_PROPERTY(TOUCH_REQUEST, TN_BOOL, "answered", "Answered", 0)},
    [TOUCH_TIME] = {TN_PROPERTY(TOUCH_REQUEST, TN_DATETIME, "time", "Time", 0)},
    [TOUCHED_STAGE] = {TN_PROPERTY(TOUCH_RESPONSE, TN_TEXT, "stage", "Stage", 0)},
    [QUALIFIED_LEAD] = {TN_PROPERTY(QUALIFY_REQUEST, TN_REF, "lead", "Lead", TN_REQUIRED),
                        .refers = LEAD},
    [QUALIFY_NAME] = {TN_PROPERTY(QUALIFY_REQUEST, TN_TEXT, "dealname", "Deal name", 0)},
    [QUALIFY_AMOUNT] = {TN_PROPERTY(QUALIFY_REQUEST, TN_NUMBER, "amount", "Amount", 0)},
    [QUALIFY_PIPELINE] = {TN_PROPERTY(QUALIFY_REQUEST, TN_TEXT, "pipeline", "Pipeline", 0)},
    [QUALIFY_STAGE] = {TN_PROPERTY(QUALIFY_REQUEST, TN_TEXT, "dealstage", "Deal stage", 0)},
    [QUALIFIED_DEAL] = {TN_PROPERTY(QUALIFY_RESPONSE, TN_REF, "deal", "Deal", 0), .refers = DEAL},
    [QUALIFIED_CREATED] = {TN_PROPERTY(QUALIFY_RESPONSE, TN_BOOL, "created", "Created", 0)},
    [DISQUALIFIED_LEAD] = {TN_PROPERTY(DISQUALIFY_REQUEST, TN_REF, "lead", "Lead", TN_REQUIRED),
                           .refers = LEAD},
    [DISQUALIFY_REASON] = {TN_PROPERTY(DISQUALIFY_REQUEST, TN_CHOICE, "reason",
                                       "Disqualification reason", TN_REQUIRED),
                           .options = TN_LIST(reasons)},
    [DISQUALIFY_NOTE] = {TN_PROPERTY(DISQUALIFY_REQUEST, TN_TEXT, "note", "Disqualification note",
                                     0)},
    [DISQUALIFIED_STAGE] = {TN_PROPERTY(DISQUALIFY_RESPONSE, TN_TEXT, "stage", "Stage", 0)},

    /* What code does not look at. */
    {TN_PROPERTY(LEAD, TN_CHOICE, "hs_lead_type", "Lead type", TN_INDEXED),
     .group = GROUP_LEAD,
     .options = TN_LIST(lead_types)},
    {TN_PROPERTY(LEAD, TN_CHOICE, "hs_lead_label", "Lead label", TN_INDEXED),
     .group = GROUP_LEAD,
     .options = TN_LIST(lead_labels)},
    {TN_PROPERTY(LEAD, TN_TEXT, "hs_lead_source", "Lead source", 0), .group = GROUP_LEAD},
};

#endif /* PLUGINS_LEADS_PROPERTIES_H */
