/* SPDX-License-Identifier: Apache-2.0 */
/* blocking.c - calls that wait for their outcome, and protobuf-c services made of them. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/bus/unpack.h"
#include "sdk/c/client_private.h"

/* Who waits looks at least once in this time; int milliseconds hold it. */
#define SERVE_MAX_US ((int64_t)60 * 1000000)

/* On the stack of who waits. */
struct waiter {
    pthread_mutex_t mu;
    pthread_cond_t ended;
    bool has_ended; /* guarded by mu, as all below */
    uint8_t *response;
    size_t response_len;
    bool has_response;
    bool is_out_of_memory;
    struct tenon_result result;
};

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 1;
}

static const char *put_text(char **at, const char *text)
{
    size_t size = text_size(text);
    char *copy = *at;

    memcpy(copy, text ? text : "", size);
    *at += size;
    return copy;
}

/* A copy whose texts are in one block, which starts at `violations`. */
static tn_status copy_result(const struct tenon_result *from, struct tenon_result *ret_copy)
{
    size_t size = from->violation_count * sizeof(struct tenon_violation) +
                  text_size(from->message) + text_size(from->missing_module) +
                  text_size(from->missing_tier);

    for (uint32_t i = 0; i < from->violation_count; i++)
        size += text_size(from->violations[i].field) + text_size(from->violations[i].rule) +
                text_size(from->violations[i].message);
    struct tenon_violation *violations = mem_alloc(size);
    if (!violations)
        return TN_RESOURCE_EXHAUSTED;
    char *at = (char *)(violations + from->violation_count);
    *ret_copy = *from;
    ret_copy->message = put_text(&at, from->message);
    ret_copy->missing_module = put_text(&at, from->missing_module);
    ret_copy->missing_tier = put_text(&at, from->missing_tier);
    for (uint32_t i = 0; i < from->violation_count; i++) {
        violations[i].field = put_text(&at, from->violations[i].field);
        violations[i].rule = put_text(&at, from->violations[i].rule);
        violations[i].message = put_text(&at, from->violations[i].message);
    }
    ret_copy->violations = violations;
    return TN_OK;
}

void tenon_result_fini(struct tenon_result *result)
{
    union {
        const void *lent;
        void *block;
    } cast = {.lent = result->violations};

    mem_free(cast.block);
    *result = (struct tenon_result){.message = ""};
}

static void on_message(void *ctx, struct tn_bytes body)
{
    struct waiter *waiter = ctx;

    (void)pthread_mutex_lock(&waiter->mu);
    uint8_t *copy = mem_alloc(body.len);
    if (!copy) {
        waiter->is_out_of_memory = true;
    } else {
        if (body.len)
            memcpy(copy, body.data, body.len);
        mem_free(waiter->response); /* of a stream, the last stays */
        waiter->response = copy;
        waiter->response_len = body.len;
        waiter->has_response = true;
    }
    (void)pthread_mutex_unlock(&waiter->mu);
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct waiter *waiter = ctx;

    (void)pthread_mutex_lock(&waiter->mu);
    if (copy_result(result, &waiter->result) != TN_OK)
        waiter->result = (struct tenon_result){.status = result->status, .message = ""};
    waiter->has_ended = true;
    (void)pthread_cond_signal(&waiter->ended);
    (void)pthread_mutex_unlock(&waiter->mu);
}

static void say(struct tenon_client *client, struct tenon_result *result, tn_status status,
                const char *text)
{
    const struct tenon_result said = {.status = status, .message = text_in(client->language, text)};

    tenon_result_fini(result);
    if (copy_result(&said, result) != TN_OK)
        *result = (struct tenon_result){.status = status, .message = ""};
}

static bool has_ended(struct waiter *waiter)
{
    (void)pthread_mutex_lock(&waiter->mu);
    bool has_ended = waiter->has_ended;
    (void)pthread_mutex_unlock(&waiter->mu);
    return has_ended;
}

/* What the caller may read in place of the library's thread; NULL: nothing. */
static struct bus_watch *claim(struct tenon_client *client)
{
    struct bus_watch *watch = NULL;

    (void)pthread_mutex_lock(&client->mu);
    /* While it is not closed it is not freed, and while it is claimed neither. */
    if (client->has_conn && bus_conn_is_open(&client->conn))
        watch = bus_stream_watch(client->conn.stream);
    if (watch && !bus_poll_claim(watch))
        watch = NULL;
    (void)pthread_mutex_unlock(&client->mu);
    return watch;
}

/*
 * Reads the connection until the answer is there: a thread that would read it for this one would
 * have to be woken, and to wake this one (a call takes 17 us instead of 57).
 */
static void read_until_end(struct tenon_client *client, struct waiter *waiter, int64_t timeout_us)
{
    struct bus_watch *watch = claim(client);
    int64_t now_us = clock_mono_us();
    int64_t until_us = timeout_us < BUS_NEVER - now_us ? now_us + timeout_us : BUS_NEVER;
    bool goes_on = watch != NULL;

    if (watch)
        bus_poll_settle(watch); /* what the other thread reads may be the answer */
    while (goes_on && !has_ended(waiter)) {
        int64_t left_us = until_us - clock_mono_us();

        if (left_us < 0)
            left_us = 0; /* the client's own thread is about to end it */
        if (left_us > SERVE_MAX_US)
            left_us = SERVE_MAX_US;
        goes_on = bus_poll_serve(watch, (int)(left_us / 1000) + 1);
    }
    if (watch)
        bus_poll_unclaim(watch);
}

