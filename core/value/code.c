/* SPDX-License-Identifier: Apache-2.0 */
/* code.c - values as bytes: in rows and the log, as keys that sort, and as unique keys. */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "core/value/fold.h"
#include "core/value/value.h"

/* A kind, an exponent and a varint: the longest encoding of what is no text, and of a text's head.
 */
#define HEAD_MAX 12

static size_t put_varint(uint8_t *p, uint64_t value)
{
    size_t len = 0;

    for (; value >= 0x80; value >>= 7)
        p[len++] = (uint8_t)(value | 0x80);
    p[len++] = (uint8_t)value;
    return len;
}

tn_status value_encode(const struct tn_value *value, struct buf *out)
{
    struct tn_str text = {"", 0};
    uint8_t head[HEAD_MAX];
    size_t len = 0;

    head[len++] = (uint8_t)value->kind;
    switch (value->kind) {
    case TN_NONE:
        break;
    case TN_TEXT:
    case TN_CHOICE:
    case TN_CHOICES:
    case TN_BLOB:
        text = value->as.text;
        len += put_varint(head + len, text.len);
        break;
    case TN_NUMBER:
        if (value->exponent < DECIMAL_EXPONENT_MIN || value->exponent > DECIMAL_EXPONENT_MAX)
            return TN_INVALID_ARGUMENT;
        head[len++] = (uint8_t)zigzag(value->exponent);
        len += put_varint(head + len, zigzag(value->as.integer));
        break;
    case TN_BOOL:
    case TN_DATE:
    case TN_DATETIME:
    case TN_REF:
    case TN_DURATION:
        len += put_varint(head + len, zigzag(value->as.integer));
        break;
    default:
        return TN_INVALID_ARGUMENT;
    }
    TRY(buf_reserve(out, len + text.len));
    memcpy(out->data + out->len, head, len);
    if (text.len > 0)
        memcpy(out->data + out->len + len, text.data, text.len);
    out->len += len + text.len;
    return TN_OK;
}

static tn_status decode_text(struct tn_bytes *bytes, struct tn_value *value)
{
    uint64_t len = 0;

    TRY(read_varint(bytes, &len));
    if (len > bytes->len || (value->kind == TN_BLOB && len != VALUE_BLOB_SIZE))
        return TN_DATA_LOSS;
    value->as.text = (struct tn_str){(const char *)bytes->data, (size_t)len};
    bytes->data += len;
    bytes->len -= (size_t)len;
    return TN_OK;
}

static tn_status decode_integer(struct tn_bytes *bytes, struct tn_value *value)
{
    uint64_t raw = 0;

    TRY(read_varint(bytes, &raw));
    value->as.integer = unzigzag(raw);
    if (value->kind == TN_BOOL && raw != zigzag(0) && raw != zigzag(1))
        return TN_DATA_LOSS;
    return TN_OK;
}

static tn_status decode_number(struct tn_bytes *bytes, struct tn_value *value)
{
    struct decimal number;

    if (bytes->len == 0)
        return TN_DATA_LOSS;
    int32_t exponent = (int32_t)unzigzag(bytes->data[0]);
    bytes->data++;
    bytes->len--;
    TRY(decode_integer(bytes, value));
    /* Only canonical numbers are written, so that equal values have equal bytes. */
    if (decimal_make(value->as.integer, exponent, &number) != TN_OK || number.exponent != exponent)
        return TN_DATA_LOSS;
    value->exponent = exponent;
    return TN_OK;
}

tn_status value_decode(struct tn_bytes *bytes, struct tn_value *ret_value)
{
    struct tn_bytes rest = *bytes;

    if (rest.len == 0)
        return TN_DATA_LOSS;
    struct tn_value value = {.kind = rest.data[0]};
    rest.data++;
    rest.len--;
    switch (value.kind) {
    case TN_NONE:
        break;
    case TN_TEXT:
    case TN_CHOICE:
    case TN_CHOICES:
    case TN_BLOB:
        TRY(decode_text(&rest, &value));
        break;
    case TN_NUMBER:
        TRY(decode_number(&rest, &value));
        break;
    case TN_BOOL:
    case TN_DATE:
    case TN_DATETIME:
    case TN_REF:
    case TN_DURATION:
        TRY(decode_integer(&rest, &value));
        break;
    default:
        return TN_DATA_LOSS;
    }
    *bytes = rest;
    *ret_value = value;
    return TN_OK;
}

/*
 * The order key of a number: its sign; then, for a negative one with every bit flipped, the
 * exponent of its first digit, pairs of digits (each plus one) and a zero.
 */
enum number_sign { SIGN_NEGATIVE = 1, SIGN_ZERO = 2, SIGN_POSITIVE = 3 };

/* Brings exponents of first digits (-18 to 36) above zero. */
#define EXPONENT_BIAS 64

#define PAIR_COUNT_MAX 10 /* 19 digits */
#define NUMBER_KEY_SIZE (1 + 1 + PAIR_COUNT_MAX + 1)

