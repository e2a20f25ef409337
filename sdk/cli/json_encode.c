/* SPDX-License-Identifier: Apache-2.0 */
/* json_encode.c - JSON to protobuf bytes. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "core/base/utf8.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/wire.h"

/* Past it the path in a message ends with "..."; encoding is not hindered. */
#define PATH_SIZE 96
/* Integers of this magnitude are exact in a double. */
#define EXACT_DOUBLE 9007199254740992.0

#define VALUE_TYPE "tenon.records.v1.Value"
#define PROPERTY_TYPE "tenon.records.v1.Property"

struct encoder {
    unsigned flags;
    unsigned depth;
    char path[PATH_SIZE];
    size_t path_len;
    struct err *err;
};

static size_t path_push(struct encoder *e, const char *name, size_t index, bool is_index)
{
    size_t before = e->path_len;
    size_t room = PATH_SIZE - before;
    int len = is_index ? snprintf(e->path + before, room, "[%zu]", index)
                       : snprintf(e->path + before, room, "%s%s", before > 0 ? "." : "", name);

    if (len > 0 && (size_t)len < room)
        e->path_len = before + (size_t)len;
    else
        e->path[before] = '\0';
    return before;
}

static void path_pop(struct encoder *e, size_t before)
{
    e->path_len = before;
    e->path[before] = '\0';
}

static const char *json_kind(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "boolean";
    default:
        return "null";
    }
}

static tn_status wrong_type(struct encoder *e, const char *expected, const json_t *json)
{
    return say_violate(e->err,
                       TN_INVALID_ARGUMENT,
                       e->path,
                       "type",
                       "%s: expected %s, found %s.",
                       e->path,
                       expected,
                       json_kind(json));
}

static tn_status out_of_range(struct encoder *e, const char *expected)
{
    return say_violate(e->err,
                       TN_INVALID_ARGUMENT,
                       e->path,
                       "range",
                       "%s: does not fit into %s.",
                       e->path,
                       expected);
}

