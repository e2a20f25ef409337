/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.h - what calls go by: the plugins that run at one time, their hooks and methods. Routes
 * never change once published; whoever replaces a plugin publishes others in one step. A
 * transaction takes those of its beginning, so all that it runs is of one time, and what was
 * replaced is left to itself once the last of them gave its routes back.
 *
 * Taking and giving back cost an atomic addition each, on a counter that few threads share.
 */
#ifndef CORE_PLUGIN_ROUTES_H
#define CORE_PLUGIN_ROUTES_H

#include "core/base/map.h"
#include "core/plugin/plugin.h"

/* A power of two. More cores than this share counters. */
#define ROUTES_SHARD_COUNT 16u
/* Routes that were replaced and have calls in them yet; past it no plugin is replaced. */
#define ROUTES_RETIRED_MAX 64u

/* As large as a cache line, so that no two counters share one. Routes are given back where the
 * thread is then: one counter may fall below zero, their sum does not. */
struct routes_shard {
    _Atomic int64_t count;
    char apart[64 - sizeof(int64_t)];
};

struct plugin_routes {
    struct plugin_host *host;
    struct plugin **plugins; /* all that are listed, as found */
    size_t plugin_count;
    struct plugin **running; /* as started */
    size_t running_count;
    struct plugin_hook *hooks; /* by order, then plugin id, then row */
    size_t hook_count;
    const struct plugin_method **methods;
    size_t method_count;
    struct map by_name; /* methods */

    struct plugin_routes *next; /* retired, or free to be used again; guarded by host->change */
    atomic_bool is_retired;     /* who leaves wakes those that wait for it (seq_cst with count) */
    struct routes_shard shards[ROUTES_SHARD_COUNT];
};

/* Those of a host that has no plugins yet. TN_RESOURCE_EXHAUSTED. [loader] */
tn_status routes_init(struct plugin_host *host, struct err *err);
/* After the last was given back. [loader] */
void routes_fini(struct plugin_host *host);

/* Which plugins new routes have. */
struct routes_plan {
    struct plugin *const *plugins;
    size_t plugin_count;
    struct plugin *const *running;
    size_t running_count;
};

/* Makes routes that nobody uses yet: routes_publish() or routes_discard(). TN_RESOURCE_EXHAUSTED:
 * memory, or too many that were replaced are in use. [change held] */
tn_status routes_draft(struct plugin_host *host, const struct routes_plan *plan,
                       struct plugin_routes **ret_routes, struct err *err);
/* Accepts NULL. [change held] */
void routes_discard(struct plugin_routes *routes);
/* From here on calls begin with these; cannot fail. [change held] */
void routes_publish(struct plugin_routes *routes);

/* Waits until all that was replaced was given back, and frees it. False: not until `until_us`
 * (clock_mono_us). [change held] blocks */
bool routes_drain(struct plugin_host *host, int64_t until_us);

/* The running plugin of that id, or NULL. [any] */
struct plugin *routes_plugin(const struct plugin_routes *routes, struct tn_str id);

#endif /* CORE_PLUGIN_ROUTES_H */
