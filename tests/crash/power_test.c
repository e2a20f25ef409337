/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power_test.c - power cuts, simulated: the host is killed while it writes, and what it had not
 * synced is taken back. Started again, it has everything that it acknowledged, and tenon check's
 * walk finds nothing. Then disks that fail, and that are full.
 *
 *     power_test cuts [ROUNDS [SEED]]
 *     power_test lies          a log that is not synced: must be found out
 *     power_test faults [ROUNDS [SEED]]
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/admin/v1/admin.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/crash/fleet.h"
#include "tests/crash/power.h"
#include "tests/crash/sound.h"
#include "tests/unit/check.h"

#define ROUNDS_USUAL 5u
#define ROUNDS_MAX 100000u
/* A cut comes within this time after the first answer, and within that one after a start. */
#define LOAD_US_MAX 400000u
#define START_US_MAX 150000u
/* What a slow disk takes. */
#define SYNC_DELAY_US 2000
/* Then a new store is begun: what is compared grows with every round. */
#define ROUNDS_OF_A_STORE 10u
/* Where no cut took anything so far. */
#define FRUITLESS_MAX 50u
/* The first call on the log that fails comes after at most this many. */
#define FAIL_AFTER_MAX 400u
/* And as many that fail; some of them when the store is opened again. */
#define FAIL_COUNT_MAX 4u

struct plan {
    unsigned rounds;
    uint64_t seed;
};

struct trial {
    struct tenond *host;
    struct power *power;
    struct fleet fleet;
    struct random random;
    struct power_cut cut;
    struct verified verified;
    unsigned cuts;
    struct fleet_counts calls;
    uint64_t lost_count;
};

static void trial_begin(struct trial *trial, const struct plan *plan)
{
    *trial = (struct trial){.random = {plan->seed}};
    trial->host = tenond_create();
    trial->power = power_create(trial->host, POWER_SHIM);
    fleet_init(&trial->fleet);
    (void)printf("seed %llu, in %s\n", (unsigned long long)plan->seed, trial->host->folder);
    tenond_add_plugin(trial->host, PLUGIN_FOLDER "/host_machines.so");
}

static void trial_end(struct trial *trial)
{
    power_destroy(trial->power);
    fleet_fini(&trial->fleet);
    tenond_destroy(trial->host);
}

static void cut(struct trial *trial)
{
    tenond_kill(trial->host);
    power_cut(trial->power, &trial->random, &trial->cut);
    trial->cuts++;
}

/* Cuts in one start of three, perhaps in recovery. */
static void start(struct trial *trial)
{
    power_begin(trial->power);
    while (random_below(&trial->random, 3) == 0) {
        tenond_spawn_usual(trial->host, NULL);
        (void)usleep((useconds_t)random_below(&trial->random, START_US_MAX));
        cut(trial);
        power_begin(trial->power);
    }
    tenond_start(trial->host);
}

static void verify_host(struct trial *trial)
{
    fleet_verify(&trial->fleet, trial->host, &trial->verified);
    trial->lost_count += trial->verified.lost_count;
}

static void run_load_and_cut(struct trial *trial)
{
    fleet_begin_load(&trial->fleet, trial->host, &trial->random);
    fleet_await_answers(&trial->fleet);
    (void)usleep((useconds_t)random_below(&trial->random, LOAD_US_MAX));
    cut(trial);
    fleet_end_load(&trial->fleet);
}

static void print_trial(const struct trial *trial, unsigned round)
{
    (void)printf("round %u: %llu machines, %llu changes, %llu lost; %u cuts so far took %llu bytes "
                 "of %llu files, and %llu entries\n",
                 round,
                 (unsigned long long)trial->verified.record_count,
                 (unsigned long long)trial->verified.change_count,
                 (unsigned long long)trial->verified.lost_count,
                 trial->cuts,
                 (unsigned long long)trial->cut.bytes,
                 (unsigned long long)trial->cut.files,
                 (unsigned long long)trial->cut.entries);
}

