/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - a client's connection: dialling, greeting, losing it, dialling again. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/bus/tls.h"
#include "sdk/c/client_private.h"

#define SOFTWARE "libtenon"

static struct tenon_client *client_of(struct bus_conn *conn)
{
    return CONTAINER_OF(conn, struct tenon_client, conn);
}

void client_set_reason(struct tenon_client *client, const char *text)
{
    if (strcmp(client->reasons[client->reason], text) == 0)
        return;
    client->reason = (client->reason + 1) % REASON_COUNT;
    (void)snprintf(client->reasons[client->reason], sizeof(client->reasons[0]), "%s", text);
}

/* Locked, as all of the states' moves. */
static void set_state(struct tenon_client *client, enum client_state state)
{
    if (client->state == CLIENT_STOPPED)
        return;
    client->state = state;
    (void)pthread_cond_broadcast(&client->changed);
}

/* Dialling */

static void on_connected(struct bus_watch *watch, unsigned events)
{
    struct tenon_client *client = CONTAINER_OF(watch, struct tenon_client, dial_watch);

    (void)events;
    bus_loop_post(&client->loop, &client->dialled);
}

/* The socket that connects is not the client's any more. */
static int take_socket(struct tenon_client *client)
{
    int fd = client->dial_fd;

    client->dial_fd = -1;
    bus_poll_remove(&client->dial_watch);
    return fd;
}

/* 0, or an error of nng. */
static int dial_socket(struct tenon_client *client)
{
    int result = bus_socket_dial(client->url, &client->dial_fd);

    if (result != 0)
        return result;
    if (bus_poll_add(&client->poll, &client->dial_watch, client->dial_fd) != TN_OK) {
        (void)close(client->dial_fd);
        client->dial_fd = -1;
        return NNG_ENOMEM;
    }
    (void)bus_loop_arm(&client->loop, &client->timer, clock_mono_us() + client->connect_timeout_us);
    bus_poll_want(&client->dial_watch, BUS_POLL_OUT);
    return 0;
}

/* Waits longer after each failure; not all clients of a host come back at once. */
static void dial_later(struct tenon_client *client)
{
    int64_t jitter_us =
        (int64_t)(nng_random() % (uint32_t)(client->backoff_us / 2)) - client->backoff_us / 4;
    int64_t due_us = clock_mono_us() + client->backoff_us + jitter_us;

    client->backoff_us *= 2;
    if (client->backoff_us > BACKOFF_MAX_US)
        client->backoff_us = BACKOFF_MAX_US;
    client->attempt_count++;
    set_state(client, CLIENT_BACKOFF);
    if (client->state == CLIENT_BACKOFF)
        (void)bus_loop_arm(&client->loop, &client->timer, due_us);
}

static void say_why_not(struct tenon_client *client, int result)
{
    struct err err;

    err_init(&err, client->language);
    switch (result) {
    case NNG_ECONNREFUSED:
    case NNG_ENOENT:
        (void)err_set(&err,
                      TN_UNAVAILABLE,
                      "No host at %s: start one with `tenond --listen %s`.",
                      client->url,
                      client->url);
        break;
    case NNG_ETIMEDOUT:
        (void)err_set(&err, TN_UNAVAILABLE, "The host at %s does not answer.", client->url);
        break;
    case NNG_EPERM:
        (void)err_set(&err, TN_UNAVAILABLE, "No permission to connect to %s.", client->url);
        break;
    default:
        (void)err_set(
            &err, TN_UNAVAILABLE, "Cannot connect to %s: %s.", client->url, nng_strerror(result));
    }
    client_set_reason(client, err.message);
}

/* It was dialled, and no hello came: nng does not tell a bad certificate from silence. */
static void say_no_hello(struct tenon_client *client)
{
    struct err err;

    if (strncmp(client->url, "tls+", 4) != 0) {
        say_why_not(client, NNG_ETIMEDOUT);
        return;
    }
    err_init(&err, client->language);
    (void)err_set(
        &err,
        TN_UNAVAILABLE,
        "The host at %s does not answer, or shows a certificate that is not trusted here.",
        client->url);
    client_set_reason(client, err.message);
}

static void on_dialled(void *arg)
{
    struct tenon_client *client = arg;

    bus_loop_post(&client->loop, &client->dialled);
}

static const struct bus_conn_events conn_events;

