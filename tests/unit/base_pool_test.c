/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/pool.c. */
#include "core/base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

#define TASK_COUNT 1000

struct counted {
    struct pool_task task; /* first: a task is its counter */
    atomic_uint *runs;
    unsigned order;
};

static void count_run(struct pool_task *task)
{
    struct counted *counted = (struct counted *)task;

    counted->order = atomic_fetch_add_explicit(counted->runs, 1, memory_order_relaxed);
}

static struct pool *pool_of(unsigned thread_count, size_t queue_max)
{
    struct pool *pool = NULL;

    assert_int_equal(pool_create("test", thread_count, queue_max, &pool), TN_OK);
    return pool;
}

static void destroy_runs_every_waiting_task_once(void **state)
{
    static struct counted tasks[TASK_COUNT];
    atomic_uint runs = 0;
    struct pool *pool = pool_of(3, TASK_COUNT);

    (void)state;
    for (size_t i = 0; i < TASK_COUNT; i++) {
        tasks[i].runs = &runs;
        assert_int_equal(pool_submit(pool, &tasks[i].task, count_run), TN_OK);
    }
    pool_destroy(pool);
    assert_int_equal(runs, TASK_COUNT);
}

/* Holds a worker until it is let go. */
struct gate {
    struct pool_task task;
    sem_t entered;
    sem_t leave;
    atomic_uint left;
};

static void wait_at_gate(struct pool_task *task)
{
    struct gate *gate = (struct gate *)task;

    (void)sem_post(&gate->entered);
    (void)sem_wait(&gate->leave);
    atomic_store(&gate->left, 1);
}

static void gate_close(struct gate *gate, struct pool *pool)
{
    assert_int_equal(sem_init(&gate->entered, 0, 0), 0);
    assert_int_equal(sem_init(&gate->leave, 0, 0), 0);
    assert_int_equal(pool_submit(pool, &gate->task, wait_at_gate), TN_OK);
    assert_int_equal(sem_wait(&gate->entered), 0);
}

static void gate_open(struct gate *gate)
{
    (void)sem_post(&gate->leave);
}

static void tasks_run_in_order_and_admitted_ones_first(void **state)
{
    atomic_uint runs = 0;
    struct counted tasks[4] = {{.runs = &runs}, {.runs = &runs}, {.runs = &runs}, {.runs = &runs}};
    struct pool *pool = pool_of(1, 3);
    struct gate gate = {0};

    (void)state;
    gate_close(&gate, pool);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pool_submit(pool, &tasks[i].task, count_run), TN_OK);
    assert_int_equal(pool_submit_again(pool, &tasks[3].task, count_run), TN_OK);
    gate_open(&gate);
    pool_destroy(pool);
    assert_int_equal(tasks[3].order, 0); /* past the bound, and in front */
    assert_int_equal(tasks[0].order, 1);
    assert_int_equal(tasks[1].order, 2);
    assert_int_equal(tasks[2].order, 3);
}

static void admitted_and_new_tasks_take_turns_each_in_order(void **state)
{
    atomic_uint runs = 0;
    struct counted admitted[3] = {{.runs = &runs}, {.runs = &runs}, {.runs = &runs}};
    struct counted fresh[2] = {{.runs = &runs}, {.runs = &runs}};
    struct pool *pool = pool_of(1, 5);
    struct gate gate = {0};

    (void)state;
    gate_close(&gate, pool);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pool_submit_again(pool, &admitted[i].task, count_run), TN_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pool_submit(pool, &fresh[i].task, count_run), TN_OK);
    gate_open(&gate);
    pool_destroy(pool);
    assert_int_equal(admitted[0].order, 0);
    assert_int_equal(fresh[0].order, 1);
    assert_int_equal(admitted[1].order, 2);
    assert_int_equal(fresh[1].order, 3);
    assert_int_equal(admitted[2].order, 4);
}

static void a_task_admitted_to_an_empty_queue_is_its_end(void **state)
{
    atomic_uint runs = 0;
    struct counted tasks[2] = {{.runs = &runs}, {.runs = &runs}};
    struct pool *pool = pool_of(1, 3);
    struct gate gate = {0};

    (void)state;
    gate_close(&gate, pool);
    assert_int_equal(pool_submit_again(pool, &tasks[0].task, count_run), TN_OK);
    assert_int_equal(pool_submit(pool, &tasks[1].task, count_run), TN_OK);
    gate_open(&gate);
    pool_destroy(pool);
    assert_int_equal(runs, 2);
    assert_int_equal(tasks[1].order, 1);
}

