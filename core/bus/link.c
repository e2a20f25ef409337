/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - a client's connection: its frames become calls. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/bus/door.h"
#include "core/bus/peer.h"
#include "core/bus/server_private.h"
#include "core/bus/status.h"

/* What the server calls itself. */
#define SOFTWARE "tenond"

static struct bus_link *link_of(struct bus_conn *conn)
{
    return CONTAINER_OF(conn, struct bus_link, conn);
}

bool link_hold(struct bus_call *call, size_t bytes)
{
    struct bus_link *link = call->link;
    struct bus_server *server = link->server;

    if (link->held + bytes > LINK_HELD_MAX)
        return false;
    size_t before = atomic_fetch_add_explicit(&server->held, bytes, memory_order_relaxed);
    if (before + bytes > HELD_MAX) {
        (void)atomic_fetch_sub_explicit(&server->held, bytes, memory_order_relaxed);
        return false;
    }
    link->held += bytes;
    call->held += bytes;
    return true;
}

/* The end */

static void link_free(struct bus_link *link)
{
    struct bus_server *server = link->server;

    while (link->spare) {
        struct bus_call *call = link->spare;

        link->spare = call->next;
        call_free(call);
    }
    for (size_t i = 0; i < BUS_METHOD_ID_MAX; i++)
        mem_free(link->methods[i]);
    (void)pthread_mutex_destroy(&link->mu);
    mem_free(link->calls);
    mem_free(link);
    server_link_freed(server);
}

void link_unlock(struct bus_link *link)
{
    bool is_last = link->is_gone && link->live_calls == 0;

    (void)pthread_mutex_unlock(&link->mu);
    if (is_last)
        link_free(link);
}

static void stop_all(struct bus_link *link, tn_status status)
{
    for (uint32_t id = 1; id <= link->call_max; id++)
        if (link->calls[id])
            call_stop(link->calls[id], status);
}

static void leave_server(struct bus_link *link)
{
    struct bus_server *server = link->server;

    (void)pthread_mutex_lock(&server->mu);
    if (link->prev)
        link->prev->next = link->next;
    else
        server->links = link->next;
    if (link->next)
        link->next->prev = link->prev;
    server->link_count--;
    (void)pthread_mutex_unlock(&server->mu);
}

/* On the server's own thread, after the connection is closed. */
static void run_end(struct bus_job *job)
{
    struct bus_link *link = CONTAINER_OF(job, struct bus_link, job);
    struct bus_server *server = link->server;

    leave_server(link);
    bus_loop_disarm(&server->loop, &link->timer);
    bus_loop_disarm(&server->loop, &link->call_timer);
    bus_conn_fini(&link->conn);
    (void)pthread_mutex_lock(&link->mu);
    stop_all(link, TN_CANCELLED);
    for (size_t i = 0; i < BUS_SESSION_ID_MAX; i++)
        if (link->sessions[i])
            session_unref(TAKE(link->sessions[i]));
    link->is_gone = true;
    link_unlock(link);

    server_drained(server);
}

/* It is posted while the connection is open, and so runs before the end. */
static void run_flush(struct bus_job *job)
{
    struct bus_link *link = CONTAINER_OF(job, struct bus_link, flush);

    (void)pthread_mutex_lock(&link->mu);
    bus_conn_kick(&link->conn);
    (void)pthread_mutex_unlock(&link->mu);
}

static void on_closed(struct bus_conn *conn)
{
    struct bus_link *link = link_of(conn);

    if (link->door)
        door_closed(link->door);
    bus_loop_post(&link->server->loop, &link->job);
}

/* Locked. */
static void set_timer(struct bus_link *link, int64_t in_us)
{
    int64_t due_us = in_us == BUS_NEVER ? BUS_NEVER : clock_mono_us() + in_us;

    /* It was armed from the start: that takes no memory. */
    (void)bus_loop_arm(&link->server->loop, &link->timer, due_us);
}

