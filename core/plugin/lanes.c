/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.c - a heap of due jobs and a few threads for each lane. */
#include "core/plugin/lanes.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/base/clock.h"

#define NOWHERE SIZE_MAX

struct queue {
    struct lanes *lanes;
    struct job **heap; /* by due_us, the first on top */
    size_t count;
    size_t room; /* for every job of the lane, so that waking one cannot fail */
    size_t job_count;
    struct job *held;                 /* due, but their owners have their threads */
    const void *owners[LANE_THREADS]; /* of the jobs that run */
    size_t running_count;
    pthread_cond_t moved;
    pthread_t threads[LANE_THREADS];
    unsigned thread_count;
};

struct lanes {
    pthread_mutex_t mu;
    struct queue queues[LANE_COUNT]; /* guarded by mu */
    atomic_bool is_stopping;         /* written with mu held; relaxed elsewhere: a hint */
};

/* The heap [mu held] */

static void place(struct queue *queue, struct job *job, size_t position)
{
    queue->heap[position] = job;
    job->position = position;
}

static void rise(struct queue *queue, size_t position)
{
    struct job *job = queue->heap[position];

    while (position > 0 && queue->heap[(position - 1) / 2]->due_us > job->due_us) {
        place(queue, queue->heap[(position - 1) / 2], position);
        position = (position - 1) / 2;
    }
    place(queue, job, position);
}

static void sink(struct queue *queue, size_t position)
{
    struct job *job = queue->heap[position];
    size_t child;

    while ((child = 2 * position + 1) < queue->count) {
        if (child + 1 < queue->count && queue->heap[child + 1]->due_us < queue->heap[child]->due_us)
            child++;
        if (queue->heap[child]->due_us >= job->due_us)
            break;
        place(queue, queue->heap[child], position);
        position = child;
    }
    place(queue, job, position);
}

static void add(struct queue *queue, struct job *job)
{
    assert(queue->count < queue->room);
    place(queue, job, queue->count++);
    rise(queue, job->position);
}

static void take_out(struct queue *queue, struct job *job)
{
    size_t position = job->position;
    struct job *last = queue->heap[--queue->count];

    job->position = NOWHERE;
    if (last == job)
        return;
    place(queue, last, position);
    rise(queue, position);
    sink(queue, last->position);
}

/* Owners [mu held] */

static bool may_run(const struct queue *queue, const struct job *job)
{
    unsigned count = 0;

    for (size_t i = 0; i < queue->running_count; i++)
        count += queue->owners[i] == job->owner;
    return !job->owner || count < LANE_OWNER_THREADS;
}

static void hold(struct queue *queue, struct job *job)
{
    take_out(queue, job);
    job->is_held = true;
    job->next_held = queue->held;
    queue->held = job;
}

/* Those that wait for one of this owner are due again, each as long as it has been. */
static void let_go(struct queue *queue, const void *owner)
{
    struct job **at = &queue->held;

    while (*at) {
        struct job *job = *at;

        if (job->owner != owner) {
            at = &job->next_held;
            continue;
        }
        *at = job->next_held;
        job->is_held = false;
        add(queue, job);
    }
}

static void enter(struct queue *queue, const struct job *job)
{
    queue->owners[queue->running_count++] = job->owner;
}

static void leave(struct queue *queue, const struct job *job)
{
    size_t i = 0;

    while (queue->owners[i] != job->owner)
        i++;
    queue->owners[i] = queue->owners[--queue->running_count];
    let_go(queue, job->owner);
}

/* The threads */

static void wait_until(struct lanes *lanes, struct queue *queue, int64_t until_us)
{
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};

    (void)pthread_cond_timedwait(&queue->moved, &lanes->mu, &until);
}

/* Until some job is due or one is woken. [mu held] */
static void await(struct lanes *lanes, struct queue *queue)
{
    if (queue->count == 0)
        (void)pthread_cond_wait(&queue->moved, &lanes->mu);
    else
        wait_until(lanes, queue, queue->heap[0]->due_us);
}

/* [mu held, let go of meanwhile] */
static void run_first(struct lanes *lanes, struct queue *queue)
{
    struct job *job = queue->heap[0];

    if (!may_run(queue, job)) {
        hold(queue, job);
        return;
    }
    take_out(queue, job);
    enter(queue, job);
    job->is_running = true;
    job->is_woken = false;
    (void)pthread_mutex_unlock(&lanes->mu);
    int64_t due_us = job->run(job);
    (void)pthread_mutex_lock(&lanes->mu);
    job->is_running = false;
    leave(queue, job);
    job->due_us = job->is_woken ? clock_mono_us() : due_us;
    if (job->due_us == LANE_NEVER)
        return;
    add(queue, job);
    (void)pthread_cond_signal(&queue->moved);
}

