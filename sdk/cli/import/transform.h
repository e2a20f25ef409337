/* SPDX-License-Identifier: Apache-2.0 */
/* transform.h - the steps that a mapping runs a cell's text through. */
#ifndef SDK_CLI_IMPORT_TRANSFORM_H
#define SDK_CLI_IMPORT_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/map.h"

/* Longer results are refused with the rule "too_long"; the host's texts end there too. */
#define TRANSFORM_TEXT_MAX 65536

enum transform_kind {
    TRANSFORM_TRIM,
    TRANSFORM_LOWER,
    TRANSFORM_UPPER,
    TRANSFORM_DATE,
    TRANSFORM_DECIMAL,
    TRANSFORM_SPLIT,
    TRANSFORM_REPLACE,
    TRANSFORM_LOOKUP
};

/* What a lookup does with what its table does not have. */
enum transform_otherwise {
    TRANSFORM_REFUSE,
    TRANSFORM_KEEP,
    TRANSFORM_DEFAULT /* take `with`; empty makes the value empty */
};

struct transform_step {
    enum transform_kind kind;
    struct tn_str
        text; /* date: the pattern; decimal: the mark; split: the separator; replace: what */
    struct tn_str
        with;     /* decimal: the marks between groups; replace: by what; lookup: the default */
    int32_t part; /* split: which, from 0; negative from the end */
    bool rest;    /* split: with all parts behind it */
    enum transform_otherwise otherwise;
    const struct map *table; /* lookup: text -> struct tn_str */
};

/* Why a step refused a text. `rule` is static, `message` for people. */
struct transform_refusal {
    const char *rule; /* "date", "number", "lookup", "too_long" */
    char message[ERR_TEXT_SIZE];
};

/*
 * Runs `count` steps over `text`; the result is lent by `arena` or by `text`. An empty text stays
 * empty and meets no step. TN_INVALID_ARGUMENT: a step refused, `refusal` says why, in `language`;
 * TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status transform_run(const struct transform_step *steps, uint32_t count, struct tn_str text,
                        const char *language, struct arena *arena, struct tn_str *ret_text,
                        struct transform_refusal *refusal);

#endif /* SDK_CLI_IMPORT_TRANSFORM_H */
