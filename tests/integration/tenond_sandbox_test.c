/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenond_sandbox_test.c - plugins that do harm and make attempts, in a whole host: each is
 * contained in its process and told in words, and calls of others go on meanwhile.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/integration/attempts.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define HOSTILE "org.example.hostile"
#define MEAGRE "org.example.meagre"
/* Of hostile.so, which declares it. */
#define READABLE "/etc/group"
#define REQUEST_SIZE 1024
#define NOBODY 65534
/* Leaks of 8 MiB each until the limit of 64 is met, and some to spare. */
#define LEAK_MAX 16u

/* Not as long as the tests wait, but as what they ask for takes on a loaded machine. */
#define LOOP_MS 2000u
#define ATTEMPT_MS 50000u

static const char configuration[] = "[runner]\n"
                                    "call_ms = %u\n"
                                    "[plugin.\"org.example.counters\"]\n"
                                    "isolation = \"process\"\n"
                                    "[plugin.\"org.example.meagre\"]\n"
                                    "isolation = \"process\"\n"
                                    "[plugin.\"org.example.hostile\"]\n"
                                    "isolation = \"process\"\n"
                                    "memory = 64\n"
                                    "grant = [\"read_path:/etc/group\"]\n";

/* Another plugin's client. */
struct client {
    struct tenond *host;
    atomic_bool is_over;
    unsigned done;
    unsigned failed;
    char message[512];
    pthread_t thread;
};

struct fixture {
    struct tenond *host;
    struct tenon_client *client;
    struct world world;
    struct client others;
};

/* A host of a user (0: ours) with these lines in its configuration, whose calls may take so long.
 */
static struct fixture *start_as(uid_t user, unsigned call_ms, const char *more)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char text[1024];
    char path[TENOND_PATH_SIZE * 2];

    assert_non_null(f);
    f->host = tenond_create();
    f->host->run_as = user;
    if (user != 0 &&
        (chown(f->host->folder, user, user) != 0 || chown(f->host->plugins, user, user) != 0))
        fail_msg("%s", strerror(errno));
    tenond_add_plugin(f->host, PLUGIN_FOLDER "/host_machines.so");
    tenond_add_plugin(f->host, PLUGIN_FOLDER "/host_counters.so");
    tenond_add_plugin(f->host, PLUGIN_FOLDER "/host_hostile.so");
    tenond_add_plugin(f->host, PLUGIN_FOLDER "/host_meagre.so");
    int len = snprintf(text, sizeof(text), configuration, call_ms);
    (void)snprintf(text + len, sizeof(text) - (size_t)len, "%s", more);
    tenond_write_file(f->host, "tenond.toml", text, strlen(text), path);
    tenond_spawn_usual(f->host, (const char *const[]){"--config", path, NULL});
    tenond_await_ready(f->host);
    f->client = tenond_connect(f->host, NULL);
    return f;
}

static struct fixture *start(unsigned call_ms, const char *more)
{
    return start_as(0, call_ms, more);
}

static void stop(struct fixture *f)
{
    tenon_client_destroy(f->client);
    tenond_stop(f->host);
    tenond_destroy(f->host);
    free(f);
}

/* Calls */

/* A message whose field 1 is the text. */
static struct tn_bytes text_request(const char *text, uint8_t bytes[static REQUEST_SIZE])
{
    const size_t len = strlen(text);
    size_t at = 0;

    assert_true(len < REQUEST_SIZE - 3);
    bytes[at++] = 0x0a;
    if (len > 127)
        bytes[at++] = (uint8_t)(len | 0x80);
    bytes[at++] = (uint8_t)(len > 127 ? len >> 7 : len);
    memcpy(bytes + at, text, len);
    return (struct tn_bytes){bytes, at + len};
}

struct answer {
    tn_status status;
    int number; /* its text, if it has one */
    char message[512];
};

static struct answer invoke(struct tenon_client *client, const char *method, const char *text)
{
    uint8_t request[REQUEST_SIZE];
    struct tenon_result result = {0};
    struct answer answer = {0};
    uint8_t *response = NULL;
    size_t len = 0;

    (void)tenon_invoke_bytes(
        client, method, text_request(text, request), NULL, &response, &len, &result);
    answer.status = result.status;
    (void)snprintf(answer.message, sizeof(answer.message), "%s", result.message);
    if (len > 2 && response[0] == 0x0a && response[1] < 16) {
        char number[16] = "";

        memcpy(number, response + 2, len - 2 < 15 ? len - 2 : 15);
        answer.number = (int)strtol(number, NULL, 10);
    }
    free(response);
    tenon_result_fini(&result);
    return answer;
}

