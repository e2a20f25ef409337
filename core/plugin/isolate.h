/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolate.h - the host's side of sandboxes: what a process that runs a plugin is given, what the
 * kernel is answered when it asks for more, and what the operator is told of it, in words.
 *
 *     TRY(isolate_begin(isolate, &plan, &box, err));
 *     start a process in isolate_folder(box), which gets isolate_control(box) as SANDBOX_CONTROL_FD
 *     isolate_started(box, pid);
 *     wait for its end; isolate_excess(box, ...)
 *     isolate_end(box);
 *
 * One thread answers for all. While there is a box the host is not dumpable: nobody of its user,
 * debuggers included, can look into it.
 */
#ifndef CORE_PLUGIN_ISOLATE_H
#define CORE_PLUGIN_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/mem.h"

struct isolate;
struct isolate_box; /* one process and what is kept for it */

/* Processes at a time; past it TN_RESOURCE_EXHAUSTED. Two for each plugin, as one replaces another.
 */
#define ISOLATE_BOX_MAX 512u
/* Something that a plugin tried and was not let do. Lent for the call. */
struct isolate_refusal {
    const char *plugin;
    const char *tried; /* "open a network connection", in English */
    const char *call;  /* the system call, "connect"; "": none */
    const char *path;  /* "": none, or not known */
    uint64_t count;    /* of this plugin's process so far */
};

/* Borrowed until isolate_destroy(). */
struct isolate_options {
    struct log *log;
    const char *folder;  /* for scratch folders; absolute, as processes start elsewhere */
    uint32_t user_first; /* users and groups that processes become, one each; */
    uint32_t user_count; /* 0: they stay who the host is */
    uint32_t required;   /* features (sandbox/sandbox.h) without which none runs */
    /* Told of each refusal that is logged, by the thread of this object; may be NULL. */
    void (*refused)(void *ctx, const struct isolate_refusal *refusal);
    void *ctx;
};

/*
 * What this machine cannot give the processes of such options (features). Of what they require
 * nothing may be missing: TN_FAILED_PRECONDITION. [loader]
 */
tn_status isolate_probe(const struct isolate_options *options, uint32_t *ret_missing,
                        struct err *err);

/* [loader] */
tn_status isolate_create(const struct isolate_options *options, struct isolate **ret_isolate,
                         struct err *err);
/* After isolate_end() of all boxes. Accepts NULL. [loader] blocks */
void isolate_destroy(struct isolate *isolate);
DEFINE_CLEANUP(struct isolate, isolate_destroy)

/* Copied; 0: the default of isolate_defaults(). */
struct isolate_plan {
    const char *plugin;      /* id */
    uint64_t memory_max;     /* bytes */
    uint64_t scratch_max;    /* bytes of files, together and each */
    uint32_t file_max;       /* open at a time */
    uint32_t thread_max;     /* where it has a user of its own */
    struct {                 /* what it has beside that, as it runs for the host */
        uint64_t memory;     /* bytes */
        uint32_t file_count; /* open ones */
        uint32_t thread_count;
    } given;
    uint32_t cpu_percent;     /* of one processor, over 10 s; 0: not limited */
    int nice;                 /* 0 to 19 */
    const char *const *reads; /* absolute paths that it may read */
    uint32_t read_count;
};

/* What applies where a plan says 0. Static. [any] */
const struct isolate_plan *isolate_defaults(void);

/*
 * Makes what a process needs, up to the socket that says which limits it has.
 * TN_RESOURCE_EXHAUSTED: too many, or no user is left; TN_UNAVAILABLE: no folder or socket can be
 * made. [any] blocks
 */
tn_status isolate_begin(struct isolate *isolate, const struct isolate_plan *plan,
                        struct isolate_box **ret_box, struct err *err);
/* What the process is to have as SANDBOX_CONTROL_FD; until isolate_started(). */
int isolate_control(const struct isolate_box *box);
/* Where it is to start. */
const char *isolate_folder(const struct isolate_box *box);

/*
 * The process is there, and still has to enter the sandbox; the log says what that lacks. `pid` is
 * a child that has not been waited for, started by a thread that lives as long as the host. Not
 * called where starting it failed. [any]
 */
void isolate_started(struct isolate_box *box, pid_t pid);

/* Whether it is in the sandbox, and what of it this machine cannot give (features). [any] */
bool isolate_is_entered(const struct isolate_box *box, uint32_t *ret_missing);
/* How often it was refused something, and what it tried last, as in struct isolate_refusal (static;
 * NULL: nothing). [any] */
uint64_t isolate_refused_count(const struct isolate_box *box);
const char *isolate_tried_last(const struct isolate_box *box);

/* Limits that end a process. */
enum isolate_limit {
    ISOLATE_WITHIN = 0, /* it ended otherwise */
    ISOLATE_CPU = 1,
    ISOLATE_SCRATCH = 2,
    ISOLATE_MEMORY = 3
};

struct isolate_excess {
    enum isolate_limit limit;
    uint32_t most; /* of it: percent of a processor, MiB */
};

/* Which limit ended it. `usage`: of its end, or NULL. [any] */
struct isolate_excess isolate_excess(const struct isolate_box *box, const struct rusage *usage);

/*
 * In words: "The process of the plugin org.example.x needed more than 64 MiB of memory, and ended."
 * TN_UNAVAILABLE; TN_OK, and nothing said, where it was none. [any]
 */
tn_status isolate_explain(const char *plugin, const struct isolate_excess *excess, struct err *err);

/* Takes its scratch folder and its user back. Its process has been waited for, or was never
 * started. Accepts NULL. [any] blocks */
void isolate_end(struct isolate_box *box);

#endif /* CORE_PLUGIN_ISOLATE_H */
