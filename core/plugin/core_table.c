/* SPDX-License-Identifier: Apache-2.0 */
/* core_table.c - tenon.core/1: the call itself, its settings, its messages as bytes. */
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/plugin/call.h"
#include "core/plugin/rest.h"
#include "core/plugin/settings.h"

/* A line of a plugin's log; longer ones are cut. */
#define LOG_TEXT_MAX 4096u

/* A call that a plugin began by enter(), on a thread of its own. */
struct entered {
    struct tn_call call;
    struct err err;
};

static void *core_self(const struct tn_call *call)
{
    return call->plugin->self;
}

/* Portal settings are copied into the transaction, since they may change meanwhile. */
static struct tn_str portal_text(const struct tn_call *call, uint32_t what)
{
    struct portal *portal = txn_portal(call->txn);
    struct portal_settings settings = portal_settings(call->plugin->host->options.portals, portal);
    const char *text = what == TN_ASKED_TIME_ZONE  ? settings.time_zone
                       : what == TN_ASKED_CURRENCY ? settings.currency
                                                   : settings.language;
    struct tn_str copy = {0};

    (void)arena_copy_str(txn_arena(call->txn), utf8_str(text), &copy); /* empty: memory is out */
    return copy;
}

static struct tn_str core_asked(const struct tn_call *call, uint32_t what)
{
    switch (what) {
    case TN_ASKED_PORTAL:
        return utf8_str(txn_portal(call->txn)->name);
    case TN_ASKED_SOURCE:
        return txn_source(call->txn);
    case TN_ASKED_LANGUAGE:
        return utf8_str(txn_language(call->txn));
    case TN_ASKED_TIME_ZONE:
    case TN_ASKED_CURRENCY:
    case TN_ASKED_PORTAL_LANGUAGE:
        return portal_text(call, what);
    default: /* TN_ASKED_USER too: principals are not tied to users yet */
        return (struct tn_str){"", 0};
    }
}

static tn_time core_now(const struct tn_call *call)
{
    return txn_now(call->txn);
}

static tn_status core_status(const struct tn_call *call)
{
    return call->status != TN_OK ? call->status : txn_state(call->txn);
}

static tn_status core_refuse(struct tn_call *call, tn_status status, uint32_t property,
                             const char *rule, const char *text)
{
    const struct tn_plugin *rows = call->plugin->rows;
    const char *field =
        property < rows->properties.count ? rows->properties.items[property].name : NULL;
    struct tn_str said =
        schema_text(txn_schema(call->txn), txn_language(call->txn), utf8_str(text));

    if (status == TN_OK || !err_status_is_known(status))
        return call_misuse(call, "it refuses with no status");
    return call_fail(call, err_violate_text(call->err, status, field, rule, said));
}

static tn_status core_setting(struct tn_call *call, uint32_t setting, struct tn_value *ret_value)
{
    if (setting >= call->plugin->rows->settings.count)
        return call_misuse(call, "no such setting is declared");
    return call_fail(call, settings_read(call->plugin, call->txn, setting, ret_value, call->err));
}

/* By the tier that the portal has for the plugin's hub, or a count that a licence names. */
static uint32_t core_granted(struct tn_call *call, uint32_t feature)
{
    const struct plugin *plugin = call->plugin;
    const struct tn_feature_list *features = &plugin->rows->features;
    struct entitle *entitle = plugin->host->options.entitle;
    const struct entitle_need need = rest_need(plugin);
    char name[SHEET_TEXT_SIZE];
    uint64_t count = 0;

    if (feature >= features->count)
        return 0;
    const struct tn_feature *row = &features->items[feature];
    int len = snprintf(name, sizeof(name), "%s/%s", plugin->rows->id, row->name);
    if (len > 0 && (size_t)len < sizeof(name) &&
        entitle_limit(entitle, txn_portal(call->txn), name, txn_now(call->txn), &count))
        return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
    return row->limits[entitle_tier(entitle, txn_portal(call->txn), &need, txn_now(call->txn))];
}

