/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `tenon`: global options, and which subcommand is meant. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/cli/command/commands.h"
#include "sdk/cli/command/context.h"
#include "sdk/cli/say.h"

static const struct command {
    const char *name;
    int (*run)(struct context *ctx, int argc, char **argv);
    const char *summary;
} commands[] = {
    {"call", command_call, "call a method with JSON and print its answer"},
    {"methods", command_methods, "list what can be called"},
    {"describe", command_describe, "show an object type, a method or a message"},
    {"import", command_import, "read a CSV file into an object type"},
    {"export", command_export, "write the records of an object type as CSV or JSON lines"},
    {"watch", command_watch, "print changes as they happen"},
    {"blob", command_blob, "put files into a portal, and get them out"},
    {"portal", command_portal, "list, create, show and change portals"},
    {"token", command_token, "create, list and revoke what programs are let in with"},
    {"licence", command_licence, "make, install, list and remove licences"},
    {"audit", command_audit, "show what administrators did in a portal"},
    {"user", command_user, "list and create users, who own records"},
    {"plugin", command_plugin, "list plugins, or inspect a plugin's file"},
    {"setting", command_setting, "list and change the settings of plugins"},
    {"status", command_status, "show how the host is doing"},
    {"check", command_check, "verify the data of a host that is stopped"},
    {"demo", command_demo, "fill a portal with demo data"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

struct selection {
    int index; /* of the command's word in argv; 0: none */
};

static void print_commands(const struct context *ctx, FILE *out)
{
    say_to(out, ctx->language, "Commands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(
            out, "  %-10s %s\n", commands[i].name, say_in(ctx->language, commands[i].summary));
    say_to(out, ctx->language, "\n'tenon COMMAND --help' tells more, with examples.\n");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct selection *selection = arguments->own;

    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case 'V':
        (void)printf("tenon %s\n", TENON_VERSION);
        exit(EXIT_DONE);
    case '?':
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_PRE_DOC | ARGP_HELP_LONG);
        (void)printf("\n");
        print_commands(arguments->ctx, stdout);
        exit(EXIT_DONE);
    case ARGP_KEY_ARG:
        selection->index = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_state_help(state, stderr, ARGP_HELP_USAGE);
        print_commands(arguments->ctx, stderr);
        exit(EXIT_USAGE);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"help", '?', NULL, 0, "Give this help list", -1},
    {"version", 'V', NULL, 0, "Print program version", -1},
    {0},
};

static const struct argp argp = {options,
                                 parse,
                                 "COMMAND [ARGUMENT...]",
                                 "Work with a Tenon host from the command line.",
                                 global_options,
                                 context_help_filter,
                                 NULL};

static int run_command(struct context *ctx, int argc, char **argv)
{
    char name[64];

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[0], commands[i].name) != 0)
            continue;
        (void)snprintf(name, sizeof(name), "tenon %s", commands[i].name);
        argv[0] = name; /* what argp calls the program */
        return commands[i].run(ctx, argc, argv);
    }
    say_to(stderr, ctx->language, "tenon: there is no command '%s'.\n", argv[0]);
    print_commands(ctx, stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct selection selection = {0};
    struct arguments arguments;
    struct context ctx;
    int code;

    /* Not LC_NUMERIC: numbers are read and written for programs. */
    (void)setlocale(LC_CTYPE, "");
    (void)setlocale(LC_MESSAGES, "");
    argp_err_exit_status = EXIT_USAGE;
    context_init(&ctx, argc, argv);
    arguments = (struct arguments){&ctx, &selection};
    (void)argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &arguments);
    code = run_command(&ctx, argc - selection.index, argv + selection.index);
    context_fini(&ctx);
    return code;
}
