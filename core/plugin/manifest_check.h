/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_check.h - whether declarations make sense by themselves. */
#ifndef CORE_PLUGIN_MANIFEST_CHECK_H
#define CORE_PLUGIN_MANIFEST_CHECK_H

#include <tenon/plugin.h>

#include "core/base/err.h"

/*
 * Names, kinds, flags, and rows that refer to rows. What only the host can know - whether
 * others declare what TN_EXTERN rows use - is not asked here. Every wrong row is a violation.
 * TN_INVALID_ARGUMENT; TN_UNIMPLEMENTED: flags or kinds of a newer host;
 * TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status manifest_check(const struct tn_plugin *plugin, struct err *err);

#endif /* CORE_PLUGIN_MANIFEST_CHECK_H */
