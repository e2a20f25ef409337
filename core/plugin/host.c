/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - all plugins of a host: found, loaded in order, listed, called. */
#include "core/plugin/host.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/callback.h"
#include "core/plugin/duties.h"
#include "core/plugin/file.h"
#include "core/plugin/hooks.h"
#include "core/plugin/load.h"
#include "core/plugin/order.h"
#include "core/plugin/rest.h"
#include "core/plugin/runner.h"

tn_status plugin_host_create(const struct plugin_host_options *options,
                             struct plugin_host **ret_host, struct err *err)
{
    struct plugin_host *host;
    pthread_mutexattr_t recursive;

    TRY(file_clear_dir(options->work_dir, err));
    host = mem_new(struct plugin_host);
    if (!host)
        return err_memory(err, "the plugins");
    host->options = *options;
    if (host->options.isolation == 0)
        host->options.isolation = PLUGIN_IN_HOST;
    runner_limits_complete(&host->options.runner_limits);
    atomic_init(&host->is_serving, false);
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&host->serial, &recursive);
    pthread_mutexattr_destroy(&recursive);
    records_set_hook(options->records, hooks_run, host);
    *ret_host = host;
    return TN_OK;
}

/* Finding */

static tn_status add_file(void *ctx, const char *path, struct err *err)
{
    struct plugin_host *host = ctx;
    struct plugin **plugins;

    if (host->plugin_count == PLUGIN_MAX)
        return err_set(err, TN_RESOURCE_EXHAUSTED, "There are more than %u plugins.", PLUGIN_MAX);
    plugins = mem_resize(host->plugins, host->plugin_count + 1, sizeof(struct plugin *));
    if (!plugins)
        return err_memory(err, "a plugin");
    host->plugins = plugins;
    TRY(load_read(host, path, &plugins[host->plugin_count], err));
    host->plugin_count++;
    return TN_OK;
}

/* Of two files with one id the first found stays. */
static void refuse_repeated_ids(struct plugin_host *host)
{
    for (size_t i = 0; i < host->plugin_count; i++) {
        struct plugin *plugin = host->plugins[i];

        for (size_t j = 0; j < i && plugin->rows && plugin->state == 0; j++) {
            const struct plugin *other = host->plugins[j];
            struct err err;

            if (!other->rows || strcmp(other->rows->id, plugin->rows->id) != 0)
                continue;
            err_init(&err, host->options.language);
            (void)err_set(&err, TN_ALREADY_EXISTS, "%s has the same id.", other->file);
            load_refuse(plugin, PLUGIN_REFUSED, &err);
        }
    }
}

/* Loading in order */

static void start_plugin(struct plugin *plugin);

static tn_status visit_need(void *ctx, const struct order_need *need)
{
    struct err *err = ctx;
    struct plugin *owner = need->owner;

    if (owner->is_open)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "It needs %s of the plugin %s, which needs it in turn.",
                       need->name,
                       owner->rows->id);
    start_plugin(owner);
    if (owner->state != PLUGIN_RUNNING)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "It needs %s of the plugin %s, which does not run.",
                       need->name,
                       owner->rows->id);
    return TN_OK;
}

static void report(const struct plugin *plugin, int64_t begun_us)
{
    struct log *log = plugin->host->options.log;

    if (plugin->state == PLUGIN_RUNNING)
        LOG(log,
            LOG_INFO,
            "plugin started",
            LOG_STR("id", plugin->rows->id),
            LOG_STR("version", plugin->rows->version),
            LOG_INT("us", clock_mono_us() - begun_us));
    else
        LOG(log,
            plugin->state == PLUGIN_DISABLED ? LOG_INFO : LOG_ERROR,
            "plugin does not run",
            LOG_STR("file", plugin->file),
            LOG_STR("state", plugin_state_name(plugin->state)),
            LOG_STR("reason", plugin->reason));
}

/* Those that it needs first: as deep as plugins are many at most. */
static void start_plugin(struct plugin *plugin)
{
    enum plugin_state state = PLUGIN_REFUSED;
    struct err err;

    if (plugin->is_visited)
        return;
    plugin->is_visited = true;
    int64_t begun_us = clock_mono_us();
    if (plugin->state == 0) {
        err_init(&err, plugin->host->options.language);
        plugin->is_open = true;
        tn_status st = order_needs(plugin->host, plugin, visit_need, &err);
        plugin->is_open = false;
        if (st == TN_OK)
            st = load_start(plugin, &state, &err);
        if (st != TN_OK)
            load_refuse(plugin, state, &err);
    }
    report(plugin, begun_us);
}

tn_status plugin_host_load_all(struct plugin_host *host, struct err *err)
{
    for (size_t i = 0; i < host->options.dir_count; i++)
        TRY(file_find(host->options.dirs[i], add_file, host, err));
    refuse_repeated_ids(host);
    for (size_t i = 0; i < host->plugin_count; i++)
        start_plugin(host->plugins[i]);
    rest_report(host);
    /* pairs with the acquire of enter(): hooks and methods do not change from here on */
    atomic_store_explicit(&host->is_serving, true, memory_order_release);
    return duties_start(host, &host->duties, err);
}

