/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.h - PUB sockets that tell which portals changed, for whoever is content with that and
 * with losing some: tenon.bus.v1.Notice, at most one of a portal in NOTICE_INTERVAL_US. A reader
 * that is slow misses older ones. The account that misses nothing is Changes/Watch.
 */
#ifndef CORE_BUS_NOTICE_H
#define CORE_BUS_NOTICE_H

#include "core/base/err.h"

struct bus_server;
struct bus_url;

#define NOTICE_INTERVAL_US ((int64_t)20 * 1000)
/* Notices that wait for one reader; older ones are dropped for newer ones. */
#define NOTICE_QUEUE_MAX 64

/* As bus_server_listen. `*ret_port` is the port that was bound; untouched on ipc. [loader] */
tn_status notices_listen(struct bus_server *server, const char *url, const struct bus_url *at,
                         int *ret_port, struct err *err);

/* Afterwards the server's `heads` does not run. [loader] blocks */
void notices_close(struct bus_server *server);

#endif /* CORE_BUS_NOTICE_H */
