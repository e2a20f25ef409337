/* SPDX-License-Identifier: Apache-2.0 */
/* zone_clock.h - the clock of a zone for calendars without a host. */
#ifndef TESTS_PLUGINS_ZONE_CLOCK_H
#define TESTS_PLUGINS_ZONE_CLOCK_H

#include "core/value/zone.h"
#include "plugins/tickets/calendar.h"

/* Borrows the zone. */
struct calendar_clock zone_clock(struct zone *zone);

#endif /* TESTS_PLUGINS_ZONE_CLOCK_H */
