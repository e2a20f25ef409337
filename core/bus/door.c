/* SPDX-License-Identifier: Apache-2.0 */
/* door.c - see door.h. A context of the socket serves one request after the other. */
#include "core/bus/door.h"

#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/bus/envelope.h"
#include "core/bus/peer.h"
#include "core/bus/server_private.h"
#include "core/bus/status.h"
#include "core/bus/tls.h"
#include "core/bus/url.h"

/* A client that takes a reply no sooner is disconnected: it has one of few places. */
#define REPLY_TIMEOUT_MS 10000
/* What a context keeps of its buffer. */
#define PAYLOAD_KEEP ((size_t)64 << 10)
/* Of CALL, DEFINE for a method and for a session, with all that is in them. */
#define FRAMES_MAX ((size_t)16 << 10)

/* Its request is being received, is a call of a peer's link, or is being answered. */
struct door_context {
    struct door *door;
    nng_ctx ctx;
    nng_aio *rx;
    nng_aio *tx;
    uint32_t pipe;      /* that the request came from */
    struct buf payload; /* of the answer so far; guarded by the link's mu while there is a call */
};

/* A connection; nng calls it a pipe. */
struct door_peer {
    struct door *door;
    uint64_t pipe;         /* the table's key too */
    uint32_t refs;         /* guarded by door->mu: the table's, and requests being taken */
    struct bus_link *link; /* fixed; NULL: there are too many connections */
    struct door_context *contexts[DOOR_CONTEXT_COUNT + 1]; /* by call id; guarded by link->mu */
    uint16_t last_session;                                 /* guarded by link->mu */
};

struct door {
    struct door *next;
    struct bus_server *server;
    nng_socket socket;
    bool is_open;
    nng_listener listener;
    bool is_tls;
    struct door_context contexts[DOOR_CONTEXT_COUNT];
    pthread_mutex_t mu;
    struct map peers;       /* by pipe; guarded by mu, as all below */
    uint32_t refused_count; /* of peers without a link */
};

/* Replies */

static void receive(struct door_context *context)
{
    nng_ctx_recv(context->ctx, context->rx);
}

static nng_msg *make_reply(const struct bus_ending *ending, struct tn_bytes payload)
{
    CLEANUP(buf_fini) struct buf head = {0};
    nng_msg *reply = NULL;

    if (bus_reply_write(&head, ending, payload.len) != TN_OK ||
        nng_msg_alloc(&reply, head.len + payload.len) != 0)
        return NULL;
    uint8_t *body = nng_msg_body(reply);
    if (head.len > 0)
        memcpy(body, head.data, head.len);
    if (payload.len > 0)
        memcpy(body + head.len, payload.data, payload.len);
    return reply;
}

/* nng runs on_replied elsewhere, never in here. */
static void reply(struct door_context *context, const struct bus_ending *ending,
                  struct tn_bytes payload)
{
    nng_msg *message = make_reply(ending, payload);

    if (!message) {
        /* The client hears of a lost connection, rather than nothing. */
        (void)nng_pipe_close((nng_pipe){.id = context->pipe});
        receive(context);
        return;
    }
    nng_aio_set_msg(context->tx, message);
    nng_aio_set_timeout(context->tx, REPLY_TIMEOUT_MS);
    nng_ctx_send(context->ctx, context->tx);
}

static void reply_refusal(struct door_context *context, const struct err *err)
{
    CLEANUP(buf_fini) struct buf frame = {0};
    struct bus_ending ending = {.status = err->status, .message = utf8_str(err->message)};
    const struct tn_bytes nothing = {0};

    /* The way that a refusal takes in the bus, so that its details look the same. */
    if (bus_status_write(&frame, 0, err->status, err) == TN_OK)
        (void)bus_ending_read(
            (struct tn_bytes){frame.data + BUS_HEADER_SIZE, frame.len - BUS_HEADER_SIZE},
            &ending,
            NULL);
    reply(context, &ending, nothing);
}

static void on_replied(void *arg)
{
    struct door_context *context = arg;
    int result = nng_aio_result(context->tx);

    if (result != 0)
        nng_msg_free(nng_aio_get_msg(context->tx));
    if (result == NNG_ETIMEDOUT)
        (void)nng_pipe_close((nng_pipe){.id = context->pipe});
    if (result != NNG_ECLOSED)
        receive(context);
}

