/* SPDX-License-Identifier: Apache-2.0 */
/* limit.c - a bucket as the time at which it will be full. */
#include "core/access/limit.h"

#define SECOND_NS ((int64_t)1000000000)

/* Rates are at most UINT32_MAX a second, so that what is rounded away matters to nobody. */
static int64_t interval_ns(const struct limit_rate *rate)
{
    int64_t interval = SECOND_NS / rate->per_second;

    return interval > 0 ? interval : 1;
}

bool limit_take(struct limit *limit, const struct limit_rate *rate, int64_t now_us,
                int64_t *ret_retry_us)
{
    if (rate->per_second == 0)
        return true;
    const int64_t now_ns = now_us * 1000;
    const int64_t interval = interval_ns(rate);
    const int64_t room = interval * (rate->burst ? rate->burst : rate->per_second);
    int64_t full = atomic_load_explicit(&limit->full_ns, memory_order_relaxed);

    for (;;) {
        int64_t then = (full > now_ns ? full : now_ns) + interval;

        if (then - now_ns > room) {
            *ret_retry_us = (then - now_ns - room + 999) / 1000;
            return false;
        }
        if (atomic_compare_exchange_weak_explicit(
                &limit->full_ns, &full, then, memory_order_relaxed, memory_order_relaxed))
            return true;
    }
}

void limit_return(struct limit *limit, const struct limit_rate *rate)
{
    if (rate->per_second > 0)
        (void)atomic_fetch_sub_explicit(&limit->full_ns, interval_ns(rate), memory_order_relaxed);
}
