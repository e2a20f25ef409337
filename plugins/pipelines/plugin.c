/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - pipelines and their stages for any type of records, and deals, which move in them. */
#include <tenon_pipelines_proto_descriptors.h>

#include "properties.h"
#include "rows.h"
#include "texts.h"

TN_NEEDS(core, records);

#define ENCODED (TN_MESSAGE | TN_ENCODED)

static const struct tn_type types[] = {
    [PIPELINE] = {.name = PIPELINES, .label = "Pipeline", .plural = "Pipelines"},
    [STAGE] = {.name = "pipeline_stages", .label = "Stage", .plural = "Stages"},
    [DEAL] = {.name = DEALS, .label = "Deal", .plural = "Deals"},
    [CONTACT] = {.name = "contacts", .flags = TN_EXTERN},
    [COMPANY] = {.name = "companies", .flags = TN_EXTERN},
    [USER] = {.name = "users", .flags = TN_EXTERN},
    [CREATE_REQUEST] = {.name = "tenon.pipelines.v1.CreateRequest", .flags = ENCODED},
    [CREATE_RESPONSE] = {.name = "tenon.pipelines.v1.CreateResponse", .flags = ENCODED},
    [GET_REQUEST] = {.name = "tenon.pipelines.v1.GetRequest", .flags = ENCODED},
    [GET_RESPONSE] = {.name = "tenon.pipelines.v1.GetResponse", .flags = ENCODED},
    [LIST_REQUEST] = {.name = "tenon.pipelines.v1.ListRequest", .flags = ENCODED},
    [LIST_RESPONSE] = {.name = "tenon.pipelines.v1.ListResponse", .flags = ENCODED},
    [BOARD_REQUEST] = {.name = "tenon.pipelines.v1.BoardRequest", .flags = ENCODED},
    [BOARD_RESPONSE] = {.name = "tenon.pipelines.v1.BoardResponse", .flags = ENCODED},
    [MAKE_REQUEST] = {.name = "tenon.deals.v1.CreateRequest", .flags = TN_MESSAGE},
    [MAKE_RESPONSE] = {.name = "tenon.deals.v1.CreateResponse", .flags = TN_MESSAGE},
};

static const struct tn_option contact_labels[] = {
    {"decision_maker", "Decision maker"},
    {"billing_contact", "Billing contact"},
    {"budget_holder", "Budget holder"},
    {"champion", "Champion"},
    {"influencer", "Influencer"},
    {"technical_contact", "Technical contact"},
};

static const struct tn_association associations[] = {
    [PIPELINE_TO_STAGE] = {"pipeline_to_pipeline_stage",
                           PIPELINE,
                           STAGE,
                           .label = "Stages",
                           .inverse = "Pipeline",
                           .max_to = STAGE_MAX,
                           .max_from = 1,
                           .flags = TN_READONLY},
    [DEAL_TO_CONTACT] = {"deal_to_contact",
                         DEAL,
                         CONTACT,
                         .label = "Contacts",
                         .inverse = "Deals",
                         .labels = TN_LIST(contact_labels)},
    [DEAL_TO_COMPANY] =
        {"deal_to_company", DEAL, COMPANY, .label = "Companies", .inverse = "Deals"},
};

static const struct tn_rollup rollups[] = {
    [DEALS_BY_STAGE] = {.name = "deals_by_stage",
                        .group = TN_AT(DEAL_PIPELINE, DEAL_STAGE),
                        .sum = TN_AT(DEAL_AMOUNT, DEAL_PROJECTED_AMOUNT)},
    [DEALS_BY_STAGE_AND_OWNER] = {.name = "deals_by_stage_and_owner",
                                  .group = TN_AT(DEAL_PIPELINE, DEAL_STAGE, DEAL_OWNER),
                                  .sum = TN_AT(DEAL_AMOUNT, DEAL_PROJECTED_AMOUNT)},
};

static const struct tn_hook hooks[] = {
    {DEAL, .run = deal_changes, .on = TN_AT(DEAL_PIPELINE, DEAL_STAGE, DEAL_AMOUNT, DEAL_OWNER)},
    {TN_MARKED(TN_STAGED), .run = staged_changes, .on = TN_AT(STAGED_PIPELINE, STAGED_STAGE)},
    {PIPELINE, .run = pipeline_changes, .on = TN_AT(PIPELINE_KEY)},
    {STAGE, .run = pipeline_changes, .on = TN_AT(STAGE_KEY)},
};

/* They join, and none only reads: each may make the default pipeline. */
static const struct tn_method methods[] = {
    {"tenon.pipelines.v1.Pipelines/Create",
     CREATE_REQUEST,
     CREATE_RESPONSE,
     serve_create,
     .flags = TN_JOINS},
    {"tenon.pipelines.v1.Pipelines/Get", GET_REQUEST, GET_RESPONSE, serve_get, .flags = TN_JOINS},
    {"tenon.pipelines.v1.Pipelines/List",
     LIST_REQUEST,
     LIST_RESPONSE,
     serve_list,
     .flags = TN_JOINS},
    {"tenon.pipelines.v1.Pipelines/Board",
     BOARD_REQUEST,
     BOARD_RESPONSE,
     serve_board,
     .flags = TN_JOINS},
    {"tenon.deals.v1.Deals/Create",
     MAKE_REQUEST,
     MAKE_RESPONSE,
     serve_make_deal,
     .flags = TN_JOINS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("tenon.pipelines", "1.0.0", "Pipelines, their stages, and deals"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .rollups = TN_LIST(rollups),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
    .texts = TN_LIST(texts),
    .descriptors = TN_LIST(tenon_pipelines_proto_descriptors),
};
