/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - creating, listening and stopping. */
#include "core/bus/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nng/nng.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/bus/door.h"
#include "core/bus/notice.h"
#include "core/bus/server_private.h"
#include "core/bus/tls.h"
#include "core/bus/url.h"

/* A listener that cannot accept (out of descriptors) tries again after this. */
#define ACCEPT_RETRY_US ((int64_t)100 * 1000)
/* How long stop waits for the last connections to be written out and closed. */
#define CLOSE_TIMEOUT_US ((int64_t)2 * 1000000)

/* One accept is under way, or the timer will begin one, or neither. */
enum accept_state { ACCEPT_RUNS, ACCEPT_WAITS, ACCEPT_PAUSED };

/* A socket of ours, or, for TLS, one of nng's. */
struct listener {
    struct listener *next;
    struct bus_server *server;
    struct bus_watch watch;
    int fd;                  /* -1: it is nng's */
    char path[BUS_URL_SIZE]; /* of the socket's file; empty: none */
    nng_stream_listener *stream;
    nng_aio *aio;
    struct bus_timer retry;
    bool is_failing; /* of accepted(), which never runs twice at once */
    pthread_mutex_t mu;
    enum accept_state accepts; /* guarded by mu */
};

/* Creating */

static void set_limits(struct bus_server *server, const struct bus_server_limits *limits)
{
    const uint32_t connection_max =
        limits->connection_max ? limits->connection_max : BUS_CONNECTION_MAX_DEFAULT;
    const uint32_t call_max = limits->call_max ? limits->call_max : CALL_MAX_DEFAULT;
    const uint32_t request_size_max =
        limits->request_size_max ? limits->request_size_max : REQUEST_SIZE_MAX_DEFAULT;

    atomic_store_explicit(&server->connection_max, connection_max, memory_order_relaxed);
    atomic_store_explicit(&server->call_max, call_max, memory_order_relaxed);
    atomic_store_explicit(&server->request_size_max, request_size_max, memory_order_relaxed);
}

static struct bus_server_options with_defaults(const struct bus_server_options *options)
{
    struct bus_server_options full = *options;

    if (full.default_timeout_us == 0)
        full.default_timeout_us = TIMEOUT_DEFAULT_US;
    if (full.hello_timeout_us == 0)
        full.hello_timeout_us = HELLO_TIMEOUT_DEFAULT_US;
    if (full.ping_interval_us == 0)
        full.ping_interval_us = PING_INTERVAL_DEFAULT_US;
    if (full.stall_timeout_us == 0)
        full.stall_timeout_us = STALL_TIMEOUT_DEFAULT_US;
    return full;
}

