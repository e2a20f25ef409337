/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expire.c - outcomes of idempotency keys end some time after they were kept. Each has an entry in
 * family due of the host (portal 0): time, portal, key of family meta. The committer looks there
 * now and then, and what has ended leaves with the group that it writes anyway.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/record/state.h"
#include "tenon/stored/v1/stored.pb-c.h"

/* Between two looks. */
#define LOOK_EVERY_US ((int64_t)60 * 1000000)
/* Entries taken away at one look, so that a group does not wait for long. */
#define EXPIRE_MAX 1000u
/* time u64, portal u32 */
#define DUE_PREFIX_SIZE 12u

void expire_note(struct store_batch *batch, tn_time at_us, uint32_t portal, struct tn_bytes key)
{
    struct buf due = {0};

    /* An entry that finds no room leaves its outcome behind for good, which does no harm. */
    if (buf_add_u64(&due, (uint64_t)at_us) == TN_OK && buf_add_u32(&due, portal) == TN_OK &&
        buf_add(&due, key.data, key.len) == TN_OK)
        store_batch_put(batch, STORE_DUE, 0, buf_bytes(&due), (struct tn_bytes){0});
    buf_fini(&due);
}

/* The key may have been used again since: then a later entry is about it. */
static bool is_over(struct store *store, uint32_t portal, struct tn_bytes key, tn_time now_us)
{
    struct buf value = {0};
    bool over = false;

    if (store_get(store, NULL, STORE_META, portal, key, &value, NULL) == TN_OK) {
        Tenon__Stored__V1__Outcome *outcome =
            tenon__stored__v1__outcome__unpack(NULL, value.len, value.data);

        over = outcome && outcome->expires_us <= now_us;
        if (outcome)
            tenon__stored__v1__outcome__free_unpacked(outcome, NULL);
    }
    buf_fini(&value);
    return over;
}

void expire_look(struct records *records, struct store_batch *batch)
{
    tn_time now_us = clock_wall_us();
    struct tn_bytes due;
    struct tn_bytes value;

    if (clock_mono_us() - records->expired_us < LOOK_EVERY_US)
        return;
    records->expired_us = clock_mono_us();
    struct store_cursor *walk = store_cursor_open(
        records->store, NULL, STORE_DUE, 0, (struct tn_bytes){0}, (struct tn_bytes){0}, false);
    if (!walk)
        return; /* the next look finds them */
    for (unsigned i = 0; i < EXPIRE_MAX; i++) {
        if (store_cursor_next(walk, &due, &value, NULL) != TN_OK || due.len < DUE_PREFIX_SIZE ||
            (tn_time)read_u64(due.data) > now_us)
            break;
        uint32_t portal = read_u32(due.data + 8);
        struct tn_bytes key = {due.data + DUE_PREFIX_SIZE, due.len - DUE_PREFIX_SIZE};
        if (is_over(records->store, portal, key, now_us))
            store_batch_delete(batch, STORE_META, portal, key);
        store_batch_delete(batch, STORE_DUE, 0, due);
    }
    store_cursor_close(walk);
}
