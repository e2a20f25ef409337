/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - records and messages that the host has sent. */
#include "core/runner/program.h"

/* Bytes of a value with its row, and of an id, at least. */
#define KNOWN_SIZE (sizeof(uint16_t) + PACK_VALUE_SIZE)

static void take_values(struct tn_record *record, struct arena *arena, struct unpack *from)
{
    uint32_t count = unpack_count(from, KNOWN_SIZE);
    struct known *known = arena_array(arena, struct known, count);

    if (!known) {
        (void)call_break(record->call);
        count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        known[i].row = unpack_u16(from);
        known[i].value = unpack_value(from);
        known[i].is_known = true;
    }
    record->known = known;
    record->known_count = count;
}

/* The record of that handle, made if it is new. */
static struct tn_record *find_record(struct tn_call *call, uint32_t handle)
{
    const uint64_t key = handle;
    struct tn_record *record = map_get_u64(&call->handles, &key);

    if (record)
        return record;
    /* The map borrows its keys: this one lies with the record. */
    struct {
        uint64_t key;
        struct tn_record record;
    } *made = arena_alloc(&call->arena, sizeof(*made));
    if (!made)
        return NULL;
    made->key = key;
    made->record = (struct tn_record){.call = call, .handle = handle};
    if (map_set_u64(&call->handles, &made->key, &made->record, NULL) != TN_OK)
        return NULL;
    return &made->record;
}

/* Behind its handle. */
static void take_view(struct tn_record *record, struct arena *arena, struct unpack *from)
{
    record->seen = unpack_u8(from);
    record->type_row = unpack_u32(from);
    record->id = unpack_u64(from);
    record->version = unpack_u64(from);
    record->type_name = unpack_str(from);
    record->body = unpack_bytes(from);
    record->has_body = true;
    record->epoch = record->call->epoch;
    take_values(record, arena, from);
}

void record_take_found(struct tn_record *record, struct arena *arena, struct unpack *from)
{
    record->handle = unpack_u32(from);
    take_view(record, arena, from);
}

struct tn_record *record_take(struct tn_call *call, struct unpack *from)
{
    const uint32_t handle = unpack_u32(from);
    struct tn_record *record = NULL;

    if (handle == 0)
        return NULL;
    record = find_record(call, handle);
    if (!record) {
        (void)call_break(call);
        return NULL;
    }
    take_view(record, &call->arena, from);
    if (record->seen == PROTOCOL_SEEN_LIVE &&
        map_set_u64(&call->records, &record->id, record, NULL) != TN_OK)
        (void)call_break(call);
    return record;
}

static void take_links(struct tn_call *call, struct unpack *from)
{
    const uint64_t handle = unpack_u32(from);
    const uint32_t association = unpack_u32(from);
    const uint32_t count = unpack_count(from, sizeof(tn_id));
    struct tn_record *at = map_get_u64(&call->handles, &handle);
    struct links *links = arena_new(&call->arena, struct links);
    tn_id *ids = arena_array(&call->arena, tn_id, count);

    if (!links || !ids) {
        (void)call_break(call);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        ids[i] = unpack_u64(from);
    if (!at)
        return;
    *links = (struct links){.next = at->links,
                            .association = association,
                            .count = count,
                            .epoch = call->link_epoch,
                            .ids = ids};
    at->links = links;
}

void record_take_luggage(struct tn_call *call, struct unpack *from)
{
    uint32_t count = unpack_u32(from);

    for (uint32_t i = 0; i < count && !from->is_cut; i++)
        (void)record_take(call, from); /* found again by its id */
    count = unpack_u32(from);
    for (uint32_t i = 0; i < count && !from->is_cut; i++)
        take_links(call, from);
}

struct known *record_find(struct tn_record *record, uint32_t row)
{
    uint32_t low = 0;
    uint32_t high = record->known_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (record->known[middle].row == row)
            return &record->known[middle];
        if (record->known[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

tn_status record_refresh(struct tn_record *record)
{
    struct tn_call *call = record->call;
    struct unpack answer;

    if (record->seen != PROTOCOL_SEEN_LIVE || record->epoch == call->epoch)
        return TN_OK;
    struct pack operation = call_operation(call, PROTOCOL_VIEW);
    pack_u32(&operation, record->handle);
    TRY(call_ask(call, &operation, &answer));
    (void)record_take(call, &answer);
    return call->broken;
}
