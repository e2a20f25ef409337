/* SPDX-License-Identifier: Apache-2.0 */
/* bus_host.c - the handlers of bus_host.h. */
#include "tests/integration/bus_host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/unit/check.h"

#define QUEUE_MAX 4096u

static uint64_t request_number(const struct bus_call *call)
{
    struct tn_bytes request = bus_call_request(call);
    char text[24] = "";

    assert_true(request.len < sizeof(text));
    if (request.len)
        memcpy(text, request.data, request.len);
    return strtoull(text, NULL, 10);
}

static void answer_text(struct bus_call *call, const char *text)
{
    bus_call_answer_bytes(call, (struct tn_bytes){(const uint8_t *)text, strlen(text)});
}

static void run_echo(struct bus_call *call, void *ctx)
{
    (void)ctx;
    bus_call_answer_bytes(call, bus_call_request(call));
}

static void run_portal(struct bus_call *call, void *ctx)
{
    (void)ctx;
    answer_text(call, bus_call_session(call));
}

static void run_fail(struct bus_call *call, void *ctx)
{
    struct err *err = bus_call_err(call);

    (void)ctx;
    err->retry_after_us = 7 * SECOND;
    bus_call_finish(call,
                    err_violate(err, TN_INVALID_ARGUMENT, "size", "required", "size is needed"));
}

static void count_stop(struct host *host, tn_status st)
{
    (void)atomic_fetch_add(st == TN_CANCELLED ? &host->cancelled : &host->late, 1);
}

static void hang_on(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;
    tn_status st = bus_call_state(call);

    if (st == TN_OK) {
        bus_call_wait(call, INT64_MAX, hang_on, ctx);
        return;
    }
    count_stop(host, st);
    bus_call_finish(call, st);
}

static void run_hang(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;

    (void)atomic_fetch_add(&host->hanging, 1);
    hang_on(call, ctx);
}

static void answer_name(struct bus_call *call, void *ctx)
{
    (void)ctx;
    answer_text(call, *bus_call_data(call));
}

/* The answer is due long after the handler has returned. */
static void run_thread(struct bus_call *call, void *ctx)
{
    char *name = arena_alloc(bus_call_arena(call), 16);

    assert_non_null(name);
    assert_int_equal(pthread_getname_np(pthread_self(), name, 16), 0);
    *bus_call_data(call) = name;
    bus_call_wait(call, clock_mono_us() + THREAD_WAIT_US, answer_name, ctx);
}

static void run_again(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;

    if (atomic_fetch_add(&host->hanging, 1) == 0) {
        (void)err_set(bus_call_err(call), TN_ABORTED, "lost the race");
        assert_non_null(arena_alloc(bus_call_arena(call), 100));
        bus_call_again(call);
        return;
    }
    assert_int_equal(bus_call_err(call)->status, TN_OK);
    answer_text(call, "again");
}

static void run_metadata(struct bus_call *call, void *ctx)
{
    struct tn_bytes request = bus_call_request(call);
    char key[64] = "";

    (void)ctx;
    assert_true(request.len < sizeof(key));
    memcpy(key, request.data, request.len);
    struct tn_str value = bus_call_metadata(call, key);
    bus_call_answer_bytes(call, (struct tn_bytes){(const uint8_t *)value.data, value.len});
}

static void run_gate(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;

    (void)atomic_fetch_add(&host->at_gate, 1);
    while (!atomic_load(&host->is_gate_open))
        (void)usleep(1000);
    answer_text(call, "through");
}

/* Waits for ever once it is through. */
static void run_gate_hang(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;

    (void)atomic_fetch_add(&host->at_gate, 1);
    while (!atomic_load(&host->is_gate_open))
        (void)usleep(1000);
    hang_on(call, ctx);
}

static void run_large(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;
    size_t len = (size_t)request_number(call);
    uint8_t *bytes = arena_alloc(bus_call_arena(call), len);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i % 251);
    bus_call_answer_bytes(call, (struct tn_bytes){bytes, len});
    (void)atomic_fetch_add(&host->enlarged, 1);
}

struct stream {
    struct host *host;
    uint64_t next;
    uint64_t count;
    char *filler; /* of each message */
};

static void stream_on(struct bus_call *call, void *ctx)
{
    struct stream *stream = ctx;
    char number[24];
    tn_status st = TN_OK;

    while (stream->count == 0 || stream->next < stream->count) {
        Tenon__Bus__V1__Metadata message;

        tenon__bus__v1__metadata__init(&message);
        (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)stream->next);
        message.key = number;
        message.value = stream->filler;
        st = bus_call_send(call, &message.base);
        if (st != TN_OK)
            break;
        stream->next++;
        (void)atomic_fetch_add(&stream->host->streamed, 1);
    }
    if (st == TN_RESOURCE_EXHAUSTED) {
        bus_call_wait(call, INT64_MAX, stream_on, stream);
        return;
    }
    if (st != TN_OK)
        count_stop(stream->host, st);
    bus_call_finish(call, st);
}

static void begin_stream(struct bus_call *call, struct host *host, size_t size)
{
    struct stream *stream = arena_new(bus_call_arena(call), struct stream);

    assert_non_null(stream);
    stream->host = host;
    stream->count = request_number(call);
    stream->filler = arena_alloc(bus_call_arena(call), size + 1);
    assert_non_null(stream->filler);
    memset(stream->filler, 'x', size);
    stream_on(call, stream);
}

