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

/*
 * Checks a value from outside: a known kind, canonical number (made canonical in place),
 * bool 0 or 1, date and time in years 1 to 9999, valid UTF-8 without NUL, at most `text_len_max`
 * bytes of text, a blob of 32 bytes. A violation of `field` otherwise. [any]
 */
tn_status value_check(struct tn_value *value, size_t text_len_max, const char *field,
                      struct err *err);

/*
 * Reads what a person wrote as a value of `kind`; the empty text is TN_NONE. Bools: true, false,
 * yes, no, 1, 0, oui, non. Texts are borrowed from `text`, not copied. A violation of `field`
 * otherwise. [any]
 */
tn_status value_parse(uint32_t kind, struct tn_str text, const char *field,
                      struct tn_value *ret_value, struct err *err);

/* Appends the value as value_parse reads it; nothing for TN_NONE; a blob in hexadecimal. [any] */
tn_status value_format(const struct tn_value *value, struct buf *out);

/* Appends a self-delimiting encoding (kind byte, then varints or bytes). [any] */
tn_status value_encode(const struct tn_value *value, struct buf *out);

/* Reads one and moves `*bytes` behind it; texts point into the bytes. TN_DATA_LOSS. [any] */
tn_status value_decode(struct tn_bytes *bytes, struct tn_value *ret_value);

/*
 * Appends the value so that memcmp orders encodings as value_compare orders values (TN_NONE has no
 * encoding; missing sorts last by having no entry). Self-delimiting: texts are folded, escaped
 * (00 -> 00 FF), ended by 00 01 and cut at VALUE_KEY_TEXT_MAX bytes of folded text, so a reader
 * rechecks against the row. Integers: sign-flipped big-endian. Numbers: sign, decimal magnitude,
 * digits. [any]
 */
#define VALUE_KEY_TEXT_MAX 256
tn_status value_order_key(const struct tn_value *value, struct buf *out);

/* The length of the order key at the start of `bytes`, or 0 if it is none. [any] */
size_t value_order_key_len(uint32_t kind, struct tn_bytes bytes);

/*
 * Appends the form that unique values are compared in: texts case folded (fold.h) and, past
 * VALUE_KEY_TEXT_MAX bytes, replaced by a marker and their 32-byte BLAKE2b hash; others as order
 * keys. [any]
 */
tn_status value_unique_key(const struct tn_value *value, struct buf *out);

#endif /* CORE_VALUE_VALUE_H */
