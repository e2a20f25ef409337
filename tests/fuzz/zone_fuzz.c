/* SPDX-License-Identifier: Apache-2.0 */
/* zone_fuzz.c - any bytes as a file of a time zone: spans that follow one another, or a refusal. */
#include <stdbool.h>
#include <stdlib.h>

#include "core/value/zone.h"

#define YEAR_S (366ll * 86400)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone = NULL;
    tn_status status = zone_parse((struct tn_bytes){data, size}, &zone);

    require(status == TN_INVALID_ARGUMENT || status == TN_OK);
    if (status != TN_OK)
        return 0;
    for (int64_t utc_s = -1960 * YEAR_S; utc_s < 7990 * YEAR_S; utc_s += 77 * YEAR_S / 10) {
        struct zone_span span = zone_at(zone, utc_s);

        require(span.from_s <= utc_s && utc_s < span.until_s);
        require(span.offset_s > -27 * 3600 && span.offset_s < 27 * 3600);
    }
    zone_destroy(zone);
    return 0;
}
