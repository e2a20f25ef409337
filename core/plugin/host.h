/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the plugins of a host: loading them, calling them, and what others may ask about them.
 *
 * A plugin that fails at any step of its load leaves nothing behind, keeps its reason in the list,
 * and the others run. Nothing here is ever dlclosed: the host leaves by _exit().
 */
#ifndef CORE_PLUGIN_HOST_H
#define CORE_PLUGIN_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/record/records.h"
#include "core/record/txn.h"

struct blobs;
struct plugin_host;
struct plugin;

/* Files looked at; more are a mistake in the directory list, and TN_RESOURCE_EXHAUSTED. */
#define PLUGIN_MAX 256u
/* A larger file is refused before it is read. */
#define PLUGIN_FILE_SIZE_MAX ((size_t)64 * 1024 * 1024)
/* Bytes of one request or response; as the bus's own limit. */
#define PLUGIN_MESSAGE_SIZE_MAX ((size_t)4 * 1024 * 1024)
/* How long a consumer or timer may take at once: a transaction's worth, or with TN_LONG minutes. */
#define PLUGIN_SHORT_LIMIT_US ((int64_t)10 * 1000000)
#define PLUGIN_LONG_LIMIT_US ((int64_t)10 * 60 * 1000000)
/* Calls of a joined method inside a joined method; past it TN_RESOURCE_EXHAUSTED. */
#define PLUGIN_DEPTH_MAX 16u

enum plugin_isolation {
    PLUGIN_IN_HOST = 1,  /* "none" */
    PLUGIN_IN_RUNNER = 2 /* "process" */
};

/* Of plugins in processes of their own; 0: the default. Time that they wait for the host does not
 * count. */
struct plugin_runner_limits {
    int64_t hook_us;      /* one hook: it holds up a write, and with it the portal's others */
    int64_t call_us;      /* any other callback, as long as its caller's deadline lasts */
    int64_t start_us;     /* from the start of the process to the end of start() */
    int64_t stop_us;      /* stop() and unload(); the process is killed then */
    unsigned failure_max; /* within RUNNER_FAILURE_WINDOW_US; the plugin is switched off then */
};

/* What the operator decided about one plugin. */
struct plugin_isolated {
    const char *id;
    enum plugin_isolation isolation;
};

/* Borrowed until plugin_host_destroy(); dirs and disabled only by load_all. */
struct plugin_host_options {
    struct records *records;
    struct catalog *catalog;
    struct portals *portals;
    struct blobs *blobs; /* NULL: plugins get none */
    struct log *log;
    const char *const *dirs; /* searched in order for *.so, by name within one */
    size_t dir_count;
    const char *work_dir; /* for private copies; made with mode 0700 if it is not there */
    /* Shared libraries that a plugin may need beside libc and libm ("libcurl-gnutls.so.4"). */
    const char *const *libraries;
    size_t library_count;
    const char *const *disabled; /* plugin ids that are listed and not loaded */
    size_t disabled_count;
    const char *language; /* of the reasons why plugins do not run; NULL: English */
    /* The program that runs plugins in processes of their own; NULL: none can. */
    const char *runner;
    enum plugin_isolation isolation; /* of plugins that the next do not name; 0: PLUGIN_IN_HOST */
    const struct plugin_isolated *isolated;
    size_t isolated_count;
    struct plugin_runner_limits runner_limits;
    unsigned worker_count;  /* threads that call plugins at once */
    int64_t short_limit_us; /* of consumers and timers; 0: PLUGIN_SHORT_LIMIT_US */
    int64_t long_limit_us;  /* of those that are TN_LONG; 0: PLUGIN_LONG_LIMIT_US */
};

/* Becomes the hook of `records`; loads nothing yet. [loader] */
tn_status plugin_host_create(const struct plugin_host_options *options,
                             struct plugin_host **ret_host, struct err *err);

/*
 * Loads every plugin found, those that others need first, and starts them, their consumers and
 * timers included. A plugin that cannot
 * be served is in the list with its reason and logged once; that is no failure of this function.
 * TN_NOT_FOUND: a directory is not there; TN_RESOURCE_EXHAUSTED. [loader] blocks
 */
tn_status plugin_host_load_all(struct plugin_host *host, struct err *err);

