/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - tenon.admin.v1.Status/Metrics: what an operator's Prometheus reads of the host. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "tenon/admin/v1/admin.pb-c.h"

static tn_status write_one(struct buf *out, const char *name, enum metric_kind kind,
                           const char *help, uint64_t value)
{
    TRY(metric_write_family(out, name, kind, help));
    return metric_write_value(out, name, NULL, value);
}

static tn_status write_gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
    return write_one(out, name, METRIC_GAUGE, help, value);
}

static tn_status write_counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    return write_one(out, name, METRIC_COUNTER, help, value);
}

/* The process */

/* 0 where it cannot be told. */
static uint64_t count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count > 3 ? count - 3 : 0; /* itself, "." and ".." */
}

static uint64_t descriptor_limit(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

static tn_status write_process(const struct service *service, struct buf *out)
{
    const struct metric_label version[] = {{"version", service->version}, {0}};

    TRY(metric_write_family(out, "tenon_build_info", METRIC_GAUGE, "The host's version"));
    TRY(metric_write_value(out, "tenon_build_info", version, 1));
    TRY(metric_write_family(
        out, "process_start_time_seconds", METRIC_GAUGE, "When the host started, since 1970"));
    TRY(metric_write_time(out, "process_start_time_seconds", NULL, (uint64_t)service->started_us));
    TRY(write_gauge(out,
                    "process_resident_memory_bytes",
                    "Memory of the process that is in use",
                    service_resident_bytes()));
    TRY(write_gauge(out, "process_open_fds", "Open file descriptors", count_descriptors()));
    return write_gauge(
        out, "process_max_fds", "Most file descriptors it may open", descriptor_limit());
}

/* The bus */

static tn_status write_admissions(const struct service *service, struct buf *out)
{
    TRY(metric_write_family(out,
                            "tenon_admissions_total",
                            METRIC_COUNTER,
                            "Portals and tokens that connections came with, by the answer"));
    for (unsigned status = 0; status < METRIC_SET_SIZE; status++) {
        uint64_t count = metric_read(service->admissions, status);
        const struct metric_label labels[] = {{"status", err_status_name((tn_status)status)}, {0}};

        if (count > 0)
            TRY(metric_write_value(out, "tenon_admissions_total", labels, count));
    }
    return TN_OK;
}

static tn_status write_bus(const struct service *service, struct buf *out)
{
    struct bus_server_stats stats = dispatch_server_stats(service->dispatch);

    TRY(write_gauge(out, "tenon_connections", "Open connections", stats.connections));
    TRY(write_gauge(out, "tenon_open_calls", "Calls that are not answered yet", stats.open_calls));
    TRY(write_gauge(out,
                    "tenon_held_bytes",
                    "Requests and answers of several pieces that are held",
                    stats.held_bytes));
    TRY(write_gauge(out,
                    "tenon_queued_calls",
                    "Calls that wait for a worker",
                    service->pool ? pool_queued(service->pool) : 0));
    return write_admissions(service, out);
}

/* What is kept */

static tn_status write_portals(const struct service *service, struct buf *out)
{
    const struct portal *portal = NULL;
    uint64_t count = 0;
    uint64_t frozen = 0;

    while ((portal = portals_next(service->access.portals, portal ? portal->id : 0))) {
        count++;
        frozen += records_is_frozen(service->records);
    }
    TRY(write_gauge(out, "tenon_portals", "Portals", count));
    return write_gauge(
        out,
        "tenon_portals_frozen",
        "Portals that a write error froze until the store was opened again: the disk needs a look",
        frozen);
}

/*
 * Each portal by its name, up to a number, for a label per customer without a bound is what breaks
 * a Prometheus. Ids are given in order and portals are never taken away, so that the same ones are
 * named each time; the rest is one portal "_other", which no portal can be called.
 */
struct portal_row {
    const char *name;
    uint64_t counts[PORTAL_CALLS_US + 1];
    uint64_t changes;
};

static void add_portal(const struct service *service, const struct portal *portal,
                       struct portal_row *row)
{
    for (unsigned i = 0; i <= PORTAL_CALLS_US; i++)
        row->counts[i] += metric_read(&portal->counts, i);
    row->changes += records_head(service->records, portal);
}

/* The next row from behind `*portal`, which moves on. False: there is none. */
static bool next_row(const struct service *service, uint32_t *left, const struct portal **portal,
                     struct portal_row *ret_row)
{
    struct portals *portals = service->access.portals;

    *portal = portals_next(portals, *portal ? (*portal)->id : 0);
    if (!*portal)
        return false;
    *ret_row = (struct portal_row){.name = *left > 0 ? (*portal)->name : "_other"};
    add_portal(service, *portal, ret_row);
    if (*left > 0) {
        (*left)--;
        return true;
    }
    for (const struct portal *more; (more = portals_next(portals, (*portal)->id)); *portal = more)
        add_portal(service, more, ret_row);
    return true;
}

static tn_status write_portal_calls(struct buf *out, const struct portal_row *row)
{
    static const char *const outcomes[] = {[PORTAL_CALLS_DONE] = "ok",
                                           [PORTAL_CALLS_REFUSED] = "refused",
                                           [PORTAL_CALLS_FAILED] = "failed"};

    for (unsigned i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        const struct metric_label labels[] = {{"portal", row->name}, {"outcome", outcomes[i]}, {0}};

        TRY(metric_write_value(out, "tenon_portal_calls_total", labels, row->counts[i]));
    }
    return TN_OK;
}

static tn_status write_portal_time(struct buf *out, const struct portal_row *row)
{
    const struct metric_label labels[] = {{"portal", row->name}, {0}};

    return metric_write_time(
        out, "tenon_portal_call_seconds_total", labels, row->counts[PORTAL_CALLS_US]);
}

static tn_status write_portal_changes(struct buf *out, const struct portal_row *row)
{
    const struct metric_label labels[] = {{"portal", row->name}, {0}};

    return metric_write_value(out, "tenon_portal_changes_total", labels, row->changes);
}

static tn_status write_each_portal(const struct service *service, struct buf *out)
{
    static const struct {
        const char *name;
        const char *help;
        tn_status (*write)(struct buf *out, const struct portal_row *row);
    } families[] = {
        {"tenon_portal_calls_total", "Calls by portal and how they ended", write_portal_calls},
        {"tenon_portal_call_seconds_total",
         "How long the calls of a portal took",
         write_portal_time},
        {"tenon_portal_changes_total", "Changes in the log of a portal", write_portal_changes},
    };
    const uint32_t max = atomic_load_explicit(&service->metric_portal_max, memory_order_relaxed);

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const struct portal *portal = NULL;
        struct portal_row row;
        uint32_t left = max;

        TRY(metric_write_family(out, families[i].name, METRIC_COUNTER, families[i].help));
        while (next_row(service, &left, &portal, &row))
            TRY(families[i].write(out, &row));
    }
    return TN_OK;
}

