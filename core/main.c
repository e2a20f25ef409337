/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - tenond: what is started, in which order, and stopped in the reverse one. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/pool.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/blob/blobs.h"
#include "core/main.h"
#include "core/service/licensing.h"
#include "core/service/notices.h"

/* A predecessor that was just killed may hold the store for a moment. */
#define STORE_WAIT_US ((int64_t)2 * 1000000)
/* Calls that wait for a worker; past it RESOURCE_EXHAUSTED. */
#define CALL_QUEUE_MAX 65536u
/* That may run at once of one portal, where the configuration does not say how many there are. */
#define PORTAL_WORKERS_MIN 4u
/* Seconds between looks at whether licences begin or end; they do so in between all the same. */
#define TICK_S 60
/* Threads that call plugins beside the workers: of both lanes, migrations, replays. */
#define LANES_SPARE 12u

/* Steps of starting */

/*
 * Makes the entry of the directory `path` durable: without it a power cut takes all that is in it.
 * A parent that may not be read was not made by us.
 */
static tn_status sync_entry(const char *path, struct err *err)
{
    char parent[4096 + 4];

    (void)snprintf(parent, sizeof(parent), "%s/..", path);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return TN_OK;
    int failed = fsync(fd);
    int number = errno;
    (void)close(fd); /* was only synced */
    if (failed && number != EINVAL && number != EROFS)
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The data directory %s cannot be made: %s.",
                       path,
                       strerror(number));
    return TN_OK;
}

/* The directory and those above it; what is there already is fine. */
static tn_status make_data_dir(struct host *host, struct err *err)
{
    char path[4096];
    size_t len = strlen(host->config->data_dir);

    if (len == 0 || len >= sizeof(path) - 16)
        return err_set(err, TN_INVALID_ARGUMENT, "The path of the data directory is too long.");
    memcpy(path, host->config->data_dir, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char end = path[i];

        path[i] = '\0';
        bool is_made = mkdir(path, 0700) == 0;
        if (!is_made && errno != EEXIST)
            return err_set(err,
                           errno == EACCES ? TN_PERMISSION_DENIED : TN_UNAVAILABLE,
                           "The data directory %s cannot be made: %s.",
                           path,
                           strerror(errno));
        /* The last one may be left of a start that was cut short before it was synced. */
        if (is_made || end == '\0')
            TRY(sync_entry(path, err));
        path[i] = end;
    }
    (void)snprintf(host->work_dir, sizeof(host->work_dir), "%s/plugins", path);
    return TN_OK;
}

static tn_status open_store(struct host *host, struct err *err)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000000};
    char path[4096];
    struct store_options options = {.create_if_missing = true, .log = host->log};
    int64_t give_up_us = clock_mono_us() + STORE_WAIT_US;
    tn_status st;

    TRY(make_data_dir(host, err));
    if ((size_t)snprintf(path, sizeof(path), "%s/store", host->config->data_dir) >= sizeof(path))
        return err_set(err, TN_INVALID_ARGUMENT, "The path of the data directory is too long.");
    for (;;) {
        err_clear(err);
        st = store_open(path, &options, &host->store, err);
        if (st != TN_UNAVAILABLE || clock_mono_us() > give_up_us)
            return st;
        (void)nanosleep(&pause, NULL); /* nobody tells when a lock is free */
    }
}

static void set_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text ? text : "");
}

static tn_status open_portals(struct host *host, struct err *err)
{
    struct portal_settings settings = {0};
    struct portal *portal;

    TRY(portals_open(host->store, &host->portals, err));
    if (portals_next(host->portals, 0))
        return TN_OK;
    set_text(settings.language, sizeof(settings.language), host->config->portal.language);
    set_text(settings.currency, sizeof(settings.currency), host->config->portal.currency);
    set_text(settings.time_zone, sizeof(settings.time_zone), host->config->portal.time_zone);
    return portals_create(host->portals, utf8_str(PORTAL_DEFAULT_NAME), &settings, &portal, err);
}

/* The store was opened again after a write that failed. */
static tn_status reread(void *ctx, struct err *err)
{
    struct host *host = ctx;

    TRY(tokens_reread(host->tokens, err));
    return entitle_reread(host->entitle, NULL, err);
}

