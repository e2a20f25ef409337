/* SPDX-License-Identifier: Apache-2.0 */
/*
 * position.c - cursors of queries. They hold no secret, and what they name is checked on use; their
 * hash, which covers the position too, tells those of other queries and portals and damaged ones.
 */
#include "core/query/position.h"

#include "core/base/map.h"
#include "core/value/value.h"

#define CURSOR_FORMAT 1u
/* format u8, hash u64, phase u8, id u64 */
#define CURSOR_HEADER_SIZE 18u
#define HASH_OFFSET 1u

void position_fini(struct position *position)
{
    buf_fini(&position->key);
}

tn_status position_set(struct position *position, enum position_phase phase, tn_id id,
                       struct tn_bytes key)
{
    buf_clear(&position->key);
    TRY(buf_add(&position->key, key.data, key.len));
    position->phase = phase;
    position->id = id;
    return TN_OK;
}

static tn_status add_filter(const struct query_filter *filter, struct buf *out)
{
    TRY(buf_add_u32(out, filter->property->id));
    TRY(buf_add_u8(out, (uint8_t)filter->op));
    TRY(buf_add_u32(out, filter->value_count));
    for (uint32_t i = 0; i < filter->value_count; i++)
        TRY(value_encode(&filter->values[i], out));
    return TN_OK;
}

static tn_status add_query(uint32_t portal, const struct query *query, struct buf *out)
{
    TRY(buf_add_u32(out, portal));
    TRY(buf_add_u32(out, query->type->id));
    TRY(buf_add_u32(out, query->sort ? query->sort->id : 0));
    TRY(buf_add_u8(out, (uint8_t)(query->archived | query->descending << 1)));
    for (uint32_t i = 0; i < query->group_count; i++) {
        const struct query_group *group = &query->groups[i];

        TRY(buf_add_u32(out, group->filter_count));
        for (uint32_t j = 0; j < group->filter_count; j++)
            TRY(add_filter(&group->filters[j], out));
    }
    return TN_OK;
}

tn_status position_hash(uint32_t portal, const struct query *query, uint64_t *ret_hash)
{
    struct buf text = {0};
    tn_status st = add_query(portal, query, &text);

    if (st == TN_OK)
        *ret_hash = hash_bytes(text.data, text.len);
    buf_fini(&text);
    return st;
}

/* Of a cursor whose place for it holds the query's: one that was changed anywhere has another. */
static uint64_t seal(struct tn_bytes cursor)
{
    return hash_bytes(cursor.data, cursor.len);
}

tn_status position_write(const struct position *position, uint64_t hash, struct buf *out)
{
    size_t start = out->len;

    TRY(buf_reserve(out, CURSOR_HEADER_SIZE + position->key.len));
    TRY(buf_add_u8(out, CURSOR_FORMAT));
    TRY(buf_add_u64(out, hash));
    TRY(buf_add_u8(out, (uint8_t)position->phase));
    TRY(buf_add_u64(out, position->id));
    TRY(buf_add(out, position->key.data, position->key.len));
    struct tn_bytes cursor = {out->data + start, out->len - start};
    write_u64(out->data + start + HASH_OFFSET, seal(cursor));
    return TN_OK;
}

static tn_status is_sealed(struct tn_bytes cursor, uint64_t hash, bool *ret_is_sealed)
{
    struct buf copy = {0};
    tn_status st = buf_add(&copy, cursor.data, cursor.len);

    if (st == TN_OK) {
        write_u64(copy.data + HASH_OFFSET, hash);
        *ret_is_sealed = seal(buf_bytes(&copy)) == read_u64(cursor.data + HASH_OFFSET);
    }
    buf_fini(&copy);
    return st;
}

/* Phases are those of the query's own order, and only a sorted value has a key. */
static bool is_of(const struct query *query, uint8_t phase, size_t key_len)
{
    switch (phase) {
    case POSITION_START:
        return key_len == 0;
    case POSITION_BY_ID:
        return !query->sort && key_len == 0;
    case POSITION_BY_VALUE:
        return query->sort && key_len > 0;
    case POSITION_MISSING:
        return query->sort && key_len == 0;
    default:
        return false;
    }
}

tn_status position_read(struct tn_bytes cursor, const struct query *query, uint64_t hash,
                        struct position *ret_position, struct err *err)
{
    const uint8_t *p = cursor.data;
    bool is_good = cursor.len >= CURSOR_HEADER_SIZE && p[0] == CURSOR_FORMAT;

    if (is_good && is_sealed(cursor, hash, &is_good) != TN_OK)
        return err_memory(err, "a query");
    if (!is_good || !is_of(query, p[9], cursor.len - CURSOR_HEADER_SIZE))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           "cursor",
                           "cursor",
                           "The cursor is not one of this query: start again without a cursor.");

    struct tn_bytes key = {p + CURSOR_HEADER_SIZE, cursor.len - CURSOR_HEADER_SIZE};
    if (position_set(ret_position, (enum position_phase)p[9], read_u64(p + 10), key) != TN_OK)
        return err_memory(err, "a query");
    return TN_OK;
}
