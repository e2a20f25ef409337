/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus and sdk/c together: a server and clients over ipc and tcp. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tenon/bus/v1/bus.pb-c.h>
#include <tenon/client.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/integration/bus_host.h"
#include "tests/unit/check.h"

struct fixture {
    struct host *host;
    struct tenon_client *client;
};

static struct tenon_client *connect_to(const char *url)
{
    const struct tenon_options options = {.url = url, .timeout_us = PATIENCE_US};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    if (tenon_client_connect(client, PATIENCE_US) != TN_OK)
        fail_msg("%s", tenon_client_reason(client));
    return client;
}

static int set_up(void **state)
{
    struct fixture *fixture = mem_new(struct fixture);

    fixture->host = host_create(NULL);
    fixture->client = connect_to(fixture->host->tcp);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tenon_client_destroy(fixture->client);
    host_destroy(fixture->host);
    mem_free(fixture);
    return 0;
}

static struct tn_bytes text_bytes(const char *text)
{
    return (struct tn_bytes){(const uint8_t *)text, strlen(text)};
}

/* A call whose outcome is waited for; counts what arrives. */
struct outcome {
    pthread_mutex_t mu;
    pthread_cond_t ended;
    bool has_ended; /* guarded by mu, as all below */
    int done_count;
    tn_status status;
    char message[512];
    _Atomic int received;
    size_t bytes;
    uint64_t next; /* number that the next message of a stream should have */
    bool is_in_order;
    struct tenon_call *call;
    int pause_at; /* messages after which it pauses */
};

static void outcome_init(struct outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    (void)pthread_mutex_init(&outcome->mu, NULL);
    (void)pthread_cond_init(&outcome->ended, NULL);
    outcome->is_in_order = true;
}

static void on_message(void *ctx, struct tn_bytes body)
{
    struct outcome *outcome = ctx;

    outcome->bytes += body.len;
    (void)atomic_fetch_add(&outcome->received, 1);
}

static void on_numbered(void *ctx, struct tn_bytes body)
{
    struct outcome *outcome = ctx;
    Tenon__Bus__V1__Metadata *message = tenon__bus__v1__metadata__unpack(NULL, body.len, body.data);

    if (!message || strtoull(message->key, NULL, 10) != outcome->next)
        outcome->is_in_order = false;
    outcome->next++;
    tenon__bus__v1__metadata__free_unpacked(message, NULL);
    if (atomic_fetch_add(&outcome->received, 1) + 1 == outcome->pause_at)
        tenon_call_pause(outcome->call);
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct outcome *outcome = ctx;

    (void)pthread_mutex_lock(&outcome->mu);
    outcome->has_ended = true;
    outcome->done_count++;
    outcome->status = result->status;
    (void)snprintf(outcome->message, sizeof(outcome->message), "%s", result->message);
    (void)pthread_cond_signal(&outcome->ended);
    (void)pthread_mutex_unlock(&outcome->mu);
}

/* Waits and forgets the outcome's locks. */
static tn_status outcome_of(struct outcome *outcome)
{
    struct timespec until;
    int waited = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_US / SECOND;
    (void)pthread_mutex_lock(&outcome->mu);
    while (!outcome->has_ended && waited == 0)
        waited = pthread_cond_timedwait(&outcome->ended, &outcome->mu, &until);
    (void)pthread_mutex_unlock(&outcome->mu);
    assert_int_equal(waited, 0);
    assert_int_equal(outcome->done_count, 1);
    return outcome->status;
}

static void call_async(struct tenon_client *client, const char *method, const char *request,
                       const struct tenon_call_options *options, struct outcome *outcome)
{
    outcome_init(outcome);
    assert_int_equal(tenon_call(client,
                                method,
                                text_bytes(request),
                                options,
                                on_message,
                                on_done,
                                outcome,
                                &outcome->call),
                     TN_OK);
}

/* Calls and compares; the answer is text. */
static void check_answer(struct tenon_client *client, const char *method, const char *request,
                         const struct tenon_call_options *options, const char *expected)
{
    struct tenon_result result;
    uint8_t *response = NULL;
    size_t len = 0;

    if (tenon_invoke_bytes(
            client, method, text_bytes(request), options, &response, &len, &result) != TN_OK)
        fail_msg("%s: %s", tenon_status_name(result.status), result.message);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(response, expected, len);
    free(response);
    tenon_result_fini(&result);
}

