/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet.h - documents of "name: value" lines, as keys, signatures and licences are written: a
 * person can read them, a mail does not spoil them, and one text has one meaning.
 *
 * Every line ends with LF; there are no empty lines, no comments and no blanks but the one behind
 * the colon. The first line is "tenon-KIND: 1", its value the version of the format.
 */
#ifndef CORE_ACCESS_SHEET_H
#define CORE_ACCESS_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* A longer document or line is refused. */
#define SHEET_SIZE_MAX ((size_t)16384)
#define SHEET_LINE_MAX ((size_t)512)
/* Room for a value with its NUL that is a name for people or programs. */
#define SHEET_TEXT_SIZE 128

/* Reads a text, which it borrows. Members are private. */
struct sheet {
    struct tn_str text;
    size_t at;
    uint32_t line; /* of the newest one read, from 1 */
};

struct sheet_line {
    struct tn_str name; /* [a-z-]+ */
    struct tn_str value;
    size_t start; /* where the line begins in the text */
};

/*
 * Begins a document of that kind ("tenon-licence"), of which version 1 is known.
 * TN_INVALID_ARGUMENT: it is none; TN_UNIMPLEMENTED: another version. [any]
 */
tn_status sheet_open(struct sheet *sheet, struct tn_str text, const char *kind, struct err *err);

/* The next line; TN_NOT_FOUND (err untouched): there is none; TN_INVALID_ARGUMENT: it is no such
 * line, and `err` says which. [any] */
tn_status sheet_next(struct sheet *sheet, struct sheet_line *ret_line, struct err *err);

/* Refuses a line by the rule of its field: "line N: TEXT". Returns TN_INVALID_ARGUMENT. [any] */
tn_status sheet_refuse(const struct sheet *sheet, const struct sheet_line *line, const char *rule,
                       const char *english, struct err *err);

/* Copies a value of 1 to `size` - 1 bytes; refused by "required" or "too_long". `*ret_text` must be
 * empty before: "repeated" otherwise. [any] */
tn_status sheet_text(const struct sheet *sheet, const struct sheet_line *line, char *ret_text,
                     size_t size, struct err *err);

/* A decimal number without sign or leading zeros, at most `max`: "number" otherwise. [any] */
tn_status sheet_number(const struct sheet *sheet, const struct sheet_line *line,
                       struct tn_str value, uint64_t max, uint64_t *ret_number, struct err *err);

/* Exactly `len` bytes in base64: "base64" otherwise. [any] */
tn_status sheet_bytes(const struct sheet *sheet, const struct sheet_line *line, uint8_t *ret_bytes,
                      size_t len, struct err *err);

/* Appends a line. TN_RESOURCE_EXHAUSTED. [any] */
tn_status sheet_add(struct buf *out, const char *name, struct tn_str value);
tn_status sheet_add_bytes(struct buf *out, const char *name, struct tn_bytes bytes);

/* The part of `*rest` up to the next blank, which goes with it; all of it if there is none. [any]
 */
struct tn_str sheet_word(struct tn_str *rest);

#endif /* CORE_ACCESS_SHEET_H */
