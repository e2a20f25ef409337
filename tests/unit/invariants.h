/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invariants.h - walks everything that the store holds of one portal and compares it with itself:
 * whatever follows from the rows is there and nothing else is, links have both directions and keep
 * their limits, history and change log tell the same story, and the change log played from its
 * start makes the rows and links that are there.
 */
#ifndef TESTS_UNIT_INVARIANTS_H
#define TESTS_UNIT_INVARIANTS_H

#include "core/base/err.h"
#include "core/schema/schema.h"
#include "core/store/store.h"

/* TN_DATA_LOSS: one does not hold; `err` says which and where. [any] blocks */
tn_status invariants_check(struct store *store, const struct schema *schema, uint32_t portal,
                           struct err *err);

#endif /* TESTS_UNIT_INVARIANTS_H */
