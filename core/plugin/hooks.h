/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.h - plugins' hooks, inside the transactions of others. */
#ifndef CORE_PLUGIN_HOOKS_H
#define CORE_PLUGIN_HOOKS_H

#include "core/plugin/plugin.h"

/* Room for `count` more hooks, so that hooks_add() cannot fail. [loader] */
tn_status hooks_reserve(struct plugin_host *host, uint32_t count, struct err *err);
/* Adds the hooks of a plugin that runs. [loader] */
void hooks_add(struct plugin_host *host, struct plugin *plugin);

/*
 * The records_hook_fn of a host, which is its `ctx`: runs each hook of the record's type that what
 * was changed wakes, by order, then plugin id. The first that fails ends it. [worker]
 */
tn_status hooks_run(void *ctx, struct txn *txn, struct record *record, struct err *err);

#endif /* CORE_PLUGIN_HOOKS_H */
