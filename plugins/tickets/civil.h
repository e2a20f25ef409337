/* SPDX-License-Identifier: Apache-2.0 */
/* civil.h - days since 1970-01-01 and dates of the Gregorian calendar, for any year. */
#ifndef PLUGINS_TICKETS_CIVIL_H
#define PLUGINS_TICKETS_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_S 86400

struct civil {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* Of whole numbers, towards minus infinity. */
int64_t civil_floor_div(int64_t a, int64_t b);

/* A day that the month does not have counts into the next one. */
int64_t civil_to_days(int64_t year, int month, int day);
struct civil civil_of_days(int64_t days);
/* 0 is Monday. */
int civil_weekday(int64_t days);
int civil_month_length(int64_t year, int month);
bool civil_is_leap(int64_t year);

#endif /* PLUGINS_TICKETS_CIVIL_H */
