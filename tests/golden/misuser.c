/* SPDX-License-Identifier: Apache-2.0 */
/*
 * misuser.c - a plugin that misuses the host: Misuses/Run in the way that its `what` names, and
 * Misuses/Look, which only reads, by calling Run.
 */
#include <string.h>

#include <tenon_sdk.h>

#define MANY 200u /* more values and filters than any query takes */

enum { THING, OTHER, USER, RUN_REQUEST, RUN_RESPONSE };
enum { THING_NAME, RUN_WHAT, RAN_TEXT };
enum { RUN, LOOK };

TN_NEEDS(core, records, bus);

static struct tn_record *as_own(const struct tn_record *record)
{
    union {
        const struct tn_record *in;
        struct tn_record *out;
    } lent = {record};

    return lent.out;
}

static tn_status write_name(struct tn_record *record)
{
    const struct tn_value value = {TN_TEXT, 0, {.text = {"x", 1}}};

    return tn_records->write(record, THING_NAME, &value);
}

/* A record that a query lends. */
static tn_status use_lent(struct tn_call *call, tn_status (*use)(struct tn_record *record))
{
    struct tn_found *found = NULL;
    const struct tn_record *lent = NULL;
    tn_status st = tn_records->find(call, THING, NULL, 0, TN_BY_ID, 1, &found);

    if (st == TN_OK)
        st = tn_records->next(found, &lent);
    if (st != TN_OK)
        return st;
    return lent ? use(as_own(lent)) : TN_NOT_FOUND;
}

static tn_status write_lent(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return use_lent(call, write_name);
}

static tn_status archive_lent(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return use_lent(call, tn_records->archive);
}

static tn_status create_user(struct tn_call *call, struct tn_record *response)
{
    struct tn_record *made = NULL;

    (void)response;
    return tn_records->create(call, USER, &made);
}

static tn_status link_message(struct tn_call *call, struct tn_record *response)
{
    (void)call;
    return tn_records->link(response, 0, 1, 0, 0);
}

static tn_status link_nothing(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return tn_records->link(tn_create(call, THING), MANY, 1, 0, 0);
}

static tn_status link_oddly(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return tn_records->link(tn_create(call, THING), 0, 1, 1u << 7, 0);
}

static tn_status read_no_field(struct tn_call *call, struct tn_record *response)
{
    struct tn_value value;

    (void)call;
    return tn_records->read(response, THING_NAME, &value);
}

static tn_status total_nothing(struct tn_call *call, struct tn_record *response)
{
    struct tn_value totals[1];

    (void)response;
    return tn_records->total(call, MANY, NULL, totals, 1);
}

static tn_status set_timer(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return tn_records->timer(tn_create(call, THING), MANY, 0, NULL);
}

static tn_status time_record(struct tn_record *record)
{
    return tn_records->timer(record, 0, 0, NULL);
}

static tn_status time_lent(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return use_lent(call, time_record);
}

/* By a rule that is none, of which `what` tells. */
static tn_status time_by_rule(struct tn_call *call, struct tn_str what)
{
    tn_time at = 0;
    char rule[600];

    memset(rule, 'X', sizeof(rule));
    rule[sizeof(rule) - 1] = '\0';
    if (what.len == 0) {
        at = -1;
        what = tn_str("FREQ=DAILY");
    }
    if (what.data[0] != '+' && what.len < sizeof(rule)) {
        memcpy(rule, what.data, what.len);
        rule[what.len] = '\0';
    }
    return tn_records->timer(tn_create(call, THING), 0, at, rule);
}

static tn_status time_another(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return time_record(tn_create(call, OTHER));
}

static tn_status find_with(struct tn_call *call, const struct tn_filter *filters, uint32_t count)
{
    struct tn_found *found = NULL;

    return tn_records->find(call, THING, filters, count, TN_BY_ID, 0, &found);
}

static tn_status find_by_many(struct tn_call *call, struct tn_record *response)
{
    static struct tn_filter filters[MANY];

    (void)response;
    return find_with(call, filters, MANY);
}

static tn_status find_by_many_values(struct tn_call *call, struct tn_record *response)
{
    static struct tn_value values[MANY];
    const struct tn_filter filter = {THING_NAME, TN_IN, 0, MANY, values};

    (void)response;
    return find_with(call, &filter, 1);
}

static tn_status find_oddly(struct tn_call *call, struct tn_record *response)
{
    const struct tn_filter filter = {THING_NAME, MANY, 0, 0, NULL};

    (void)response;
    return find_with(call, &filter, 1);
}

