/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.h - what reflection says of a plugin's services. */
#ifndef CORE_PLUGIN_DESCRIPTORS_H
#define CORE_PLUGIN_DESCRIPTORS_H

#include <tenon/plugin.h>

#include "core/base/buf.h"

/*
 * Appends a FileDescriptorSet of what the rows say: the flat messages that the plugin owns and the
 * services of its own methods, one file for each package. Decimal is referred to by its file in
 * the host's own set. TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status descriptors_build(const struct tn_plugin *plugin, struct buf *out);

#endif /* CORE_PLUGIN_DESCRIPTORS_H */
