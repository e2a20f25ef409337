/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - a binary heap of timers and a list of jobs under one lock. */
#include "core/bus/loop.h"

#include <time.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#define HEAP_CAP_MIN ((size_t)64)

static void put_at(struct bus_loop *loop, size_t place, struct bus_timer *timer)
{
    loop->heap[place - 1] = timer;
    timer->place = place;
}

static struct bus_timer *at(const struct bus_loop *loop, size_t place)
{
    return loop->heap[place - 1];
}

/* Moves `timer`, whose place is free to be written, to where it belongs. */
static void settle(struct bus_loop *loop, struct bus_timer *timer, size_t place)
{
    while (place > 1 && at(loop, place / 2)->due_us > timer->due_us) {
        put_at(loop, place, at(loop, place / 2));
        place /= 2;
    }
    for (size_t child = place * 2; child <= loop->count; child = place * 2) {
        if (child < loop->count && at(loop, child + 1)->due_us < at(loop, child)->due_us)
            child++;
        if (at(loop, child)->due_us >= timer->due_us)
            break;
        put_at(loop, place, at(loop, child));
        place = child;
    }
    put_at(loop, place, timer);
}

static void take_out(struct bus_loop *loop, struct bus_timer *timer)
{
    size_t place = timer->place;
    struct bus_timer *last = at(loop, loop->count);

    timer->place = 0;
    loop->count--;
    if (last != timer)
        settle(loop, last, place);
}

/* Called with the lock held, which is let go while something of the owner's runs. */
static bool fire_one(struct bus_loop *loop)
{
    if (loop->count == 0 || at(loop, 1)->due_us > clock_mono_us())
        return false;
    struct bus_timer *timer = at(loop, 1);
    take_out(loop, timer);
    (void)pthread_mutex_unlock(&loop->mu);
    timer->fire(timer);
    (void)pthread_mutex_lock(&loop->mu);
    return true;
}

static bool run_one(struct bus_loop *loop)
{
    struct bus_job *job = loop->first;

    if (!job)
        return false;
    loop->first = job->next;
    if (!loop->first)
        loop->last = NULL;
    job->is_posted = false;
    (void)pthread_mutex_unlock(&loop->mu);
    job->run(job);
    (void)pthread_mutex_lock(&loop->mu);
    return true;
}

static void sleep_until_due(struct bus_loop *loop)
{
    int64_t due_us = loop->count ? at(loop, 1)->due_us : BUS_NEVER;

    loop->sleeps_until_us = due_us;
    if (due_us == BUS_NEVER) {
        (void)pthread_cond_wait(&loop->wake, &loop->mu);
    } else {
        struct timespec until = {
            .tv_sec = due_us / 1000000,
            .tv_nsec = due_us % 1000000 * 1000,
        };
        (void)pthread_cond_timedwait(&loop->wake, &loop->mu, &until);
    }
    loop->sleeps_until_us = 0;
}

static void *run(void *arg)
{
    struct bus_loop *loop = arg;

    (void)pthread_mutex_lock(&loop->mu);
    for (;;) {
        bool did_job = run_one(loop);
        bool did_timer = !loop->is_stopping && fire_one(loop);

        if (did_job || did_timer)
            continue;
        if (loop->is_stopping)
            break;
        sleep_until_due(loop);
    }
    (void)pthread_mutex_unlock(&loop->mu);
    return NULL;
}

tn_status bus_loop_init(struct bus_loop *loop, const char *thread_name)
{
    pthread_condattr_t monotonic;

    *loop = (struct bus_loop){0};
    (void)pthread_mutex_init(&loop->mu, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&loop->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&loop->thread, NULL, run, loop) != 0) {
        (void)pthread_cond_destroy(&loop->wake);
        (void)pthread_mutex_destroy(&loop->mu);
        return TN_RESOURCE_EXHAUSTED;
    }
    (void)pthread_setname_np(loop->thread, thread_name);
    return TN_OK;
}

void bus_loop_fini(struct bus_loop *loop)
{
    (void)pthread_mutex_lock(&loop->mu);
    loop->is_stopping = true;
    (void)pthread_cond_signal(&loop->wake);
    (void)pthread_mutex_unlock(&loop->mu);
    (void)pthread_join(loop->thread, NULL);
    (void)pthread_cond_destroy(&loop->wake);
    (void)pthread_mutex_destroy(&loop->mu);
    mem_free(loop->heap);
}

/* Room in the heap for `timer`, which keeps it until it is disarmed. */
static tn_status reserve(struct bus_loop *loop, struct bus_timer *timer)
{
    if (timer->is_armed)
        return TN_OK;
    if (loop->armed_count == loop->cap) {
        size_t cap = loop->cap ? loop->cap * 2 : HEAP_CAP_MIN;
        struct bus_timer **heap = mem_resize(loop->heap, cap, sizeof(struct bus_timer *));

        if (!heap)
            return TN_RESOURCE_EXHAUSTED;
        loop->heap = heap;
        loop->cap = cap;
    }
    loop->armed_count++;
    timer->is_armed = true;
    return TN_OK;
}

tn_status bus_loop_arm(struct bus_loop *loop, struct bus_timer *timer, int64_t due_us)
{
    (void)pthread_mutex_lock(&loop->mu);
    tn_status st = reserve(loop, timer);
    if (st == TN_OK) {
        timer->due_us = due_us;
        settle(loop, timer, timer->place ? timer->place : ++loop->count);
        if (due_us < loop->sleeps_until_us)
            (void)pthread_cond_signal(&loop->wake);
    }
    (void)pthread_mutex_unlock(&loop->mu);
    return st;
}

void bus_loop_disarm(struct bus_loop *loop, struct bus_timer *timer)
{
    (void)pthread_mutex_lock(&loop->mu);
    if (timer->place != 0)
        take_out(loop, timer);
    loop->armed_count -= timer->is_armed;
    timer->is_armed = false;
    (void)pthread_mutex_unlock(&loop->mu);
}

void bus_loop_post(struct bus_loop *loop, struct bus_job *job)
{
    (void)pthread_mutex_lock(&loop->mu);
    if (!job->is_posted) {
        job->is_posted = true;
        job->next = NULL;
        if (loop->last)
            loop->last->next = job;
        else
            loop->first = job;
        loop->last = job;
        (void)pthread_cond_signal(&loop->wake);
    }
    (void)pthread_mutex_unlock(&loop->mu);
}
