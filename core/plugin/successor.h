/* SPDX-License-Identifier: Apache-2.0 */
/* successor.h - whether a plugin may take the place of another by what both declare. */
#ifndef CORE_PLUGIN_SUCCESSOR_H
#define CORE_PLUGIN_SUCCESSOR_H

#include "core/plugin/plugin.h"

/* <0, 0, >0: as semantic versioning orders them. [any] */
int successor_compare_versions(const char *a, const char *b);

/*
 * `flags` are those of plugin_host_replace(). TN_FAILED_PRECONDITION: it is older, or lacks what
 * others that run rely on; TN_PERMISSION_DENIED: it uses more of what others declare, with a
 * violation of "consent" for each. [change held]
 */
tn_status successor_check(const struct plugin *old, const struct plugin *fresh, uint32_t flags,
                          struct err *err);

/* Whether it is no older than the version whose declarations the store has, which may be newer than
 * the file that is there. `flags` as above. TN_FAILED_PRECONDITION; TN_DATA_LOSS. [change held]
 * blocks */
tn_status successor_check_kept(const struct plugin *fresh, uint32_t flags, struct err *err);

#endif /* CORE_PLUGIN_SUCCESSOR_H */
