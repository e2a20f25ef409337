/* SPDX-License-Identifier: Apache-2.0 */
/* sheet.c - reading and writing lines of "name: value". */
#include "core/access/sheet.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "core/base/utf8.h"

#define BASE64 sodium_base64_VARIANT_ORIGINAL
/* The longest value in base64: a secret key of 64 bytes. */
#define BYTES_MAX 64u

tn_status sheet_refuse(const struct sheet *sheet, const struct sheet_line *line, const char *rule,
                       const char *english, struct err *err)
{
    char field[ERR_FIELD_SIZE] = "";

    if (line && line->name.len < sizeof(field))
        memcpy(field, line->name.data, line->name.len);
    if (field[0] == '\0')
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           rule,
                           "Line %u: %s.",
                           sheet->line,
                           err_word(err, english));
    return err_violate(err,
                       TN_INVALID_ARGUMENT,
                       field,
                       rule,
                       "Line %u, %s: %s.",
                       sheet->line,
                       field,
                       err_word(err, english));
}

static bool is_name(struct tn_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!(name.data[i] >= 'a' && name.data[i] <= 'z') && name.data[i] != '-')
            return false;
    return name.len > 0;
}

static bool is_value(struct tn_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7f)
            return false;
    return value.len > 0 && value.data[0] != ' ' && value.data[value.len - 1] != ' ';
}

tn_status sheet_next(struct sheet *sheet, struct sheet_line *ret_line, struct err *err)
{
    const char *start = sheet->text.data + sheet->at;
    size_t left = sheet->text.len - sheet->at;

    if (left == 0)
        return TN_NOT_FOUND;
    sheet->line++;
    const char *end = memchr(start, '\n', left);
    const char *colon = end ? memchr(start, ':', (size_t)(end - start)) : NULL;
    if (!end)
        return sheet_refuse(sheet, NULL, "line", "the end of the line is missing", err);
    if ((size_t)(end - start) > SHEET_LINE_MAX)
        return sheet_refuse(sheet, NULL, "too_long", "the line is too long", err);
    if (!colon || end - colon < 2 || colon[1] != ' ')
        return sheet_refuse(sheet, NULL, "line", "a line is \"name: value\"", err);
    struct sheet_line line = {.name = {start, (size_t)(colon - start)},
                              .value = {colon + 2, (size_t)(end - colon) - 2},
                              .start = sheet->at};
    if (!is_name(line.name))
        return sheet_refuse(sheet, NULL, "line", "a line is \"name: value\"", err);
    if (!is_value(line.value))
        return sheet_refuse(sheet, &line, "value", "the value has blanks at its ends or none", err);
    sheet->at += (size_t)(end - start) + 1;
    *ret_line = line;
    return TN_OK;
}

tn_status sheet_open(struct sheet *sheet, struct tn_str text, const char *kind, struct err *err)
{
    struct sheet_line line;

    *sheet = (struct sheet){.text = text};
    if (text.len == 0 || text.len > SHEET_SIZE_MAX || !utf8_is_valid(text.data, text.len, NULL) ||
        sheet_next(sheet, &line, NULL) != TN_OK || !utf8_is(line.name, kind))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           "",
                           "format",
                           "This is no document that begins with \"%s: 1\".",
                           kind);
    if (!utf8_is(line.value, "1"))
        return err_violate(err,
                           TN_UNIMPLEMENTED,
                           kind,
                           "version",
                           "The document is of version %.*s, of which this program knows nothing.",
                           (int)line.value.len,
                           line.value.data);
    return TN_OK;
}

tn_status sheet_text(const struct sheet *sheet, const struct sheet_line *line, char *ret_text,
                     size_t size, struct err *err)
{
    if (ret_text[0] != '\0')
        return sheet_refuse(sheet, line, "repeated", "it is there twice", err);
    if (line->value.len >= size)
        return sheet_refuse(sheet, line, "too_long", "the value is too long", err);
    memcpy(ret_text, line->value.data, line->value.len);
    ret_text[line->value.len] = '\0';
    return TN_OK;
}

tn_status sheet_number(const struct sheet *sheet, const struct sheet_line *line,
                       struct tn_str value, uint64_t max, uint64_t *ret_number, struct err *err)
{
    bool is_number = value.len > 0 && (value.len == 1 || value.data[0] != '0');
    uint64_t number = 0;

    for (size_t i = 0; is_number && i < value.len; i++) {
        unsigned digit = (unsigned)(unsigned char)value.data[i] - '0';

        is_number = digit <= 9 && number <= (max - digit) / 10;
        number = number * 10 + digit;
    }
    if (!is_number)
        return sheet_refuse(sheet, line, "number", "this is no number, or too large a one", err);
    *ret_number = number;
    return TN_OK;
}

tn_status sheet_bytes(const struct sheet *sheet, const struct sheet_line *line, uint8_t *ret_bytes,
                      size_t len, struct err *err)
{
    uint8_t bytes[BYTES_MAX];
    size_t got = 0;

    assert(len <= BYTES_MAX);
    int failed =
        sodium_base642bin(bytes, len, line->value.data, line->value.len, NULL, &got, NULL, BASE64);
    if (failed || got != len) {
        sodium_memzero(bytes, sizeof(bytes));
        return sheet_refuse(sheet, line, "base64", "these are not as many bytes in base64", err);
    }
    memcpy(ret_bytes, bytes, len);
    sodium_memzero(bytes, sizeof(bytes));
    return TN_OK;
}

tn_status sheet_add(struct buf *out, const char *name, struct tn_str value)
{
    TRY(buf_reserve(out, strlen(name) + value.len + 3));
    TRY(buf_add(out, name, strlen(name)));
    TRY(buf_add(out, ": ", 2));
    TRY(buf_add(out, value.data, value.len));
    return buf_add(out, "\n", 1);
}

tn_status sheet_add_bytes(struct buf *out, const char *name, struct tn_bytes bytes)
{
    char text[sodium_base64_ENCODED_LEN(BYTES_MAX, BASE64)];

    assert(bytes.len <= BYTES_MAX);
    (void)sodium_bin2base64(text, sizeof(text), bytes.data, bytes.len, BASE64);
    tn_status st = sheet_add(out, name, utf8_str(text));
    sodium_memzero(text, sizeof(text));
    return st;
}

struct tn_str sheet_word(struct tn_str *rest)
{
    const char *blank = memchr(rest->data, ' ', rest->len);
    size_t len = blank ? (size_t)(blank - rest->data) : rest->len;
    size_t skip = blank ? len + 1 : len;
    struct tn_str word = {rest->data, len};

    *rest = (struct tn_str){rest->data + skip, rest->len - skip};
    return word;
}
