/* SPDX-License-Identifier: Apache-2.0 */
/*
 * properties.h - the properties of pipelines, stages and deals; those of deals under the names that
 * integrators know. Included by plugin.c alone.
 */
#ifndef PLUGINS_PIPELINES_PROPERTIES_H
#define PLUGINS_PIPELINES_PROPERTIES_H

#include "rows.h"

#define GROUP_DEAL "dealinformation"
#define GROUP_REVENUE "deal_revenue"
#define GROUP_DEAL_ACTIVITY "deal_activity"
#define GROUP_ANALYTICS "analyticsinformation"

static const struct tn_option purposes[] = {
    {"sales", "Sales"},
    {"customer", "Customer"},
    {"recruiting", "Recruiting"},
    {"project", "Project"},
};
static const struct tn_option states[] = {
    {STATE_OPEN, "Open"},
    {STATE_WON, "Won"},
    {STATE_LOST, "Lost"},
};
static const struct tn_option deal_types[] = {
    {"newbusiness", "New business"},
    {"existingbusiness", "Existing business"},
};
static const struct tn_option priorities[] = {
    {"low", "Low"},
    {"medium", "Medium"},
    {"high", "High"},
};
static const struct tn_option forecast_categories[] = {
    {"OMIT", "Not forecasted"},
    {"PIPELINE", "Pipeline"},
    {"BEST_CASE", "Best case"},
    {"COMMIT", "Commit"},
    {"CLOSED", "Closed won"},
};
static const struct tn_option sources[] = {
    {"ORGANIC_SEARCH", "Organic search"},
    {"PAID_SEARCH", "Paid search"},
    {"EMAIL_MARKETING", "Email marketing"},
    {"SOCIAL_MEDIA", "Organic social"},
    {"REFERRALS", "Referrals"},
    {"OTHER_CAMPAIGNS", "Other campaigns"},
    {"DIRECT_TRAFFIC", "Direct traffic"},
    {"OFFLINE", "Offline sources"},
    {"PAID_SOCIAL", "Paid social"},
};

