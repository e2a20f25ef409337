/* SPDX-License-Identifier: Apache-2.0 */
/* change.c - making the next routes, and leaving the old ones. */
#include "core/plugin/change.h"

#include <assert.h>
#include <string.h>

#include "core/plugin/duties.h"
#include "core/plugin/load.h"
#include "core/plugin/routes.h"

/* Position in host->running; running_count: it does not run. */
static size_t running_place(const struct plugin_host *host, const struct plugin *plugin)
{
    size_t i = 0;

    while (i < host->running_count && host->running[i] != plugin)
        i++;
    return i;
}

/* The lists as they will be: `fresh` in place of `old`, at its place in both, or behind the
 * running ones if `old` is none. */
static tn_status draft(struct plugin_host *host, size_t place, struct plugin *fresh, bool runs,
                       struct plugin_routes **ret_routes, struct err *err)
{
    const struct plugin *old = host->plugins[place];
    size_t at = running_place(host, old);
    CLEANUP(mem_free_p) struct plugin **plugins = mem_array(struct plugin *, host->plugin_count);
    CLEANUP(mem_free_p)
    struct plugin **running = mem_array(struct plugin *, host->running_count + 1);
    size_t count = 0;

    if (!plugins || !running)
        return err_memory(err, "routes");
    for (size_t i = 0; i < host->plugin_count; i++)
        plugins[i] = i == place ? fresh : host->plugins[i];
    for (size_t i = 0; i < host->running_count; i++)
        if (i != at)
            running[count++] = host->running[i];
        else if (runs)
            running[count++] = fresh;
    if (runs && at == host->running_count)
        running[count++] = fresh;
    const struct routes_plan plan = {
        .plugins = plugins,
        .plugin_count = host->plugin_count,
        .running = running,
        .running_count = count,
    };
    return routes_draft(host, &plan, ret_routes, err);
}

/* Cannot fail: the lists have room for every plugin. */
static void publish(struct plugin_host *host, size_t place, struct plugin *fresh,
                    struct plugin_routes *routes)
{
    struct plugin *old = host->plugins[place];
    bool was_running = running_place(host, old) < host->running_count;

    host->plugins[place] = fresh;
    host->running_count = routes->running_count;
    for (size_t i = 0; i < routes->running_count; i++)
        host->running[i] = routes->running[i];
    routes_publish(routes);
    if (fresh->state == PLUGIN_RUNNING) /* pairs with the acquire of enter() */
        atomic_store_explicit(&fresh->is_serving, true, memory_order_release);
    if (old == fresh)
        return;
    old->is_ended = !was_running;
    host->leaving[host->leaving_count++] = old;
}

static tn_status reserve_leaving(struct plugin_host *host, struct err *err)
{
    struct plugin **leaving =
        mem_resize(host->leaving, host->leaving_count + 1, sizeof(struct plugin *));

    if (!leaving)
        return err_memory(err, "a plugin");
    host->leaving = leaving;
    return TN_OK;
}

static tn_status run_step(const struct change_step *step, struct err *err)
{
    return step ? step->run(step->ctx, err) : TN_OK;
}

static tn_status finish(struct plugin *fresh, const struct change_step *step, struct err *err)
{
    TRY(run_step(step, err));
    tn_status st = load_keep(fresh, err);
    if (st != TN_OK && step)
        step->undo(step->ctx);
    return st;
}

tn_status change_start(struct plugin_host *host, size_t place, struct plugin *fresh,
                       const struct change_step *step, enum plugin_state *ret_state,
                       struct err *err)
{
    struct plugin *old = host->plugins[place];
    struct plugin_routes *routes = NULL;
    enum plugin_state state = PLUGIN_REFUSED;

    TRY(reserve_leaving(host, err));
    fresh->predecessor = old == fresh ? NULL : old;
    tn_status st = load_prepare(fresh, &state, err);
    fresh->predecessor = NULL;
    if (st == TN_OK)
        st = draft(host, place, fresh, true, &routes, err);
    if (st == TN_OK)
        st = finish(fresh, step, err);
    if (st != TN_OK) {
        routes_discard(routes);
        load_undo(fresh);
        *ret_state = state;
        return st;
    }
    fresh->state = PLUGIN_RUNNING;
    publish(host, place, fresh, routes);
    return TN_OK;
}

tn_status change_rest(struct plugin_host *host, size_t place, struct plugin *fresh,
                      const struct change_step *step, struct err *err)
{
    struct plugin_routes *routes = NULL;

    assert(fresh->state != PLUGIN_RUNNING);
    TRY(reserve_leaving(host, err));
    TRY(draft(host, place, fresh, false, &routes, err));
    tn_status st = run_step(step, err);
    if (st != TN_OK) {
        routes_discard(routes);
        return st;
    }
    publish(host, place, fresh, routes);
    return TN_OK;
}

bool change_settle(struct plugin_host *host, int64_t until_us)
{
    if (!routes_drain(host, until_us))
        return false;
    duties_destroy(host);
    while (host->leaving_count > 0) {
        struct plugin *plugin = host->leaving[--host->leaving_count];

        atomic_store_explicit(&plugin->is_serving, false, memory_order_release);
        if (!plugin->is_ended)
            load_end(plugin);
        if (plugin->rows)
            catalog_leave(host->options.catalog, plugin->rows);
        load_unref(plugin);
    }
    return true;
}
