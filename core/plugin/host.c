/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - all plugins of a host: found, loaded in order, listed, called. */
#include "core/plugin/host.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/plugin/callback.h"
#include "core/plugin/change.h"
#include "core/plugin/duties.h"
#include "core/plugin/file.h"
#include "core/plugin/hooks.h"
#include "core/plugin/install.h"
#include "core/plugin/isolate.h"
#include "core/plugin/load.h"
#include "core/plugin/migrate.h"
#include "core/plugin/order.h"
#include "core/plugin/rest.h"
#include "core/plugin/routes.h"
#include "core/plugin/runner.h"
#include "core/plugin/stream.h"
#include "core/sandbox/sandbox.h"

static void *take_routes(void *ctx)
{
    return plugin_routes_take(ctx);
}

static void give_back_routes(void *routes)
{
    plugin_routes_release(routes);
}

static void init_locks(struct plugin_host *host)
{
    pthread_mutexattr_t recursive;

    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&host->serial, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_mutex_init(&host->change, NULL);
    pthread_mutex_init(&host->migrate_mu, NULL);
    pthread_cond_init(&host->migrate_woken, NULL);
}

static tn_status name_folders(struct plugin_host *host, struct err *err)
{
    static const char scratch[] = "/scratch";
    char path[PATH_MAX + sizeof(scratch)];

    if (!realpath(host->options.work_dir, path))
        return err_set(
            err, TN_UNAVAILABLE, "%s: %s.", host->options.work_dir, strerrordesc_np(errno));
    host->work_dir = mem_copy_str(path);
    memcpy(path + strlen(path), scratch, sizeof(scratch));
    host->scratch_dir = mem_copy_str(path);
    return host->work_dir && host->scratch_dir ? TN_OK : err_memory(err, "the plugins");
}

/* What this machine cannot give is said by the first process that lacks it; where it is required,
 * there is no host. */
static tn_status open_sandboxes(struct plugin_host *host, struct err *err)
{
    const struct plugin_sandbox *sandbox = &host->options.sandbox;
    struct isolate_options options = {.log = host->options.log,
                                      .folder = host->scratch_dir,
                                      .user_first = sandbox->user_first,
                                      .user_count = sandbox->user_count,
                                      .required = sandbox->required};
    uint32_t missing = 0;

    TRY(isolate_probe(&options, &missing, err));
    if (missing & SANDBOX_USER)
        options.user_count = 0;
    return isolate_create(&options, &host->isolate, err);
}

tn_status plugin_host_create(const struct plugin_host_options *options,
                             struct plugin_host **ret_host, struct err *err)
{
    struct records_hooks hooks = {.take = take_routes, .give_back = give_back_routes};
    struct plugin_host *host;

    TRY(file_clear_dir(options->work_dir, err));
    host = mem_new(struct plugin_host);
    if (!host)
        return err_memory(err, "the plugins");
    host->options = *options;
    if (host->options.isolation == 0)
        host->options.isolation = PLUGIN_IN_HOST;
    runner_limits_complete(&host->options.runner_limits);
    atomic_init(&host->is_serving, false);
    atomic_init(&host->duties, NULL);
    init_locks(host);
    tn_status st = routes_init(host, err);
    if (st == TN_OK)
        st = name_folders(host, err);
    if (st == TN_OK && options->runner)
        st = open_sandboxes(host, err);
    if (st == TN_OK && zones_create(&host->zones) != TN_OK)
        st = err_memory(err, "the plugins");
    if (st != TN_OK) {
        plugin_host_destroy(host);
        return st;
    }
    hooks.run = hooks_run;
    hooks.ctx = host;
    records_set_hooks(options->records, &hooks);
    *ret_host = host;
    return TN_OK;
}

/* Finding */

/* Room for one more in the lists of plugins. */
static tn_status reserve_plugin(struct plugin_host *host, struct err *err)
{
    struct plugin **plugins =
        mem_resize(host->plugins, host->plugin_count + 1, sizeof(struct plugin *));
    struct plugin **running = NULL;

    if (plugins) {
        host->plugins = plugins;
        running = mem_resize(host->running, host->plugin_count + 1, sizeof(struct plugin *));
    }
    if (!running)
        return err_memory(err, "a plugin");
    host->running = running;
    return TN_OK;
}