static void a_full_queue_refuses_and_does_not_run(void **state)
{
    atomic_uint runs = 0;
    struct counted tasks[3] = {{.runs = &runs}, {.runs = &runs}, {.runs = &runs}};
    struct pool *pool = pool_of(1, 2);
    struct gate gate = {0};

    (void)state;
    gate_close(&gate, pool);
    assert_int_equal(pool_submit(pool, &tasks[0].task, count_run), TN_OK);
    assert_int_equal(pool_submit(pool, &tasks[1].task, count_run), TN_OK);
    assert_int_equal(pool_submit(pool, &tasks[2].task, count_run), TN_RESOURCE_EXHAUSTED);
    gate_open(&gate);
    pool_destroy(pool);
    assert_int_equal(runs, 2);
}

/* Submits from a worker while the pool stops. */
struct late {
    struct pool_task task;
    struct pool *pool;
    struct counted refused;
    struct counted admitted;
    tn_status submitted;
    tn_status submitted_again;
    sem_t entered;
};

static void submit_late(struct pool_task *task)
{
    struct late *late = (struct late *)task;

    (void)sem_post(&late->entered);
    /* Until pool_destroy has begun, tasks are taken: each runs before the next is offered. */
    do {
        late->submitted = pool_submit(late->pool, &late->refused.task, count_run);
        while (late->submitted == TN_OK && atomic_load(late->refused.runs) == 0)
            (void)sched_yield();
        atomic_store(late->refused.runs, 0);
    } while (late->submitted == TN_OK);
    late->submitted_again = pool_submit_again(late->pool, &late->admitted.task, count_run);
}

static void a_stopping_pool_finishes_what_was_admitted(void **state)
{
    atomic_uint refused = 0;
    atomic_uint admitted = 0;
    struct late late = {.refused.runs = &refused, .admitted.runs = &admitted};

    (void)state;
    late.pool = pool_of(2, 4);
    assert_int_equal(sem_init(&late.entered, 0, 0), 0);
    assert_int_equal(pool_submit(late.pool, &late.task, submit_late), TN_OK);
    assert_int_equal(sem_wait(&late.entered), 0);
    pool_destroy(late.pool);
    assert_int_equal(late.submitted, TN_UNAVAILABLE);
    assert_int_equal(late.submitted_again, TN_OK);
    assert_int_equal(admitted, 1);
}

static void failed_allocation_gives_no_pool(void **state)
{
    struct pool *pool = NULL;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(pool_create("test", 2, 4, &pool), TN_RESOURCE_EXHAUSTED);
    mem_fail_never();
    assert_null(pool);
    pool_destroy(NULL);
}

/* Owners */

static void submit_of(struct pool *pool, struct counted *counted, uint32_t portal, uint32_t plugin)
{
    counted->task.portal = portal;
    counted->task.plugin = plugin;
    assert_int_equal(pool_submit(pool, &counted->task, count_run), TN_OK);
}

static void gates_open(struct gate *gates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gate_open(&gates[i]);
}

static void gates_close(struct gate *gates, size_t count, struct pool *pool, uint32_t portal,
                        uint32_t plugin)
{
    for (size_t i = 0; i < count; i++) {
        gates[i].task.portal = portal;
        gates[i].task.plugin = plugin;
        gate_close(&gates[i], pool);
    }
}

/* Runs at once, whoever holds the other threads: the test hangs otherwise. */
static void must_run(struct pool *pool, uint32_t portal, uint32_t plugin)
{
    struct gate passed = {0};

    gates_close(&passed, 1, pool, portal, plugin);
    gate_open(&passed);
    while (atomic_load(&passed.left) == 0)
        (void)sched_yield();
}

static void a_portal_holds_half_of_the_threads_and_others_run(void **state)
{
    atomic_uint runs = 0;
    struct counted waiting = {.runs = &runs};
    struct pool *pool = pool_of(8, 100);
    struct gate gates[4] = {0};

    (void)state;
    assert_int_equal(pool_portal_max(8), 4);
    for (uint32_t i = 0; i < 4; i++) /* by several plugins, which bound it no further */
        gates_close(&gates[i], 1, pool, 1, i % 2);
    submit_of(pool, &waiting, 1, 0);
    must_run(pool, 2, 0);
    must_run(pool, 2, 1);
    must_run(pool, 0, 0);
    assert_int_equal(pool_queued(pool), 1); /* with four threads idle */
    gates_open(gates, 4);
    pool_destroy(pool);
    assert_int_equal(runs, 1);
}

static void a_plugin_leaves_its_portals_a_thread(void **state)
{
    atomic_uint runs = 0;
    struct counted waiting[2] = {{.runs = &runs}, {.runs = &runs}};
    struct pool *pool = pool_of(8, 100);
    struct gate gates[3] = {0};

    (void)state;
    assert_int_equal(pool_plugin_max(8), 3);
    gates_close(gates, 3, pool, 1, 7);
    submit_of(pool, &waiting[0], 1, 7);
    submit_of(pool, &waiting[1], 2, 7); /* in any portal */
    must_run(pool, 1, 8);
    must_run(pool, 1, 0);
    assert_int_equal(pool_queued(pool), 2);
    gates_open(gates, 3);
    pool_destroy(pool);
    assert_int_equal(runs, 2);
}

