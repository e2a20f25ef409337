/* SPDX-License-Identifier: Apache-2.0 */
/* fold.c - folding by utf8proc, one character at a time. */
#include "core/value/fold.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

#include "core/base/err.h"
#include "core/base/mem.h"

/* Without compatibility mappings no character becomes more than four (U+1F82 does). */
#define EXPANSION_MAX 8

/* What stands for bytes that are no character. */
#define REPLACEMENT 0xfffd

/* utf8proc refuses COMPOSE beside DECOMPOSE; fold_case composes in a second step. */
static const utf8proc_option_t case_options =
    (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD);
static const utf8proc_option_t match_options =
    (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                        UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);

static uint8_t fold_ascii(uint8_t c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* How many of the first bytes are ASCII. */
static size_t ascii_len(const uint8_t *p, size_t len)
{
    size_t i = 0;

    for (; len - i >= 8; i += 8) {
        uint64_t word;

        memcpy(&word, p + i, 8);
        if (word & 0x8080808080808080u)
            break;
    }
    while (i < len && p[i] < 0x80)
        i++;
    return i;
}

static tn_status add_ascii(struct buf *out, const uint8_t *p, size_t len)
{
    TRY(buf_reserve(out, len));
    for (size_t i = 0; i < len; i++)
        out->data[out->len + i] = fold_ascii(p[i]);
    out->len += len;
    return TN_OK;
}

/* The character at `p`, and its length. */
static size_t read_char(const uint8_t *p, const uint8_t *end, int32_t *ret_char)
{
    int32_t c = 0;
    utf8proc_ssize_t len = utf8proc_iterate(p, end - p, &c);

    *ret_char = len > 0 ? c : REPLACEMENT;
    return len > 0 ? (size_t)len : 1;
}

/* What `c` folds to; may be nothing. */
static size_t expand(int32_t c, utf8proc_option_t options, int32_t chars[EXPANSION_MAX])
{
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(c, chars, EXPANSION_MAX, options, &boundary);

    assert(count >= 0);
    assert(count <= EXPANSION_MAX);
    return (size_t)count;
}

/* Letters that Unicode does not decompose but that people type without their stroke. */
static size_t expand_ligature(int32_t chars[EXPANSION_MAX])
{
    switch (chars[0]) {
    case 0xe6: /* ae */
        chars[0] = 'a';
        chars[1] = 'e';
        return 2;
    case 0x153: /* oe */
        chars[0] = 'o';
        chars[1] = 'e';
        return 2;
    case 0xf8: /* o with stroke */
        chars[0] = 'o';
        return 1;
    case 0x111: /* d with stroke */
        chars[0] = 'd';
        return 1;
    case 0x142: /* l with stroke */
        chars[0] = 'l';
        return 1;
    case 0x131: /* i without dot */
        chars[0] = 'i';
        return 1;
    default:
        return 1;
    }
}

static size_t expand_match(int32_t c, int32_t chars[EXPANSION_MAX])
{
    size_t count = expand(c, match_options, chars);

    return count == 1 ? expand_ligature(chars) : count;
}

/* Reads a text's match form, character by character. */
struct reader {
    const uint8_t *p;
    const uint8_t *end;
    size_t next; /* of chars */
    size_t count;
    int32_t chars[EXPANSION_MAX];
};

static void reader_init(struct reader *reader, struct tn_str text)
{
    static const uint8_t none[1];

    reader->p = text.len ? (const uint8_t *)text.data : none;
    reader->end = reader->p + text.len;
    reader->next = 0;
    reader->count = 0;
}

/* The next character, or -1 at the end. */
static int32_t reader_next(struct reader *reader)
{
    while (reader->next == reader->count) {
        int32_t c = 0;

        if (reader->p == reader->end)
            return -1;
        if (*reader->p < 0x80)
            return fold_ascii(*reader->p++);
        reader->p += read_char(reader->p, reader->end, &c);
        reader->count = expand_match(c, reader->chars);
        reader->next = 0;
    }
    return reader->chars[reader->next++];
}

static size_t encode(int32_t c, uint8_t bytes[4])
{
    if (c < 0x80) {
        bytes[0] = (uint8_t)c;
        return 1;
    }
    return (size_t)utf8proc_encode_char(c, bytes);
}

/* Marks in a row that are sorted together: Unicode's stream-safe limit. Sorting is quadratic in it.
 */
#define MARK_RUN_MAX 30

/* Texts up to this are folded on the stack. */
#define STACK_TEXT_MAX 256

/* Every character takes at least as many bytes as half of what it folds to: U+0390 is two bytes. */
#define CHARS_PER_BYTE 2

static int rank_of(int32_t c)
{
    return utf8proc_get_property(c)->combining_class;
}

/* Puts marks in canonical order: a stable insertion sort of each run by combining class. */
static void sort_marks(int32_t *chars, size_t count)
{
    size_t run_start = 0;

    for (size_t i = 0; i < count; i++) {
        int32_t c = chars[i];
        int rank = rank_of(c);
        size_t at = i;

        if (rank == 0 || i - run_start == MARK_RUN_MAX) {
            run_start = rank == 0 ? i + 1 : i;
            continue;
        }
        for (; at > run_start && rank_of(chars[at - 1]) > rank; at--)
            chars[at] = chars[at - 1];
        chars[at] = c;
    }
}

/* Folds `text` into `chars`, which has room for CHARS_PER_BYTE times its bytes. */
static size_t fold_chars(struct tn_str text, int32_t *chars)
{
    const uint8_t *p = (const uint8_t *)text.data;
    const uint8_t *end = p + text.len;
    size_t count = 0;

    while (p < end) {
        int32_t expansion[EXPANSION_MAX];
        int32_t c = 0;

        p += read_char(p, end, &c);
        size_t more = expand(c, case_options, expansion);
        assert(count + more <= text.len * CHARS_PER_BYTE);
        memcpy(chars + count, expansion, more * sizeof(*chars));
        count += more;
    }
    sort_marks(chars, count);

    utf8proc_ssize_t composed = utf8proc_normalize_utf32(
        chars, (utf8proc_ssize_t)count, (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    assert(composed >= 0);
    return (size_t)composed;
}

static tn_status add_chars(struct buf *out, const int32_t *chars, size_t count)
{
    TRY(buf_reserve(out, count * 4));
    for (size_t i = 0; i < count; i++)
        out->len += encode(chars[i], out->data + out->len);
    return TN_OK;
}

tn_status fold_case(struct tn_str text, struct buf *out)
{
    if (text.len == 0)
        return TN_OK;
    if (ascii_len((const uint8_t *)text.data, text.len) == text.len)
        return add_ascii(out, (const uint8_t *)text.data, text.len);

    int32_t stack[STACK_TEXT_MAX * CHARS_PER_BYTE];
    CLEANUP(mem_free_p) int32_t *heap = NULL;
    if (text.len > STACK_TEXT_MAX) {
        if (text.len > SIZE_MAX / (sizeof(*heap) * CHARS_PER_BYTE))
            return TN_RESOURCE_EXHAUSTED;
        heap = mem_alloc(text.len * CHARS_PER_BYTE * sizeof(*heap));
        if (!heap)
            return TN_RESOURCE_EXHAUSTED;
    }
    int32_t *chars = heap ? heap : stack;
    return add_chars(out, chars, fold_chars(text, chars));
}

static tn_status add_match(struct reader *reader, size_t max, struct buf *out)
{
    size_t start = out->len;

    for (;;) {
        uint8_t bytes[4];

        if (reader->next == reader->count) {
            size_t room = max - (out->len - start);
            size_t left = (size_t)(reader->end - reader->p);
            size_t ascii = ascii_len(reader->p, left < room ? left : room);

            TRY(add_ascii(out, reader->p, ascii));
            reader->p += ascii;
        }
        int32_t c = reader_next(reader);
        if (c < 0)
            return TN_OK;
        size_t len = encode(c, bytes);
        if (len > max - (out->len - start))
            return TN_OK;
        TRY(buf_add(out, bytes, len));
    }
}

tn_status fold_match_cut(struct tn_str text, size_t max, struct buf *out)
{
    struct reader reader;
    size_t start = out->len;

    reader_init(&reader, text);
    tn_status st = add_match(&reader, max, out);
    if (st != TN_OK)
        out->len = start;
    return st;
}

tn_status fold_match(struct tn_str text, struct buf *out)
{
    return fold_match_cut(text, SIZE_MAX, out);
}

int fold_compare(struct tn_str a, struct tn_str b)
{
    struct reader reader_a;
    struct reader reader_b;

    reader_init(&reader_a, a);
    reader_init(&reader_b, b);
    for (;;) {
        /* The order of code points is the order of their UTF-8. */
        int32_t c = reader_next(&reader_a);
        int32_t d = reader_next(&reader_b);

        if (c != d)
            return c < d ? -1 : 1;
        if (c < 0)
            return 0;
    }
}

/* A word that grows, cut at FOLD_WORD_MAX. */
struct word {
    char data[FOLD_WORD_MAX];
    size_t len;
    bool is_full;
};

static void word_add(struct word *word, int32_t c)
{
    uint8_t bytes[4];
    size_t len = encode(c, bytes);

    if (word->is_full || len > sizeof(word->data) - word->len) {
        word->is_full = true; /* nothing behind a cut, not even a shorter character */
        return;
    }
    memcpy(word->data + word->len, bytes, len);
    word->len += len;
}

struct splitter {
    tn_status (*each)(void *ctx, struct tn_str word);
    void *ctx;
    struct word word;
    /* A run of what addresses are written in; it is one if it has one '@' between letters. */
    struct word address;
    size_t at_count;
    bool has_domain;
};

static tn_status end_word(struct splitter *splitter)
{
    struct tn_str word = {splitter->word.data, splitter->word.len};

    splitter->word.len = 0;
    splitter->word.is_full = false;
    return word.len ? splitter->each(splitter->ctx, word) : TN_OK;
}

static bool is_joint(int32_t c)
{
    return c == '.' || c == '-' || c == '_' || c == '+' || c == '@';
}

static tn_status end_address(struct splitter *splitter)
{
    struct tn_str word = {splitter->address.data, splitter->address.len};
    bool is_address = splitter->at_count == 1 && splitter->has_domain;

    splitter->address.len = 0;
    splitter->address.is_full = false;
    splitter->at_count = 0;
    splitter->has_domain = false;
    if (!is_address)
        return TN_OK;
    while (is_joint(word.data[word.len - 1])) /* the full stop of a sentence */
        word.len--;
    return splitter->each(splitter->ctx, word);
}

static bool is_word_char(int32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

static tn_status split_char(struct splitter *splitter, int32_t c)
{
    if (is_word_char(c)) {
        word_add(&splitter->word, c);
        word_add(&splitter->address, c);
        splitter->has_domain = splitter->at_count > 0;
        return TN_OK;
    }
    TRY(end_word(splitter));
    if (!is_joint(c))
        return end_address(splitter);
    if (splitter->address.len > 0) { /* an address does not start with a joint */
        word_add(&splitter->address, c);
        splitter->at_count += c == '@';
    }
    return TN_OK;
}

tn_status fold_parts(struct tn_str text, tn_status (*each)(void *ctx, struct tn_str word),
                     void *ctx)
{
    struct splitter splitter = {.each = each, .ctx = ctx};
    struct reader reader;
    int32_t c = 0;

    reader_init(&reader, text);
    while ((c = reader_next(&reader)) >= 0)
        TRY(split_char(&splitter, c));
    TRY(end_word(&splitter));
    return end_address(&splitter);
}

/* Telephone numbers */

/* Digits that count: fewer are a code or an extension; ITU-T E.164 has no more. */
#define NUMBER_DIGIT_MIN 7
#define NUMBER_DIGIT_MAX 15

struct number {
    char digits[NUMBER_DIGIT_MAX]; /* without the zeros that are dialled first */
    size_t count;
    size_t zero_count; /* of these */
    bool is_plain;     /* written without anything else: it may as well be a code */
};

static bool is_number_joint(int32_t c)
{
    if (c < 0x80)
        return c == ' ' || c == '.' || c == '-' || c == '/' || c == '(' || c == ')';
    return utf8proc_category(c) == UTF8PROC_CATEGORY_ZS ||
           utf8proc_category(c) == UTF8PROC_CATEGORY_PD;
}

/* "+33 (0)4 ...": the zero is dialled inside the country only. */
static void skip_trunk_zero(struct reader *reader)
{
    if (reader->end - reader->p >= 2 && memcmp(reader->p, "0)", 2) == 0)
        reader->p += 2;
}

/* False: another digit than a number may have. */
static bool add_digit(struct number *number, int32_t c)
{
    if (number->count == 0 && c == '0') {
        number->zero_count++;
        return true;
    }
    if (number->count == NUMBER_DIGIT_MAX)
        return false;
    number->digits[number->count++] = (char)c;
    return true;
}

/* Whether the text has only what a telephone number is written with. */
static bool read_number(struct tn_str text, struct number *ret_number)
{
    struct number number = {.is_plain = true};
    struct reader reader;
    bool is_first = true;
    int32_t c = 0;

    reader_init(&reader, text);
    for (; (c = reader_next(&reader)) >= 0; is_first = false) {
        if (c >= '0' && c <= '9') {
            if (!add_digit(&number, c))
                return false;
            continue;
        }
        if (!is_number_joint(c) && !(c == '+' && is_first))
            return false;
        number.is_plain = false;
        if (c == '(')
            skip_trunk_zero(&reader);
    }
    *ret_number = number;
    return number.count > 0;
}

static size_t write_number(const struct number *number, char word[FOLD_NUMBER_SIZE])
{
    _Static_assert(FOLD_NUMBER_SIZE == 1 + NUMBER_DIGIT_MAX, "mark and digits");
    word[0] = FOLD_NUMBER_MARK;
    for (size_t i = 0; i < number->count; i++)
        word[1 + i] = number->digits[number->count - 1 - i];
    return 1 + number->count;
}

bool fold_number_end(struct tn_str text, char word[FOLD_NUMBER_SIZE], size_t *ret_len)
{
    struct number number;

    if (!read_number(text, &number))
        return false;
    size_t len = write_number(&number, word);
    /* Zeros before so few digits are not dialled first: they are some of the last. */
    for (size_t i = 0; number.count < NUMBER_DIGIT_MIN && i < number.zero_count; i++)
        if (len < FOLD_NUMBER_SIZE)
            word[len++] = '0';
    *ret_len = len;
    return true;
}

tn_status fold_words(struct tn_str text, tn_status (*each)(void *ctx, struct tn_str word),
                     void *ctx)
{
    struct number number;
    char word[FOLD_NUMBER_SIZE];

    if (!read_number(text, &number) || number.count < NUMBER_DIGIT_MIN)
        return fold_parts(text, each, ctx);
    if (number.is_plain)
        TRY(fold_parts(text, each, ctx));
    size_t len = write_number(&number, word);
    return each(ctx, (struct tn_str){word, len});
}
