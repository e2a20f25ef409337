/* SPDX-License-Identifier: Apache-2.0 */
/* context.h - what every subcommand gets: the global options, Ctrl-C, and ways to end. */
#ifndef SDK_CLI_COMMAND_CONTEXT_H
#define SDK_CLI_COMMAND_CONTEXT_H

#include <argp.h>
#include <stdbool.h>

#include <tenon/base.h>

#include "core/base/err.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* A path of a socket in the user's state folder fits; a longer one cannot be listened at. */
#define CONTEXT_URL_SIZE 512

struct context {
    const char *url;
    const char *token;  /* NULL: none */
    const char *ca;     /* file of whom to trust; NULL: the machine's */
    const char *portal; /* NULL: the client's default */
    const char *language;
    bool json;
    int interrupt_fd; /* becomes readable by Ctrl-C once that is caught; -1 before */
    bool interrupted; /* Ctrl-C was seen */
    char url_buffer[CONTEXT_URL_SIZE];
};

/* The defaults of the environment, and the language of the arguments, which help needs early. */
void context_init(struct context *ctx, int argc, char **argv);
void context_fini(struct context *ctx);

/*
 * From now on Ctrl-C ends calls, not the program. To be called before threads are started, which
 * inherit it. TN_RESOURCE_EXHAUSTED: the system has no descriptor left.
 */
tn_status context_catch_interrupt(struct context *ctx, struct err *err);

/* Whether Ctrl-C was pressed since the start. Does not block. */
bool context_interrupted(struct context *ctx);

/*
 * The options --url --token --ca --portal --json --language: a child of every command's argp, whose
 * parser hands its input down with ARGP_KEY_INIT.
 */
extern const struct argp_child global_options[];

/* What every argp of the command gets as its input, that of its children included. */
struct arguments {
    struct context *ctx;
    void *own; /* the command's options */
};

/* argp's help_filter: help in the language of the context. */
char *context_help_filter(int key, const char *text, void *input);

/* Parses a command's arguments into `own`; does not return from --help and wrong usage. */
void context_parse(struct context *ctx, const struct argp *argp, int argc, char **argv, void *own);

/* Says `err` where the status is a failure and returns the exit code. */
int context_finish(struct context *ctx, tn_status status, const struct err *err);

#endif /* SDK_CLI_COMMAND_CONTEXT_H */