static tn_status write_commits(const struct service *service, struct buf *out)
{
    struct records_stats stats = records_stats(service->records);

    TRY(write_counter(out,
                      "tenon_commit_groups_total",
                      "Durable writes, each with one sync for all commits in it",
                      stats.groups));
    TRY(write_counter(out, "tenon_commits_total", "Transactions that are durable", stats.commits));
    TRY(write_counter(out,
                      "tenon_commit_conflicts_total",
                      "Transactions that lost against others; most ran again",
                      stats.conflicts));
    TRY(write_counter(
        out, "tenon_commit_failures_total", "Groups that could not be written", stats.failures));
    TRY(write_counter(out,
                      "tenon_store_reopened_total",
                      "Times that the store was opened again in place after a write that failed",
                      stats.mendings));
    TRY(write_counter(out,
                      "tenon_store_reopen_failures_total",
                      "Times that it could not be, and was tried again: the disk needs a look",
                      stats.mending_failures));
    TRY(write_counter(out,
                      "tenon_commit_keys_total",
                      "Entries of the store that commits wrote or took away",
                      stats.keys));
    TRY(write_counter(
        out, "tenon_commit_bytes_total", "Bytes of records, indexes and links", stats.bytes));
    return TN_OK;
}

static tn_status write_store(const struct service *service, struct buf *out)
{
    struct store *store = records_store(service->records);
    struct store_stats stats = store_stats(store);

    TRY(write_gauge(out,
                    "tenon_store_memory_bytes",
                    "Memory that the store holds in tables and caches",
                    store_memory_usage(store)));
    TRY(write_gauge(
        out, "tenon_store_table_bytes", "Tables of the store on disk", stats.table_bytes));
    TRY(write_gauge(out,
                    "tenon_store_unflushed_bytes",
                    "Writes that are in memory and the write-ahead log only",
                    stats.unflushed_bytes));
    TRY(write_gauge(out,
                    "tenon_store_compaction_pending_bytes",
                    "What waits to be compacted",
                    stats.compaction_bytes));
    TRY(write_gauge(
        out, "tenon_store_compactions", "Compactions that run", stats.compaction_count));
    TRY(write_gauge(out, "tenon_store_flushes", "Flushes that run", stats.flush_count));
    TRY(write_counter(out,
                      "tenon_store_background_errors_total",
                      "Flushes and compactions that failed: the disk needs a look",
                      stats.error_count));
    TRY(write_gauge(out,
                    "tenon_store_writes_delayed",
                    "1 while writes wait for compactions",
                    stats.is_delayed));
    TRY(write_gauge(
        out, "tenon_store_writes_stopped", "1 while no write goes on", stats.is_stopped));
    return write_gauge(out,
                       "tenon_store_disk_free_bytes",
                       "Room on the disk of the store; writes are refused below 64 MiB",
                       stats.disk_free_bytes);
}

