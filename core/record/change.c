/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.c - entries of the change log: format, position in the transaction, kind, type, record,
 * version, time, source, user, then values (property, before, after) and links. Integers are
 * varints.
 */
#include "core/record/change.h"

#include "core/record/state.h"

#define CHANGE_FORMAT 1u

/* A link's flags. */
#define LINK_REMOVED 1u
#define LINK_PRIMARY 2u
#define LINK_PRIMARY_OF_TO 4u

static tn_status put_text(struct buf *out, struct tn_str text)
{
    TRY(buf_add_varint(out, text.len));
    return buf_add(out, text.data, text.len);
}

static tn_status put_values(struct buf *out, const struct change *change)
{
    TRY(buf_add_varint(out, change->value_count));
    for (size_t i = 0; i < change->value_count; i++) {
        TRY(buf_add_varint(out, change->values[i].property));
        TRY(value_encode(&change->values[i].before, out));
        TRY(value_encode(&change->values[i].after, out));
    }
    return TN_OK;
}

static uint8_t link_flags(const struct change_link *link)
{
    return (uint8_t)((link->is_removed ? LINK_REMOVED : 0) | (link->is_primary ? LINK_PRIMARY : 0) |
                     (link->is_primary_of_to ? LINK_PRIMARY_OF_TO : 0));
}

static tn_status put_links(struct buf *out, const struct change *change)
{
    TRY(buf_add_varint(out, change->link_count));
    for (size_t i = 0; i < change->link_count; i++) {
        const struct change_link *link = &change->links[i];

        TRY(buf_add_varint(out, link->association));
        TRY(buf_add_varint(out, link->from));
        TRY(buf_add_varint(out, link->to));
        TRY(buf_add_u8(out, link_flags(link)));
        TRY(buf_add_varint(out, link->labels));
    }
    return TN_OK;
}

tn_status change_encode(const struct change *change, uint64_t position, struct buf *out)
{
    TRY(buf_add_u8(out, CHANGE_FORMAT));
    TRY(buf_add_varint(out, position));
    TRY(buf_add_u8(out, (uint8_t)change->kind));
    TRY(buf_add_varint(out, change->type));
    TRY(buf_add_varint(out, change->record));
    TRY(buf_add_varint(out, change->version));
    TRY(buf_add_varint(out, zigzag(change->at_us)));
    TRY(put_text(out, change->source));
    TRY(put_text(out, change->user));
    TRY(put_values(out, change));
    return put_links(out, change);
}

/* Reading */

static tn_status get_u8(struct tn_bytes *in, uint8_t *ret_value)
{
    if (in->len == 0)
        return TN_DATA_LOSS;
    *ret_value = in->data[0];
    *in = (struct tn_bytes){in->data + 1, in->len - 1};
    return TN_OK;
}

static tn_status get_u32(struct tn_bytes *in, uint32_t *ret_value)
{
    uint64_t value;

    TRY(read_varint(in, &value));
    if (value > UINT32_MAX)
        return TN_DATA_LOSS;
    *ret_value = (uint32_t)value;
    return TN_OK;
}

static tn_status get_time(struct tn_bytes *in, tn_time *ret_time)
{
    uint64_t value;

    TRY(read_varint(in, &value));
    *ret_time = unzigzag(value);
    return TN_OK;
}

static tn_status get_text(struct tn_bytes *in, struct tn_str *ret_text)
{
    uint64_t len;

    TRY(read_varint(in, &len));
    if (len > in->len)
        return TN_DATA_LOSS;
    *ret_text = (struct tn_str){(const char *)in->data, (size_t)len};
    *in = (struct tn_bytes){in->data + len, in->len - (size_t)len};
    return TN_OK;
}

/* A count of things that take at least `size_min` bytes each, so that it cannot ask for more than
 * the entry has. */
static tn_status get_count(struct tn_bytes *in, size_t size_min, size_t *ret_count)
{
    uint64_t count;

    TRY(read_varint(in, &count));
    if (count > in->len / size_min)
        return TN_DATA_LOSS;
    *ret_count = (size_t)count;
    return TN_OK;
}

static tn_status get_values(struct tn_bytes *in, struct arena *arena, struct change *change)
{
    size_t count;

    TRY(get_count(in, 3, &count));
    change->values = arena_array(arena, struct change_value, count);
    if (!change->values)
        return TN_RESOURCE_EXHAUSTED;
    for (; change->value_count < count; change->value_count++) {
        struct change_value *value = &change->values[change->value_count];

        TRY(get_u32(in, &value->property));
        TRY(value_decode(in, &value->before));
        TRY(value_decode(in, &value->after));
    }
    return TN_OK;
}

