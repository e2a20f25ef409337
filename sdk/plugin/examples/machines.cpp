/* SPDX-License-Identifier: Apache-2.0 */
/* machines.cpp - machines.c in C++17. */
#include <tenon_sdk.hpp>

enum { MACHINE, SITE };

static constexpr tn_option states[] = {{"new", "New"}, {"used", "Used"}};
static constexpr tn_type types[] = {
    tn::type("machines").label("Machine", "Machines"),
    tn::type("sites").label("Site", "Sites"),
};
static constexpr tn_property properties[] = {
    tn::property(MACHINE, TN_TEXT, "serial", "Serial number")
        .flags(TN_REQUIRED | TN_UNIQUE | TN_TITLE),
    tn::property(MACHINE, TN_CHOICE, "state", "State").options(states),
    tn::property(MACHINE, TN_NUMBER, "price", "Price"),
    tn::property(MACHINE, TN_DATE, "installed_on", "Installed on").flags(TN_INDEXED),
    tn::property(SITE, TN_TEXT, "name", "Name").flags(TN_REQUIRED | TN_TITLE | TN_SEARCHABLE),
};
static constexpr tn_association associations[] = {
    tn::association("machine_to_site", MACHINE, SITE).label("Site", "Machines").max_to(1),
};

constexpr tn_plugin tenon_plugin_v1 =
    tn::plugin("org.example.machines", "1.0.0", "Machines and the sites they stand at")
        .types(types)
        .properties(properties)
        .associations(associations);
