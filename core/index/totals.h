/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totals.h - what a roll-up keeps for one group: a count and sums, as absolute values. A change of
 * a record is told as steps: out of the group it was in, into the group it is in now.
 */
#ifndef CORE_INDEX_TOTALS_H
#define CORE_INDEX_TOTALS_H

#include "core/base/arena.h"
#include "core/index/index.h"

/* Summed properties of one roll-up. */
#define TOTALS_SUM_MAX 16u

struct totals {
    uint64_t count;
    uint32_t sum_count;
    struct decimal_sum sums[TOTALS_SUM_MAX];
};

/* One record's part in one group. */
struct totals_term {
    struct decimal value;
    struct decimal weight; /* 1 where it is not weighted */
};
struct totals_step {
    struct totals_step *next;
    const struct schema_rollup *rollup;
    struct tn_bytes key; /* of family rollup: roll-up, then the group's values as value_encode() */
    int sign;            /* 1: into the group, -1: out of it */
    struct totals_term terms[TOTALS_SUM_MAX];
};

/*
 * Prepends the steps of a change to `*steps`, in `arena`; none where nothing that the roll-ups of
 * its type read has changed. TN_RESOURCE_EXHAUSTED; TN_DATA_LOSS; TN_INVALID_ARGUMENT: the values
 * of a group have no room in a key. [any]
 */
tn_status totals_steps(const struct index_change *change, struct arena *arena,
                       struct totals_step **steps);

/* TN_OUT_OF_RANGE: a sum has no room in 128 bits; `totals` is as before. [any] */
tn_status totals_apply(struct totals *totals, const struct totals_step *step);

bool totals_is_empty(const struct totals *totals);

/* As stored: format, count, then each sum (16 bytes, exponent). TN_DATA_LOSS when reading. [any] */
tn_status totals_encode(const struct totals *totals, struct buf *out);
tn_status totals_decode(struct tn_bytes bytes, struct totals *ret_totals);

#endif /* CORE_INDEX_TOTALS_H */
