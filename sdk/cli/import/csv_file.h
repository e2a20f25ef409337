/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_file.h - rows of a CSV file (RFC 4180), as UTF-8, with the line each begins on.
 *
 * The encoding is found by looking at the whole file: UTF-8 with or without a byte order mark, else
 * Windows-1252 (of which Latin-1 is the printable part). The delimiter is the one of comma,
 * semicolon and tab that the first line has most of. Spaces belong to their cell.
 */
#ifndef SDK_CLI_IMPORT_CSV_FILE_H
#define SDK_CLI_IMPORT_CSV_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/err.h"
#include "core/base/mem.h"

/* A row of more bytes ends the reading: most likely a quote is not closed. */
#define CSV_ROW_SIZE_MAX (1u << 20)
/* More cells in a row are refused. */
#define CSV_CELL_MAX 1000

enum csv_encoding { CSV_ENCODING_DETECT, CSV_ENCODING_UTF8, CSV_ENCODING_WINDOWS_1252 };

struct csv_options {
    enum csv_encoding encoding;
    char delimiter; /* NUL: detect */
};

/* Lent until the next row is read. */
struct csv_row {
    uint64_t line;              /* of the file, from 1: where the row begins */
    const struct tn_str *cells; /* UTF-8; each followed by NUL */
    uint32_t cell_count;
    /* Why the row cannot be used, or NULL: "quotes", "utf8", "nul", "cells". Cells that were read
     * are there for the report. */
    const char *fault;
};

struct csv_file;

/*
 * Opens a file ("-": standard input, which is spooled to a temporary one). TN_NOT_FOUND: there is
 * none; TN_PERMISSION_DENIED; TN_INVALID_ARGUMENT: UTF-16; TN_DATA_LOSS: it cannot be read. blocks
 */
tn_status csv_file_open(const char *path, const struct csv_options *options,
                        struct csv_file **ret_file, struct err *err);
void csv_file_close(struct csv_file *file);
DEFINE_CLEANUP(struct csv_file, csv_file_close)

/*
 * The next row; blank lines are none. A row with a fault is a row. `*ret_more` is false at the end
 * of the file. TN_OUT_OF_RANGE: past CSV_ROW_SIZE_MAX; TN_DATA_LOSS: reading failed. blocks
 */
tn_status csv_file_next(struct csv_file *file, struct csv_row *ret_row, bool *ret_more,
                        struct err *err);

enum csv_encoding csv_file_encoding(const struct csv_file *file);
char csv_file_delimiter(const struct csv_file *file);
/* Bytes read of all bytes: for progress. */
uint64_t csv_file_position(const struct csv_file *file);
uint64_t csv_file_size(const struct csv_file *file);

#endif /* SDK_CLI_IMPORT_CSV_FILE_H */