/* Calls and expects a refusal whose message contains `part`. */
static void check_refusal(struct tenon_client *client, const char *method,
                          const struct tenon_call_options *options, tn_status status,
                          const char *part)
{
    struct tenon_result result;
    uint8_t *response = NULL;
    size_t len = 0;

    assert_int_equal(
        tenon_invoke_bytes(client, method, text_bytes("x"), options, &response, &len, &result),
        status);
    assert_null(response);
    if (!strstr(result.message, part))
        fail_msg("\"%s\" does not say \"%s\"", result.message, part);
    tenon_result_fini(&result);
}

static void answers_over_ipc_and_tcp(void **state)
{
    struct fixture *fixture = *state;
    struct tenon_client *ipc = connect_to(fixture->host->ipc);

    check_answer(fixture->client, "test.Echo/Echo", "over tcp", NULL, "over tcp");
    check_answer(ipc, "test.Echo/Echo", "over ipc", NULL, "over ipc");
    check_answer(ipc, "test.Echo/Echo", "", NULL, "");
    tenon_client_destroy(ipc);
}

static void ipc_socket_is_its_owners_only(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;

    assert_int_equal(stat(fixture->host->ipc + strlen("ipc://"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void runs_many_calls_on_one_connection(void **state)
{
    enum { COUNT = 64, ROUNDS = 20 };
    struct fixture *fixture = *state;
    struct outcome *outcomes = mem_array(struct outcome, COUNT);

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++)
            call_async(fixture->client, "test.Echo/Echo", "hello", NULL, &outcomes[i]);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(outcome_of(&outcomes[i]), TN_OK);
            assert_int_equal(outcomes[i].bytes, 5);
        }
    }
    assert_int_equal(atomic_load(&fixture->host->admitted), 1);
    mem_free(outcomes);
}

static void streams_every_message_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;

    outcome_init(&outcome);
    assert_int_equal(tenon_call(fixture->client,
                                "test.Echo/Stream",
                                text_bytes("5000"),
                                NULL,
                                on_numbered,
                                on_done,
                                &outcome,
                                NULL),
                     TN_OK);
    assert_int_equal(outcome_of(&outcome), TN_OK);
    assert_int_equal(atomic_load(&outcome.received), 5000);
    assert_true(outcome.is_in_order);
}

static void failure_carries_its_violations(void **state)
{
    struct fixture *fixture = *state;
    struct tenon_result result;
    uint8_t *response = NULL;
    size_t len = 0;

    assert_int_equal(
        tenon_invoke_bytes(
            fixture->client, "test.Echo/Fail", text_bytes(""), NULL, &response, &len, &result),
        TN_INVALID_ARGUMENT);
    assert_string_equal(result.message, "size is needed");
    assert_int_equal(result.violation_count, 1);
    assert_string_equal(result.violations[0].field, "size");
    assert_string_equal(result.violations[0].rule, "required");
    assert_string_equal(result.violations[0].message, "size is needed");
    assert_int_equal(result.retry_after_us, 7 * SECOND);
    tenon_result_fini(&result);
}

static void unknown_method_is_named(void **state)
{
    struct fixture *fixture = *state;

    check_refusal(
        fixture->client, "test.Echo/Nothing", NULL, TN_UNIMPLEMENTED, "test.Echo/Nothing");
    check_answer(fixture->client, "test.Echo/Echo", "still there", NULL, "still there");
}

static void serves_two_portals_on_one_connection(void **state)
{
    struct fixture *fixture = *state;
    const struct tenon_call_options north = {.portal = "north"};
    const struct tenon_call_options south = {.portal = "south"};

    for (int i = 0; i < 3; i++) {
        check_answer(fixture->client, "test.Echo/Portal", "", &north, "north");
        check_answer(fixture->client, "test.Echo/Portal", "", &south, "south");
        check_answer(fixture->client, "test.Echo/Portal", "", NULL, "main");
    }
    assert_int_equal(atomic_load(&fixture->host->admitted), 3);
}

