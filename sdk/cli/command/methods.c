/* SPDX-License-Identifier: Apache-2.0 */
/* methods.c - `tenon methods`: what the host can be asked for. */
#include <jansson.h>
#include <stdio.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/table.h"

typedef Tenon__Bus__V1__ListMethodsRequest list_request;
typedef Tenon__Bus__V1__ListMethodsResponse list_response;

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const char **service = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        *service = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {NULL,
                                 parse,
                                 "[SERVICE]",
                                 "List the methods that can be called, of all services or of one."
                                 "\v"
                                 "Examples:\n"
                                 "  tenon methods\n"
                                 "  tenon methods tenon.records.v1.Records",
                                 global_options,
                                 context_help_filter,
                                 NULL};

static const struct table_column columns[] = {
    {"name", "Method", TABLE_TEXT},
    {"streams reads", "", TABLE_FLAGS},
    {"module", "Module", TABLE_TEXT},
};

static json_t *json_of(const list_response *response)
{
    json_t *list = json_array();

    for (size_t i = 0; i < response->n_methods; i++) {
        const Tenon__Bus__V1__Method *m = response->methods[i];

        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s, s:b, s:b, s:s}",
                                              "name",
                                              m->name,
                                              "request",
                                              m->request,
                                              "response",
                                              m->response,
                                              "streams",
                                              m->streams,
                                              "reads",
                                              m->reads,
                                              "module",
                                              m->module));
    }
    return list;
}

static tn_status list_methods(struct context *ctx, const char *service, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(host_message_free_p) ProtobufCMessage *message = NULL;
    CLEANUP(json_decref_p) json_t *list = NULL;
    list_request request;

    tenon__bus__v1__list_methods_request__init(&request);
    if (service)
        request.service = (char *)(uintptr_t)service;
    TRY(host_open(ctx, &host, err));
    TRY(host_invoke(host,
                    "tenon.bus.v1.Reflection/List",
                    &request.base,
                    &tenon__bus__v1__list_methods_response__descriptor,
                    &message,
                    err));
    list = json_of((const list_response *)message);
    if (ctx->json)
        table_print_json(stdout, list);
    else
        table_print(stdout, ctx->language, list, columns, sizeof(columns) / sizeof(columns[0]));
    return TN_OK;
}

int command_methods(struct context *ctx, int argc, char **argv)
{
    const char *service = NULL;
    struct err err;

    context_parse(ctx, &argp, argc, argv, &service);
    err_init(&err, ctx->language);
    return context_finish(ctx, list_methods(ctx, service, &err), &err);
}
