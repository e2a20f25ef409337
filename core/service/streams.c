/* SPDX-License-Identifier: Apache-2.0 */
/* streams.c - see streams.h. */
#include "core/service/streams.h"

#include <pthread.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/service/run.h"

struct streams {
    struct pool *pool; /* NULL: stopped */
    atomic_uint count; /* that run; relaxed: nothing but the bound hangs on it */
};

/* One call. */
struct stream {
    struct pool_task task; /* its first member */
    struct streams *streams;
    struct run *run;
    uint64_t sent_count;
    pthread_mutex_t mu;
    pthread_cond_t woken;
    bool is_woken; /* guarded by mu */
};

tn_status streams_create(struct streams **ret_streams, struct err *err)
{
    struct streams *streams = mem_new(struct streams);

    if (!streams)
        return err_memory(err, "worker threads");
    atomic_init(&streams->count, 0);
    if (pool_create("stream", PLUGIN_STREAM_MAX, PLUGIN_STREAM_MAX, &streams->pool) != TN_OK) {
        mem_free(streams);
        return err_memory(err, "worker threads");
    }
    *ret_streams = streams;
    return TN_OK;
}

void streams_stop(struct streams *streams)
{
    if (streams)
        pool_destroy(TAKE(streams->pool));
}

void streams_destroy(struct streams *streams)
{
    streams_stop(streams);
    mem_free(streams);
}

/* Sending */

/* [worker] of the calls: there is credit again, or there will be none. */
static void wake(struct bus_call *bus, void *ctx)
{
    struct stream *stream = ctx;

    (void)bus;
    (void)pthread_mutex_lock(&stream->mu);
    stream->is_woken = true;
    (void)pthread_cond_signal(&stream->woken);
    (void)pthread_mutex_unlock(&stream->mu);
}

static void wait_for_credit(struct stream *stream, int64_t until_us)
{
    stream->is_woken = false; /* nobody wakes it before the next line */
    bus_call_wait(stream->run->bus, until_us, wake, stream);
    (void)pthread_mutex_lock(&stream->mu);
    while (!stream->is_woken)
        (void)pthread_cond_wait(&stream->woken, &stream->mu);
    (void)pthread_mutex_unlock(&stream->mu);
}

static tn_status check_time(const struct stream *stream, int64_t stalled_us, struct err *err)
{
    const int64_t now_us = clock_mono_us();

    if (now_us >= stream->run->deadline_us)
        return err_set(err, TN_DEADLINE_EXCEEDED, "The call's time is over.");
    if (now_us >= stalled_us)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "The stream was ended: its reader took nothing for %d s.",
                       (int)(STREAM_STALL_US / 1000000));
    return TN_OK;
}

/* A plugin's send(): waits for a slow reader, within bounds. */
static tn_status take(void *ctx, struct tn_bytes message, struct err *err)
{
    struct stream *stream = ctx;
    struct run *run = stream->run;
    const int64_t stalled_us = clock_mono_us() + STREAM_STALL_US;
    tn_status st;

    TRY(session_check(run->call.session, err)); /* it may have been revoked since */
    TRY(check_time(stream, stalled_us, err));
    while ((st = bus_call_send_bytes(run->bus, message)) == TN_RESOURCE_EXHAUSTED) {
        wait_for_credit(stream, stalled_us < run->deadline_us ? stalled_us : run->deadline_us);
        TRY(bus_call_state(run->bus));
        TRY(check_time(stream, stalled_us, err));
    }
    if (st == TN_OK)
        stream->sent_count++;
    return st;
}

/* Running */

static tn_status run_once(struct stream *stream)
{
    struct run *run = stream->run;
    const struct plugin_sink sink = {.send = take, .ctx = stream};
    const struct plugin_method *method;

    TRY(bus_call_state(run->bus));
    TRY(run_begin(run));
    TRY(run_find_method(run, &method));
    if ((run->flags & TN_READS) && !(method->flags & TN_READS)) {
        run->flags = method->flags; /* a version that writes came meanwhile */
        return TN_ABORTED;
    }
    TRY(plugin_method_stream(
        method, run->txn, bus_call_request(run->bus), &sink, bus_call_err(run->bus)));
    return run->flags & TN_READS ? TN_OK : txn_commit_wait(run->txn, bus_call_err(run->bus));
}

/* What was sent cannot be taken back: it is run again only if nothing was. */
static tn_status run_until_done(struct stream *stream)
{
    struct run *run = stream->run;

    for (;;) {
        tn_status st = run_once(stream);

        if (st != TN_ABORTED || stream->sent_count > 0 || !run_may_repeat(run))
            return st;
        run_lose(run);
        err_clear(bus_call_err(run->bus));
    }
}

static void stream_free(struct stream *stream)
{
    (void)pthread_cond_destroy(&stream->woken);
    (void)pthread_mutex_destroy(&stream->mu);
    mem_free(stream);
}

/* [stream] */
static void run_stream(struct pool_task *task)
{
    struct stream *stream = (struct stream *)(void *)task; /* its first member */
    struct streams *streams = stream->streams;
    struct run *run = stream->run;
    tn_status st = run_until_done(stream);

    stream_free(stream);
    (void)atomic_fetch_sub_explicit(&streams->count, 1, memory_order_relaxed);
    run_answer(run, st);
    run_destroy(run);
}

/* Beginning */

static struct stream *stream_new(struct streams *streams, struct entry *entry, struct bus_call *bus)
{
    struct stream *stream = mem_new(struct stream);

    if (!stream)
        return NULL;
    stream->streams = streams;
    stream->run = run_create(entry, bus);
    if (!stream->run) {
        mem_free(stream);
        return NULL;
    }
    const int64_t limit_us = stream->run->begun_us + STREAM_LIMIT_US;
    if (stream->run->deadline_us > limit_us)
        stream->run->deadline_us = limit_us;
    (void)pthread_mutex_init(&stream->mu, NULL);
    (void)pthread_cond_init(&stream->woken, NULL);
    return stream;
}

static tn_status too_many(struct err *err)
{
    return err_set(err,
                   TN_RESOURCE_EXHAUSTED,
                   "Plugins answer %u streams at once, and all of them are taken: try again.",
                   PLUGIN_STREAM_MAX);
}

/* What a stream answered is kept for nobody. */
static tn_status check_key(struct bus_call *bus)
{
    if (bus_call_metadata(bus, "idempotency-key").len == 0)
        return TN_OK;
    return err_violate(bus_call_err(bus),
                       TN_INVALID_ARGUMENT,
                       "idempotency-key",
                       "stream",
                       "A stream takes no idempotency key: what it answered is not kept.");
}

static tn_status start(struct streams *streams, struct stream *stream, struct bus_call *bus)
{
    TRY(check_key(bus));
    if (!stream)
        return err_memory(bus_call_err(bus), "a transaction");
    if (atomic_fetch_add_explicit(&streams->count, 1, memory_order_relaxed) < PLUGIN_STREAM_MAX &&
        pool_submit(streams->pool, &stream->task, run_stream) == TN_OK)
        return TN_OK;
    (void)atomic_fetch_sub_explicit(&streams->count, 1, memory_order_relaxed);
    return too_many(bus_call_err(bus));
}

void streams_run(struct streams *streams, struct entry *entry, struct bus_call *bus)
{
    struct stream *stream = stream_new(streams, entry, bus);
    tn_status st = start(streams, stream, bus);

    if (st == TN_OK)
        return; /* the stream's thread has it, or had it */
    if (stream) {
        run_destroy(stream->run);
        stream_free(stream);
    }
    bus_call_finish(bus, st);
}
