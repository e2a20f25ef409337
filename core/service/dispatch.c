/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.c - running methods in transactions. */
#include "core/service/dispatch.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/service/run.h"
#include "core/service/streams.h"

#define HASH_SIZE 32
/* Bytes of one answer; a client takes no more. */
#define RESPONSE_SIZE_MAX ((size_t)16 * 1024 * 1024)

struct dispatch {
    const struct service *service;
    struct bus_server *server;
    pthread_mutex_t mu;              /* of those who add */
    _Atomic(struct entry *) entries; /* newest first; who reads them acquires */
    struct streams *streams; /* NULL: no plugin has streamed; set before such a method is served */
};

static uint32_t plugin_flags(const struct entry *entry)
{
    return atomic_load_explicit(&entry->flags, memory_order_relaxed);
}

static bool is_read_only(const struct entry *entry, uint32_t flags)
{
    return entry->method ? (entry->method->flags & DISPATCH_READS) != 0 : (flags & TN_READS) != 0;
}

/* The one scope that a method needs. */
static uint32_t scope_of(const struct run *run)
{
    const struct entry *entry = run->entry;
    uint32_t flags = entry->method ? entry->method->flags : 0;

    if (flags & (DISPATCH_ADMIN | DISPATCH_HOST))
        return TOKEN_ADMIN;
    if (flags & DISPATCH_SCHEMA)
        return TOKEN_SCHEMA;
    return is_read_only(entry, run->flags) ? TOKEN_READ : TOKEN_WRITE;
}

/* Whether the caller may do this, as often as this. */
static tn_status check_caller(const struct run *run, const struct session *session)
{
    const struct access *access = &run->entry->dispatch->service->access;
    const struct dispatch_method *method = run->entry->method;
    struct err *err = bus_call_err(run->bus);

    TRY(access_check(&session->principal, scope_of(run), run->now_us, err));
    if (method && (method->flags & DISPATCH_HOST) && !session->principal.is_admin)
        return err_set(err, TN_PERMISSION_DENIED, "Only administrators of the host may do this.");
    return access_count(access, &session->principal, session->portal, err);
}

/* Running */

static bool is_bare(const struct entry *entry)
{
    return entry->method && (entry->method->flags & DISPATCH_BARE);
}

static bool is_stream(const struct entry *entry)
{
    return entry->method && (entry->method->flags & DISPATCH_STREAMS);
}

static const char *source_of(const struct entry *entry)
{
    return entry->method && entry->method->source ? entry->method->source : "api";
}

static void choose_language(struct run *run, const struct session *session)
{
    struct err *err = bus_call_err(run->bus);
    const char *language = err->language;
    struct portal_settings settings;

    if (language[0] == '\0') {
        settings = portal_settings(run->entry->dispatch->service->access.portals, session->portal);
        language = settings.language;
    }
    size_t len = strnlen(language, sizeof(run->language) - 1);
    memcpy(run->language, language, len); /* the rest is zero */
    if (err->language[0] == '\0')
        err_init(err, run->language);
}

static tn_status call_state(void *ctx)
{
    return bus_call_state(ctx);
}

static bool enter_plugin(void *ctx, uint32_t plugin)
{
    return bus_call_enter(ctx, plugin);
}

static void leave_plugin(void *ctx)
{
    bus_call_leave(ctx);
}

/* What touches the world outside is never run twice. */
static bool is_outside(const struct run *run)
{
    return !run->entry->method && (run->flags & TN_OUTSIDE);
}

/* Whether it runs plugins on a worker, of which each has a share, and may be put back for it: a
 * stream has a thread of its own. */
static bool takes_share(const struct run *run)
{
    return !is_outside(run) && !(!run->entry->method && (run->flags & TN_STREAMS));
}

static struct txn_options options_of(const struct run *run)
{
    const struct session *session = bus_call_session(run->bus);

    return (struct txn_options){
        .portal = session->portal,
        .source = utf8_str(source_of(run->entry)),
        .user = session_user(session),
        .language = run->language,
        .now_us = run->now_us,
        .deadline_us = run->deadline_us,
        .state = call_state,
        .state_ctx = run->bus,
        .enter = takes_share(run) ? enter_plugin : NULL,
        .leave = takes_share(run) ? leave_plugin : NULL,
        .is_read_only = is_read_only(run->entry, run->flags),
        .takes_turn = run->loss_count >= DISPATCH_LOSS_MAX,
    };
}

