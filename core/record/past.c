/* SPDX-License-Identifier: Apache-2.0 */
/* past.c - see past.h. */
#include "core/record/past.h"

#include "core/record/state.h"
#include "core/store/key.h"

/* The row without the mark that txn_get leaves. */
static tn_status read_row(struct txn *txn, uint32_t type, tn_id id, struct tn_bytes *ret_row,
                          struct err *err)
{
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf row = {0};

    if (key_row(&key, type, id) != TN_OK)
        return err_memory(err, "a record");
    TRY(store_get(txn->records->store,
                  txn_snapshot(txn),
                  STORE_ROWS,
                  txn->portal->id,
                  buf_bytes(&key),
                  &row,
                  err));
    const char *copy = arena_copy(&txn->arena, row.data, row.len);
    if (!copy)
        return err_memory(err, "a record");
    *ret_row = (struct tn_bytes){(const uint8_t *)copy, row.len};
    return TN_OK;
}

tn_status past_open(struct txn *txn, const struct change *change, struct past *ret_before,
                    struct past *ret_after, struct err *err)
{
    struct past past = {.txn = txn, .change = change};
    struct row_header header;

    past.type = schema_type_by_id(txn->schema, change->type);
    if (!past.type)
        return TN_NOT_FOUND; /* with its type, which another schema had */
    TRY(read_row(txn, change->type, change->record, &past.row, err));
    if (row_header(past.row, &header) != TN_OK)
        return err_set(err,
                       TN_DATA_LOSS,
                       "Record %llu is damaged in the store.",
                       (unsigned long long)change->record);
    past.is_newest = header.version == change->version;
    *ret_before = past;
    past.is_after = true;
    *ret_after = past;
    return TN_OK;
}

tn_status past_read(const struct past *past, const struct schema_property *property,
                    struct tn_value *ret_value, struct err *err)
{
    const struct change *change = past->change;

    for (size_t i = 0; i < change->value_count; i++)
        if (change->values[i].property == property->id) {
            *ret_value = past->is_after ? change->values[i].after : change->values[i].before;
            return TN_OK;
        }
    if (change->kind == CHANGE_CREATED && !past->is_after) {
        *ret_value = value_none();
        return TN_OK;
    }
    if (!past->is_newest) {
        tn_status st = history_find_replaced(past->txn,
                                             past->type->id,
                                             change->record,
                                             property->id,
                                             change->number,
                                             ret_value,
                                             err);
        if (st != TN_NOT_FOUND)
            return st;
    }
    /* Neither this change nor one behind it wrote the property. */
    if (row_get(past->row, property->id, ret_value) != TN_OK)
        return err_set(err,
                       TN_DATA_LOSS,
                       "Record %llu is damaged in the store.",
                       (unsigned long long)change->record);
    return TN_OK;
}

uint64_t past_version(const struct past *past)
{
    const struct change *change = past->change;

    return past->is_after || change->kind == CHANGE_LINKED ? change->version : change->version - 1;
}

bool change_finds_live(const struct change *change)
{
    return change->kind == CHANGE_UPDATED || change->kind == CHANGE_LINKED ||
           change->kind == CHANGE_ARCHIVED;
}

bool change_leaves_live(const struct change *change)
{
    return change->kind == CHANGE_UPDATED || change->kind == CHANGE_LINKED ||
           change->kind == CHANGE_CREATED || change->kind == CHANGE_RESTORED;
}
