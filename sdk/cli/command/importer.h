/* SPDX-License-Identifier: Apache-2.0 */
/* importer.h - an import that is under way: chunks of rows to a host, refusals to a file. */
#ifndef SDK_CLI_COMMAND_IMPORTER_H
#define SDK_CLI_COMMAND_IMPORTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "sdk/cli/command/host.h"
#include "sdk/cli/import/csv_file.h"
#include "sdk/cli/import/mapping.h"

/* Rows of one Append; the host takes 1000 at most. */
#define IMPORTER_CHUNK_ROWS 500
/* Memory of one chunk's rows; reaching it ends the import with RESOURCE_EXHAUSTED. */
#define IMPORTER_CHUNK_MEMORY (256u << 20)
/* A chunk ends behind the row that makes it this many bytes of the file. */
#define IMPORTER_CHUNK_SIZE (1u << 20)
/* Without a file for them, so many refusals are printed and the rest counted. */
#define IMPORTER_PRINTED_MAX 10

struct importer_totals {
    uint64_t rows;
    uint64_t created;
    uint64_t updated;
    uint64_t unchanged;
    uint64_t refused;
};

struct importer {
    /* Set by who makes it. */
    struct context *ctx;
    struct host *host;
    struct csv_file *csv;
    const struct mapping *mapping;
    FILE *errors; /* where refusals go as CSV; NULL: the first few to standard error */
    uint64_t import_id;
    uint64_t resume_row; /* rows the host has already */

    /* The importer's own. */
    struct importer_totals host_totals; /* of the rows sent */
    uint64_t refused_here;              /* rows that never left */
    uint64_t next_row;                  /* the number of the next row that is sent */
    uint64_t printed;
    struct host_call *call; /* the Append under way, or NULL */
    struct buf wire;        /* its request, for repeating it */
    struct buf line;        /* of the file of refusals */
    int64_t progress_at_us;
    bool has_progress;
};

/*
 * Reads all rows and sends them; while one chunk is on its way the next is made. A lost connection
 * is waited for and the chunk sent again. TN_CANCELLED: Ctrl-C, between two chunks; else the first
 * failure. blocks
 */
tn_status importer_run(struct importer *importer, struct err *err);

/* What became of all rows, those refused here included. */
struct importer_totals importer_totals(const struct importer *importer);

/* Frees what it holds; what was set stays its owner's. */
void importer_fini(struct importer *importer);

/* The line that names the columns of a file of refusals. */
void importer_write_header(FILE *errors);

#endif /* SDK_CLI_COMMAND_IMPORTER_H */
