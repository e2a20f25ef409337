/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.h - one loaded plugin, as the files of this folder share it. */
#ifndef CORE_PLUGIN_PLUGIN_H
#define CORE_PLUGIN_PLUGIN_H

#include <pthread.h>
#include <stdatomic.h>

#include <tenon/tenon.h>

#include "core/base/arena.h"
#include "core/plugin/host.h"
#include "core/plugin/manifest.h"
#include "core/plugin/message.h"
#include "core/value/zones.h"

typedef tn_status (*plugin_load_fn)(const struct tn_host *host, void **ret_self);
typedef tn_status (*plugin_start_fn)(void *self);
typedef void (*plugin_end_fn)(void *self);

/* What one plugin's declarations may need beside the manifest. */
#define PLUGIN_ARENA_SIZE ((size_t)16 * 1024 * 1024)

/* What the ABI calls a host: one per plugin, so that the host knows who asks. */
struct tn_host {
    struct plugin *plugin;
};

/* How far its records were taken to its schema, since it serves. */
struct plugin_migration {
    bool is_under_way;
    uint32_t portals_left;
    uint64_t step_count;
    char portal[64];               /* the one that it is at */
    char reason[ERR_MESSAGE_SIZE]; /* why the last step failed; "" if it did not */
};

struct plugin {
    struct tn_host handle;
    struct plugin_host *host;
    const char *file; /* where it was found */
    uint32_t number;  /* of its id, for the threads that it may hold (base/pool.h) */
    struct arena arena;
    struct manifest *manifest;
    struct buf bytes;       /* of the file, until it is mapped */
    struct tn_plugin *rows; /* the manifest's, with functions as addresses of the process; NULL:
                             * the file is no plugin */
    struct tn_hook *hooks;  /* items of rows->hooks, as those of the others */
    struct tn_consumer *consumers;
    struct tn_timer *timers;
    struct tn_method *methods;
    enum plugin_state state;
    char reason[ERR_MESSAGE_SIZE]; /* why it is not PLUGIN_RUNNING */
    char signer[KEY_ID_SIZE];      /* the trusted key that signed it; "": none did */
    bool is_visited;               /* by the ordering */
    bool is_open;                  /* its load is under way: meeting it again is a cycle */

    struct catalog_declared *declared;
    const struct catalog_binding *binding; /* of declared */
    const struct message_type **messages;  /* per row of types; NULL: of records */
    uint32_t *fields;                      /* per row of properties: position in its message */
    struct plugin_method *served;          /* what it serves itself */
    uint32_t served_count;
    struct tn_value *settings; /* per row: its default */
    struct tn_bytes descriptors;

    /* Of others, whose memory its messages lie in: they may be replaced meanwhile. */
    struct plugin **lenders;
    uint32_t lender_count;
    /* The version that it is to replace, while it is loaded; its names are no others'. */
    const struct plugin *predecessor;
    uint32_t ref_count; /* the list's, and those that borrowed; guarded by host->change */

    uintptr_t base;        /* load address; 0: not mapped */
    const char *copy;      /* the private copy that is mapped; NULL: none */
    struct runner *runner; /* NULL: it runs in this process */
    void *self;
    bool is_loaded; /* load() was called */
    bool is_started;
    bool is_stopped;        /* so is its runner */
    bool is_ended;          /* of one that was replaced: it did not run */
    atomic_bool is_serving; /* its routes were published: enter() may begin (release, acquire) */
    struct plugin_migration migration; /* guarded by host->migrate_mu */
    _Atomic uint64_t hook_accepted;    /* hooks run, by outcome; relaxed: for metrics */
    _Atomic uint64_t hook_refused;
    _Atomic uint64_t hook_us; /* how long all of them took */
    _Atomic uint64_t hook_skipped;
};

/* One hook of a running plugin. */
struct plugin_hook {
    struct plugin *plugin;
    const struct tn_hook *row;
};

struct isolate;

struct plugin_host {
    struct plugin_host_options options;
    char *work_dir;          /* absolute, as processes of plugins start elsewhere */
    char *scratch_dir;       /* in it */
    struct isolate *isolate; /* NULL: there is no program for processes of plugins */
    struct zones *zones;     /* that plugins and timers asked for */

    /* Held while a plugin is loaded, replaced or ended; never by calls. */
    pthread_mutex_t change;
    struct plugin **plugins; /* as found; guarded by change, as all below */
    size_t plugin_count;
    struct plugin **running; /* as started; has room for all of `plugins` */
    size_t running_count;
    struct plugin **leaving; /* replaced, and to be ended once no call is in them; as `running` */
    size_t leaving_count;
    void (*changed)(void *ctx); /* NULL: nobody is told */
    void *changed_ctx;
    uint32_t copy_count; /* private copies made, for their names */
    struct plugin_routes *retired_routes;
    size_t retired_count;
    struct plugin_routes *unused_routes;

    _Atomic(struct duties *) duties;        /* NULL: not started, or there are none */
    _Atomic(struct plugin_routes *) routes; /* that calls begin with (routes.h) */
    pthread_mutex_t drain_mu;
    pthread_cond_t drained; /* retired routes were given back */

    pthread_mutex_t migrate_mu; /* innermost */
    pthread_cond_t migrate_woken;
    bool migrate_wakes; /* guarded by migrate_mu, as the next */
    bool migrate_stops;
    bool has_migrate_thread; /* the loader's, as the next */
    pthread_t migrate_thread;
    struct duties *left_duties; /* stopped; somebody may look at them while he holds routes */

    /* Held while a callback of a TN_SERIAL plugin runs: one lock for all of them, recursive, so
     * that serial plugins that call each other cannot deadlock. */
    pthread_mutex_t serial;
    atomic_bool is_serving; /* everything is loaded; enter() may begin calls (release, acquire) */
};

static inline struct tn_str plugin_id(const struct plugin *plugin)
{
    return (struct tn_str){plugin->rows->id, strlen(plugin->rows->id)};
}

/* The routes of a transaction. [any] */
static inline const struct plugin_routes *plugin_routes_of(const struct txn *txn)
{
    return txn_routes(txn);
}

/* What the operator decided about it; NULL: nothing. [any] */
const struct plugin_isolated *plugin_isolated(const struct plugin *plugin);
/* Where its code runs. [any] */
enum plugin_isolation plugin_isolation(const struct plugin *plugin);

/* How long a consumer or timer with these flags may take at once, commit included. [any] */
static inline int64_t plugin_limit_us(const struct plugin *plugin, uint32_t flags)
{
    const struct plugin_host_options *options = &plugin->host->options;

    if (flags & TN_LONG)
        return options->long_limit_us ? options->long_limit_us : PLUGIN_LONG_LIMIT_US;
    return options->short_limit_us ? options->short_limit_us : PLUGIN_SHORT_LIMIT_US;
}

/* Attempts before a change or firing is a dead letter, and how many of them a list has. [any] */
static inline uint32_t plugin_attempt_max(const struct plugin *plugin)
{
    const uint32_t max = plugin->host->options.attempt_max;

    return max ? max : PLUGIN_ATTEMPT_MAX;
}

static inline uint32_t plugin_letter_max(const struct plugin *plugin)
{
    const uint32_t max = plugin->host->options.letter_max;

    return max ? max : PLUGIN_LETTER_MAX;
}

#endif /* CORE_PLUGIN_PLUGIN_H */
