/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - names, values, labels and keys of messages. Records are in wire_record.c. */
#include "core/service/wire.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/value/decimal.h"
#include "core/value/value.h"

/* A cursor holds an order key at most, whose text is bounded. */
#define CURSOR_SIZE_MAX ((size_t)2048)

/* Memory */

void *wire_message(struct service_call *call, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(call->arena, type->sizeof_message);

    if (!message) {
        (void)err_memory(call->err, "the answer");
        return NULL;
    }
    protobuf_c_message_init(type, message);
    return message;
}

void *wire_list(struct service_call *call, size_t count)
{
    void *list = arena_array(call->arena, void *, count);

    if (!list)
        (void)err_memory(call->err, "the answer");
    return list;
}

char *wire_text(struct service_call *call, struct tn_str text)
{
    char *copy = arena_copy(call->arena, text.len ? text.data : "", text.len);

    if (!copy)
        (void)err_memory(call->err, "the answer");
    return copy;
}

/* Names */

tn_status wire_type(struct service_call *call, const char *name,
                    const struct schema_type **ret_type)
{
    const struct schema_type *type = schema_type_by_name(call->schema, utf8_str(name));

    if (!type || type->is_archived)
        return err_violate(call->err,
                           TN_NOT_FOUND,
                           "type",
                           "unknown_type",
                           "There is no object type '%s': list them with Schema/ListTypes.",
                           name);
    *ret_type = type;
    return TN_OK;
}

tn_status wire_property(struct service_call *call, const struct schema_type *type, const char *name,
                        const char *field, const struct schema_property **ret_property,
                        struct err *err)
{
    const struct schema_property *property =
        schema_property_by_name(call->schema, type, utf8_str(name));

    if (!property || property->is_archived)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field ? field : name,
                           "unknown_property",
                           "'%.*s' has no property '%s': list them with Schema/GetType.",
                           (int)type->name.len,
                           type->name.data,
                           name);
    *ret_property = property;
    return TN_OK;
}

tn_status wire_association(struct service_call *call, const char *name, const char *field,
                           const struct schema_association **ret_association, bool *ret_is_inverse,
                           struct err *err)
{
    bool is_inverse = false;
    const struct schema_association *association =
        schema_association_by_name(call->schema, utf8_str(name), &is_inverse);

    if (!association)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "unknown_association",
                           "There is no association '%s': list them with "
                           "Schema/ListAssociations.",
                           name);
    *ret_association = association;
    *ret_is_inverse = is_inverse;
    return TN_OK;
}

const struct schema_type *wire_near_type(const struct service_call *call,
                                         const struct schema_association *association,
                                         bool is_inverse)
{
    return schema_type_by_id(call->schema, is_inverse ? association->to : association->from);
}

const struct schema_type *wire_far_type(const struct service_call *call,
                                        const struct schema_association *association,
                                        bool is_inverse)
{
    return wire_near_type(call, association, !is_inverse);
}

/* Bounds */

tn_status wire_limit(struct service_call *call, uint32_t limit, uint32_t *ret_limit)
{
    if (limit > WIRE_PAGE_MAX)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "limit",
                           "too_many",
                           "A page has at most %u records.",
                           WIRE_PAGE_MAX);
    *ret_limit = limit ? limit : WIRE_PAGE_DEFAULT;
    return TN_OK;
}

tn_status wire_batch(struct service_call *call, size_t count, const char *field)
{
    if (count <= WIRE_BATCH_MAX)
        return TN_OK;
    return err_violate(call->err,
                       TN_INVALID_ARGUMENT,
                       field,
                       "too_many",
                       "A batch has at most %u items; this one has %zu.",
                       WIRE_BATCH_MAX,
                       count);
}

