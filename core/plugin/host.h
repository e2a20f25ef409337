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
struct plugin_routes;
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
/* Attempts at one change or firing before it is a dead letter; with what lies between them, more
 * than 50 seconds. */
#define PLUGIN_ATTEMPT_MAX 10u
/* Dead letters of one consumer or timer in one portal; when they are as many, the consumer waits,
 * and a timer that fails is tried on. */
#define PLUGIN_LETTER_MAX 1000u
/* Calls of a joined method inside a joined method; past it TN_RESOURCE_EXHAUSTED. */
#define PLUGIN_DEPTH_MAX 16u

/* Whose plugins are trusted. */
struct plugin_signing {
    const struct key_ring *ring;
    bool is_required;     /* unsigned ones are refused, not isolated */
    bool runs_in_process; /* unsigned ones too: for plugin authors; each start says so */
};

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
    enum plugin_isolation isolation; /* 0: not said, as of the next two */
    uint32_t memory_mib;             /* of its process */
    uint32_t cpu_percent;            /* of one processor; 0: no limit */
    const char *const *grants;       /* of what it declares: "read_path:/usr/share/dict" */
    size_t grant_count;
};

/* How processes of plugins are shut in. */
struct plugin_sandbox {
    uint32_t user_first; /* of users and groups that they become, one each, if the host runs as */
    uint32_t user_count; /* root; 0: they stay who the host is */
    uint32_t required;   /* features (sandbox/sandbox.h) without which no host starts */
};