/* Adds to `total` what a store of its own, started `rounds` times, has seen. */
static void run_trial(const struct plan *plan, unsigned rounds, struct trial *total)
{
    struct trial trial;

    trial_begin(&trial, plan);
    atomic_store(&power_switches(trial.power)->sync_delay_us, SYNC_DELAY_US);
    start(&trial);
    fleet_prepare(&trial.fleet, trial.host);
    for (unsigned round = 1; round <= rounds && trial.lost_count == 0; round++) {
        run_load_and_cut(&trial);
        must_be_sound(trial.host);
        start(&trial);
        verify_host(&trial);
        print_trial(&trial, round);
    }
    tenond_stop(trial.host);
    must_be_sound(trial.host);
    assert_true(trial.verified.record_count > 0);
    total->cuts += trial.cuts;
    total->cut.files += trial.cut.files;
    total->cut.bytes += trial.cut.bytes;
    total->cut.entries += trial.cut.entries;
    total->lost_count += trial.lost_count;
    fleet_count(&trial.fleet, &total->calls);
    trial_end(&trial);
}

static void acknowledged_writes_survive_power_cuts(void **state)
{
    struct plan plan = *(const struct plan *)*state;
    struct trial total = {.cuts = 0};

    /* Cuts that take nothing show nothing: few rounds may need some more. */
    for (unsigned done = 0; total.lost_count == 0 &&
                            (done < plan.rounds || (total.cut.files == 0 && done < FRUITLESS_MAX));
         done += ROUNDS_OF_A_STORE, plan.seed++) {
        unsigned left = done < plan.rounds ? plan.rounds - done : ROUNDS_OF_A_STORE;

        run_trial(&plan, left < ROUNDS_OF_A_STORE ? left : ROUNDS_OF_A_STORE, &total);
    }
    (void)printf("%u cuts took %llu bytes of %llu files, and %llu entries: %llu writes "
                 "acknowledged, %llu lost; %llu calls refused, %llu repeated\n",
                 total.cuts,
                 (unsigned long long)total.cut.bytes,
                 (unsigned long long)total.cut.files,
                 (unsigned long long)total.cut.entries,
                 (unsigned long long)total.calls.acknowledged,
                 (unsigned long long)total.lost_count,
                 (unsigned long long)total.calls.refused,
                 (unsigned long long)total.calls.repeated);
    assert_true(total.cut.files > 0);
    assert_int_equal(total.lost_count, 0);
}

/* The test of the test: a log that is not synced is found out. */
static void log_that_is_not_synced_is_found_out(void **state)
{
    const struct plan *plan = *state;
    struct trial trial;

    trial_begin(&trial, plan);
    power_begin(trial.power);
    tenond_start(trial.host);
    fleet_prepare(&trial.fleet, trial.host);
    for (unsigned round = 1; round <= plan->rounds && trial.lost_count == 0; round++) {
        atomic_store(&power_switches(trial.power)->log_lies, 1);
        run_load_and_cut(&trial);
        atomic_store(&power_switches(trial.power)->log_lies, 0);
        power_begin(trial.power);
        tenond_start(trial.host);
        verify_host(&trial);
    }
    assert_true(trial.lost_count > 0);
    trial_end(&trial);
}

/* Disks that fail */

static tn_status create_machine(struct tenon_client *client, const char *serial)
{
    struct fields fields = {.count = 0};

    fields_add(&fields, "serial", serial);
    Tenon__Records__V1__CreateRequest request = create_request("machines", &fields);
    return call_status(client, METHOD(records, Records, Create, create), &request.base, NULL);
}

static uint64_t count_machines(struct tenon_client *client)
{
    Tenon__Records__V1__ListRequest request;

    tenon__records__v1__list_request__init(&request);
    request.type = "machines";
    Tenon__Records__V1__ListResponse *response =
        call(client, METHOD(records, Records, List, list), &request.base);
    uint64_t count = response->n_records;
    answer_free(response);
    return count;
}

/* Waits until the switches have failed as many calls: the host tries until one gets through. */
static void await_failures(struct trial *trial, uint64_t count)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;

    while (atomic_load(&power_switches(trial->power)->failed_count) < count) {
        if (clock_mono_us() > until_us)
            fail_msg("no call on the log came to fail");
        (void)usleep(1000);
    }
}