/* Frames that come back */

static struct door_context *take_context(struct door_peer *peer, uint32_t id)
{
    struct door_context *context = peer->contexts[id];

    peer->contexts[id] = NULL;
    return context;
}

static void end_call(struct door_peer *peer, uint32_t id, const struct bus_ending *ending)
{
    struct door_context *context = take_context(peer, id);

    if (ending->status != TN_OK)
        buf_clear(&context->payload);
    reply(context, ending, buf_bytes(&context->payload));
    buf_clear(&context->payload);
    if (context->payload.cap > PAYLOAD_KEEP)
        buf_fini(&context->payload);
}

static void take_message(struct door_peer *peer, const struct bus_frame *frame)
{
    struct door_context *context = peer->contexts[frame->call_id];
    const struct bus_ending done = {.status = TN_OK, .message = {"", 0}};
    const struct bus_ending no_memory = {.status = TN_RESOURCE_EXHAUSTED,
                                         .message = utf8_str("The host is busy: try again.")};

    if (buf_add(&context->payload, frame->body.data, frame->body.len) != TN_OK)
        end_call(peer, frame->call_id, &no_memory);
    else if (frame->flags & BUS_FLAG_LAST)
        end_call(peer, frame->call_id, &done);
    else if (!(frame->flags & BUS_FLAG_MORE))
        buf_clear(&context->payload); /* a method that became a stream: only its end is told */
}

void door_take_frames(struct door_peer *peer, struct tn_bytes frames)
{
    struct bus_frame frame;
    struct bus_ending ending;

    while (bus_frame_read(&frames, &frame, NULL) == TN_OK) {
        if (frame.call_id > DOOR_CONTEXT_COUNT || !peer->contexts[frame.call_id])
            continue; /* a goaway: the replies say as much */
        if (frame.kind == BUS_KIND_MESSAGE)
            take_message(peer, &frame);
        else if (frame.kind == BUS_KIND_END && bus_ending_read(frame.body, &ending, NULL) == TN_OK)
            end_call(peer, frame.call_id, &ending);
    }
}

void door_closed(struct door_peer *peer)
{
    for (uint32_t id = 1; id <= DOOR_CONTEXT_COUNT; id++)
        if (peer->contexts[id])
            receive(take_context(peer, id));
}

/* Requests */

/* 0: the connection has no call to spare. */
static uint32_t find_free_id(const struct door_peer *peer)
{
    uint32_t max = peer->link->call_max;

    for (uint32_t id = 1; id <= DOOR_CONTEXT_COUNT && id <= max; id++)
        if (!peer->contexts[id] && !peer->link->calls[id])
            return id;
    return 0;
}

static bool text_is(struct tn_str a, struct tn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Each call id has a method id; what was announced for it last is often what is asked for. */
static tn_status announce_method(const struct bus_link *link, struct tn_str name, uint16_t id,
                                 struct buf *frames)
{
    const struct link_method *known = link->methods[id];
    const struct bus_define define = {.what = BUS_DEFINE_METHOD, .id = id, .method = name};

    if (known && text_is((struct tn_str){known->name, known->len}, name))
        return TN_OK;
    return bus_define_write(frames, &define);
}

static tn_status announce_session(struct door_peer *peer, const struct bus_envelope *call,
                                  uint16_t *ret_id, struct buf *frames)
{
    for (uint16_t id = 1; id <= DOOR_SESSION_COUNT; id++) {
        const struct bus_session *known = peer->link->sessions[id];

        if (known && text_is(known->portal, call->portal) && text_is(known->token, call->token)) {
            *ret_id = id;
            return TN_OK;
        }
    }
    peer->last_session = (uint16_t)(peer->last_session % DOOR_SESSION_COUNT + 1);
    *ret_id = peer->last_session;
    const struct bus_define define = {.what = BUS_DEFINE_SESSION,
                                      .id = peer->last_session,
                                      .portal = call->portal,
                                      .token = call->token,
                                      .language = {"", 0}};
    return bus_define_write(frames, &define);
}

static int64_t timeout_of(const struct door_peer *peer, const struct bus_envelope *call)
{
    if (call->timeout_ms == 0)
        return peer->link->server->options.default_timeout_us;
    if (call->timeout_ms > (uint64_t)DOOR_TIMEOUT_MAX_US / 1000)
        return DOOR_TIMEOUT_MAX_US;
    return (int64_t)call->timeout_ms * 1000;
}

/* What a client of the bus would send before the payload. */
static tn_status write_frames(struct door_peer *peer, const struct bus_envelope *call, uint32_t id,
                              struct tn_bytes metadata, struct buf *frames)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct bus_call_head head = {
        .method_id = (uint16_t)id, .timeout_us = timeout_of(peer, call), .metadata = metadata};
    uint8_t flags = 0;

    TRY(buf_reserve(frames, FRAMES_MAX));
    TRY(announce_method(peer->link, call->method, head.method_id, frames));
    TRY(announce_session(peer, call, &head.session_id, frames));
    TRY(bus_call_head_write(&body, &head, &flags));
    if (call->payload.len > 0)
        flags |= BUS_FLAG_MORE;
    return bus_frame_write(frames, BUS_KIND_CALL, flags, id, buf_bytes(&body));
}

