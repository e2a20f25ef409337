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

typedef tn_status (*plugin_load_fn)(const struct tn_host *host, void **ret_self);
typedef tn_status (*plugin_start_fn)(void *self);
typedef void (*plugin_end_fn)(void *self);

/* What one plugin's declarations may need beside the manifest. */
#define PLUGIN_ARENA_SIZE ((size_t)16 * 1024 * 1024)

/* What the ABI calls a host: one per plugin, so that the host knows who asks. */
struct tn_host {
    struct plugin *plugin;
};

struct plugin {
    struct tn_host handle;
    struct plugin_host *host;
    const char *file; /* where it was found */
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
    bool is_visited;               /* by the ordering */
    bool is_open;                  /* its load is under way: meeting it again is a cycle */

    struct catalog_declared *declared;
    const struct catalog_binding *binding; /* of declared */
    const struct message_type **messages;  /* per row of types; NULL: of records */
    uint32_t *fields;                      /* per row of properties: position in its message */
    const struct plugin_method **calls;    /* per row of methods: what serves it */
    struct plugin_method *served;          /* what it serves itself */
    uint32_t served_count;
    struct tn_value *settings; /* per row: its default */
    struct tn_bytes descriptors;

    uintptr_t base;        /* load address; 0: not mapped */
    const char *copy;      /* the private copy that is mapped; NULL: none */
    struct runner *runner; /* NULL: it runs in this process */
    void *self;
    bool is_loaded; /* load() was called */
    bool is_started;
    bool is_stopped;                /* so is its runner */
    _Atomic uint64_t hook_accepted; /* hooks run, by outcome; relaxed: for metrics */
    _Atomic uint64_t hook_refused;
    _Atomic uint64_t hook_us; /* how long all of them took */
    _Atomic uint64_t hook_skipped;
};

/* One hook of a running plugin. */
struct plugin_hook {
    struct plugin *plugin;
    const struct tn_hook *row;
};

struct plugin_host {
    struct plugin_host_options options;
    struct plugin **plugins; /* as found */
    size_t plugin_count;
    struct plugin **running; /* as started */
    size_t running_count;
    struct plugin_hook *hooks; /* by order, then plugin id, then row */
    size_t hook_count;
    size_t hook_room;
    const struct plugin_method **methods; /* of running plugins */
    size_t method_count;
    uint32_t copy_count;   /* private copies made, for their names */
    struct duties *duties; /* NULL: not started, or there are none */

    /* Held while a callback of a TN_SERIAL plugin runs: one lock for all of them, recursive, so
     * that serial plugins that call each other cannot deadlock. */
    pthread_mutex_t serial;
    atomic_bool is_serving; /* everything is loaded; enter() may begin calls (release, acquire) */
};

static inline struct tn_str plugin_id(const struct plugin *plugin)
{
    return (struct tn_str){plugin->rows->id, strlen(plugin->rows->id)};
}

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

/* The running plugin of that id, or NULL. [any] once loaded */
struct plugin *plugin_find(const struct plugin_host *host, struct tn_str id);

/* The served method of that name, or NULL. [any] once loaded */
const struct plugin_method *plugin_find_method(const struct plugin_host *host, const char *name);

#endif /* CORE_PLUGIN_PLUGIN_H */