/* A JSON integer, a real without fraction, or a string of digits. */
static tn_status read_signed(struct encoder *e, const struct field_type *field, const json_t *json,
                             int64_t *ret_value)
{
    const char *kind = field_kind_name(field);

    if (json_is_integer(json)) {
        *ret_value = json_integer_value(json);
        return TN_OK;
    }
    if (json_is_real(json)) {
        double real = json_real_value(json);

        if (real != floor(real) || fabs(real) > EXACT_DOUBLE)
            return wrong_type(e, kind, json);
        *ret_value = (int64_t)real;
        return TN_OK;
    }
    if (json_is_string(json) && json_string_length(json) > 0) {
        const char *text = json_string_value(json);
        char *end = NULL;

        errno = 0;
        *ret_value = strtoll(text, &end, 10);
        if (errno == ERANGE)
            return out_of_range(e, kind);
        if (*end == '\0' && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
            return TN_OK;
    }
    return wrong_type(e, kind, json);
}

/* strtoull takes a minus sign and wraps around, so digits only. */
static tn_status read_unsigned(struct encoder *e, const struct field_type *field,
                               const json_t *json, uint64_t *ret_value)
{
    int64_t value = 0;

    if (json_is_string(json) && json_string_value(json)[0] != '-') {
        const char *text = json_string_value(json);
        size_t digits = strspn(text, "0123456789");

        if (digits == 0 || text[digits] != '\0')
            return wrong_type(e, field_kind_name(field), json);
        errno = 0;
        *ret_value = strtoull(text, NULL, 10);
        return errno == ERANGE ? out_of_range(e, field_kind_name(field)) : TN_OK;
    }
    TRY(read_signed(e, field, json, &value));
    if (value < 0)
        return out_of_range(e, field_kind_name(field));
    *ret_value = (uint64_t)value;
    return TN_OK;
}

static tn_status read_real(struct encoder *e, const struct field_type *field, const json_t *json,
                           double *ret_value)
{
    static const struct {
        const char *name;
        double value;
    } special[] = {
        {"NaN", (double)NAN}, {"Infinity", (double)INFINITY}, {"-Infinity", -(double)INFINITY}};

    if (json_is_number(json)) {
        *ret_value = json_number_value(json);
        return TN_OK;
    }
    if (json_is_string(json)) {
        for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
            if (strcmp(json_string_value(json), special[i].name) == 0) {
                *ret_value = special[i].value;
                return TN_OK;
            }
    }
    return wrong_type(e, field_kind_name(field), json);
}

static tn_status add_little(struct buf *out, uint64_t bits, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    return buf_add(out, bytes, len);
}

static tn_status encode_real(struct encoder *e, const struct field_type *field, const json_t *json,
                             struct buf *out)
{
    double real = 0;
    float narrow;
    uint64_t bits;
    uint32_t narrow_bits;

    TRY(read_real(e, field, json, &real));
    if (field->kind == FIELD_DOUBLE) {
        memcpy(&bits, &real, sizeof(bits));
        return add_little(out, bits, 8);
    }
    if (isfinite(real) && fabs(real) > 3.4028234663852886e38)
        return out_of_range(e, "float");
    narrow = (float)real;
    memcpy(&narrow_bits, &narrow, sizeof(narrow_bits));
    return add_little(out, narrow_bits, 4);
}

static tn_status encode_enum(struct encoder *e, const struct field_type *field, const json_t *json,
                             struct buf *out)
{
    const struct enum_type *type = field->enumeration;
    int64_t number = 0;

    if (json_is_string(json)) {
        for (uint32_t i = 0; i < type->value_count; i++)
            if (strcmp(json_string_value(json), type->values[i].name) == 0)
                return buf_add_varint(out, (uint64_t)(int64_t)type->values[i].number);
        return say_violate(e->err,
                           TN_INVALID_ARGUMENT,
                           e->path,
                           "unknown",
                           "%s: %s has no value '%s'.",
                           e->path,
                           type->name,
                           json_string_value(json));
    }
    TRY(read_signed(e, field, json, &number));
    if (number < INT32_MIN || number > INT32_MAX)
        return out_of_range(e, "int32");
    return buf_add_varint(out, (uint64_t)number);
}

static tn_status encode_bytes(struct encoder *e, const json_t *json, struct buf *out)
{
    struct buf raw = {0};
    size_t len = 0;
    size_t text_len;
    int variant;
    tn_status status;

    if (!json_is_string(json))
        return wrong_type(e, "bytes", json);
    text_len = json_string_length(json);
    variant = strpbrk(json_string_value(json), "-_") ? sodium_base64_VARIANT_URLSAFE
                                                     : sodium_base64_VARIANT_ORIGINAL;
    if (text_len % 4 != 0 || text_len == 0)
        variant += 2; /* sodium's variants without padding */
    TRY(buf_reserve(&raw, text_len + 1));
    if (sodium_base642bin(
            raw.data, text_len + 1, json_string_value(json), text_len, NULL, &len, NULL, variant) !=
        0) {
        buf_fini(&raw);
        return say_violate(
            e->err, TN_INVALID_ARGUMENT, e->path, "base64", "%s: is not base64.", e->path);
    }
    status = buf_add_varint(out, len);
    if (status == TN_OK)
        status = buf_add(out, raw.data, len);
    buf_fini(&raw);
    return status;
}

static tn_status encode_string(struct encoder *e, const json_t *json, struct buf *out)
{
    if (!json_is_string(json))
        return wrong_type(e, "string", json);
    TRY(buf_add_varint(out, json_string_length(json)));
    return buf_add(out, json_string_value(json), json_string_length(json));
}

static tn_status encode_integer(struct encoder *e, const struct field_type *field,
                                const json_t *json, struct buf *out)
{
    int64_t value = 0;
    uint64_t natural = 0;

    switch (field->kind) {
    case FIELD_UINT32:
    case FIELD_FIXED32:
    case FIELD_UINT64:
    case FIELD_FIXED64:
        TRY(read_unsigned(e, field, json, &natural));
        break;
    default:
        TRY(read_signed(e, field, json, &value));
        natural = (uint64_t)value;
        break;
    }
    switch (field->kind) {
    case FIELD_UINT32:
    case FIELD_FIXED32:
        if (natural > UINT32_MAX)
            return out_of_range(e, field_kind_name(field));
        break;
    case FIELD_INT32:
    case FIELD_SINT32:
    case FIELD_SFIXED32:
        if (value < INT32_MIN || value > INT32_MAX)
            return out_of_range(e, field_kind_name(field));
        break;
    default:
        break;
    }
    if (field->kind == FIELD_SINT32 || field->kind == FIELD_SINT64)
        return buf_add_varint(out, zigzag(value));
    if (wire_type_of(field->kind) == WIRE_I32)
        return add_little(out, natural, 4);
    if (wire_type_of(field->kind) == WIRE_I64)
        return add_little(out, natural, 8);
    return buf_add_varint(out, natural);
}

static tn_status encode_message(struct encoder *e, const struct message_type *type,
                                const json_t *json, struct buf *out);

/* The shortest decimal text that reads back as the same number. */
static void format_real(char *out, size_t size, double real)
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(out, size, "%.*g", digits, real);
        if (strtod(out, NULL) == real)
            return;
    }
}

