/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - values of flat messages, and protobuf's encoding of them. */
#include "core/plugin/message.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/bus/unpack.h"
#include "core/plugin/wire.h"
#include "core/record/txn.h"
#include "core/value/value.h"

_Static_assert(sizeof(struct message) % _Alignof(struct tn_value) == 0, "values can follow it");

tn_status message_create(struct arena *arena, const struct message_type *type,
                         struct message **ret_message, struct err *err)
{
    /* The values follow the message: one piece for both. */
    struct message *message =
        arena_alloc(arena, sizeof(*message) + type->field_count * sizeof(struct tn_value));

    if (!message)
        return err_memory(err, "a message");
    message->type = type;
    message->values = (struct tn_value *)(message + 1);
    *ret_message = message;
    return TN_OK;
}

static bool is_option(const struct tn_option_list *options, struct tn_str name)
{
    for (uint32_t i = 0; i < options->count; i++)
        if (utf8_is(name, options->items[i].name))
            return true;
    return false;
}

/* Each of the names joined by ';', or the one name of a choice. */
static tn_status check_options(const struct message_field *field, struct tn_str names,
                               struct err *err)
{
    while (names.len > 0) {
        const char *end = field->kind == TN_CHOICES ? memchr(names.data, ';', names.len) : NULL;
        struct tn_str name = {names.data, end ? (size_t)(end - names.data) : names.len};

        if (!is_option(field->options, name))
            return err_violate(err,
                               TN_INVALID_ARGUMENT,
                               field->name,
                               "option",
                               "'%.*s' is not an option of %s.",
                               (int)name.len,
                               name.data,
                               field->name);
        names.data += name.len + (end ? 1 : 0);
        names.len -= name.len + (end ? 1 : 0);
    }
    return TN_OK;
}

static tn_status check_value(const struct message_field *field, struct tn_value *value,
                             struct err *err)
{
    if (value->kind == TN_NONE)
        return TN_OK;
    if (value->kind != field->kind)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field->name,
                           "kind",
                           "%s holds a value of another kind.",
                           field->name);
    TRY(value_check(value, TXN_TEXT_SIZE_MAX, field->name, err));
    if ((field->kind == TN_CHOICE || field->kind == TN_CHOICES) && field->options->count > 0)
        return check_options(field, value->as.text, err);
    return TN_OK;
}

tn_status message_write(struct message *message, struct arena *arena, uint32_t field,
                        const struct tn_value *value, struct err *err)
{
    struct tn_value checked = *value;

    TRY(check_value(&message->type->fields[field], &checked, err));
    if (value_copy(arena, &checked, &message->values[field]) != TN_OK)
        return err_memory(err, "a message");
    return TN_OK;
}

/* Reading */

static tn_status not_a_message(const struct message *message, struct err *err)
{
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       NULL,
                       "malformed",
                       "The request is not an encoded message of type %s.",
                       message->type->name);
}

static tn_status decode_decimal(struct tn_bytes bytes, struct tn_value *ret_value)
{
    struct wire_field part;
    int64_t mantissa = 0;
    int64_t exponent = 0;
    struct decimal number;
    tn_status st;

    while ((st = wire_next(&bytes, &part)) == TN_OK) {
        if (part.field > 2)
            continue;
        if (part.type != WIRE_VARINT)
            return TN_INVALID_ARGUMENT;
        *(part.field == 1 ? &mantissa : &exponent) = unzigzag(part.number);
    }
    if (st != TN_NOT_FOUND)
        return st;
    if (exponent < INT32_MIN || exponent > INT32_MAX)
        return TN_OUT_OF_RANGE;
    TRY(decimal_make(mantissa, (int32_t)exponent, &number));
    *ret_value = value_number(number);
    return TN_OK;
}

static tn_status decode_value(uint32_t kind, const struct wire_field *part,
                              struct tn_value *ret_value)
{
    bool is_bytes = value_is_text(kind) || kind == TN_NUMBER;

