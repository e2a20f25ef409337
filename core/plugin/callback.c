/* SPDX-License-Identifier: Apache-2.0 */
/* callback.c - entering plugins: functions in this process, or a runner. */
#include "core/plugin/callback.h"

#include "core/plugin/grants.h"
#include "core/plugin/runner.h"

/* Around every callback of a TN_SERIAL plugin. */
static void enter_serial(struct plugin *plugin)
{
    if (plugin->rows->flags & TN_SERIAL)
        pthread_mutex_lock(&plugin->host->serial);
}

static void leave_serial(struct plugin *plugin)
{
    if (plugin->rows->flags & TN_SERIAL)
        pthread_mutex_unlock(&plugin->host->serial);
}

tn_status callback_hook(struct tn_call *call, const struct tn_hook *row,
                        const struct tn_record *before, struct tn_record *after)
{
    struct plugin *plugin = call->plugin;

    enter_serial(plugin);
    tn_status st = plugin->runner ? runner_hook(plugin->runner, call, row, before, after)
                                  : row->run(call, before, after);
    leave_serial(plugin);
    return st;
}

tn_status callback_consumer(struct tn_call *call, const struct tn_consumer *row,
                            const struct tn_record *before, const struct tn_record *after)
{
    struct plugin *plugin = call->plugin;

    enter_serial(plugin);
    tn_status st = plugin->runner ? runner_consumer(plugin->runner, call, row, before, after)
                                  : row->run(call, before, after);
    leave_serial(plugin);
    return st;
}

tn_status callback_timer(struct tn_call *call, const struct tn_timer *row, struct tn_record *record,
                         tn_time due)
{
    struct plugin *plugin = call->plugin;

    enter_serial(plugin);
    tn_status st = plugin->runner ? runner_timer(plugin->runner, call, row, record, due)
                                  : row->run(call, record, due);
    leave_serial(plugin);
    return st;
}

tn_status callback_method(struct tn_call *call, const struct tn_method *row,
                          struct tn_record *request, struct tn_record *response)
{
    struct plugin *plugin = call->plugin;

    enter_serial(plugin);
    tn_status st = plugin->runner ? runner_method(plugin->runner, call, row, request, response)
                                  : row->run(call, request, response);
    leave_serial(plugin);
    return st;
}

tn_status callback_migrate(struct tn_call *call, uint32_t from, struct tn_value *progress)
{
    struct plugin *plugin = call->plugin;

    enter_serial(plugin);
    tn_status st = plugin->runner ? runner_migrate(plugin->runner, call, from, progress)
                                  : plugin->rows->migrate(call, from, progress);
    leave_serial(plugin);
    return st;
}

tn_status callback_begin(struct plugin *plugin, struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;
    tn_status st = TN_OK;

    if (plugin->copy && plugin_isolation(plugin) == PLUGIN_IN_RUNNER) {
        grants_report(plugin);
        return runner_start(plugin, &plugin->runner, err);
    }
    plugin->is_loaded = rows->load != NULL;
    if (rows->load)
        st = rows->load(&plugin->handle, &plugin->self);
    if (st != TN_OK)
        return err_set(err, st, "Its load() failed with %s.", err_status_name(st));
    plugin->is_started = rows->start != NULL;
    if (rows->start)
        st = rows->start(plugin->self);
    if (st != TN_OK)
        return err_set(err, st, "Its start() failed with %s.", err_status_name(st));
    return TN_OK;
}

void callback_end(struct plugin *plugin)
{
    if (!plugin->is_stopped)
        runner_stop(plugin->runner);
    plugin->is_stopped = true;
    if (plugin->is_started && plugin->rows->stop)
        plugin->rows->stop(plugin->self);
    plugin->is_started = false;
    if (plugin->is_loaded && plugin->rows->unload)
        plugin->rows->unload(plugin->self);
    plugin->is_loaded = false;
    plugin->self = NULL;
}
