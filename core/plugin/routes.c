/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - routes made, published, taken, given back, and waited for. */
#include "core/plugin/routes.h"

#include <assert.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/hooks.h"

/* Taking */

static struct routes_shard *own_shard(struct plugin_routes *routes)
{
    int cpu = sched_getcpu(); /* read from the thread's memory; -1: any will do */

    return &routes->shards[(unsigned)cpu & (ROUTES_SHARD_COUNT - 1)];
}

struct plugin_routes *plugin_routes_take(struct plugin_host *host)
{
    for (;;) {
        struct plugin_routes *routes = atomic_load_explicit(&host->routes, memory_order_acquire);

        /*
         * They may have been replaced since, and used again: their memory stays. In the order of
         * all seq_cst operations either this addition comes first, and routes_drain() counts it,
         * or routes_publish() does, and is seen here.
         */
        (void)atomic_fetch_add_explicit(&own_shard(routes)->count, 1, memory_order_seq_cst);
        if (atomic_load_explicit(&host->routes, memory_order_seq_cst) == routes)
            return routes;
        plugin_routes_release(routes);
    }
}

void plugin_routes_release(struct plugin_routes *routes)
{
    struct plugin_host *host = routes->host;

    /* seq_cst: either is_retired is seen here, or routes_drain() sees this subtraction. */
    (void)atomic_fetch_sub_explicit(&own_shard(routes)->count, 1, memory_order_seq_cst);
    if (!atomic_load_explicit(&routes->is_retired, memory_order_seq_cst))
        return;
    (void)pthread_mutex_lock(&host->drain_mu);
    (void)pthread_cond_broadcast(&host->drained);
    (void)pthread_mutex_unlock(&host->drain_mu);
}

/* Of retired ones no counter rises but for a moment, so a sum of zero was and stays true. */
static bool is_left(const struct plugin_routes *routes)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < ROUTES_SHARD_COUNT; i++)
        sum += atomic_load_explicit(&routes->shards[i].count, memory_order_seq_cst);
    return sum == 0;
}

/* Making */

static void empty(struct plugin_routes *routes)
{
    mem_free(routes->plugins);
    mem_free(routes->running);
    mem_free(routes->hooks);
    mem_free((void *)routes->methods);
    map_fini(&routes->by_name);
    routes->plugins = NULL;
    routes->running = NULL;
    routes->hooks = NULL;
    routes->methods = NULL;
    routes->by_name = (struct map){0};
}

static struct plugin_routes *take_unused(struct plugin_host *host)
{
    struct plugin_routes *routes = host->unused_routes;

    if (routes) {
        host->unused_routes = routes->next;
        return routes;
    }
    routes = mem_new(struct plugin_routes);
    if (!routes)
        return NULL;
    routes->host = host;
    atomic_init(&routes->is_retired, false);
    for (unsigned i = 0; i < ROUTES_SHARD_COUNT; i++)
        atomic_init(&routes->shards[i].count, 0);
    return routes;
}

static tn_status copy_plan(struct plugin_routes *routes, const struct routes_plan *plan)
{
    size_t hook_count = 0;
    size_t method_count = 0;

    for (size_t i = 0; i < plan->running_count; i++) {
        hook_count += plan->running[i]->rows->hooks.count;
        method_count += plan->running[i]->served_count;
    }
    routes->plugins = mem_array(struct plugin *, plan->plugin_count);
    routes->running = mem_array(struct plugin *, plan->running_count);
    routes->hooks = mem_array(struct plugin_hook, hook_count);
    routes->methods = mem_array(const struct plugin_method *, method_count);
    if (!routes->plugins || !routes->running || !routes->hooks || !routes->methods)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < plan->plugin_count; i++)
        routes->plugins[i] = plan->plugins[i];
    for (size_t i = 0; i < plan->running_count; i++)
        routes->running[i] = plan->running[i];
    routes->plugin_count = plan->plugin_count;
    routes->running_count = plan->running_count;
    routes->hook_count = 0;
    routes->method_count = 0;
    return TN_OK;
}

static tn_status add_plugin(struct plugin_routes *routes, struct plugin *plugin)
{
    const struct tn_hook_list *hooks = &plugin->rows->hooks;

    for (uint32_t i = 0; i < hooks->count; i++)
        routes->hooks[routes->hook_count++] = (struct plugin_hook){plugin, &hooks->items[i]};
    for (uint32_t i = 0; i < plugin->served_count; i++) {
        struct plugin_method *method = &plugin->served[i];

        TRY(map_set(&routes->by_name, utf8_str(method->name), method, NULL));
        routes->methods[routes->method_count++] = method;
    }
    return TN_OK;
}

