/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - leads: contacts and companies that are being qualified, until one is a deal or none.
 */
#include "properties.h"
#include "rows.h"
#include "texts.h"

TN_NEEDS(core, records, bus);

#define USED_MESSAGE(message) .name = (message), .flags = TN_MESSAGE | TN_EXTERN
#define OWN_MESSAGE(message) .name = (message), .flags = TN_MESSAGE

static const struct tn_type types[] = {
    [LEAD] = {.name = "leads",
              .label = "Lead",
              .plural = "Leads",
              .flags = TN_STAGED,
              .tier = TN_PROFESSIONAL},
    [CONTACT] = {.name = "contacts", .flags = TN_EXTERN},
    [COMPANY] = {.name = "companies", .flags = TN_EXTERN},
    [DEAL] = {.name = "deals", .flags = TN_EXTERN},
    [STAGE] = {.name = "pipeline_stages", .flags = TN_EXTERN},
    [USER] = {.name = "users", .flags = TN_EXTERN},
    [PIPELINE_REQUEST] = {.name = "tenon.pipelines.v1.CreateRequest",
                          .flags = TN_MESSAGE | TN_EXTERN | TN_ENCODED},
    [PIPELINE_RESPONSE] = {.name = "tenon.pipelines.v1.CreateResponse",
                           .flags = TN_MESSAGE | TN_EXTERN | TN_ENCODED},
    [DEAL_REQUEST] = {USED_MESSAGE("tenon.deals.v1.CreateRequest")},
    [DEAL_RESPONSE] = {USED_MESSAGE("tenon.deals.v1.CreateResponse")},
    [EVENT_REQUEST] = {USED_MESSAGE("tenon.lifecycle.v1.ApplyRequest")},
    [EVENT_RESPONSE] = {USED_MESSAGE("tenon.lifecycle.v1.ApplyResponse")},
    [FROM_REQUEST] = {OWN_MESSAGE("tenon.leads.v1.CreateFromRequest")},
    [FROM_RESPONSE] = {OWN_MESSAGE("tenon.leads.v1.CreateFromResponse")},
    [TOUCH_REQUEST] = {OWN_MESSAGE("tenon.leads.v1.TouchRequest")},
    [TOUCH_RESPONSE] = {OWN_MESSAGE("tenon.leads.v1.TouchResponse")},
    [QUALIFY_REQUEST] = {OWN_MESSAGE("tenon.leads.v1.QualifyRequest")},
    [QUALIFY_RESPONSE] = {OWN_MESSAGE("tenon.leads.v1.QualifyResponse")},
    [DISQUALIFY_REQUEST] = {OWN_MESSAGE("tenon.leads.v1.DisqualifyRequest")},
    [DISQUALIFY_RESPONSE] = {OWN_MESSAGE("tenon.leads.v1.DisqualifyResponse")},
};

static const struct tn_association associations[] = {
    [LEAD_TO_CONTACT] = {"lead_to_contact",
                         LEAD,
                         CONTACT,
                         .label = "Contacts",
                         .inverse = "Leads",
                         .max_to = LINKED_MAX},
    [LEAD_TO_COMPANY] = {"lead_to_company",
                         LEAD,
                         COMPANY,
                         .label = "Companies",
                         .inverse = "Leads",
                         .max_to = LINKED_MAX},
    [LEAD_TO_DEAL] = {"lead_to_deal",
                      LEAD,
                      DEAL,
                      .label = "Deal",
                      .inverse = "Lead",
                      .max_to = 1,
                      .flags = TN_READONLY},
    [DEAL_TO_CONTACT] = {"deal_to_contact", DEAL, CONTACT, .flags = TN_EXTERN | TN_WRITES},
    [DEAL_TO_COMPANY] = {"deal_to_company", DEAL, COMPANY, .flags = TN_EXTERN | TN_WRITES},
    [CONTACT_TO_COMPANY] = {"contact_to_company", CONTACT, COMPANY, .flags = TN_EXTERN},
};

/* The pipelines' hook, of order 0, puts a lead into its stage. */
static const struct tn_hook hooks[] = {
    {LEAD,
     -10,
     lead_enters,
     .on = TN_AT(LEAD_PIPELINE, LEAD_STAGE, LEAD_OWNER),
     .tier = TN_PROFESSIONAL},
    {LEAD, 10, lead_moves, .on = TN_AT(LEAD_STAGE), .tier = TN_PROFESSIONAL},
};

static const struct tn_consumer consumers[] = {
    {"contacts", CONTACT, 0, contact_moved, .on = TN_AT(CONTACT_LIFECYCLE)},
};

#define SERVED .flags = TN_JOINS, .tier = TN_PROFESSIONAL

static const struct tn_method methods[] = {
    [MAKE_PIPELINE] = {"tenon.pipelines.v1.Pipelines/Create",
                       PIPELINE_REQUEST,
                       PIPELINE_RESPONSE,
                       .flags = TN_EXTERN},
    [MAKE_DEAL] = {"tenon.deals.v1.Deals/Create", DEAL_REQUEST, DEAL_RESPONSE, .flags = TN_EXTERN},
    [APPLY_EVENT] = {"tenon.lifecycle.v1.Lifecycle/Apply",
                     EVENT_REQUEST,
                     EVENT_RESPONSE,
                     .flags = TN_EXTERN},
    {"tenon.leads.v1.Leads/CreateFrom", FROM_REQUEST, FROM_RESPONSE, serve_create_from, SERVED},
    {"tenon.leads.v1.Leads/Touch", TOUCH_REQUEST, TOUCH_RESPONSE, serve_touch, SERVED},
    {"tenon.leads.v1.Leads/Qualify", QUALIFY_REQUEST, QUALIFY_RESPONSE, serve_qualify, SERVED},
    {"tenon.leads.v1.Leads/Disqualify",
     DISQUALIFY_REQUEST,
     DISQUALIFY_RESPONSE,
     serve_disqualify,
     SERVED},
};

static const struct tn_setting settings[] = {
    [FROM_LIFECYCLE] =
        {"from_lifecycle",
         "The lifecycle stage at which a contact without a lead gets one; empty: none",
         TN_TEXT,
         0,
         ""},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("tenon.leads", "1.0.0", "Leads: who is being qualified, and becomes a deal once"),
    .tier = TN_PROFESSIONAL,
    .hub = "sales",
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .hooks = TN_LIST(hooks),
    .consumers = TN_LIST(consumers),
    .methods = TN_LIST(methods),
    .settings = TN_LIST(settings),
    .texts = TN_LIST(texts),
};
