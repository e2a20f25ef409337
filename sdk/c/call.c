/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - calls of a client: made, waiting, sent, ended. */
#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "sdk/c/client_private.h"

/* What a call sends, borrowed from the caller or from call->stored. */
struct outgoing {
    const char *method;
    const char *portal;
    struct tn_bytes metadata;
    struct tn_bytes request;
};

/* Memory */

static void free_call(struct tenon_call *call)
{
    buf_fini(&call->stored);
    buf_fini(&call->partial);
    buf_fini(&call->out.body);
    buf_fini(&call->out.end);
    mem_free(call);
}

static void trim(struct buf *buf)
{
    if (buf->cap > SPARE_SIZE_MAX)
        buf_fini(buf);
    buf_clear(buf);
}

void call_recycle(struct tenon_call *call)
{
    struct tenon_client *client = call->client;

    if (client->spare_count == SPARE_CALL_MAX) {
        free_call(call);
        return;
    }
    trim(&call->stored);
    trim(&call->partial);
    trim(&call->out.body);
    call->next = client->spare;
    client->spare = call;
    client->spare_count++;
}

/* Locked. NULL: memory is out. */
static struct tenon_call *new_call(struct tenon_client *client)
{
    struct tenon_call *call = client->spare;

    if (call) {
        client->spare = call->next;
        client->spare_count--;
    } else {
        call = mem_new(struct tenon_call);
        if (!call)
            return NULL;
        call->client = client;
    }
    call->state = CALL_WAITING;
    call->id = 0;
    call->is_cancelled = false;
    call->is_paused = false;
    call->taken = 0;
    call->next = NULL;
    call->prev = NULL;
    call->out.credit = BUS_CREDIT_ENDLESS;
    call->out.flags = 0;
    return call;
}

tn_status calls_reset(struct tenon_client *client, uint32_t call_max)
{
    if (call_max > OPEN_CALL_MAX)
        call_max = OPEN_CALL_MAX;
    struct tenon_call **calls = mem_array(struct tenon_call *, call_max + 1);
    uint32_t *free_ids = mem_array(uint32_t, call_max);
    if (!calls || !free_ids) {
        mem_free(calls);
        mem_free(free_ids);
        return TN_RESOURCE_EXHAUSTED;
    }
    mem_free(client->calls);
    mem_free(client->free_ids);
    client->calls = calls;
    client->free_ids = free_ids;
    client->call_max = call_max;
    client->free_count = call_max;
    client->sent_count = 0;
    for (uint32_t i = 0; i < call_max; i++)
        free_ids[i] = call_max - i; /* low ids first */
    return TN_OK;
}

void calls_fini(struct tenon_client *client)
{
    while (client->spare) {
        struct tenon_call *call = client->spare;

        client->spare = call->next;
        free_call(call);
    }
    mem_free(client->calls);
    mem_free(client->free_ids);
}

/* Waiting */

static void push_waiting(struct tenon_client *client, struct tenon_call *call)
{
    call->next = NULL;
    call->prev = client->last_waiting;
    if (call->prev)
        call->prev->next = call;
    else
        client->first_waiting = call;
    client->last_waiting = call;
}

static void remove_waiting(struct tenon_client *client, struct tenon_call *call)
{
    if (call->prev)
        call->prev->next = call->next;
    else
        client->first_waiting = call->next;
    if (call->next)
        call->next->prev = call->prev;
    else
        client->last_waiting = call->prev;
    call->next = NULL;
    call->prev = NULL;
}

static tn_status store(struct tenon_call *call, const struct outgoing *outgoing)
{
    call->method_size = strlen(outgoing->method) + 1;
    call->portal_size = strlen(outgoing->portal) + 1;
    call->metadata_len = outgoing->metadata.len;
    buf_clear(&call->stored);
    TRY(buf_add(&call->stored, outgoing->method, call->method_size));
    TRY(buf_add(&call->stored, outgoing->portal, call->portal_size));
    TRY(buf_add(&call->stored, outgoing->metadata.data, outgoing->metadata.len));
    return buf_add(&call->stored, outgoing->request.data, outgoing->request.len);
}

static struct outgoing stored(const struct tenon_call *call)
{
    const uint8_t *at = call->stored.data;
    size_t before = call->method_size + call->portal_size + call->metadata_len;

    return (struct outgoing){
        .method = (const char *)at,
        .portal = (const char *)at + call->method_size,
        .metadata = {at + call->method_size + call->portal_size, call->metadata_len},
        .request = {at + before, call->stored.len - before},
    };
}

/* Sending; all locked */

