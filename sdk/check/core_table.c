/* SPDX-License-Identifier: Apache-2.0 */
/* core_table.c - tenon.core/1, tenon.bus/1 and tenon.blobs/1 of the checking host. */
#include <string.h>
#include <time.h>

#include "sdk/check/host_private.h"
#include "sdk/check/watch.h"

#define PLUGIN (checking.plugin)

/* tenon.core/1 */

static void *core_self(const struct tn_call *call)
{
    VISIT;

    (void)visit_call(&visit, "tn_core->self", call);
    return checking.self;
}

static struct tn_str core_asked(const struct tn_call *call, uint32_t what)
{
    static const char *const answers[] = {
        "", "main", "1", "api", "en", "Europe/Paris", "EUR", "en"};
    VISIT;

    if (!visit_call(&visit, "tn_core->asked", call) || what == 0 || what > TN_ASKED_PORTAL_LANGUAGE)
        return (struct tn_str){"", 0};
    return (struct tn_str){answers[what], strlen(answers[what])};
}

static tn_time core_now(const struct tn_call *call)
{
    VISIT;

    (void)visit_call(&visit, "tn_core->now", call);
    return (tn_time)1700000000 * 1000000;
}

static tn_status core_status(const struct tn_call *call)
{
    VISIT;

    return visit_call(&visit, "tn_core->status", call) ? TN_OK : TN_FAILED_PRECONDITION;
}

static tn_status core_refuse(struct tn_call *call, tn_status status, uint32_t property,
                             const char *rule, const char *text)
{
    VISIT;

    if (!visit_call(&visit, "tn_core->refuse", call))
        return TN_FAILED_PRECONDITION;
    if (property != UINT32_MAX)
        (void)visit_row(&visit, "properties", property, PLUGIN->properties.count);
    if (status == TN_OK)
        board_find(checking.board, "tn_core->refuse() is given TN_OK, which refuses nothing.");
    if (!rule || !text || !*text)
        board_find(checking.board, "tn_core->refuse() is given no rule or no text.");
    return status;
}

static tn_status core_setting(struct tn_call *call, uint32_t setting, struct tn_value *ret_value)
{
    VISIT;

    if (!visit_call(&visit, "tn_core->setting", call) ||
        !visit_row(&visit, "settings", setting, PLUGIN->settings.count))
        return TN_INVALID_ARGUMENT;
    *ret_value = (struct tn_value){.kind = PLUGIN->settings.items[setting].kind};
    if (ret_value->kind == TN_TEXT)
        ret_value->as.text = (struct tn_str){"", 0};
    else
        ret_value->as.integer = 1;
    return TN_OK;
}

static uint32_t core_granted(struct tn_call *call, uint32_t feature)
{
    VISIT;

    return visit_call(&visit, "tn_core->granted", call) &&
                   visit_row(&visit, "features", feature, PLUGIN->features.count)
               ? 1
               : 0;
}

static void core_log(const struct tn_host *host, const struct tn_call *call, uint32_t level,
                     struct tn_str text)
{
    struct visit visit;

    (void)text;
    watch_host_begin();
    if (host != host_handle())
        board_find(checking.board, "tn_core->log() is given a host that is none.");
    if (level < TN_LOG_ERROR || level > TN_LOG_DEBUG)
        board_find(checking.board, "tn_core->log() is given the level %u.", level);
    watch_host_end();
    if (call) {
        (void)visit_call(&visit, "tn_core->log", call);
        visit_leave(&visit);
    }
}

static tn_status core_commit(struct tn_call *call)
{
    VISIT;

    return visit_worker(&visit, "tn_core->commit", call) ? TN_OK : TN_FAILED_PRECONDITION;
}

static tn_status core_send(struct tn_call *call, const struct tn_record *response)
{
    VISIT;

    (void)response;
    return visit_worker(&visit, "tn_core->send", call) ? TN_OK : TN_FAILED_PRECONDITION;
}

static tn_status core_body(const struct tn_record *message, struct tn_bytes *ret_body)
{
    VISIT;

    if (!visit_record(&visit, "tn_core->body", message))
        return TN_FAILED_PRECONDITION;
    *ret_body = message->body;
    return TN_OK;
}

