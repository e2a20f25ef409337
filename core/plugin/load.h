/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - one plugin from its file to running, and back. */
#ifndef CORE_PLUGIN_LOAD_H
#define CORE_PLUGIN_LOAD_H

#include "core/plugin/plugin.h"

/*
 * Reads the declarations of `file`, copied, into a new plugin that is not loaded yet. OWNED:
 * load_destroy. A file that is no plugin of this host gives one too, with its reason and
 * PLUGIN_REFUSED. TN_RESOURCE_EXHAUSTED only. [change held] blocks
 */
tn_status load_read(struct plugin_host *host, const char *file, struct plugin **ret_plugin,
                    struct err *err);

/* The same, but a file that is no plugin of this host is refused as manifest_read() and file_read()
 * do, and whether it is disabled is not asked. */
tn_status load_open(struct plugin_host *host, const char *file, struct plugin **ret_plugin,
                    struct err *err);

/* The plugin as it is listed, without its code: of its file, or of what is known of it if that is
 * not there any more. OWNED: load_destroy. [change held] blocks */
tn_status load_copy(const struct plugin *plugin, struct plugin **ret_copy, struct err *err);

/* Whether the configuration has it disabled. [any] */
bool load_is_disabled(const struct plugin_host *host, const char *id);

/*
 * From declarations to a plugin that is ready to serve: bound, declared, mapped, load() and start()
 * called. Those that it uses run already. On failure `*ret_state` says whose fault it was, and
 * load_undo() is due; so it is where load_keep() fails, or is never called. [change held] blocks
 */
tn_status load_prepare(struct plugin *plugin, enum plugin_state *ret_state, struct err *err);
/* Stores what it declares, in place of an earlier version's. [change held] blocks */
tn_status load_keep(struct plugin *plugin, struct err *err);
/* Ends what load_prepare() began: nothing is left but its mapping. [change held] blocks */
void load_undo(struct plugin *plugin);

/* Stops and unloads it, and gives back what memory of its mapping can be had again from the file;
 * it is never unmapped. No call is in it. [change held] blocks */
void load_end(struct plugin *plugin);

/* Frees what the host holds of it; accepts NULL. Its file stays mapped. [change held] */
void load_destroy(struct plugin *plugin);
DEFINE_CLEANUP(struct plugin, load_destroy)
/* Once nobody holds it (ref_count) any more. Accepts NULL. [change held] */
void load_unref(struct plugin *plugin);

/* Keeps why it does not run, from what `err` says; before it is listed. [change held] */
void load_refuse(struct plugin *plugin, enum plugin_state state, const struct err *err);

#endif /* CORE_PLUGIN_LOAD_H */