static tn_status announce_method(struct tenon_client *client, const char *name, uint16_t *ret_id)
{
    uint32_t id = 0;
    bool is_new = false;

    TRY(names_find(&client->methods, name, &id, &is_new));
    *ret_id = (uint16_t)id;
    if (!is_new)
        return TN_OK;
    const struct bus_define define = {
        .what = BUS_DEFINE_METHOD, .id = (uint16_t)id, .method = utf8_str(name)};
    return bus_define_write(bus_conn_out(&client->conn), &define);
}

static tn_status announce_session(struct tenon_client *client, const char *portal, uint16_t *ret_id)
{
    uint32_t id = 0;
    bool is_new = false;

    TRY(names_find(&client->portals, portal, &id, &is_new));
    *ret_id = (uint16_t)id;
    if (!is_new)
        return TN_OK;
    const struct bus_define define = {
        .what = BUS_DEFINE_SESSION,
        .id = (uint16_t)id,
        .portal = utf8_str(portal),
        .token = utf8_str(client->token),
        .language = utf8_str(client->language),
    };
    return bus_define_write(bus_conn_out(&client->conn), &define);
}

/* The CALL frame with the first piece of the request; `*ret_len` is the piece's. */
static tn_status write_call(struct tenon_call *call, const struct bus_call_head *head,
                            struct tn_bytes request, size_t *ret_len)
{
    struct buf *out = bus_conn_out(&call->client->conn);
    size_t start = out->len;
    uint8_t flags = 0;

    TRY(bus_frame_write(out, BUS_KIND_CALL, 0, call->id, (struct tn_bytes){0}));
    tn_status st = bus_call_head_write(out, head, &flags);
    size_t room = BUS_BODY_MAX - (out->len - start - BUS_HEADER_SIZE);
    size_t len = request.len < room ? request.len : room;
    if (st == TN_OK)
        st = buf_add(out, request.data, len);
    if (st != TN_OK) {
        out->len = start;
        return st;
    }
    if (len < request.len)
        flags |= BUS_FLAG_MORE;
    bus_header_write(
        out->data + start, BUS_KIND_CALL, flags, call->id, out->len - start - BUS_HEADER_SIZE);
    *ret_len = len;
    return TN_OK;
}

static int64_t time_left(const struct tenon_call *call, int64_t now_us)
{
    if (call->deadline_us == BUS_NEVER)
        return INT64_MAX;
    return call->deadline_us > now_us ? call->deadline_us - now_us : 0;
}

static tn_status write_all(struct tenon_call *call, const struct outgoing *outgoing, int64_t now_us)
{
    struct tenon_client *client = call->client;
    struct bus_call_head head = {.timeout_us = time_left(call, now_us),
                                 .metadata = outgoing->metadata};
    size_t len = 0;

    TRY(announce_method(client, outgoing->method, &head.method_id));
    TRY(announce_session(client, outgoing->portal, &head.session_id));
    if (outgoing->request.len > BUS_BODY_MAX / 2) {
        buf_clear(&call->out.body);
        TRY(buf_reserve(&call->out.body, outgoing->request.len));
    }
    TRY(write_call(call, &head, outgoing->request, &len));
    if (len == outgoing->request.len)
        return TN_OK;
    (void)buf_add(
        &call->out.body, outgoing->request.data + len, outgoing->request.len - len); /* reserved */
    call->out.sent = 0;
    call->out.has_message = true;
    bus_conn_queue(&client->conn, &call->out);
    return TN_OK;
}

static bool can_send(struct tenon_client *client)
{
    return client->state == CLIENT_OPEN && bus_conn_is_open(&client->conn) &&
           client->free_count > 0 && bus_conn_out(&client->conn)->len < UNWRITTEN_MAX;
}

/* After can_send(). A connection that has no memory for the frames is closed: then the call ends
 * with it. */
static void send_call(struct tenon_call *call, const struct outgoing *outgoing, int64_t now_us)
{
    struct tenon_client *client = call->client;

    call->state = CALL_SENT;
    call->id = client->free_ids[--client->free_count];
    call->out.call_id = call->id;
    client->calls[call->id] = call;
    client->sent_count++;
    if (write_all(call, outgoing, now_us) != TN_OK)
        bus_conn_close(&client->conn);
    else
        bus_conn_kick(&client->conn);
}

void calls_send_waiting(struct tenon_client *client)
{
    while (client->first_waiting && can_send(client)) {
        struct tenon_call *call = client->first_waiting;
        struct outgoing outgoing = stored(call);

        remove_waiting(client, call);
        send_call(call, &outgoing, clock_mono_us());
    }
}

void calls_sent(struct bus_out *out)
{
    calls_send_waiting(CONTAINER_OF(out, struct tenon_call, out)->client);
}