static struct answer order(struct fixture *f, const char *what)
{
    return invoke(f->client, HOSTILE ".v1.Hostile/Do", what);
}

static void pause_briefly(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};

    (void)nanosleep(&pause, NULL);
}

/* Waits until it serves again. */
static void await_service(struct fixture *f)
{
    const int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US;
    struct answer answer;

    while ((answer = order(f, "nothing")).status != TN_OK) {
        if (clock_mono_us() > give_up_us)
            fail_msg("the plugin does not come back: %s", answer.message);
        pause_briefly();
    }
}

/* Of `tenon plugin list`. */
static void read_reason(struct fixture *f, const char *id, char out[static 512])
{
    Tenon__Admin__V1__ListPluginsRequest request;

    tenon__admin__v1__list_plugins_request__init(&request);
    Tenon__Admin__V1__ListPluginsResponse *response =
        call(f->client, METHOD(admin, Plugins, List, list_plugins), &request.base);
    out[0] = '\0';
    for (size_t i = 0; i < response->n_plugins; i++)
        if (strcmp(response->plugins[i]->id, id) == 0)
            (void)snprintf(out, 512, "%s", response->plugins[i]->reason);
    answer_free(response);
}

static void fail_with_log(const struct fixture *f, const char *said, const char *part)
{
    char *log = tenond_read_log(f->host);

    (void)fprintf(stderr, "'%s', not '%s'; the log says:\n%s\n", said, part, log);
    mem_free(log);
    fail();
}

/* What is told of an end is there once the host has buried the process. */
static void await_reason(struct fixture *f, const char *id, const char *part)
{
    const int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US;
    char reason[512];

    for (read_reason(f, id, reason); !strstr(reason, part); read_reason(f, id, reason)) {
        if (clock_mono_us() > give_up_us)
            fail_with_log(f, reason, part);
        pause_briefly();
    }
}

/* Builds with sanitizers have no limit of memory, */
static bool has_memory_limit(const struct fixture *f)
{
    return tenond_count_log(f->host, "missing=\"memory\"") == 0;
}

/* and report faults themselves. */
static const char *fault(const struct fixture *f)
{
    return has_memory_limit(f) ? "was stopped by signal 11 (segmentation fault)"
                               : "ended by itself, with status";
}

/* Others, who go on */

static void *run_others(void *ctx)
{
    struct client *others = ctx;
    struct tenon_client *connection = tenond_connect(others->host, NULL);

    while (!atomic_load(&others->is_over)) {
        const struct answer answer =
            invoke(connection, "org.example.counters.v1.Counters/Add", "counter");

        others->done += answer.status == TN_OK;
        if (answer.status == TN_OK)
            continue;
        others->failed++;
        (void)snprintf(others->message, sizeof(others->message), "%s", answer.message);
    }
    tenon_client_destroy(connection);
    return NULL;
}

static void begin_others(struct fixture *f)
{
    struct client *others = &f->others;

    others->host = f->host;
    assert_int_equal(pthread_create(&others->thread, NULL, run_others, others), 0);
}

static void end_others(struct client *others)
{
    atomic_store(&others->is_over, true);
    assert_int_equal(pthread_join(others->thread, NULL), 0);
    if (others->failed > 0)
        fail_msg("%u calls of another plugin failed: %s", others->failed, others->message);
    assert_true(others->done > 0);
}

/* Harm */

static void check_harm(struct fixture *f, const char *what, const char *said)
{
    const struct answer answer = order(f, what);

    assert_int_equal(answer.status, TN_UNAVAILABLE);
    if (!strstr(answer.message, said) || !strstr(answer.message, HOSTILE))
        fail_msg("%s: '%s', not '%s'", what, answer.message, said);
    await_service(f);
    await_reason(f, HOSTILE, said);
    assert_true(tenond_count_log(f->host, said) > 0);
}

static void a_crash_is_contained_and_told(void **state)
{
    struct fixture *f = *state;

    check_harm(f, "crash", fault(f));
}

static void a_loop_without_end_is_contained_and_told(void **state)
{
    struct fixture *f = *state;

    check_harm(f, "spin", "did not answer within 2000 ms; its process was stopped");
}

static void a_block_that_is_overrun_is_contained_and_told(void **state)
{
    struct fixture *f = *state;

    check_harm(f, "overrun", fault(f));
}

