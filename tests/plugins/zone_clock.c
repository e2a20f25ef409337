/* SPDX-License-Identifier: Apache-2.0 */
/* zone_clock.c - instants in microseconds to spans in seconds, and back. */
#include "tests/plugins/zone_clock.h"

#include "plugins/tickets/civil.h"

#define SECOND_US 1000000ll

static struct tn_zone_span span_at(const struct calendar_clock *clock, tn_time at)
{
    const struct zone_span span = zone_at(clock->of, civil_floor_div(at, SECOND_US));

    return (struct tn_zone_span){
        .from = INT64_MIN, /* calendars go forward */
        .until = span.until_s < INT64_MAX / SECOND_US ? span.until_s * SECOND_US : INT64_MAX,
        .offset_s = span.offset_s};
}

struct calendar_clock zone_clock(struct zone *zone)
{
    return (struct calendar_clock){.span_at = span_at, .of = zone};
}
