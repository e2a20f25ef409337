/* SPDX-License-Identifier: Apache-2.0 */
/* found.h - a plugin's queries: tn_records_v1.find, next and close. */
#ifndef CORE_PLUGIN_FOUND_H
#define CORE_PLUGIN_FOUND_H

#include "core/plugin/call.h"

/* As include/tenon/records.h says. */
tn_status found_open(struct tn_call *call, uint32_t type, const struct tn_filter *filters,
                     uint32_t filter_count, uint32_t sort, uint32_t limit,
                     struct tn_found **ret_found);
tn_status found_next(struct tn_found *found, const struct tn_record **ret_record);
void found_close(struct tn_found *found);

#endif /* CORE_PLUGIN_FOUND_H */
