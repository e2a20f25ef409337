/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - comparing, copying and checking values, and their texts. */
#include "core/value/value.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/value/date.h"
#include "core/value/fold.h"

static const char *const kind_names[] = {
    [TN_TEXT] = "text",
    [TN_NUMBER] = "number",
    [TN_BOOL] = "bool",
    [TN_DATE] = "date",
    [TN_DATETIME] = "datetime",
    [TN_CHOICE] = "choice",
    [TN_CHOICES] = "choices",
    [TN_REF] = "reference",
    [TN_BLOB] = "blob",
    [TN_DURATION] = "duration",
};
#define KIND_COUNT (sizeof(kind_names) / sizeof(kind_names[0]))

bool value_is_text(uint32_t kind)
{
    return kind == TN_TEXT || kind == TN_CHOICE || kind == TN_CHOICES || kind == TN_BLOB;
}

const char *value_kind_name(uint32_t kind)
{
    return kind < KIND_COUNT ? kind_names[kind] : NULL;
}

uint32_t value_kind_of(struct tn_str name)
{
    for (uint32_t kind = TN_TEXT; kind < KIND_COUNT; kind++)
        if (utf8_is(name, kind_names[kind]))
            return kind;
    return TN_NONE;
}

static struct decimal number_of(const struct tn_value *value)
{
    return (struct decimal){value->as.integer, value->exponent};
}

bool value_equal(const struct tn_value *a, const struct tn_value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == TN_NONE)
        return true;
    if (a->kind == TN_NUMBER)
        return decimal_compare(number_of(a), number_of(b)) == 0;
    if (value_is_text(a->kind))
        return utf8_equal(a->as.text, b->as.text);
    return a->as.integer == b->as.integer;
}

static int compare_bytes(struct tn_str a, struct tn_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

int value_compare(const struct tn_value *a, const struct tn_value *b)
{
    if (a->kind == TN_NONE || b->kind == TN_NONE)
        return (a->kind == TN_NONE) - (b->kind == TN_NONE);
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == TN_NUMBER)
        return decimal_compare(number_of(a), number_of(b));
    if (value_is_text(a->kind)) {
        int order = a->kind == TN_BLOB ? 0 : fold_compare(a->as.text, b->as.text);

        return order != 0 ? order : compare_bytes(a->as.text, b->as.text);
    }
    return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
}

tn_status value_copy(struct arena *arena, const struct tn_value *value, struct tn_value *ret_copy)
{
    struct tn_value copy = *value;

    if (value_is_text(value->kind))
        TRY(arena_copy_str(arena, value->as.text, &copy.as.text));
    *ret_copy = copy;
    return TN_OK;
}

static tn_status check_text(const struct tn_value *value, size_t len_max, const char *field,
                            struct err *err)
{
    struct tn_str text = value->as.text;
    size_t bad = 0;

    if (value->kind == TN_BLOB) {
        if (text.len != VALUE_BLOB_SIZE || !text.data)
            return err_violate(err,
                               TN_INVALID_ARGUMENT,
                               field,
                               "blob",
                               "A blob is named by the %d bytes of its SHA-256.",
                               VALUE_BLOB_SIZE);
        return TN_OK;
    }
    if (text.len > len_max)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "too_long",
                           "The text has %zu bytes; at most %zu are kept.",
                           text.len,
                           len_max);
    if (text.len > 0 && (!text.data || !utf8_is_valid(text.data, text.len, &bad)))
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "utf8",
                           "The text is not valid UTF-8 without NUL, from byte %zu on.",
                           bad);
    return TN_OK;
}

static tn_status check_number(struct tn_value *value, const char *field, struct err *err)
{
    struct decimal number;

    if (decimal_make(value->as.integer, value->exponent, &number) != TN_OK)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "range",
                           "The number is too large or too fine to be exact.");
    *value = value_number(number);
    return TN_OK;
}

