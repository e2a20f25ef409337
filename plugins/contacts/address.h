/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - e-mail addresses and domain names, as people type them and as they are kept. */
#ifndef PLUGINS_CONTACTS_ADDRESS_H
#define PLUGINS_CONTACTS_ADDRESS_H

#include <stdbool.h>

#include <tenon/base.h>

#define ADDRESS_EMAIL_SIZE 255  /* RFC 5321: 254 bytes, and a NUL */
#define ADDRESS_DOMAIN_SIZE 254 /* RFC 1035: 253 bytes, and a NUL */

/*
 * Writes the address without the blanks around it and with its domain in lower case; what stands
 * before the '@' is its owner's matter and stays. `ret_domain` (may be NULL) is the part of
 * `out` behind the '@'. False: not an address.
 */
bool address_email(struct tn_str text, char out[ADDRESS_EMAIL_SIZE], struct tn_str *ret_domain);

/*
 * Writes the domain of what may be a URL: without scheme, "www.", port, path, in lower case.
 * False: no domain name with a dot.
 */
bool address_domain(struct tn_str text, char out[ADDRESS_DOMAIN_SIZE]);

/* Whether anybody can have an address at this domain (in lower case), so that it tells nothing of
 * where a person works. */
bool address_is_free_mail(struct tn_str domain);

#endif /* PLUGINS_CONTACTS_ADDRESS_H */
