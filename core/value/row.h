/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.h - how a record lies in the store: a header, a table of property ids, and the values;
 * one value is found by binary search without decoding the others.
 *
 *     u8 format (1) · u8 flags · u16 property count · u64 version · i64 created_us ·
 *     i64 updated_us · i64 archived_us · count x (u32 property id, u32 end offset) · values
 *
 * Integers big-endian; entries sorted by property id; a value is value_encode()'s bytes.
 */
#ifndef CORE_VALUE_ROW_H
#define CORE_VALUE_ROW_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/value/value.h"

#define ROW_ARCHIVED 1u

/* More properties on one record than this are refused; the entry table stays small. */
#define ROW_PROPERTY_MAX 1000u

struct row_header {
    uint32_t flags;
    uint32_t count;   /* of values; ignored by row_encode */
    uint64_t version; /* 1 at creation, +1 with every change */
    tn_time created_us;
    tn_time updated_us;
    tn_time archived_us; /* 0: not archived */
};

struct row_value {
    uint32_t property; /* id */
    struct tn_value value;
};

/*
 * Appends a row. `values` are sorted by property id, without repeats; TN_NONE values are left out.
 * TN_RESOURCE_EXHAUSTED: memory, or more than ROW_PROPERTY_MAX. [any]
 */
tn_status row_encode(const struct row_header *header, const struct row_value *values, size_t count,
                     struct buf *out);

/* TN_DATA_LOSS: damaged; TN_UNIMPLEMENTED: a newer format. [any] */
tn_status row_header(struct tn_bytes row, struct row_header *ret_header);

/* The value of one property, TN_NONE if it has none; texts point into the row. TN_DATA_LOSS. [any]
 */
tn_status row_get(struct tn_bytes row, uint32_t property, struct tn_value *ret_value);

/* The value at `position` (0 to count - 1, by rising property id). TN_OUT_OF_RANGE, TN_DATA_LOSS.
 * [any] */
tn_status row_at(struct tn_bytes row, uint32_t position, struct row_value *ret_value);

/* Checks every offset, value and text: what a damaged store may hold. Statuses as row_header. [any]
 */
tn_status row_check(struct tn_bytes row);

#endif /* CORE_VALUE_ROW_H */
