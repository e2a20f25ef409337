/* SPDX-License-Identifier: Apache-2.0 */
/* value_fuzz.c - any bytes as an encoded value, as a key and as a text: nothing outside is read,
 * and what is accepted survives being written again. The first byte is a kind. */
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/value/fold.h"
#include "core/value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_LEN_MAX 65536

/* Crashes, which is how a fuzz target says no, in builds without assertions too. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static tn_status count_word(void *ctx, struct tn_str word)
{
    size_t *count = ctx;

    require(word.len > 0 && word.len <= FOLD_WORD_MAX);
    (*count)++;
    return TN_OK;
}

static void check_encoding(const struct tn_value *value)
{
    struct buf out = {0};
    struct tn_value again;

    require(value_encode(value, &out) == TN_OK);
    struct tn_bytes bytes = buf_bytes(&out);
    require(value_decode(&bytes, &again) == TN_OK);
    require(bytes.len == 0);
    require(value_equal(value, &again));
    require(value_compare(value, &again) == 0);
    buf_fini(&out);
}

static void check_keys(const struct tn_value *value)
{
    struct buf key = {0};

    require(value_order_key(value, &key) == TN_OK);
    require(value_order_key_len(value->kind, buf_bytes(&key)) == key.len);
    buf_clear(&key);
    require(value_unique_key(value, &key) == TN_OK);
    require(key.len > 0);
    buf_fini(&key);
}

/* What value_check accepts is written as a text that reads back as the same. */
static void check_text(struct tn_value value)
{
    struct buf out = {0};
    struct tn_value again;

    if (value_check(&value, TEXT_LEN_MAX, "value", NULL) != TN_OK || value.kind == TN_BLOB)
        return;
    require(value_format(&value, &out) == TN_OK);
    struct tn_str text = {(const char *)out.data, out.len};
    require(value_parse(value.kind, text, "value", &again, NULL) == TN_OK);
    require(out.len == 0 ? again.kind == TN_NONE : value_equal(&value, &again));
    buf_fini(&out);
}

static void try_decode(struct tn_bytes bytes)
{
    struct tn_value value;

    while (value_decode(&bytes, &value) == TN_OK) {
        check_encoding(&value);
        if (value.kind == TN_NONE)
            continue;
        check_keys(&value);
        check_text(value);
    }
}

static void try_parse(uint32_t kind, struct tn_str text)
{
    struct tn_value value;

    if (value_parse(kind, text, "value", &value, NULL) != TN_OK)
        return;
    if (value.kind != TN_NONE && !value_is_text(kind)) {
        require(value_check(&value, TEXT_LEN_MAX, "value", NULL) == TN_OK);
        check_encoding(&value);
    }
    check_text(value);
}

static void try_fold(struct tn_str text)
{
    struct buf match = {0};
    size_t count = 0;

    require(fold_match(text, &match) == TN_OK);
    struct tn_str folded = {(const char *)match.data, match.len};
    require(match.len == 0 || utf8_is_valid(folded.data, folded.len, NULL) ||
            memchr(folded.data, 0, folded.len));
    require(fold_compare(text, folded) == 0);
    require(fold_words(text, count_word, &count) == TN_OK);
    buf_fini(&match);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;

    struct tn_bytes rest = {data + 1, size - 1};
    struct tn_str text = {(const char *)rest.data, rest.len};

    require(value_order_key_len(data[0], rest) <= rest.len);
    try_decode((struct tn_bytes){data, size});
    try_parse(data[0], text);
    try_fold(text);
    return 0;
}