/* Takes `stream` over. Locked. */
static tn_status greet(struct tenon_client *client, struct bus_stream *stream)
{
    const struct bus_hello hello = {
        .version_min = BUS_VERSION,
        .version_max = BUS_VERSION,
        .call_window = CALL_WINDOW,
        .connection_window = CONNECTION_WINDOW,
        .software = utf8_str(SOFTWARE),
    };

    TRY(bus_conn_init(&client->conn, stream, &client->mu, &conn_events, BUS_CREDIT_ENDLESS));
    if (bus_hello_write(bus_conn_out(&client->conn), &hello) != TN_OK) {
        bus_conn_fini(&client->conn);
        return TN_RESOURCE_EXHAUSTED;
    }
    client->has_conn = true;
    client->taken = 0;
    names_clear(&client->methods);
    names_clear(&client->portals);
    set_state(client, CLIENT_GREETING);
    (void)bus_loop_arm(&client->loop, &client->timer, clock_mono_us() + client->connect_timeout_us);
    bus_conn_kick(&client->conn);
    return TN_OK;
}

/* `stream`, which is taken over, or why there is none. */
static bool take_stream(struct tenon_client *client, struct bus_stream *stream, int result)
{
    if (!stream)
        say_why_not(client, result);
    else if (greet(client, stream) != TN_OK)
        client_set_reason(client, text_in(client->language, "Memory is out."));
    else
        return true;
    dial_later(client);
    return false;
}

static void dial(struct tenon_client *client)
{
    int result = 0;

    set_state(client, CLIENT_DIALLING);
    if (client->state != CLIENT_DIALLING)
        return;
    if (client->is_nng) {
        nng_aio_set_timeout(client->dial, (nng_duration)(client->connect_timeout_us / 1000));
        nng_stream_dialer_dial(client->dialer, client->dial);
    } else {
        result = dial_socket(client);
    }
    if (result != 0)
        (void)take_stream(client, NULL, result);
}

static struct bus_stream *nng_result(struct tenon_client *client, int *ret_result)
{
    struct bus_stream *stream = NULL;

    *ret_result = nng_aio_result(client->dial);
    if (*ret_result == 0 &&
        bus_stream_create_nng(nng_aio_get_output(client->dial, 0), &stream) != TN_OK)
        *ret_result = NNG_ENOMEM;
    return stream;
}

static struct bus_stream *socket_result(struct tenon_client *client, int *ret_result)
{
    struct bus_stream *stream = NULL;
    int fd = take_socket(client);

    *ret_result = bus_socket_result(fd);
    if (*ret_result != 0)
        (void)close(fd);
    else if (bus_stream_create(&client->poll, fd, &stream) != TN_OK)
        *ret_result = NNG_ENOMEM;
    return stream;
}

static void run_dialled(struct bus_job *job)
{
    struct tenon_client *client = CONTAINER_OF(job, struct tenon_client, dialled);
    struct bus_stream *stream = NULL;
    bool is_greeting = false;
    int result = 0;

    (void)pthread_mutex_lock(&client->mu);
    if (client->is_nng)
        stream = nng_result(client, &result);
    else if (client->dial_fd >= 0)
        stream = socket_result(client, &result);
    else
        result = NNG_ECANCELED; /* its time was over as it connected */
    if (client->state == CLIENT_DIALLING && result != NNG_ECANCELED)
        is_greeting = take_stream(client, TAKE(stream), result);
    (void)pthread_mutex_unlock(&client->mu);
    bus_stream_free(stream);
    if (is_greeting)
        bus_conn_start(&client->conn);
}

static void listen_again(struct tenon_client *client)
{
    (void)bus_loop_arm(&client->loop, &client->timer, clock_mono_us() + client->connect_timeout_us);
}

/* TCP itself notices after hours that a host has vanished. */
static void listen_for_life(struct tenon_client *client)
{
    client->silence = client->has_heard ? 0 : client->silence + 1;
    client->has_heard = false;
    if (client->silence > SILENCE_MAX) {
        say_why_not(client, NNG_ETIMEDOUT);
        bus_conn_close(&client->conn);
        return;
    }
    if (client->silence > 0)
        bus_conn_put(&client->conn, BUS_KIND_PING, 0, 0, (struct tn_bytes){0});
    listen_again(client);
}

