/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus and sdk/c together: listening, connecting, sessions, losing and stopping. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/bus_client.h"
#include "tests/unit/check.h"

static void ipc_socket_is_its_owners_only(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;

    assert_int_equal(stat(fixture->host->ipc + strlen("ipc://"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
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

static void run_other(struct bus_call *call, void *ctx)
{
    (void)ctx;
    bus_call_answer_bytes(call, bus_call_request(call));
}

static void add_other(struct host *host)
{
    const struct bus_method other = {.name = "other.Echo/Echo",
                                     .request = "",
                                     .response = "",
                                     .module = "other",
                                     .run = run_other};

    assert_int_equal(bus_server_add_method(host->server, &other, NULL), TN_OK);
}

static void open_gate(struct host *host, struct outcome *gates, size_t count)
{
    atomic_store(&host->is_gate_open, true);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(outcome_of(&gates[i]), TN_OK);
}

/* As many as its plugin may have, and more, wait; those of another one run at once. */
static void calls_that_block_leave_other_modules_their_threads(void **state)
{
    struct fixture *fixture = *state;
    struct host *host = fixture->host;
    const int max = (int)pool_plugin_max(HOST_WORKERS);
    struct outcome gates[HOST_WORKERS];

    add_other(host);
    for (size_t i = 0; i < HOST_WORKERS; i++)
        call_async(fixture->client, "test.Echo/Gate", "", NULL, &gates[i]);
    wait_for(&host->at_gate, max);
    check_answer(fixture->client, "other.Echo/Echo", "yes", NULL, "yes");
    assert_int_equal(atomic_load(&host->at_gate), max);
    assert_int_equal(pool_queued(host->pool), HOST_WORKERS - (size_t)max);
    open_gate(host, gates, HOST_WORKERS);
}

static void run_other_gate(struct bus_call *call, void *ctx)
{
    struct host *host = ctx;

    (void)atomic_fetch_add(&host->at_gate, 1);
    while (!atomic_load(&host->is_gate_open))
        (void)usleep(1000);
    run_other(call, NULL);
}

static void calls_that_block_leave_other_portals_their_threads(void **state)
{
    static const char *const modules[] = {"one", "two", "three"};
    struct fixture *fixture = *state;
    struct host *host = fixture->host;
    const struct tenon_call_options north = {.portal = "north"};
    const int max = (int)pool_portal_max(HOST_WORKERS);
    struct outcome gates[HOST_WORKERS];

    add_other(host);
    for (size_t i = 0; i < 3; i++) {
        char name[32];
        const struct bus_method gate = {.name = name,
                                        .request = "",
                                        .response = "",
                                        .module = modules[i],
                                        .run = run_other_gate,
                                        .ctx = host};

        (void)snprintf(name, sizeof(name), "%s.Gate/Gate", modules[i]);
        assert_int_equal(bus_server_add_method(host->server, &gate, NULL), TN_OK);
        for (size_t j = i; j < HOST_WORKERS; j += 3)
            call_async(fixture->client, name, "", NULL, &gates[j]);
    }
    wait_for(&host->at_gate, max);
    check_answer(fixture->client, "other.Echo/Echo", "yes", &north, "yes");
    assert_int_equal(atomic_load(&host->at_gate), max);
    assert_int_equal(pool_queued(host->pool), HOST_WORKERS - (size_t)max);
    open_gate(host, gates, HOST_WORKERS);
}

/* Nothing would wake it: the stop would last as long as it may. */
static void call_that_begins_to_wait_while_stopping_is_ended(void **state)
{
    struct fixture *fixture = *state;
    struct host *host = fixture->host;
    struct outcome late;
    struct outcome watch;
    pthread_t thread;

    call_async(fixture->client, "test.Echo/GateHang", "", NULL, &late);
    call_async(fixture->client, "test.Echo/Watch", "", NULL, &watch);
    wait_for(&host->at_gate, 1);
    wait_for(&watch.received, 1);
    int64_t begun_us = clock_mono_us();
    assert_int_equal(pthread_create(&thread, NULL, stop_server, host->server), 0);
    assert_int_equal(outcome_of(&watch), TN_UNAVAILABLE); /* those that wait were ended */
    atomic_store(&host->is_gate_open, true);
    assert_int_equal(outcome_of(&late), TN_UNAVAILABLE);
    assert_string_equal(late.message, "The host is stopping.");
    (void)pthread_join(thread, NULL);
    assert_true(clock_mono_us() - begun_us < PATIENCE_US);
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

/* Who is connected keeps what was told at the start. */
static void limits_change_for_those_who_come_later(void **state)
{
    enum { CALLS = 8 };
    const struct bus_server_options options = {.connection_max = 1, .request_size_max = 8192};
    struct host *host = host_create(&options);
    struct tenon_client *first = connect_to(host->tcp);
    const struct bus_server_limits limits = {
        .connection_max = 2, .call_max = 3, .request_size_max = 1024};
    struct outcome outcomes[CALLS];
    char request[4096];

    (void)state;
    memset(request, 'x', sizeof(request) - 1);
    request[sizeof(request) - 1] = '\0';
    bus_server_set_limits(host->server, &limits);
    struct tenon_client *second = connect_to(host->tcp);
    call_async(second, "test.Echo/Echo", request, NULL, &outcomes[0]);
    assert_int_equal(outcome_of(&outcomes[0]), TN_RESOURCE_EXHAUSTED);
    check_answer(first, "test.Echo/Echo", request, NULL, request);
    for (int i = 0; i < CALLS; i++) /* what is past the new number waits in the client */
        call_async(second, "test.Echo/Gate", "", NULL, &outcomes[i]);
    wait_for(&host->at_gate, 3);
    while (bus_server_stats(host->server).open_calls > 3)
        (void)usleep(1000); /* the answered ones are about to leave */
    assert_int_equal(atomic_load(&host->at_gate), 3);
    atomic_store(&host->is_gate_open, true);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(outcome_of(&outcomes[i]), TN_OK);

    bus_server_set_limits(host->server, &(struct bus_server_limits){.connection_max = 1});
    const struct tenon_options third_options = {.url = host->tcp};
    struct tenon_client *third = NULL;
    assert_int_equal(tenon_client_create(&third_options, &third), TN_OK);
    assert_int_equal(tenon_client_connect(third, 0), TN_UNAVAILABLE); /* two are too many already */
    check_answer(first, "test.Echo/Echo", "still", NULL, "still");
    check_answer(second, "test.Echo/Echo", "still", NULL, "still");
    tenon_client_destroy(third);
    tenon_client_destroy(second);
    tenon_client_destroy(first);
    host_destroy(host);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(ipc_socket_is_its_owners_only),
        TEST(serves_two_portals_on_one_connection),
        TEST(more_portals_than_ids_are_announced_anew),
        TEST(refused_session_answers_its_calls_and_may_be_tried_again),
        TEST(wrong_token_is_unauthenticated_but_health_is_open),
        TEST(destroyed_client_ends_its_calls_once),
        TEST(idle_connection_is_kept_by_pings),
        cmocka_unit_test(absent_host_is_explained),
        TEST(reconnects_to_a_host_that_came_back),
        TEST(calls_that_block_leave_other_modules_their_threads),
        TEST(calls_that_block_leave_other_portals_their_threads),
        TEST(stopping_lets_open_calls_finish_and_refuses_new_ones),
        TEST(call_that_begins_to_wait_while_stopping_is_ended),
        TEST(address_in_use_is_refused_and_a_dead_socket_replaced),
        TEST(impossible_urls_are_refused),
        cmocka_unit_test(more_calls_than_the_host_allows_wait_in_the_client),
        cmocka_unit_test(connection_past_the_maximum_is_told_so),
        cmocka_unit_test(limits_change_for_those_who_come_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