static tn_status check_integer(const struct tn_value *value, const char *field, struct err *err)
{
    int64_t integer = value->as.integer;
    tn_status bad = TN_INVALID_ARGUMENT;

    switch (value->kind) {
    case TN_BOOL:
        if (integer != 0 && integer != 1)
            return err_violate(err, bad, field, "bool", "A yes or no is held as 1 or 0.");
        return TN_OK;
    case TN_DATE:
        if (integer < DATE_MIN || integer > DATE_MAX)
            return err_violate(err, bad, field, "range", "Dates are in years 1 to 9999.");
        return TN_OK;
    case TN_DATETIME:
        if (integer < DATETIME_MIN_US || integer > DATETIME_MAX_US)
            return err_violate(err, bad, field, "range", "Dates are in years 1 to 9999.");
        return TN_OK;
    case TN_REF:
        if (integer <= 0)
            return err_violate(err, bad, field, "reference", "A record's id is 1 or more.");
        return TN_OK;
    default:
        if (integer < -VALUE_DURATION_MAX_US || integer > VALUE_DURATION_MAX_US)
            return err_violate(
                err, bad, field, "range", "A duration is at most 10,000 years of 366 days.");
        return TN_OK;
    }
}

tn_status value_check(struct tn_value *value, size_t text_len_max, const char *field,
                      struct err *err)
{
    if (value->kind >= KIND_COUNT)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "kind",
                           "There is no kind of value %u.",
                           (unsigned)value->kind);
    if (value->kind == TN_NUMBER)
        return check_number(value, field, err);
    if (value->exponent != 0)
        return err_violate(
            err, TN_INVALID_ARGUMENT, field, "kind", "Only numbers have an exponent.");
    if (value->kind == TN_NONE)
        return TN_OK;
    if (value_is_text(value->kind))
        return check_text(value, text_len_max, field, err);
    return check_integer(value, field, err);
}

/* Whether `text` is `word` (lower case) in any case. */
static bool is_word(struct tn_str text, const char *word)
{
    size_t len = strlen(word);

    if (text.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text.data[i];

        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != word[i])
            return false;
    }
    return true;
}

static bool parse_bool(struct tn_str text, int64_t *ret_integer)
{
    static const char *const words[][4] = {{"false", "no", "0", "non"},
                                           {"true", "yes", "1", "oui"}};

    for (int integer = 0; integer <= 1; integer++)
        for (size_t i = 0; i < 4; i++)
            if (is_word(text, words[integer][i])) {
                *ret_integer = integer;
                return true;
            }
    return false;
}

static tn_status parse_id(struct tn_str text, int64_t *ret_integer)
{
    int64_t id = 0;
    bool has_room = true;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return TN_INVALID_ARGUMENT;
        has_room = has_room && !__builtin_mul_overflow(id, 10, &id) &&
                   !__builtin_add_overflow(id, text.data[i] - '0', &id);
    }
    if (!has_room || id == 0)
        return TN_OUT_OF_RANGE;
    *ret_integer = id;
    return TN_OK;
}

static tn_status parse_number(struct tn_str text, const char *field, struct tn_value *ret_value,
                              struct err *err)
{
    struct decimal number;
    tn_status st = decimal_parse(text, &number);

    if (st == TN_OUT_OF_RANGE)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "range",
                           "The number is too large or too fine to be exact.");
    if (st != TN_OK)
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "number",
                           "This is not a number; write it as in -1234.5, without separators.");
    *ret_value = value_number(number);
    return TN_OK;
}

static tn_status parse_date(uint32_t kind, struct tn_str text, const char *field,
                            struct tn_value *ret_value, struct err *err)
{
    int32_t days = 0;
    tn_time us = 0;
    tn_status st = kind == TN_DATE ? date_parse(text, &days) : datetime_parse(text, &us);
    tn_status bad = TN_INVALID_ARGUMENT;

    if (st == TN_OUT_OF_RANGE)
        return err_violate(err, bad, field, "range", "There is no such day or time.");
    if (st != TN_OK && kind == TN_DATE)
        return err_violate(
            err, bad, field, "date", "This is not a date; write it as in 2024-05-31.");
    if (st != TN_OK)
        return err_violate(err,
                           bad,
                           field,
                           "datetime",
                           "This is not a time; write it as in 2024-05-31T09:30:00Z.");
    *ret_value = value_integer(kind, kind == TN_DATE ? days : us);
    return TN_OK;
}