/* TCP itself notices after hours that a client has vanished. */
static void listen_for_life(struct bus_link *link)
{
    link->silence = link->has_heard ? 0 : link->silence + 1;
    link->has_heard = false;
    if (link->silence > SILENCE_MAX) {
        bus_conn_close(&link->conn);
        return;
    }
    if (link->silence > 0)
        bus_conn_put(&link->conn, BUS_KIND_PING, 0, 0, (struct tn_bytes){0});
    set_timer(link, link->server->options.ping_interval_us);
}

static void fire_link(struct bus_timer *timer)
{
    struct bus_link *link = CONTAINER_OF(timer, struct bus_link, timer);

    (void)pthread_mutex_lock(&link->mu);
    if (!link->has_hello || link->conn.state == BUS_CONN_ENDING || link->conn.is_stalled)
        bus_conn_close(&link->conn);
    else if (link->conn.state == BUS_CONN_OPEN && !link->door)
        listen_for_life(link);
    (void)pthread_mutex_unlock(&link->mu);
}

void link_watch(struct bus_link *link, int64_t due_us)
{
    if (due_us >= link->call_due_us)
        return;
    link->call_due_us = due_us;
    /* It is armed as long as calls come. */
    (void)bus_loop_arm(&link->server->loop, &link->call_timer, due_us);
}

static void fire_calls(struct bus_timer *timer)
{
    struct bus_link *link = CONTAINER_OF(timer, struct bus_link, call_timer);
    int64_t now_us = clock_mono_us();
    int64_t next_us = BUS_NEVER;

    (void)pthread_mutex_lock(&link->mu);
    link->call_due_us = BUS_NEVER;
    for (uint32_t id = 1; id <= link->call_max; id++) {
        int64_t due_us = link->calls[id] ? call_look(link->calls[id], now_us) : BUS_NEVER;

        if (due_us < next_us)
            next_us = due_us;
    }
    link_watch(link, next_us);
    (void)pthread_mutex_unlock(&link->mu);
}

static void on_stalled(struct bus_conn *conn, bool is_stalled)
{
    const struct bus_server_options *options = &link_of(conn)->server->options;

    set_timer(link_of(conn), is_stalled ? options->stall_timeout_us : options->ping_interval_us);
}

/* Frames */

static tn_status take_hello(struct bus_link *link, const struct bus_frame *frame, struct err *err)
{
    const struct bus_server_options *options = &link->server->options;
    struct bus_hello hello;

    if (frame->kind != BUS_KIND_HELLO)
        return err_set(err, TN_DATA_LOSS, "The first frame is not HELLO.");
    TRY(bus_hello_read(frame->body, &hello, err));
    if (hello.version_min > BUS_VERSION || hello.version_max < BUS_VERSION)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The host speaks version %u of the bus, the client %u to %u.",
                       BUS_VERSION,
                       hello.version_min,
                       hello.version_max);
    const struct bus_hello answer = {
        .version_min = BUS_VERSION,
        .version_max = BUS_VERSION,
        .call_max = link->call_max,
        .request_size_max = link->request_size_max,
        .software = utf8_str(SOFTWARE),
    };
    link->has_hello = true;
    link->call_window = hello.call_window;
    link->conn.credit = hello.connection_window;
    set_timer(link, options->ping_interval_us);
    if (bus_hello_write(bus_conn_out(&link->conn), &answer) != TN_OK)
        bus_conn_close(&link->conn);
    return TN_OK;
}

static tn_status define_method(struct bus_link *link, const struct bus_define *define,
                               struct err *err)
{
    struct link_method *method = mem_alloc_zeroed(1, sizeof(*method) + define->method.len);

    if (!method)
        return err_memory(err, "a method");
    method->len = define->method.len;
    memcpy(method->name, define->method.data, define->method.len);
    mem_free(link->methods[define->id]);
    link->methods[define->id] = method;
    return TN_OK;
}

static tn_status take_define(struct bus_link *link, const struct bus_frame *frame, struct err *err)
{
    struct bus_define define;
    struct bus_session *session;

    TRY(bus_define_read(frame->body, &define, err));
    if (define.what == BUS_DEFINE_METHOD)
        return define_method(link, &define, err);
    if (session_create(link, &define, &session) != TN_OK)
        return err_memory(err, "a session");
    if (link->sessions[define.id])
        session_unref(link->sessions[define.id]); /* calls that use it keep it */
    link->sessions[define.id] = session;
    return TN_OK;
}

