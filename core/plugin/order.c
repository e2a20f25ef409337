/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - owners of the rows that a plugin uses, looked up among all candidates. */
#include "core/plugin/order.h"

#include <string.h>

/* Rows are some hundreds and this runs once a start, so lists are walked. */

static bool declares_type(const struct tn_plugin *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->types.count; i++)
        if (!(rows->types.items[i].flags & TN_EXTERN) &&
            strcmp(rows->types.items[i].name, name) == 0)
            return true;
    return false;
}

static bool declares_association(const struct tn_plugin *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->associations.count; i++)
        if (!(rows->associations.items[i].flags & TN_EXTERN) &&
            strcmp(rows->associations.items[i].name, name) == 0)
            return true;
    return false;
}

static bool declares_method(const struct tn_plugin *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->methods.count; i++)
        if (!(rows->methods.items[i].flags & TN_EXTERN) &&
            strcmp(rows->methods.items[i].name, name) == 0)
            return true;
    return false;
}

static const char *type_of(const struct tn_plugin *rows, const struct tn_property *property)
{
    return property->type < rows->types.count ? rows->types.items[property->type].name : NULL;
}

static bool declares_property(const struct tn_plugin *rows, const char *type, const char *name)
{
    for (uint32_t i = 0; i < rows->properties.count; i++) {
        const struct tn_property *property = &rows->properties.items[i];
        const char *of = type_of(rows, property);

        if (!(property->flags & TN_EXTERN) && of && strcmp(of, type) == 0 &&
            strcmp(property->name, name) == 0)
            return true;
    }
    return false;
}

/* One TN_EXTERN row; `type` is that of a property. */
struct use {
    enum { USE_TYPE, USE_PROPERTY, USE_ASSOCIATION, USE_METHOD } kind;
    const char *type;
    const char *name;
};

static bool declares(const struct tn_plugin *rows, const struct use *use)
{
    switch (use->kind) {
    case USE_TYPE:
        return declares_type(rows, use->name);
    case USE_PROPERTY:
        return use->type && declares_property(rows, use->type, use->name);
    case USE_ASSOCIATION:
        return declares_association(rows, use->name);
    default:
        return declares_method(rows, use->name);
    }
}

struct walk {
    const struct plugin_host *host;
    const struct plugin *plugin;
    tn_status (*each)(void *ctx, const struct order_need *need);
    void *ctx;
};

static tn_status tell(const struct walk *walk, uint32_t flags, struct use use)
{
    if (!(flags & TN_EXTERN))
        return TN_OK;
    for (size_t i = 0; i < walk->host->plugin_count; i++) {
        struct plugin *owner = walk->host->plugins[i];

        if (owner == walk->plugin || !owner->rows || !declares(owner->rows, &use))
            continue;
        return walk->each(walk->ctx, &(struct order_need){owner, use.name});
    }
    return TN_OK;
}

tn_status order_needs(const struct plugin_host *host, const struct plugin *plugin,
                      tn_status (*each)(void *ctx, const struct order_need *need), void *ctx)
{
    const struct walk walk = {host, plugin, each, ctx};
    const struct tn_plugin *rows = plugin->rows;

    for (uint32_t i = 0; i < rows->types.count; i++)
        TRY(tell(&walk,
                 rows->types.items[i].flags,
                 (struct use){USE_TYPE, NULL, rows->types.items[i].name}));
    for (uint32_t i = 0; i < rows->properties.count; i++)
        TRY(tell(&walk,
                 rows->properties.items[i].flags,
                 (struct use){USE_PROPERTY,
                              type_of(rows, &rows->properties.items[i]),
                              rows->properties.items[i].name}));
    for (uint32_t i = 0; i < rows->associations.count; i++)
        TRY(tell(&walk,
                 rows->associations.items[i].flags,
                 (struct use){USE_ASSOCIATION, NULL, rows->associations.items[i].name}));
    for (uint32_t i = 0; i < rows->methods.count; i++)
        TRY(tell(&walk,
                 rows->methods.items[i].flags,
                 (struct use){USE_METHOD, NULL, rows->methods.items[i].name}));
    return TN_OK;
}