static void init_locks(struct bus_server *server)
{
    pthread_condattr_t monotonic;

    (void)pthread_mutex_init(&server->mu, NULL);
    (void)pthread_mutex_init(&server->drain_mu, NULL);
    (void)pthread_mutex_init(&server->notice_mu, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->drained, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

static void fini_parts(struct bus_server *server)
{
    bus_tls_free(server->tls_before);
    bus_tls_free(server->tls);
    bus_reflect_fini(&server->reflect);
    bus_method_table_fini(&server->methods);
    (void)pthread_cond_destroy(&server->drained);
    (void)pthread_mutex_destroy(&server->notice_mu);
    (void)pthread_mutex_destroy(&server->drain_mu);
    (void)pthread_mutex_destroy(&server->mu);
    mem_free(server);
}

tn_status bus_server_create(const struct bus_server_options *options,
                            struct bus_server **ret_server, struct err *err)
{
    struct bus_server *server = mem_new(struct bus_server);

    if (!server)
        return err_memory(err, "the server");
    server->options = with_defaults(options);
    set_limits(server,
               &(struct bus_server_limits){
                   options->connection_max, options->call_max, options->request_size_max});
    init_locks(server);
    bus_method_table_init(&server->methods);
    bus_reflect_init(&server->reflect);
    tn_status st = bus_reflect_serve(server, err);
    if (st == TN_OK && bus_loop_init(&server->loop, "bus") != TN_OK)
        st = err_memory(err, "a thread");
    if (st == TN_OK && bus_poll_init(&server->poll, "bus-io", true) != TN_OK) {
        bus_loop_fini(&server->loop);
        st = err_memory(err, "a thread");
    }
    if (st != TN_OK) {
        fini_parts(server);
        return st;
    }
    *ret_server = server;
    return TN_OK;
}

tn_status bus_server_add_method(struct bus_server *server, const struct bus_method *method,
                                struct err *err)
{
    return bus_method_table_add(&server->methods, method, err);
}

void bus_server_remove_method(struct bus_server *server, const char *name)
{
    bus_method_table_remove(&server->methods, name);
}

tn_status bus_server_add_descriptors(struct bus_server *server, struct tn_bytes set,
                                     struct err *err)
{
    return bus_reflect_add(&server->reflect, "", set, err);
}

tn_status bus_server_renew_descriptors(struct bus_server *server, const char *module,
                                       struct tn_bytes set, struct err *err)
{
    return bus_reflect_add(&server->reflect, module, set, err);
}

const struct bus_method *bus_server_method(struct bus_server *server, const char *name)
{
    const struct bus_method_entry *entry = bus_method_table_find(&server->methods, utf8_str(name));

    return entry ? &entry->def : NULL;
}

/* Listening */

bool server_is_full(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->mu);
    uint32_t count = server->link_count;
    (void)pthread_mutex_unlock(&server->mu);
    return count >= atomic_load_explicit(&server->connection_max, memory_order_relaxed);
}

static void welcome(struct bus_server *server, struct bus_stream *stream)
{
    (void)pthread_mutex_lock(&server->mu);
    uint32_t count = server->link_count;
    (void)pthread_mutex_unlock(&server->mu);

    uint32_t max = atomic_load_explicit(&server->connection_max, memory_order_relaxed);
    if (count >= max + REFUSED_MAX) {
        bus_stream_free(stream);
        return;
    }
    if (count == max)
        LOG(server->options.log, LOG_WARN, "too many connections", LOG_UINT("max", max));
    if (link_create(server, stream, count >= max) != TN_OK)
        LOG(server->options.log, LOG_WARN, "connection refused, memory is out", LOG_INT("at", 0));
}

static bool is_serving(const struct listener *listener)
{
    return atomic_load_explicit(&listener->server->state, memory_order_acquire) == SERVER_SERVING;
}

static void accept_next(struct listener *listener)
{
    if (listener->fd >= 0)
        bus_poll_want(&listener->watch, BUS_POLL_IN);
    else
        nng_stream_listener_accept(listener->stream, listener->aio);
}

/* One accept at a time: who moves the state begins it. Connections come on several threads. */
static void move_accept(struct listener *listener, enum accept_state from, enum accept_state to)
{
    (void)pthread_mutex_lock(&listener->mu);
    if (listener->accepts == from) {
        listener->accepts = to;
        if (to == ACCEPT_RUNS)
            accept_next(listener);
        else if (to == ACCEPT_WAITS)
            (void)bus_loop_arm(/* it was armed from the start: that takes no memory */
                               &listener->server->loop,
                               &listener->retry,
                               clock_mono_us() + ACCEPT_RETRY_US);
    }
    (void)pthread_mutex_unlock(&listener->mu);
}

static void accept_later(struct listener *listener, int result)
{
    struct bus_server *server = listener->server;

    if (!listener->is_failing)
        LOG(server->options.log,
            LOG_WARN,
            result == NNG_ENOFILES ? "cannot accept connections, trying again: raise the limit "
                                     "of open files (ulimit -n, LimitNOFILE)"
                                   : "cannot accept connections, trying again",
            LOG_STR("reason", nng_strerror(result)));
    listener->is_failing = true;
    move_accept(listener, ACCEPT_RUNS, ACCEPT_WAITS);
}

/* A connection, or, if it is NULL, why there is none. */
static void accepted(struct listener *listener, struct bus_stream *stream, int result)
{
    struct bus_server *server = listener->server;

    if (!is_serving(listener)) {
        bus_stream_free(stream);
        return;
    }
    if (!stream) {
        accept_later(listener, result);
        return;
    }
    if (listener->is_failing)
        LOG(server->options.log, LOG_INFO, "accepting connections again");
    listener->is_failing = false;
    welcome(server, stream);
    move_accept(listener, ACCEPT_RUNS, ACCEPT_RUNS);
}

static void on_connection(struct bus_watch *watch, unsigned events)
{
    struct listener *listener = CONTAINER_OF(watch, struct listener, watch);
    struct bus_stream *stream = NULL;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) {
        move_accept(listener, ACCEPT_RUNS, ACCEPT_RUNS);
        return;
    }
    int result = fd < 0 ? bus_socket_error(errno) : NNG_ENOMEM;
    if (fd >= 0)
        (void)bus_stream_create(&listener->server->poll, fd, &stream); /* else it is NULL */
    accepted(listener, stream, result);
}

