/* SPDX-License-Identifier: Apache-2.0 */
/* vendor.h - whoever issues licences and signs plugins, as the tests of the whole host want it. */
#ifndef TESTS_INTEGRATION_VENDOR_H
#define TESTS_INTEGRATION_VENDOR_H

#include "core/access/licence.h"
#include "tests/integration/host.h"

struct vendor {
    struct key_pair pair;
    char key[KEY_TEXT_SIZE]; /* as a configuration has it */
};

/* Wiped by vendor_fini. */
void vendor_init(struct vendor *vendor);
void vendor_fini(struct vendor *vendor);

/* A licence of the tier for the portal, from yesterday, without an end. */
struct licence vendor_licence(const char *serial, const char *portal, uint32_t tier);
/* Signs it; NUL-terminated. OWNED: mem_free. */
char *vendor_issue(const struct vendor *vendor, const struct licence *licence);

/* Signs a file of the host's folder of plugins. */
void vendor_sign(const struct vendor *vendor, const struct tenond *host, const char *name);

/* Starts the host, the first time or again, with a licence of the tier enterprise for its portal
 * main. */
void vendor_start_granted(struct tenond *host);

#endif /* TESTS_INTEGRATION_VENDOR_H */