struct txn_options dispatch_txn_options(const struct service_call *call)
{
    return (struct txn_options){
        .portal = call->session->portal,
        .source = utf8_str("api"),
        .user = session_user(call->session),
        .language = call->language,
        .now_us = call->now_us,
        .deadline_us = bus_call_deadline_us(call->bus),
        .state = call_state,
        .state_ctx = call->bus,
    };
}

tn_status run_begin(struct run *run)
{
    const struct service *service = run->entry->dispatch->service;
    const struct session *session = bus_call_session(run->bus);
    struct err *err = bus_call_err(run->bus);
    struct txn_options options = options_of(run);

    if (!run->is_admitted)
        TRY(check_caller(run, session));
    run->is_admitted = true;
    if (is_bare(run->entry)) {
        run->schema = catalog_schema(service->catalog, session->portal->id);
        if (!run->schema)
            return err_memory(err, "a schema");
    } else {
        TRY(txn_begin(service->records, &options, &run->txn, err));
    }
    run->call = (struct service_call){
        .service = service,
        .session = session,
        .bus = run->bus,
        .txn = run->txn,
        .schema = run->txn ? txn_schema(run->txn) : run->schema,
        .arena = bus_call_arena(run->bus),
        .err = err,
        .language = run->language,
        .now_us = run->now_us,
    };
    return TN_OK;
}

static tn_status pack(struct run *run, const ProtobufCMessage *message)
{
    struct buf *response = bus_call_response(run->bus);
    size_t len = protobuf_c_message_get_packed_size(message);

    if (len > RESPONSE_SIZE_MAX)
        return err_set(bus_call_err(run->bus),
                       TN_OUT_OF_RANGE,
                       "The answer of %zu bytes is larger than %zu.",
                       len,
                       RESPONSE_SIZE_MAX);
    if (buf_reserve(response, len) != TN_OK)
        return err_memory(bus_call_err(run->bus), "the answer");
    response->len = protobuf_c_message_pack(message, response->data);
    return TN_OK;
}

static tn_status run_host_method(struct run *run)
{
    const struct dispatch_method *method = run->entry->method;
    const ProtobufCMessage *request = bus_call_unpack(run->bus, method->request);

    if (!request)
        return run->call.err->status;
    if (method->flags & DISPATCH_STREAMS)
        return method->run(&run->call, request, NULL);

    ProtobufCMessage *response = arena_alloc(run->call.arena, method->response->sizeof_message);
    if (!response)
        return err_memory(run->call.err, "the answer");
    protobuf_c_message_init(method->response, response);
    TRY(method->run(&run->call, request, response));
    return pack(run, response);
}

tn_status run_find_method(struct run *run, const struct plugin_method **ret_method)
{
    const struct plugin_method *method =
        plugin_routes_find(txn_routes(run->txn), utf8_str(run->entry->name));

    if (!method || ((method->flags ^ run->flags) & TN_STREAMS))
        return err_set(bus_call_err(run->bus),
                       TN_UNIMPLEMENTED,
                       "The method %s is not served any more.",
                       run->entry->name);
    *ret_method = method;
    return TN_OK;
}

static tn_status run_plugin_method(struct run *run)
{
    const struct plugin_method *method;

    TRY(run_find_method(run, &method));
    if ((run->flags & TN_READS) && !(method->flags & TN_READS)) {
        atomic_store_explicit(&run->entry->flags, method->flags, memory_order_relaxed);
        return TN_ABORTED; /* a version that writes came meanwhile: run_uncommitted() tries again */
    }
    return plugin_method_run(method,
                             run->txn,
                             bus_call_request(run->bus),
                             bus_call_response(run->bus),
                             bus_call_err(run->bus));
}

static tn_status run_method(struct run *run)
{
    if (run->entry->method)
        return run_host_method(run);
    return run_plugin_method(run);
}

/* Answering */

static void run_fini(struct run *run)
{
    txn_destroy(run->txn);
    schema_unref(run->schema);
}

void run_destroy(struct run *run)
{
    if (!run)
        return;
    run_fini(run);
    mem_free(run);
}

/* The status that the message is about: the first failure's. */
static tn_status reason_of(struct bus_call *bus, tn_status status)
{
    const struct err *err = bus_call_err(bus);

    return err->status == TN_OK ? status : err->status;
}

