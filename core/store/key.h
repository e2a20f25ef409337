/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - the parts of keys, behind portal and family. Ids big-endian, so that keys sort by them.
 * Each key_x appends to `out`; prefixes are the same calls with fewer parts.
 */
#ifndef CORE_STORE_KEY_H
#define CORE_STORE_KEY_H

#include "core/base/buf.h"

/* type · record */
tn_status key_row(struct buf *out, uint32_t type, uint64_t record);
/* type */
tn_status key_type(struct buf *out, uint32_t type);
/* type · property · ordered value · record; `value` from value_order_key() */
tn_status key_index(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value,
                    uint64_t record);
/* type · property · value; `value` from value_unique_key() */
tn_status key_unique(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value);
/* type · word · 00 · record */
tn_status key_word(struct buf *out, uint32_t type, struct tn_str word, uint64_t record);
/* from type · from · association · to type · to */
tn_status key_edge(struct buf *out, uint32_t from_type, uint64_t from, uint32_t association,
                   uint32_t to_type, uint64_t to);
/* type · record · property · descending change number */
tn_status key_history(struct buf *out, uint32_t type, uint64_t record, uint32_t property,
                      uint64_t change);
/* rollup · group values (each a value_order_key, TN_NONE as the byte FF) */
tn_status key_rollup(struct buf *out, uint32_t rollup, struct tn_bytes group);
/* change number */
tn_status key_log(struct buf *out, uint64_t change);

struct key_row_parts {
    uint32_t type;
    uint64_t record;
};
struct key_edge_parts {
    uint32_t from_type;
    uint64_t from;
    uint32_t association;
    uint32_t to_type;
    uint64_t to;
};
struct key_history_parts {
    uint32_t type;
    uint64_t record;
    uint32_t property;
    uint64_t change;
};

/* TN_DATA_LOSS: not such a key. */
tn_status key_row_read(struct tn_bytes key, struct key_row_parts *ret_parts);
tn_status key_edge_read(struct tn_bytes key, struct key_edge_parts *ret_parts);
tn_status key_history_read(struct tn_bytes key, struct key_history_parts *ret_parts);
/* The record at the end of an index or word key. */
tn_status key_record_read(struct tn_bytes key, uint64_t *ret_record);

#endif /* CORE_STORE_KEY_H */
