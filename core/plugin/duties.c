/* SPDX-License-Identifier: Apache-2.0 */
/* duties.c - the consumers and timers of all portals, and the scout that wakes them. */
#include "core/plugin/duties.h"

#include <pthread.h>

#include "core/base/clock.h"
#include "core/plugin/consumers.h"
#include "core/plugin/lanes.h"
#include "core/plugin/routes.h"
#include "core/plugin/timers.h"
#include "core/record/timer.h"

/* A wall clock that moved by more against the monotonic one was set: timers are looked at anew. */
#define CLOCK_JUMP_US ((int64_t)1000000)
/* How often the clocks are compared, where there are timers. */
#define CLOCK_LOOK_US ((int64_t)60 * 1000000)

/* What there is to do in one portal. */
struct portal_duties {
    uint64_t id; /* the map's key */
    struct portal *portal;
    uint64_t head; /* as it was when its feeds were last woken */
    uint64_t timer_epoch;
    uint64_t entitled;
    struct feed **feeds;
    size_t feed_count;
    struct schedule **schedules;
    size_t schedule_count;
};

struct duties {
    struct job scout;
    struct duties *next_left; /* of those that were stopped; guarded by host->change */
    struct plugin_host *host;
    pthread_mutex_t routes_mu;
    struct plugin_routes *routes; /* whose plugins these are; held; guarded by routes_mu */
    struct lanes *lanes;
    bool is_watching;
    pthread_mutex_t mu;
    struct map portals; /* id -> struct portal_duties; only the scout adds to it, with mu held */
    /* The scout's alone once it runs. */
    uint32_t last_portal;
    int64_t clock_offset_us; /* wall clock less monotonic one */
};

/* One portal */

static void close_portal(struct portal_duties *portal)
{
    if (!portal)
        return;
    for (size_t i = 0; i < portal->feed_count; i++)
        feed_close(portal->feeds[i]);
    for (size_t i = 0; i < portal->schedule_count; i++)
        schedule_close(portal->schedules[i]);
    mem_free(portal->feeds);
    mem_free(portal->schedules);
    mem_free(portal);
}

static void count_rows(const struct plugin_routes *routes, size_t *ret_consumers,
                       size_t *ret_timers)
{
    *ret_consumers = *ret_timers = 0;
    for (size_t i = 0; i < routes->running_count; i++) {
        *ret_consumers += routes->running[i]->rows->consumers.count;
        *ret_timers += routes->running[i]->rows->timers.count;
    }
}

static tn_status open_rows(struct duties *duties, struct portal_duties *portal, struct err *err)
{
    const struct plugin_routes *routes = duties->routes;

    for (size_t i = 0; i < routes->running_count; i++) {
        struct plugin *plugin = routes->running[i];

        for (uint32_t row = 0; row < plugin->rows->consumers.count; row++) {
            TRY(feed_open(duties->lanes,
                          plugin,
                          row,
                          portal->portal,
                          &portal->feeds[portal->feed_count],
                          err));
            portal->feed_count++;
        }
        for (uint32_t row = 0; row < plugin->rows->timers.count; row++) {
            TRY(schedule_open(duties->lanes,
                              plugin,
                              row,
                              portal->portal,
                              &portal->schedules[portal->schedule_count],
                              err));
            portal->schedule_count++;
        }
    }
    return TN_OK;
}

static tn_status open_portal(struct duties *duties, struct portal *which, struct err *err)
{
    struct portal_duties *portal = mem_new(struct portal_duties);
    size_t consumers;
    size_t timers;

    if (!portal)
        return err_memory(err, "a portal");
    count_rows(duties->routes, &consumers, &timers);
    portal->id = which->id;
    portal->portal = which;
    portal->feeds = mem_array(struct feed *, consumers);
    portal->schedules = mem_array(struct schedule *, timers);
    tn_status st = portal->feeds && portal->schedules ? open_rows(duties, portal, err)
                                                      : err_memory(err, "a portal");
    if (st == TN_OK)
        st = feeds_keep_cursors(portal->feeds, portal->feed_count, err);
    (void)pthread_mutex_lock(&duties->mu);
    if (st == TN_OK && map_set_u64(&duties->portals, &portal->id, portal, NULL) != TN_OK)
        st = err_memory(err, "a portal");
    (void)pthread_mutex_unlock(&duties->mu);
    if (st != TN_OK) {
        close_portal(portal);
        return st;
    }
    return TN_OK;
}

