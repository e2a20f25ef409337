/* SPDX-License-Identifier: Apache-2.0 */
/* dials.c - a module of the tier professional with a consumer: it makes a dial for each machine. */
#include <tenon_sdk.h>

enum { DIAL, MACHINE };
enum { NAME };

TN_NEEDS(core, records);

static tn_status machine_changed(struct tn_call *call, const struct tn_record *before,
                                 const struct tn_record *after)
{
    if (after && !before)
        tn_set_text(tn_create(call, DIAL), NAME, tn_str("dial"));
    return TN_OK;
}

static const struct tn_type types[] = {
    [DIAL] = {.name = "dials", .label = "Dial", .plural = "Dials"},
    [MACHINE] = {.name = "machines", .flags = TN_EXTERN},
};
static const struct tn_property properties[] = {
    [NAME] = {TN_PROPERTY(DIAL, TN_TEXT, "name", "Name", TN_TITLE)},
};
static const struct tn_consumer consumers[] = {
    {.name = "machines", .type = MACHINE, .run = machine_changed},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.dials", "1.0.0", "A dial for each machine"),
    .tier = TN_PROFESSIONAL,
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .consumers = TN_LIST(consumers),
};
