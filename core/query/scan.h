/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - walking a part of one property's index, in either direction. */
#ifndef CORE_QUERY_SCAN_H
#define CORE_QUERY_SCAN_H

#include "core/query/query.h"

/* A part of a property's index; the bounds are order keys (value_order_key), empty: none. */
struct scan_range {
    const struct schema_property *property;
    struct tn_bytes from;
    struct tn_bytes to;
    /* Leave out entries that equal a bound: exact only where keys are not folded or cut. */
    bool from_open;
    bool to_open;
};

/* One index entry: the value's order key, and the record. */
struct scan_entry {
    struct tn_bytes key; /* lent until the next step */
    tn_id id;
};

struct scan;

/*
 * Entries of `range` (which must outlive the scan) by (key, id), or from the end with `reverse`;
 * behind `after` (NULL: from the start). OWNED: scan_close. TN_RESOURCE_EXHAUSTED. [worker] blocks
 */
tn_status scan_open(struct txn *txn, const struct scan_range *range, bool reverse,
                    const struct scan_entry *after, struct scan **ret_scan, struct err *err);
void scan_close(struct scan *scan);

/* TN_NOT_FOUND: the end (err untouched); TN_DATA_LOSS; TN_CANCELLED, TN_DEADLINE_EXCEEDED. */
tn_status scan_next(struct scan *scan, struct scan_entry *ret_entry, struct err *err);

/*
 * TN_OK, or why to stop, asked of the transaction at every 256th step of `*steps`: often enough for
 * a cancelled walk to end within a millisecond, seldom enough to cost nothing.
 */
tn_status scan_step(struct txn *txn, uint32_t *steps, struct err *err);

/* <0, 0, >0: the order of bytes. [any] */
int scan_compare(struct tn_bytes a, struct tn_bytes b);

#endif /* CORE_QUERY_SCAN_H */
