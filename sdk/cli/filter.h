/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h - "amount>=100" as a filter of tenon.records.v1.Search. */
#ifndef SDK_CLI_FILTER_H
#define SDK_CLI_FILTER_H

#include <tenon/base.h>
#include <tenon/records/v1/search.pb-c.h>

#include "core/base/arena.h"
#include "core/base/err.h"

/*
 * "name=x", "name!=x", "<", "<=", ">", ">=", "name" (has a value), "!name" (has none). The filter
 * lives in `arena`. TN_INVALID_ARGUMENT: it is none. [any]
 */
tn_status filter_parse(const char *text, struct arena *arena,
                       Tenon__Records__V1__Filter **ret_filter, struct err *err);

#endif /* SDK_CLI_FILTER_H */
