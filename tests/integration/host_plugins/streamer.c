/* SPDX-License-Identifier: Apache-2.0 */
/*
 * streamer.c - a plugin for the tests: methods that answer with many messages, and one that tells
 * how far the last stream came.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <tenon_sdk.h>

enum { DROP, COUNT, COUNTED, PROGRESS, PROGRESSED };
enum { DROP_NUMBER, COUNT_TO, COUNT_SIZE, COUNT_END, NUMBER, PADDING, ASK, SENT, ENDED };

TN_NEEDS(core, records);

/* Bytes of one message at most. */
#define PADDING_MAX 60000

/* Of the process, and so of whichever of them streams. */
static _Atomic int64_t sent_count;
static _Atomic int64_t ended_count;

/* What follows the last message. */
static tn_status end(struct tn_call *call, const struct tn_record *request)
{
    if (tn_is(request, COUNT_END, "crash"))
        __builtin_trap();
    while (tn_is(request, COUNT_END, "spin") && tn_core->status(call) == TN_OK)
        ;
    if (tn_is(request, COUNT_END, "misuse"))
        (void)tn_core->send(call, request);
    if (tn_is(request, COUNT_END, "refuse"))
        return tn_core->refuse(
            call, TN_FAILED_PRECONDITION, COUNT_TO, "far", "That is far enough.");
    return tn_core->status(call);
}

static tn_status count(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    const int64_t to = tn_int(request, COUNT_TO);
    const int64_t size = tn_int(request, COUNT_SIZE);
    char *padding = malloc(PADDING_MAX);
    tn_status st = padding && size < PADDING_MAX ? TN_OK : TN_INVALID_ARGUMENT;

    if (padding)
        memset(padding, 'x', PADDING_MAX);
    atomic_store(&sent_count, 0);
    for (int64_t i = 1; st == TN_OK && i <= to; i++) {
        tn_set_int(response, NUMBER, TN_DURATION, i);
        tn_set_text(response, PADDING, (struct tn_str){padding, (size_t)size});
        st = tn_send(call, response);
        if (st == TN_OK)
            atomic_store(&sent_count, i);
    }
    free(padding);
    if (st == TN_OK)
        st = end(call, request);
    atomic_fetch_add(&ended_count, 1);
    return st;
}

/* Each message tells of a record that it made, which is there once the stream has ended well. */
static tn_status drip(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    tn_status st = TN_OK;

    for (int64_t i = 1; st == TN_OK && i <= tn_int(request, COUNT_TO); i++) {
        tn_set_number(tn_create(call, DROP), DROP_NUMBER, i, 0);
        tn_set_int(response, NUMBER, TN_DURATION, i);
        st = tn_send(call, response);
    }
    return st == TN_OK ? end(call, request) : st;
}

static tn_status progress(struct tn_call *call, const struct tn_record *request,
                          struct tn_record *response)
{
    (void)call;
    (void)request;
    tn_set_int(response, SENT, TN_DURATION, atomic_load(&sent_count));
    tn_set_int(response, ENDED, TN_DURATION, atomic_load(&ended_count));
    return TN_OK;
}

static const struct tn_type types[] = {
    [DROP] = {.name = "drops", .label = "Drop", .plural = "Drops"},
    [COUNT] = {.name = "org.example.streamer.v1.CountRequest", .flags = TN_MESSAGE},
    [COUNTED] = {.name = "org.example.streamer.v1.CountResponse", .flags = TN_MESSAGE},
    [PROGRESS] = {.name = "org.example.streamer.v1.ProgressRequest", .flags = TN_MESSAGE},
    [PROGRESSED] = {.name = "org.example.streamer.v1.ProgressResponse", .flags = TN_MESSAGE},
};
static const struct tn_property properties[] = {
    [DROP_NUMBER] = {TN_PROPERTY(DROP, TN_NUMBER, "number", "Number", TN_UNIQUE)},
    [COUNT_TO] = {TN_PROPERTY(COUNT, TN_NUMBER, "to", NULL, 0)},
    [COUNT_SIZE] = {TN_PROPERTY(COUNT, TN_NUMBER, "size", NULL, 0)},
    [COUNT_END] = {TN_PROPERTY(COUNT, TN_TEXT, "end", NULL, 0)},
    [NUMBER] = {TN_PROPERTY(COUNTED, TN_DURATION, "number", NULL, 0)},
    [PADDING] = {TN_PROPERTY(COUNTED, TN_TEXT, "padding", NULL, 0)},
    [ASK] = {TN_PROPERTY(PROGRESS, TN_TEXT, "ask", NULL, 0)},
    [SENT] = {TN_PROPERTY(PROGRESSED, TN_DURATION, "sent", NULL, 0)},
    [ENDED] = {TN_PROPERTY(PROGRESSED, TN_DURATION, "ended", NULL, 0)},
};
#define METHOD(name) "org.example.streamer.v1.Streamer/" name
static const struct tn_method methods[] = {
    {METHOD("Count"), COUNT, COUNTED, count, .flags = TN_READS | TN_STREAMS},
    {METHOD("Drip"), COUNT, COUNTED, drip, .flags = TN_STREAMS},
    {METHOD("Best"), COUNT, COUNTED, count, .flags = TN_READS | TN_STREAMS, TN_ENTERPRISE},
    {METHOD("Progress"), PROGRESS, PROGRESSED, progress, .flags = TN_READS},
};

const struct tn_plugin tenon_plugin_v1 = {
    TN_PLUGIN("org.example.streamer", "1.0.0", "Streams"),
    .types = TN_LIST(types),
    .properties = TN_LIST(properties),
    .methods = TN_LIST(methods),
};
