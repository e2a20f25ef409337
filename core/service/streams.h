/* SPDX-License-Identifier: Apache-2.0 */
/*
 * streams.h - methods of plugins that stream. A plugin waits in its own code while its reader is
 * slow, so each stream has a thread, and none of the workers.
 */
#ifndef CORE_SERVICE_STREAMS_H
#define CORE_SERVICE_STREAMS_H

#include "core/bus/server.h"

struct entry;
struct streams;

/* A stream reads one snapshot, which the store keeps; so it ends with TN_DEADLINE_EXCEEDED after
 * this long, and with TN_RESOURCE_EXHAUSTED where its reader takes nothing for the next. */
#define STREAM_LIMIT_US ((int64_t)10 * 60 * 1000000)
#define STREAM_STALL_US ((int64_t)60 * 1000000)

/* TN_RESOURCE_EXHAUSTED. [any] */
tn_status streams_create(struct streams **ret_streams, struct err *err);
/* Waits for those that run, which are told to stop by their calls. Accepts NULL. [loader] blocks */
void streams_stop(struct streams *streams);
/* After streams_stop(). Accepts NULL. */
void streams_destroy(struct streams *streams);

/* Takes the call, which is refused with TN_RESOURCE_EXHAUSTED while PLUGIN_STREAM_MAX run. [worker]
 */
void streams_run(struct streams *streams, struct entry *entry, struct bus_call *bus);

#endif /* CORE_SERVICE_STREAMS_H */
