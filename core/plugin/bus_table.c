/* SPDX-License-Identifier: Apache-2.0 */
/* bus_table.c - tenon.bus/1: calling methods of other plugins inside the same transaction. */
#include "core/plugin/call.h"
#include "core/plugin/rest.h"
#include "core/plugin/routes.h"

#include "core/base/utf8.h"

static tn_status bus_request(struct tn_call *call, uint32_t method, struct tn_record **ret_request)
{
    const struct plugin *plugin = call->plugin;
    struct message *message;

    if (method >= plugin->rows->methods.count)
        return call_misuse(call, "no such method is declared");
    const char *name = plugin->rows->methods.items[method].name;
    const struct plugin_method *served =
        plugin_routes_find(plugin_routes_of(call->txn), utf8_str(name));
    if (!served)
        return call_fail(
            call,
            err_set(call->err, TN_UNIMPLEMENTED, "The method %s is not served any more.", name));
    uint32_t row = plugin->rows->methods.items[method].request;
    TRY(call_fail(
        call, message_create(txn_arena(call->txn), plugin->messages[row], &message, call->err)));
    struct tn_record *request = call_see_message(call, row, message);
    if (!request)
        return call->status;
    request->method = served;
    request->response_row = plugin->rows->methods.items[method].response;
    *ret_request = request;
    return TN_OK;
}

/*
 * The same message as one of another type. A plugin keeps the types that it was bound to, also
 * where their owner was replaced since; a message is then carried over as it is on the bus.
 */
static tn_status carry_over(struct tn_call *call, struct message *from,
                            const struct message_type *type, struct message **ret_message,
                            struct err *err)
{
    struct arena *arena = txn_arena(call->txn);
    CLEANUP(buf_fini) struct buf bytes = {0};
    struct message *message;

    if (from->type == type) {
        *ret_message = from;
        return TN_OK;
    }
    TRY(message_create(arena, type, &message, err));
    if (message_encode(from, &bytes) != TN_OK)
        return err_memory(err, "a message");
    const char *copy = arena_copy(arena, bytes.data, bytes.len);
    if (!copy)
        return err_memory(err, "a message");
    TRY(message_decode(message, (struct tn_bytes){(const uint8_t *)copy, bytes.len}, err));
    *ret_message = message;
    return TN_OK;
}

static tn_status run_joined(struct tn_call *call, const struct tn_record *request,
                            struct message **ret_response, struct err *err)
{
    const struct plugin_method *method = request->method;
    const struct plugin *owner = method->owner;
    const struct plugin *caller = call->plugin;
    struct message *asked;
    struct message *response;

    if (call->depth >= PLUGIN_DEPTH_MAX)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "Plugins call each other more than %u deep.",
                       PLUGIN_DEPTH_MAX);
    if (call->is_read_only && !(method->flags & TN_READS))
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The method %s writes, and its caller only reads.",
                       method->name);
    TRY(rest_check_method(method, call->txn, err));
    TRY(message_create(
        txn_arena(call->txn), owner->messages[method->row->response], &response, err));
    TRY(message_check(request->message, err));
    TRY(carry_over(call, request->message, owner->messages[method->row->request], &asked, err));
    TRY(call_method(method, call->txn, call->depth + 1, asked, response, err));
    return carry_over(call, response, caller->messages[request->response_row], ret_response, err);
}

/* The reason of a joined call that failed, in case its caller fails by it. */
static tn_status keep_reason(struct tn_call *call, tn_status status, const struct err *err)
{
    call->nested = arena_new(txn_arena(call->txn), struct err);
    if (call->nested)
        *call->nested = *err;
    return status;
}

/* The host runs joined methods only (load.c), and those need no key. */
static tn_status bus_invoke(struct tn_record *request, const char *key,
                            const struct tn_record **ret_response)
{
    struct tn_call *call = request->call;
    struct message *message = NULL;
    struct err err;

    (void)key;
    if (!request->method)
        return call_misuse(call, "it sends what is no request");
    err_init(&err, txn_language(call->txn));
    struct txn_mark mark = txn_mark(call->txn);
    tn_status st = run_joined(call, request, &message, &err);
    if (st != TN_OK) {
        txn_rollback(call->txn, mark);
        return keep_reason(call, st, &err);
    }
    const struct tn_record *response = call_see_message(call, request->response_row, message);
    if (!response)
        return call->status;
    *ret_response = response;
    return TN_OK;
}

const struct tn_bus_v1 plugin_bus_table = {
    .struct_size = sizeof(struct tn_bus_v1),
    .request = bus_request,
    .invoke = bus_invoke,
};
