/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/plugin/lanes.c: the share that each owner has of a lane. */
#include "core/plugin/lanes.h"

#include <semaphore.h>
#include <stdatomic.h>

#include "tests/unit/check.h"

#define JOB_COUNT (LANE_OWNER_THREADS + 1)

/* Runs once for each post of `leave`, and says when it has begun. */
struct held {
    struct job job; /* first: a job is its held */
    sem_t entered;
    sem_t leave;
    atomic_uint runs;
};

static int64_t run_held(struct job *job)
{
    struct held *held = (struct held *)job;

    (void)atomic_fetch_add(&held->runs, 1);
    (void)sem_post(&held->entered);
    (void)sem_wait(&held->leave);
    return LANE_NEVER;
}

static void add_held(struct lanes *lanes, struct held *held, const void *owner)
{
    held->job = (struct job){.run = run_held, .lane = LANE_SHORT, .owner = owner};
    assert_int_equal(sem_init(&held->entered, 0, 0), 0);
    assert_int_equal(sem_init(&held->leave, 0, 0), 0);
    assert_int_equal(lanes_add(lanes, &held->job), TN_OK);
    lanes_wake(lanes, &held->job);
}

static void await_entry(struct held *held)
{
    assert_int_equal(sem_wait(&held->entered), 0);
}

static void one_owner_leaves_threads_to_others(void **state)
{
    static struct held mine[JOB_COUNT];
    static struct held other;
    static const char me = 0;
    static const char you = 0;
    struct lanes *lanes = NULL;

    (void)state;
    assert_int_equal(lanes_create(&lanes), TN_OK);
    for (size_t i = 0; i < LANE_OWNER_THREADS; i++) {
        add_held(lanes, &mine[i], &me);
        await_entry(&mine[i]);
    }
    add_held(lanes, &mine[JOB_COUNT - 1], &me);
    add_held(lanes, &other, &you);
    await_entry(&other); /* with a job of the first owner still waiting before it */
    lanes_wake(lanes, &mine[JOB_COUNT - 1].job);
    assert_int_equal(atomic_load(&mine[JOB_COUNT - 1].runs), 0);

    (void)sem_post(&mine[0].leave);
    await_entry(&mine[JOB_COUNT - 1]); /* as soon as its owner has a thread */
    for (size_t i = 1; i < JOB_COUNT; i++)
        (void)sem_post(&mine[i].leave);
    (void)sem_post(&other.leave);
    lanes_stop(lanes);
    assert_int_equal(atomic_load(&mine[JOB_COUNT - 1].runs), 1); /* waking it again was too early */
    lanes_destroy(lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_owner_leaves_threads_to_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
