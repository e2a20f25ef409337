/* SPDX-License-Identifier: Apache-2.0 */
/* isolated.c - what is said when a plugin in a process of its own ends, or does not answer. */
#include <stdio.h>

#include "core/plugin/wire.h"
#include "tests/golden/areas.h"
#include "tests/integration/plugins/bench.h"

#define DO "org.example.unruly.v1.Unruly/Do"
#define MISUSE "org.example.misuses.v1.Misuses/Run"

static const char *const languages[] = {"en", "fr"};

static const struct {
    const char *title;
    const char *what;
} harms[] = {
    {"reads memory that is not its own", "crash"},
    {"finds itself in a state that cannot be", "abort"},
    {"divides by zero", "divide"},
    {"runs what is no code", "illegal"},
    {"reads a file that became shorter", "bus"},
    {"meets a trap", "trap"},
    {"calls the system for what it may not", "forbidden"},
    {"takes more time of the processor than it may", "time"},
    {"writes a file larger than it may", "size"},
    {"gets a signal that nobody sends", "user"},
    {"is killed", "kill"},
    {"exits", "exit"},
    {"never answers", "hang"},
    {"sends what is no frame", "babble"},
};

static void ask(struct bench *b, const char *method, const char *what)
{
    struct buf request = {0};

    assert_int_equal(wire_add_text(&request, 1, what), TN_OK);
    if (bench_call(b, method, buf_bytes(&request), NULL) == TN_OK)
        fail_msg("%s is not refused", what);
    buf_fini(&request);
}

/* A host for each, since one that fails is not there for a while. */
static struct bench *provoke(const char *const *files, const char *method, const char *what,
                             const char *language)
{
    const struct plugin_runner_limits limits = {.hook_us = 200000, .call_us = 200000};
    struct bench *b = bench_open_isolated(files, &limits, language);

    bench_all_run(b);
    ask(b, method, what);
    return b;
}

static void note(struct golden *g, const char *title, const char *how, const char *const *files,
                 const char *method, const char *what)
{
    struct bench *benches[2];

    for (size_t i = 0; i < 2; i++)
        benches[i] = provoke(files, method, what, languages[i]);
    golden_note(g, title, how, &benches[0]->err, &benches[1]->err);
    for (size_t i = 0; i < 2; i++)
        bench_close(benches[i]);
}

void area_isolated(struct golden *g)
{
    static const char *const files[] = {MADE "bench_machines.so", MADE "bench_unruly.so", NULL};
    static const char *const misusing[] = {ODD "misuser.so", NULL};
    char how[96];

    golden_area(g, "A plugin in a process of its own");
    for (size_t i = 0; i < COUNT_OF(harms); i++) {
        (void)snprintf(how, sizeof(how), "tests/integration/plugins/unruly.c: %s", harms[i].what);
        note(g, harms[i].title, how, files, DO, harms[i].what);
    }
    note(g, "a call that is held", "misuser.c: hold", misusing, MISUSE, "hold");
}