/* Those that were made since the last look; their first changes are none of the past. */
static tn_status open_portals(struct duties *duties, struct err *err)
{
    struct portals *portals = duties->host->options.portals;
    struct portal *portal;
    tn_status st = TN_OK;

    while (st == TN_OK && (portal = portals_next(portals, duties->last_portal))) {
        (void)pthread_mutex_lock(&duties->routes_mu);
        st = open_portal(duties, portal, err);
        (void)pthread_mutex_unlock(&duties->routes_mu);
        if (st == TN_OK)
            duties->last_portal = portal->id;
    }
    return st;
}

bool duties_are_of(const struct plugin *plugin)
{
    return plugin->rows && plugin->rows->consumers.count + plugin->rows->timers.count > 0;
}

void duties_move(struct plugin_host *host)
{
    struct duties *duties = duties_of(host);

    if (!duties)
        return;
    (void)pthread_mutex_lock(&duties->routes_mu);
    struct plugin_routes *routes = duties->routes;
    duties->routes = plugin_routes_take(duties->host);
    (void)pthread_mutex_unlock(&duties->routes_mu);
    plugin_routes_release(routes);
}

/* The scout */

static void wake_portal(struct duties *duties, struct portal_duties *portal, bool is_clock_set)
{
    struct records *records = duties->host->options.records;
    uint64_t head = records_head(records, portal->portal);
    uint64_t epoch = timers_epoch(records, portal->portal);

    /* acquire: they ask what is granted now; pairs with entitle_reread(). */
    uint64_t entitled = atomic_load_explicit(&portal->portal->entitled, memory_order_acquire);
    /* A change of the schema, or a licence, may let a plugin serve that rested. */
    bool may_serve = head != portal->head || entitled != portal->entitled;

    for (size_t i = 0; may_serve && i < portal->feed_count; i++)
        feed_wake(portal->feeds[i]);
    bool is_due = may_serve || epoch != portal->timer_epoch || is_clock_set;
    for (size_t i = 0; is_due && i < portal->schedule_count; i++)
        schedule_wake(portal->schedules[i]);
    portal->head = head;
    portal->timer_epoch = epoch;
    portal->entitled = entitled;
}

static bool is_clock_set(struct duties *duties)
{
    int64_t offset_us = clock_wall_us() - clock_mono_us();
    int64_t moved_us = offset_us - duties->clock_offset_us;

    if (moved_us > -CLOCK_JUMP_US && moved_us < CLOCK_JUMP_US)
        return false;
    duties->clock_offset_us = offset_us;
    return true;
}

static int64_t scout(struct job *job)
{
    struct duties *duties = (struct duties *)(void *)job; /* its first member */
    struct portal_duties *portal;
    bool is_set = is_clock_set(duties);
    struct err err;

    err_init(&err, duties->host->options.language);
    if (open_portals(duties, &err) != TN_OK)
        LOG(duties->host->options.log,
            LOG_ERROR,
            "the consumers and timers of a portal do not run",
            LOG_STR("reason", err.message));
    for (size_t at = 0; (portal = map_next(&duties->portals, &at, NULL));)
        wake_portal(duties, portal, is_set);
    return clock_mono_us() + CLOCK_LOOK_US;
}

/* [committer thread] */
static void wake(void *ctx)
{
    struct duties *duties = ctx;

    lanes_wake(duties->lanes, &duties->scout);
}