static void run_stream(struct bus_call *call, void *ctx)
{
    begin_stream(call, ctx, STREAM_MESSAGE_SIZE);
}

/* Messages of several frames each. */
static void run_flood(struct bus_call *call, void *ctx)
{
    begin_stream(call, ctx, FLOOD_MESSAGE_SIZE);
}

static void watch_on(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;
    Tenon__Bus__V1__Metadata message;

    tenon__bus__v1__metadata__init(&message);
    tn_status st = bus_call_state(call);
    if (st == TN_OK)
        st = bus_call_send(call, &message.base);
    if (st == TN_OK) {
        bus_call_wait(call, INT64_MAX, watch_on, ctx);
        return;
    }
    bus_call_unref(atomic_exchange(&host->watcher, NULL));
    bus_call_finish(call, st);
}

static void run_watch(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;

    bus_call_ref(call);
    atomic_store(&host->watcher, call);
    watch_on(call, ctx);
}

void host_notify(struct host *host)
{
    bus_call_wake(atomic_load(&host->watcher));
}

static tn_status admit(void *ctx, const struct bus_peer *peer, struct tn_str portal,
                       struct tn_str token, void **ret_session, struct err *err)
{
    struct host *host = ctx;

    assert_true(peer->is_loopback);
    assert_true(!peer->is_ipc || peer->uid == getuid());
    if (atomic_load(&host->refusals_left) > 0) {
        (void)atomic_fetch_sub(&host->refusals_left, 1);
        return err_set(err, TN_NOT_FOUND, "there is no such portal yet");
    }
    if (utf8_is(token, "wrong"))
        return err_set(err, TN_UNAUTHENTICATED, "the token is wrong");
    char *session = mem_alloc_zeroed(1, portal.len + 1);
    assert_non_null(session);
    memcpy(session, portal.data, portal.len);
    (void)atomic_fetch_add(&host->admitted, 1);
    *ret_session = session;
    return TN_OK;
}

/* Portals in these tests differ in their first letters. */
static uint32_t number_of(void *ctx, const void *session)
{
    (void)ctx;
    return *(const unsigned char *)session;
}

static void drop(void *ctx, void *session)
{
    struct host *host = ctx;

    (void)atomic_fetch_add(&host->dropped, 1);
    mem_free(session);
}

static void add_methods(struct host *host)
{
    const struct {
        const char *name;
        void (*run)(struct bus_call *call, void *ctx);
        uint32_t flags;
    } methods[] = {
        {"test.Echo/Echo", run_echo, 0},
        {"test.Echo/Portal", run_portal, 0},
        {"test.Echo/Fail", run_fail, 0},
        {"test.Echo/Hang", run_hang, 0},
        {"test.Echo/Thread", run_thread, 0},
        {"test.Echo/Again", run_again, 0},
        {"test.Echo/Large", run_large, 0},
        {"test.Echo/Metadata", run_metadata, 0},
        {"test.Echo/Gate", run_gate, 0},
        {"test.Echo/GateHang", run_gate_hang, 0},
        {"test.Echo/Stream", run_stream, BUS_STREAMS},
        {"test.Echo/Flood", run_flood, BUS_STREAMS},
        {"test.Echo/Watch", run_watch, BUS_STREAMS},
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        const struct bus_method method = {.name = methods[i].name,
                                          .request = "",
                                          .response = "",
                                          .module = "test",
                                          .flags = methods[i].flags,
                                          .run = methods[i].run,
                                          .ctx = host};

        assert_int_equal(bus_server_add_method(host->server, &method, NULL), TN_OK);
    }
}

static void start(struct host *host, const struct bus_server_options *options, const char *tcp)
{
    struct bus_server_options full = options ? *options : (struct bus_server_options){0};
    struct err err;

    err_init(&err, NULL);
    full.pool = host->pool;
    full.admit = admit;
    full.drop = drop;
    full.number = number_of;
    full.ctx = host;
    assert_int_equal(bus_server_create(&full, &host->server, &err), TN_OK);
    add_methods(host);
    if (bus_server_listen(host->server, host->ipc, NULL, &err) != TN_OK ||
        bus_server_listen(host->server, tcp, host->tcp, &err) != TN_OK)
        fail_msg("%s", err.message);
}

struct host *host_create(const struct bus_server_options *options)
{
    struct host *host = mem_new(struct host);

    assert_non_null(host);
    assert_int_equal(pool_create("test", HOST_WORKERS, QUEUE_MAX, &host->pool), TN_OK);
    (void)snprintf(host->directory, sizeof(host->directory), "/tmp/bus_test_XXXXXX");
    assert_non_null(mkdtemp(host->directory));
    (void)snprintf(host->ipc, sizeof(host->ipc), "ipc://%s/sock", host->directory);
    start(host, options, "tcp://127.0.0.1:0");
    return host;
}

void host_restart(struct host *host)
{
    char tcp[BUS_URL_SIZE];

    memcpy(tcp, host->tcp, sizeof(tcp));
    start(host, NULL, tcp);
}

void host_destroy(struct host *host)
{
    bus_server_destroy(host->server);
    pool_destroy(host->pool);
    assert_int_equal(atomic_load(&host->admitted), atomic_load(&host->dropped));
    assert_int_equal(rmdir(host->directory), 0);
    mem_free(host);
}

void wait_for(const _Atomic int *value, int least)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (atomic_load(value) < least) {
        if (clock_mono_us() > until_us)
            fail_msg("waited for %d, is %d", least, atomic_load(value));
        (void)usleep(1000);
    }
}
