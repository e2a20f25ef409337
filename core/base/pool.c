/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - a mutex, a condition and a ring of flows: the tasks of one portal and plugin. */
#include "core/base/pool.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/base/map.h"
#include "core/base/mem.h"

struct queue {
    struct pool_task *head;
    struct pool_task *tail;
};

/* A portal or a plugin, and what it holds of the pool. */
struct owner {
    uint64_t id; /* the map's key */
    unsigned running;
    unsigned running_max;
    size_t queued;
    size_t queued_max; /* of those that may be refused */
};

/* The tasks of one portal by one plugin. Made with the first of them, and stays: there are at most
 * as many as portals times plugins. */
struct pool_flow {
    uint64_t id; /* the map's key: portal, plugin */
    struct owner *portal;
    struct owner *plugin;
    struct queue fresh;
    struct queue again;
    bool is_freshs_turn;    /* the last one was of `again`: neither starves the other */
    struct pool_flow *next; /* in the ring of those that have tasks */
};

struct pool {
    pthread_mutex_t mu;
    pthread_cond_t wake;
    struct owner nobody; /* guarded by mu, as all below; bounded by nothing but the pool */
    struct pool_flow nobodys;
    struct map portals; /* id -> struct owner */
    struct map plugins; /* id -> struct owner */
    struct map flows;   /* id -> struct pool_flow */
    struct pool_flow *latest;
    struct pool_flow *first; /* whose turn is next */
    struct pool_flow *last;
    size_t queued; /* of all flows */
    size_t queue_max;
    unsigned idle_count; /* threads that wait, but for those that were woken */
    bool is_stopping;
    unsigned thread_count;
    pthread_t threads[];
};

uint32_t pool_plugin_number(struct tn_str id)
{
    const uint32_t number = (uint32_t)hash_bytes(id.data, id.len);

    if (id.len == 0)
        return 0;
    return number ? number : 1;
}

unsigned pool_portal_max(unsigned thread_count)
{
    return thread_count - thread_count / 2;
}

unsigned pool_plugin_max(unsigned thread_count)
{
    return thread_count / 2 > 1 ? thread_count / 2 - 1 : 1;
}

/* Queues */

static void push(struct queue *queue, struct pool_task *task)
{
    task->next = NULL;
    if (queue->tail)
        queue->tail->next = task;
    else
        queue->head = task;
    queue->tail = task;
}

static struct pool_task *pop(struct queue *queue)
{
    struct pool_task *task = queue->head;

    queue->head = task->next;
    if (!queue->head)
        queue->tail = NULL;
    return task;
}

static bool has_tasks(const struct pool_flow *flow)
{
    return flow->fresh.head || flow->again.head;
}

/* Owners and flows [mu held] */

/* Nobody's where memory is out: then it is not bounded, and runs. */
static struct owner *find_owner(struct pool *pool, struct map *owners, uint32_t number,
                                unsigned running_max)
{
    const uint64_t id = number;
    struct owner *owner = number == 0 ? &pool->nobody : map_get_u64(owners, &id);

    if (owner)
        return owner;
    owner = mem_new(struct owner);
    if (!owner)
        return &pool->nobody;
    *owner = (struct owner){
        .id = id, .running_max = running_max, .queued_max = (pool->queue_max + 1) / 2};
    if (map_set_u64(owners, &owner->id, owner, NULL) == TN_OK)
        return owner;
    mem_free(owner);
    return &pool->nobody;
}

static struct pool_flow *make_flow(struct pool *pool, uint64_t id, const struct pool_task *task)
{
    struct pool_flow *flow = mem_new(struct pool_flow);

    if (!flow)
        return &pool->nobodys;
    flow->id = id;
    flow->portal =
        find_owner(pool, &pool->portals, task->portal, pool_portal_max(pool->thread_count));
    flow->plugin =
        find_owner(pool, &pool->plugins, task->plugin, pool_plugin_max(pool->thread_count));
    if (map_set_u64(&pool->flows, &flow->id, flow, NULL) == TN_OK)
        return flow;
    mem_free(flow);
    return &pool->nobodys;
}

static struct pool_flow *find_flow(struct pool *pool, const struct pool_task *task)
{
    const uint64_t id = (uint64_t)task->portal << 32 | task->plugin;

    if (pool->latest->id == id)
        return pool->latest;
    struct pool_flow *flow = id == 0 ? &pool->nobodys : map_get_u64(&pool->flows, &id);
    if (!flow)
        flow = make_flow(pool, id, task);
    pool->latest = flow;
    return flow;
}

static bool may_run(const struct pool_flow *flow)
{
    return flow->portal->running < flow->portal->running_max &&
           flow->plugin->running < flow->plugin->running_max;
}

static bool has_room(const struct pool *pool, const struct pool_flow *flow)
{
    return pool->queued < pool->queue_max && flow->portal->queued < flow->portal->queued_max &&
           flow->plugin->queued < flow->plugin->queued_max;
}

static void add(struct pool *pool, struct pool_flow *flow, struct pool_task *task, bool again)
{
    if (!has_tasks(flow)) { /* it enters the ring */
        flow->next = NULL;
        if (pool->last)
            pool->last->next = flow;
        else
            pool->first = flow;
        pool->last = flow;
    }
    task->flow = flow;
    push(again ? &flow->again : &flow->fresh, task);
    flow->portal->queued++;
    flow->plugin->queued++;
    pool->queued++;
}

static void take_back(struct pool *pool, struct pool_flow *flow)
{
    flow->portal->queued--;
    flow->plugin->queued--;
    pool->queued--;
}

/* The first whose owners may hold one more thread, and the one before it. NULL: none may. */
static struct pool_flow *find_ready(const struct pool *pool, struct pool_flow **ret_before)
{
    struct pool_flow *before = NULL;
    struct pool_flow *flow = pool->first;

