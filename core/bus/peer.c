/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c - see peer.h. */
#include "core/bus/peer.h"

#include <arpa/inet.h>
#include <string.h>

#include <nng/nng.h>

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

struct bus_peer bus_peer_of_stream(struct nng_stream *stream)
{
    nng_sockaddr local;
    nng_sockaddr remote;
    bool has_local = nng_stream_get_addr(stream, NNG_OPT_LOCADDR, &local) == 0;
    bool has_remote = nng_stream_get_addr(stream, NNG_OPT_REMADDR, &remote) == 0;
    struct bus_peer peer = peer_at(has_local ? &local : NULL, has_remote ? &remote : NULL);

    if (peer.is_ipc)
        (void)nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &peer.uid);
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
