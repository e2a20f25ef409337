/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - creating, listening and stopping. */
#include "core/bus/server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <nng/nng.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/bus/server_private.h"

/* A listener that cannot accept (out of descriptors) tries again after this. */
#define ACCEPT_RETRY_US ((int64_t)100 * 1000)
/* How long stop waits for the last connections to be written out and closed. */
#define CLOSE_TIMEOUT_US ((int64_t)2 * 1000000)
/* Of a socket file: what it lets do, it lets do its owner only. */
#define IPC_MODE 0600

struct listener {
    struct listener *next;
    struct bus_server *server;
    nng_stream_listener *stream;
    nng_aio *aio;
    struct bus_timer retry;
    bool is_failing; /* of on_accept, which never runs twice at once */
};

/* Creating */

static struct bus_server_options with_defaults(const struct bus_server_options *options)
{
    struct bus_server_options full = *options;

    if (full.connection_max == 0)
        full.connection_max = CONNECTION_MAX_DEFAULT;
    if (full.call_max == 0)
        full.call_max = CALL_MAX_DEFAULT;
    if (full.request_size_max == 0)
        full.request_size_max = REQUEST_SIZE_MAX_DEFAULT;
    if (full.default_timeout_us == 0)
        full.default_timeout_us = TIMEOUT_DEFAULT_US;
    return full;
}