/* NULL: the host has no such method (any more). */
static struct bus_method_entry *resolve(struct bus_server *server, struct link_method *method)
{
    uint32_t generation = atomic_load_explicit(&server->methods.generation, memory_order_acquire);

    if (method->generation != generation) {
        method->entry =
            bus_method_table_find(&server->methods, (struct tn_str){method->name, method->len});
        method->generation = generation;
    }
    return method->entry;
}

/* What a CALL refers to, looked up. */
struct arrival {
    struct bus_call_head head;
    struct tn_bytes request;
    struct link_method *method;
    struct bus_session *session;
    char language[8];
};

static struct tn_str find_language(const struct arrival *arrival)
{
    struct tn_bytes metadata = arrival->head.metadata;
    struct tn_str key;
    struct tn_str value;

    while (bus_metadata_next(&metadata, &key, &value))
        if (utf8_is(key, "language"))
            return value;
    return arrival->session ? utf8_str(arrival->session->language) : utf8_str("en");
}

static tn_status read_arrival(struct bus_link *link, const struct bus_frame *frame,
                              struct arrival *arrival, struct err *err)
{
    TRY(bus_call_head_read(frame, &arrival->head, &arrival->request, err));
    if (frame->call_id > link->call_max)
        return err_set(err,
                       TN_DATA_LOSS,
                       "The call id %u is greater than %u.",
                       frame->call_id,
                       link->call_max);
    if (link->calls[frame->call_id])
        return err_set(err, TN_DATA_LOSS, "The call id %u is in use.", frame->call_id);
    arrival->method = link->methods[arrival->head.method_id];
    arrival->session = link->sessions[arrival->head.session_id];
    if (!arrival->method || (!arrival->session && arrival->head.session_id != 0))
        return err_set(err, TN_DATA_LOSS, "A call uses an id that was not announced.");
    struct tn_str language = find_language(arrival);
    size_t len = language.len < sizeof(arrival->language) ? language.len : 0;
    if (len)
        memcpy(arrival->language, language.data, len);
    arrival->language[len] = '\0';
    return TN_OK;
}

static int64_t deadline_of(const struct bus_link *link, const struct bus_call *call,
                           int64_t timeout_us)
{
    int64_t now_us = link->read_us;

    if (timeout_us < 0 && (call->method->def.flags & BUS_STREAMS))
        return BUS_NEVER; /* it watches something until it is cancelled */
    if (timeout_us < 0)
        timeout_us = link->server->options.default_timeout_us;
    return timeout_us < BUS_NEVER - now_us ? now_us + timeout_us : BUS_NEVER;
}

static tn_status append_request(struct bus_call *call, struct tn_bytes piece)
{
    uint32_t max = call->link->request_size_max;

    if (call->request.len - call->metadata_len + piece.len > max)
        return err_set(
            &call->err, TN_RESOURCE_EXHAUSTED, "The request is larger than %u bytes.", max);
    /* What fits in a frame is bounded by the count of calls. */
    if (call->request.len + piece.len > BUS_BODY_MAX && !link_hold(call, piece.len))
        return err_set(&call->err, TN_RESOURCE_EXHAUSTED, "The host is busy: try again.");
    if (buf_add(&call->request, piece.data, piece.len) != TN_OK)
        return err_memory(&call->err, "the request");
    return TN_OK;
}

/* The request is whole. */
static void dispatch(struct bus_call *call)
{
    if (call->session)
        session_run(call->session, call);
    else
        call_submit(call);
}

static tn_status fill_call(struct bus_call *call, const struct arrival *arrival)
{
    struct bus_link *link = call->link;

    err_init(&call->err, arrival->language);
    call->request.len = 0;
    call->metadata_len = arrival->head.metadata.len;
    call->deadline_us = deadline_of(link, call, arrival->head.timeout_us);
    call->ahead_us = link->ahead_us;
    /* What is open to everybody is so on this machine. */
    if (!(call->method->def.flags & BUS_OPEN) || !link->peer.is_loopback) {
        if (!arrival->session)
            return err_set(&call->err,
                           TN_UNAUTHENTICATED,
                           "%s needs a portal and a principal.",
                           call->method->def.name);
        call->session = arrival->session;
        call->session->refs++;
    }
    link_watch(link, call->deadline_us);
    if (buf_add(&call->request, arrival->head.metadata.data, call->metadata_len) != TN_OK)
        return err_memory(&call->err, "the call");
    return append_request(call, arrival->request);
}