static void owners_take_turns_whoever_has_more(void **state)
{
    atomic_uint runs = 0;
    struct counted many[3] = {{.runs = &runs}, {.runs = &runs}, {.runs = &runs}};
    struct counted few = {.runs = &runs};
    struct pool *pool = pool_of(1, 10);
    struct gate gate = {0};

    (void)state;
    gate_close(&gate, pool);
    for (size_t i = 0; i < 3; i++)
        submit_of(pool, &many[i], 1, 0);
    submit_of(pool, &few, 2, 0);
    gate_open(&gate);
    pool_destroy(pool);
    assert_int_equal(many[0].order, 0);
    assert_int_equal(few.order, 1);
    assert_int_equal(many[1].order, 2);
    assert_int_equal(many[2].order, 3);
}

static void an_owner_fills_half_of_the_queue(void **state)
{
    atomic_uint runs = 0;
    struct counted tasks[4] = {{.runs = &runs}, {.runs = &runs}, {.runs = &runs}, {.runs = &runs}};
    struct pool *pool = pool_of(1, 4);
    struct gate gate = {0};

    (void)state;
    gate_close(&gate, pool);
    for (size_t i = 0; i < 2; i++)
        submit_of(pool, &tasks[i], 1, 0);
    tasks[2].task.portal = 1;
    assert_int_equal(pool_submit(pool, &tasks[2].task, count_run), TN_RESOURCE_EXHAUSTED);
    submit_of(pool, &tasks[3], 2, 0);
    assert_int_equal(pool_submit_again(pool, &tasks[2].task, count_run), TN_OK);
    gate_open(&gate);
    pool_destroy(pool);
    assert_int_equal(runs, 4);
}

static void a_list_is_taken_up_to_what_finds_no_room(void **state)
{
    atomic_uint runs = 0;
    struct counted tasks[4] = {{.runs = &runs}, {.runs = &runs}, {.runs = &runs}, {.runs = &runs}};
    struct pool *pool = pool_of(1, 4);
    struct gate gate = {0};
    tn_status st = TN_OK;

    (void)state;
    gate_close(&gate, pool);
    for (size_t i = 0; i < 4; i++) {
        tasks[i].task.portal = i < 3 ? 1 : 2;
        tasks[i].task.run = count_run;
        tasks[i].task.next = i < 3 ? &tasks[i + 1].task : NULL;
    }
    assert_ptr_equal(pool_submit_list(pool, &tasks[0].task, &st), &tasks[2].task);
    assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    assert_ptr_equal(tasks[2].task.next, &tasks[3].task);
    assert_null(pool_submit_list(pool, &tasks[3].task, &st));
    assert_int_equal(st, TN_OK);
    gate_open(&gate);
    pool_destroy(pool);
    assert_int_equal(runs, 3);
}

static void without_memory_a_task_is_nobodys_and_runs(void **state)
{
    for (unsigned nth = 1; nth < 8; nth++) {
        atomic_uint runs = 0;
        struct counted task = {.runs = &runs};
        struct pool *pool = pool_of(1, 10);

        (void)state;
        mem_fail_at(nth);
        submit_of(pool, &task, 1, 2);
        mem_fail_never();
        pool_destroy(pool);
        assert_int_equal(runs, 1);
    }
}

struct named {
    struct pool_task task;
    char name[16];
};

static void take_name(struct pool_task *task)
{
    struct named *named = (struct named *)task;

    (void)pthread_getname_np(pthread_self(), named->name, sizeof(named->name));
}

static void threads_carry_the_name_of_the_pool(void **state)
{
    struct named named = {0};
    struct pool *pool = pool_of(1, 1);

    (void)state;
    assert_int_equal(pool_submit(pool, &named.task, take_name), TN_OK);
    pool_destroy(pool);
    assert_string_equal(named.name, "test-0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destroy_runs_every_waiting_task_once),
        cmocka_unit_test(tasks_run_in_order_and_admitted_ones_first),
        cmocka_unit_test(admitted_and_new_tasks_take_turns_each_in_order),
        cmocka_unit_test(a_task_admitted_to_an_empty_queue_is_its_end),
        cmocka_unit_test(a_full_queue_refuses_and_does_not_run),
        cmocka_unit_test(a_stopping_pool_finishes_what_was_admitted),
        cmocka_unit_test(failed_allocation_gives_no_pool),
        cmocka_unit_test(a_portal_holds_half_of_the_threads_and_others_run),
        cmocka_unit_test(a_plugin_leaves_its_portals_a_thread),
        cmocka_unit_test(owners_take_turns_whoever_has_more),
        cmocka_unit_test(an_owner_fills_half_of_the_queue),
        cmocka_unit_test(a_list_is_taken_up_to_what_finds_no_room),
        cmocka_unit_test(without_memory_a_task_is_nobodys_and_runs),
        cmocka_unit_test(threads_carry_the_name_of_the_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
