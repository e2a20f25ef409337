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
#include "tests/crash/fleet.h"
#include "tests/crash/sound.h"
#include "tests/unit/check.h"

#define ROUNDS_USUAL 5u
#define ROUNDS_MAX 100000u
/* A kill comes within this time after the first answers, and within that one after a start. */
#define LOAD_US_MAX 600000u
#define START_US_MAX 150000u
/* Then a new store is begun: what is compared grows with every round, and young ones differ. */
#define ROUNDS_OF_A_STORE 10u

struct plan {
    unsigned rounds;
    uint64_t seed;
};

struct totals {
    unsigned kills;
    uint64_t lost_count;
    uint64_t change_count;
    struct fleet_counts calls;
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

static void run_load(struct tenond *host, struct fleet *fleet, struct random *random)
{
    fleet_begin_load(fleet, host, random);
    fleet_await_answers(fleet);
    (void)usleep((useconds_t)random_below(random, LOAD_US_MAX));
    tenond_kill(host);
    must_be_sound(host);
    fleet_end_load(fleet);
}

/* Adds to `totals` what a store of its own sees in `rounds` rounds. */
static void run_store(unsigned rounds, struct random *random, struct totals *totals)
{
    struct tenond *host = tenond_create();
    struct verified verified = {0};
    struct fleet fleet;

    (void)printf("seed %llu, in %s\n", (unsigned long long)random->state, host->folder);
    fleet_init(&fleet);
    tenond_add_plugin(host, PLUGIN_FOLDER "/host_machines.so");
    totals->kills += start_again(host, random);
    fleet_prepare(&fleet, host);
    for (unsigned round = 1; round <= rounds && totals->lost_count == 0; round++) {
        run_load(host, &fleet, random);
        totals->kills += 1 + start_again(host, random);
        fleet_verify(&fleet, host, &verified);
        totals->lost_count += verified.lost_count;
        (void)printf("round %u: %llu machines, %llu changes, %llu lost\n",
                     round,
                     (unsigned long long)verified.record_count,
                     (unsigned long long)verified.change_count,
                     (unsigned long long)verified.lost_count);
    }
    tenond_stop(host);
    must_be_sound(host);
    assert_true(verified.record_count > 0);
    totals->change_count += verified.change_count;
    fleet_count(&fleet, &totals->calls);
    fleet_fini(&fleet);
    tenond_destroy(host);
}

static void acknowledged_writes_survive_kills(void **state)
{
    const struct plan *plan = *state;
    struct random random = {plan->seed};
    struct totals totals = {.kills = 0};

    for (unsigned done = 0; done < plan->rounds && totals.lost_count == 0;
         done += ROUNDS_OF_A_STORE) {
        unsigned left = plan->rounds - done;

        run_store(left < ROUNDS_OF_A_STORE ? left : ROUNDS_OF_A_STORE, &random, &totals);
    }
    (void)printf("%u kills: %llu writes acknowledged, %llu lost; %llu changes, %llu calls refused, "
                 "%llu repeated\n",
                 totals.kills,
                 (unsigned long long)totals.calls.acknowledged,
                 (unsigned long long)totals.lost_count,
                 (unsigned long long)totals.change_count,
                 (unsigned long long)totals.calls.refused,
                 (unsigned long long)totals.calls.repeated);
    assert_int_equal(totals.lost_count, 0);
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
