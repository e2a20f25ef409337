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

/*
 * Lets what `given` says stand in place of what `config` says, lists as a whole.
 * TN_RESOURCE_EXHAUSTED: memory is out. [any]
 */
tn_status config_overlay(struct config *config, const struct config *given, struct err *err);

#endif /* CORE_CONFIG_SETTING_H */
