/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, lines and faults of CSV files as they come. */
#include "sdk/cli/import/csv_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define PATH_TEMPLATE "/tmp/tenon-csv-XXXXXX"

struct fixture {
    char path[sizeof(PATH_TEMPLATE)];
    struct csv_file *file;
    struct csv_options options;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    int fd;

    memcpy(f->path, PATH_TEMPLATE, sizeof(f->path));
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    (void)close(fd);
    err_init(&f->err, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    csv_file_close(f->file);
    (void)unlink(f->path);
    test_free(f);
    return 0;
}

static tn_status open_bytes(struct fixture *f, const char *bytes, size_t len)
{
    int fd = open(f->path, O_WRONLY | O_TRUNC);

    csv_file_close(f->file);
    f->file = NULL;
    assert_int_equal(write(fd, bytes, len), len);
    (void)close(fd);
    return csv_file_open(f->path, &f->options, &f->file, &f->err);
}

static void open_text(struct fixture *f, const char *text)
{
    assert_int_equal(open_bytes(f, text, strlen(text)), TN_OK);
}

/* The next row: its line, its cells joined by '|', and its fault. */
static void expect_row(struct fixture *f, uint64_t line, const char *joined, const char *fault)
{
    struct csv_row row;
    bool more = false;
    char text[512] = "";
    size_t len = 0;

    assert_int_equal(csv_file_next(f->file, &row, &more, &f->err), TN_OK);
    assert_true(more);
    assert_int_equal(row.line, line);
    if (fault)
        assert_string_equal(row.fault, fault);
    else if (row.fault)
        fail_msg("line %u: fault %s", (unsigned)line, row.fault);
    if (!joined)
        return;
    for (uint32_t i = 0; i < row.cell_count; i++)
        len += (size_t)snprintf(text + len,
                                sizeof(text) - len,
                                "%s%.*s",
                                i > 0 ? "|" : "",
                                (int)row.cells[i].len,
                                row.cells[i].data);
    assert_string_equal(text, joined);
}

static void expect_end(struct fixture *f)
{
    struct csv_row row;
    bool more = true;

    assert_int_equal(csv_file_next(f->file, &row, &more, &f->err), TN_OK);
    assert_false(more);
    assert_int_equal(csv_file_next(f->file, &row, &more, &f->err), TN_OK);
    assert_false(more);
}

static void rows_know_the_line_they_begin_on(void **state)
{
    struct fixture *f = *state;

    open_text(f, "a,b\r\n1,\"two\r\nlines\"\r\n\r\n3,4\r\n");
    expect_row(f, 1, "a|b", NULL);
    expect_row(f, 2, "1|two\r\nlines", NULL);
    expect_row(f, 5, "3|4", NULL);
    expect_end(f);
}

static void the_last_newline_may_be_missing(void **state)
{
    struct fixture *f = *state;

    open_text(f, "a,b\n1,2");
    expect_row(f, 1, "a|b", NULL);
    expect_row(f, 2, "1|2", NULL);
    expect_end(f);
    open_text(f, "a,b\n1,");
    expect_row(f, 1, "a|b", NULL);
    expect_row(f, 2, "1|", NULL);
    expect_end(f);
    open_text(f, "a,b\n1,\"q\"");
    expect_row(f, 1, "a|b", NULL);
    expect_row(f, 2, "1|q", NULL);
    expect_end(f);
}

static void lines_end_in_lf_crlf_or_cr(void **state)
{
    struct fixture *f = *state;

    open_text(f, "a\rb\nc\r\nd");
    expect_row(f, 1, "a", NULL);
    expect_row(f, 2, "b", NULL);
    expect_row(f, 3, "c", NULL);
    expect_row(f, 4, "d", NULL);
    expect_end(f);
}

static void an_empty_file_has_no_rows(void **state)
{
    open_text(*state, "");
    expect_end(*state);
    open_text(*state, "\n\r\n\n");
    expect_end(*state);
    open_text(*state, "\xef\xbb\xbf");
    expect_end(*state);
}

static void quotes_and_spaces_are_kept(void **state)
{
    struct fixture *f = *state;

    open_text(f, " a ,\"say \"\"hi\"\"\",\"\",\"x,y\"\n");
    expect_row(f, 1, " a |say \"hi\"||x,y", NULL);
    expect_end(f);
}

static void broken_quotes_cost_their_row_only(void **state)
{
    struct fixture *f = *state;

    open_text(f, "a,b\nx\"y,2\n\"q\"r,2\n3,4\n");
    expect_row(f, 1, "a|b", NULL);
    expect_row(f, 2, NULL, "quotes");
    expect_row(f, 3, NULL, "quotes");
    expect_row(f, 4, "3|4", NULL);
    expect_end(f);
}

static void an_open_quote_at_the_end_is_a_fault(void **state)
{
    struct fixture *f = *state;

    open_text(f, "a,b\n1,\"open\nstill\n");
    expect_row(f, 1, "a|b", NULL);
    expect_row(f, 2, NULL, "quotes");
    expect_end(f);
}

static void a_row_that_never_ends_is_refused_with_its_line(void **state)
{
    struct fixture *f = *state;
    size_t len = CSV_ROW_SIZE_MAX + 100;
    char *text = malloc(len);
    struct csv_row row;
    bool more = true;

    memset(text, '\n', len);
    memcpy(text, "a\n\"", 3);
    assert_int_equal(open_bytes(f, text, len), TN_OK);
    free(text);
    expect_row(f, 1, "a", NULL);
    assert_int_equal(csv_file_next(f->file, &row, &more, &f->err), TN_OUT_OF_RANGE);
    assert_non_null(strstr(f->err.message, "Line 2"));
}

static void a_nul_is_a_fault_of_its_row(void **state)
{
    struct fixture *f = *state;
    static const char bytes[] = "a,b\nx\0y,2\n3,\xc3\xa9\n";

    assert_int_equal(open_bytes(f, bytes, sizeof(bytes) - 1), TN_OK);
    assert_int_equal(csv_file_encoding(f->file), CSV_ENCODING_UTF8);
    expect_row(f, 1, "a|b", NULL);
    expect_row(f, 2, NULL, "nul");
    expect_row(f, 3, "3|\xc3\xa9", NULL);
    expect_end(f);
}

static void too_many_cells_are_a_fault(void **state)
{
    struct fixture *f = *state;
    char text[CSV_CELL_MAX + 8];

    memset(text, ',', sizeof(text));
    memcpy(text + CSV_CELL_MAX, "\n1\n", 4);
    open_text(f, text);
    expect_row(f, 1, NULL, "cells");
    expect_row(f, 2, "1", NULL);
    expect_end(f);
}

static void a_byte_order_mark_is_no_part_of_the_first_cell(void **state)
{
    struct fixture *f = *state;

    open_text(f, "\xef\xbb\xbfnom,ville\nZo\xc3\xab,Sens\n");
    expect_row(f, 1, "nom|ville", NULL);
    expect_row(f, 2, "Zo\xc3\xab|Sens", NULL);
}

static void what_is_not_utf8_is_read_as_windows_1252(void **state)
{
    struct fixture *f = *state;

    open_text(f, "nom;prix\nZo\xeb;5 \x80\nl\x92\xe9t\xe9;1\n");
    assert_int_equal(csv_file_encoding(f->file), CSV_ENCODING_WINDOWS_1252);
    assert_int_equal(csv_file_delimiter(f->file), ';');
    expect_row(f, 1, "nom|prix", NULL);
    expect_row(f, 2, "Zo\xc3\xab|5 \xe2\x82\xac", NULL);
    expect_row(f, 3, "l\xe2\x80\x99\xc3\xa9t\xc3\xa9|1", NULL);
}

static void one_bad_byte_in_a_file_said_to_be_utf8_costs_its_row(void **state)
{
    struct fixture *f = *state;

    f->options.encoding = CSV_ENCODING_UTF8;
    open_text(f, "a\n\xe9\nb\n");
    expect_row(f, 1, "a", NULL);
    expect_row(f, 2, NULL, "utf8");
    expect_row(f, 3, "b", NULL);
}

static void characters_cut_by_a_chunk_are_utf8_still(void **state)
{
    struct fixture *f = *state;
    enum { CHARACTERS = 50000 };
    char *text = malloc(3 + 3 * CHARACTERS);

    memset(text, 'x', 3);
    for (size_t i = 0; i < CHARACTERS; i++)
        memcpy(text + 3 + 3 * i, "\xe2\x82\xac", 3);
    for (size_t skip = 0; skip < 3; skip++) { /* the chunk ends after 0, 1, 2 bytes of one */
        assert_int_equal(open_bytes(f, text + skip, 3 - skip + 3 * CHARACTERS), TN_OK);
        assert_int_equal(csv_file_encoding(f->file), CSV_ENCODING_UTF8);
    }
    assert_int_equal(open_bytes(f, text, 2 + 3 * CHARACTERS), TN_OK); /* cut at its own end */
    assert_int_equal(csv_file_encoding(f->file), CSV_ENCODING_WINDOWS_1252);
    free(text);
}

static void utf16_is_refused_with_advice(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(open_bytes(f,
                                "\xff\xfe"
                                "a\0",
                                4),
                     TN_INVALID_ARGUMENT);
    assert_non_null(strstr(f->err.message, "UTF-8"));
}

static void delimiters_are_found_outside_of_quotes(void **state)
{
    struct fixture *f = *state;

    open_text(f, "\"a,b,c,d\";x;y\n1;2;3\n");
    assert_int_equal(csv_file_delimiter(f->file), ';');
    open_text(f, "a\tb\tc,d\n");
    assert_int_equal(csv_file_delimiter(f->file), '\t');
    open_text(f, "single\n1\n");
    assert_int_equal(csv_file_delimiter(f->file), ',');
}

static void what_is_no_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct csv_file *file = NULL;

