/* SPDX-License-Identifier: Apache-2.0 */
/* transform.c - one function for each step of a mapping. */
#include "sdk/cli/import/transform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "core/base/utf8.h"
#include "core/value/decimal.h"
#include "sdk/cli/import/date_format.h"
#include "sdk/cli/say.h"

/* What a step works with besides its text. */
struct context {
    const char *language;
    struct arena *arena;
    struct transform_refusal *refusal;
};

/* Texts from files are quoted in messages up to this length. */
#define QUOTED_MAX 60

__attribute__((format(printf, 3, 4))) static tn_status
refuse(const struct context *ctx, const char *rule, const char *format, ...);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static tn_status refuse(const struct context *ctx, const char *rule, const char *format, ...)
{
    va_list args;

    ctx->refusal->rule = rule;
    va_start(args, format);
    (void)vsnprintf(
        ctx->refusal->message, sizeof(ctx->refusal->message), say_in(ctx->language, format), args);
    va_end(args);
    return TN_INVALID_ARGUMENT;
}
#pragma GCC diagnostic pop

static int quoted_len(struct tn_str text)
{
    return (int)(text.len <= QUOTED_MAX ? text.len : utf8_cut(text.data, QUOTED_MAX));
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The no-break space that French typography puts everywhere counts as a space. */
static size_t space_len_at_start(struct tn_str text)
{
    if (text.len >= 1 && is_space(text.data[0]))
        return 1;
    if (text.len >= 2 && memcmp(text.data, "\xc2\xa0", 2) == 0)
        return 2;
    return text.len >= 3 && memcmp(text.data, "\xe2\x80\xaf", 3) == 0 ? 3 : 0;
}

static size_t space_len_at_end(struct tn_str text)
{
    if (text.len >= 1 && is_space(text.data[text.len - 1]))
        return 1;
    if (text.len >= 2 && memcmp(text.data + text.len - 2, "\xc2\xa0", 2) == 0)
        return 2;
    return text.len >= 3 && memcmp(text.data + text.len - 3, "\xe2\x80\xaf", 3) == 0 ? 3 : 0;
}

static struct tn_str trim(struct tn_str text)
{
    for (size_t n; (n = space_len_at_start(text)) > 0;) {
        text.data += n;
        text.len -= n;
    }
    for (size_t n; (n = space_len_at_end(text)) > 0;)
        text.len -= n;
    return text;
}

static tn_status change_case(const struct context *ctx, struct tn_str text, bool upper,
                             struct tn_str *ret_text)
{
    /* A character's other case may take one byte more in UTF-8, never two times its own. */
    char *out = arena_alloc(ctx->arena, 2 * text.len + 4);
    size_t len = 0;

    if (!out)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t at = 0; at < text.len;) {
        utf8proc_int32_t c = 0;
        utf8proc_ssize_t taken = utf8proc_iterate(
            (const utf8proc_uint8_t *)text.data + at, (utf8proc_ssize_t)(text.len - at), &c);

        if (taken <= 0)
            return refuse(ctx, "utf8", "The text is not UTF-8.");
        c = upper ? utf8proc_toupper(c) : utf8proc_tolower(c);
        len += (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)out + len);
        at += (size_t)taken;
    }
    *ret_text = (struct tn_str){out, len};
    return TN_OK;
}

static tn_status read_date(const struct context *ctx, const struct transform_step *step,
                           struct tn_str text, struct tn_str *ret_text)
{
    char out[DATE_FORMAT_TEXT_SIZE];
    tn_status status = date_format_apply(step->text, text, out);

    if (status == TN_INVALID_ARGUMENT)
        return refuse(ctx,
                      "date",
                      "'%.*s' is not of the form %s.",
                      quoted_len(text),
                      text.data,
                      step->text.data);
    if (status != TN_OK)
        return refuse(ctx, "date", "There is no day '%.*s'.", quoted_len(text), text.data);
    return arena_copy_str(ctx->arena, utf8_str(out), ret_text);
}

/* "1 234,56" to "1234.56". */
static tn_status read_decimal(const struct context *ctx, const struct transform_step *step,
                              struct tn_str text, struct tn_str *ret_text)
{
    char *out = arena_alloc(ctx->arena, text.len + 1);
    struct decimal value;
    size_t len = 0;

    if (!out)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t at = 0; at < text.len;) {
        struct tn_str rest = {text.data + at, text.len - at};
        size_t space = space_len_at_start(rest);

        if (rest.len >= step->text.len && memcmp(rest.data, step->text.data, step->text.len) == 0) {
            out[len++] = '.';
            at += step->text.len;
        } else if (memchr(step->with.data, space > 0 ? ' ' : rest.data[0], step->with.len)) {
            at += space > 0 ? space : 1;
        } else if (rest.data[0] == '.') {
            len = 0; /* a point that is neither mark: no number */
            break;
        } else {
            out[len++] = rest.data[0];
            at++;
        }
    }
    if (decimal_parse((struct tn_str){out, len}, &value) != TN_OK)
        return refuse(ctx, "number", "'%.*s' is no number.", quoted_len(text), text.data);
    *ret_text = (struct tn_str){out, len};
    return TN_OK;
}

