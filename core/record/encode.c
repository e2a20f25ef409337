/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c - what a transaction writes: rows, what follows from them, links, log and history. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/record/row_system.h"
#include "core/record/state.h"
#include "core/store/key.h"
#include "core/store/meta.h"

/* At most what a key of history or log takes in a batch, with its lengths. */
#define PENDING_KEY_SIZE 48u

static tn_status copy_bytes(struct txn *txn, const struct buf *buf, struct tn_bytes *ret_bytes)
{
    const char *copy = arena_copy(&txn->arena, buf->data, buf->len);

    if (!copy)
        return TN_RESOURCE_EXHAUSTED;
    *ret_bytes = (struct tn_bytes){(const uint8_t *)copy, buf->len};
    return TN_OK;
}

static int compare_values(const void *a, const void *b)
{
    uint32_t x = ((const struct row_value *)a)->property;
    uint32_t y = ((const struct row_value *)b)->property;

    return (x > y) - (x < y);
}

/* Every value of the row to be: those kept, those written, and who created it. */
static tn_status collect_values(const struct record *record, struct row_value **ret_values,
                                size_t *ret_count)
{
    const struct txn *txn = record->txn;
    uint32_t base = record->row.len ? record->read.count : 0;
    struct row_value *values = arena_array(
        &record->txn->arena, struct row_value, base + record->write_count + ROW_SYSTEM_COUNT);
    size_t count = 0;

    if (!values)
        return TN_RESOURCE_EXHAUSTED;
    if (record->is_new) {
        values[count++] = (struct row_value){ROW_SYSTEM_SOURCE, value_text(TN_TEXT, txn->source)};
        values[count++] = (struct row_value){ROW_SYSTEM_USER, value_text(TN_TEXT, txn->user)};
    }
    for (uint32_t i = 0; i < base; i++) {
        bool is_written = false;

        TRY(row_at(record->row, i, &values[count]));
        for (size_t j = 0; j < record->write_count; j++)
            is_written |= record->writes[j].property == values[count].property;
        if (!is_written)
            count++;
    }
    for (size_t i = 0; i < record->write_count; i++)
        values[count++] = record->writes[i];
    qsort(values, count, sizeof(*values), compare_values);
    *ret_values = values;
    *ret_count = count;
    return TN_OK;
}

static tn_status encode_row(struct record *record)
{
    struct row_header header = record_header(record);
    struct row_value *values;
    struct buf row = {0};
    size_t count;

    TRY(collect_values(record, &values, &count));
    tn_status st = row_encode(&header, values, count, &row);
    if (st == TN_OK)
        st = copy_bytes(record->txn, &row, &record->new_row);
    buf_fini(&row);
    return st;
}

static tn_status put_row(struct record *record)
{
    struct txn *txn = record->txn;
    struct buf key = {0};
    tn_status st = key_row(&key, record->type->id, record->id);

    if (st == TN_OK) {
        if (record->is_purged)
            store_batch_delete(txn->batch, STORE_ROWS, txn->portal->id, buf_bytes(&key));
        else
            store_batch_put(
                txn->batch, STORE_ROWS, txn->portal->id, buf_bytes(&key), record->new_row);
    }
    buf_fini(&key);
    return st;
}

/* Unique values: all that are given up come before all that are taken, for records that swap. */
static tn_status keep_unique(struct record *record, bool takes)
{
    struct txn *txn = record->txn;
    struct tn_bytes row = takes ? record->new_row : record->row;
    struct tn_bytes other = takes ? record->row : record->new_row;
    tn_status st = TN_OK;

    if (!index_row_is_live(row))
        return TN_OK;
    for (uint32_t i = 0; st == TN_OK && i < record->type->property_count; i++) {
        const struct schema_property *property = record->type->properties[i];
        struct tn_value mine;
        struct tn_value theirs = value_none();
        struct buf key = {0};

        if (!(property->flags & TN_UNIQUE))
            continue;
        TRY(row_get(row, property->id, &mine));
        if (index_row_is_live(other))
            TRY(row_get(other, property->id, &theirs));
        if (mine.kind == TN_NONE || value_equal(&mine, &theirs))
            continue;
        st = index_unique_key(property, &mine, &key);
        if (st == TN_OK)
            st = txn_mark_write(txn, mark_bytes(txn, MARK_UNIQUE, buf_bytes(&key)));
        if (st == TN_OK && takes)
            index_unique_put(txn->batch, txn->portal->id, buf_bytes(&key), record->id);
        else if (st == TN_OK)
            index_unique_delete(txn->batch, txn->portal->id, buf_bytes(&key));
        buf_fini(&key);
    }
    return st;
}