static void on_nng_connection(void *arg)
{
    struct listener *listener = arg;
    struct bus_stream *stream = NULL;
    int result = nng_aio_result(listener->aio);

    if (result == NNG_ECLOSED || result == NNG_ECANCELED)
        return;
    if (result == 0 &&
        bus_stream_create_nng(nng_aio_get_output(listener->aio, 0), &stream) != TN_OK)
        result = NNG_ENOMEM;
    accepted(listener, stream, result);
}

static void retry_accept(struct bus_timer *timer)
{
    move_accept(CONTAINER_OF(timer, struct listener, retry), ACCEPT_WAITS, ACCEPT_RUNS);
}

/* Nobody is accepted any more. */
static void listener_close(struct listener *listener)
{
    bus_poll_remove(&listener->watch);
    if (listener->fd >= 0) {
        (void)close(listener->fd);
        listener->fd = -1;
    }
    if (listener->path[0] != '\0')
        (void)unlink(listener->path); /* the next host would find that nobody listens there */
    if (listener->stream)
        nng_stream_listener_close(listener->stream);
}

static void listener_destroy(struct listener *listener)
{
    if (!listener)
        return;
    bus_loop_disarm(&listener->server->loop, &listener->retry);
    listener_close(listener);
    if (listener->aio)
        nng_aio_stop(listener->aio);
    if (listener->stream)
        nng_stream_listener_free(listener->stream);
    if (listener->aio)
        nng_aio_free(listener->aio);
    (void)pthread_mutex_destroy(&listener->mu);
    mem_free(listener);
}
DEFINE_CLEANUP(struct listener, listener_destroy)

tn_status server_tls_config(struct bus_server *server, const char *url, const struct bus_url *at,
                            struct nng_tls_config **ret_config, struct err *err)
{
    const struct bus_server_options *options = &server->options;

    if (!at->is_tls) {
        *ret_config = NULL;
        return TN_OK;
    }
    if (!options->tls_certificate || !options->tls_key)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "Cannot listen on %s: TLS needs a certificate and its key, [tls] in the "
                       "configuration.",
                       url);
    if (!server->tls)
        TRY(bus_tls_host(options->tls_certificate, options->tls_key, &server->tls, err));
    *ret_config = server->tls;
    return TN_OK;
}

/* The stream holds the configuration too. */
static int start_nng(struct listener *listener, const struct bus_url *at,
                     struct nng_tls_config *tls, int *ret_port)
{
    int result = nng_stream_listener_alloc(&listener->stream, at->address);

