/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - what TLS needs to know, from files. */
#ifndef CORE_BUS_TLS_H
#define CORE_BUS_TLS_H

#include "core/base/err.h"

struct nng_tls_config;

/*
 * For a host: its certificate, with those between it and a root behind it, and the key, both PEM.
 * OWNED: bus_tls_free. TN_NOT_FOUND, TN_PERMISSION_DENIED, TN_UNAVAILABLE: a file cannot be
 * read; TN_INVALID_ARGUMENT: what is in it cannot be used. [loader] blocks
 */
tn_status bus_tls_host(const char *certificate, const char *key, struct nng_tls_config **ret_config,
                       struct err *err);

/* Where a client that names no file finds whom to trust. */
#define BUS_TLS_CA_DEFAULT "/etc/ssl/certs/ca-certificates.crt"

/*
 * For a client: whom it trusts (PEM; NULL: BUS_TLS_CA_DEFAULT), and the name that the host's
 * certificate has to have (NULL: as in the URL). As bus_tls_host. [any] blocks
 */
tn_status bus_tls_client(const char *ca, const char *server_name,
                         struct nng_tls_config **ret_config, struct err *err);

/* Accepts NULL; what listens or dials with it keeps it. [any] */
void bus_tls_free(struct nng_tls_config *config);

#endif /* CORE_BUS_TLS_H */
