/* SPDX-License-Identifier: Apache-2.0 */
/* duties.c - the consumers and timers of all portals, and the scout that wakes them. */
#include "core/plugin/duties.h"

#include "core/base/clock.h"
#include "core/plugin/consumers.h"
#include "core/plugin/lanes.h"
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
    struct feed **feeds;
    size_t feed_count;
    struct schedule **schedules;
    size_t schedule_count;
};

struct duties {
    struct job scout;
    struct plugin_host *host;
    struct lanes *lanes;
    bool is_watching;
    /* The scout's alone once it runs. */
    struct map portals; /* id -> struct portal_duties */
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

static void count_rows(const struct plugin_host *host, size_t *ret_consumers, size_t *ret_timers)
{
    *ret_consumers = *ret_timers = 0;
    for (size_t i = 0; i < host->running_count; i++) {
        *ret_consumers += host->running[i]->rows->consumers.count;
        *ret_timers += host->running[i]->rows->timers.count;
    }
}

static tn_status open_rows(struct duties *duties, struct portal_duties *portal, struct err *err)
{
    const struct plugin_host *host = duties->host;

    for (size_t i = 0; i < host->running_count; i++) {
        struct plugin *plugin = host->running[i];

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
    count_rows(duties->host, &consumers, &timers);
    portal->id = which->id;
    portal->portal = which;
    portal->feeds = mem_array(struct feed *, consumers);
    portal->schedules = mem_array(struct schedule *, timers);
    tn_status st = portal->feeds && portal->schedules ? open_rows(duties, portal, err)
                                                      : err_memory(err, "a portal");
    if (st == TN_OK)
        st = feeds_keep_cursors(portal->feeds, portal->feed_count, err);
    if (st == TN_OK && map_set_u64(&duties->portals, &portal->id, portal, NULL) != TN_OK)
        st = err_memory(err, "a portal");
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

    while ((portal = portals_next(portals, duties->last_portal))) {
        TRY(open_portal(duties, portal, err));
        duties->last_portal = portal->id;
    }
    return TN_OK;
}

/* The scout */

static void wake_portal(struct duties *duties, struct portal_duties *portal, bool is_clock_set)
{
    struct records *records = duties->host->options.records;
    uint64_t head = records_head(records, portal->portal);
    uint64_t epoch = timers_epoch(records, portal->portal);

    for (size_t i = 0; head != portal->head && i < portal->feed_count; i++)
        feed_wake(portal->feeds[i]);
    /* A change of the schema may let a plugin serve that rested. */
    bool is_due = head != portal->head || epoch != portal->timer_epoch || is_clock_set;
    for (size_t i = 0; is_due && i < portal->schedule_count; i++)
        schedule_wake(portal->schedules[i]);
    portal->head = head;
    portal->timer_epoch = epoch;
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

/* Starting */

static tn_status start(struct duties *duties, struct err *err)
{
    struct plugin_host *host = duties->host;

    if (lanes_create(&duties->lanes) != TN_OK)
        return err_memory(err, "the lanes");
    duties->clock_offset_us = clock_wall_us() - clock_mono_us();
    TRY(open_portals(duties, err));
    TRY(feeds_keep_known(host, duties->last_portal, err));
    duties->scout = (struct job){.run = scout, .lane = LANE_SCOUT};
    if (lanes_add(duties->lanes, &duties->scout) != TN_OK ||
        records_add_watcher(host->options.records, wake, duties) != TN_OK)
        return err_memory(err, "the lanes");
    duties->is_watching = true;
    lanes_wake(duties->lanes, &duties->scout);
    return TN_OK;
}

tn_status duties_start(struct plugin_host *host, struct duties **ret_duties, struct err *err)
{
    struct duties *duties;
    size_t consumers;
    size_t timers;

    count_rows(host, &consumers, &timers);
    if (consumers + timers == 0) {
        *ret_duties = NULL;
        return TN_OK;
    }
    duties = mem_new(struct duties);
    if (!duties)
        return err_memory(err, "the lanes");
    duties->host = host;
    tn_status st = start(duties, err);
    if (st != TN_OK) {
        duties_stop(duties);
        duties_destroy(duties);
        return st;
    }
    *ret_duties = duties;
    return TN_OK;
}

void duties_stop(struct duties *duties)
{
    if (!duties)
        return;
    if (duties->is_watching)
        records_remove_watcher(duties->host->options.records, wake, duties);
    duties->is_watching = false;
    lanes_stop(duties->lanes);
}

void duties_destroy(struct duties *duties)
{
    struct portal_duties *portal;

    if (!duties)
        return;
    for (size_t at = 0; (portal = map_next(&duties->portals, &at, NULL));)
        close_portal(portal);
    map_fini(&duties->portals);
    lanes_destroy(duties->lanes);
    mem_free(duties);
}