static const struct tn_property properties[] = {
    [PIPELINE_KEY] = {TN_PROPERTY(PIPELINE, TN_TEXT, "key", "Key",
                                  TN_REQUIRED | TN_UNIQUE | TN_READONLY | TN_HIDDEN)},
    [PIPELINE_TYPE] = {TN_PROPERTY(PIPELINE, TN_TEXT, "object_type", "Object type",
                                   TN_REQUIRED | TN_READONLY | TN_INDEXED)},
    [PIPELINE_NAME] = {TN_PROPERTY(PIPELINE, TN_TEXT, "name", "Name", TN_REQUIRED | TN_READONLY)},
    [PIPELINE_LABEL] = {TN_PROPERTY(PIPELINE, TN_TEXT, "label", "Label", TN_REQUIRED | TN_TITLE)},
    [PIPELINE_PURPOSE] = {TN_PROPERTY(PIPELINE, TN_CHOICE, "purpose", "Purpose", 0),
                          .options = TN_LIST(purposes)},
    [STAGE_KEY] = {TN_PROPERTY(STAGE, TN_TEXT, "key", "Key",
                               TN_REQUIRED | TN_UNIQUE | TN_READONLY | TN_HIDDEN)},
    [STAGE_TYPE] = {TN_PROPERTY(STAGE, TN_TEXT, "object_type", "Object type",
                                TN_REQUIRED | TN_READONLY)},
    [STAGE_PIPELINE] = {TN_PROPERTY(STAGE, TN_TEXT, "pipeline", "Pipeline",
                                    TN_REQUIRED | TN_READONLY)},
    [STAGE_NAME] = {TN_PROPERTY(STAGE, TN_TEXT, "name", "Name", TN_REQUIRED | TN_READONLY)},
    [STAGE_LABEL] = {TN_PROPERTY(STAGE, TN_TEXT, "label", "Label", TN_REQUIRED | TN_TITLE)},
    [STAGE_STATE] = {TN_PROPERTY(STAGE, TN_CHOICE, "state", "State", TN_REQUIRED | TN_READONLY),
                     .options = TN_LIST(states)},
    [STAGE_PROBABILITY] = {TN_PROPERTY(STAGE, TN_NUMBER, "probability", "Probability",
                                       TN_REQUIRED | TN_READONLY)},
    [STAGE_ORDER] = {TN_PROPERTY(STAGE, TN_NUMBER, "display_order", "Display order", 0)},
    [DEAL_NAME] = {TN_PROPERTY(DEAL, TN_TEXT, "dealname", "Deal name",
                               TN_REQUIRED | TN_SEARCHABLE | TN_TITLE),
                   .group = GROUP_DEAL},
    [DEAL_PIPELINE] = {TN_PROPERTY(DEAL, TN_TEXT, "pipeline", "Pipeline", TN_INDEXED),
                       .group = GROUP_DEAL},
    [DEAL_STAGE] = {TN_PROPERTY(DEAL, TN_TEXT, "dealstage", "Deal stage", TN_INDEXED),
                    .group = GROUP_DEAL},
    [DEAL_AMOUNT] = {TN_PROPERTY(DEAL, TN_NUMBER, "amount", "Amount", TN_INDEXED),
                     .group = GROUP_DEAL},
    [DEAL_CLOSE_DATE] = {TN_PROPERTY(DEAL, TN_DATETIME, "closedate", "Close date", TN_INDEXED),
                         .group = GROUP_DEAL},
    [DEAL_STAGE_DATE] = {TN_PROPERTY(DEAL, TN_DATETIME, "hs_v2_date_entered_current_stage",
                                     "Entered current stage on", TN_READONLY),
                         .group = GROUP_DEAL},
    [DEAL_PROBABILITY] = {TN_PROPERTY(DEAL, TN_NUMBER, "hs_deal_stage_probability",
                                      "Deal probability", TN_READONLY),
                          .group = GROUP_DEAL},
    [DEAL_IS_CLOSED] = {TN_PROPERTY(DEAL, TN_BOOL, "hs_is_closed", "Is closed", TN_READONLY),
                        .group = GROUP_DEAL},
    [DEAL_IS_WON] = {TN_PROPERTY(DEAL, TN_BOOL, "hs_is_closed_won", "Is closed won", TN_READONLY),
                     .group = GROUP_DEAL},
    [DEAL_IS_LOST] = {TN_PROPERTY(DEAL, TN_BOOL, "hs_is_closed_lost", "Is closed lost",
                                  TN_READONLY),
                      .group = GROUP_DEAL},
    [DEAL_CLOSED_AMOUNT] = {TN_PROPERTY(DEAL, TN_NUMBER, "hs_closed_amount", "Closed deal amount",
                                        TN_READONLY),
                            .group = GROUP_REVENUE},
    [DEAL_PROJECTED_AMOUNT] = {TN_PROPERTY(DEAL, TN_NUMBER, "hs_projected_amount",
                                           "Weighted amount", TN_READONLY),
                               .group = GROUP_REVENUE},
    [DEAL_OWNER] = {TN_PROPERTY(DEAL, TN_REF, "hubspot_owner_id", "Deal owner",
                                TN_INDEXED | TN_OWNER),
                    .group = GROUP_DEAL,
                    .refers = USER},
    [DEAL_OWNER_DATE] = {TN_PROPERTY(DEAL, TN_DATETIME, "hubspot_owner_assigneddate",
                                     "Owner assigned on", TN_READONLY),
                         .group = GROUP_DEAL},
    [STAGED_PIPELINE] = {TN_PROPERTY(TN_MARKED(TN_STAGED), TN_TEXT, "hs_pipeline", "Pipeline",
                                     TN_INDEXED)},
    [STAGED_STAGE] = {TN_PROPERTY(TN_MARKED(TN_STAGED), TN_TEXT, "hs_pipeline_stage",
                                  "Pipeline stage", TN_INDEXED)},
    [STAGED_DATE] = {TN_PROPERTY(TN_MARKED(TN_STAGED), TN_DATETIME,
                                 "hs_v2_date_entered_current_stage", "Entered current stage on",
                                 TN_READONLY)},
    [STAGED_IS_CLOSED] = {TN_PROPERTY(TN_MARKED(TN_STAGED), TN_BOOL, "hs_is_closed", "Is closed",
                                      TN_READONLY)},

    /* What code does not look at. */
    {TN_PROPERTY(DEAL, TN_CHOICE, "dealtype", "Deal type", 0),
     .group = GROUP_DEAL,
     .options = TN_LIST(deal_types)},
    {TN_PROPERTY(DEAL, TN_TEXT, "description", "Deal description", TN_SEARCHABLE),
     .group = GROUP_DEAL},
    {TN_PROPERTY(DEAL, TN_CHOICE, "hs_priority", "Priority", 0),
     .group = GROUP_DEAL,
     .options = TN_LIST(priorities)},
    {TN_PROPERTY(DEAL, TN_TEXT, "hs_next_step", "Next step", 0), .group = GROUP_DEAL},
    {TN_PROPERTY(DEAL, TN_TEXT, "closed_won_reason", "Closed won reason", 0), .group = GROUP_DEAL},
    {TN_PROPERTY(DEAL, TN_TEXT, "closed_lost_reason", "Closed lost reason", 0),
     .group = GROUP_DEAL},
    {TN_PROPERTY(DEAL, TN_TEXT, "hs_campaign", "Campaign", 0), .group = GROUP_DEAL},
    {TN_PROPERTY(DEAL, TN_TEXT, "deal_currency_code", "Currency", 0), .group = GROUP_REVENUE},
    {TN_PROPERTY(DEAL, TN_CHOICE, "hs_manual_forecast_category", "Forecast category", 0),
     .group = GROUP_REVENUE,
     .options = TN_LIST(forecast_categories)},
    {TN_PROPERTY(DEAL, TN_NUMBER, "hs_forecast_amount", "Forecast amount", 0),
     .group = GROUP_REVENUE},
    {TN_PROPERTY(DEAL, TN_NUMBER, "hs_forecast_probability", "Forecast probability", 0),
     .group = GROUP_REVENUE},
    {TN_PROPERTY(DEAL, TN_NUMBER, "hs_tcv", "Total contract value", 0), .group = GROUP_REVENUE},
    {TN_PROPERTY(DEAL, TN_NUMBER, "hs_acv", "Annual contract value", 0), .group = GROUP_REVENUE},
    {TN_PROPERTY(DEAL, TN_NUMBER, "hs_arr", "Annual recurring revenue", 0), .group = GROUP_REVENUE},
    {TN_PROPERTY(DEAL, TN_NUMBER, "hs_mrr", "Monthly recurring revenue", 0),
     .group = GROUP_REVENUE},
    {TN_PROPERTY(DEAL, TN_CHOICE, "hs_analytics_source", "Original source", 0),
     .group = GROUP_ANALYTICS,
     .options = TN_LIST(sources)},
    {TN_PROPERTY(DEAL, TN_DATETIME, "notes_last_updated", "Last activity date", 0),
     .group = GROUP_DEAL_ACTIVITY},
    {TN_PROPERTY(DEAL, TN_DATETIME, "notes_last_contacted", "Last contacted", 0),
     .group = GROUP_DEAL_ACTIVITY},
    {TN_PROPERTY(DEAL, TN_DATETIME, "notes_next_activity_date", "Next activity date", 0),
     .group = GROUP_DEAL_ACTIVITY},
    {TN_PROPERTY(DEAL, TN_DATETIME, "hs_last_sales_activity_timestamp", "Last engagement date", 0),
     .group = GROUP_DEAL_ACTIVITY},
    {TN_PROPERTY(DEAL, TN_DATETIME, "engagements_last_meeting_booked",
                 "Date of last meeting booked", 0),
     .group = GROUP_DEAL_ACTIVITY},
    {TN_PROPERTY(DEAL, TN_NUMBER, "num_notes", "Number of sales activities", 0),
     .group = GROUP_DEAL_ACTIVITY},
    {TN_PROPERTY(DEAL, TN_NUMBER, "num_contacted_notes", "Number of times contacted", 0),
     .group = GROUP_DEAL_ACTIVITY},
};

#endif /* PLUGINS_PIPELINES_PROPERTIES_H */
