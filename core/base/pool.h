/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - worker threads that run tasks in turns of those they are for, each one's in the order
 * they came.
 *
 * A task is of a portal and of a plugin. No portal ever holds more than half of the threads, and no
 * plugin more than half less one: however long the tasks of one take, those of the others find a
 * thread. Nor may it fill more than half of the queue. What is of nobody (0) is not bounded.
 */
#ifndef CORE_BASE_POOL_H
#define CORE_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/base.h>

struct pool;
struct pool_flow;

/* Embedded in what it runs, so that submitting allocates nothing; zero at first. Members but the
 * owners, which are set before it is submitted, are private. */
struct pool_task {
    struct pool_task *next;
    void (*run)(struct pool_task *task);
    struct pool_flow *flow;
    uint32_t portal; /* whose it is; 0: nobody's, as the next */
    uint32_t plugin;
};

/*
 * `thread_count` threads named `name`-N; at most `queue_max` tasks wait.
 * TN_RESOURCE_EXHAUSTED: memory or threads are out. [any]
 */
tn_status pool_create(const char *name, unsigned thread_count, size_t queue_max,
                      struct pool **ret_pool);

/* Runs `task->run(task)` once on a worker. TN_RESOURCE_EXHAUSTED: the queue is full, or its owner's
 * half of it; TN_UNAVAILABLE: stopping. The task is not taken then. [any] */
tn_status pool_submit(struct pool *pool, struct pool_task *task,
                      void (*run)(struct pool_task *task));

/*
 * As pool_submit for all tasks of a list (linked by `next`, which the caller fills, as it does
 * `run`), in their order, at the cost of one. NULL: all were taken; else the first that was not,
 * and those behind it, which are the caller's again, with the reason in `*ret_status`. [any]
 */
struct pool_task *pool_submit_list(struct pool *pool, struct pool_task *first,
                                   tn_status *ret_status);

/* As pool_submit, past the bound, and in turns with what was not: for work that was admitted
 * before. [any] */
tn_status pool_submit_again(struct pool *pool, struct pool_task *task,
                            void (*run)(struct pool_task *task));

/* The number of a plugin with that id ("": 0, nobody's). Two ids in some thousand million have the
 * same, and share. [any] */
uint32_t pool_plugin_number(struct tn_str id);

/* A thread, of the pool or not, is about to run code of a plugin that its task is not of: false: as
 * many as may do so already. [any] */
bool pool_enter(struct pool *pool, uint32_t plugin);
void pool_leave(struct pool *pool, uint32_t plugin);

/* Threads that one portal, or one plugin, may hold at once in a pool of so many. */
unsigned pool_portal_max(unsigned thread_count);
unsigned pool_plugin_max(unsigned thread_count);

/* Tasks that wait. [any] */
size_t pool_queued(struct pool *pool);

/* Refuses new tasks, runs the waiting ones, joins the threads. Accepts NULL. blocks */
void pool_destroy(struct pool *pool);

#endif /* CORE_BASE_POOL_H */
