/* SPDX-License-Identifier: Apache-2.0 */
/* write.c - writing one record as a client wants it. */
#include "core/service/write.h"

#include <stdio.h>

#include "core/base/utf8.h"
#include "core/value/value.h"

/* Keeps the first refusal; a status that is none ends the work. */
static bool goes_on(tn_status *first, tn_status status)
{
    if (*first == TN_OK)
        *first = status;
    return status == TN_OK || wire_is_refusal(status);
}

static tn_status read(const struct record *record, const struct schema_property *property,
                      struct tn_value *ret_value, struct err *err)
{
    if (record_read(record, property, ret_value) == TN_OK)
        return TN_OK;
    return err_set(err, TN_DATA_LOSS, "A stored record is damaged.");
}

/* A blob's hash goes to `hash`, which the value points to. */
static tn_status read_value(const struct schema_property *property,
                            const Tenon__Records__V1__Property *wire,
                            uint8_t hash[static VALUE_BLOB_SIZE], struct tn_value *ret_value,
                            struct err *err)
{
    const Tenon__Records__V1__Value *value = wire->value;
    const char *text = NULL;

    if (value && value->kind_case == TENON__RECORDS__V1__VALUE__KIND_TEXT)
        text = value->text;
    else if (value && value->kind_case == TENON__RECORDS__V1__VALUE__KIND_LITERAL)
        text = value->literal;
    if (property->kind != TN_BLOB || !text || text[0] == '\0')
        return wire_value_read(property, value, wire->name, ret_value, err);
    TRY(wire_blob_read(utf8_str(text), wire->name, hash, err));
    *ret_value = value_text(TN_BLOB, (struct tn_str){(const char *)hash, VALUE_BLOB_SIZE});
    return TN_OK;
}

static tn_status write_property(struct service_call *call, struct record *record,
                                const Tenon__Records__V1__Property *wire, bool *ret_changed,
                                struct err *err)
{
    const struct schema_property *property = NULL;
    uint8_t hash[VALUE_BLOB_SIZE];
    struct tn_value value;
    struct tn_value old;
    struct tn_value now;

    TRY(wire_property(call, record_type(record), wire->name, NULL, &property, err));
    TRY(read_value(property, wire, hash, &value, err));
    TRY(read(record, property, &old, err));
    if (value_equal(&old, &value))
        return TN_OK;
    TRY(record_write(record, property, &value, err));
    TRY(read(record, property, &now, err)); /* "b;a" may have become the "a;b" that it was */
    *ret_changed = *ret_changed || !value_equal(&old, &now);
    return TN_OK;
}

tn_status write_properties(struct service_call *call, struct record *record,
                           const struct write_request *request, bool *ret_changed, struct err *err)
{
    tn_status first = TN_OK;

    for (size_t i = 0; i < request->property_count; i++) {
        const Tenon__Records__V1__Property *property = request->properties[i];

        if (!goes_on(&first, write_property(call, record, property, ret_changed, err)))
            break;
    }
    return first;
}

static tn_status write_link(struct service_call *call, struct record *record,
                            const Tenon__Records__V1__LinkTo *link, const char *field,
                            bool *ret_changed, struct err *err)
{
    const struct schema_association *association = NULL;
    struct record *other = NULL;
    uint64_t labels = 0;
    bool is_inverse = false;
    bool changed = false;

    TRY(wire_association(call, link->association, field, &association, &is_inverse, err));
    if (wire_near_type(call, association, is_inverse) != record_type(record))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "other_type",
                           "'%s' does not start from '%.*s'.",
                           link->association,
                           (int)record_type(record)->name.len,
                           record_type(record)->name.data);
    TRY(wire_labels_read(association, link->labels, link->n_labels, field, &labels, err));
    TRY(wire_find(
        call, wire_far_type(call, association, is_inverse), link->to, false, field, &other, err));
    TRY(txn_link(call->txn,
                 association,
                 is_inverse,
                 record,
                 record_id(other),
                 labels,
                 link->primary,
                 &changed,
                 err));
    *ret_changed = *ret_changed || changed;
    return TN_OK;
}

tn_status write_links(struct service_call *call, struct record *record,
                      const struct write_request *request, bool *ret_changed, struct err *err)
{
    tn_status first = TN_OK;

    for (size_t i = 0; i < request->link_count; i++) {
        char field[WIRE_FIELD_SIZE];

        (void)snprintf(field, sizeof(field), "links[%zu]", i);
        if (!goes_on(&first, write_link(call, record, request->links[i], field, ret_changed, err)))
            break;
    }
    return first;
}

tn_status write_update(struct service_call *call, struct record *record,
                       const struct write_request *request, bool *ret_changed, struct err *err)
{
    tn_status first = TN_OK;
    bool changed = false;

    if (goes_on(&first, write_properties(call, record, request, &changed, err)))
        (void)goes_on(&first, write_links(call, record, request, &changed, err));
    if (first == TN_OK)
        *ret_changed = changed;
    return first;
}

tn_status write_create(struct service_call *call, const struct write_request *request,
                       struct record **ret_record, struct err *err)
{
    struct record *record = NULL;
    bool changed = false;

    TRY(txn_create(call->txn, request->type, &record, err));
    TRY(write_update(call, record, request, &changed, err));
    *ret_record = record;
    return TN_OK;
}

/* The request's value of the key; a repeated property counts by its last value, as in writing. */
static tn_status key_value(const struct schema_property *key, const struct write_request *request,
                           struct tn_value *ret_value, struct err *err)
{
    char name[WIRE_FIELD_SIZE];

    (void)snprintf(name, sizeof(name), "%.*s", (int)key->name.len, key->name.data);
    for (size_t i = request->property_count; i-- > 0;) {
        const Tenon__Records__V1__Property *property = request->properties[i];

        if (!utf8_is(key->name, property->name))
            continue;
        TRY(wire_value_read(key, property->value, name, ret_value, err));
        if (ret_value->kind != TN_NONE)
            return TN_OK;
        break;
    }
    return err_violate(
        err, TN_INVALID_ARGUMENT, name, "required", "'%s' is the key and has no value here.", name);
}

tn_status write_upsert(struct service_call *call, const struct schema_property *key,
                       const struct write_request *request, struct record **ret_record,
                       enum write_outcome *ret_outcome, struct err *err)
{
    struct record *record = NULL;
    struct tn_value value;
    bool changed = false;

    TRY(key_value(key, request, &value, err));
    tn_status st = txn_get_by(call->txn, key, &value, &record, NULL);
    if (st == TN_NOT_FOUND) {
        TRY(write_create(call, request, ret_record, err));
        *ret_outcome = WRITE_CREATED;
        return TN_OK;
    }
    if (st != TN_OK)
        return err_set(err, st, "The record with this key cannot be read.");
    TRY(write_update(call, record, request, &changed, err));
    *ret_record = record;
    *ret_outcome = changed ? WRITE_UPDATED : WRITE_UNCHANGED;
    return TN_OK;
}

tn_status write_check_version(const struct record *record, uint64_t expected, struct err *err)
{
    uint64_t version = record_read_version(record);

    if (expected == 0 || expected == version)
        return TN_OK;
    return err_violate(err,
                       TN_ABORTED,
                       "expected_version",
                       "stale",
                       "The record has version %llu, not %llu: read it again.",
                       (unsigned long long)version,
                       (unsigned long long)expected);
}
