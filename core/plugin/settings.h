/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - what administrators set of a plugin, per portal or of the whole host. */
#ifndef CORE_PLUGIN_SETTINGS_H
#define CORE_PLUGIN_SETTINGS_H

#include "core/plugin/plugin.h"

/* Parses the defaults of all settings. TN_INVALID_ARGUMENT: one is no value of its kind. [loader]
 */
tn_status settings_prepare(struct plugin *plugin, struct err *err);

/* The value of a row of settings in the transaction's snapshot; texts are lent by it. [worker] */
tn_status settings_read(const struct plugin *plugin, struct txn *txn, uint32_t row,
                        struct tn_value *ret_value, struct err *err);

#endif /* CORE_PLUGIN_SETTINGS_H */
