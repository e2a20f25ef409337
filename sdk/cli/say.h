/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say.h - what the command says to people, in English or French. The English text is the key, as
 * in core/base/text.h; say.c holds the others, and a test holds the two against each other.
 */
#ifndef SDK_CLI_SAY_H
#define SDK_CLI_SAY_H

#include <stdio.h>

#include "core/base/err.h"
#include "core/base/text.h"

/* `english` in `language` ("fr", "fr_FR.UTF-8"), or itself. Static. [any] */
const char *say_in(const char *language, const char *english);

/* All pairs, sorted by the English text. Static. [any] */
const struct text_pair *say_pairs(size_t *ret_count);

/* As err_set and err_violate of core/base/err.h, with the texts of say.c. `err` may be NULL. */
__attribute__((format(printf, 3, 4))) tn_status say_fail(struct err *err, tn_status status,
                                                         const char *format, ...);
__attribute__((format(printf, 5, 6))) tn_status say_violate(struct err *err, tn_status status,
                                                            const char *field, const char *rule,
                                                            const char *format, ...);

/* Writes a text in `language` to `out`. [any] */
__attribute__((format(printf, 3, 4))) void say_to(FILE *out, const char *language,
                                                  const char *format, ...);

/* Status, message and violations, one a line. [any] */
void say_error(FILE *out, const struct err *err);

/* As in core/base/err.h. */
#ifdef __clang_analyzer__
#define say_fail(...) err_refusal(say_fail(__VA_ARGS__))
#define say_violate(...) err_refusal(say_violate(__VA_ARGS__))
#endif

#endif /* SDK_CLI_SAY_H */
