/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c - telling the service manager how the host is doing: sd_notify(3)'s protocol, one
 * datagram of lines. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/main.h"

/* Bytes of one message; what does not fit is cut, which only shortens STATUS. */
#define MESSAGE_SIZE 1024u

/* A path, or behind '@' a name without a file. False: there is none, or it is no address. */
static bool find_manager(struct sockaddr_un *ret_address, socklen_t *ret_len)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;

    if (len < 2 || (path[0] != '/' && path[0] != '@') || len >= sizeof(address.sun_path))
        return false;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    *ret_address = address;
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

void host_notify(const struct host *host, const char *state)
{
    struct sockaddr_un address;
    socklen_t address_len;
    char message[MESSAGE_SIZE];

    if (!find_manager(&address, &address_len))
        return;
    int len = snprintf(message,
                       sizeof(message),
                       "%s=1\nMONOTONIC_USEC=%lld\nSTATUS=%s",
                       state,
                       (long long)clock_mono_us(),
                       host->url_count > 0 ? host->urls[0] : "");
    size_t size = len < 0 ? 0 : (size_t)len < sizeof(message) ? (size_t)len : sizeof(message) - 1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        sendto(fd, message, size, MSG_NOSIGNAL, (struct sockaddr *)&address, address_len) < 0)
        LOG(host->log, LOG_WARN, "the service manager does not hear us", LOG_STR("state", state));
    if (fd >= 0)
        (void)close(fd);
}
