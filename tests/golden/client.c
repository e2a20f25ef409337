/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - what libtenon itself says of a call that the host did not answer. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/admin/v1/admin.pb-c.h>
#include <tenon/client.h>

#include "core/base/utf8.h"
#include "tests/golden/areas.h"
#include "tests/golden/rpc.h"
#include "tests/integration/host.h"
#include "tests/unit/check.h"

struct ended {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    bool is_over; /* guarded by mu */
    struct err *err;
};

struct ender {
    const char *title;
    const char *how;
    void (*end)(struct tenond *host, struct tenon_client **client, struct tenon_call *call);
};

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct ended *ended = ctx;

    (void)pthread_mutex_lock(&ended->mu);
    rpc_error(result, ended->err);
    ended->is_over = true;
    (void)pthread_cond_signal(&ended->changed);
    (void)pthread_mutex_unlock(&ended->mu);
}

static void cancel(struct tenond *host, struct tenon_client **client, struct tenon_call *call)
{
    (void)host;
    (void)client;
    tenon_call_cancel(call);
}

static void close_client(struct tenond *host, struct tenon_client **client, struct tenon_call *call)
{
    (void)host;
    (void)call;
    tenon_client_destroy(*client);
    *client = NULL;
}

static void kill_host(struct tenond *host, struct tenon_client **client, struct tenon_call *call)
{
    (void)client;
    (void)call;
    tenond_kill(host);
}

static struct tenon_client *connect_in(const struct tenond *host, const char *language)
{
    const struct tenon_options options = {.url = host->url, .language = language};
    struct tenon_client *client = NULL;

    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    assert_int_equal(tenon_client_connect(client, TENOND_PATIENCE_US), TN_OK);
    return client;
}

/* Watches from now on, which ends by nothing but `ender`. */
static void watch(struct tenond *host, const char *language, const struct ender *ender,
                  struct err *err)
{
    static const uint8_t from_now[] = {0x10, 0x01};
    struct tenon_client *client = connect_in(host, language);
    struct tenon_call_options options = {.timeout_us = INT64_MAX};
    struct ended ended = {.err = err};
    struct tenon_call *call = NULL;

    err_init(err, language);
    (void)pthread_mutex_init(&ended.mu, NULL);
    (void)pthread_cond_init(&ended.changed, NULL);
    assert_int_equal(tenon_call(client,
                                "tenon.events.v1.Changes/Watch",
                                (struct tn_bytes){from_now, sizeof(from_now)},
                                &options,
                                NULL,
                                on_done,
                                &ended,
                                &call),
                     TN_OK);
    ender->end(host, &client, call);
    (void)pthread_mutex_lock(&ended.mu);
    while (!ended.is_over)
        (void)pthread_cond_wait(&ended.changed, &ended.mu);
    (void)pthread_mutex_unlock(&ended.mu);
    tenon_client_destroy(client);
    (void)pthread_cond_destroy(&ended.changed);
    (void)pthread_mutex_destroy(&ended.mu);
}

/* A call whose answer is read as of another type, or which has no name. */
static void call_wrongly(const struct tenond *host, const char *language, bool has_name,
                         struct err *err)
{
    Tenon__Admin__V1__GetMetricsRequest request = TENON__ADMIN__V1__GET_METRICS_REQUEST__INIT;
    struct tenon_client *client = connect_in(host, language);
    struct tenon_result result = {.message = ""};
    ProtobufCMessage *response = NULL;

    err_init(err, language);
    assert_int_not_equal(tenon_invoke(client,
                                      has_name ? "tenon.admin.v1.Status/Metrics" : "",
                                      &request.base,
                                      &tenon__admin__v1__token__descriptor,
                                      NULL,
                                      &response,
                                      &result),
                         TN_OK);
    rpc_error(&result, err);
    tenon_result_fini(&result);
    tenon_client_destroy(client);
}

void area_client(struct golden *g)
{
    static const struct ender enders[] = {
        {"a call that is cancelled", "tenon_call_cancel()", cancel},
        {"a client that is closed", "tenon_client_destroy()", close_client},
        {"a host that is killed", "kill -9", kill_host},
    };
    struct tenond *host = tenond_create();
    struct err *errors = calloc(2, sizeof(*errors));

    assert_non_null(errors);
    golden_area(g, "Calls that libtenon ends");
    golden_hide(g, host->url, "ipc://<FOLDER>/socket");
    tenond_start(host);
    for (size_t i = 0; i < 2; i++) {
        call_wrongly(host, "en", i == 0, &errors[0]);
        call_wrongly(host, "fr", i == 0, &errors[1]);
        golden_note(g,
                    i == 0 ? "an answer of another type" : "a method without a name",
                    "tenon_invoke()",
                    &errors[0],
                    &errors[1]);
    }
    for (size_t i = 0; i < COUNT_OF(enders); i++) {
        watch(host, "en", &enders[i], &errors[0]);
        if (!host->pid)
            tenond_start(host);
        watch(host, "fr", &enders[i], &errors[1]);
        golden_note(g, enders[i].title, enders[i].how, &errors[0], &errors[1]);
    }
    tenond_destroy(host);
    free(errors);
}
