/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - `tenon token`: makes, lists and revokes what programs are let in with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/value/date.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND_US ((int64_t)1000000)
#define DAY_US (24 * 3600 * SECOND_US)
/* A longer life is none that anybody means. */
#define LIFE_COUNT_MAX 100000

enum { OPTION_SCOPE = 1, OPTION_EXPIRES };

struct token_arguments {
    const char *verb;
    const char *word;
    json_t *scopes;
    int64_t expires_us; /* 0: never */
};

/* "90d" and "12h" from now, or the start of a day. */
static bool parse_expiry(const char *text, int64_t *ret_us)
{
    char *end = NULL;
    long count = strtol(text, &end, 10);
    int32_t day = 0;

    if (date_parse(utf8_str(text), &day) == TN_OK) {
        *ret_us = day * DAY_US;
        return true;
    }
    if (end == text || count < 1 || count > LIFE_COUNT_MAX || end[0] == '\0' || end[1] != '\0' ||
        !strchr("dh", end[0]))
        return false;
    *ret_us = clock_wall_us() + count * (end[0] == 'd' ? DAY_US : 3600 * SECOND_US);
    return true;
}

/* "read,write"; the option may be repeated too. */
static void add_scopes(struct token_arguments *a, const char *list)
{
    while (*list != '\0') {
        size_t len = strcspn(list, ",");

        if (len > 0)
            (void)json_array_append_new(a->scopes, json_stringn(list, len));
        list += len + (list[len] == ',');
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const struct arguments *arguments = state->input;
    struct token_arguments *a = arguments->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (a->word)
            argp_usage(state);
        *(a->verb ? &a->word : &a->verb) = argument;
        return 0;
    case OPTION_SCOPE:
        add_scopes(a, argument);
        return 0;
    case OPTION_EXPIRES:
        if (!parse_expiry(argument, &a->expires_us))
            argp_error(state,
                       "%s",
                       say_in(arguments->ctx->language,
                              "--expires takes a life such as 90d or 12h, or a day such as "
                              "2030-01-31"));
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"scope", OPTION_SCOPE, "SCOPE", 0, "read, write, schema or admin; repeatable", 0},
    {"expires", OPTION_EXPIRES, "LIFE|DAY", 0, "90d, 12h or 2030-01-31; else never", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "create NAME\nlist\nrevoke ID",
    "Create, list and revoke the tokens of a portal."
    "\v"
    "A token lets a program into one portal. It is shown once, when it is created; what the host "
    "keeps of it cannot be turned back into it. Revoked, it ends at the next call of whoever uses "
    "it.\n\n"
    "Examples:\n"
    "  tenon token create website --scope read,write --expires 90d\n"
    "  tenon token list --portal acme\n"
    "  tenon token revoke 7",
    global_options,
    context_help_filter,
    NULL};

static const struct table_column columns[] = {
    {"id", "Id", TABLE_TEXT},
    {"name", "Token", TABLE_TEXT},
    {"scopes", "Scopes", TABLE_TEXT},
    {"created_by", "Created by", TABLE_TEXT},
    {"created_at", "Created (UTC)", TABLE_TIME},
    {"expires_at", "Expires (UTC)", TABLE_TIME},
    {"used_at", "Last used (UTC)", TABLE_TIME},
    {"revoked_at", "Revoked (UTC)", TABLE_TIME},
};

static tn_status invoke(struct context *ctx, const char *method, json_t *request,
                        json_t **ret_response, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    tn_status status = host_open(ctx, &host, err);

    if (status != TN_OK) {
        json_decref(request);
        return status;
    }
    return host_invoke_json(host, method, request, ret_response, err);
}

/* The secret goes to standard output alone, so that `$(tenon token create ...)` is it. */
static tn_status create(struct context *ctx, const struct token_arguments *a, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;
    json_t *request = json_pack("{s:s, s:O, s:I}",
                                "name",
                                a->word,
                                "scopes",
                                a->scopes,
                                "expires_at",
                                (json_int_t)a->expires_us);

    TRY(invoke(ctx, "tenon.admin.v1.Tokens/Create", request, &response, err));
    if (ctx->json) {
        table_print_json(stdout, response);
        return TN_OK;
    }
    (void)printf("%s\n", json_string_value(json_object_get(response, "secret")));
    say_to(stderr, ctx->language, "This is shown only now: keep it where nobody else reads it.\n");
    return TN_OK;
}

static tn_status list(struct context *ctx, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;

    TRY(invoke(ctx, "tenon.admin.v1.Tokens/List", json_object(), &response, err));
    if (ctx->json)
        table_print_json(stdout, response);
    else
        table_print(
            stdout, ctx->language, json_object_get(response, "tokens"), columns, COUNT(columns));
    return TN_OK;
}

static tn_status revoke(struct context *ctx, unsigned long id, struct err *err)
{
    CLEANUP(json_decref_p) json_t *response = NULL;

    return invoke(ctx,
                  "tenon.admin.v1.Tokens/Revoke",
                  json_pack("{s:I}", "id", (json_int_t)id),
                  &response,
                  err);
}

static int run(struct context *ctx, const struct token_arguments *a, char *name)
{
    struct err err;
    char *end = NULL;
    unsigned long id = a->word ? strtoul(a->word, &end, 10) : 0;

    err_init(&err, ctx->language);
    if (a->verb && strcmp(a->verb, "create") == 0 && a->word)
        return context_finish(ctx, create(ctx, a, &err), &err);
    if (a->verb && strcmp(a->verb, "list") == 0 && !a->word)
        return context_finish(ctx, list(ctx, &err), &err);
    if (a->verb && strcmp(a->verb, "revoke") == 0 && id > 0 && id <= UINT32_MAX && *end == '\0')
        return context_finish(ctx, revoke(ctx, id, &err), &err);
    argp_help(&argp, stderr, ARGP_HELP_USAGE | ARGP_HELP_SEE, name);
    return EXIT_USAGE;
}

int command_token(struct context *ctx, int argc, char **argv)
{
    struct token_arguments a = {.scopes = json_array()};

    context_parse(ctx, &argp, argc, argv, &a);
    int code = run(ctx, &a, argv[0]);
    json_decref(a.scopes);
    return code;
}
