/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenond_stream_test.c - methods of plugins that stream, in the host and in a process of their own:
 * every test here runs both ways.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define STREAMER PLUGIN_FOLDER "/host_streamer.so"
#define METHOD_OF(name) "org.example.streamer.v1.Streamer/" name
#define COUNT METHOD_OF("Count")
#define REQUEST_SIZE 64
/* More than workers: streams that wait for their readers must take none of them. */
#define STREAM_COUNT 16u
/* What a reader that stalls may be ahead: the windows of the call and what waits in sockets. */
#define AHEAD_MAX ((int64_t)2 * 1024 * 1024)

/* How the plugin runs. */
struct way {
    const char *isolation;
};

/* One stream, and what came of it. */
struct reader {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    struct tenon_call *call;
    bool stalls;   /* it takes one message, and waits */
    int64_t count; /* guarded by mu, as all below */
    int64_t last;
    size_t size;
    unsigned done_count;
    tn_status status;
    char message[256];
};

/* Requests */

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

/* A field that is a Decimal. */
static uint8_t *put_number(uint8_t *at, unsigned field, int64_t value)
{
    uint8_t part[16] = {0x08};
    const uint8_t *end = put_varint(part + 1, (uint64_t)value << 1);

    *at++ = (uint8_t)(field << 3 | 2);
    *at++ = (uint8_t)(end - part);
    memcpy(at, part, (size_t)(end - part));
    return at + (end - part);
}

static struct tn_bytes count_request(uint8_t bytes[REQUEST_SIZE], int64_t to, int64_t size,
                                     const char *end)
{
    uint8_t *at = put_number(put_number(bytes, 1, to), 2, size);
    const size_t len = strlen(end);

    *at++ = 0x1a;
    *at++ = (uint8_t)len;
    memcpy(at, end, len);
    return (struct tn_bytes){bytes, (size_t)(at - bytes) + len};
}

static uint64_t take_varint(struct tn_bytes *bytes)
{
    uint64_t value = 0;

    for (unsigned shift = 0; bytes->len > 0; shift += 7) {
        const uint8_t byte = *bytes->data++;

        bytes->len--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return value;
}

/* A sint64 in a message of these and of texts; 0: it is not there. */
static int64_t take_number(struct tn_bytes bytes, unsigned field)
{
    while (bytes.len > 0) {
        const uint64_t tag = take_varint(&bytes);
        const uint64_t value = take_varint(&bytes); /* of a text, its length */

        if (tag >> 3 == field)
            return (int64_t)(value >> 1);
        if ((tag & 7) == 2) {
            bytes.data += value;
            bytes.len -= value;
        }
    }
    return 0;
}

/* Streams */

static void on_message(void *ctx, struct tn_bytes body)
{
    struct reader *reader = ctx;

    (void)pthread_mutex_lock(&reader->mu);
    reader->count++;
    reader->last = take_number(body, 1);
    reader->size += body.len;
    if (reader->stalls)
        tenon_call_pause(reader->call);
    (void)pthread_cond_signal(&reader->changed);
    (void)pthread_mutex_unlock(&reader->mu);
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct reader *reader = ctx;

    (void)pthread_mutex_lock(&reader->mu);
    reader->done_count++;
    reader->status = result->status;
    (void)snprintf(reader->message, sizeof(reader->message), "%s", result->message);
    (void)pthread_cond_signal(&reader->changed);
    (void)pthread_mutex_unlock(&reader->mu);
}

static void reader_start(struct reader *reader, struct tenon_client *client, const char *method,
                         struct tn_bytes request, const struct tenon_call_options *options,
                         bool stalls)
{
    *reader = (struct reader){.stalls = stalls};
    (void)pthread_mutex_init(&reader->mu, NULL);
    (void)pthread_cond_init(&reader->changed, NULL);
    (void)pthread_mutex_lock(&reader->mu); /* its callbacks want to know reader->call */
    assert_int_equal(
        tenon_call(client, method, request, options, on_message, on_done, reader, &reader->call),
        TN_OK);
    (void)pthread_mutex_unlock(&reader->mu);
}

static struct timespec patience(void)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TENOND_PATIENCE_US / 1000000;
    return until;
}

