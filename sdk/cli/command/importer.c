/* SPDX-License-Identifier: Apache-2.0 */
/* importer.c - reading, mapping and sending, one chunk ahead. */
#include "sdk/cli/command/importer.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <tenon/import/v1/import.pb-c.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "sdk/cli/csv_write.h"
#include "sdk/cli/import/mapped_row.h"
#include "sdk/cli/say.h"

#define APPEND "tenon.import.v1.Import/Append"
/* A host that is restarted is back in seconds; each attempt waits about one. */
#define ATTEMPT_MAX 60
#define PROGRESS_US 200000

typedef Tenon__Import__V1__AppendRequest append_request;
typedef Tenon__Import__V1__AppendResponse append_response;
typedef Tenon__Import__V1__Row row_message;

/* A refusal of a row that never left, told once the rows before it are safe. */
struct refused {
    struct refused *next;
    uint64_t line;
    struct row_refusal refusal;
};

/* The rows of one Append while they are made. */
struct chunk {
    struct arena arena;
    row_message *rows[IMPORTER_CHUNK_ROWS];
    size_t count;
    struct refused *refused; /* oldest first */
    struct refused **refused_end;
    size_t refused_rows;
    uint64_t first_row;
};

void importer_write_header(FILE *errors)
{
    (void)fputs("line,column,value,rule,reason\r\n", errors);
}

/* One refusal of a row, from wherever. */
struct refusal {
    uint64_t line;
    struct tn_str column;
    struct tn_str value;
    const char *rule;
    const char *message;
};

static void write_refusal(struct importer *im, const struct refusal *r)
{
    char line[24];
    int len = snprintf(line, sizeof(line), "%" PRIu64, r->line);
    const struct tn_str cells[] = {{line, len > 0 ? (size_t)len : 0},
                                   r->column,
                                   r->value,
                                   utf8_str(r->rule),
                                   utf8_str(r->message)};
    size_t count = sizeof(cells) / sizeof(cells[0]);

    buf_clear(&im->line);
    for (size_t i = 0; i < count; i++)
        if (csv_write_cell(&im->line, cells[i], i > 0) != TN_OK)
            return;
    (void)csv_write_end(&im->line, count, im->errors);
}

static void report(struct importer *im, const struct refusal *r)
{
    if (im->errors) {
        write_refusal(im, r);
        return;
    }
    if (im->printed++ >= IMPORTER_PRINTED_MAX)
        return;
    if (im->has_progress)
        (void)fputs("\r\033[K", stderr);
    say_to(stderr, im->ctx->language, "line %llu", (unsigned long long)r->line);
    (void)fprintf(stderr,
                  "%s%.*s: %s (%s)\n",
                  r->column.len > 0 ? ", " : "",
                  (int)r->column.len,
                  r->column.data,
                  r->message,
                  r->rule);
}

/* "links[2]" is a link of the row that was sent; its association tells the column. */
static const char *target_name(const struct chunk *chunk, const Tenon__Import__V1__Refusal *r)
{
    unsigned index = 0;

    if (sscanf(r->property, "links[%u]", &index) != 1)
        return r->property;
    for (size_t i = 0; i < chunk->count; i++)
        if (chunk->rows[i]->line == r->line && index < chunk->rows[i]->n_links)
            return chunk->rows[i]->links[index]->association;
    return r->property;
}

/* The host names properties; people look for columns. */
static void report_from_host(struct importer *im, const struct chunk *chunk,
                             const Tenon__Import__V1__Refusal *r)
{
    const char *name = target_name(chunk, r);
    struct tn_str column = mapping_column_of(im->mapping, name);

    report(im,
           &(struct refusal){r->line,
                             column.len > 0 ? column : utf8_str(name),
                             utf8_str(r->value),
                             r->rule,
                             r->message});
}

