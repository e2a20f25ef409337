/* SPDX-License-Identifier: Apache-2.0 */
/* date_format.c - reading dates by a pattern. */
#include "sdk/cli/import/date_format.h"

#include <stdio.h>
#include <string.h>

#include "core/base/err.h"
#include "core/value/date.h"

enum part { PART_YEAR, PART_MONTH, PART_DAY, PART_HOUR, PART_MINUTE, PART_SECOND, PART_COUNT };

struct token {
    const char *name;
    enum part part;
    int digits_min;
    int digits_max;
};

/* Longer names first: "MM" is not two of "M". */
static const struct token tokens[] = {
    {"YYYY", PART_YEAR, 4, 4},
    {"YY", PART_YEAR, 2, 2},
    {"MM", PART_MONTH, 2, 2},
    {"DD", PART_DAY, 2, 2},
    {"HH", PART_HOUR, 2, 2},
    {"mm", PART_MINUTE, 2, 2},
    {"ss", PART_SECOND, 2, 2},
    {"M", PART_MONTH, 1, 2},
    {"D", PART_DAY, 1, 2},
};

static const struct token *token_at(struct tn_str pattern, size_t at)
{
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        size_t len = strlen(tokens[i].name);

        if (pattern.len - at >= len && memcmp(pattern.data + at, tokens[i].name, len) == 0)
            return &tokens[i];
    }
    return NULL;
}

bool date_format_is_valid(struct tn_str pattern)
{
    int seen[PART_COUNT] = {0};

    for (size_t at = 0; at < pattern.len;) {
        const struct token *token = token_at(pattern, at);

        if (token)
            seen[token->part]++;
        at += token ? strlen(token->name) : 1;
    }
    for (int part = 0; part < PART_COUNT; part++)
        if (seen[part] > 1)
            return false;
    return seen[PART_YEAR] && seen[PART_MONTH] && seen[PART_DAY];
}

/* Reads the token's digits and moves `*at` behind them. */
static tn_status read_part(const struct token *token, struct tn_str text, size_t *at,
                           int *ret_value)
{
    int value = 0;
    int digits = 0;

    while (digits < token->digits_max && *at < text.len && text.data[*at] >= '0' &&
           text.data[*at] <= '9') {
        value = value * 10 + (text.data[(*at)++] - '0');
        digits++;
    }
    if (digits < token->digits_min)
        return TN_INVALID_ARGUMENT;
    if (token->part == PART_YEAR && token->digits_max == 2)
        value += value < 69 ? 2000 : 1900;
    *ret_value = value;
    return TN_OK;
}

tn_status date_format_apply(struct tn_str pattern, struct tn_str text,
                            char ret_text[DATE_FORMAT_TEXT_SIZE])
{
    int parts[PART_COUNT] = {0};
    bool has_time = false;
    int32_t days = 0;
    size_t at = 0;

    for (size_t i = 0; i < pattern.len;) {
        const struct token *token = token_at(pattern, i);

        if (token) {
            TRY(read_part(token, text, &at, &parts[token->part]));
            has_time = has_time || token->part >= PART_HOUR;
        } else if (at >= text.len || text.data[at++] != pattern.data[i]) {
            return TN_INVALID_ARGUMENT;
        }
        i += token ? strlen(token->name) : 1;
    }
    if (at != text.len)
        return TN_INVALID_ARGUMENT;
    TRY(date_from_civil(parts[PART_YEAR], parts[PART_MONTH], parts[PART_DAY], &days));
    if (parts[PART_HOUR] > 23 || parts[PART_MINUTE] > 59 || parts[PART_SECOND] > 59)
        return TN_OUT_OF_RANGE;
    (void)snprintf(ret_text,
                   DATE_FORMAT_TEXT_SIZE,
                   "%04d-%02d-%02d",
                   parts[PART_YEAR] % 10000,
                   parts[PART_MONTH] % 100,
                   parts[PART_DAY] % 100);
    if (has_time)
        (void)snprintf(ret_text + 10,
                       DATE_FORMAT_TEXT_SIZE - 10,
                       "T%02d:%02d:%02dZ",
                       parts[PART_HOUR] % 100,
                       parts[PART_MINUTE] % 100,
                       parts[PART_SECOND] % 100);
    return TN_OK;
}
