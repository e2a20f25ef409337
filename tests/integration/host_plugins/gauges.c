/* SPDX-License-Identifier: Apache-2.0 */
/* gauges.c - a module of the tier professional: a type, a hook on another's, methods, a feature. */
#include <tenon_sdk.h>

enum { GAUGE, MACHINE, ADD, ADDED, LOOK, LOOKED };
enum { NAME, GAUGED, ADD_NAME, ADDED_ID, LOOKED_DIALS };
enum { ON_MACHINE };
enum { DIALS };

TN_NEEDS(core, records);

/* What is made while the module rests is not marked. */
static tn_status machine_changes(struct tn_call *call, const struct tn_record *before,
                                 struct tn_record *after)
{
    (void)call;
    if (after && !before)
        tn_set_bool(after, GAUGED, 1);
    return TN_OK;
}

static tn_status add(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    struct tn_record *gauge = tn_create(call, GAUGE);

    if (!gauge)
        return TN_INTERNAL;
    tn_set_text(gauge, NAME, tn_text(request, ADD_NAME));
    tn_set_ref(response, ADDED_ID, tn_id_of(gauge));
    return TN_OK;
}

static tn_status look(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    (void)request;
    tn_set_ref(response, LOOKED_DIALS, tn_core->granted(call, DIALS)); /* a number, as ids are */
    return TN_OK;
}

static const struct tn_type types[] = {
    [GAUGE] = {.name = "gauges", .label = "Gauge", .plural = "Gauges"},
    [MACHINE] = {.name = "machines", .flags = TN_EXTERN | TN_WRITES},
    [ADD] = {.name = "org.example.gauges.v1.AddRequest", .flags = TN_MESSAGE},
    [ADDED] = {.name = "org.example.gauges.v1.AddResponse", .flags = TN_MESSAGE},
    [LOOK] = {.name = "org.example.gauges.v1.LookRequest", .flags = TN_MESSAGE},
    [LOOKED] = {.name = "org.example.gauges.v1.LookResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [NAME] = {TN_PROPERTY(GAUGE, TN_TEXT, "name", "Name", TN_REQUIRED | TN_TITLE)},
    [GAUGED] = {TN_PROPERTY(MACHINE, TN_BOOL, "gauged", "Gauged", 0)},
    [ADD_NAME] = {TN_PROPERTY(ADD, TN_TEXT, "name", NULL, TN_REQUIRED)},
    [ADDED_ID] = {TN_PROPERTY(ADDED, TN_REF, "gauge", NULL, 0), .refers = GAUGE},
    [LOOKED_DIALS] = {TN_PROPERTY(LOOKED, TN_REF, "dials", NULL, 0), .refers = GAUGE},
};
static const struct tn_association associations[] = {
    [ON_MACHINE] = {"gauge_to_machine", GAUGE, MACHINE, .label = "Machine", .inverse = "Gauges"},
};
static const struct tn_hook hooks[] = {{MACHINE, .run = machine_changes}};
static const struct tn_method methods[] = {
    {"org.example.gauges.v1.Gauges/Add", ADD, ADDED, add, .flags = TN_JOINS},
    {"org.example.gauges.v1.Gauges/Look", LOOK, LOOKED, look, .flags = TN_READS | TN_JOINS},
};
static const struct tn_feature features[] = {
    [DIALS] = {"dials", {0, 2, 5, UINT32_MAX}},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.gauges", "1.0.0", "Gauges of machines"),
    .tier = TN_PROFESSIONAL,
    .hub = "plant",
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
    .features = TN_LIST(features),
};