/* A scalar as {"literal": "its text"}. NULL: not a scalar, or memory is out. */
static json_t *literal_of(const json_t *json)
{
    char text[32];

    switch (json_typeof(json)) {
    case JSON_STRING:
        return json_pack("{s:s%}", "literal", json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        (void)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return json_pack("{s:s}", "literal", text);
    case JSON_REAL:
        format_real(text, sizeof(text), json_real_value(json));
        return json_pack("{s:s}", "literal", text);
    case JSON_TRUE:
        return json_pack("{s:s}", "literal", "true");
    case JSON_FALSE:
        return json_pack("{s:s}", "literal", "false");
    default:
        return NULL;
    }
}

static tn_status encode_submessage(struct encoder *e, const struct message_type *type,
                                   const json_t *json, struct buf *out)
{
    CLEANUP(json_decref_p) json_t *literal = NULL;
    struct buf body = {0};
    tn_status status;

    if ((e->flags & JSON_MESSAGE_SHORTHAND) && strcmp(type->name, VALUE_TYPE) == 0) {
        literal = literal_of(json);
        if (literal)
            json = literal;
    }
    status = encode_message(e, type, json, &body);
    if (status == TN_OK)
        status = buf_add_varint(out, body.len);
    if (status == TN_OK)
        status = buf_add(out, body.data, body.len);
    buf_fini(&body);
    return status;
}

/* One value, behind its tag. */
static tn_status encode_value(struct encoder *e, const struct field_type *field, const json_t *json,
                              struct buf *out)
{
    switch (field->kind) {
    case FIELD_MESSAGE:
        return encode_submessage(e, field->message, json, out);
    case FIELD_STRING:
        return encode_string(e, json, out);
    case FIELD_BYTES:
        return encode_bytes(e, json, out);
    case FIELD_ENUM:
        return encode_enum(e, field, json, out);
    case FIELD_DOUBLE:
    case FIELD_FLOAT:
        return encode_real(e, field, json, out);
    case FIELD_BOOL:
        if (!json_is_boolean(json))
            return wrong_type(e, "bool", json);
        return buf_add_varint(out, json_is_true(json));
    default:
        return encode_integer(e, field, json, out);
    }
}

static tn_status add_tag(struct buf *out, uint32_t number, enum wire_type type)
{
    return buf_add_varint(out, (uint64_t)number << 3 | (uint64_t)type);
}

static tn_status encode_packed(struct encoder *e, const struct field_type *field,
                               const json_t *json, struct buf *out)
{
    struct buf body = {0};
    tn_status status = TN_OK;

    for (size_t i = 0; status == TN_OK && i < json_array_size(json); i++) {
        size_t before = path_push(e, NULL, i, true);

        status = encode_value(e, field, json_array_get(json, i), &body);
        if (status == TN_OK)
            path_pop(e, before);
    }
    if (status == TN_OK && body.len > 0) {
        status = add_tag(out, field->number, WIRE_LEN);
        if (status == TN_OK)
            status = buf_add_varint(out, body.len);
        if (status == TN_OK)
            status = buf_add(out, body.data, body.len);
    }
    buf_fini(&body);
    return status;
}

/* {"email": "a@b"} as [{"name": "email", "value": {...}}]. NULL when memory is out. */
static json_t *property_list(const json_t *object)
{
    json_t *list = json_array();
    const char *name;
    json_t *value;

    /* jansson's iterator takes a mutable object and does not change it. */
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        json_t *property = json_is_null(value)
                               ? json_pack("{s:s}", "name", name)
                               : json_pack("{s:s, s:O}", "name", name, "value", value);

        if (!property || json_array_append_new(list, property) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static tn_status encode_repeated(struct encoder *e, const struct field_type *field,
                                 const json_t *json, struct buf *out)
{
    CLEANUP(json_decref_p) json_t *list = NULL;

    if ((e->flags & JSON_MESSAGE_SHORTHAND) && json_is_object(json) &&
        field->kind == FIELD_MESSAGE && strcmp(field->message->name, PROPERTY_TYPE) == 0) {
        list = property_list(json);
        if (!list)
            return err_memory(e->err, "the request");
        json = list;
    }
    if (!json_is_array(json))
        return wrong_type(e, "array", json);
    if (field->is_packed)
        return encode_packed(e, field, json, out);
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t before = path_push(e, NULL, i, true);

        TRY(add_tag(out, field->number, wire_type_of(field->kind)));
        TRY(encode_value(e, field, json_array_get(json, i), out));
        path_pop(e, before);
    }
    return TN_OK;
}

static tn_status check_member(struct encoder *e, const struct message_type *type,
                              const struct field_type *field, const char *key, const json_t *json,
                              const struct field_type **chosen)
{
    if (!field)
        return say_violate(e->err,
                           TN_INVALID_ARGUMENT,
                           e->path,
                           "unknown",
                           "%s: %s has no such field.",
                           e->path,
                           type->name);
    if (strcmp(key, field->name) != 0 && json_object_get(json, field->name))
        return say_violate(e->err,
                           TN_INVALID_ARGUMENT,
                           e->path,
                           "twice",
                           "%s: is the field '%s', which is given too.",
                           e->path,
                           field->name);
    if (field->oneof < 0)
        return TN_OK;
    if (chosen[field->oneof])
        return say_violate(e->err,
                           TN_INVALID_ARGUMENT,
                           e->path,
                           "oneof",
                           "%s: only one of '%s' and '%s' may be given.",
                           e->path,
                           chosen[field->oneof]->name,
                           field->name);
    chosen[field->oneof] = field;
    return TN_OK;
}

static tn_status encode_member(struct encoder *e, const struct field_type *field,
                               const json_t *value, struct buf *out)
{
    if (field->is_repeated)
        return encode_repeated(e, field, value, out);
    TRY(add_tag(out, field->number, wire_type_of(field->kind)));
    return encode_value(e, field, value, out);
}

static tn_status encode_message(struct encoder *e, const struct message_type *type,
                                const json_t *json, struct buf *out)
{
    const struct field_type *chosen[DESCRIPTORS_ONEOF_MAX] = {NULL};
    const char *key;
    json_t *value;

    if (!json_is_object(json))
        return wrong_type(e, type->name, json);
    if (++e->depth > JSON_MESSAGE_DEPTH_MAX)
        return say_violate(e->err,
                           TN_INVALID_ARGUMENT,
                           e->path,
                           "depth",
                           "%s: is nested more than %d deep.",
                           e->path,
                           JSON_MESSAGE_DEPTH_MAX);
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        size_t before = path_push(e, key, 0, false);
        const struct field_type *field = message_field_named(type, key);

        if (!field || !json_is_null(value))
            TRY(check_member(e, type, field, key, json, chosen));
        if (!json_is_null(value))
            TRY(encode_member(e, field, value, out));
        path_pop(e, before);
    }
    e->depth--;
    return TN_OK;
}

tn_status json_message_encode(const struct message_type *type, const json_t *json, unsigned flags,
                              struct buf *out, struct err *err)
{
    struct encoder e = {.flags = flags, .err = err};
    struct buf body = {0};
    tn_status status = encode_message(&e, type, json, &body);

    if (status == TN_OK)
        status = buf_add(out, body.data, body.len);
    if (status == TN_RESOURCE_EXHAUSTED)
        (void)err_memory(err, "the request");
    buf_fini(&body);
    return status;
}
