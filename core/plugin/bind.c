/* SPDX-License-Identifier: Apache-2.0 */
/* bind.c - needs, messages and methods of a plugin, checked and resolved. */
#include "core/plugin/bind.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/call.h"
#include "core/plugin/descriptors.h"
#include "core/plugin/shape.h"
#include "core/value/value.h"

struct table {
    const char *id;
    const void *table;
    uint32_t size;
};

/* The table of that id; a NULL id: none. */
static struct table find_table(const struct plugin *plugin, const char *id)
{
    const struct table tables[] = {
        {TN_CORE_ID, &plugin_core_table, sizeof(plugin_core_table)},
        {TN_RECORDS_ID, &plugin_records_table, sizeof(plugin_records_table)},
        {TN_BUS_ID, &plugin_bus_table, sizeof(plugin_bus_table)},
        {TN_BLOBS_ID, &plugin_blobs_table, sizeof(plugin_blobs_table)},
    };
    const bool has_blobs = plugin->host->options.blobs != NULL;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (strcmp(tables[i].id, id) == 0 && (tables[i].table != &plugin_blobs_table || has_blobs))
            return tables[i];
    return (struct table){0};
}

static tn_status check_needs(const struct plugin *plugin, struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;

    for (uint32_t i = 0; i < rows->needs.count; i++) {
        const struct tn_need *need = &rows->needs.items[i];
        struct table table = find_table(plugin, need->id);

        if (need->flags & TN_OPTIONAL)
            continue;
        if (!table.id)
            return err_set(
                err, TN_NOT_FOUND, "It needs %s, which this host does not have.", need->id);
        if (need->min_size > table.size)
            return err_set(err,
                           TN_NOT_FOUND,
                           "It needs %u bytes of %s, and this host has %u: it is built for a newer "
                           "one.",
                           need->min_size,
                           need->id,
                           table.size);
    }
    return TN_OK;
}

static tn_status not_served(struct err *err, const char *what, const char *name)
{
    return err_set(err,
                   TN_UNIMPLEMENTED,
                   "It declares the %s %s; this version of the host does not serve any.",
                   err_word(err, what),
                   name);
}

tn_status bind_check(const struct plugin *plugin, struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;

    TRY(check_needs(plugin, err));
    for (uint32_t i = 0; i < rows->settings.count; i++)
        if (rows->settings.items[i].flags & TN_GLOBAL)
            return not_served(err, "global setting", rows->settings.items[i].name);
    for (uint32_t i = 0; i < rows->methods.count; i++)
        if (rows->methods.items[i].flags & TN_STREAMS)
            return not_served(err, "streaming method", rows->methods.items[i].name);
    return TN_OK;
}

/* Messages */

/* The message of that name, and whose it is; not one of the version that `plugin` replaces. */
static const struct message_type *find_message(const struct plugin *plugin, const char *name,
                                               struct plugin **ret_owner)
{
    const struct plugin_host *host = plugin->host;

    for (size_t i = 0; i < host->running_count; i++) {
        struct plugin *other = host->running[i];

        for (uint32_t j = 0; other != plugin->predecessor && j < other->rows->types.count; j++) {
            if (!other->messages[j] || (other->rows->types.items[j].flags & TN_EXTERN) ||
                strcmp(other->rows->types.items[j].name, name) != 0)
                continue;
            if (ret_owner)
                *ret_owner = other;
            return other->messages[j];
        }
    }
    return NULL;
}

/* As find_message. */
static const struct plugin_method *find_method(const struct plugin *plugin, const char *name)
{
    const struct plugin_host *host = plugin->host;

    for (size_t i = 0; i < host->running_count; i++) {
        const struct plugin *other = host->running[i];

        for (uint32_t j = 0; other != plugin->predecessor && j < other->served_count; j++)
            if (strcmp(other->served[j].name, name) == 0)
                return &other->served[j];
    }
    return NULL;
}

