/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - what bodies of frames are made of: numbers, texts, values. Failures stick, so that a
 * body is written or read in one go and asked about at its end.
 */
#ifndef CORE_CHANNEL_PACK_H
#define CORE_CHANNEL_PACK_H

#include <stdbool.h>

#include <tenon/value.h>

#include "core/base/buf.h"

/* Memory out makes `is_full`, and adds nothing from then on. */
struct pack {
    struct buf *out;
    bool is_full;
};

void pack_u8(struct pack *pack, uint8_t value);
void pack_u16(struct pack *pack, uint16_t value);
void pack_u32(struct pack *pack, uint32_t value);
void pack_u64(struct pack *pack, uint64_t value);
void pack_i64(struct pack *pack, int64_t value);
void pack_bytes(struct pack *pack, struct tn_bytes bytes);
void pack_str(struct pack *pack, struct tn_str text);
void pack_value(struct pack *pack, const struct tn_value *value);

/* Reading past the end makes `is_cut`, and gives zeros from then on. */
struct unpack {
    const uint8_t *at;
    const uint8_t *end;
    bool is_cut;
};

static inline struct unpack unpack_of(struct tn_bytes bytes)
{
    return (struct unpack){bytes.data, bytes.data + bytes.len, false};
}

/* How many bytes are left; 0 once it is cut. */
size_t unpack_left(const struct unpack *from);

uint8_t unpack_u8(struct unpack *from);
uint16_t unpack_u16(struct unpack *from);
uint32_t unpack_u32(struct unpack *from);
uint64_t unpack_u64(struct unpack *from);
int64_t unpack_i64(struct unpack *from);
/* Lent by what is read, and not checked to be text. */
struct tn_bytes unpack_bytes(struct unpack *from);
struct tn_str unpack_str(struct unpack *from);
/* Of any kind, known or not: who takes it checks it. */
struct tn_value unpack_value(struct unpack *from);
/* A number of things of at least `size` bytes each that follow: more than can follow is cut. */
uint32_t unpack_count(struct unpack *from, size_t size);

/* Bytes that a value has at least; of a record's value, with its row. */
#define PACK_VALUE_SIZE 9u

#endif /* CORE_CHANNEL_PACK_H */
