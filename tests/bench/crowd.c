/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd.c - connections that want little and are slow about it, beside which others are measured.
 *
 *     bench_crowd HOST PORT
 *
 * Prints `ready` when all are there: 1,000 idle ones, and 200 of which each kind has a quarter:
 * they say no hello; they have sent half a frame; they send a request byte by byte; they have asked
 * for more than fits their sockets and read it a little at a time. Ends with its input. A
 * connection that the host closes is opened anew.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/bus/frame.h"
#include "echo.pb-c.h"

enum kind { IDLE, SILENT, HALF, DRIBBLING, LAGGING, KIND_COUNT };
static const unsigned kind_counts[KIND_COUNT] = {
    [IDLE] = 1000, [SILENT] = 50, [HALF] = 50, [DRIBBLING] = 50, [LAGGING] = 50};
#define PERSON_COUNT 1200u

/* One byte of a request each, and so much of an answer. */
#define TURN_MS 20
#define LAGGING_BYTES 512u
/* What one that lags asks for: far more than both sockets take. */
#define LAGGING_CALLS 64u
#define LAGGING_PAYLOAD_SIZE 15000u
#define RECEIVE_BUFFER_SIZE 4096
#define PATIENCE_S 20

struct person {
    enum kind kind;
    int fd;    /* -1: to be opened */
    size_t at; /* of the request that is sent byte by byte */
};

struct crowd {
    struct sockaddr_in address;
    struct buf greeting;   /* hello, and the names that calls use */
    struct buf call;       /* a small echo */
    struct buf many_calls; /* large ones */
    struct person persons[PERSON_COUNT];
};

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_crowd: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void must(tn_status status)
{
    if (status != TN_OK)
        die("frames");
}

/* What they say */

static void write_greeting(struct buf *out)
{
    const struct bus_hello hello = {.version_min = BUS_VERSION,
                                    .version_max = BUS_VERSION,
                                    .call_window = UINT32_MAX,
                                    .connection_window = UINT32_MAX};
    const struct bus_define method = {
        .what = BUS_DEFINE_METHOD, .id = 1, .method = {"tenon.bench.v1.Echo/Say", 23}};
    const struct bus_define session = {
        .what = BUS_DEFINE_SESSION, .id = 1, .portal = {"main", 4}, .token = {"", 0}};

    must(bus_hello_write(out, &hello));
    must(bus_define_write(out, &method));
    must(bus_define_write(out, &session));
}

static void write_call(struct buf *out, uint32_t id, char *payload)
{
    const struct bus_call_head head = {.method_id = 1, .session_id = 1, .timeout_us = -1};
    Tenon__Bench__V1__EchoRequest request = TENON__BENCH__V1__ECHO_REQUEST__INIT;
    uint8_t bytes[BUS_BODY_MAX];
    struct buf body = {0};
    uint8_t flags = 0;

    request.payload = payload;
    must(bus_call_head_write(&body, &head, &flags));
    must(buf_add(&body, bytes, tenon__bench__v1__echo_request__pack(&request, bytes)));
    must(bus_frame_write(out, BUS_KIND_CALL, flags, id, buf_bytes(&body)));
    buf_fini(&body);
}

static void write_all(struct crowd *crowd)
{
    static char large[LAGGING_PAYLOAD_SIZE + 1];

    memset(large, 'x', LAGGING_PAYLOAD_SIZE);
    write_greeting(&crowd->greeting);
    write_call(&crowd->call, 1, (char[]){"small"});
    for (uint32_t id = 1; id <= LAGGING_CALLS; id++)
        write_call(&crowd->many_calls, id, large);
}

/* Joining */

static void put(const struct person *person, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    while (len > 0) {
        ssize_t n = send(person->fd, bytes, len, MSG_NOSIGNAL);

        if (n < 0)
            die("send");
        bytes += n;
        len -= (size_t)n;
    }
}

static void connect_person(const struct crowd *crowd, struct person *person)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int size = RECEIVE_BUFFER_SIZE;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        (person->kind == LAGGING &&
         setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) != 0) ||
        connect(fd, (const struct sockaddr *)&crowd->address, sizeof(crowd->address)) != 0)
        die("connect");
    person->fd = fd;
    person->at = 0;
}

/* Reads until a call was answered; what follows is nothing. */
static void await_answer(const struct person *person)
{
    uint8_t bytes[BUS_BODY_MAX];
    size_t len = 0;

    for (;;) {
        struct tn_bytes input = {bytes, len};
        struct bus_frame frame;

        while (bus_frame_read(&input, &frame, NULL) == TN_OK)
            if (frame.kind == BUS_KIND_MESSAGE)
                return;
        memmove(bytes, input.data, input.len);
        len = input.len;
        ssize_t n = recv(person->fd, bytes + len, sizeof(bytes) - len, 0);
        if (n <= 0)
            die("no answer");
        len += (size_t)n;
    }
}

static void join(const struct crowd *crowd, struct person *person)
{
    connect_person(crowd, person);
    if (person->kind == SILENT)
        return;
    put(person, crowd->greeting.data, crowd->greeting.len);
    switch (person->kind) {
    case IDLE:
        put(person, crowd->call.data, crowd->call.len);
        await_answer(person); /* so it has a session, as those that are idle for a while have */
        break;
    case HALF:
        put(person, crowd->call.data, crowd->call.len / 2);
        break;
    case LAGGING:
        put(person, crowd->many_calls.data, crowd->many_calls.len);
        break;
    default:
        break;
    }
    if (fcntl(person->fd, F_SETFL, O_NONBLOCK) != 0)
        die("fcntl");
}

static void join_all(struct crowd *crowd)
{
    struct person *person = crowd->persons;

    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        for (unsigned i = 0; i < kind_counts[kind]; i++, person++) {
            person->kind = (enum kind)kind;
            join(crowd, person);
        }
}

/* Being slow */

/* False: the host has closed it. */
static bool take_turn(const struct crowd *crowd, struct person *person)
{
    uint8_t bytes[LAGGING_BYTES];
    ssize_t n = 1;

    switch (person->kind) {
    case DRIBBLING:
        n = send(person->fd, crowd->call.data + person->at, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        person->at = (person->at + (n > 0)) % crowd->call.len;
        break;
    case LAGGING:
        n = recv(person->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        break;
    default: /* a ping is left unread: the host waits longer for an answer than this runs */
        n = recv(person->fd, bytes, 1, MSG_DONTWAIT | MSG_PEEK);
        break;
    }
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static void be_slow(struct crowd *crowd)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    while (poll(&input, 1, TURN_MS) == 0)
        for (unsigned i = 0; i < PERSON_COUNT; i++) {
            struct person *person = &crowd->persons[i];

            if (person->kind == IDLE || take_turn(crowd, person))
                continue;
            (void)close(person->fd);
            join(crowd, person);
        }
}

static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < PERSON_COUNT + 16)
        die("too few files may be open");
}

int main(int argc, char **argv)
{
    static struct crowd crowd;

    if (argc != 3 || inet_pton(AF_INET, argv[1], &crowd.address.sin_addr) != 1) {
        (void)fprintf(stderr, "usage: bench_crowd HOST PORT\n");
        return 2;
    }
    crowd.address.sin_family = AF_INET;
    crowd.address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    raise_file_limit();
    write_all(&crowd);
    join_all(&crowd);
    (void)printf("ready\n");
    (void)fflush(stdout);
    be_slow(&crowd);
    return 0;
}
