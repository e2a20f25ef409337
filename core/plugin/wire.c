/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - reading and writing protobuf's fields. */
#include "core/plugin/wire.h"

#include <string.h>

#include "core/base/err.h"

static tn_status take_bytes(struct tn_bytes *bytes, uint64_t len, struct tn_bytes *ret_taken)
{
    if (len > bytes->len)
        return TN_INVALID_ARGUMENT;
    *ret_taken = (struct tn_bytes){bytes->data, (size_t)len};
    bytes->data += len;
    bytes->len -= (size_t)len;
    return TN_OK;
}

static tn_status read_number(struct tn_bytes *bytes, uint64_t *ret_number)
{
    return read_varint(bytes, ret_number) == TN_OK ? TN_OK : TN_INVALID_ARGUMENT;
}

tn_status wire_next(struct tn_bytes *bytes, struct wire_field *ret_field)
{
    struct tn_bytes rest = *bytes;
    struct wire_field found = {0};
    uint64_t tag;
    uint64_t len;

    if (rest.len == 0)
        return TN_NOT_FOUND;
    TRY(read_number(&rest, &tag));
    if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
        return TN_INVALID_ARGUMENT;
    found.field = (uint32_t)(tag >> 3);
    found.type = (enum wire_type)(tag & 7);
    switch (found.type) {
    case WIRE_VARINT:
        TRY(read_number(&rest, &found.number));
        break;
    case WIRE_BYTES:
        TRY(read_number(&rest, &len));
        TRY(take_bytes(&rest, len, &found.bytes));
        break;
    case WIRE_FIXED64:
        TRY(take_bytes(&rest, 8, &found.bytes));
        break;
    case WIRE_FIXED32:
        TRY(take_bytes(&rest, 4, &found.bytes));
        break;
    default:
        return TN_INVALID_ARGUMENT;
    }
    *bytes = rest;
    *ret_field = found;
    return TN_OK;
}

static tn_status add_tag(struct buf *out, uint32_t field, enum wire_type type)
{
    return buf_add_varint(out, (uint64_t)field << 3 | type);
}

tn_status wire_add_varint(struct buf *out, uint32_t field, uint64_t value)
{
    TRY(add_tag(out, field, WIRE_VARINT));
    return buf_add_varint(out, value);
}

tn_status wire_add_bytes(struct buf *out, uint32_t field, const void *data, size_t len)
{
    TRY(add_tag(out, field, WIRE_BYTES));
    TRY(buf_add_varint(out, len));
    return buf_add(out, data, len);
}

tn_status wire_add_text(struct buf *out, uint32_t field, const char *text)
{
    return wire_add_bytes(out, field, text, strlen(text));
}
