/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.h - everything around a method, the host's own or a plugin's: who calls, unpacking, the
 * transaction and its retries, idempotency, and the answer, which leaves once the commit is
 * durable.
 *
 * A method runs on a worker, builds its answer in the call's arena, and returns; the committer's
 * thread only sends the packed bytes. A transaction that loses is run again on a new snapshot,
 * DISPATCH_LOSS_MAX times, then alone in its portal, so that a hot record cannot starve it.
 */
#ifndef CORE_SERVICE_DISPATCH_H
#define CORE_SERVICE_DISPATCH_H

#include <stdatomic.h>

#include <protobuf-c/protobuf-c.h>

#include "core/access/entitle.h"
#include "core/access/principal.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/bus/server.h"
#include "core/plugin/host.h"
#include "core/record/txn.h"

/* After so many lost commits a call takes its portal's turn. */
#define DISPATCH_LOSS_MAX 3u

struct blobs;
struct notices;
struct watches;

/* What methods work with. All borrowed, and outlive the server. */
struct service {
    struct records *records;
    struct access access;
    struct catalog *catalog;
    struct blobs *blobs;
    struct entitle *entitle;     /* NULL: every portal is granted everything */
    struct plugin_host *plugins; /* NULL: none */
    struct watches *watches;     /* changes.h */
    struct notices *notices;     /* notices.h */
    struct log *log;
    struct pool *pool;                  /* of the calls, for metrics; NULL: not told */
    struct metric_set *admissions;      /* of sessions, by status */
    _Atomic uint32_t metric_portal_max; /* portals that metrics name; relaxed */
    const struct dispatch *dispatch;    /* as soon as the methods are there */
    const char *version;                /* of the host */
    const char *data_dir;               /* as configured */
    const char *const *urls;            /* that it listens on; read `url_count` first */
    _Atomic size_t url_count;
    tn_time started_us;
};

/* What the bus keeps for each (connection, portal, token). */
struct session {
    struct principal principal;
    struct portal *portal;
};

/* One run of a method; lives until it returns, the arena until the answer has left. */
struct service_call {
    const struct service *service;
    const struct session *session;
    struct bus_call *bus;
    struct txn *txn;             /* NULL: of a DISPATCH_BARE method */
    const struct schema *schema; /* of the portal, in the call's snapshot */
    struct arena *arena;
    struct err *err;
    const char *language;
    tn_time now_us;
};

#define DISPATCH_READS 1u /* writes nothing */
#define DISPATCH_BARE 2u  /* has no transaction: it reads or commits by other means */
#define DISPATCH_ADMIN 4u /* needs the scope admin */
/* Answers with a stream: `run` gets no response to fill in, and takes the call over with TN_OK. */
#define DISPATCH_STREAMS 8u
#define DISPATCH_SCHEMA 16u /* needs the scope schema */
#define DISPATCH_BLOCKS 64u /* waits for other calls, or longer than a write */
#define DISPATCH_HOST 32u   /* for administrators of the host: no token will do */

struct dispatch_method {
    const char *name; /* "tenon.records.v1.Records/Create" */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    uint32_t flags;
    const char *source; /* in history and log; NULL: "api" */
    /*
     * Fills in `response`, which is initialised; what it points to is of the call's arena.
     * Failures are said in call->err. A method that writes calls txn_prepare_changes() before it
     * reads back what it answers; not txn_prepare(), behind which the answer itself could not be
     * kept for an idempotency key. [worker]
     */
    tn_status (*run)(struct service_call *call, const void *request, void *response);
};

/* For struct bus_server_options, whose `ctx` is the struct service. [worker] */
tn_status dispatch_admit(void *ctx, const struct bus_peer *peer, struct tn_str portal,
                         struct tn_str token, void **ret_session, struct err *err);
void dispatch_drop(void *ctx, void *session);
uint32_t dispatch_portal_number(void *ctx, const void *session);

/* Tables of what was added; it lives as long as the server. */
struct dispatch;

/* Both borrowed. TN_RESOURCE_EXHAUSTED. [loader] */
tn_status dispatch_create(const struct service *service, struct bus_server *server,
                          struct dispatch **ret_dispatch, struct err *err);
/* Waits for the streams of plugins, whose calls the server has stopped; its pool must still work.
 * Accepts NULL. [loader] blocks */
void dispatch_stop(struct dispatch *dispatch);
/* After the server was destroyed. Accepts NULL. [loader] */
void dispatch_destroy(struct dispatch *dispatch);

/* `methods` must outlive the server. TN_ALREADY_EXISTS. [loader], also while serving */
tn_status dispatch_add(struct dispatch *dispatch, const struct dispatch_method *methods,
                       size_t count, struct err *err);
/*
 * Serves the methods that running plugins have now, with their descriptors, and no others of
 * plugins. After every change of them. TN_ALREADY_EXISTS: one has the name of a method of the host;
 * TN_RESOURCE_EXHAUSTED: some are not served. [any] blocks
 */
tn_status dispatch_renew_plugins(struct dispatch *dispatch, struct plugin_host *plugins,
                                 struct err *err);

/* Calls by method and status, and their durations, as Prometheus's text. [any] */
tn_status dispatch_write_metrics(const struct dispatch *dispatch, struct buf *out);

/* [any] */
struct bus_server_stats dispatch_server_stats(const struct dispatch *dispatch);

/* What a DISPATCH_BARE method gives to those who begin transactions themselves. [worker] */
struct txn_options dispatch_txn_options(const struct service_call *call);

/* The principal's name; lent by the session. [any] */
struct tn_str session_user(const struct session *session);

/* Whether the session's token is still good, for what runs longer than a call. TN_UNAUTHENTICATED.
 * [any] */
tn_status session_check(const struct session *session, struct err *err);

#endif /* CORE_SERVICE_DISPATCH_H */