/* What no caller can have caused is the operator's to look into. */
static bool is_failure(tn_status status)
{
    return status == TN_INTERNAL || status == TN_DATA_LOSS || status == TN_UNAVAILABLE;
}

static void report(const struct run *run, tn_status status)
{
    struct log *log = run->entry->dispatch->service->log;

    if (is_failure(status))
        LOG(log,
            LOG_ERROR,
            "call failed",
            LOG_STR("method", bus_call_method(run->bus)->name),
            LOG_STR("status", err_status_name(status)),
            LOG_STR("reason", bus_call_err(run->bus)->message));
}

/* The bus may still turn an answer down that is too large; it is the handler's OK that counts. */
static void measure(struct run *run, tn_status status)
{
    const struct session *session = bus_call_session(run->bus);
    const int64_t duration_us = bus_call_ended_us(run->bus) - run->begun_us;

    metric_add(&run->entry->statuses, (unsigned)status);
    if (run->flags & TN_STREAMS)
        return; /* lasts as long as its reader likes */
    metric_observe(&run->entry->durations, duration_us);
    metric_add(&session->portal->counts,
               status == TN_OK      ? PORTAL_CALLS_DONE
               : is_failure(status) ? PORTAL_CALLS_FAILED
                                    : PORTAL_CALLS_REFUSED);
    metric_add_many(
        &session->portal->counts, PORTAL_CALLS_US, duration_us > 0 ? (uint64_t)duration_us : 0);
}

void run_answer(struct run *run, tn_status status)
{
    if (status != TN_OK)
        status = reason_of(run->bus, status);
    measure(run, status);
    if (status == TN_OK && !(run->flags & TN_STREAMS)) {
        bus_call_answer_packed(run->bus);
        return;
    }
    if (status != TN_OK)
        report(run, status);
    bus_call_finish(run->bus, status);
}

/* Reads and refusals: nothing is committed, so nothing outlives the worker's visit. */
static void run_uncommitted(struct entry *entry, struct bus_call *bus)
{
    struct run run = {.entry = entry,
                      .bus = bus,
                      .now_us = bus_call_wall_us(bus),
                      .begun_us = bus_call_begun_us(bus),
                      .deadline_us = bus_call_deadline_us(bus),
                      .flags = plugin_flags(entry)};

    choose_language(&run, bus_call_session(bus));
    tn_status st = run_begin(&run);
    if (st == TN_OK)
        st = run_method(&run);
    if (bus_call_is_refused(bus) || (st == TN_ABORTED && run.flags != plugin_flags(entry))) {
        run_fini(&run);
        bus_call_again(bus);
        return;
    }
    if (st != TN_OK || !is_stream(entry))
        run_answer(&run, st);
    else
        metric_add(&entry->statuses, TN_OK); /* that it began; it has no duration to compare */
    run_fini(&run);
}

/* Idempotency */

static tn_status check_key(struct tn_str key, struct err *err)
{
    if (key.len <= TXN_KEY_SIZE_MAX)
        return TN_OK;
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       "idempotency-key",
                       "too_long",
                       "An idempotency key has at most %u bytes.",
                       TXN_KEY_SIZE_MAX);
}

static void hash_request(struct bus_call *bus, uint8_t hash[HASH_SIZE])
{
    struct tn_bytes request = bus_call_request(bus);
    int failed = crypto_generichash(hash, HASH_SIZE, request.data, request.len, NULL, 0);

    assert(failed == 0); /* it only refuses sizes */
    (void)failed;
}

/*
 * Runs the method unless its key has an outcome, which `*ret_repeated` says and the response then
 * is; otherwise keeps the response as the key's outcome.
 */
static tn_status run_once(struct run *run, struct tn_str key, bool *ret_repeated)
{
    struct err *err = bus_call_err(run->bus);
    struct tn_str method = utf8_str(bus_call_method(run->bus)->name);
    uint8_t hash[HASH_SIZE];
    struct tn_bytes response;

    TRY(check_key(key, err));
    hash_request(run->bus, hash);
    tn_status st = txn_outcome(run->txn, key, method, hash, &response, err);
    *ret_repeated = st == TN_OK;
    if (st == TN_OK)
        return buf_add(bus_call_response(run->bus), response.data, response.len) == TN_OK
                   ? TN_OK
                   : err_memory(err, "the answer");
    if (st != TN_NOT_FOUND)
        return st;
    TRY(run_method(run));
    return txn_keep_outcome(
        run->txn, key, method, hash, buf_bytes(bus_call_response(run->bus)), err);
}

