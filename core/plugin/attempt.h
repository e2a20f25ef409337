/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.h - one call that the host makes by itself: begun, run again when it lost, committed. For
 * consumers and timers; methods have a caller, who waits (core/service/dispatch.h).
 */
#ifndef CORE_PLUGIN_ATTEMPT_H
#define CORE_PLUGIN_ATTEMPT_H

#include "core/plugin/call.h"
#include "core/plugin/lanes.h"

/* After so many lost commits it takes its portal's turn. */
#define ATTEMPT_LOSS_MAX 3u

enum attempt_end {
    ATTEMPT_DONE,    /* committed */
    ATTEMPT_REFUSED, /* by the plugin, a hook, or a check of what it wrote; nothing is written */
    ATTEMPT_RESTS,   /* the plugin does not serve the portal: nothing was tried */
    ATTEMPT_HINDERED /* the host could not: nothing is written; or it is not known */
};

struct attempt {
    struct plugin *plugin;
    struct portal *portal;
    const struct lanes *lanes; /* whose end ends it too */
    int64_t limit_us;          /* how long each run may take, commit included */
    tn_time now_us;            /* of the call */
    /* Writes what belongs to the commit and enters the plugin. May run several times. */
    tn_status (*run)(void *ctx, struct tn_call *call);
    void *ctx;
};

/* `err` has the reason unless it is done; its status is not TN_OK then. [lane] blocks */
enum attempt_end attempt_run(const struct attempt *attempt, struct err *err);

#endif /* CORE_PLUGIN_ATTEMPT_H */
