/* SPDX-License-Identifier: Apache-2.0 */
/* config_setting.h - the settings that exist, and what each accepts. */
#ifndef CORE_CONFIG_SETTING_H
#define CORE_CONFIG_SETTING_H

#include <stdbool.h>

#include "core/config.h"
#include "core/config_toml.h"

struct config_setting;

/* The setting `key` of `table` ("" is the top), or NULL. Static. [any] */
const struct config_setting *config_setting_find(struct tn_str table, struct tn_str key);

/* Whether `name` is a table of settings. [any] */
bool config_setting_is_table(struct tn_str name);

/*
 * Sets the member of `config` to a copy of what `entry` holds; an element is appended to its list.
 * `place` says in messages where it was given.
 *
 * TN_INVALID_ARGUMENT: it is not what the setting accepts; TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status config_setting_set(struct config *config, const struct config_setting *setting,
                             const char *place, const struct config_entry *entry, struct err *err);

/* As config_setting_set, for a setting ("data", "signatures.folder") that takes texts, which must
 * exist. [any] */
tn_status config_setting_set_text(struct config *config, const char *name, const char *place,
                                  const char *value, struct err *err);

/*
 * A copy in the arena of `config` of what may be a path, a URL or a word.
 * TN_INVALID_ARGUMENT: it is empty or holds a NUL; TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status config_copy_text(struct config *config, const char *place, struct tn_str text,
                           const char **ret_copy, struct err *err);

/* Appends a copy to a list of the configuration's, which `check` may refuse. TN_INVALID_ARGUMENT;
 * TN_RESOURCE_EXHAUSTED. [any] */
tn_status config_list_add(struct config *config, struct config_list *list,
                          tn_status (*check)(const char *place, const char *text, struct err *err),
                          const char *place, struct tn_str text, struct err *err);

/*
 * Sets one of [plugin."ID"], but for the table itself, from `entry`. TN_INVALID_ARGUMENT, also
 * where there is none of that key; TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status config_plugin_set(struct config *config, struct config_plugin *plugin, const char *place,
                            const struct config_entry *entry, struct err *err);
/* One of those, as the operator would read it; "" where it is not said. False: `index`, from 0, is
 * of none. [any] */
bool config_plugin_format(const struct config *config, struct tn_str id, size_t index,
                          const char **ret_key, char out[static CONFIG_VALUE_SIZE]);

/*
 * Lets what `given` says stand in place of what `config` says, lists as a whole.
 * TN_RESOURCE_EXHAUSTED: memory is out. [any]
 */
tn_status config_overlay(struct config *config, const struct config *given, struct err *err);

#endif /* CORE_CONFIG_SETTING_H */
