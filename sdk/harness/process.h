/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - the real tenond as a child process, in a temporary folder of its own. It does not
 * outlive its parent, however that ends.
 */
#ifndef SDK_HARNESS_PROCESS_H
#define SDK_HARNESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <tenon/base.h>

#include "core/base/err.h"
#include "core/base/mem.h"

#define TENOND_PATH_SIZE 128
/* More arguments of one start are refused. */
#define TENOND_ARGUMENT_MAX 64
/* Of a log more is cut when it is read; a run logs some ten lines. */
#define TENOND_LOG_SIZE_MAX ((size_t)1024 * 1024)

struct tenond {
    const char *program;            /* lent by its maker */
    int64_t patience_us;            /* for getting ready, and for ending */
    char folder[TENOND_PATH_SIZE];  /* holds all that follows */
    char data[TENOND_PATH_SIZE];    /* not there before the first start */
    char plugins[TENOND_PATH_SIZE]; /* empty until process_add_plugin */
    char log[TENOND_PATH_SIZE];     /* its standard error, of all its runs */
    char url[TENOND_PATH_SIZE];     /* ipc */
    char ready[1024];               /* the line that it printed, without its end */
    uid_t run_as;                   /* root: the user that it becomes; 0: stays who we are */
    bool checks_signatures;         /* else it runs plugins whoever signed them */
    unsigned open_files;            /* soft and hard limit of them; 0: as ours */
    pid_t pid;                      /* 0: not running */
    int output;                     /* its standard output, while it runs */
};

/*
 * A folder below `parent` ("/tmp"), and nothing running. TN_UNAVAILABLE: the folder cannot be made;
 * TN_OUT_OF_RANGE: its name is too long for a socket. [any]
 */
tn_status process_create(const char *program, const char *parent, int64_t patience_us,
                         struct tenond **ret_host, struct err *err);
/* Kills it if it runs, and removes the folder. Accepts NULL. blocks */
void process_destroy(struct tenond *host);
DEFINE_CLEANUP(struct tenond, process_destroy)

/* Copies a shared object into `plugins`, under its own name. TN_NOT_FOUND: no such file. blocks */
tn_status process_add_plugin(struct tenond *host, const char *path, struct err *err);

/* Starts with `arguments` (ends with NULL), which are all that it gets. Does not wait. */
tn_status process_spawn(struct tenond *host, const char *const *arguments, struct err *err);
/* Starts with its data, plugins and url, and then `more` (ends with NULL; or NULL). */
tn_status process_spawn_usual(struct tenond *host, const char *const *more, struct err *err);
/*
 * Waits until it has printed its line. TN_DEADLINE_EXCEEDED: not in time; TN_UNAVAILABLE: it ended,
 * or its line is another one. blocks
 */
tn_status process_await_ready(struct tenond *host, struct err *err);

/*
 * Waits for its end; `*ret_exit` is its status, or 128 + the signal that ended it.
 * TN_DEADLINE_EXCEEDED: it still runs. blocks
 */
tn_status process_await_exit(struct tenond *host, int *ret_exit, struct err *err);
/* SIGTERM. TN_ABORTED: it did not then exit with 0. blocks */
tn_status process_stop(struct tenond *host, struct err *err);

/* What it logged, in all its runs. NULL: memory is out. OWNED: mem_free. blocks */
char *process_read_log(const struct tenond *host);

#endif /* SDK_HARNESS_PROCESS_H */
