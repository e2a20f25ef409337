/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c - see tls.h. nng's defaults stand: TLS 1.2, and clients that insist on verifying. */
#include "core/bus/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

/* A chain has a few KiB, all the roots of a machine about 220. */
#define PEM_SIZE_MAX ((size_t)1 << 20)

void bus_tls_free(struct nng_tls_config *config)
{
    if (config)
        nng_tls_config_free(config);
}
DEFINE_CLEANUP(struct nng_tls_config, bus_tls_free)

static tn_status refuse_file(const char *file, int errnum, struct err *err)
{
    tn_status status = errnum == ENOENT                      ? TN_NOT_FOUND
                       : errnum == EACCES || errnum == EPERM ? TN_PERMISSION_DENIED
                                                             : TN_UNAVAILABLE;

    return err_set(err, status, "%s: cannot be read: %s.", file, strerrordesc_np(errnum));
}

/* Reads what is in the file, and a NUL, into one piece of memory that does not move. */
static tn_status read_open(int fd, const char *file, struct buf *pem, struct err *err)
{
    ssize_t got;

    if (buf_reserve(pem, PEM_SIZE_MAX + 1) != TN_OK)
        return err_memory(err, "a certificate");
    do {
        got = read(fd, pem->data + pem->len, PEM_SIZE_MAX - pem->len);
        if (got < 0 && errno != EINTR)
            return refuse_file(file, errno, err);
        pem->len += got > 0 ? (size_t)got : 0;
    } while (got != 0);
    if (pem->len == PEM_SIZE_MAX)
        return err_set(err, TN_INVALID_ARGUMENT, "%s is longer than %zu bytes.", file, pem->len);
    return buf_add_u8(pem, '\0'); /* there is room */
}

static tn_status read_pem(const char *file, struct buf *pem, struct err *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return refuse_file(file, errno, err);
    tn_status st = read_open(fd, file, pem, err);
    (void)close(fd); /* it was only read */
    return st;
}

static void wipe(struct buf *pem)
{
    if (pem->cap > 0)
        explicit_bzero(pem->data, pem->cap);
    buf_fini(pem);
}

static tn_status alloc_config(nng_tls_mode mode, nng_tls_config **ret_config, struct err *err)
{
    int result = nng_tls_config_alloc(ret_config, mode);

    if (result == NNG_ENOTSUP)
        return err_set(err, TN_UNIMPLEMENTED, "The nng library of this machine has no TLS.");
    return result == 0 ? TN_OK : err_memory(err, "a certificate");
}

tn_status bus_tls_host(const char *certificate, const char *key, struct nng_tls_config **ret_config,
                       struct err *err)
{
    CLEANUP(bus_tls_free_p) struct nng_tls_config *config = NULL;
    CLEANUP(wipe) struct buf chain = {0};
    CLEANUP(wipe) struct buf secret = {0};

    TRY(read_pem(certificate, &chain, err));
    TRY(read_pem(key, &secret, err));
    TRY(alloc_config(NNG_TLS_MODE_SERVER, &config, err));
    int result =
        nng_tls_config_own_cert(config, (const char *)chain.data, (const char *)secret.data, NULL);
    if (result == NNG_ENOMEM)
        return err_memory(err, "a certificate");
    if (result != 0)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "The certificate %s or the key %s cannot be used: they must be PEM, the key "
                       "without a password.",
                       certificate,
                       key);
    *ret_config = TAKE(config);
    return TN_OK;
}

tn_status bus_tls_client(const char *ca, const char *server_name,
                         struct nng_tls_config **ret_config, struct err *err)
{
    CLEANUP(bus_tls_free_p) struct nng_tls_config *config = NULL;
    CLEANUP(wipe) struct buf chain = {0};
    const char *file = ca ? ca : BUS_TLS_CA_DEFAULT;

    TRY(read_pem(file, &chain, err));
    TRY(alloc_config(NNG_TLS_MODE_CLIENT, &config, err));
    int result = nng_tls_config_ca_chain(config, (const char *)chain.data, NULL);
    if (result != 0 && result != NNG_ENOMEM)
        return err_set(err, TN_INVALID_ARGUMENT, "%s holds no certificates in PEM.", file);
    if (result == 0 && server_name)
        result = nng_tls_config_server_name(config, server_name);
    if (result != 0)
        return err_memory(err, "a certificate");
    *ret_config = TAKE(config);
    return TN_OK;
}