/* Committing */

bool run_may_repeat(const struct run *run)
{
    return !is_outside(run) && run->loss_count < DISPATCH_LOSS_MAX;
}

void run_lose(struct run *run)
{
    txn_destroy(TAKE(run->txn));
    run->loss_count++;
}

/* The run is kept for the next one, which finds it by the call. */
static void run_again(struct run *run)
{
    txn_destroy(TAKE(run->txn));
    *bus_call_data(run->bus) = run;
    bus_call_again(run->bus);
}

/* [committer thread] */
static void committed(void *ctx, tn_status status, const struct err *err)
{
    struct run *run = ctx;

    if (status == TN_ABORTED && run_may_repeat(run)) {
        run->loss_count++;
        run_again(run);
        return;
    }
    if (status != TN_OK) {
        struct err *said = bus_call_err(run->bus);

        err_clear(said);
        err_copy(said, err);
    }
    run_answer(run, status);
    run_destroy(run);
}

struct run *run_create(struct entry *entry, struct bus_call *bus)
{
    struct run *run = mem_new(struct run);

    if (!run)
        return NULL;
    run->entry = entry;
    run->bus = bus;
    run->flags = plugin_flags(entry);
    run->now_us = bus_call_wall_us(bus);
    run->begun_us = bus_call_begun_us(bus);
    run->deadline_us = bus_call_deadline_us(bus);
    choose_language(run, bus_call_session(bus));
    return run;
}

static struct run *take_run(struct entry *entry, struct bus_call *bus)
{
    struct run *run = *bus_call_data(bus);

    *bus_call_data(bus) = NULL;
    return run ? run : run_create(entry, bus);
}

static void run_committed(struct entry *entry, struct bus_call *bus)
{
    struct tn_str key = bus_call_metadata(bus, "idempotency-key");
    struct run *run = take_run(entry, bus);
    bool is_repeated = false;

    if (!run) {
        bus_call_finish(bus, err_memory(bus_call_err(bus), "a transaction"));
        return;
    }
    tn_status st = bus_call_state(bus); /* it may have ended while it waited to run again */
    if (st == TN_OK)
        st = run_begin(run);
    if (st == TN_OK)
        st = key.len ? run_once(run, key, &is_repeated) : run_method(run);
    if (st == TN_OK && !is_repeated && !bus_call_is_refused(bus)) {
        st = txn_commit(run->txn, committed, run, bus_call_err(bus));
        if (st == TN_OK)
            return; /* `committed` has it, or had it */
    }
    if (bus_call_is_refused(bus)) {
        run_again(run);
        return;
    }
    run_answer(run, st);
    run_destroy(run);
}

static void run_entry(struct bus_call *bus, void *ctx)
{
    struct entry *entry = ctx;

    if (!entry->method && (plugin_flags(entry) & TN_STREAMS))
        streams_run(entry->dispatch->streams, entry, bus);
    else if (is_bare(entry) || (!*bus_call_data(bus) && is_read_only(entry, plugin_flags(entry))))
        run_uncommitted(entry, bus);
    else
        run_committed(entry, bus);
}

/* Tables */

tn_status dispatch_create(const struct service *service, struct bus_server *server,
                          struct dispatch **ret_dispatch, struct err *err)
{
    struct dispatch *dispatch = mem_new(struct dispatch);

    if (!dispatch)
        return err_memory(err, "the methods");
    if (sodium_init() < 0) {
        mem_free(dispatch);
        return err_set(err, TN_INTERNAL, "The library of cryptography does not start.");
    }
    dispatch->service = service;
    dispatch->server = server;
    (void)pthread_mutex_init(&dispatch->mu, NULL);
    atomic_init(&dispatch->entries, NULL);
    *ret_dispatch = dispatch;
    return TN_OK;
}

/* Entries are added in front, and stay. */
static struct entry *first_entry(const struct dispatch *dispatch)
{
    return atomic_load_explicit(&dispatch->entries, memory_order_acquire);
}

