/* SPDX-License-Identifier: Apache-2.0 */
/* csv_write.c - writing cells. */
#include "sdk/cli/csv_write.h"

#include <csv.h>
#include <string.h>

#include "core/base/err.h"

/* Spaces at the ends survive our reader without quotes, but not everyone's. */
static bool needs_quotes(struct tn_str cell)
{
    for (size_t i = 0; i < cell.len; i++)
        if (memchr(",;\t\"\r\n", cell.data[i], 6))
            return true;
    return cell.len > 0 && (cell.data[0] == ' ' || cell.data[cell.len - 1] == ' ');
}

tn_status csv_write_cell(struct buf *line, struct tn_str cell, bool is_behind)
{
    TRY(buf_reserve(line, 2 * cell.len + 3));
    if (is_behind)
        TRY(buf_add_u8(line, ','));
    if (!needs_quotes(cell))
        return cell.len > 0 ? buf_add(line, cell.data, cell.len) : TN_OK;
    line->len += csv_write(line->data + line->len, line->cap - line->len, cell.data, cell.len);
    return TN_OK;
}

tn_status csv_write_end(struct buf *line, size_t cell_count, FILE *out)
{
    /* A line without anything is no row; one empty cell is. */
    if (cell_count == 1 && line->len == 0)
        TRY(buf_add(line, "\"\"", 2));
    TRY(buf_add(line, "\r\n", 2));
    (void)fwrite(line->data, 1, line->len, out);
    return TN_OK;
}
