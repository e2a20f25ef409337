/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - positions in the plugin's lists, and what its files share. */
#ifndef PLUGINS_PIPELINES_ROWS_H
#define PLUGINS_PIPELINES_ROWS_H

#include <tenon_sdk.h>

enum {
    PIPELINE,
    STAGE,
    DEAL,
    CONTACT,
    COMPANY,
    USER,
    CREATE_REQUEST,
    CREATE_RESPONSE,
    GET_REQUEST,
    GET_RESPONSE,
    LIST_REQUEST,
    LIST_RESPONSE,
    BOARD_REQUEST,
    BOARD_RESPONSE,
    MAKE_REQUEST,
    MAKE_RESPONSE
};

/* Those that code works with; the data-only rows of deals follow them. */
enum {
    PIPELINE_KEY,
    PIPELINE_TYPE,
    PIPELINE_NAME,
    PIPELINE_LABEL,
    PIPELINE_PURPOSE,
    STAGE_KEY,
    STAGE_TYPE,
    STAGE_PIPELINE,
    STAGE_NAME,
    STAGE_LABEL,
    STAGE_STATE,
    STAGE_PROBABILITY,
    STAGE_ORDER,
    DEAL_NAME,
    DEAL_PIPELINE,
    DEAL_STAGE,
    DEAL_AMOUNT,
    DEAL_CLOSE_DATE,
    DEAL_STAGE_DATE,
    DEAL_PROBABILITY,
    DEAL_IS_CLOSED,
    DEAL_IS_WON,
    DEAL_IS_LOST,
    DEAL_CLOSED_AMOUNT,
    DEAL_PROJECTED_AMOUNT,
    DEAL_OWNER,
    DEAL_OWNER_DATE,
    STAGED_PIPELINE,
    STAGED_STAGE,
    STAGED_DATE,
    STAGED_IS_CLOSED,
    MAKE_NAME,
    MAKE_PIPELINE,
    MAKE_STAGE,
    MAKE_AMOUNT,
    MAKE_OWNER,
    MAKE_CLOSE_DATE,
    MADE_DEAL
};

enum { PIPELINE_TO_STAGE, DEAL_TO_CONTACT, DEAL_TO_COMPANY };
enum { DEALS_BY_STAGE, DEALS_BY_STAGE_AND_OWNER };

#define DEALS "deals"
#define PIPELINES "pipelines"
#define DEFAULT_PIPELINE "default"

/* As options of a stage's state; defined in plugin.c. */
#define STATE_OPEN "OPEN"
#define STATE_WON "WON"
#define STATE_LOST "LOST"
#define STATE_CLOSED "CLOSED" /* of what is neither won nor lost: no deal */

/* HubSpot's bound of stages; more are a list of things to do. */
#define STAGE_MAX 100
/* Of one portal. */
#define PIPELINE_MAX 200

/* Hooks. */
tn_status deal_changes(struct tn_call *call, const struct tn_record *before,
                       struct tn_record *after);
tn_status staged_changes(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after);
tn_status pipeline_changes(struct tn_call *call, const struct tn_record *before,
                           struct tn_record *after);

/* tenon.pipelines.v1.Pipelines */
tn_status serve_create(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response);
tn_status serve_get(struct tn_call *call, const struct tn_record *request,
                    struct tn_record *response);
tn_status serve_list(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response);
tn_status serve_board(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response);

/* tenon.deals.v1.Deals/Create */
tn_status serve_make_deal(struct tn_call *call, const struct tn_record *request,
                          struct tn_record *response);

#endif /* PLUGINS_PIPELINES_ROWS_H */
