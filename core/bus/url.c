/* SPDX-License-Identifier: Apache-2.0 */
/* url.c - see url.h. */
#include "core/bus/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <nng/nng.h>

#include "core/bus/server.h"

/* As much as sockaddr_un takes, NUL included. */
#define IPC_PATH_MAX ((int)sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static bool takes_prefix(const char **at, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncmp(*at, prefix, len) != 0)
        return false;
    *at += len;
    return true;
}

/* Whether a host name is this machine's own and reached by nobody else. */
static bool host_is_loopback(const char *host)
{
    struct in_addr v4;

    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

tn_status bus_url_refuse(const char *url, int nng_error, struct err *err)
{
    switch (nng_error) {
    case NNG_EADDRINUSE:
        return err_set(err, TN_ALREADY_EXISTS, "%s is in use by another process.", url);
    case NNG_EPERM:
        return err_set(err, TN_PERMISSION_DENIED, "No permission to listen on %s.", url);
    case NNG_ENOMEM:
        return err_memory(err, "a listener");
    default:
        return err_set(
            err, TN_INVALID_ARGUMENT, "Cannot listen on %s: %s.", url, nng_strerror(nng_error));
    }
}

/* Looks at the transport and who may reach it. */
static tn_status check_address(const char *url, const nng_url *parsed, struct bus_url *at,
                               struct err *err)
{
    at->is_ipc = strcmp(parsed->u_scheme, "ipc") == 0;
    at->is_tls = strcmp(parsed->u_scheme, "tls+tcp") == 0;
    if (at->is_tls && at->role == BUS_URL_NOTICES)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "Cannot listen on %s: nobody shows a token to hear notices, so they are for "
                       "this machine: sp+pub+ipc:// or sp+pub+tcp://127.0.0.1.",
                       url);
    if (at->is_ipc && strlen(parsed->u_path) > IPC_PATH_MAX)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "Cannot listen on %s: the path of a socket has at most %d bytes.",
                       url,
                       IPC_PATH_MAX);
    if (at->is_ipc || at->is_tls)
        return TN_OK;
    if (strcmp(parsed->u_scheme, "tcp") != 0)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "Cannot listen on %s: it is neither ipc://PATH nor tcp://HOST:PORT.",
                       url);
    if (!host_is_loopback(parsed->u_hostname))
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "Cannot listen on %s: other machines need TLS, as in tls+tcp://HOST:PORT; "
                       "use 127.0.0.1.",
                       url);
    return TN_OK;
}

tn_status bus_url_parse(const char *url, struct bus_url *ret_url, struct err *err)
{
    struct bus_url at = {.role = BUS_URL_BUS, .address = url};
    nng_url *parsed = NULL;

    if (strlen(url) >= BUS_URL_SIZE)
        return err_set(err, TN_INVALID_ARGUMENT, "The URL %s is too long.", url);
    if (takes_prefix(&at.address, "sp+"))
        at.role = takes_prefix(&at.address, "pub+") ? BUS_URL_NOTICES : BUS_URL_DOOR;
    int result = nng_url_parse(&parsed, at.address);
    if (result != 0)
        return bus_url_refuse(url, result, err);
    tn_status st = check_address(url, parsed, &at, err);
    nng_url_free(parsed);
    if (st == TN_OK)
        *ret_url = at;
    return st;
}

void bus_url_write(const char *url, int port, char *out)
{
    const char *colon = strrchr(url, ':');

    if (port > 0 && colon)
        (void)snprintf(out, BUS_URL_SIZE, "%.*s:%d", (int)(colon - url), url, port);
    else
        (void)snprintf(out, BUS_URL_SIZE, "%s", url);
}
