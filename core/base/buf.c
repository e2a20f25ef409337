/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c - growing bytes, and integers in them. */
#include "core/base/buf.h"

#include <string.h>

#include "core/base/err.h"
#include "core/base/mem.h"

/* The first block; a row of 20 properties fits. */
#define CAP_MIN ((size_t)256)

void buf_fini(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){0};
}

tn_status buf_grow(struct buf *buf, size_t more)
{
    if (more > SIZE_MAX / 4 - buf->len)
        return TN_RESOURCE_EXHAUSTED;

    size_t cap = buf->cap ? buf->cap * 2 : CAP_MIN;
    if (cap < buf->len + more)
        cap = buf->len + more;
    uint8_t *data = mem_resize(buf->data, cap, 1);
    if (!data)
        return TN_RESOURCE_EXHAUSTED;
    buf->data = data;
    buf->cap = cap;
    return TN_OK;
}

tn_status buf_add(struct buf *buf, const void *data, size_t len)
{
    TRY(buf_reserve(buf, len));
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    return TN_OK;
}

tn_status buf_add_u8(struct buf *buf, uint8_t value)
{
    return buf_add(buf, &value, 1);
}

tn_status buf_add_u32(struct buf *buf, uint32_t value)
{
    uint8_t bytes[4];

    write_u32(bytes, value);
    return buf_add(buf, bytes, sizeof(bytes));
}

tn_status buf_add_u64(struct buf *buf, uint64_t value)
{
    uint8_t bytes[8];

    write_u64(bytes, value);
    return buf_add(buf, bytes, sizeof(bytes));
}

tn_status buf_add_varint(struct buf *buf, uint64_t value)
{
    uint8_t bytes[10];
    size_t len = 0;

    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (uint8_t)(value | 0x80);
    bytes[len++] = (uint8_t)value;
    return buf_add(buf, bytes, len);
}

tn_status read_varint(struct tn_bytes *bytes, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes->len && i < 10; i++) {
        uint8_t byte = bytes->data[i];

        if (i == 9 && byte > 1)
            return TN_DATA_LOSS; /* more than 64 bits */
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bytes->data += i + 1;
            bytes->len -= i + 1;
            *ret_value = value;
            return TN_OK;
        }
    }
    return TN_DATA_LOSS;
}
