/* SPDX-License-Identifier: Apache-2.0 */
/* texts.c - the command's texts in French, sorted by the English ones (strcmp). */
#include "sdk/cli/texts.h"

const struct text_pair cli_texts[] = {
    {"%s: %s has no such field.", "%s : %s n'a pas ce champ."},
};

const size_t cli_text_count = sizeof(cli_texts) / sizeof(cli_texts[0]);
