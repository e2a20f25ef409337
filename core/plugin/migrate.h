/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.h - records of plugins taken from one schema to the next, portal by portal, while the
 * plugin serves.
 *
 * A portal's records are of the schema that its own Migration says, or the host's Plugin if that is
 * newer (stored.proto). A step is one transaction: what it changed, the plugin's progress and the
 * number are committed together, so that a host that was killed goes on where it was.
 */
#ifndef CORE_PLUGIN_MIGRATE_H
#define CORE_PLUGIN_MIGRATE_H

#include "core/plugin/plugin.h"

/*
 * Whether the plugin can read the records of every portal. TN_FAILED_PRECONDITION: some are older
 * than it reads, or newer than it knows. [change held] blocks
 */
tn_status migrate_check(const struct plugin *plugin, struct err *err);

/* Before its declarations are kept the first time: what it stores is of its own schema. [change
 * held] blocks */
tn_status migrate_begin(const struct plugin *plugin, struct err *err);

/* The thread that migrates; it looks again after migrate_wake(). TN_RESOURCE_EXHAUSTED. [loader] */
tn_status migrate_start(struct plugin_host *host, struct err *err);
void migrate_wake(struct plugin_host *host);
/* Ends after the step under way; accepts that it was not started. [loader] blocks */
void migrate_stop(struct plugin_host *host);

#endif /* CORE_PLUGIN_MIGRATE_H */
