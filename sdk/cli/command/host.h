/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - a command's connection to a host: calls that Ctrl-C ends, failures as struct err. */
#ifndef SDK_CLI_COMMAND_HOST_H
#define SDK_CLI_COMMAND_HOST_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "sdk/cli/command/context.h"
#include "sdk/cli/descriptors.h"

struct host;
struct host_call;

/* Connects. TN_UNAVAILABLE: no host there, the message says how to start one. blocks */
tn_status host_open(struct context *ctx, struct host **ret_host, struct err *err);
void host_close(struct host *host);
DEFINE_CLEANUP(struct host, host_close)

/* Waits until connected again, about a second at most. TN_UNAVAILABLE. blocks */
tn_status host_reconnect(struct host *host, struct err *err);

/* Types and methods of the host's own services, as this program knows them. Lent. */
const struct descriptors *host_descriptors(const struct host *host);

/* Each response, on a thread of the client library; lent for the call. */
typedef void (*host_message_fn)(void *ctx, struct tn_bytes body);

/*
 * Begins a call and returns at once; `host_call_end` waits for its outcome and must follow.
 * `on_message` may be NULL: the last response is kept for host_call_end. `no_timeout`: streams.
 */
tn_status host_call_begin(struct host *host, const char *method, struct tn_bytes request,
                          bool no_timeout, host_message_fn on_message, void *message_ctx,
                          struct host_call **ret_call, struct err *err);

/*
 * `*response` (may be NULL) gets the response's bytes appended. TN_CANCELLED: Ctrl-C; else as the
 * host answered. With `patient`, the first Ctrl-C is only noted in the context and the second
 * cancels. Frees the call. blocks
 */
tn_status host_call_end(struct host_call *call, bool patient, struct buf *response,
                        struct err *err);

/* Begin and end. blocks */
tn_status host_invoke_bytes(struct host *host, const char *method, struct tn_bytes request,
                            struct buf *response, struct err *err);

/*
 * With messages of protobuf-c. `*ret_response` is OWNED: protobuf_c_message_free_unpacked; may be
 * NULL when it is not wanted. blocks
 */
tn_status host_invoke(struct host *host, const char *method, const ProtobufCMessage *request,
                      const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_response,
                      struct err *err);

/* With JSON, for the host's own services. `*ret_response` is OWNED. `request` is taken. blocks */
tn_status host_invoke_json(struct host *host, const char *method, json_t *request,
                           json_t **ret_response, struct err *err);

static inline void host_message_free_p(ProtobufCMessage **message)
{
    if (*message)
        protobuf_c_message_free_unpacked(*message, NULL);
}

#endif /* SDK_CLI_COMMAND_HOST_H */
