/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - see clock.h. */
#include "core/base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts); /* cannot fail for these clocks */
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

tn_time clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_coarse_us(void)
{
    return read_us(CLOCK_MONOTONIC_COARSE);
}