static void more_portals_than_ids_are_announced_anew(void **state)
{
    struct fixture *fixture = *state;
    char name[16];
    const struct tenon_call_options options = {.portal = name};

    for (int i = 0; i < 600; i++) {
        (void)snprintf(name, sizeof(name), "p%d", i);
        check_answer(fixture->client, "test.Echo/Portal", "", &options, name);
    }
    (void)snprintf(name, sizeof(name), "p%d", 599);
    check_answer(fixture->client, "test.Echo/Portal", "", &options, name);
    assert_int_equal(atomic_load(&fixture->host->admitted), 600);
}

static void refused_session_answers_its_calls_and_may_be_tried_again(void **state)
{
    struct fixture *fixture = *state;

    atomic_store(&fixture->host->refusals_left, 1);
    check_refusal(fixture->client, "test.Echo/Echo", NULL, TN_NOT_FOUND, "no such portal yet");
    check_answer(fixture->client, "test.Echo/Echo", "now", NULL, "now");
}

static void wrong_token_is_unauthenticated_but_health_is_open(void **state)
{
    struct fixture *fixture = *state;
    const struct tenon_options options = {.url = fixture->host->tcp, .token = "wrong"};
    Tenon__Bus__V1__HealthCheckRequest request;
    struct tenon_client *client = NULL;
    ProtobufCMessage *response = NULL;

    tenon__bus__v1__health_check_request__init(&request);
    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    check_refusal(client, "test.Echo/Echo", NULL, TN_UNAUTHENTICATED, "token is wrong");
    assert_int_equal(tenon_invoke(client,
                                  "tenon.bus.v1.Health/Check",
                                  &request.base,
                                  &tenon__bus__v1__health_check_response__descriptor,
                                  NULL,
                                  &response,
                                  NULL),
                     TN_OK);
    assert_int_equal(((Tenon__Bus__V1__HealthCheckResponse *)response)->state,
                     TENON__BUS__V1__HEALTH_CHECK_RESPONSE__STATE__SERVING);
    protobuf_c_message_free_unpacked(response, NULL);
    tenon_client_destroy(client);
}

static void metadata_travels(void **state)
{
    struct fixture *fixture = *state;
    const struct tenon_metadata pairs[] = {{"a", "1"}, {"language", "fr"}};
    const struct tenon_call_options options = {
        .idempotency_key = "key-7", .metadata = pairs, .metadata_count = 2};

    check_answer(fixture->client, "test.Echo/Metadata", "idempotency-key", &options, "key-7");
    check_answer(fixture->client, "test.Echo/Metadata", "a", &options, "1");
    check_answer(fixture->client, "test.Echo/Metadata", "b", &options, "");
}

static void refusals_are_in_the_language_asked_for(void **state)
{
    struct fixture *fixture = *state;
    const struct tenon_metadata french = {"language", "fr"};
    const struct tenon_call_options options = {.metadata = &french, .metadata_count = 1};

    check_refusal(fixture->client, "test.Echo/Nothing", &options, TN_UNIMPLEMENTED, "Il n'y a pas");
}

static void call_runs_again_with_the_same_request(void **state)
{
    struct fixture *fixture = *state;

    check_answer(fixture->client, "test.Echo/Again", "request", NULL, "again");
    assert_int_equal(atomic_load(&fixture->host->hanging), 2);
}

static void cancelled_call_ends_and_its_handler_sees_it(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;

    call_async(fixture->client, "test.Echo/Hang", "", NULL, &outcome);
    wait_for(&fixture->host->hanging, 1);
    tenon_call_cancel(outcome.call);
    assert_int_equal(outcome_of(&outcome), TN_CANCELLED);
    wait_for(&fixture->host->cancelled, 1);
    check_answer(fixture->client, "test.Echo/Echo", "next", NULL, "next");
}

static void late_call_ends_on_both_sides(void **state)
{
    struct fixture *fixture = *state;
    const struct tenon_call_options options = {.timeout_us = SECOND / 20};
    int64_t start_us = clock_mono_us();

    check_refusal(
        fixture->client, "test.Echo/Hang", &options, TN_DEADLINE_EXCEEDED, "time is over");
    assert_true(clock_mono_us() - start_us >= SECOND / 20);
    /* Whichever of its own clock and the client's cancel came first. */
    while (atomic_load(&fixture->host->late) + atomic_load(&fixture->host->cancelled) == 0)
        assert_true(clock_mono_us() - start_us < PATIENCE_US);
}

