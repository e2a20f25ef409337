/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.c - which portals are behind, and the steps that bring them on. */
#include "core/plugin/migrate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/callback.h"
#include "core/plugin/kept.h"
#include "core/plugin/manifest_name.h"
#include "core/plugin/rest.h"
#include "core/plugin/routes.h"
#include "core/plugin/wire.h"
#include "core/store/meta.h"
#include "core/value/value.h"

/* After a step that failed, doubled with each one up to the other. */
#define RETRY_US ((int64_t)1000000)
#define RETRY_MAX_US ((int64_t)300 * 1000000)
/* A step that lost so often runs alone in its portal. */
#define LOSS_MAX 3u

enum { STATE_SCHEMA = 1, STATE_TO = 2, STATE_PROGRESS = 3 }; /* numbers of Migration's fields */

#define KEY_PREFIX "migration/"
#define KEY_SIZE (sizeof(KEY_PREFIX) + NAME_PATH_LEN_MAX)

/* Of one plugin in one portal. */
struct state {
    uint32_t schema; /* 0: as the host's Plugin says */
    uint32_t to;
    struct tn_value progress; /* its text is lent by what it was read from */
};

static struct tn_str make_key(const char *id, char key[KEY_SIZE])
{
    int len = snprintf(key, KEY_SIZE, KEY_PREFIX "%s", id); /* ids are no longer */

    return (struct tn_str){key, (size_t)len};
}

static tn_status decode(struct tn_bytes bytes, struct state *ret_state)
{
    struct state state = {.progress = value_none()};
    struct wire_field field;

    while (bytes.len > 0) {
        TRY(wire_next(&bytes, &field));
        if (field.field == STATE_SCHEMA && field.type == WIRE_VARINT)
            state.schema = (uint32_t)field.number;
        else if (field.field == STATE_TO && field.type == WIRE_VARINT)
            state.to = (uint32_t)field.number;
        else if (field.field == STATE_PROGRESS && field.type == WIRE_BYTES)
            TRY(value_decode(&field.bytes, &state.progress));
    }
    *ret_state = state;
    return TN_OK;
}

static tn_status encode(const struct state *state, struct buf *out)
{
    CLEANUP(buf_fini) struct buf progress = {0};

    if (state->schema)
        TRY(wire_add_varint(out, STATE_SCHEMA, state->schema));
    if (state->to)
        TRY(wire_add_varint(out, STATE_TO, state->to));
    if (state->progress.kind == TN_NONE)
        return TN_OK;
    TRY(value_encode(&state->progress, &progress));
    return wire_add_bytes(out, STATE_PROGRESS, progress.data, progress.len);
}

static tn_status damaged(const char *id, struct err *err)
{
    return err_set(err, TN_DATA_LOSS, "The progress of the plugin %s's migration is damaged.", id);
}

/* Whether it may serve */

static tn_status read_stored(const struct plugin *plugin, const struct portal *portal,
                             struct state *ret_state, struct err *err)
{
    CLEANUP(buf_fini) struct buf value = {0};
    char key[1 + KEY_SIZE] = {STORE_META_VALUE};
    struct tn_str name = make_key(plugin->rows->id, key + 1);
    struct tn_bytes whole = {(const uint8_t *)key, name.len + 1};
    struct store *store = records_store(plugin->host->options.records);
    tn_status st = store_get(store, NULL, STORE_META, portal->id, whole, &value, err);

    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    if (decode(buf_bytes(&value), ret_state) != TN_OK)
        return damaged(plugin->rows->id, err);
    ret_state->progress = value_none(); /* its text was in `value` */
    return TN_OK;
}

/* That all portals have at least. What nothing was kept of is either new, or of a host before
 * these numbers, which began with 1. */
static tn_status read_least(const struct plugin *plugin, uint32_t *ret_schema, struct err *err)
{
    struct plugin_kept kept;

    TRY(kept_read(plugin->host, plugin->rows->id, &kept, err));
    if (kept.schema == 0)
        kept.schema = catalog_knows(plugin->host->options.catalog, plugin->rows->id)
                          ? 1
                          : plugin->rows->schema;
    *ret_schema = kept.schema;
    return TN_OK;
}

