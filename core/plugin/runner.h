/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.h - a plugin in a process of its own: started, watched over, started again, and called
 * like any other.
 *
 * A process that crashes, or does not answer in time, costs each call that is in it a
 * TN_UNAVAILABLE. It is started again after a pause that doubles with each failure; past
 * RUNNER_FAILURE_MAX failures within RUNNER_FAILURE_WINDOW_US it stays off, and the plugin's
 * entry in the list says why. While it is down, its callbacks are TN_UNAVAILABLE at once.
 */
#ifndef CORE_PLUGIN_RUNNER_H
#define CORE_PLUGIN_RUNNER_H

#include "core/plugin/call.h"

struct runner;

/* Defaults of struct plugin_runner_limits. */
#define RUNNER_HOOK_US ((int64_t)1000000)
#define RUNNER_CALL_US ((int64_t)30 * 1000000)
#define RUNNER_START_US ((int64_t)10 * 1000000)
#define RUNNER_STOP_US ((int64_t)5 * 1000000)
/* One that somebody else killed did not fail. More than the default are not counted. */
#define RUNNER_FAILURE_MAX 10u
#define RUNNER_FAILURE_WINDOW_US ((int64_t)600 * 1000000)
/* The pause before a new start: doubled by each failure, up to the second; a process that served
 * for as long as RUNNER_GOOD_US begins anew. */
#define RUNNER_PAUSE_MIN_US ((int64_t)100 * 1000)
#define RUNNER_PAUSE_MAX_US ((int64_t)30 * 1000000)
#define RUNNER_GOOD_US ((int64_t)60 * 1000000)
enum runner_state {
    RUNNER_DOWN = 1,      /* until its next start */
    RUNNER_OPENING = 2,   /* the process maps the file */
    RUNNER_BEGINNING = 3, /* load(), start() */
    RUNNER_SERVING = 4,
    RUNNER_ENDING = 5, /* stop(), unload() */
    RUNNER_OFF = 6     /* for good */
};

/* Puts in what is 0. [loader] */
void runner_limits_complete(struct plugin_runner_limits *limits);

/*
 * Starts the process for `plugin`, whose private copy is there, and waits until it serves; it is
 * started again from then on whenever it fails. OWNED: runner_stop(),
 * runner_destroy(). A status other than TN_OK:
 * what load() or start() said, or TN_UNAVAILABLE; nothing of it is left. [loader] blocks
 */
tn_status runner_start(struct plugin *plugin, struct runner **ret_runner, struct err *err);

/* stop(), unload(), the end of the process, by force if it takes longer than it may. Callbacks are
 * TN_UNAVAILABLE from then on. Once; accepts NULL. [loader] blocks */
void runner_stop(struct runner *runner);
/* After runner_stop(), and the last callback. Accepts NULL. */
void runner_destroy(struct runner *runner);

/* As the functions of callback.h. [worker] block */
tn_status runner_hook(struct runner *runner, struct tn_call *call, const struct tn_hook *row,
                      const struct tn_record *before, struct tn_record *after);
tn_status runner_consumer(struct runner *runner, struct tn_call *call,
                          const struct tn_consumer *row, const struct tn_record *before,
                          const struct tn_record *after);
tn_status runner_timer(struct runner *runner, struct tn_call *call, const struct tn_timer *row,
                       struct tn_record *record, tn_time due);
tn_status runner_method(struct runner *runner, struct tn_call *call, const struct tn_method *row,
                        struct tn_record *request, struct tn_record *response);

tn_status runner_migrate(struct runner *runner, struct tn_call *call, uint32_t from,
                         struct tn_value *progress);

struct runner_info {
    enum runner_state state;
    uint64_t restart_count; /* processes after the first */
    uint64_t failure_count; /* those that failed, since the host's start */
    int32_t pid;            /* 0: none */
    uint64_t refused_count; /* how often its processes tried what they were not granted */
};

/* How it is. `reason` (in its language) says why it does not serve, or else what went wrong: a
 * process that failed within RUNNER_FAILURE_WINDOW_US, and what was refused. [any] */
struct runner_info runner_info(struct runner *runner, struct err *reason);

#endif /* CORE_PLUGIN_RUNNER_H */
