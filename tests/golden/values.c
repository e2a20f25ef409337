/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - values that are no values: as people write them, and as plugins hand them over. */
#include "core/value/value.h"

#include <string.h>

#include "core/base/utf8.h"
#include "tests/golden/areas.h"
#include "tests/unit/check.h"

static const struct written {
    const char *title;
    uint32_t kind;
    const char *text;
} written[] = {
    {"a number with words", TN_NUMBER, "12 apples"},
    {"a number of too many digits", TN_NUMBER, "1234567890123456789012345"},
    {"a date the American way", TN_DATE, "05/31/2024"},
    {"a day that there is not", TN_DATE, "2024-02-30"},
    {"a time without its date", TN_DATETIME, "09:30"},
    {"neither yes nor no", TN_BOOL, "perhaps"},
    {"a record's id of letters", TN_REF, "ada"},
    {"a duration without its unit", TN_DURATION, "90"},
    {"a blob as text", TN_BLOB, "cafe"},
};

static tn_status parse(void *ctx, struct err *err)
{
    const struct written *w = ctx;
    struct tn_value value;

    return value_parse(w->kind, utf8_str(w->text), "property", &value, err);
}

static const struct held {
    const char *title;
    struct tn_value value;
    const char *how;
} held[] = {
#define HELD(title, ...) {title, __VA_ARGS__, #__VA_ARGS__},
    HELD("a blob of four bytes", {TN_BLOB, 0, {.text = {"cafe", 4}}})                         /**/
    HELD("a text that is too long (here: 8 bytes)", {TN_TEXT, 0, {.text = {"123456789", 9}}}) /**/
    HELD("a text in Latin-1", {TN_TEXT, 0, {.text = {"caf\xe9", 4}}})                         /**/
    HELD("a number of too many digits", {TN_NUMBER, 127, {.integer = 7}})                     /**/
    HELD("a yes that is 2", {TN_BOOL, 0, {.integer = 2}})                                     /**/
    HELD("a date after the year 9999", {TN_DATE, 0, {.integer = 4000000}})                    /**/
    HELD("a reference to record 0", {TN_REF, 0, {.integer = 0}})                              /**/
    HELD("a duration without end", {TN_DURATION, 0, {.integer = INT64_MAX}})                  /**/
    HELD("a kind that is none", {99, 0, {.integer = 0}})                                      /**/
    HELD("a date with an exponent", {TN_DATE, 2, {.integer = 0}})                             /**/
};

static tn_status check(void *ctx, struct err *err)
{
    const struct held *h = ctx;
    struct tn_value value = h->value;

    return value_check(&value, 8, "property", err);
}

void area_values(struct golden *g)
{
    golden_area(g, "Values, as people write them");
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        struct written w = written[i];

        golden_run(g, w.title, w.text, parse, &w);
    }
    golden_area(g, "Values, as plugins hand them over: struct tn_value");
    for (size_t i = 0; i < COUNT_OF(held); i++) {
        struct held h = held[i];

        golden_run(g, h.title, h.how, check, &h);
    }
}
