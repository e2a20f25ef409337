/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.h - plugins' hooks, inside the transactions of others. */
#ifndef CORE_PLUGIN_HOOKS_H
#define CORE_PLUGIN_HOOKS_H

#include "core/plugin/plugin.h"

/* Puts them in the order in which they run: by `order`, then plugin id, then row. [any] */
void hooks_sort(struct plugin_hook *hooks, size_t count);

/*
 * `run` of struct records_hooks, on the transaction's struct plugin_routes: runs each hook of the
 * record's type that what was changed wakes. The first that fails ends it. [worker]
 */
tn_status hooks_run(void *routes, struct txn *txn, struct record *record, struct err *err);

#endif /* CORE_PLUGIN_HOOKS_H */
