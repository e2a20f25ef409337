/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the host's texts in French, sorted by the English ones (strcmp). */
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct text_pair pairs[] = {
    {"Memory is out: no room for %s.", "La mémoire est épuisée : pas de place pour %s."},
};

static int compare_english(const void *key, const void *pair)
{
    return strcmp(key, ((const struct text_pair *)pair)->english);
}

const char *text_in(const char *language, const char *english)
{
    if (strncmp(language, "fr", 2) != 0)
        return english;
    const struct text_pair *pair = bsearch(
        english, pairs, sizeof(pairs) / sizeof(pairs[0]), sizeof(pairs[0]), compare_english);
    return pair ? pair->french : english;
}

const struct text_pair *text_pairs(size_t *ret_count)
{
    *ret_count = sizeof(pairs) / sizeof(pairs[0]);
    return pairs;
}