static tn_status open_records(struct host *host, struct err *err)
{
    struct records_options options = {.store = host->store,
                                      .catalog = host->catalog,
                                      .portals = host->portals,
                                      .entitle = host->entitle,
                                      .log = host->log,
                                      .reread = reread,
                                      .reread_ctx = host};

    return records_create(&options, &host->records, err);
}

static tn_status open_blobs(struct host *host, struct err *err)
{
    struct blobs_options options = {
        .records = host->records, .log = host->log, .size_max = host->config->limits.blob_size_max};
    char path[4096];

    if ((size_t)snprintf(path, sizeof(path), "%s/blobs", host->config->data_dir) >= sizeof(path))
        return err_set(err, TN_INVALID_ARGUMENT, "The path of the data directory is too long.");
    options.dir = path;
    return blobs_open(&options, &host->blobs, err);
}

static unsigned count_workers(const struct host *host)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (host->config->worker_count > 0)
        return host->config->worker_count;
    /* No portal has more than half of them. */
    return 2 * (cores > (long)PORTAL_WORKERS_MIN ? (unsigned)cores : PORTAL_WORKERS_MIN);
}

/* tenon-runner beside this program, as it is built, or where it is installed. "": neither. */
static void find_runner(struct host *host)
{
    static const char *const places[] = {"tenon-runner", "../libexec/tenon/tenon-runner"};
    char exe[4096];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    exe[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(exe, '/');
    for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
        slash[1] = '\0';
        (void)snprintf(host->runner, sizeof(host->runner), "%s%s", exe, places[i]);
        if (access(host->runner, X_OK) == 0)
            return;
    }
    host->runner[0] = '\0';
}

static enum plugin_isolation isolation_of(const char *said)
{
    if (!said)
        return (enum plugin_isolation)0;
    return strcmp(said, "none") == 0 ? PLUGIN_IN_HOST : PLUGIN_IN_RUNNER;
}

/* What the configuration says of each plugin. */
static void name_plugins(struct host *host, struct plugin_host_options *options)
{
    for (uint32_t i = 0; i < host->config->plugin_count; i++) {
        const struct config_plugin *plugin = &host->config->plugins[i];

        if (!plugin->is_enabled)
            host->disabled[options->disabled_count++] = plugin->id;
        host->isolated[options->isolated_count++] =
            (struct plugin_isolated){.id = plugin->id,
                                     .isolation = isolation_of(plugin->isolation),
                                     .memory_mib = plugin->memory_mib,
                                     .cpu_percent = plugin->cpu_percent,
                                     .grants = plugin->grants.items,
                                     .grant_count = plugin->grants.count};
    }
}

static struct plugin_runner_limits runner_limits(const struct config *config)
{
    return (struct plugin_runner_limits){.hook_us = (int64_t)config->runner.hook_ms * 1000,
                                         .call_us = (int64_t)config->runner.call_ms * 1000};
}

static tn_status load_plugins(struct host *host, struct err *err)
{
    const struct config *config = host->config;

    TRY(host_publishers(config, &host->publishers, err));
    host->signing = (struct plugin_signing){
        .ring = &host->publishers,
        .is_required = strcmp(config->signatures.policy, CONFIG_POLICY_REQUIRE) == 0,
        .runs_in_process = config->signatures.runs_unsigned};
    struct plugin_host_options options = {
        .records = host->records,
        .catalog = host->catalog,
        .portals = host->portals,
        .blobs = host->blobs,
        .entitle = host->entitle,
        .log = host->log,
        .signing = &host->signing,
        .dirs = config->plugin_dirs.items,
        .dir_count = config->plugin_dirs.count,
        .work_dir = host->work_dir,
        .disabled = host->disabled,
        .isolated = host->isolated,
        .short_limit_us = config->background.deadline_s * (int64_t)1000000,
        .long_limit_us = config->background.long_deadline_s * (int64_t)1000000,
        .attempt_max = config->background.attempts,
        .letter_max = config->background.dead_letters,
        .runner_limits = runner_limits(config),
        .worker_count = count_workers(host) + LANES_SPARE,
        .language = text_environment()};

    config_sandbox_users(config, &options.sandbox.user_first, &options.sandbox.user_count);
    options.sandbox.required = config_sandbox_required(config);
    find_runner(host);
    if (host->runner[0] != '\0')
        options.runner = host->runner;
    name_plugins(host, &options);
    TRY(plugin_host_create(&options, &host->plugins, err));
    return plugin_host_load_all(host->plugins, err);
}

