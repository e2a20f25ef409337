/* SPDX-License-Identifier: Apache-2.0 */
/*
 * install.h - a plugin's file, and the signature beside it, put in the place of another's, so that
 * the next start finds them. What is interrupted by a crash is undone by the next start: at every
 * moment there are the two of one plugin, or enough to have them again.
 */
#ifndef CORE_PLUGIN_INSTALL_H
#define CORE_PLUGIN_INSTALL_H

#include <limits.h>
#include <stdbool.h>

#include "core/base/err.h"

/* One file and its place. */
struct install_file {
    char target[PATH_MAX];
    char fresh[PATH_MAX]; /* beside the target, hidden from those who look for plugins */
    char kept[PATH_MAX];  /* another name of the old file */
};

/* Private to these functions. */
struct install {
    struct install_file plugin;
    struct install_file signature;
    bool is_signed; /* there is a new signature */
    bool is_there;  /* the targets hold these bytes already: nothing to do */
};

/*
 * Writes the bytes of a plugin and of its signature (empty: it has none) beside `target`, synced.
 * TN_PERMISSION_DENIED, TN_RESOURCE_EXHAUSTED ...: the folder does not take them. [change held]
 * blocks
 */
tn_status install_prepare(struct install *install, const char *target, struct tn_bytes bytes,
                          struct tn_bytes signature, struct err *err);
/* Puts them in place, durably; install_undo() puts the old ones back. [change held] blocks */
tn_status install_swap(struct install *install, struct err *err);
void install_undo(struct install *install);
/* Removes what is left beside the targets, however far it came. */
void install_end(struct install *install);

/* Puts back what was being replaced at `target` when the host died. [loader] blocks */
void install_recover(const char *target);

#endif /* CORE_PLUGIN_INSTALL_H */
