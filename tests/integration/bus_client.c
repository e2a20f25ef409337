/* SPDX-License-Identifier: Apache-2.0 */
/* bus_client.c - see bus_client.h. */
#include "tests/integration/bus_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

struct tenon_client *connect_to(const char *url)
{
    const struct tenon_options options = {.url = url, .timeout_us = PATIENCE_US};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    if (tenon_client_connect(client, PATIENCE_US) != TN_OK)
        fail_msg("%s", tenon_client_reason(client));
    return client;
}

int fixture_set_up(void **state)
{
    struct fixture *fixture = mem_new(struct fixture);

    fixture->host = host_create(NULL);
    fixture->client = connect_to(fixture->host->tcp);
    *state = fixture;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;

    tenon_client_destroy(fixture->client);
    host_destroy(fixture->host);
    mem_free(fixture);
    return 0;
}

struct tn_bytes text_bytes(const char *text)
{
    return (struct tn_bytes){(const uint8_t *)text, strlen(text)};
}

void outcome_init(struct outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    (void)pthread_mutex_init(&outcome->mu, NULL);
    (void)pthread_cond_init(&outcome->ended, NULL);
    outcome->is_in_order = true;
}

void on_message(void *ctx, struct tn_bytes body)
{
    struct outcome *outcome = ctx;

    outcome->bytes += body.len;
    (void)atomic_fetch_add(&outcome->received, 1);
}

void on_numbered(void *ctx, struct tn_bytes body)
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

void on_done(void *ctx, const struct tenon_result *result)
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

tn_status outcome_of(struct outcome *outcome)
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

void call_async(struct tenon_client *client, const char *method, const char *request,
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

void check_answer(struct tenon_client *client, const char *method, const char *request,
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

void check_refusal(struct tenon_client *client, const char *method,
                   const struct tenon_call_options *options, tn_status status, const char *part)
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
