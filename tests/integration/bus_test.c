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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
