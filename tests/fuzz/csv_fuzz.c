/* SPDX-License-Identifier: Apache-2.0 */
/* csv_fuzz.c - any bytes as a CSV file: rows of good UTF-8 with rising lines, or a fault. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "sdk/cli/import/csv_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_row(const struct csv_row *row, uint64_t line_before)
{
    require(row->line > line_before || line_before == 0);
    require(row->cell_count <= CSV_CELL_MAX);
    for (uint32_t i = 0; i < row->cell_count; i++) {
        struct tn_str cell = row->cells[i];

        require(cell.data[cell.len] == '\0');
        require(row->fault || cell.len == 0 || utf8_is_valid(cell.data, cell.len, NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(csv_file_close_p) struct csv_file *file = NULL;
    struct csv_options options = {CSV_ENCODING_DETECT, '\0'};
    struct csv_row row;
    char path[64];
    int fd = memfd_create("csv", MFD_CLOEXEC);
    uint64_t line = 0;
    bool more = true;
    struct err err;

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    err_init(&err, "en");
    tn_status status = csv_file_open(path, &options, &file, &err);
    (void)close(fd);
    while (status == TN_OK && more) {
        status = csv_file_next(file, &row, &more, &err);
        if (status == TN_OK && more) {
            check_row(&row, line);
            line = row.line;
        }
    }
    require(status == err.status);
    require(status == TN_OK || status == TN_INVALID_ARGUMENT || status == TN_OUT_OF_RANGE);
    return 0;
}
