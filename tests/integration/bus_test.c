/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus and sdk/c together: calls of one client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/bus_client.h"
#include "tests/unit/check.h"

static void answers_over_ipc_and_tcp(void **state)
{
    struct fixture *fixture = *state;
    struct tenon_client *ipc = connect_to(fixture->host->ipc);

    check_answer(fixture->client, "test.Echo/Echo", "over tcp", NULL, "over tcp");
    check_answer(ipc, "test.Echo/Echo", "over ipc", NULL, "over ipc");
    check_answer(ipc, "test.Echo/Echo", "", NULL, "");
    tenon_client_destroy(ipc);
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

/* An end that follows gathered answers must take them along, and be written itself. */
static void answers_and_failures_mixed_all_arrive(void **state)
{
    enum { COUNT = 48, ROUNDS = 60 };
    struct fixture *fixture = *state;
    struct outcome *outcomes = mem_array(struct outcome, COUNT);

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++)
            call_async(fixture->client,
                       i % 3 == round % 3 ? "test.Echo/Fail" : "test.Echo/Echo",
                       "x",
                       NULL,
                       &outcomes[i]);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(outcome_of(&outcomes[i]),
                             i % 3 == round % 3 ? TN_INVALID_ARGUMENT : TN_OK);
    }
    mem_free(outcomes);
}

/* Whether the only call of the host ran on the thread that reads. */
static bool runs_where_it_was_read(struct tenon_client *client)
{
    uint8_t *name = NULL;
    size_t len = 0;

    assert_int_equal(
        tenon_invoke_bytes(client, "test.Echo/Thread", text_bytes(""), NULL, &name, &len, NULL),
        TN_OK);
    bool is_read = len > 6 && memcmp(name, "bus-io", 6) == 0;
    free(name);
    return is_read;
}

/* How long a call waits does not make it slow: only how long it holds a thread. */
static void lone_call_that_waits_runs_where_it_was_read(void **state)
{
    struct fixture *fixture = *state;
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (!runs_where_it_was_read(fixture->client))
        assert_true(clock_mono_us() < until_us);
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

/* What is held for a connection counts what waits, not what has left. */
static void stream_may_send_more_than_is_held_at_once(void **state)
{
    enum { COUNT = (64 << 20) / FLOOD_MESSAGE_SIZE + 10 };
    struct fixture *fixture = *state;
    struct outcome outcome;
    char count[16];

    outcome_init(&outcome);
    (void)snprintf(count, sizeof(count), "%d", COUNT);
    assert_int_equal(tenon_call(fixture->client,
                                "test.Echo/Flood",
                                text_bytes(count),
                                NULL,
                                on_numbered,
                                on_done,
                                &outcome,
                                NULL),
                     TN_OK);
    assert_int_equal(outcome_of(&outcome), TN_OK);
    assert_int_equal(atomic_load(&outcome.received), COUNT);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_over_ipc_and_tcp),
        TEST(runs_many_calls_on_one_connection),
        TEST(answers_and_failures_mixed_all_arrive),
        TEST(lone_call_that_waits_runs_where_it_was_read),
        TEST(streams_every_message_in_order),
        TEST(stream_may_send_more_than_is_held_at_once),
        TEST(failure_carries_its_violations),
        TEST(unknown_method_is_named),
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
        TEST(reflection_lists_and_describes),
        TEST(generated_service_stubs_call_the_host),
        TEST(removed_method_is_unimplemented_afterwards),
        TEST(names_that_do_not_fit_are_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
