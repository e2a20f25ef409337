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
/* Waits for what runs now. Accepts NULL. [loader] blocks */
void duties_stop(struct duties *duties);
/* After duties_stop(). Accepts NULL. [loader] */
void duties_destroy(struct duties *duties);

#endif /* CORE_PLUGIN_DUTIES_H */
