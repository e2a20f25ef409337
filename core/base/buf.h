/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h - bytes that grow geometrically up to a bound. Not thread-safe. */
#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include <tenon/base.h>

/* Zero is an empty buffer. The members may be read; only these functions write them. */
struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

void buf_fini(struct buf *buf); /* frees; the buffer is empty and usable again */

/* len becomes 0, memory is kept */
static inline void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

/* As buf_reserve(), which is what to call. */
tn_status buf_grow(struct buf *buf, size_t more);

/* Room for `more` bytes behind len. TN_RESOURCE_EXHAUSTED: memory is out. [any] */
static inline tn_status buf_reserve(struct buf *buf, size_t more)
{
    return more <= buf->cap - buf->len ? TN_OK : buf_grow(buf, more);
}

/* Append; the buffer is untouched when TN_RESOURCE_EXHAUSTED. Integers big-endian. [any] */
tn_status buf_add(struct buf *buf, const void *data, size_t len);
tn_status buf_add_u8(struct buf *buf, uint8_t value);
tn_status buf_add_u32(struct buf *buf, uint32_t value);
tn_status buf_add_u64(struct buf *buf, uint64_t value);
tn_status buf_add_varint(struct buf *buf, uint64_t value); /* LEB128, as protobuf's */

static inline struct tn_bytes buf_bytes(const struct buf *buf)
{
    struct tn_bytes bytes = {buf->data, buf->len};
    return bytes;
}

/* Big-endian at `p`, which needs no alignment. */
static inline uint16_t read_u16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}
static inline uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)read_u16(p) << 16 | read_u16(p + 2);
}
static inline uint64_t read_u64(const uint8_t *p)
{
    return (uint64_t)read_u32(p) << 32 | read_u32(p + 4);
}
static inline void write_u16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}
static inline void write_u32(uint8_t *p, uint32_t value)
{
    write_u16(p, (uint16_t)(value >> 16));
    write_u16(p + 2, (uint16_t)value);
}
static inline void write_u64(uint8_t *p, uint64_t value)
{
    write_u32(p, (uint32_t)(value >> 32));
    write_u32(p + 4, (uint32_t)value);
}

/*
 * Reads one varint and moves `*bytes` behind it.
 * TN_DATA_LOSS: cut short, or longer than 10 bytes; `*bytes` is untouched. [any]
 */
tn_status read_varint(struct tn_bytes *bytes, uint64_t *ret_value);

/* Signed to unsigned so that small magnitudes stay short, and back; protobuf's zigzag. */
static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}
static inline int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif /* CORE_BASE_BUF_H */
