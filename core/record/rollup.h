/* SPDX-License-Identifier: Apache-2.0 */
/* rollup.h - reading the counts and sums that the committer keeps per group. */
#ifndef CORE_RECORD_ROLLUP_H
#define CORE_RECORD_ROLLUP_H

#include "core/record/txn.h"

struct rollup_group {
    const struct tn_value *values; /* one per group property of the roll-up */
    uint64_t count;
    const struct decimal *sums; /* one per summed property */
};

/*
 * The groups whose leading `prefix_count` values equal `prefix`, as of the transaction's snapshot,
 * into its arena; at most ROLLUP_GROUP_MAX (TN_RESOURCE_EXHAUSTED past that). [worker] blocks
 */
#define ROLLUP_GROUP_MAX 10000u
tn_status rollup_read(struct txn *txn, const struct schema_rollup *rollup,
                      const struct tn_value *prefix, uint32_t prefix_count,
                      struct rollup_group **ret_groups, size_t *ret_count, struct err *err);

/* Appends what its groups and sums are made of, which the portal keeps beside its totals: where
 * that is another, they are to be counted anew. TN_RESOURCE_EXHAUSTED. [any] */
tn_status rollup_add_shape(const struct schema_rollup *rollup, struct buf *out);

/* Whether it could be one that rollup_add_shape() made, for whatever roll-up. [any] */
bool rollup_is_shape(struct tn_bytes shape);

#endif /* CORE_RECORD_ROLLUP_H */
