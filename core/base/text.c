/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - looking up what the host says; text_fr.c has the French. */
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static int compare_english(const void *key, const void *pair)
{
    return strcmp(key, ((const struct text_pair *)pair)->english);
}

const char *text_in(const char *language, const char *english)
{
    if (strncmp(language, "fr", 2) != 0)
        return english;
    size_t count = 0;
    const struct text_pair *pairs = text_pairs(&count);
    const struct text_pair *pair =
        bsearch(english, pairs, count, sizeof(pairs[0]), compare_english);
    return pair ? pair->french : english;
}

const char *text_environment(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = getenv(variables[i]);

        if (value && value[0] != '\0')
            return strncmp(value, "fr", 2) == 0 ? "fr" : "en";
    }
    return "en";
}
