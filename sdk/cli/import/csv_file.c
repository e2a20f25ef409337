/* SPDX-License-Identifier: Apache-2.0 */
/* csv_file.c - libcsv fed one line of the file at a time, so that rows know their lines. */
#include "sdk/cli/import/csv_file.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "sdk/cli/say.h"

#define CHUNK_SIZE 65536u
/* Of standard input, which is spooled to disk: past it the import is refused. */
#define SPOOL_SIZE_MAX (4ull << 30)
/* libcsv grows a cell by this much at a time; its default of 128 copies long cells often. */
#define CELL_GROWTH 4096

struct csv_file {
    int fd;
    uint64_t size;
    uint64_t next; /* offset of what `chunk` is filled with next */
    uint8_t chunk[CHUNK_SIZE];
    size_t chunk_len;
    size_t chunk_at;
    struct csv_parser parser;
    bool has_parser;
    bool is_finished; /* the last row was handed out */
    bool was_cr;      /* the last byte fed was a CR: an LF right behind ends no other line */
    enum csv_encoding encoding;
    char delimiter;
    uint64_t line; /* of the next byte fed */

    uint64_t row_line;
    size_t row_size;
    bool row_begun;
    bool row_done;
    bool is_memory_out;
    const char *fault;
    struct buf text; /* the cells, each with its NUL */
    struct tn_str *cells;
    uint32_t cell_count;
};

/* Windows-1252's 0x80 to 0x9f; its five holes are the C1 controls of the same number. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

static tn_status add_windows_1252(struct buf *out, const uint8_t *data, size_t len)
{
    TRY(buf_reserve(out, 3 * len)); /* no character takes more than three bytes */
    for (size_t i = 0; i < len; i++) {
        uint32_t c = data[i];

        if (c >= 0x80 && c < 0xa0)
            c = windows_1252[c - 0x80];
        if (c < 0x80) {
            TRY(buf_add_u8(out, (uint8_t)c));
        } else if (c < 0x800) {
            TRY(buf_add_u8(out, (uint8_t)(0xc0 | c >> 6)));
            TRY(buf_add_u8(out, (uint8_t)(0x80 | (c & 0x3f))));
        } else {
            TRY(buf_add_u8(out, (uint8_t)(0xe0 | c >> 12)));
            TRY(buf_add_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f))));
            TRY(buf_add_u8(out, (uint8_t)(0x80 | (c & 0x3f))));
        }
    }
    return TN_OK;
}

/* Only notes the length: `text` may still move, so the pointers are set when the row is done. */
static void on_cell(void *data, size_t len, void *ctx)
{
    struct csv_file *file = ctx;
    size_t before = file->text.len;
    tn_status status;

    if (file->cell_count == CSV_CELL_MAX) {
        file->fault = "cells";
        return;
    }
    status = file->encoding == CSV_ENCODING_WINDOWS_1252 ? add_windows_1252(&file->text, data, len)
                                                         : buf_add(&file->text, data, len);
    if (status != TN_OK || buf_add_u8(&file->text, 0) != TN_OK) {
        file->is_memory_out = true;
        return;
    }
    file->cells[file->cell_count++].len = file->text.len - before - 1;
}

static void on_row(int end, void *ctx)
{
    struct csv_file *file = ctx;

    (void)end;
    file->row_done = true;
}