static enum log_level log_level_of(uint32_t level)
{
    switch (level) {
    case TN_LOG_ERROR:
        return LOG_ERROR;
    case TN_LOG_WARN:
        return LOG_WARN;
    case TN_LOG_INFO:
        return LOG_INFO;
    default:
        return LOG_DEBUG;
    }
}

static void core_log(const struct tn_host *host, const struct tn_call *call, uint32_t level,
                     struct tn_str text)
{
    const struct plugin *plugin = host->plugin;
    const char *portal = call ? txn_portal(call->txn)->name : "";

    if (!utf8_is_valid(text.data, text.len, &text.len) && text.len == 0)
        return;
    if (text.len > LOG_TEXT_MAX)
        text.len = utf8_cut(text.data, LOG_TEXT_MAX);
    LOG(plugin->host->options.log,
        log_level_of(level),
        "plugin says",
        LOG_STR("plugin", plugin->rows->id),
        LOG_STR("portal", portal),
        LOG_TEXT("text", text));
}

/* Messages as bytes */

static bool is_encoded_row(const struct tn_record *message)
{
    return message->seen == SEEN_MESSAGE &&
           message->call->plugin->rows->types.items[message->type_row].flags & TN_ENCODED;
}

/* The owner may declare fields where this plugin takes bytes. */
static tn_status encode_fields(const struct tn_record *record, struct tn_bytes *ret_body)
{
    struct tn_call *call = record->call;
    CLEANUP(buf_fini) struct buf bytes = {0};

    char *copy = NULL;
    if (message_encode(record->message, &bytes) == TN_OK)
        copy = arena_copy(txn_arena(call->txn), bytes.data, bytes.len);
    if (!copy)
        return call_fail(call, err_memory(call->err, "a message"));
    *ret_body = (struct tn_bytes){(const uint8_t *)copy, bytes.len};
    return TN_OK;
}

static tn_status core_body(const struct tn_record *message, struct tn_bytes *ret_body)
{
    if (!is_encoded_row(message))
        return call_misuse(message->call, "that message is not taken as bytes");
    if (!message->message->type->is_encoded)
        return encode_fields(message, ret_body);
    *ret_body = message->message->body;
    return TN_OK;
}

static tn_status core_set_body(struct tn_record *message, struct tn_bytes body)
{
    struct tn_call *call = message->call;
    char *copy;

    if (!is_encoded_row(message))
        return call_misuse(call, "that message is not given as bytes");
    if (body.len > PLUGIN_MESSAGE_SIZE_MAX)
        return call_fail(call,
                         err_set(call->err,
                                 TN_RESOURCE_EXHAUSTED,
                                 "The message of plugin %s is larger than %zu bytes.",
                                 call->plugin->rows->id,
                                 PLUGIN_MESSAGE_SIZE_MAX));
    copy = arena_copy(txn_arena(call->txn), body.data, body.len);
    if (!copy)
        return call_fail(call, err_memory(call->err, "a message"));
    return call_fail(call,
                     message_decode(message->message,
                                    (struct tn_bytes){(const uint8_t *)copy, body.len},
                                    call->err));
}

/* Calls of a plugin's own threads */

static tn_status not_served(struct tn_call *call, const char *what)
{
    return call_fail(call,
                     err_set(call->err,
                             TN_UNIMPLEMENTED,
                             "This version of the host does not serve %s, which the plugin %s "
                             "asks for.",
                             err_word(call->err, what),
                             call->plugin->rows->id));
}

static tn_status core_commit(struct tn_call *call)
{
    return not_served(call, "commits in the middle of a call");
}

static tn_status core_send(struct tn_call *call, const struct tn_record *response)
{
    (void)response;
    return not_served(call, "methods that stream");
}

static tn_status core_hold(struct tn_call *call)
{
    return not_served(call, "calls that outlive their callback");
}