/* Until it has had a message, or all of it. */
static void await(struct reader *reader, bool is_done)
{
    const struct timespec until = patience();
    int failed = 0;

    (void)pthread_mutex_lock(&reader->mu);
    while (!failed && reader->done_count == 0 && (is_done || reader->count == 0))
        failed = pthread_cond_timedwait(&reader->changed, &reader->mu, &until);
    (void)pthread_mutex_unlock(&reader->mu);
    if (failed)
        fail_msg("the stream does not %s", is_done ? "end" : "begin");
}

static void reader_end(struct reader *reader)
{
    await(reader, true);
    assert_int_equal(reader->done_count, 1);
    (void)pthread_cond_destroy(&reader->changed);
    (void)pthread_mutex_destroy(&reader->mu);
}

/* A whole stream. */
static struct reader read_all(struct tenon_client *client, const char *method, int64_t to,
                              int64_t size, const char *end)
{
    struct reader reader;
    uint8_t bytes[REQUEST_SIZE];

    reader_start(&reader, client, method, count_request(bytes, to, size, end), NULL, false);
    reader_end(&reader);
    return reader;
}

static void expect(const struct reader *reader, int64_t count, tn_status status, const char *part)
{
    if (reader->status != status || !strstr(reader->message, part))
        fail_msg("%s: %s", tenon_status_name(reader->status), reader->message);
    assert_int_equal(reader->count, count);
    assert_int_equal(reader->last, count);
}

/* What the plugin says of its last stream: field 1: messages sent, 2: streams ended. */
static int64_t progress(struct tenon_client *client, unsigned field)
{
    struct tenon_result result = {0};
    uint8_t *response = NULL;
    size_t len = 0;

    (void)tenon_invoke_bytes(client,
                             METHOD_OF("Progress"),
                             (struct tn_bytes){(const uint8_t *)"", 0},
                             NULL,
                             &response,
                             &len,
                             &result);
    if (result.status != TN_OK)
        fail_msg("%s: %s", tenon_status_name(result.status), result.message);
    const int64_t number = take_number((struct tn_bytes){response, len}, field);
    free(response);
    tenon_result_fini(&result);
    return number;
}

static void pause_briefly(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    (void)nanosleep(&pause, NULL);
}

static void await_ended(struct tenon_client *client, int64_t count)
{
    const int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (progress(client, 2) < count) {
        if (clock_mono_us() > give_up_us)
            fail_msg("the plugin goes on with its stream");
        pause_briefly();
    }
}

/* Until the plugin waits for its readers: it sends nothing for a while. */
static int64_t await_stall(struct tenon_client *client)
{
    int64_t sent = -1;
    int64_t now = 0;
    unsigned same = 0;

    while (same < 50) {
        pause_briefly();
        now = progress(client, 1);
        same = now == sent ? same + 1 : 0;
        sent = now;
    }
    return sent;
}

/* Hosts */

static struct tenond *start(void **state, struct tenon_client **ret_client)
{
    const struct way *way = *state;
    struct tenond *host = tenond_create();
    char configuration[128];
    char path[TENOND_PATH_SIZE * 2];

    (void)snprintf(configuration,
                   sizeof(configuration),
                   "[plugin.\"org.example.streamer\"]\nisolation = \"%s\"\n",
                   way->isolation);
    tenond_add_plugin(host, STREAMER);
    tenond_write_file(host, "tenond.toml", configuration, strlen(configuration), path);
    tenond_spawn_usual(host, (const char *const[]){"--config", path, NULL});
    tenond_await_ready(host);
    *ret_client = tenond_connect(host, NULL);
    return host;
}

static void finish(struct tenond *host, struct tenon_client *client)
{
    tenon_client_destroy(client);
    tenond_stop(host);
    tenond_destroy(host);
}

static bool is_isolated(void **state)
{
    const struct way *way = *state;

    return strcmp(way->isolation, "process") == 0;
}

/* Tests */

static void a_stream_brings_its_messages_in_order(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    struct reader reader = read_all(client, COUNT, 10000, 100, "");

    expect(&reader, 10000, TN_OK, "");
    assert_true(reader.size > 10000 * 100);
    reader = read_all(client, COUNT, 0, 0, "");
    expect(&reader, 0, TN_OK, "");
    reader = read_all(client, COUNT, 100, 50000, "");
    expect(&reader, 100, TN_OK, "");
    finish(host, client);
}

