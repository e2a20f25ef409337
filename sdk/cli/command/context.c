/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - global options, defaults of the environment, Ctrl-C. */
#include "sdk/cli/command/context.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/text.h"
#include "sdk/cli/say.h"

#define SYSTEM_SOCKET "/run/tenon/tenon.sock"

enum { OPTION_URL = 0x100, OPTION_TOKEN, OPTION_PORTAL, OPTION_JSON, OPTION_LANGUAGE, OPTION_CA };

static const char *non_empty(const char *text)
{
    return text && text[0] != '\0' ? text : NULL;
}

/* $TENON_URL, else the system's socket where there is one, else the user's. */
static const char *default_url(char *buffer, size_t size)
{
    const char *url = non_empty(getenv("TENON_URL"));
    const char *state = non_empty(getenv("XDG_STATE_HOME"));
    const char *home = non_empty(getenv("HOME"));

    if (url)
        return url;
    if (access(SYSTEM_SOCKET, F_OK) == 0)
        return "ipc://" SYSTEM_SOCKET;
    if (state)
        (void)snprintf(buffer, size, "ipc://%s/tenon/tenon.sock", state);
    else
        (void)snprintf(buffer, size, "ipc://%s/.local/state/tenon/tenon.sock", home ? home : "");
    return buffer;
}

/* Before the arguments are parsed: --help ends the program where it stands. */
static const char *argument_language(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--language=", 11) == 0)
            return argv[i] + 11;
        if (strcmp(argv[i], "--language") == 0)
            return argv[i + 1]; /* NULL at the end */
    }
    return NULL;
}

void context_init(struct context *ctx, int argc, char **argv)
{
    const char *language = argument_language(argc, argv);

    memset(ctx, 0, sizeof(*ctx));
    ctx->url = default_url(ctx->url_buffer, sizeof(ctx->url_buffer));
    ctx->token = non_empty(getenv("TENON_TOKEN"));
    ctx->ca = non_empty(getenv("TENON_CA"));
    ctx->portal = non_empty(getenv("TENON_PORTAL"));
    ctx->language = language ? language : text_environment();
    ctx->interrupt_fd = -1;
}

void context_fini(struct context *ctx)
{
    if (ctx->interrupt_fd >= 0)
        (void)close(ctx->interrupt_fd);
}

tn_status context_catch_interrupt(struct context *ctx, struct err *err)
{
    sigset_t interrupt;

    (void)sigemptyset(&interrupt);
    (void)sigaddset(&interrupt, SIGINT);
    ctx->interrupt_fd = signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ctx->interrupt_fd < 0 || sigprocmask(SIG_BLOCK, &interrupt, NULL) != 0)
        return say_fail(err, TN_RESOURCE_EXHAUSTED, "The system has no descriptor left.");
    return TN_OK;
}

bool context_interrupted(struct context *ctx)
{
    struct signalfd_siginfo info;

    if (ctx->interrupt_fd >= 0 &&
        read(ctx->interrupt_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        ctx->interrupted = true;
    return ctx->interrupted;
}

static const struct argp_option option_list[] = {
    {"url", OPTION_URL, "URL", 0, "Where the host listens: ipc://PATH, tcp://HOST:PORT", 0},
    {"token", OPTION_TOKEN, "TOKEN", 0, "Who is calling, where the host asks for it", 0},
    {"ca", OPTION_CA, "FILE", 0, "Whom to trust at tls+tcp URLs: certificates in PEM", 0},
    {"portal", OPTION_PORTAL, "NAME", 0, "The portal to work in", 0},
    {"json", OPTION_JSON, NULL, 0, "Print JSON instead of tables", 0},
    {"language", OPTION_LANGUAGE, "en|fr", 0, "The language of messages and labels", 0},
    {0},
};

static error_t parse_global(int key, char *argument, struct argp_state *state)
{
    struct context *ctx = ((struct arguments *)state->input)->ctx;

    switch (key) {
    case OPTION_URL:
        ctx->url = argument;
        return 0;
    case OPTION_TOKEN:
        ctx->token = argument;
        return 0;
    case OPTION_CA:
        ctx->ca = argument;
        return 0;
    case OPTION_PORTAL:
        ctx->portal = argument;
        return 0;
    case OPTION_JSON:
        ctx->json = true;
        return 0;
    case OPTION_LANGUAGE:
        if (strcmp(argument, "en") != 0 && strcmp(argument, "fr") != 0)
            argp_error(state, "%s", say_in(ctx->language, "the language is en or fr"));
        ctx->language = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

char *context_help_filter(int key, const char *text, void *input)
{
    const struct arguments *arguments = input;
    const char *said;

    (void)key;
    if (!text || !arguments)
        return (char *)(uintptr_t)text;
    said = say_in(arguments->ctx->language, text);
    /* argp frees what is not the text that it gave. */
    return said == text ? (char *)(uintptr_t)text : strdup(said);
}

static const struct argp global_argp = {
    option_list, parse_global, NULL, NULL, NULL, context_help_filter, NULL};

const struct argp_child global_options[] = {{&global_argp, 0, "Options of all commands:", -1}, {0}};

void context_parse(struct context *ctx, const struct argp *argp, int argc, char **argv, void *own)
{
    struct arguments arguments = {ctx, own};

    (void)argp_parse(argp, argc, argv, 0, NULL, &arguments);
}

int context_finish(struct context *ctx, tn_status status, const struct err *err)
{
    if (status == TN_OK) {
        if (fflush(stdout) == 0 && !ferror(stdout))
            return EXIT_DONE;
        say_to(stderr, ctx->language, "tenon: standard output cannot be written.\n");
        return EXIT_FAILED;
    }
    if (status == TN_CANCELLED && ctx->interrupted)
        return EXIT_INTERRUPTED;
    (void)fflush(stdout);
    say_error(stderr, err);
    return EXIT_FAILED;
}