/* Calls on the log fail from the `after`th on, `count` of them. */
static void fail_log(struct trial *trial, enum power_call call_kind, int number, int64_t after,
                     int64_t count)
{
    struct power_switches *switches = power_switches(trial->power);

    atomic_store(&switches->failed_count, 0);
    atomic_store(&switches->fail_errno, number);
    atomic_store(&switches->fail_after, after);
    atomic_store(&switches->fail_count, count);
    atomic_store(&switches->fail_call, call_kind);
}

static void heal_log(struct trial *trial)
{
    atomic_store(&power_switches(trial->power)->fail_call, 0);
}

/* Reading may fail for the moment that the store is being opened in. */
static uint64_t read_count(struct tenon_client *client)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;
    Tenon__Records__V1__ListRequest request;
    void *answer = NULL;
    tn_status st;

    tenon__records__v1__list_request__init(&request);
    request.type = "machines";
    while ((st = call_status(
                client, METHOD(records, Records, List, list), &request.base, &answer)) != TN_OK) {
        assert_int_equal(st, TN_UNAVAILABLE);
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
    const Tenon__Records__V1__ListResponse *response = answer;
    uint64_t count = response->n_records;
    answer_free(answer);
    return count;
}

/* Without a restart. */
static void await_create(struct tenon_client *client, const char *serial, tn_status refusal)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;
    tn_status st;

    while ((st = create_machine(client, serial)) != TN_OK && st != TN_ALREADY_EXISTS) {
        assert_true(st == refusal || st == TN_UNAVAILABLE);
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
}

static bool is_frozen(struct tenon_client *client)
{
    Tenon__Admin__V1__GetStatusRequest request;

    tenon__admin__v1__get_status_request__init(&request);
    Tenon__Admin__V1__GetStatusResponse *response =
        call(client, METHOD(admin, Status, Get, get_status), &request.base);
    bool frozen = response->n_portals > 0 && response->portals[0]->frozen;
    answer_free(response);
    return frozen;
}

/* Until the store was opened again on a disk that is well. */
static void await_thaw(struct trial *trial)
{
    int64_t until_us = clock_mono_us() + TENOND_PATIENCE_US;
    struct tenon_client *client = tenond_connect(trial->host, NULL);

    while (is_frozen(client)) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
    tenon_client_destroy(client);
}

/* Under load, calls on the log fail; the host goes on by itself, with all that it acknowledged. */
static void failed_calls_on_the_log_lose_nothing_acknowledged(void **state)
{
    const struct plan *plan = *state;
    struct trial trial;

    trial_begin(&trial, plan);
    power_begin(trial.power);
    tenond_start(trial.host);
    fleet_prepare(&trial.fleet, trial.host);
    for (unsigned round = 1; round <= plan->rounds; round++) {
        enum power_call kind = random_below(&trial.random, 2) ? POWER_WRITE : POWER_SYNC;
        uint32_t count = 1 + (uint32_t)random_below(&trial.random, FAIL_COUNT_MAX);

        fleet_begin_load(&trial.fleet, trial.host, &trial.random);
        fleet_await_answers(&trial.fleet);
        fail_log(&trial, kind, EIO, (int64_t)random_below(&trial.random, FAIL_AFTER_MAX), count);
        await_failures(&trial, count);
        heal_log(&trial);
        fleet_stop_load(&trial.fleet);
        fleet_end_load(&trial.fleet);
        await_thaw(&trial);
        tenond_await_log(trial.host, "store opened again", round - 1);
        verify_host(&trial);
        print_trial(&trial, round);
        /* What was acknowledged before and after is on the disk, too. */
        cut(&trial);
        must_be_sound(trial.host);
        power_begin(trial.power);
        tenond_start(trial.host);
        verify_host(&trial);
    }
    tenond_stop(trial.host);
    assert_int_equal(trial.lost_count, 0);
    trial_end(&trial);
}