/* Plugins */

static tn_status write_plugin_states(const struct plugin_routes *routes, struct buf *out)
{
    static const enum plugin_state states[] = {
        PLUGIN_RUNNING, PLUGIN_REFUSED, PLUGIN_FAILED, PLUGIN_DISABLED};
    struct plugin_info info;

    TRY(metric_write_family(out, "tenon_plugins", METRIC_GAUGE, "Plugins by their state"));
    for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
        const struct metric_label labels[] = {{"state", plugin_state_name(states[k])}, {0}};
        uint64_t count = 0;

        for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++)
            count += info.state == states[k];
        TRY(metric_write_value(out, "tenon_plugins", labels, count));
    }
    return TN_OK;
}

/* Of plugins in processes of their own. */
static tn_status write_processes(const struct plugin_routes *routes, struct buf *out)
{
    struct plugin_info info;

    TRY(metric_write_family(out,
                            "tenon_plugin_restarts_total",
                            METRIC_COUNTER,
                            "How often the process of a plugin was started again"));
    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        const struct metric_label labels[] = {{"plugin", info.id}, {0}};

        if (info.isolation == PLUGIN_IN_RUNNER)
            TRY(metric_write_value(out, "tenon_plugin_restarts_total", labels, info.restart_count));
    }
    TRY(metric_write_family(
        out, "tenon_plugin_process_up", METRIC_GAUGE, "1 while the process of a plugin serves"));
    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        const struct metric_label labels[] = {{"plugin", info.id}, {0}};

        if (info.isolation == PLUGIN_IN_RUNNER)
            TRY(metric_write_value(out, "tenon_plugin_process_up", labels, info.is_up));
    }
    TRY(metric_write_family(out,
                            "tenon_plugin_refused_total",
                            METRIC_COUNTER,
                            "How often the process of a plugin tried what it was not granted"));
    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        const struct metric_label labels[] = {{"plugin", info.id}, {0}};

        if (info.isolation == PLUGIN_IN_RUNNER)
            TRY(metric_write_value(out, "tenon_plugin_refused_total", labels, info.refused_count));
    }
    return TN_OK;
}

