/* SPDX-License-Identifier: Apache-2.0 */
/* import_state.c - states of imports among the portal's meta values. */
#include "core/service/import_state.h"

#include <stdio.h>

#include "core/base/utf8.h"

/* The newest import's id; 8 bytes, big-endian. */
#define NEWEST_KEY "import-newest"
/* "import/" and the id; long enough for every id. */
#define KEY_SIZE 32

static struct tn_str key_of(uint64_t id, char key[KEY_SIZE])
{
    int len = snprintf(key, KEY_SIZE, "import/%llu", (unsigned long long)id);

    return (struct tn_str){key, (size_t)len};
}

static tn_status next_id(struct service_call *call, uint64_t *ret_id)
{
    struct tn_str key = utf8_str(NEWEST_KEY);
    uint8_t bytes[8];
    struct tn_bytes value;
    uint64_t newest = 0;

    tn_status st = txn_get_meta(call->txn, key, &value, NULL);
    if (st == TN_OK && value.len == sizeof(bytes))
        newest = read_u64(value.data);
    else if (st != TN_NOT_FOUND)
        return err_set(call->err,
                       st == TN_OK ? TN_DATA_LOSS : st,
                       "The imports of the portal cannot be read.");
    write_u64(bytes, newest + 1);
    TRY(txn_put_meta(call->txn, key, (struct tn_bytes){bytes, sizeof(bytes)}, call->err));
    *ret_id = newest + 1;
    return TN_OK;
}

tn_status import_state_create(struct service_call *call, const Tenon__Stored__V1__Import *state,
                              uint64_t *ret_id)
{
    uint64_t id = 0;

    TRY(next_id(call, &id));
    TRY(import_state_write(call, id, state));
    *ret_id = id;
    return TN_OK;
}

static void *arena_allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void arena_release(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

tn_status import_state_read(struct service_call *call, uint64_t id,
                            Tenon__Stored__V1__Import **ret_state)
{
    ProtobufCAllocator allocator = {
        .alloc = arena_allocate, .free = arena_release, .allocator_data = call->arena};
    char key[KEY_SIZE];
    struct tn_bytes value;

    tn_status st = txn_get_meta(call->txn, key_of(id, key), &value, NULL);
    if (st == TN_NOT_FOUND)
        return err_violate(call->err,
                           TN_NOT_FOUND,
                           "import_id",
                           "unknown_import",
                           "There is no import %llu in this portal: begin one with Import/Start.",
                           (unsigned long long)id);
    if (st != TN_OK)
        return err_set(call->err, st, "The imports of the portal cannot be read.");
    Tenon__Stored__V1__Import *state =
        tenon__stored__v1__import__unpack(&allocator, value.len, value.data);
    if (!state)
        return err_set(call->err, TN_DATA_LOSS, "The imports of the portal cannot be read.");
    *ret_state = state;
    return TN_OK;
}

tn_status import_state_write(struct service_call *call, uint64_t id,
                             const Tenon__Stored__V1__Import *state)
{
    size_t len = tenon__stored__v1__import__get_packed_size(state);
    uint8_t *bytes = arena_alloc(call->arena, len + 1);
    char key[KEY_SIZE];

    if (!bytes)
        return err_memory(call->err, "an import");
    len = tenon__stored__v1__import__pack(state, bytes);
    return txn_put_meta(call->txn, key_of(id, key), (struct tn_bytes){bytes, len}, call->err);
}