/* RFC 4180: spaces are part of a cell. */
static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static tn_status start_parser(struct csv_file *file, struct err *err)
{
    if (file->has_parser)
        csv_free(&file->parser);
    file->has_parser = false;
    if (csv_init(&file->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return err_memory(err, "the rows of a file");
    file->has_parser = true;
    csv_set_space_func(&file->parser, no_space);
    csv_set_delim(&file->parser, (unsigned char)file->delimiter);
    csv_set_blk_size(&file->parser, CELL_GROWTH);
    return TN_OK;
}

static tn_status read_at(const struct csv_file *file, uint64_t at, uint8_t *into, size_t size,
                         size_t *ret_len, struct err *err)
{
    ssize_t len;

    do
        len = pread(file->fd, into, size, (off_t)at);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return say_fail(err, TN_DATA_LOSS, "The file cannot be read: %s.", strerror(errno));
    *ret_len = (size_t)len;
    return TN_OK;
}

/* How many bytes are UTF-8. NUL, which utf8_is_valid() refuses, is another matter: the rows that
 * hold one are refused by themselves. */
static size_t utf8_prefix(const uint8_t *data, size_t len)
{
    size_t good = 0;
    size_t bad = 0;

    while (good < len && !utf8_is_valid((const char *)data + good, len - good, &bad)) {
        good += bad;
        if (data[good] != '\0')
            return good;
        good++;
    }
    return len;
}

static tn_status scan_utf8(struct csv_file *file, bool *ret_valid, struct err *err)
{
    uint64_t at = 0;
    size_t len = 0;

    do {
        size_t good;

        TRY(read_at(file, at, file->chunk, CHUNK_SIZE, &len, err));
        good = utf8_prefix(file->chunk, len);
        /* A character may be cut by the end of the chunk; it then begins the next. */
        if (good < len && (len - good > 3 || at + len >= file->size || good == 0)) {
            *ret_valid = false;
            return TN_OK;
        }
        at += good;
    } while (len > 0);
    *ret_valid = true;
    return TN_OK;
}

static tn_status find_encoding(struct csv_file *file, enum csv_encoding wanted, struct err *err)
{
    size_t len = 0;
    bool is_utf8 = true;

    TRY(read_at(file, 0, file->chunk, 3, &len, err));
    if (len >= 2 &&
        (memcmp(file->chunk, "\xff\xfe", 2) == 0 || memcmp(file->chunk, "\xfe\xff", 2) == 0))
        return say_fail(err, TN_INVALID_ARGUMENT, "The file is UTF-16: save it as UTF-8.");
    if (len == 3 && memcmp(file->chunk, "\xef\xbb\xbf", 3) == 0) {
        file->next = 3;
        file->encoding = CSV_ENCODING_UTF8;
        return TN_OK;
    }
    file->encoding = wanted;
    if (wanted != CSV_ENCODING_DETECT)
        return TN_OK;
    TRY(scan_utf8(file, &is_utf8, err));
    file->encoding = is_utf8 ? CSV_ENCODING_UTF8 : CSV_ENCODING_WINDOWS_1252;
    return TN_OK;
}

/* The one of , ; TAB that the first line has most of, outside of quotes; comma when none. */
static tn_status find_delimiter(struct csv_file *file, struct err *err)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[sizeof(candidates)] = {0};
    size_t best = 0;
    size_t len = 0;
    bool is_quoted = false;

    TRY(read_at(file, file->next, file->chunk, CHUNK_SIZE, &len, err));
    for (size_t i = 0; i < len; i++) {
        char c = (char)file->chunk[i];

        if (c == '"')
            is_quoted = !is_quoted;
        if (!is_quoted && (c == '\n' || c == '\r'))
            break;
        for (size_t k = 0; k < sizeof(candidates) && !is_quoted; k++)
            counts[k] += c == candidates[k];
    }
    for (size_t k = 1; k < sizeof(candidates); k++)
        if (counts[k] > counts[best])
            best = k;
    file->delimiter = candidates[best];
    return TN_OK;
}

static tn_status spool_failed(struct err *err)
{
    return say_fail(err, TN_DATA_LOSS, "Standard input cannot be spooled: %s.", strerror(errno));
}

/* Standard input is read twice, so what is no file becomes one, without a name. */
static tn_status spool(struct csv_file *file, struct err *err)
{
    int fd = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        return spool_failed(err);
    file->fd = fd;
    for (;;) {
        ssize_t len = read(STDIN_FILENO, file->chunk, CHUNK_SIZE);

        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return spool_failed(err);
        if (len == 0)
            return TN_OK;
        file->size += (uint64_t)len;
        if (file->size > SPOOL_SIZE_MAX)
            return say_fail(
                err, TN_OUT_OF_RANGE, "Standard input is too large: give a file instead.");
        for (ssize_t done = 0; done < len;) {
            ssize_t part = write(fd, file->chunk + done, (size_t)(len - done));

            if (part < 0 && errno != EINTR)
                return spool_failed(err);
            done += part > 0 ? part : 0;
        }
    }
}

static tn_status open_file(struct csv_file *file, const char *path, struct err *err)
{
    struct stat st;

    if (strcmp(path, "-") == 0 && (fstat(STDIN_FILENO, &st) != 0 || !S_ISREG(st.st_mode)))
        return spool(file, err);
    file->fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                      : open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &st) != 0)
        return say_fail(err,
                        errno == ENOENT   ? TN_NOT_FOUND
                        : errno == EACCES ? TN_PERMISSION_DENIED
                                          : TN_DATA_LOSS,
                        "'%s' cannot be opened: %s.",
                        path,
                        strerror(errno));
    if (!S_ISREG(st.st_mode))
        return say_fail(err, TN_INVALID_ARGUMENT, "'%s' is no file.", path);
    file->size = (uint64_t)st.st_size;
    return TN_OK;
}

