/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - a host of plugins without its bus: a store in a directory of its own, one portal,
 * the plugin files that a test names, and transactions by words.
 */
#ifndef TESTS_INTEGRATION_PLUGINS_BENCH_H
#define TESTS_INTEGRATION_PLUGINS_BENCH_H

#include "core/blob/blobs.h"
#include "core/plugin/host.h"
#include "tests/unit/check.h"

struct bench {
    char dir[64];
    char plugin_dir[96];
    char work_dir[96];
    struct store *store;
    struct catalog *catalog;
    struct portals *portals;
    struct records *records;
    struct blobs *blobs;
    struct plugin_host *plugins;
    struct portal *portal;
    const char *language; /* NULL: English */
    uint32_t attempt_max; /* of the next start; 0: as a host */
    uint32_t letter_max;
    const char *disabled; /* id of a plugin, or NULL */
    enum plugin_isolation isolation;
    struct plugin_runner_limits limits;
    int64_t drain_us; /* 0: the host's own */
    tn_time now_us;   /* of the transactions below; 0: now */
    struct err err;   /* of the last call through the helpers below */
};

/*
 * Loads the files (paths, ended by NULL) in their order, whether they are plugins or not;
 * `disabled` is an id or NULL. Fails the test only where the host itself does.
 */
struct bench *bench_open(const char *const *files, const char *disabled);
/* The same with reasons and refusals in another language than English. */
struct bench *bench_open_in(const char *const *files, const char *disabled, const char *language);
/* Stops everything and starts it again on the same directory. */
void bench_reopen(struct bench *b);
void bench_close(struct bench *b);
/* The halves of bench_reopen(). */
void bench_halt(struct bench *b);
void bench_resume(struct bench *b);
/* On the directory of another process that is halted. It is never closed: the process is killed. */
struct bench *bench_open_at(const char *dir);

/* As bench_open_in, each plugin in a process of its own, within these limits. */
struct bench *bench_open_isolated(const char *const *files,
                                  const struct plugin_runner_limits *limits, const char *language);

/* Where the plugins run: in processes of their own if the environment has BENCH_ISOLATION=process,
 * so that the same tests show both ways. */
enum plugin_isolation bench_isolation(void);

/*
 * Ends and begins everything above the store, with the nth allocation of plugin_host_load_all()
 * failing; returns its status.
 */
tn_status bench_reload(struct bench *b, unsigned nth);

/* How long replacing waits for the calls of what was replaced; from the next start on too. */
void bench_drain(struct bench *b, int64_t drain_us);

/* The plugin with that end of its file's name; fails the test if there is none. */
struct plugin_info bench_plugin(const struct bench *b, const char *file);
/* Fails the test unless all run. */
void bench_all_run(const struct bench *b);

/* Ends with NULL: pairs of a property and its value as a person writes it. */
#define BENCH_VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

struct txn *bench_begin(struct bench *b);
/* Commits, waits, destroys. */
tn_status bench_commit(struct bench *b, struct txn *txn);

/* In a transaction of the caller; NULL values are cleared. */
tn_status bench_set(struct bench *b, struct record *record, const char *property,
                    const char *value);
struct record *bench_new(struct bench *b, struct txn *txn, const char *type,
                         const char *const *values);

/* In a transaction of its own; the id is untouched on failure and may be NULL. */
tn_status bench_create(struct bench *b, const char *type, const char *const *values, tn_id *ret_id);
tn_status bench_update(struct bench *b, const char *type, tn_id id, const char *const *values);
tn_status bench_archive(struct bench *b, const char *type, tn_id id);

/* A stored value as a person reads it, "" for none; lives until the next call. */
const char *bench_read(struct bench *b, const char *type, tn_id id, const char *property);
/* How many live records of the type there are. */
uint64_t bench_count(struct bench *b, const char *type);
/* The record with that value of a unique property; 0: none. */
tn_id bench_find(struct bench *b, const char *type, const char *property, const char *value);
/* The primary record linked, else the first; 0: none. */
tn_id bench_linked(struct bench *b, const char *type, tn_id id, const char *association);
/* The primary record linked; 0: none is. */
tn_id bench_primary(struct bench *b, const char *type, tn_id id, const char *association);
tn_status bench_link(struct bench *b, const char *type, tn_id from, const char *association,
                     tn_id to);

/* Runs a served method and commits; the response is appended to `ret_response` (may be NULL). */
tn_status bench_call(struct bench *b, const char *method, struct tn_bytes request,
                     struct buf *ret_response);
tn_status bench_setting(struct bench *b, const char *plugin, const char *name, const char *value);

/* Whether the last error has that field and rule. */
bool bench_refused(const struct bench *b, const char *field, const char *rule);

#endif /* TESTS_INTEGRATION_PLUGINS_BENCH_H */
