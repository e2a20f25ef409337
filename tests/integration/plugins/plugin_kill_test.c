/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_kill_test.c - what consumers and timers do is done exactly once, whenever the host is
 * killed. A process of its own loads the host; when it was killed at random moments often enough,
 * what the plugin counted is compared with the change log. KILL_ROUNDS says how often.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/record/change.h"
#include "tests/integration/plugins/bench.h"
#include "tests/unit/random.h"

#define ROUNDS_DEFAULT 6
#define LIFE_MIN_MS 100
#define LIFE_MAX_MS 700
#define PATIENCE_US ((int64_t)60 * 1000000)
#define PAGE_COUNT ((size_t)500)
#define WELL_MAX 200000

/* In the process that is killed: wells, each with a timer that is due at once. */
static int load(const char *dir)
{
    struct bench *b = bench_open_at(dir);
    char name[64];

    for (unsigned long i = 0;; i++) {
        (void)snprintf(name, sizeof(name), "%ld-%lu", (long)getpid(), i);
        if (bench_create(b,
                         "wells",
                         BENCH_VALUES("name", name, "depth", "2", "alarm", "2020-01-01T00:00:00Z"),
                         NULL) != TN_OK)
            return 1;
    }
}

static void wait_ms(unsigned ms)
{
    const struct timespec life = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&life, NULL);
}

/* It must have lived until it was killed. */
static void run_and_kill(const char *dir, unsigned life_ms)
{
    char program[512];
    char word[] = "load";
    char path[96];
    char *const argv[] = {program, word, path, NULL};
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    int status = 0;
    pid_t pid;

    assert_true(len > 0);
    program[len] = '\0';
    (void)snprintf(path, sizeof(path), "%s", dir);
    assert_int_equal(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
    wait_ms(life_ms);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* What the change log says, which is what the plugin must have been told. */
struct truth {
    uint64_t changes; /* of wells */
    uint64_t wells;
    tn_id *ids;
};

static void read_truth(struct bench *b, struct truth *truth)
{
    struct schema *schema = catalog_schema(b->catalog, b->portal->id);
    const struct schema_type *wells = schema_type_by_name(schema, utf8_str("wells"));
    struct change *changes;
    struct arena arena;
    uint64_t after = 0;
    size_t count = PAGE_COUNT;

    truth->changes = truth->wells = 0;
    arena_init(&arena, (size_t)64 << 20);
    while (count == PAGE_COUNT) {
        arena_reset(&arena);
        assert_int_equal(
            changes_read(
                b->records, b->portal, after, PAGE_COUNT, &arena, &changes, &count, &b->err),
            TN_OK);
        for (size_t i = 0; i < count; i++) {
            after = changes[i].number;
            if (changes[i].type != wells->id)
                continue;
            truth->changes++;
            if (changes[i].kind != CHANGE_CREATED)
                continue;
            assert_true(truth->wells < WELL_MAX);
            truth->ids[truth->wells++] = changes[i].record;
        }
    }
    arena_fini(&arena);
    schema_unref(schema);
}

static uint64_t count_behind(struct bench *b, struct truth *truth)
{
    struct plugin_consumer consumer;

    read_truth(b, truth);
    uint64_t behind = 2 * truth->wells - truth->changes; /* each is created, and fires */
    for (size_t i = 0; plugin_host_consumer(b->plugins, b->portal, i, &consumer); i++)
        behind += plugin_consumer_lag(&consumer);
    return behind;
}

/* Until all timers fired and all consumers are at the head, however long a busy disk takes: gives
 * up when nothing moves any more. */
static void await_rest(struct bench *b, struct truth *truth)
{
    uint64_t behind = count_behind(b, truth);
    int64_t moved_us = clock_mono_us();

    while (behind > 0 && clock_mono_us() < moved_us + PATIENCE_US) {
        wait_ms(100);
        const uint64_t now = count_behind(b, truth);
        if (now < behind)
            moved_us = clock_mono_us();
        behind = now;
    }
}

static void effects_are_exactly_once_whenever_the_host_is_killed(void **state)
{
    const char *told = getenv("KILL_ROUNDS");
    const unsigned rounds = told ? (unsigned)strtoul(told, NULL, 10) : ROUNDS_DEFAULT;
    struct bench *b = bench_open((const char *const[]){MADE "bench_duties.so", NULL}, NULL);
    struct truth truth = {.ids = calloc(WELL_MAX, sizeof(tn_id))};
    struct random random = {(uint64_t)clock_mono_us()};
    char number[32];

    (void)state;
    assert_non_null(truth.ids);
    bench_halt(b);
    for (unsigned i = 0; i < rounds; i++)
        run_and_kill(b->dir,
                     LIFE_MIN_MS + (unsigned)random_below(&random, LIFE_MAX_MS - LIFE_MIN_MS));
    bench_resume(b);
    await_rest(b, &truth);
    assert_true(truth.wells > 0);
    tn_id ledger = bench_find(b, "ledgers", "name", "account");
    assert_int_not_equal(ledger, 0);
    (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)truth.changes);
    assert_string_equal(bench_read(b, "ledgers", ledger, "calls"), number);
    (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)truth.wells);
    assert_string_equal(bench_read(b, "ledgers", ledger, "wells"), number);
    for (uint64_t i = 0; i < truth.wells; i++)
        assert_string_equal(bench_read(b, "wells", truth.ids[i], "fired"), "1");
    (void)printf("%u kills, %llu records, %llu changes told once each\n",
                 rounds,
                 (unsigned long long)truth.wells,
                 (unsigned long long)truth.changes);
    free(truth.ids);
    bench_close(b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_are_exactly_once_whenever_the_host_is_killed),
    };

    if (argc == 3 && strcmp(argv[1], "load") == 0)
        return load(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
