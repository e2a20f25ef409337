/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon/client.h - libtenon: calling a Tenon host from C.
 *
 * Two layers. The asynchronous one keeps many calls going on one connection and tells their
 * outcome by callback; the blocking one waits. Both reconnect with back-off; a call that was sent
 * when the connection broke ends with TN_UNAVAILABLE and is not repeated by the library.
 *
 * Thread tags: [any] may be called from every thread, callbacks included. Callbacks run on a thread
 * of the library, or on one that waits in the blocking layer, one at a time per client, and must
 * not block on the client's own calls.
 */
#ifndef TENON_CLIENT_H
#define TENON_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>
#include <tenon/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

struct tenon_client;
struct tenon_call;

struct tenon_options {
    const char *url;            /* "ipc:///run/tenon/tenon.sock", "tcp://127.0.0.1:4455",
                                   "tls+tcp://crm.example.org:4455" */
    const char *portal;         /* NULL: the token's; without a token "main" */
    const char *token;          /* NULL: none */
    const char *language;       /* of messages: "en", "fr"; NULL: "en" */
    int64_t connect_timeout_us; /* 0: 5 s; a host that is silent for four of them is given up */
    int64_t timeout_us;         /* of a call that states none; 0: 30 s */
    /* Of tls+tcp: PEM file of whom to trust; NULL: /etc/ssl/certs/ca-certificates.crt */
    const char *tls_ca;
    const char *tls_server_name; /* that the host's certificate has; NULL: as in `url` */
};

/* One field that broke one rule; static empty strings where not said. */
struct tenon_violation {
    const char *field;
    const char *rule;
    const char *message;
};

/* How a call ended. Lent to the callback, or until the next call of the blocking client. */
struct tenon_result {
    tn_status status;
    const char *message; /* empty for TN_OK */
    const struct tenon_violation *violations;
    uint32_t violation_count;
    int64_t retry_after_us; /* 0: not said */
    /* A module that the portal is not granted, and the tier that has it; NULL or "": not said. */
    const char *missing_module;
    const char *missing_tier;
};

/*
 * Starts connecting in the background. TN_INVALID_ARGUMENT: no such URL, or `tls_ca` holds no
 * certificates; TN_NOT_FOUND, TN_PERMISSION_DENIED, TN_UNAVAILABLE: `tls_ca` cannot be read;
 * TN_RESOURCE_EXHAUSTED.
 * [any]
 */
tn_status tenon_client_create(const struct tenon_options *options,
                              struct tenon_client **ret_client);

/* Waits until connected or `timeout_us` is over; 0: until the attempt that is under way has ended.
 * TN_UNAVAILABLE: no host there (the reason in tenon_client_reason). [any] blocks */
tn_status tenon_client_connect(struct tenon_client *client, int64_t timeout_us);

/* Why it is not connected: "No host at ipc:///x: start one with `tenond --listen ipc:///x`." Lent,
 * until the reason has changed several times or the client is destroyed. [any] */
const char *tenon_client_reason(struct tenon_client *client);

/* Ends open calls with TN_CANCELLED, after which no callback runs. Not from a callback. Accepts
 * NULL. blocks */
void tenon_client_destroy(struct tenon_client *client);

/* What a call may state besides its request; zero is the default. */
struct tenon_metadata {
    const char *key;
    const char *value;
};
struct tenon_call_options {
    int64_t timeout_us;          /* 0: the client's; INT64_MAX: none */
    const char *portal;          /* NULL: the client's */
    const char *idempotency_key; /* repeated calls with it return the first result */
    const struct tenon_metadata *metadata;
    uint32_t metadata_count;
};

/* Each response of the call: one of a unary call, many of a stream. `body` is encoded. */
typedef void (*tenon_message_fn)(void *ctx, struct tn_bytes body);
/* Once, last. */
typedef void (*tenon_done_fn)(void *ctx, const struct tenon_result *result);

/*
 * Sends a request (copied); while not connected it waits, until its time is over. No callback will
 * run after TN_RESOURCE_EXHAUSTED (memory, or too many open calls) and TN_INVALID_ARGUMENT (a name
 * or metadata that is empty or too long). Every other failure is told by `done`, perhaps before
 * this returns. `message` and `ret_call` may be NULL; the call is valid until `done` returned.
 * [any]
 */
tn_status tenon_call(struct tenon_client *client, const char *method, struct tn_bytes request,
                     const struct tenon_call_options *options, tenon_message_fn message,
                     tenon_done_fn done, void *ctx, struct tenon_call **ret_call);

/* `done` follows with TN_CANCELLED unless the call ended before. [any] */
void tenon_call_cancel(struct tenon_call *call);

/*
 * Holds a stream back, and lets it go on: a paused call gives the host no more credit, so that it
 * stops sending after at most 256 KiB more, which are still delivered. Other calls go on. [any]
 */
void tenon_call_pause(struct tenon_call *call);
void tenon_call_resume(struct tenon_call *call);

/* The blocking layer */

/*
 * Calls a unary method and waits. `*ret_response` is OWNED: free it with
 * protobuf_c_message_free_unpacked (or response_type's own); NULL unless TN_OK. `result` (may be
 * NULL) is filled; what it lends lives until tenon_result_fini. [any] blocks
 */
tn_status tenon_invoke(struct tenon_client *client, const char *method,
                       const ProtobufCMessage *request,
                       const ProtobufCMessageDescriptor *response_type,
                       const struct tenon_call_options *options, ProtobufCMessage **ret_response,
                       struct tenon_result *result);

/* The same with encoded messages; `*ret_response` is OWNED: free(). [any] blocks */
tn_status tenon_invoke_bytes(struct tenon_client *client, const char *method,
                             struct tn_bytes request, const struct tenon_call_options *options,
                             uint8_t **ret_response, size_t *ret_response_len,
                             struct tenon_result *result);

/* Frees what a result of the blocking layer lends. Accepts a zeroed one. */
void tenon_result_fini(struct tenon_result *result);

/* "NOT_FOUND". Static. */
const char *tenon_status_name(tn_status status);

/*
 * A protobuf-c service whose generated stubs call the host and wait:
 *
 *     ProtobufCService *records = tenon_service(client, &tenon__records__v1__records__descriptor);
 *     tenon__records__v1__records__get(records, &request, on_response, ctx);
 *
 * The closure gets NULL on failure; tenon_service_result() tells which. OWNED:
 * protobuf_c_service_destroy. NULL when memory is out. One thread at a time.
 */
ProtobufCService *tenon_service(struct tenon_client *client,
                                const ProtobufCServiceDescriptor *descriptor);
const struct tenon_result *tenon_service_result(const ProtobufCService *service);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif
#endif /* TENON_CLIENT_H */