/* Their types live in the lender's memory. There is room for each plugin once. */
static tn_status borrow(struct plugin *plugin, struct plugin *lender, struct err *err)
{
    if (!plugin->lenders) {
        plugin->lenders = arena_array(&plugin->arena, struct plugin *, plugin->host->running_count);
        if (!plugin->lenders)
            return err_memory(err, "a plugin");
    }
    for (uint32_t i = 0; i < plugin->lender_count; i++)
        if (plugin->lenders[i] == lender)
            return TN_OK;
    lender->ref_count++;
    plugin->lenders[plugin->lender_count++] = lender;
    return TN_OK;
}

static tn_status make_field(const struct tn_property *row, struct message_field *ret_field,
                            struct err *err)
{
    struct message_field field = {
        .name = row->name, .kind = row->kind, .flags = row->flags, .options = &row->options};

    if (row->fallback)
        TRY(value_parse(row->kind, utf8_str(row->fallback), row->name, &field.initial, err));
    *ret_field = field;
    return TN_OK;
}

static tn_status make_message(struct plugin *plugin, uint32_t row, const struct shapes *shapes,
                              struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;
    struct message_type *type = arena_new(&plugin->arena, struct message_type);
    struct message_field *fields;

    if (find_message(plugin, rows->types.items[row].name, NULL))
        return err_set(err,
                       TN_ALREADY_EXISTS,
                       "The message %s is declared by another plugin.",
                       rows->types.items[row].name);
    fields = arena_array(&plugin->arena, struct message_field, rows->properties.count);
    if (!type || !fields)
        return err_memory(err, "a message");
    type->name = rows->types.items[row].name;
    type->is_encoded = (rows->types.items[row].flags & TN_ENCODED) != 0;
    type->shape = shapes_find(shapes, type->name);
    if (!type->shape && (type->is_encoded || rows->descriptors.count > 0))
        return err_set(
            err, TN_INVALID_ARGUMENT, "Its descriptors lack the message %s.", type->name);
    for (uint32_t i = 0; i < rows->properties.count; i++) {
        if (rows->properties.items[i].type != row)
            continue;
        TRY(make_field(&rows->properties.items[i], &fields[type->field_count], err));
        plugin->fields[i] = type->field_count++;
    }
    type->fields = fields;
    plugin->messages[row] = type;
    return TN_OK;
}

static tn_status use_field(struct plugin *plugin, uint32_t row, const struct message_type *type,
                           struct err *err)
{
    const struct tn_property *property = &plugin->rows->properties.items[row];

    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, property->name) != 0)
            continue;
        if (type->fields[i].kind != property->kind)
            break;
        plugin->fields[row] = i;
        return TN_OK;
    }
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "The message %s has no field %s of that kind.",
                   type->name,
                   property->name);
}

static tn_status use_message(struct plugin *plugin, uint32_t row, struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;
    const struct tn_type *declared = &rows->types.items[row];
    struct plugin *owner = NULL;
    const struct message_type *type = find_message(plugin, declared->name, &owner);

    if (!type)
        return err_set(err,
                       TN_NOT_FOUND,
                       "It needs the message %s, which no running plugin declares.",
                       declared->name);
    if (type->is_encoded && !(declared->flags & TN_ENCODED))
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "It declares fields of the message %s, which is encoded.",
                       declared->name);
    for (uint32_t i = 0; i < rows->properties.count; i++)
        if (rows->properties.items[i].type == row)
            TRY(use_field(plugin, i, type, err));
    TRY(borrow(plugin, owner, err));
    plugin->messages[row] = type;
    return TN_OK;
}

/* An encoded message must be in the plugin's own descriptors, and so must all once there are any:
 * reflection shows one set or the other. */
static tn_status bind_messages(struct plugin *plugin, const struct shapes *shapes, struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;

    for (uint32_t i = 0; i < rows->types.count; i++) {
        uint32_t flags = rows->types.items[i].flags;

        if (!(flags & TN_MESSAGE))
            continue;
        if (flags & TN_EXTERN)
            TRY(use_message(plugin, i, err));
        else
            TRY(make_message(plugin, i, shapes, err));
    }
    return TN_OK;
}

