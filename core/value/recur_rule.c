/* SPDX-License-Identifier: Apache-2.0 */
/* recur_rule.c - reading and checking rules of RFC 5545. */
#include "core/value/recur_rule.h"

#include <string.h>

#include "core/value/date.h"
#include "core/value/recur.h"

#define DAY_S 86400
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters of either case mean the same. */
static bool is_word(struct tn_str text, const char *word)
{
    size_t len = strlen(word);

    if (text.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((text.data[i] & ~0x20) != word[i])
            return false;
    return true;
}

/* Splits at `sign`, which is gone; false: nothing is left. What is split is in *ret_piece. */
static bool take_piece(struct tn_str *rest, char sign, struct tn_str *ret_piece)
{
    if (!rest->data)
        return false;
    const char *end = memchr(rest->data, sign, rest->len);
    size_t len = end ? (size_t)(end - rest->data) : rest->len;

    *ret_piece = (struct tn_str){rest->data, len};
    *rest = end ? (struct tn_str){end + 1, rest->len - len - 1} : (struct tn_str){0};
    return true;
}

/* One to four digits. */
static bool read_number(struct tn_str text, int min, int max, int *ret_number)
{
    int number = 0;

    if (text.len == 0 || text.len > 4)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
        number = number * 10 + (text.data[i] - '0');
    }
    *ret_number = number;
    return number >= min && number <= max;
}

/* With a sign or without; never 0. */
static bool read_signed(struct tn_str text, int max, int *ret_number)
{
    bool is_negative = text.len > 0 && text.data[0] == '-';

    if (is_negative || (text.len > 0 && text.data[0] == '+'))
        text = (struct tn_str){text.data + 1, text.len - 1};
    if (!read_number(text, 1, max, ret_number))
        return false;
    if (is_negative)
        *ret_number = -*ret_number;
    return true;
}

static bool read_bits(struct tn_str list, int min, int max, uint64_t *ret_bits)
{
    struct tn_str piece;
    int number;

    while (take_piece(&list, ',', &piece)) {
        if (!read_number(piece, min, max, &number))
            return false;
        *ret_bits |= UINT64_C(1) << number;
    }
    return true;
}

static bool read_values(struct tn_str list, int max, struct recur_values *values)
{
    struct tn_str piece;
    int number;

    while (take_piece(&list, ',', &piece)) {
        if (values->count == RECUR_VALUES_MAX || !read_signed(piece, max, &number))
            return false;
        values->items[values->count++] = (int16_t)number;
    }
    return true;
}

