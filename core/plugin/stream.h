/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - what a method with TN_STREAMS sends: its one response, filled in again and again. What
 * was sent leaves nothing behind, so that a stream takes the memory of one message, however long it
 * is.
 */
#ifndef CORE_PLUGIN_STREAM_H
#define CORE_PLUGIN_STREAM_H

#include "core/plugin/call.h"

struct plugin_stream {
    const struct plugin_method *method;
    const struct plugin_sink *sink;
    struct tn_record *response; /* that the callback was given; the call's */
    struct arena arena;         /* of what was written to it since it was sent last */
    struct buf bytes;
};

/* `stream` is to be ended in any case. [worker] */
void stream_init(struct plugin_stream *stream, const struct plugin_method *method,
                 const struct plugin_sink *sink);
void stream_fini(struct plugin_stream *stream);

/* `response` is what will be sent. [worker] */
void stream_attach(struct plugin_stream *stream, struct tn_record *response);

/*
 * tn_core_v1.send: the response leaves, and is empty again. What keeps it from leaving marks the
 * call: nobody reads on, or the portal is not granted the method any more. [worker] blocks
 */
tn_status stream_send(struct tn_call *call, const struct tn_record *response);

#endif /* CORE_PLUGIN_STREAM_H */
