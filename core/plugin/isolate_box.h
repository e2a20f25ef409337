/* SPDX-License-Identifier: Apache-2.0 */
/* isolate_box.h - one isolated process, as the files isolate*.c share it. */
#ifndef CORE_PLUGIN_ISOLATE_BOX_H
#define CORE_PLUGIN_ISOLATE_BOX_H

#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/base/mem.h"
#include "core/plugin/isolate.h"
#include "core/sandbox/sandbox.h"

struct isolate_box {
    struct isolate *isolate;
    char *plugin;
    struct sandbox_limits limits;
    uint64_t memory_max; /* the plugin's part of that */
    uint64_t scratch_max;
    uint32_t cpu_percent;
    unsigned refs; /* guarded by isolate->mu, as the next three */
    bool is_started;
    pid_t pid;
    int pidfd;
    int far; /* the process's end of the control socket; -1: it has it */

    /* Only the thread touches these. */
    int control;  /* -1: told that it entered */
    int listener; /* -1: not entered, or ended */
    bool is_sealed;
    int64_t window_us; /* when the time of the processor was counted from */
    int64_t window_cpu_us;
    int64_t second_us; /* when answers were counted from */
    unsigned answered; /* in that second */
    unsigned told;     /* lines in the log since `told_us` */
    int64_t told_us;

    _Atomic uint32_t missing; /* relaxed, as all of these: they say what was so at some time */
    _Atomic bool is_entered;
    _Atomic uint64_t refused;
    _Atomic(const char *) tried;          /* last, and refused; NULL: nothing */
    _Atomic int64_t hit_memory_us;        /* when it asked for more than it may have; 0: never */
    _Atomic enum isolate_limit ended_for; /* why the host killed it */
};

struct isolate {
    struct isolate_options options;
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t changed;                     /* a box is no longer BOX_WANTED */
    struct isolate_box *boxes[ISOLATE_BOX_MAX]; /* guarded by mu, as the rest */
    uint32_t box_count;
    uint32_t made_count; /* for names of scratch folders */
    uint32_t told;       /* features that the log says are missing; only the thread's */
    bool is_ending;
    int wake; /* eventfd: the list changed */
};

/* isolate.c */

/* Ends its use; the last one frees it. */
void box_unref(struct isolate_box *box);

/* isolate_watch.c: the thread. */
void *isolate_watch(void *isolate);

/* isolate_verdict.c */

struct verdict {
    bool is_let;       /* the kernel goes on with the call */
    int error;         /* else: it fails so; 0: it returns 0 */
    const char *tried; /* NULL: nothing to report */
    char path[SANDBOX_PATH_SIZE];
};

/* What to do with a call. */
void verdict_of(struct isolate_box *box, const struct seccomp_notif *asked,
                struct verdict *ret_verdict);

#endif /* CORE_PLUGIN_ISOLATE_BOX_H */
