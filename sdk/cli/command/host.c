/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - libtenon's asynchronous calls, waited for together with Ctrl-C. */
#include "sdk/cli/command/host.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tenon/client.h>
#include <tenon_proto_descriptors.h>

#include "core/base/utf8.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"

/* A local host answers at once or is not there; over a network it may take a while. */
#define CONNECT_LOCAL_US 1000000
#define CONNECT_REMOTE_US 5000000
/* One wait for a host to come back; who waits longer asks again, and hears Ctrl-C between. */
#define RECONNECT_US 1000000
#define CALL_TIMEOUT_US 120000000
/* A stream has no end of its own; this is as good as none. */
#define STREAM_TIMEOUT_US (365ll * 24 * 3600 * 1000000)

struct host {
    struct context *ctx;
    struct tenon_client *client;
    struct descriptors *descriptors;
};

struct host_call {
    struct host *host;
    struct tenon_call *call;
    host_message_fn on_message;
    void *message_ctx;
    int done_fd;
    pthread_mutex_t mu;
    bool is_done;        /* guarded by mu */
    struct buf response; /* written by the library's thread until is_done */
    tn_status status;    /* so are these */
    struct err err;
};

tn_status host_open(struct context *ctx, struct host **ret_host, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = mem_new(struct host);
    struct tenon_options options = {.url = ctx->url,
                                    .portal = ctx->portal,
                                    .token = ctx->token,
                                    .language = ctx->language,
                                    .timeout_us = CALL_TIMEOUT_US,
                                    .tls_ca = ctx->ca};
    bool is_local = strncmp(ctx->url, "ipc://", 6) == 0;
    tn_status status;

    if (!host)
        return err_memory(err, "the connection");
    host->ctx = ctx;
    TRY(context_catch_interrupt(ctx, err));
    TRY(descriptors_create((struct tn_bytes){tenon_proto_descriptors, tenon_proto_descriptors_len},
                           &host->descriptors,
                           err));
    status = tenon_client_create(&options, &host->client);
    if (status != TN_OK && ctx->ca && strncmp(ctx->url, "tls+", 4) == 0)
        return say_fail(err, status, "'%s' is no readable file of certificates in PEM.", ctx->ca);
    if (status == TN_INVALID_ARGUMENT)
        return say_fail(
            err, status, "'%s' is no URL of a host: use ipc://PATH or tcp://HOST:PORT.", ctx->url);
    if (status != TN_OK)
        return err_memory(err, "the connection");
    status = tenon_client_connect(host->client, is_local ? CONNECT_LOCAL_US : CONNECT_REMOTE_US);
    if (status != TN_OK)
        return err_set(err, status, "%s", tenon_client_reason(host->client));
    *ret_host = TAKE(host);
    return TN_OK;
}

void host_close(struct host *host)
{
    if (!host)
        return;
    tenon_client_destroy(host->client);
    descriptors_destroy(host->descriptors);
    mem_free(host);
}

tn_status host_reconnect(struct host *host, struct err *err)
{
    tn_status status = tenon_client_connect(host->client, RECONNECT_US);

    if (status != TN_OK)
        return err_set(err, status, "%s", tenon_client_reason(host->client));
    return TN_OK;
}

const struct descriptors *host_descriptors(const struct host *host)
{
    return host->descriptors;
}

static void keep_result(struct err *err, const struct tenon_result *result)
{
    (void)err_set(err, result->status, "%s", result->message);
    err->retry_after_us = result->retry_after_us;
    for (uint32_t i = 0; i < result->violation_count; i++) {
        const struct tenon_violation *v = &result->violations[i];

        (void)err_violate_text(err, result->status, v->field, v->rule, utf8_str(v->message));
    }
}

static void on_message(void *ctx, struct tn_bytes body)
{
    struct host_call *call = ctx;

    if (call->on_message) {
        call->on_message(call->message_ctx, body);
        return;
    }
    buf_clear(&call->response);
    if (buf_add(&call->response, body.data, body.len) != TN_OK)
        call->status = TN_RESOURCE_EXHAUSTED;
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct host_call *call = ctx;
    uint64_t one = 1;

    if (result->status != TN_OK) {
        call->status = result->status;
        keep_result(&call->err, result);
    } else if (call->status != TN_OK) {
        (void)err_memory(&call->err, "the response");
    }
    /* The waiting thread frees the call only after it saw is_done, so the write comes first. */
    (void)pthread_mutex_lock(&call->mu);
    call->is_done = true;
    (void)!write(call->done_fd, &one, sizeof(one));
    (void)pthread_mutex_unlock(&call->mu);
}

