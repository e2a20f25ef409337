/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c - a free module whose method calls one that is not free, in the same transaction. */
#include <tenon_sdk.h>

enum { ASK, ASKED, ADD, ADDED };
enum { ASK_NAME, ADD_NAME };
enum { RELAY, GAUGES_ADD };

TN_NEEDS(core, records, bus);

static tn_status relay(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    struct tn_record *add = tn_request(call, GAUGES_ADD);
    const struct tn_record *added = NULL;

    (void)response;
    tn_set_text(add, ADD_NAME, tn_text(request, ASK_NAME));
    return tn_invoke(add, &added);
}

static const struct tn_type types[] = {
    [ASK] = {.name = "org.example.relay.v1.RelayRequest", .flags = TN_MESSAGE},
    [ASKED] = {.name = "org.example.relay.v1.RelayResponse", .flags = TN_MESSAGE},
    [ADD] = {.name = "org.example.gauges.v1.AddRequest", .flags = TN_MESSAGE | TN_EXTERN},
    [ADDED] = {.name = "org.example.gauges.v1.AddResponse", .flags = TN_MESSAGE | TN_EXTERN},
};
static const struct tn_property properties[] = {
    [ASK_NAME] = {TN_PROPERTY(ASK, TN_TEXT, "name", NULL, TN_REQUIRED)},
    [ADD_NAME] = {TN_PROPERTY(ADD, TN_TEXT, "name", NULL, TN_EXTERN)},
};
static const struct tn_method methods[] = {
    [RELAY] = {"org.example.relay.v1.Relay/Add", ASK, ASKED, relay, 0, 0},
    [GAUGES_ADD] = {"org.example.gauges.v1.Gauges/Add", ADD, ADDED, NULL, TN_EXTERN, 0},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.relay", "1.0.0", "Passes gauges on"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
};