static void large_answers_and_requests_arrive_whole(void **state)
{
    enum { SIZE = 3000000 };
    struct fixture *fixture = *state;
    uint8_t *request = mem_alloc(SIZE);
    uint8_t *response = NULL;
    size_t len = 0;

    for (size_t i = 0; i < SIZE; i++)
        request[i] = (uint8_t)(i * 7 % 253);
    assert_int_equal(tenon_invoke_bytes(fixture->client,
                                        "test.Echo/Echo",
                                        (struct tn_bytes){request, SIZE},
                                        NULL,
                                        &response,
                                        &len,
                                        NULL),
                     TN_OK);
    assert_int_equal(len, SIZE);
    assert_memory_equal(request, response, SIZE);
    free(response);
    mem_free(request);
}

static void too_large_request_is_refused_and_the_connection_survives(void **state)
{
    enum { SIZE = (4 << 20) + 1 };
    struct fixture *fixture = *state;
    uint8_t *request = mem_alloc_zeroed(1, SIZE);
    struct tenon_result result;
    uint8_t *response = NULL;
    size_t len = 0;

    assert_int_equal(tenon_invoke_bytes(fixture->client,
                                        "test.Echo/Echo",
                                        (struct tn_bytes){request, SIZE},
                                        NULL,
                                        &response,
                                        &len,
                                        &result),
                     TN_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(result.message, "larger than 4194304"));
    tenon_result_fini(&result);
    mem_free(request);
    check_answer(fixture->client, "test.Echo/Echo", "survived", NULL, "survived");
}

static void calls_take_turns_with_large_answers(void **state)
{
    enum { COUNT = 4 };
    struct fixture *fixture = *state;
    struct outcome large[COUNT];

    for (int i = 0; i < COUNT; i++)
        call_async(fixture->client, "test.Echo/Large", "8000000", NULL, &large[i]);
    check_answer(fixture->client, "test.Echo/Echo", "between", NULL, "between");
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(outcome_of(&large[i]), TN_OK);
        assert_int_equal(large[i].bytes, 8000000);
    }
}

static void too_large_answer_is_an_error_not_silence(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;

    call_async(fixture->client, "test.Echo/Large", "17000000", NULL, &outcome);
    assert_int_equal(outcome_of(&outcome), TN_OUT_OF_RANGE);
}

/* Polls until no more arrives for a while: the stream stands still. */
static uint64_t settled(const _Atomic uint64_t *value)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    uint64_t last = atomic_load(value);

    for (int still = 0; still < 50;) {
        (void)usleep(2000);
        uint64_t now = atomic_load(value);
        still = now == last ? still + 1 : 0;
        last = now;
        assert_true(clock_mono_us() < until_us);
    }
    return last;
}

static void paused_stream_stops_the_handler_and_loses_nothing(void **state)
{
    /* A call's window, and the message that may go beyond it. */
    enum { WINDOW = 256 * 1024, BOUND = 2 * WINDOW / STREAM_MESSAGE_SIZE + 2 };
    struct fixture *fixture = *state;
    struct outcome outcome;

    outcome_init(&outcome);
    outcome.pause_at = 10;
    assert_int_equal(tenon_call(fixture->client,
                                "test.Echo/Stream",
                                text_bytes("20000"),
                                NULL,
                                on_numbered,
                                on_done,
                                &outcome,
                                &outcome.call),
                     TN_OK);
    wait_for(&outcome.received, 10);
    assert_true(settled(&fixture->host->streamed) < BOUND);
    check_answer(fixture->client, "test.Echo/Echo", "meanwhile", NULL, "meanwhile");
    tenon_call_resume(outcome.call);
    assert_int_equal(outcome_of(&outcome), TN_OK);
    assert_int_equal(atomic_load(&outcome.received), 20000);
    assert_true(outcome.is_in_order);
}

static void endless_stream_ends_when_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;

    call_async(fixture->client, "test.Echo/Stream", "0", NULL, &outcome);
    wait_for(&outcome.received, 1000);
    tenon_call_cancel(outcome.call);
    assert_int_equal(outcome_of(&outcome), TN_CANCELLED);
    wait_for(&fixture->host->cancelled, 1);
    (void)settled(&fixture->host->streamed);
}

