/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - `tenon plugin`: those of a host, and what a file declares without a host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/command/plugin_parts.h"
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
    const char *file;
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
        *(state->arg_num == 0 ? &a->verb : &a->file) = argument;
        return 0;
    case ARGP_KEY_END:
        if (!a->verb || (strcmp(a->verb, "list") != 0 && strcmp(a->verb, "inspect") != 0) ||
            (a->file != NULL) != (strcmp(a->verb, "inspect") == 0))
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    NULL,
    parse,
    "list\ninspect FILE\nnew NAME\ncheck FILE",
    "List the plugins of the host, show what a plugin's file declares, make a new plugin's "
    "project, or "
    "run a plugin's code where its faults are found."
    "\v"
    "Inspecting reads the file's bytes and runs nothing of it. Only 'list' needs a host; 'new' and "
    "'check' have options of their own.\n\n"
    "Examples:\n"
    "  tenon plugin list\n"
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

static tn_status list_plugins(struct context *ctx, struct err *err)
{
    CLEANUP(host_close_p) struct host *host = NULL;
    CLEANUP(json_decref_p) json_t *response = NULL;

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

static tn_status inspect(const struct context *ctx, const char *path, struct err *err)
{
    CLEANUP(manifest_destroy_p) struct manifest *manifest = NULL;
    struct buf file = {0};
    tn_status status = read_file(path, &file, err);

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
static tn_status inspect(const struct context *ctx, const char *path, struct err *err)
{
    (void)ctx;
    return say_fail(err, TN_UNIMPLEMENTED, "This build cannot inspect '%s'.", path);
}
#endif

int command_plugin(struct context *ctx, int argc, char **argv)
{
    static char new_name[] = "tenon plugin new";
    static char check_name[] = "tenon plugin check";
    static const struct {
        const char *verb;
        char *name;
        int (*run)(struct context *ctx, int argc, char **argv);
    } parts[] = {{"new", new_name, command_plugin_new},
                 {"check", check_name, command_plugin_check}};
    struct plugin_arguments a = {0};
    struct err err;
    tn_status status;

    for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcmp(argv[1], parts[i].verb) == 0) {
            argv[1] = parts[i].name; /* what argp calls the program */
            return parts[i].run(ctx, argc - 1, argv + 1);
        }
    }
    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    status = a.file ? inspect(ctx, a.file, &err) : list_plugins(ctx, &err);
    return context_finish(ctx, status, &err);
}
