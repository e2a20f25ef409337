/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h - the entries that follow from a record's row: ordered property indexes, words, unique
 * values. Only live records have any.
 */
#ifndef CORE_INDEX_INDEX_H
#define CORE_INDEX_INDEX_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/schema/schema.h"
#include "core/store/store.h"
#include "core/value/row.h"

/* Of one record's distinct words, by property id and in their order, only these are indexed: the
 * rest is the tail of a long text. */
#define INDEX_WORD_MAX 2000u

/* A record before and after a change; an empty row where it is not live (new, archived, gone). */
struct index_change {
    uint32_t portal;
    const struct schema_type *type;
    tn_id record;
    struct tn_bytes before;
    struct tn_bytes after;
};

/*
 * Adds the property and word entries that come and go with the change to `batch`. `arena` is
 * scratch. TN_RESOURCE_EXHAUSTED; TN_DATA_LOSS: a damaged row. [any]
 */
tn_status index_keep(const struct index_change *change, struct arena *arena,
                     struct store_batch *batch);

/*
 * Adds what `row`'s words are in format 2 of the store and were not in format 1, and takes away the
 * rest; nothing for a record that is not live. Statuses as index_keep. [any]
 */
tn_status index_renew_words(uint32_t portal, const struct schema_type *type, tn_id record,
                            struct tn_bytes row, struct arena *arena, struct store_batch *batch);

/* Whether a row is that of a live record; false for an empty one. [any] */
bool index_row_is_live(struct tn_bytes row);

/* Unique values: type · property · unique form. */

/* Appends the key; nothing for TN_NONE. [any] */
tn_status index_unique_key(const struct schema_property *property, const struct tn_value *value,
                           struct buf *out);

/*
 * The record that has the value of `key` (from index_unique_key) in the snapshot. TN_NOT_FOUND
 * (err untouched): none. [any] blocks
 */
tn_status index_unique_find(struct store *store, const struct store_snapshot *snapshot,
                            uint32_t portal, struct tn_bytes key, tn_id *ret_record,
                            struct err *err);

void index_unique_put(struct store_batch *batch, uint32_t portal, struct tn_bytes key,
                      tn_id record);
void index_unique_delete(struct store_batch *batch, uint32_t portal, struct tn_bytes key);

#endif /* CORE_INDEX_INDEX_H */
