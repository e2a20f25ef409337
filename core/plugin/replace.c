/* SPDX-License-Identifier: Apache-2.0 */
/* replace.c - an administrator puts a plugin in another's place, takes one out, or back. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/plugin/change.h"
#include "core/plugin/duties.h"
#include "core/plugin/file.h"
#include "core/plugin/install.h"
#include "core/plugin/kept.h"
#include "core/plugin/load.h"
#include "core/plugin/migrate.h"
#include "core/plugin/order.h"
#include "core/plugin/successor.h"

/* How long an administrator waits for calls of the old version. */
#define DRAIN_US ((int64_t)30 * 1000000)

void plugin_host_set_watcher(struct plugin_host *host, void (*changed)(void *ctx), void *ctx)
{
    (void)pthread_mutex_lock(&host->change);
    host->changed = changed;
    host->changed_ctx = ctx;
    (void)pthread_mutex_unlock(&host->change);
}

/* Consumers and timers of what was replaced end with the call that they are in, and those of what
 * is there now go on behind the last cursor that was committed. */
static void move_duties(struct plugin_host *host, bool are_others)
{
    struct err err;

    if (!are_others) {
        duties_move(host);
        return;
    }
    duties_stop(host);
    err_init(&err, host->options.language);
    if (duties_start(host, &err) != TN_OK)
        LOG(host->options.log,
            LOG_ERROR,
            "consumers and timers do not run until the next change of plugins",
            LOG_STR("reason", err.message));
}

/* `has_duties`: what was replaced, or what is there now, has consumers or timers. */
static bool settle(struct plugin_host *host, bool has_duties)
{
    int64_t drain_us = host->options.drain_us;

    if (host->changed)
        host->changed(host->changed_ctx);
    move_duties(host, has_duties);
    migrate_wake(host);

    return change_settle(host, clock_mono_us() + (drain_us ? drain_us : DRAIN_US));
}

/* The first of that id: those behind it were refused for having it. */
static tn_status find_place(const struct plugin_host *host, const char *id, size_t *ret_place,
                            struct err *err)
{
    for (size_t i = 0; i < host->plugin_count; i++) {
        if (!host->plugins[i]->rows || strcmp(host->plugins[i]->rows->id, id) != 0)
            continue;
        *ret_place = i;
        return TN_OK;
    }
    return err_set(err, TN_NOT_FOUND, "There is no plugin %s.", id);
}

static tn_status need_running(void *ctx, const struct order_need *need)
{
    struct err *err = ctx;

    if (need->owner->state == PLUGIN_RUNNING)
        return TN_OK;
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "It needs %s of the plugin %s, which does not run.",
                   need->name,
                   need->owner->rows->id);
}

/* Replacing */

/* What change_start() does between the new plugin's start and its routes. */
struct placing {
    struct install install;
    struct plugin *fresh;
    const char *target; /* of the new plugin */
};

/* From here on it is listed with the place of its file, not with where it came from. */
static tn_status put_file(void *ctx, struct err *err)
{
    struct placing *placing = ctx;

    TRY(install_swap(&placing->install, err));
    placing->fresh->file = placing->target;
    return TN_OK;
}

static void take_file_back(void *ctx)
{
    struct placing *placing = ctx;

    install_undo(&placing->install);
}

static void log_change(const struct plugin_host *host, const char *what, const char *id,
                       const char *from, const char *to)
{
    LOG(host->options.log,
        LOG_INFO,
        what,
        LOG_STR("id", id),
        LOG_STR("from", from),
        LOG_STR("to", to));
}

static tn_status check(const struct plugin *old, const struct plugin *fresh, uint32_t flags,
                       struct err *err)
{
    if (old->state == PLUGIN_DISABLED)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The plugin %s is disabled: enable it first.",
                       old->rows->id);
    TRY(successor_check(old, fresh, flags, err));
    return order_needs(old->host, fresh, need_running, err);
}

/* Empty: it has none. */
static tn_status read_signature(const struct plugin *plugin, struct buf *out, struct err *err)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s.sig", plugin->file);
    struct err why;

    if (len < 0 || (size_t)len >= sizeof(path))
        return err_set(err, TN_INVALID_ARGUMENT, "The path of its signature is too long.");
    err_init(&why, err ? err->language : NULL);
    tn_status st = file_read(path, SHEET_SIZE_MAX, out, &why);
    if (st != TN_OK && st != TN_NOT_FOUND) {
        err_copy(err, &why);
        return st;
    }
    return TN_OK;
}

static tn_status start_in_place(struct plugin_host *host, size_t place, struct plugin *fresh,
                                struct err *err)
{
    const char *target = host->plugins[place]->file;
    enum plugin_state ignored; /* what is not started is not listed */
    CLEANUP(mem_free_p) struct placing *placing = mem_new(struct placing); /* some paths long */
    CLEANUP(buf_fini) struct buf signature = {0};

    if (placing)
        placing->target = arena_copy(&fresh->arena, target, strlen(target));
    if (!placing || !placing->target)
        return err_memory(err, "a plugin");
    placing->fresh = fresh;
    TRY(read_signature(fresh, &signature, err));
    TRY(install_prepare(
        &placing->install, target, buf_bytes(&fresh->bytes), buf_bytes(&signature), err));
    const struct change_step step = {put_file, take_file_back, placing};
    tn_status st = change_start(host, place, fresh, &step, &ignored, err);
    install_end(&placing->install);
    return st;
}

static tn_status replace(struct plugin_host *host, const char *file, uint32_t flags,
                         struct plugin_replaced *ret_replaced, struct err *err)
{
    CLEANUP(load_destroy_p) struct plugin *fresh = NULL;
    struct plugin_replaced replaced = {0};
    size_t place = 0;

