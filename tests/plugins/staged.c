/* SPDX-License-Identifier: Apache-2.0 */
/* staged.c - a plugin for the tests, data alone: visits, which move through stages. */
#include <tenon_sdk.h>

static const struct tn_type types[] = {
    {.name = "visits", .label = "Visit", .plural = "Visits", .flags = TN_STAGED},
};
static const struct tn_property properties[] = {
    {TN_PROPERTY(0, TN_TEXT, "subject", "Subject", TN_REQUIRED | TN_TITLE)},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_DATA_PLUGIN("org.example.visits", "1.0.0", "Visits"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
};
