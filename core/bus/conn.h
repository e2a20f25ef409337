/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.h - one connection, of either end: frames in, and frames out that gather while a write is
 * on its way and leave together.
 *
 * The owner embeds struct bus_conn and lends it a mutex, which guards the connection and whatever
 * of the owner's hangs from it. "Locked" functions are called with it held. Nothing here blocks but
 * bus_conn_fini().
 */
#ifndef CORE_BUS_CONN_H
#define CORE_BUS_CONN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/bus/frame.h"
#include "core/bus/stream.h"

struct bus_conn;

/* More than the largest frame, so that a read is always worth its system call. */
#define BUS_READ_SIZE ((size_t)64 << 10)
/* Messages are added until this much waits to be written; then they take turns. */
#define BUS_WRITE_TARGET ((size_t)128 << 10)
/* A connection whose peer reads so little that more than this waits is not read from. */
#define BUS_WRITE_MAX ((size_t)2 << 20)
/* Credit that no peer can use up. */
#define BUS_CREDIT_ENDLESS (INT64_MAX / 2)

/* A message that leaves in pieces, as credit allows; embedded in its call. Zero is none. */
struct bus_out {
    struct bus_out *next; /* private: of those that may send */
    struct bus_out *prev;
    bool is_queued;
    uint32_t call_id;
    int64_t credit; /* bytes of frames it may send; one frame may take it below zero */
    uint8_t flags;  /* of the last piece */
    struct buf body;
    size_t sent;
    bool has_message; /* some of `body` is still to be sent */
    struct buf end;   /* a whole frame to follow the message; empty: none */
};

struct bus_conn_events {
    /* Around a read and all that comes of it, without the lock; may be NULL. [loop] */
    void (*enter)(struct bus_conn *conn);
    void (*leave)(struct bus_conn *conn);
    /* Before the first and after the last frame of a read. Locked. May be NULL. [loop] */
    void (*begin)(struct bus_conn *conn);
    void (*idle)(struct bus_conn *conn);
    /*
     * Each frame in order, one at a time. Locked; the lock may be let go meanwhile. A failure
     * closes the connection after telling the peer why. [loop]
     */
    tn_status (*frame)(struct bus_conn *conn, const struct bus_frame *frame, struct err *err);
    /* `out` has left, and its end. Locked. */
    void (*sent)(struct bus_conn *conn, struct bus_out *out);
    /* Reading stopped because the peer does not read, or goes on. Locked. May be NULL. */
    void (*stalled)(struct bus_conn *conn, bool is_stalled);
    /* For a connection without a stream: takes what gathered, at once. Locked. */
    void (*gathered)(struct bus_conn *conn, struct tn_bytes frames);
    /* Once: nothing follows but bus_conn_fini(), from another thread. Locked. */
    void (*closed)(struct bus_conn *conn);
};

enum bus_conn_state {
    BUS_CONN_OPEN,
    BUS_CONN_ENDING, /* goaway was sent for an error: frames that arrive are dropped */
    BUS_CONN_CLOSED,
};

struct bus_conn {
    pthread_mutex_t
        *mu; /* guards all that follow but `in`, which belongs to the reading callback */
    const struct bus_conn_events *events;
    struct bus_stream *stream;
    struct buf in;
    enum bus_conn_state state;
    int64_t credit; /* of all messages together */
    struct buf out[2];
    unsigned filling; /* the one of `out` that gathers; the other is being written */
    size_t written;
    struct bus_out *ring_first; /* those that may send, in turns */
    struct bus_out *ring_last;
    bool is_receiving;
    bool is_sending;
    bool is_stalled;
    bool is_told;      /* `closed` ran */
    bool is_finishing; /* closes when all is written */
    bool is_held;      /* the owner promises to kick soon: more is about to be put */
    bool is_corked;
    pthread_t corked_by; /* whose frames wait for the end of the batch that it reads */
};

/*
 * Takes `stream` over, on failure too; NULL: `gathered` takes what is written, and nothing is read
 * (bus_conn_start is not called). `mu` is borrowed. Credit starts at `credit`.
 * TN_RESOURCE_EXHAUSTED: memory is out. [any]
 */
tn_status bus_conn_init(struct bus_conn *conn, struct bus_stream *stream, pthread_mutex_t *mu,
                        const struct bus_conn_events *events, int64_t credit);
/* Begins to read: events may happen before it returns. Not locked. [any] */
void bus_conn_start(struct bus_conn *conn);
/* After `closed`, or instead of bus_conn_start. Waits for callbacks to end; not from one. blocks */
void bus_conn_fini(struct bus_conn *conn);

static inline bool bus_conn_is_open(const struct bus_conn *conn)
{
    return conn->state == BUS_CONN_OPEN;
}

/* Where frames are appended, before bus_conn_kick. Locked. */
static inline struct buf *bus_conn_out(struct bus_conn *conn)
{
    return &conn->out[conn->filling];
}

/* Writes what was appended, unless a write is on its way already, or it is held. Locked. */
void bus_conn_kick(struct bus_conn *conn);

/* Appends a frame and kicks; a connection that has no memory for it is closed. Locked. */
void bus_conn_put(struct bus_conn *conn, uint8_t kind, uint8_t flags, uint32_t call_id,
                  struct tn_bytes body);

/*
 * Appends a MESSAGE frame of `out`'s call at once if it fits in one frame, there is credit and
 * room, and nothing of the call is waiting. False: it was not. Locked.
 */
bool bus_conn_put_message(struct bus_conn *conn, struct bus_out *out, uint8_t flags,
                          struct tn_bytes body);

/* Sends what `out` holds (has_message, end), in turns with others. `sent` tells. Locked. */
void bus_conn_queue(struct bus_conn *conn, struct bus_out *out);
/* `out` is not to be sent further. Locked. */
void bus_conn_unqueue(struct bus_conn *conn, struct bus_out *out);

/* The peer gave credit to `out`, or, if NULL, to the connection. Locked. */
void bus_conn_credit(struct bus_conn *conn, struct bus_out *out, uint32_t bytes);

/* Tells the peer why this connection ends. `is_error`: frames that arrive are dropped from now on;
 * the owner closes when the peer does not. Locked. */
void bus_conn_goaway(struct bus_conn *conn, const struct err *err, bool is_error);

/* Drops what arrives from now on, and closes when all that was put is written. Locked. */
void bus_conn_finish(struct bus_conn *conn);

/* Closes at once; `closed` follows, perhaps before this returns. Locked. */
void bus_conn_close(struct bus_conn *conn);

#endif /* CORE_BUS_CONN_H */
