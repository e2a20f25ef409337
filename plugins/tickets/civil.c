/* SPDX-License-Identifier: Apache-2.0 */
/*
 * civil.c - dates by arithmetic: years that begin in March put the leap day at their end, and 400
 * of them always have the same number of days.
 */
#include "civil.h"

#define ERA_DAYS 146097   /* of 400 years */
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

int64_t civil_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

bool civil_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_month_length(int64_t year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && civil_is_leap(year) ? 29 : lengths[month - 1];
}

int64_t civil_to_days(int64_t year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = civil_floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           EPOCH_DAYS;
}

struct civil civil_of_days(int64_t days)
{
    int64_t z = days + EPOCH_DAYS;
    int64_t era = civil_floor_div(z, ERA_DAYS);
    int64_t day_of_era = z - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    struct civil civil = {year_of_era + era * 400,
                          (int)(month < 10 ? month + 3 : month - 9),
                          (int)(day_of_year - (153 * month + 2) / 5 + 1)};

    if (civil.month <= 2)
        civil.year++;
    return civil;
}

int civil_weekday(int64_t days)
{
    return (int)(days + 3 - 7 * civil_floor_div(days + 3, 7)); /* 1970-01-01 was a Thursday */
}