tn_status csv_file_open(const char *path, const struct csv_options *options,
                        struct csv_file **ret_file, struct err *err)
{
    CLEANUP(csv_file_close_p) struct csv_file *file = mem_new(struct csv_file);

    if (!file)
        return err_memory(err, "the rows of a file");
    file->fd = -1;
    file->line = 1;
    file->cells = mem_array(struct tn_str, CSV_CELL_MAX);
    if (!file->cells)
        return err_memory(err, "the rows of a file");
    TRY(open_file(file, path, err));
    TRY(find_encoding(file, options->encoding, err));
    file->delimiter = options->delimiter;
    if (file->delimiter == '\0')
        TRY(find_delimiter(file, err));
    TRY(start_parser(file, err));
    *ret_file = TAKE(file);
    return TN_OK;
}

void csv_file_close(struct csv_file *file)
{
    if (!file)
        return;
    if (file->has_parser)
        csv_free(&file->parser);
    buf_fini(&file->text);
    mem_free(file->cells);
    if (file->fd >= 0)
        (void)close(file->fd);
    mem_free(file);
}

/* Fills the chunk when it is used up; `*ret_more` is false at the end of the file. */
static tn_status fill(struct csv_file *file, bool *ret_more, struct err *err)
{
    if (file->chunk_at == file->chunk_len) {
        TRY(read_at(file, file->next, file->chunk, CHUNK_SIZE, &file->chunk_len, err));
        file->next += file->chunk_len;
        file->chunk_at = 0;
    }
    *ret_more = file->chunk_len > 0;
    return TN_OK;
}

/* The chunk's bytes up to the end of a line, or of the chunk. LF, CR LF and CR end lines. */
static size_t piece_len(const struct csv_file *file, bool *ret_ends_line)
{
    const uint8_t *from = file->chunk + file->chunk_at;
    size_t len = file->chunk_len - file->chunk_at;
    const uint8_t *lf = memchr(from, '\n', len);
    const uint8_t *cr = memchr(from, '\r', lf ? (size_t)(lf - from) : len);

    *ret_ends_line = lf || cr;
    if (cr && cr + 1 == lf)
        return (size_t)(lf + 1 - from);
    if (cr)
        return (size_t)(cr + 1 - from);
    return lf ? (size_t)(lf + 1 - from) : len;
}

static bool is_blank(const uint8_t *data, size_t len)
{
    return len == 0 || (len == 1 && (data[0] == '\n' || data[0] == '\r')) ||
           (len == 2 && data[0] == '\r' && data[1] == '\n');
}

