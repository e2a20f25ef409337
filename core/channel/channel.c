/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c - see channel.h. */
#include "core/channel/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/mem.h"

/* Kept between frames; most fit, so that one is received by one system call. */
#define ROOM_KEPT ((size_t)64 * 1024)

tn_status channel_pair(int ret_ends[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_ends) != 0)
        return TN_RESOURCE_EXHAUSTED;
    return TN_OK;
}

void channel_set_pause(int fd, int64_t pause_us)
{
    const struct timeval pause = {.tv_sec = pause_us / 1000000, .tv_usec = pause_us % 1000000};

    /* Both fail only for what is no socket, and then so does the first use. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &pause, sizeof(pause));
}

void channel_fini(struct channel *channel)
{
    if (channel->fd >= 0)
        (void)close(channel->fd); /* nothing of a socket waits to be written */
    channel->fd = -1;
    buf_fini(&channel->in);
}

tn_status channel_begin(struct buf *frame, const struct channel_head *head)
{
    buf_clear(frame);
    return buf_add(frame, head, CHANNEL_HEAD_SIZE);
}

/* After a system call that failed: TN_OK to try it again. */
static tn_status go_on(const struct channel *channel)
{
    if (errno == EINTR)
        return TN_OK;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return TN_UNAVAILABLE;
    return !channel->waits || channel->waits(channel->ctx) ? TN_OK : TN_DEADLINE_EXCEEDED;
}

tn_status channel_send(struct channel *channel, struct buf *frame)
{
    const uint8_t *data = frame->data;
    size_t left = frame->len;

    if (left - CHANNEL_HEAD_SIZE > CHANNEL_BODY_MAX)
        return TN_RESOURCE_EXHAUSTED;
    const uint32_t body_len = (uint32_t)(left - CHANNEL_HEAD_SIZE);
    memcpy(frame->data + offsetof(struct channel_head, body_len), &body_len, sizeof(body_len));
    while (left > 0) {
        ssize_t sent = send(channel->fd, data, left, MSG_NOSIGNAL);

        if (sent < 0) {
            TRY(go_on(channel));
            continue;
        }
        data += sent;
        left -= (size_t)sent;
    }
    return TN_OK;
}

/* Receives until `size` bytes are there, and what came with them. */
static tn_status receive_some(struct channel *channel, size_t size)
{
    struct buf *in = &channel->in;

    if (in->len >= size)
        return TN_OK;
    if (buf_reserve(in, size - in->len) != TN_OK)
        return TN_RESOURCE_EXHAUSTED;
    while (in->len < size) {
        ssize_t got = recv(channel->fd, in->data + in->len, in->cap - in->len, 0);

        if (got == 0)
            return TN_UNAVAILABLE;
        if (got < 0) {
            TRY(go_on(channel));
            continue;
        }
        in->len += (size_t)got;
    }
    return TN_OK;
}

tn_status channel_receive(struct channel *channel, struct channel_head *ret_head,
                          struct tn_bytes *ret_body)
{
    struct buf *in = &channel->in;
    struct channel_head head;

    if (in->cap > ROOM_KEPT)
        buf_fini(in);
    buf_clear(in);
    if (buf_reserve(in, ROOM_KEPT) != TN_OK)
        return TN_RESOURCE_EXHAUSTED;
    TRY(receive_some(channel, CHANNEL_HEAD_SIZE));
    memcpy(&head, in->data, CHANNEL_HEAD_SIZE);
    if (head.body_len > CHANNEL_BODY_MAX)
        return TN_DATA_LOSS;
    TRY(receive_some(channel, CHANNEL_HEAD_SIZE + head.body_len));
    if (in->len != CHANNEL_HEAD_SIZE + head.body_len)
        return TN_DATA_LOSS;
    *ret_head = head;
    *ret_body = (struct tn_bytes){in->data + CHANNEL_HEAD_SIZE, head.body_len};
    return TN_OK;
}

/* Room for the descriptors of one message. */
union fd_message {
    struct cmsghdr head;
    uint8_t bytes[CMSG_SPACE(CHANNEL_FD_MAX * sizeof(int))];
};

tn_status channel_send_fds(int fd, const int *fds, unsigned count)
{
    union fd_message room = {0};
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &room,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};

    if (count > CHANNEL_FD_MAX)
        return TN_RESOURCE_EXHAUSTED;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
    return sendmsg(fd, &message, MSG_NOSIGNAL) == 1 ? TN_OK : TN_UNAVAILABLE;
}

tn_status channel_receive_fds(int fd, int *fds, unsigned *ret_count)
{
    union fd_message room = {0};
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)};

    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1)
        return TN_UNAVAILABLE;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
        message.msg_flags & MSG_CTRUNC)
        return TN_DATA_LOSS;
    const size_t size = head->cmsg_len - CMSG_LEN(0);
    memcpy(fds, CMSG_DATA(head), size);
    *ret_count = (unsigned)(size / sizeof(int));
    return TN_OK;
}
