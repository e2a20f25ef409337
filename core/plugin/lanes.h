/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h - threads for what nobody waits for: jobs that run when they are due or woken, each on
 * one thread at a time. What may take long has a lane of its own, so that it holds up its like
 * only. Nothing polls: who waits, waits for the first that is due.
 *
 * The jobs of one plugin hold half of a lane's threads at most, so that those of others find one,
 * and a job gives its thread back now and then (LANE_TURN_US): others that are due go first.
 */
#ifndef CORE_PLUGIN_LANES_H
#define CORE_PLUGIN_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/mem.h"

enum lane {
    LANE_SCOUT, /* looks at what was committed; never runs a plugin */
    LANE_SHORT,
    LANE_LONG,
    LANE_COUNT
};

/* Threads of a lane: as many jobs of it run at once, and of one owner so many. */
#define LANE_THREADS 4u
#define LANE_OWNER_THREADS 2u
/* After so long a job ends its run, between two of the things that it has to do. */
#define LANE_TURN_US ((int64_t)10 * 1000)
/* As when a job wants to run again: only when it is woken. */
#define LANE_NEVER INT64_MAX
/* A thread looks at the clock again after this long, whatever it waits for: wall clocks jump. */
#define LANE_WAIT_MAX_US ((int64_t)60 * 1000000)

struct lanes;

/* Embedded in what it is for, which fills the first three. */
struct job {
    /* Does some of what there is to do and says when there is more, in monotonic time. [lane] */
    int64_t (*run)(struct job *job);
    enum lane lane;
    const void *owner; /* whose threads it takes; NULL: nobody's */
    /* Guarded by lanes->mu. */
    struct lanes *lanes;
    struct job *next_held; /* of those that are due and wait for another one of their owner */
    bool is_held;
    int64_t due_us;
    size_t position; /* in the lane's heap; SIZE_MAX: not there */
    bool is_running;
    bool is_woken; /* while it ran */
};

/* TN_RESOURCE_EXHAUSTED. [loader] */
tn_status lanes_create(struct lanes **ret_lanes);
/* A job that waits to be woken; the first one of a lane starts its threads. It must live until
 * lanes_stop(). TN_RESOURCE_EXHAUSTED. [any] */
tn_status lanes_add(struct lanes *lanes, struct job *job);
/* Runs it as soon as a thread is free, once more if it runs now. Never blocks for long. [any] */
void lanes_wake(struct lanes *lanes, struct job *job);
/* Whether lanes_stop() was called: a job should come to its end. [any] */
bool lanes_are_stopping(const struct lanes *lanes);
/* Waits for the jobs that run, and joins the threads. Accepts NULL. [loader] blocks */
void lanes_stop(struct lanes *lanes);
/* After lanes_stop(). Accepts NULL. */
void lanes_destroy(struct lanes *lanes);

#endif /* CORE_PLUGIN_LANES_H */
