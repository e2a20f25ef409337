/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - the steps of a plugin's load, each undone when a later one fails. */
#include "core/plugin/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/bind.h"
#include "core/plugin/callback.h"
#include "core/plugin/file.h"
#include "core/plugin/hooks.h"
#include "core/plugin/runner.h"
#include "core/plugin/settings.h"

/* A function of the file, which the manifest's reader saw to lie in its code, where it was mapped.
 */
#define MAPPED(plugin, type, member) ((type)mapped_at((plugin), manifest_vaddr(&(member))))

static uintptr_t mapped_at(const struct plugin *plugin, uint64_t vaddr)
{
    return vaddr ? plugin->base + (uintptr_t)vaddr : 0;
}

void load_refuse(struct plugin *plugin, enum plugin_state state, const struct err *err)
{
    char *out = plugin->reason;
    size_t size = sizeof(plugin->reason);

    plugin->state = state;
    int len = snprintf(out, size, "%s", err->message);
    for (uint32_t i = 0; i < err->violation_count && len >= 0 && (size_t)len < size; i++) {
        const struct err_violation *violation = &err->violations[i];
        int more =
            snprintf(out + len, size - (size_t)len, " [%s] %s", violation->field, violation->text);

        len = more < 0 ? more : len + more;
    }
    size_t cut = strnlen(out, size - 1);
    out[utf8_cut(out, cut)] = '\0';
}

/* Reading */

static tn_status read_manifest(struct plugin *plugin, struct err *err)
{
    const struct plugin_host_options *options = &plugin->host->options;
    struct manifest_rules rules = {options->libraries, (uint32_t)options->library_count};

    TRY(file_read(plugin->file, PLUGIN_FILE_SIZE_MAX, &plugin->bytes, err));
    return manifest_read(buf_bytes(&plugin->bytes), &rules, &plugin->manifest, err);
}

static bool is_disabled(const struct plugin_host_options *options, const char *id)
{
    for (size_t i = 0; i < options->disabled_count; i++)
        if (strcmp(options->disabled[i], id) == 0)
            return true;
    return false;
}

/* What the file says is copied, so that functions can become addresses of the process. */
static tn_status copy_rows(struct plugin *plugin, struct err *err)
{
    const struct tn_plugin *from = &plugin->manifest->plugin;
    struct tn_plugin *rows = arena_new(&plugin->arena, struct tn_plugin);
    struct tn_hook *hooks = arena_array(&plugin->arena, struct tn_hook, from->hooks.count);
    struct tn_consumer *consumers =
        arena_array(&plugin->arena, struct tn_consumer, from->consumers.count);
    struct tn_timer *timers = arena_array(&plugin->arena, struct tn_timer, from->timers.count);
    struct tn_method *methods = arena_array(&plugin->arena, struct tn_method, from->methods.count);

    if (!rows || !hooks || !consumers || !timers || !methods)
        return err_memory(err, "a plugin");
    *rows = *from;
    for (uint32_t i = 0; i < from->hooks.count; i++)
        hooks[i] = from->hooks.items[i];
    for (uint32_t i = 0; i < from->consumers.count; i++)
        consumers[i] = from->consumers.items[i];
    for (uint32_t i = 0; i < from->timers.count; i++)
        timers[i] = from->timers.items[i];
    for (uint32_t i = 0; i < from->methods.count; i++)
        methods[i] = from->methods.items[i];
    rows->hooks.items = hooks;
    rows->consumers.items = consumers;
    rows->timers.items = timers;
    rows->methods.items = methods;
    plugin->rows = rows;
    plugin->hooks = hooks;
    plugin->consumers = consumers;
    plugin->timers = timers;
    plugin->methods = methods;
    return TN_OK;
}

tn_status load_read(struct plugin_host *host, const char *file, struct plugin **ret_plugin,
                    struct err *err)
{
    CLEANUP(load_destroy_p) struct plugin *plugin = mem_new(struct plugin);
    struct err why;

    if (!plugin)
        return err_memory(err, "a plugin");
    plugin->host = host;
    plugin->handle.plugin = plugin;
    arena_init(&plugin->arena, PLUGIN_ARENA_SIZE);
    plugin->file = arena_copy(&plugin->arena, file, strlen(file));
    if (!plugin->file)
        return err_memory(err, "a plugin");
    err_init(&why, host->options.language);
    tn_status st = read_manifest(plugin, &why);
    if (st == TN_OK)
        TRY(copy_rows(plugin, err));
    if (st == TN_OK && is_disabled(&host->options, plugin->rows->id))
        st = err_set(&why, TN_UNAVAILABLE, "It is disabled by the configuration.");
    if (st != TN_OK) {
        load_refuse(plugin, plugin->rows ? PLUGIN_DISABLED : PLUGIN_REFUSED, &why);
        buf_fini(&plugin->bytes);
    }
    *ret_plugin = TAKE(plugin);
    return TN_OK;
}

/* Mapping */

static tn_status map_copy(struct plugin *plugin, const char *path, struct err *err)
{
    struct link_map *map = NULL;

    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) {
        const char *why = dlerror();

        return err_set(
            err, TN_FAILED_PRECONDITION, "It cannot be mapped: %s.", why ? why : "no reason");
    }
    plugin->base = (uintptr_t)map->l_addr;
    return TN_OK;
}