static void fire_client(struct bus_timer *timer)
{
    struct tenon_client *client = CONTAINER_OF(timer, struct tenon_client, timer);

    (void)pthread_mutex_lock(&client->mu);
    if (client->state == CLIENT_BACKOFF && !client->has_conn) {
        dial(client);
    } else if (client->state == CLIENT_DIALLING && client->dial_fd >= 0) {
        (void)close(take_socket(client));
        (void)take_stream(client, NULL, NNG_ETIMEDOUT);
    } else if (client->state == CLIENT_GREETING) {
        say_no_hello(client);
        bus_conn_close(&client->conn);
    } else if (client->state == CLIENT_OPEN || client->state == CLIENT_DRAINING) {
        listen_for_life(client);
    }
    (void)pthread_mutex_unlock(&client->mu);
}

/* Frames */

static tn_status take_hello(struct tenon_client *client, const struct bus_frame *frame,
                            struct err *err)
{
    struct bus_hello hello;

    if (frame->kind != BUS_KIND_HELLO)
        return err_set(err, TN_DATA_LOSS, "The first frame is not HELLO.");
    TRY(bus_hello_read(frame->body, &hello, err));
    if (hello.version_min != BUS_VERSION || hello.call_max == 0)
        return err_set(err, TN_DATA_LOSS, "The host's HELLO is not one.");
    if (calls_reset(client, hello.call_max) != TN_OK)
        return err_memory(err, "the calls");
    client->request_size_max = hello.request_size_max;
    client->backoff_us = BACKOFF_MIN_US;
    client->silence = 0;
    listen_again(client);
    set_state(client, CLIENT_OPEN);
    calls_send_waiting(client);
    return TN_OK;
}

void client_close_if_drained(struct tenon_client *client)
{
    if (client->state == CLIENT_DRAINING && client->sent_count == 0)
        bus_conn_close(&client->conn);
}

static tn_status take_goaway(struct tenon_client *client, const struct bus_frame *frame,
                             struct err *err)
{
    struct bus_ending ending;
    char text[ERR_MESSAGE_SIZE];

    TRY(bus_ending_read(frame->body, &ending, err));
    (void)snprintf(text, sizeof(text), "%.*s", (int)ending.message.len, ending.message.data);
    client_set_reason(client, text);
    set_state(client, CLIENT_DRAINING);
    client_close_if_drained(client);
    return TN_OK;
}

static tn_status take_other(struct tenon_client *client, const struct bus_frame *frame,
                            struct err *err)
{
    if (frame->kind == BUS_KIND_GOAWAY)
        return take_goaway(client, frame, err);
    if (client->state == CLIENT_GREETING)
        return take_hello(client, frame, err);
    if (frame->kind == BUS_KIND_PING)
        bus_conn_put(&client->conn, BUS_KIND_PONG, 0, 0, frame->body);
    else if (frame->kind != BUS_KIND_PONG && frame->kind != BUS_KIND_CREDIT)
        return err_set(err, TN_DATA_LOSS, "A host does not send frames of kind %u.", frame->kind);
    return TN_OK;
}

static tn_status on_frame(struct bus_conn *conn, const struct bus_frame *frame, struct err *err)
{
    struct tenon_client *client = client_of(conn);

    /* No call is known before the hello, so that these two find none. */
    if (frame->kind == BUS_KIND_MESSAGE)
        return calls_take_message(client, frame, err);
    if (frame->kind == BUS_KIND_END)
        return calls_take_end(client, frame, err);
    return take_other(client, frame, err);
}

static void on_enter(struct bus_conn *conn)
{
    (void)pthread_mutex_lock(&client_of(conn)->deliver_mu);
}

static void on_leave(struct bus_conn *conn)
{
    (void)pthread_mutex_unlock(&client_of(conn)->deliver_mu);
}

static void on_idle(struct bus_conn *conn)
{
    client_of(conn)->has_heard = true;
    if (conn->state == BUS_CONN_ENDING)
        bus_conn_finish(conn);
}

static void on_sent(struct bus_conn *conn, struct bus_out *out)
{
    (void)conn;
    calls_sent(out);
}

static void on_closed(struct bus_conn *conn)
{
    bus_loop_post(&client_of(conn)->loop, &client_of(conn)->closed);
}

static const struct bus_conn_events conn_events = {
    .enter = on_enter,
    .leave = on_leave,
    .frame = on_frame,
    .idle = on_idle,
    .sent = on_sent,
    .closed = on_closed,
};

