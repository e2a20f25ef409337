/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - `tenon plugin`: those of a host, and what a file declares without a host. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/json_message.h"
#include "sdk/cli/say.h"
#include "sdk/cli/table.h"
#ifdef TENON_CLI_MANIFEST
#include "core/plugin/manifest.h"
#endif

/* Larger files are no plugins. */
#define PLUGIN_SIZE_MAX (256u << 20)

struct plugin_arguments {
    const char *verb;
    const char *what; /* a file or an id */
    bool allows_downgrade;
    bool consents;
};

/* What follows a verb: nothing, a file, or a plugin's id. */
struct plugin_verb {
    const char *name;
    bool takes_what;
    tn_status (*run)(struct context *ctx, const struct plugin_arguments *a, struct err *err);
};

static const struct plugin_verb *find_verb(const char *name);

static const struct argp_option options[] = {
    {"allow-downgrade", 'D', NULL, 0, "replace: it may be older than what it replaces", 0},
    {"consent", 'C', NULL, 0, "replace: it may use more of what others declare", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct plugin_arguments *a = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_usage(state);
        *(state->arg_num == 0 ? &a->verb : &a->what) = argument;
        return 0;
    case 'D':
        a->allows_downgrade = true;
        return 0;
    case 'C':
        a->consents = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->verb || !find_verb(a->verb) || (a->what != NULL) != find_verb(a->verb)->takes_what)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse,
    "list\ninspect FILE\nreplace FILE\ndisable ID\nenable ID",
    "List the plugins of the host, show what a plugin's file declares, or change what runs."
    "\v"
    "Inspecting reads the file's bytes and runs nothing of it; it needs no host.\n\n"
    "A plugin is replaced by the one in the file that has its id, and calls go on meanwhile: they "
    "begin with the new one once it is started, and if it does not start, the old one serves as "
    "before. The host puts the file in the place of the old one's.\n\n"
    "Examples:\n"
    "  tenon plugin list\n"
    "  tenon plugin replace build/lib/tenon/plugins/contacts.so\n"
    "  tenon plugin inspect build/lib/tenon/plugins/contacts.so",
    global_options,
    context_help_filter,
    NULL};

static const struct table_column columns[] = {
    {"id", "Plugin", TABLE_TEXT},
    {"version", "Version", TABLE_TEXT},
    {"state", "State", TABLE_TEXT},
    {"summary", "Summary", TABLE_TEXT},
    {"reason", "Why", TABLE_TEXT},
};

static tn_status list_plugins(struct context *ctx, const struct plugin_arguments *a,
                              struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;

    (void)a;
    TRY(host_open(ctx, &host, err));
    TRY(host_invoke_json(host, "tenon.admin.v1.Plugins/List", json_object(), &response, err));
    if (ctx->json)
        table_print_json(stdout, response);
    else
        table_print(stdout,
                    ctx->language,
                    json_object_get(response, "plugins"),
                    columns,
                    sizeof(columns) / sizeof(columns[0]));
    return TN_OK;
}

#ifdef TENON_CLI_MANIFEST
static tn_status read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *in = fopen(path, "re");
    tn_status status = TN_OK;
    size_t len = 1;

    if (!in)
        return say_fail(err,
                        errno == EACCES ? TN_PERMISSION_DENIED : TN_NOT_FOUND,
                        "'%s' cannot be opened: %s.",
                        path,
                        strerror(errno));
    while (status == TN_OK && len > 0) {
        status = buf_reserve(out, 1u << 16);
        if (status != TN_OK) {
            (void)err_memory(err, "the file");
            break;
        }
        len = fread(out->data + out->len, 1, 1u << 16, in);
        out->len += len;
        if (out->len > PLUGIN_SIZE_MAX)
            status = say_fail(err, TN_OUT_OF_RANGE, "'%s' is too large for a plugin.", path);
    }
    if (status == TN_OK && ferror(in))
        status = say_fail(err, TN_DATA_LOSS, "The file cannot be read: %s.", strerror(errno));
    (void)fclose(in);
    return status;
}

static tn_status inspect(struct context *ctx, const struct plugin_arguments *a, struct err *err)
{
    CLEANUP(manifest_destroy_p) struct manifest *manifest = NULL;
    struct buf file = {0};
    tn_status status = read_file(a->what, &file, err);

    if (status == TN_OK)
        status = manifest_read(buf_bytes(&file), NULL, &manifest, err);
    buf_fini(&file);
    TRY(status);
    if (ctx->json)
        manifest_print_json(manifest, stdout);
    else
        manifest_print(manifest, stdout);
    return TN_OK;
}
#else
static tn_status inspect(struct context *ctx, const struct plugin_arguments *a, struct err *err)
{
    (void)ctx;
    return say_fail(err, TN_UNIMPLEMENTED, "This build cannot inspect '%s'.", a->what);
}
#endif

/* Changing what runs */

static tn_status replace(struct context *ctx, const struct plugin_arguments *a, struct err *err)
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

static tn_status switch_plugin(struct context *ctx, const struct plugin_arguments *a,
                               const char *method, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;

    TRY(host_open(ctx, &host, err));
    return host_invoke_json(host, method, json_pack("{s:s}", "id", a->what), &response, err);
}

static tn_status disable(struct context *ctx, const struct plugin_arguments *a, struct err *err)
{
    return switch_plugin(ctx, a, "tenon.admin.v1.Plugins/Disable", err);
}

static tn_status enable(struct context *ctx, const struct plugin_arguments *a, struct err *err)
{
    return switch_plugin(ctx, a, "tenon.admin.v1.Plugins/Enable", err);
}

static const struct plugin_verb *find_verb(const char *name)
{
    static const struct plugin_verb verbs[] = {
        {"list", false, list_plugins},
        {"inspect", true, inspect},
        {"replace", true, replace},
        {"disable", true, disable},
        {"enable", true, enable},
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

int command_plugin(struct context *ctx, int argc, char **argv)
{
    struct plugin_arguments a = {0};
    struct err err;
    tn_status status;

    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    status = find_verb(a.verb)->run(ctx, &a, &err);
    return context_finish(ctx, status, &err);
}
