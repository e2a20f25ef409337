/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - positions in the plugin's lists, and what its files share. */
#ifndef PLUGINS_TICKETS_ROWS_H
#define PLUGINS_TICKETS_ROWS_H

#include <stdbool.h>

#include <tenon_sdk.h>

enum {
    TICKET,
    MESSAGE,
    CALENDAR,
    POLICY,
    RULE,
    PIPELINE,
    STAGE,
    CONTACT,
    COMPANY,
    DEAL,
    USER,
    REPLY_REQUEST,
    REPLY_RESPONSE,
    RECEIVE_REQUEST,
    RECEIVE_RESPONSE,
    CLOSE_REQUEST,
    CLOSE_RESPONSE,
    REOPEN_REQUEST,
    REOPEN_RESPONSE,
    ASSIGN_REQUEST,
    ASSIGN_RESPONSE,
    MERGE_REQUEST,
    MERGE_RESPONSE,
    CREATE_PIPELINE_REQUEST,
    CREATE_PIPELINE_RESPONSE
};

/* Of targets: for tickets without a priority, or of one that has no target of its own; then by the
 * priorities' order. */
#define TARGET_COUNT 5

/* Those that code works with; the data-only rows of tickets follow them. */
enum {
    TICKET_SUBJECT,
    TICKET_CONTENT,
    TICKET_PRIORITY,
    TICKET_CATEGORY,
    TICKET_SOURCE,
    TICKET_RESOLUTION,
    TICKET_OWNER,
    TICKET_OWNER_DATE,
    TICKET_FIRST_ASSIGNMENT,
    TICKET_CREATED,
    TICKET_CLOSED,
    TICKET_TIME_TO_CLOSE,
    TICKET_BUSINESS_TO_CLOSE,
    TICKET_REOPENED,
    TICKET_REOPEN_COUNT,
    TICKET_FIRST_REPLY,
    TICKET_TIME_TO_REPLY,
    TICKET_BUSINESS_TO_REPLY,
    TICKET_LAST_REPLY,
    TICKET_LAST_SENT,
    TICKET_LAST_RECEIVED,
    TICKET_POLICY,
    TICKET_REPLY_DUE,
    TICKET_REPLY_STATUS,
    TICKET_CLOSE_DUE,
    TICKET_CLOSE_STATUS,
    TICKET_IS_PAUSED,
    TICKET_CLOCK_SINCE,
    TICKET_CLOCK_USED,
    TICKET_IS_OPEN,
    TICKET_MERGED_INTO,
    TICKET_MERGED_IDS,
    STAGED_PIPELINE,
    STAGED_STAGE,
    STAGED_IS_CLOSED,
    PIPELINE_KEY,
    STAGE_KEY,
    STAGE_PIPELINE,
    STAGE_NAME,
    STAGE_STATE,
    STAGE_ORDER,
    STAGE_WAITS_ON,
    MESSAGE_DIRECTION,
    MESSAGE_BODY,
    MESSAGE_SENT,
    MESSAGE_CONTACT,
    CALENDAR_NAME,
    CALENDAR_ZONE,
    CALENDAR_HOURS,
    CALENDAR_HOLIDAYS,
    POLICY_NAME,
    POLICY_PIPELINE,
    POLICY_CALENDAR,
    POLICY_WARN,
    POLICY_REPLY_TARGET,
    POLICY_CLOSE_TARGET = POLICY_REPLY_TARGET + TARGET_COUNT,
    RULE_NAME = POLICY_CLOSE_TARGET + TARGET_COUNT,
    RULE_PIPELINE,
    RULE_MODE,
    RULE_TEAM,
    RULE_LAST,
    RULE_GIVEN,
    USER_TEAM,
    REPLY_TICKET,
    REPLY_BODY,
    REPLIED_MESSAGE,
    RECEIVE_TICKET,
    RECEIVE_BODY,
    RECEIVE_CONTACT,
    RECEIVED_TICKET,
    RECEIVED_MESSAGE,
    RECEIVED_REOPENED,
    CLOSE_TICKET,
    CLOSE_RESOLUTION,
    REOPEN_TICKET,
    ASSIGN_TICKET,
    ASSIGNED_OWNER,
    MERGE_PRIMARY,
    MERGE_SECONDARY
};

enum {
    TICKET_TO_CONTACT,
    TICKET_TO_COMPANY,
    TICKET_TO_DEAL,
    TICKET_TO_MESSAGE,
    TICKET_TO_FOLLOW_UP,
    RULE_TO_USER,
    PIPELINE_TO_STAGE
};
enum { OPEN_BY_OWNER };
enum { REPLY_TIMER, CLOSE_TIMER };
enum { REOPEN_WITHIN };
enum { CREATE_PIPELINE = 6 }; /* of methods: after those that are served */

#define TICKETS "tickets"
/* As integrators know them. */
#define DEFAULT_PIPELINE "0"
#define EVERY_PIPELINE "*"

#define STATE_OPEN "OPEN"
#define STAGE_MAX 100 /* of a pipeline */

/* Options. */
#define WAITS_ON_CUSTOMER "CUSTOMER"
#define WAITS_ON_US "US"
#define DIRECTION_IN "INCOMING"
#define DIRECTION_OUT "OUTGOING"
#define MODE_ROUND_ROBIN "round_robin"
#define MODE_LOAD "load"

/* Hooks. The first one of tickets runs before stages are looked at, the second one after. */
tn_status ticket_begins(struct tn_call *call, const struct tn_record *before,
                        struct tn_record *after);
tn_status ticket_changes(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after);
tn_status calendar_changes(struct tn_call *call, const struct tn_record *before,
                           struct tn_record *after);
tn_status policy_changes(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after);
tn_status rule_changes(struct tn_call *call, const struct tn_record *before,
                       struct tn_record *after);

/* Both timers: a target comes near, or is missed. */
tn_status sla_timer(struct tn_call *call, struct tn_record *ticket, tn_time due);

/* tenon.tickets.v1.Tickets */
tn_status serve_reply(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response);
tn_status serve_receive(struct tn_call *call, const struct tn_record *request,
                        struct tn_record *response);
tn_status serve_close(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response);
tn_status serve_reopen(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response);
tn_status serve_assign(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response);
tn_status serve_merge(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response);

#endif /* PLUGINS_TICKETS_ROWS_H */
