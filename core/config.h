/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - what the operator decides: on the command line, else in the configuration file, else
 * by default. docs/configuration.md lists the settings.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/log.h"

/* More of them in one list, and more tables of plugins, are refused. */
#define CONFIG_LIST_MAX 32
#define CONFIG_PLUGIN_MAX 256
/* Longer files, and longer lines in them, are refused: they bound how deep keys can nest. */
#define CONFIG_FILE_SIZE_MAX 65536
#define CONFIG_LINE_SIZE_MAX 4096

#define CONFIG_NO_USERS "none"

#define CONFIG_POLICY_ISOLATE "isolate-unsigned"
#define CONFIG_POLICY_REQUIRE "require-signed"

struct config_list {
    const char **items;
    uint32_t count;
};

/* [plugin."ID"] */
struct config_plugin {
    const char *id;
    bool is_enabled;
    const char *isolation;     /* "none" or "process"; NULL: not said */
    uint32_t memory_mib;       /* of its process; 0: not said, as of the next */
    uint32_t cpu_percent;      /* of one processor */
    struct config_list grants; /* "read_path:/usr/share/dict" */
};

struct config_rate {
    uint32_t per_second; /* calls; 0: without limit */
    uint32_t burst;      /* calls at once after a pause; 0: as many as in a second */
};

/* [limits]; 0: not said. */
struct config_limits {
    uint32_t connection_max;
    uint32_t call_max;         /* of one connection */
    uint32_t request_size_max; /* bytes */
    uint32_t blob_size_max;    /* bytes */
    struct config_rate portal; /* all calls in a portal */
    struct config_rate token;  /* all calls with a token */
};

struct config {
    struct arena arena;        /* owns all that the others point to */
    bool is_answered;          /* --help or --version was printed: there is nothing to start */
    struct config_list listen; /* URLs, at least one */
    const char *data_dir;
    struct config_list plugin_dirs; /* at least one */
    enum log_level log_level;
    uint32_t worker_count;      /* 0: not said */
    uint32_t drain_s;           /* what open calls get to finish when the host stops */
    uint32_t metric_portal_max; /* portals that metrics name; the others are one */
    struct {                    /* what plugins in processes of their own may take; 0: not said */
        uint32_t hook_ms;       /* one hook */
        uint32_t call_ms;       /* any other callback */
    } runner;
    struct {                        /* of processes of plugins */
        struct config_list require; /* names of what a machine may lack */
        const char *users;          /* "FIRST-LAST" or CONFIG_NO_USERS */
    } sandbox;
    struct config_limits limits;
    struct {                      /* consumers and timers; 0: not said */
        uint32_t deadline_s;      /* of one call */
        uint32_t long_deadline_s; /* of one that is TN_LONG */
        uint32_t attempts;        /* before it is a dead letter */
        uint32_t dead_letters;    /* of one consumer or timer in one portal */
    } background;
    struct {                     /* both or none */
        const char *certificate; /* files */
        const char *key;
    } tls;
    struct { /* public keys of vendors and publishers, in base64 */
        struct config_list keys;
        struct config_list revoked; /* ids of keys */
        const char *folder;         /* of *.licence files; NULL: none */
    } licences;
    struct {
        struct config_list keys;
        struct config_list revoked; /* ids of keys, SHA-256 of files */
        const char *folder;         /* of *.pub files, trusted as `keys` are */
        const char *policy;         /* CONFIG_POLICY_... */
        bool runs_unsigned;         /* in the host's process */
    } signatures;
    struct { /* what a new portal starts with */
        const char *language;
        const char *currency;
        const char *time_zone;
    } portal;
    struct config_plugin *plugins;
    uint32_t plugin_count;
};

/*
 * Reads the command line and the file that --config names. `argv` is not changed.
 *
 * TN_INVALID_ARGUMENT: an option or a setting is wrong, and `err` says "FILE:LINE: KEY: why" or
 * "--OPTION: why"; TN_NOT_FOUND, TN_PERMISSION_DENIED, TN_UNAVAILABLE: the file cannot be read;
 * TN_RESOURCE_EXHAUSTED: memory is out. [loader] blocks
 */
tn_status config_load(int argc, char **argv, struct config **ret_config, struct err *err);
void config_destroy(struct config *config);
DEFINE_CLEANUP(struct config, config_destroy)

/* How a setting that was changed takes effect. */
enum config_change {
    CONFIG_LIVE = 1,       /* at once */
    CONFIG_RESTART = 2,    /* when the host starts again */
    CONFIG_FIRST_START = 4 /* in a new data directory only */
};

#define CONFIG_KEY_SIZE 64
/* Values are cut at this. */
#define CONFIG_VALUE_SIZE 512

/* Lent for the call. */
struct config_difference {
    const char *key; /* "limits.connections" */
    enum config_change change;
    const char *from;
    const char *to;
};
typedef void (*config_differ_fn)(void *ctx, const struct config_difference *difference);

/* Tells of each setting of a kind in `changes` (bits of enum config_change) that is another in
 * `after` than in `before`; how many. [any] */
size_t config_compare(const struct config *before, const struct config *after, unsigned changes,
                      config_differ_fn tell, void *ctx);

/* Whether the plugin is to run: unless its table says `enabled = false`. [any] */
bool config_plugin_is_enabled(const struct config *config, struct tn_str id);
/* "none", "process", or NULL where its table does not say it. Static. [any] */
const char *config_plugin_isolation(const struct config *config, struct tn_str id);
/* Whether it has a table at all. [any] */
bool config_plugin_is_named(const struct config *config, struct tn_str id);

/* The users that sandbox.users names; a count of 0: none. [any] */
void config_sandbox_users(const struct config *config, uint32_t *ret_first, uint32_t *ret_count);
/* The features (sandbox/sandbox.h) that sandbox.require names. [any] */
uint32_t config_sandbox_required(const struct config *config);

#endif /* CORE_CONFIG_H */