static void woken_stream_sends_once_for_each_notice(void **state)
{
    struct fixture *fixture = *state;
    const struct tenon_call_options options = {.timeout_us = INT64_MAX};
    struct outcome outcome;

    call_async(fixture->client, "test.Echo/Watch", "", &options, &outcome);
    for (int i = 1; i <= 100; i++) {
        wait_for(&outcome.received, i);
        host_notify(fixture->host); /* often before the handler waits again */
    }
    wait_for(&outcome.received, 101);
    tenon_call_cancel(outcome.call);
    assert_int_equal(outcome_of(&outcome), TN_CANCELLED);
}

static void destroyed_client_ends_its_calls_once(void **state)
{
    struct fixture *fixture = *state;
    struct tenon_client *client = connect_to(fixture->host->ipc);
    struct outcome outcomes[8];

    for (int i = 0; i < 8; i++)
        call_async(client, "test.Echo/Hang", "", NULL, &outcomes[i]);
    tenon_client_destroy(client);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(outcomes[i].done_count, 1);
        assert_int_equal(outcomes[i].status, TN_CANCELLED);
    }
}

static void idle_connection_is_kept_by_pings(void **state)
{
    struct fixture *fixture = *state;
    const struct tenon_options options = {.url = fixture->host->tcp,
                                          .connect_timeout_us = SECOND / 20};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    check_answer(client, "test.Echo/Echo", "before", NULL, "before");
    (void)usleep(SECOND / 2); /* ten times as long as it is silent without a ping */
    check_answer(client, "test.Echo/Echo", "after", NULL, "after");
    assert_int_equal(atomic_load(&fixture->host->admitted), 1);
    tenon_client_destroy(client);
}

static void absent_host_is_explained(void **state)
{
    const struct tenon_options options = {.url = "ipc:///tmp/bus_test_nobody",
                                          .timeout_us = SECOND / 10};
    struct tenon_client *client = NULL;

    (void)state;
    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    assert_int_equal(tenon_client_connect(client, 0), TN_UNAVAILABLE);
    assert_string_equal(tenon_client_reason(client),
                        "No host at ipc:///tmp/bus_test_nobody: start one with `tenond --listen "
                        "ipc:///tmp/bus_test_nobody`.");
    check_refusal(client, "test.Echo/Echo", NULL, TN_UNAVAILABLE, "No host at");
    tenon_client_destroy(client);
}

static void reconnects_to_a_host_that_came_back(void **state)
{
    struct fixture *fixture = *state;
    struct outcome lost;
    struct outcome waiting;

    call_async(fixture->client, "test.Echo/Hang", "", NULL, &lost);
    wait_for(&fixture->host->hanging, 1);
    bus_server_destroy(fixture->host->server);
    assert_int_equal(outcome_of(&lost), TN_UNAVAILABLE);
    call_async(fixture->client, "test.Echo/Echo", "patient", NULL, &waiting);
    host_restart(fixture->host);
    assert_int_equal(outcome_of(&waiting), TN_OK);
    assert_int_equal(waiting.bytes, 7);
}

static void *stop_server(void *arg)
{
    bus_server_stop(arg, PATIENCE_US);
    return NULL;
}

static void stopping_lets_open_calls_finish_and_refuses_new_ones(void **state)
{
    struct fixture *fixture = *state;
    struct host *host = fixture->host;
    const struct tenon_call_options short_time = {.timeout_us = SECOND / 5};
    struct outcome gate;
    struct outcome watch;
    pthread_t thread;

    call_async(fixture->client, "test.Echo/Gate", "", NULL, &gate);
    call_async(fixture->client, "test.Echo/Watch", "", NULL, &watch);
    wait_for(&host->at_gate, 1);
    wait_for(&watch.received, 1);
    assert_int_equal(pthread_create(&thread, NULL, stop_server, host->server), 0);
    assert_int_equal(outcome_of(&watch), TN_UNAVAILABLE); /* it would never end by itself */
    assert_string_equal(watch.message, "The host is stopping.");
    check_refusal(fixture->client, "test.Echo/Echo", &short_time, TN_UNAVAILABLE, "");
    assert_false(gate.has_ended);
    atomic_store(&host->is_gate_open, true);
    assert_int_equal(outcome_of(&gate), TN_OK);
    (void)pthread_join(thread, NULL);
}