static tn_status keep_indexes(struct record *record, struct err *err)
{
    struct txn *txn = record->txn;
    struct index_change change = {.portal = txn->portal->id,
                                  .type = record->type,
                                  .record = record->id,
                                  .before = record->row,
                                  .after = record->new_row};

    if (!index_row_is_live(change.before))
        change.before = (struct tn_bytes){0};
    if (!index_row_is_live(change.after))
        change.after = (struct tn_bytes){0};
    TRY(index_keep(&change, &txn->arena, txn->batch));
    tn_status st = totals_steps(&change, &txn->arena, &txn->steps);
    if (st == TN_INVALID_ARGUMENT)
        return err_set(err,
                       st,
                       "The values by which records of type %.*s are counted are too long.",
                       (int)record->type->name.len,
                       record->type->name.data);
    return st;
}

/* History and log */

static tn_status add_history(struct record *record, const struct change_value *value,
                             uint64_t position)
{
    struct txn *txn = record->txn;
    struct pending_history *pending = arena_new(&txn->arena, struct pending_history);
    struct buf bytes = {0};

    if (!pending)
        return TN_RESOURCE_EXHAUSTED;
    tn_status st = history_encode(&value->before, txn, &bytes);
    if (st == TN_OK)
        st = copy_bytes(txn, &bytes, &pending->value);
    buf_fini(&bytes);
    TRY(st);
    pending->record = record;
    pending->property = value->property;
    pending->position = position;
    pending->next = txn->history;
    txn->history = pending;
    txn->pending_size += pending->value.len + PENDING_KEY_SIZE;
    return TN_OK;
}

static tn_status add_entry(struct txn *txn, const struct change *change)
{
    struct pending_entry *entry = arena_new(&txn->arena, struct pending_entry);
    struct buf bytes = {0};

    if (!entry)
        return TN_RESOURCE_EXHAUSTED;
    tn_status st = change_encode(change, txn->entry_count, &bytes);
    if (st == TN_OK)
        st = copy_bytes(txn, &bytes, &entry->bytes);
    buf_fini(&bytes);
    TRY(st);
    if (txn->last_entry)
        txn->last_entry->next = entry;
    else
        txn->entries = entry;
    txn->last_entry = entry;
    txn->entry_count++;
    txn->pending_size += entry->bytes.len + PENDING_KEY_SIZE;
    return TN_OK;
}

/* What the record's values were and are, those that differ; for a new one, all of them. */
static tn_status collect_changes(struct record *record, struct change *change)
{
    struct change_value *values =
        arena_array(&record->txn->arena, struct change_value, record->write_count);

    if (!values)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < record->write_count; i++) {
        struct change_value value = {.property = record->writes[i].property,
                                     .before = value_none(),
                                     .after = record->writes[i].value};

        if (record->row.len)
            TRY(row_get(record->row, value.property, &value.before));
        if (!value_equal(&value.before, &value.after))
            values[change->value_count++] = value;
    }
    change->values = values;
    return TN_OK;
}

/* The record whose entry tells of a link: its `from`, or the other one if only that was opened. */
static const struct record *teller(const struct txn_edge *edge)
{
    return edge->ends[0] ? edge->ends[0] : edge->ends[1];
}

