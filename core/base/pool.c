/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - a mutex, a condition and an intrusive queue. */
#include "core/base/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/base/mem.h"

struct pool {
    pthread_mutex_t mu;
    pthread_cond_t wake;
    struct pool_task *head; /* guarded by mu, as all below */
    struct pool_task *tail;
    size_t queued;
    size_t queue_max;
    bool is_stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static void *work(void *arg)
{
    struct pool *pool = arg;

    (void)pthread_mutex_lock(&pool->mu);
    for (;;) {
        while (!pool->head && !pool->is_stopping)
            (void)pthread_cond_wait(&pool->wake, &pool->mu);
        struct pool_task *task = pool->head;
        if (!task)
            break;
        pool->head = task->next;
        if (!pool->head)
            pool->tail = NULL;
        pool->queued--;
        (void)pthread_mutex_unlock(&pool->mu);
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
        task->next = again ? pool->head : NULL;
        if (again)
            pool->head = task;
        else if (pool->tail)
            pool->tail->next = task;
        else
            pool->head = task;
        if (!again || !pool->tail)
            pool->tail = task;
        pool->queued++;
        (void)pthread_cond_signal(&pool->wake);
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
        last->next = NULL;
        if (pool->tail)
            pool->tail->next = first;
        else
            pool->head = first;
        pool->tail = last;
        pool->queued += count;
        for (size_t i = 0; i < count && i < pool->thread_count; i++)
            (void)pthread_cond_signal(&pool->wake);
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