static tn_status get_links(struct tn_bytes *in, struct arena *arena, struct change *change)
{
    size_t count;

    TRY(get_count(in, 5, &count));
    change->links = arena_array(arena, struct change_link, count);
    if (!change->links)
        return TN_RESOURCE_EXHAUSTED;
    for (; change->link_count < count; change->link_count++) {
        struct change_link *link = &change->links[change->link_count];
        uint8_t flags;

        TRY(get_u32(in, &link->association));
        TRY(read_varint(in, &link->from));
        TRY(read_varint(in, &link->to));
        TRY(get_u8(in, &flags));
        TRY(read_varint(in, &link->labels));
        link->is_removed = (flags & LINK_REMOVED) != 0;
        link->is_primary = (flags & LINK_PRIMARY) != 0;
        link->is_primary_of_to = (flags & LINK_PRIMARY_OF_TO) != 0;
    }
    return TN_OK;
}

tn_status change_decode(uint64_t number, struct tn_bytes entry, struct arena *arena,
                        struct change *ret_change)
{
    struct change change = {.number = number};
    uint64_t position;
    uint8_t format;
    uint8_t kind;

    TRY(get_u8(&entry, &format));
    if (format != CHANGE_FORMAT)
        return TN_UNIMPLEMENTED;
    TRY(read_varint(&entry, &position));
    TRY(get_u8(&entry, &kind));
    if (position >= number || kind < CHANGE_CREATED || kind > CHANGE_SCHEMA)
        return TN_DATA_LOSS;
    change.transaction = number - position;
    change.kind = (enum change_kind)kind;
    TRY(get_u32(&entry, &change.type));
    TRY(read_varint(&entry, &change.record));
    TRY(read_varint(&entry, &change.version));
    TRY(get_time(&entry, &change.at_us));
    TRY(get_text(&entry, &change.source));
    TRY(get_text(&entry, &change.user));
    TRY(get_values(&entry, arena, &change));
    TRY(get_links(&entry, arena, &change));
    if (entry.len != 0)
        return TN_DATA_LOSS;
    *ret_change = change;
    return TN_OK;
}

/* The log */

static tn_status read_one(struct tn_bytes key, struct tn_bytes value, uint64_t expected,
                          struct arena *arena, struct change *ret_change, struct err *err)
{
    if (key.len != 8 || read_u64(key.data) != expected)
        return err_set(
            err, TN_DATA_LOSS, "The change log has no entry %llu.", (unsigned long long)expected);
    const char *copy = arena_copy(arena, value.data, value.len);
    if (!copy)
        return err_memory(err, "changes");
    tn_status st = change_decode(
        expected, (struct tn_bytes){(const uint8_t *)copy, value.len}, arena, ret_change);
    if (st == TN_RESOURCE_EXHAUSTED)
        return err_memory(err, "changes");
    if (st != TN_OK)
        return err_set(
            err, st, "Entry %llu of the change log is damaged.", (unsigned long long)expected);
    return TN_OK;
}

tn_status changes_read(struct records *records, const struct portal *portal, uint64_t after,
                       size_t limit, struct arena *arena, struct change **ret_changes,
                       size_t *ret_count, struct err *err)
{
    uint64_t head = records_head(records, portal);
    uint8_t from[8];
    struct tn_bytes key;
    struct tn_bytes value;
    size_t count = 0;
    tn_status st = TN_OK;

    if (after > head)
        return err_set(err,
                       TN_OUT_OF_RANGE,
                       "There is no change %llu: the newest is %llu.",
                       (unsigned long long)after,
                       (unsigned long long)head);
    if (limit > head - after)
        limit = (size_t)(head - after);
    struct change *changes = arena_array(arena, struct change, limit);
    if (!changes)
        return err_memory(err, "changes");
    write_u64(from, after + 1);
    struct store_cursor *cursor = store_cursor_open(records->store,
                                                    NULL,
                                                    STORE_LOG,
                                                    portal->id,
                                                    (struct tn_bytes){0},
                                                    (struct tn_bytes){from, sizeof(from)},
                                                    false);
    if (!cursor)
        return err_memory(err, "changes");
    while (st == TN_OK && count < limit) {
        st = store_cursor_next(cursor, &key, &value, err);
        if (st == TN_NOT_FOUND)
            key = (struct tn_bytes){0}; /* the head says there is one: read_one tells */
        if (st == TN_OK || st == TN_NOT_FOUND)
            st = read_one(key, value, after + 1 + count, arena, &changes[count], err);
        count += st == TN_OK;
    }
    store_cursor_close(cursor);
    TRY(st);
    *ret_changes = changes;
    *ret_count = count;
    return TN_OK;
}
