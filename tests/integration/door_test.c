/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus/door.c with nng's own REQ sockets, as any client of another making. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/bus/door.h"
#include "tests/integration/bus_client.h"
#include "tests/unit/check.h"

#define PATIENCE_MS ((nng_duration)(PATIENCE_US / 1000))

struct door_fixture {
    struct host *host;
    char tcp[BUS_URL_SIZE];
    char ipc[BUS_URL_SIZE];
    nng_socket req;
};

static nng_socket dial(const char *url)
{
    nng_socket req;

    assert_int_equal(strncmp(url, "sp+", 3), 0);
    assert_int_equal(nng_req0_open(&req), 0);
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, PATIENCE_MS), 0);
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_SENDTIMEO, PATIENCE_MS), 0);
    /* A request that got no reply is not sent again. */
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_REQ_RESENDTIME, 10 * PATIENCE_MS), 0);
    assert_int_equal(nng_dial(req, url + 3, NULL, 0), 0);
    return req;
}

static struct door_fixture *open_door(const struct bus_server_options *options)
{
    struct door_fixture *door = mem_new(struct door_fixture);
    char ipc[BUS_URL_SIZE];
    struct err err;

    err_init(&err, NULL);
    door->host = host_create(options);
    (void)snprintf(ipc, sizeof(ipc), "sp+ipc://%s/door", door->host->directory);
    if (bus_server_listen(door->host->server, "sp+tcp://127.0.0.1:0", door->tcp, &err) != TN_OK ||
        bus_server_listen(door->host->server, ipc, door->ipc, &err) != TN_OK)
        fail_msg("%s", err.message);
    door->req = dial(door->tcp);
    return door;
}

static void close_door(struct door_fixture *door)
{
    (void)nng_close(door->req);
    host_destroy(door->host);
    mem_free(door);
}

static int set_up(void **state)
{
    *state = open_door(NULL);
    return 0;
}

static int tear_down(void **state)
{
    close_door(*state);
    return 0;
}

static Tenon__Bus__V1__Call call_of(char *method, const char *payload)
{
    Tenon__Bus__V1__Call call;

    tenon__bus__v1__call__init(&call);
    call.method = method;
    call.payload.len = strlen(payload);
    call.payload.data = (uint8_t *)(uintptr_t)payload;
    return call;
}

static nng_msg *pack(const Tenon__Bus__V1__Call *call)
{
    nng_msg *message = NULL;

    assert_int_equal(nng_msg_alloc(&message, tenon__bus__v1__call__get_packed_size(call)), 0);
    (void)tenon__bus__v1__call__pack(call, nng_msg_body(message));
    return message;
}

static Tenon__Bus__V1__Reply *unpack(nng_msg *message)
{
    Tenon__Bus__V1__Reply *reply =
        tenon__bus__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));

    assert_non_null(reply);
    nng_msg_free(message);
    return reply;
}

/* Sends one request, however odd, and waits for the reply. */
static Tenon__Bus__V1__Reply *ask_bytes(nng_socket req, const void *data, size_t len)
{
    nng_msg *message = NULL;

    assert_int_equal(nng_msg_alloc(&message, 0), 0);
    assert_int_equal(nng_msg_append(message, data, len), 0);
    assert_int_equal(nng_sendmsg(req, message, 0), 0);
    assert_int_equal(nng_recvmsg(req, &message, 0), 0);
    return unpack(message);
}

static Tenon__Bus__V1__Reply *ask(nng_socket req, const Tenon__Bus__V1__Call *call)
{
    nng_msg *message = pack(call);

    assert_int_equal(nng_sendmsg(req, message, 0), 0);
    assert_int_equal(nng_recvmsg(req, &message, 0), 0);
    return unpack(message);
}

static void expect_reply(Tenon__Bus__V1__Reply *reply, tn_status code, const char *text)
{
    if (reply->code != (int32_t)code)
        fail_msg("code %d, not %u: %s", reply->code, code, reply->message);
    if (code != TN_OK) {
        assert_int_equal(reply->payload.len, 0);
        if (!strstr(reply->message, text))
            fail_msg("\"%s\" does not say \"%s\"", reply->message, text);
    } else {
        assert_string_equal(reply->message, "");
        assert_int_equal(reply->payload.len, strlen(text));
        if (reply->payload.len)
            assert_memory_equal(reply->payload.data, text, reply->payload.len);
    }
    tenon__bus__v1__reply__free_unpacked(reply, NULL);
}

