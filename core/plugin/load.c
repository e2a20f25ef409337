/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - the steps of a plugin's load, each undone when a later one fails. */
#include "core/plugin/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/pool.h"
#include "core/base/utf8.h"
#include "core/plugin/bind.h"
#include "core/plugin/callback.h"
#include "core/plugin/file.h"
#include "core/plugin/kept.h"
#include "core/plugin/migrate.h"
#include "core/plugin/runner.h"
#include "core/plugin/settings.h"
#include "core/plugin/signed.h"
#include "core/plugin/successor.h"

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

bool load_is_disabled(const struct plugin_host *host, const char *id)
{
    const struct plugin_host_options *options = &host->options;

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
    plugin->number = pool_plugin_number(log_str(rows->id));
    plugin->hooks = hooks;
    plugin->consumers = consumers;
    plugin->timers = timers;
    plugin->methods = methods;
    return TN_OK;
}

static tn_status create_plugin(struct plugin_host *host, const char *file,
                               struct plugin **ret_plugin, struct err *err)
{
    CLEANUP(load_destroy_p) struct plugin *plugin = mem_new(struct plugin);

    if (!plugin)
        return err_memory(err, "a plugin");
    plugin->host = host;
    plugin->ref_count = 1;
    atomic_init(&plugin->is_serving, false);
    plugin->handle.plugin = plugin;
    arena_init(&plugin->arena, PLUGIN_ARENA_SIZE);
    plugin->file = arena_copy(&plugin->arena, file, strlen(file));
    if (!plugin->file)
        return err_memory(err, "a plugin");
    *ret_plugin = TAKE(plugin);
    return TN_OK;
}

tn_status load_open(struct plugin_host *host, const char *file, struct plugin **ret_plugin,
                    struct err *err)
{
    CLEANUP(load_destroy_p) struct plugin *plugin = NULL;

    TRY(create_plugin(host, file, &plugin, err));
    TRY(read_manifest(plugin, err));
    TRY(copy_rows(plugin, err));
    *ret_plugin = TAKE(plugin);
    return TN_OK;
}

static tn_status refuse_disabled(const struct plugin *plugin, struct err *err)
{
    const char *id = plugin->rows->id;
    struct plugin_kept kept;

    if (load_is_disabled(plugin->host, id))
        return err_set(err, TN_UNAVAILABLE, "It is disabled by the configuration.");
    TRY(kept_read(plugin->host, id, &kept, err));
    if (kept.is_disabled)
        return err_set(err, TN_UNAVAILABLE, "It was disabled by an administrator.");
    return TN_OK;
}

tn_status load_read(struct plugin_host *host, const char *file, struct plugin **ret_plugin,
                    struct err *err)
{
    CLEANUP(load_destroy_p) struct plugin *plugin = NULL;
    struct err why;

    TRY(create_plugin(host, file, &plugin, err));
    err_init(&why, host->options.language);
    tn_status st = read_manifest(plugin, &why);
    if (st == TN_OK)
        TRY(copy_rows(plugin, err));
    if (st == TN_OK)
        st = refuse_disabled(plugin, &why);
    if (st != TN_OK) {
        load_refuse(plugin, plugin->rows ? PLUGIN_DISABLED : PLUGIN_REFUSED, &why);
        buf_fini(&plugin->bytes);
    }
    *ret_plugin = TAKE(plugin);
    return TN_OK;
}

/* A list entry without rows of its own but for its names. */
static tn_status copy_names(const struct plugin *plugin, struct plugin *copy, struct err *err)
{
    struct tn_plugin *rows = arena_new(&copy->arena, struct tn_plugin);

    if (!rows)
        return err_memory(err, "a plugin");
    rows->id = arena_copy(&copy->arena, plugin->rows->id, strlen(plugin->rows->id));
    rows->version = arena_copy(&copy->arena, plugin->rows->version, strlen(plugin->rows->version));
    if (!rows->id || !rows->version)
        return err_memory(err, "a plugin");
    copy->rows = rows;
    return TN_OK;
}

