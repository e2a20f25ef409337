/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_change.c - `tenon plugin replace`, `disable` and `enable`: what a host runs, changed. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/cli/command/host.h"
#include "sdk/cli/command/plugin_parts.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"

struct change_arguments {
    const char *what; /* a file, or a plugin's id */
    bool allows_downgrade;
    bool consents;
};

enum { OPTION_DOWNGRADE = 1, OPTION_CONSENT };

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct change_arguments *a = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        a->what = argument;
        return 0;
    case OPTION_DOWNGRADE:
        a->allows_downgrade = true;
        return 0;
    case OPTION_CONSENT:
        a->consents = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->what)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Replacing */

static const struct argp_option replace_options[] = {
    {"allow-downgrade", OPTION_DOWNGRADE, NULL, 0, "It may be older than what it replaces", 0},
    {"consent", OPTION_CONSENT, NULL, 0, "It may use more of what others declare", 0},
    {0},
};

static const struct argp replace_argp = {
    replace_options,
    parse,
    "FILE",
    "Put a plugin in the place of the one with its id, while calls go on."
    "\v"
    "They begin with the new one once it is started. If anything is wrong with it, the old one "
    "serves as before. The host reads the file, and puts it in the place of the old one's.\n\n"
    "Example:\n"
    "  tenon plugin replace build/lib/tenon/plugins/contacts.so",
    global_options,
    context_help_filter,
    NULL};

static tn_status replace(struct context *ctx, const struct change_arguments *a, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;
    char path[PATH_MAX];

    if (!realpath(a->what, path)) /* the host works in another directory */
        return say_fail(err,
                        errno == EACCES ? TN_PERMISSION_DENIED : TN_NOT_FOUND,
                        "'%s' cannot be opened: %s.",
                        a->what,
                        strerror(errno));
    json_t *request = json_pack("{s:s,s:b,s:b}",
                                "file",
                                path,
                                "allow_downgrade",
                                a->allows_downgrade,
                                "consent",
                                a->consents);
    TRY(host_open(ctx, &host, err));
    TRY(host_invoke_json(host, "tenon.admin.v1.Plugins/Replace", request, &response, err));
    if (ctx->json) {
        table_print_json(stdout, response);
        return TN_OK;
    }
    say_to(stdout,
           ctx->language,
           "%s %s replaces %s.\n",
           json_string_value(json_object_get(response, "id")),
           json_string_value(json_object_get(response, "to")),
           json_string_value(json_object_get(response, "from")));
    if (!json_is_true(json_object_get(response, "left")))
        say_to(stdout, ctx->language, "Calls are in the old one yet; it is unloaded after them.\n");
    return TN_OK;
}

int command_plugin_replace(struct context *ctx, int argc, char **argv)
{
    struct change_arguments a = {0};
    struct err err;

    context_parse(ctx, &replace_argp, argc, argv, &a);
    err_init(&err, ctx->language);
    tn_status status = replace(ctx, &a, &err);
    return context_finish(ctx, status, &err);
}

/* Out, and back */

static const struct argp disable_argp = {
    NULL,
    parse,
    "ID",
    "Take a plugin out until it is enabled, over restarts too. Its records stay.",
    global_options,
    context_help_filter,
    NULL};
static const struct argp enable_argp = {NULL,
                                        parse,
                                        "ID",
                                        "Start a plugin again that was disabled.",
                                        global_options,
                                        context_help_filter,
                                        NULL};

static int call(struct context *ctx, const struct change_arguments *a, const char *method)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;
    struct err err;

    err_init(&err, ctx->language);
    tn_status status = host_open(ctx, &host, &err);
    if (status == TN_OK)
        status = host_invoke_json(host, method, json_pack("{s:s}", "id", a->what), &response, &err);
    return context_finish(ctx, status, &err);
}

int command_plugin_disable(struct context *ctx, int argc, char **argv)
{
    struct change_arguments a = {0};

    context_parse(ctx, &disable_argp, argc, argv, &a);
    return call(ctx, &a, "tenon.admin.v1.Plugins/Disable");
}

int command_plugin_enable(struct context *ctx, int argc, char **argv)
{
    struct change_arguments a = {0};

    context_parse(ctx, &enable_argp, argc, argv, &a);
    return call(ctx, &a, "tenon.admin.v1.Plugins/Enable");
}
