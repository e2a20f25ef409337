/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - who is at the other end, as the transport tells it. */
#ifndef CORE_BUS_PEER_H
#define CORE_BUS_PEER_H

#include "core/bus/server.h"

struct bus_stream;

/* Nobody in particular, where the transport does not tell. [loop] */
struct bus_peer bus_peer_of_stream(struct bus_stream *stream);
/* The same for a pipe of a socket, by nng's id. [loop] */
struct bus_peer bus_peer_of_pipe(uint32_t pipe_id);

#endif /* CORE_BUS_PEER_H */