tn_status load_copy(const struct plugin *plugin, struct plugin **ret_copy, struct err *err)
{
    CLEANUP(load_destroy_p) struct plugin *copy = NULL;

    if (load_open(plugin->host, plugin->file, &copy, NULL) == TN_OK &&
        strcmp(copy->rows->id, plugin->rows->id) == 0) {
        buf_fini(&copy->bytes);
        *ret_copy = TAKE(copy);
        return TN_OK;
    }
    load_destroy(TAKE(copy));
    TRY(create_plugin(plugin->host, plugin->file, &copy, err));
    TRY(copy_names(plugin, copy, err));
    *ret_copy = TAKE(copy);
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
    rows->migrate = MAPPED(plugin, tn_migrate_fn, rows->migrate);
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
                       host->work_dir,
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

/* A host without the program for processes of their own can run no code that has to be in one. */
static tn_status isolate_check(const struct plugin *plugin, struct err *err)
{
    const struct plugin_host_options *options = &plugin->host->options;

    if (!options->signing || options->runner || !manifest_has_code(plugin->manifest) ||
        plugin_isolation(plugin) == PLUGIN_IN_HOST)
        return TN_OK;
    return err_set(
        err,
        TN_FAILED_PRECONDITION,
        "It is to run in a process of its own, and there is no tenon-runner: install it, "
        "or have the plugin signed.");
}

tn_status load_prepare(struct plugin *plugin, enum plugin_state *ret_state, struct err *err)
{
    struct plugin_host *host = plugin->host;

    *ret_state = PLUGIN_REFUSED;
    TRY(signed_check(plugin, err));
    TRY(isolate_check(plugin, err));
    TRY(bind_check(plugin, err));
    if (!plugin->predecessor) /* who replaces may allow it, and was asked */
        TRY(successor_check_kept(plugin, 0, err));
    TRY(migrate_check(plugin, err));
    TRY(settings_prepare(plugin, err));
    TRY(bind_rows(plugin, err));
    TRY(catalog_declare(host->options.catalog, plugin->rows, &plugin->declared, err));
    plugin->binding = catalog_binding(plugin->declared);
    *ret_state = PLUGIN_FAILED;
    TRY(map_plugin(plugin, err));
    buf_fini(&plugin->bytes);
    return callback_begin(plugin, err);
}

tn_status load_keep(struct plugin *plugin, struct err *err)
{
    const struct plugin_host *host = plugin->host;
    struct plugin_kept before;

    TRY(kept_read(host, plugin->rows->id, &before, err));
    TRY(migrate_begin(plugin, err));
    tn_status st = catalog_keep(host->options.catalog, plugin->declared, err);
    if (st != TN_OK && before.version[0] != '\0')
        (void)kept_write(host, plugin->rows->id, &before, NULL); /* else the next start says so */
    return st;
}

void load_undo(struct plugin *plugin)
{
    load_end(plugin);
    buf_fini(&plugin->bytes);
    catalog_declared_destroy(TAKE(plugin->declared));
    plugin->binding = NULL;
}

/* Ending */

/*
 * What the kernel can read from the file again is of no use in memory. Pages that were written to
 * stay: a destructor of thread data may still run there. [dl_iterate_phdr's callback]
 */
static int advise_away(struct dl_phdr_info *info, size_t size, void *ctx)
{
    const struct plugin *plugin = ctx;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    if (info->dlpi_addr != plugin->base)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t from = (plugin->base + segment->p_vaddr) / page * page;
        uintptr_t to = plugin->base + segment->p_vaddr + segment->p_memsz;

        if (segment->p_type == PT_LOAD)
            (void)madvise(
                (void *)from, to - from, (segment->p_flags & PF_W) ? MADV_COLD : MADV_DONTNEED);
    }
    return 1;
}

void load_end(struct plugin *plugin)
{
    callback_end(plugin);
    if (plugin->base)
        (void)dl_iterate_phdr(advise_away, plugin);
}

void load_destroy(struct plugin *plugin)
{
    if (!plugin)
        return;
    runner_destroy(plugin->runner);
    for (uint32_t i = 0; i < plugin->lender_count; i++)
        load_unref(plugin->lenders[i]);
    catalog_declared_destroy(plugin->declared);
    manifest_destroy(plugin->manifest);
    buf_fini(&plugin->bytes);
    arena_fini(&plugin->arena);
    mem_free(plugin);
}

void load_unref(struct plugin *plugin)
{
    if (plugin && --plugin->ref_count == 0)
        load_destroy(plugin);
}
