/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `tenon-harness`: a host with the plugins under test for a command, or until Ctrl-C. */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tenon/harness.h>

/* More on the command line are refused. */
#define PLUGIN_MAX 64

struct harness_arguments {
    struct tenon_harness_options options;
    const char *plugins[PLUGIN_MAX];
    char **command; /* NULL: none */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct harness_arguments *a = state->input;

    switch (key) {
    case 'h':
        a->options.host = argument;
        return 0;
    case ARGP_KEY_ARG:
        /* argp takes the `--` away; what follows it is the command. */
        if (state->quoted && state->next > state->quoted) {
            a->command = &state->argv[state->next - 1];
            state->next = state->argc;
            return 0;
        }
        if (a->options.plugin_count == PLUGIN_MAX)
            argp_error(state, "more than %d plugins", PLUGIN_MAX);
        a->plugins[a->options.plugin_count++] = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"host", 'h', "FILE", 0, "The tenond to start", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse,
    "[PLUGIN...] [-- COMMAND [ARGUMENT...]]",
    "Start a host with plugins on a temporary store, for tests."
    "\v"
    "PLUGIN is a file, or the name of one that was installed with the host. COMMAND runs with "
    "TENON_URL set, which `tenon` goes by, and its exit status is the program's. Without one the "
    "URL "
    "is printed and the host runs until Ctrl-C.\n\n"
    "Examples:\n"
    "  tenon-harness build/boats.so\n"
    "  tenon-harness build/boats.so contacts -- ./test.sh",
    NULL,
    NULL,
    NULL};

static int run(char **command)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("tenon-harness");
        return 1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void await_interrupt(const sigset_t *signals, const char *url)
{
    int signal_number;

    (void)printf("%s\n", url);
    (void)fflush(stdout);
    (void)sigwait(signals, &signal_number);
}

int main(int argc, char **argv)
{
    struct harness_arguments a = {0};
    struct tenon_harness *harness = NULL;
    sigset_t signals;
    int code = 0;

    (void)argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &a);
    a.options.plugins = a.plugins;
    if (!a.command) { /* before threads are started, which inherit it */
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGINT);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    }
    if (tenon_harness_create(&a.options, &harness) != TN_OK ||
        tenon_harness_start(harness) != TN_OK) {
        (void)fprintf(stderr,
                      "tenon-harness: %s\n",
                      harness ? tenon_harness_reason(harness) : "Memory is out.");
        tenon_harness_destroy(harness);
        return 1;
    }
    (void)setenv("TENON_URL", tenon_harness_url(harness), 1);
    if (a.command)
        code = run(a.command);
    else
        await_interrupt(&signals, tenon_harness_url(harness));
    if (tenon_harness_stop(harness) != TN_OK) {
        (void)fprintf(stderr, "tenon-harness: %s\n", tenon_harness_reason(harness));
        code = code ? code : 1;
    }
    tenon_harness_destroy(harness);
    return code;
}
