/* SPDX-License-Identifier: Apache-2.0 */
/* envelope.c - see envelope.h; fields are named by the numbers of bus.proto. */
#include "core/bus/envelope.h"

#include <protobuf-c/protobuf-c.h>
#include <tenon/bus/v1/bus.pb-c.h>

#include "core/bus/unpack.h"
#include "core/bus/wire.h"

enum call_field {
    CALL_METHOD = 1,
    CALL_PORTAL = 2,
    CALL_TOKEN = 3,
    CALL_TIMEOUT_MS = 4,
    CALL_METADATA = 5,
    CALL_PAYLOAD = 6,
};
enum metadata_field { METADATA_KEY = 1, METADATA_VALUE = 2 };
enum reply_field { REPLY_CODE = 1, REPLY_MESSAGE = 2, REPLY_DETAILS = 3, REPLY_PAYLOAD = 4 };

static struct tn_str text_of(const struct bus_wire_field *field)
{
    return (struct tn_str){(const char *)field->content.data, field->content.len};
}

/* The value of the varint field that `field` begins with; the whole was checked before. */
static uint64_t varint_of(struct tn_bytes field)
{
    uint64_t value = 0;

    (void)read_varint(&field, &value); /* the tag */
    (void)read_varint(&field, &value);
    return value;
}

static tn_status add_metadata(struct buf *metadata, struct tn_bytes pair, struct err *err)
{
    struct tn_str key = {"", 0};
    struct tn_str value = {"", 0};
    struct bus_wire_field field;

    while (pair.len > 0 && bus_wire_next(&pair, &field)) {
        if (field.number == METADATA_KEY)
            key = text_of(&field);
        else if (field.number == METADATA_VALUE)
            value = text_of(&field);
    }
    tn_status st = bus_metadata_add(metadata, key, value);
    if (st == TN_INVALID_ARGUMENT)
        return err_violate(err,
                           st,
                           "metadata",
                           "too_long",
                           "A metadata key is empty, or the metadata is longer than %u bytes.",
                           BUS_METADATA_MAX);
    return st == TN_OK ? TN_OK : err_memory(err, "the metadata");
}

static tn_status check_length(const char *name, struct tn_str text, uint32_t max, struct err *err)
{
    if (text.len <= max)
        return TN_OK;
    return err_violate(
        err, TN_INVALID_ARGUMENT, name, "too_long", "%s is longer than %u bytes.", name, max);
}

tn_status bus_envelope_read(struct tn_bytes bytes, struct bus_envelope *ret_envelope,
                            struct buf *metadata, struct err *err)
{
    struct bus_envelope call = {.method = {"", 0}, .portal = {"", 0}, .token = {"", 0}};
    struct bus_wire_field field;

    TRY(bus_unpack_check(bytes, &tenon__bus__v1__call__descriptor, err));
    for (struct tn_bytes at = bytes; bytes.len > 0 && bus_wire_next(&bytes, &field); at = bytes) {
        if (field.number == CALL_METHOD)
            call.method = text_of(&field);
        else if (field.number == CALL_PORTAL)
            call.portal = text_of(&field);
        else if (field.number == CALL_TOKEN)
            call.token = text_of(&field);
        else if (field.number == CALL_TIMEOUT_MS)
            call.timeout_ms = varint_of(at);
        else if (field.number == CALL_METADATA)
            TRY(add_metadata(metadata, field.content, err));
        else if (field.number == CALL_PAYLOAD)
            call.payload = field.content;
    }
    if (call.method.len == 0)
        return err_violate(err, TN_INVALID_ARGUMENT, "method", "required", "method is required.");
    TRY(check_length("method", call.method, BUS_NAME_MAX, err));
    TRY(check_length("portal", call.portal, BUS_NAME_MAX, err));
    TRY(check_length("token", call.token, BUS_TOKEN_MAX, err));
    *ret_envelope = call;
    return TN_OK;
}

static tn_status add_prefix(struct buf *out, enum reply_field field, size_t len)
{
    TRY(buf_add_varint(out, (uint64_t)field << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED));
    return buf_add_varint(out, len);
}

static tn_status write_reply(struct buf *out, const struct bus_ending *ending, size_t payload_len)
{
    if (ending->status != TN_OK) { /* proto3 leaves zeros out */
        TRY(buf_add_varint(out, (uint64_t)REPLY_CODE << 3 | PROTOBUF_C_WIRE_TYPE_VARINT));
        TRY(buf_add_varint(out, (uint64_t)ending->status));
    }
    if (ending->message.len > 0) {
        TRY(add_prefix(out, REPLY_MESSAGE, ending->message.len));
        TRY(buf_add(out, ending->message.data, ending->message.len));
    }
    if (ending->details.len > 0) {
        TRY(add_prefix(out, REPLY_DETAILS, ending->details.len));
        TRY(buf_add(out, ending->details.data, ending->details.len));
    }
    return payload_len > 0 ? add_prefix(out, REPLY_PAYLOAD, payload_len) : TN_OK;
}

tn_status bus_reply_write(struct buf *out, const struct bus_ending *ending, size_t payload_len)
{
    size_t start = out->len;
    tn_status st = write_reply(out, ending, payload_len);

    if (st != TN_OK)
        out->len = start;
    return st;
}
