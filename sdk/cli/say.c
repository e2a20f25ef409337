/* SPDX-License-Identifier: Apache-2.0 */
/* say.c - finding and formatting the command's texts; texts.c holds them. */
#include "sdk/cli/say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sdk/cli/texts.h"

#undef say_fail
#undef say_violate

static int compare_english(const void *key, const void *pair)
{
    return strcmp(key, ((const struct text_pair *)pair)->english);
}

const char *say_in(const char *language, const char *english)
{
    size_t count;
    const struct text_pair *pairs = say_pairs(&count);
    const struct text_pair *pair;

    if (!language || strncmp(language, "fr", 2) != 0)
        return english;
    pair = bsearch(english, pairs, count, sizeof(pairs[0]), compare_english);
    return pair ? pair->french : english;
}

const struct text_pair *say_pairs(size_t *ret_count)
{
    *ret_count = cli_text_count;
    return cli_texts;
}

/* Formats come from our own table of texts, whose test compares the conversions. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void format_text(char *out, size_t size, const char *language, const char *format,
                        va_list args)
{
    int len = vsnprintf(out, size, say_in(language, format), args);

    if (len >= 0 && (size_t)len >= size)
        out[utf8_cut(out, size - 1)] = '\0';
}

void say_to(FILE *out, const char *language, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(out, say_in(language, format), args);
    va_end(args);
}
#pragma GCC diagnostic pop

tn_status say_fail(struct err *err, tn_status status, const char *format, ...)
{
    char text[ERR_MESSAGE_SIZE];
    va_list args;

    if (!err)
        return status;
    va_start(args, format);
    format_text(text, sizeof(text), err->language, format, args);
    va_end(args);
    return err_set(err, status, "%s", text);
}

tn_status say_violate(struct err *err, tn_status status, const char *field, const char *rule,
                      const char *format, ...)
{
    char text[ERR_MESSAGE_SIZE];
    va_list args;

    if (!err)
        return status;
    va_start(args, format);
    format_text(text, sizeof(text), err->language, format, args);
    va_end(args);
    return err_violate_text(err, status, field, rule, utf8_str(text));
}

void say_error(FILE *out, const struct err *err)
{
    (void)fprintf(out, "tenon: %s: %s\n", err_status_name(err->status), err->message);
    for (uint32_t i = 0; i < err->violation_count; i++) {
        const struct err_violation *v = &err->violations[i];

        /* A single violation mostly is the message. */
        if (strcmp(v->text, err->message) == 0)
            (void)fprintf(out, "  %s (%s)\n", v->field, v->rule);
        else
            (void)fprintf(
                out, "  %s%s%s (%s)\n", v->field, v->field[0] ? ": " : "", v->text, v->rule);
    }
    if (err->violation_dropped > 0)
        say_to(out, err->language, "  and %u more\n", err->violation_dropped);
}
