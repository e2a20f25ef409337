/* SPDX-License-Identifier: Apache-2.0 */
/* visits.c - visits to machines: due in time, planned by a call, and closed for good. */
#include <tenon_sdk.h>

enum { VISIT, MACHINE, USER, PLAN, PLANNED };
enum { SUBJECT, STATUS, DUE, CLOSED, OWNER, PLAN_MACHINE, PLAN_SUBJECT, PLANNED_VISIT };
enum { VISITED };
enum { RESPONSE_TIME };

TN_NEEDS(core, records);

static tn_status visit_changes(struct tn_call *call, const struct tn_record *before,
                               struct tn_record *after)
{
    if (!after)
        return TN_OK; /* archived */
    if (!before)
        tn_set_time(after, DUE, tn_core->now(call) + tn_setting_int(call, RESPONSE_TIME));
    else if (tn_is(before, STATUS, "closed"))
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               STATUS,
                               "closed_is_final",
                               "A closed visit stays closed.");
    else if (tn_is(after, STATUS, "closed"))
        tn_set_time(after, CLOSED, tn_core->now(call));
    return TN_OK;
}

static tn_status plan(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    struct tn_record *machine = tn_get(call, MACHINE, (tn_id)tn_int(request, PLAN_MACHINE));
    struct tn_record *visit = machine ? tn_create(call, VISIT) : NULL;

    if (!visit)
        return TN_NOT_FOUND; /* or what marked the call */
    tn_set_text(visit, SUBJECT, tn_text(request, PLAN_SUBJECT));
    tn_link(visit, VISITED, tn_id_of(machine));
    tn_set_ref(response, PLANNED_VISIT, tn_id_of(visit));
    return TN_OK;
}

static const struct tn_type types[] = {
    [VISIT] = {.name = "visits", .label = "Visit", .plural = "Visits", .flags = TN_STAGED},
    [MACHINE] = {.name = "machines", .flags = TN_EXTERN},
    [USER] = {.name = "users", .flags = TN_EXTERN},
    [PLAN] = {.name = "org.example.visits.v1.PlanRequest", .flags = TN_MESSAGE},
    [PLANNED] = {.name = "org.example.visits.v1.PlanResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [SUBJECT] = {TN_PROPERTY(VISIT, TN_TEXT, "subject", "Subject", TN_REQUIRED | TN_TITLE)},
    [STATUS] = {TN_PROPERTY(VISIT, TN_CHOICE, "status", "Status", TN_INDEXED),
                .fallback = "new",
                .options = TN_OPTIONS({"new", "New"}, {"closed", "Closed"})},
    [DUE] = {TN_PROPERTY(VISIT, TN_DATETIME, "due_at", "Due", TN_INDEXED)},
    [CLOSED] = {TN_PROPERTY(VISIT, TN_DATETIME, "closed_at", "Closed", TN_READONLY)},
    [OWNER] = {TN_PROPERTY(VISIT, TN_REF, "owner", "Engineer", TN_OWNER), .refers = USER},
    [PLAN_MACHINE] = {TN_PROPERTY(PLAN, TN_REF, "machine", NULL, TN_REQUIRED | TN_TRAVELS),
                      .refers = MACHINE},
    [PLAN_SUBJECT] = {TN_PROPERTY(PLAN, TN_TEXT, "subject", NULL, TN_REQUIRED)},
    [PLANNED_VISIT] = {TN_PROPERTY(PLANNED, TN_REF, "visit", NULL, 0), .refers = VISIT},
};
static const struct tn_association associations[] = {
    [VISITED] = {"visit_to_machine", VISIT, MACHINE, .label = "Machine", .inverse = "Visits"},
};
static const struct tn_rollup rollups[] = {
    {.name = "visits_by_status", .group = TN_AT(STATUS)},
};
static const struct tn_hook hooks[] = {{VISIT, .run = visit_changes, .on = TN_AT(STATUS)}};
static const struct tn_method methods[] = {
    {"org.example.visits.v1.Visits/Plan", PLAN, PLANNED, plan, .flags = TN_JOINS},
};
static const struct tn_setting settings[] = {
    [RESPONSE_TIME] = {"response_time", "Time until a visit is due", TN_DURATION, 0, "48h"},
};
static const struct tn_text texts[] = {
    {"fr", "A closed visit stays closed.", "Une visite close le reste."},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.visits", "1.0.0", "Visits with a promised time"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .rollups = TN_LIST(rollups),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
    .settings = TN_LIST(settings),
    .texts = TN_LIST(texts),
};
