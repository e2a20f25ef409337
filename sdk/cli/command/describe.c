/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - `tenon describe`: an object type's properties, or the shape of messages. */
#include <stdio.h>
#include <string.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/command/reflection.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"

/* Messages inside messages are listed down to here, each once. */
#define LISTED_MAX 200

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const char **symbol = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        *symbol = argument;
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
    "TYPE|METHOD|MESSAGE",
    "Show the properties and associations of an object type, or the shape of a method's request "
    "and response."
    "\v"
    "A name with a dot is a method or a message, one without is an object type.\n\n"
    "Examples:\n"
    "  tenon describe contacts\n"
    "  tenon describe tenon.records.v1.Records/Create\n"
    "  tenon describe tenon.records.v1.Value",
    global_options,
    context_help_filter,
    NULL};

static const struct table_column property_columns[] = {
    {"name", "Property", TABLE_TEXT},
    {"kind", "Kind", TABLE_TEXT},
    {"label", "Label", TABLE_TEXT},
    {"required unique indexed searchable read_only hidden title archived", "", TABLE_FLAGS},
    {"refers", "Refers to", TABLE_TEXT},
};

static const struct table_column association_columns[] = {
    {"name", "Association", TABLE_TEXT},
    {"inverse", "Inverse", TABLE_TEXT},
    {"from", "From", TABLE_TEXT},
    {"to", "To", TABLE_TEXT},
    {"max_to", "At most", TABLE_TEXT},
    {"max_from", "And back", TABLE_TEXT},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "kind: a b c" for each property that is a choice. */
static void print_options(const json_t *properties)
{
    for (size_t i = 0; i < json_array_size(properties); i++) {
        const json_t *property = json_array_get(properties, i);
        const json_t *options = json_object_get(property, "options");

        if (json_array_size(options) == 0)
            continue;
        (void)printf("\n%s:", json_string_value(json_object_get(property, "name")));
        for (size_t k = 0; k < json_array_size(options); k++)
            (void)printf(" %s",
                         json_string_value(json_object_get(json_array_get(options, k), "name")));
        (void)printf("\n");
    }
}

static tn_status describe_type(struct context *ctx, struct host *host, const char *name,
                               struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;
    const json_t *type;

    TRY(host_invoke_json(
        host, "tenon.schema.v1.Schema/GetType", json_pack("{s:s}", "name", name), &response, err));
    if (ctx->json) {
        table_print_json(stdout, response);
        return TN_OK;
    }
    type = json_object_get(response, "type");
    table_print(stdout,
                ctx->language,
                json_object_get(type, "properties"),
                property_columns,
                COUNT(property_columns));
    print_options(json_object_get(type, "properties"));
    if (json_array_size(json_object_get(response, "associations")) > 0)
        (void)printf("\n");
    table_print(stdout,
                ctx->language,
                json_object_get(response, "associations"),
                association_columns,
                COUNT(association_columns));
    return TN_OK;
}

/* The messages still to be shown, each once. */
struct listing {
    const struct message_type *types[LISTED_MAX];
    size_t count;
};

static void list_type(struct listing *listing, const struct message_type *type)
{
    for (size_t i = 0; i < listing->count; i++)
        if (listing->types[i] == type)
            return;
    if (listing->count < LISTED_MAX)
        listing->types[listing->count++] = type;
}

static void print_enum(const struct enum_type *type)
{
    (void)printf("  //");
    for (uint32_t i = 0; i < type->value_count; i++)
        (void)printf(" %s", type->values[i].name);
}

/* As a .proto says it, enums with their values behind. */
static void print_type(const struct message_type *type, struct listing *listing)
{
    int32_t oneof = -1;

    (void)printf("message %s {\n", type->name);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct field_type *field = &type->fields[i];

        if (field->oneof != oneof && oneof >= 0)
            (void)printf("  }\n");
        if (field->oneof != oneof && field->oneof >= 0)
            (void)printf("  oneof %s {\n", type->oneofs[field->oneof]);
        oneof = field->oneof;
        (void)printf("%s  %s%s %s = %u;",
                     oneof >= 0 ? "  " : "",
                     field->is_repeated ? "repeated " : "",
                     field_kind_name(field),
                     field->name,
                     field->number);
        if (field->kind == FIELD_ENUM)
            print_enum(field->enumeration);
        if (field->kind == FIELD_MESSAGE)
            list_type(listing, field->message);
        (void)printf("\n");
    }
    (void)printf("%s}\n", oneof >= 0 ? "  }\n" : "");
}

static json_t *json_of_type(const struct message_type *type, struct listing *listing)
{
    json_t *fields = json_array();

    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct field_type *field = &type->fields[i];
        json_t *json = json_pack("{s:s, s:s, s:i, s:b}",
                                 "name",
                                 field->name,
                                 "type",
                                 field_kind_name(field),
                                 "number",
                                 (int)field->number,
                                 "repeated",
                                 field->is_repeated);

        if (field->oneof >= 0)
            (void)json_object_set_new(json, "oneof", json_string(type->oneofs[field->oneof]));
        for (uint32_t k = 0; field->kind == FIELD_ENUM && k < field->enumeration->value_count;
             k++) {
            if (k == 0)
                (void)json_object_set_new(json, "values", json_array());
            (void)json_array_append_new(json_object_get(json, "values"),
                                        json_string(field->enumeration->values[k].name));
        }
        if (field->kind == FIELD_MESSAGE)
            list_type(listing, field->message);
        (void)json_array_append_new(fields, json);
    }
    return fields;
}

static void print_reflection(struct context *ctx, const char *symbol,
                             const struct reflection *reflection)
{
    CLEANUP(json_decref_p) json_t *messages = json_object();
    struct listing listing = {.count = 0};

    if (reflection->message) {
        list_type(&listing, reflection->message);
    } else {
        list_type(&listing, reflection->request);
        list_type(&listing, reflection->response);
        if (!ctx->json)
            (void)printf("rpc %s(%s) returns (%s%s)\n\n",
                         symbol,
                         reflection->request->name,
                         reflection->streams ? "stream " : "",
                         reflection->response->name);
    }
    for (size_t i = 0; i < listing.count; i++) { /* grows on the way */
        if (ctx->json)
            (void)json_object_set_new(
                messages, listing.types[i]->name, json_of_type(listing.types[i], &listing));
        else
            print_type(listing.types[i], &listing);
    }
    if (ctx->json)
        table_print_json(stdout, messages);
}

static tn_status describe(struct context *ctx, const char *symbol, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(reflection_free_p) struct reflection *reflection = NULL;

    TRY(host_open(ctx, &host, err));
    if (!strchr(symbol, '.'))
        return describe_type(ctx, host, symbol, err);
    TRY(reflection_of(host, symbol, &reflection, err));
    print_reflection(ctx, symbol, reflection);
    return TN_OK;
}

int command_describe(struct context *ctx, int argc, char **argv)
{
    const char *symbol = NULL;
    struct err err;

    context_parse(ctx, &argp, argc, argv, &symbol);
    err_init(&err, ctx->language);
    return context_finish(ctx, describe(ctx, symbol, &err), &err);
}
