/* SPDX-License-Identifier: Apache-2.0 */
/* service.h - the host's own services, one file each, put on the bus. */
#ifndef CORE_SERVICE_SERVICE_H
#define CORE_SERVICE_SERVICE_H

#include "core/service/dispatch.h"

/* The methods of one file: of one service, or a part of it. Static. */
struct service_methods {
    const struct dispatch_method *methods;
    size_t count;
};
struct service_methods service_records(void);
struct service_methods service_batches(void);
struct service_methods service_blobs(void);
struct service_methods service_search(void);
struct service_methods service_associations(void);
struct service_methods service_schema(void);
struct service_methods service_changes(void);
struct service_methods service_import(void);
struct service_methods service_admin(void);
struct service_methods service_consumers(void);
struct service_methods service_users(void);
struct service_methods service_tokens(void);
struct service_methods service_metrics(void);
struct service_methods service_licences(void);
struct service_methods service_audit(void);

/* All of them, in `out`; how many. */
#define SERVICE_MAX 16
size_t service_all(struct service_methods out[static SERVICE_MAX]);

/* Memory of this process, from /proc; 0 where it cannot be told. [any] */
uint64_t service_resident_bytes(void);

struct service_host;

/* All borrowed, texts and lists included, until service_host_destroy(). */
struct service_options {
    struct records *records;
    struct access access;
    struct catalog *catalog;
    struct blobs *blobs;
    struct entitle *entitle;     /* NULL: every portal is granted everything */
    struct plugin_host *plugins; /* loaded; NULL: none */
    struct log *log;
    struct pool *pool;          /* that the server runs calls on; NULL: metrics do not tell of it */
    uint32_t metric_portal_max; /* portals that metrics name; 0: 100 */
    const char *version;
    const char *data_dir;
};

/*
 * Two steps, because the server needs to know who admits connections before it is there: create,
 * then bus_server_create with dispatch_admit, dispatch_drop and service_host_ctx(), then register.
 * TN_RESOURCE_EXHAUSTED. [loader]
 */
tn_status service_host_create(const struct service_options *options, struct service_host **ret_host,
                              struct err *err);
void *service_host_ctx(struct service_host *host);

/* Adds the methods of the host's services and of the plugins, and their descriptors.
 * TN_ALREADY_EXISTS: a plugin's method has the name of another. [loader] */
tn_status service_register(struct service_host *host, struct bus_server *server, struct err *err);

/* What Status/Get tells; both borrowed. [loader], before serving */
void service_host_set_urls(struct service_host *host, const char *const *urls, size_t count);

/* How many portals metrics name, those with the lowest ids; 0: 100. The others are one. [any] */
void service_host_set_metric_portals(struct service_host *host, uint32_t max);

/* How often portals and tokens may call from now on. [any] */
void service_host_set_rates(struct service_host *host, struct limit_rate portal,
                            struct limit_rate token);

/* Ends watches' subscription to commits; after bus_server_stop(), before records_destroy().
 * [loader] */
void service_host_stop(struct service_host *host);
/* After bus_server_destroy(). Accepts NULL. [loader] */
void service_host_destroy(struct service_host *host);

#endif /* CORE_SERVICE_SERVICE_H */
