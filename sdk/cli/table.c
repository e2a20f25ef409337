/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - columns as wide as their widest cell. */
#include "sdk/cli/table.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/value/date.h"
#include "sdk/cli/say.h"

/* A wider column is not padded further. */
#define WIDTH_MAX 60
#define COLUMN_MAX 16
#define CELL_SIZE 512

static void format_bytes(json_int_t bytes, char *out, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(out, size, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static void format_time(json_int_t us, char *out, size_t size)
{
    char text[DATETIME_TEXT_SIZE];

    (void)datetime_format((tn_time)us, text);
    /* "2024-05-01T09:30:00.5Z": to the minute, as people read it. */
    text[10] = ' ';
    (void)snprintf(out, size, "%.16s", text);
}

static void format_flags(const json_t *row, const char *keys, char *out, size_t size)
{
    size_t len = 0;

    for (const char *at = keys; *at != '\0';) {
        size_t word = strcspn(at, " ");
        char key[64];

        (void)snprintf(key, sizeof(key), "%.*s", (int)word, at);
        if (json_is_true(json_object_get(row, key)) && len < size) {
            int n = snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", key);

            len += n > 0 ? (size_t)n : 0;
        }
        at += word + (at[word] == ' ');
    }
}

static void format_cell(const json_t *row, const struct table_column *column, char *out,
                        size_t size)
{
    const json_t *value = json_object_get(row, column->key);

    out[0] = '\0';
    if (column->format == TABLE_COUNT && !value)
        (void)snprintf(out, size, "0");
    else if (column->format == TABLE_FLAGS)
        format_flags(row, column->key, out, size);
    else if (json_is_integer(value) && column->format == TABLE_TIME)
        format_time(json_integer_value(value), out, size);
    else if (json_is_integer(value) && column->format == TABLE_BYTES)
        format_bytes(json_integer_value(value), out, size);
    else if (json_is_integer(value))
        (void)snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_string(value))
        (void)snprintf(out, size, "%s", json_string_value(value));
    else if (json_is_boolean(value))
        (void)snprintf(out, size, "%s", json_is_true(value) ? "true" : "false");
    else if (json_is_array(value))
        for (size_t i = 0, len = 0; i < json_array_size(value) && len < size; i++)
            len += (size_t)snprintf(out + len,
                                    size - len,
                                    "%s%s",
                                    i > 0 ? ", " : "",
                                    json_string_value(json_array_get(value, i))
                                        ? json_string_value(json_array_get(value, i))
                                        : "");
}

static size_t width_of(const char *text)
{
    return utf8_count(utf8_str(text));
}

/* Spaces are written when something follows them: no line ends in spaces. */
struct line {
    FILE *out;
    size_t owed;
};

static void print_cell(struct line *line, const char *text, size_t width)
{
    size_t len = width_of(text);

    if (len > 0) {
        (void)fprintf(line->out, "%*s%s", (int)line->owed, "", text);
        line->owed = 0;
    }
    line->owed += (len < width ? width - len : 0) + 2;
}

static void end_line(struct line *line)
{
    (void)fputc('\n', line->out);
    line->owed = 0;
}

void table_print(FILE *out, const char *language, const json_t *rows,
                 const struct table_column *columns, size_t column_count)
{
    size_t widths[COLUMN_MAX] = {0};
    struct line line = {out, 0};
    char cell[CELL_SIZE];

    if (json_array_size(rows) == 0 || column_count > COLUMN_MAX)
        return;
    for (size_t c = 0; c < column_count; c++) {
        widths[c] = width_of(say_in(language, columns[c].title));
        for (size_t r = 0; r < json_array_size(rows); r++) {
            format_cell(json_array_get(rows, r), &columns[c], cell, sizeof(cell));
            if (width_of(cell) > widths[c])
                widths[c] = width_of(cell) < WIDTH_MAX ? width_of(cell) : WIDTH_MAX;
        }
    }
    for (size_t c = 0; c < column_count; c++)
        print_cell(&line, say_in(language, columns[c].title), widths[c]);
    end_line(&line);
    for (size_t r = 0; r < json_array_size(rows); r++) {
        for (size_t c = 0; c < column_count; c++) {
            format_cell(json_array_get(rows, r), &columns[c], cell, sizeof(cell));
            print_cell(&line, cell, widths[c]);
        }
        end_line(&line);
    }
}

void table_print_object(FILE *out, const char *language, const json_t *object,
                        const struct table_column *columns, size_t column_count)
{
    size_t width = 0;
    struct line line = {out, 0};
    char cell[CELL_SIZE];

    for (size_t c = 0; c < column_count; c++) {
        size_t title = width_of(say_in(language, columns[c].title));

        width = title > width ? title : width;
    }
    for (size_t c = 0; c < column_count; c++) {
        format_cell(object, &columns[c], cell, sizeof(cell));
        print_cell(&line, say_in(language, columns[c].title), width);
        print_cell(&line, cell, 0);
        end_line(&line);
    }
}

void table_print_json(FILE *out, const json_t *json)
{
    (void)json_dumpf(json, out, JSON_INDENT(2));
    (void)fputc('\n', out);
}
