/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - the parts of keys, behind portal and family. Ids big-endian, so that keys sort by them.
 * Each function appends to `out`, all or nothing: TN_RESOURCE_EXHAUSTED when memory is out. Those
 * that make the start of a key, for cursors, stand below the whole one. [any]
 */
#ifndef CORE_STORE_KEY_H
#define CORE_STORE_KEY_H

#include "core/base/buf.h"

/* type · record */
tn_status key_row(struct buf *out, uint32_t type, uint64_t record);
/* type: the start of its rows, index, unique values, words, edges and history */
tn_status key_type(struct buf *out, uint32_t type);

/* type · property · ordered value · record; `value` from value_order_key() */
tn_status key_index(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value,
                    uint64_t record);
/* type · property: the start of an index, or of a property's unique values */
tn_status key_property(struct buf *out, uint32_t type, uint32_t property);
/* type · property · ordered value: the start of an index's entries of one value */
tn_status key_index_value(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value);

/* type · property · value; `value` from value_unique_key() */
tn_status key_unique(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value);

/* type · word · 00 · record. TN_INVALID_ARGUMENT: the word contains 00. */
tn_status key_word(struct buf *out, uint32_t type, struct tn_str word, uint64_t record);
/* type · word · 00: the start of one word's entries. TN_INVALID_ARGUMENT as above. */
tn_status key_word_whole(struct buf *out, uint32_t type, struct tn_str word);
/* type · start of a word: the start of all words that begin so. TN_INVALID_ARGUMENT as above. */
tn_status key_word_start(struct buf *out, uint32_t type, struct tn_str start);

/* from type · from · association · to type · to */
tn_status key_edge(struct buf *out, uint32_t from_type, uint64_t from, uint32_t association,
                   uint32_t to_type, uint64_t to);
/* from type · from: the start of a record's edges */
tn_status key_edges_of(struct buf *out, uint32_t from_type, uint64_t from);
/* from type · from · association: the start of a record's edges of one kind */
tn_status key_edges_by(struct buf *out, uint32_t from_type, uint64_t from, uint32_t association);

/* type · record · property · descending change number: a cursor meets the latest first */
tn_status key_history(struct buf *out, uint32_t type, uint64_t record, uint32_t property,
                      uint64_t change);
/* type · record: the start of a record's history */
tn_status key_history_of(struct buf *out, uint32_t type, uint64_t record);
/* type · record · property: the start of a property's history */
tn_status key_history_property(struct buf *out, uint32_t type, uint64_t record, uint32_t property);

/* rollup · group values (each a value_order_key, TN_NONE as the byte FF) */
tn_status key_rollup(struct buf *out, uint32_t rollup, struct tn_bytes group);
/* change number */
tn_status key_log(struct buf *out, uint64_t change);

/*
 * Makes of the `out->len - start` bytes from `start` on, a prefix, the first key behind all keys
 * with that prefix: the end for store_batch_delete_range. TN_OUT_OF_RANGE: the prefix is
 * empty or all FF, nothing is behind it.
 */
tn_status key_make_end(struct buf *out, size_t start);

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
tn_status key_log_read(struct tn_bytes key, uint64_t *ret_change);
/* The record at the end of an index or word key. */
tn_status key_record_read(struct tn_bytes key, uint64_t *ret_record);

#endif /* CORE_STORE_KEY_H */
