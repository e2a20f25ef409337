/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.h - the plain door: a REP socket whose requests are tenon.bus.v1.Call and whose replies are
 * tenon.bus.v1.Reply, for every client that speaks nanomsg's protocols and not the bus's.
 *
 * Each connection of the socket is a link of the server like any other, only without a stream: the
 * door turns requests into the frames that a client of the bus would send, and the frames that come
 * back into replies. So sessions, limits, deadlines and draining are the bus's own.
 */
#ifndef CORE_BUS_DOOR_H
#define CORE_BUS_DOOR_H

#include "core/base/err.h"

struct bus_server;
struct bus_url;
struct door_peer;
struct nng_tls_config;

/* Requests of a door that are served at a time, of all its connections; more wait in the socket. */
#define DOOR_CONTEXT_COUNT 64u
/* A request has one of few places, so it may not have it for longer. */
#define DOOR_TIMEOUT_MAX_US ((int64_t)300 * 1000000)
/* Pairs of portal and token that a connection may use in turn without being admitted anew. */
#define DOOR_SESSION_COUNT 16u

/* As bus_server_listen. `*ret_port` is the port that was bound; untouched on ipc. [loader] */
tn_status door_listen(struct bus_server *server, const char *url, const struct bus_url *at,
                      int *ret_port, struct err *err);

/* Tells the sockets what requests the server takes now. [loader] */
void doors_set_request_max(struct bus_server *server);
/* The connection that a socket is about to accept still gets the former one. [loader] */
void doors_set_tls(struct bus_server *server, struct nng_tls_config *tls);

/* Closes the doors of `server` and waits for their callbacks. [loader] blocks */
void doors_close(struct bus_server *server);

/* What the link of a connection says. Locked by the link's mu. */

/* Whole frames, to be taken at once. */
void door_take_frames(struct door_peer *peer, struct tn_bytes frames);
/* No frames will come any more. */
void door_closed(struct door_peer *peer);

#endif /* CORE_BUS_DOOR_H */
