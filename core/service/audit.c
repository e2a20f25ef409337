/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - entries of the audit, and tenon.admin.v1.Audit, which lists them. */
#include "core/service/audit.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "core/store/meta.h"
#include "tenon/admin/v1/licences.pb-c.h"
#include "tenon/stored/v1/stored.pb-c.h"

#define KEY_START "audit/"
#define KEY_START_LEN (sizeof(KEY_START) - 1)
/* Time and a random number, so that entries of one moment do not meet. */
#define KEY_TAIL_LEN 12u
#define KEY_LEN (KEY_START_LEN + KEY_TAIL_LEN)

static void cut(char *out, struct tn_str text)
{
    size_t len = text.len <= AUDIT_TEXT_MAX ? text.len : utf8_cut(text.data, AUDIT_TEXT_MAX);

    if (len > 0)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

tn_status audit_add(struct txn *txn, const struct audit_entry *entry, struct err *err)
{
    Tenon__Stored__V1__Audit stored = TENON__STORED__V1__AUDIT__INIT;
    char texts[4][AUDIT_TEXT_MAX + 1];
    char key[KEY_LEN];
    uint8_t *tail = (uint8_t *)key + KEY_START_LEN;

    cut(texts[0], entry->user);
    cut(texts[1], entry->action);
    cut(texts[2], entry->subject);
    cut(texts[3], entry->detail);
    stored.at_us = txn_now(txn);
    stored.user = texts[0];
    stored.action = texts[1];
    stored.subject = texts[2];
    stored.detail = texts[3];
    memcpy(key, KEY_START, KEY_START_LEN);
    write_u64(tail, (uint64_t)stored.at_us);
    write_u32(tail + 8, randombytes_random());
    size_t len = tenon__stored__v1__audit__get_packed_size(&stored);
    uint8_t *packed = arena_alloc(txn_arena(txn), len);
    if (!packed)
        return err_memory(err, "an entry of the audit");
    (void)tenon__stored__v1__audit__pack(&stored, packed);
    return txn_put_meta(txn, (struct tn_str){key, KEY_LEN}, (struct tn_bytes){packed, len}, err);
}

/* Listing */

static tn_status write_entry(struct service_call *call, const Tenon__Stored__V1__Audit *stored,
                             Tenon__Admin__V1__AuditEntry **ret_entry)
{
    Tenon__Admin__V1__AuditEntry *message =
        wire_message(call, &tenon__admin__v1__audit_entry__descriptor);

    if (!message)
        return TN_RESOURCE_EXHAUSTED;
    message->at = stored->at_us;
    message->user = wire_text(call, utf8_str(stored->user));
    message->action = wire_text(call, utf8_str(stored->action));
    message->subject = wire_text(call, utf8_str(stored->subject));
    message->detail = wire_text(call, utf8_str(stored->detail));
    if (!message->user || !message->action || !message->subject || !message->detail)
        return TN_RESOURCE_EXHAUSTED;
    *ret_entry = message;
    return TN_OK;
}

static tn_status take_entry(struct service_call *call, struct tn_bytes value,
                            Tenon__Admin__V1__ListAuditResponse *response)
{
    Tenon__Stored__V1__Audit *stored =
        tenon__stored__v1__audit__unpack(NULL, value.len, value.data);

    if (!stored)
        return err_set(call->err, TN_DATA_LOSS, "A stored entry of the audit is damaged.");
    tn_status st = write_entry(call, stored, &response->entries[response->n_entries]);
    tenon__stored__v1__audit__free_unpacked(stored, NULL);
    if (st == TN_OK)
        response->n_entries++;
    return st;
}

/* A page, from the cursor (empty: the newest) down; one more than asked for tells where to go on.
 */
static tn_status read_page(struct service_call *call, struct store_cursor *cursor, uint32_t limit,
                           Tenon__Admin__V1__ListAuditResponse *response)
{
    struct tn_bytes key;
    struct tn_bytes value;

    for (;;) {
        tn_status st = store_cursor_next(cursor, &key, &value, call->err);

        if (st == TN_NOT_FOUND)
            return TN_OK;
        TRY(st);
        if (response->n_entries == limit) {
            struct tn_bytes tail = {key.data + key.len - KEY_TAIL_LEN, KEY_TAIL_LEN};

            response->next_cursor = wire_cursor_write(call, tail);
            return response->next_cursor ? TN_OK : TN_RESOURCE_EXHAUSTED;
        }
        TRY(take_entry(call, value, response));
    }
}

static tn_status list(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Admin__V1__ListAuditRequest *request = message;
    Tenon__Admin__V1__ListAuditResponse *response = answer;
    uint8_t key[1 + KEY_LEN] = {STORE_META_VALUE};
    struct tn_bytes tail;
    uint32_t limit = 0;

    TRY(wire_limit(call, request->limit, &limit));
    TRY(wire_cursor_read(call, request->cursor, &tail));
    if (tail.len != 0 && tail.len != KEY_TAIL_LEN)
        return err_violate(call->err,
                           TN_INVALID_ARGUMENT,
                           "cursor",
                           "cursor",
                           "The cursor is not one of this list.");
    response->entries = wire_list(call, limit + (size_t)1);
    if (!response->entries)
        return TN_RESOURCE_EXHAUSTED;
    memcpy(key + 1, KEY_START, KEY_START_LEN);
    if (tail.len > 0)
        memcpy(key + 1 + KEY_START_LEN, tail.data, tail.len);
    struct store_cursor *cursor =
        store_cursor_open(records_store(call->service->records),
                          txn_snapshot(call->txn),
                          STORE_META,
                          call->session->portal->id,
                          (struct tn_bytes){key, 1 + KEY_START_LEN},
                          (struct tn_bytes){key, tail.len > 0 ? sizeof(key) : 0},
                          true);
    if (!cursor)
        return err_memory(call->err, "the audit");
    tn_status st = read_page(call, cursor, limit, response);
    store_cursor_close(cursor);
    return st;
}

struct service_methods service_audit(void)
{
    static const struct dispatch_method methods[] = {
        {
            .name = "tenon.admin.v1.Audit/List",
            .request = &tenon__admin__v1__list_audit_request__descriptor,
            .response = &tenon__admin__v1__list_audit_response__descriptor,
            .flags = DISPATCH_READS | DISPATCH_ADMIN,
            .run = list,
        },
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
