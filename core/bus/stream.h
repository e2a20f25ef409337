/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - a connected byte stream: a socket of our own for ipc:// and tcp://, or one of nng's,
 * which has TLS and resolves names. What an nng stream receives or sends changes threads twice on
 * its way; a socket of ours does not.
 */
#ifndef CORE_BUS_STREAM_H
#define CORE_BUS_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <tenon/base.h>

#include "core/bus/poll.h"

/* Of a socket's file: what it lets do, it lets do its owner only. */
#define BUS_FILE_MODE 0600

struct bus_stream;
struct nng_stream;

/* How operations end that did not at once: on threads of the poll, or of nng. They are [loop]. */
struct bus_stream_events {
    /* `is_ok` false: there is nothing more to come; else `count` bytes arrived, at least 1. */
    void (*received)(void *ctx, bool is_ok, size_t count);
    /* `count` bytes have left, perhaps none: the rest may be sent now. */
    void (*sent)(void *ctx, bool is_ok, size_t count);
};

/* Take `fd` or `nng` over, on failure too. TN_RESOURCE_EXHAUSTED: memory is out. [any] */
tn_status bus_stream_create(struct bus_poll *poll, int fd, struct bus_stream **ret_stream);
tn_status bus_stream_create_nng(struct nng_stream *nng, struct bus_stream **ret_stream);
/* Waits for `events` to end; not from one. Accepts NULL. blocks */
void bus_stream_free(struct bus_stream *stream);

/* Before the first operation. */
void bus_stream_listen(struct bus_stream *stream, const struct bus_stream_events *events,
                       void *ctx);
/* One at a time: `received` follows, never from within this. [any] */
void bus_stream_receive(struct bus_stream *stream, void *data, size_t size);
/*
 * One at a time. `*ret_count` bytes have left at once; if it is 0, `sent` follows, never from
 * within this. TN_UNAVAILABLE: the peer is gone. [any]
 */
tn_status bus_stream_send(struct bus_stream *stream, const void *data, size_t len,
                          size_t *ret_count);
/* Operations that are under way end soon. [any] */
void bus_stream_close(struct bus_stream *stream);

/* NULL: it is nng's. */
struct bus_watch *bus_stream_watch(struct bus_stream *stream);
/* -1: it is nng's. */
int bus_stream_fd(const struct bus_stream *stream);
/* NULL: it is ours. */
struct nng_stream *bus_stream_nng(struct bus_stream *stream);

/*
 * Sockets. `address` is "ipc://PATH" or "tcp://HOST:PORT".
 */

/* A non-blocking listening socket, and the port that it has (0: none); a path's file is for its
 * owner only. Returns 0 or an error of nng. [loader] blocks */
int bus_socket_listen(const char *address, int *ret_fd, int *ret_port);
/* Begins to connect: `*ret_fd` is writable when it has, or has failed. Returns 0 or an error of
 * nng; NNG_ENOTSUP: the host has to be looked up, or there is another scheme. [any] */
int bus_socket_dial(const char *address, int *ret_fd);
/* 0 if bus_socket_dial() can dial there, else what it would say. [any] */
int bus_socket_check(const char *address);
/* How that went. [any] */
int bus_socket_result(int fd);
/* Of errno. */
int bus_socket_error(int error);

#endif /* CORE_BUS_STREAM_H */