/* Where part `index` begins and ends, the separators outside. */
static bool find_part(struct tn_str text, struct tn_str separator, int32_t index, size_t *ret_start,
                      size_t *ret_end)
{
    size_t start = 0;

    for (int32_t i = 0;; i++) {
        const char *at = memmem(text.data + start, text.len - start, separator.data, separator.len);

        if (i == index) {
            *ret_start = start;
            *ret_end = at ? (size_t)(at - text.data) : text.len;
            return true;
        }
        if (!at)
            return false;
        start = (size_t)(at - text.data) + separator.len;
    }
}

static int32_t count_parts(struct tn_str text, struct tn_str separator)
{
    int32_t count = 1;
    const char *end = text.data + text.len;
    const char *at = text.data;

    while ((at = memmem(at, (size_t)(end - at), separator.data, separator.len))) {
        at += separator.len;
        count++;
    }
    return count;
}

static struct tn_str split(const struct transform_step *step, struct tn_str text)
{
    size_t start = 0;
    size_t end = 0;
    int32_t part = step->part;

    if (part < 0)
        part += count_parts(text, step->text);
    if (part < 0 || !find_part(text, step->text, part, &start, &end))
        return (struct tn_str){"", 0};
    return (struct tn_str){text.data + start, (step->rest ? text.len : end) - start};
}

static tn_status replace(const struct context *ctx, const struct transform_step *step,
                         struct tn_str text, struct tn_str *ret_text)
{
    size_t size = text.len + (size_t)count_parts(text, step->text) * step->with.len;
    size_t len = 0;
    char *out;

    if (size > TRANSFORM_TEXT_MAX)
        return refuse(
            ctx, "too_long", "The text becomes longer than %d bytes.", TRANSFORM_TEXT_MAX);
    out = arena_alloc(ctx->arena, size + 1);
    if (!out)
        return TN_RESOURCE_EXHAUSTED;
    for (size_t at = 0; at < text.len;) {
        const char *found = memmem(text.data + at, text.len - at, step->text.data, step->text.len);
        size_t keep = found ? (size_t)(found - text.data) - at : text.len - at;

        memcpy(out + len, text.data + at, keep);
        len += keep;
        at += keep;
        if (found) {
            memcpy(out + len, step->with.data, step->with.len);
            len += step->with.len;
            at += step->text.len;
        }
    }
    *ret_text = (struct tn_str){out, len};
    return TN_OK;
}

static tn_status look_up(const struct context *ctx, const struct transform_step *step,
                         struct tn_str text, struct tn_str *ret_text)
{
    const struct tn_str *found = map_get(step->table, text);

    if (found)
        *ret_text = *found;
    else if (step->otherwise == TRANSFORM_DEFAULT)
        *ret_text = step->with;
    else if (step->otherwise == TRANSFORM_KEEP)
        *ret_text = text;
    else
        return refuse(
            ctx, "lookup", "'%.*s' is not in the lookup table.", quoted_len(text), text.data);
    return TN_OK;
}

static tn_status run_step(const struct context *ctx, const struct transform_step *step,
                          struct tn_str text, struct tn_str *ret_text)
{
    switch (step->kind) {
    case TRANSFORM_TRIM:
        *ret_text = trim(text);
        return TN_OK;
    case TRANSFORM_LOWER:
        return change_case(ctx, text, false, ret_text);
    case TRANSFORM_UPPER:
        return change_case(ctx, text, true, ret_text);
    case TRANSFORM_DATE:
        return read_date(ctx, step, text, ret_text);
    case TRANSFORM_DECIMAL:
        return read_decimal(ctx, step, text, ret_text);
    case TRANSFORM_SPLIT:
        *ret_text = split(step, text);
        return TN_OK;
    case TRANSFORM_REPLACE:
        return replace(ctx, step, text, ret_text);
    case TRANSFORM_LOOKUP:
        return look_up(ctx, step, text, ret_text);
    }
    return TN_INTERNAL;
}

tn_status transform_run(const struct transform_step *steps, uint32_t count, struct tn_str text,
                        const char *language, struct arena *arena, struct tn_str *ret_text,
                        struct transform_refusal *refusal)
{
    struct context ctx = {language, arena, refusal};

    if (text.len > TRANSFORM_TEXT_MAX)
        return refuse(&ctx, "too_long", "The text is longer than %d bytes.", TRANSFORM_TEXT_MAX);
    for (uint32_t i = 0; i < count && text.len > 0; i++)
        TRY(run_step(&ctx, &steps[i], text, &text));
    *ret_text = text;
    return TN_OK;
}
