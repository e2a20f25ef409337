/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - one typed value (struct tn_value, the ABI's own): comparing, copying, reading it from
 * text, writing it as text, and encoding it for rows, the change log and index keys.
 */
#ifndef CORE_VALUE_VALUE_H
#define CORE_VALUE_VALUE_H

#include <stdbool.h>

#include <tenon/value.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/value/decimal.h"

static inline struct tn_value value_none(void)
{
    return (struct tn_value){.kind = TN_NONE};
}
static inline struct tn_value value_text(uint32_t kind, struct tn_str text)
{
    return (struct tn_value){.kind = kind, .as.text = text};
}
static inline struct tn_value value_integer(uint32_t kind, int64_t integer)
{
    return (struct tn_value){.kind = kind, .as.integer = integer};
}
static inline struct tn_value value_number(struct decimal number)
{
    return (struct tn_value){
        .kind = TN_NUMBER, .exponent = number.exponent, .as.integer = number.mantissa};
}

/* Whether values of `kind` are held in as.text. */
bool value_is_text(uint32_t kind);

/* "text", "number", "bool", "date", "datetime", "choice", "choices", "reference", "blob",
 * "duration"; NULL for another number. value_kind_of: TN_NONE for another name. */
const char *value_kind_name(uint32_t kind);
uint32_t value_kind_of(struct tn_str name);

/* Same kind and same value, bit for bit (numbers are compared in canonical form). [any] */
bool value_equal(const struct tn_value *a, const struct tn_value *b);

/* Order of two values of one kind; none sorts last; texts by their folded form, then bytes. [any]
 */
int value_compare(const struct tn_value *a, const struct tn_value *b);

/* Texts are copied into `arena`. TN_RESOURCE_EXHAUSTED. [any] */
tn_status value_copy(struct arena *arena, const struct tn_value *value, struct tn_value *ret_copy);

/* Bytes of a blob's name, its SHA-256. */
#define VALUE_BLOB_SIZE 32

/* 10,000 years of 366 days; so no key of a checked value starts with the byte FF. */
#define VALUE_DURATION_MAX_US (INT64_C(86400000000) * 366 * 10000)

/*
 * Checks a value from outside: a known kind, canonical number (made canonical in place),
 * bool 0 or 1, date and time in years 1 to 9999, an id of 1 or more, a duration
 * within VALUE_DURATION_MAX_US, valid UTF-8 without NUL, at most `text_len_max` bytes of text, a
 * blob of VALUE_BLOB_SIZE bytes. A violation of `field` (TN_INVALID_ARGUMENT) otherwise. [any]
 */
tn_status value_check(struct tn_value *value, size_t text_len_max, const char *field,
                      struct err *err);

/*
 * Reads what a person wrote as a value of `kind`; the empty text is TN_NONE. Bools: true, false,
 * yes, no, 1, 0, oui, non, in any case. Texts are borrowed from `text`, neither copied nor checked
 * (value_check does that); a blob cannot be written. A violation of `field` (TN_INVALID_ARGUMENT)
 * otherwise. [any]
 */
tn_status value_parse(uint32_t kind, struct tn_str text, const char *field,
                      struct tn_value *ret_value, struct err *err);

/* Appends the value as value_parse reads it; nothing for TN_NONE; a blob in hexadecimal.
 * TN_RESOURCE_EXHAUSTED; TN_INVALID_ARGUMENT: an unknown kind. [any] */
tn_status value_format(const struct tn_value *value, struct buf *out);

/* Appends a self-delimiting encoding (kind byte, then varints or bytes). Statuses as
 * value_format; a number is canonical. [any] */
tn_status value_encode(const struct tn_value *value, struct buf *out);

/* Reads one and moves `*bytes` behind it; texts point into the bytes and are
 * not checked for UTF-8. TN_DATA_LOSS. [any] */
tn_status value_decode(struct tn_bytes *bytes, struct tn_value *ret_value);

/*
 * Appends the value so that memcmp orders encodings as value_compare orders values (TN_NONE has no
 * encoding; missing sorts last by having no entry). Self-delimiting: texts are folded, escaped
 * (00 -> 00 FF), ended by 00 01 and cut at VALUE_KEY_TEXT_MAX bytes of folded text, so a reader
 * rechecks against the row. Blobs: raw bytes, escaped alike. Integers: sign-flipped big-endian.
 * Numbers: sign, decimal magnitude, digits. TN_RESOURCE_EXHAUSTED; TN_INVALID_ARGUMENT: TN_NONE or
 * an unknown kind. [any]
 */
#define VALUE_KEY_TEXT_MAX 256
tn_status value_order_key(const struct tn_value *value, struct buf *out);

/* The length of the order key at the start of `bytes`, or 0 if it is none. [any] */
size_t value_order_key_len(uint32_t kind, struct tn_bytes bytes);

/*
 * Appends the form that unique values are compared in: texts case folded (fold.h) and, past
 * VALUE_KEY_TEXT_MAX bytes, replaced by the byte FF and their 32-byte BLAKE2b hash, else escaped
 * and ended as in order keys; others as order keys. Statuses as value_order_key. [any]
 */
tn_status value_unique_key(const struct tn_value *value, struct buf *out);

#endif /* CORE_VALUE_VALUE_H */
