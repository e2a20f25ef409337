/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - see match.h. */
#include "tests/golden/match.h"

#include <ctype.h>
#include <string.h>

/* Behind the conversion at `format`; `*ret_kind` is its letter, '%' for a literal one. */
static const char *conversion_end(const char *format, char *ret_kind)
{
    format++;
    format += strspn(format, "-+ #0123456789.*hlzjt");
    *ret_kind = *format;
    return *format ? format + 1 : format;
}

static const char *number_end(const char *text, char kind)
{
    const char *start = text;

    if (kind == 'd' && *text == '-')
        start = ++text;
    while (kind == 'x' ? isxdigit((unsigned char)*text) : isdigit((unsigned char)*text))
        text++;
    return text == start ? NULL : text;
}

/*
 * As a shell matches names: a text is a star, and it is enough to come back to the last one. A
 * number takes all its digits.
 */
bool match_format(const char *format, const char *text, size_t *ret_literal_len)
{
    const char *star = NULL;      /* of the format, behind the last text */
    const char *star_text = NULL; /* where that text ends for now */
    size_t literal_len = 0;
    size_t star_literal_len = 0;

    for (;;) {
        char kind = 0;
        const char *next = *format == '%' ? conversion_end(format, &kind) : NULL;
        const char *end = NULL;

        if (next && (kind == 's' || kind == 'c')) {
            star = format = next;
            star_text = text;
            star_literal_len = literal_len;
            continue;
        }
        if (*format == '\0' && *text == '\0') {
            *ret_literal_len = literal_len;
            return true;
        }
        if (next && kind != '%')
            end = number_end(text, kind);
        else if (*format != '\0' && *format == *text)
            end = text + 1;
        if (end) {
            literal_len += next && kind != '%' ? 0 : 1;
            format = next ? next : format + 1;
            text = end;
        } else {
            if (!star || *star_text == '\0')
                return false;
            format = star;
            text = ++star_text;
            literal_len = star_literal_len;
        }
    }
}
