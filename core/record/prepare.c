/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepare.c - the last steps before the committer: hooks, checks of records as a whole, and
 * encoding everything that does not depend on the change numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/record/state.h"
#include "core/store/key.h"

/* Hooks */

void record_set_pending(struct record *record)
{
    struct txn *txn = record->txn;

    if (record->is_pending)
        return;
    record->is_pending = true;
    record->next_pending = NULL;
    if (txn->last_pending)
        txn->last_pending->next_pending = record;
    else
        txn->first_pending = record;
    txn->last_pending = record;
}

static bool needs_hooks(const struct record *record)
{
    return record->is_touched && !record->is_hooked && record_has_effect(record);
}

static bool needs_checks(const struct record *record)
{
    /* Archived ones too: they may be restored. */
    return !record->is_checked && !record->is_purged && record_has_effect(record);
}

static tn_status run_hook(struct record *record, struct err *err)
{
    struct txn *txn = record->txn;

    if (txn_undo_state(record) != TN_OK)
        return err_memory(err, "a hook");
    record->is_hooked = true; /* before it runs: one pass, no loops */
    if (!txn->routes || record->is_purged)
        return TN_OK;
    TRY(txn_state(txn));
    txn->is_in_hook = true;
    tn_status st = txn->records->hooks.run(txn->routes, txn, record, err);
    txn->is_in_hook = false;
    if (st != TN_OK)
        record->is_hooked = false; /* a refusal cannot be passed by asking twice */
    return st;
}

/* Hooks may touch records that come later in the list, or earlier ones that had none of theirs run:
 * it is walked until there is nothing to do. */
static tn_status run_hooks(struct txn *txn, struct err *err)
{
    bool has_run = true;

    while (has_run) {
        has_run = false;
        for (struct record *record = txn->first_pending; record; record = record->next_pending) {
            if (!needs_hooks(record))
                continue;
            TRY(run_hook(record, err));
            has_run = true;
        }
    }
    return TN_OK;
}

/* Checks */

/*
 * A new record has them all, and none is taken away. A record from before a property was required
 * may go on without it: whoever changes something else is not to be stopped by it.
 */
static tn_status check_required(const struct record *record, struct err *err)
{
    tn_status st = TN_OK;

    for (uint32_t i = 0; i < record->type->property_count; i++) {
        const struct schema_property *property = record->type->properties[i];
        struct tn_value before;
        struct tn_value value;

        if (!(property->flags & TN_REQUIRED) || property->is_archived)
            continue;
        TRY(record_read_before(record, property, &before));
        TRY(record_read(record, property, &value));
        if (value.kind == TN_NONE && (record->is_new || before.kind != TN_NONE))
            st = err_violate(err,
                             TN_INVALID_ARGUMENT,
                             property->name.data,
                             "required",
                             "%.*s is required.",
                             (int)property->name.len,
                             property->name.data);
    }
    return st;
}

/* `other` is a stored record, or 0: it is made in this transaction, and its id means nothing yet.
 */
static tn_status already_there(const struct record *record, const struct schema_property *property,
                               tn_id other, struct err *err)
{
    if (other == 0)
        return err_violate(err,
                           TN_ALREADY_EXISTS,
                           property->name.data,
                           "unique",
                           "Another new record of type %.*s has the same %.*s.",
                           (int)record->type->name.len,
                           record->type->name.data,
                           (int)property->name.len,
                           property->name.data);
    return err_violate(err,
                       TN_ALREADY_EXISTS,
                       property->name.data,
                       "unique",
                       "A record of type %.*s with this %.*s exists already. Existing ID: %llu",
                       (int)record->type->name.len,
                       record->type->name.data,
                       (int)property->name.len,
                       property->name.data,
                       (unsigned long long)other);
}

/*
 * Whether another record has the value of `key` in the end, and its id, 0 for a new one. Of several
 * that get it in this transaction the first one may have it: each of the others is refused, once.
 */
