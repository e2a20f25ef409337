/* SPDX-License-Identifier: Apache-2.0 */
/* machines.c - a type of records, and its links to sites, without a line of code. */
#include <tenon_sdk.h>

enum { MACHINE, SITE };

static const struct tn_type types[] = {
    [MACHINE] = {.name = "machines", .label = "Machine", .plural = "Machines"},
    [SITE] = {.name = "sites", .label = "Site", .plural = "Sites"},
};
static const struct tn_property properties[] = {
    {TN_PROPERTY(MACHINE, TN_TEXT, "serial", "Serial number", TN_REQUIRED | TN_UNIQUE | TN_TITLE)},
    {TN_PROPERTY(MACHINE, TN_CHOICE, "state", "State", 0),
     .options = TN_OPTIONS({"new", "New"}, {"used", "Used"})},
    {TN_PROPERTY(MACHINE, TN_NUMBER, "price", "Price", 0)},
    {TN_PROPERTY(MACHINE, TN_DATE, "installed_on", "Installed on", TN_INDEXED)},
    {TN_PROPERTY(SITE, TN_TEXT, "name", "Name", TN_REQUIRED | TN_TITLE | TN_SEARCHABLE)},
};
static const struct tn_association associations[] = {
    {"machine_to_site", MACHINE, SITE, .label = "Site", .inverse = "Machines", .max_to = 1},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_DATA_PLUGIN("org.example.machines", "1.0.0", "Machines and the sites they stand at"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
};
