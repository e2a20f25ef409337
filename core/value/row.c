/* SPDX-License-Identifier: Apache-2.0 */
/* row.c - see row.h for the layout. Nothing in a row is trusted: the disk may have changed it. */
#include "core/value/row.h"

#include <assert.h>
#include <string.h>

#include "core/base/utf8.h"

#define FORMAT 1u
#define HEADER_SIZE 36u
#define ENTRY_SIZE 8u

/* Offsets in the header. */
enum { AT_FORMAT = 0, AT_FLAGS = 1, AT_COUNT = 2, AT_VERSION = 4 };
enum { AT_CREATED = 12, AT_UPDATED = 20, AT_ARCHIVED = 28 };

static void write_header(uint8_t *p, const struct row_header *header, uint32_t count)
{
    p[AT_FORMAT] = FORMAT;
    p[AT_FLAGS] = (uint8_t)header->flags;
    write_u16(p + AT_COUNT, (uint16_t)count);
    write_u64(p + AT_VERSION, header->version);
    write_u64(p + AT_CREATED, (uint64_t)header->created_us);
    write_u64(p + AT_UPDATED, (uint64_t)header->updated_us);
    write_u64(p + AT_ARCHIVED, (uint64_t)header->archived_us);
}

/* Appends the values and writes their entries into the table at `table`. */
static tn_status encode_values(const struct row_value *values, size_t count, size_t table,
                               struct buf *out)
{
    size_t values_start = out->len;

    for (size_t i = 0; i < count; i++) {
        assert(i == 0 || values[i - 1].property < values[i].property);
        if (values[i].value.kind == TN_NONE)
            continue;
        TRY(value_encode(&values[i].value, out));
        if (out->len - values_start > UINT32_MAX)
            return TN_RESOURCE_EXHAUSTED;
        write_u32(out->data + table, values[i].property);
        write_u32(out->data + table + 4, (uint32_t)(out->len - values_start));
        table += ENTRY_SIZE;
    }
    return TN_OK;
}

tn_status row_encode(const struct row_header *header, const struct row_value *values, size_t count,
                     struct buf *out)
{
    size_t start = out->len;
    uint32_t present = 0;

    assert((header->flags & ~ROW_ARCHIVED) == 0);
    for (size_t i = 0; i < count; i++)
        if (values[i].value.kind != TN_NONE && ++present > ROW_PROPERTY_MAX)
            return TN_RESOURCE_EXHAUSTED;

    TRY(buf_reserve(out, HEADER_SIZE + present * ENTRY_SIZE));
    write_header(out->data + start, header, present);
    out->len += HEADER_SIZE + present * ENTRY_SIZE;
    tn_status st = encode_values(values, count, start + HEADER_SIZE, out);
    if (st != TN_OK)
        out->len = start;
    return st;
}

/* A row whose table is known to lie within its bytes. */
struct row {
    const uint8_t *table;
    struct tn_bytes values;
    uint32_t count;
};

static tn_status open_row(struct tn_bytes bytes, struct row *ret_row)
{
    if (bytes.len == 0)
        return TN_DATA_LOSS;
    if (bytes.data[AT_FORMAT] > FORMAT)
        return TN_UNIMPLEMENTED;
    if (bytes.data[AT_FORMAT] < FORMAT || bytes.len < HEADER_SIZE)
        return TN_DATA_LOSS;

    uint32_t count = read_u16(bytes.data + AT_COUNT);
    size_t values_at = HEADER_SIZE + (size_t)count * ENTRY_SIZE;
    if (count > ROW_PROPERTY_MAX || values_at > bytes.len ||
        (bytes.data[AT_FLAGS] & ~ROW_ARCHIVED) != 0)
        return TN_DATA_LOSS;
    *ret_row = (struct row){
        .table = bytes.data + HEADER_SIZE,
        .values = {bytes.data + values_at, bytes.len - values_at},
        .count = count,
    };
    return TN_OK;
}

static uint32_t property_at(const struct row *row, uint32_t position)
{
    return read_u32(row->table + (size_t)position * ENTRY_SIZE);
}

static uint32_t end_at(const struct row *row, uint32_t position)
{
    return read_u32(row->table + (size_t)position * ENTRY_SIZE + 4);
}

static tn_status value_at(const struct row *row, uint32_t position, struct tn_value *ret_value)
{
    size_t start = position == 0 ? 0 : end_at(row, position - 1);
    size_t end = end_at(row, position);
    struct tn_value value;

    if (start > end || end > row->values.len)
        return TN_DATA_LOSS;
    struct tn_bytes bytes = {row->values.data + start, end - start};
    TRY(value_decode(&bytes, &value));
    if (bytes.len != 0 || value.kind == TN_NONE)
        return TN_DATA_LOSS;
    *ret_value = value;
    return TN_OK;
}

tn_status row_header(struct tn_bytes row, struct row_header *ret_header)
{
    struct row opened;

    TRY(open_row(row, &opened));
    *ret_header = (struct row_header){
        .flags = row.data[AT_FLAGS],
        .count = opened.count,
        .version = read_u64(row.data + AT_VERSION),
        .created_us = (tn_time)read_u64(row.data + AT_CREATED),
        .updated_us = (tn_time)read_u64(row.data + AT_UPDATED),
        .archived_us = (tn_time)read_u64(row.data + AT_ARCHIVED),
    };
    return TN_OK;
}

tn_status row_get(struct tn_bytes row, uint32_t property, struct tn_value *ret_value)
{
    struct row opened;
    uint32_t low = 0;

    TRY(open_row(row, &opened));
    for (uint32_t high = opened.count; low < high;) {
        uint32_t middle = low + (high - low) / 2;

        if (property_at(&opened, middle) < property)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < opened.count && property_at(&opened, low) == property)
        return value_at(&opened, low, ret_value);
    *ret_value = value_none();
    return TN_OK;
}

tn_status row_at(struct tn_bytes row, uint32_t position, struct row_value *ret_value)
{
    struct row opened;
    struct row_value found;

    TRY(open_row(row, &opened));
    if (position >= opened.count)
        return TN_OUT_OF_RANGE;
    TRY(value_at(&opened, position, &found.value));
    found.property = property_at(&opened, position);
    *ret_value = found;
    return TN_OK;
}

tn_status row_check(struct tn_bytes row)
{
    struct row opened;

    TRY(open_row(row, &opened));
    for (uint32_t i = 0; i < opened.count; i++) {
        struct tn_value value;

        if (i > 0 && property_at(&opened, i - 1) >= property_at(&opened, i))
            return TN_DATA_LOSS;
        TRY(value_at(&opened, i, &value));
        if (value_is_text(value.kind) && value.kind != TN_BLOB &&
            !utf8_is_valid(value.as.text.data, value.as.text.len, NULL))
            return TN_DATA_LOSS;
    }
    size_t end = opened.count == 0 ? 0 : end_at(&opened, opened.count - 1);
    return end == opened.values.len ? TN_OK : TN_DATA_LOSS;
}
