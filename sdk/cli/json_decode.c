/* SPDX-License-Identifier: Apache-2.0 */
/* json_decode.c - protobuf bytes to JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "core/base/utf8.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/wire.h"

/* One value as it lies on the wire. */
struct wire_value {
    enum wire_type type;
    uint64_t bits;         /* of all but WIRE_LEN */
    struct tn_bytes bytes; /* of WIRE_LEN */
};

static tn_status read_little(struct tn_bytes *wire, size_t len, uint64_t *ret_bits)
{
    uint64_t bits = 0;

    if (wire->len < len)
        return TN_DATA_LOSS;
    for (size_t i = 0; i < len; i++)
        bits |= (uint64_t)wire->data[i] << (8 * i);
    wire->data += len;
    wire->len -= len;
    *ret_bits = bits;
    return TN_OK;
}

static tn_status read_wire(struct tn_bytes *wire, enum wire_type type, struct wire_value *value)
{
    *value = (struct wire_value){.type = type};
    switch (type) {
    case WIRE_VARINT:
        return read_varint(wire, &value->bits);
    case WIRE_I64:
        return read_little(wire, 8, &value->bits);
    case WIRE_I32:
        return read_little(wire, 4, &value->bits);
    case WIRE_LEN:
        TRY(read_varint(wire, &value->bits));
        if (value->bits > wire->len)
            return TN_DATA_LOSS;
        value->bytes = (struct tn_bytes){wire->data, (size_t)value->bits};
        wire->data += value->bits;
        wire->len -= (size_t)value->bits;
        return TN_OK;
    default:
        return TN_DATA_LOSS;
    }
}

static json_t *json_of_real(double real)
{
    if (isnan(real))
        return json_string("NaN");
    if (isinf(real))
        return json_string(real > 0 ? "Infinity" : "-Infinity");
    return json_real(real);
}

static json_t *json_of_unsigned(uint64_t value)
{
    char text[24];

    if (value <= INT64_MAX)
        return json_integer((json_int_t)value);
    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    return json_string(text);
}

static json_t *json_of_enum(const struct enum_type *type, int32_t number)
{
    for (uint32_t i = 0; i < type->value_count; i++)
        if (type->values[i].number == number)
            return json_string(type->values[i].name);
    return json_integer(number);
}

static json_t *json_of_bytes(struct tn_bytes bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes.len, sodium_base64_VARIANT_ORIGINAL);
    CLEANUP(mem_free_p) char *text = mem_alloc(size);

    if (!text)
        return NULL;
    (void)sodium_bin2base64(text, size, bytes.data, bytes.len, sodium_base64_VARIANT_ORIGINAL);
    return json_string(text);
}

static json_t *json_of_scalar(const struct field_type *field, const struct wire_value *value)
{
    uint64_t bits = value->bits;
    uint32_t low = (uint32_t)bits;
    double real;
    float narrow;

    switch (field->kind) {
    case FIELD_DOUBLE:
        memcpy(&real, &bits, sizeof(real));
        return json_of_real(real);
    case FIELD_FLOAT:
        memcpy(&narrow, &low, sizeof(narrow));
        return json_of_real((double)narrow);
    case FIELD_INT64:
    case FIELD_SFIXED64:
        return json_integer((int64_t)bits);
    case FIELD_UINT64:
    case FIELD_FIXED64:
        return json_of_unsigned(bits);
    case FIELD_INT32:
    case FIELD_SFIXED32:
        return json_integer((int32_t)low);
    case FIELD_UINT32:
    case FIELD_FIXED32:
        return json_integer(low);
    case FIELD_SINT32:
    case FIELD_SINT64:
        return json_integer(unzigzag(bits));
    case FIELD_BOOL:
        return json_boolean(bits != 0);
    case FIELD_ENUM:
        return json_of_enum(field->enumeration, (int32_t)low);
    default:
        return json_of_bytes(value->bytes);
    }
}

static tn_status decode_message(const struct message_type *type, struct tn_bytes wire,
                                unsigned depth, json_t *into);

