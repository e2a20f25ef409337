/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.h - whether a row is what a query asks for. Whatever an index proposes is checked here, as
 * its keys are folded and cut.
 */
#ifndef CORE_QUERY_MATCH_H
#define CORE_QUERY_MATCH_H

#include "core/query/query.h"

struct matcher;

/* Checks what `query` says of its type's properties: see query_open. [any] */
tn_status match_check(const struct query *query, struct err *err);

/* Both must outlive it. TN_RESOURCE_EXHAUSTED. OWNED: matcher_destroy. [any] */
tn_status matcher_create(const struct query *query, struct matcher **ret_matcher, struct err *err);
void matcher_destroy(struct matcher *matcher);

/* TN_DATA_LOSS: the row is damaged; TN_RESOURCE_EXHAUSTED. Not thread-safe. */
tn_status matcher_test(struct matcher *matcher, struct tn_bytes row, bool *ret_matches);

/* Whether `op` bounds a value from below or above (LT, LE, GT, GE, BETWEEN). [any] */
bool query_op_is_range(enum query_op op);

#endif /* CORE_QUERY_MATCH_H */
