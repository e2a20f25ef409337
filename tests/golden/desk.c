/* SPDX-License-Identifier: Apache-2.0 */
/* desk.c - what the plugin tickets refuses. */
#include "tests/golden/areas.h"
#include "tests/golden/rpc.h"
#include "tests/integration/host.h"

static const struct rpc_case tickets[] = {
    {"a ticket without a name", "Records/Create", "{'type': 'tickets'}"},
    {"a ticket that was created tomorrow",
     "Records/Create",
     "{'type': 'tickets', 'properties': {'subject': 'A', 'createdate': '2999-01-01'}}"},
    {NULL, "Records/Create", "{'type': 'tickets', 'properties': {'subject': 'A'}}"},
    {"another create date",
     "Records/Update",
     "{'type': 'tickets', 'key': {'id': $1}, 'properties': {'createdate': '2020-01-01'}}"},
    {"a close date of an open ticket",
     "Records/Update",
     "{'type': 'tickets', 'key': {'id': $1}, 'properties': {'closed_date': '2020-01-01'}}"},
    {"a ticket that was closed before it was made",
     "Records/Create",
     "{'type': 'tickets', 'properties': {'subject': 'A', 'hs_pipeline_stage': '4', 'closed_date': "
     "'2020-01-01'}}"},
    {NULL,
     "Records/Create",
     "{'type': 'tickets', 'properties': {'subject': 'B', 'hs_pipeline_stage': '4'}}"},
    {NULL,
     "Plugins/SetSetting",
     "{'plugin': 'tenon.tickets', 'name': 'reopen_within', 'value': '0s'}"},
    {"a ticket that is closed for good", "Tickets/Reopen", "{'ticket': $2}"},
    {"an answer to no ticket", "Tickets/Reply", "{'ticket': 999, 'body': 'Hello'}"},
    {"a message of no contact", "Tickets/Receive", "{'ticket': $1, 'contact': 999}"},
    {"an assignment without a rule", "Tickets/Assign", "{'ticket': $1}"},
    {"a ticket merged into itself", "Tickets/Merge", "{'primary': $1, 'secondary': $1}"},
    {NULL, "Tickets/Merge", "{'primary': $1, 'secondary': $2}"},
    {"an answer to a merged ticket", "Tickets/Reply", "{'ticket': $2, 'body': 'Hello'}"},
    {"a merged ticket in an open stage",
     "Records/Update",
     "{'type': 'tickets', 'key': {'id': $2}, 'properties': {'hs_pipeline_stage': '1'}}"},
    {NULL,
     "Pipelines/Create",
     "{'pipeline': {'type': 'tickets', 'name': 'endless', 'label': 'E', 'stages': [{'name': 'on', "
     "'label': 'On'}]}}"},
    {NULL,
     "Records/Create",
     "{'type': 'tickets', 'properties': {'subject': 'C', 'hs_pipeline': 'endless'}}"},
    {"closing where nothing closes", "Tickets/Close", "{'ticket': $3}"},
    {NULL,
     "Pipelines/Create",
     "{'pipeline': {'type': 'tickets', 'name': 'over', 'label': 'O', 'stages': [{'name': 'off', "
     "'label': 'Off', 'state': 'CLOSED'}]}}"},
    {NULL,
     "Records/Create",
     "{'type': 'tickets', 'properties': {'subject': 'D', 'hs_pipeline': 'over'}}"},
    {"opening where nothing is open", "Tickets/Reopen", "{'ticket': $4}"},
};

static const struct rpc_case rules[] = {
    {"hours that are none",
     "Records/Create",
     "{'type': 'business_calendars', 'properties': {'name': 'A', 'hours': 'nine to five'}}"},
    {"a calendar that never opens",
     "Records/Create",
     "{'type': 'business_calendars', 'properties': {'name': 'A', 'hours': ';'}}"},
    {"holidays that are none",
     "Records/Create",
     "{'type': 'business_calendars', 'properties': {'name': 'A', 'hours': 'mon 09:00-17:00', "
     "'holidays': 'Noel'}}"},
    {"more holidays than a calendar has",
     "Records/Create",
     "{'type': 'business_calendars', 'properties': {'name': 'A', 'hours': 'mon 09:00-17:00', "
     "'holidays': '2020-01-01..2029-01-01'}}"},
    {"a time zone that is none",
     "Records/Create",
     "{'type': 'business_calendars', 'properties': {'name': 'A', 'hours': 'mon 09:00-17:00', "
     "'time_zone': 'Mars/Olympus'}}"},
    {"a target of no time",
     "Records/Create",
     "{'type': 'sla_policies', 'properties': {'name': 'A', 'first_response': '0s'}}"},
    {"a warning after the target",
     "Records/Create",
     "{'type': 'sla_policies', 'properties': {'name': 'A', 'warn_before': '-1h'}}"},
    {"a policy for a pipeline that is not there",
     "Records/Create",
     "{'type': 'sla_policies', 'properties': {'name': 'A', 'pipeline': 'moon'}}"},
    {"a rule that does not say how",
     "Records/Create",
     "{'type': 'ticket_assignment_rules', 'properties': {'name': 'A', 'mode': null}}"},
};

void area_desk(struct golden *g)
{
    struct tenond *host = tenond_create();

    tenond_add_plugin(host, PLUGINS "contacts.so");
    tenond_add_plugin(host, PLUGINS "pipelines.so");
    tenond_add_plugin(host, PLUGINS "tickets.so");
    tenond_start(host);
    struct rpc *rpc = rpc_open(g, host->url, NULL, NULL);
    golden_area(g, "Calls: tickets");
    rpc_run(rpc, tickets, COUNT_OF(tickets));
    golden_area(g, "Calls: calendars, policies and rules of tickets");
    rpc_run(rpc, rules, COUNT_OF(rules));
    rpc_close(rpc);
    tenond_stop(host);
    tenond_destroy(host);
}
