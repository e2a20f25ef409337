/* SPDX-License-Identifier: Apache-2.0 */
/* assets.c - a type as wide as those that people fill in, for loads of many records. */
#include <tenon_sdk.h>

enum { ASSET };
enum { TAG, STATE, HOURS };

#define WORDS(name, label)                                      \
    {                                                           \
        TN_PROPERTY(ASSET, TN_TEXT, name, label, TN_SEARCHABLE) \
    }
#define PLAIN(name, label)                          \
    {                                               \
        TN_PROPERTY(ASSET, TN_TEXT, name, label, 0) \
    }
#define SORTED(name, label)                                  \
    {                                                        \
        TN_PROPERTY(ASSET, TN_TEXT, name, label, TN_INDEXED) \
    }

static const struct tn_type types[] = {
    [ASSET] = {.name = "assets", .label = "Asset", .plural = "Assets"},
};
static const struct tn_property properties[] = {
    [TAG] = {TN_PROPERTY(ASSET, TN_TEXT, "tag", "Tag",
                         TN_REQUIRED | TN_UNIQUE | TN_TITLE | TN_SEARCHABLE)},
    [STATE] = {TN_PROPERTY(ASSET, TN_CHOICE, "state", "State", TN_INDEXED),
               .options = TN_OPTIONS({"new", "New"}, {"used", "Used"}, {"worn", "Worn"})},
    [HOURS] = {TN_PROPERTY(ASSET, TN_NUMBER, "hours", "Hours run", TN_INDEXED)},
    WORDS("model", "Model"),
    WORDS("maker", "Maker"),
    WORDS("keeper", "Keeper"),
    WORDS("place", "Place"),
    SORTED("lot", "Lot"),
    SORTED("room", "Room"),
    PLAIN("street", "Street"),
    PLAIN("zip", "Zip"),
    PLAIN("country", "Country"),
    PLAIN("supplier", "Supplier"),
    PLAIN("invoice", "Invoice"),
    PLAIN("remark", "Remark"),
    PLAIN("manual", "Manual"),
};
static const struct tn_rollup rollups[] = {
    {"assets_by_state", .group = TN_AT(STATE), .sum = TN_AT(HOURS)},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_DATA_PLUGIN("org.example.assets", "1.0.0", "Assets and what is known of them"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .rollups = TN_LIST(rollups),
};
