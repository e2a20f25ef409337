/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past.h - a record as one change found it and left it, whatever became of it since: put together
 * from the change, the row as it is now, and the history of what changed behind it.
 */
#ifndef CORE_RECORD_PAST_H
#define CORE_RECORD_PAST_H

#include "core/record/change.h"
#include "core/record/txn.h"

/* Embedded in its owner. Members are private. */
struct past {
    struct txn *txn;
    const struct schema_type *type;
    const struct change *change;
    struct tn_bytes row; /* as it is in the transaction's snapshot */
    bool is_after;       /* as the change left it; else as it found it */
    bool is_newest;      /* nothing of the record changed behind the change */
};

/*
 * How `change`, which has a record and must outlive both, found it and left it, in the
 * transaction's snapshot; it is lent by the transaction. It is no read in the sense of conflicts:
 * what was stays as it was. TN_NOT_FOUND (err untouched): the record was purged. [worker] blocks
 */
tn_status past_open(struct txn *txn, const struct change *change, struct past *ret_before,
                    struct past *ret_after, struct err *err);

/* TN_NONE where there was no value; texts are lent by the transaction. TN_DATA_LOSS. [worker]
 * blocks */
tn_status past_read(const struct past *past, const struct schema_property *property,
                    struct tn_value *ret_value, struct err *err);

/* Of the record, as it was then; 0 before its creation. [any] */
uint64_t past_version(const struct past *past);

/* Whether the record was live before the change, and is after it. [any] */
bool change_finds_live(const struct change *change);
bool change_leaves_live(const struct change *change);

#endif /* CORE_RECORD_PAST_H */
