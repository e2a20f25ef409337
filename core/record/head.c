/* SPDX-License-Identifier: Apache-2.0 */
/* head.c - format byte, change number, next record id. */
#include "core/record/head.h"

#include "core/store/meta.h"

#define HEAD_FORMAT 1u
#define HEAD_SIZE 17u

static const uint8_t head_key[] = {STORE_META_HEAD};

/* The change log ends with `change`: head and log are written together or not at all. */
static tn_status check_log(struct store *store, uint32_t portal, uint64_t change, struct err *err)
{
    struct tn_bytes key;
    struct tn_bytes value;
    uint64_t last = 0;
    struct store_cursor *cursor = store_cursor_open(
        store, NULL, STORE_LOG, portal, (struct tn_bytes){0}, (struct tn_bytes){0}, true);

    if (!cursor)
        return err_memory(err, "a portal");
    tn_status st = store_cursor_next(cursor, &key, &value, err);
    if (st == TN_OK && key.len == 8)
        last = read_u64(key.data);
    store_cursor_close(cursor);
    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    if (last != change)
        return err_set(err,
                       TN_DATA_LOSS,
                       "Portal %u is damaged: its change log ends with %llu, its head is %llu.",
                       portal,
                       (unsigned long long)last,
                       (unsigned long long)change);
    return TN_OK;
}

tn_status head_decode(struct tn_bytes value, struct head *ret_head)
{
    if (value.len != HEAD_SIZE || value.data[0] != HEAD_FORMAT)
        return TN_DATA_LOSS;
    *ret_head = (struct head){read_u64(value.data + 1), read_u64(value.data + 9)};
    return TN_OK;
}

tn_status head_read(struct store *store, uint32_t portal, struct head *ret_head, struct err *err)
{
    struct head head = {.change = 0, .next_record = 1};
    struct buf value = {0};
    tn_status st = store_get(store,
                             NULL,
                             STORE_META,
                             portal,
                             (struct tn_bytes){head_key, sizeof(head_key)},
                             &value,
                             err);

    if (st == TN_OK && head_decode(buf_bytes(&value), &head) != TN_OK)
        st = err_set(err, TN_DATA_LOSS, "The head of portal %u is damaged.", portal);
    buf_fini(&value);
    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    TRY(check_log(store, portal, head.change, err));
    *ret_head = head;
    return TN_OK;
}

void head_put(struct store_batch *batch, uint32_t portal, const struct head *head)
{
    uint8_t value[HEAD_SIZE] = {HEAD_FORMAT};

    write_u64(value + 1, head->change);
    write_u64(value + 9, head->next_record);
    store_batch_put(batch,
                    STORE_META,
                    portal,
                    (struct tn_bytes){head_key, sizeof(head_key)},
                    (struct tn_bytes){value, sizeof(value)});
}
