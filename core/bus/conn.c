/* SPDX-License-Identifier: Apache-2.0 */
/* conn.c - reading and writing one nng stream; see conn.h. */
#include "core/bus/conn.h"

#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

/* Written buffers that grew past this are given back. */
#define WRITE_KEEP ((size_t)512 << 10)

static void on_received(void *ctx, bool is_ok, size_t count);
static void on_sent(void *ctx, bool is_ok, size_t count);
static void pump(struct bus_conn *conn);

static const struct bus_stream_events stream_events = {.received = on_received, .sent = on_sent};

tn_status bus_conn_init(struct bus_conn *conn, struct bus_stream *stream, pthread_mutex_t *mu,
                        const struct bus_conn_events *events, int64_t credit)
{
    *conn = (struct bus_conn){
        .mu = mu, .events = events, .stream = stream, .credit = credit, .state = BUS_CONN_OPEN};
    if (!stream)
        return TN_OK;
    bus_stream_listen(stream, &stream_events, conn);
    if (buf_reserve(&conn->in, BUS_READ_SIZE) != TN_OK) {
        bus_conn_fini(conn);
        return TN_RESOURCE_EXHAUSTED;
    }
    return TN_OK;
}

void bus_conn_fini(struct bus_conn *conn)
{
    bus_stream_free(conn->stream);
    conn->stream = NULL;
    buf_fini(&conn->in);
    buf_fini(&conn->out[0]);
    buf_fini(&conn->out[1]);
}

static void tell_closed(struct bus_conn *conn)
{
    if (conn->state != BUS_CONN_CLOSED || conn->is_receiving || conn->is_sending || conn->is_told)
        return;
    conn->is_told = true;
    conn->events->closed(conn);
}

void bus_conn_close(struct bus_conn *conn)
{
    if (conn->state != BUS_CONN_CLOSED) {
        conn->state = BUS_CONN_CLOSED;
        if (conn->stream)
            bus_stream_close(conn->stream);
    }
    tell_closed(conn);
}

/* Writing */

static void clear_written(struct buf *buf)
{
    buf_clear(buf);
    if (buf->cap > WRITE_KEEP)
        buf_fini(buf);
}

/* Of a connection without a stream, to which all leaves at once. */
static void hand_over(struct bus_conn *conn)
{
    while (conn->state != BUS_CONN_CLOSED && bus_conn_out(conn)->len > 0) {
        struct buf *buf = bus_conn_out(conn);

        conn->filling ^= 1u;
        conn->events->gathered(conn, buf_bytes(buf));
        clear_written(buf);
        pump(conn);
    }
}

/* Turns to what gathered meanwhile; false: there is nothing. */
static bool next_write(struct bus_conn *conn)
{
    if (conn->state == BUS_CONN_CLOSED || bus_conn_out(conn)->len == 0)
        return false;
    conn->filling ^= 1u;
    conn->written = 0;
    return true;
}

/* Writes until all is written or the peer's side is full; then on_sent() goes on. */
static void write_on(struct bus_conn *conn)
{
    bool has_more = true;

    conn->is_sending = true;
    while (has_more) {
        struct buf *buf = &conn->out[conn->filling ^ 1u];
        size_t count = 0;

        if (bus_stream_send(
                conn->stream, buf->data + conn->written, buf->len - conn->written, &count) != TN_OK)
            break;
        if (count == 0)
            return;
        conn->written += count;
        if (conn->written < buf->len)
            continue;
        clear_written(buf);
        pump(conn);
        has_more = next_write(conn);
    }
    conn->is_sending = false;
    if (has_more || conn->is_finishing)
        bus_conn_close(conn); /* the peer is gone, or that was all */
    else
        tell_closed(conn);
}

static void write_gathered(struct bus_conn *conn)
{
    if (!conn->stream)
        hand_over(conn);
    else if (!conn->is_sending && next_write(conn))
        write_on(conn);
}

void bus_conn_kick(struct bus_conn *conn)
{
    if (!conn->is_held && !(conn->is_corked && pthread_equal(conn->corked_by, pthread_self())))
        write_gathered(conn);
}

static void receive(struct bus_conn *conn)
{
    conn->is_receiving = true;
    bus_stream_receive(conn->stream, conn->in.data + conn->in.len, conn->in.cap - conn->in.len);
}