/* The chunk's own refusals and the host's, which both are in the order of lines, as one. */
static void report_chunk(struct importer *im, struct chunk *chunk, const append_response *response)
{
    const struct refused *own = chunk->refused;
    size_t at = 0;

    while (own || (response && at < response->n_refusals)) {
        if (own && (!response || at == response->n_refusals ||
                    own->line <= response->refusals[at]->line)) {
            report(im,
                   &(struct refusal){own->line,
                                     own->refusal.column,
                                     own->refusal.value,
                                     own->refusal.rule,
                                     own->refusal.message});
            own = own->next;
        } else {
            report_from_host(im, chunk, response->refusals[at++]);
        }
    }
}

static void show_progress(struct importer *im, bool force)
{
    int64_t now = clock_mono_us();
    uint64_t size = csv_file_size(im->csv);

    if (!isatty(STDERR_FILENO) || (!force && now - im->progress_at_us < PROGRESS_US))
        return;
    im->progress_at_us = now;
    im->has_progress = true;
    (void)fputs("\r\033[K", stderr);
    say_to(stderr,
           im->ctx->language,
           "import %llu: %llu rows, %u %%",
           (unsigned long long)im->import_id,
           (unsigned long long)(im->next_row + im->refused_here),
           (unsigned)(size > 0 ? csv_file_position(im->csv) * 100 / size : 100));
}

static void keep_totals(struct importer *im, const Tenon__Import__V1__Totals *totals)
{
    if (totals)
        im->host_totals = (struct importer_totals){
            totals->rows, totals->created, totals->updated, totals->unchanged, totals->refused};
}

static tn_status take_response(struct importer *im, struct chunk *chunk, const struct buf *body,
                               struct err *err)
{
    append_response *response =
        tenon__import__v1__append_response__unpack(NULL, body->len, body->data);

    if (!response)
        return say_fail(err, TN_DATA_LOSS, "What the host sent is no %s.", "AppendResponse");
    report_chunk(im, chunk, response);
    keep_totals(im, response->totals);
    tenon__import__v1__append_response__free_unpacked(response, NULL);
    return TN_OK;
}

/*
 * Ends the Append of `chunk`, sending it again over a new connection where the old one broke: the
 * host knows by first_row which rows it has.
 */
static tn_status end_append(struct importer *im, struct chunk *chunk, struct err *err)
{
    struct buf body = {0};
    tn_status status;

    if (!im->call) { /* all of its rows were refused here */
        report_chunk(im, chunk, NULL);
        return TN_OK;
    }
    status = host_call_end(TAKE(im->call), true, &body, err);
    for (int i = 0; status == TN_UNAVAILABLE && i < ATTEMPT_MAX; i++) {
        if (context_interrupted(im->ctx))
            break;
        err_clear(err);
        status = host_reconnect(im->host, err);
        if (status == TN_OK)
            status = host_invoke_bytes(im->host, APPEND, buf_bytes(&im->wire), &body, err);
    }
    if (status == TN_OK)
        status = take_response(im, chunk, &body, err);
    buf_fini(&body);
    return status;
}

static tn_status begin_append(struct importer *im, struct chunk *chunk, struct err *err)
{
    append_request request;

    tenon__import__v1__append_request__init(&request);
    request.import_id = im->import_id;
    request.first_row = chunk->first_row;
    request.rows = chunk->rows;
    request.n_rows = chunk->count;
    buf_clear(&im->wire);
    if (buf_reserve(&im->wire, tenon__import__v1__append_request__get_packed_size(&request) + 1) !=
        TN_OK)
        return err_memory(err, "rows");
    im->wire.len = tenon__import__v1__append_request__pack(&request, im->wire.data);
    return host_call_begin(
        im->host, APPEND, buf_bytes(&im->wire), false, NULL, NULL, &im->call, err);
}

static struct tn_str keep_text(struct arena *arena, struct tn_str text)
{
    char *copy = arena_copy(arena, text.data, text.len);

    return copy ? (struct tn_str){copy, text.len} : (struct tn_str){"", 0};
}

/* The row is lent until the next one is read, so its cells are copied. */
static tn_status keep_refusals(struct chunk *chunk, uint64_t line, const struct mapped_row *row)
{
    for (uint32_t i = 0; i < row->refusal_count; i++) {
        struct refused *refused = arena_new(&chunk->arena, struct refused);

        if (!refused)
            return TN_RESOURCE_EXHAUSTED;
        refused->line = line;
        refused->refusal = row->refusals[i];
        refused->refusal.value = keep_text(&chunk->arena, row->refusals[i].value);
        *chunk->refused_end = refused;
        chunk->refused_end = &refused->next;
    }
    chunk->refused_rows++;
    return TN_OK;
}

