/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo.c - the plugin that the benchmarks call: an echo, and types of records that differ in
 * nothing but a hook: none, one as hooks are, one that does nothing.
 */
#include <tenon_sdk.h>

enum { REQUEST, RESPONSE, PLAIN, HOOKED, WOKEN };
enum {
    REQUEST_PAYLOAD,
    RESPONSE_PAYLOAD,
    PLAIN_NAME,
    PLAIN_NOTE,
    HOOKED_NAME,
    HOOKED_NOTE,
    WOKEN_NAME
};

TN_NEEDS(core, records);

static tn_status say(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    (void)call;
    tn_set_text(response, RESPONSE_PAYLOAD, tn_text(request, REQUEST_PAYLOAD));
    return TN_OK;
}

/* What hooks mostly do: reads a value, writes another. */
static tn_status note(struct tn_call *call, const struct tn_record *before, struct tn_record *after)
{
    (void)call;
    (void)before;
    if (after)
        tn_set_text(after, HOOKED_NOTE, tn_text(after, HOOKED_NAME));
    return TN_OK;
}

static tn_status wake(struct tn_call *call, const struct tn_record *before, struct tn_record *after)
{
    (void)call;
    (void)before;
    (void)after;
    return TN_OK;
}

static const struct tn_type types[] = {
    [REQUEST] = {.name = "tenon.bench.v1.EchoRequest", .flags = TN_MESSAGE},
    [RESPONSE] = {.name = "tenon.bench.v1.EchoResponse", .flags = TN_MESSAGE},
    [PLAIN] = {.name = "bench_plain", .label = "Plain", .plural = "Plain"},
    [HOOKED] = {.name = "bench_hooked", .label = "Hooked", .plural = "Hooked"},
    [WOKEN] = {.name = "bench_woken", .label = "Woken", .plural = "Woken"},
};
static const struct tn_property properties[] = {
    [REQUEST_PAYLOAD] = {TN_PROPERTY(REQUEST, TN_TEXT, "payload", NULL, 0)},
    [RESPONSE_PAYLOAD] = {TN_PROPERTY(RESPONSE, TN_TEXT, "payload", NULL, 0)},
    [PLAIN_NAME] = {TN_PROPERTY(PLAIN, TN_TEXT, "name", "Name", TN_TITLE)},
    [PLAIN_NOTE] = {TN_PROPERTY(PLAIN, TN_TEXT, "note", "Note", 0)},
    [HOOKED_NAME] = {TN_PROPERTY(HOOKED, TN_TEXT, "name", "Name", TN_TITLE)},
    [HOOKED_NOTE] = {TN_PROPERTY(HOOKED, TN_TEXT, "note", "Note", 0)},
    [WOKEN_NAME] = {TN_PROPERTY(WOKEN, TN_TEXT, "name", "Name", TN_TITLE)},
};
static const struct tn_hook hooks[] = {
    {HOOKED, .run = note, .on = TN_AT(HOOKED_NAME)},
    {WOKEN, .run = wake, .on = TN_AT(WOKEN_NAME)},
};
static const struct tn_method methods[] = {
    {"tenon.bench.v1.Echo/Say", REQUEST, RESPONSE, say, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("tenon.bench", "1.0.0", "What the benchmarks call"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .methods = TN_LIST(methods),
};
