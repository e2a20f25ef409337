/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - a mutex, a condition and two intrusive queues. */
#include "core/base/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/base/mem.h"

struct queue {
    struct pool_task *head;
    struct pool_task *tail;
};

struct pool {
    pthread_mutex_t mu;
    pthread_cond_t wake;
    struct queue fresh; /* guarded by mu, as all below */
    struct queue again;
    bool is_freshs_turn; /* the last one was of `again`: neither starves the other */
    size_t queued;       /* of both */
    size_t queue_max;
    unsigned idle_count; /* threads that wait, but for those that were woken */
    bool is_stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static void push(struct queue *queue, struct pool_task *first, struct pool_task *last)
{
    last->next = NULL;
    if (queue->tail)
        queue->tail->next = first;
    else
        queue->head = first;
    queue->tail = last;
}

static struct pool_task *pop(struct queue *queue)
{
    struct pool_task *task = queue->head;

    queue->head = task->next;
    if (!queue->head)
        queue->tail = NULL;
    return task;
}

/* One at a time: who is woken wakes the next if there is still work. So a short task does not wake
 * threads that find nothing. Whether one is to be woken, which is no longer idle then. */
static bool claim_idle(struct pool *pool)
{
    if (pool->idle_count == 0 || pool->queued == 0)
        return false;
    pool->idle_count--;
    return true;
}

static void wake_one(struct pool *pool)
{
    if (claim_idle(pool))
        (void)pthread_cond_signal(&pool->wake);
}

/* NULL: there is none. */
static struct pool_task *take(struct pool *pool)
{
    if (pool->queued == 0)
        return NULL;
    bool is_fresh = pool->fresh.head && (pool->is_freshs_turn || !pool->again.head);
    pool->is_freshs_turn = !is_fresh;
    pool->queued--;
    return pop(is_fresh ? &pool->fresh : &pool->again);
}

static void *work(void *arg)
{
    struct pool *pool = arg;

    (void)pthread_mutex_lock(&pool->mu);
    for (;;) {
        while (pool->queued == 0 && !pool->is_stopping) {
            pool->idle_count++;
            (void)pthread_cond_wait(&pool->wake, &pool->mu);
        }
        struct pool_task *task = take(pool);
        if (!task)
            break;
        bool wakes = claim_idle(pool);
        (void)pthread_mutex_unlock(&pool->mu);
        if (wakes) /* it would wait for the lock at once */
            (void)pthread_cond_signal(&pool->wake);
        task->run(task);
        (void)pthread_mutex_lock(&pool->mu);
    }
    (void)pthread_mutex_unlock(&pool->mu);
    return NULL;
}

tn_status pool_create(const char *name, unsigned thread_count, size_t queue_max,
                      struct pool **ret_pool)
{
    struct pool *pool = mem_alloc_zeroed(1, sizeof(*pool) + thread_count * sizeof(pthread_t));

    if (!pool)
        return TN_RESOURCE_EXHAUSTED;
    pool->queue_max = queue_max;
    (void)pthread_mutex_init(&pool->mu, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    for (; pool->thread_count < thread_count; pool->thread_count++) {
        char thread_name[16]; /* the kernel's limit */

        if (pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) != 0) {
            pool_destroy(pool);
            return TN_RESOURCE_EXHAUSTED;
        }
        (void)snprintf(thread_name, sizeof(thread_name), "%.10s-%u", name, pool->thread_count);
        (void)pthread_setname_np(pool->threads[pool->thread_count], thread_name);
    }
    *ret_pool = pool;
    return TN_OK;
}

static tn_status submit(struct pool *pool, struct pool_task *task,
                        void (*run)(struct pool_task *task), bool again)
{
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&pool->mu);
    if (pool->is_stopping && !again) {
        st = TN_UNAVAILABLE;
    } else if (pool->queued >= pool->queue_max && !again) {
        st = TN_RESOURCE_EXHAUSTED;
    } else {
        task->run = run;
        push(again ? &pool->again : &pool->fresh, task, task);
        pool->queued++;
        wake_one(pool);
    }
    (void)pthread_mutex_unlock(&pool->mu);
    return st;
}

tn_status pool_submit(struct pool *pool, struct pool_task *task,
                      void (*run)(struct pool_task *task))
{
    return submit(pool, task, run, false);
}

tn_status pool_submit_list(struct pool *pool, struct pool_task *first, struct pool_task *last,
                           size_t count)
{
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&pool->mu);
    if (pool->is_stopping) {
        st = TN_UNAVAILABLE;
    } else if (count > pool->queue_max || pool->queued > pool->queue_max - count) {
        st = TN_RESOURCE_EXHAUSTED;
    } else {
        push(&pool->fresh, first, last);
        pool->queued += count;
        wake_one(pool);
    }
    (void)pthread_mutex_unlock(&pool->mu);
    return st;
}

tn_status pool_submit_again(struct pool *pool, struct pool_task *task,
                            void (*run)(struct pool_task *task))
{
    return submit(pool, task, run, true);
}

size_t pool_queued(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mu);
    size_t queued = pool->queued;
    (void)pthread_mutex_unlock(&pool->mu);
    return queued;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    (void)pthread_mutex_lock(&pool->mu);
    pool->is_stopping = true;
    (void)pthread_cond_broadcast(&pool->wake);
    (void)pthread_mutex_unlock(&pool->mu);
    for (unsigned i = 0; i < pool->thread_count; i++)
        (void)pthread_join(pool->threads[i], NULL);
    (void)pthread_cond_destroy(&pool->wake);
    (void)pthread_mutex_destroy(&pool->mu);
    mem_free(pool);
}
