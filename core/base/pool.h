/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - worker threads that run tasks in the order they came. */
#ifndef CORE_BASE_POOL_H
#define CORE_BASE_POOL_H

#include <stddef.h>

#include <tenon/base.h>

struct pool;

/* Embedded in what it runs, so that submitting allocates nothing. Members are private. */
struct pool_task {
    struct pool_task *next;
    void (*run)(struct pool_task *task);
};

/*
 * `thread_count` threads named `name`-N; at most `queue_max` tasks wait.
 * TN_RESOURCE_EXHAUSTED: memory or threads are out. [any]
 */
tn_status pool_create(const char *name, unsigned thread_count, size_t queue_max,
                      struct pool **ret_pool);

/* Runs `task->run(task)` once on a worker. TN_RESOURCE_EXHAUSTED: the queue is full;
 * TN_UNAVAILABLE: stopping. The task is not taken then. [any] */
tn_status pool_submit(struct pool *pool, struct pool_task *task,
                      void (*run)(struct pool_task *task));

/*
 * As pool_submit for all tasks of a list (linked by `next`, which the caller fills, as it does
 * `run`), in their order, at the cost of one. All of them are taken, or none. [any]
 */
tn_status pool_submit_list(struct pool *pool, struct pool_task *first, struct pool_task *last,
                           size_t count);

/* As pool_submit, past the bound, and in turns with what was not: for work that was admitted
 * before. [any] */
tn_status pool_submit_again(struct pool *pool, struct pool_task *task,
                            void (*run)(struct pool_task *task));

/* Tasks that wait. [any] */
size_t pool_queued(struct pool *pool);

/* Refuses new tasks, runs the waiting ones, joins the threads. Accepts NULL. blocks */
void pool_destroy(struct pool *pool);

#endif /* CORE_BASE_POOL_H */