    if (result == 0)
        result = nng_aio_alloc(&listener->aio, on_nng_connection, listener);
    if (result == 0)
        result = nng_stream_listener_set_ptr(listener->stream, NNG_OPT_TLS_CONFIG, tls);
    if (result == 0)
        result = nng_stream_listener_listen(listener->stream);
    if (result == 0)
        (void)nng_stream_listener_get_int(listener->stream, NNG_OPT_TCP_BOUND_PORT, ret_port);
    return result;
}

static int start_socket(struct listener *listener, const struct bus_url *at, int *ret_port)
{
    int result = bus_socket_listen(at->address, &listener->fd, ret_port);

    if (result != 0)
        return result;
    if (at->is_ipc)
        (void)snprintf(
            listener->path, sizeof(listener->path), "%s", at->address + strlen("ipc://"));
    return bus_poll_add(&listener->server->poll, &listener->watch, listener->fd) == TN_OK
               ? 0
               : NNG_ENOMEM;
}

static tn_status listen_bus(struct bus_server *server, const char *url, const struct bus_url *at,
                            int *ret_port, struct err *err)
{
    CLEANUP(listener_destroy_p) struct listener *listener = mem_new(struct listener);
    struct nng_tls_config *tls = NULL;

    if (!listener)
        return err_memory(err, "a listener");
    (void)pthread_mutex_init(&listener->mu, NULL);
    listener->server = server;
    listener->fd = -1;
    listener->watch.ready = on_connection;
    listener->retry.fire = retry_accept;
    listener->accepts = ACCEPT_PAUSED;
    if (bus_loop_arm(&server->loop, &listener->retry, BUS_NEVER) != TN_OK)
        return err_memory(err, "a listener");
    TRY(server_tls_config(server, url, at, &tls, err));
    int result =
        tls ? start_nng(listener, at, tls, ret_port) : start_socket(listener, at, ret_port);
    if (result != 0)
        return bus_url_refuse(url, result, err);
    struct listener *added = listener;
    (void)pthread_mutex_lock(&server->mu);
    listener->next = server->listeners;
    server->listeners = TAKE(listener);
    (void)pthread_mutex_unlock(&server->mu);
    move_accept(added, ACCEPT_PAUSED, ACCEPT_RUNS);
    return TN_OK;
}

tn_status bus_server_listen(struct bus_server *server, const char *url, char *ret_url,
                            struct err *err)
{
    struct bus_url at;
    int port = 0;

    TRY(bus_url_parse(url, &at, err));
    if (at.role == BUS_URL_DOOR)
        TRY(door_listen(server, url, &at, &port, err));
    else if (at.role == BUS_URL_NOTICES)
        TRY(notices_listen(server, url, &at, &port, err));
    else
        TRY(listen_bus(server, url, &at, &port, err));
    if (ret_url)
        bus_url_write(url, port, ret_url);
    return TN_OK;
}

/* Changing */

void bus_server_set_limits(struct bus_server *server, const struct bus_server_limits *limits)
{
    set_limits(server, limits);
    doors_set_request_max(server);
}

/* An accept that is under way has taken the former configuration already, so it begins anew. */
static void listener_set_tls(struct listener *listener, struct nng_tls_config *tls)
{
    (void)pthread_mutex_lock(&listener->mu);
    listener->accepts = ACCEPT_PAUSED;
    (void)pthread_mutex_unlock(&listener->mu);
    nng_aio_cancel(listener->aio);
    nng_aio_wait(listener->aio);
    /* It is an option of every listener for TLS. */
    (void)nng_stream_listener_set_ptr(listener->stream, NNG_OPT_TLS_CONFIG, tls);
    move_accept(listener, ACCEPT_PAUSED, ACCEPT_RUNS);
}

tn_status bus_server_set_tls(struct bus_server *server, const char *certificate, const char *key,
                             bool *ret_is_used, struct err *err)
{
    struct nng_tls_config *tls = NULL;

    if (server->tls) {
        TRY(bus_tls_host(certificate, key, &tls, err));
        for (struct listener *listener = server->listeners; listener; listener = listener->next)
            if (listener->stream)
                listener_set_tls(listener, tls);
        doors_set_tls(server, tls);
        bus_tls_free(server->tls_before);
        server->tls_before = server->tls;
        server->tls = tls;
    }
    *ret_is_used = tls != NULL;
    return TN_OK;
}

