/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback.h - the ways into a plugin's code, wherever it runs. Nothing else calls a function that
 * a plugin gave.
 *
 * Each runs one callback for `call`, whose status after it is call_result()'s to tell: what these
 * return is what the callback returned. [worker] unless said otherwise
 */
#ifndef CORE_PLUGIN_CALLBACK_H
#define CORE_PLUGIN_CALLBACK_H

#include "core/plugin/call.h"

/* `before` is NULL of a new record, `after` of an archived one. */
tn_status callback_hook(struct tn_call *call, const struct tn_hook *row,
                        const struct tn_record *before, struct tn_record *after);
/* `before` and `after` are NULL where the record was not live. */
tn_status callback_consumer(struct tn_call *call, const struct tn_consumer *row,
                            const struct tn_record *before, const struct tn_record *after);
tn_status callback_timer(struct tn_call *call, const struct tn_timer *row, struct tn_record *record,
                         tn_time due);
tn_status callback_method(struct tn_call *call, const struct tn_method *row,
                          struct tn_record *request, struct tn_record *response);

/* One step of a migration; `*progress` is the last one's, and then this one's. */
tn_status callback_migrate(struct tn_call *call, uint32_t from, struct tn_value *progress);

/* load() and start(), with a reason where one failed; callback_end() is due after either. [loader]
 */
tn_status callback_begin(struct plugin *plugin, struct err *err);
/* stop() and unload(), as far as it was begun. [loader] blocks */
void callback_end(struct plugin *plugin);

#endif /* CORE_PLUGIN_CALLBACK_H */
