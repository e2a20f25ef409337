/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - what the host says to people, in their language. The English text is the
 * key; text_fr.c holds the others, and a test holds the two against each other.
 */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stddef.h>

/* One text of the host; both are printf formats with the same conversions in the same order. */
struct text_pair {
    const char *english;
    const char *french;
};

/* `english` in `language` ("fr"; a region such as "fr-CA" is ignored), or itself. Static. [any] */
const char *text_in(const char *language, const char *english);

/*
 * The language that the environment asks for, by LC_ALL, LC_MESSAGES or LANG: "fr" or "en". Static.
 * [loader]
 */
const char *text_environment(void);

/* All pairs, sorted by the English text. Static. [any] */
const struct text_pair *text_pairs(size_t *ret_count);

#endif /* CORE_BASE_TEXT_H */
