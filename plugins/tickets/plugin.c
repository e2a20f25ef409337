/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - tickets: requests of customers, by when they are to be answered, and who does it. */
#include "properties.h"
#include "rows.h"
#include "texts.h"

TN_NEEDS(core, records, bus);

#define ENCODED (TN_MESSAGE | TN_ENCODED)

static const struct tn_type types[] = {
    [TICKET] = {.name = TICKETS, .label = "Ticket", .plural = "Tickets", .flags = TN_STAGED},
    [MESSAGE] = {.name = "ticket_messages", .label = "Ticket message", .plural = "Ticket messages"},
    [CALENDAR] = {.name = "business_calendars",
                  .label = "Business calendar",
                  .plural = "Business calendars"},
    [POLICY] = {.name = "sla_policies", .label = "SLA policy", .plural = "SLA policies"},
    [RULE] = {.name = "ticket_assignment_rules",
              .label = "Assignment rule",
              .plural = "Assignment rules"},
    [PIPELINE] = {.name = "pipelines", .flags = TN_EXTERN},
    [STAGE] = {.name = "pipeline_stages", .flags = TN_EXTERN},
    [CONTACT] = {.name = "contacts", .flags = TN_EXTERN},
    [COMPANY] = {.name = "companies", .flags = TN_EXTERN},
    [DEAL] = {.name = "deals", .flags = TN_EXTERN},
    [USER] = {.name = "users", .flags = TN_EXTERN},
    [REPLY_REQUEST] = {.name = "tenon.tickets.v1.ReplyRequest", .flags = TN_MESSAGE},
    [REPLY_RESPONSE] = {.name = "tenon.tickets.v1.ReplyResponse", .flags = TN_MESSAGE},
    [RECEIVE_REQUEST] = {.name = "tenon.tickets.v1.ReceiveRequest", .flags = TN_MESSAGE},
    [RECEIVE_RESPONSE] = {.name = "tenon.tickets.v1.ReceiveResponse", .flags = TN_MESSAGE},
    [CLOSE_REQUEST] = {.name = "tenon.tickets.v1.CloseRequest", .flags = TN_MESSAGE},
    [CLOSE_RESPONSE] = {.name = "tenon.tickets.v1.CloseResponse", .flags = TN_MESSAGE},
    [REOPEN_REQUEST] = {.name = "tenon.tickets.v1.ReopenRequest", .flags = TN_MESSAGE},
    [REOPEN_RESPONSE] = {.name = "tenon.tickets.v1.ReopenResponse", .flags = TN_MESSAGE},
    [ASSIGN_REQUEST] = {.name = "tenon.tickets.v1.AssignRequest", .flags = TN_MESSAGE},
    [ASSIGN_RESPONSE] = {.name = "tenon.tickets.v1.AssignResponse", .flags = TN_MESSAGE},
    [MERGE_REQUEST] = {.name = "tenon.tickets.v1.MergeRequest", .flags = TN_MESSAGE},
    [MERGE_RESPONSE] = {.name = "tenon.tickets.v1.MergeResponse", .flags = TN_MESSAGE},
    [CREATE_PIPELINE_REQUEST] = {.name = "tenon.pipelines.v1.CreateRequest",
                                 .flags = ENCODED | TN_EXTERN},
    [CREATE_PIPELINE_RESPONSE] = {.name = "tenon.pipelines.v1.CreateResponse",
                                  .flags = ENCODED | TN_EXTERN},
};