static tn_status add_file(void *ctx, const char *path, struct err *err)
{
    struct plugin_host *host = ctx;

    if (host->plugin_count == PLUGIN_MAX)
        return err_set(err, TN_RESOURCE_EXHAUSTED, "There are more than %u plugins.", PLUGIN_MAX);
    TRY(reserve_plugin(host, err));
    install_recover(path);
    TRY(load_read(host, path, &host->plugins[host->plugin_count], err));
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

static void start_plugin(struct plugin_host *host, size_t place);

static size_t place_of(const struct plugin_host *host, const struct plugin *plugin)
{
    size_t place = 0;

    while (host->plugins[place] != plugin)
        place++;
    return place;
}

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
    start_plugin(owner->host, place_of(owner->host, owner));
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
static void start_plugin(struct plugin_host *host, size_t place)
{
    struct plugin *plugin = host->plugins[place];
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
            st = change_start(host, place, plugin, NULL, &state, &err);
        if (st != TN_OK)
            load_refuse(plugin, state, &err);
    }
    report(plugin, begun_us);
}

/* The list, for those who look: plugins that do not run are in it too. */
static tn_status publish_list(struct plugin_host *host, struct err *err)
{
    const struct routes_plan plan = {.plugins = host->plugins,
                                     .plugin_count = host->plugin_count,
                                     .running = host->running,
                                     .running_count = host->running_count};
    struct plugin_routes *routes = NULL;

    TRY(routes_draft(host, &plan, &routes, err));
    routes_publish(routes);
    return TN_OK;
}

static tn_status load_all(struct plugin_host *host, struct err *err)
{
    if (host->options.signing && host->options.signing->runs_in_process)
        LOG(host->options.log,
            LOG_WARN,
            "plugins run in the host's process whoever signed them: for their authors, not for "
            "data that matters");
    for (size_t i = 0; i < host->options.dir_count; i++)
        TRY(file_find(host->options.dirs[i], add_file, host, err));
    refuse_repeated_ids(host);
    for (size_t i = 0; i < host->plugin_count; i++) {
        start_plugin(host, i);
        (void)change_settle(host, 0); /* nobody calls yet: the routes before are free */
    }
    return publish_list(host, err);
}

tn_status plugin_host_load_all(struct plugin_host *host, struct err *err)
{
    (void)pthread_mutex_lock(&host->change);
    tn_status st = load_all(host, err);
    (void)pthread_mutex_unlock(&host->change);
    TRY(st);
    rest_report(host);
    /* pairs with the acquire of enter(): whatever was there at the start is served from here on */
    atomic_store_explicit(&host->is_serving, true, memory_order_release);
    TRY(migrate_start(host, err));
    (void)pthread_mutex_lock(&host->change);
    st = duties_start(host, err);
    (void)pthread_mutex_unlock(&host->change);
    return st;
}

void plugin_host_wake(struct plugin_host *host)
{
    duties_wake(host);
    migrate_wake(host);
}

void plugin_host_stop(struct plugin_host *host)
{
    migrate_stop(host);
    (void)pthread_mutex_lock(&host->change);
    atomic_store_explicit(&host->is_serving, false, memory_order_release);
    duties_stop(host);
    for (size_t i = host->running_count; i > 0; i--)
        callback_end(host->running[i - 1]);
    for (size_t i = host->leaving_count; i > 0; i--)
        callback_end(host->leaving[i - 1]);
    (void)pthread_mutex_unlock(&host->change);
}

void plugin_host_destroy(struct plugin_host *host)
{
    if (!host)
        return;
    duties_destroy(host);
    for (size_t i = host->leaving_count; i > 0; i--)
        load_unref(host->leaving[i - 1]);
    for (size_t i = host->plugin_count; i > 0; i--)
        load_unref(host->plugins[i - 1]);
    mem_free(host->plugins);
    mem_free(host->running);
    mem_free(host->leaving);
    isolate_destroy(host->isolate);
    mem_free(host->scratch_dir);
    mem_free(host->work_dir);
    routes_fini(host);
    zones_destroy(host->zones);
    pthread_cond_destroy(&host->migrate_woken);
    pthread_mutex_destroy(&host->migrate_mu);
    pthread_mutex_destroy(&host->change);
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
    info->refused_count = runner.refused_count;
    if (runner.state == RUNNER_OFF)
        info->state = PLUGIN_FAILED;
    (void)snprintf(info->reason, sizeof(info->reason), "%s", why.message);
}

