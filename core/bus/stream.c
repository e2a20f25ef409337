/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - sockets by the poll, nng's streams by their asynchronous operations. */
#include "core/bus/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nng/nng.h>

#include "core/base/err.h"
#include "core/base/mem.h"

#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct bus_stream {
    const struct bus_stream_events *events;
    void *ctx;
    struct bus_watch watch; /* of a socket, as the next three */
    int fd;
    void *data; /* where to receive to; written before it is wanted, read once it is there */
    size_t size;
    struct nng_stream *nng; /* NULL: it is a socket */
    struct nng_aio *rx;
    struct nng_aio *tx;
};

/* Sockets */

static void receive_now(struct bus_stream *stream)
{
    ssize_t count = recv(stream->fd, stream->data, stream->size, MSG_DONTWAIT);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        bus_poll_want(&stream->watch, BUS_POLL_IN);
    else
        stream->events->received(stream->ctx, count > 0, count > 0 ? (size_t)count : 0);
}

static void on_ready(struct bus_watch *watch, unsigned events)
{
    struct bus_stream *stream = CONTAINER_OF(watch, struct bus_stream, watch);

    if (events & BUS_POLL_IN)
        receive_now(stream);
    if (events & BUS_POLL_OUT)
        stream->events->sent(stream->ctx, true, 0);
}

static tn_status send_now(struct bus_stream *stream, const void *data, size_t len,
                          size_t *ret_count)
{
    ssize_t count;

    do {
        count = send(stream->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && errno != EAGAIN)
        return TN_UNAVAILABLE;
    *ret_count = count > 0 ? (size_t)count : 0;
    if (count <= 0)
        bus_poll_want(&stream->watch, BUS_POLL_OUT);
    return TN_OK;
}

tn_status bus_stream_create(struct bus_poll *poll, int fd, struct bus_stream **ret_stream)
{
    struct bus_stream *stream = mem_new(struct bus_stream);
    const int yes = 1;

    if (!stream) {
        (void)close(fd);
        return TN_RESOURCE_EXHAUSTED;
    }
    stream->fd = fd;
    stream->watch.ready = on_ready;
    if (bus_poll_add(poll, &stream->watch, fd) != TN_OK) {
        bus_stream_free(stream);
        return TN_RESOURCE_EXHAUSTED;
    }
    /* What is put together leaves together. A path has neither option. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
    *ret_stream = stream;
    return TN_OK;
}

/* nng's */

static void on_nng_received(void *arg)
{
    struct bus_stream *stream = arg;
    size_t count = nng_aio_count(stream->rx);

    stream->events->received(stream->ctx, nng_aio_result(stream->rx) == 0, count);
}

static void on_nng_sent(void *arg)
{
    struct bus_stream *stream = arg;
    size_t count = nng_aio_count(stream->tx);

    stream->events->sent(stream->ctx, nng_aio_result(stream->tx) == 0, count);
}

tn_status bus_stream_create_nng(struct nng_stream *nng, struct bus_stream **ret_stream)
{
    struct bus_stream *stream = mem_new(struct bus_stream);

    if (!stream) {
        nng_stream_free(nng);
        return TN_RESOURCE_EXHAUSTED;
    }
    stream->fd = -1;
    stream->nng = nng;
    if (nng_aio_alloc(&stream->rx, on_nng_received, stream) != 0 ||
        nng_aio_alloc(&stream->tx, on_nng_sent, stream) != 0) {
        bus_stream_free(stream);
        return TN_RESOURCE_EXHAUSTED;
    }
    (void)nng_stream_set_bool(nng, NNG_OPT_TCP_NODELAY, true);
    (void)nng_stream_set_bool(nng, NNG_OPT_TCP_KEEPALIVE, true);
    *ret_stream = stream;
    return TN_OK;
}

static void free_nng(struct bus_stream *stream)
{
    nng_stream_close(stream->nng);
    /* nng 1.5 leaves an operation that began just as the peer hung up; stopping ends it. */
    if (stream->rx)
        nng_aio_stop(stream->rx);
    if (stream->tx)
        nng_aio_stop(stream->tx);
    nng_stream_free(stream->nng);
    if (stream->rx)
        nng_aio_free(stream->rx);
    if (stream->tx)
        nng_aio_free(stream->tx);
}

/* Both */

void bus_stream_free(struct bus_stream *stream)
{
    if (!stream)
        return;
    if (stream->nng) {
        free_nng(stream);
    } else {
        (void)shutdown(stream->fd, SHUT_RDWR); /* who has claimed it wakes up */
        bus_poll_remove(&stream->watch);
        (void)close(stream->fd);
    }
    mem_free(stream);
}

void bus_stream_listen(struct bus_stream *stream, const struct bus_stream_events *events, void *ctx)
{
    stream->events = events;
    stream->ctx = ctx;
}

void bus_stream_receive(struct bus_stream *stream, void *data, size_t size)
{
    if (stream->nng) {
        const nng_iov iov = {.iov_buf = data, .iov_len = size};

        (void)nng_aio_set_iov(stream->rx, 1, &iov); /* one vector always fits */
        nng_stream_recv(stream->nng, stream->rx);
        return;
    }
    stream->data = data;
    stream->size = size;
    bus_poll_want(&stream->watch, BUS_POLL_IN);
}

tn_status bus_stream_send(struct bus_stream *stream, const void *data, size_t len,
                          size_t *ret_count)
{
    if (!stream->nng)
        return send_now(stream, data, len, ret_count);
    const nng_iov iov = {.iov_buf = (void *)(uintptr_t)data, .iov_len = len}; /* only read */
    *ret_count = 0;
    (void)nng_aio_set_iov(stream->tx, 1, &iov);
    nng_stream_send(stream->nng, stream->tx);
    return TN_OK;
}

void bus_stream_close(struct bus_stream *stream)
{
    if (!stream->nng) {
        (void)shutdown(stream->fd, SHUT_RDWR);
        return;
    }
    nng_stream_close(stream->nng);
    /* Their callbacks run later and elsewhere, never in here. */
    nng_aio_cancel(stream->rx);
    nng_aio_cancel(stream->tx);
}

struct bus_watch *bus_stream_watch(struct bus_stream *stream)
{
    return stream->nng ? NULL : &stream->watch;
}

int bus_stream_fd(const struct bus_stream *stream)
{
    return stream->fd;
}

struct nng_stream *bus_stream_nng(struct bus_stream *stream)
{
    return stream->nng;
}