    if (part->type != (is_bytes ? WIRE_BYTES : WIRE_VARINT))
        return TN_INVALID_ARGUMENT;
    if (kind == TN_NUMBER)
        return decode_decimal(part->bytes, ret_value);
    if (is_bytes) {
        struct tn_str text = {(const char *)part->bytes.data, part->bytes.len};

        *ret_value = text.len > 0 ? value_text(kind, text) : value_none();
    } else if (kind == TN_BOOL) {
        *ret_value = value_integer(kind, part->number != 0);
    } else if (kind == TN_REF) {
        *ret_value = part->number ? value_integer(kind, (int64_t)part->number) : value_none();
    } else {
        *ret_value = value_integer(kind, unzigzag(part->number));
    }
    return TN_OK;
}

/* proto3 does not send zero, so it is what an absent one of these kinds says. */
static bool has_zero(uint32_t kind)
{
    return kind == TN_BOOL || kind == TN_DATE || kind == TN_DATETIME || kind == TN_DURATION;
}

static tn_status fill_absent(const struct message_field *field, struct tn_value *value,
                             struct err *err)
{
    if (value->kind != TN_NONE)
        return TN_OK;
    if (field->initial.kind != TN_NONE) {
        *value = field->initial;
    } else if (field->flags & TN_REQUIRED) {
        if (!has_zero(field->kind))
            return err_violate(
                err, TN_INVALID_ARGUMENT, field->name, "required", "%s is required.", field->name);
        *value = value_integer(field->kind, 0);
    }
    return TN_OK;
}

tn_status message_check(struct message *message, struct err *err)
{
    tn_status first = TN_OK;

    /* Every field is looked at, so that the caller learns of all violations at once. */
    for (uint32_t i = 0; i < message->type->field_count; i++) {
        const struct message_field *field = &message->type->fields[i];
        tn_status st = check_value(field, &message->values[i], err);

        if (st == TN_OK)
            st = fill_absent(field, &message->values[i], err);
        if (first == TN_OK)
            first = st;
    }
    return first;
}

tn_status message_decode(struct message *message, struct tn_bytes bytes, struct err *err)
{
    const struct message_type *type = message->type;
    struct wire_field part;
    tn_status st;

    if (type->is_encoded) {
        TRY(bus_unpack_check(bytes, type->shape, err));
        message->body = bytes;
        return TN_OK;
    }
    while ((st = wire_next(&bytes, &part)) == TN_OK) {
        uint32_t i = part.field - 1;

        if (i >= type->field_count)
            continue;
        if (decode_value(type->fields[i].kind, &part, &message->values[i]) != TN_OK)
            return not_a_message(message, err);
    }
    if (st != TN_NOT_FOUND)
        return not_a_message(message, err);
    return message_check(message, err);
}

/* Writing */

static tn_status encode_decimal(uint32_t field, const struct tn_value *value, struct buf *out)
{
    CLEANUP(buf_fini) struct buf part = {0};

    if (value->as.integer != 0)
        TRY(wire_add_varint(&part, 1, zigzag(value->as.integer)));
    if (value->exponent != 0)
        TRY(wire_add_varint(&part, 2, zigzag(value->exponent)));
    return wire_add_bytes(out, field, part.data, part.len);
}

static tn_status encode_value(uint32_t field, const struct tn_value *value, struct buf *out)
{
    if (value->kind == TN_NONE)
        return TN_OK;
    if (value->kind == TN_NUMBER)
        return encode_decimal(field, value, out);
    if (value_is_text(value->kind))
        return wire_add_bytes(out, field, value->as.text.data, value->as.text.len);
    if (value->as.integer == 0)
        return TN_OK;
    bool is_plain = value->kind == TN_BOOL || value->kind == TN_REF;
    return wire_add_varint(
        out, field, is_plain ? (uint64_t)value->as.integer : zigzag(value->as.integer));
}

tn_status message_encode(const struct message *message, struct buf *out)
{
    if (message->type->is_encoded)
        return buf_add(out, message->body.data, message->body.len);
    for (uint32_t i = 0; i < message->type->field_count; i++)
        TRY(encode_value(i + 1, &message->values[i], out));
    return TN_OK;
}