static void init_locks(struct bus_server *server)
{
    pthread_condattr_t monotonic;

    (void)pthread_mutex_init(&server->mu, NULL);
    (void)pthread_mutex_init(&server->drain_mu, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->drained, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

static void fini_parts(struct bus_server *server)
{
    bus_reflect_fini(&server->reflect);
    bus_method_table_fini(&server->methods);
    (void)pthread_cond_destroy(&server->drained);
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
    init_locks(server);
    bus_method_table_init(&server->methods);
    bus_reflect_init(&server->reflect);
    tn_status st = bus_reflect_serve(server, err);
    if (st == TN_OK && bus_loop_init(&server->loop, "bus") != TN_OK)
        st = err_memory(err, "a thread");
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
    return bus_reflect_add(&server->reflect, set, err);
}

/* Listening */

static void welcome(struct bus_server *server, nng_stream *stream)
{
    (void)pthread_mutex_lock(&server->mu);
    uint32_t count = server->link_count;
    (void)pthread_mutex_unlock(&server->mu);

    uint32_t max = server->options.connection_max;
    if (count >= max + REFUSED_MAX) {
        nng_stream_free(stream);
        return;
    }
    if (count == max)
        LOG(server->options.log, LOG_WARN, "too many connections", LOG_UINT("max", max));
    if (link_create(server, stream, count >= max) != TN_OK)
        LOG(server->options.log, LOG_WARN, "connection refused, memory is out", LOG_INT("at", 0));
}

static void on_accept(void *arg)
{
    struct listener *listener = arg;
    struct bus_server *server = listener->server;
    int result = nng_aio_result(listener->aio);

    if (result == NNG_ECLOSED || result == NNG_ECANCELED ||
        atomic_load_explicit(&server->state, memory_order_acquire) != SERVER_SERVING) {
        if (result == 0)
            nng_stream_free(nng_aio_get_output(listener->aio, 0));
        return;
    }
    if (result != 0) {
        if (!listener->is_failing)
            LOG(server->options.log,
                LOG_WARN,
                result == NNG_ENOFILES ? "cannot accept connections, trying again: raise the limit "
                                         "of open files (ulimit -n, LimitNOFILE)"
                                       : "cannot accept connections, trying again",
                LOG_STR("reason", nng_strerror(result)));
        listener->is_failing = true;
        (void)bus_loop_arm(&server->loop, &listener->retry, clock_mono_us() + ACCEPT_RETRY_US);
        return;
    }
    if (listener->is_failing)
        LOG(server->options.log, LOG_INFO, "accepting connections again");
    listener->is_failing = false;
    welcome(server, nng_aio_get_output(listener->aio, 0));
    nng_stream_listener_accept(listener->stream, listener->aio);
}

static void retry_accept(struct bus_timer *timer)
{
    struct listener *listener = CONTAINER_OF(timer, struct listener, retry);

    nng_stream_listener_accept(listener->stream, listener->aio);
}

static void listener_destroy(struct listener *listener)
{
    if (!listener)
        return;
    if (listener->aio)
        nng_aio_stop(listener->aio);
    if (listener->stream)
        nng_stream_listener_free(listener->stream);
    if (listener->aio)
        nng_aio_free(listener->aio);
    mem_free(listener);
}
DEFINE_CLEANUP(struct listener, listener_destroy)

static tn_status refuse_url(struct err *err, const char *url, int result)
{
    switch (result) {
    case NNG_EADDRINUSE:
        return err_set(err, TN_ALREADY_EXISTS, "%s is in use by another process.", url);
    case NNG_EPERM:
        return err_set(err, TN_PERMISSION_DENIED, "No permission to listen on %s.", url);
    case NNG_ENOMEM:
        return err_memory(err, "a listener");
    default:
        return err_set(
            err, TN_INVALID_ARGUMENT, "Cannot listen on %s: %s.", url, nng_strerror(result));
    }
}

/* Whether a host name is this machine's own and reached by nobody else. */
static bool host_is_loopback(const char *host)
{
    struct in_addr v4;

    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

static tn_status check_url(const char *url, struct err *err)
{
    nng_url *parsed = NULL;
    int result = nng_url_parse(&parsed, url);
    tn_status st = TN_OK;

    if (result != 0)
        return refuse_url(err, url, result);
    if (strcmp(parsed->u_scheme, "ipc") != 0 && strcmp(parsed->u_scheme, "tcp") != 0)
        st = err_set(err,
                     TN_INVALID_ARGUMENT,
                     "Cannot listen on %s: it is neither ipc://PATH nor tcp://HOST:PORT.",
                     url);
    else if (strcmp(parsed->u_scheme, "tcp") == 0 && !host_is_loopback(parsed->u_hostname))
        st = err_set(err,
                     TN_INVALID_ARGUMENT,
                     "Cannot listen on %s: other machines need TLS, which this host does not have "
                     "yet; use 127.0.0.1.",
                     url);
    nng_url_free(parsed);
    return st;
}

static tn_status listener_create(struct bus_server *server, const char *url,
                                 struct listener **ret_listener, struct err *err)
{
    CLEANUP(listener_destroy_p) struct listener *listener = mem_new(struct listener);

    if (!listener)
        return err_memory(err, "a listener");
    listener->server = server;
    listener->retry.fire = retry_accept;
    int result = nng_stream_listener_alloc(&listener->stream, url);
    if (result == 0)
        result = nng_aio_alloc(&listener->aio, on_accept, listener);
    if (result == 0 && strncmp(url, "ipc:", 4) == 0)
        result = nng_stream_listener_set_int(listener->stream, NNG_OPT_IPC_PERMISSIONS, IPC_MODE);
    if (result == 0)
        result = nng_stream_listener_listen(listener->stream);
    if (result != 0)
        return refuse_url(err, url, result);
    *ret_listener = TAKE(listener);
    return TN_OK;
}

/* The URL with the port that was bound. */
static void write_url(const struct listener *listener, const char *url, char *out)
{
    const char *colon = strrchr(url, ':');
    int port = 0;

    if (strncmp(url, "tcp:", 4) == 0 &&
        nng_stream_listener_get_int(listener->stream, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
        (void)snprintf(out, BUS_URL_SIZE, "%.*s:%d", (int)(colon - url), url, port);
    else
        (void)snprintf(out, BUS_URL_SIZE, "%s", url);
}

tn_status bus_server_listen(struct bus_server *server, const char *url, char *ret_url,
                            struct err *err)
{
    struct listener *listener = NULL;

    if (strlen(url) >= BUS_URL_SIZE)
        return err_set(err, TN_INVALID_ARGUMENT, "The URL %s is too long.", url);
    TRY(check_url(url, err));
    TRY(listener_create(server, url, &listener, err));
    if (ret_url)
        write_url(listener, url, ret_url);
    (void)pthread_mutex_lock(&server->mu);
    listener->next = server->listeners;
    server->listeners = listener;
    (void)pthread_mutex_unlock(&server->mu);
    nng_stream_listener_accept(listener->stream, listener->aio);
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

        bus_loop_disarm(&server->loop, &listener->retry);
        nng_stream_listener_close(listener->stream);
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
    fini_parts(server);
}
