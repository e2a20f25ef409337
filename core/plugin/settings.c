/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - settings in the portal's meta family, under "setting/PLUGIN/NAME", as the message
 * tenon.stored.v1.Setting with the text that a person wrote.
 */
#include "core/plugin/settings.h"

#include <stdio.h>

#include "core/base/utf8.h"
#include "core/plugin/routes.h"
#include "core/plugin/wire.h"
#include "core/value/value.h"

/* With its NUL. A plugin id and a setting's name are shorter; longer ones are refused at load. */
#define KEY_SIZE 201u
_Static_assert(KEY_SIZE <= TXN_META_KEY_MAX, "the store takes it");
#define STORED_VALUE 1u /* number of Setting.value */

static bool make_key(const struct plugin *plugin, uint32_t row, char key[KEY_SIZE],
                     struct tn_str *ret_key)
{
    int len = snprintf(
        key, KEY_SIZE, "setting/%s/%s", plugin->rows->id, plugin->rows->settings.items[row].name);

    *ret_key = (struct tn_str){key, (size_t)len};
    return len > 0 && (size_t)len < KEY_SIZE;
}

tn_status settings_prepare(struct plugin *plugin, struct err *err)
{
    const struct tn_setting_list *list = &plugin->rows->settings;
    char key[KEY_SIZE];
    struct tn_str ignored;

    plugin->settings = arena_array(&plugin->arena, struct tn_value, list->count);
    if (!plugin->settings)
        return err_memory(err, "settings");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct tn_setting *row = &list->items[i];

        if (!make_key(plugin, i, key, &ignored))
            return err_set(
                err, TN_INVALID_ARGUMENT, "The name of the setting %s is too long.", row->name);
        if (row->fallback)
            TRY(value_parse(
                row->kind, utf8_str(row->fallback), row->name, &plugin->settings[i], err));
    }
    return TN_OK;
}

/* The text that was set; empty: none. */
static tn_status read_text(const struct plugin *plugin, struct txn *txn, uint32_t row,
                           struct tn_str *ret_text, struct err *err)
{
    char buffer[KEY_SIZE];
    struct tn_str key;
    struct tn_bytes stored = {0};
    struct wire_field field;

    (void)make_key(plugin, row, buffer, &key); /* settings_prepare saw that it fits */
    tn_status st = txn_get_meta(txn, key, &stored, err);
    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    *ret_text = (struct tn_str){"", 0};
    while (st == TN_OK && wire_next(&stored, &field) == TN_OK)
        if (field.field == STORED_VALUE && field.type == WIRE_BYTES)
            *ret_text = (struct tn_str){(const char *)field.bytes.data, field.bytes.len};
    return TN_OK;
}

tn_status settings_read(const struct plugin *plugin, struct txn *txn, uint32_t row,
                        struct tn_value *ret_value, struct err *err)
{
    const struct tn_setting *setting = &plugin->rows->settings.items[row];
    struct tn_str text;

    TRY(read_text(plugin, txn, row, &text, err));
    if (text.len > 0)
        return value_parse(setting->kind, text, setting->name, ret_value, err);
    *ret_value = plugin->settings[row];
    return TN_OK;
}

static tn_status find_setting(const struct txn *txn, struct tn_str id, struct tn_str name,
                              struct plugin **ret_plugin, uint32_t *ret_row, struct err *err)
{
    struct plugin *plugin = routes_plugin(plugin_routes_of(txn), id);

    if (!plugin)
        return err_set(err, TN_NOT_FOUND, "No plugin '%.*s' is running.", (int)id.len, id.data);
    for (uint32_t i = 0; i < plugin->rows->settings.count; i++) {
        if (!utf8_is(name, plugin->rows->settings.items[i].name))
            continue;
        *ret_plugin = plugin;
        *ret_row = i;
        return TN_OK;
    }
    return err_set(err,
                   TN_NOT_FOUND,
                   "The plugin %s has no setting '%.*s'.",
                   plugin->rows->id,
                   (int)name.len,
                   name.data);
}

tn_status plugin_setting_get(struct txn *txn, struct tn_str id, struct tn_str name,
                             struct buf *ret_text, bool *ret_is_default, struct err *err)
{
    struct plugin *plugin;
    uint32_t row;
    struct tn_str text;

    TRY(find_setting(txn, id, name, &plugin, &row, err));
    const struct tn_setting *setting = &plugin->rows->settings.items[row];
    if (setting->flags & TN_SECRET)
        return err_set(err, TN_PERMISSION_DENIED, "The setting %s is a secret.", setting->name);
    TRY(read_text(plugin, txn, row, &text, err));
    bool is_default = text.len == 0;
    if (is_default && setting->fallback)
        text = utf8_str(setting->fallback);
    if (buf_add(ret_text, text.data, text.len) != TN_OK)
        return err_memory(err, "a setting");
    *ret_is_default = is_default;
    return TN_OK;
}

tn_status plugin_setting_set(struct txn *txn, struct tn_str id, struct tn_str name,
                             struct tn_str value, struct err *err)
{
    CLEANUP(buf_fini) struct buf stored = {0};
    char buffer[KEY_SIZE];
    struct plugin *plugin;
    uint32_t row;
    struct tn_str key;
    struct tn_value parsed;

    TRY(find_setting(txn, id, name, &plugin, &row, err));
    uint32_t kind = plugin->rows->settings.items[row].kind;
    TRY(value_parse(kind, value, "value", &parsed, err));
    TRY(value_check(&parsed, TXN_TEXT_SIZE_MAX, "value", err));
    (void)make_key(plugin, row, buffer, &key);
    if (value.len > 0 && wire_add_bytes(&stored, STORED_VALUE, value.data, value.len) != TN_OK)
        return err_memory(err, "a setting");
    return txn_put_meta(txn, key, buf_bytes(&stored), err);
}

bool plugin_routes_setting(const struct plugin_routes *routes, size_t index,
                           struct plugin_setting *ret_setting)
{
    for (size_t i = 0; i < routes->running_count; i++) {
        const struct tn_plugin *rows = routes->running[i]->rows;

        if (index >= rows->settings.count) {
            index -= rows->settings.count;
            continue;
        }
        const struct tn_setting *row = &rows->settings.items[index];
        *ret_setting = (struct plugin_setting){.plugin = rows->id,
                                               .name = row->name,
                                               .doc = row->doc ? row->doc : "",
                                               .fallback = row->fallback ? row->fallback : "",
                                               .kind = row->kind,
                                               .flags = row->flags};
        return true;
    }
    return false;
}