/* As long as the log fails, writes are refused and reads answered; then both go on. */
static void fail_for_a_while(struct trial *trial, enum power_call kind, int number,
                             tn_status refusal)
{
    power_begin(trial->power);
    tenond_start(trial->host);
    struct tenon_client *client = tenond_connect(trial->host, NULL);
    assert_int_equal(create_machine(client, "m-1"), TN_OK);
    fail_log(trial, kind, number, 0, INT32_MAX);
    assert_int_equal(create_machine(client, "m-2"), refusal);
    tenond_await_log(trial->host, "portals stay frozen", 0);
    assert_true(is_frozen(client));
    for (int i = 0; i < 3; i++) {
        tn_status st = create_machine(client, "m-3");

        assert_true(st == refusal || st == TN_UNAVAILABLE);
        assert_in_range(read_count(client), 1, 2); /* m-2 may be there, or not */
    }
    heal_log(trial);
    await_create(client, "m-3", refusal);
    assert_false(is_frozen(client));
    await_create(client, "m-2", refusal);
    assert_int_equal(read_count(client), 3);
    tenon_client_destroy(client);
    tenond_stop(trial->host);
    must_be_sound(trial->host);
}

static void log_that_cannot_be_synced_for_a_while_is_gone_on_with(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    fail_for_a_while(&trial, POWER_SYNC, EIO, TN_UNAVAILABLE);
    trial_end(&trial);
}

/* The file system said that there was room, and then there was none. */
static void log_without_room_for_a_while_is_gone_on_with(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    fail_for_a_while(&trial, POWER_WRITE, ENOSPC, TN_RESOURCE_EXHAUSTED);
    trial_end(&trial);
}

static void full_disk_refuses_writes_until_there_is_room(void **state)
{
    struct trial trial;

    trial_begin(&trial, *state);
    power_begin(trial.power);
    tenond_start(trial.host);
    struct tenon_client *client = tenond_connect(trial.host, NULL);
    assert_int_equal(create_machine(client, "m-1"), TN_OK);
    atomic_store(&power_switches(trial.power)->is_full, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(create_machine(client, "m-2"), TN_RESOURCE_EXHAUSTED);
    assert_int_equal(count_machines(client), 1);
    atomic_store(&power_switches(trial.power)->is_full, 0);
    assert_int_equal(create_machine(client, "m-2"), TN_OK);
    assert_int_equal(count_machines(client), 2);
    tenon_client_destroy(client);
    tenond_stop(trial.host);
    must_be_sound(trial.host);
    trial_end(&trial);
}

static uint64_t number_argument(const char *text, uint64_t max)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || number > max) {
        (void)fprintf(stderr, "usage: power_test cuts|lies|faults [ROUNDS [SEED]]\n");
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
    struct plan plan = {.rounds = ROUNDS_USUAL, .seed = (uint64_t)clock_wall_us()};

    if (argc > 2)
        plan.rounds = (unsigned)number_argument(argv[2], ROUNDS_MAX);
    if (argc > 3)
        plan.seed = number_argument(argv[3], UINT64_MAX);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    const struct CMUnitTest cuts[] = {
        cmocka_unit_test_prestate(acknowledged_writes_survive_power_cuts, &plan),
    };
    const struct CMUnitTest lies[] = {
        cmocka_unit_test_prestate(log_that_is_not_synced_is_found_out, &plan),
    };
    const struct CMUnitTest faults[] = {
        cmocka_unit_test_prestate(failed_calls_on_the_log_lose_nothing_acknowledged, &plan),
        cmocka_unit_test_prestate(log_that_cannot_be_synced_for_a_while_is_gone_on_with, &plan),
        cmocka_unit_test_prestate(log_without_room_for_a_while_is_gone_on_with, &plan),
        cmocka_unit_test_prestate(full_disk_refuses_writes_until_there_is_room, &plan),
    };

    if (argc > 1 && strcmp(argv[1], "lies") == 0)
        return cmocka_run_group_tests(lies, NULL, NULL);
    if (argc > 1 && strcmp(argv[1], "faults") == 0)
        return cmocka_run_group_tests(faults, NULL, NULL);
    return cmocka_run_group_tests(cuts, NULL, NULL);
}
