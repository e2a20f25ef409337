/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.h - what the frames of a channel say.
 *
 * A call has the callback's row and what travels with it. What the callback then does that can be
 * told later, its writes above all, is noted as operations, and leaves with the next frame: the
 * end of the callback, or something that it must ask for, which is the frame's last operation. A
 * callback that reads what it declared, and writes, thus costs one round trip.
 *
 * Records, messages, queries and blobs are named by handles: numbers that the host gives, of one
 * call.
 *
 *     call      hook: row u32, now i64, before view, after view, luggage
 *               consumer: row u32, now i64, before view, after view, luggage
 *               timer: row u32, now i64, record view, nothing u32, luggage, due i64
 *               method: row u32, now i64, request view, response view, luggage
 *               migrate: from u32, now i64, two views and luggage of nothing, 0 i64,
 *               progress value
 *               open: path str, libraries u32 { str }, sides u32
 *               begin, end: nothing
 *     done      operations of a callback; of an open that failed: why, in words
 *     ask       operations
 *     answer    as its function says; nothing if the status is not TN_OK
 *     operation function u16, then its arguments
 *     view      handle u32 (0: NULL, and no more of it), seen u8, type row u32, id u64,
 *               version u64, type name str, body bytes, count u32 { row u16, value }
 *     luggage   count u32 { view },
 *               count u32 { record handle u32, association u32, ids u32 { u64 } }
 */
#ifndef CORE_CHANNEL_PROTOCOL_H
#define CORE_CHANNEL_PROTOCOL_H

enum protocol_callback {
    PROTOCOL_OPEN = 1,  /* map the file */
    PROTOCOL_BEGIN = 2, /* load(), start() */
    PROTOCOL_END = 3,   /* stop(), unload(), and exit */
    PROTOCOL_HOOK = 4,
    PROTOCOL_METHOD = 5,
    PROTOCOL_CONSUMER = 6,
    PROTOCOL_TIMER_DUE = 7,
    PROTOCOL_MIGRATE = 8
};

/* `what` of a begin that failed. */
enum protocol_begin { PROTOCOL_LOAD = 1, PROTOCOL_START = 2 };

/* `what` of an open that failed. */
enum protocol_open { PROTOCOL_SANDBOX = 1, PROTOCOL_MAP = 2 };

/* Exit statuses of a plugin that used more of a need than it declares: this, and the need's row. */
#define PROTOCOL_EXIT_NEED 192
#define PROTOCOL_NEED_MAX 64u

/* What an answer has follows "->". */
enum protocol_function {
    PROTOCOL_WRITE = 1,   /* handle u32, row u32, value */
    PROTOCOL_SET_BODY,    /* handle u32, bytes */
    PROTOCOL_REFUSE,      /* status u32, property u32, rule str, text str */
    PROTOCOL_LINK,        /* handle u32, association u32, to u64, flags u32, labels u64 */
    PROTOCOL_UNLINK,      /* handle u32, association u32, to u64 */
    PROTOCOL_ARCHIVE,     /* handle u32 */
    PROTOCOL_CLOSE,       /* handle u32 of a query */
    PROTOCOL_TIMER,       /* handle u32, timer u32, at i64, has rule u8, rule str */
    PROTOCOL_READ,        /* handle u32, row u32 -> value */
    PROTOCOL_VIEW,        /* handle u32 -> view */
    PROTOCOL_BODY,        /* handle u32 -> bytes */
    PROTOCOL_CREATE,      /* type u32 -> view */
    PROTOCOL_GET,         /* type u32, id u64 -> view */
    PROTOCOL_GET_BY,      /* property u32, value -> view */
    PROTOCOL_GET_ALL,     /* type u32, count u32 { id u64 } -> views, as many */
    PROTOCOL_LINKED,      /* handle u32, association u32, size u32 -> all u32, count u32 { u64 } */
    PROTOCOL_FIND,        /* type u32, count u32 { filter }, sort u32, limit u32
                             -> handle u32, found */
    PROTOCOL_NEXT,        /* handle u32 of a query -> found */
    PROTOCOL_TOTAL,       /* rollup u32, size u32, count u32 { value } -> count u32 { value } */
    PROTOCOL_REQUEST,     /* method u32 -> view */
    PROTOCOL_INVOKE,      /* handle u32, has key u8, key str -> view */
    PROTOCOL_ASKED,       /* what u32 -> str */
    PROTOCOL_STATUS,      /* -> nothing */
    PROTOCOL_SETTING,     /* setting u32 -> value */
    PROTOCOL_GRANTED,     /* feature u32 -> u32 */
    PROTOCOL_LOG,         /* level u32, text str -> nothing */
    PROTOCOL_COMMIT,      /* -> nothing */
    PROTOCOL_SEND,        /* handle u32 -> nothing */
    PROTOCOL_HOLD,        /* -> nothing */
    PROTOCOL_ENTER,       /* portal str -> now i64 */
    PROTOCOL_FINISH,      /* status u32 -> nothing */
    PROTOCOL_PROGRESS,    /* value; of a migration, once */
    PROTOCOL_ZONE,        /* name str, at i64 -> from i64, until i64, offset i32 as u32 */
    PROTOCOL_BLOB_CREATE, /* -> handle u32 */
    PROTOCOL_BLOB_APPEND, /* handle u32, bytes */
    PROTOCOL_BLOB_SEAL,   /* handle u32 -> value */
    PROTOCOL_BLOB_OPEN,   /* value -> handle u32, size u64 */
    PROTOCOL_BLOB_FETCH,  /* handle u32, offset u64, size u32 -> bytes */
    PROTOCOL_BLOB_CLOSE,  /* handle u32 */
    PROTOCOL_FUNCTION_END
};

/*
 *     filter  property u32, op u32, group u32, count u32 { value }
 *     found   status u32, is at its end u8, count u32 { view }
 */

/* Of a view. */
enum protocol_seen {
    PROTOCOL_SEEN_LIVE = 1,
    PROTOCOL_SEEN_BEFORE = 2,
    PROTOCOL_SEEN_FOUND = 3,
    PROTOCOL_SEEN_MESSAGE = 4,
    PROTOCOL_SEEN_PAST = 5
};

/* Stack of a thread that runs callbacks. */
#define PROTOCOL_STACK_SIZE ((size_t)2 * 1024 * 1024)

/* What the runner is given when it starts, in this order: the channel by which it is supervised,
 * then that of its log, those of the plugin's own threads, those of the host's workers. */
#define PROTOCOL_CONTROL_FD 3
#define PROTOCOL_SIDE_MAX 4u /* calls that the plugin's own threads have open at once */
#define PROTOCOL_LANE_MAX 64u

/* Calls inside each other on one channel, hooks and joined methods together. */
#define PROTOCOL_DEPTH_MAX 64u
/* Links told at a time. A record with more cannot be asked for all of them from a runner. */
#define PROTOCOL_LINK_MAX 1000000u
/* Values of a roll-up's group and sums, records of one get_all: more is TN_INVALID_ARGUMENT. */
#define PROTOCOL_TOTAL_MAX 1024u
#define PROTOCOL_GET_MAX 100000u
/* Bytes of a blob that are appended or fetched at a time; more of them is no frame of ours. */
#define PROTOCOL_BLOB_PIECE ((size_t)1 << 20)

#endif /* CORE_CHANNEL_PROTOCOL_H */