    assert_int_equal(csv_file_open("/nonexistent/x.csv", &f->options, &file, &f->err),
                     TN_NOT_FOUND);
    err_clear(&f->err);
    assert_int_equal(csv_file_open("/tmp", &f->options, &file, &f->err), TN_INVALID_ARGUMENT);
    assert_null(file);
}

/* Rows of every length, so that line ends fall on every side of a chunk's end. */
static void chunks_leave_no_trace(void **state)
{
    struct fixture *f = *state;
    FILE *out = fopen(f->path, "w");

    for (int i = 0; i < 20000; i++)
        (void)fprintf(out, "%d,\"%.*s\"\r\n", i, i % 37, "abcdefghijklmnopqrstuvwxyz0123456789");
    (void)fclose(out);
    assert_int_equal(csv_file_open(f->path, &f->options, &f->file, &f->err), TN_OK);
    for (int i = 0; i < 20000; i++) {
        char joined[64];

        (void)snprintf(
            joined, sizeof(joined), "%d|%.*s", i, i % 37, "abcdefghijklmnopqrstuvwxyz0123456789");
        expect_row(f, (uint64_t)i + 1, joined, NULL);
    }
    expect_end(f);
    assert_int_equal(csv_file_position(f->file), csv_file_size(f->file));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_know_the_line_they_begin_on),
        TEST(the_last_newline_may_be_missing),
        TEST(lines_end_in_lf_crlf_or_cr),
        TEST(an_empty_file_has_no_rows),
        TEST(quotes_and_spaces_are_kept),
        TEST(broken_quotes_cost_their_row_only),
        TEST(an_open_quote_at_the_end_is_a_fault),
        TEST(a_row_that_never_ends_is_refused_with_its_line),
        TEST(a_nul_is_a_fault_of_its_row),
        TEST(too_many_cells_are_a_fault),
        TEST(a_byte_order_mark_is_no_part_of_the_first_cell),
        TEST(what_is_not_utf8_is_read_as_windows_1252),
        TEST(one_bad_byte_in_a_file_said_to_be_utf8_costs_its_row),
        TEST(characters_cut_by_a_chunk_are_utf8_still),
        TEST(utf16_is_refused_with_advice),
        TEST(delimiters_are_found_outside_of_quotes),
        TEST(what_is_no_file_is_refused),
        TEST(chunks_leave_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