static tn_status feed(struct door_peer *peer, struct tn_bytes frames, uint32_t id,
                      struct tn_bytes payload, struct err *err)
{
    struct bus_frame frame = {.kind = BUS_KIND_MESSAGE, .call_id = id, .body = payload};
    struct bus_frame head;

    link_begin_read(peer->link);
    while (frames.len > 0) {
        TRY(bus_frame_read(&frames, &head, err));
        TRY(link_take_frame(peer->link, &head, err));
    }
    /* Longer than a frame of a stream may be: nobody takes turns with it in here. */
    return payload.len > 0 ? link_take_frame(peer->link, &frame, err) : TN_OK;
}

/* Locked. A failure is to be answered; else the answer comes as frames. */
static tn_status start_call(struct door_peer *peer, struct door_context *context,
                            const struct bus_envelope *call, struct tn_bytes metadata,
                            struct err *err)
{
    CLEANUP(buf_fini) struct buf frames = {0};
    uint32_t id = find_free_id(peer);

    if (id == 0)
        return err_set(err, TN_RESOURCE_EXHAUSTED, "The host is busy: try again.");
    if (write_frames(peer, call, id, metadata, &frames) != TN_OK)
        return err_memory(err, "the call");
    peer->contexts[id] = context;
    tn_status st = feed(peer, buf_bytes(&frames), id, call->payload, err);
    if (st != TN_OK)
        (void)take_context(peer, id);
    bus_conn_kick(&peer->link->conn);
    return st;
}

static tn_status refuse_stream(struct bus_server *server, struct tn_str name, struct err *err)
{
    const struct bus_method_entry *entry = bus_method_table_find(&server->methods, name);

    if (!entry || !(entry->def.flags & BUS_STREAMS))
        return TN_OK;
    return err_set(err,
                   TN_UNIMPLEMENTED,
                   "%s answers with a stream, which a request socket cannot take: call it at one "
                   "of the host's ipc:// or tcp:// URLs, with libtenon or `tenon call`.",
                   entry->def.name);
}

static tn_status check_peer(const struct door_peer *peer, struct err *err)
{
    if (peer->link)
        return TN_OK;
    return err_set(err, TN_RESOURCE_EXHAUSTED, "The host has too many connections.");
}

static void take_request(struct door_peer *peer, struct door_context *context,
                         struct tn_bytes request)
{
    CLEANUP(buf_fini) struct buf metadata = {0};
    struct bus_link *link = peer->link;
    struct bus_envelope call;
    struct err err;

    err_init(&err, NULL);
    if (check_peer(peer, &err) != TN_OK ||
        bus_envelope_read(request, &call, &metadata, &err) != TN_OK ||
        refuse_stream(peer->door->server, call.method, &err) != TN_OK) {
        reply_refusal(context, &err);
        return;
    }
    (void)pthread_mutex_lock(&link->mu);
    if (!bus_conn_is_open(&link->conn))
        receive(context); /* there is nobody to answer */
    else if (start_call(peer, context, &call, buf_bytes(&metadata), &err) != TN_OK)
        reply_refusal(context, &err);
    (void)pthread_mutex_unlock(&link->mu);
}