static tn_status parse_integer(uint32_t kind, struct tn_str text, const char *field,
                               struct tn_value *ret_value, struct err *err)
{
    int64_t integer = 0;
    tn_status bad = TN_INVALID_ARGUMENT;

    if (kind == TN_BOOL && !parse_bool(text, &integer))
        return err_violate(
            err, bad, field, "bool", "This is neither yes nor no; write true or false.");
    if (kind == TN_REF && parse_id(text, &integer) != TN_OK)
        return err_violate(
            err, bad, field, "reference", "This is not a record's id, a number from 1 on.");
    if (kind == TN_DURATION && duration_parse(text, &integer) != TN_OK)
        return err_violate(
            err, bad, field, "duration", "This is not a duration; write it as in 1h30m or 2d.");

    struct tn_value value = value_integer(kind, integer);
    TRY(check_integer(&value, field, err));
    *ret_value = value;
    return TN_OK;
}

tn_status value_parse(uint32_t kind, struct tn_str text, const char *field,
                      struct tn_value *ret_value, struct err *err)
{
    if (text.len == 0 && kind < KIND_COUNT) {
        *ret_value = value_none();
        return TN_OK;
    }
    switch (kind) {
    case TN_TEXT:
    case TN_CHOICE:
    case TN_CHOICES:
        *ret_value = value_text(kind, text);
        return TN_OK;
    case TN_NUMBER:
        return parse_number(text, field, ret_value, err);
    case TN_DATE:
    case TN_DATETIME:
        return parse_date(kind, text, field, ret_value, err);
    case TN_BOOL:
    case TN_REF:
    case TN_DURATION:
        return parse_integer(kind, text, field, ret_value, err);
    default:
        return err_violate(err,
                           TN_INVALID_ARGUMENT,
                           field,
                           "kind",
                           "A value of this kind cannot be written as text.");
    }
}

static tn_status add_hex(struct buf *out, struct tn_str text)
{
    static const char digits[] = "0123456789abcdef";

    TRY(buf_reserve(out, text.len * 2));
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.data[i];

        out->data[out->len++] = (uint8_t)digits[byte >> 4];
        out->data[out->len++] = (uint8_t)digits[byte & 15];
    }
    return TN_OK;
}

/* An id; longer than any other integer's text is not needed: 20 digits and a sign. */
static tn_status add_integer(struct buf *out, int64_t integer)
{
    char text[DECIMAL_TEXT_SIZE];

    return buf_add(out, text, decimal_format((struct decimal){integer, 0}, text));
}

tn_status value_format(const struct tn_value *value, struct buf *out)
{
    union {
        char number[DECIMAL_TEXT_SIZE];
        char date[DATE_TEXT_SIZE];
        char datetime[DATETIME_TEXT_SIZE];
        char duration[DURATION_TEXT_SIZE];
    } text;

    switch (value->kind) {
    case TN_NONE:
        return TN_OK;
    case TN_TEXT:
    case TN_CHOICE:
    case TN_CHOICES:
        return buf_add(out, value->as.text.data, value->as.text.len);
    case TN_BLOB:
        return add_hex(out, value->as.text);
    case TN_NUMBER:
        return buf_add(out, text.number, decimal_format(number_of(value), text.number));
    case TN_BOOL:
        return value->as.integer ? buf_add(out, "true", 4) : buf_add(out, "false", 5);
    case TN_DATE:
        return buf_add(out, text.date, date_format((int32_t)value->as.integer, text.date));
    case TN_DATETIME:
        return buf_add(out, text.datetime, datetime_format(value->as.integer, text.datetime));
    case TN_REF:
        return add_integer(out, value->as.integer);
    case TN_DURATION:
        return buf_add(out, text.duration, duration_format(value->as.integer, text.duration));
    default:
        return TN_INVALID_ARGUMENT;
    }
}
