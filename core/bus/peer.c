/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c - see peer.h. */
#include "core/bus/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <nng/nng.h>

#include "core/bus/stream.h"

static bool is_loopback(const nng_sockaddr *address)
{
    static const uint8_t loopback6[16] = {[15] = 1};

    switch (address->s_family) {
    case NNG_AF_INET:
        return (address->s_in.sa_addr & htonl(0xff000000u)) == htonl(0x7f000000u);
    case NNG_AF_INET6:
        return memcmp(address->s_in6.sa_addr, loopback6, sizeof(loopback6)) == 0;
    default:
        return false;
    }
}

/* Either is NULL if it is not known. */
static struct bus_peer peer_at(const nng_sockaddr *local, const nng_sockaddr *remote)
{
    struct bus_peer peer = {.uid = UINT64_MAX}; /* nobody's */

    peer.is_ipc = local && local->s_family == NNG_AF_IPC;
    peer.is_loopback =
        peer.is_ipc || (local && remote && is_loopback(local) && is_loopback(remote));
    return peer;
}

static struct bus_peer peer_of_nng(struct nng_stream *stream)
{
    nng_sockaddr local;
    nng_sockaddr remote;
    bool has_local = nng_stream_get_addr(stream, NNG_OPT_LOCADDR, &local) == 0;
    bool has_remote = nng_stream_get_addr(stream, NNG_OPT_REMADDR, &remote) == 0;

    return peer_at(has_local ? &local : NULL, has_remote ? &remote : NULL);
}

/* What nng would say of an address of ours. */
static bool to_nng(const struct sockaddr_storage *from, nng_sockaddr *ret_address)
{
    switch (from->ss_family) {
    case AF_INET:
        ret_address->s_in.sa_family = NNG_AF_INET;
        ret_address->s_in.sa_addr = ((const struct sockaddr_in *)from)->sin_addr.s_addr;
        return true;
    case AF_INET6:
        ret_address->s_in6.sa_family = NNG_AF_INET6;
        memcpy(ret_address->s_in6.sa_addr, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
        return true;
    case AF_UNIX:
        ret_address->s_ipc.sa_family = NNG_AF_IPC;
        return true;
    default:
        return false;
    }
}

struct bus_peer bus_peer_of_stream(struct bus_stream *stream)
{
    int fd = bus_stream_fd(stream);
    struct sockaddr_storage local = {0};
    struct sockaddr_storage remote = {0};
    nng_sockaddr at[2];
    socklen_t local_size = sizeof(local);
    socklen_t remote_size = sizeof(remote);
    struct ucred who;
    socklen_t who_size = sizeof(who);

    if (fd < 0)
        return peer_of_nng(bus_stream_nng(stream));
    bool has_local =
        getsockname(fd, (struct sockaddr *)&local, &local_size) == 0 && to_nng(&local, &at[0]);
    bool has_remote =
        getpeername(fd, (struct sockaddr *)&remote, &remote_size) == 0 && to_nng(&remote, &at[1]);
    struct bus_peer peer = peer_at(has_local ? &at[0] : NULL, has_remote ? &at[1] : NULL);

    if (peer.is_ipc && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_size) == 0)
        peer.uid = who.uid;
    return peer;
}

struct bus_peer bus_peer_of_pipe(uint32_t pipe_id)
{
    const nng_pipe pipe = {.id = pipe_id};
    nng_sockaddr local;
    nng_sockaddr remote;
    bool has_local = nng_pipe_get_addr(pipe, NNG_OPT_LOCADDR, &local) == 0;
    bool has_remote = nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &remote) == 0;
    struct bus_peer peer = peer_at(has_local ? &local : NULL, has_remote ? &remote : NULL);

    if (peer.is_ipc)
        (void)nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &peer.uid);
    return peer;
}
