/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.h - certificates for tests, made by openssl. */
#ifndef TESTS_INTEGRATION_CERTIFICATE_H
#define TESTS_INTEGRATION_CERTIFICATE_H

#include <stdbool.h>

/* Writes a certificate for "localhost", signed by itself, and its key. False: there is no openssl.
 */
bool certificate_make(const char *certificate, const char *key);

#endif /* TESTS_INTEGRATION_CERTIFICATE_H */