static bool edge_has_effect(const struct txn_edge *edge)
{
    if (edge->was_linked != edge->is_linked)
        return true;
    return edge->is_linked && (edge->before.labels != edge->after.labels ||
                               edge->before.is_primary_of_from != edge->after.is_primary_of_from ||
                               edge->before.is_primary_of_to != edge->after.is_primary_of_to);
}

static tn_status collect_links(struct record *record, struct change *change)
{
    struct txn *txn = record->txn;
    size_t count = 0;

    for (const struct txn_edge *edge = record->edges; edge;
         edge = edge->next[edge->ends[0] == record ? 0 : 1])
        count++;
    change->links = arena_array(&txn->arena, struct change_link, count);
    if (!change->links)
        return TN_RESOURCE_EXHAUSTED;
    for (const struct txn_edge *edge = record->edges; edge;
         edge = edge->next[edge->ends[0] == record ? 0 : 1]) {
        if (!edge_has_effect(edge) || teller(edge) != record)
            continue;
        change->links[change->link_count++] =
            (struct change_link){.association = edge->edge.association->id,
                                 .from = edge->edge.from,
                                 .to = edge->edge.to,
                                 .is_removed = !edge->is_linked,
                                 .is_primary = edge->after.is_primary_of_from,
                                 .is_primary_of_to = edge->after.is_primary_of_to,
                                 .labels = edge->after.labels};
    }
    return TN_OK;
}

static enum change_kind kind_of(const struct record *record)
{
    bool was_archived = (record->read.flags & ROW_ARCHIVED) != 0;

    if (!record_has_effect(record))
        return CHANGE_LINKED;
    if (record->is_purged)
        return CHANGE_PURGED;
    if (record->is_new)
        return CHANGE_CREATED;
    if (record->is_archived && !was_archived)
        return CHANGE_ARCHIVED;
    if (!record->is_archived && was_archived)
        return CHANGE_RESTORED;
    return CHANGE_UPDATED;
}

static tn_status log_record(struct record *record)
{
    struct txn *txn = record->txn;
    struct change change = {.kind = kind_of(record),
                            .type = record->type->id,
                            .record = record->id,
                            .version = record_version(record),
                            .at_us = txn->now_us,
                            .source = txn->source,
                            .user = txn->user};

    TRY(collect_links(record, &change));
    if (change.kind == CHANGE_LINKED && change.link_count == 0)
        return TN_OK;
    if (change.kind != CHANGE_PURGED && change.kind != CHANGE_LINKED)
        TRY(collect_changes(record, &change));
    for (size_t i = 0; !record->is_new && i < change.value_count; i++)
        TRY(add_history(record, &change.values[i], txn->entry_count));
    TRY(add_entry(txn, &change));
    if (!record->is_new || !record->is_archived)
        return TN_OK;
    /* Made and archived at once: its creation alone would tell of a live record. */
    change.kind = CHANGE_ARCHIVED;
    change.value_count = 0;
    change.link_count = 0;
    return add_entry(txn, &change);
}

/* Links */

static tn_status mark_edge(struct txn *txn, const struct txn_edge *edge)
{
    uint64_t association = edge->edge.association->id;
    tn_id from = edge->edge.from;
    tn_id to = edge->edge.to;

    TRY(txn_mark_write(txn, mark_id(txn, MARK_EDGE, association, from, to)));
    TRY(txn_mark_write(txn, mark_id(txn, MARK_EDGES, association, false, from)));
    TRY(txn_mark_write(txn, mark_id(txn, MARK_EDGES, association, true, to)));
    TRY(txn_mark_write(txn, mark_id(txn, MARK_ALL_EDGES, from, 0, 0)));
    return txn_mark_write(txn, mark_id(txn, MARK_ALL_EDGES, to, 0, 0));
}

