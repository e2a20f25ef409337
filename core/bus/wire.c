/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - tags, varints and lengths. */
#include "core/bus/wire.h"

#include <protobuf-c/protobuf-c.h>

#include "core/base/buf.h"

#define FIELD_NUMBER_MAX ((1u << 29) - 1)
/* Of a tag; a longer one, padded with zeros, is none to libprotobuf-c either. */
#define TAG_SIZE_MAX 5u

static bool take(struct tn_bytes *bytes, uint64_t len, struct tn_bytes *ret_content)
{
    if (len > bytes->len)
        return false;
    *ret_content = (struct tn_bytes){bytes->data, (size_t)len};
    bytes->data += len;
    bytes->len -= (size_t)len;
    return true;
}

bool bus_wire_next(struct tn_bytes *bytes, struct bus_wire_field *ret_field)
{
    struct tn_bytes skipped;
    const size_t len = bytes->len;
    uint64_t value = 0;

    if (read_varint(bytes, &value) != TN_OK || len - bytes->len > TAG_SIZE_MAX || value >> 3 == 0 ||
        value >> 3 > FIELD_NUMBER_MAX)
        return false;
    *ret_field =
        (struct bus_wire_field){.number = (uint32_t)(value >> 3), .wire = (uint32_t)(value & 7)};
    switch (ret_field->wire) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(bytes, &value) == TN_OK;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return take(bytes, 8, &skipped);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return take(bytes, 4, &skipped);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return read_varint(bytes, &value) == TN_OK && take(bytes, value, &ret_field->content);
    default:
        return false;
    }
}
