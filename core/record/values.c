/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - what a record of a transaction is and holds, and writing its values. */
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/record/state.h"
#include "core/schema/options.h"
#include "core/value/email.h"

tn_id record_id(const struct record *record)
{
    return record->id;
}

const struct schema_type *record_type(const struct record *record)
{
    return record->type;
}

struct txn *record_txn(const struct record *record)
{
    return record->txn;
}

bool record_is_new(const struct record *record)
{
    return record->is_new;
}

bool record_is_archived(const struct record *record)
{
    return record->is_archived;
}

uint64_t record_read_version(const struct record *record)
{
    return record->read.version;
}

static struct row_value *find_write(const struct record *record, uint32_t property)
{
    for (size_t i = 0; i < record->write_count; i++)
        if (record->writes[i].property == property)
            return &record->writes[i];
    return NULL;
}

tn_status record_read_before(const struct record *record, const struct schema_property *property,
                             struct tn_value *ret_value)
{
    if (record->row.len == 0) {
        *ret_value = value_none();
        return TN_OK;
    }
    return row_get(record->row, property->id, ret_value);
}

tn_status record_read(const struct record *record, const struct schema_property *property,
                      struct tn_value *ret_value)
{
    const struct row_value *write = find_write(record, property->id);

    if (write) {
        *ret_value = write->value;
        return TN_OK;
    }
    return record_read_before(record, property, ret_value);
}

bool record_has_effect(const struct record *record)
{
    if (record->is_gone || !record->is_touched)
        return false;
    if (record->is_new)
        return true;
    if (record->is_purged || record->is_archived != ((record->read.flags & ROW_ARCHIVED) != 0))
        return true;
    for (size_t i = 0; i < record->write_count; i++) {
        struct tn_value before;

        if (row_get(record->row, record->writes[i].property, &before) != TN_OK ||
            !value_equal(&before, &record->writes[i].value))
            return true;
    }
    return false;
}

bool record_is_changed(const struct record *record)
{
    return record_has_effect(record);
}

struct row_header record_header(const struct record *record)
{
    struct row_header header = record->read;
    tn_time now = record->txn->now_us;

    if (!record_has_effect(record))
        return header;
    header.version++;
    header.updated_us = now;
    if (record->is_new)
        header.created_us = now;
    header.flags = record->is_archived ? ROW_ARCHIVED : 0;
    if (!record->is_archived)
        header.archived_us = 0;
    else if (header.archived_us == 0)
        header.archived_us = now;
    return header;
}

uint64_t record_version(const struct record *record)
{
    return record_header(record).version;
}

static tn_status check_email(struct arena *arena, const char *field, struct tn_value *value,
                             struct err *err)
{
    char email[EMAIL_SIZE];
    size_t len = 0;

    if (!email_normalise(value->as.text, email, &len))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "email",
                           "This is not an e-mail address such as name@example.com.");
    return arena_copy_str(arena, (struct tn_str){email, len}, &value->as.text) == TN_OK
               ? TN_OK
               : err_memory(err, "a value");
}

static tn_status check_reference(struct txn *txn, const struct schema_property *property,
                                 const struct tn_value *value, struct err *err)
{
    const struct schema_type *type = schema_type_by_id(txn->schema, property->refers);
    struct record *found;
    tn_status st;

    if (!type)
        return TN_OK; /* of any type: it may name what is not there */
    st = txn_get(txn, type, (tn_id)value->as.integer, &found, NULL);
    if (st == TN_NOT_FOUND)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           property->name.data,
                           "not_found",
                           "%.*s names record %llu of type %.*s, which is not there.",
                           (int)property->name.len,
                           property->name.data,
                           (unsigned long long)value->as.integer,
                           (int)type->name.len,
                           type->name.data);
    return st;
}

static tn_status check_blob(struct txn *txn, const struct schema_property *property,
                            const struct tn_value *value, struct err *err)
{
    tn_status st = txn_hold_blob(txn, (const uint8_t *)value->as.text.data, err);

    if (st != TN_NOT_FOUND)
        return st;
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       property->name.data,
                       "not_found",
                       "%.*s names a blob that the portal does not have: upload it first.",
                       (int)property->name.len,
                       property->name.data);
}

/* Checks a value against its property and brings it to the form that is stored. */
static tn_status check_value(struct record *record, const struct schema_property *property,
                             struct tn_value *value, struct err *err)
{
    struct txn *txn = record->txn;
    const char *field = property->name.data; /* NUL-terminated, as all texts of a schema */

