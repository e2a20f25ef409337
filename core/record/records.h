/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.h - the one owner of what portals hold: it opens portals, gives out transactions,
 * and runs the committer. See txn.h for what a transaction does.
 */
#ifndef CORE_RECORD_RECORDS_H
#define CORE_RECORD_RECORDS_H

#include "core/access/entitle.h"
#include "core/access/portal.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/record/log.h"
#include "core/schema/catalog.h"
#include "core/store/store.h"

struct records;
struct record;
struct txn;

/*
 * The hooks of a transaction. It takes their routes when it begins and gives them back when it is
 * destroyed, so that all of its hooks are of one time, and their owner knows when nobody is left
 * in what it replaced. `take` gives no NULL. [any], `run` [worker]
 */
struct records_hooks {
    void *(*take)(void *ctx);
    void (*give_back)(void *routes);
    /* Runs those of one record that `txn` changed, inside it; they may change and create others,
     * which then get their turn. */
    tn_status (*run)(void *routes, struct txn *txn, struct record *record, struct err *err);
    void *ctx;
};

/* After a group of commits is durable; must not block. [committer thread] */
typedef void (*records_wake_fn)(void *ctx);

struct records_options {
    struct store *store; /* borrowed, as all below */
    struct catalog *catalog;
    struct portals *portals;
    struct log *log;
    struct entitle *entitle; /* what portals are granted; NULL: everything */
    /*
     * Reads again what others keep in memory of the store: a write of theirs may have failed, and
     * is there now or not. What the three above keep is read anyway. May be NULL. [committer
     * thread]
     */
    tn_status (*reread)(void *ctx, struct err *err);
    void *reread_ctx;
};

/* Starts the committer. [loader] blocks */
tn_status records_create(const struct records_options *options, struct records **ret_records,
                         struct err *err);
/* Commits what waits, then stops the committer. Accepts NULL. [loader] blocks */
void records_destroy(struct records *records);

struct catalog *records_catalog(struct records *records);
struct store *records_store(struct records *records);
struct portals *records_portals(struct records *records);
struct entitle *records_entitle(struct records *records);

/* Once, before the first transaction. Copied. [loader] */
void records_set_hooks(struct records *records, const struct records_hooks *hooks);

/* `wake` runs after each durable group, until removed. [any] */
tn_status records_add_watcher(struct records *records, records_wake_fn wake, void *ctx);
void records_remove_watcher(struct records *records, records_wake_fn wake, void *ctx);

/* The newest durable change number of a portal. [any] */
uint64_t records_head(struct records *records, const struct portal *portal);
/* Whether a failed write froze the portals, all of which share the store: they can be read, and
 * are written again when the store was opened anew, which the committer tries now and then. [any]
 */
bool records_is_frozen(const struct records *records);

/* Since the start. [any] */
struct records_stats {
    uint64_t groups;           /* durable writes, each with its sync */
    uint64_t commits;          /* transactions and schema changes in them */
    uint64_t conflicts;        /* transactions that lost, and ran again or were refused */
    uint64_t failures;         /* groups that were not written */
    uint64_t keys;             /* entries that the groups put or deleted */
    uint64_t bytes;            /* that transactions wrote, about */
    uint64_t mendings;         /* times that the store was opened again after a write that failed */
    uint64_t mending_failures; /* and that it could not be, and was tried again */
};
struct records_stats records_stats(const struct records *records);

#endif /* CORE_RECORD_RECORDS_H */