static void call_destroy(struct host_call *call)
{
    if (call->done_fd >= 0)
        (void)close(call->done_fd);
    (void)pthread_mutex_destroy(&call->mu);
    buf_fini(&call->response);
    mem_free(call);
}

tn_status host_call_begin(struct host *host, const char *method, struct tn_bytes request,
                          bool no_timeout, host_message_fn message, void *message_ctx,
                          struct host_call **ret_call, struct err *err)
{
    struct tenon_call_options options = {.timeout_us = no_timeout ? STREAM_TIMEOUT_US : 0};
    struct host_call *call = mem_new(struct host_call);

    if (!call)
        return err_memory(err, "the call");
    call->host = host;
    call->on_message = message;
    call->message_ctx = message_ctx;
    err_init(&call->err, host->ctx->language);
    (void)pthread_mutex_init(&call->mu, NULL);
    call->done_fd = eventfd(0, EFD_CLOEXEC);
    if (call->done_fd < 0 ||
        tenon_call(
            host->client, method, request, &options, on_message, on_done, call, &call->call) !=
            TN_OK) {
        call_destroy(call);
        return err_memory(err, "the call");
    }
    *ret_call = call;
    return TN_OK;
}

/* The library's call lives until on_done returned, which waits for the lock. */
static void cancel(struct host_call *call)
{
    (void)pthread_mutex_lock(&call->mu);
    if (!call->is_done)
        tenon_call_cancel(call->call);
    (void)pthread_mutex_unlock(&call->mu);
}

tn_status host_call_end(struct host_call *call, bool patient, struct buf *response, struct err *err)
{
    struct context *ctx = call->host->ctx;
    struct pollfd fds[2] = {{call->done_fd, POLLIN, 0}, {ctx->interrupt_fd, POLLIN, 0}};
    tn_status status;

    while (!(fds[0].revents & POLLIN)) {
        if (poll(fds, 2, -1) < 0)
            continue; /* a signal */
        if (fds[1].revents & POLLIN) {
            bool again = ctx->interrupted;

            if (context_interrupted(ctx) && (!patient || again))
                cancel(call);
        }
    }
    (void)pthread_mutex_lock(&call->mu); /* until on_done has let go */
    status = call->status;
    (void)pthread_mutex_unlock(&call->mu);
    if (status == TN_OK && response && buf_add(response, call->response.data, call->response.len))
        status = err_memory(&call->err, "the response");
    err_copy(err, &call->err);
    call_destroy(call);
    return status;
}

tn_status host_invoke_bytes(struct host *host, const char *method, struct tn_bytes request,
                            struct buf *response, struct err *err)
{
    struct host_call *call = NULL;

    TRY(host_call_begin(host, method, request, false, NULL, NULL, &call, err));
    return host_call_end(call, false, response, err);
}

tn_status host_invoke(struct host *host, const char *method, const ProtobufCMessage *request,
                      const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_response,
                      struct err *err)
{
    struct buf wire = {0};
    struct buf response = {0};
    tn_status status = buf_reserve(&wire, protobuf_c_message_get_packed_size(request) + 1);

    if (status == TN_OK) {
        wire.len = protobuf_c_message_pack(request, wire.data);
        status = host_invoke_bytes(host, method, buf_bytes(&wire), &response, err);
    } else {
        (void)err_memory(err, "the request");
    }
    if (status == TN_OK && ret_response) {
        ProtobufCMessage *message =
            protobuf_c_message_unpack(type, NULL, response.len, response.data);

        if (message)
            *ret_response = message;
        else
            status = say_fail(err, TN_DATA_LOSS, "What the host sent is no %s.", type->name);
    }
    buf_fini(&wire);
    buf_fini(&response);
    return status;
}

tn_status host_invoke_json(struct host *host, const char *method, json_t *request,
                           json_t **ret_response, struct err *err)
{
    const struct method_type *type = descriptors_method(host->descriptors, method);
    struct buf wire = {0};
    struct buf response = {0};
    tn_status status;

    if (!request) {
        return err_memory(err, "the request");
    }
    status = json_message_encode(type->request, request, JSON_MESSAGE_SHORTHAND, &wire, err);
    if (status == TN_OK)
        status = host_invoke_bytes(host, method, buf_bytes(&wire), &response, err);
    if (status == TN_OK)
        status = json_message_decode(type->response, buf_bytes(&response), ret_response, err);
    buf_fini(&wire);
    buf_fini(&response);
    json_decref(request);
    return status;
}