static tn_status read_messages(struct plugin *plugin, struct err *err)
{
    const struct tn_byte_list *own = &plugin->rows->descriptors;
    CLEANUP(shapes_fini) struct shapes shapes = {0};

    TRY(shapes_read(&shapes, (struct tn_bytes){own->items, own->count}, &plugin->arena, err));
    return bind_messages(plugin, &shapes, err);
}

/* Methods */

static tn_status use_method(struct plugin *plugin, uint32_t row, struct err *err)
{
    const struct tn_method *declared = &plugin->rows->methods.items[row];
    const struct plugin_method *method = find_method(plugin, declared->name);

    if (!method)
        return err_set(err,
                       TN_NOT_FOUND,
                       "It needs the method %s, which no running plugin serves.",
                       declared->name);
    if (!(method->flags & TN_JOINS))
        return err_set(err,
                       TN_UNIMPLEMENTED,
                       "It calls the method %s, which does not join transactions; this version of "
                       "the host serves calls of joining methods only.",
                       declared->name);
    if (strcmp(method->request, plugin->messages[declared->request]->name) != 0 ||
        strcmp(method->response, plugin->messages[declared->response]->name) != 0)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The method %s has other messages than it declares.",
                       declared->name);
    return TN_OK;
}

static tn_status serve_method(struct plugin *plugin, uint32_t row, struct err *err)
{
    const struct tn_method *declared = &plugin->rows->methods.items[row];
    const struct message_type *request = plugin->messages[declared->request];
    const struct message_type *response = plugin->messages[declared->response];

    if (find_method(plugin, declared->name))
        return err_set(
            err, TN_ALREADY_EXISTS, "The method %s is served by another plugin.", declared->name);
    struct plugin_method *method = &plugin->served[plugin->served_count++];
    *method = (struct plugin_method){.name = declared->name,
                                     .request = request->name,
                                     .response = response->name,
                                     .plugin = plugin->rows->id,
                                     .flags = declared->flags,
                                     .descriptors = plugin->descriptors,
                                     .owner = plugin,
                                     .row = declared};
    return TN_OK;
}

static tn_status bind_descriptors(struct plugin *plugin, struct err *err)
{
    const struct tn_byte_list *own = &plugin->rows->descriptors;
    CLEANUP(buf_fini) struct buf built = {0};

    plugin->descriptors = (struct tn_bytes){own->items, own->count};
    if (own->count > 0 || plugin->rows->methods.count == 0)
        return TN_OK;
    if (descriptors_build(plugin->rows, &built) != TN_OK)
        return err_memory(err, "descriptors");
    char *copy = arena_copy(&plugin->arena, built.data, built.len);
    if (!copy)
        return err_memory(err, "descriptors");
    plugin->descriptors = (struct tn_bytes){(const uint8_t *)copy, built.len};
    return TN_OK;
}

tn_status bind_rows(struct plugin *plugin, struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;

    plugin->messages = arena_array(&plugin->arena, const struct message_type *, rows->types.count);
    plugin->fields = arena_array(&plugin->arena, uint32_t, rows->properties.count);
    plugin->served = arena_array(&plugin->arena, struct plugin_method, rows->methods.count);
    if (!plugin->messages || !plugin->fields || !plugin->served)
        return err_memory(err, "a plugin");
    TRY(read_messages(plugin, err));
    TRY(bind_descriptors(plugin, err));
    for (uint32_t i = 0; i < rows->methods.count; i++) {
        if (rows->methods.items[i].flags & TN_EXTERN)
            TRY(use_method(plugin, i, err));
        else
            TRY(serve_method(plugin, i, err));
    }
    return TN_OK;
}

void bind_slots(struct plugin *plugin)
{
    for (uint32_t i = 0; i < plugin->rows->needs.count; i++) {
        const struct tn_need *need = &plugin->rows->needs.items[i];
        struct table table = find_table(plugin, need->id);
        const void **slot = (const void **)(plugin->base + manifest_vaddr(&need->slot));

        *slot = table.id && table.size >= need->min_size ? table.table : NULL;
    }
}
