/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - arithmetic on TN_NUMBER values. */
#ifndef PLUGINS_PIPELINES_NUMBER_H
#define PLUGINS_PIPELINES_NUMBER_H

#include <stdbool.h>

#include <tenon/value.h>

/*
 * a x b, exactly; half to even where it has more digits than a value holds. False: it is
 * too large, or one of them is no number.
 */
bool number_multiply(struct tn_value a, struct tn_value b, struct tn_value *ret_product);

/* Whether it is a number from 0 to 1. Any value may be asked about. */
bool number_is_probability(struct tn_value number);
/* Whether it is the highest; of one that number_is_probability() takes. */
bool number_is_one(struct tn_value probability);

#endif /* PLUGINS_PIPELINES_NUMBER_H */
