/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consumers.h - feeds: one consumer in one portal, driven from its change log. A feed reads the log
 * behind its cursor, gives each change that is declared to be of interest to the plugin in a call
 * of its own, and moves the cursor in that call's commit.
 */
#ifndef CORE_PLUGIN_CONSUMERS_H
#define CORE_PLUGIN_CONSUMERS_H

#include "core/plugin/attempt.h"
#include "core/plugin/lanes.h"
#include "core/plugin/letters.h"
#include "core/plugin/plugin.h"

struct feed;

/*
 * Reads its cursor. One that has none begins at the portal's head if the consumer is new, else with
 * the first change, as the portal is newer than it; feeds_keep_cursors() keeps where. [any] blocks
 */
tn_status feed_open(struct lanes *lanes, struct plugin *plugin, uint32_t row, struct portal *portal,
                    struct feed **ret_feed, struct err *err);
/* After lanes_stop(). Accepts NULL. */
void feed_close(struct feed *feed);

/* Keeps the cursors of those of one portal that had none, together. [any] blocks */
tn_status feeds_keep_cursors(struct feed *const *feeds, size_t count, struct err *err);
/* Once they are kept in all portals there are, up to `last_portal`: a consumer that was not known
 * is from now on, and begins with the first change in portals to come. [any] blocks */
tn_status feeds_keep_known(const struct plugin_routes *routes, uint32_t last_portal,
                           struct err *err);

/* Gives the plugin a change of its list of dead letters again; the letter goes if it takes it, and
 * has its reason if not. As attempt_run(). [worker] blocks */
enum attempt_end feed_replay(struct feed *feed, const struct letter *letter, struct err *err);

/* Whether it is of that plugin and consumer. [any] */
bool feed_is(const struct feed *feed, const char *plugin, const char *name);

/* As struct plugin_consumer of host.h, for one feed. [any] */
void feed_read(struct feed *feed, struct plugin_consumer *ret_consumer);

/* Others took dead letters away: there may be room again. [any] blocks */
void feed_recount(struct feed *feed);

/* There may be changes. [any] */
void feed_wake(struct feed *feed);

#endif /* CORE_PLUGIN_CONSUMERS_H */