/* Stopping */

void server_drained(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->drain_mu);
    server->drain_count++;
    (void)pthread_cond_broadcast(&server->drained);
    (void)pthread_mutex_unlock(&server->drain_mu);
}

void server_link_freed(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->drain_mu);
    (void)atomic_fetch_sub(&server->live_links, 1);
    server->drain_count++;
    (void)pthread_cond_broadcast(&server->drained);
    (void)pthread_mutex_unlock(&server->drain_mu);
}

static uint32_t count_links(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->mu);
    uint32_t count = server->link_count;
    (void)pthread_mutex_unlock(&server->mu);
    return count;
}

static uint32_t count_live_links(struct bus_server *server)
{
    return atomic_load(&server->live_links);
}

static uint32_t count_calls(struct bus_server *server)
{
    return atomic_load(&server->open_calls);
}

/* Waits until `count` says 0, or the time has come (BUS_NEVER: without end). */
static void wait_for_none(struct bus_server *server, uint32_t (*count)(struct bus_server *),
                          int64_t until_us)
{
    struct timespec until = {
        .tv_sec = until_us / 1000000,
        .tv_nsec = until_us % 1000000 * 1000,
    };

    (void)pthread_mutex_lock(&server->drain_mu);
    for (;;) {
        /* Counted without the lock, for it comes after those that counting takes. */
        uint64_t seen = server->drain_count;
        (void)pthread_mutex_unlock(&server->drain_mu);
        bool is_over = count(server) == 0 || clock_mono_us() >= until_us;
        (void)pthread_mutex_lock(&server->drain_mu);
        if (is_over)
            break;
        while (seen == server->drain_count &&
               pthread_cond_timedwait(&server->drained, &server->drain_mu, &until) == 0)
            continue;
    }
    (void)pthread_mutex_unlock(&server->drain_mu);
}

struct bus_server_stats bus_server_stats(struct bus_server *server)
{
    return (struct bus_server_stats){
        .connections = count_links(server),
        .open_calls = count_calls(server),
        .held_bytes = atomic_load_explicit(&server->held, memory_order_relaxed),
    };
}

static void for_links(struct bus_server *server, void (*act)(struct bus_link *link))
{
    (void)pthread_mutex_lock(&server->mu);
    for (struct bus_link *link = server->links; link; link = link->next)
        act(link);
    (void)pthread_mutex_unlock(&server->mu);
}

static void close_listeners(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->mu);
    struct listener *listener = TAKE(server->listeners);
    (void)pthread_mutex_unlock(&server->mu);
    while (listener) {
        struct listener *next = listener->next;

        listener_destroy(listener);
        listener = next;
    }
}

void bus_server_stop(struct bus_server *server, int64_t timeout_us)
{
    int64_t until_us = clock_mono_us() + timeout_us;
    int serving = SERVER_SERVING;

    if (!atomic_compare_exchange_strong(&server->state, &serving, SERVER_DRAINING))
        return;
    close_listeners(server);
    for_links(server, link_drain);
    wait_for_none(server, count_calls, until_us);
    for_links(server, link_cancel);
    for_links(server, link_end);
    wait_for_none(server, count_links, clock_mono_us() + CLOSE_TIMEOUT_US);
    doors_close(server);
    notices_close(server);
    atomic_store_explicit(&server->state, SERVER_STOPPED, memory_order_release);
}

void bus_server_destroy(struct bus_server *server)
{
    if (!server)
        return;
    bus_server_stop(server, 0);
    /* A handler that still runs holds its call, and that its connection's memory. */
    wait_for_none(server, count_live_links, BUS_NEVER);
    bus_loop_fini(&server->loop);
    bus_poll_fini(&server->poll);
    fini_parts(server);
}
