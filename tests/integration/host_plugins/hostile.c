/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile.c - a plugin that does the harm, or makes the attempt, that it is asked for:
 *
 *     "crash"
 *     "attempt NAME HOST SOCKET OTHERS READABLE"
 *
 * It answers with the errno that an attempt failed with.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tenon_sdk.h>

#include "tests/integration/attempts.h"

enum { DO, DONE };
enum { DO_WHAT, DONE_RESULT };

TN_NEEDS(core, records);

/* What one call leaks; in so many pieces that none is conspicuous. */
#define LEAK_PIECE ((size_t)64 << 10)
#define LEAK_PIECES 128
#define FD_LAST 256

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void leak(void)
{
    for (int i = 0; i < LEAK_PIECES; i++) {
        char *piece = malloc(LEAK_PIECE);

        if (!piece)
            abort();
        memset(piece, i, LEAK_PIECE);
    }
}

static void overrun(void)
{
    volatile char *block = malloc(16);

    if (!block)
        return;
    for (size_t i = 0;; i++)
        block[i] = 1;
}

static void *spin(void *ctx)
{
    for (volatile unsigned long n = 0;; n++)
        continue;
    return ctx;
}

static void spin_apart(void)
{
    pthread_t thread;

    (void)pthread_create(&thread, NULL, spin, NULL);
}

static void harm(const char *what)
{
    volatile uintptr_t nowhere = 8;

    if (strcmp(what, "crash") == 0)
        *(volatile int *)nowhere = 1;
    if (strcmp(what, "leak") == 0)
        leak();
    if (strcmp(what, "overrun") == 0)
        overrun();
    if (strcmp(what, "spin") == 0)
        (void)spin(NULL);
    if (strcmp(what, "spin apart") == 0)
        spin_apart();
}

/* What attempts leave behind that the next ones would stumble over: copies of standard input, and
 * files named by numbers. */
static void clean(void)
{
    struct stat input;
    struct stat info;

    for (int fd = STDERR_FILENO + 1; fd <= FD_LAST; fd++)
        if (fstat(STDIN_FILENO, &input) == 0 && fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) &&
            info.st_rdev == input.st_rdev)
            (void)close(fd);
    for (int i = 0; i < 1024; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "%d", i);
        if (unlink(name) != 0)
            return;
    }
}

static int attempt(const char *what)
{
    struct world world = {.address = 4096};
    char name[64];

    if (sscanf(what,
               "attempt %63s %d %107s %255s %255s",
               name,
               &world.host,
               world.socket,
               world.others,
               world.readable) != 5)
        return -1;
    const struct attempt *found = attempt_find(name);
    const int result = found ? found->run(&world) : -1;
    clean();
    return result;
}

static tn_status do_it(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    const struct tn_str asked = tn_text(request, DO_WHAT);
    char what[1024] = "";
    char result[16];

    (void)call;
    if (asked.len >= sizeof(what))
        return TN_INVALID_ARGUMENT;
    memcpy(what, asked.data, asked.len);
    harm(what);
    (void)snprintf(result, sizeof(result), "%d", begins(what, "attempt ") ? attempt(what) : 0);
    tn_set_text(response, DONE_RESULT, tn_str(result));
    return TN_OK;
}

static const struct tn_type types[] = {
    [DO] = {.name = "org.example.hostile.v1.DoRequest", .flags = TN_MESSAGE},
    [DONE] = {.name = "org.example.hostile.v1.DoResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [DO_WHAT] = {TN_PROPERTY(DO, TN_TEXT, "what", NULL, TN_REQUIRED)},
    [DONE_RESULT] = {TN_PROPERTY(DONE, TN_TEXT, "result", NULL, 0)},
};
static const struct tn_method methods[] = {
    {"org.example.hostile.v1.Hostile/Do", DO, DONE, do_it, .flags = TN_JOINS},
};
static const struct tn_capability capabilities[] = {
    {TN_READ_PATH, 0, "/etc/group", "It knows everybody."},
    {TN_READ_PATH, 0, "/etc/passwd", "It would like to know more."},
    {TN_NETWORK, 0, "api.example.org:443", "It has friends there."},
    {TN_PROGRAM, 0, "/bin/true", "It likes the truth."},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.hostile", "1.0.0", "Does harm"),
    .flags = TN_THREADS,
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
    .capabilities = TN_LIST(capabilities),
};
