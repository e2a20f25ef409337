/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - building keys from their parts and taking them apart. */
#include "core/store/key.h"

#include <string.h>

#include "core/base/err.h"

#define ROW_SIZE ((size_t)12)
#define EDGE_SIZE ((size_t)28)
#define HISTORY_SIZE ((size_t)24)
#define LOG_SIZE ((size_t)8)
/* The shortest word key: type, one byte of word, 00, record; an index key is longer. */
#define WORD_SIZE_MIN ((size_t)14)

/* Once all of a key is reserved, adding its parts cannot fail. */
static void add_u32(struct buf *out, uint32_t value)
{
    (void)buf_add_u32(out, value);
}

static void add_u64(struct buf *out, uint64_t value)
{
    (void)buf_add_u64(out, value);
}

static void add_bytes(struct buf *out, const void *data, size_t len)
{
    (void)buf_add(out, data, len);
}

tn_status key_row(struct buf *out, uint32_t type, uint64_t record)
{
    TRY(buf_reserve(out, ROW_SIZE));
    add_u32(out, type);
    add_u64(out, record);
    return TN_OK;
}

tn_status key_type(struct buf *out, uint32_t type)
{
    return buf_add_u32(out, type);
}

tn_status key_index(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value,
                    uint64_t record)
{
    TRY(buf_reserve(out, 4 + 4 + value.len + 8));
    TRY(key_index_value(out, type, property, value));
    add_u64(out, record);
    return TN_OK;
}

tn_status key_property(struct buf *out, uint32_t type, uint32_t property)
{
    TRY(buf_reserve(out, 4 + 4));
    add_u32(out, type);
    add_u32(out, property);
    return TN_OK;
}

tn_status key_index_value(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value)
{
    TRY(buf_reserve(out, 4 + 4 + value.len));
    add_u32(out, type);
    add_u32(out, property);
    add_bytes(out, value.data, value.len);
    return TN_OK;
}

tn_status key_unique(struct buf *out, uint32_t type, uint32_t property, struct tn_bytes value)
{
    return key_index_value(out, type, property, value);
}

tn_status key_word(struct buf *out, uint32_t type, struct tn_str word, uint64_t record)
{
    TRY(buf_reserve(out, 4 + word.len + 1 + 8));
    TRY(key_word_whole(out, type, word));
    add_u64(out, record);
    return TN_OK;
}

tn_status key_word_whole(struct buf *out, uint32_t type, struct tn_str word)
{
    TRY(buf_reserve(out, 4 + word.len + 1));
    TRY(key_word_start(out, type, word));
    add_bytes(out, "", 1);
    return TN_OK;
}

tn_status key_word_start(struct buf *out, uint32_t type, struct tn_str start)
{
    if (start.len && memchr(start.data, '\0', start.len))
        return TN_INVALID_ARGUMENT;
    TRY(buf_reserve(out, 4 + start.len));
    add_u32(out, type);
    add_bytes(out, start.data, start.len);
    return TN_OK;
}

tn_status key_edge(struct buf *out, uint32_t from_type, uint64_t from, uint32_t association,
                   uint32_t to_type, uint64_t to)
{
    TRY(buf_reserve(out, EDGE_SIZE));
    TRY(key_edges_by(out, from_type, from, association));
    add_u32(out, to_type);
    add_u64(out, to);
    return TN_OK;
}

tn_status key_edges_of(struct buf *out, uint32_t from_type, uint64_t from)
{
    return key_row(out, from_type, from);
}

tn_status key_edges_by(struct buf *out, uint32_t from_type, uint64_t from, uint32_t association)
{
    TRY(buf_reserve(out, ROW_SIZE + 4));
    TRY(key_row(out, from_type, from));
    add_u32(out, association);
    return TN_OK;
}

tn_status key_history(struct buf *out, uint32_t type, uint64_t record, uint32_t property,
                      uint64_t change)
{
    TRY(buf_reserve(out, HISTORY_SIZE));
    TRY(key_history_property(out, type, record, property));
    add_u64(out, ~change);
    return TN_OK;
}

tn_status key_history_of(struct buf *out, uint32_t type, uint64_t record)
{
    return key_row(out, type, record);
}

tn_status key_history_property(struct buf *out, uint32_t type, uint64_t record, uint32_t property)
{
    return key_edges_by(out, type, record, property); /* the same parts */
}

tn_status key_rollup(struct buf *out, uint32_t rollup, struct tn_bytes group)
{
    TRY(buf_reserve(out, 4 + group.len));
    add_u32(out, rollup);
    add_bytes(out, group.data, group.len);
    return TN_OK;
}

tn_status key_log(struct buf *out, uint64_t change)
{
    return buf_add_u64(out, change);
}

tn_status key_make_end(struct buf *out, size_t start)
{
    size_t len = out->len;

    while (len > start && out->data[len - 1] == 0xff)
        len--;
    if (len == start)
        return TN_OUT_OF_RANGE;
    out->data[len - 1]++;
    out->len = len;
    return TN_OK;
}

tn_status key_row_read(struct tn_bytes key, struct key_row_parts *ret_parts)
{
    if (key.len != ROW_SIZE)
        return TN_DATA_LOSS;
    ret_parts->type = read_u32(key.data);
    ret_parts->record = read_u64(key.data + 4);
    return TN_OK;
}

tn_status key_edge_read(struct tn_bytes key, struct key_edge_parts *ret_parts)
{
    if (key.len != EDGE_SIZE)
        return TN_DATA_LOSS;
    ret_parts->from_type = read_u32(key.data);
    ret_parts->from = read_u64(key.data + 4);
    ret_parts->association = read_u32(key.data + 12);
    ret_parts->to_type = read_u32(key.data + 16);
    ret_parts->to = read_u64(key.data + 20);
    return TN_OK;
}

tn_status key_history_read(struct tn_bytes key, struct key_history_parts *ret_parts)
{
    if (key.len != HISTORY_SIZE)
        return TN_DATA_LOSS;
    ret_parts->type = read_u32(key.data);
    ret_parts->record = read_u64(key.data + 4);
    ret_parts->property = read_u32(key.data + 12);
    ret_parts->change = ~read_u64(key.data + 16);
    return TN_OK;
}

tn_status key_log_read(struct tn_bytes key, uint64_t *ret_change)
{
    if (key.len != LOG_SIZE)
        return TN_DATA_LOSS;
    *ret_change = read_u64(key.data);
    return TN_OK;
}

tn_status key_record_read(struct tn_bytes key, uint64_t *ret_record)
{
    if (key.len < WORD_SIZE_MIN)
        return TN_DATA_LOSS;
    *ret_record = read_u64(key.data + key.len - 8);
    return TN_OK;
}