static tn_status add_number_key(const struct tn_value *value, struct buf *out)
{
    bool is_negative = value->as.integer < 0;
    uint64_t mantissa = is_negative ? -(uint64_t)value->as.integer : (uint64_t)value->as.integer;
    uint8_t key[NUMBER_KEY_SIZE];
    uint8_t digits[PAIR_COUNT_MAX * 2 + 1] = {0};
    int count = 0;
    size_t len = 0;

    if (value->exponent < DECIMAL_EXPONENT_MIN || value->exponent > DECIMAL_EXPONENT_MAX)
        return TN_INVALID_ARGUMENT;
    if (mantissa == 0)
        return buf_add_u8(out, SIGN_ZERO);
    for (uint64_t rest = mantissa; rest != 0; rest /= 10)
        count++;
    for (int i = count - 1; i >= 0; i--, mantissa /= 10)
        digits[i] = (uint8_t)(mantissa % 10);

    int exponent = value->exponent + count - 1;
    while (digits[count - 1] == 0)
        count--;
    key[len++] = is_negative ? SIGN_NEGATIVE : SIGN_POSITIVE;
    key[len++] = (uint8_t)(exponent + EXPONENT_BIAS);
    for (int i = 0; i < count; i += 2)
        key[len++] = (uint8_t)(digits[i] * 10 + digits[i + 1] + 1);
    key[len++] = 0;
    for (size_t i = 1; is_negative && i < len; i++)
        key[i] = (uint8_t)~key[i];
    return buf_add(out, key, len);
}

static size_t number_key_len(struct tn_bytes bytes)
{
    if (bytes.len == 0)
        return 0;
    if (bytes.data[0] == SIGN_ZERO)
        return 1;
    if (bytes.data[0] != SIGN_NEGATIVE && bytes.data[0] != SIGN_POSITIVE)
        return 0;

    uint8_t end = bytes.data[0] == SIGN_NEGATIVE ? 0xff : 0;
    for (size_t i = 2; i < bytes.len && i < NUMBER_KEY_SIZE; i++)
        if (bytes.data[i] == end)
            return i > 2 ? i + 1 : 0;
    return 0;
}

/*
 * Ends the bytes from `start` on with 00 01, after making each 00 of theirs 00 FF, so that the
 * shorter of two texts sorts first. Valid texts have no 00; blobs may.
 */
static tn_status end_text_key(struct buf *out, size_t start)
{
    size_t zeros = 0;

    for (size_t i = start; i < out->len; i++)
        zeros += out->data[i] == 0;
    TRY(buf_reserve(out, zeros + 2));

    size_t from = out->len;
    size_t to = out->len + zeros;
    out->len = to;
    while (from < to) {
        uint8_t byte = out->data[--from];

        if (byte == 0)
            out->data[--to] = 0xff;
        out->data[--to] = byte;
    }
    out->data[out->len++] = 0;
    out->data[out->len++] = 1;
    return TN_OK;
}

static size_t text_key_len(struct tn_bytes bytes)
{
    for (size_t i = 0; i + 1 < bytes.len; i++) {
        if (bytes.data[i] != 0)
            continue;
        if (bytes.data[i + 1] == 1)
            return i + 2;
        if (bytes.data[i + 1] != 0xff)
            return 0;
        i++;
    }
    return 0;
}

/* A blob's 32 bytes are no text: they are not folded. */
static tn_status add_blob_key(const struct tn_value *value, struct buf *out)
{
    size_t start = out->len;
    size_t len = value->as.text.len;

    TRY(buf_add(out, value->as.text.data, len < VALUE_KEY_TEXT_MAX ? len : VALUE_KEY_TEXT_MAX));
    return end_text_key(out, start);
}

static tn_status add_order_key(const struct tn_value *value, struct buf *out)
{
    size_t start = out->len;

    switch (value->kind) {
    case TN_TEXT:
    case TN_CHOICE:
    case TN_CHOICES:
        TRY(fold_match_cut(value->as.text, VALUE_KEY_TEXT_MAX, out));
        return end_text_key(out, start);
    case TN_BLOB:
        return add_blob_key(value, out);
    case TN_NUMBER:
        return add_number_key(value, out);
    case TN_BOOL:
    case TN_DATE:
    case TN_DATETIME:
    case TN_REF:
    case TN_DURATION:
        return buf_add_u64(out, (uint64_t)value->as.integer ^ (UINT64_C(1) << 63));
    default:
        return TN_INVALID_ARGUMENT;
    }
}

tn_status value_order_key(const struct tn_value *value, struct buf *out)
{
    size_t start = out->len;
    tn_status st = add_order_key(value, out);

    if (st != TN_OK)
        out->len = start;
    return st;
}

size_t value_order_key_len(uint32_t kind, struct tn_bytes bytes)
{
    switch (kind) {
    case TN_TEXT:
    case TN_CHOICE:
    case TN_CHOICES:
    case TN_BLOB:
        return text_key_len(bytes);
    case TN_NUMBER:
        return number_key_len(bytes);
    case TN_BOOL:
    case TN_DATE:
    case TN_DATETIME:
    case TN_REF:
    case TN_DURATION:
        return bytes.len >= 8 ? 8 : 0;
    default:
        return 0;
    }
}

/* No UTF-8 starts with it, so that a hash is never taken for a text. */
#define HASH_MARKER 0xff
#define HASH_SIZE 32

static tn_status add_unique_text(struct tn_str text, struct buf *out)
{
    size_t start = out->len;
    uint8_t hash[HASH_SIZE];

    TRY(fold_case(text, out));
    if (out->len - start <= VALUE_KEY_TEXT_MAX)
        return end_text_key(out, start);

    /* Fails only for a size that it does not know. */
    int failed =
        crypto_generichash(hash, sizeof(hash), out->data + start, out->len - start, NULL, 0);
    assert(failed == 0);
    out->len = start;
    TRY(buf_add_u8(out, HASH_MARKER));
    return buf_add(out, hash, sizeof(hash));
}

tn_status value_unique_key(const struct tn_value *value, struct buf *out)
{
    size_t start = out->len;
    bool is_folded = value_is_text(value->kind) && value->kind != TN_BLOB;
    tn_status st = is_folded ? add_unique_text(value->as.text, out) : add_order_key(value, out);

    if (st != TN_OK)
        out->len = start;
    return st;
}
