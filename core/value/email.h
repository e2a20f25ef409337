/* SPDX-License-Identifier: Apache-2.0 */
/* email.h - e-mail addresses, as people type them and as they are kept. */
#ifndef CORE_VALUE_EMAIL_H
#define CORE_VALUE_EMAIL_H

#include <stdbool.h>

#include <tenon/base.h>

#define EMAIL_SIZE 255 /* RFC 5321: 254 bytes, and a NUL */

/*
 * Writes the address without the blanks around it and with its domain in lower case; what stands
 * before the '@' is its owner's matter and stays. False: not an address such as name@example.com.
 * [any]
 */
bool email_normalise(struct tn_str text, char out[EMAIL_SIZE], size_t *ret_len);

#endif /* CORE_VALUE_EMAIL_H */
