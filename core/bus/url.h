/* SPDX-License-Identifier: Apache-2.0 */
/* url.h - what a URL to listen at asks for: who is served there, and over which transport. */
#ifndef CORE_BUS_URL_H
#define CORE_BUS_URL_H

#include <stdbool.h>

#include "core/base/err.h"

enum bus_url_role {
    BUS_URL_BUS,     /* ipc://, tcp://, tls+tcp://: the bus proper */
    BUS_URL_DOOR,    /* sp+...: a REP socket, one call a request */
    BUS_URL_NOTICES, /* sp+pub+...: a PUB socket */
};

struct bus_url {
    enum bus_url_role role;
    const char *address; /* within the URL: as nng wants it */
    bool is_ipc;
    bool is_tls;
};

/*
 * TN_INVALID_ARGUMENT: no such URL, longer than BUS_URL_SIZE, or one that other machines would
 * reach without TLS. [any]
 */
tn_status bus_url_parse(const char *url, struct bus_url *ret_url, struct err *err);

/* Why nng does not listen there. [any] */
tn_status bus_url_refuse(const char *url, int nng_error, struct err *err);

/* Writes `url` (BUS_URL_SIZE bytes), with `port` instead of its own unless that is 0. [any] */
void bus_url_write(const char *url, int port, char *out);

#endif /* CORE_BUS_URL_H */
