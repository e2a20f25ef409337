/* SPDX-License-Identifier: Apache-2.0 */
/* unique.c - who has a unique value in a transaction: those that got it there, then the store's. */
#include <string.h>

#include "core/base/mem.h"
#include "core/record/state.h"

tn_status record_has_unique(const struct record *record, const struct schema_property *property,
                            struct tn_bytes key, bool *ret_has)
{
    struct tn_value value;
    struct buf own = {0};

    *ret_has = false;
    if (record->is_gone || record->is_archived || record->is_purged)
        return TN_OK;
    TRY(record_read(record, property, &value));
    tn_status st = index_unique_key(property, &value, &own);
    if (st == TN_OK)
        *ret_has = own.len == key.len && memcmp(own.data, key.data, key.len) == 0;
    buf_fini(&own);
    return st;
}

tn_status txn_unique_holder(struct txn *txn, const struct schema_property *property,
                            struct tn_bytes key, const struct record *before,
                            struct record **ret_holder)
{
    struct unique_holder *holder =
        map_get(&txn->unique, (struct tn_str){(const char *)key.data, key.len});

    *ret_holder = NULL;
    while (before && holder && holder->record != before) /* the latest come first */
        holder = holder->next;
    if (before && holder)
        holder = holder->next;
    for (; holder; holder = holder->next) {
        bool has = false;

        TRY(record_has_unique(holder->record, property, key, &has));
        if (has) {
            *ret_holder = holder->record;
            break;
        }
    }
    return TN_OK;
}

/* The record that has it in the store, if it is the one that has it in this transaction. */
static tn_status find_stored(struct txn *txn, const struct schema_property *property,
                             struct tn_bytes key, struct record **ret_record, struct err *err)
{
    const struct schema_type *type = schema_type_by_id(txn->schema, property->type);
    struct record *record;
    bool has;
    tn_id id;

    TRY(index_unique_find(txn->records->store, txn_snapshot(txn), txn->portal->id, key, &id, err));
    tn_status st = txn_get(txn, type, id, &record, NULL);
    if (st == TN_OK)
        st = record_has_unique(record, property, key, &has);
    if (st == TN_OK && !has)
        return TN_NOT_FOUND; /* this transaction took it away */
    if (st != TN_OK && st != TN_NOT_FOUND)
        return err_set(err, st, "Record %llu cannot be read.", (unsigned long long)id);
    TRY(st);
    *ret_record = record;
    return TN_OK;
}

static tn_status get_by_key(struct txn *txn, const struct schema_property *property,
                            struct tn_bytes key, struct record **ret_record, struct err *err)
{
    const struct schema_type *type = schema_type_by_id(txn->schema, property->type);
    struct record *record;

    if (txn_unique_holder(txn, property, key, NULL, &record) != TN_OK)
        return err_memory(err, "a look-up");
    if (record) {
        *ret_record = record;
        return TN_OK;
    }
    if (txn_mark_read(txn, mark_bytes(txn, MARK_UNIQUE, key)) != TN_OK)
        return err_memory(err, "a look-up");
    tn_status st = find_stored(txn, property, key, ret_record, err);
    if (st == TN_NOT_FOUND)
        return err_set(err,
                       TN_NOT_FOUND,
                       "No record of type %.*s has this %.*s.",
                       (int)type->name.len,
                       type->name.data,
                       (int)property->name.len,
                       property->name.data);
    return st;
}

tn_status txn_get_by(struct txn *txn, const struct schema_property *property,
                     const struct tn_value *value, struct record **ret_record, struct err *err)
{
    struct buf key = {0};
    struct tn_value checked = *value;

    if (!(property->flags & TN_UNIQUE))
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "%.*s is not unique: it does not name one record.",
                       (int)property->name.len,
                       property->name.data);
    if (value->kind != property->kind)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           property->name.data,
                           "kind",
                           "%.*s is a %s, not a %s.",
                           (int)property->name.len,
                           property->name.data,
                           value_kind_name(property->kind),
                           value->kind ? value_kind_name(value->kind) : "value");
    TRY(value_check(&checked, TXN_TEXT_SIZE_MAX, property->name.data, err));
    tn_status st = index_unique_key(property, &checked, &key);
    if (st != TN_OK)
        st = err_memory(err, "a look-up");
    else
        st = get_by_key(txn, property, buf_bytes(&key), ret_record, err);
    buf_fini(&key);
    return st;
}

/* Noting */

/* A record that was checked while another did not have its unique value. */
static tn_status uncheck(struct record *record)
{
    if (!record->is_checked)
        return TN_OK;
    TRY(txn_undo_state(record));
    record->is_checked = false;
    record_set_pending(record);
    return TN_OK;
}

static tn_status add_holder(struct record *record, struct tn_str key)
{
    struct txn *txn = record->txn;
    struct unique_holder *first = map_get(&txn->unique, key);
    bool is_there = false;

    for (struct unique_holder *holder = first; holder; holder = holder->next) {
        if (holder->record == record)
            is_there = true;
        else
            TRY(uncheck(holder->record));
    }
    if (is_there)
        return TN_OK;
    struct unique_holder *holder = arena_new(&txn->arena, struct unique_holder);
    if (!holder)
        return TN_RESOURCE_EXHAUSTED;
    *holder = (struct unique_holder){record, first};
    TRY(arena_copy_str(&txn->arena, key, &key));
    return map_set(&txn->unique, key, holder, NULL);
}

tn_status record_note_unique(struct record *record, const struct schema_property *property,
                             const struct tn_value *value)
{
    struct buf key = {0};
    tn_status st = index_unique_key(property, value, &key);

    if (st == TN_OK && key.len)
        st = add_holder(record, (struct tn_str){(const char *)key.data, key.len});
    buf_fini(&key);
    return st;
}

tn_status record_note_all_unique(struct record *record)
{
    for (uint32_t i = 0; i < record->type->property_count; i++) {
        const struct schema_property *property = record->type->properties[i];
        struct tn_value value;

        if (!(property->flags & TN_UNIQUE))
            continue;
        TRY(record_read(record, property, &value));
        TRY(record_note_unique(record, property, &value));
    }
    return TN_OK;
}
