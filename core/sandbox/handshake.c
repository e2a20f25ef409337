/* SPDX-License-Identifier: Apache-2.0 */
/* handshake.c - one message each way. */
#include "core/sandbox/handshake.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/sandbox/step.h"

#define CONTROL "the control socket"

tn_status handshake_send_limits(int control, const struct sandbox_limits *limits, struct err *err)
{
    ssize_t sent = send(control, limits, sizeof(*limits), MSG_NOSIGNAL | MSG_DONTWAIT);

    return sent == (ssize_t)sizeof(*limits) ? TN_OK : step_failed(err, CONTROL, errno);
}

/* Texts from elsewhere end where they should. */
static bool is_sound(const struct sandbox_limits *limits)
{
    if (limits->size != sizeof(*limits) || limits->read_count > SANDBOX_READ_MAX)
        return false;
    for (uint32_t i = 0; i < limits->read_count; i++)
        if (!memchr(limits->reads[i], '\0', SANDBOX_PATH_SIZE))
            return false;
    return memchr(limits->scratch, '\0', SANDBOX_PATH_SIZE) != NULL;
}

tn_status sandbox_receive(struct sandbox_limits *ret_limits, struct err *err)
{
    struct sandbox_limits limits;
    ssize_t got;

    do
        got = recv(SANDBOX_CONTROL_FD, &limits, sizeof(limits), MSG_TRUNC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(limits) || !is_sound(&limits))
        return err_set(
            err,
            TN_FAILED_PRECONDITION,
            "Nobody of this build has said which limits apply: only the host starts this.");
    *ret_limits = limits;
    return TN_OK;
}

/* Room for one descriptor, aligned as its header wants it. */
union descriptor_room {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

tn_status handshake_tell_entered(int control, uint32_t missing, int listener, struct err *err)
{
    union descriptor_room room = {0};
    struct iovec part = {&missing, sizeof(missing)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (listener >= 0) {
        room.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&room.header), &listener, sizeof(listener));
        message.msg_control = room.bytes;
        message.msg_controllen = sizeof(room.bytes);
    }
    if (sendmsg(control, &message, MSG_NOSIGNAL) != (ssize_t)sizeof(missing))
        return step_failed(err, CONTROL, errno);
    return TN_OK;
}

static int take_descriptor(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fd = -1;

    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}

tn_status handshake_hear_entered(int control, uint32_t *ret_missing, int *ret_listener,
                                 struct err *err)
{
    union descriptor_room room = {0};
    uint32_t missing = 0;
    struct iovec part = {&missing, sizeof(missing)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = room.bytes,
                             .msg_controllen = sizeof(room.bytes)};
    ssize_t got = recvmsg(control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (got <= 0)
        return step_failed(err, CONTROL, got < 0 ? errno : ECONNRESET);
    int fd = take_descriptor(&message);
    if (got != (ssize_t)sizeof(missing)) {
        if (fd >= 0)
            (void)close(fd); /* not used */
        return err_set(err, TN_DATA_LOSS, "A runner told what it never should.");
    }
    *ret_missing = missing;
    *ret_listener = fd;
    return TN_OK;
}
