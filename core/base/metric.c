/* SPDX-License-Identifier: Apache-2.0 */
/* metric.c - counters by core, and the text format 0.0.4. */
#include "core/base/metric.h"

#include <assert.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "core/base/err.h"

_Static_assert(sizeof(struct metric_shard) % 64 == 0, "shards share no cache line");

/* Longer label values are cut; names of methods and plugins are at most half as long. */
#define LABEL_SIZE 512

static const uint64_t bounds_us[METRIC_BOUND_COUNT] = {
    50,
    100,
    250,
    500,
    1000,
    2500,
    5000,
    10000,
    50000,
    100000,
    500000,
    1000000,
    5000000,
    10000000,
};

/* Of the core that the thread runs on: a hint, for it may have moved when it adds. */
static unsigned shard_index(void)
{
    int core = sched_getcpu();

    return core < 0 ? 0 : (unsigned)core % METRIC_SHARD_COUNT;
}

void metric_add_many(struct metric_set *set, unsigned index, uint64_t count)
{
    assert(index < METRIC_SET_SIZE);
    (void)atomic_fetch_add_explicit(
        &set->counters[shard_index()][index], count, memory_order_relaxed);
}

void metric_add(struct metric_set *set, unsigned index)
{
    metric_add_many(set, index, 1);
}

uint64_t metric_read(const struct metric_set *set, unsigned index)
{
    uint64_t count = 0;

    assert(index < METRIC_SET_SIZE);
    for (unsigned i = 0; i < METRIC_SHARD_COUNT; i++)
        count += atomic_load_explicit(&set->counters[i][index], memory_order_relaxed);
    return count;
}

uint64_t metric_bound_us(unsigned index)
{
    assert(index < METRIC_BOUND_COUNT);
    return bounds_us[index];
}

void metric_observe(struct metric_histogram *histogram, int64_t duration_us)
{
    const uint64_t us = duration_us > 0 ? (uint64_t)duration_us : 0;
    struct metric_shard *shard = &histogram->shards[shard_index()];
    unsigned bucket = 0;

    while (bucket < METRIC_BOUND_COUNT && us > bounds_us[bucket])
        bucket++;
    (void)atomic_fetch_add_explicit(&shard->buckets[bucket], 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&shard->sum_us, us, memory_order_relaxed);
}

static uint64_t bucket_count(const struct metric_histogram *histogram, unsigned bucket)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < METRIC_SHARD_COUNT; i++)
        count += atomic_load_explicit(&histogram->shards[i].buckets[bucket], memory_order_relaxed);
    return count;
}

uint64_t metric_count(const struct metric_histogram *histogram)
{
    uint64_t count = 0;

    for (unsigned bucket = 0; bucket < METRIC_BUCKET_COUNT; bucket++)
        count += bucket_count(histogram, bucket);
    return count;
}

/* Text */

static tn_status add_text(struct buf *out, const char *text)
{
    return buf_add(out, text, strlen(text));
}

/* The three bytes that the format escapes. */
static tn_status add_escaped(struct buf *out, const char *value)
{
    for (size_t i = 0; i < LABEL_SIZE && value[i] != '\0'; i++) {
        if (value[i] == '\n') {
            TRY(buf_add(out, "\\n", 2));
            continue;
        }
        if (value[i] == '"' || value[i] == '\\')
            TRY(buf_add_u8(out, '\\'));
        TRY(buf_add(out, &value[i], 1));
    }
    return TN_OK;
}

/* `more` is added to the labels unless its name is NULL. */
static tn_status add_name(struct buf *out, const char *name, const char *suffix,
                          const struct metric_label *labels, struct metric_label more)
{
    const struct metric_label none = {0};
    const char *mark = "{";

    TRY(add_text(out, name));
    TRY(add_text(out, suffix));
    for (const struct metric_label *label = labels ? labels : &none; label->name || more.name;) {
        const struct metric_label *next = label->name ? label : &more;

        TRY(add_text(out, mark));
        TRY(add_text(out, next->name));
        TRY(add_text(out, "=\""));
        TRY(add_escaped(out, next->value));
        TRY(add_text(out, "\""));
        mark = ",";
        if (next == label)
            label++;
        else
            more.name = NULL;
    }
    return add_text(out, *mark == '{' ? " " : "} ");
}

static tn_status add_number(struct buf *out, uint64_t value)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", value);

    return buf_add(out, text, (size_t)len);
}

static void format_seconds(uint64_t time_us, char text[static 40])
{
    (void)snprintf(text, 40, "%" PRIu64 ".%06" PRIu64, time_us / 1000000, time_us % 1000000);
    for (size_t len = strlen(text); text[len - 1] == '0' && text[len - 2] != '.'; len--)
        text[len - 1] = '\0';
}

static tn_status add_time(struct buf *out, uint64_t time_us)
{
    char text[40];

    format_seconds(time_us, text);
    TRY(add_text(out, text));
    return add_text(out, "\n");
}

tn_status metric_write_family(struct buf *out, const char *name, enum metric_kind kind,
                              const char *help)
{
    static const char *const kinds[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    char text[512];
    int len = snprintf(
        text, sizeof(text), "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, kinds[kind]);

    assert(len > 0 && (size_t)len < sizeof(text)); /* both are our own literals */
    return buf_add(out, text, (size_t)len);
}

tn_status metric_write_value(struct buf *out, const char *name, const struct metric_label *labels,
                             uint64_t value)
{
    TRY(add_name(out, name, "", labels, (struct metric_label){0}));
    return add_number(out, value);
}

tn_status metric_write_time(struct buf *out, const char *name, const struct metric_label *labels,
                            uint64_t time_us)
{
    TRY(add_name(out, name, "", labels, (struct metric_label){0}));
    return add_time(out, time_us);
}

tn_status metric_write_histogram(struct buf *out, const char *name,
                                 const struct metric_label *labels,
                                 const struct metric_histogram *histogram)
{
    uint64_t count = 0;
    uint64_t sum_us = 0;
    char bound[40];

    for (unsigned bucket = 0; bucket < METRIC_BUCKET_COUNT; bucket++) {
        count += bucket_count(histogram, bucket);
        if (bucket < METRIC_BOUND_COUNT)
            format_seconds(bounds_us[bucket], bound);
        else
            (void)snprintf(bound, sizeof(bound), "+Inf");
        TRY(add_name(out, name, "_bucket", labels, (struct metric_label){"le", bound}));
        TRY(add_number(out, count));
    }
    for (unsigned i = 0; i < METRIC_SHARD_COUNT; i++)
        sum_us += atomic_load_explicit(&histogram->shards[i].sum_us, memory_order_relaxed);
    TRY(add_name(out, name, "_sum", labels, (struct metric_label){0}));
    TRY(add_time(out, sum_us));
    TRY(add_name(out, name, "_count", labels, (struct metric_label){0}));
    return add_number(out, count); /* as the last bucket, whatever came meanwhile */
}
