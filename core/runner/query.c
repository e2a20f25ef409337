/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - queries: the host sends rows ahead, and they are lent one at a time. */
#include "core/runner/program.h"

/* What the rows that are there at once may take. */
#define ROWS_ARENA_SIZE ((size_t)256 * 1024 * 1024)

struct tn_found {
    struct tn_call *call;
    struct tn_found *next; /* opened before it */
    uint32_t handle;
    uint32_t left;    /* rows that are still packed */
    tn_status status; /* once there are no more of those: how the host went on */
    bool is_at_end;
    bool is_closed;
    struct buf bytes; /* the rows, as the host sent them */
    struct unpack from;
    struct arena arena; /* of the row that is lent */
    struct tn_record record;
};

static void take_rows(struct tn_found *found)
{
    found->status = (tn_status)unpack_u32(&found->from);
    found->is_at_end = unpack_u8(&found->from) != 0;
    found->left = unpack_u32(&found->from);
}

static void pack_filter(struct pack *out, const struct tn_filter *filter)
{
    pack_u32(out, filter->property);
    pack_u32(out, filter->op);
    pack_u32(out, filter->group);
    pack_u32(out, filter->value_count);
    for (uint32_t i = 0; i < filter->value_count; i++)
        pack_value(out, &filter->values[i]);
}

tn_status query_find(struct tn_call *call, uint32_t type, const struct tn_filter *filters,
                     uint32_t filter_count, uint32_t sort, uint32_t limit,
                     struct tn_found **ret_found)
{
    struct tn_found *found = arena_new(&call->arena, struct tn_found);
    struct pack operation = call_operation(call, PROTOCOL_FIND);

    pack_u32(&operation, type);
    pack_u32(&operation, filter_count);
    for (uint32_t i = 0; i < filter_count; i++)
        pack_filter(&operation, &filters[i]);
    pack_u32(&operation, sort);
    pack_u32(&operation, limit);
    if (!found)
        return call_break(call);
    tn_status st = call_ask_into(call, &operation, &found->bytes, &found->from);
    if (st != TN_OK) {
        buf_fini(&found->bytes);
        return st;
    }
    found->handle = unpack_u32(&found->from);
    found->call = call;
    found->record.call = call;
    found->next = call->found;
    call->found = found;
    arena_init(&found->arena, ROWS_ARENA_SIZE);
    take_rows(found);
    *ret_found = found;
    return TN_OK;
}

static tn_status ask_for_more(struct tn_found *found)
{
    struct pack operation = call_operation(found->call, PROTOCOL_NEXT);

    pack_u32(&operation, found->handle);
    TRY(call_ask_into(found->call, &operation, &found->bytes, &found->from));
    take_rows(found);
    return TN_OK;
}

tn_status query_next(struct tn_found *found, const struct tn_record **ret_record)
{
    while (found->left == 0) {
        if (found->status != TN_OK)
            return found->status;
        if (found->is_at_end || found->is_closed) {
            *ret_record = NULL;
            return TN_OK;
        }
        TRY(ask_for_more(found));
    }
    arena_reset(&found->arena);
    record_take_found(&found->record, &found->arena, &found->from);
    found->left--;
    *ret_record = &found->record;
    return found->call->broken;
}

static void release(struct tn_found *found)
{
    buf_fini(&found->bytes);
    arena_fini(&found->arena);
    found->is_closed = true;
    found->left = 0;
}

void query_close(struct tn_found *found)
{
    if (!found || found->is_closed)
        return;
    struct pack operation = call_operation(found->call, PROTOCOL_CLOSE);
    pack_u32(&operation, found->handle);
    (void)call_later(found->call, &operation); /* the call is broken if it cannot */
    release(found);
}

void query_end(struct tn_call *call)
{
    for (struct tn_found *found = call->found; found; found = found->next)
        if (!found->is_closed)
            release(found);
    call->found = NULL;
}
