/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.h - the forms of a text that are compared (utf8proc). Input is valid UTF-8; other bytes are
 * safe, and count as U+FFFD. ASCII takes a fast path.
 */
#ifndef CORE_VALUE_FOLD_H
#define CORE_VALUE_FOLD_H

#include <stdbool.h>

#include <tenon/base.h>

#include "core/base/buf.h"

/* Bytes of a word at most; longer ones are cut at a character. */
#define FOLD_WORD_MAX 64

/*
 * Appends the case-folded form in NFC: what unique values and equality use.
 * TN_RESOURCE_EXHAUSTED; `out` is as before then. [any]
 */
tn_status fold_case(struct tn_str text, struct buf *out);

/*
 * Appends the case-folded form without accents, ligatures written out ("Œuvre" gives "oeuvre"):
 * what words, matches and order use. Status as fold_case. [any]
 */
tn_status fold_match(struct tn_str text, struct buf *out);

/* As fold_match, but stops before the character that would exceed `max` bytes. [any] */
tn_status fold_match_cut(struct tn_str text, size_t max, struct buf *out);

/* The order of fold_match's bytes, without memory: <0, 0, >0. [any] */
int fold_compare(struct tn_str a, struct tn_str b);

/* What the word of a telephone number begins with, and no other word. */
#define FOLD_NUMBER_MARK '#'

/*
 * Calls `each` for every word of the text in its match form: runs of letters and digits (by Unicode
 * category), and after the parts of an e-mail address the address as a whole.
 *
 * A text that is a telephone number and nothing else is one word, however it is written: the mark
 * and its digits from the last to the first, without the zeros that are dialled first. So what
 * starts with the mark finds it by its last digits, and with a country's code or without.
 * Digits with nothing in between are a word like others too, as they may be a code.
 *
 * Repeats are the caller's to remove. `word` lives until `each` returns. Stops at the first status
 * other than TN_OK and returns it. [any]
 */
tn_status fold_words(struct tn_str text, tn_status (*each)(void *ctx, struct tn_str word),
                     void *ctx);

/* A telephone number's word at most: the mark and its digits. */
#define FOLD_NUMBER_SIZE 16

/*
 * The beginning of the words that a search for `text` means, if it is a telephone number or the
 * last digits of one; false if it is not. [any]
 */
bool fold_number_end(struct tn_str text, char word[FOLD_NUMBER_SIZE], size_t *ret_len);

/* As fold_words, but a telephone number is a text like others: so did stores of format 1. [any] */
tn_status fold_parts(struct tn_str text, tn_status (*each)(void *ctx, struct tn_str word),
                     void *ctx);

#endif /* CORE_VALUE_FOLD_H */
