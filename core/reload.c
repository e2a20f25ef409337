/* SPDX-License-Identifier: Apache-2.0 */
/* reload.c - SIGHUP: the configuration is read again, and replaces the running one or does not. */
#include "core/main.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/blob/blobs.h"
#include "core/service/licensing.h"

const struct config *host_settings(const struct host *host)
{
    return host->reloaded ? host->reloaded : host->config;
}

static void tell_change(void *ctx, const struct config_difference *difference)
{
    LOG(ctx,
        LOG_INFO,
        "setting changed",
        LOG_STR("key", difference->key),
        LOG_STR("from", difference->from),
        LOG_STR("to", difference->to));
}

static void tell_waiting(void *ctx, const struct config_difference *difference)
{
    if (difference->change == CONFIG_RESTART)
        LOG(ctx,
            LOG_WARN,
            "setting changed in the file only: restart the host to apply it",
            LOG_STR("key", difference->key),
            LOG_STR("running", difference->from),
            LOG_STR("file", difference->to));
    else
        LOG(ctx,
            LOG_INFO,
            "setting changed that only a new data directory takes up",
            LOG_STR("key", difference->key),
            LOG_STR("file", difference->to));
}

/* Renewed certificates come under their old names, so that both files are read each time. */
static tn_status reload_tls(struct host *host, const struct config *config, struct err *err)
{
    bool is_used = false;

    if (!config->tls.certificate)
        return TN_OK; /* a host that listens with TLS goes on with what it has */
    TRY(bus_server_set_tls(host->server, config->tls.certificate, config->tls.key, &is_used, err));
    if (is_used)
        LOG(host->log,
            LOG_INFO,
            "certificate and key read again: new connections get them",
            LOG_STR("certificate", config->tls.certificate));
    return TN_OK;
}

/* Keys first: files may be signed with those that came. */
static tn_status reload_licences(struct host *host, const struct config *config, struct err *err)
{
    CLEANUP(mem_free_p) struct key_ring *ring = mem_new(struct key_ring);
    const struct service *service = service_host_ctx(host->services);

    if (!ring)
        return err_memory(err, "the licences");
    TRY(host_vendors(config, ring, err));
    TRY(licensing_trust(service, ring, err));
    if (config->licences.folder)
        TRY(licensing_read_folder(service, config->licences.folder, err));
    licensing_tick(service);
    return TN_OK;
}

/* Cannot fail: what could was done before. */
static void apply(struct host *host, const struct config *config)
{
    const struct config_limits *limits = &config->limits;

    if (limits->connection_max != host_settings(host)->limits.connection_max)
        surroundings_check_files(host->log, limits->connection_max);
    bus_server_set_limits(host->server,
                          &(struct bus_server_limits){
                              limits->connection_max, limits->call_max, limits->request_size_max});
    blobs_set_size_max(host->blobs, limits->blob_size_max);
    service_host_set_metric_portals(host->services, config->metric_portal_max);
    service_host_set_rates(host->services,
                           (struct limit_rate){limits->portal.per_second, limits->portal.burst},
                           (struct limit_rate){limits->token.per_second, limits->token.burst});
}

/* Those of the two that let more through: what is said about the change is not lost in it. */
static enum log_level wider_level(const struct config *before, const struct config *after)
{
    return before->log_level > after->log_level ? before->log_level : after->log_level;
}

static tn_status load(struct host *host, int argc, char **argv, struct config **ret_config,
                      struct err *err)
{
    CLEANUP(config_destroy_p) struct config *config = NULL;

    TRY(config_load(argc, argv, &config, err));
    TRY(reload_tls(host, config, err));
    TRY(reload_licences(host, config, err));
    *ret_config = TAKE(config);
    return TN_OK;
}

void host_reload(struct host *host, int argc, char **argv)
{
    struct config *config = NULL;
    struct err err;

    err_init(&err, text_environment());
    if (load(host, argc, argv, &config, &err) != TN_OK) {
        LOG(host->log,
            LOG_ERROR,
            "configuration not reloaded, the old one stays: correct the file and send SIGHUP again",
            LOG_STR("reason", err.message));
        return;
    }
    log_set_level(host->log, wider_level(host_settings(host), config));
    apply(host, config);
    size_t changed =
        config_compare(host_settings(host), config, CONFIG_LIVE, tell_change, host->log);
    size_t waiting = config_compare(
        host->config, config, CONFIG_RESTART | CONFIG_FIRST_START, tell_waiting, host->log);
    LOG(host->log,
        LOG_INFO,
        "configuration reloaded",
        LOG_UINT("changed", changed),
        LOG_UINT("waiting", waiting));
    log_set_level(host->log, config->log_level);
    config_destroy(host->reloaded);
    host->reloaded = config;
}
