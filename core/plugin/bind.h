/* SPDX-License-Identifier: Apache-2.0 */
/* bind.h - a plugin's rows tied to what they name in other plugins. */
#ifndef CORE_PLUGIN_BIND_H
#define CORE_PLUGIN_BIND_H

#include "core/plugin/plugin.h"

/*
 * Whether this host serves all that the plugin declares. TN_UNIMPLEMENTED: it declares what a later
 * version will serve; TN_NOT_FOUND: it needs a table that is not there, or more of one. [loader]
 */
tn_status bind_check(const struct plugin *plugin, struct err *err);

/*
 * Fills in messages, fields, served and descriptors. The plugins that it uses run already.
 * TN_NOT_FOUND: a message or method of none of them; TN_ALREADY_EXISTS: a method or message that
 * another one has; TN_FAILED_PRECONDITION: it differs from what its owner declares. [loader]
 */
tn_status bind_rows(struct plugin *plugin, struct err *err);

/* Points the plugin's slots, which lie in its mapped file, to the host's tables. [loader] */
void bind_slots(struct plugin *plugin);

#endif /* CORE_PLUGIN_BIND_H */