static tn_status start_workers(struct host *host, struct err *err)
{
    if (pool_create("worker", count_workers(host), CALL_QUEUE_MAX, &host->pool) != TN_OK)
        return err_memory(err, "worker threads");
    return TN_OK;
}

static tn_status start_services(struct host *host, struct err *err)
{
    const struct config_limits *limits = &host->config->limits;
    struct service_options services = {
        .records = host->records,
        .access = {.portals = host->portals,
                   .tokens = host->tokens,
                   .portal_rate =
                       (struct limit_rate){limits->portal.per_second, limits->portal.burst},
                   .token_rate =
                       (struct limit_rate){limits->token.per_second, limits->token.burst}},
        .catalog = host->catalog,
        .blobs = host->blobs,
        .entitle = host->entitle,
        .plugins = host->plugins,
        .log = host->log,
        .pool = host->pool,
        .metric_portal_max = host->config->metric_portal_max,
        .version = TENON_VERSION,
        .data_dir = host->config->data_dir};

    TRY(service_host_create(&services, &host->services, err));
    struct bus_server_options server = {.pool = host->pool,
                                        .log = host->log,
                                        .admit = dispatch_admit,
                                        .drop = dispatch_drop,
                                        .number = dispatch_portal_number,
                                        .heads = notices_tell,
                                        .ctx = service_host_ctx(host->services),
                                        .connection_max = host->config->limits.connection_max,
                                        .call_max = host->config->limits.call_max,
                                        .request_size_max = host->config->limits.request_size_max,
                                        .tls_certificate = host->config->tls.certificate,
                                        .tls_key = host->config->tls.key};
    TRY(bus_server_create(&server, &host->server, err));
    return service_register(host->services, host->server, err);
}

static tn_status listen_all(struct host *host, struct err *err)
{
    for (uint32_t i = 0; i < host->config->listen.count; i++) {
        TRY(bus_server_listen(
            host->server, host->config->listen.items[i], host->urls[host->url_count], err));
        host->url_list[host->url_count] = host->urls[host->url_count];
        host->url_count++;
    }
    service_host_set_urls(host->services, host->url_list, host->url_count);
    return TN_OK;
}

static tn_status look_around(struct host *host, struct err *err)
{
    return surroundings_check(host->log, host->config->limits.connection_max, err);
}

static tn_status open_catalog(struct host *host, struct err *err)
{
    return catalog_open(host->store, &host->catalog, err);
}

static tn_status open_tokens(struct host *host, struct err *err)
{
    return tokens_open(host->store, &host->tokens, err);
}

static tn_status open_licences(struct host *host, struct err *err)
{
    CLEANUP(mem_free_p) struct key_ring *ring = mem_new(struct key_ring);

    if (!ring)
        return err_memory(err, "the licences");
    TRY(host_vendors(host->config, ring, err));
    return entitle_open(host->store, host->portals, ring, host->log, &host->entitle, err);
}

static tn_status read_licences(struct host *host, struct err *err)
{
    const char *folder = host->config->licences.folder;

    if (folder)
        TRY(licensing_read_folder(service_host_ctx(host->services), folder, err));
    licensing_tick(service_host_ctx(host->services));
    return TN_OK;
}

/* What an operator can do about a step that failed; "": the reason says it all. */
static const char *advise_store(tn_status status)
{
    switch (status) {
    case TN_UNAVAILABLE:
        return "stop what else uses the directory, or give another one (--data); look at its disk "
               "if nothing does";
    case TN_PERMISSION_DENIED:
        return "give the directory to the user that runs the host, or give another one (--data)";
    case TN_RESOURCE_EXHAUSTED:
        return "make room on the disk, or give a directory on another one (--data)";
    case TN_FAILED_PRECONDITION:
        return "run the version that wrote it, or give another directory (--data)";
    case TN_DATA_LOSS:
        return "restore a copy; `tenon check --data DIR` says more";
    default:
        return "";
    }
}

static const char *advise_listening(tn_status status)
{
    switch (status) {
    case TN_ALREADY_EXISTS:
        return "stop the other process, or listen elsewhere (--listen)";
    case TN_PERMISSION_DENIED:
        return "let the user that runs the host write there and read the key, or listen elsewhere "
               "(--listen)";
    default:
        return "correct the URL (--listen, or listen in the configuration)";
    }
}

