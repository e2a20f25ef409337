/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - see stream.h. */
#include "core/plugin/stream.h"

#include <string.h>

#include "core/plugin/rest.h"

/* What may be written to one response before it is sent: each value several times. */
#define ARENA_SIZE (8 * PLUGIN_MESSAGE_SIZE_MAX)

void stream_init(struct plugin_stream *stream, const struct plugin_method *method,
                 const struct plugin_sink *sink)
{
    *stream = (struct plugin_stream){.method = method, .sink = sink};
    arena_init(&stream->arena, ARENA_SIZE);
}

void stream_fini(struct plugin_stream *stream)
{
    buf_fini(&stream->bytes);
    arena_fini(&stream->arena);
}

void stream_attach(struct plugin_stream *stream, struct tn_record *response)
{
    response->arena = &stream->arena;
    stream->response = response;
}

/* As it was when the callback got it. */
static void empty(struct plugin_stream *stream)
{
    struct message *message = stream->response->message;

    memset(message->values, 0, message->type->field_count * sizeof(*message->values));
    message->body = (struct tn_bytes){0};
    arena_reset(&stream->arena);
}

static tn_status send(struct plugin_stream *stream, struct tn_call *call)
{
    buf_clear(&stream->bytes);
    if (message_encode(stream->response->message, &stream->bytes) != TN_OK)
        return err_memory(call->err, "a message");
    if (stream->bytes.len > PLUGIN_MESSAGE_SIZE_MAX)
        return err_set(call->err,
                       TN_RESOURCE_EXHAUSTED,
                       "The message of plugin %s is larger than %zu bytes.",
                       call->plugin->rows->id,
                       PLUGIN_MESSAGE_SIZE_MAX);
    /* What a portal is granted holds at once, for a stream that is under way too. */
    TRY(rest_check_method(stream->method, call->txn, call->err));
    return stream->sink->send(stream->sink->ctx, buf_bytes(&stream->bytes), call->err);
}

tn_status stream_send(struct tn_call *call, const struct tn_record *response)
{
    struct plugin_stream *stream = call->stream;

    if (!stream)
        return call_misuse(call, "it sends in a call that does not stream");
    if (response != stream->response)
        return call_misuse(call, "it sends what is not the response of its call");
    if (call->status != TN_OK)
        return call->status; /* nothing of the call counts any more */
    TRY(call_fail(call, send(stream, call)));
    empty(stream);
    return TN_OK;
}