static tn_status check_portal(const struct plugin *plugin, const struct portal *portal,
                              uint32_t least, struct err *err)
{
    const struct tn_plugin *rows = plugin->rows;
    struct state state;

    TRY(read_stored(plugin, portal, &state, err));
    uint32_t oldest = state.schema > least ? state.schema : least;
    uint32_t newest = state.to > oldest ? state.to : oldest; /* some may be migrated already */
    if (newest > rows->schema)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "Its schema is %u, and records of the portal %s are of schema %u, which it "
                       "cannot read.",
                       rows->schema,
                       portal->name,
                       newest);
    if (oldest < rows->schema_oldest)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "Its schema is %u, and it reads from %u on: the records of the portal %s "
                       "are of schema %u.",
                       rows->schema,
                       rows->schema_oldest,
                       portal->name,
                       oldest);
    return TN_OK;
}

tn_status migrate_check(const struct plugin *plugin, struct err *err)
{
    struct portals *portals = plugin->host->options.portals;
    uint32_t least = 0;

    TRY(read_least(plugin, &least, err));
    for (const struct portal *p = portals_next(portals, 0); p; p = portals_next(portals, p->id))
        TRY(check_portal(plugin, p, least, err));
    return TN_OK;
}

tn_status migrate_begin(const struct plugin *plugin, struct err *err)
{
    struct plugin_kept kept;

    TRY(kept_read(plugin->host, plugin->rows->id, &kept, err));
    if (kept.schema != 0 && strcmp(kept.version, plugin->rows->version) == 0)
        return TN_OK;
    if (kept.schema == 0)
        TRY(read_least(plugin, &kept.schema, err));
    if (snprintf(kept.version, sizeof(kept.version), "%s", plugin->rows->version) >=
        (int)sizeof(kept.version))
        kept.version[0] = '\0';
    return kept_write(plugin->host, plugin->rows->id, &kept, err);
}

/* Steps */

/* One plugin that is behind, by its id: the version that began may be replaced meanwhile. */
struct migrating {
    struct plugin_host *host;
    char id[NAME_PATH_LEN_MAX + 1];
    uint32_t schema;
    uint32_t least;
};

static void note(struct plugin *plugin, const struct portal *portal, uint32_t left,
                 const char *reason)
{
    struct plugin_host *host = plugin->host;

    (void)pthread_mutex_lock(&host->migrate_mu);
    plugin->migration.is_under_way = true;
    plugin->migration.portals_left = left;
    (void)snprintf(plugin->migration.portal, sizeof(plugin->migration.portal), "%s", portal->name);
    (void)snprintf(plugin->migration.reason, sizeof(plugin->migration.reason), "%s", reason);
    (void)pthread_mutex_unlock(&host->migrate_mu);
}

static void note_step(struct plugin *plugin)
{
    (void)pthread_mutex_lock(&plugin->host->migrate_mu);
    plugin->migration.step_count++;
    (void)pthread_mutex_unlock(&plugin->host->migrate_mu);
}

/* The plugin that is to migrate, in the routes of the transaction; NULL: another serves now. */
static struct plugin *find_plugin(const struct migrating *m, const struct plugin_routes *routes)
{
    struct plugin *plugin = routes_plugin(routes, utf8_str(m->id));

    return plugin && plugin->rows->schema == m->schema ? plugin : NULL;
}

static tn_status read_state(const struct migrating *m, struct txn *txn, struct state *ret_state,
                            struct err *err)
{
    char key[KEY_SIZE];
    struct tn_bytes stored = {0};
    tn_status st = txn_get_meta(txn, make_key(m->id, key), &stored, err);

    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    return decode(stored, ret_state) == TN_OK ? TN_OK : damaged(m->id, err);
}

static tn_status write_state(const struct migrating *m, struct txn *txn, const struct state *state,
                             struct err *err)
{
    CLEANUP(buf_fini) struct buf value = {0};
    char key[KEY_SIZE];

    if (encode(state, &value) != TN_OK)
        return err_memory(err, "the progress of a migration");
    return txn_put_meta(txn, make_key(m->id, key), buf_bytes(&value), err);
}

/* Calls migrate() once, and puts what came of it into the transaction. */
static tn_status run_step(const struct migrating *m, struct plugin *plugin, struct txn *txn,
                          struct state *state, struct err *err)
{
    struct tn_call call;
    uint32_t from = state->schema > m->least ? state->schema : m->least;

    if (state->to != m->schema)
        state->progress = value_none(); /* of another migration, that was given up */
    call_init(&call, plugin, txn, err);
    struct tn_str writer = txn_set_writer(txn, plugin_id(plugin));
    tn_status st = call_result(&call, callback_migrate(&call, from, &state->progress));
    (void)txn_set_writer(txn, writer);
    call_fini(&call);
    TRY(st);
    TRY(value_check(&state->progress, TXN_TEXT_SIZE_MAX, "progress", err));
    bool is_done = state->progress.kind == TN_NONE;
    state->schema = is_done ? m->schema : from;
    state->to = is_done ? 0 : m->schema;
    return write_state(m, txn, state, err);
}

