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

static bool declares(const struct tn_plugin *rows, const struct order_use *use)
{
    switch (use->kind) {
    case ORDER_TYPE:
        return declares_type(rows, use->name);
    case ORDER_PROPERTY:
        return use->type && declares_property(rows, use->type, use->name);
    case ORDER_ASSOCIATION:
        return declares_association(rows, use->name);
    default:
        return declares_method(rows, use->name);
    }
}

tn_status order_uses(const struct tn_plugin *rows,
                     tn_status (*each)(void *ctx, const struct order_use *use), void *ctx)
{
    for (uint32_t i = 0; i < rows->types.count; i++) {
        const struct tn_type *type = &rows->types.items[i];
        const struct order_use use = {ORDER_TYPE, NULL, type->name, (type->flags & TN_WRITES) != 0};

        if (type->flags & TN_EXTERN)
            TRY(each(ctx, &use));
    }
    for (uint32_t i = 0; i < rows->properties.count; i++) {
        const struct tn_property *property = &rows->properties.items[i];
        const struct order_use use = {ORDER_PROPERTY,
                                      type_of(rows, property),
                                      property->name,
                                      (property->flags & TN_WRITES) != 0};

        if (property->flags & TN_EXTERN)
            TRY(each(ctx, &use));
    }
    for (uint32_t i = 0; i < rows->associations.count; i++) {
        const struct tn_association *association = &rows->associations.items[i];
        const struct order_use use = {
            ORDER_ASSOCIATION, NULL, association->name, (association->flags & TN_WRITES) != 0};

        if (association->flags & TN_EXTERN)
            TRY(each(ctx, &use));
    }
    for (uint32_t i = 0; i < rows->methods.count; i++) {
        const struct order_use use = {ORDER_METHOD, NULL, rows->methods.items[i].name, false};

        if (rows->methods.items[i].flags & TN_EXTERN)
            TRY(each(ctx, &use));
    }
    return TN_OK;
}

static tn_status find_same(void *ctx, const struct order_use *use)
{
    const struct order_use *wanted = ctx;
    bool has_type = wanted->type && use->type;

    if (use->kind != wanted->kind || strcmp(use->name, wanted->name) != 0 ||
        (has_type && strcmp(use->type, wanted->type) != 0) || (!wanted->type != !use->type) ||
        (wanted->writes && !use->writes))
        return TN_OK;
    return TN_ALREADY_EXISTS;
}

bool order_has_use(const struct tn_plugin *rows, const struct order_use *use)
{
    struct order_use wanted = *use;

    return order_uses(rows, find_same, &wanted) == TN_ALREADY_EXISTS;
}

struct walk {
    const struct plugin_host *host;
    const struct plugin *plugin;
    tn_status (*each)(void *ctx, const struct order_need *need);
    void *ctx;
};

static tn_status tell_owner(void *ctx, const struct order_use *use)
{
    const struct walk *walk = ctx;

    for (size_t i = 0; i < walk->host->plugin_count; i++) {
        struct plugin *owner = walk->host->plugins[i];

        if (owner == walk->plugin || !owner->rows || !declares(owner->rows, use))
            continue;
        return walk->each(walk->ctx, &(struct order_need){owner, use->name});
    }
    return TN_OK;
}

tn_status order_needs(const struct plugin_host *host, const struct plugin *plugin,
                      tn_status (*each)(void *ctx, const struct order_need *need), void *ctx)
{
    struct walk walk = {host, plugin, each, ctx};

    return order_uses(plugin->rows, tell_owner, &walk);
}