static void address_in_use_is_refused_and_a_dead_socket_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct host *host = fixture->host;
    const struct bus_server_options options = {.pool = host->pool};
    struct bus_server *second = NULL;
    char stale[BUS_URL_SIZE + 8];

    assert_int_equal(bus_server_create(&options, &second, NULL), TN_OK);
    assert_int_equal(bus_server_listen(second, host->ipc, NULL, NULL), TN_ALREADY_EXISTS);
    assert_int_equal(bus_server_listen(second, host->tcp, NULL, NULL), TN_ALREADY_EXISTS);
    /* A hard link outlives the listener's own name, as a socket does its dead process. */
    (void)snprintf(stale, sizeof(stale), "%s.stale", host->ipc);
    assert_int_equal(link(host->ipc + 6, stale + 6), 0);
    assert_int_equal(bus_server_listen(second, stale, NULL, NULL), TN_ALREADY_EXISTS);
    bus_server_stop(host->server, 0);
    assert_int_equal(bus_server_listen(second, stale, NULL, NULL), TN_OK);
    bus_server_destroy(second);
}

static void impossible_urls_are_refused(void **state)
{
    const char *urls[] = {"tcp://0.0.0.0:0",
                          "tcp://example.com:1",
                          "http://127.0.0.1:0",
                          "ipc:///no/such/place",
                          "nonsense",
                          "tcp://127.0.0.1:notaport"};
    struct fixture *fixture = *state;
    struct err err;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        err_init(&err, NULL);
        assert_int_equal(bus_server_listen(fixture->host->server, urls[i], NULL, &err),
                         TN_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, urls[i]));
    }
}

static void reflection_lists_and_describes(void **state)
{
    struct fixture *fixture = *state;
    Tenon__Bus__V1__ListMethodsRequest list;
    Tenon__Bus__V1__DescribeRequest describe;
    ProtobufCMessage *message = NULL;
    char service[] = "tenon.bus.v1.Reflection";
    char symbol[] = "tenon.bus.v1.Reflection/Describe";

    tenon__bus__v1__list_methods_request__init(&list);
    tenon__bus__v1__describe_request__init(&describe);
    list.service = service;
    assert_int_equal(tenon_invoke(fixture->client,
                                  "tenon.bus.v1.Reflection/List",
                                  &list.base,
                                  &tenon__bus__v1__list_methods_response__descriptor,
                                  NULL,
                                  &message,
                                  NULL),
                     TN_OK);
    Tenon__Bus__V1__ListMethodsResponse *listed = (void *)message;
    assert_int_equal(listed->n_methods, 2);
    assert_string_equal(listed->methods[0]->name, symbol);
    protobuf_c_message_free_unpacked(message, NULL);

    describe.symbol = symbol;
    assert_int_equal(tenon_invoke(fixture->client,
                                  "tenon.bus.v1.Reflection/Describe",
                                  &describe.base,
                                  &tenon__bus__v1__describe_response__descriptor,
                                  NULL,
                                  &message,
                                  NULL),
                     TN_OK);
    Tenon__Bus__V1__DescribeResponse *described = (void *)message;
    assert_string_equal(described->method->request, "tenon.bus.v1.DescribeRequest");
    assert_true(described->file_descriptor_set.len > 100);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void on_health(const Tenon__Bus__V1__HealthCheckResponse *response, void *ctx)
{
    *(int *)ctx = response ? (int)response->state : -1;
}

static void generated_service_stubs_call_the_host(void **state)
{
    struct fixture *fixture = *state;
    ProtobufCService *health = tenon_service(fixture->client, &tenon__bus__v1__health__descriptor);
    Tenon__Bus__V1__HealthCheckRequest request;
    char nowhere[] = "no.such.Service";
    int health_state = 0;

    tenon__bus__v1__health_check_request__init(&request);
    tenon__bus__v1__health__check(health, &request, on_health, &health_state);
    assert_int_equal(health_state, TENON__BUS__V1__HEALTH_CHECK_RESPONSE__STATE__SERVING);
    assert_int_equal(tenon_service_result(health)->status, TN_OK);
    request.service = nowhere;
    tenon__bus__v1__health__check(health, &request, on_health, &health_state);
    assert_int_equal(health_state, -1);
    assert_int_equal(tenon_service_result(health)->status, TN_NOT_FOUND);
    protobuf_c_service_destroy(health);
}

static void removed_method_is_unimplemented_afterwards(void **state)
{
    struct fixture *fixture = *state;

    check_answer(fixture->client, "test.Echo/Echo", "there", NULL, "there");
    bus_server_remove_method(fixture->host->server, "test.Echo/Echo");
    check_refusal(fixture->client, "test.Echo/Echo", NULL, TN_UNIMPLEMENTED, "test.Echo/Echo");
}

static void names_that_do_not_fit_are_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    static char long_name[400];
    const struct tn_bytes request = {0};

    memset(long_name, 'x', sizeof(long_name) - 1);
    assert_int_equal(
        tenon_call(fixture->client, long_name, request, NULL, NULL, on_done, NULL, NULL),
        TN_INVALID_ARGUMENT);
    assert_int_equal(tenon_call(fixture->client, "", request, NULL, NULL, on_done, NULL, NULL),
                     TN_INVALID_ARGUMENT);
}

