/* SPDX-License-Identifier: Apache-2.0 */
/* rest.c - finding what a plugin relies on and a portal does not have. */
#include "core/plugin/rest.h"

#include "core/base/clock.h"
#include "core/base/utf8.h"

/* The name that is in the way, in two parts; the second may be NULL. */
struct crossed {
    const char *type;
    const char *name;
};

static bool find_type(const struct plugin *plugin, const struct schema *schema,
                      struct crossed *ret_crossed)
{
    for (uint32_t i = 0; i < plugin->rows->types.count; i++) {
        if (plugin->messages[i] || schema_type_by_id(schema, plugin->binding->types[i]))
            continue;
        *ret_crossed = (struct crossed){plugin->rows->types.items[i].name, NULL};
        return true;
    }
    return false;
}

/* A row for every type: some type has another property of its name. */
static bool find_in_types(const struct plugin *plugin, const struct schema *schema,
                          const struct tn_property *row, struct crossed *ret_crossed)
{
    uint32_t count = 0;
    const struct schema_type *const *types = schema_types(schema, &count);

    for (uint32_t i = 0; i < count && row->type == TN_ANY_TYPE; i++) {
        const struct schema_property *property =
            schema_property_by_name(schema, types[i], utf8_str(row->name));

        if (!property || utf8_equal(property->owner, plugin_id(plugin)))
            continue;
        *ret_crossed = (struct crossed){types[i]->name.data, row->name};
        return true;
    }
    return false;
}

static bool find_property(const struct plugin *plugin, const struct schema *schema,
                          struct crossed *ret_crossed)
{
    const struct tn_plugin *rows = plugin->rows;

    for (uint32_t i = 0; i < rows->properties.count; i++) {
        const struct tn_property *row = &rows->properties.items[i];

        if (row->type == TN_ANY_TYPE || TN_IS_MARKED(row->type)) {
            if (!(row->flags & TN_EXTERN) && find_in_types(plugin, schema, row, ret_crossed))
                return true;
            continue;
        }
        if (plugin->messages[row->type] ||
            schema_property_by_id(schema, plugin->binding->properties[i]))
            continue;
        *ret_crossed = (struct crossed){rows->types.items[row->type].name, row->name};
        return true;
    }
    return false;
}

static bool find_association(const struct plugin *plugin, const struct schema *schema,
                             struct crossed *ret_crossed)
{
    const struct tn_association_list *rows = &plugin->rows->associations;

    for (uint32_t i = 0; i < rows->count; i++) {
        if (schema_association_by_id(schema, plugin->binding->associations[i]))
            continue;
        *ret_crossed = (struct crossed){rows->items[i].name, NULL};
        return true;
    }
    return false;
}

struct entitle_need rest_need(const struct plugin *plugin)
{
    return (struct entitle_need){
        plugin_id(plugin), utf8_str(catalog_hub(plugin->rows)), plugin->rows->tier};
}

tn_status rest_check_part(const struct plugin *plugin, uint32_t tier, bool reads,
                          const struct schema *schema, const struct portal *portal, struct err *err)
{
    struct entitle_need need = rest_need(plugin);
    struct crossed crossed;

    if (tier > need.tier)
        need.tier = tier;
    if (need.tier > TN_FREE)
        TRY(entitle_check(
            plugin->host->options.entitle, portal, &need, clock_wall_us(), reads, err));
    if (!schema_is_crossed(schema))
        return TN_OK;
    if (!find_type(plugin, schema, &crossed) && !find_property(plugin, schema, &crossed) &&
        !find_association(plugin, schema, &crossed))
        return TN_OK;
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "The plugin %s does not serve the portal %s, which gave the name %s%s%s itself.",
                   plugin->rows->id,
                   portal->name,
                   crossed.type,
                   crossed.name ? "." : "",
                   crossed.name ? crossed.name : "");
}

tn_status rest_check(const struct plugin *plugin, const struct schema *schema,
                     const struct portal *portal, struct err *err)
{
    return rest_check_part(plugin, TN_FREE, false, schema, portal, err);
}

tn_status rest_check_method(const struct plugin_method *method, const struct txn *txn,
                            struct err *err)
{
    return rest_check_part(method->owner,
                           method->row->tier,
                           (method->flags & TN_READS) != 0,
                           txn_schema(txn),
                           txn_portal(txn),
                           err);
}

static void report_portal(const struct plugin_host *host, const struct portal *portal)
{
    struct schema *schema = catalog_schema(host->options.catalog, portal->id);

    for (size_t i = 0; schema && i < host->running_count; i++) {
        struct err err;

        err_init(&err, NULL);
        if (rest_check(host->running[i], schema, portal, &err) != TN_OK)
            LOG(host->options.log,
                LOG_WARN,
                "plugin rests in a portal",
                LOG_STR("id", host->running[i]->rows->id),
                LOG_STR("portal", portal->name),
                LOG_STR("reason", err.message));
    }
    schema_unref(schema);
}

void rest_report(const struct plugin_host *host)
{
    struct portals *portals = host->options.portals;

    if (host->running_count == 0)
        return;
    for (const struct portal *p = portals_next(portals, 0); p; p = portals_next(portals, p->id))
        if (catalog_has_own(host->options.catalog, p->id))
            report_portal(host, p);
}
