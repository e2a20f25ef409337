/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_new.c - `tenon plugin new`: a project of its own, which builds and passes its test. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/plugin_parts.h"
#include "sdk/cli/say.h"
#include "sdk/cli/template.h"

#define PATH_SIZE 4096

struct new_arguments {
    const char *name;
    const char *directory; /* NULL: as the name */
    const char *kind;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct new_arguments *a = ((struct arguments *)state->input)->own;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case 'd':
        a->directory = argument;
        return 0;
    case 'k':
        a->kind = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (a->name)
            argp_usage(state);
        a->name = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"dir", 'd', "DIR", 0, "Folder to make; else NAME", 0},
    {"kind", 'k', "KIND", 0, "data (declarations only), code or cpp; else code", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "NAME",
    "Write the project of a new plugin: its source, a test in a real host, and how it is built."
    "\v"
    "NAME is that of its type of records, in the plural: lower case, digits and _.\n\n"
    "Examples:\n"
    "  tenon plugin new boats\n"
    "  tenon plugin new boat_trips --kind cpp --dir ~/src/trips",
    global_options,
    context_help_filter,
    NULL};

static tn_status write_file(const char *path, const struct buf *text, struct err *err)
{
    /* What is there already is somebody's work. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t done = 0;

    if (fd < 0)
        return say_fail(err,
                        errno == EEXIST ? TN_ALREADY_EXISTS : TN_PERMISSION_DENIED,
                        "'%s' cannot be written: %s.",
                        path,
                        strerror(errno));
    while (done < text->len) {
        ssize_t len = write(fd, text->data + done, text->len - done);

        if (len < 0)
            break;
        done += (size_t)len;
    }
    if (close(fd) != 0 || done < text->len)
        return say_fail(
            err, TN_RESOURCE_EXHAUSTED, "'%s' cannot be written: %s.", path, strerror(errno));
    return TN_OK;
}

static tn_status write_template(const struct template_file *file, const struct new_arguments *a,
                                struct err *err)
{
    char name[TEMPLATE_PATH_SIZE];
    char path[PATH_SIZE];
    struct buf text = {0};
    tn_status status = template_fill(file, a->kind, a->name, &text);

    template_path(file, a->name, name);
    if (snprintf(path, sizeof(path), "%s/%s", a->directory, name) >= (int)sizeof(path))
        status = say_fail(err, TN_OUT_OF_RANGE, "'%s' is too long.", a->directory);
    else if (status != TN_OK)
        (void)err_memory(err, "the file");
    else
        status = write_file(path, &text, err);
    buf_fini(&text);
    return status;
}

static tn_status write_project(struct new_arguments *a, struct err *err)
{
    if (!template_name_is_good(a->name))
        return say_fail(err,
                        TN_INVALID_ARGUMENT,
                        "'%s' is no name: use lower case letters, digits and _, 40 at most.",
                        a->name);
    if (strcmp(a->kind, "data") != 0 && strcmp(a->kind, "code") != 0 && strcmp(a->kind, "cpp") != 0)
        return say_fail(
            err, TN_INVALID_ARGUMENT, "'%s' is no kind: use data, code or cpp.", a->kind);
    if (!a->directory)
        a->directory = a->name;
    if (mkdir(a->directory, 0777) != 0 && errno != EEXIST)
        return say_fail(err,
                        TN_PERMISSION_DENIED,
                        "'%s' cannot be written: %s.",
                        a->directory,
                        strerror(errno));
    for (size_t i = 0; i < template_file_count; i++) {
        const struct template_file *file = &template_files[i];

        if (strcmp(file->kind, "all") == 0 || strcmp(file->kind, a->kind) == 0)
            TRY(write_template(file, a, err));
    }
    return TN_OK;
}

int command_plugin_new(struct context *ctx, int argc, char **argv)
{
    struct new_arguments a = {.kind = "code"};
    struct err err;
    tn_status status;

    context_parse(ctx, &argp, argc, argv, &a);
    err_init(&err, ctx->language);
    status = write_project(&a, &err);
    if (status == TN_OK && !ctx->json)
        say_to(stdout,
               ctx->language,
               "%s is made. Build it, and run its test in a host:\n"
               "  cmake -S %s -B %s/build && cmake --build %s/build && ctest --test-dir %s/build\n",
               a.directory,
               a.directory,
               a.directory,
               a.directory,
               a.directory);
    return context_finish(ctx, status, &err);
}
