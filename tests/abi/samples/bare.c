/* SPDX-License-Identifier: Apache-2.0 */
/* bare.c - a plugin with the raw ABI alone: no helpers, no libc, so for any machine. */
#include <tenon/plugin.h>

static tn_status start(void *self)
{
    return self ? TN_OK : TN_INTERNAL;
}

static const struct tn_option colours[] = {{"red", "Red"}, {"blue", "Blue"}};
static const struct tn_type types[] = {{"gadgets", "Gadget", "Gadgets", 0, TN_FREE}};
static const struct tn_property properties[] = {
    {0, TN_CHOICE, "colour", "Colour", TN_INDEXED, 0, 0, "red", TN_LIST(colours)},
};

const struct tn_plugin tenon_plugin_v1 = {
    .magic = TN_MAGIC,
    .struct_size = sizeof(struct tn_plugin),
    .minor = TN_MINOR,
    .id = "org.example.bare",
    .version = "1.0.0",
    .summary = "Gadgets",
    .schema = 1,
    .schema_oldest = 1,
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .start = start,
};