/* Borrowed until plugin_host_destroy(); dirs only by load_all. */
struct plugin_host_options {
    struct records *records;
    struct catalog *catalog;
    struct portals *portals;
    struct blobs *blobs;     /* NULL: plugins get none */
    struct entitle *entitle; /* what portals are granted; NULL: everything */
    struct log *log;
    const char *const *dirs; /* searched in order for *.so, by name within one */
    size_t dir_count;
    const char *work_dir; /* for private copies; made with mode 0700 if it is not there */
    /* Shared libraries that a plugin may need beside libc and libm ("libcurl-gnutls.so.4"). */
    const char *const *libraries;
    size_t library_count;
    const char *const *disabled; /* plugin ids that are listed and not loaded */
    size_t disabled_count;
    const struct plugin_signing *signing; /* NULL: signatures are not looked at, all are trusted */
    const char *language;                 /* of the reasons why plugins do not run; NULL: English */
    /* The program that runs plugins in processes of their own; NULL: none can. */
    const char *runner;
    enum plugin_isolation isolation; /* of plugins that the next do not name; 0: PLUGIN_IN_HOST */
    const struct plugin_isolated *isolated;
    size_t isolated_count;
    struct plugin_runner_limits runner_limits;
    struct plugin_sandbox sandbox;
    unsigned worker_count;  /* threads that call plugins at once */
    int64_t short_limit_us; /* of consumers and timers; 0: PLUGIN_SHORT_LIMIT_US */
    int64_t long_limit_us;  /* of those that are TN_LONG; 0: PLUGIN_LONG_LIMIT_US */
    int64_t retry_us;       /* after the first step of a migration that fails; 0: 1 s */
    int64_t drain_us;       /* how long replacing waits for the old one's calls; 0: 30 s */
    uint32_t attempt_max;   /* 0: PLUGIN_ATTEMPT_MAX */
    uint32_t letter_max;    /* 0: PLUGIN_LETTER_MAX */
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

/* What portals are granted has changed: consumers and timers that rest look again. [any] */
void plugin_host_wake(struct plugin_host *host);

/* Stops and unloads all, in reverse order; no call may be under way or begin, and no plugin be
 * replaced. [loader] blocks */
void plugin_host_stop(struct plugin_host *host);
/* Frees the host's own memory; plugins stay mapped. After plugin_host_stop(). Accepts NULL. */
void plugin_host_destroy(struct plugin_host *host);

/* Changing what runs */

#define PLUGIN_DOWNGRADE 1u /* it may be older than what it replaces */
#define PLUGIN_CONSENT 2u   /* it may use more of what others declare than what it replaces */

/* What came of it. */
struct plugin_replaced {
    char id[256];
    char from[256]; /* versions */
    char to[256];
    bool is_left; /* no call is in the old one any more, and it was unloaded */
};

/*
 * Puts the plugin of `file` (a path) in the place of the one with its id, while calls go on: starts
 * it, puts its file where the other's is, so that the next start finds it, and lets calls begin
 * with it. Then waits a while for the old one's calls, and ends it. Otherwise the old one serves as
 * before, and `err` says why: TN_NOT_FOUND: there is none of that id; TN_FAILED_PRECONDITION:
 * older, or of other declarations than stored data or its users allow; TN_PERMISSION_DENIED: it
 * uses more, or its file cannot be put there; or as manifest_read() and its load() and start() say.
 * Whoever holds routes waits for himself. [worker] blocks
 */
tn_status plugin_host_replace(struct plugin_host *host, const char *file, uint32_t flags,
                              struct plugin_replaced *ret_replaced, struct err *err);

/*
 * Takes a plugin out, and keeps it out over restarts: its records stay, its methods, hooks and
 * settings are there no more. TN_NOT_FOUND; TN_FAILED_PRECONDITION: others that run need it, or it
 * is disabled already. [worker] blocks
 */
tn_status plugin_host_disable(struct plugin_host *host, const char *id, struct err *err);
/* Starts one that was taken out, from its file. TN_NOT_FOUND; TN_FAILED_PRECONDITION: it is not
 * disabled, or by the configuration; or why it does not start. [worker] blocks */
tn_status plugin_host_enable(struct plugin_host *host, const char *id, struct err *err);

/* `changed` runs after each of these, when calls begin with what is new; it may take routes, and
 * changes nothing itself. Once, NULL: no more. [any] */
void plugin_host_set_watcher(struct plugin_host *host, void (*changed)(void *ctx), void *ctx);

/* Routes */

/*
 * The plugins as they are at one time: what it lends lives until it is released. A transaction
 * has its own (txn_routes). Whoever replaces a plugin waits for all that were taken before. [any]
 */
struct plugin_routes *plugin_routes_take(struct plugin_host *host);
void plugin_routes_release(struct plugin_routes *routes);

static inline void plugin_routes_release_p(struct plugin_routes **routes)
{
    if (*routes)
        plugin_routes_release(*routes);
}

/* The list */

enum plugin_state {
    PLUGIN_RUNNING = 1,
    PLUGIN_REFUSED = 2, /* by what it declares or needs; its code never ran */
    PLUGIN_FAILED = 3,  /* its load() or start() failed */
    PLUGIN_DISABLED = 4 /* by configuration, or by plugin_host_disable() */
};

/* "running", "refused", "failed", "disabled". Static. [any] */
const char *plugin_state_name(enum plugin_state state);

/* Lent by the routes. Texts are empty, not NULL, where the file told nothing. */
struct plugin_info {
    const char *id;
    const char *version;
    const char *summary;
    const char *file;
    /* In the language of the host: why it does not run; of a process that serves, why the last one
     * ended, and what it was refused. */
    char reason[ERR_MESSAGE_SIZE];
    const char *signer; /* id of the trusted key that signed it; "": none */
    enum plugin_state state;
    uint64_t hook_accepted; /* hooks that let a change through, since the start */
    uint64_t hook_refused;
    uint64_t hook_us;      /* how long all of them took */
    uint64_t hook_skipped; /* advisory hooks of a process that was down */
    enum plugin_isolation isolation;
    uint64_t restart_count; /* of its process, as the next */
    bool is_up;             /* it serves */
    int32_t pid;            /* 0: none */
    uint64_t refused_count; /* how often it tried what it was not granted, since the start */
};

/* All files found, in the order they were; `index` from 0. False: no more. [any] */
bool plugin_routes_info(const struct plugin_routes *routes, size_t index,
                        struct plugin_info *ret_info);
/*
 * Whether its records are being taken to its schema. `err` then says how far that is, in its
 * language; `*ret_left` how many portals are left, `*ret_steps` how many steps were made since it
 * serves, which is told in any case. [any]
 */
bool plugin_routes_migration(const struct plugin_routes *routes, size_t index, uint32_t *ret_left,
                             uint64_t *ret_steps, struct err *err);
/* As they are now; only while nobody replaces any. [loader] */
bool plugin_host_info(const struct plugin_host *host, size_t index, struct plugin_info *ret_info);

/* Whether the running plugin of that index rests in a portal, whose schema is given: it has given a
 * name that the plugin declares. `err` says which, in its language. [any] */
bool plugin_routes_rests(const struct plugin_routes *routes, size_t index,
                         const struct schema *schema, const struct portal *portal, struct err *err);

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

/* The methods that running plugins serve; `index` from 0. NULL: no more. [any] */
const struct plugin_method *plugin_routes_method(const struct plugin_routes *routes, size_t index);
/* NULL: no running plugin serves one of that name. [any] */
const struct plugin_method *plugin_routes_find(const struct plugin_routes *routes,
                                               struct tn_str name);
/* As they are now; only while nobody replaces any. [loader] */
const struct plugin_method *plugin_host_method(const struct plugin_host *host, size_t index);

/*
 * Runs a method of the transaction's routes inside it as its caller, and appends the encoded
 * response to `ret_response`. The caller commits if it is TN_OK and drops the transaction
 * otherwise. TN_INVALID_ARGUMENT: `request` is not such a message; else what the method refused
 * with. [worker] blocks
 */
tn_status plugin_method_run(const struct plugin_method *method, struct txn *txn,
                            struct tn_bytes request, struct buf *ret_response, struct err *err);

/* Streams at once, each of which has a thread; what calls plugins allows for no more. */
#define PLUGIN_STREAM_MAX 16u

/* Where the responses of a method with TN_STREAMS go. */
struct plugin_sink {
    /* Takes a copy; waits while the reader is slow. Another status than TN_OK: nobody reads on, why
     * is in `err`. [worker] blocks */
    tn_status (*send)(void *ctx, struct tn_bytes message, struct err *err);
    void *ctx;
};

/* As plugin_method_run() for a method with TN_STREAMS, whose responses `sink` gets one by one.
 * [worker] blocks */
tn_status plugin_method_stream(const struct plugin_method *method, struct txn *txn,
                               struct tn_bytes request, const struct plugin_sink *sink,
                               struct err *err);

/* Consumers and timers */

enum plugin_consumer_state {
    CONSUMER_RUNNING = 1,  /* it takes changes as they come */
    CONSUMER_RESTING = 2,  /* its plugin does not serve the portal; it catches up when it does */
    CONSUMER_RETRYING = 3, /* it did not take a change, which it is given again in a while */
    CONSUMER_WAITING = 4   /* its list of dead letters is full */
};

/* "running", "resting", "retrying", "waiting". Static. [any] */
const char *plugin_consumer_state_name(enum plugin_consumer_state state);

/* One consumer in one portal. Names live until plugin_host_destroy(). */
struct plugin_consumer {
    const char *plugin; /* id */
    const char *name;
    enum plugin_consumer_state state;
    uint64_t position; /* all changes up to it are done */
    uint64_t head;     /* the portal's newest change */
    uint32_t letter_count;
    tn_time failed_us;             /* of the last attempt that failed since the start; 0: none */
    char reason[ERR_MESSAGE_SIZE]; /* why it did, or why it rests; "" */
};

/* Changes that are not done yet. [any] */
static inline uint64_t plugin_consumer_lag(const struct plugin_consumer *consumer)
{
    return consumer->head > consumer->position ? consumer->head - consumer->position : 0;
}

/* The consumers of a portal; `index` from 0. False: no more. Who asks holds routes, which lend the
 * texts. [any] */
bool plugin_host_consumer(const struct plugin_host *host, const struct portal *portal, size_t index,
                          struct plugin_consumer *ret_consumer);

/* One timer of a plugin in one portal, with all records that it is set on. */
struct plugin_timer {
    const char *plugin; /* id */
    const char *name;
    uint32_t letter_count;
};

/* As plugin_host_consumer(). [any] */
bool plugin_host_timer(const struct plugin_host *host, const struct portal *portal, size_t index,
                       struct plugin_timer *ret_timer);

struct letter_list; /* letters.h */

/* Letters replayed at once; who wants more asks again. */
#define PLUGIN_REPLAY_MAX 1000u

struct plugin_replay {
    struct portal *portal;
    const struct letter_list *list; /* one consumer's, or one timer's */
    tn_id record;                   /* 0: of all records */
    tn_status (*state)(void *ctx);  /* asked between letters: TN_OK, or why to stop */
    void *state_ctx;
};

struct plugin_replayed {
    uint32_t done_count;
    uint32_t failed_count;  /* tried again in vain */
    uint32_t skipped_count; /* behind one that failed, or not come to */
};

/*
 * Gives a plugin its dead letters again, the oldest first; behind one that fails those of its
 * record stay. TN_NOT_FOUND: no such consumer or timer runs; TN_FAILED_PRECONDITION: its plugin
 * does not serve the portal. [worker] blocks
 */
tn_status plugin_host_replay(const struct plugin_host *host, const struct plugin_replay *how,
                             struct plugin_replayed *ret_replayed, struct err *err);

struct plugin_drop {
    const struct letter_list *list;
    tn_id record;    /* 0: of all records */
    uint64_t change; /* 0: all */
};

/*
 * Takes dead letters away, PLUGIN_REPLAY_MAX at most, in a transaction of its own with `options`,
 * whether their plugin runs or not; `ret_count` tells how many. [worker] blocks
 */
tn_status plugin_host_drop(const struct plugin_host *host, const struct txn_options *options,
                           const struct plugin_drop *what, uint32_t *ret_count, struct err *err);

/*
 * Settings: a portal's, read and written in a transaction of the caller. One that is TN_GLOBAL is
 * the host's: it is written at once, whatever becomes of the transaction, and calls that begin
 * afterwards have it.
 */

struct plugin_setting {
    const char *plugin; /* id */
    const char *name;
    const char *doc;      /* English */
    const char *fallback; /* as a person writes it; "" for none */
    uint32_t kind;
    uint32_t flags; /* TN_SECRET: never shown; TN_GLOBAL: the host's, and its administrators' */
};

/* Those of running plugins; `index` from 0. False: no more. [any] */
bool plugin_routes_setting(const struct plugin_routes *routes, size_t index,
                           struct plugin_setting *ret_setting);

/*
 * Appends the setting as a person writes it. TN_NOT_FOUND: no such plugin or setting;
 * TN_PERMISSION_DENIED: a secret. [worker] blocks
 */
tn_status plugin_setting_get(struct txn *txn, struct tn_str plugin, struct tn_str name,
                             struct buf *ret_text, bool *ret_is_default, struct err *err);

/*
 * Sets it from what a person wrote; empty: back to its default. TN_NOT_FOUND as above;
 * TN_INVALID_ARGUMENT: not a value of its kind (violation of "value"). [worker] blocks
 */
tn_status plugin_setting_set(struct txn *txn, struct tn_str plugin, struct tn_str name,
                             struct tn_str value, struct err *err);

#endif /* CORE_PLUGIN_HOST_H */