/* Makes call_timer fire at `due_us` or earlier. */
static void watch(struct tenon_client *client, int64_t due_us)
{
    if (due_us >= client->call_due_us)
        return;
    client->call_due_us = due_us;
    (void)bus_loop_arm(&client->loop, &client->call_timer, due_us); /* it is armed always */
}

static tn_status begin_call(struct tenon_call *call, const struct outgoing *outgoing,
                            int64_t now_us)
{
    struct tenon_client *client = call->client;

    watch(client, call->deadline_us);
    /* In order behind those that wait already. */
    if (!client->first_waiting && can_send(client)) {
        send_call(call, outgoing, now_us);
        return TN_OK;
    }
    TRY(store(call, outgoing));
    push_waiting(client, call);
    calls_send_waiting(client);
    return TN_OK;
}

/* The metadata of a call, encoded. */
static tn_status encode_metadata(const struct tenon_call_options *options, struct buf *out)
{
    if (options->idempotency_key)
        TRY(bus_metadata_add(out, utf8_str("idempotency-key"), utf8_str(options->idempotency_key)));
    for (uint32_t i = 0; i < options->metadata_count; i++)
        TRY(bus_metadata_add(
            out, utf8_str(options->metadata[i].key), utf8_str(options->metadata[i].value)));
    return TN_OK;
}

static int64_t deadline_in(int64_t timeout_us, int64_t now_us)
{
    return timeout_us < BUS_NEVER - now_us ? now_us + timeout_us : BUS_NEVER;
}

/* Whom to tell what. */
struct listeners {
    tenon_message_fn message;
    tenon_done_fn done;
    void *ctx;
    struct tenon_call **ret_call;
};

/* Locked. */
static tn_status add_call(struct tenon_client *client, const struct outgoing *outgoing,
                          int64_t timeout_us, const struct listeners *listeners)
{
    int64_t now_us = clock_mono_us();
    struct tenon_call *call = NULL;

    if (client->open_count < OPEN_CALL_MAX && client->state != CLIENT_STOPPED)
        call = new_call(client);
    if (!call)
        return TN_RESOURCE_EXHAUSTED;
    call->message = listeners->message;
    call->done = listeners->done;
    call->ctx = listeners->ctx;
    call->deadline_us = deadline_in(timeout_us, now_us);
    if (listeners->ret_call)
        *listeners->ret_call = call; /* `done` may run as soon as the lock is let go */
    tn_status st = begin_call(call, outgoing, now_us);
    if (st == TN_OK)
        client->open_count++;
    else
        call_recycle(call);
    return st;
}

static bool names_fit(const char *method, const char *portal)
{
    size_t len = strlen(method);

    return len > 0 && len <= BUS_NAME_MAX && strlen(portal) <= BUS_NAME_MAX;
}

tn_status tenon_call(struct tenon_client *client, const char *method, struct tn_bytes request,
                     const struct tenon_call_options *options, tenon_message_fn message,
                     tenon_done_fn done, void *ctx, struct tenon_call **ret_call)
{
    static const struct tenon_call_options defaults = {0};
    const struct listeners listeners = {message, done, ctx, ret_call};
    struct outgoing outgoing = {.method = method, .request = request};
    struct buf metadata = {0};

    if (!options)
        options = &defaults;
    outgoing.portal = options->portal ? options->portal : client->portal;
    if (!names_fit(method, outgoing.portal))
        return TN_INVALID_ARGUMENT;
    tn_status st = encode_metadata(options, &metadata);
    outgoing.metadata = buf_bytes(&metadata);
    if (st == TN_OK) {
        int64_t timeout_us = options->timeout_us > 0 ? options->timeout_us : client->timeout_us;

        (void)pthread_mutex_lock(&client->mu);
        st = add_call(client, &outgoing, timeout_us, &listeners);
        (void)pthread_mutex_unlock(&client->mu);
    }
    buf_fini(&metadata);
    return st;
}

/* Ending */

/* The host ended the call of this id: it may be used again. */
void calls_free_id(struct tenon_client *client, uint32_t id)
{
    client->calls[id] = NULL;
    client->free_ids[client->free_count++] = id;
    client->sent_count--;
    client_close_if_drained(client);
}

/* Takes the call off everything; afterwards only who ends it knows it. Locked. */
void call_detach(struct tenon_call *call)
{
    struct tenon_client *client = call->client;

    assert(call->state != CALL_ENDED);
    if (call->state == CALL_WAITING)
        remove_waiting(client, call);
    else
        bus_conn_unqueue(&client->conn, &call->out);
    call->state = CALL_ENDED;
    client->open_count--;
}

void call_tell(struct tenon_call *call, const struct tenon_result *result)
{
    assert(call->state == CALL_ENDED);
    call->done(call->ctx, result);
}

