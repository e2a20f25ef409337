/* SPDX-License-Identifier: Apache-2.0 */
/* recur_rule.h - a rule of RFC 5545 as recur.c goes through it, read from its text and checked. */
#ifndef CORE_VALUE_RECUR_RULE_H
#define CORE_VALUE_RECUR_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

/* Values of one part; more are no rule. */
#define RECUR_VALUES_MAX 64

enum recur_frequency {
    RECUR_NONE, /* not said yet */
    RECUR_MINUTELY,
    RECUR_HOURLY,
    RECUR_DAILY,
    RECUR_WEEKLY,
    RECUR_MONTHLY,
    RECUR_YEARLY
};

enum recur_until { RECUR_FOR_EVER, RECUR_UNTIL_LOCAL, RECUR_UNTIL_UTC };

/* Signed ones count from the end. */
struct recur_values {
    int count;
    int16_t items[RECUR_VALUES_MAX];
};

/* "MO" is any Monday, position 0; "-1MO" the last one of the month or year. */
struct recur_days {
    int count;
    struct {
        int8_t weekday; /* 0 is Monday */
        int16_t position;
    } items[RECUR_VALUES_MAX];
};

struct recur_rule {
    enum recur_frequency frequency;
    int interval;
    int count; /* 0: for ever */
    enum recur_until until;
    int64_t until_s;
    int week_start; /* 0 is Monday */
    /* Bit n for the value n; 0: the part is not there. */
    uint64_t months;
    uint64_t hours;
    uint64_t minutes;
    uint64_t seconds;
    struct recur_values month_days;
    struct recur_values year_days;
    struct recur_values positions; /* BYSETPOS */
    struct recur_days days;
};

/* Statuses as recur_check(). [any] */
tn_status recur_rule_read(struct tn_str text, struct recur_rule *ret_rule, struct err *err);

#endif /* CORE_VALUE_RECUR_RULE_H */
