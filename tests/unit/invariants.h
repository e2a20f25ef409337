/* SPDX-License-Identifier: Apache-2.0 */
/* invariants.h - core/check on one portal, for tests that only want to know whether all is well. */
#ifndef TESTS_UNIT_INVARIANTS_H
#define TESTS_UNIT_INVARIANTS_H

#include "core/base/err.h"
#include "core/schema/schema.h"
#include "core/store/store.h"

/* TN_DATA_LOSS: something is wrong; `err` (not NULL) says the first of it and where. [any] blocks
 */
tn_status invariants_check(struct store *store, const struct schema *schema, uint32_t portal,
                           struct err *err);

#endif /* TESTS_UNIT_INVARIANTS_H */