static void chunk_begin(struct chunk *chunk, uint64_t first_row)
{
    arena_reset(&chunk->arena);
    chunk->count = 0;
    chunk->refused = NULL;
    chunk->refused_end = &chunk->refused;
    chunk->refused_rows = 0;
    chunk->first_row = first_row;
}

static tn_status add_row(struct importer *im, struct chunk *chunk, const struct csv_row *row,
                         struct err *err)
{
    struct mapped_row mapped;

    if (mapped_row_make(im->mapping, row, im->ctx->language, &chunk->arena, &mapped) != TN_OK)
        return err_memory(err, "rows");
    if (mapped.row && im->next_row++ >= im->resume_row) {
        chunk->rows[chunk->count++] = mapped.row;
    } else if (!mapped.row) {
        im->refused_here++;
        /* Those before the rows that the host has were told when it got them. */
        if (im->next_row >= im->resume_row && keep_refusals(chunk, row->line, &mapped) != TN_OK)
            return err_memory(err, "rows");
    }
    return TN_OK;
}

static tn_status fill_chunk(struct importer *im, struct chunk *chunk, bool *ret_more,
                            struct err *err)
{
    uint64_t start = csv_file_position(im->csv);

    chunk_begin(chunk, im->next_row > im->resume_row ? im->next_row : im->resume_row);
    while (chunk->count < IMPORTER_CHUNK_ROWS && chunk->refused_rows < IMPORTER_CHUNK_ROWS &&
           csv_file_position(im->csv) - start < IMPORTER_CHUNK_SIZE) {
        struct csv_row row;

        TRY(csv_file_next(im->csv, &row, ret_more, err));
        if (!*ret_more)
            return TN_OK;
        TRY(add_row(im, chunk, &row, err));
        if (chunk->count == 0 && chunk->refused_rows == 0) {
            start = csv_file_position(im->csv); /* passing what the host has */
            arena_reset(&chunk->arena);
        }
    }
    return TN_OK;
}

/* One chunk is made while the one before is on its way. */
static tn_status run(struct importer *im, struct chunk *chunks, struct err *err)
{
    bool more = true;

    for (unsigned turn = 0; more; turn ^= 1) {
        struct chunk *chunk = &chunks[turn];

        TRY(fill_chunk(im, chunk, &more, err));
        TRY(end_append(im, &chunks[turn ^ 1], err));
        if (context_interrupted(im->ctx))
            return TN_CANCELLED;
        if (chunk->count > 0)
            TRY(begin_append(im, chunk, err));
        show_progress(im, false);
        if (!more)
            TRY(end_append(im, chunk, err));
    }
    return TN_OK;
}

tn_status importer_run(struct importer *im, struct err *err)
{
    struct chunk *chunks = mem_array(struct chunk, 2);
    tn_status status;

    if (!chunks)
        return err_memory(err, "rows");
    for (int i = 0; i < 2; i++) {
        arena_init(&chunks[i].arena, IMPORTER_CHUNK_MEMORY);
        chunk_begin(&chunks[i], 0);
    }
    status = run(im, chunks, err);
    if (im->call) /* a failure on this side: what is on its way is waited for, not lost */
        (void)host_call_end(TAKE(im->call), false, NULL, NULL);
    show_progress(im, true);
    if (im->has_progress)
        (void)fputs("\n", stderr);
    for (int i = 0; i < 2; i++)
        arena_fini(&chunks[i].arena);
    mem_free(chunks);
    return status;
}

struct importer_totals importer_totals(const struct importer *im)
{
    struct importer_totals totals = im->host_totals;

    totals.rows += im->refused_here;
    totals.refused += im->refused_here;
    return totals;
}

void importer_fini(struct importer *im)
{
    buf_fini(&im->wire);
    buf_fini(&im->line);
}
