/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nng_echo.c - the baseline of the bus without a bus: frames of 8 + 64 bytes over an nng byte
 * stream, echoed. What waits while a write is under way leaves with the next one.
 *
 *     nng_echo serve URL             says `ready`, echoes until its input ends
 *     nng_echo call URL N SECONDS    keeps N frames under way
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>

#include "tests/bench/measure.h"

#define PAYLOAD_SIZE 64u
#define FRAME_SIZE (8u + PAYLOAD_SIZE)
#define READ_SIZE ((size_t)64 << 10)
/* Frames under way: each has a place in either buffer. */
#define FRAME_MAX 1024u
#define OUT_SIZE (FRAME_MAX * FRAME_SIZE)

struct buffer {
    size_t len;
    uint8_t data[OUT_SIZE + READ_SIZE];
};

struct peer {
    nng_stream *stream;
    nng_aio *rx;
    nng_aio *tx;
    bool is_client;
    pthread_mutex_t mu;
    bool is_sending;  /* guarded by mu, as all below */
    unsigned filling; /* of `out`; the other one is being written */
    size_t written;   /* of the other one */
    struct buffer out[2];
    struct buffer in; /* of the reading callback alone */
    struct measure measure;
    int64_t start_ns[FRAME_MAX];
    unsigned open_count;
    pthread_cond_t is_over;
};

static void check(int result, const char *what)
{
    if (result == 0)
        return;
    (void)fprintf(stderr, "nng_echo: %s: %s\n", what, nng_strerror(result));
    exit(1);
}

static void write_on(struct peer *peer)
{
    struct buffer *buffer = &peer->out[peer->filling ^ 1u];
    nng_iov iov = {.iov_buf = buffer->data + peer->written, .iov_len = buffer->len - peer->written};

    check(nng_aio_set_iov(peer->tx, 1, &iov), "writing");
    peer->is_sending = true;
    nng_stream_send(peer->stream, peer->tx);
}

static void write_gathered(struct peer *peer)
{
    if (peer->is_sending || peer->out[peer->filling].len == 0)
        return;
    peer->filling ^= 1u;
    peer->written = 0;
    write_on(peer);
}

static void on_written(void *arg)
{
    struct peer *peer = arg;

    if (nng_aio_result(peer->tx) != 0)
        return; /* the other end is gone */
    (void)pthread_mutex_lock(&peer->mu);
    peer->is_sending = false;
    peer->written += nng_aio_count(peer->tx);
    if (peer->written < peer->out[peer->filling ^ 1u].len) {
        write_on(peer);
    } else {
        peer->out[peer->filling ^ 1u].len = 0;
        write_gathered(peer);
    }
    (void)pthread_mutex_unlock(&peer->mu);
}

static void receive(struct peer *peer)
{
    nng_iov iov = {.iov_buf = peer->in.data + peer->in.len, .iov_len = READ_SIZE};

    check(nng_aio_set_iov(peer->rx, 1, &iov), "reading");
    nng_stream_recv(peer->stream, peer->rx);
}

static void put_frame(struct peer *peer, uint32_t id, const uint8_t *payload)
{
    struct buffer *buffer = &peer->out[peer->filling];
    const uint32_t head[2] = {FRAME_SIZE, id};

    if (buffer->len + FRAME_SIZE > sizeof(buffer->data))
        check(NNG_EMSGSIZE, "more frames than were asked for");
    memcpy(buffer->data + buffer->len, head, sizeof(head));
    memcpy(buffer->data + buffer->len + sizeof(head), payload, PAYLOAD_SIZE);
    buffer->len += FRAME_SIZE;
}

/* Locked. */
static void take_answer(struct peer *peer, uint32_t id, const uint8_t *payload, int64_t now_ns)
{
    if (id >= FRAME_MAX)
        check(NNG_EPROTO, "a frame");
    measure_add(&peer->measure, peer->start_ns[id], now_ns, 1);
    if (now_ns >= peer->measure.end_ns) {
        if (--peer->open_count == 0)
            (void)pthread_cond_signal(&peer->is_over);
        return;
    }
    peer->start_ns[id] = now_ns;
    put_frame(peer, id, payload);
}

