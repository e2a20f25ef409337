/* SPDX-License-Identifier: Apache-2.0 */
/* grants.h - what a plugin's process is given of the machine: what it declares and the operator
 * granted, within the limits that the operator set. */
#ifndef CORE_PLUGIN_GRANTS_H
#define CORE_PLUGIN_GRANTS_H

#include "core/plugin/isolate.h"
#include "core/plugin/plugin.h"
#include "core/sandbox/sandbox.h"

/* A plan with the paths that it points to. Lives as long as the plugin. */
struct grants {
    struct isolate_plan plan;
    const char *reads[SANDBOX_READ_MAX];
};

/* All but what the host itself gives. TN_RESOURCE_EXHAUSTED: more paths than a process can have.
 * [any] */
tn_status grants_plan(const struct plugin *plugin, struct grants *ret_grants, struct err *err);

/* Logs what it declares and is not granted, and what it is granted and does not declare. [any] */
void grants_report(const struct plugin *plugin);

#endif /* CORE_PLUGIN_GRANTS_H */
