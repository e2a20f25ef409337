/* SPDX-License-Identifier: Apache-2.0 */
/* machines.c - the types that the tests of the whole host work on; declarations only. */
#include <tenon_sdk.h>

enum { MACHINE, SITE };
enum { SERIAL, CONDITION, HOURS, BADGE, NAME };

static const struct tn_type types[] = {
    [MACHINE] = {.name = "machines", .label = "Machine", .plural = "Machines"},
    [SITE] = {.name = "sites", .label = "Site", .plural = "Sites"},
};
static const struct tn_property properties[] = {
    [SERIAL] = {TN_PROPERTY(MACHINE, TN_TEXT, "serial", "Serial number",
                            TN_REQUIRED | TN_UNIQUE | TN_TITLE)},
    [CONDITION] = {TN_PROPERTY(MACHINE, TN_CHOICE, "condition", "Condition", TN_INDEXED),
                   .options = TN_OPTIONS({"new", "New"}, {"used", "Used"}, {"worn", "Worn"})},
    [HOURS] = {TN_PROPERTY(MACHINE, TN_NUMBER, "hours", "Hours run", 0)},
    [BADGE] = {TN_PROPERTY(MACHINE, TN_TEXT, "badge", "Badge", TN_UNIQUE)},
    [NAME] = {TN_PROPERTY(SITE, TN_TEXT, "name", "Name", TN_REQUIRED | TN_UNIQUE | TN_TITLE)},
};
static const struct tn_association associations[] = {
    {"machine_to_site", MACHINE, SITE, .label = "Site", .inverse = "Machines"},
    /* With a limit on each side, to race for. */
    {"machine_to_garage",
     MACHINE,
     SITE,
     .label = "Garage",
     .inverse = "Kept",
     .max_to = 1,
     .max_from = 4},
};
static const struct tn_rollup rollups[] = {
    {"machines_by_condition", .group = TN_AT(CONDITION), .sum = TN_AT(HOURS)},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_DATA_PLUGIN("org.example.machines", "1.0.0", "Machines and the sites they stand at"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .associations = TN_LIST(associations),
    .rollups = TN_LIST(rollups),
};