static tn_status core_set_body(struct tn_record *message, struct tn_bytes body)
{
    VISIT;

    if (!visit_record(&visit, "tn_core->set_body", message))
        return TN_FAILED_PRECONDITION;
    if (!(PLUGIN->types.items[message->type].flags & TN_ENCODED)) {
        board_find(checking.board,
                   "tn_core->set_body() is for messages with TN_ENCODED: '%s' has fields.",
                   PLUGIN->types.items[message->type].name);
        return TN_INVALID_ARGUMENT;
    }
    (void)body;
    return TN_OK;
}

static tn_status core_hold(struct tn_call *call)
{
    VISIT;

    if (!visit_call(&visit, "tn_core->hold", call))
        return TN_FAILED_PRECONDITION;
    atomic_store(&visit.call->state, CALL_HELD);
    return TN_OK;
}

static tn_status core_enter(const struct tn_host *host, struct tn_str portal,
                            struct tn_call **ret_call)
{
    (void)portal;
    watch_host_begin();
    if (host != host_handle())
        board_find(checking.board, "tn_core->enter() is given a host that is none.");
    struct tn_call *call = host_call_begin();
    atomic_store(&call->state, CALL_ENTERED);
    *ret_call = call;
    watch_host_end();
    return TN_OK;
}

static tn_status core_finish(struct tn_call *call, tn_status status)
{
    VISIT;

    (void)status;
    if (!visit_call(&visit, "tn_core->finish", call))
        return TN_FAILED_PRECONDITION;
    if (atomic_load(&visit.call->state) == CALL_RUNS) {
        board_find(checking.board,
                   "tn_core->finish() is called for a call that was neither held nor entered.");
        return TN_FAILED_PRECONDITION;
    }
    atomic_store(&visit.call->state, CALL_ENDED);
    return TN_OK;
}

static tn_status core_zone(struct tn_call *call, struct tn_str name, tn_time at,
                           struct tn_zone_span *ret_span)
{
    VISIT;

    (void)name;
    (void)at;
    if (!visit_call(&visit, "tn_core->zone", call))
        return TN_FAILED_PRECONDITION;
    *ret_span = (struct tn_zone_span){.from = INT64_MIN, .until = INT64_MAX}; /* UTC */
    return TN_OK;
}

#define MEMBER(table, name)                 \
    {                                       \
#name, offsetof(struct table, name) \
    }

static const struct tn_core_v1 core = {sizeof(core),
                                       0,
                                       core_self,
                                       core_asked,
                                       core_now,
                                       core_status,
                                       core_refuse,
                                       core_setting,
                                       core_granted,
                                       core_log,
                                       core_commit,
                                       core_send,
                                       core_body,
                                       core_set_body,
                                       core_hold,
                                       core_enter,
                                       core_finish,
                                       core_zone};
static const struct member core_members[] = {MEMBER(tn_core_v1, self),
                                             MEMBER(tn_core_v1, asked),
                                             MEMBER(tn_core_v1, now),
                                             MEMBER(tn_core_v1, status),
                                             MEMBER(tn_core_v1, refuse),
                                             MEMBER(tn_core_v1, setting),
                                             MEMBER(tn_core_v1, granted),
                                             MEMBER(tn_core_v1, log),
                                             MEMBER(tn_core_v1, commit),
                                             MEMBER(tn_core_v1, send),
                                             MEMBER(tn_core_v1, body),
                                             MEMBER(tn_core_v1, set_body),
                                             MEMBER(tn_core_v1, hold),
                                             MEMBER(tn_core_v1, enter),
                                             MEMBER(tn_core_v1, finish),
                                             MEMBER(tn_core_v1, zone)};
const struct table core_table = {
    TN_CORE_ID, &core, sizeof(core), core_members, sizeof(core_members) / sizeof(core_members[0])};

/* tenon.bus/1 */

static tn_status bus_request(struct tn_call *call, uint32_t method, struct tn_record **ret_request)
{
    VISIT;

    if (!visit_call(&visit, "tn_bus->request", call) ||
        !visit_row(&visit, "methods", method, PLUGIN->methods.count))
        return TN_INVALID_ARGUMENT;
    *ret_request = host_record(visit.call, PLUGIN->methods.items[method].request, FILL_NOTHING);
    return TN_OK;
}