static tn_status core_enter(const struct tn_host *host, struct tn_str portal,
                            struct tn_call **ret_call)
{
    struct plugin *plugin = host->plugin;
    const struct plugin_host_options *options = &plugin->host->options;
    struct txn_options how = {
        .source = plugin_id(plugin), .user = plugin_id(plugin), .deadline_us = INT64_MAX};
    CLEANUP(mem_free_p) struct entered *entered = NULL;
    struct txn *txn = NULL;

    /* pair with the releases at the end of plugin_host_load_all, and where routes are published */
    if (!atomic_load_explicit(&plugin->host->is_serving, memory_order_acquire) ||
        !atomic_load_explicit(&plugin->is_serving, memory_order_acquire))
        return TN_UNAVAILABLE;
    how.portal = portals_find(options->portals, portal);
    if (!how.portal)
        return TN_NOT_FOUND;
    entered = mem_new(struct entered);
    if (!entered)
        return TN_RESOURCE_EXHAUSTED;
    err_init(&entered->err, NULL);
    TRY(txn_begin(options->records, &how, &txn, &entered->err));
    tn_status st = rest_check(plugin, txn_schema(txn), how.portal, &entered->err);
    if (st != TN_OK) {
        txn_destroy(txn);
        return st;
    }
    call_init(&entered->call, plugin, txn, &entered->err);
    entered->call.is_entered = true;
    (void)txn_set_writer(txn, plugin_id(plugin));
    *ret_call = &TAKE(entered)->call;
    return TN_OK;
}

static tn_status core_finish(struct tn_call *call, tn_status status)
{
    struct entered *entered = (struct entered *)(void *)call; /* its first member */

    if (!call->is_entered)
        return call_misuse(call, "it finishes a call that it does not own");
    status = call_result(call, status);
    call_fini(call);
    if (status == TN_OK)
        status = txn_commit_wait(call->txn, &entered->err);
    txn_destroy(call->txn);
    mem_free(entered);
    return status;
}

/* Zones */

/* zone_at() tells of the years between. */
#define ZONE_BEGIN_S (-62103628800ll) /* 0002-01-01 */
#define ZONE_END_S 253339228800ll     /* 9998-01-01 */
#define SECOND_US 1000000ll

static struct tn_zone_span span_of(const struct zone *zone, tn_time at)
{
    int64_t at_s = at / SECOND_US - (at % SECOND_US < 0);

    if (at_s < ZONE_BEGIN_S)
        at_s = ZONE_BEGIN_S;
    if (at_s >= ZONE_END_S)
        at_s = ZONE_END_S - 1;
    const struct zone_span span = zone_at(zone, at_s);

    return (struct tn_zone_span){
        .from = span.from_s > ZONE_BEGIN_S ? span.from_s * SECOND_US : INT64_MIN,
        .until = span.until_s < ZONE_END_S ? span.until_s * SECOND_US : INT64_MAX,
        .offset_s = span.offset_s};
}

static tn_status core_zone(struct tn_call *call, struct tn_str name, tn_time at,
                           struct tn_zone_span *ret_span)
{
    const struct zone *zone;
    tn_status st = zones_get(call->plugin->host->zones, name, &zone);

    if (st == TN_NOT_FOUND)
        return st;
    if (st == TN_RESOURCE_EXHAUSTED)
        return call_fail(call, err_memory(call->err, "a time zone"));
    if (st != TN_OK)
        return call_fail(call,
                         err_set(call->err,
                                 TN_UNAVAILABLE,
                                 "The file of the time zone \"%.*s\" cannot be read.",
                                 (int)name.len,
                                 name.data));
    *ret_span = span_of(zone, at);
    return TN_OK;
}

const struct tn_core_v1 plugin_core_table = {
    .struct_size = sizeof(struct tn_core_v1),
    .self = core_self,
    .asked = core_asked,
    .now = core_now,
    .status = core_status,
    .refuse = core_refuse,
    .setting = core_setting,
    .granted = core_granted,
    .log = core_log,
    .commit = core_commit,
    .send = core_send,
    .body = core_body,
    .set_body = core_set_body,
    .hold = core_hold,
    .enter = core_enter,
    .finish = core_finish,
    .zone = core_zone,
};