static const struct tn_association associations[] = {
    [TICKET_TO_CONTACT] =
        {"ticket_to_contact", TICKET, CONTACT, .label = "Contacts", .inverse = "Tickets"},
    [TICKET_TO_COMPANY] =
        {"ticket_to_company", TICKET, COMPANY, .label = "Companies", .inverse = "Tickets"},
    [TICKET_TO_DEAL] = {"ticket_to_deal", TICKET, DEAL, .label = "Deals", .inverse = "Tickets"},
    [TICKET_TO_MESSAGE] = {"ticket_to_ticket_message",
                           TICKET,
                           MESSAGE,
                           .label = "Conversation",
                           .inverse = "Ticket",
                           .max_from = 1,
                           .flags = TN_READONLY},
    [TICKET_TO_FOLLOW_UP] = {"ticket_to_follow_up_ticket",
                             TICKET,
                             TICKET,
                             .label = "Follow-up tickets",
                             .inverse = "Earlier tickets"},
    [RULE_TO_USER] = {"ticket_assignment_rule_to_user",
                      RULE,
                      USER,
                      .label = "Members",
                      .inverse = "Assignment rules"},
    [PIPELINE_TO_STAGE] = {"pipeline_to_pipeline_stage", PIPELINE, STAGE, .flags = TN_EXTERN},
};

static const struct tn_rollup rollups[] = {
    [OPEN_BY_OWNER] = {.name = "open_tickets_by_owner",
                       .group = TN_AT(TICKET_OWNER),
                       .sum = TN_AT(TICKET_IS_OPEN)},
};

static const struct tn_hook hooks[] = {
    {TICKET, .order = -10, .run = ticket_begins, .on = TN_AT(STAGED_PIPELINE)},
    {TICKET,
     .order = 10,
     .run = ticket_changes,
     .on = TN_AT(STAGED_PIPELINE, STAGED_STAGE, TICKET_PRIORITY, TICKET_OWNER, TICKET_CREATED,
                 TICKET_CLOSED, TICKET_POLICY, TICKET_FIRST_REPLY, TICKET_MERGED_INTO)},
    {CALENDAR,
     .run = calendar_changes,
     .on = TN_AT(CALENDAR_ZONE, CALENDAR_HOURS, CALENDAR_HOLIDAYS)},
    {POLICY, .run = policy_changes},
    {RULE, .run = rule_changes, .on = TN_AT(RULE_MODE, RULE_PIPELINE)},
};

static const struct tn_timer timers[] = {
    [REPLY_TIMER] = {.name = "first_response", .type = TICKET, .run = sla_timer},
    [CLOSE_TIMER] = {.name = "resolution", .type = TICKET, .run = sla_timer},
};

static const struct tn_method methods[] = {
    {"tenon.tickets.v1.Tickets/Reply",
     REPLY_REQUEST,
     REPLY_RESPONSE,
     serve_reply,
     .flags = TN_JOINS},
    {"tenon.tickets.v1.Tickets/Receive",
     RECEIVE_REQUEST,
     RECEIVE_RESPONSE,
     serve_receive,
     .flags = TN_JOINS},
    {"tenon.tickets.v1.Tickets/Close",
     CLOSE_REQUEST,
     CLOSE_RESPONSE,
     serve_close,
     .flags = TN_JOINS},
    {"tenon.tickets.v1.Tickets/Reopen",
     REOPEN_REQUEST,
     REOPEN_RESPONSE,
     serve_reopen,
     .flags = TN_JOINS},
    {"tenon.tickets.v1.Tickets/Assign",
     ASSIGN_REQUEST,
     ASSIGN_RESPONSE,
     serve_assign,
     .flags = TN_JOINS},
    {"tenon.tickets.v1.Tickets/Merge",
     MERGE_REQUEST,
     MERGE_RESPONSE,
     serve_merge,
     .flags = TN_JOINS},
    [CREATE_PIPELINE] = {"tenon.pipelines.v1.Pipelines/Create",
                         CREATE_PIPELINE_REQUEST,
                         CREATE_PIPELINE_RESPONSE,
                         NULL,
                         .flags = TN_EXTERN},
};

static const struct tn_setting settings[] = {
    [REOPEN_WITHIN] = {"reopen_within",
                       "For how long after it was closed a ticket may be opened again",
                       TN_DURATION,
                       0,
                       "30d"},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("tenon.tickets", "1.0.0", "Tickets, their SLA targets, and who answers them"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .rollups = TN_LIST(rollups),
    .hooks = TN_LIST(hooks),
    .timers = TN_LIST(timers),
    .methods = TN_LIST(methods),
    .settings = TN_LIST(settings),
    .texts = TN_LIST(texts),
    .hub = "service",
};
