/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - `tenon call`: any method of any service, by reflection. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <tenon/bus/v1/bus.pb-c.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/command/reflection.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"

struct call_options {
    const char *method;
    const char *request; /* JSON, @FILE, "-"; NULL: {} */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct call_options *o = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_usage(state);
        *(state->arg_num == 0 ? &o->method : &o->request) = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    NULL,
    parse,
    "METHOD [JSON|@FILE|-]",
    "Call a method and print its answer as JSON; of a stream, one line for each message."
    "\v"
    "The request is JSON as protobuf maps it. Two short forms spare typing: where a value is "
    "expected, a bare string, number or true stands for it as a person writes it, and where "
    "properties are expected, an object does, null for no value. Decimals of more than 15 digits "
    "are exact as strings only.\n\n"
    "Examples:\n"
    "  tenon call tenon.admin.v1.Status/Get\n"
    "  tenon call tenon.records.v1.Records/Create \\\n"
    "    '{\"type\": \"contacts\", \"properties\": {\"email\": \"ada@example.com\"}}'\n"
    "  tenon call tenon.records.v1.Records/Get '{\"type\": \"contacts\",\n"
    "    \"key\": {\"property\": \"email\", \"value\": \"ada@example.com\"}}'\n"
    "  tenon call tenon.records.v1.Search/Count @request.json",
    global_options,
    context_help_filter,
    NULL};

static tn_status parse_json(json_t *json, const json_error_t *error, json_t **ret_json,
                            struct err *err)
{
    if (!json)
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "The request is no JSON: line %d, column %d: %s.",
                        error->line,
                        error->column,
                        error->text);
    *ret_json = json;
    return TN_OK;
}

static tn_status read_request(const char *request, json_t **ret_json, struct err *err)
{
    json_error_t error = {0};
    json_t *json;
    FILE *in;

    if (!request)
        return parse_json(json_object(), &error, ret_json, err);
    if (strcmp(request, "-") == 0)
        return parse_json(json_loadf(stdin, JSON_REJECT_DUPLICATES, &error), &error, ret_json, err);
    if (request[0] != '@')
        return parse_json(
            json_loads(request, JSON_REJECT_DUPLICATES, &error), &error, ret_json, err);
    in = fopen(request + 1, "re");
    if (!in)
        return say_fail(
            err, TN_NOT_FOUND, "'%s' cannot be opened: %s.", request + 1, strerror(errno));
    json = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
    (void)fclose(in);
    return parse_json(json, &error, ret_json, err);
}

/* What prints messages on the library's thread. */
struct printer {
    const struct message_type *type;
    size_t flags;
    tn_status status;
    struct err err;
};

static void print_message(void *ctx, struct tn_bytes body)
{
    struct printer *p = ctx;
    json_t *json = NULL;

    if (p->status != TN_OK)
        return;
    p->status = json_message_decode(p->type, body, &json, &p->err);
    if (p->status != TN_OK)
        return;
    (void)json_dumpf(json, stdout, p->flags);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    json_decref(json);
}

static tn_status call_method(struct context *ctx, const struct call_options *options,
                             struct err *err)
{
    CLEANUP(json_decref_p) json_t *request = NULL;
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(reflection_free_p) struct reflection *reflection = NULL;
    struct printer printer = {.status = TN_OK};
    struct host_call *call = NULL;
    struct buf wire = {0};
    tn_status status;

    TRY(read_request(options->request, &request, err));
    TRY(host_open(ctx, &host, err));
    TRY(reflection_of(host, options->method, &reflection, err));
    if (!reflection->request)
        return say_fail(err, TN_INVALID_ARGUMENT, "'%s' is no method.", options->method);
    err_init(&printer.err, ctx->language);
    printer.type = reflection->response;
    printer.flags = reflection->streams ? JSON_COMPACT : JSON_INDENT(2);
    status = json_message_encode(reflection->request, request, JSON_MESSAGE_SHORTHAND, &wire, err);
    if (status == TN_OK)
        status = host_call_begin(host,
                                 options->method,
                                 buf_bytes(&wire),
                                 reflection->streams,
                                 print_message,
                                 &printer,
                                 &call,
                                 err);
    buf_fini(&wire);
    TRY(status);
    TRY(host_call_end(call, false, NULL, err));
    err_copy(err, &printer.err);
    return printer.status;
}

int command_call(struct context *ctx, int argc, char **argv)
{
    struct call_options options = {0};
    struct err err;

    context_parse(ctx, &argp, argc, argv, &options);
    err_init(&err, ctx->language);
    return context_finish(ctx, call_method(ctx, &options, &err), &err);
}
