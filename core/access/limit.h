/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.h - a token bucket: so many calls a second, and so many at once after a pause.
 *
 * It keeps one number, the time at which the bucket will be full again (the "generic cell rate
 * algorithm"), so that taking is one atomic exchange and threads never wait for each other.
 */
#ifndef CORE_ACCESS_LIMIT_H
#define CORE_ACCESS_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

/* What an operator sets. */
struct limit_rate {
    uint32_t per_second; /* 0: without limit */
    uint32_t burst;      /* 0: as many as per_second */
};

/* Zero is a full bucket. Members are private. */
struct limit {
    _Atomic int64_t full_ns; /* on the clock of clock_mono_us(); relaxed: it guards nothing else */
};

/* Takes one. False: there is none, and nothing was taken; `*ret_retry_us` is when there will be one
 * if nobody else takes it, in microseconds from `now_us` (clock_mono_us), at least 1. [any] */
bool limit_take(struct limit *limit, const struct limit_rate *rate, int64_t now_us,
                int64_t *ret_retry_us);

/* Gives back what was just taken. [any] */
void limit_return(struct limit *limit, const struct limit_rate *rate);

#endif /* CORE_ACCESS_LIMIT_H */