static void readers_that_stall_hold_back_their_streams_only(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    struct tenon_client *stalled = tenond_connect(host, NULL);
    static const struct tenon_call_options patient = {.timeout_us = INT64_MAX};
    const int64_t to = 5000;
    const int64_t size = 1000;
    struct reader readers[STREAM_COUNT];
    uint8_t bytes[REQUEST_SIZE];

    for (unsigned i = 0; i < STREAM_COUNT; i++)
        reader_start(
            &readers[i], stalled, COUNT, count_request(bytes, to, size, ""), &patient, true);
    for (unsigned i = 0; i < STREAM_COUNT; i++)
        await(&readers[i], false);
    /* Others are served meanwhile; the plugin has not sent what nobody takes. */
    assert_in_range(await_stall(client) * size, 1, AHEAD_MAX);
    assert_int_equal(create_record(client, (char[]){"drops"}, (char[]){"number"}, "7") > 0, 1);

    struct reader more = read_all(client, COUNT, 1, 0, "");
    expect(&more, 0, TN_RESOURCE_EXHAUSTED, "16 streams at once");
    for (unsigned i = 0; i < STREAM_COUNT; i++) {
        (void)pthread_mutex_lock(&readers[i].mu);
        readers[i].stalls = false;
        (void)pthread_mutex_unlock(&readers[i].mu);
        tenon_call_resume(readers[i].call);
        await(&readers[i], true);
        reader_end(&readers[i]);
        expect(&readers[i], to, TN_OK, "");
    }
    more = read_all(client, COUNT, 1, 0, "");
    expect(&more, 1, TN_OK, "");
    tenon_client_destroy(stalled);
    finish(host, client);
}

static void a_stream_that_is_cancelled_ends_in_the_plugin(void **state)
{
    static const char *const ends[] = {"", "spin"}; /* while it sends, while it works */
    struct tenon_client *client;
    struct tenond *host = start(state, &client);

    for (int64_t i = 0; i < 2; i++) {
        struct reader reader;
        uint8_t bytes[REQUEST_SIZE];

        reader_start(&reader,
                     client,
                     COUNT,
                     count_request(bytes, i ? 1 : 1000000, 1000, ends[i]),
                     NULL,
                     i == 0);
        await(&reader, false);
        tenon_call_cancel(reader.call);
        reader_end(&reader);
        assert_int_equal(reader.status, TN_CANCELLED);
        await_ended(client, i + 1);
    }
    finish(host, client);
}

static void a_client_that_goes_ends_its_streams(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    struct tenon_client *other = tenond_connect(host, NULL);
    struct reader reader;
    uint8_t bytes[REQUEST_SIZE];

    reader_start(&reader, other, COUNT, count_request(bytes, 1000000, 1000, ""), NULL, true);
    await(&reader, false);
    tenon_client_destroy(other);
    reader_end(&reader);
    await_ended(client, 1);
    finish(host, client);
}

static void a_stream_ends_at_its_deadline(void **state)
{
    static const struct tenon_call_options soon = {.timeout_us = 300000};
    static const char *const ends[] = {"", "spin"};
    struct tenon_client *client;
    struct tenond *host = start(state, &client);

    for (int64_t i = 0; i < 2; i++) {
        struct reader reader;
        uint8_t bytes[REQUEST_SIZE];

        reader_start(&reader,
                     client,
                     COUNT,
                     count_request(bytes, i ? 1 : 1000000, 1000, ends[i]),
                     &soon,
                     i == 0);
        reader_end(&reader);
        assert_int_equal(reader.status, TN_DEADLINE_EXCEEDED);
        await_ended(client, i + 1);
    }
    finish(host, client);
}

static void a_stream_may_end_with_a_refusal(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    const struct reader reader = read_all(client, COUNT, 20, 10, "refuse");

    expect(&reader, 20, TN_FAILED_PRECONDITION, "That is far enough.");
    finish(host, client);
}

static void what_is_not_the_response_is_not_sent(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    const struct reader reader = read_all(client, COUNT, 3, 10, "misuse");

    expect(&reader, 3, TN_INTERNAL, "it sends what is not the response of its call");
    finish(host, client);
}

