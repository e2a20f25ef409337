/* SPDX-License-Identifier: Apache-2.0 */
/* kept.h - what the host keeps of a plugin in its store, from one start to the next. */
#ifndef CORE_PLUGIN_KEPT_H
#define CORE_PLUGIN_KEPT_H

#include "core/plugin/plugin.h"

/* A longer version is not kept, and nothing is older than it. */
#define KEPT_VERSION_SIZE 128

struct plugin_kept {
    bool is_disabled; /* by an administrator */
    uint32_t schema;  /* that the records of every portal have at least; 0: not known */
    char version[KEPT_VERSION_SIZE]; /* whose declarations the store has; "": not known */
};

/* All zero for a plugin that nothing was kept of. TN_DATA_LOSS. [change held] blocks */
tn_status kept_read(const struct plugin_host *host, const char *id, struct plugin_kept *ret_kept,
                    struct err *err);
/* Synced. [change held] blocks */
tn_status kept_write(const struct plugin_host *host, const char *id, const struct plugin_kept *kept,
                     struct err *err);

#endif /* CORE_PLUGIN_KEPT_H */