static tn_status encode_edges(struct txn *txn)
{
    for (const struct txn_edge *edge = txn->first_edge; edge; edge = edge->next_in_txn) {
        if (!edge_has_effect(edge))
            continue;
        TRY(mark_edge(txn, edge));
        if (edge->is_linked)
            TRY(edge_put(txn->batch, txn->portal->id, &edge->edge, &edge->after));
        else
            TRY(edge_delete(txn->batch, txn->portal->id, &edge->edge));
    }
    return TN_OK;
}

static tn_status encode_metas(struct txn *txn)
{
    for (const struct txn_meta *meta = txn->first_meta; meta; meta = meta->next) {
        struct tn_bytes key = {(const uint8_t *)meta->key.data, meta->key.len};

        if (!meta->is_written)
            continue;
        TRY(txn_mark_write(txn, mark_bytes(txn, MARK_META, key)));
        if (meta->value.len)
            store_batch_put(txn->batch, STORE_META, txn->portal->id, key, meta->value);
        if (meta->key.data[0] == STORE_META_TIMER)
            TRY(timer_encode_due(txn, meta));
        if (meta->expires_us)
            expire_note(txn->batch, meta->expires_us, txn->portal->id, key);
        if (!meta->value.len)
            store_batch_delete(txn->batch, STORE_META, txn->portal->id, key);
    }
    return TN_OK;
}

/* All of it */

static tn_status encode_record(struct record *record, struct err *err)
{
    if (!record->is_purged)
        TRY(encode_row(record));
    TRY(txn_mark_write(record->txn, mark_id(record->txn, MARK_RECORD, record->id, 0, 0)));
    TRY(put_row(record));
    TRY(keep_indexes(record, err));
    TRY(blob_keep_names(record));
    return keep_unique(record, false);
}

static tn_status encode_all(struct txn *txn, struct err *err)
{
    for (struct record *record = txn->first; record; record = record->next)
        if (record_has_effect(record))
            TRY(encode_record(record, err));
    for (struct record *record = txn->first; record; record = record->next) {
        if (record_has_effect(record) && !record->is_purged)
            TRY(keep_unique(record, true));
        if (record->is_purged && record_has_effect(record))
            TRY(history_purge(record, txn->batch, err));
        if (!record->is_gone && (record->edges || record_has_effect(record)))
            TRY(log_record(record));
    }
    return encode_edges(txn);
}

/* What an earlier attempt left, which failed half-way or was rolled back after it. */
static void forget_encoded(struct txn *txn)
{
    store_batch_destroy(TAKE(txn->batch));
    txn->entries = NULL;
    txn->last_entry = NULL;
    txn->entry_count = 0;
    txn->history = NULL;
    txn->steps = NULL;
    txn->pending_size = 0;
    txn->writes.count = 0;
}

size_t txn_write_size(const struct txn *txn)
{
    return store_batch_size(txn->batch) + txn->pending_size;
}

/* Others share its write, so what would spoil that is refused here. */
static tn_status check_batch(const struct txn *txn)
{
    TRY(store_batch_status(txn->batch));
    return txn_write_size(txn) > TXN_WRITE_SIZE_MAX ? TN_OUT_OF_RANGE : TN_OK;
}

static tn_status tell(tn_status st, struct err *err)
{
    if (st == TN_RESOURCE_EXHAUSTED)
        return err_memory(err, "a commit");
    if (st == TN_OUT_OF_RANGE)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "A transaction writes at most %u MiB; split it.",
                       (unsigned)(TXN_WRITE_SIZE_MAX >> 20));
    return st;
}

tn_status txn_encode(struct txn *txn, struct err *err)
{
    forget_encoded(txn);
    txn->batch = store_batch_create();
    tn_status st = txn->batch ? encode_all(txn, err) : TN_RESOURCE_EXHAUSTED;

    if (st == TN_OK)
        st = check_batch(txn);
    return tell(st, err);
}

tn_status txn_encode_metas(struct txn *txn, struct err *err)
{
    tn_status st = encode_metas(txn);

    if (st == TN_OK)
        st = check_batch(txn);
    return tell(st, err);
}