static tn_status bus_invoke(struct tn_record *request, const char *key,
                            const struct tn_record **ret_response)
{
    VISIT;

    (void)key;
    if (!visit_record(&visit, "tn_bus->invoke", request))
        return TN_FAILED_PRECONDITION;
    if (!pthread_equal(request->call->thread, pthread_self()))
        board_find(checking.board,
                   "tn_bus->invoke() is [worker]: it is called on another thread than the "
                   "callback's.");
    for (uint32_t i = 0; i < PLUGIN->methods.count; i++) {
        const struct tn_method *method = &PLUGIN->methods.items[i];

        if (method->request != request->type)
            continue;
        *ret_response = host_record(visit.call, method->response, FILL_SAMPLES);
        return TN_OK;
    }
    return TN_UNAVAILABLE;
}

static const struct tn_bus_v1 bus = {sizeof(bus), 0, bus_request, bus_invoke};
static const struct member bus_members[] = {MEMBER(tn_bus_v1, request), MEMBER(tn_bus_v1, invoke)};
const struct table bus_table = {TN_BUS_ID, &bus, sizeof(bus), bus_members, 2};

/* tenon.blobs/1: what is written is dropped, what is read is empty. */

static struct tn_blob *make_blob(struct tn_call *call)
{
    struct tn_blob *blob =
        &checking.blobs[atomic_fetch_add(&checking.blob_count, 1u) % CHECK_CALL_MAX];

    *blob = (struct tn_blob){call, true};
    return blob;
}

static tn_status blobs_create(struct tn_call *call, struct tn_blob **ret_blob)
{
    VISIT;

    if (!visit_call(&visit, "tn_blobs->create", call))
        return TN_FAILED_PRECONDITION;
    *ret_blob = make_blob(visit.call);
    return TN_OK;
}

/* Whether the blob is one, and open; tells if not. */
static bool is_open(struct visit *visit, const char *name, const struct tn_blob *blob)
{
    if (blob >= checking.blobs && blob < checking.blobs + CHECK_CALL_MAX && blob->is_open)
        return visit_call(visit, name, blob->call);
    watch_host_begin();
    *visit = (struct visit){name, NULL};
    board_find(checking.board, "%s() is given a blob that is sealed, closed or none.", name);
    return false;
}

static tn_status blobs_append(struct tn_blob *blob, struct tn_bytes bytes)
{
    VISIT;

    (void)bytes;
    return is_open(&visit, "tn_blobs->append", blob) ? TN_OK : TN_FAILED_PRECONDITION;
}

static tn_status blobs_seal(struct tn_blob *blob, struct tn_value *ret_value)
{
    VISIT;

    if (!is_open(&visit, "tn_blobs->seal", blob))
        return TN_FAILED_PRECONDITION;
    blob->is_open = false;
    *ret_value = (struct tn_value){.kind = TN_BLOB};
    ret_value->as.text = (struct tn_str){"0123456789abcdef0123456789abcdef", 32};
    return TN_OK;
}

static tn_status blobs_open(struct tn_call *call, const struct tn_value *value,
                            struct tn_blob **ret_blob, uint64_t *ret_size)
{
    VISIT;

    (void)value;
    if (!visit_call(&visit, "tn_blobs->open", call))
        return TN_FAILED_PRECONDITION;
    *ret_blob = make_blob(visit.call);
    *ret_size = 0;
    return TN_OK;
}

static tn_status blobs_fetch(struct tn_blob *blob, uint64_t offset, void *buffer, size_t size,
                             size_t *ret_len)
{
    VISIT;

    (void)offset;
    (void)buffer;
    (void)size;
    if (!is_open(&visit, "tn_blobs->fetch", blob))
        return TN_FAILED_PRECONDITION;
    *ret_len = 0;
    return TN_OK;
}

static void blobs_close(struct tn_blob *blob)
{
    VISIT;

    if (is_open(&visit, "tn_blobs->close", blob))
        blob->is_open = false;
}

static const struct tn_blobs_v1 blobs = {
    sizeof(blobs), 0, blobs_create, blobs_append, blobs_seal, blobs_open, blobs_fetch, blobs_close};
static const struct member blobs_members[] = {MEMBER(tn_blobs_v1, create),
                                              MEMBER(tn_blobs_v1, append),
                                              MEMBER(tn_blobs_v1, seal),
                                              MEMBER(tn_blobs_v1, open),
                                              MEMBER(tn_blobs_v1, fetch),
                                              MEMBER(tn_blobs_v1, close)};
const struct table blobs_table = {TN_BLOBS_ID, &blobs, sizeof(blobs), blobs_members, 6};

const struct table *const tables[] = {&core_table, &records_table, &bus_table, &blobs_table};
const size_t table_count = sizeof(tables) / sizeof(tables[0]);
