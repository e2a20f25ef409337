/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.h - one plugin of the list started, replaced or taken out, while calls go on.
 *
 * The new one is made ready beside the old one, then routes are published that have it in the old
 * one's place. From then on calls begin with the new one; the old one is ended once no call is in
 * it any more.
 */
#ifndef CORE_PLUGIN_CHANGE_H
#define CORE_PLUGIN_CHANGE_H

#include "core/plugin/plugin.h"

/* What belongs to the change and can fail, done once the new plugin is ready, or undone if what
 * comes after it fails. */
struct change_step {
    tn_status (*run)(void *ctx, struct err *err);
    void (*undo)(void *ctx);
    void *ctx;
};

/*
 * Starts `fresh` in the place of host->plugins[place], which may be running, or be itself, and
 * publishes it. TN_OK: it serves; what it replaced is in host->leaving. On failure all is as
 * before, nothing of `fresh` is left but its mapping, and `*ret_state` says whose fault it was.
 * `step` may be NULL. [change held] blocks
 */
tn_status change_start(struct plugin_host *host, size_t place, struct plugin *fresh,
                       const struct change_step *step, enum plugin_state *ret_state,
                       struct err *err);

/* Publishes `fresh`, which does not run, in the place of one that may; as above. */
tn_status change_rest(struct plugin_host *host, size_t place, struct plugin *fresh,
                      const struct change_step *step, struct err *err);

/* Ends those that were replaced if no call is in them until `until_us` (clock_mono_us). False: some
 * are; they are ended when the next change or the host's end finds that they are not. [change held]
 * blocks */
bool change_settle(struct plugin_host *host, int64_t until_us);

#endif /* CORE_PLUGIN_CHANGE_H */