static void expect(nng_socket req, const Tenon__Bus__V1__Call *call, tn_status code,
                   const char *text)
{
    expect_reply(ask(req, call), code, text);
}

static char method_echo[] = "test.Echo/Echo";
static char method_portal[] = "test.Echo/Portal";
static char method_hang[] = "test.Echo/Hang";
static char method_gate[] = "test.Echo/Gate";

static void answers_over_tcp_and_ipc(void **state)
{
    struct door_fixture *door = *state;
    const Tenon__Bus__V1__Call call = call_of(method_echo, "hello");
    nng_socket ipc = dial(door->ipc);

    for (int i = 0; i < 3; i++) {
        expect(door->req, &call, TN_OK, "hello");
        expect(ipc, &call, TN_OK, "hello");
    }
    (void)nng_close(ipc);
    assert_int_equal(atomic_load(&door->host->admitted), 2);
}

static void ipc_door_is_its_owners_only(void **state)
{
    struct door_fixture *door = *state;
    struct stat status;

    assert_int_equal(stat(door->ipc + strlen("sp+ipc://"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void open_method_needs_neither_portal_nor_token(void **state)
{
    struct door_fixture *door = *state;
    char method[] = "tenon.bus.v1.Health/Check";
    char token[] = "wrong";
    Tenon__Bus__V1__Call call = call_of(method, "");

    call.token = token;
    expect(door->req, &call, TN_OK, "\x08\x01");
    assert_int_equal(atomic_load(&door->host->admitted), 0);
}

static void each_call_has_its_portal_and_token(void **state)
{
    struct door_fixture *door = *state;
    char name[16];
    char token[] = "wrong";
    Tenon__Bus__V1__Call call = call_of(method_portal, "");

    call.portal = name;
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < DOOR_SESSION_COUNT; i++) {
            (void)snprintf(name, sizeof(name), "p%u", i);
            expect(door->req, &call, TN_OK, name);
        }
    assert_int_equal(atomic_load(&door->host->admitted), DOOR_SESSION_COUNT);
    call.token = token;
    expect(door->req, &call, TN_UNAUTHENTICATED, "token is wrong");
}

static void more_portals_than_are_remembered_are_admitted_anew(void **state)
{
    struct door_fixture *door = *state;
    char name[16];
    Tenon__Bus__V1__Call call = call_of(method_portal, "");

    call.portal = name;
    for (unsigned i = 0; i < 20 * DOOR_SESSION_COUNT; i++) {
        (void)snprintf(name, sizeof(name), "p%u", i);
        expect(door->req, &call, TN_OK, name);
    }
    assert_int_equal(atomic_load(&door->host->admitted), 20 * DOOR_SESSION_COUNT);
}

static void refusal_carries_its_details(void **state)
{
    struct door_fixture *door = *state;
    char method[] = "test.Echo/Fail";
    const Tenon__Bus__V1__Call call = call_of(method, "x");
    Tenon__Bus__V1__Reply *reply = ask(door->req, &call);

    assert_int_equal(reply->code, TN_INVALID_ARGUMENT);
    assert_non_null(reply->details);
    assert_int_equal(reply->details->n_violations, 1);
    assert_string_equal(reply->details->violations[0]->field, "size");
    assert_string_equal(reply->details->violations[0]->rule, "required");
    assert_int_equal(reply->details->retry_after_us, 7 * SECOND);
    tenon__bus__v1__reply__free_unpacked(reply, NULL);
}

static void metadata_travels(void **state)
{
    struct door_fixture *door = *state;
    char method[] = "test.Echo/Metadata";
    char keys[2][8] = {"colour", "size"};
    char values[2][8] = {"blue", "big"};
    Tenon__Bus__V1__Metadata pairs[2];
    Tenon__Bus__V1__Metadata *pointers[2] = {&pairs[0], &pairs[1]};
    Tenon__Bus__V1__Call call = call_of(method, "size");

    for (int i = 0; i < 2; i++) {
        tenon__bus__v1__metadata__init(&pairs[i]);
        pairs[i].key = keys[i];
        pairs[i].value = values[i];
    }
    call.n_metadata = 2;
    call.metadata = pointers;
    expect(door->req, &call, TN_OK, "big");
    pairs[0].key[0] = '\0';
    expect(door->req, &call, TN_INVALID_ARGUMENT, "metadata");
}

static void what_is_no_call_is_answered_with_why(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *part;
    } odd[] = {
        {"", 0, "method is required"},
        {"hello", 5, "tenon.bus.v1.Call"},
        {"\x0a\xff", 2, "tenon.bus.v1.Call"},
        {"\x0a\x02\xff\xfe", 4, "UTF-8"},
        {"\x0a\x03"
         "a\0b",
         5,
         "NUL"},
        {"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, "tenon.bus.v1.Call"},
    };
    struct door_fixture *door = *state;

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        expect_reply(
            ask_bytes(door->req, odd[i].bytes, odd[i].len), TN_INVALID_ARGUMENT, odd[i].part);
    const Tenon__Bus__V1__Call call = call_of(method_echo, "still here");
    expect(door->req, &call, TN_OK, "still here");
}

static void names_that_are_too_long_are_refused(void **state)
{
    struct door_fixture *door = *state;
    char long_name[5000];
    Tenon__Bus__V1__Call call = call_of(long_name, "");

    memset(long_name, 'x', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    expect(door->req, &call, TN_INVALID_ARGUMENT, "method is longer than 255");
    call.method = method_echo;
    call.portal = long_name;
    expect(door->req, &call, TN_INVALID_ARGUMENT, "portal is longer than 255");
    call = call_of(method_echo, "");
    call.token = long_name;
    expect(door->req, &call, TN_INVALID_ARGUMENT, "token is longer than 4096");
    long_name[4096] = '\0';
    expect(door->req, &call, TN_OK, "");
}

static void stream_is_unimplemented_with_what_to_use_instead(void **state)
{
    struct door_fixture *door = *state;
    char method[] = "test.Echo/Stream";
    char unknown[] = "test.Echo/Nothing";
    const Tenon__Bus__V1__Call call = call_of(method, "0");
    const Tenon__Bus__V1__Call other = call_of(unknown, "");

    expect(door->req, &call, TN_UNIMPLEMENTED, "ipc:// or tcp://");
    expect(door->req, &other, TN_UNIMPLEMENTED, "no method test.Echo/Nothing");
    assert_int_equal(atomic_load(&door->host->streamed), 0);
}

static void late_call_is_answered_in_time(void **state)
{
    struct door_fixture *door = *state;
    Tenon__Bus__V1__Call call = call_of(method_hang, "");

    call.timeout_ms = 50;
    expect(door->req, &call, TN_DEADLINE_EXCEEDED, "time is over");
    wait_for(&door->host->late, 1);
}

static void large_requests_and_answers_arrive_whole(void **state)
{
    struct door_fixture *door = *state;
    char method[] = "test.Echo/Large";
    const Tenon__Bus__V1__Call large = call_of(method, "10000000");
    char *text = mem_alloc_zeroed(1, (4 << 20) + 1);
    Tenon__Bus__V1__Reply *reply = ask(door->req, &large);

    assert_int_equal(reply->code, TN_OK);
    assert_int_equal(reply->payload.len, 10000000);
    tenon__bus__v1__reply__free_unpacked(reply, NULL);

    memset(text, 'y', 4 << 20);
    const Tenon__Bus__V1__Call echo = call_of(method_echo, text);
    reply = ask(door->req, &echo);
    assert_int_equal(reply->code, TN_OK);
    assert_int_equal(reply->payload.len, 4 << 20);
    assert_memory_equal(reply->payload.data, text, 4 << 20);
    tenon__bus__v1__reply__free_unpacked(reply, NULL);
    mem_free(text);
}

/* Just past the bound is answered; far past it, nng hangs up before it reads. */
static void too_large_request_is_refused(void **state)
{
    struct door_fixture *door = *state;
    char *text = mem_alloc_zeroed(1, (4 << 20) + 2);
    nng_msg *message = NULL;

    memset(text, 'y', (4 << 20) + 1);
    Tenon__Bus__V1__Call call = call_of(method_echo, text);
    expect(door->req, &call, TN_RESOURCE_EXHAUSTED, "larger than 4194304 bytes");

    nng_socket req = dial(door->tcp);
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, 200), 0);
    call.payload.len = 4 << 20;
    call.n_metadata = 0;
    assert_int_equal(nng_msg_alloc(&message, (4 << 20) + (64 << 10)), 0);
    assert_int_equal(nng_sendmsg(req, message, 0), 0);
    assert_int_equal(nng_recvmsg(req, &message, 0), NNG_ETIMEDOUT);
    call = call_of(method_echo, "others go on");
    expect(door->req, &call, TN_OK, "others go on");
    mem_free(text);
}

struct asking {
    nng_ctx ctx;
    nng_aio *aio;
};

static void send_async(struct asking *asking, nng_socket req, const Tenon__Bus__V1__Call *call)
{
    assert_int_equal(nng_ctx_open(&asking->ctx, req), 0);
    assert_int_equal(nng_aio_alloc(&asking->aio, NULL, NULL), 0);
    nng_aio_set_msg(asking->aio, pack(call));
    nng_ctx_send(asking->ctx, asking->aio);
    nng_aio_wait(asking->aio);
    assert_int_equal(nng_aio_result(asking->aio), 0);
    nng_ctx_recv(asking->ctx, asking->aio);
}

static Tenon__Bus__V1__Reply *reply_of(struct asking *asking)
{
    nng_aio_wait(asking->aio);
    assert_int_equal(nng_aio_result(asking->aio), 0);
    Tenon__Bus__V1__Reply *reply = unpack(nng_aio_get_msg(asking->aio));
    nng_aio_free(asking->aio);
    (void)nng_ctx_close(asking->ctx);
    return reply;
}

static void calls_run_side_by_side_and_in_any_order(void **state)
{
    enum { WORKERS = 4, CALLS = 100 };
    struct door_fixture *door = *state;
    const Tenon__Bus__V1__Call gate = call_of(method_gate, "");
    const Tenon__Bus__V1__Call hang = call_of(method_hang, "");
    const Tenon__Bus__V1__Call echo = call_of(method_echo, "fast");
    struct asking slow[WORKERS - 1];
    struct asking cancelled;
    struct asking fast[CALLS];

    for (size_t i = 0; i < WORKERS - 1; i++)
        send_async(&slow[i], door->req, &gate);
    send_async(&cancelled, door->req, &hang); /* holds no worker */
    wait_for(&door->host->at_gate, WORKERS - 1);
    for (size_t i = 0; i < CALLS; i++)
        send_async(&fast[i], door->req, &echo);
    for (size_t i = 0; i < CALLS; i++)
        expect_reply(reply_of(&fast[i]), TN_OK, "fast");
    atomic_store(&door->host->is_gate_open, true);
    for (size_t i = 0; i < WORKERS - 1; i++)
        tenon__bus__v1__reply__free_unpacked(reply_of(&slow[i]), NULL);
    /* A client that asks anew has given up its request; nng tells nobody, a lost one does. */
    nng_aio_cancel(cancelled.aio);
    nng_aio_free(cancelled.aio);
    (void)nng_ctx_close(cancelled.ctx);
}

static void call_of_a_client_that_left_is_cancelled(void **state)
{
    struct door_fixture *door = *state;
    const Tenon__Bus__V1__Call call = call_of(method_hang, "");
    const Tenon__Bus__V1__Call echo = call_of(method_echo, "next");

    /* More of them than a door serves at a time: each must give its place back. */
    for (unsigned i = 1; i <= DOOR_CONTEXT_COUNT + 8; i++) {
        nng_socket req = dial(door->tcp);

        assert_int_equal(nng_sendmsg(req, pack(&call), 0), 0);
        wait_for(&door->host->hanging, (int)i);
        (void)nng_close(req);
        wait_for(&door->host->cancelled, (int)i);
    }
    expect(door->req, &echo, TN_OK, "next");
}

static void connection_past_the_maximum_is_told_so(void **state)
{
    const struct bus_server_options options = {.connection_max = 1};
    struct door_fixture *door = open_door(&options);
    const Tenon__Bus__V1__Call call = call_of(method_echo, "x");

    (void)state;
    expect(door->req, &call, TN_OK, "x");
    nng_socket second = dial(door->tcp);
    expect(second, &call, TN_RESOURCE_EXHAUSTED, "too many connections");
    (void)nng_close(second);
    close_door(door);
}

static void calls_past_the_maximum_of_a_connection_are_refused(void **state)
{
    const struct bus_server_options options = {.call_max = 2};
    struct door_fixture *door = open_door(&options);
    const Tenon__Bus__V1__Call hang = call_of(method_hang, "");
    const Tenon__Bus__V1__Call echo = call_of(method_echo, "x");
    struct asking open[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        send_async(&open[i], door->req, &hang);
    wait_for(&door->host->hanging, 2);
    expect(door->req, &echo, TN_RESOURCE_EXHAUSTED, "busy");
    for (int i = 0; i < 2; i++) {
        nng_aio_cancel(open[i].aio);
        nng_aio_free(open[i].aio);
        (void)nng_ctx_close(open[i].ctx);
    }
    close_door(door);
}

static void *stop_server(void *arg)
{
    bus_server_stop(arg, PATIENCE_US);
    return NULL;
}

static void stopping_answers_open_calls_and_refuses_new_ones(void **state)
{
    struct door_fixture *door = *state;
    const Tenon__Bus__V1__Call gate = call_of(method_gate, "");
    const Tenon__Bus__V1__Call echo = call_of(method_echo, "x");
    const int64_t until_us = clock_mono_us() + PATIENCE_US;
    struct asking open;
    Tenon__Bus__V1__Reply *reply;
    pthread_t thread;
    int32_t code = TN_OK;

    send_async(&open, door->req, &gate);
    wait_for(&door->host->at_gate, 1);
    assert_int_equal(pthread_create(&thread, NULL, stop_server, door->host->server), 0);
    while (code != TN_UNAVAILABLE && clock_mono_us() < until_us) {
        reply = ask(door->req, &echo);
        code = reply->code;
        tenon__bus__v1__reply__free_unpacked(reply, NULL);
    }
    assert_int_equal(code, TN_UNAVAILABLE);
    atomic_store(&door->host->is_gate_open, true);
    reply = reply_of(&open);
    assert_int_equal(reply->code, TN_OK);
    tenon__bus__v1__reply__free_unpacked(reply, NULL);
    (void)pthread_join(thread, NULL);
}

static void stopping_with_calls_that_hang_waits_for_none(void **state)
{
    struct door_fixture *door = *state;
    const Tenon__Bus__V1__Call hang = call_of(method_hang, "");
    struct asking open[4];

    for (int i = 0; i < 4; i++)
        send_async(&open[i], door->req, &hang);
    wait_for(&door->host->hanging, 4);
    bus_server_stop(door->host->server, 0);
    for (int i = 0; i < 4; i++) {
        nng_aio_cancel(open[i].aio);
        nng_aio_free(open[i].aio);
        (void)nng_ctx_close(open[i].ctx);
    }
}

static void impossible_urls_are_refused(void **state)
{
    const char *urls[] = {"sp+tcp://0.0.0.0:0",
                          "sp+http://127.0.0.1:0",
                          "sp+ipc:///no/such/place",
                          "sp+",
                          "sp+inproc://x",
                          "sp+sp+tcp://127.0.0.1:0"};
    struct door_fixture *door = *state;
    struct err err;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        err_init(&err, NULL);
        assert_int_equal(bus_server_listen(door->host->server, urls[i], NULL, &err),
                         TN_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, urls[i]));
    }
    assert_int_equal(bus_server_listen(door->host->server, door->tcp, NULL, NULL),
                     TN_ALREADY_EXISTS);
    assert_int_equal(bus_server_listen(door->host->server, door->ipc, NULL, NULL),
                     TN_ALREADY_EXISTS);
}

/*
 * In a process of its own, which ends without closing anything: in nng 1.5, closing a socket whose
 * pipe was hung up never ends at times, nor does closing any other one then.
 */
_Noreturn static void run_hung_up(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(too_large_request_is_refused, set_up)};
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);

    (void)fflush(stdout);
    _exit(failed);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    if (argc > 1 && strcmp(argv[1], "hung_up") == 0)
        run_hung_up();
    const struct CMUnitTest tests[] = {
        TEST(answers_over_tcp_and_ipc),
        TEST(ipc_door_is_its_owners_only),
        TEST(open_method_needs_neither_portal_nor_token),
        TEST(each_call_has_its_portal_and_token),
        TEST(more_portals_than_are_remembered_are_admitted_anew),
        TEST(refusal_carries_its_details),
        TEST(metadata_travels),
        TEST(what_is_no_call_is_answered_with_why),
        TEST(names_that_are_too_long_are_refused),
        TEST(stream_is_unimplemented_with_what_to_use_instead),
        TEST(late_call_is_answered_in_time),
        TEST(large_requests_and_answers_arrive_whole),
        TEST(calls_run_side_by_side_and_in_any_order),
        TEST(call_of_a_client_that_left_is_cancelled),
        cmocka_unit_test(connection_past_the_maximum_is_told_so),
        cmocka_unit_test(calls_past_the_maximum_of_a_connection_are_refused),
        TEST(stopping_answers_open_calls_and_refuses_new_ones),
        TEST(stopping_with_calls_that_hang_waits_for_none),
        TEST(impossible_urls_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