bool plugin_routes_info(const struct plugin_routes *routes, size_t index,
                        struct plugin_info *ret_info)
{
    if (index >= routes->plugin_count)
        return false;
    const struct plugin *plugin = routes->plugins[index];
    const struct tn_plugin *rows = plugin->rows;
    *ret_info = (struct plugin_info){
        .id = rows ? rows->id : "",
        .version = rows ? rows->version : "",
        .summary = rows && rows->summary ? rows->summary : "",
        .file = plugin->file,
        .signer = plugin->signer,
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

/* Whether its code may run in this process: whoever answers for it signed it, or its author runs
 * the host. */
static bool may_run_here(const struct plugin *plugin)
{
    const struct plugin_signing *signing = plugin->host->options.signing;

    return !signing || signing->runs_in_process || plugin->signer[0] != '\0';
}

const struct plugin_isolated *plugin_isolated(const struct plugin *plugin)
{
    const struct plugin_host_options *options = &plugin->host->options;

    for (size_t i = 0; i < options->isolated_count; i++)
        if (strcmp(options->isolated[i].id, plugin->rows->id) == 0)
            return &options->isolated[i];
    return NULL;
}

enum plugin_isolation plugin_isolation(const struct plugin *plugin)
{
    const struct plugin_isolated *how = plugin_isolated(plugin);

    if (!may_run_here(plugin))
        return PLUGIN_IN_RUNNER; /* whatever is configured */
    return how && how->isolation != 0 ? how->isolation : plugin->host->options.isolation;
}

bool plugin_routes_migration(const struct plugin_routes *routes, size_t index, uint32_t *ret_left,
                             uint64_t *ret_steps, struct err *err)
{
    const struct plugin *plugin = routes->plugins[index];
    const struct plugin_migration *migration = &plugin->migration;

    (void)pthread_mutex_lock(&plugin->host->migrate_mu);
    bool is_under_way = migration->is_under_way;
    *ret_left = is_under_way ? migration->portals_left : 0;
    *ret_steps = migration->step_count;
    if (is_under_way)
        (void)err_set(err,
                      TN_UNAVAILABLE,
                      "Its records are taken to schema %u, those of the portal %s now: portals "
                      "left: %u. %s",
                      plugin->rows->schema,
                      migration->portal,
                      migration->portals_left,
                      migration->reason);
    (void)pthread_mutex_unlock(&plugin->host->migrate_mu);
    return is_under_way;
}

/* What runs is only known to stay for as long as nobody replaces it. */
static const struct plugin_routes *routes_now(const struct plugin_host *host)
{
    return atomic_load_explicit(&host->routes, memory_order_acquire);
}

bool plugin_host_info(const struct plugin_host *host, size_t index, struct plugin_info *ret_info)
{
    return plugin_routes_info(routes_now(host), index, ret_info);
}

bool plugin_routes_rests(const struct plugin_routes *routes, size_t index,
                         const struct schema *schema, const struct portal *portal, struct err *err)
{
    const struct plugin *plugin = routes->plugins[index];

    return plugin->state == PLUGIN_RUNNING && rest_check(plugin, schema, portal, err) != TN_OK;
}

/* Methods */

const struct plugin_method *plugin_host_method(const struct plugin_host *host, size_t index)
{
    return plugin_routes_method(routes_now(host), index);
}

/* Its messages, the request as it came. */
static tn_status open_messages(const struct plugin_method *method, struct txn *txn,
                               struct tn_bytes request, struct message **ret_asked,
                               struct message **ret_answer, struct err *err)
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
    TRY(rest_check_method(method, txn, err));
    TRY(message_create(arena, plugin->messages[method->row->request], &asked, err));
    TRY(message_create(arena, plugin->messages[method->row->response], &answer, err));
    TRY(message_decode(asked, request, err));
    *ret_asked = asked;
    *ret_answer = answer;
    return TN_OK;
}

tn_status plugin_method_run(const struct plugin_method *method, struct txn *txn,
                            struct tn_bytes request, struct buf *ret_response, struct err *err)
{
    struct message *asked;
    struct message *answer;

    TRY(open_messages(method, txn, request, &asked, &answer, err));
    TRY(call_method(method, txn, 1, asked, answer, err));
    if (message_encode(answer, ret_response) != TN_OK)
        return err_memory(err, "a message");
    return TN_OK;
}

tn_status plugin_method_stream(const struct plugin_method *method, struct txn *txn,
                               struct tn_bytes request, const struct plugin_sink *sink,
                               struct err *err)
{
    struct plugin_stream stream;
    struct message *asked;
    struct message *answer;

    TRY(open_messages(method, txn, request, &asked, &answer, err));
    stream_init(&stream, method, sink);
    tn_status st = call_method_stream(method, txn, &stream, asked, answer, err);
    stream_fini(&stream);
    return st;
}
