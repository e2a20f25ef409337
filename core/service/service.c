/* SPDX-License-Identifier: Apache-2.0 */
/* service.c - putting the host's services and the plugins' methods on the bus. */
#include "core/service/service.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/service/changes.h"
#include "core/service/notices.h"
#include "tenon_proto_descriptors.h"

/* Five samples each. */
#define METRIC_PORTALS_DEFAULT 100u

struct service_host {
    struct service service;
    struct metric_set admissions;
    struct dispatch *dispatch;
};

tn_status service_host_create(const struct service_options *options, struct service_host **ret_host,
                              struct err *err)
{
    struct service_host *host = mem_new(struct service_host);

    if (!host)
        return err_memory(err, "the services");
    host->service = (struct service){
        .records = options->records,
        .access = options->access,
        .catalog = options->catalog,
        .blobs = options->blobs,
        .entitle = options->entitle,
        .plugins = options->plugins,
        .log = options->log,
        .pool = options->pool,
        .admissions = &host->admissions,
        .version = options->version,
        .data_dir = options->data_dir,
        .started_us = clock_wall_us(),
    };
    service_host_set_metric_portals(host, options->metric_portal_max);
    tn_status st = watches_create(options->records, &host->service.watches, err);
    if (st != TN_OK) {
        mem_free(host);
        return st;
    }
    *ret_host = host;
    return TN_OK;
}

void *service_host_ctx(struct service_host *host)
{
    return &host->service;
}

size_t service_all(struct service_methods out[static SERVICE_MAX])
{
    struct service_methods (*const all[])(void) = {
        service_records,
        service_batches,
        service_blobs,
        service_search,
        service_associations,
        service_schema,
        service_changes,
        service_import,
        service_admin,
        service_consumers,
        service_users,
        service_tokens,
        service_metrics,
        service_licences,
        service_audit,
    };
    const size_t count = sizeof(all) / sizeof(all[0]);

    _Static_assert(sizeof(all) / sizeof(all[0]) <= SERVICE_MAX, "they fit");
    for (size_t i = 0; i < count; i++)
        out[i] = all[i]();
    return count;
}

/* Plugins were replaced: the bus is told what is served now. */
static void plugins_changed(void *ctx)
{
    const struct service_host *host = ctx;
    struct err err;

    err_init(&err, NULL);
    if (dispatch_renew_plugins(host->dispatch, host->service.plugins, &err) != TN_OK)
        LOG(host->service.log,
            LOG_ERROR,
            "methods of plugins are not all served: restart the host",
            LOG_STR("reason", err.message));
}

tn_status service_register(struct service_host *host, struct bus_server *server, struct err *err)
{
    struct tn_bytes descriptors = {tenon_proto_descriptors, tenon_proto_descriptors_len};
    struct service_methods all[SERVICE_MAX];
    size_t count = service_all(all);

    TRY(dispatch_create(&host->service, server, &host->dispatch, err));
    host->service.dispatch = host->dispatch;
    TRY(bus_server_add_descriptors(server, descriptors, err));
    for (size_t i = 0; i < count; i++)
        TRY(dispatch_add(host->dispatch, all[i].methods, all[i].count, err));
    TRY(notices_create(&host->service, server, &host->service.notices, err));
    if (!host->service.plugins)
        return TN_OK;
    plugin_host_set_watcher(host->service.plugins, plugins_changed, host);
    return dispatch_renew_plugins(host->dispatch, host->service.plugins, err);
}

void service_host_set_urls(struct service_host *host, const char *const *urls, size_t count)
{
    host->service.urls = urls;
    /* release: calls come as soon as it listens, pairs with get_status(). */
    atomic_store_explicit(&host->service.url_count, count, memory_order_release);
}

void service_host_set_metric_portals(struct service_host *host, uint32_t max)
{
    atomic_store_explicit(
        &host->service.metric_portal_max, max ? max : METRIC_PORTALS_DEFAULT, memory_order_relaxed);
}

void service_host_set_rates(struct service_host *host, struct limit_rate portal,
                            struct limit_rate token)
{
    struct access *access = &host->service.access;

    atomic_store_explicit(&access->portal_rate, portal, memory_order_relaxed);
    atomic_store_explicit(&access->token_rate, token, memory_order_relaxed);
}

void service_host_stop(struct service_host *host)
{
    if (host->service.plugins)
        plugin_host_set_watcher(host->service.plugins, NULL, NULL);
    watches_stop(host->service.watches);
    notices_stop(host->service.notices);
}

void service_host_destroy(struct service_host *host)
{
    if (!host)
        return;
    dispatch_destroy(host->dispatch);
    watches_destroy(host->service.watches);
    notices_destroy(host->service.notices);
    mem_free(host);
}