/* The lists in copy_rows hold addresses of the file; from now on they hold those of the process. */
static void point_functions(struct plugin *plugin)
{
    struct tn_plugin *rows = plugin->rows;

    for (uint32_t i = 0; i < rows->hooks.count; i++)
        plugin->hooks[i].run = MAPPED(plugin, tn_hook_fn, rows->hooks.items[i].run);
    for (uint32_t i = 0; i < rows->consumers.count; i++)
        plugin->consumers[i].run = MAPPED(plugin, tn_consumer_fn, rows->consumers.items[i].run);
    for (uint32_t i = 0; i < rows->timers.count; i++)
        plugin->timers[i].run = MAPPED(plugin, tn_timer_fn, rows->timers.items[i].run);
    for (uint32_t i = 0; i < rows->methods.count; i++)
        plugin->methods[i].run = MAPPED(plugin, tn_method_fn, rows->methods.items[i].run);
    rows->load = MAPPED(plugin, plugin_load_fn, rows->load);
    rows->start = MAPPED(plugin, plugin_start_fn, rows->start);
    rows->stop = MAPPED(plugin, plugin_end_fn, rows->stop);
    rows->unload = MAPPED(plugin, plugin_end_fn, rows->unload);
}

static tn_status map_plugin(struct plugin *plugin, struct err *err)
{
    struct plugin_host *host = plugin->host;
    char path[PATH_MAX];

    if (!manifest_has_code(plugin->manifest))
        return TN_OK;
    int len = snprintf(path,
                       sizeof(path),
                       "%s/%s-%u.so",
                       host->options.work_dir,
                       plugin->manifest->hash,
                       host->copy_count++);
    if (len < 0 || (size_t)len >= sizeof(path))
        return err_set(err, TN_INVALID_ARGUMENT, "The path of the work folder is too long.");
    TRY(file_copy(path, buf_bytes(&plugin->bytes), err));
    plugin->copy = arena_copy(&plugin->arena, path, strlen(path));
    if (!plugin->copy)
        return err_memory(err, "a plugin");
    if (plugin_isolation(plugin) == PLUGIN_IN_RUNNER)
        return TN_OK; /* its process maps it */
    TRY(map_copy(plugin, path, err));
    point_functions(plugin);
    bind_slots(plugin);
    return TN_OK;
}

/* Starting */

/* Room for its routes, so that adding them cannot fail once its declarations are kept. */
static tn_status reserve_routes(struct plugin *plugin, struct err *err)
{
    struct plugin_host *host = plugin->host;
    const struct plugin_method **methods =
        mem_resize(host->methods, host->method_count + plugin->served_count + 1, sizeof(*methods));
    struct plugin **running;

    if (!methods)
        return err_memory(err, "methods");
    host->methods = methods;
    running = mem_resize(host->running, host->running_count + 1, sizeof(struct plugin *));
    if (!running)
        return err_memory(err, "a plugin");
    host->running = running;
    return hooks_reserve(host, plugin->rows->hooks.count, err);
}

static void add_routes(struct plugin *plugin)
{
    struct plugin_host *host = plugin->host;

    for (uint32_t i = 0; i < plugin->served_count; i++)
        host->methods[host->method_count++] = &plugin->served[i];
    hooks_add(host, plugin);
    host->running[host->running_count++] = plugin;
    plugin->state = PLUGIN_RUNNING;
}

/* Everything between what it declares and what it does; undone by load_start. */
static tn_status run_steps(struct plugin *plugin, enum plugin_state *state, struct err *err)
{
    struct plugin_host *host = plugin->host;

    TRY(bind_check(plugin, err));
    TRY(settings_prepare(plugin, err));
    TRY(bind_rows(plugin, err));
    TRY(catalog_declare(host->options.catalog, plugin->rows, &plugin->declared, err));
    plugin->binding = catalog_binding(plugin->declared);
    TRY(reserve_routes(plugin, err));
    *state = PLUGIN_FAILED;
    TRY(map_plugin(plugin, err));
    TRY(callback_begin(plugin, err));
    return catalog_keep(host->options.catalog, plugin->declared, err);
}

tn_status load_start(struct plugin *plugin, enum plugin_state *ret_state, struct err *err)
{
    enum plugin_state state = PLUGIN_REFUSED;
    tn_status st = run_steps(plugin, &state, err);

    buf_fini(&plugin->bytes);
    if (st == TN_OK) {
        add_routes(plugin);
        return TN_OK;
    }
    callback_end(plugin);
    if (plugin->declared)
        catalog_drop(plugin->host->options.catalog, plugin->declared);
    catalog_declared_destroy(TAKE(plugin->declared));
    plugin->binding = NULL;
    *ret_state = state;
    return st;
}

void load_destroy(struct plugin *plugin)
{
    if (!plugin)
        return;
    runner_destroy(plugin->runner);
    catalog_declared_destroy(plugin->declared);
    manifest_destroy(plugin->manifest);
    buf_fini(&plugin->bytes);
    arena_fini(&plugin->arena);
    mem_free(plugin);
}