static void on_received(void *arg)
{
    struct peer *peer = arg;
    int64_t now_ns = measure_now_ns();
    size_t at = 0;

    if (nng_aio_result(peer->rx) != 0)
        return; /* the other end is gone */
    peer->in.len += nng_aio_count(peer->rx);
    (void)pthread_mutex_lock(&peer->mu);
    for (; peer->in.len - at >= FRAME_SIZE; at += FRAME_SIZE) {
        uint32_t head[2];

        memcpy(head, peer->in.data + at, sizeof(head));
        if (peer->is_client)
            take_answer(peer, head[1], peer->in.data + at + sizeof(head), now_ns);
        else
            put_frame(peer, head[1], peer->in.data + at + sizeof(head));
    }
    write_gathered(peer);
    (void)pthread_mutex_unlock(&peer->mu);
    memmove(peer->in.data, peer->in.data + at, peer->in.len - at);
    peer->in.len -= at;
    receive(peer);
}

/* It lives as long as the process. */
static struct peer *peer_create(nng_stream *stream, bool is_client)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    if (!peer)
        check(NNG_ENOMEM, "a connection");
    peer->stream = stream;
    peer->is_client = is_client;
    (void)pthread_mutex_init(&peer->mu, NULL);
    (void)pthread_cond_init(&peer->is_over, NULL);
    (void)nng_stream_set_bool(stream, NNG_OPT_TCP_NODELAY, true);
    check(nng_aio_alloc(&peer->rx, on_received, peer), "reading");
    check(nng_aio_alloc(&peer->tx, on_written, peer), "writing");
    return peer;
}

struct door {
    nng_stream_listener *listener;
    nng_aio *accept;
};

static void on_accepted(void *arg)
{
    struct door *door = arg;

    if (nng_aio_result(door->accept) != 0)
        return;
    receive(peer_create(nng_aio_get_output(door->accept, 0), false));
    nng_stream_listener_accept(door->listener, door->accept);
}

static void serve(const char *url)
{
    struct door door;

    check(nng_stream_listener_alloc(&door.listener, url), url);
    check(nng_stream_listener_listen(door.listener), url);
    check(nng_aio_alloc(&door.accept, on_accepted, &door), url);
    nng_stream_listener_accept(door.listener, door.accept);
    (void)printf("ready %s\n", url);
    (void)fflush(stdout);
    while (getchar() != EOF) {
    }
    exit(0); /* with connections that are still open */
}

static void call(const char *url, unsigned count, double seconds)
{
    static const uint8_t payload[PAYLOAD_SIZE] = {0};
    nng_stream_dialer *dialer;
    nng_aio *dial;

    check(nng_stream_dialer_alloc(&dialer, url), url);
    check(nng_aio_alloc(&dial, NULL, NULL), url);
    nng_stream_dialer_dial(dialer, dial);
    nng_aio_wait(dial);
    check(nng_aio_result(dial), url);
    struct peer *peer = peer_create(nng_aio_get_output(dial, 0), true);

    (void)pthread_mutex_lock(&peer->mu);
    measure_begin(&peer->measure, seconds);
    peer->open_count = count;
    for (unsigned i = 0; i < count; i++) {
        peer->start_ns[i] = measure_now_ns();
        put_frame(peer, i, payload);
    }
    receive(peer);
    write_gathered(peer);
    while (peer->open_count > 0)
        (void)pthread_cond_wait(&peer->is_over, &peer->mu);
    (void)pthread_mutex_unlock(&peer->mu);
    measure_print(&peer->measure);
    exit(0);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(argv[2]);
    if (argc == 5 && strcmp(argv[1], "call") == 0) {
        unsigned long count = strtoul(argv[3], NULL, 10);

        if (count >= 1 && count <= FRAME_MAX)
            call(argv[2], (unsigned)count, strtod(argv[4], NULL));
    }
    (void)fprintf(stderr, "usage: nng_echo serve URL | call URL N SECONDS\n");
    return 2;
}