/* Why a new call cannot even be had. */
static tn_status refuse(const struct bus_link *link, const struct arrival *arrival, struct err *err)
{
    if (atomic_load_explicit(&link->server->state, memory_order_acquire) != SERVER_SERVING)
        return err_set(err, TN_UNAVAILABLE, "The host is stopping.");
    if (!arrival->method->entry)
        return err_set(err,
                       TN_UNIMPLEMENTED,
                       "There is no method %.*s.",
                       (int)arrival->method->len,
                       arrival->method->name);
    return err_set(err, TN_RESOURCE_EXHAUSTED, "The host is busy: try again.");
}

/* NULL: it cannot be had. */
static struct bus_call *admit_call(struct bus_link *link, const struct arrival *arrival,
                                   uint32_t id)
{
    struct bus_server *server = link->server;

    if (!resolve(server, arrival->method) ||
        atomic_load_explicit(&server->state, memory_order_acquire) != SERVER_SERVING ||
        atomic_load_explicit(&server->open_calls, memory_order_relaxed) >= OPEN_CALL_MAX)
        return NULL;
    return call_create(link, id);
}

static void answer_refusal(struct bus_link *link, const struct arrival *arrival, uint32_t id)
{
    struct err err;

    err_init(&err, arrival->language);
    tn_status st = refuse(link, arrival, &err);
    if (bus_status_write(bus_conn_out(&link->conn), id, st, &err) != TN_OK)
        bus_conn_close(&link->conn);
}

/* Locked. An error of `err` is the connection's; those of the call are answered. */
static tn_status take_call(struct bus_link *link, const struct bus_frame *frame, struct err *err)
{
    struct arrival arrival;

    TRY(read_arrival(link, frame, &arrival, err));
    struct bus_call *call = admit_call(link, &arrival, frame->call_id);
    if (!call) {
        answer_refusal(link, &arrival, frame->call_id);
        return TN_OK;
    }
    call->method = arrival.method->entry;
    tn_status st = fill_call(call, &arrival);
    if (st != TN_OK)
        call_end(call, st, &call->err);
    else if (!(frame->flags & BUS_FLAG_MORE))
        dispatch(call);
    return TN_OK;
}

/* The call that a frame is about; NULL if it ended while the frame was on its way. */
static struct bus_call *find_call(const struct bus_link *link, const struct bus_frame *frame)
{
    return frame->call_id <= link->call_max ? link->calls[frame->call_id] : NULL;
}

static tn_status take_message(struct bus_link *link, const struct bus_frame *frame, struct err *err)
{
    struct bus_call *call = find_call(link, frame);

    if (!call)
        return TN_OK;
    if (call->state != CALL_RECEIVING || (frame->flags & BUS_FLAG_LAST))
        return err_set(err, TN_DATA_LOSS, "The request of call %u has ended.", frame->call_id);
    tn_status st = append_request(call, frame->body);
    if (st != TN_OK)
        call_end(call, st, &call->err);
    else if (!(frame->flags & BUS_FLAG_MORE))
        dispatch(call);
    return TN_OK;
}

static void wake_credit_waiters(struct bus_link *link)
{
    for (uint32_t id = 1; id <= link->call_max && link->credit_waiters > 0; id++)
        if (link->calls[id])
            call_credited(link->calls[id]);
}

static tn_status take_credit(struct bus_link *link, const struct bus_frame *frame, struct err *err)
{
    struct bus_call *call = find_call(link, frame);
    uint32_t bytes = 0;

    TRY(bus_credit_read(frame->body, &bytes, err));
    if (frame->call_id == 0) {
        bus_conn_credit(&link->conn, NULL, bytes);
        wake_credit_waiters(link);
    } else if (call) {
        bus_call_ref(call); /* its last piece may leave now */
        bus_conn_credit(&link->conn, &call->out, bytes);
        call_credited(call);
        call_unref_locked(call);
    }
    return TN_OK;
}