tn_status wire_cursor_read(struct service_call *call, const char *text, struct tn_bytes *ret_bytes)
{
    size_t size = strlen(text);
    size_t len = 0;
    const char *end = NULL;

    if (size == 0) {
        *ret_bytes = (struct tn_bytes){0};
        return TN_OK;
    }
    uint8_t *bytes = size <= CURSOR_SIZE_MAX ? arena_alloc(call->arena, size) : NULL;
    if (size <= CURSOR_SIZE_MAX && !bytes)
        return err_memory(call->err, "a query");
    if (!bytes ||
        sodium_base642bin(
            bytes, size, text, size, NULL, &len, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        end != text + size)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "cursor",
                           "cursor",
                           "The cursor is not one of this query: start again without a cursor.");
    *ret_bytes = (struct tn_bytes){bytes, len};
    return TN_OK;
}

char *wire_cursor_write(struct service_call *call, struct tn_bytes bytes)
{
    int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    size_t size = sodium_base64_encoded_len(bytes.len, variant);
    char *text = arena_alloc(call->arena, size);

    if (!text) {
        (void)err_memory(call->err, "the answer");
        return NULL;
    }
    return sodium_bin2base64(text, size, bytes.data, bytes.len, variant);
}

/* Values */

/* Which member of the message holds a kind. */
static Tenon__Records__V1__Value__KindCase member_of(uint32_t kind)
{
    switch (kind) {
    case TN_NUMBER:
        return TENON__RECORDS__V1__VALUE__KIND_NUMBER;
    case TN_BOOL:
        return TENON__RECORDS__V1__VALUE__KIND_BOOLEAN;
    case TN_DATE:
        return TENON__RECORDS__V1__VALUE__KIND_DATE;
    case TN_DATETIME:
        return TENON__RECORDS__V1__VALUE__KIND_DATETIME;
    case TN_REF:
        return TENON__RECORDS__V1__VALUE__KIND_REFERENCE;
    case TN_DURATION:
        return TENON__RECORDS__V1__VALUE__KIND_DURATION;
    default:
        return TENON__RECORDS__V1__VALUE__KIND_TEXT;
    }
}

static tn_status read_number(const Tenon__Records__V1__Decimal *number, const char *field,
                             struct tn_value *ret_value, struct err *err)
{
    struct decimal exact;

    if (decimal_make(number->mantissa, number->exponent, &exact) != TN_OK)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "range",
                           "The number is too large or too fine to be exact.");
    *ret_value = value_number(exact);
    return TN_OK;
}

static int64_t integer_of(const Tenon__Records__V1__Value *value)
{
    switch (value->kind_case) {
    case TENON__RECORDS__V1__VALUE__KIND_BOOLEAN:
        return value->boolean != 0;
    case TENON__RECORDS__V1__VALUE__KIND_DATE:
        return value->date;
    case TENON__RECORDS__V1__VALUE__KIND_DATETIME:
        return value->datetime;
    case TENON__RECORDS__V1__VALUE__KIND_REFERENCE:
        return (int64_t)value->reference; /* ids that do not fit become negative: refused later */
    default:
        return value->duration;
    }
}

tn_status wire_value_read(const struct schema_property *property,
                          const Tenon__Records__V1__Value *value, const char *field,
                          struct tn_value *ret_value, struct err *err)
{
    if (!value || value->kind_case == TENON__RECORDS__V1__VALUE__KIND__NOT_SET) {
        *ret_value = value_none();
        return TN_OK;
    }
    if (value->kind_case == TENON__RECORDS__V1__VALUE__KIND_LITERAL)
        return value_parse(property->kind, utf8_str(value->literal), field, ret_value, err);
    if (property->kind == TN_BLOB && value->kind_case == TENON__RECORDS__V1__VALUE__KIND_TEXT &&
        value->text[0] == '\0') {
        *ret_value = value_none();
        return TN_OK;
    }
    if (property->kind == TN_BLOB || value->kind_case != member_of(property->kind))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "kind",
                           "The value is of another kind than the property, which is of kind %s.",
                           value_kind_name(property->kind));
    if (value->kind_case == TENON__RECORDS__V1__VALUE__KIND_NUMBER)
        return read_number(value->number, field, ret_value, err);
    if (value->kind_case != TENON__RECORDS__V1__VALUE__KIND_TEXT)
        *ret_value = value_integer(property->kind, integer_of(value));
    else if (value->text[0] == '\0')
        *ret_value = value_none();
    else
        *ret_value = value_text(property->kind, utf8_str(value->text));
    return TN_OK;
}