static bool read_weekday(struct tn_str text, int *ret_weekday)
{
    static const char *const names[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (is_word(text, names[i])) {
            *ret_weekday = (int)i;
            return true;
        }
    return false;
}

static bool read_days(struct tn_str list, struct recur_days *days)
{
    struct tn_str piece;

    while (take_piece(&list, ',', &piece)) {
        int position = 0;
        int weekday;

        if (days->count == RECUR_VALUES_MAX || piece.len < 2)
            return false;
        if (piece.len > 2 &&
            !read_signed((struct tn_str){piece.data, piece.len - 2}, 53, &position))
            return false;
        if (!read_weekday((struct tn_str){piece.data + piece.len - 2, 2}, &weekday))
            return false;
        days->items[days->count].weekday = (int8_t)weekday;
        days->items[days->count++].position = (int16_t)position;
    }
    return true;
}

static bool read_at(struct tn_str text, size_t at, size_t len, int max, int *ret_number)
{
    return read_number((struct tn_str){text.data + at, len}, 0, max, ret_number);
}

/* "20270131", "20270131T235959", "20270131T235959Z" */
static bool read_until(struct tn_str text, struct recur_rule *rule)
{
    int year;
    int month;
    int day;
    int hour = 23;
    int minute = 59;
    int second = 59;
    int32_t days;

    if (text.len != 8 && text.len != 15 && text.len != 16)
        return false;
    if (!read_at(text, 0, 4, 9999, &year) || !read_at(text, 4, 2, 12, &month) ||
        !read_at(text, 6, 2, 31, &day) || date_from_civil(year, month, day, &days) != TN_OK)
        return false;
    if (text.len > 8 && ((text.data[8] & ~0x20) != 'T' || !read_at(text, 9, 2, 23, &hour) ||
                         !read_at(text, 11, 2, 59, &minute) || !read_at(text, 13, 2, 60, &second)))
        return false;
    if (text.len == 16 && (text.data[15] & ~0x20) != 'Z')
        return false;
    rule->until = text.len == 16 ? RECUR_UNTIL_UTC : RECUR_UNTIL_LOCAL;
    rule->until_s = (int64_t)days * DAY_S + hour * 3600 + minute * 60 + second;
    return true;
}

static bool read_frequency(struct tn_str text, struct recur_rule *rule)
{
    static const struct {
        const char *name;
        enum recur_frequency frequency;
    } names[] = {
        {"MINUTELY", RECUR_MINUTELY},
        {"HOURLY", RECUR_HOURLY},
        {"DAILY", RECUR_DAILY},
        {"WEEKLY", RECUR_WEEKLY},
        {"MONTHLY", RECUR_MONTHLY},
        {"YEARLY", RECUR_YEARLY},
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (is_word(text, names[i].name)) {
            rule->frequency = names[i].frequency;
            return true;
        }
    return false;
}

enum part {
    FREQ,
    INTERVAL,
    COUNT,
    UNTIL,
    WKST,
    BYSECOND,
    BYMINUTE,
    BYHOUR,
    BYDAY,
    BYMONTHDAY,
    BYYEARDAY,
    BYMONTH,
    BYSETPOS,
    PART_COUNT
};

static const char *const part_names[PART_COUNT] = {
    [FREQ] = "FREQ",
    [INTERVAL] = "INTERVAL",
    [COUNT] = "COUNT",
    [UNTIL] = "UNTIL",
    [WKST] = "WKST",
    [BYSECOND] = "BYSECOND",
    [BYMINUTE] = "BYMINUTE",
    [BYHOUR] = "BYHOUR",
    [BYDAY] = "BYDAY",
    [BYMONTHDAY] = "BYMONTHDAY",
    [BYYEARDAY] = "BYYEARDAY",
    [BYMONTH] = "BYMONTH",
    [BYSETPOS] = "BYSETPOS",
};

static bool read_value(enum part part, struct tn_str value, struct recur_rule *rule)
{
    switch (part) {
    case FREQ:
        return read_frequency(value, rule);
    case INTERVAL:
        return read_number(value, 1, RECUR_NUMBER_MAX, &rule->interval);
    case COUNT:
        return read_number(value, 1, RECUR_NUMBER_MAX, &rule->count);
    case UNTIL:
        return read_until(value, rule);
    case WKST:
        return read_weekday(value, &rule->week_start);
    case BYSECOND:
        return read_bits(value, 0, 59, &rule->seconds);
    case BYMINUTE:
        return read_bits(value, 0, 59, &rule->minutes);
    case BYHOUR:
        return read_bits(value, 0, 23, &rule->hours);
    case BYDAY:
        return read_days(value, &rule->days);
    case BYMONTHDAY:
        return read_values(value, 31, &rule->month_days);
    case BYYEARDAY:
        return read_values(value, 366, &rule->year_days);
    case BYMONTH:
        return read_bits(value, 1, 12, &rule->months);
    case BYSETPOS:
        return read_values(value, 366, &rule->positions);
    default:
        return false;
    }
}

/* NAME=VALUE;NAME=VALUE, each once. */
static bool read_parts(struct tn_str text, struct recur_rule *rule)
{
    bool is_read[PART_COUNT] = {false};
    struct tn_str piece;
    struct tn_str name;

    while (take_piece(&text, ';', &piece)) {
        int part = 0;

        if (!take_piece(&piece, '=', &name) || !piece.data)
            return false;
        while (part < PART_COUNT && !is_word(name, part_names[part]))
            part++;
        if (part == PART_COUNT || is_read[part] || !read_value((enum part)part, piece, rule))
            return false;
        is_read[part] = true;
    }
    return rule->frequency != RECUR_NONE && !(is_read[COUNT] && is_read[UNTIL]);
}

/* Whether some of the days are counted. */
static bool has_positions(const struct recur_days *days)
{
    for (int i = 0; i < days->count; i++)
        if (days->items[i].position != 0)
            return true;
    return false;
}

static bool has_others(const struct recur_rule *rule)
{
    return rule->months || rule->hours || rule->minutes || rule->seconds ||
           rule->month_days.count || rule->year_days.count || rule->days.count;
}

/* What the RFC says of which parts go with which frequency. */
static bool fits_together(const struct recur_rule *rule)
{
    if (has_positions(&rule->days) && rule->frequency < RECUR_MONTHLY)
        return false;
    if (rule->month_days.count && rule->frequency == RECUR_WEEKLY)
        return false;
    if (rule->year_days.count && rule->frequency >= RECUR_DAILY && rule->frequency < RECUR_YEARLY)
        return false;
    return !rule->positions.count || has_others(rule);
}

static tn_status check_quick(struct tn_str text, const struct recur_rule *rule, struct err *err)
{
    if (rule->seconds || rule->month_days.count || rule->year_days.count || rule->positions.count)
        return err_set(
            err,
            TN_INVALID_ARGUMENT,
            "The rule \"%.*s\" comes hourly or more often: of the parts BY.. it may have "
            "BYMONTH, BYDAY, BYHOUR and BYMINUTE.",
            (int)text.len,
            text.data);
    if (rule->count && has_others(rule))
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "The rule \"%.*s\" comes hourly or more often: it may have COUNT or parts "
                       "BY.., not both.",
                       (int)text.len,
                       text.data);
    return TN_OK;
}

/* So that a refusal can repeat it. */
static bool is_plain(struct tn_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < ' ' || text.data[i] > '~')
            return false;
    return true;
}

tn_status recur_rule_read(struct tn_str text, struct recur_rule *ret_rule, struct err *err)
{
    struct recur_rule rule = {.interval = 1};

    if (text.len == 0 || text.len > RECUR_LEN_MAX)
        return err_set(err, TN_INVALID_ARGUMENT, "A rule has 1 to %u bytes.", RECUR_LEN_MAX);
    if (!is_plain(text))
        return err_set(err, TN_INVALID_ARGUMENT, "A rule is written in printable ASCII alone.");
    if (!read_parts(text, &rule) || !fits_together(&rule))
        return err_set(
            err,
            TN_INVALID_ARGUMENT,
            "\"%.*s\" is no rule of RFC 5545 that comes once a minute or more rarely, as "
            "\"FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10\" is.",
            (int)text.len,
            text.data);
    if (rule.seconds & (rule.seconds - 1))
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "The rule \"%.*s\" comes more often than once a minute.",
                       (int)text.len,
                       text.data);
    if (rule.frequency < RECUR_DAILY)
        TRY(check_quick(text, &rule, err));
    *ret_rule = rule;
    return TN_OK;
}
