/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon_protobuf_c.h - methods with TN_ENCODED messages as a service that protobuf-c generates, so
 * that requests and answers have types. gcc and clang, C11. Compiled into the plugin, which is
 * linked with libprotobuf-c; `tenon_protobuf_c()` of the CMake package makes the generated code.
 *
 *     static void notes_add(NotesService *service, const AddRequest *request,
 *                           AddResponse_Closure reply, void *rpc)
 *     {
 *         AddResponse answer = ADD_RESPONSE__INIT;
 *         struct tn_call *call = tn_rpc_call(rpc);
 *         ...
 *         reply(&answer, rpc);
 *     }
 *     static NotesService notes = NOTES__INIT(notes_);
 *     TN_RPC(add, notes, "Add")
 *
 *     static const struct tn_method methods[] = {{"notes.v1.Notes/Add", ADD, ADDED, add, 0, 0}};
 *
 * reply() packs its message before it returns: an answer may be on the stack. A function that does
 * not reply says why with tn_rpc_fail(). All of it is [worker].
 */
#ifndef TN_PROTOBUF_C_H
#define TN_PROTOBUF_C_H

#include <stdlib.h>
#include <string.h>

#include <protobuf-c/protobuf-c.h>

#include "tenon_sdk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One method at work. */
struct tn_rpc {
    struct tn_call *call;
    struct tn_record *response;
    tn_status status;
};

/* The call that the method runs in; lent. */
static inline struct tn_call *tn_rpc_call(void *rpc)
{
    return ((struct tn_rpc *)rpc)->call;
}

/* The method ends with this status, which is not TN_OK, and no answer. */
static inline void tn_rpc_fail(void *rpc, tn_status status)
{
    ((struct tn_rpc *)rpc)->status = status;
}

/* What a service's function is given to reply with. */
static inline void tn_rpc_reply(const ProtobufCMessage *message, void *closure_data)
{
    struct tn_rpc *rpc = (struct tn_rpc *)closure_data;
    size_t len = message ? protobuf_c_message_get_packed_size(message) : 0;
    uint8_t *bytes = (uint8_t *)malloc(len + 1);

    if (!message || !bytes) {
        rpc->status = message ? TN_RESOURCE_EXHAUSTED : TN_INTERNAL;
        free(bytes);
        return;
    }
    tn_set_body(rpc->response, bytes, protobuf_c_message_pack(message, bytes));
    free(bytes);
    rpc->status = TN_OK;
}

/* Runs a service's method; TN_RPC is the way to it. */
static inline tn_status tn_rpc_run(struct tn_call *call, const struct tn_record *request,
                                   struct tn_record *response, ProtobufCService *service,
                                   const char *name)
{
    /* A function that neither replies nor fails has a fault. */
    struct tn_rpc rpc = {call, response, TN_INTERNAL};
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(service->descriptor, name);
    struct tn_bytes body = tn_body(request);
    ProtobufCMessage *message;

    if (!method)
        return TN_UNIMPLEMENTED;
    message = protobuf_c_message_unpack(method->input, NULL, body.len, body.data);
    if (!message)
        return TN_RESOURCE_EXHAUSTED; /* the host has checked the bytes */
    service->invoke(
        service, (unsigned)(method - service->descriptor->methods), message, tn_rpc_reply, &rpc);
    protobuf_c_message_free_unpacked(message, NULL);
    return rpc.status;
}

/* Defines the tn_method_fn `function`: the method `name` ("Add") of the generated `service`. */
#define TN_RPC(function, service, name)                                                     \
    static tn_status function(                                                              \
        struct tn_call *call, const struct tn_record *request, struct tn_record *response)  \
    {                                                                                       \
        return tn_rpc_run(call, request, response, (ProtobufCService *)&(service), (name)); \
    }

#ifdef __cplusplus
}
#endif
#endif /* TN_PROTOBUF_C_H */
