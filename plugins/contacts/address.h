/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - domain names, as people type them and as they are kept. */
#ifndef PLUGINS_CONTACTS_ADDRESS_H
#define PLUGINS_CONTACTS_ADDRESS_H

#include <stdbool.h>

#include <tenon/base.h>

#define ADDRESS_DOMAIN_SIZE 254 /* RFC 1035: 253 bytes, and a NUL */

/* What stands behind the '@'; empty where there is none. */
struct tn_str address_domain_of(struct tn_str email);

/*
 * Writes the domain of what may be a URL: without scheme, "www.", port, path, in lower case.
 * False: no domain name with a dot.
 */
bool address_domain(struct tn_str text, char out[ADDRESS_DOMAIN_SIZE]);

/* Whether anybody can have an address at this domain (in lower case), so that it tells nothing of
 * where a person works. */
bool address_is_free_mail(struct tn_str domain);

#endif /* PLUGINS_CONTACTS_ADDRESS_H */
