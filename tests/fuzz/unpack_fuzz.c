/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds bytes to the check before unpacking: what it lets through must unpack, and pack again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/bus/unpack.h"

#define BUDGET ((size_t)32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack_as(struct tn_bytes bytes, const ProtobufCMessageDescriptor *type)
{
    struct arena arena;
    struct err err;

    err_init(&err, NULL);
    arena_init(&arena, BUDGET);
    ProtobufCMessage *message = bus_unpack(bytes, type, &arena, &err);
    if (message)
        (void)protobuf_c_message_get_packed_size(message);
    else if (err.status != TN_INVALID_ARGUMENT && err.status != TN_RESOURCE_EXHAUSTED)
        abort();
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tn_bytes bytes = {data, size};

    unpack_as(bytes, &tenon__bus__v1__call__descriptor);
    unpack_as(bytes, &tenon__bus__v1__reply__descriptor);
    unpack_as(bytes, &tenon__bus__v1__list_methods_response__descriptor);
    return 0;
}