static tn_status write_migrations(const struct plugin_routes *routes, struct buf *out)
{
    struct plugin_info info;
    uint32_t left = 0;
    uint64_t steps = 0;

    TRY(metric_write_family(out,
                            "tenon_plugin_migration_portals",
                            METRIC_GAUGE,
                            "Portals whose records are not of their plugin's schema yet"));
    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        const struct metric_label labels[] = {{"plugin", info.id}, {0}};

        if (plugin_routes_migration(routes, i, &left, &steps, NULL) || steps > 0)
            TRY(metric_write_value(out, "tenon_plugin_migration_portals", labels, left));
    }
    TRY(metric_write_family(out,
                            "tenon_plugin_migration_steps_total",
                            METRIC_COUNTER,
                            "Steps that took records to their plugin's schema"));
    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        const struct metric_label labels[] = {{"plugin", info.id}, {0}};

        if (plugin_routes_migration(routes, i, &left, &steps, NULL) || steps > 0)
            TRY(metric_write_value(out, "tenon_plugin_migration_steps_total", labels, steps));
    }
    return TN_OK;
}

static tn_status write_plugins(const struct service *service, struct buf *out)
{
    CLEANUP(plugin_routes_release_p)
    struct plugin_routes *routes = service->plugins ? plugin_routes_take(service->plugins) : NULL;
    struct plugin_info info;

    TRY(write_plugin_states(routes, out));
    TRY(write_migrations(routes, out));
    TRY(metric_write_family(out,
                            "tenon_plugin_hooks_total",
                            METRIC_COUNTER,
                            "Hooks that plugins ran, and whether they let the change through"));
    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        struct metric_label labels[] = {{"plugin", info.id}, {"outcome", "accepted"}, {0}};

        if (info.state != PLUGIN_RUNNING)
            continue;
        TRY(metric_write_value(out, "tenon_plugin_hooks_total", labels, info.hook_accepted));
        labels[1].value = "refused";
        TRY(metric_write_value(out, "tenon_plugin_hooks_total", labels, info.hook_refused));
        if (info.isolation != PLUGIN_IN_RUNNER)
            continue;
        labels[1].value = "skipped";
        TRY(metric_write_value(out, "tenon_plugin_hooks_total", labels, info.hook_skipped));
    }
    TRY(metric_write_family(out,
                            "tenon_plugin_hook_seconds_total",
                            METRIC_COUNTER,
                            "How long the hooks of a plugin took"));
    for (size_t i = 0; routes && plugin_routes_info(routes, i, &info); i++) {
        const struct metric_label labels[] = {{"plugin", info.id}, {0}};

        if (info.state == PLUGIN_RUNNING)
            TRY(metric_write_time(out, "tenon_plugin_hook_seconds_total", labels, info.hook_us));
    }
    return write_processes(routes, out);
}

/*
 * Summed over the portals: a sample for each portal and consumer would be too many, and
 * Plugins/ListConsumers has them.
 */
struct duty_row {
    const char *plugin;
    const char *kind; /* "consumer", "timer" */
    const char *name;
    uint64_t letters;
    uint64_t lag;     /* of the portal that is farthest behind */
    uint64_t waiting; /* portals where it waits for room */
};

static void add_consumer(struct duty_row *row, const struct plugin_consumer *consumer)
{
    uint64_t lag = plugin_consumer_lag(consumer);

    row->plugin = consumer->plugin;
    row->name = consumer->name;
    row->letters += consumer->letter_count;
    row->lag = lag > row->lag ? lag : row->lag;
    row->waiting += consumer->state == CONSUMER_WAITING;
}

/* All portals have the same consumers in the same order. False: there is none of that index. */
static bool sum_consumer(const struct service *service, size_t index, struct duty_row *ret_row)
{
    struct duty_row row = {.kind = "consumer"};
    struct plugin_consumer consumer;

    for (struct portal *p = portals_next(service->access.portals, 0); p && service->plugins;
         p = portals_next(service->access.portals, p->id))
        if (plugin_host_consumer(service->plugins, p, index, &consumer))
            add_consumer(&row, &consumer);
    *ret_row = row;
    return row.name != NULL;
}

