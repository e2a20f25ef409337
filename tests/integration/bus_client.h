/* SPDX-License-Identifier: Apache-2.0 */
/* bus_client.h - a client of bus_host.h's methods, and what became of its calls. */
#ifndef TESTS_INTEGRATION_BUS_CLIENT_H
#define TESTS_INTEGRATION_BUS_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <tenon/client.h>

#include "tests/integration/bus_host.h"

/* The state of a test: a host and a client of it over tcp. */
struct fixture {
    struct host *host;
    struct tenon_client *client;
};
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

struct tenon_client *connect_to(const char *url);
struct tn_bytes text_bytes(const char *text);

/* A call whose outcome is waited for; counts what arrives. */
struct outcome {
    pthread_mutex_t mu;
    pthread_cond_t ended;
    bool has_ended; /* guarded by mu, as up to message */
    int done_count;
    tn_status status;
    char message[512];
    _Atomic int received; /* the rest belongs to the callbacks */
    size_t bytes;
    uint64_t next; /* number that the next message of a stream should have */
    bool is_in_order;
    struct tenon_call *call;
    int pause_at; /* messages after which it pauses */
};

void outcome_init(struct outcome *outcome);
void on_message(void *ctx, struct tn_bytes body);  /* counts */
void on_numbered(void *ctx, struct tn_bytes body); /* of test.Echo/Stream: checks their order */
void on_done(void *ctx, const struct tenon_result *result);
/* Waits; fails the test unless it ended exactly once. */
tn_status outcome_of(struct outcome *outcome);

/* Calls with on_message; the request is text. */
void call_async(struct tenon_client *client, const char *method, const char *request,
                const struct tenon_call_options *options, struct outcome *outcome);
/* Calls and compares; the answer is text. */
void check_answer(struct tenon_client *client, const char *method, const char *request,
                  const struct tenon_call_options *options, const char *expected);
/* Calls and expects a refusal whose message contains `part`. */
void check_refusal(struct tenon_client *client, const char *method,
                   const struct tenon_call_options *options, tn_status status, const char *part);

#endif /* TESTS_INTEGRATION_BUS_CLIENT_H */
