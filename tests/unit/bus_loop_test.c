/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus/loop.c. */
#include "core/bus/loop.h"

#include <stdatomic.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/unit/check.h"

#define COUNT 500
#define PATIENCE_US ((int64_t)20 * 1000000)

struct probe {
    struct bus_timer timer;
    struct bus_job job;
    _Atomic int *fired;
    int order; /* of firing, from 1 */
    bool was_early;
};

static void fire(struct bus_timer *timer)
{
    struct probe *probe = (struct probe *)(void *)timer;

    probe->was_early = clock_mono_us() < timer->due_us;
    probe->order = atomic_fetch_add(probe->fired, 1) + 1;
}

static void run_job(struct bus_job *job)
{
    struct probe *probe = (struct probe *)(void *)((char *)job - offsetof(struct probe, job));

    (void)atomic_fetch_add(probe->fired, 1);
}

static void wait_for(const _Atomic int *value, int least)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (atomic_load(value) < least) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(500);
    }
}

static void timers_fire_in_order_and_never_early(void **state)
{
    static struct probe probes[COUNT];
    _Atomic int fired = 0;
    struct bus_loop loop;
    int64_t base_us = clock_mono_us() + 20000;

    (void)state;
    assert_int_equal(bus_loop_init(&loop, "test"), TN_OK);
    for (int i = 0; i < COUNT; i++) {
        probes[i] = (struct probe){.timer = {.fire = fire}, .fired = &fired};
        /* A shuffle: 211 has no factor in common with COUNT. */
        assert_int_equal(
            bus_loop_arm(&loop, &probes[i].timer, base_us + (int64_t)(i * 211 % COUNT) * 50),
            TN_OK);
    }
    wait_for(&fired, COUNT);
    bus_loop_fini(&loop);
    for (int i = 0; i < COUNT; i++) {
        assert_false(probes[i].was_early);
        assert_int_equal(probes[i].order, i * 211 % COUNT + 1);
    }
}

static void disarmed_and_postponed_timers_do_not_fire(void **state)
{
    struct probe probes[3];
    _Atomic int fired = 0;
    _Atomic int last = 0;
    struct bus_loop loop;
    int64_t soon_us = clock_mono_us() + 30000;

    (void)state;
    assert_int_equal(bus_loop_init(&loop, "test"), TN_OK);
    for (int i = 0; i < 3; i++) {
        probes[i] = (struct probe){.timer = {.fire = fire}, .fired = i == 2 ? &last : &fired};
        assert_int_equal(bus_loop_arm(&loop, &probes[i].timer, soon_us + i), TN_OK);
    }
    bus_loop_disarm(&loop, &probes[0].timer);
    assert_int_equal(bus_loop_arm(&loop, &probes[1].timer, BUS_NEVER), TN_OK);
    wait_for(&last, 1); /* it was due after them */
    assert_int_equal(atomic_load(&fired), 0);
    bus_loop_fini(&loop);
}

static void timer_brought_forward_wakes_the_loop(void **state)
{
    struct probe probe = {.timer = {.fire = fire}};
    _Atomic int fired = 0;
    struct bus_loop loop;

    (void)state;
    probe.fired = &fired;
    assert_int_equal(bus_loop_init(&loop, "test"), TN_OK);
    assert_int_equal(bus_loop_arm(&loop, &probe.timer, BUS_NEVER), TN_OK);
    assert_int_equal(bus_loop_arm(&loop, &probe.timer, clock_mono_us() + 1000), TN_OK);
    wait_for(&fired, 1);
    bus_loop_fini(&loop);
}

static void jobs_posted_before_the_end_still_run(void **state)
{
    struct probe probe = {.job = {.run = run_job}};
    _Atomic int fired = 0;
    struct bus_loop loop;

    (void)state;
    probe.fired = &fired;
    assert_int_equal(bus_loop_init(&loop, "test"), TN_OK);
    bus_loop_post(&loop, &probe.job);
    bus_loop_fini(&loop);
    assert_int_equal(atomic_load(&fired), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order_and_never_early),
        cmocka_unit_test(disarmed_and_postponed_timers_do_not_fire),
        cmocka_unit_test(timer_brought_forward_wakes_the_loop),
        cmocka_unit_test(jobs_posted_before_the_end_still_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
