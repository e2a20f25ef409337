/* SPDX-License-Identifier: Apache-2.0 */
/* notices.h - telling the bus which portals changed, for those who only want to know that. */
#ifndef CORE_SERVICE_NOTICES_H
#define CORE_SERVICE_NOTICES_H

#include "core/bus/server.h"
#include "core/service/dispatch.h"

struct notices;

/* Tells `server` of commits from now on; all of `service` is borrowed. [loader] */
tn_status notices_create(const struct service *service, struct bus_server *server,
                         struct notices **ret_notices, struct err *err);
/* Afterwards commits are told no more. Accepts NULL. [loader] */
void notices_stop(struct notices *notices);
/* After bus_server_stop(). Accepts NULL. [loader] */
void notices_destroy(struct notices *notices);

/* A bus_heads_fn; `ctx` is the struct service. */
void notices_tell(void *ctx, struct bus_server *server);

#endif /* CORE_SERVICE_NOTICES_H */