Tenon__Records__V1__Decimal *wire_decimal(struct service_call *call, struct decimal number)
{
    Tenon__Records__V1__Decimal *message =
        wire_message(call, &tenon__records__v1__decimal__descriptor);

    if (message) {
        message->mantissa = number.mantissa;
        message->exponent = number.exponent;
    }
    return message;
}

tn_status wire_blob_read(struct tn_str text, const char *field,
                         uint8_t ret_hash[static VALUE_BLOB_SIZE], struct err *err)
{
    uint8_t hash[VALUE_BLOB_SIZE];
    size_t len = 0;

    if (text.len != 2 * sizeof(hash) ||
        sodium_hex2bin(hash, sizeof(hash), text.data, text.len, NULL, &len, NULL) != 0 ||
        len != sizeof(hash))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "blob",
                           "A blob is named by the 64 hexadecimal digits of its SHA-256.");
    memcpy(ret_hash, hash, sizeof(hash));
    return TN_OK;
}

char *wire_blob_write(struct service_call *call, const struct tn_value *value)
{
    struct buf hex = {0};
    char *text = NULL;

    if (value_format(value, &hex) == TN_OK)
        text = wire_text(call, (struct tn_str){(const char *)hex.data, hex.len});
    else
        (void)err_memory(call->err, "the answer");
    buf_fini(&hex);
    return text;
}

static char *write_text(struct service_call *call, const struct tn_value *value)
{
    return value->kind == TN_BLOB ? wire_blob_write(call, value) : wire_text(call, value->as.text);
}

Tenon__Records__V1__Value *wire_value_write(struct service_call *call, const struct tn_value *value)
{
    Tenon__Records__V1__Value *message = wire_message(call, &tenon__records__v1__value__descriptor);

    if (!message || value->kind == TN_NONE)
        return message;
    message->kind_case = member_of(value->kind);
    switch (message->kind_case) {
    case TENON__RECORDS__V1__VALUE__KIND_NUMBER:
        message->number = wire_decimal(
            call, (struct decimal){.mantissa = value->as.integer, .exponent = value->exponent});
        return message->number ? message : NULL;
    case TENON__RECORDS__V1__VALUE__KIND_BOOLEAN:
        message->boolean = value->as.integer != 0;
        break;
    case TENON__RECORDS__V1__VALUE__KIND_DATE:
        message->date = (int32_t)value->as.integer;
        break;
    case TENON__RECORDS__V1__VALUE__KIND_DATETIME:
        message->datetime = value->as.integer;
        break;
    case TENON__RECORDS__V1__VALUE__KIND_REFERENCE:
        message->reference = (uint64_t)value->as.integer;
        break;
    case TENON__RECORDS__V1__VALUE__KIND_DURATION:
        message->duration = value->as.integer;
        break;
    default:
        message->text = write_text(call, value);
        return message->text ? message : NULL;
    }
    return message;
}

/* Labels */

tn_status wire_labels_read(const struct schema_association *association, char *const *names,
                           size_t count, const char *field, uint64_t *ret_labels, struct err *err)
{
    uint64_t labels = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t bit = 0;

        while (bit < association->label_count && !utf8_is(association->labels[bit].name, names[i]))
            bit++;
        if (bit == association->label_count)
            return err_violate(err,
                               TN_INVALID_ARGUMENT,
                               field,
                               "unknown_label",
                               "'%.*s' has no label '%s'.",
                               (int)association->name.len,
                               association->name.data,
                               names[i]);
        labels |= (uint64_t)1 << bit;
    }
    *ret_labels = labels;
    return TN_OK;
}