    while (flow && !may_run(flow)) {
        before = flow;
        flow = flow->next;
    }
    *ret_before = before;
    return flow;
}

/* Takes it out of the ring, and puts it behind the others if it has more. */
static void end_turn(struct pool *pool, struct pool_flow *flow, struct pool_flow *before)
{
    if (flow == pool->last && has_tasks(flow))
        return;
    if (before)
        before->next = flow->next;
    else
        pool->first = flow->next;
    if (flow == pool->last)
        pool->last = before;
    flow->next = NULL;
    if (!has_tasks(flow))
        return;
    pool->last->next = flow; /* not the only one, so there is a last one */
    pool->last = flow;
}

/* NULL: there is none that may run now. */
static struct pool_task *take(struct pool *pool)
{
    struct pool_flow *before;
    struct pool_flow *flow = find_ready(pool, &before);

    if (!flow)
        return NULL;
    bool is_fresh = flow->fresh.head && (flow->is_freshs_turn || !flow->again.head);
    flow->is_freshs_turn = !is_fresh;
    struct pool_task *task = pop(is_fresh ? &flow->fresh : &flow->again);
    take_back(pool, flow);
    flow->portal->running++;
    flow->plugin->running++;
    end_turn(pool, flow, before);
    return task;
}

/* Threads */

/* One at a time: who is woken wakes the next if there is still work. So a short task does not wake
 * threads that find nothing. Whether one is to be woken, which is no longer idle then. */
static bool claim_idle(struct pool *pool)
{
    struct pool_flow *before;

    if (pool->idle_count == 0 || !find_ready(pool, &before))
        return false;
    pool->idle_count--;
    return true;
}

static void wake_one(struct pool *pool)
{
    if (claim_idle(pool))
        (void)pthread_cond_signal(&pool->wake);
}

/* NULL: the pool stops, and what still waits is for threads that run its like. [mu held] */
static struct pool_task *await_task(struct pool *pool)
{
    struct pool_task *task;

    while (!(task = take(pool)) && !pool->is_stopping) {
        pool->idle_count++;
        (void)pthread_cond_wait(&pool->wake, &pool->mu);
    }
    return task;
}

static void *work(void *arg)
{
    struct pool *pool = arg;
    struct pool_task *task;

    (void)pthread_mutex_lock(&pool->mu);
    while ((task = await_task(pool))) {
        struct pool_flow *flow = task->flow; /* the task may be gone once it has run */
        bool wakes = claim_idle(pool);

        (void)pthread_mutex_unlock(&pool->mu);
        if (wakes) /* it would wait for the lock at once */
            (void)pthread_cond_signal(&pool->wake);
        task->run(task);
        (void)pthread_mutex_lock(&pool->mu);
        flow->portal->running--;
        flow->plugin->running--;
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
    pool->nobody = (struct owner){.running_max = UINT_MAX, .queued_max = SIZE_MAX};
    pool->nobodys = (struct pool_flow){.portal = &pool->nobody, .plugin = &pool->nobody};
    pool->latest = &pool->nobodys;
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
    struct pool_flow *flow = find_flow(pool, task);
    if (pool->is_stopping && !again) {
        st = TN_UNAVAILABLE;
    } else if (!has_room(pool, flow) && !again) {
        st = TN_RESOURCE_EXHAUSTED;
    } else {
        task->run = run;
        add(pool, flow, task, again);
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

struct pool_task *pool_submit_list(struct pool *pool, struct pool_task *first,
                                   tn_status *ret_status)
{
    struct pool_task *task = first;
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&pool->mu);
    while (task && st == TN_OK) {
        struct pool_task *next = task->next;
        struct pool_flow *flow = find_flow(pool, task);

        if (pool->is_stopping)
            st = TN_UNAVAILABLE;
        else if (!has_room(pool, flow))
            st = TN_RESOURCE_EXHAUSTED;
        if (st != TN_OK)
            break;
        add(pool, flow, task, false);
        task = next;
    }
    wake_one(pool);
    (void)pthread_mutex_unlock(&pool->mu);
    *ret_status = st;
    return task;
}

tn_status pool_submit_again(struct pool *pool, struct pool_task *task,
                            void (*run)(struct pool_task *task))
{
    return submit(pool, task, run, true);
}

bool pool_enter(struct pool *pool, uint32_t plugin)
{
    (void)pthread_mutex_lock(&pool->mu);
    struct owner *owner =
        find_owner(pool, &pool->plugins, plugin, pool_plugin_max(pool->thread_count));
    const bool is_free = owner->running < owner->running_max;
    owner->running += is_free;
    (void)pthread_mutex_unlock(&pool->mu);
    return is_free;
}

void pool_leave(struct pool *pool, uint32_t plugin)
{
    const uint64_t id = plugin;

    (void)pthread_mutex_lock(&pool->mu);
    struct owner *owner = map_get_u64(&pool->plugins, &id);
    if (owner && owner->running > 0)
        owner->running--;
    wake_one(pool);
    (void)pthread_mutex_unlock(&pool->mu);
}

size_t pool_queued(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mu);
    size_t queued = pool->queued;
    (void)pthread_mutex_unlock(&pool->mu);
    return queued;
}

static void free_all(struct map *map)
{
    void *item;

    for (size_t at = 0; (item = map_next(map, &at, NULL));)
        mem_free(item);
    map_fini(map);
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
    assert(pool->queued == 0);
    free_all(&pool->flows);
    free_all(&pool->portals);
    free_all(&pool->plugins);
    (void)pthread_cond_destroy(&pool->wake);
    (void)pthread_mutex_destroy(&pool->mu);
    mem_free(pool);
}