static void wait_for_end(struct tenon_client *client, struct waiter *waiter)
{
    (void)pthread_mutex_lock(&waiter->mu);
    while (!waiter->has_ended)
        (void)pthread_cond_wait(&waiter->ended, &waiter->mu);
    (void)pthread_mutex_unlock(&waiter->mu);
    if (waiter->result.status != TN_OK)
        return;
    if (waiter->is_out_of_memory)
        say(client, &waiter->result, TN_RESOURCE_EXHAUSTED, "Memory is out.");
    else if (!waiter->has_response)
        say(client, &waiter->result, TN_INTERNAL, "The host ended the call without an answer.");
}

tn_status tenon_invoke_bytes(struct tenon_client *client, const char *method,
                             struct tn_bytes request, const struct tenon_call_options *options,
                             uint8_t **ret_response, size_t *ret_response_len,
                             struct tenon_result *result)
{
    struct waiter waiter = {.result = {.message = ""}};

    (void)pthread_mutex_init(&waiter.mu, NULL);
    (void)pthread_cond_init(&waiter.ended, NULL);
    tn_status st = tenon_call(client, method, request, options, on_message, on_done, &waiter, NULL);
    if (st == TN_OK) {
        read_until_end(client,
                       &waiter,
                       options && options->timeout_us > 0 ? options->timeout_us
                                                          : client->timeout_us);
        wait_for_end(client, &waiter);
    } else {
        say(client,
            &waiter.result,
            st,
            st == TN_INVALID_ARGUMENT
                ? "The name of the method or the metadata is empty or too long."
                : "The call could not be made: too many are open, or memory is out.");
    }
    (void)pthread_cond_destroy(&waiter.ended);
    (void)pthread_mutex_destroy(&waiter.mu);

    st = waiter.result.status;
    if (st == TN_OK) {
        *ret_response = TAKE(waiter.response);
        *ret_response_len = waiter.response_len;
    }
    mem_free(waiter.response);
    if (result)
        *result = waiter.result;
    else
        tenon_result_fini(&waiter.result);
    return st;
}

/* The answer as a message, or why it is none in `result`. */
static tn_status unpack_answer(struct tenon_client *client, const ProtobufCMessageDescriptor *type,
                               struct tn_bytes bytes, ProtobufCMessage **ret_response,
                               struct tenon_result *result)
{
    static const uint8_t nothing[1] = {0};
    struct err err;

    err_init(&err, NULL);
    tn_status st = bus_unpack_check(bytes, type, &err);
    if (st != TN_OK) {
        say(client, result, TN_INTERNAL, "The host's answer is not of the expected type.");
        return TN_INTERNAL;
    }
    ProtobufCMessage *response =
        protobuf_c_message_unpack(type, NULL, bytes.len, bytes.len ? bytes.data : nothing);
    if (!response) {
        say(client, result, TN_RESOURCE_EXHAUSTED, "Memory is out.");
        return TN_RESOURCE_EXHAUSTED;
    }
    *ret_response = response;
    return TN_OK;
}

tn_status tenon_invoke(struct tenon_client *client, const char *method,
                       const ProtobufCMessage *request,
                       const ProtobufCMessageDescriptor *response_type,
                       const struct tenon_call_options *options, ProtobufCMessage **ret_response,
                       struct tenon_result *result)
{
    struct tenon_result local = {.message = ""};
    uint8_t *response = NULL;
    size_t response_len = 0;
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *packed = mem_alloc(len);

    *ret_response = NULL;
    if (!packed) {
        say(client, &local, TN_RESOURCE_EXHAUSTED, "Memory is out.");
    } else {
        const struct tn_bytes bytes = {packed, protobuf_c_message_pack(request, packed)};

        (void)tenon_invoke_bytes(client, method, bytes, options, &response, &response_len, &local);
    }
    mem_free(packed);
    tn_status st = local.status;
    if (st == TN_OK)
        st = unpack_answer(
            client, response_type, (struct tn_bytes){response, response_len}, ret_response, &local);
    mem_free(response);
    if (result)
        *result = local;
    else
        tenon_result_fini(&local);
    return st;
}

const char *tenon_status_name(tn_status status)
{
    return err_status_name(status);
}

/* Services */

struct service {
    ProtobufCService base; /* first: libprotobuf-c hands it back */
    struct tenon_client *client;
    struct tenon_result result;
};

static void invoke(ProtobufCService *base, unsigned method_index, const ProtobufCMessage *input,
                   ProtobufCClosure closure, void *closure_data)
{
    struct service *service = (struct service *)base;
    const ProtobufCMethodDescriptor *method = &base->descriptor->methods[method_index];
    char name[BUS_NAME_MAX + 1];
    ProtobufCMessage *response = NULL;

    tenon_result_fini(&service->result);
    int len = snprintf(name, sizeof(name), "%s/%s", base->descriptor->name, method->name);
    if (len < 0 || (size_t)len >= sizeof(name))
        say(service->client,
            &service->result,
            TN_INVALID_ARGUMENT,
            "The method's name is too long.");
    else
        (void)tenon_invoke(
            service->client, name, input, method->output, NULL, &response, &service->result);
    closure(response, closure_data);
    if (response)
        protobuf_c_message_free_unpacked(response, NULL);
}

static void destroy(ProtobufCService *base)
{
    struct service *service = (struct service *)base;

    tenon_result_fini(&service->result);
    mem_free(service);
}

ProtobufCService *tenon_service(struct tenon_client *client,
                                const ProtobufCServiceDescriptor *descriptor)
{
    struct service *service = mem_new(struct service);

    if (!service)
        return NULL;
    service->base.descriptor = descriptor;
    service->base.invoke = invoke;
    service->base.destroy = destroy;
    service->client = client;
    service->result.message = "";
    return &service->base;
}

const struct tenon_result *tenon_service_result(const ProtobufCService *base)
{
    return &((const struct service *)base)->result;
}
