/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c - a log-linear histogram of latencies. */
#include "tests/bench/measure.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

int64_t measure_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void measure_begin(struct measure *measure, double seconds)
{
    int64_t now_ns = measure_now_ns();
    int64_t all_ns = (int64_t)(seconds * 1e9);

    *measure = (struct measure){.begin_ns = now_ns + all_ns / MEASURE_WARM_PART,
                                .end_ns = now_ns + all_ns};
}

static unsigned bucket_of(uint64_t ns)
{
    if (ns < MEASURE_PARTS)
        return (unsigned)ns;
    unsigned octave = 63u - (unsigned)__builtin_clzll(ns); /* 5 or more */
    unsigned bucket =
        (octave - 4) * MEASURE_PARTS + (unsigned)((ns >> (octave - 5)) & (MEASURE_PARTS - 1));
    return bucket < MEASURE_BUCKETS ? bucket : MEASURE_BUCKETS - 1;
}

static double bucket_us(unsigned bucket)
{
    if (bucket < MEASURE_PARTS)
        return bucket / 1e3;
    unsigned octave = bucket / MEASURE_PARTS + 4;
    return (double)((1ull << octave) + ((uint64_t)(bucket % MEASURE_PARTS) << (octave - 5))) / 1e3;
}

void measure_add(struct measure *measure, int64_t start_ns, int64_t now_ns, uint64_t units)
{
    measure->calls++;
    if (start_ns < measure->begin_ns || now_ns > measure->end_ns)
        return;
    measure->units += units;
    measure->counted++;
    measure->buckets[bucket_of((uint64_t)(now_ns - start_ns))]++;
}

void measure_merge(struct measure *measure, const struct measure *other)
{
    measure->units += other->units;
    measure->calls += other->calls;
    measure->counted += other->counted;
    for (unsigned i = 0; i < MEASURE_BUCKETS; i++)
        measure->buckets[i] += other->buckets[i];
}

static double percentile_us(const struct measure *measure, unsigned percent)
{
    uint64_t wanted = measure->counted * percent / 100;
    uint64_t seen = 0;

    for (unsigned i = 0; i < MEASURE_BUCKETS; i++) {
        seen += measure->buckets[i];
        if (seen > wanted)
            return bucket_us(i);
    }
    return 0;
}

static double seconds_of(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

void measure_print(const struct measure *measure)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("%llu %.6f %.1f %.1f %llu %.3f\n",
                 (unsigned long long)measure->units,
                 (double)(measure->end_ns - measure->begin_ns) / 1e9,
                 percentile_us(measure, 50),
                 percentile_us(measure, 99),
                 (unsigned long long)measure->calls,
                 seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime));
}
