/* SPDX-License-Identifier: Apache-2.0 */
/* recur_fuzz.c - any text as a rule, and any bytes as a file of the zone database: its times rise,
 * and looking for them ends. The first byte: whether the rest is a rule. */
#include <stdlib.h>

#include "core/value/recur.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TIMES 4
#define BEGUN_US INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void try_rule(struct tn_str rule, const struct zone *zone)
{
    bool is_rule = recur_check(rule, NULL) == TN_OK;
    tn_time at_us = BEGUN_US - 1000000;

    for (int i = 0; i < TIMES; i++) {
        tn_time before_us = at_us;
        tn_status st = recur_next(rule, zone, BEGUN_US, at_us, &at_us, NULL);

        require(is_rule ? st == TN_OK || st == TN_NOT_FOUND : st == TN_INVALID_ARGUMENT);
        if (st != TN_OK)
            return;
        require(at_us > before_us && at_us >= BEGUN_US);
    }
}

static void try_zone(struct tn_bytes file)
{
    struct zone *zone = NULL;

    if (zone_parse(file, &zone) != TN_OK)
        return;
    for (int64_t at_s = 0; at_s < INT64_C(10000000000); at_s += 123456789) {
        struct zone_span span = zone_at(zone, at_s);

        require(span.from_s <= at_s && at_s < span.until_s);
    }
    zone_destroy(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = "Europe/Paris";
    CLEANUP(zone_destroy_p) struct zone *zone = NULL;

    if (size == 0)
        return 0;
    if (data[0] != 'r') {
        try_zone((struct tn_bytes){data + 1, size - 1});
        return 0;
    }
    require(zone_load((struct tn_str){name, sizeof(name) - 1}, &zone) == TN_OK);
    try_rule((struct tn_str){(const char *)data + 1, size - 1}, zone);
    return 0;
}