/* Drops the rest of the line that broke the rules, so that the next line begins afresh. */
static tn_status skip_line(struct csv_file *file, struct err *err)
{
    bool ends_line = false;
    bool more = true;

    while (!ends_line) {
        TRY(fill(file, &more, err));
        if (!more)
            return TN_OK;
        file->chunk_at += piece_len(file, &ends_line);
    }
    file->line++;
    file->was_cr = file->chunk[file->chunk_at - 1] == '\r';
    return TN_OK;
}

static tn_status feed_piece(struct csv_file *file, struct err *err)
{
    const uint8_t *piece = file->chunk + file->chunk_at;
    bool ends_line = false;
    size_t len = piece_len(file, &ends_line);

    if (file->was_cr && len == 1 && piece[0] == '\n')
        ends_line = false; /* the second half of a CR LF that two chunks share */
    if (!file->row_begun && !is_blank(piece, len)) {
        file->row_begun = true;
        file->row_line = file->line;
        file->row_size = 0;
    }
    file->row_size += len;
    if (file->row_size > CSV_ROW_SIZE_MAX)
        return say_fail(err,
                        TN_OUT_OF_RANGE,
                        "Line %llu: the row is longer than %u bytes; is a quote not closed?",
                        (unsigned long long)file->row_line,
                        CSV_ROW_SIZE_MAX);
    if (csv_parse(&file->parser, piece, len, on_cell, on_row, file) != len) {
        if (csv_error(&file->parser) != CSV_EPARSE)
            return err_memory(err, "the rows of a file");
        file->fault = "quotes";
        file->row_done = true;
        TRY(start_parser(file, err));
        return skip_line(file, err);
    }
    file->chunk_at += len;
    file->line += ends_line;
    file->was_cr = piece[len - 1] == '\r';
    return TN_OK;
}

static tn_status finish_parser(struct csv_file *file, struct err *err)
{
    file->is_finished = true;
    if (csv_fini(&file->parser, on_cell, on_row, file) == 0)
        return TN_OK;
    if (csv_error(&file->parser) != CSV_EPARSE)
        return err_memory(err, "the rows of a file");
    file->fault = "quotes";
    file->row_done = true;
    return TN_OK;
}

/* Points the cells into the text and looks for what no cell may hold. */
static void finish_row(struct csv_file *file)
{
    const char *at = (const char *)file->text.data;

    for (uint32_t i = 0; i < file->cell_count; i++) {
        struct tn_str *cell = &file->cells[i];

        cell->data = at;
        at += cell->len + 1;
        if (file->fault || cell->len == 0)
            continue;
        if (memchr(cell->data, '\0', cell->len))
            file->fault = "nul";
        else if (!utf8_is_valid(cell->data, cell->len, NULL))
            file->fault = "utf8";
    }
}

tn_status csv_file_next(struct csv_file *file, struct csv_row *ret_row, bool *ret_more,
                        struct err *err)
{
    buf_clear(&file->text);
    file->cell_count = 0;
    file->fault = NULL;
    file->row_done = false;
    file->row_begun = false;
    while (!file->row_done && !file->is_finished) {
        bool more = true;

        TRY(fill(file, &more, err));
        TRY(more ? feed_piece(file, err) : finish_parser(file, err));
        if (file->is_memory_out)
            return err_memory(err, "the rows of a file");
    }
    *ret_more = file->row_done;
    if (!file->row_done)
        return TN_OK;
    finish_row(file);
    *ret_row = (struct csv_row){file->row_line, file->cells, file->cell_count, file->fault};
    return TN_OK;
}

enum csv_encoding csv_file_encoding(const struct csv_file *file)
{
    return file->encoding;
}

char csv_file_delimiter(const struct csv_file *file)
{
    return file->delimiter;
}

uint64_t csv_file_position(const struct csv_file *file)
{
    return file->next - (file->chunk_len - file->chunk_at);
}

uint64_t csv_file_size(const struct csv_file *file)
{
    return file->size;
}