void dispatch_destroy(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    struct entry *entry = first_entry(dispatch);
    while (entry) {
        struct entry *next = entry->next;

        mem_free(entry);
        entry = next;
    }
    streams_destroy(dispatch->streams);
    (void)pthread_mutex_destroy(&dispatch->mu);
    mem_free(dispatch);
}

void dispatch_stop(struct dispatch *dispatch)
{
    if (dispatch)
        streams_stop(dispatch->streams);
}

static tn_status serve(struct entry *entry, const struct bus_method *method, struct err *err)
{
    struct bus_method served = *method;

    served.run = run_entry;
    served.ctx = entry;
    TRY(bus_server_add_method(entry->dispatch->server, &served, err));
    atomic_store_explicit(&entry->is_served, true, memory_order_relaxed);
    return TN_OK;
}

/* Takes the entry, whatever happens. [mu held] */
static tn_status add_entry(struct dispatch *dispatch, struct entry *entry,
                           const struct bus_method *method, struct err *err)
{
    entry->dispatch = dispatch;
    entry->next = first_entry(dispatch);
    tn_status st = serve(entry, method, err);
    if (st != TN_OK) {
        mem_free(entry);
        return st;
    }
    /* release: who finds it finds it whole, pairs with first_entry() */
    atomic_store_explicit(&dispatch->entries, entry, memory_order_release);
    return TN_OK;
}

static tn_status add_method(struct dispatch *dispatch, const struct dispatch_method *method,
                            struct err *err)
{
    struct entry *entry = mem_new(struct entry);
    const struct bus_method added = {
        .name = method->name,
        .request = method->request->name,
        .response = method->response->name,
        .module = "",
        .flags = ((method->flags & DISPATCH_READS) ? BUS_READS : 0) |
                 ((method->flags & DISPATCH_STREAMS) ? BUS_STREAMS : 0) |
                 ((method->flags & DISPATCH_BLOCKS) ? BUS_BLOCKS : 0),
    };

    if (!entry)
        return err_memory(err, "the methods");
    entry->method = method;
    entry->name = method->name;
    entry->plugin = "";
    (void)pthread_mutex_lock(&dispatch->mu);
    tn_status st = add_entry(dispatch, entry, &added, err);
    (void)pthread_mutex_unlock(&dispatch->mu);
    return st;
}

tn_status dispatch_add(struct dispatch *dispatch, const struct dispatch_method *methods,
                       size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        TRY(add_method(dispatch, &methods[i], err));
    return TN_OK;
}

/* Methods of plugins */

static struct bus_method bus_method_of(const struct plugin_method *method)
{
    return (struct bus_method){
        .name = method->name,
        .request = method->request,
        .response = method->response,
        .module = method->plugin,
        .flags = ((method->flags & TN_READS) ? BUS_READS : 0) |
                 ((method->flags & TN_STREAMS) ? BUS_STREAMS : 0),
    };
}

/* With its texts behind it: the plugin's own may go. */
static struct entry *create_plugin_entry(const struct plugin_method *method)
{
    const size_t name_size = strlen(method->name) + 1;
    const size_t plugin_size = strlen(method->plugin) + 1;
    struct entry *entry = mem_alloc_zeroed(1, sizeof(*entry) + name_size + plugin_size);

    if (!entry)
        return NULL;
    char *name = (char *)(entry + 1);
    char *plugin = name + name_size;
    memcpy(name, method->name, name_size);
    memcpy(plugin, method->plugin, plugin_size);
    entry->name = name;
    entry->plugin = plugin;
    atomic_init(&entry->flags, method->flags);
    return entry;
}

static struct entry *find_entry(const struct dispatch *dispatch, const struct plugin_method *method)
{
    struct entry *entry = first_entry(dispatch);

    while (entry && (entry->method || strcmp(entry->name, method->name) != 0 ||
                     strcmp(entry->plugin, method->plugin) != 0))
        entry = entry->next;
    return entry;
}

/* Whether the bus tells the same of it as before. */
static bool is_unchanged(const struct dispatch *dispatch, const struct bus_method *method)
{
    const struct bus_method *known = bus_server_method(dispatch->server, method->name);

    return known && known->flags == method->flags && strcmp(known->request, method->request) == 0 &&
           strcmp(known->response, method->response) == 0 &&
           strcmp(known->module, method->module) == 0;
}