static void a_leak_without_end_is_contained_and_told(void **state)
{
    struct fixture *f = *state;
    struct answer answer = {0};

    for (unsigned i = 0; i < LEAK_MAX && answer.status == TN_OK; i++)
        answer = order(f, "leak");
    if (!has_memory_limit(f)) {
        assert_int_equal(answer.status, TN_OK);
        return;
    }
    assert_int_equal(answer.status, TN_UNAVAILABLE);
    assert_string_equal(answer.message,
                        "The process of the plugin " HOSTILE
                        " needed more than 64 MiB of memory, and ended.");
    await_service(f);
    await_reason(f, HOSTILE, "needed more than 64 MiB of memory");
}

static void who_declares_too_little_is_contained_and_told(void **state)
{
    struct fixture *f = *state;
    const struct answer answer = invoke(f->client, MEAGRE ".v1.Meagre/Do", "too much");

    assert_int_equal(answer.status, TN_UNAVAILABLE);
    assert_string_equal(answer.message,
                        "The plugin " MEAGRE " uses more of tenon.records/1 than it declares to "
                        "need; its process was stopped.");
    await_reason(f, MEAGRE, "uses more of tenon.records/1 than it declares");
}

static void a_socket_is_refused_and_told(void **state)
{
    struct fixture *f = *state;

    const struct answer answer = order(f, "attempt socket_inet 1 - - -");
    assert_int_equal(answer.status, TN_OK);
    assert_int_equal(answer.number, attempt_find("socket_inet")->error);
    assert_int_equal(tenond_count_log(f->host,
                                      "was refused plugin=\"" HOSTILE
                                      "\" tried=\"open a network connection\" call=\"socket\""),
                     1);
    assert_int_equal(order(f, "nothing").status, TN_OK); /* it lives on */
}

static void what_is_declared_and_not_granted_is_told_at_the_start(void **state)
{
    static const char *const lacks[] = {
        "it (plugin.ID.grant) plugin=\"" HOSTILE "\" kind=\"read_path\" value=\"/etc/passwd\"",
        "cannot grant it plugin=\"" HOSTILE "\" kind=\"network\" value=\"api.example.org:443\"",
        "cannot grant it plugin=\"" HOSTILE "\" kind=\"program\" value=\"/bin/true\"",
    };
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
        if (tenond_count_log(f->host, lacks[i]) != 1)
            fail_msg("not told: %s", lacks[i]);
    assert_int_equal(tenond_count_log(f->host, "value=\"" READABLE "\""), 0);
}

/* One host for all of them, under the load of another plugin. */
static void every_harm_leaves_the_calls_of_others_alone(void **state)
{
    struct fixture *f = start(LOOP_MS, "");
    void *again = f;

    (void)state;
    begin_others(f);
    what_is_declared_and_not_granted_is_told_at_the_start(&again);
    a_socket_is_refused_and_told(&again);
    await_reason(f, HOSTILE, "refused what it is not granted, 1 times");
    a_crash_is_contained_and_told(&again);
    a_loop_without_end_is_contained_and_told(&again);
    a_block_that_is_overrun_is_contained_and_told(&again);
    a_leak_without_end_is_contained_and_told(&again);
    who_declares_too_little_is_contained_and_told(&again);
    end_others(&f->others);
    stop(f);
}

static void a_processor_that_is_used_up_is_told(void **state)
{
    struct fixture *f = start(ATTEMPT_MS, "cpu = 10\n");
    const int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US;
    struct answer answer = order(f, "spin apart");

    (void)state;
    assert_int_equal(answer.status, TN_OK);
    while (answer.status == TN_OK) {
        if (clock_mono_us() > give_up_us)
            fail_msg("it goes on");
        pause_briefly();
        answer = order(f, "nothing");
    }
    assert_int_equal(answer.status, TN_UNAVAILABLE);
    if (!strstr(answer.message, "used more than 10 % of a processor"))
        fail_msg("%s", answer.message);
    stop(f);
}

/* Attempts */

static void prepare_world(struct fixture *f)
{
    f->world.host = (int32_t)f->host->pid;
    (void)snprintf(f->world.socket, sizeof(f->world.socket), "%s", f->host->url + strlen("ipc://"));
    (void)snprintf(f->world.readable, sizeof(f->world.readable), READABLE);
    /* Everybody may write this: only the sandbox keeps it. */
    char path[TENOND_PATH_SIZE * 2];
    tenond_write_file(f->host, "others", "x", 1, path);
    assert_int_equal(chmod(path, 0666), 0);
    (void)snprintf(f->world.others, sizeof(f->world.others), "%.255s", path);
}