    if (property->type != record->type->id || property->is_archived)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "unknown_property",
                           "%.*s has no property \"%.*s\".",
                           (int)record->type->name.len,
                           record->type->name.data,
                           (int)property->name.len,
                           field);
    if ((property->flags & TN_READONLY) && !utf8_equal(txn->writer, property->owner))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "read_only",
                           "%.*s is kept by the host and cannot be set.",
                           (int)property->name.len,
                           field);
    if (value->kind == TN_NONE)
        return TN_OK;
    if (value->kind != property->kind)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "kind",
                           "%.*s is a %s, not a %s.",
                           (int)property->name.len,
                           field,
                           value_kind_name(property->kind),
                           value_kind_name(value->kind) ? value_kind_name(value->kind) : "value");
    TRY(value_check(value, TXN_TEXT_SIZE_MAX, field, err));
    if (value_is_text(value->kind) && value->as.text.len == 0) {
        *value = value_none(); /* an empty text is no value */
        return TN_OK;
    }
    if (value->kind == TN_CHOICE || value->kind == TN_CHOICES)
        return options_check(property, field, &txn->arena, value, err);
    if (property->flags & TN_EMAIL)
        return check_email(&txn->arena, field, value, err);
    if (value->kind == TN_REF)
        return check_reference(txn, property, value, err);
    if (value->kind == TN_BLOB)
        return check_blob(txn, property, value, err);
    return TN_OK;
}

static tn_status reserve_write(struct record *record)
{
    if (record->write_count < record->write_cap)
        return TN_OK;
    size_t cap = record->write_cap ? record->write_cap * 2 : 16;
    struct row_value *grown = arena_array(&record->txn->arena, struct row_value, cap);
    if (!grown)
        return TN_RESOURCE_EXHAUSTED;
    if (record->write_count)
        memcpy(grown, record->writes, record->write_count * sizeof(*grown));
    record->writes = grown;
    record->write_cap = cap;
    return TN_OK;
}

static tn_status put_write(struct record *record, uint32_t property, const struct tn_value *value)
{
    struct row_value *write = find_write(record, property);
    struct undo undo = {.kind = write ? UNDO_WRITE : UNDO_ADDED, .target = record};
    struct tn_value copy;

    TRY(value_copy(&record->txn->arena, value, &copy));
    if (write) {
        undo.as.write.index = (size_t)(write - record->writes);
        undo.as.write.value = write->value;
        TRY(txn_add_undo(record->txn, &undo));
        write->value = copy;
        return TN_OK;
    }
    TRY(reserve_write(record));
    TRY(txn_add_undo(record->txn, &undo));
    record->writes[record->write_count++] = (struct row_value){property, copy};
    return TN_OK;
}

tn_status record_write(struct record *record, const struct schema_property *property,
                       const struct tn_value *value, struct err *err)
{
    struct tn_value checked = *value;
    struct tn_value now;

    TRY(record_may_change(record, err));
    if (record->is_archived)
        return err_set(
            err, TN_FAILED_PRECONDITION, "An archived record cannot be written: restore it.");
    TRY(check_value(record, property, &checked, err));
    TRY(record_read(record, property, &now));
    if (value_equal(&now, &checked))
        return TN_OK;
    TRY(record_check_property(record, property, err));
    tn_status st = record_touch(record);
    if (st == TN_OK && (property->flags & TN_UNIQUE))
        st = record_note_unique(record, property, &checked);
    if (st == TN_OK)
        st = put_write(record, property->id, &checked);
    return st == TN_OK ? TN_OK : err_memory(err, "a value");
}

static int compare_values(const void *a, const void *b)
{
    uint32_t x = ((const struct row_value *)a)->property;
    uint32_t y = ((const struct row_value *)b)->property;

    return (x > y) - (x < y);
}

tn_status record_values(const struct record *record, struct arena *arena,
                        struct row_value **ret_values, size_t *ret_count)
{
    uint32_t base = record->row.len ? record->read.count : 0;
    struct row_value *values = arena_array(arena, struct row_value, base + record->write_count);
    size_t count = 0;

    if (!values)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < base; i++) {
        TRY(row_at(record->row, i, &values[count]));
        if (!find_write(record, values[count].property))
            count++;
    }
    for (size_t i = 0; i < record->write_count; i++)
        if (record->writes[i].value.kind != TN_NONE)
            values[count++] = record->writes[i];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct schema_property *property =
            schema_property_by_id(record->txn->schema, values[i].property);

        if (property && !property->is_archived)
            values[kept++] = values[i];
    }
    qsort(values, kept, sizeof(*values), compare_values);
    *ret_values = values;
    *ret_count = kept;
    return TN_OK;
}