static tn_status renew_method(struct dispatch *dispatch, const struct plugin_method *method,
                              struct err *err)
{
    const struct bus_method served = bus_method_of(method);
    struct entry *entry = find_entry(dispatch, method);

    if ((method->flags & TN_STREAMS) && !dispatch->streams)
        TRY(streams_create(&dispatch->streams, err));
    if (entry)
        atomic_store_explicit(&entry->flags, method->flags, memory_order_relaxed);
    if (entry && is_unchanged(dispatch, &served))
        return TN_OK;
    if (entry) {
        bus_server_remove_method(dispatch->server, method->name);
        return serve(entry, &served, err);
    }
    entry = create_plugin_entry(method);
    if (!entry)
        return err_memory(err, "the methods");
    return add_entry(dispatch, entry, &served, err);
}

/* Those that no running plugin serves any more. */
static void remove_gone(struct dispatch *dispatch, const struct plugin_routes *routes)
{
    for (struct entry *entry = first_entry(dispatch); entry; entry = entry->next) {
        if (entry->method || !atomic_load_explicit(&entry->is_served, memory_order_relaxed))
            continue;
        const struct plugin_method *method = plugin_routes_find(routes, utf8_str(entry->name));
        if (method && strcmp(method->plugin, entry->plugin) == 0)
            continue;
        bus_server_remove_method(dispatch->server, entry->name);
        atomic_store_explicit(&entry->is_served, false, memory_order_relaxed);
    }
}

static tn_status renew_all(struct dispatch *dispatch, const struct plugin_routes *routes,
                           struct err *err)
{
    const struct plugin_method *method = NULL;
    struct tn_bytes known = {0};

    remove_gone(dispatch, routes);
    for (size_t i = 0; (method = plugin_routes_method(routes, i)); i++) {
        if (method->descriptors.len > 0 && method->descriptors.data != known.data)
            TRY(bus_server_renew_descriptors(
                dispatch->server, method->plugin, method->descriptors, err));
        known = method->descriptors;
        TRY(renew_method(dispatch, method, err));
    }
    return TN_OK;
}

tn_status dispatch_renew_plugins(struct dispatch *dispatch, struct plugin_host *plugins,
                                 struct err *err)
{
    (void)pthread_mutex_lock(&dispatch->mu);
    struct plugin_routes *routes = plugin_routes_take(plugins);
    tn_status st = renew_all(dispatch, routes, err);
    plugin_routes_release(routes);
    (void)pthread_mutex_unlock(&dispatch->mu);
    return st;
}

/* Metrics */

_Static_assert(TN_UNAUTHENTICATED < METRIC_SET_SIZE, "every status has a counter");

static tn_status write_statuses(const struct entry *entry, struct buf *out)
{
    for (unsigned status = 0; status < METRIC_SET_SIZE; status++) {
        uint64_t count = metric_read(&entry->statuses, status);
        const struct metric_label labels[] = {
            {"method", entry->name},
            {"plugin", entry->plugin},
            {"status", err_status_name((tn_status)status)},
            {0},
        };

        if (count > 0)
            TRY(metric_write_value(out, "tenon_calls_total", labels, count));
    }
    return TN_OK;
}

tn_status dispatch_write_metrics(const struct dispatch *dispatch, struct buf *out)
{
    TRY(metric_write_family(
        out, "tenon_calls_total", METRIC_COUNTER, "Calls by method and how they ended"));
    for (const struct entry *entry = first_entry(dispatch); entry; entry = entry->next)
        TRY(write_statuses(entry, out));
    TRY(metric_write_family(
        out,
        "tenon_call_duration_seconds",
        METRIC_HISTOGRAM,
        "From the worker that takes a unary call to its answer, commit included"));
    for (const struct entry *entry = first_entry(dispatch); entry; entry = entry->next) {
        const struct metric_label labels[] = {{"method", entry->name}, {0}};

        /* of two plugins that served it, one after the other, the one that does */
        if (atomic_load_explicit(&entry->is_served, memory_order_relaxed) &&
            metric_count(&entry->durations) > 0)
            TRY(metric_write_histogram(
                out, "tenon_call_duration_seconds", labels, &entry->durations));
    }
    return TN_OK;
}

struct bus_server_stats dispatch_server_stats(const struct dispatch *dispatch)
{
    return bus_server_stats(dispatch->server);
}