static bool has_drop(struct tenon_client *client, const char *number)
{
    Tenon__Records__V1__GetRequest request = TENON__RECORDS__V1__GET_REQUEST__INIT;
    Tenon__Records__V1__RecordKey key = TENON__RECORDS__V1__RECORD_KEY__INIT;
    Tenon__Records__V1__Value value = TENON__RECORDS__V1__VALUE__INIT;
    char text[16];

    (void)snprintf(text, sizeof(text), "%s", number);
    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_LITERAL;
    value.literal = text;
    key.property = (char[]){"number"};
    key.value = &value;
    request.type = (char[]){"drops"};
    request.key = &key;
    return call_status(client, METHOD(records, Records, Get, get), &request.base, NULL) == TN_OK;
}

static void what_a_stream_wrote_is_there_once_it_ended_well(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    struct reader reader = read_all(client, METHOD_OF("Drip"), 20, 0, "refuse");

    expect(&reader, 20, TN_FAILED_PRECONDITION, "That is far enough.");
    assert_false(has_drop(client, "1"));
    reader = read_all(client, METHOD_OF("Drip"), 20, 0, "");
    expect(&reader, 20, TN_OK, "");
    assert_true(has_drop(client, "1"));
    assert_true(has_drop(client, "20"));
    finish(host, client);
}

static void a_process_that_ends_costs_its_streams_one_unavailable(void **state)
{
    struct tenon_client *client;
    struct tenond *host;

    if (!is_isolated(state))
        return; /* there the whole host would end */
    host = start(state, &client);
    struct reader reader = read_all(client, COUNT, 500, 10, "crash");
    expect(&reader, 500, TN_UNAVAILABLE, "org.example.streamer");
    for (int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US; reader.status == TN_UNAVAILABLE;
         reader = read_all(client, COUNT, 500, 10, "")) {
        assert_true(clock_mono_us() < give_up_us);
        pause_briefly();
    }
    expect(&reader, 500, TN_OK, "");
    finish(host, client);
}

static void a_stream_is_not_for_portals_without_its_tier(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    const struct reader reader = read_all(client, METHOD_OF("Best"), 5, 10, "");

    expect(&reader, 0, TN_PERMISSION_DENIED, "enterprise");
    finish(host, client);
}

static void a_stream_takes_no_idempotency_key(void **state)
{
    static const struct tenon_call_options once = {.idempotency_key = "once"};
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    struct reader reader;
    uint8_t bytes[REQUEST_SIZE];

    reader_start(&reader, client, METHOD_OF("Drip"), count_request(bytes, 1, 0, ""), &once, false);
    reader_end(&reader);
    expect(&reader, 0, TN_INVALID_ARGUMENT, "idempotency key");
    assert_false(has_drop(client, "1"));
    finish(host, client);
}

/* A host that stops does not wait for readers for ever. */
static void a_host_that_stops_ends_its_streams(void **state)
{
    struct tenon_client *client;
    struct tenond *host = start(state, &client);
    struct reader readers[2];
    uint8_t bytes[REQUEST_SIZE];

    reader_start(&readers[0], client, COUNT, count_request(bytes, 1000000, 1000, ""), NULL, false);
    reader_start(&readers[1], client, COUNT, count_request(bytes, 1, 0, "spin"), NULL, false);
    for (unsigned i = 0; i < 2; i++)
        await(&readers[i], false);
    tenond_stop(host);
    for (unsigned i = 0; i < 2; i++)
        reader_end(&readers[i]);
    tenon_client_destroy(client);
    tenond_destroy(host);
}

int main(void)
{
    static struct way ways[] = {{"none"}, {"process"}};
    int failed = 0;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
#define BOTH(test) cmocka_unit_test_prestate(test, &ways[i])
        const struct CMUnitTest tests[] = {
            BOTH(a_stream_brings_its_messages_in_order),
            BOTH(readers_that_stall_hold_back_their_streams_only),
            BOTH(a_stream_that_is_cancelled_ends_in_the_plugin),
            BOTH(a_client_that_goes_ends_its_streams),
            BOTH(a_stream_ends_at_its_deadline),
            BOTH(a_stream_may_end_with_a_refusal),
            BOTH(what_is_not_the_response_is_not_sent),
            BOTH(what_a_stream_wrote_is_there_once_it_ended_well),
            BOTH(a_process_that_ends_costs_its_streams_one_unavailable),
            BOTH(a_stream_is_not_for_portals_without_its_tier),
            BOTH(a_stream_takes_no_idempotency_key),
            BOTH(a_host_that_stops_ends_its_streams),
        };

        (void)printf("# isolation = %s\n", ways[i].isolation);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
