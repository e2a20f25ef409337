/* SPDX-License-Identifier: Apache-2.0 */
/* texts.h - the table of texts behind say.h. */
#ifndef SDK_CLI_TEXTS_H
#define SDK_CLI_TEXTS_H

#include <stddef.h>

#include "core/base/text.h"

extern const struct text_pair cli_texts[]; /* sorted by the English text */
extern const size_t cli_text_count;

#endif /* SDK_CLI_TEXTS_H */