/* Losing it */

static void run_closed(struct bus_job *job)
{
    struct tenon_client *client = CONTAINER_OF(job, struct tenon_client, closed);
    struct err err;

    bus_conn_fini(&client->conn);
    err_init(&err, client->language);
    (void)err_set(&err, TN_UNAVAILABLE, "The connection to the host at %s was lost.", client->url);
    (void)pthread_mutex_lock(&client->mu);
    bool was_open = client->state == CLIENT_OPEN;
    if (was_open && client->silence <= SILENCE_MAX)
        client_set_reason(client, err.message);
    else if (client->state == CLIENT_GREETING)
        say_no_hello(client);
    set_state(client, CLIENT_BACKOFF);
    (void)pthread_mutex_unlock(&client->mu);

    (void)pthread_mutex_lock(&client->deliver_mu);
    calls_fail_all(client, false, TN_UNAVAILABLE, err.message);
    (void)pthread_mutex_unlock(&client->deliver_mu);

    (void)pthread_mutex_lock(&client->mu);
    client->has_conn = false;
    dial_later(client);
    (void)pthread_cond_broadcast(&client->changed);
    (void)pthread_mutex_unlock(&client->mu);
}

/* Public */

static void free_client(struct tenon_client *client)
{
    if (client->has_poll)
        bus_poll_fini(&client->poll);
    if (client->dial)
        nng_aio_free(client->dial);
    if (client->dialer)
        nng_stream_dialer_free(client->dialer);
    calls_fini(client);
    names_fini(&client->methods);
    names_fini(&client->portals);
    arena_fini(&client->result_arena);
    (void)pthread_cond_destroy(&client->changed);
    (void)pthread_mutex_destroy(&client->mu);
    (void)pthread_mutex_destroy(&client->deliver_mu);
    mem_free(client->url);
    mem_free(client->portal);
    mem_free(client->token);
    mem_free(client->language);
    mem_free(client);
}