/* `*ret_json` is OWNED. `before` is what the field holds already: messages given twice merge. */
static tn_status decode_value(const struct field_type *field, const struct wire_value *value,
                              unsigned depth, json_t *before, json_t **ret_json)
{
    json_t *json = NULL;

    if (field->kind == FIELD_MESSAGE) {
        json = before ? json_incref(before) : json_object();
        if (json) {
            tn_status status = decode_message(field->message, value->bytes, depth + 1, json);

            if (status != TN_OK) {
                json_decref(json);
                return status;
            }
        }
    } else if (field->kind == FIELD_STRING) {
        const char *text = (const char *)value->bytes.data;

        if (value->bytes.len > 0 && !utf8_is_valid(text, value->bytes.len, NULL))
            return TN_DATA_LOSS;
        json = json_stringn(value->bytes.len > 0 ? text : "", value->bytes.len);
    } else {
        json = json_of_scalar(field, value);
    }
    if (!json)
        return TN_RESOURCE_EXHAUSTED;
    *ret_json = json;
    return TN_OK;
}

/* proto3 does not say what is at its default, except in a oneof and for messages. */
static bool is_default(const struct field_type *field, const struct wire_value *value)
{
    if (field->oneof >= 0 || field->kind == FIELD_MESSAGE)
        return false;
    return value->type == WIRE_LEN ? value->bytes.len == 0 : value->bits == 0;
}

static tn_status append_value(const struct field_type *field, const struct wire_value *value,
                              unsigned depth, json_t *list)
{
    json_t *item = NULL;

    TRY(decode_value(field, value, depth, NULL, &item));
    return json_array_append_new(list, item) == 0 ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status decode_repeated(const struct field_type *field, const struct wire_value *value,
                                 unsigned depth, json_t *into)
{
    enum wire_type item_type = wire_type_of(field->kind);
    json_t *list = json_object_get(into, field->name);
    struct tn_bytes packed = value->bytes;

    if (!list) {
        list = json_array();
        if (json_object_set_new(into, field->name, list) != 0)
            return TN_RESOURCE_EXHAUSTED;
    }
    if (value->type == item_type)
        return append_value(field, value, depth, list);
    if (value->type != WIRE_LEN)
        return TN_DATA_LOSS;
    while (packed.len > 0) {
        struct wire_value item;

        TRY(read_wire(&packed, item_type, &item));
        TRY(append_value(field, &item, depth, list));
    }
    return TN_OK;
}

/* The member of a oneof that came last is the one that counts. */
static void clear_oneof(const struct message_type *type, const struct field_type *field,
                        json_t *into)
{
    if (field->oneof < 0)
        return;
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].oneof == field->oneof && &type->fields[i] != field)
            (void)json_object_del(into, type->fields[i].name);
}

static tn_status decode_field(const struct message_type *type, const struct field_type *field,
                              const struct wire_value *value, unsigned depth, json_t *into)
{
    json_t *json = NULL;

    if (field->is_repeated)
        return decode_repeated(field, value, depth, into);
    if (value->type != wire_type_of(field->kind))
        return TN_DATA_LOSS;
    if (is_default(field, value)) {
        (void)json_object_del(into, field->name); /* it may have come before with another value */
        return TN_OK;
    }
    clear_oneof(type, field, into);
    TRY(decode_value(field, value, depth, json_object_get(into, field->name), &json));
    return json_object_set_new(into, field->name, json) == 0 ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status decode_message(const struct message_type *type, struct tn_bytes wire,
                                unsigned depth, json_t *into)
{
    if (depth > JSON_MESSAGE_DEPTH_MAX)
        return TN_DATA_LOSS;
    while (wire.len > 0) {
        struct wire_value value;
        uint64_t tag = 0;
        const struct field_type *field;

        TRY(read_varint(&wire, &tag));
        if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
            return TN_DATA_LOSS;
        TRY(read_wire(&wire, (enum wire_type)(tag & 7), &value));
        field = message_field(type, (uint32_t)(tag >> 3));
        if (field)
            TRY(decode_field(type, field, &value, depth, into));
    }
    return TN_OK;
}

tn_status json_message_decode(const struct message_type *type, struct tn_bytes wire,
                              json_t **ret_json, struct err *err)
{
    CLEANUP(json_decref_p) json_t *json = json_object();
    tn_status status;

    if (!json)
        return err_memory(err, "the response");
    status = decode_message(type, wire, 1, json);
    if (status == TN_DATA_LOSS)
        return say_fail(err, status, "What the host sent is no %s.", type->name);
    if (status != TN_OK)
        return err_memory(err, "the response");
    *ret_json = TAKE(json);
    return TN_OK;
}