/* Records of an older schema are of this one too where its version has no steps to make. */
static tn_status need_no_steps(const struct migrating *m, const struct state *state,
                               bool *ret_is_done, struct err *err)
{
    if (state->to != 0)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The plugin %s cannot go on with the migration that another version began.",
                       m->id);
    *ret_is_done = true;
    return TN_OK;
}

/* `*ret_is_done`: the portal is of the schema, or nobody is there to bring it on. */
static tn_status step_in(const struct migrating *m, struct txn *txn, bool *ret_is_done,
                         struct err *err)
{
    struct plugin *plugin = find_plugin(m, plugin_routes_of(txn));
    struct state state;

    if (!plugin) {
        *ret_is_done = true;
        return TN_OK;
    }
    TRY(rest_check(plugin, txn_schema(txn), txn_portal(txn), err));
    TRY(read_state(m, txn, &state, err));
    if (state.schema >= m->schema) {
        *ret_is_done = true;
        return TN_OK;
    }
    if (!plugin->rows->migrate)
        return need_no_steps(m, &state, ret_is_done, err);
    TRY(run_step(m, plugin, txn, &state, err));
    TRY(txn_commit_wait(txn, err));
    note_step(plugin);
    *ret_is_done = state.schema >= m->schema;
    return TN_OK;
}

static tn_status step(const struct migrating *m, struct portal *portal, unsigned losses,
                      bool *ret_is_done, struct err *err)
{
    const struct txn_options options = {.portal = portal,
                                        .source = utf8_str(m->id),
                                        .user = utf8_str(m->id),
                                        .deadline_us = INT64_MAX,
                                        .takes_turn = losses >= LOSS_MAX};
    struct txn *txn = NULL;

    TRY(txn_begin(m->host->options.records, &options, &txn, err));
    tn_status st = step_in(m, txn, ret_is_done, err);
    txn_destroy(txn);
    return st;
}

/* The thread */

/* Until `until_us` (clock_mono_us), or woken. False: the host stops. */
static bool pause_until(struct plugin_host *host, int64_t until_us)
{
    const struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                                   .tv_nsec = (long)(until_us % 1000000) * 1000};
    int over = 0;

    (void)pthread_mutex_lock(&host->migrate_mu);
    while (!host->migrate_stops && !host->migrate_wakes && over == 0)
        over = pthread_cond_clockwait(
            &host->migrate_woken, &host->migrate_mu, CLOCK_MONOTONIC, &until);
    host->migrate_wakes = false;
    bool goes_on = !host->migrate_stops;
    (void)pthread_mutex_unlock(&host->migrate_mu);
    return goes_on;
}

static bool is_stopping(struct plugin_host *host)
{
    (void)pthread_mutex_lock(&host->migrate_mu);
    bool stops = host->migrate_stops;
    (void)pthread_mutex_unlock(&host->migrate_mu);
    return stops;
}

/* All steps of one portal. TN_CANCELLED: the host stops. */
static tn_status migrate_portal(const struct migrating *m, struct portal *portal, struct err *err)
{
    unsigned losses = 0;
    bool is_done = false;

    while (!is_done) {
        if (is_stopping(m->host))
            return TN_CANCELLED;
        err_clear(err);
        tn_status st = step(m, portal, losses, &is_done, err);
        losses = st == TN_ABORTED ? losses + 1 : 0;
        if (st != TN_OK && (st != TN_ABORTED || losses > LOSS_MAX))
            return st;
    }
    return TN_OK;
}

/* Tells those who look how far the plugin is; `reason` "": nothing is wrong. */
static void tell(const struct migrating *m, const struct portal *portal, uint32_t left,
                 const char *reason)
{
    struct plugin_routes *routes = plugin_routes_take(m->host);
    struct plugin *plugin = find_plugin(m, routes);

    if (plugin)
        note(plugin, portal, left, reason);
    plugin_routes_release(routes);
}

static uint32_t count_portals(const struct plugin_host *host)
{
    uint32_t count = 0;

    for (const struct portal *p = portals_next(host->options.portals, 0); p;
         p = portals_next(host->options.portals, p->id))
        count++;
    return count;
}

