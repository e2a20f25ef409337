/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - one plugin from its file to running, and back. */
#ifndef CORE_PLUGIN_LOAD_H
#define CORE_PLUGIN_LOAD_H

#include "core/plugin/plugin.h"

/*
 * Reads the declarations of `file`, copied, into a new plugin that is not loaded yet. OWNED:
 * load_destroy. A file that is no plugin of this host gives one too, with its reason and
 * PLUGIN_REFUSED. TN_RESOURCE_EXHAUSTED only. [loader] blocks
 */
tn_status load_read(struct plugin_host *host, const char *file, struct plugin **ret_plugin,
                    struct err *err);

/*
 * From declarations to a plugin that serves: catalog, mapping, load(), start(), routes. On failure
 * nothing of it is left but its mapping, and `*ret_state` says whose fault it was. Those that it
 * uses run already. [loader] blocks
 */
tn_status load_start(struct plugin *plugin, enum plugin_state *ret_state, struct err *err);

/* Frees what the host holds of it; accepts NULL. Its file stays mapped. [loader] */
void load_destroy(struct plugin *plugin);
DEFINE_CLEANUP(struct plugin, load_destroy)

/* Keeps why it does not run, from what `err` says. [loader] */
void load_refuse(struct plugin *plugin, enum plugin_state state, const struct err *err);

#endif /* CORE_PLUGIN_LOAD_H */
