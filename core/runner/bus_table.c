/* SPDX-License-Identifier: Apache-2.0 */
/* bus_table.c - tenon.bus/1 in a runner. */
#include <string.h>

#include "core/runner/program.h"

static tn_status bus_request(struct tn_call *call, uint32_t method, struct tn_record **ret_request)
{
    struct pack operation = call_operation(call, PROTOCOL_REQUEST);
    struct unpack answer;

    pack_u32(&operation, method);
    TRY(call_ask(call, &operation, &answer));
    struct tn_record *request = record_take(call, &answer);
    if (!request)
        return call_break(call);
    *ret_request = request;
    return TN_OK;
}

static tn_status bus_invoke(struct tn_record *request, const char *key,
                            const struct tn_record **ret_response)
{
    struct tn_call *call = request->call;
    struct pack operation = call_operation(call, PROTOCOL_INVOKE);
    const struct tn_str text = {key ? key : "", key ? strlen(key) : 0};
    struct unpack answer;

    pack_u32(&operation, request->handle);
    pack_u8(&operation, key != NULL);
    pack_str(&operation, text);
    tn_status st = call_ask(call, &operation, &answer);
    /* What it wrote is seen from now on, and what it left undone as well. */
    call->epoch++;
    call->link_epoch++;
    if (st != TN_OK)
        return st;
    const struct tn_record *response = record_take(call, &answer);
    if (!response)
        return call_break(call);
    *ret_response = response;
    return TN_OK;
}

const struct tn_bus_v1 runner_bus_table = {
    .struct_size = sizeof(struct tn_bus_v1),
    .request = bus_request,
    .invoke = bus_invoke,
};