/* Peers */

static struct door_peer *peer_find(struct door *door, uint32_t pipe)
{
    const uint64_t key = pipe;

    (void)pthread_mutex_lock(&door->mu);
    struct door_peer *peer = map_get_u64(&door->peers, &key);
    if (peer)
        peer->refs++;
    (void)pthread_mutex_unlock(&door->mu);
    return peer;
}

static void peer_unref(struct door_peer *peer)
{
    struct door *door = peer->door;

    (void)pthread_mutex_lock(&door->mu);
    bool is_last = --peer->refs == 0;
    if (is_last && !peer->link)
        door->refused_count--;
    (void)pthread_mutex_unlock(&door->mu);
    if (!is_last)
        return;
    if (peer->link)
        link_release(peer->link);
    mem_free(peer);
}

static void on_request(void *arg)
{
    struct door_context *context = arg;

    if (nng_aio_result(context->rx) != 0)
        return; /* the door is closed */
    nng_msg *request = nng_aio_get_msg(context->rx);
    context->pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(request));
    struct door_peer *peer = peer_find(context->door, context->pipe);
    if (peer) {
        take_request(peer, context, (struct tn_bytes){nng_msg_body(request), nng_msg_len(request)});
        peer_unref(peer);
    } else {
        receive(context); /* it is gone already */
    }
    nng_msg_free(request);
}

/* Whether the peer may stay, be it only to be told that there are too many. */
static bool peer_join(struct door_peer *peer)
{
    struct door *door = peer->door;

    (void)pthread_mutex_lock(&door->mu);
    bool may_stay = (peer->link || door->refused_count < REFUSED_MAX) &&
                    map_set_u64(&door->peers, &peer->pipe, peer, NULL) == TN_OK;
    if (may_stay && !peer->link)
        door->refused_count++;
    (void)pthread_mutex_unlock(&door->mu);
    return may_stay;
}

static bool peer_create(struct door *door, uint32_t pipe)
{
    struct bus_server *server = door->server;
    struct bus_peer who = bus_peer_of_pipe(pipe);
    struct door_peer *peer = mem_new(struct door_peer);

    if (!peer)
        return false;
    peer->door = door;
    peer->pipe = pipe;
    peer->refs = 1;
    if (!server_is_full(server) && link_create_plain(server, &who, peer, &peer->link) != TN_OK) {
        mem_free(peer);
        return false;
    }
    if (peer_join(peer))
        return true;
    if (peer->link)
        link_release(peer->link);
    mem_free(peer);
    return false;
}

/* Before nng takes the first request from the pipe. */
static void on_pipe_added(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct door *door = arg;
    bool is_serving =
        atomic_load_explicit(&door->server->state, memory_order_acquire) == SERVER_SERVING;

    (void)event;
    if (!is_serving || !peer_create(door, (uint32_t)nng_pipe_id(pipe)))
        (void)nng_pipe_close(pipe);
}

/* The client is gone: its calls are cancelled. */
static void on_pipe_removed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct door *door = arg;
    const uint64_t key = (uint32_t)nng_pipe_id(pipe);

    (void)event;
    (void)pthread_mutex_lock(&door->mu);
    struct door_peer *peer = map_remove_u64(&door->peers, &key);
    (void)pthread_mutex_unlock(&door->mu);
    if (!peer)
        return;
    if (peer->link) {
        (void)pthread_mutex_lock(&peer->link->mu);
        bus_conn_close(&peer->link->conn);
        (void)pthread_mutex_unlock(&peer->link->mu);
    }
    peer_unref(peer);
}

/* Opening and closing */

static void context_fini(struct door_context *context)
{
    if (context->rx)
        nng_aio_stop(context->rx);
    if (context->tx)
        nng_aio_stop(context->tx);
    if (context->rx)
        nng_aio_free(context->rx);
    if (context->tx)
        nng_aio_free(context->tx);
    buf_fini(&context->payload);
}