tn_status wire_labels_write(struct service_call *call, const struct schema_association *association,
                            uint64_t labels, size_t *ret_count, char ***ret_names)
{
    size_t count = 0;

    if (labels == 0 || association->label_count == 0)
        return TN_OK; /* the message has none yet */
    char **names = wire_list(call, association->label_count);
    if (!names)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < association->label_count; i++) {
        if (!(labels & ((uint64_t)1 << i)))
            continue;
        names[count] = wire_text(call, association->labels[i].name);
        if (!names[count++])
            return TN_RESOURCE_EXHAUSTED;
    }
    *ret_count = count;
    *ret_names = names;
    return TN_OK;
}

/* Keys */

static tn_status find_by_value(struct service_call *call, const struct schema_type *type,
                               const Tenon__Records__V1__RecordKey *key, const char *field,
                               struct record **ret_record, struct err *err)
{
    const struct schema_property *property = NULL;
    struct tn_value value;

    TRY(wire_property(call, type, key->property, field, &property, err));
    if (!(property->flags & TN_UNIQUE))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "not_unique",
                           "'%s' is not unique, so it does not name a record.",
                           key->property);
    TRY(wire_value_read(property, key->value, field, &value, err));
    if (value.kind == TN_NONE)
        return err_violate(
            err, TN_INVALID_ARGUMENT, field, "required", "The key has no value: name a record.");
    return txn_get_by(call->txn, property, &value, ret_record, err);
}

static tn_status find_record(struct service_call *call, const struct schema_type *type,
                             const Tenon__Records__V1__RecordKey *key, bool with_archived,
                             const char *field, struct record **ret_record, struct err *err)
{
    if (key && key->property[0] != '\0' && key->id == 0)
        return find_by_value(call, type, key, field, ret_record, err);
    if (!key || key->id == 0 || key->property[0] != '\0')
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "required",
                           "A record is named by its id, or by a unique property and its value.");
    return with_archived ? txn_get_any(call->txn, type, key->id, ret_record, err)
                         : txn_get(call->txn, type, key->id, ret_record, err);
}

tn_status wire_missing(tn_status status, const char *field, const struct err *said, struct err *err)
{
    if (status == TN_NOT_FOUND && said->violation_count == 0)
        return err_violate_text(err, status, field, "not_found", utf8_str(said->message));
    if (wire_is_refusal(status))
        wire_add_refusals(err, said, "");
    else
        err_copy(err, said);
    return status;
}

tn_status wire_find(struct service_call *call, const struct schema_type *type,
                    const Tenon__Records__V1__RecordKey *key, bool with_archived, const char *field,
                    struct record **ret_record, struct err *err)
{
    struct err said;

    err_init(&said, call->language);
    tn_status st = find_record(call, type, key, with_archived, field, ret_record, &said);
    return st == TN_OK ? TN_OK : wire_missing(st, field, &said, err);
}

/* Refusals */

void wire_add_refusals(struct err *to, const struct err *from, const char *prefix)
{
    for (uint32_t i = 0; i < from->violation_count; i++) {
        const struct err_violation *violation = &from->violations[i];
        char field[ERR_FIELD_SIZE * 2];
        const char *dot = prefix[0] && violation->field[0] ? "." : "";

        (void)snprintf(field, sizeof(field), "%s%s%s", prefix, dot, violation->field);
        (void)err_violate_text(to, from->status, field, violation->rule, utf8_str(violation->text));
    }
    if (from->violation_count == 0 && from->status != TN_OK)
        (void)err_violate_text(to, from->status, prefix, "refused", utf8_str(from->message));
    to->violation_dropped += from->violation_dropped;
}

bool wire_is_refusal(tn_status status)
{
    return status == TN_INVALID_ARGUMENT || status == TN_NOT_FOUND || status == TN_ALREADY_EXISTS ||
           status == TN_FAILED_PRECONDITION || status == TN_OUT_OF_RANGE ||
           status == TN_PERMISSION_DENIED || status == TN_ABORTED;
}