/* Stops and unloads all, in reverse order; no call may be under way or begin. [loader] blocks */
void plugin_host_stop(struct plugin_host *host);
/* Frees the host's own memory; plugins stay mapped. After plugin_host_stop(). Accepts NULL. */
void plugin_host_destroy(struct plugin_host *host);

/* The list */

enum plugin_state {
    PLUGIN_RUNNING = 1,
    PLUGIN_REFUSED = 2, /* by what it declares or needs; its code never ran */
    PLUGIN_FAILED = 3,  /* its load() or start() failed */
    PLUGIN_DISABLED = 4 /* by configuration */
};

/* "running", "refused", "failed", "disabled". Static. [any] */
const char *plugin_state_name(enum plugin_state state);

/* Lent until plugin_host_destroy(). Texts are empty, not NULL, where the file told nothing. */
struct plugin_info {
    const char *id;
    const char *version;
    const char *summary;
    const char *file;
    char reason[ERR_MESSAGE_SIZE]; /* why it does not run; in the language of the host */
    enum plugin_state state;
    uint64_t hook_accepted; /* hooks that let a change through, since the start */
    uint64_t hook_refused;
    uint64_t hook_us;      /* how long all of them took */
    uint64_t hook_skipped; /* advisory hooks of a process that was down */
    enum plugin_isolation isolation;
    uint64_t restart_count; /* of its process, as the next */
    bool is_up;             /* it serves */
    int32_t pid;            /* 0: none */
};

/* All files found, in the order they were; `index` from 0. False: no more. [any] once loaded */
bool plugin_host_info(const struct plugin_host *host, size_t index, struct plugin_info *ret_info);

/* Whether the running plugin of that index rests in a portal, whose schema is given: it has given a
 * name that the plugin declares. `err` says which, in its language. [any] once loaded */
bool plugin_host_rests(const struct plugin_host *host, size_t index, const struct schema *schema,
                       const struct portal *portal, struct err *err);

/* Methods */

struct plugin_method {
    const char *name;            /* "org.example.machines.v1.Machines/Close" */
    const char *request;         /* message names */
    const char *response;        /* "" */
    const char *plugin;          /* id of the one that serves it */
    uint32_t flags;              /* TN_READS, TN_JOINS ... */
    struct tn_bytes descriptors; /* a FileDescriptorSet that has both messages and the service */
    struct plugin *owner;        /* private, as the next */
    const struct tn_method *row;
};

/* The methods that running plugins serve; `index` from 0. NULL: no more. [any] once loaded */
const struct plugin_method *plugin_host_method(const struct plugin_host *host, size_t index);

/*
 * Runs a method inside `txn` as its caller, and appends the encoded response to `ret_response`.
 * The caller commits if it is TN_OK and drops the transaction otherwise. TN_INVALID_ARGUMENT:
 * `request` is not such a message; else what the method refused with. [worker] blocks
 */
tn_status plugin_method_run(const struct plugin_method *method, struct txn *txn,
                            struct tn_bytes request, struct buf *ret_response, struct err *err);

/* Settings: a portal's, read and written in a transaction of the caller. */

struct plugin_setting {
    const char *plugin; /* id */
    const char *name;
    const char *doc;      /* English */
    const char *fallback; /* as a person writes it; "" for none */
    uint32_t kind;
    uint32_t flags; /* TN_SECRET: never shown */
};

/* Those of running plugins; `index` from 0. False: no more. [any] once loaded */
bool plugin_host_setting(const struct plugin_host *host, size_t index,
                         struct plugin_setting *ret_setting);

/*
 * Appends the setting as a person writes it. TN_NOT_FOUND: no such plugin or setting;
 * TN_PERMISSION_DENIED: a secret. [worker] blocks
 */
tn_status plugin_setting_get(const struct plugin_host *host, struct txn *txn, struct tn_str plugin,
                             struct tn_str name, struct buf *ret_text, bool *ret_is_default,
                             struct err *err);

/*
 * Sets it from what a person wrote; empty: back to its default. TN_NOT_FOUND as above;
 * TN_INVALID_ARGUMENT: not a value of its kind (violation of "value"). [worker] blocks
 */
tn_status plugin_setting_set(const struct plugin_host *host, struct txn *txn, struct tn_str plugin,
                             struct tn_str name, struct tn_str value, struct err *err);

#endif /* CORE_PLUGIN_HOST_H */
