/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - making sockets that listen and connect, for stream.h. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <nng/nng.h>

#include "core/base/err.h"
#include "core/bus/stream.h"

struct address {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un path;
    } as;
};

int bus_socket_error(int error)
{
    switch (error) {
    case 0:
        return 0;
    case EADDRINUSE:
        return NNG_EADDRINUSE;
    case EACCES:
    case EPERM:
        return NNG_EPERM;
    case ENOMEM:
    case ENOBUFS:
        return NNG_ENOMEM;
    case EMFILE:
    case ENFILE:
        return NNG_ENOFILES;
    case ENOENT:
        return NNG_ENOENT;
    case ECONNREFUSED:
        return NNG_ECONNREFUSED;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return NNG_ECONNRESET;
    case ETIMEDOUT:
        return NNG_ETIMEDOUT;
    case EADDRNOTAVAIL:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return NNG_EADDRINVAL;
    default:
        return (int)NNG_ESYSERR + error;
    }
}

static int find_path(const char *path, struct address *ret_address)
{
    struct address address = {.as.path.sun_family = AF_UNIX,
                              .len = (socklen_t)sizeof(struct sockaddr_un)};
    size_t size = strlen(path) + 1;

    if (size == 1 || size > sizeof(address.as.path.sun_path))
        return NNG_EADDRINVAL;
    memcpy(address.as.path.sun_path, path, size);
    *ret_address = address;
    return 0;
}

/* Nothing is looked up but "localhost", which is in a file. */
static int find_host(const nng_url *url, int flags, struct address *ret_address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags =
                                       flags | AI_NUMERICSERV |
                                       (strcmp(url->u_hostname, "localhost") ? AI_NUMERICHOST : 0)};
    struct addrinfo *found = NULL;

    if (getaddrinfo(url->u_hostname, url->u_port, &hints, &found) != 0)
        return NNG_ENOTSUP;
    int result = NNG_ENOTSUP;
    if (found->ai_addrlen <= sizeof(ret_address->as)) {
        memcpy(&ret_address->as, found->ai_addr, found->ai_addrlen);
        ret_address->len = found->ai_addrlen;
        result = 0;
    }
    freeaddrinfo(found);
    return result;
}

static int find_address(const char *text, int flags, struct address *ret_address)
{
    nng_url *url = NULL;
    int result = nng_url_parse(&url, text);

    if (result != 0)
        return result;
    if (strcmp(url->u_scheme, "ipc") == 0)
        result = find_path(url->u_path, ret_address);
    else if (strcmp(url->u_scheme, "tcp") == 0)
        result = find_host(url, flags, ret_address);
    else
        result = NNG_ENOTSUP;
    nng_url_free(url);
    return result;
}

static int open_socket(const struct address *address)
{
    return socket(address->as.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether the socket file of `address` was left by a process that is gone. */
static bool is_left(const struct address *address)
{
    int fd = open_socket(address);
    bool is_refused =
        fd >= 0 && connect(fd, &address->as.any, address->len) != 0 && errno == ECONNREFUSED;

    if (fd >= 0)
        (void)close(fd);
    return is_refused;
}

static int bind_path(int fd, const struct address *address)
{
    const char *path = address->as.path.sun_path;
    int result = bind(fd, &address->as.any, address->len);

    if (result != 0 && errno == EADDRINUSE) {
        if (!is_left(address)) {
            errno = EADDRINUSE;
            return -1;
        }
        (void)unlink(path);
        result = bind(fd, &address->as.any, address->len);
    }
    /* Nobody can connect before it listens. */
    return result == 0 ? chmod(path, BUS_FILE_MODE) : result;
}

static int bind_and_listen(int fd, const struct address *address)
{
    const int yes = 1;

    if (address->as.any.sa_family == AF_UNIX) {
        if (bind_path(fd, address) != 0)
            return -1;
    } else {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        if (bind(fd, &address->as.any, address->len) != 0)
            return -1;
    }
    return listen(fd, SOMAXCONN);
}

static int port_of(int fd)
{
    struct address address = {.len = (socklen_t)sizeof(address.as)};

    if (getsockname(fd, &address.as.any, &address.len) != 0)
        return 0;
    switch (address.as.any.sa_family) {
    case AF_INET:
        return ntohs(address.as.v4.sin_port);
    case AF_INET6:
        return ntohs(address.as.v6.sin6_port);
    default:
        return 0;
    }
}

int bus_socket_listen(const char *text, int *ret_fd, int *ret_port)
{
    struct address address = {0};
    int result = find_address(text, AI_PASSIVE, &address);

    if (result != 0)
        return result == NNG_ENOTSUP ? NNG_EADDRINVAL : result;
    int fd = open_socket(&address);
    if (fd < 0)
        return bus_socket_error(errno);
    if (bind_and_listen(fd, &address) != 0) {
        int error = errno;

        (void)close(fd);
        return bus_socket_error(error);
    }
    *ret_port = port_of(fd);
    *ret_fd = fd;
    return 0;
}

int bus_socket_dial(const char *text, int *ret_fd)
{
    struct address address = {0};
    int result = find_address(text, 0, &address);

    if (result != 0)
        return result;
    int fd = open_socket(&address);
    if (fd < 0)
        return bus_socket_error(errno);
    if (connect(fd, &address.as.any, address.len) != 0 && errno != EINPROGRESS) {
        /* A path's listener whose queue is full says EAGAIN. */
        int error = errno == EAGAIN ? ETIMEDOUT : errno;

        (void)close(fd);
        return bus_socket_error(error);
    }
    *ret_fd = fd;
    return 0;
}

int bus_socket_check(const char *text)
{
    struct address address = {0};

    return find_address(text, 0, &address);
}

int bus_socket_result(int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return bus_socket_error(error);
}
