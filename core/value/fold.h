/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.h - the forms of a text that are compared (utf8proc). Input is valid UTF-8. Never
 * COMPOSE with DECOMPOSE in one utf8proc call; ASCII takes a fast path.
 */
#ifndef CORE_VALUE_FOLD_H
#define CORE_VALUE_FOLD_H

#include <tenon/base.h>

#include "core/base/buf.h"

/* Appends the case-folded, NFC form: what unique values and equality use. [any] */
tn_status fold_case(struct tn_str text, struct buf *out);

/* Appends the case-folded form without accents: what words and matches use. [any] */
tn_status fold_match(struct tn_str text, struct buf *out);

/*
 * Calls `each` for every word of the text (letters and digits by Unicode category; also the
 * parts of an e-mail address and the address as a whole) in its match form, at most `max`
 * distinct calls are not guaranteed: the caller removes repeats. Words longer than 64 bytes
 * are cut at a character. Stops at the first status other than TN_OK and returns it. [any]
 */
tn_status fold_words(struct tn_str text, tn_status (*each)(void *ctx, struct tn_str word),
                     void *ctx);

#endif /* CORE_VALUE_FOLD_H */