void duties_wake(struct plugin_host *host)
{
    CLEANUP(plugin_routes_release_p) struct plugin_routes *routes = plugin_routes_take(host);
    struct duties *duties = duties_of(host); /* stays while routes are held */

    if (duties)
        wake(duties);
}

/* Starting */

static tn_status start(struct duties *duties, struct err *err)
{
    struct plugin_host *host = duties->host;

    if (lanes_create(&duties->lanes) != TN_OK)
        return err_memory(err, "the lanes");
    duties->clock_offset_us = clock_wall_us() - clock_mono_us();
    TRY(open_portals(duties, err));
    TRY(feeds_keep_known(duties->routes, duties->last_portal, err));
    duties->scout = (struct job){.run = scout, .lane = LANE_SCOUT};
    if (lanes_add(duties->lanes, &duties->scout) != TN_OK ||
        records_add_watcher(host->options.records, wake, duties) != TN_OK)
        return err_memory(err, "the lanes");
    duties->is_watching = true;
    lanes_wake(duties->lanes, &duties->scout);
    return TN_OK;
}

static void stop(struct duties *duties)
{
    if (duties->is_watching)
        records_remove_watcher(duties->host->options.records, wake, duties);
    duties->is_watching = false;
    lanes_stop(duties->lanes);
    plugin_routes_release(TAKE(duties->routes));
}

static void destroy(struct duties *duties)
{
    struct portal_duties *portal;

    for (size_t at = 0; (portal = map_next(&duties->portals, &at, NULL));)
        close_portal(portal);
    map_fini(&duties->portals);
    lanes_destroy(duties->lanes);
    (void)pthread_mutex_destroy(&duties->routes_mu);
    (void)pthread_mutex_destroy(&duties->mu);
    mem_free(duties);
}

tn_status duties_start(struct plugin_host *host, struct err *err)
{
    struct plugin_routes *routes = plugin_routes_take(host);
    struct duties *duties;
    size_t consumers;
    size_t timers;

    count_rows(routes, &consumers, &timers);
    duties = consumers + timers > 0 ? mem_new(struct duties) : NULL;
    if (!duties) {
        plugin_routes_release(routes);
        return consumers + timers > 0 ? err_memory(err, "the lanes") : TN_OK;
    }
    duties->host = host;
    duties->routes = routes;
    (void)pthread_mutex_init(&duties->routes_mu, NULL);
    (void)pthread_mutex_init(&duties->mu, NULL);
    tn_status st = start(duties, err);
    if (st != TN_OK) {
        stop(duties);
        destroy(duties);
        return st;
    }
    atomic_store_explicit(&host->duties, duties, memory_order_release);
    return TN_OK;
}

void duties_stop(struct plugin_host *host)
{
    struct duties *duties = duties_of(host);

    if (!duties)
        return;
    atomic_store_explicit(&host->duties, NULL, memory_order_release);
    stop(duties);
    duties->next_left = host->left_duties;
    host->left_duties = duties;
}

void duties_destroy(struct plugin_host *host)
{
    while (host->left_duties) {
        struct duties *duties = host->left_duties;

        host->left_duties = duties->next_left;
        destroy(duties);
    }
}

/* Looking from outside: what was added stays until duties_destroy(). */

static struct portal_duties *find_portal(struct duties *duties, const struct portal *portal)
{
    const uint64_t id = portal->id;

    if (!duties)
        return NULL;
    (void)pthread_mutex_lock(&duties->mu);
    struct portal_duties *found = map_get_u64(&duties->portals, &id);
    (void)pthread_mutex_unlock(&duties->mu);
    return found;
}

struct feed *duties_feed(struct duties *duties, const struct portal *portal, size_t index)
{
    const struct portal_duties *found = find_portal(duties, portal);

    return found && index < found->feed_count ? found->feeds[index] : NULL;
}

struct schedule *duties_schedule(struct duties *duties, const struct portal *portal, size_t index)
{
    const struct portal_duties *found = find_portal(duties, portal);

    return found && index < found->schedule_count ? found->schedules[index] : NULL;
}
