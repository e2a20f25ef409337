/* SPDX-License-Identifier: Apache-2.0 */
/* csv_write.h - rows of CSV as RFC 4180 has them, quotes only where they are needed. */
#ifndef SDK_CLI_CSV_WRITE_H
#define SDK_CLI_CSV_WRITE_H

#include <stdbool.h>
#include <stdio.h>

#include <tenon/base.h>

#include "core/base/buf.h"

/* Appends a cell, behind a comma unless it is the first. TN_RESOURCE_EXHAUSTED. [any] */
tn_status csv_write_cell(struct buf *line, struct tn_str cell, bool is_behind);

/* Ends the line of `cell_count` cells and writes it. Write errors stay with `out`. */
tn_status csv_write_end(struct buf *line, size_t cell_count, FILE *out);

#endif /* SDK_CLI_CSV_WRITE_H */