void call_end(struct tenon_call *call, const struct tenon_result *result)
{
    struct tenon_client *client = call->client;

    call_tell(call, result);
    (void)pthread_mutex_lock(&client->mu);
    call_recycle(call);
    (void)pthread_mutex_unlock(&client->mu);
}

void call_fail(struct tenon_call *call, tn_status status, const char *text)
{
    const struct tenon_result result = {.status = status, .message = text};

    call_end(call, &result);
}

/* Ends a call from our side; the host is told if it knows of it. Locked. */
void call_give_up(struct tenon_call *call)
{
    struct tenon_client *client = call->client;
    bool is_known = call->state == CALL_SENT;

    call_detach(call);
    if (!is_known)
        return;
    client->calls[call->id] = NULL; /* the id is used until the host ends the call */
    bus_conn_put(&client->conn, BUS_KIND_CANCEL, 0, call->id, (struct tn_bytes){0});
}

static struct tenon_call *any_call(struct tenon_client *client, bool with_waiting)
{
    for (uint32_t id = 1; id <= client->call_max && client->sent_count > 0; id++)
        if (client->calls[id])
            return client->calls[id];
    return with_waiting ? client->first_waiting : NULL;
}

void calls_fail_all(struct tenon_client *client, bool with_waiting, tn_status status,
                    const char *text)
{
    struct tenon_call *call;

    do {
        (void)pthread_mutex_lock(&client->mu);
        call = any_call(client, with_waiting);
        if (call) {
            if (call->state == CALL_SENT)
                client->calls[call->id] = NULL;
            call_detach(call);
        }
        (void)pthread_mutex_unlock(&client->mu);
        if (call)
            call_fail(call, status, text);
    } while (call);
}

/* Why a call's own time is over: it may never have left. Locked. */
static tn_status why_over(struct tenon_call *call, struct err *err)
{
    struct tenon_client *client = call->client;

    if (call->is_cancelled)
        return err_set(err, TN_CANCELLED, "The call was cancelled.");
    if (call->state == CALL_WAITING && client->state != CLIENT_OPEN &&
        client->reasons[client->reason][0] != '\0') {
        struct tn_str reason = utf8_str(client->reasons[client->reason]);

        (void)err_violate_text(err, TN_UNAVAILABLE, NULL, "", reason);
        return TN_UNAVAILABLE;
    }
    return err_set(err, TN_DEADLINE_EXCEEDED, "The call's time is over.");
}

/* Whether the call is to be ended now; if not, `*next_us` is when to look again at the latest. */
static bool is_over(const struct tenon_call *call, int64_t now_us, int64_t *next_us)
{
    if (call->is_cancelled || call->deadline_us <= now_us)
        return true;
    if (call->deadline_us < *next_us)
        *next_us = call->deadline_us;
    return false;
}

/* A call whose time is over, or that was cancelled. Locked. */
static struct tenon_call *find_over(struct tenon_client *client, int64_t now_us, int64_t *next_us)
{
    for (uint32_t id = 1; id <= client->call_max && client->sent_count > 0; id++)
        if (client->calls[id] && is_over(client->calls[id], now_us, next_us))
            return client->calls[id];
    for (struct tenon_call *call = client->first_waiting; call; call = call->next)
        if (is_over(call, now_us, next_us))
            return call;
    return NULL;
}

/* Ends one; false: there is none any more. With deliver_mu. */
static bool end_over(struct tenon_client *client)
{
    int64_t next_us = BUS_NEVER;
    tn_status st = TN_OK;
    struct err err;

    err_init(&err, client->language);
    (void)pthread_mutex_lock(&client->mu);
    client->call_due_us = BUS_NEVER;
    struct tenon_call *call = find_over(client, clock_mono_us(), &next_us);
    if (call) {
        st = why_over(call, &err);
        call_give_up(call);
    } else {
        watch(client, next_us);
    }
    (void)pthread_mutex_unlock(&client->mu);
    if (!call)
        return false;
    call_fail(call, st, err.message);
    return true;
}

void calls_fire(struct bus_timer *timer)
{
    struct tenon_client *client = CONTAINER_OF(timer, struct tenon_client, call_timer);

    (void)pthread_mutex_lock(&client->deliver_mu);
    while (end_over(client))
        continue;
    (void)pthread_mutex_unlock(&client->deliver_mu);
}

void tenon_call_cancel(struct tenon_call *call)
{
    struct tenon_client *client = call->client;

    (void)pthread_mutex_lock(&client->mu);
    if (call->state != CALL_ENDED && !call->is_cancelled) {
        call->is_cancelled = true;
        watch(client, 0); /* `done` runs on the loop's thread, never in here */
    }
    (void)pthread_mutex_unlock(&client->mu);
}
