/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noise.c - the plugin that others of the benchmarks are measured beside: methods that wait or
 * compute, a hook and a consumer that take their time.
 */
#include <time.h>

#include <tenon_sdk.h>

enum { REQUEST, RESPONSE, SLOW, WATCHED };
enum { REQUEST_PAYLOAD, RESPONSE_PAYLOAD, SLOW_NAME, WATCHED_NAME };

#define MS 1000000L
#define STALL_NS (20 * MS)
#define SPIN_NS (5 * MS)
#define HOOK_NS (5 * MS)
#define CONSUMER_NS (5 * MS)

TN_NEEDS(core, records);

static void stall(long ns)
{
    const struct timespec pause = {.tv_nsec = ns};

    (void)nanosleep(&pause, NULL); /* nobody interrupts it */
}

static int64_t processor_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void answer(const struct tn_record *request, struct tn_record *response)
{
    tn_set_text(response, RESPONSE_PAYLOAD, tn_text(request, REQUEST_PAYLOAD));
}

static tn_status run_stall(struct tn_call *call, const struct tn_record *request,
                           struct tn_record *response)
{
    (void)call;
    stall(STALL_NS);
    answer(request, response);
    return TN_OK;
}

static tn_status run_spin(struct tn_call *call, const struct tn_record *request,
                          struct tn_record *response)
{
    const int64_t until_ns = processor_ns() + SPIN_NS;

    (void)call;
    while (processor_ns() < until_ns)
        continue;
    answer(request, response);
    return TN_OK;
}

static tn_status dawdle(struct tn_call *call, const struct tn_record *before,
                        struct tn_record *after)
{
    (void)call;
    (void)before;
    (void)after;
    stall(HOOK_NS);
    return TN_OK;
}

static tn_status brood(struct tn_call *call, const struct tn_record *before,
                       const struct tn_record *after)
{
    (void)call;
    (void)before;
    (void)after;
    stall(CONSUMER_NS);
    return TN_OK;
}

static const struct tn_type types[] = {
    [REQUEST] = {.name = "tenon.bench.noise.v1.Request", .flags = TN_MESSAGE},
    [RESPONSE] = {.name = "tenon.bench.noise.v1.Response", .flags = TN_MESSAGE},
    [SLOW] = {.name = "bench_slow", .label = "Slow", .plural = "Slow"},
    [WATCHED] = {.name = "bench_watched", .label = "Watched", .plural = "Watched"},
};
static const struct tn_property properties[] = {
    [REQUEST_PAYLOAD] = {TN_PROPERTY(REQUEST, TN_TEXT, "payload", NULL, 0)},
    [RESPONSE_PAYLOAD] = {TN_PROPERTY(RESPONSE, TN_TEXT, "payload", NULL, 0)},
    [SLOW_NAME] = {TN_PROPERTY(SLOW, TN_TEXT, "name", "Name", TN_TITLE)},
    [WATCHED_NAME] = {TN_PROPERTY(WATCHED, TN_TEXT, "name", "Name", TN_TITLE)},
};
static const struct tn_hook hooks[] = {{SLOW, .run = dawdle}};
static const struct tn_consumer consumers[] = {{"brood", WATCHED, .run = brood}};
static const struct tn_method methods[] = {
    {"tenon.bench.noise.v1.Noise/Stall", REQUEST, RESPONSE, run_stall, .flags = TN_READS},
    {"tenon.bench.noise.v1.Noise/Spin", REQUEST, RESPONSE, run_spin, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("tenon.bench.noise", "1.0.0", "What the benchmarks are disturbed by"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .hooks = TN_LIST(hooks),
    .consumers = TN_LIST(consumers),
    .methods = TN_LIST(methods),
};
