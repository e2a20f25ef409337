/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - time zones of the tz database: which offset from UTC holds when.
 *
 * Files are TZif (RFC 8536) of version 2 or newer. glibc's own functions know one zone for the
 * whole process, and libical computes others than the database says for some of its zones; both
 * keep state that threads share. A zone here never changes once it is made, so that any number of
 * threads may ask it.
 */
#ifndef CORE_VALUE_ZONE_H
#define CORE_VALUE_ZONE_H

#include "core/base/mem.h"

#include <tenon/base.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_NAME_MAX 63

struct zone;

/* Seconds since 1970-01-01 UTC: the offset holds from `from_s` to before `until_s`, which are
 * INT64_MIN and INT64_MAX where it always did and always will. */
struct zone_span {
    int64_t from_s;
    int64_t until_s;
    int32_t offset_s; /* local time less UTC */
};

/*
 * The zone of such a file. TN_INVALID_ARGUMENT: the bytes are none; TN_RESOURCE_EXHAUSTED. The
 * caller owns it. [any]
 */
tn_status zone_parse(struct tn_bytes file, struct zone **ret_zone);
/*
 * As "Europe/Paris". TN_NOT_FOUND: there is no such zone; TN_UNAVAILABLE: its file cannot be
 * read; TN_INVALID_ARGUMENT: the file is none; TN_RESOURCE_EXHAUSTED. [any] blocks
 */
tn_status zone_load(struct tn_str name, struct zone **ret_zone);
/* Accepts NULL. [any] */
void zone_destroy(struct zone *zone);
DEFINE_CLEANUP(struct zone, zone_destroy)

/* `utc_s` within the years 2 to 9998. [any] */
struct zone_span zone_at(const struct zone *zone, int64_t utc_s);

#endif /* CORE_VALUE_ZONE_H */