/* Reads on, unless the peer lets too much of what it asked for lie. Locked. */
static void receive_or_stall(struct bus_conn *conn)
{
    bool is_stalled = bus_conn_out(conn)->len > BUS_WRITE_MAX;

    if (is_stalled != conn->is_stalled && conn->events->stalled)
        conn->events->stalled(conn, is_stalled);
    conn->is_stalled = is_stalled;
    if (!is_stalled)
        receive(conn);
}

static void ring_push(struct bus_conn *conn, struct bus_out *out)
{
    out->is_queued = true;
    out->next = NULL;
    out->prev = conn->ring_last;
    if (conn->ring_last)
        conn->ring_last->next = out;
    else
        conn->ring_first = out;
    conn->ring_last = out;
}

static void ring_remove(struct bus_conn *conn, struct bus_out *out)
{
    if (out->prev)
        out->prev->next = out->next;
    else
        conn->ring_first = out->next;
    if (out->next)
        out->next->prev = out->prev;
    else
        conn->ring_last = out->prev;
    out->is_queued = false;
    out->next = NULL;
    out->prev = NULL;
}

/* Whether `out` has something that may leave now. */
static bool may_send(const struct bus_out *out)
{
    return out->has_message ? out->credit > 0 : out->end.len > 0;
}

static tn_status append_piece(struct bus_conn *conn, struct bus_out *out)
{
    size_t left = out->body.len - out->sent;
    size_t len = left < BUS_BODY_MAX ? left : BUS_BODY_MAX;
    bool is_last = len == left;

    TRY(bus_frame_write(bus_conn_out(conn),
                        BUS_KIND_MESSAGE,
                        is_last ? out->flags : BUS_FLAG_MORE,
                        out->call_id,
                        (struct tn_bytes){out->body.data + out->sent, len}));
    out->sent += len;
    out->has_message = !is_last;
    out->credit -= (int64_t)(BUS_HEADER_SIZE + len);
    conn->credit -= (int64_t)(BUS_HEADER_SIZE + len);
    return TN_OK;
}

static tn_status append_next(struct bus_conn *conn, struct bus_out *out)
{
    if (out->has_message)
        return append_piece(conn, out);
    TRY(buf_add(bus_conn_out(conn), out->end.data, out->end.len));
    out->end.len = 0;
    return TN_OK;
}

/* Adds pieces of waiting messages, each call in its turn. */
static void pump(struct bus_conn *conn)
{
    while (conn->ring_first && bus_conn_out(conn)->len < BUS_WRITE_TARGET) {
        struct bus_out *out = conn->ring_first;

        if (out->has_message && conn->credit <= 0)
            return;
        ring_remove(conn, out);
        if (append_next(conn, out) != TN_OK) {
            bus_conn_close(conn);
            return;
        }
        if (may_send(out))
            ring_push(conn, out);
        else if (!out->has_message)
            conn->events->sent(conn, out);
    }
}

static void close_if_finished(struct bus_conn *conn)
{
    if (conn->is_finishing && !conn->is_sending && bus_conn_out(conn)->len == 0)
        bus_conn_close(conn);
}

void bus_conn_finish(struct bus_conn *conn)
{
    if (conn->state == BUS_CONN_OPEN)
        conn->state = BUS_CONN_ENDING;
    conn->is_finishing = true;
    write_gathered(conn);
    close_if_finished(conn);
}

static void on_sent(void *ctx, bool is_ok, size_t count)
{
    struct bus_conn *conn = ctx;

    (void)pthread_mutex_lock(conn->mu);
    struct buf *buf = &conn->out[conn->filling ^ 1u];
    conn->is_sending = false;
    conn->written += count;
    if (!is_ok || conn->state == BUS_CONN_CLOSED) {
        bus_conn_close(conn);
    } else if (conn->written < buf->len) {
        write_on(conn);
    } else {
        clear_written(buf);
        pump(conn);
        write_gathered(conn);
    }
    close_if_finished(conn);
    if (!conn->is_sending && conn->is_stalled && conn->state != BUS_CONN_CLOSED)
        receive_or_stall(conn);
    (void)pthread_mutex_unlock(conn->mu);
}

void bus_conn_put(struct bus_conn *conn, uint8_t kind, uint8_t flags, uint32_t call_id,
                  struct tn_bytes body)
{
    if (conn->state == BUS_CONN_CLOSED)
        return;
    if (bus_frame_write(bus_conn_out(conn), kind, flags, call_id, body) != TN_OK)
        bus_conn_close(conn);
    else
        bus_conn_kick(conn);
}

bool bus_conn_put_message(struct bus_conn *conn, struct bus_out *out, uint8_t flags,
                          struct tn_bytes body)
{
    int64_t cost = (int64_t)(BUS_HEADER_SIZE + body.len);