void plugin_host_stop(struct plugin_host *host)
{
    atomic_store_explicit(&host->is_serving, false, memory_order_release);
    duties_stop(host->duties);
    for (size_t i = host->running_count; i > 0; i--)
        callback_end(host->running[i - 1]);
}

void plugin_host_destroy(struct plugin_host *host)
{
    if (!host)
        return;
    duties_destroy(host->duties);
    for (size_t i = host->plugin_count; i > 0; i--)
        load_destroy(host->plugins[i - 1]);
    mem_free(host->plugins);
    mem_free(host->running);
    mem_free(host->hooks);
    mem_free(host->methods);
    pthread_mutex_destroy(&host->serial);
    mem_free(host);
}

/* The list */

const char *plugin_state_name(enum plugin_state state)
{
    switch (state) {
    case PLUGIN_RUNNING:
        return "running";
    case PLUGIN_REFUSED:
        return "refused";
    case PLUGIN_FAILED:
        return "failed";
    case PLUGIN_DISABLED:
        return "disabled";
    }
    return "loading";
}

/* How its process is. */
static void add_runner(const struct plugin *plugin, struct plugin_info *info)
{
    struct err why;

    err_init(&why, plugin->host->options.language);
    const struct runner_info runner = runner_info(plugin->runner, &why);
    info->restart_count = runner.restart_count;
    info->is_up = runner.state == RUNNER_SERVING;
    info->pid = runner.pid;
    if (runner.state == RUNNER_SERVING)
        return;
    if (runner.state == RUNNER_OFF)
        info->state = PLUGIN_FAILED;
    (void)snprintf(info->reason, sizeof(info->reason), "%s", why.message);
}

bool plugin_host_info(const struct plugin_host *host, size_t index, struct plugin_info *ret_info)
{
    if (index >= host->plugin_count)
        return false;
    const struct plugin *plugin = host->plugins[index];
    const struct tn_plugin *rows = plugin->rows;
    *ret_info = (struct plugin_info){
        .id = rows ? rows->id : "",
        .version = rows ? rows->version : "",
        .summary = rows && rows->summary ? rows->summary : "",
        .file = plugin->file,
        .state = plugin->state,
        .hook_accepted = atomic_load_explicit(&plugin->hook_accepted, memory_order_relaxed),
        .hook_refused = atomic_load_explicit(&plugin->hook_refused, memory_order_relaxed),
        .hook_us = atomic_load_explicit(&plugin->hook_us, memory_order_relaxed),
        .hook_skipped = atomic_load_explicit(&plugin->hook_skipped, memory_order_relaxed),
        .isolation = plugin->runner ? PLUGIN_IN_RUNNER : PLUGIN_IN_HOST};
    (void)snprintf(ret_info->reason, sizeof(ret_info->reason), "%s", plugin->reason);
    if (plugin->runner)
        add_runner(plugin, ret_info);
    return true;
}

enum plugin_isolation plugin_isolation(const struct plugin *plugin)
{
    const struct plugin_host_options *options = &plugin->host->options;

    for (size_t i = 0; i < options->isolated_count; i++)
        if (strcmp(options->isolated[i].id, plugin->rows->id) == 0)
            return options->isolated[i].isolation;
    return options->isolation;
}

bool plugin_host_rests(const struct plugin_host *host, size_t index, const struct schema *schema,
                       const struct portal *portal, struct err *err)
{
    const struct plugin *plugin = host->plugins[index];

    return plugin->state == PLUGIN_RUNNING && rest_check(plugin, schema, portal, err) != TN_OK;
}

struct plugin *plugin_find(const struct plugin_host *host, struct tn_str id)
{
    for (size_t i = 0; i < host->running_count; i++)
        if (utf8_is(id, host->running[i]->rows->id))
            return host->running[i];
    return NULL;
}

/* Methods */

const struct plugin_method *plugin_host_method(const struct plugin_host *host, size_t index)
{
    return index < host->method_count ? host->methods[index] : NULL;
}

const struct plugin_method *plugin_find_method(const struct plugin_host *host, const char *name)
{
    for (size_t i = 0; i < host->method_count; i++)
        if (strcmp(host->methods[i]->name, name) == 0)
            return host->methods[i];
    return NULL;
}

tn_status plugin_method_run(const struct plugin_method *method, struct txn *txn,
                            struct tn_bytes request, struct buf *ret_response, struct err *err)
{
    const struct plugin *plugin = method->owner;
    struct arena *arena = txn_arena(txn);
    struct message *asked;
    struct message *answer;

    if (request.len > PLUGIN_MESSAGE_SIZE_MAX)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "The request is larger than %zu bytes.",
                       PLUGIN_MESSAGE_SIZE_MAX);
    TRY(rest_check(plugin, txn_schema(txn), txn_portal(txn), err));
    TRY(message_create(arena, plugin->messages[method->row->request], &asked, err));
    TRY(message_create(arena, plugin->messages[method->row->response], &answer, err));
    TRY(message_decode(asked, request, err));
    TRY(call_method(method, txn, 1, asked, answer, err));
    if (message_encode(answer, ret_response) != TN_OK)
        return err_memory(err, "a message");
    return TN_OK;
}