static tn_status take_other(struct bus_link *link, const struct bus_frame *frame, struct err *err)
{
    struct bus_call *call = find_call(link, frame);

    switch (frame->kind) {
    case BUS_KIND_DEFINE:
        return take_define(link, frame, err);
    case BUS_KIND_CANCEL:
        if (call)
            call_stop(call, TN_CANCELLED);
        return TN_OK;
    case BUS_KIND_PING:
        bus_conn_put(&link->conn, BUS_KIND_PONG, 0, 0, frame->body);
        return TN_OK;
    case BUS_KIND_PONG:
    case BUS_KIND_GOAWAY: /* the client is about to close */
        return TN_OK;
    default:
        return err_set(err, TN_DATA_LOSS, "A client does not send frames of kind %u.", frame->kind);
    }
}

void link_begin_read(struct bus_link *link)
{
    link->read_us = clock_mono_us();
    link->ahead_us = clock_wall_us() - link->read_us;
}

tn_status link_take_frame(struct bus_link *link, const struct bus_frame *frame, struct err *err)
{
    if (!link->has_hello)
        return take_hello(link, frame, err);
    switch (frame->kind) {
    case BUS_KIND_CALL:
        return take_call(link, frame, err);
    case BUS_KIND_MESSAGE:
        return take_message(link, frame, err);
    case BUS_KIND_CREDIT:
        return take_credit(link, frame, err);
    default:
        return take_other(link, frame, err);
    }
}

static tn_status on_frame(struct bus_conn *conn, const struct bus_frame *frame, struct err *err)
{
    return link_take_frame(link_of(conn), frame, err);
}

static void on_begin(struct bus_conn *conn)
{
    struct bus_link *link = link_of(conn);

    link->is_reading = true;
    link->has_heard = true;
    link_begin_read(link);
}

/* After the frames of a read. */
static void on_idle(struct bus_conn *conn)
{
    struct bus_link *link = link_of(conn);

    link->is_reading = false;
    call_submit_ready(link);
    if (conn->state == BUS_CONN_ENDING)
        set_timer(link, LINGER_US);
}

static void on_sent(struct bus_conn *conn, struct bus_out *out)
{
    (void)conn;
    call_sent(CONTAINER_OF(out, struct bus_call, out));
}

static const struct bus_conn_events events = {
    .frame = on_frame,
    .begin = on_begin,
    .idle = on_idle,
    .sent = on_sent,
    .stalled = on_stalled,
    .closed = on_closed,
};

static void on_gathered(struct bus_conn *conn, struct tn_bytes frames)
{
    door_take_frames(link_of(conn)->door, frames);
}

static const struct bus_conn_events plain_events = {
    .gathered = on_gathered,
    .sent = on_sent,
    .closed = on_closed,
};

/* The beginning */

static void join_server(struct bus_link *link)
{
    struct bus_server *server = link->server;

    (void)pthread_mutex_lock(&server->mu);
    link->next = server->links;
    if (link->next)
        link->next->prev = link;
    server->links = link;
    server->link_count++;
    (void)pthread_mutex_unlock(&server->mu);
}

/* For a link that nothing else knows yet. */
static tn_status give_up(struct bus_link *link)
{
    bus_loop_disarm(&link->server->loop, &link->timer);
    bus_loop_disarm(&link->server->loop, &link->call_timer);
    bus_conn_fini(&link->conn);
    link_free(link);
    return TN_RESOURCE_EXHAUSTED;
}

static struct bus_link *link_alloc(struct bus_server *server)
{
    struct bus_link *link = mem_new(struct bus_link);

    if (!link)
        return NULL;
    (void)atomic_fetch_add(&server->live_links, 1);
    link->server = server;
    link->job.run = run_end;
    link->flush.run = run_flush;
    link->run = (struct bus_poll_work){call_run_ready, call_rescue_ready, call_done_ready};
    link->timer.fire = fire_link;
    link->call_timer.fire = fire_calls;
    link->call_due_us = BUS_NEVER;
    (void)pthread_mutex_init(&link->mu, NULL);
    return link;
}

