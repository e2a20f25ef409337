/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unruly.c - a plugin for the tests: Unruly/Do does the harm that its `what` names, and so do its
 * hooks, of one of which the host can do without.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tenon_sdk.h>

enum { TRIAL, MACHINE, DO_REQUEST, DO_RESPONSE };
enum { TRIAL_NAME, TRIAL_SEEN, MACHINE_SERIAL, MACHINE_STATE, DO_WHAT, DONE_COUNT };
enum { DO };

TN_NEEDS(core, records, bus);

/* Descriptors that a plugin has no business with: those of the channels to the host are among them.
 */
#define FD_FIRST 3
#define FD_LAST 100

/* stop() never returns. */
static atomic_bool lingers;

static bool is(struct tn_str text, const char *other)
{
    return text.len == strlen(other) && memcmp(text.data, other, text.len) == 0;
}

static void wait_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

static void write_to_all(const void *data, size_t len)
{
    for (int fd = FD_FIRST; fd <= FD_LAST; fd++)
        (void)!write(fd, data, len);
}

static void close_all(void)
{
    for (int fd = FD_FIRST; fd <= FD_LAST; fd++)
        (void)close(fd);
}

/* Sanitizers handle some signals, and would tell it otherwise. */
static void die_by(int number)
{
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* As a callback that asks for something, at great length. */
static void send_giant(void)
{
    const unsigned head[4] = {0xfffffff0u, 3, 0, 1};

    write_to_all(head, sizeof(head));
}

static void do_harm(struct tn_str what)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {
        {"crash", SIGSEGV},
        {"abort", SIGABRT},
        {"divide", SIGFPE},
        {"illegal", SIGILL},
        {"bus", SIGBUS},
        {"trap", SIGTRAP},
        {"forbidden", SIGSYS},
        {"time", SIGXCPU},
        {"size", SIGXFSZ},
        {"user", SIGUSR1},
        {"kill", SIGKILL},
    };

    if (is(what, "exit"))
        _exit(7);
    if (is(what, "sent fault"))
        (void)raise(SIGSEGV);
    if (is(what, "hang"))
        for (;;)
            wait_ms(1000);
    if (is(what, "sleep"))
        wait_ms(300);
    if (is(what, "babble"))
        write_to_all("what a host would never expect to be told", 41);
    if (is(what, "giant"))
        send_giant();
    if (is(what, "close"))
        close_all();
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (is(what, signals[i].name))
            die_by(signals[i].number);
    if (is(what, "linger"))
        atomic_store(&lingers, true);
    if (is(what, "speak"))
        (void)fprintf(stderr, "a library of the plugin says this\n");
}

static tn_status do_it(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    struct tn_str what = tn_text(request, DO_WHAT);

    if (is(what, "write and crash"))
        tn_set_text(tn_create(call, TRIAL), TRIAL_NAME, tn_str("half done"));
    do_harm(is(what, "write and crash") ? tn_str("crash") : what);
    tn_set_number(response, DONE_COUNT, 1, 0);
    return TN_OK;
}

static tn_status trial_changes(struct tn_call *call, const struct tn_record *before,
                               struct tn_record *after)
{
    (void)call;
    (void)before;
    if (!after)
        return TN_OK;
    do_harm(tn_text(after, TRIAL_NAME));
    tn_set_bool(after, TRIAL_SEEN, 1);
    return TN_OK;
}

/* Changes the record before it harms: a host that does without it does without that too. */
static tn_status machine_changes(struct tn_call *call, const struct tn_record *before,
                                 struct tn_record *after)
{
    (void)before;
    if (!after || tn_is(after, MACHINE_STATE, "scrapped"))
        return TN_OK;
    tn_set_choice(after, MACHINE_STATE, "scrapped");
    (void)tn_core->status(call); /* so that what was written is with the host */
    do_harm(tn_text(after, MACHINE_SERIAL));
    return TN_OK;
}

static void stop(void *self)
{
    (void)self;
    while (atomic_load(&lingers))
        wait_ms(1000);
}

static const struct tn_type types[] = {
    [TRIAL] = {.name = "trials", .label = "Trial", .plural = "Trials"},
    [MACHINE] = {.name = "machines", .flags = TN_EXTERN},
    [DO_REQUEST] = {.name = "org.example.unruly.v1.DoRequest", .flags = TN_MESSAGE},
    [DO_RESPONSE] = {.name = "org.example.unruly.v1.DoResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [TRIAL_NAME] = {TN_PROPERTY(TRIAL, TN_TEXT, "name", "Name", 0)},
    [TRIAL_SEEN] = {TN_PROPERTY(TRIAL, TN_BOOL, "seen", "Seen", 0)},
    [MACHINE_SERIAL] = {TN_PROPERTY(MACHINE, TN_TEXT, "serial", NULL, TN_EXTERN)},
    [MACHINE_STATE] = {TN_PROPERTY(MACHINE, TN_CHOICE, "state", NULL, TN_EXTERN | TN_WRITES)},
    [DO_WHAT] = {TN_PROPERTY(DO_REQUEST, TN_TEXT, "what", NULL, 0)},
    [DONE_COUNT] = {TN_PROPERTY(DO_RESPONSE, TN_NUMBER, "count", NULL, 0)},
};
static const struct tn_hook hooks[] = {
    {TRIAL, .run = trial_changes},
    {MACHINE, .order = -10, .run = machine_changes, .flags = TN_ADVISORY},
};
static const struct tn_method methods[] = {
    [DO] = {"org.example.unruly.v1.Unruly/Do", DO_REQUEST, DO_RESPONSE, do_it, .flags = TN_JOINS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.unruly", "1.0.0", "Does harm where it is told to"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
    .stop = stop,
};
