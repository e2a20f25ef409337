/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_test.c - kills the host at random moments while it writes, starts it again on the same
 * data, and looks whether everything that it had acknowledged is there.
 *
 *     crash_test [ROUNDS [SEED]]
 *
 * A test that fails leaves its folder behind. The operating system stays up, so what the host
 * handed to it in time counts as written: this finds what is acknowledged too early, or is not
 * recovered; it does not find a missing sync.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/crash/load.h"
#include "tests/crash/sound.h"
#include "tests/crash/verify.h"
#include "tests/unit/check.h"

#define ROUNDS_USUAL 5u
#define ROUNDS_MAX 100000u
/* A kill comes within this time after the first answer, and within that one after a start. */
#define LOAD_US_MAX 600000u
#define START_US_MAX 150000u

struct plan {
    unsigned rounds;
    uint64_t seed;
};

/* One start in three is killed before it is over, perhaps in recovery. */
static unsigned start_again(struct tenond *host, struct random *random)
{
    unsigned kills = 0;

    while (random_below(random, 3) == 0) {
        tenond_spawn_usual(host, NULL);
        (void)usleep((useconds_t)random_below(random, START_US_MAX));
        tenond_kill(host);
        kills++;
    }
    tenond_start(host);
    return kills;
}

static void run_load(struct tenond *host, struct model *model, struct random *random)
{
    struct load *load = load_begin(host, model, random_next(random));

    load_await_answer(load);
    (void)usleep((useconds_t)random_below(random, LOAD_US_MAX));
    tenond_kill(host);
    must_be_sound(host);
    load_end(load);
}

static void verify_host(const struct tenond *host, struct model *model, struct verified *verified)
{
    struct tenon_client *client = tenond_connect(host, NULL);

    verify(client, model, verified);
    tenon_client_destroy(client);
}

static void add_sites(const struct tenond *host, struct model *model)
{
    struct tenon_client *client = tenond_connect(host, NULL);

    load_sites(client, model);
    tenon_client_destroy(client);
}

static void acknowledged_writes_survive_kills(void **state)
{
    const struct plan *plan = *state;
    struct random random = {plan->seed};
    struct tenond *host = tenond_create();
    struct model *model = model_create();
    struct verified verified = {0};
    unsigned kills = 0;
    uint64_t lost_count = 0;

    (void)printf("seed %llu, in %s\n", (unsigned long long)plan->seed, host->folder);
    tenond_add_plugin(host, PLUGIN_FOLDER "/host_machines.so");
    tenond_start(host);
    add_sites(host, model);
    for (unsigned round = 1; round <= plan->rounds && lost_count == 0; round++) {
        run_load(host, model, &random);
        kills += 1 + start_again(host, &random);
        verify_host(host, model, &verified);
        lost_count += verified.lost_count;
        (void)printf("round %u: %llu machines, %llu changes, %llu lost\n",
                     round,
                     (unsigned long long)verified.record_count,
                     (unsigned long long)verified.change_count,
                     (unsigned long long)verified.lost_count);
    }
    tenond_stop(host);
    (void)printf("%u kills: %llu writes acknowledged, %llu lost\n",
                 kills,
                 (unsigned long long)model->acknowledged_count,
                 (unsigned long long)lost_count);
    assert_true(verified.record_count > 0);
    assert_int_equal(lost_count, 0);
    model_destroy(model);
    tenond_destroy(host);
}

static uint64_t number_argument(const char *text, uint64_t max)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || number > max) {
        (void)fprintf(stderr, "usage: crash_test [ROUNDS [SEED]]\n");
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
    struct plan plan = {.rounds = ROUNDS_USUAL, .seed = (uint64_t)clock_wall_us()};

    if (argc > 1)
        plan.rounds = (unsigned)number_argument(argv[1], ROUNDS_MAX);
    if (argc > 2)
        plan.seed = number_argument(argv[2], UINT64_MAX);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(acknowledged_writes_survive_kills, &plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