    TRY(load_open(host, file, &fresh, err));
    TRY(find_place(host, fresh->rows->id, &place, err));
    TRY(check(host->plugins[place], fresh, flags, err));
    (void)snprintf(replaced.id, sizeof(replaced.id), "%s", fresh->rows->id);
    (void)snprintf(replaced.from, sizeof(replaced.from), "%s", host->plugins[place]->rows->version);
    (void)snprintf(replaced.to, sizeof(replaced.to), "%s", fresh->rows->version);
    bool has_duties = duties_are_of(host->plugins[place]) || duties_are_of(fresh);
    TRY(start_in_place(host, place, fresh, err));
    (void)TAKE(fresh); /* the list's */
    log_change(host, "plugin replaced", replaced.id, replaced.from, replaced.to);
    replaced.is_left = settle(host, has_duties);
    *ret_replaced = replaced;
    return TN_OK;
}

tn_status plugin_host_replace(struct plugin_host *host, const char *file, uint32_t flags,
                              struct plugin_replaced *ret_replaced, struct err *err)
{
    (void)pthread_mutex_lock(&host->change);
    tn_status st = replace(host, file, flags, ret_replaced, err);
    (void)pthread_mutex_unlock(&host->change);
    return st;
}

/* Taking out, and back */

struct keeping {
    const struct plugin_host *host;
    const char *id;
    bool is_disabled;
};

static tn_status keep(void *ctx, struct err *err)
{
    const struct keeping *keeping = ctx;
    struct plugin_kept kept;

    TRY(kept_read(keeping->host, keeping->id, &kept, err));
    kept.is_disabled = keeping->is_disabled;
    return kept_write(keeping->host, keeping->id, &kept, err);
}

static void keep_as_before(void *ctx)
{
    struct keeping before = *(struct keeping *)ctx;

    before.is_disabled = !before.is_disabled;
    (void)keep(&before, NULL); /* the write before it failed, or the next start tells */
}

struct needing {
    const struct plugin *owner;
    const struct plugin *user;
    struct err *err;
};

static tn_status refuse_need(void *ctx, const struct order_need *need)
{
    const struct needing *needing = ctx;

    if (need->owner != needing->owner)
        return TN_OK;
    return err_set(needing->err,
                   TN_FAILED_PRECONDITION,
                   "The plugin %s needs %s of it: disable that one first.",
                   needing->user->rows->id,
                   need->name);
}

static tn_status check_unneeded(const struct plugin *plugin, struct err *err)
{
    const struct plugin_host *host = plugin->host;

    for (size_t i = 0; i < host->running_count; i++) {
        struct needing needing = {plugin, host->running[i], err};

        if (host->running[i] != plugin)
            TRY(order_needs(host, host->running[i], refuse_need, &needing));
    }
    return TN_OK;
}

static tn_status disable(struct plugin_host *host, const char *id, struct err *err)
{
    struct keeping keeping = {host, id, true};
    const struct change_step step = {keep, keep_as_before, &keeping};
    CLEANUP(load_destroy_p) struct plugin *fresh = NULL;
    struct err why;
    size_t place = 0;

    TRY(find_place(host, id, &place, err));
    const struct plugin *old = host->plugins[place];
    if (old->state == PLUGIN_DISABLED)
        return err_set(err, TN_FAILED_PRECONDITION, "The plugin %s is disabled already.", id);
    TRY(check_unneeded(old, err));
    TRY(load_copy(old, &fresh, err));
    err_init(&why, host->options.language);
    (void)err_set(&why, TN_UNAVAILABLE, "It was disabled by an administrator.");
    load_refuse(fresh, PLUGIN_DISABLED, &why);
    bool has_duties = duties_are_of(old);
    TRY(change_rest(host, place, fresh, &step, err));
    log_change(host, "plugin disabled", id, TAKE(fresh)->rows->version, "");
    (void)settle(host, has_duties);
    return TN_OK;
}

tn_status plugin_host_disable(struct plugin_host *host, const char *id, struct err *err)
{
    (void)pthread_mutex_lock(&host->change);
    tn_status st = disable(host, id, err);
    (void)pthread_mutex_unlock(&host->change);
    return st;
}

static tn_status enable(struct plugin_host *host, const char *id, struct err *err)
{
    struct keeping keeping = {host, id, false};
    const struct change_step step = {keep, keep_as_before, &keeping};
    CLEANUP(load_destroy_p) struct plugin *fresh = NULL;
    enum plugin_state ignored;
    size_t place = 0;

    TRY(find_place(host, id, &place, err));
    if (host->plugins[place]->state != PLUGIN_DISABLED)
        return err_set(err, TN_FAILED_PRECONDITION, "The plugin %s is not disabled.", id);
    if (load_is_disabled(host, id))
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The plugin %s is disabled by the configuration: change that.",
                       id);
    TRY(load_open(host, host->plugins[place]->file, &fresh, err));
    if (strcmp(fresh->rows->id, id) != 0)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The file %s holds another plugin now: %s.",
                       fresh->file,
                       fresh->rows->id);
    TRY(successor_check_kept(fresh, 0, err));
    TRY(order_needs(host, fresh, need_running, err));
    bool has_duties = duties_are_of(fresh);
    TRY(change_start(host, place, fresh, &step, &ignored, err));
    log_change(host, "plugin enabled", id, "", TAKE(fresh)->rows->version);
    (void)settle(host, has_duties);
    return TN_OK;
}

tn_status plugin_host_enable(struct plugin_host *host, const char *id, struct err *err)
{
    (void)pthread_mutex_lock(&host->change);
    tn_status st = enable(host, id, err);
    (void)pthread_mutex_unlock(&host->change);
    return st;
}
