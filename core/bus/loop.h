/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - one thread of our own that fires timers and runs posted jobs: what nng's callbacks may
 * not do because it blocks, and what happens at a time.
 */
#ifndef CORE_BUS_LOOP_H
#define CORE_BUS_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/base.h>

#define BUS_NEVER INT64_MAX

/*
 * Embedded in what it times; zeroed at first. `fire` runs on the loop's thread, without its lock,
 * and may arm the timer anew. Whoever frees the owner disarms the timer on that thread, or after
 * the loop's end. Members but `fire` are private.
 */
struct bus_timer {
    int64_t due_us; /* clock_mono_us */
    size_t place;   /* in the heap, from 1; 0: not there */
    bool is_armed;  /* has room in the heap, also while it fires */
    void (*fire)(struct bus_timer *timer);
};

struct bus_job {
    struct bus_job *next;
    void (*run)(struct bus_job *job); /* on the loop's thread; may free the job */
    bool is_posted;
};

struct bus_loop {
    pthread_mutex_t mu;
    pthread_cond_t wake;
    pthread_t thread;
    struct bus_timer **heap; /* guarded by mu, as all below; place 1 is due first */
    size_t count;
    size_t armed_count; /* at most `cap` */
    size_t cap;
    struct bus_job *first;
    struct bus_job *last;
    int64_t sleeps_until_us;
    bool is_stopping;
};

/* Starts the thread. TN_RESOURCE_EXHAUSTED: memory or threads are out. [any] */
tn_status bus_loop_init(struct bus_loop *loop, const char *thread_name);

/* Runs the jobs that are posted, those that they post too, then joins the thread; timers that
 * are still armed do not fire. Not from the loop's thread. blocks */
void bus_loop_fini(struct bus_loop *loop);

/*
 * Sets when `timer` fires; BUS_NEVER keeps it armed without. TN_RESOURCE_EXHAUSTED: memory is out;
 * never for a timer that was armed and not disarmed, whether or not it has fired. [any]
 */
tn_status bus_loop_arm(struct bus_loop *loop, struct bus_timer *timer, int64_t due_us);
/* It will not fire, unless it is about to; on the loop's thread: it will not. [any] */
void bus_loop_disarm(struct bus_loop *loop, struct bus_timer *timer);

/* Runs `job` once, soon; no effect if it waits to run already. [any] */
void bus_loop_post(struct bus_loop *loop, struct bus_job *job);

#endif /* CORE_BUS_LOOP_H */