static tn_status refuse_nothing(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return tn_core->refuse(call, TN_OK, THING_NAME, "rule", "Text.");
}

static tn_status set_body(struct tn_call *call, struct tn_record *response)
{
    (void)call;
    return tn_core->set_body(response, (struct tn_bytes){NULL, 0});
}

static tn_status send_response(struct tn_call *call, struct tn_record *response)
{
    return tn_core->send(call, response);
}

static tn_status hold(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return tn_core->hold(call);
}

static tn_status finish(struct tn_call *call, struct tn_record *response)
{
    (void)response;
    return tn_core->finish(call, TN_OK);
}

static tn_status request_nothing(struct tn_call *call, struct tn_record *response)
{
    struct tn_record *request = NULL;

    (void)response;
    return tn_bus->request(call, MANY, &request);
}

static tn_status invoke_response(struct tn_call *call, struct tn_record *response)
{
    const struct tn_record *answer = NULL;

    (void)call;
    return tn_bus->invoke(response, NULL, &answer);
}

/* Calls itself with the same `what`, for ever. */
static tn_status dig(struct tn_call *call, struct tn_record *response)
{
    struct tn_record *request = tn_request(call, RUN);
    const struct tn_record *below = NULL;

    (void)response;
    tn_set_text(request, RUN_WHAT, tn_str("dig"));
    return tn_invoke(request, &below);
}

static const struct {
    const char *what;
    tn_status (*run)(struct tn_call *call, struct tn_record *response);
} ways[] = {
    {"write lent", write_lent},
    {"archive lent", archive_lent},
    {"create user", create_user},
    {"link message", link_message},
    {"link nothing", link_nothing},
    {"link oddly", link_oddly},
    {"read no field", read_no_field},
    {"total nothing", total_nothing},
    {"set timer", set_timer},
    {"time lent", time_lent},
    {"time another", time_another},
    {"find by many", find_by_many},
    {"find by many values", find_by_many_values},
    {"find oddly", find_oddly},
    {"refuse nothing", refuse_nothing},
    {"set body", set_body},
    {"send", send_response},
    {"hold", hold},
    {"finish", finish},
    {"request nothing", request_nothing},
    {"invoke response", invoke_response},
    {"dig", dig},
};

static tn_status run(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    struct tn_str what = tn_text(request, RUN_WHAT);

    if (what.len >= 5 && memcmp(what.data, "rule ", 5) == 0)
        return time_by_rule(call, (struct tn_str){what.data + 5, what.len - 5});
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (tn_is(request, RUN_WHAT, ways[i].what))
            return ways[i].run(call, response);
    (void)tn_create(call, THING);
    return TN_OK;
}

static tn_status look(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    (void)request;
    return dig(call, response);
}

static const struct tn_type types[] = {
    [THING] = {.name = "things", .label = "Thing", .plural = "Things"},
    [OTHER] = {.name = "others", .label = "Other", .plural = "Others"},
    [USER] = {.name = "users", .flags = TN_EXTERN},
    [RUN_REQUEST] = {.name = "org.example.misuses.v1.RunRequest", .flags = TN_MESSAGE},
    [RUN_RESPONSE] = {.name = "org.example.misuses.v1.RunResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [THING_NAME] = {TN_PROPERTY(THING, TN_TEXT, "name", "Name", 0)},
    [RUN_WHAT] = {TN_PROPERTY(RUN_REQUEST, TN_TEXT, "what", NULL, 0)},
    [RAN_TEXT] = {TN_PROPERTY(RUN_RESPONSE, TN_TEXT, "text", NULL, 0)},
};
static const struct tn_association associations[] = {
    {"thing_to_thing", THING, THING, .label = "Parts", .inverse = "Wholes"},
};
static const struct tn_method methods[] = {
    [RUN] =
        {"org.example.misuses.v1.Misuses/Run", RUN_REQUEST, RUN_RESPONSE, run, .flags = TN_JOINS},
    [LOOK] =
        {"org.example.misuses.v1.Misuses/Look", RUN_REQUEST, RUN_RESPONSE, look, .flags = TN_READS},
};
static tn_status ring(struct tn_call *call, struct tn_record *record, tn_time due)
{
    (void)record;
    (void)due;
    return tn_core->status(call);
}
static const struct tn_timer timers[] = {{"ring", THING, .run = ring}};
static const struct tn_setting settings[] = {
    {"key", "The key of a service", TN_TEXT, TN_SECRET, NULL},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.misuses", "1.0.0", "Misuses the host"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .methods = TN_LIST(methods),
    .settings = TN_LIST(settings),
    .timers = TN_LIST(timers),
};
