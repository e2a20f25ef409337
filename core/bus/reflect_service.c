/* SPDX-License-Identifier: Apache-2.0 */
/* reflect_service.c - tenon.bus.v1.Reflection and tenon.bus.v1.Health. */
#include <string.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/utf8.h"
#include "core/bus/server_private.h"
#include "tenon_bus_proto_descriptors.h"

/* The generated structs want writable strings; packing only reads them. */
static char *lend(const char *text)
{
    union {
        const char *in;
        char *out;
    } cast = {.in = text};

    return cast.out;
}

static void describe_method(const struct bus_method *method, Tenon__Bus__V1__Method *out)
{
    tenon__bus__v1__method__init(out);
    out->name = lend(method->name);
    out->request = lend(method->request);
    out->response = lend(method->response);
    out->module = lend(method->module);
    out->streams = (method->flags & BUS_STREAMS) != 0;
    out->reads = (method->flags & BUS_READS) != 0;
}

static tn_status list_methods(struct bus_server *server, struct bus_call *call,
                              Tenon__Bus__V1__ListMethodsResponse *response)
{
    const ProtobufCMessage *message =
        bus_call_unpack(call, &tenon__bus__v1__list_methods_request__descriptor);
    const Tenon__Bus__V1__ListMethodsRequest *request = (const void *)message;
    const struct bus_method **methods = NULL;
    struct arena *arena = bus_call_arena(call);
    size_t count = 0;

    if (!request)
        return bus_call_err(call)->status;
    TRY(bus_method_table_list(
        &server->methods, utf8_str(request->service), arena, &methods, &count));
    Tenon__Bus__V1__Method *described = arena_array(arena, Tenon__Bus__V1__Method, count);
    response->methods = arena_array(arena, Tenon__Bus__V1__Method *, count);
    if (!described || !response->methods)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        describe_method(methods[i], &described[i]);
        response->methods[i] = &described[i];
    }
    response->n_methods = count;
    return TN_OK;
}

static void run_list(struct bus_call *call, void *ctx)
{
    Tenon__Bus__V1__ListMethodsResponse response;

    tenon__bus__v1__list_methods_response__init(&response);
    tn_status st = list_methods(ctx, call, &response);
    if (st == TN_OK)
        bus_call_answer(call, &response.base);
    else
        bus_call_finish(call, st);
}

static tn_status describe(struct bus_server *server, struct bus_call *call,
                          Tenon__Bus__V1__DescribeResponse *response,
                          Tenon__Bus__V1__Method *method)
{
    const ProtobufCMessage *message =
        bus_call_unpack(call, &tenon__bus__v1__describe_request__descriptor);
    const Tenon__Bus__V1__DescribeRequest *request = (const void *)message;
    struct tn_bytes set = {0};
    size_t found = 0;

    if (!request)
        return bus_call_err(call)->status;
    struct tn_str symbols[3] = {utf8_str(request->symbol)};
    const struct bus_method_entry *entry = bus_method_table_find(&server->methods, symbols[0]);
    if (entry) {
        describe_method(&entry->def, method);
        response->method = method;
        symbols[0].len = (size_t)(strchrnul(request->symbol, '/') - request->symbol);
        symbols[1] = utf8_str(entry->def.request);
        symbols[2] = utf8_str(entry->def.response);
    }
    TRY(bus_reflect_find(
        &server->reflect, symbols, entry ? 3 : 1, bus_call_arena(call), &set, &found));
    if (!entry && found == 0)
        return err_set(bus_call_err(call),
                       TN_NOT_FOUND,
                       "There is no method and no message %s.",
                       request->symbol);
    response->file_descriptor_set =
        (ProtobufCBinaryData){.len = set.len, .data = (uint8_t *)lend((const char *)set.data)};
    return TN_OK;
}

static void run_describe(struct bus_call *call, void *ctx)
{
    Tenon__Bus__V1__DescribeResponse response;
    Tenon__Bus__V1__Method method;

    tenon__bus__v1__describe_response__init(&response);
    tn_status st = describe(ctx, call, &response, &method);
    if (st == TN_OK)
        bus_call_answer(call, &response.base);
    else
        bus_call_finish(call, st);
}

static tn_status check_health(struct bus_server *server, struct bus_call *call,
                              Tenon__Bus__V1__HealthCheckResponse *response)
{
    const ProtobufCMessage *message =
        bus_call_unpack(call, &tenon__bus__v1__health_check_request__descriptor);
    const Tenon__Bus__V1__HealthCheckRequest *request = (const void *)message;
    const struct bus_method **methods = NULL;
    size_t count = 0;

    if (!request)
        return bus_call_err(call)->status;
    TRY(bus_method_table_list(
        &server->methods, utf8_str(request->service), bus_call_arena(call), &methods, &count));
    if (count == 0)
        return err_set(
            bus_call_err(call), TN_NOT_FOUND, "There is no service %s.", request->service);
    bool is_serving = atomic_load_explicit(&server->state, memory_order_acquire) == SERVER_SERVING;
    response->state = is_serving ? TENON__BUS__V1__HEALTH_CHECK_RESPONSE__STATE__SERVING
                                 : TENON__BUS__V1__HEALTH_CHECK_RESPONSE__STATE__NOT_SERVING;
    return TN_OK;
}

static void run_check(struct bus_call *call, void *ctx)
{
    Tenon__Bus__V1__HealthCheckResponse response;

    tenon__bus__v1__health_check_response__init(&response);
    tn_status st = check_health(ctx, call, &response);
    if (st == TN_OK)
        bus_call_answer(call, &response.base);
    else
        bus_call_finish(call, st);
}

tn_status bus_reflect_serve(struct bus_server *server, struct err *err)
{
    const struct bus_method methods[] = {
        {"tenon.bus.v1.Reflection/List",
         "tenon.bus.v1.ListMethodsRequest",
         "tenon.bus.v1.ListMethodsResponse",
         "",
         BUS_OPEN | BUS_READS,
         run_list,
         server},
        {"tenon.bus.v1.Reflection/Describe",
         "tenon.bus.v1.DescribeRequest",
         "tenon.bus.v1.DescribeResponse",
         "",
         BUS_OPEN | BUS_READS,
         run_describe,
         server},
        {"tenon.bus.v1.Health/Check",
         "tenon.bus.v1.HealthCheckRequest",
         "tenon.bus.v1.HealthCheckResponse",
         "",
         BUS_OPEN | BUS_READS,
         run_check,
         server},
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        TRY(bus_method_table_add(&server->methods, &methods[i], err));
    return bus_server_add_descriptors(
        server,
        (struct tn_bytes){tenon_bus_proto_descriptors, tenon_bus_proto_descriptors_len},
        err);
}
