/* SPDX-License-Identifier: Apache-2.0 */
/* bus_table.c - tenon.bus/1: calling methods of other plugins inside the same transaction. */
#include "core/plugin/call.h"
#include "core/plugin/rest.h"

static tn_status bus_request(struct tn_call *call, uint32_t method, struct tn_record **ret_request)
{
    const struct plugin *plugin = call->plugin;
    struct message *message;

    if (method >= plugin->rows->methods.count)
        return call_misuse(call, "no such method is declared");
    uint32_t row = plugin->rows->methods.items[method].request;
    TRY(call_fail(
        call, message_create(txn_arena(call->txn), plugin->messages[row], &message, call->err)));
    struct tn_record *request = call_see_message(call, row, message);
    if (!request)
        return call->status;
    request->method = plugin->calls[method];
    request->response_row = plugin->rows->methods.items[method].response;
    *ret_request = request;
    return TN_OK;
}

static tn_status run_joined(struct tn_call *call, const struct tn_record *request,
                            struct message **ret_response, struct err *err)
{
    const struct plugin_method *method = request->method;
    const struct plugin *owner = method->owner;
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
    TRY(call_method(method, call->txn, call->depth + 1, request->message, response, err));
    *ret_response = response;
    return TN_OK;
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
