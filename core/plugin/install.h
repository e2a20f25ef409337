/* SPDX-License-Identifier: Apache-2.0 */
/*
 * install.h - a plugin's file put in the place of another, so that the next start finds it. At
 * every moment there is one of the two, whole.
 */
#ifndef CORE_PLUGIN_INSTALL_H
#define CORE_PLUGIN_INSTALL_H

#include <limits.h>
#include <stdbool.h>

#include "core/base/err.h"

/* Private to these functions. */
struct install {
    char target[PATH_MAX];
    char fresh[PATH_MAX]; /* beside the target, hidden from those who look for plugins */
    char kept[PATH_MAX];  /* another name of the old file */
    bool is_there;        /* the target holds these bytes already: nothing to do */
};

/* Writes the bytes beside `target`, synced. TN_PERMISSION_DENIED, TN_RESOURCE_EXHAUSTED ...: the
 * folder does not take them. [change held] blocks */
tn_status install_prepare(struct install *install, const char *target, struct tn_bytes bytes,
                          struct err *err);
/* Puts them in place, durably; install_undo() puts the old file back. [change held] blocks */
tn_status install_swap(struct install *install, struct err *err);
void install_undo(struct install *install);
/* Removes what is left beside the target, however far it came. */
void install_end(struct install *install);

#endif /* CORE_PLUGIN_INSTALL_H */