/* Takes `stream` over. On failure the link is still good for give_up(). */
static tn_status prepare(struct bus_link *link, struct bus_stream *stream,
                         const struct bus_conn_events *conn_events, int64_t due_us)
{
    struct bus_server *server = link->server;

    link->call_max = atomic_load_explicit(&server->call_max, memory_order_relaxed);
    link->request_size_max = atomic_load_explicit(&server->request_size_max, memory_order_relaxed);
    link->calls = mem_array(struct bus_call *, link->call_max + 1);
    TRY(bus_conn_init(&link->conn, stream, &link->mu, conn_events, 0));
    if (!link->calls)
        return TN_RESOURCE_EXHAUSTED;
    TRY(bus_loop_arm(&server->loop, &link->call_timer, BUS_NEVER));
    return bus_loop_arm(&server->loop, &link->timer, due_us);
}

tn_status link_create(struct bus_server *server, struct bus_stream *stream, bool is_over)
{
    struct bus_link *link = link_alloc(server);

    if (!link) {
        bus_stream_free(stream);
        return TN_RESOURCE_EXHAUSTED;
    }
    link->peer = bus_peer_of_stream(stream);
    if (prepare(link, stream, &events, clock_mono_us() + server->options.hello_timeout_us) != TN_OK)
        return give_up(link);
    join_server(link);
    if (is_over) {
        struct err err;

        err_init(&err, NULL);
        (void)err_set(&err, TN_RESOURCE_EXHAUSTED, "The host has too many connections.");
        (void)pthread_mutex_lock(&link->mu);
        bus_conn_goaway(&link->conn, &err, true);
        set_timer(link, LINGER_US);
        (void)pthread_mutex_unlock(&link->mu);
    }
    bus_conn_start(&link->conn);
    return TN_OK;
}

tn_status link_create_plain(struct bus_server *server, const struct bus_peer *peer,
                            struct door_peer *door, struct bus_link **ret_link)
{
    struct bus_link *link = link_alloc(server);

    if (!link)
        return TN_RESOURCE_EXHAUSTED;
    link->peer = *peer;
    link->door = door;
    link->has_hello = true;
    link->call_window = UINT32_MAX;
    if (prepare(link, NULL, &plain_events, BUS_NEVER) != TN_OK)
        return give_up(link);
    link->conn.credit = BUS_CREDIT_ENDLESS; /* the door takes all at once */
    link->live_calls = 1;                   /* not a call: the door's hold on it */
    join_server(link);
    *ret_link = link;
    return TN_OK;
}

void link_release(struct bus_link *link)
{
    (void)pthread_mutex_lock(&link->mu);
    bus_conn_close(&link->conn);
    link->live_calls--;
    link_unlock(link);
}

/* Stopping */

void link_drain(struct bus_link *link)
{
    struct err err;

    err_init(&err, NULL);
    (void)err_set(&err, TN_UNAVAILABLE, "The host is stopping.");
    (void)pthread_mutex_lock(&link->mu);
    bus_conn_goaway(&link->conn, &err, false);
    for (uint32_t id = 1; id <= link->call_max; id++) {
        struct bus_call *call = link->calls[id];

        if (call && call->state == CALL_WAITING && !call->wants_credit) {
            atomic_store_explicit(&call->is_host_stopping, true, memory_order_relaxed);
            call_stop(call, TN_CANCELLED);
        }
    }
    (void)pthread_mutex_unlock(&link->mu);
}

void link_cancel(struct bus_link *link)
{
    (void)pthread_mutex_lock(&link->mu);
    for (uint32_t id = 1; id <= link->call_max; id++)
        if (link->calls[id])
            atomic_store_explicit(&link->calls[id]->is_host_stopping, true, memory_order_relaxed);
    stop_all(link, TN_CANCELLED);
    (void)pthread_mutex_unlock(&link->mu);
}

void link_end(struct bus_link *link)
{
    (void)pthread_mutex_lock(&link->mu);
    bus_conn_finish(&link->conn);
    if (link->conn.state != BUS_CONN_CLOSED)
        set_timer(link, LINGER_US);
    (void)pthread_mutex_unlock(&link->mu);
}