/* All portals are of the schema: those that are made later are from the beginning. */
static tn_status finish(const struct migrating *m, struct err *err)
{
    struct plugin_host *host = m->host;
    struct plugin_kept kept;

    (void)pthread_mutex_lock(&host->change);
    struct plugin_routes *routes = plugin_routes_take(host);
    struct plugin *plugin = find_plugin(m, routes);
    tn_status st = kept_read(host, m->id, &kept, err);
    if (st == TN_OK && plugin) {
        kept.schema = m->schema;
        st = kept_write(host, m->id, &kept, err);
    }
    if (st == TN_OK && plugin) {
        (void)pthread_mutex_lock(&host->migrate_mu);
        plugin->migration.is_under_way = false;
        (void)pthread_mutex_unlock(&host->migrate_mu);
        LOG(host->options.log,
            LOG_INFO,
            "plugin migrated",
            LOG_STR("id", m->id),
            LOG_INT("schema", m->schema));
    }
    plugin_routes_release(routes);
    (void)pthread_mutex_unlock(&host->change);
    return st;
}

/* Portals that fail are left for later. TN_OK: none did. */
static tn_status migrate_plugin(const struct migrating *m)
{
    struct plugin_host *host = m->host;
    struct portals *portals = host->options.portals;
    uint32_t left = count_portals(host);
    tn_status worst = TN_OK;
    struct err err;

    err_init(&err, host->options.language);
    for (struct portal *p = portals_next(portals, 0); p; p = portals_next(portals, p->id)) {
        if (worst == TN_OK)
            tell(m, p, left, "");
        tn_status st = migrate_portal(m, p, &err);
        if (st == TN_CANCELLED)
            return st;
        if (st == TN_OK) {
            left -= left > 0;
            continue;
        }
        worst = st;
        tell(m, p, left, err.message);
        LOG(host->options.log,
            LOG_WARN,
            "step of a migration failed: it is tried again",
            LOG_STR("id", m->id),
            LOG_STR("portal", p->name),
            LOG_STR("reason", err.message));
    }
    return worst == TN_OK ? finish(m, &err) : worst;
}

/* The next running plugin, from `*at`, that is behind. */
static bool find_behind(struct plugin_host *host, size_t *at, struct migrating *ret_migrating)
{
    struct plugin_routes *routes = plugin_routes_take(host);
    bool is_found = false;

    while (!is_found && *at < routes->running_count) {
        const struct plugin *plugin = routes->running[(*at)++];
        struct migrating m = {.host = host, .schema = plugin->rows->schema};

        if (read_least(plugin, &m.least, NULL) != TN_OK || m.least >= m.schema)
            continue;
        (void)snprintf(m.id, sizeof(m.id), "%s", plugin->rows->id);
        *ret_migrating = m;
        is_found = true;
    }
    plugin_routes_release(routes);
    return is_found;
}

static void *run(void *ctx)
{
    struct plugin_host *host = ctx;
    const int64_t first_us = host->options.retry_us ? host->options.retry_us : RETRY_US;
    int64_t retry_us = first_us;
    bool goes_on = true;

    while (goes_on) {
        struct migrating m;
        bool has_failed = false;

        for (size_t at = 0; find_behind(host, &at, &m);)
            has_failed |= migrate_plugin(&m) != TN_OK;
        goes_on = pause_until(host, has_failed ? clock_mono_us() + retry_us : INT64_MAX / 2);
        retry_us = !has_failed                   ? first_us
                   : retry_us < RETRY_MAX_US / 2 ? retry_us * 2
                                                 : RETRY_MAX_US;
    }
    return NULL;
}

tn_status migrate_start(struct plugin_host *host, struct err *err)
{
    if (pthread_create(&host->migrate_thread, NULL, run, host) != 0)
        return err_memory(err, "a thread");
    host->has_migrate_thread = true;
    return TN_OK;
}

void migrate_wake(struct plugin_host *host)
{
    (void)pthread_mutex_lock(&host->migrate_mu);
    host->migrate_wakes = true;
    (void)pthread_cond_broadcast(&host->migrate_woken);
    (void)pthread_mutex_unlock(&host->migrate_mu);
}

void migrate_stop(struct plugin_host *host)
{
    (void)pthread_mutex_lock(&host->migrate_mu);
    host->migrate_stops = true;
    (void)pthread_cond_broadcast(&host->migrate_woken);
    (void)pthread_mutex_unlock(&host->migrate_mu);
    if (host->has_migrate_thread)
        (void)pthread_join(host->migrate_thread, NULL);
    host->has_migrate_thread = false;
}
