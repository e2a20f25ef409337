/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_fuzz.c - any bytes as weekly hours and holidays, either side of the first NUL: what is
 * taken is in order, and the time until a target is the target.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/tickets/calendar.h"

#define HOUR_US (3600ll * 1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_order(const struct calendar *calendar)
{
    for (int day = 0; day < 7; day++) {
        const struct calendar_window *windows = calendar->windows[day];
        int end = -1;

        require(calendar->window_counts[day] <= CALENDAR_WINDOW_MAX);
        for (int i = 0; i < calendar->window_counts[day]; i++) {
            require(windows[i].begin > end && windows[i].begin < windows[i].end);
            end = windows[i].end;
        }
        require(end <= 1440);
    }
    require(calendar->holiday_count <= CALENDAR_HOLIDAY_MAX);
    for (uint32_t i = 1; i < calendar->holiday_count; i++)
        require(calendar->holidays[i - 1] < calendar->holidays[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const tn_time from = 1774742400ll * 1000000; /* 29 March 2026 */
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    size_t len = nul ? (size_t)(nul - data) : size;
    struct calendar calendar = {0};

    if (calendar_set_hours(&calendar, (struct tn_str){(const char *)data, len}) != CALENDAR_OK)
        return 0;
    if (nul)
        (void)calendar_set_holidays(&calendar,
                                    (struct tn_str){(const char *)nul + 1, size - len - 1});
    check_order(&calendar);
    tn_time due = calendar_after(&calendar, from, 7 * HOUR_US);
    require(due == CALENDAR_NEVER || calendar_elapsed(&calendar, from, due) == 7 * HOUR_US);
    return 0;
}
