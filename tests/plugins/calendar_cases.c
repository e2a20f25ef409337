/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_cases.c - answers cases of business time, one a line, for calendar_compare.py, which
 * computes them by itself.
 *
 *     offsets ZONE INSTANT_S...   the offsets from UTC then
 *     sla ZONE|HOURS|HOLIDAYS|TARGET_US|CREATED_US FROM-UNTIL...
 *         when a target is reached that stands still in the given intervals, and the business time
 *         until the end of each interval
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/tickets/sla_clock.h"
#include "tests/plugins/zone_clock.h"

#define LINE_SIZE (1 << 20)

static struct zone *zone_of(const char *name)
{
    struct zone *zone = NULL;
    struct tn_str text = {name, strlen(name)};

    if (zone_load(text, &zone) != TN_OK) {
        (void)fprintf(stderr, "no zone %s\n", name);
        exit(1);
    }
    return zone;
}

static void answer_offsets(char *line)
{
    char *rest = NULL;
    struct zone *zone = zone_of(strtok_r(line, " ", &rest));

    for (char *word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        struct zone_span span = zone_at(zone, strtoll(word, NULL, 10));

        printf("%" PRId32 " ", span.offset_s);
    }
    printf("\n");
    zone_destroy(zone);
}

static char *next_part(char **rest, const char *ends)
{
    char *part = strsep(rest, ends);

    if (!part)
        exit(1);
    return part;
}

static void answer_sla(char *line)
{
    static struct calendar calendar;
    char *rest = line;
    struct sla_clock clock = {0};
    tn_time reached = CALENDAR_NEVER;
    bool is_reached = false; /* before a pause: the target is reached once */

    struct zone *zone = zone_of(next_part(&rest, "|"));
    calendar = (struct calendar){.clock = zone_clock(zone)};
    char *hours = next_part(&rest, "|");
    char *holidays = next_part(&rest, "|");
    tn_time target = strtoll(next_part(&rest, "|"), NULL, 10);
    if (calendar_set_hours(&calendar, (struct tn_str){hours, strlen(hours)}) != CALENDAR_OK ||
        calendar_set_holidays(&calendar, (struct tn_str){holidays, strlen(holidays)}) !=
            CALENDAR_OK)
        exit(1);
    sla_clock_run(&clock, strtoll(next_part(&rest, " "), NULL, 10));
    while (rest && *rest) {
        tn_time pause = strtoll(next_part(&rest, ":"), NULL, 10);

        if (!is_reached)
            reached = sla_clock_due(&clock, &calendar, target);
        is_reached = is_reached || reached <= pause;
        sla_clock_stop(&clock, &calendar, pause);
        sla_clock_run(&clock, strtoll(next_part(&rest, " "), NULL, 10));
        printf("%" PRId64 " ", clock.used);
    }
    if (!is_reached)
        reached = sla_clock_due(&clock, &calendar, target);
    printf("%" PRId64 "\n", reached);
    zone_destroy(zone);
}

int main(void)
{
    char *line = malloc(LINE_SIZE);

    while (line && fgets(line, LINE_SIZE, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "offsets ", 8) == 0)
            answer_offsets(line + 8);
        else if (strncmp(line, "sla ", 4) == 0)
            answer_sla(line + 4);
        else
            return 1;
    }
    free(line);
    return 0;
}
