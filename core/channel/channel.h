/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h - frames over one socketpair between the host and a runner, the process that runs a
 * plugin: a fixed head, then a body.
 *
 * A channel is a call stack. One side speaks at a time: the host calls, and the runner is done or
 * asks; the host answers, or calls again before it does. So there is never more than one frame
 * under way, and calls inside calls need no second channel. Both ends are of one build and one
 * machine, so numbers are as they lie in memory.
 *
 * The other end is not trusted: whatever it sends is a frame within bounds, or a failure.
 */
#ifndef CORE_CHANNEL_CHANNEL_H
#define CORE_CHANNEL_CHANNEL_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* Bytes of a body: a message of a plugin (4 MiB) with all that travels with it. More is no frame.
 */
#define CHANNEL_BODY_MAX (16u << 20)

enum channel_kind {
    CHANNEL_CALL = 1,   /* host: run a callback */
    CHANNEL_DONE = 2,   /* runner: it returned */
    CHANNEL_ASK = 3,    /* runner: do this with the host's tables */
    CHANNEL_ANSWER = 4, /* host: it came to that */
};

struct channel_head {
    uint32_t body_len;
    uint16_t kind;  /* enum channel_kind */
    uint16_t what;  /* of a call: enum protocol_callback */
    int32_t status; /* of what is done or answered */
    uint32_t depth; /* of calls inside each other on this channel, from 1; 0: of none */
};

#define CHANNEL_HEAD_SIZE sizeof(struct channel_head)
_Static_assert(sizeof(struct channel_head) == 16, "a head has no padding");

struct channel {
    int fd;
    /* Asked each time that nothing moved for as long as channel_set_pause() says: whether to wait
     * on. NULL: for ever. */
    bool (*waits)(void *ctx);
    void *ctx;
    struct buf in; /* the frame received last */
};

/* Two ends that programs which are started do not inherit. TN_RESOURCE_EXHAUSTED. [any] */
tn_status channel_pair(int ret_ends[2]);
/* How long `fd` waits before it asks waits(). [any] */
void channel_set_pause(int fd, int64_t pause_us);
/* Closes the end, which may be -1, and frees what was received. [any] */
void channel_fini(struct channel *channel);

/* Makes `frame` empty but for a head, whose length channel_send() fills in. */
tn_status channel_begin(struct buf *frame, const struct channel_head *head);

/*
 * Sends what channel_begin() began. TN_UNAVAILABLE: the other end is closed; TN_DEADLINE_EXCEEDED:
 * waits() said no; TN_RESOURCE_EXHAUSTED: it is longer than a frame may be, nothing was sent.
 * [any] blocks
 */
tn_status channel_send(struct channel *channel, struct buf *frame);

/*
 * The next frame; `ret_body` is lent until the next receive. Statuses as of channel_send, and
 * TN_DATA_LOSS: not a frame, or more than one. [any] blocks
 */
tn_status channel_receive(struct channel *channel, struct channel_head *ret_head,
                          struct tn_bytes *ret_body);

/* Sends `count` descriptors, which stay open here, with one byte; takes them. For the start. */
#define CHANNEL_FD_MAX 200u
tn_status channel_send_fds(int fd, const int *fds, unsigned count);
/* `fds` has room for CHANNEL_FD_MAX. TN_UNAVAILABLE, TN_DATA_LOSS. [any] blocks */
tn_status channel_receive_fds(int fd, int *fds, unsigned *ret_count);

#endif /* CORE_CHANNEL_CHANNEL_H */
