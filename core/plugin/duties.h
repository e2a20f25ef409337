/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duties.h - what plugins do without being asked: their consumers and timers, in every portal. One
 * job each, on lanes.h; the scout wakes those of the portals in which something was committed.
 */
#ifndef CORE_PLUGIN_DUTIES_H
#define CORE_PLUGIN_DUTIES_H

#include "core/plugin/plugin.h"

struct duties;

/* Whether the plugin has any. [any] */
bool duties_are_of(const struct plugin *plugin);

/* Makes host->duties, for the consumers and timers of the plugins that run; nothing is started
 * where there are none. [change held] blocks */
tn_status duties_start(struct plugin_host *host, struct err *err);
/* Other routes were published, which differ in no plugin that has consumers or timers: nothing
 * stops, and the routes before are given back. [change held] */
void duties_move(struct plugin_host *host);
/* Waits for what runs now, and gives its routes back; host->duties is NULL then. What was lent of
 * it stays until duties_destroy(). [change held] blocks */
void duties_stop(struct plugin_host *host);
/* Frees all that were stopped: nobody holds routes any more who may look at them. [change held] */
void duties_destroy(struct plugin_host *host);

/* host->duties, for who holds routes. [any] */
static inline struct duties *duties_of(const struct plugin_host *host)
{
    /* pairs with the release of duties_start() */
    return atomic_load_explicit(&host->duties, memory_order_acquire);
}
/* What lets a plugin serve may have changed: a licence came. [any] */
void duties_wake(struct plugin_host *host);

struct feed;
struct schedule;

/* The consumers and timers of a portal; `index` from 0. NULL: no more. `duties` may be NULL. [any]
 */
struct feed *duties_feed(struct duties *duties, const struct portal *portal, size_t index);
struct schedule *duties_schedule(struct duties *duties, const struct portal *portal, size_t index);

#endif /* CORE_PLUGIN_DUTIES_H */
