/* SPDX-License-Identifier: Apache-2.0 */
/* mapped_row.h - one row of a file as a row of tenon.import.v1, or why it is none. */
#ifndef SDK_CLI_IMPORT_MAPPED_ROW_H
#define SDK_CLI_IMPORT_MAPPED_ROW_H

#include <stdint.h>

#include <tenon/base.h>
#include <tenon/import/v1/import.pb-c.h>

#include "core/base/arena.h"
#include "sdk/cli/import/csv_file.h"
#include "sdk/cli/import/mapping.h"

/* More refusals of one row are not told. */
#define MAPPED_ROW_REFUSAL_MAX 8

/* One cell that cannot be used. Lent by the row or the arena. */
struct row_refusal {
    struct tn_str column; /* empty: the row as a whole */
    struct tn_str value;
    const char *rule; /* "date", "number", "lookup", "required", "columns", "quotes", "utf8" ... */
    const char *message;
};

struct mapped_row {
    Tenon__Import__V1__Row *row; /* NULL: refused */
    struct row_refusal refusals[MAPPED_ROW_REFUSAL_MAX];
    uint32_t refusal_count;
};

/*
 * Runs a row through a bound mapping; messages are in `language`. What is refused is a result, not
 * a failure. TN_RESOURCE_EXHAUSTED: memory, or the arena's budget. [any]
 */
tn_status mapped_row_make(const struct mapping *mapping, const struct csv_row *row,
                          const char *language, struct arena *arena, struct mapped_row *ret_row);

#endif /* SDK_CLI_IMPORT_MAPPED_ROW_H */
