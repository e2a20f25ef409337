/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_check.c - `tenon plugin check`: becomes tenon-plugin-check, a program of its own because
 * it stands before libc's heap.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/plugin_parts.h"
#include "sdk/cli/say.h"

#define PATH_SIZE 4096

struct check_arguments {
    char *file;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct check_arguments *a = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        if (a->file)
            argp_usage(state);
        a->file = argument;
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
    "FILE",
    "Run a plugin's code in a process of its own, on sample records, and say what is wrong with it."
    "\v"
    "Found are: a table of which more is used than was declared, calls that are used after their "
    "end "
    "or on the wrong thread, memory, threads, files and handlers that are left behind, crashes and "
    "what does not return. The code runs: check only files that you trust. The exit code is 1 "
    "where "
    "there is a fault.\n\n"
    "Example:\n"
    "  tenon plugin check build/boats.so",
    global_options,
    context_help_filter,
    NULL};

/* Installed and built beside this program. */
static tn_status become_checker(char *file, struct err *err)
{
    static char name[] = "tenon-plugin-check";
    char *arguments[] = {name, file, NULL};
    char path[PATH_SIZE + sizeof(name)];
    ssize_t len = readlink("/proc/self/exe", path, PATH_SIZE - 1);
    char *slash;

    path[len > 0 ? len : 0] = '\0';
    slash = strrchr(path, '/');
    memcpy(slash ? slash + 1 : path, name, sizeof(name));
    (void)execv(path, arguments);
    return say_fail(err,
                    TN_NOT_FOUND,
                    "'%s' cannot be run: %s. It comes with the files for authors of plugins.",
                    path,
                    strerror(errno));
}

int command_plugin_check(struct context *ctx, int argc, char **argv)
{
    struct check_arguments a = {0};
    struct err err;

    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    return context_finish(ctx, become_checker(a.file, &err), &err);
}
