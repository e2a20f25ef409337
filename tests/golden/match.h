/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - which text of a table somebody was shown. */
#ifndef TESTS_GOLDEN_MATCH_H
#define TESTS_GOLDEN_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Whether printf could have made `text` of `format`. Bytes of it that are no conversion are counted
 * in `*ret_literal_len` if so: the more, the less it was by chance. */
bool match_format(const char *format, const char *text, size_t *ret_literal_len);

#endif /* TESTS_GOLDEN_MATCH_H */
