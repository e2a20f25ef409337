/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - positions in the plugin's lists, and what its files share. */
#ifndef PLUGINS_LEADS_ROWS_H
#define PLUGINS_LEADS_ROWS_H

#include <tenon_sdk.h>

enum {
    LEAD,
    CONTACT,
    COMPANY,
    DEAL,
    STAGE,
    USER,
    PIPELINE_REQUEST,
    PIPELINE_RESPONSE,
    DEAL_REQUEST,
    DEAL_RESPONSE,
    EVENT_REQUEST,
    EVENT_RESPONSE,
    FROM_REQUEST,
    FROM_RESPONSE,
    TOUCH_REQUEST,
    TOUCH_RESPONSE,
    QUALIFY_REQUEST,
    QUALIFY_RESPONSE,
    DISQUALIFY_REQUEST,
    DISQUALIFY_RESPONSE
};

/* Those that code works with; the data-only rows of leads follow them. */
enum {
    LEAD_NAME,
    LEAD_PIPELINE,
    LEAD_STAGE,
    LEAD_OWNER,
    LEAD_OWNER_DATE,
    LEAD_REASON,
    LEAD_NOTE,
    LEAD_CALLS,
    LEAD_TOUCHES,
    LEAD_TOUCHED,
    LEAD_FIRST_TOUCHED,
    LEAD_QUALIFIED,
    LEAD_DISQUALIFIED,
    LEAD_DEAL,
    STAGE_KEY,
    STAGE_TYPE,
    STAGE_PIPELINE,
    STAGE_NAME,
    STAGE_STATE,
    CONTACT_SHOWN_NAME,
    CONTACT_LIFECYCLE,
    CONTACT_OWNER,
    COMPANY_NAME,
    DEAL_ASKED_NAME,
    DEAL_ASKED_PIPELINE,
    DEAL_ASKED_STAGE,
    DEAL_ASKED_AMOUNT,
    DEAL_ASKED_OWNER,
    DEAL_MADE,
    EVENT_NAME,
    EVENT_CONTACT,
    EVENT_COMPANY,
    FROM_CONTACT,
    FROM_COMPANY,
    FROM_NAME,
    FROM_PIPELINE,
    FROM_OWNER,
    FROM_LEAD,
    TOUCHED_LEAD,
    TOUCH_KIND,
    TOUCH_ANSWERED,
    TOUCH_TIME,
    TOUCHED_STAGE,
    QUALIFIED_LEAD,
    QUALIFY_NAME,
    QUALIFY_AMOUNT,
    QUALIFY_PIPELINE,
    QUALIFY_STAGE,
    QUALIFIED_DEAL,
    QUALIFIED_CREATED,
    DISQUALIFIED_LEAD,
    DISQUALIFY_REASON,
    DISQUALIFY_NOTE,
    DISQUALIFIED_STAGE
};

enum {
    LEAD_TO_CONTACT,
    LEAD_TO_COMPANY,
    LEAD_TO_DEAL,
    DEAL_TO_CONTACT,
    DEAL_TO_COMPANY,
    CONTACT_TO_COMPANY
};
enum { FROM_LIFECYCLE };

/* Methods; those of others first. */
enum { MAKE_PIPELINE, MAKE_DEAL, APPLY_EVENT };

/* Names of the default pipeline's stages. */
#define STAGE_NEW "new"
#define STAGE_ATTEMPTING "attempting"
#define STAGE_CONNECTED "connected"
#define STAGE_QUALIFIED "qualified"
#define STAGE_DISQUALIFIED "disqualified"

/* Contacts and companies of one lead. */
#define LINKED_MAX 50u

/* Hooks: before the pipelines' plugin places a lead in a stage, and after it. */
tn_status lead_enters(struct tn_call *call, const struct tn_record *before,
                      struct tn_record *after);
tn_status lead_moves(struct tn_call *call, const struct tn_record *before, struct tn_record *after);

/* Consumer: a contact that reached the stage of the setting `from_lifecycle` gets a lead. */
tn_status contact_moved(struct tn_call *call, const struct tn_record *before,
                        const struct tn_record *after);

/* tenon.leads.v1.Leads */
tn_status serve_create_from(struct tn_call *call, const struct tn_record *request,
                            struct tn_record *response);
tn_status serve_touch(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response);
tn_status serve_qualify(struct tn_call *call, const struct tn_record *request,
                        struct tn_record *response);
tn_status serve_disqualify(struct tn_call *call, const struct tn_record *request,
                           struct tn_record *response);

/* How a lead stands in its pipeline: "OPEN", "WON", "LOST"; "" before it stands in any stage. */
struct tn_str lead_state(struct tn_call *call, const struct tn_record *lead);

/* A lead of the contact or the company (0: none), named and owned as they are where the last two
 * are empty. NULL: the call has failed. */
struct tn_record *lead_make(struct tn_call *call, tn_id contact, tn_id company, struct tn_str name,
                            tn_id owner);

/* Makes the lead's deal, with its contacts and companies; `request` (NULL: none) may say how. Fails
 * as Deals/Create does. */
tn_status lead_make_deal(struct tn_call *call, struct tn_record *lead,
                         const struct tn_record *request, tn_id *ret_deal);

#endif /* PLUGINS_LEADS_ROWS_H */
