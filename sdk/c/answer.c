/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - what the host sends of a call: messages, the end, and the credit they are given. */
#include <string.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/utf8.h"
#include "core/bus/unpack.h"
#include "sdk/c/client_private.h"

/* The open call of a frame; NULL: it ended on our side. Locked. */
static struct tenon_call *find(const struct tenon_client *client, const struct bus_frame *frame)
{
    return frame->call_id <= client->call_max ? client->calls[frame->call_id] : NULL;
}

/* The host has ended a call that we had given up, or never was. Locked. */
static tn_status free_abandoned(struct tenon_client *client, uint32_t id, struct err *err)
{
    if (id > client->call_max || client->sent_count == 0)
        return err_set(err, TN_DATA_LOSS, "The host ended a call that was not made.");
    calls_free_id(client, id);
    calls_send_waiting(client);
    return TN_OK;
}

static void give_credit(struct tenon_client *client, uint32_t id, uint32_t *taken)
{
    if (!bus_conn_is_open(&client->conn))
        return;
    if (bus_credit_write(bus_conn_out(&client->conn), id, *taken) != TN_OK)
        bus_conn_close(&client->conn);
    else
        bus_conn_kick(&client->conn);
    *taken = 0;
}

/* Counts what was received, and gives credit back by half windows. Locked. */
static void count_taken(struct tenon_client *client, struct tenon_call *call,
                        const struct bus_frame *frame)
{
    uint32_t size = (uint32_t)(BUS_HEADER_SIZE + frame->body.len);

    client->taken += size;
    if (client->taken >= CONNECTION_WINDOW / 2)
        give_credit(client, 0, &client->taken);
    if (!call || (frame->flags & BUS_FLAG_LAST))
        return;
    call->taken += size;
    if (call->taken >= CALL_WINDOW / 2 && !call->is_paused)
        give_credit(client, call->id, &call->taken);
}

/* The whole message in `*ret_message`, or nothing yet (false). Not locked. */
static tn_status assemble(struct tenon_call *call, const struct bus_frame *frame,
                          struct tn_bytes *ret_message)
{
    if (call->partial.len == 0 && !(frame->flags & BUS_FLAG_MORE)) {
        *ret_message = frame->body;
        return TN_OK;
    }
    if (call->partial.len + frame->body.len > MESSAGE_SIZE_MAX)
        return TN_RESOURCE_EXHAUSTED;
    TRY(buf_add(&call->partial, frame->body.data, frame->body.len));
    *ret_message = buf_bytes(&call->partial);
    return TN_OK;
}

/* The host has ended the call: only who ends it here still knows it. Locked. */
static void detach(struct tenon_call *call)
{
    struct tenon_client *client = call->client;

    call_detach(call);
    calls_free_id(client, call->id);
    calls_send_waiting(client);
}

/* Tells it; of a call that is detached if it `has_ended`. */
static void refuse_too_large(struct tenon_call *call, bool has_ended)
{
    struct tenon_client *client = call->client;
    struct err err;

    err_init(&err, client->language);
    (void)err_set(&err, TN_RESOURCE_EXHAUSTED, "The answer is too large for the client.");
    if (!has_ended) {
        (void)pthread_mutex_lock(&client->mu);
        call_give_up(call);
        (void)pthread_mutex_unlock(&client->mu);
    }
    call_tell(call, &(struct tenon_result){.status = err.status, .message = err.message});
}

/* Whether the call was told of its end. */
static bool deliver(struct tenon_call *call, const struct bus_frame *frame)
{
    struct tn_bytes message = {0};
    bool is_last = (frame->flags & BUS_FLAG_LAST) != 0;

    if (assemble(call, frame, &message) != TN_OK) {
        refuse_too_large(call, is_last);
        return true;
    }
    if (!(frame->flags & BUS_FLAG_MORE)) {
        if (call->message)
            call->message(call->ctx, message);
        buf_clear(&call->partial);
    }
    if (is_last)
        call_tell(call, &(struct tenon_result){.status = TN_OK, .message = ""});
    return is_last;
}

tn_status calls_take_message(struct tenon_client *client, const struct bus_frame *frame,
                             struct err *err)
{
    struct tenon_call *call = find(client, frame);
    bool is_last = (frame->flags & BUS_FLAG_LAST) != 0;

    count_taken(client, call, frame);
    if (!call)
        return is_last ? free_abandoned(client, frame->call_id, err) : TN_OK;
    if (is_last)
        detach(call);
    (void)pthread_mutex_unlock(&client->mu);
    /* Calls end with deliver_mu held only, which is ours now: it is still there. */
    bool has_ended = deliver(call, frame);
    (void)pthread_mutex_lock(&client->mu);
    if (has_ended)
        call_recycle(call);
    return TN_OK;
}

/* Fills what an END says in; all of it lives in the arena or in the frame. */
static tn_status read_result(struct tenon_client *client, const struct bus_ending *ending,
                             struct tenon_result *result)
{
    struct arena *arena = &client->result_arena;
    struct err ignored;

    err_init(&ignored, NULL);
    arena_reset(arena);
    result->status = ending->status;
    result->message = arena_copy(arena, ending->message.data, ending->message.len);
    if (!result->message)
        return TN_RESOURCE_EXHAUSTED;
    const ProtobufCMessage *message =
        bus_unpack(ending->details, &tenon__bus__v1__status_details__descriptor, arena, &ignored);
    const Tenon__Bus__V1__StatusDetails *details = (const void *)message;
    if (!details)
        return ignored.status;
    struct tenon_violation *violations =
        arena_array(arena, struct tenon_violation, details->n_violations);
    if (!violations)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < details->n_violations; i++)
        violations[i] = (struct tenon_violation){.field = details->violations[i]->field,
                                                 .rule = details->violations[i]->rule,
                                                 .message = details->violations[i]->message};
    result->violations = violations;
    result->violation_count = (uint32_t)details->n_violations;
    result->retry_after_us = (int64_t)details->retry_after_us;
    result->missing_module = details->missing_module;
    result->missing_tier = details->missing_tier;
    return TN_OK;
}

tn_status calls_take_end(struct tenon_client *client, const struct bus_frame *frame,
                         struct err *err)
{
    struct tenon_result result = {.message = ""};
    struct bus_ending ending;

    TRY(bus_ending_read(frame->body, &ending, err));
    struct tenon_call *call = find(client, frame);
    if (!call)
        return free_abandoned(client, frame->call_id, err);
    detach(call);
    (void)pthread_mutex_unlock(&client->mu);
    if (read_result(client, &ending, &result) != TN_OK && !result.message)
        result.message = "";
    call_tell(call, &result);
    (void)pthread_mutex_lock(&client->mu);
    call_recycle(call);
    return TN_OK;
}

/* Streams */

void tenon_call_pause(struct tenon_call *call)
{
    struct tenon_client *client = call->client;

    (void)pthread_mutex_lock(&client->mu);
    call->is_paused = true;
    (void)pthread_mutex_unlock(&client->mu);
}

void tenon_call_resume(struct tenon_call *call)
{
    struct tenon_client *client = call->client;

    (void)pthread_mutex_lock(&client->mu);
    call->is_paused = false;
    if (call->state == CALL_SENT && call->taken >= CALL_WINDOW / 2)
        give_credit(client, call->id, &call->taken);
    (void)pthread_mutex_unlock(&client->mu);
}
