/* SPDX-License-Identifier: Apache-2.0 */
/* zone_rule.h - rules of time zones for years to come, as POSIX writes them:
 * "CET-1CEST,M3.5.0,M10.5.0/3". */
#ifndef CORE_VALUE_ZONE_RULE_H
#define CORE_VALUE_ZONE_RULE_H

#include <stdbool.h>

#include "core/value/zone.h"

enum zone_day {
    ZONE_JULIAN,   /* Jn: 1 to 365, never February 29th */
    ZONE_ORDINAL,  /* n: 0 to 365 */
    ZONE_MONTH_DAY /* Mm.w.d */
};

/* When clocks change, in the local time before the change. */
struct zone_turn {
    enum zone_day kind;
    int day; /* of the first two kinds */
    int month;
    int week;    /* 5: the last one */
    int weekday; /* 0 is Sunday */
    int32_t time_s;
};

struct zone_rule {
    int32_t standard_s; /* offsets */
    int32_t summer_s;
    bool has_summer;
    struct zone_turn begin; /* of summer time */
    struct zone_turn end;
};

/* False: it is no such rule. Hours up to 167 of either sign, as version 3 of the files has them. */
bool zone_rule_parse(struct tn_str text, struct zone_rule *ret_rule);
struct zone_span zone_rule_at(const struct zone_rule *rule, int64_t utc_s);

#endif /* CORE_VALUE_ZONE_RULE_H */