static bool sum_timer(const struct service *service, size_t index, struct duty_row *ret_row)
{
    struct duty_row row = {.kind = "timer"};
    struct plugin_timer timer;

    for (struct portal *p = portals_next(service->access.portals, 0); p && service->plugins;
         p = portals_next(service->access.portals, p->id)) {
        if (!plugin_host_timer(service->plugins, p, index, &timer))
            continue;
        row.plugin = timer.plugin;
        row.name = timer.name;
        row.letters += timer.letter_count;
    }
    *ret_row = row;
    return row.name != NULL;
}

static tn_status write_letters(const struct duty_row *row, struct buf *out)
{
    const struct metric_label labels[] = {{"plugin", row->plugin}, {row->kind, row->name}, {0}};

    return metric_write_value(out, "tenon_plugin_dead_letters", labels, row->letters);
}

static tn_status write_duties(const struct service *service, struct buf *out)
{
    struct duty_row row;
    /* held, for what is told of consumers and timers is lent */
    CLEANUP(plugin_routes_release_p)
    struct plugin_routes *routes = service->plugins ? plugin_routes_take(service->plugins) : NULL;

    TRY(metric_write_family(out,
                            "tenon_plugin_dead_letters",
                            METRIC_GAUGE,
                            "Changes and firings that a plugin did not take, of all portals"));
    for (size_t i = 0; sum_consumer(service, i, &row); i++)
        TRY(write_letters(&row, out));
    for (size_t i = 0; sum_timer(service, i, &row); i++)
        TRY(write_letters(&row, out));
    TRY(metric_write_family(out,
                            "tenon_plugin_consumer_lag",
                            METRIC_GAUGE,
                            "Changes that a consumer is behind, in the portal where it is most"));
    for (size_t i = 0; sum_consumer(service, i, &row); i++) {
        const struct metric_label labels[] = {{"plugin", row.plugin}, {"consumer", row.name}, {0}};

        TRY(metric_write_value(out, "tenon_plugin_consumer_lag", labels, row.lag));
    }
    TRY(metric_write_family(out,
                            "tenon_plugin_consumers_waiting",
                            METRIC_GAUGE,
                            "Portals where a consumer waits, its list of dead letters being full"));
    for (size_t i = 0; sum_consumer(service, i, &row); i++) {
        const struct metric_label labels[] = {{"plugin", row.plugin}, {"consumer", row.name}, {0}};

        TRY(metric_write_value(out, "tenon_plugin_consumers_waiting", labels, row.waiting));
    }
    return TN_OK;
}

static tn_status write_all(const struct service *service, struct buf *out)
{
    TRY(write_process(service, out));
    TRY(write_bus(service, out));
    TRY(write_portals(service, out));
    TRY(write_each_portal(service, out));
    TRY(write_commits(service, out));
    TRY(write_store(service, out));
    TRY(write_plugins(service, out));
    TRY(write_duties(service, out));
    return dispatch_write_metrics(service->dispatch, out);
}

static tn_status get_metrics(struct service_call *call, const void *message, void *answer)
{
    Tenon__Admin__V1__GetMetricsResponse *response = answer;
    CLEANUP(buf_fini) struct buf text = {0};

    (void)message;
    if (write_all(call->service, &text) != TN_OK)
        return err_memory(call->err, "the metrics");
    response->text = wire_text(call, (struct tn_str){(const char *)text.data, text.len});
    return response->text ? TN_OK : TN_RESOURCE_EXHAUSTED;
}

struct service_methods service_metrics(void)
{
    static const struct dispatch_method methods[] = {
        {
            .name = "tenon.admin.v1.Status/Metrics",
            .request = &tenon__admin__v1__get_metrics_request__descriptor,
            .response = &tenon__admin__v1__get_metrics_response__descriptor,
            .flags = DISPATCH_BARE | DISPATCH_READS | DISPATCH_HOST,
            .run = get_metrics,
        },
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