static unsigned long refused_so_far(struct fixture *f)
{
    char reason[512];

    read_reason(f, HOSTILE, reason);
    const char *count = strstr(reason, "not granted, ");
    return count ? strtoul(count + strlen("not granted, "), NULL, 10) : 0;
}

/* After it the process has nothing left to go on with. */
static bool exhausts(const struct attempt *attempt)
{
    return strncmp(attempt->name, "allocate_", strlen("allocate_")) == 0 &&
           attempt->error == ENOMEM;
}

static void check_attempt(struct fixture *f, const struct attempt *attempt)
{
    const struct world *world = &f->world;
    const unsigned long before = refused_so_far(f);
    char what[REQUEST_SIZE];

    (void)snprintf(what,
                   sizeof(what),
                   "attempt %s %d %s %s %s",
                   attempt->name,
                   (int)world->host,
                   world->socket,
                   world->others,
                   world->readable);
    const struct answer answer = order(f, what);
    if (answer.status != TN_OK)
        fail_msg("%s: %s", attempt->name, answer.message);
    if (answer.number != attempt->error)
        fail_msg("%s: %d (%s), not %d",
                 attempt->name,
                 answer.number,
                 strerror(answer.number),
                 attempt->error);
    const unsigned long after = refused_so_far(f);
    if (after != before + (attempt->tried ? 1 : 0))
        fail_msg("%s: %lu reports", attempt->name, after - before);
    char reason[512];
    read_reason(f, HOSTILE, reason);
    if (attempt->tried && !strstr(reason, attempt->tried))
        fail_with_log(f, reason, attempt->tried);
}

static void check_attempts(struct fixture *f)
{
    prepare_world(f);
    for (size_t i = 0; attempt_at(i); i++)
        if (!exhausts(attempt_at(i)))
            check_attempt(f, attempt_at(i));
    assert_true(tenond_count_log(f->host, "a plugin tried what it was not granted") > 10);
}

static void every_attempt_fails_and_is_reported(void **state)
{
    struct fixture *f = start(ATTEMPT_MS, "");

    (void)state;
    check_attempts(f);
    stop(f);
}

/* What another user would be kept from by that alone, the rest has to keep from it. */
static void every_attempt_of_the_hosts_own_user_fails_and_is_reported(void **state)
{
    struct fixture *f = start(ATTEMPT_MS, "[sandbox]\nusers = \"none\"\n");

    (void)state;
    check_attempts(f);
    assert_int_equal(tenond_count_log(f->host, "missing=\"user\""), 1);
    stop(f);
}

/* Nobody may pass where the programs were built, on some machines. */
static bool can_run(uid_t user)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0)
        _exit(setgid(user) != 0 || setuid(user) != 0 || access(RUNNER, X_OK) != 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void every_attempt_under_a_host_without_rights_fails_and_is_reported(void **state)
{
    const uid_t user = geteuid() == 0 ? NOBODY : 0;

    (void)state;
    if (user != 0 && !can_run(user))
        skip();
    struct fixture *f = start_as(user, ATTEMPT_MS, "");
    check_attempts(f);
    assert_int_equal(tenond_count_log(f->host, "missing=\"user\""), 1);
    stop(f);
}

/* The machine */

static void a_host_without_what_it_requires_does_not_start(void **state)
{
    static const char text[] = "[sandbox]\nusers = \"none\"\nrequire = [\"seccomp\", \"user\"]\n";
    struct tenond *host = tenond_create();
    char path[TENOND_PATH_SIZE * 2];

    (void)state;
    tenond_write_file(host, "tenond.toml", text, strlen(text), path);
    tenond_spawn_usual(host, (const char *const[]){"--config", path, NULL});
    tenond_expect_exit(host,
                       1,
                       "This machine cannot give sandboxes 'user', which the configuration "
                       "requires (sandbox.require).");
    tenond_destroy(host);
}

static void what_is_required_and_there_lets_it_start(void **state)
{
    struct fixture *f = start(LOOP_MS, "[sandbox]\nrequire = [\"seccomp\", \"landlock\"]\n");

    (void)state;
    assert_int_equal(order(f, "nothing").status, TN_OK);
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_harm_leaves_the_calls_of_others_alone),
        cmocka_unit_test(a_processor_that_is_used_up_is_told),
        cmocka_unit_test(every_attempt_fails_and_is_reported),
        cmocka_unit_test(every_attempt_of_the_hosts_own_user_fails_and_is_reported),
        cmocka_unit_test(every_attempt_under_a_host_without_rights_fails_and_is_reported),
        cmocka_unit_test(a_host_without_what_it_requires_does_not_start),
        cmocka_unit_test(what_is_required_and_there_lets_it_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