static const char *advise_limits(tn_status status)
{
    (void)status;
    return "raise the hard limit of open files (ulimit -Hn, LimitNOFILE)";
}

static const char *advise_keys(tn_status status)
{
    return status == TN_INVALID_ARGUMENT ? "correct the keys in the configuration" : "";
}

static const struct step {
    tn_status (*run)(struct host *host, struct err *err);
    const char *(*advise)(tn_status status);
} steps[] = {
    {look_around, advise_limits},
    {open_store, advise_store},
    {open_catalog, advise_store},
    {open_portals, advise_store},
    {open_tokens, advise_store},
    {open_licences, advise_keys},
    {open_records, NULL},
    {open_blobs, advise_store},
    {load_plugins, advise_keys},
    {start_workers, NULL},
    {start_services, NULL},
    {read_licences, NULL},
    {listen_all, advise_listening},
};

static tn_status start(struct host *host, struct err *err)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        tn_status st = steps[i].run(host, err);

        if (st == TN_OK)
            continue;
        LOG(host->log,
            LOG_ERROR,
            "cannot start",
            LOG_STR("status", err_status_name(st)),
            LOG_STR("reason", err->message),
            LOG_STR("do", steps[i].advise ? steps[i].advise(st) : ""));
        return st;
    }
    surroundings_check_disk(host->log, host->config->data_dir);
    return TN_OK;
}

static void stop(struct host *host)
{
    if (host->server)
        bus_server_stop(host->server, (int64_t)host_settings(host)->drain_s * 1000000);
    if (host->services)
        service_host_stop(host->services);
    pool_destroy(host->pool);
    if (host->plugins)
        plugin_host_stop(host->plugins);
    blobs_close(host->blobs);
    records_destroy(host->records);
    bus_server_destroy(host->server);
    service_host_destroy(host->services);
    plugin_host_destroy(host->plugins);
    entitle_close(host->entitle);
    tokens_close(host->tokens);
    portals_close(host->portals);
    catalog_close(host->catalog);
    store_close(host->store);
}

/* Signals */

/* Before any thread starts, so that all of them leave signals to main. */
static void block_signals(sigset_t *ret_set)
{
    (void)sigemptyset(ret_set);
    (void)sigaddset(ret_set, SIGTERM);
    (void)sigaddset(ret_set, SIGINT);
    (void)sigaddset(ret_set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, ret_set, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that left is a status, not a death */
}

static void serve(struct host *host, const sigset_t *set, int argc, char **argv)
{
    const struct timespec tick = {.tv_sec = TICK_S};
    int received = 0;

    (void)printf("ready");
    for (size_t i = 0; i < host->url_count; i++)
        (void)printf(" %s", host->urls[i]);
    (void)printf("\n");
    (void)fflush(stdout);
    host_notify(host, "READY");
    while (received != SIGTERM && received != SIGINT) {
        received = sigtimedwait(set, NULL, &tick);
        if (received == SIGHUP) {
            host_notify(host, "RELOADING");
            host_reload(host, argc, argv);
            host_notify(host, "READY");
        } else if (received < 0 && errno == EAGAIN) {
            licensing_tick(service_host_ctx(host->services));
        }
    }
    host_notify(host, "STOPPING");
    LOG(host->log, LOG_INFO, "stopping", LOG_STR("signal", strsignal(received)));
}

int main(int argc, char **argv)
{
    static struct host host;
    struct err err;
    sigset_t set;

    err_init(&err, text_environment());
    block_signals(&set);
    if (config_load(argc, argv, &host.config, &err) != TN_OK) {
        (void)fprintf(stderr, "tenond: %s\n", err.message);
        return 2;
    }
    if (host.config->is_answered)
        return 0;
    host.log = log_create(STDERR_FILENO, host.config->log_level);
    if (!host.log) {
        (void)fprintf(stderr, "tenond: memory is out\n");
        return 1;
    }
    tn_status st = start(&host, &err);
    if (st == TN_OK)
        serve(&host, &set, argc, argv);
    stop(&host);
    log_destroy(host.log);
    config_destroy(host.reloaded);
    config_destroy(host.config);
    (void)fflush(stdout);
    /* Plugins stay mapped: nothing of theirs runs after this. */
    _exit(st == TN_OK ? 0 : 1);
}