static tn_status find_other(struct record *record, const struct schema_property *property,
                            struct tn_bytes key, bool *ret_has, tn_id *ret_other, struct err *err)
{
    struct txn *txn = record->txn;
    struct record *other;
    tn_id stored = 0;
    bool has = true;

    if (txn_mark_read(txn, mark_bytes(txn, MARK_UNIQUE, key)) != TN_OK ||
        txn_unique_holder(txn, property, key, record, &other) != TN_OK)
        return err_memory(err, "a unique value");
    if (other) {
        *ret_has = true;
        *ret_other = other->is_new ? 0 : other->id;
        return TN_OK;
    }
    tn_status st = index_unique_find(
        txn->records->store, txn_snapshot(txn), txn->portal->id, key, &stored, err);
    if (st == TN_NOT_FOUND || (st == TN_OK && stored == record->id))
        return TN_OK;
    TRY(st);
    other = map_get_u64(&txn->by_id, &stored);
    if (other && record_has_unique(other, property, key, &has) != TN_OK)
        return err_memory(err, "a unique value");
    *ret_has = has; /* else it gives the value up in this transaction */
    *ret_other = stored;
    return TN_OK;
}

static tn_status check_unique_value(struct record *record, const struct schema_property *property,
                                    const struct tn_value *value, struct err *err)
{
    struct buf key = {0};
    bool has = false;
    tn_id other = 0;
    tn_status st = index_unique_key(property, value, &key);

    if (st == TN_OK)
        st = find_other(record, property, buf_bytes(&key), &has, &other, err);
    else
        st = err_memory(err, "a unique value");
    buf_fini(&key);
    TRY(st);
    return has ? already_there(record, property, other, err) : TN_OK;
}

static tn_status check_unique(struct record *record, struct err *err)
{
    bool was_live = index_row_is_live(record->row);
    tn_status st = TN_OK;

    for (uint32_t i = 0; i < record->type->property_count; i++) {
        const struct schema_property *property = record->type->properties[i];
        struct tn_value before;
        struct tn_value after;

        if (!(property->flags & TN_UNIQUE) || property->is_archived)
            continue;
        TRY(record_read_before(record, property, &before));
        TRY(record_read(record, property, &after));
        if (after.kind == TN_NONE || (was_live && value_equal(&before, &after)))
            continue;
        tn_status checked = check_unique_value(record, property, &after, err);
        if (checked != TN_OK && checked != TN_ALREADY_EXISTS)
            return checked;
        if (st == TN_OK)
            st = checked;
    }
    return st;
}

static tn_status check_record(struct record *record, struct err *err)
{
    TRY(txn_check_type(record->txn, record->type, err));
    TRY(check_required(record, err));
    if (!record->is_archived)
        TRY(check_unique(record, err));
    if (txn_undo_state(record) != TN_OK)
        return err_memory(err, "a record");
    record->is_checked = true;
    return TN_OK;
}

/* Those that are refused stay in the list. */
static tn_status check_records(struct txn *txn, struct err *err)
{
    struct record *record = txn->first_pending;
    tn_status st = TN_OK;

    txn->first_pending = txn->last_pending = NULL;
    while (record) {
        struct record *next = record->next_pending;
        tn_status checked = needs_checks(record) ? check_record(record, err) : TN_OK;

        record->is_pending = false;
        if (checked != TN_OK)
            record_set_pending(record);
        if (st == TN_OK)
            st = checked; /* go on: all refusals are told */
        record = next;
    }
    return st;
}

tn_status txn_prepare_changes(struct txn *txn, struct err *err)
{
    TRY(run_hooks(txn, err));
    return check_records(txn, err);
}

tn_status txn_prepare(struct txn *txn, struct err *err)
{
    if (txn->stage != TXN_OPEN)
        return TN_OK;
    TRY(txn_prepare_changes(txn, err));
    TRY(txn_encode(txn, err));
    txn->stage = TXN_PREPARED;
    return TN_OK;
}