static void *run(void *arg)
{
    struct queue *queue = arg;
    struct lanes *lanes = queue->lanes;

    (void)pthread_mutex_lock(&lanes->mu);
    while (!atomic_load_explicit(&lanes->is_stopping, memory_order_relaxed)) {
        if (queue->count > 0 && queue->heap[0]->due_us <= clock_mono_us())
            run_first(lanes, queue);
        else
            await(lanes, queue);
    }
    (void)pthread_mutex_unlock(&lanes->mu);
    return NULL;
}

/* Those that start are enough; none is a failure. [mu held] */
static tn_status start_threads(struct queue *queue, enum lane lane)
{
    static const char *const names[LANE_COUNT] = {
        [LANE_SCOUT] = "scout", [LANE_SHORT] = "lane", [LANE_LONG] = "long-lane"};
    unsigned count = lane == LANE_SCOUT ? 1 : LANE_THREADS;

    while (queue->thread_count < count) {
        pthread_t *thread = &queue->threads[queue->thread_count];

        if (pthread_create(thread, NULL, run, queue) != 0)
            break;
        (void)pthread_setname_np(*thread, names[lane]);
        queue->thread_count++;
    }
    return queue->thread_count > 0 ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

/* Outside */

tn_status lanes_create(struct lanes **ret_lanes)
{
    struct lanes *lanes = mem_new(struct lanes);
    pthread_condattr_t monotonic;

    if (!lanes)
        return TN_RESOURCE_EXHAUSTED;
    (void)pthread_mutex_init(&lanes->mu, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        lanes->queues[i].lanes = lanes;
        (void)pthread_cond_init(&lanes->queues[i].moved, &monotonic);
    }
    (void)pthread_condattr_destroy(&monotonic);
    atomic_init(&lanes->is_stopping, false);
    *ret_lanes = lanes;
    return TN_OK;
}

/* [mu held] */
static tn_status reserve(struct queue *queue)
{
    size_t room = queue->room ? queue->room * 2 : 16;
    struct job **heap;

    if (queue->job_count < queue->room)
        return TN_OK;
    heap = mem_resize(queue->heap, room, sizeof(struct job *));
    if (!heap)
        return TN_RESOURCE_EXHAUSTED;
    queue->heap = heap;
    queue->room = room;
    return TN_OK;
}

tn_status lanes_add(struct lanes *lanes, struct job *job)
{
    struct queue *queue = &lanes->queues[job->lane];

    (void)pthread_mutex_lock(&lanes->mu);
    tn_status st = reserve(queue);
    if (st == TN_OK)
        st = start_threads(queue, job->lane);
    if (st == TN_OK) {
        job->lanes = lanes;
        job->due_us = LANE_NEVER;
        job->position = NOWHERE;
        queue->job_count++;
    }
    (void)pthread_mutex_unlock(&lanes->mu);
    return st;
}

void lanes_wake(struct lanes *lanes, struct job *job)
{
    struct queue *queue = &lanes->queues[job->lane];

    (void)pthread_mutex_lock(&lanes->mu);
    if (job->is_running) {
        job->is_woken = true;
    } else if (!job->is_held) {
        int64_t now_us = clock_mono_us();

        if (job->position != NOWHERE && job->due_us > now_us)
            take_out(queue, job);
        if (job->position == NOWHERE) {
            job->due_us = now_us;
            add(queue, job);
            (void)pthread_cond_signal(&queue->moved);
        }
    }
    (void)pthread_mutex_unlock(&lanes->mu);
}

bool lanes_are_stopping(const struct lanes *lanes)
{
    return atomic_load_explicit(&lanes->is_stopping, memory_order_relaxed);
}

void lanes_stop(struct lanes *lanes)
{
    if (!lanes)
        return;
    (void)pthread_mutex_lock(&lanes->mu);
    atomic_store_explicit(&lanes->is_stopping, true, memory_order_relaxed);
    for (unsigned i = 0; i < LANE_COUNT; i++)
        (void)pthread_cond_broadcast(&lanes->queues[i].moved);
    (void)pthread_mutex_unlock(&lanes->mu);
    for (unsigned i = 0; i < LANE_COUNT; i++)
        while (lanes->queues[i].thread_count > 0)
            (void)pthread_join(lanes->queues[i].threads[--lanes->queues[i].thread_count], NULL);
}

void lanes_destroy(struct lanes *lanes)
{
    if (!lanes)
        return;
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        (void)pthread_cond_destroy(&lanes->queues[i].moved);
        mem_free(lanes->queues[i].heap);
    }
    (void)pthread_mutex_destroy(&lanes->mu);
    mem_free(lanes);
}
