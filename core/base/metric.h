/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.h - what is counted, and Prometheus's text of it.
 *
 * Counting is a relaxed addition to a cache line that few other cores write: a histogram has
 * several copies of its numbers, and a thread adds to that of the core it runs on. Reading adds
 * the copies up; what it finds is not one moment's, and never falls.
 */
#ifndef CORE_BASE_METRIC_H
#define CORE_BASE_METRIC_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/base/buf.h"

/* Copies: cores beyond share one with another. */
#define METRIC_SHARD_COUNT 8u
/* Bounds of buckets, see metric_bound_us(); the last bucket has none. */
#define METRIC_BOUND_COUNT 14u
#define METRIC_BUCKET_COUNT (METRIC_BOUND_COUNT + 1)

/* Durations. Zero is empty. Members are private. */
struct metric_histogram {
    struct metric_shard {
        _Atomic uint64_t buckets[METRIC_BUCKET_COUNT]; /* relaxed, as the next */
        _Atomic uint64_t sum_us;
    } shards[METRIC_SHARD_COUNT];
};

/* Up to METRIC_SET_SIZE counters, by number. Zero is 0 each. */
#define METRIC_SET_SIZE 24u
struct metric_set {
    _Atomic uint64_t counters[METRIC_SHARD_COUNT][METRIC_SET_SIZE]; /* relaxed */
};

/* Adds 1. [any] */
void metric_add(struct metric_set *set, unsigned index);
void metric_add_many(struct metric_set *set, unsigned index, uint64_t count);
uint64_t metric_read(const struct metric_set *set, unsigned index);

/* [any] */
void metric_observe(struct metric_histogram *histogram, int64_t duration_us);
/* How many were observed. [any] */
uint64_t metric_count(const struct metric_histogram *histogram);
/* 50 us to 10 s; in microseconds. */
uint64_t metric_bound_us(unsigned index);

/* Text. All: TN_RESOURCE_EXHAUSTED, memory is out. */

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
    const char *name; /* NULL: the end of a list */
    const char *value;
};

/* The lines that come before all samples of `name`. `help` is a sentence without its full stop. */
tn_status metric_write_family(struct buf *out, const char *name, enum metric_kind kind,
                              const char *help);
/* `name{labels} value`; `labels` NULL: none. */
tn_status metric_write_value(struct buf *out, const char *name, const struct metric_label *labels,
                             uint64_t value);
/* The same with microseconds as seconds. */
tn_status metric_write_time(struct buf *out, const char *name, const struct metric_label *labels,
                            uint64_t time_us);
/* Buckets, sum and count. */
tn_status metric_write_histogram(struct buf *out, const char *name,
                                 const struct metric_label *labels,
                                 const struct metric_histogram *histogram);

#endif /* CORE_BASE_METRIC_H */