static void more_calls_than_the_host_allows_wait_in_the_client(void **state)
{
    enum { WORKERS = 4, CALLS = 40 };
    const struct bus_server_options options = {.call_max = 16};
    struct host *host = host_create(&options);
    struct tenon_client *client = connect_to(host->tcp);
    struct outcome outcomes[CALLS];

    (void)state;
    /* More than the host lets one connection have: the rest waits in the client. */
    for (int i = 0; i < CALLS; i++)
        call_async(client, "test.Echo/Gate", "", NULL, &outcomes[i]);
    wait_for(&host->at_gate, WORKERS);
    atomic_store(&host->is_gate_open, true);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(outcome_of(&outcomes[i]), TN_OK);
    tenon_client_destroy(client);
    host_destroy(host);
}

static void connection_past_the_maximum_is_told_so(void **state)
{
    const struct bus_server_options options = {.connection_max = 1};
    struct host *host = host_create(&options);
    struct tenon_client *first = connect_to(host->tcp);
    const struct tenon_options second_options = {.url = host->tcp};
    struct tenon_client *second = NULL;

    (void)state;
    assert_int_equal(tenon_client_create(&second_options, &second), TN_OK);
    assert_int_equal(tenon_client_connect(second, 0), TN_UNAVAILABLE);
    assert_string_equal(tenon_client_reason(second), "The host has too many connections.");
    tenon_client_destroy(first);
    if (tenon_client_connect(second, PATIENCE_US) != TN_OK)
        fail_msg("%s", tenon_client_reason(second));
    tenon_client_destroy(second);
    host_destroy(host);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_over_ipc_and_tcp),
        TEST(ipc_socket_is_its_owners_only),
        TEST(runs_many_calls_on_one_connection),
        TEST(streams_every_message_in_order),
        TEST(failure_carries_its_violations),
        TEST(unknown_method_is_named),
        TEST(serves_two_portals_on_one_connection),
        TEST(more_portals_than_ids_are_announced_anew),
        TEST(refused_session_answers_its_calls_and_may_be_tried_again),
        TEST(wrong_token_is_unauthenticated_but_health_is_open),
        TEST(metadata_travels),
        TEST(refusals_are_in_the_language_asked_for),
        TEST(call_runs_again_with_the_same_request),
        TEST(cancelled_call_ends_and_its_handler_sees_it),
        TEST(late_call_ends_on_both_sides),
        TEST(large_answers_and_requests_arrive_whole),
        TEST(too_large_request_is_refused_and_the_connection_survives),
        TEST(calls_take_turns_with_large_answers),
        TEST(too_large_answer_is_an_error_not_silence),
        TEST(paused_stream_stops_the_handler_and_loses_nothing),
        TEST(endless_stream_ends_when_cancelled),
        TEST(woken_stream_sends_once_for_each_notice),
        TEST(destroyed_client_ends_its_calls_once),
        TEST(idle_connection_is_kept_by_pings),
        cmocka_unit_test(absent_host_is_explained),
        TEST(reconnects_to_a_host_that_came_back),
        TEST(stopping_lets_open_calls_finish_and_refuses_new_ones),
        TEST(address_in_use_is_refused_and_a_dead_socket_replaced),
        TEST(impossible_urls_are_refused),
        TEST(reflection_lists_and_describes),
        TEST(generated_service_stubs_call_the_host),
        TEST(removed_method_is_unimplemented_afterwards),
        TEST(names_that_do_not_fit_are_refused_at_once),
        cmocka_unit_test(more_calls_than_the_host_allows_wait_in_the_client),
        cmocka_unit_test(connection_past_the_maximum_is_told_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
