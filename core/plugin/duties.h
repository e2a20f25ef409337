/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duties.h - what plugins do without being asked: their consumers and timers, in every portal. One
 * job each, on lanes.h; the scout wakes those of the portals in which something was committed.
 */
#ifndef CORE_PLUGIN_DUTIES_H
#define CORE_PLUGIN_DUTIES_H

#include "core/plugin/plugin.h"

struct duties;

/* For the consumers and timers of the plugins that run; nothing is started where there are none,
 * and `ret_duties` is NULL then. [loader] blocks */
tn_status duties_start(struct plugin_host *host, struct duties **ret_duties, struct err *err);
/* What lets a plugin serve may have changed: a licence came. Accepts NULL. [any] */
void duties_wake(struct duties *duties);
/* Waits for what runs now. Accepts NULL. [loader] blocks */
void duties_stop(struct duties *duties);
/* After duties_stop(). Accepts NULL. [loader] */
void duties_destroy(struct duties *duties);

struct feed;
struct schedule;

/* The consumers and timers of a portal; `index` from 0. NULL: no more. `duties` may be NULL. [any]
 */
struct feed *duties_feed(struct duties *duties, const struct portal *portal, size_t index);
struct schedule *duties_schedule(struct duties *duties, const struct portal *portal, size_t index);

#endif /* CORE_PLUGIN_DUTIES_H */
