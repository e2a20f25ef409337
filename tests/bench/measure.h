/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.h - what every program of the benchmarks counts, and the line that it prints:
 *
 *     UNITS SECONDS P50_US P99_US CALLS CPU_S
 *
 * UNITS (records, bytes, calls) were done in SECONDS; CALLS and the processor time of this process
 * are of its whole run, what was not counted at its start included. C11 and C++17.
 */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each octave of nanoseconds in 32 parts: an error of 3 %. */
#define MEASURE_PARTS 32u
#define MEASURE_BUCKETS (60u * MEASURE_PARTS)
/* The part of a run that warms up and is not counted: one in so many. */
#define MEASURE_WARM_PART 8

struct measure {
    int64_t begin_ns; /* of what is counted */
    int64_t end_ns;
    uint64_t units;
    uint64_t calls; /* all */
    uint64_t counted;
    uint32_t buckets[MEASURE_BUCKETS];
};

/* Monotonic. */
int64_t measure_now_ns(void);
/* Counts from a little later on, for `seconds` in all. */
void measure_begin(struct measure *measure, double seconds);
/* A call that took from `start_ns` to `now_ns` and did `units`. By one thread at a time. */
void measure_add(struct measure *measure, int64_t start_ns, int64_t now_ns, uint64_t units);
/* Adds what another thread measured in the same time. */
void measure_merge(struct measure *measure, const struct measure *other);
void measure_print(const struct measure *measure);

#ifdef __cplusplus
}
#endif
#endif /* TESTS_BENCH_MEASURE_H */