    /* Credit is the peer's word; what waits to be written is our memory. */
    if (body.len > BUS_BODY_MAX || out->has_message || out->credit <= 0 || conn->credit <= 0 ||
        conn->state == BUS_CONN_CLOSED || bus_conn_out(conn)->len >= BUS_WRITE_TARGET)
        return false;
    out->credit -= cost;
    conn->credit -= cost;
    bus_conn_put(conn, BUS_KIND_MESSAGE, flags, out->call_id, body);
    return true;
}

void bus_conn_queue(struct bus_conn *conn, struct bus_out *out)
{
    if (conn->state == BUS_CONN_CLOSED)
        return;
    if (!out->is_queued && may_send(out))
        ring_push(conn, out);
    pump(conn);
    bus_conn_kick(conn);
}

void bus_conn_unqueue(struct bus_conn *conn, struct bus_out *out)
{
    if (out->is_queued)
        ring_remove(conn, out);
    out->has_message = false;
    out->end.len = 0;
}

/* A peer that gives more than this has lost count; credit stays here. */
static int64_t add_credit(int64_t credit, uint32_t bytes)
{
    return credit + bytes < BUS_CREDIT_ENDLESS ? credit + bytes : BUS_CREDIT_ENDLESS;
}

void bus_conn_credit(struct bus_conn *conn, struct bus_out *out, uint32_t bytes)
{
    if (!out) {
        conn->credit = add_credit(conn->credit, bytes);
    } else {
        out->credit = add_credit(out->credit, bytes);
        if (!out->is_queued && out->has_message && may_send(out))
            ring_push(conn, out);
    }
    pump(conn);
    bus_conn_kick(conn);
}

void bus_conn_goaway(struct bus_conn *conn, const struct err *err, bool is_error)
{
    const struct bus_ending ending = {.status = err->status, .message = utf8_str(err->message)};

    if (conn->state != BUS_CONN_OPEN)
        return;
    if (is_error)
        conn->state = BUS_CONN_ENDING;
    if (bus_ending_write(bus_conn_out(conn), BUS_KIND_GOAWAY, 0, &ending) != TN_OK)
        bus_conn_close(conn);
    else
        bus_conn_kick(conn);
}

/* Reading */

/* Hands over the whole frames of what was read, and keeps the rest. Locked. */
static void take_frames(struct bus_conn *conn)
{
    struct tn_bytes input = buf_bytes(&conn->in);
    struct bus_frame frame;
    struct err err;

    err_init(&err, NULL);
    for (;;) {
        tn_status st = bus_frame_read(&input, &frame, &err);

        if (st == TN_OUT_OF_RANGE)
            break;
        if (st == TN_OK)
            st = conn->events->frame(conn, &frame, &err);
        if (st != TN_OK) {
            bus_conn_goaway(conn, &err, true);
            input.len = 0;
            break;
        }
    }
    if (input.len > 0)
        memmove(conn->in.data, input.data, input.len);
    conn->in.len = input.len;
}

/* Locked; the lock is taken once for all frames of a read. */
static void take_read(struct bus_conn *conn, size_t count)
{
    if (conn->state != BUS_CONN_OPEN) {
        conn->in.len = 0;
        return;
    }
    conn->in.len += count;
    conn->is_corked = true;
    conn->corked_by = pthread_self();
    if (conn->events->begin)
        conn->events->begin(conn);
    take_frames(conn);
    if (conn->events->idle)
        conn->events->idle(conn);
    conn->is_corked = false;
}

static void on_received(void *ctx, bool is_ok, size_t count)
{
    struct bus_conn *conn = ctx;

    if (conn->events->enter)
        conn->events->enter(conn);
    (void)pthread_mutex_lock(conn->mu);
    if (is_ok)
        take_read(conn, count);
    conn->is_receiving = false;
    if (!is_ok || conn->state == BUS_CONN_CLOSED) {
        bus_conn_close(conn);
    } else {
        bus_conn_kick(conn);
        if (conn->state != BUS_CONN_CLOSED)
            receive_or_stall(conn);
    }
    (void)pthread_mutex_unlock(conn->mu);
    if (conn->events->leave)
        conn->events->leave(conn);
}

void bus_conn_start(struct bus_conn *conn)
{
    (void)pthread_mutex_lock(conn->mu);
    if (conn->state == BUS_CONN_CLOSED)
        tell_closed(conn);
    else
        receive(conn);
    (void)pthread_mutex_unlock(conn->mu);
}