static tn_status fill(struct plugin_routes *routes, const struct routes_plan *plan)
{
    TRY(copy_plan(routes, plan));
    for (size_t i = 0; i < plan->running_count; i++)
        TRY(add_plugin(routes, plan->running[i]));
    hooks_sort(routes->hooks, routes->hook_count);
    return TN_OK;
}

tn_status routes_draft(struct plugin_host *host, const struct routes_plan *plan,
                       struct plugin_routes **ret_routes, struct err *err)
{
    if (host->retired_count == ROUTES_RETIRED_MAX)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "Calls of %u plugins that were replaced have not ended yet.",
                       ROUTES_RETIRED_MAX);
    struct plugin_routes *routes = take_unused(host);
    if (!routes)
        return err_memory(err, "routes");
    if (fill(routes, plan) != TN_OK) {
        routes_discard(routes);
        return err_memory(err, "routes");
    }
    *ret_routes = routes;
    return TN_OK;
}

void routes_discard(struct plugin_routes *routes)
{
    if (!routes)
        return;
    empty(routes);
    routes->next = routes->host->unused_routes;
    routes->host->unused_routes = routes;
}

/* Replacing */

void routes_publish(struct plugin_routes *routes)
{
    struct plugin_host *host = routes->host;

    atomic_store_explicit(&routes->is_retired, false, memory_order_relaxed);
    /* pairs with plugin_routes_take() */
    struct plugin_routes *old =
        atomic_exchange_explicit(&host->routes, routes, memory_order_seq_cst);
    if (!old)
        return;
    atomic_store_explicit(&old->is_retired, true, memory_order_seq_cst);
    old->next = host->retired_routes;
    host->retired_routes = old;
    host->retired_count++;
}

static bool are_left(const struct plugin_host *host)
{
    for (const struct plugin_routes *routes = host->retired_routes; routes; routes = routes->next)
        if (!is_left(routes))
            return false;
    return true;
}

bool routes_drain(struct plugin_host *host, int64_t until_us)
{
    const struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                                   .tv_nsec = (long)(until_us % 1000000) * 1000};
    bool is_over = false;

    (void)pthread_mutex_lock(&host->drain_mu);
    while (!is_over && !are_left(host))
        is_over =
            pthread_cond_clockwait(&host->drained, &host->drain_mu, CLOCK_MONOTONIC, &until) != 0;
    (void)pthread_mutex_unlock(&host->drain_mu);
    if (!are_left(host))
        return false;
    while (host->retired_routes) {
        struct plugin_routes *routes = host->retired_routes;

        host->retired_routes = routes->next;
        routes_discard(routes);
    }
    host->retired_count = 0;
    return true;
}

tn_status routes_init(struct plugin_host *host, struct err *err)
{
    struct plugin_routes *routes = NULL;

    (void)pthread_mutex_init(&host->drain_mu, NULL);
    (void)pthread_cond_init(&host->drained, NULL);
    atomic_init(&host->routes, NULL);
    TRY(routes_draft(host, &(struct routes_plan){0}, &routes, err));
    routes_publish(routes);
    return TN_OK;
}

static void free_all(struct plugin_routes *routes)
{
    while (routes) {
        struct plugin_routes *next = routes->next;

        empty(routes);
        mem_free(routes);
        routes = next;
    }
}

void routes_fini(struct plugin_host *host)
{
    struct plugin_routes *current = atomic_load_explicit(&host->routes, memory_order_acquire);

    if (current)
        current->next = NULL;
    free_all(current);
    free_all(host->retired_routes);
    free_all(host->unused_routes);
    (void)pthread_cond_destroy(&host->drained);
    (void)pthread_mutex_destroy(&host->drain_mu);
}

/* Looking */

struct plugin *routes_plugin(const struct plugin_routes *routes, struct tn_str id)
{
    for (size_t i = 0; i < routes->running_count; i++)
        if (utf8_is(id, routes->running[i]->rows->id))
            return routes->running[i];
    return NULL;
}

const struct plugin_method *plugin_routes_method(const struct plugin_routes *routes, size_t index)
{
    return index < routes->method_count ? routes->methods[index] : NULL;
}

const struct plugin_method *plugin_routes_find(const struct plugin_routes *routes,
                                               struct tn_str name)
{
    return map_get(&routes->by_name, name);
}
