/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - UTF-8 as bytes: validity and cutting. Folding and collation are value/fold.h. */
#ifndef CORE_BASE_UTF8_H
#define CORE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <tenon/base.h>

/*
 * Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no
 * surrogates, nothing past U+10FFFF) without NUL. `ret_bad` (may be NULL) receives the
 * offset of the first byte that is not. [any]
 */
bool utf8_is_valid(const char *data, size_t len, size_t *ret_bad);

/* The largest offset <= `max` that does not split a character; data[max] must exist. [any] */
size_t utf8_cut(const char *data, size_t max);

/* Characters (code points) of valid UTF-8. [any] */
size_t utf8_count(struct tn_str text);

static inline struct tn_str utf8_str(const char *text)
{
    struct tn_str str = {text, strlen(text)};
    return str;
}

static inline bool utf8_equal(struct tn_str a, struct tn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool utf8_is(struct tn_str text, const char *other)
{
    return utf8_equal(text, utf8_str(other));
}

#endif /* CORE_BASE_UTF8_H */
