/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_call.c - what it costs to enter a plugin's code, measured where the host does it:
 *
 *     plugin_call socketpair SIZE SECONDS          a round trip between two processes
 *     plugin_call call none|process SECONDS        a method with one text there and back
 *     plugin_call hook none|process|absent SECONDS the hooks of a record: one that reads a value
 * and writes one, one that does nothing, or none plugin_call woken none|process SECONDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/plugin/hooks.h"
#include "core/plugin/wire.h"
#include "tests/bench/measure.h"
#include "tests/integration/plugins/bench.h"

/* Calls of one transaction, whose memory is freed with it. */
#define TURN 1000u
#define SAY "tenon.bench.v1.Echo/Say"

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "plugin_call: %s\n", what);
    exit(1);
}

/* A round trip */

static void move(int from, int to, char *bytes, size_t size)
{
    if (to >= 0)
        must(send(to, bytes, size, MSG_NOSIGNAL) == (ssize_t)size, "cannot send");
    if (from >= 0 && recv(from, bytes, size, MSG_WAITALL) != (ssize_t)size)
        _exit(0); /* the other end is done */
}

static void measure_pair(size_t size, double seconds)
{
    char *bytes = calloc(1, size);
    struct measure measure;
    int ends[2];

    must(bytes && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "no socketpair");
    const pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        for (;;) {
            move(ends[1], -1, bytes, size);
            move(-1, ends[1], bytes, size);
        }
    }
    (void)close(ends[1]);
    measure_begin(&measure, seconds);
    for (int64_t now = measure_now_ns(); now < measure.end_ns;) {
        const int64_t start = now;

        move(ends[0], ends[0], bytes, size);
        now = measure_now_ns();
        measure_add(&measure, start, now, 1);
    }
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    measure_print(&measure);
    free(bytes);
}

/* Calls and hooks */

static struct bench *open_host(const char *isolation)
{
    must(setenv("BENCH_ISOLATION", isolation, 1) == 0, "memory is out");
    struct bench *b = bench_open((const char *const[]){BENCH_ECHO, NULL}, NULL);

    bench_all_run(b);
    return b;
}

static void measure_calls(struct bench *b, double seconds)
{
    struct plugin_routes *routes = plugin_routes_take(b->plugins);
    const struct plugin_method *method = plugin_routes_find(routes, utf8_str(SAY));
    struct buf request = {0};
    struct buf response = {0};
    struct measure measure;

    must(method &&
             wire_add_text(&request, 1, "what one plugin says to another, and hears back") == TN_OK,
         "no method");
    measure_begin(&measure, seconds);
    for (int64_t now = measure_now_ns(); now < measure.end_ns;) {
        struct txn *txn = bench_begin(b);

        for (unsigned i = 0; i < TURN && now < measure.end_ns; i++) {
            const int64_t start = measure_now_ns();

            buf_clear(&response);
            must(plugin_method_run(method, txn, buf_bytes(&request), &response, &b->err) == TN_OK,
                 b->err.message);
            now = measure_now_ns();
            measure_add(&measure, start, now, 1);
        }
        txn_destroy(txn);
    }
    plugin_routes_release(routes);
    buf_fini(&request);
    buf_fini(&response);
    measure_print(&measure);
}

/* Hooks take as long as reading a clock does: many are timed together. */
static void measure_hooks(struct bench *b, const char *type, const char *property,
                          unsigned together, double seconds)
{
    struct measure measure;

    measure_begin(&measure, seconds);
    for (int64_t now = measure_now_ns(); now < measure.end_ns;) {
        struct txn *txn = bench_begin(b);
        struct record *record = bench_new(b, txn, type, BENCH_VALUES(property, "a name"));

        for (unsigned i = 0; i < TURN && now < measure.end_ns; i += together) {
            const int64_t start = measure_now_ns();

            for (unsigned j = 0; j < together; j++)
                must(hooks_run(txn_routes(txn), txn, record, &b->err) == TN_OK, b->err.message);
            now = measure_now_ns();
            measure_add(&measure, start, now, together);
        }
        txn_destroy(txn);
    }
    measure_print(&measure);
}

int main(int argc, char **argv)
{
    must(argc == 4,
         "usage: plugin_call socketpair|call|hook|woken SIZE|none|process|absent SECONDS");
    const double seconds = strtod(argv[3], NULL);

    if (strcmp(argv[1], "socketpair") == 0) {
        measure_pair((size_t)strtoul(argv[2], NULL, 10), seconds);
        return 0;
    }
    const bool is_absent = strcmp(argv[2], "absent") == 0;
    struct bench *b = open_host(is_absent ? "none" : argv[2]);
    const unsigned together = b->isolation == PLUGIN_IN_RUNNER ? 1 : 100;

    if (strcmp(argv[1], "call") == 0)
        measure_calls(b, seconds);
    else if (is_absent)
        measure_hooks(b, "bench_plain", "name", together, seconds);
    else
        measure_hooks(b,
                      strcmp(argv[1], "hook") == 0 ? "bench_hooked" : "bench_woken",
                      "name",
                      together,
                      seconds);
    bench_close(b);
    return 0;
}
