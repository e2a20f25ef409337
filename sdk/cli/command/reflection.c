/* SPDX-License-Identifier: Apache-2.0 */
/* reflection.c - tenon.bus.v1.Reflection/Describe, linked. */
#include "sdk/cli/command/reflection.h"

#include <string.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "sdk/cli/say.h"

typedef Tenon__Bus__V1__DescribeRequest describe_request;
typedef Tenon__Bus__V1__DescribeResponse describe_response;

static tn_status link_symbol(struct reflection *reflection, const char *symbol,
                             const describe_response *response, struct err *err)
{
    const struct descriptors *types = reflection->descriptors;

    if (response->method) {
        reflection->request = descriptors_message(types, response->method->request);
        reflection->response = descriptors_message(types, response->method->response);
        reflection->streams = response->method->streams;
    } else {
        reflection->message = descriptors_message(types, symbol);
    }
    if (reflection->message || (reflection->request && reflection->response))
        return TN_OK;
    return say_fail(
        err, TN_DATA_LOSS, "The host's descriptors name the type '%s' and do not hold it.", symbol);
}

tn_status reflection_of(struct host *host, const char *symbol, struct reflection **ret_reflection,
                        struct err *err)
{
    CLEANUP(host_message_free_p) ProtobufCMessage *message = NULL;
    CLEANUP(reflection_free_p) struct reflection *reflection = mem_new(struct reflection);
    describe_request request;
    const describe_response *response;

    tenon__bus__v1__describe_request__init(&request);
    if (!reflection)
        return err_memory(err, "the descriptors");
    request.symbol = (char *)(uintptr_t)symbol;
    TRY(host_invoke(host,
                    "tenon.bus.v1.Reflection/Describe",
                    &request.base,
                    &tenon__bus__v1__describe_response__descriptor,
                    &message,
                    err));
    response = (const describe_response *)message;
    TRY(descriptors_create(
        (struct tn_bytes){response->file_descriptor_set.data, response->file_descriptor_set.len},
        &reflection->descriptors,
        err));
    TRY(link_symbol(reflection, symbol, response, err));
    *ret_reflection = TAKE(reflection);
    return TN_OK;
}

void reflection_free(struct reflection *reflection)
{
    if (!reflection)
        return;
    descriptors_destroy(reflection->descriptors);
    mem_free(reflection);
}
