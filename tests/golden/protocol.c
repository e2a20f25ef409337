/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.c - what a host says to clients that break the protocol of the bus, as it hangs up. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/bus/frame.h"
#include "tests/golden/areas.h"
#include "tests/integration/bus_host.h"
#include "tests/unit/check.h"

#define PATIENCE_S 60

static void add_hello(struct buf *out, uint8_t version_min, uint8_t version_max)
{
    const struct bus_hello hello = {.version_min = version_min,
                                    .version_max = version_max,
                                    .call_window = UINT32_MAX,
                                    .connection_window = UINT32_MAX};

    assert_int_equal(bus_hello_write(out, &hello), TN_OK);
}

/* Says hello, and announces method 1 and session 1. */
static void add_start(struct buf *out)
{
    const struct bus_define defines[] = {
        {.what = BUS_DEFINE_METHOD, .id = 1, .method = utf8_str("test.Echo/Hang")},
        {.what = BUS_DEFINE_SESSION,
         .id = 1,
         .portal = utf8_str("main"),
         .token = utf8_str(""),
         .language = utf8_str("en")},
    };

    add_hello(out, BUS_VERSION, BUS_VERSION);
    for (size_t i = 0; i < COUNT_OF(defines); i++)
        assert_int_equal(bus_define_write(out, &defines[i]), TN_OK);
}

static void add_call(struct buf *out, uint32_t id, uint16_t method, uint16_t session)
{
    const struct bus_call_head head = {
        .method_id = method, .session_id = session, .timeout_us = -1};
    struct buf body = {0};
    uint8_t flags = 0;

    assert_int_equal(bus_call_head_write(&body, &head, &flags), TN_OK);
    assert_int_equal(bus_frame_write(out, BUS_KIND_CALL, flags, id, buf_bytes(&body)), TN_OK);
    buf_fini(&body);
}

static void add_frame(struct buf *out, uint8_t kind, uint32_t id)
{
    assert_int_equal(bus_frame_write(out, kind, 0, id, (struct tn_bytes){0}), TN_OK);
}

#define CASES(X)                                                                                \
    X("a ping before the greeting", early, add_frame(out, BUS_KIND_PING, 0))                    \
    X("another version", version, add_hello(out, 7, 9))                                         \
    X("a call id that is too large", id, add_start(out); add_call(out, 1025, 1, 1))             \
    X("a call id that is in use", twice, add_start(out); add_call(out, 5, 1, 1);                \
      add_call(out, 5, 1, 1))                                                                   \
    X("a method that was not announced", method, add_start(out); add_call(out, 1, 2, 1))        \
    X("a frame that only hosts send", frame, add_start(out); add_frame(out, BUS_KIND_HELLO, 0)) \
    X("more of a request that has ended", more, add_start(out); add_call(out, 3, 1, 1);         \
      add_frame(out, BUS_KIND_MESSAGE, 3))                                                      \
    X("a call without a session", session, add_start(out); add_call(out, 1, 1, 0))

#define AS_FUNCTION(title, name, ...)         \
    static void write_##name(struct buf *out) \
    {                                         \
        __VA_ARGS__;                          \
    }
#define AS_CASE(title, name, ...) {title, #__VA_ARGS__, write_##name},

CASES(AS_FUNCTION)

static const struct breach {
    const char *title;
    const char *how;
    void (*write)(struct buf *out);
} breaches[] = {CASES(AS_CASE)};

static int connect_to(const struct host *host)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", host->ipc + strlen("ipc://"));
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* The first of the host's frames that ends a call or the connection; in `bytes`. */
static struct bus_ending read_ending(int fd, uint8_t *bytes, size_t size)
{
    struct bus_ending ending = {0};
    struct bus_frame frame = {0};
    size_t len = 0;

    for (;;) {
        struct tn_bytes input = {bytes, len};

        while (len > 0 && bus_frame_read(&input, &frame, NULL) == TN_OK)
            if (frame.kind == BUS_KIND_GOAWAY || frame.kind == BUS_KIND_END) {
                assert_int_equal(bus_ending_read(frame.body, &ending, NULL), TN_OK);
                return ending;
            }
        ssize_t more = recv(fd, bytes + len, size - len, 0);
        if (more <= 0)
            fail_msg("the host hangs up without a word");
        len += (size_t)more;
    }
}

static void note_breach(struct golden *g, const struct host *host, const struct breach *breach)
{
    static uint8_t bytes[BUS_HEADER_SIZE + BUS_BODY_MAX];
    struct buf out = {0};
    char said[512];
    int fd = connect_to(host);

    breach->write(&out);
    assert_int_equal(send(fd, out.data, out.len, MSG_NOSIGNAL), out.len);
    struct bus_ending ending = read_ending(fd, bytes, sizeof(bytes));
    (void)snprintf(
        said, sizeof(said), "%.*s", (int)ending.message.len, (const char *)ending.message.data);
    golden_note_english(g, breach->title, breach->how, said);
    (void)close(fd);
    buf_fini(&out);
}

void area_protocol(struct golden *g)
{
    struct host *host = host_create(NULL);

    golden_area(g,
                "Clients that break the protocol, as they are told in English (out: their bytes)");
    for (size_t i = 0; i < COUNT_OF(breaches); i++)
        note_breach(g, host, &breaches[i]);
    host_destroy(host);
}