static void door_destroy(struct door *door)
{
    if (!door)
        return;
    /* Waits until all pipes are removed, and with them all calls that would answer. */
    if (door->is_open)
        (void)nng_close(door->socket);
    for (uint32_t i = 0; i < DOOR_CONTEXT_COUNT; i++)
        context_fini(&door->contexts[i]);
    map_fini(&door->peers);
    (void)pthread_mutex_destroy(&door->mu);
    mem_free(door);
}
DEFINE_CLEANUP(struct door, door_destroy)

static int open_contexts(struct door *door)
{
    for (uint32_t i = 0; i < DOOR_CONTEXT_COUNT; i++) {
        struct door_context *context = &door->contexts[i];
        int result = nng_ctx_open(&context->ctx, door->socket);

        context->door = door;
        if (result == 0)
            result = nng_aio_alloc(&context->rx, on_request, context);
        if (result == 0)
            result = nng_aio_alloc(&context->tx, on_replied, context);
        if (result != 0)
            return result;
    }
    return 0;
}

/* Of connections that are made from now on. */
static int set_request_max(const struct door *door)
{
    uint32_t max = atomic_load_explicit(&door->server->request_size_max, memory_order_relaxed);

    return nng_socket_set_size(door->socket, NNG_OPT_RECVMAXSZ, (size_t)max + BUS_ENVELOPE_MAX);
}

static int open_socket(struct door *door)
{
    int result = nng_rep0_open(&door->socket);

    if (result != 0)
        return result;
    door->is_open = true;
    result = set_request_max(door);
    if (result == 0)
        result = nng_pipe_notify(door->socket, NNG_PIPE_EV_ADD_PRE, on_pipe_added, door);
    if (result == 0)
        result = nng_pipe_notify(door->socket, NNG_PIPE_EV_REM_POST, on_pipe_removed, door);
    return result == 0 ? open_contexts(door) : result;
}

static int start_listener(struct door *door, const struct bus_url *at, struct nng_tls_config *tls,
                          int *ret_port)
{
    int result = nng_listener_create(&door->listener, door->socket, at->address);

    door->is_tls = tls != NULL;
    if (result == 0 && at->is_ipc)
        result = nng_listener_set_int(door->listener, NNG_OPT_IPC_PERMISSIONS, BUS_FILE_MODE);
    if (result == 0 && tls)
        result = nng_listener_set_ptr(door->listener, NNG_OPT_TLS_CONFIG, tls);
    if (result == 0)
        result = nng_listener_start(door->listener, 0);
    if (result == 0 && !at->is_ipc)
        (void)nng_listener_get_int(door->listener, NNG_OPT_TCP_BOUND_PORT, ret_port);
    return result;
}

tn_status door_listen(struct bus_server *server, const char *url, const struct bus_url *at,
                      int *ret_port, struct err *err)
{
    CLEANUP(door_destroy_p) struct door *door = mem_new(struct door);
    struct nng_tls_config *tls = NULL;

    if (!door)
        return err_memory(err, "a listener");
    door->server = server;
    (void)pthread_mutex_init(&door->mu, NULL);
    int result = open_socket(door);
    if (result != 0)
        return bus_url_refuse(url, result, err);
    TRY(server_tls_config(server, url, at, &tls, err));
    result = start_listener(door, at, tls, ret_port);
    if (result != 0)
        return bus_url_refuse(url, result, err);
    for (uint32_t i = 0; i < DOOR_CONTEXT_COUNT; i++)
        receive(&door->contexts[i]);
    (void)pthread_mutex_lock(&server->mu);
    door->next = server->doors;
    server->doors = TAKE(door);
    (void)pthread_mutex_unlock(&server->mu);
    return TN_OK;
}

void doors_set_request_max(struct bus_server *server)
{
    for (const struct door *door = server->doors; door; door = door->next)
        (void)set_request_max(door); /* of an open socket: it is done */
}

void doors_set_tls(struct bus_server *server, struct nng_tls_config *tls)
{
    for (const struct door *door = server->doors; door; door = door->next)
        if (door->is_tls)
            (void)nng_listener_set_ptr(door->listener, NNG_OPT_TLS_CONFIG, tls); /* as above */
}

void doors_close(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->mu);
    struct door *door = TAKE(server->doors);
    (void)pthread_mutex_unlock(&server->mu);
    while (door) {
        struct door *next = door->next;

        door_destroy(door);
        door = next;
    }
}