static void init_locks(struct tenon_client *client)
{
    pthread_condattr_t monotonic;

    (void)pthread_mutex_init(&client->deliver_mu, NULL);
    (void)pthread_mutex_init(&client->mu, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&client->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

static void run_stop(struct bus_job *job)
{
    struct tenon_client *client = CONTAINER_OF(job, struct tenon_client, stop);
    struct err err;

    err_init(&err, client->language);
    (void)err_set(&err, TN_CANCELLED, "The client was closed.");
    (void)pthread_mutex_lock(&client->deliver_mu);
    calls_fail_all(client, true, TN_CANCELLED, err.message);
    (void)pthread_mutex_unlock(&client->deliver_mu);
    (void)pthread_mutex_lock(&client->mu);
    if (client->has_conn)
        bus_conn_close(&client->conn);
    if (client->dial_fd >= 0)
        (void)close(take_socket(client));
    (void)pthread_mutex_unlock(&client->mu);
}

static tn_status use_tls(struct tenon_client *client, const struct tenon_options *options)
{
    struct nng_tls_config *config = NULL;

    TRY(bus_tls_client(options->tls_ca, options->tls_server_name, &config, NULL));
    int result = nng_stream_dialer_set_ptr(client->dialer, NNG_OPT_TLS_CONFIG, config);
    bus_tls_free(config);
    return result == 0 ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

static tn_status build_dialer(struct tenon_client *client, const struct tenon_options *options)
{
    int result = nng_stream_dialer_alloc(&client->dialer, client->url);

    if (result != 0)
        return result == NNG_ENOMEM ? TN_RESOURCE_EXHAUSTED : TN_INVALID_ARGUMENT;
    if (strncmp(client->url, "tls+", 4) == 0)
        TRY(use_tls(client, options));
    return nng_aio_alloc(&client->dial, on_dialled, client) == 0 ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

/* Everything of a client that can fail; what was built stays for free_client. */
static tn_status build(struct tenon_client *client, const struct tenon_options *options)
{
    client->url = mem_copy_str(options->url);
    client->portal = mem_copy_str(options->portal ? options->portal : options->token ? "" : "main");
    client->token = mem_copy_str(options->token ? options->token : "");
    client->language = mem_copy_str(options->language ? options->language : "en");
    if (!client->url || !client->portal || !client->token || !client->language)
        return TN_RESOURCE_EXHAUSTED;
    if (strlen(client->portal) > BUS_NAME_MAX || strlen(client->token) > BUS_TOKEN_MAX ||
        strlen(client->language) > BUS_NAME_MAX)
        return TN_INVALID_ARGUMENT;
    TRY(names_init(&client->methods, 0, BUS_METHOD_ID_MAX));
    TRY(names_init(&client->portals, 1, BUS_SESSION_ID_MAX));
    client->is_nng = bus_socket_check(client->url) == NNG_ENOTSUP;
    if (client->is_nng)
        TRY(build_dialer(client, options));
    else if (bus_socket_check(client->url) != 0)
        return TN_INVALID_ARGUMENT;
    TRY(bus_poll_init(&client->poll, "tenon-io", false));
    client->has_poll = true;
    return bus_loop_init(&client->loop, "tenon");
}

tn_status tenon_client_create(const struct tenon_options *options, struct tenon_client **ret_client)
{
    struct tenon_client *client = mem_new(struct tenon_client);

    if (!client)
        return TN_RESOURCE_EXHAUSTED;
    init_locks(client);
    arena_init(&client->result_arena, (size_t)1 << 20); /* a status is in one frame */
    client->connect_timeout_us =
        options->connect_timeout_us > 0 ? options->connect_timeout_us : CONNECT_TIMEOUT_DEFAULT_US;
    client->timeout_us = options->timeout_us > 0 ? options->timeout_us : TIMEOUT_DEFAULT_US;
    client->backoff_us = BACKOFF_MIN_US;
    client->call_timer.fire = calls_fire;
    client->call_due_us = BUS_NEVER;
    client->timer.fire = fire_client;
    client->dial_fd = -1;
    client->dial_watch.ready = on_connected;
    client->dialled.run = run_dialled;
    client->closed.run = run_closed;
    client->stop.run = run_stop;
    tn_status st = build(client, options);
    if (st != TN_OK) {
        free_client(client);
        return st;
    }
    /* Dials as soon as the timer fires. Both are armed from here on, so that arming cannot fail. */
    st = bus_loop_arm(&client->loop, &client->call_timer, BUS_NEVER);
    if (st == TN_OK)
        st = bus_loop_arm(&client->loop, &client->timer, 0);
    if (st != TN_OK) {
        bus_loop_fini(&client->loop);
        free_client(client);
        return st;
    }
    *ret_client = client;
    return TN_OK;
}

tn_status tenon_client_connect(struct tenon_client *client, int64_t timeout_us)
{
    int64_t until_us = clock_mono_us() + timeout_us;
    struct timespec until = {
        .tv_sec = until_us / 1000000,
        .tv_nsec = until_us % 1000000 * 1000,
    };
    int waited = 0;

    (void)pthread_mutex_lock(&client->mu);
    uint64_t seen = client->attempt_count;
    while (client->state != CLIENT_OPEN && client->state != CLIENT_STOPPED && waited == 0) {
        if (timeout_us > 0)
            waited = pthread_cond_timedwait(&client->changed, &client->mu, &until);
        else if (client->attempt_count == seen)
            waited = pthread_cond_wait(&client->changed, &client->mu);
        else
            break;
    }
    bool is_open = client->state == CLIENT_OPEN;
    if (!is_open && client->reasons[client->reason][0] == '\0')
        say_why_not(client, NNG_ETIMEDOUT);
    (void)pthread_mutex_unlock(&client->mu);
    return is_open ? TN_OK : TN_UNAVAILABLE;
}

const char *tenon_client_reason(struct tenon_client *client)
{
    (void)pthread_mutex_lock(&client->mu);
    const char *reason = client->reasons[client->reason];
    (void)pthread_mutex_unlock(&client->mu);
    return reason;
}

void tenon_client_destroy(struct tenon_client *client)
{
    if (!client)
        return;
    (void)pthread_mutex_lock(&client->mu);
    set_state(client, CLIENT_STOPPED);
    (void)pthread_mutex_unlock(&client->mu);
    if (client->dial)
        nng_aio_stop(client->dial);
    bus_loop_post(&client->loop, &client->stop);
    /* The jobs post each other: the stop closes the connection, whose end is a job again. */
    (void)pthread_mutex_lock(&client->mu);
    while (client->has_conn)
        (void)pthread_cond_wait(&client->changed, &client->mu);
    (void)pthread_mutex_unlock(&client->mu);
    bus_loop_fini(&client->loop);
    free_client(client);
}
