/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus against clients that break the protocol, over a plain socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tenon/client.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/bus/frame.h"
#include "tests/integration/bus_host.h"
#include "tests/unit/check.h"

struct raw {
    struct host *host;
    int fd;
    struct buf in;
};

static int connect_raw(const struct host *host)
{
    unsigned long port = strtoul(strrchr(host->tcp, ':') + 1, NULL, 10);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons((uint16_t)port)};
    const struct timeval patience = {.tv_sec = PATIENCE_US / SECOND};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int set_up(void **state)
{
    struct raw *raw = calloc(1, sizeof(*raw));

    raw->host = host_create(NULL);
    raw->fd = connect_raw(raw->host);
    *state = raw;
    return 0;
}

static int tear_down(void **state)
{
    struct raw *raw = *state;

    (void)close(raw->fd);
    buf_fini(&raw->in);
    host_destroy(raw->host);
    free(raw);
    return 0;
}

static void put(const struct raw *raw, const void *data, size_t len)
{
    assert_int_equal(send(raw->fd, data, len, MSG_NOSIGNAL), len);
}

static void put_buf(const struct raw *raw, struct buf *out)
{
    put(raw, out->data, out->len);
    buf_fini(out);
}

/* Reads one frame; false at the end of the connection. The body is valid until the next one. */
static bool get(struct raw *raw, struct bus_frame *ret_frame)
{
    static uint8_t bytes[BUS_HEADER_SIZE + BUS_BODY_MAX];
    size_t need = BUS_HEADER_SIZE;
    size_t len = 0;

    while (len < need) {
        ssize_t n = recv(raw->fd, bytes + len, need - len, 0);

        if (n < 0 && errno != ECONNRESET)
            fail_msg("recv: %s", strerror(errno));
        if (n <= 0)
            return false;
        len += (size_t)n;
        if (len >= BUS_HEADER_SIZE)
            need = BUS_HEADER_SIZE + read_u16(bytes);
    }
    struct tn_bytes input = {bytes, len};
    assert_int_equal(bus_frame_read(&input, ret_frame, NULL), TN_OK);
    return true;
}

static void expect_ending(struct raw *raw, uint8_t kind, uint32_t call_id, tn_status status,
                          const char *part)
{
    struct bus_frame frame;
    struct bus_ending ending;

    assert_true(get(raw, &frame));
    assert_int_equal(frame.kind, kind);
    assert_int_equal(frame.call_id, call_id);
    assert_int_equal(bus_ending_read(frame.body, &ending, NULL), TN_OK);
    assert_int_equal(ending.status, status);
    if (!memmem(ending.message.data, ending.message.len, part, strlen(part)))
        fail_msg(
            "\"%.*s\" does not say \"%s\"", (int)ending.message.len, ending.message.data, part);
}

static void expect_goaway(struct raw *raw, tn_status status, const char *part)
{
    struct bus_frame frame;

    expect_ending(raw, BUS_KIND_GOAWAY, 0, status, part);
    assert_false(get(raw, &frame));
}

static void expect_message(struct raw *raw, uint32_t call_id, const char *text)
{
    struct bus_frame frame;

    assert_true(get(raw, &frame));
    assert_int_equal(frame.kind, BUS_KIND_MESSAGE);
    assert_int_equal(frame.flags, BUS_FLAG_LAST);
    assert_int_equal(frame.call_id, call_id);
    assert_int_equal(frame.body.len, strlen(text));
    assert_memory_equal(frame.body.data, text, strlen(text));
}

static void put_hello(struct raw *raw, uint32_t call_window)
{
    const struct bus_hello hello = {.version_min = BUS_VERSION,
                                    .version_max = BUS_VERSION,
                                    .call_window = call_window,
                                    .connection_window = UINT32_MAX};
    struct buf out = {0};

    assert_int_equal(bus_hello_write(&out, &hello), TN_OK);
    put_buf(raw, &out);
}

/* Says hello and announces method 1 and session 1. */
static void greet(struct raw *raw, const char *method, uint32_t call_window)
{
    const struct bus_define defines[] = {
        {.what = BUS_DEFINE_METHOD, .id = 1, .method = utf8_str(method)},
        {.what = BUS_DEFINE_SESSION,
         .id = 1,
         .portal = {"main", 4},
         .token = {"", 0},
         .language = {"en", 2}},
    };
    struct bus_frame frame;
    struct bus_hello hello;
    struct buf out = {0};

    put_hello(raw, call_window);
    assert_true(get(raw, &frame));
    assert_int_equal(frame.kind, BUS_KIND_HELLO);
    assert_int_equal(bus_hello_read(frame.body, &hello, NULL), TN_OK);
    assert_int_equal(hello.call_max, 1024);
    assert_int_equal(hello.request_size_max, 4 << 20);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(bus_define_write(&out, &defines[i]), TN_OK);
    put_buf(raw, &out);
}

static void write_call(struct buf *out, uint32_t id, uint16_t method, uint16_t session,
                       const char *text)
{
    const struct bus_call_head head = {
        .method_id = method, .session_id = session, .timeout_us = -1};
    struct buf body = {0};
    uint8_t flags = 0;

    assert_int_equal(bus_call_head_write(&body, &head, &flags), TN_OK);
    assert_int_equal(buf_add(&body, text, strlen(text)), TN_OK);
    assert_int_equal(bus_frame_write(out, BUS_KIND_CALL, flags, id, buf_bytes(&body)), TN_OK);
    buf_fini(&body);
}

static void put_call(struct raw *raw, uint32_t id, uint16_t method, uint16_t session,
                     const char *text)
{
    struct buf out = {0};

    write_call(&out, id, method, session, text);
    put_buf(raw, &out);
}

static void put_frame(struct raw *raw, uint8_t kind, uint8_t flags, uint32_t id, const char *text)
{
    struct buf out = {0};
    const struct tn_bytes body = {(const uint8_t *)text, strlen(text)};

    assert_int_equal(bus_frame_write(&out, kind, flags, id, body), TN_OK);
    put_buf(raw, &out);
}

/* Another connection is served as if nothing had happened. */
static void expect_others_unharmed(const struct raw *raw)
{
    struct raw other = {.host = raw->host, .fd = connect_raw(raw->host)};

    greet(&other, "test.Echo/Echo", 65536);
    put_call(&other, 1, 1, 1, "unharmed");
    expect_message(&other, 1, "unharmed");
    (void)close(other.fd);
}

static void garbage_is_answered_with_the_reason_and_closed(void **state)
{
    struct raw *raw = *state;

    put(raw, "GET / HTTP/1.1\r\nHost: here\r\n\r\n", 30);
    expect_goaway(raw, TN_DATA_LOSS, "frame");
    expect_others_unharmed(raw);
}

static void garbage_after_a_good_start_is_too(void **state)
{
    struct raw *raw = *state;
    const uint8_t unknown_kind[BUS_HEADER_SIZE] = {0, 0, 99, 0, 0, 0, 0, 0};

    greet(raw, "test.Echo/Echo", 65536);
    put(raw, unknown_kind, sizeof(unknown_kind));
    expect_goaway(raw, TN_DATA_LOSS, "no frame of kind 99");
    expect_others_unharmed(raw);
}

static void frame_longer_than_the_limit_is_refused_before_its_body(void **state)
{
    struct raw *raw = *state;
    const uint8_t header[BUS_HEADER_SIZE] = {0xff, 0xff, BUS_KIND_PING, 0, 0, 0, 0, 0};

    greet(raw, "test.Echo/Echo", 65536);
    put(raw, header, sizeof(header));
    expect_goaway(raw, TN_DATA_LOSS, "65535 bytes");
}

static void call_before_hello_is_refused(void **state)
{
    struct raw *raw = *state;

    put_call(raw, 1, 1, 1, "early");
    expect_goaway(raw, TN_DATA_LOSS, "HELLO");
}

static void other_version_is_told_what_the_host_speaks(void **state)
{
    struct raw *raw = *state;
    const struct bus_hello hello = {.version_min = 7, .version_max = 9};
    struct buf out = {0};

    assert_int_equal(bus_hello_write(&out, &hello), TN_OK);
    put_buf(raw, &out);
    expect_goaway(raw, TN_FAILED_PRECONDITION, "version 1 of the bus, the client 7 to 9");
}

static void call_id_in_use_is_refused(void **state)
{
    struct raw *raw = *state;

    greet(raw, "test.Echo/Hang", 65536);
    put_call(raw, 5, 1, 1, "");
    put_call(raw, 5, 1, 1, "");
    expect_goaway(raw, TN_DATA_LOSS, "call id 5 is in use");
    wait_for(&raw->host->cancelled, 1);
}

static void call_id_past_the_hosts_maximum_is_refused(void **state)
{
    struct raw *raw = *state;

    greet(raw, "test.Echo/Echo", 65536);
    put_call(raw, 1025, 1, 1, "");
    expect_goaway(raw, TN_DATA_LOSS, "1025");
}

static void id_that_was_not_announced_is_refused(void **state)
{
    struct raw *raw = *state;

    greet(raw, "test.Echo/Echo", 65536);
    put_call(raw, 1, 2, 1, "");
    expect_goaway(raw, TN_DATA_LOSS, "not announced");
}

static void call_without_a_session_is_unauthenticated(void **state)
{
    struct raw *raw = *state;

    greet(raw, "test.Echo/Echo", 65536);
    put_call(raw, 1, 1, 0, "");
    expect_ending(raw, BUS_KIND_END, 1, TN_UNAUTHENTICATED, "test.Echo/Echo");
    put_call(raw, 1, 1, 1, "again"); /* the id is free */
    expect_message(raw, 1, "again");
}

static void open_method_needs_no_session(void **state)
{
    struct raw *raw = *state;

    greet(raw, "tenon.bus.v1.Health/Check", 65536);
    put_call(raw, 1, 1, 0, "");
    expect_message(raw, 1, "\x08\x01"); /* state = SERVING */
}

static void request_that_is_no_message_is_refused_by_field(void **state)
{
    struct raw *raw = *state;

    greet(raw, "tenon.bus.v1.Health/Check", 65536);
    put_call(raw, 1, 1, 0, "\x0a\x02\xc3\x28");
    expect_ending(raw, BUS_KIND_END, 1, TN_INVALID_ARGUMENT, "service is not UTF-8");
}

static void frames_may_arrive_byte_by_byte(void **state)
{
    struct raw *raw = *state;
    struct buf out = {0};

    greet(raw, "test.Echo/Echo", 65536);
    write_call(&out, 3, 1, 1, "slowly");
    for (size_t i = 0; i < out.len; i++) {
        put(raw, out.data + i, 1);
        (void)usleep(500);
    }
    buf_fini(&out);
    expect_message(raw, 3, "slowly");
}

static void request_may_come_in_pieces(void **state)
{
    struct raw *raw = *state;
    struct buf out = {0};

    greet(raw, "test.Echo/Echo", 65536);
    write_call(&out, 3, 1, 1, "one,");
    out.data[3] |= BUS_FLAG_MORE;
    put_buf(raw, &out);
    put_frame(raw, BUS_KIND_MESSAGE, BUS_FLAG_MORE, 3, "two,");
    put_frame(raw, BUS_KIND_MESSAGE, 0, 3, "three");
    expect_message(raw, 3, "one,two,three");
}

static void piece_after_the_request_ended_is_refused(void **state)
{
    struct raw *raw = *state;

    greet(raw, "test.Echo/Hang", 65536);
    put_call(raw, 3, 1, 1, "");
    put_frame(raw, BUS_KIND_MESSAGE, 0, 3, "more");
    expect_goaway(raw, TN_DATA_LOSS, "request of call 3 has ended");
}

static void cancelled_while_it_arrives_a_request_is_not_run(void **state)
{
    struct raw *raw = *state;
    struct buf out = {0};

    greet(raw, "test.Echo/Hang", 65536);
    write_call(&out, 3, 1, 1, "part");
    out.data[3] |= BUS_FLAG_MORE;
    put_buf(raw, &out);
    put_frame(raw, BUS_KIND_CANCEL, 0, 3, "");
    expect_ending(raw, BUS_KIND_END, 3, TN_CANCELLED, "cancelled");
    put_frame(raw, BUS_KIND_MESSAGE, 0, 3, "late piece"); /* it was on its way: no error */
    put_frame(raw, BUS_KIND_CANCEL, 0, 3, "");
    put_frame(raw, BUS_KIND_PING, 0, 0, "alive");
    struct bus_frame frame;
    assert_true(get(raw, &frame));
    assert_int_equal(frame.kind, BUS_KIND_PONG);
    assert_memory_equal(frame.body.data, "alive", 5);
    assert_int_equal(atomic_load(&raw->host->hanging), 0);
}

static void put_credit(struct raw *raw, uint32_t id, uint32_t bytes)
{
    struct buf out = {0};

    assert_int_equal(bus_credit_write(&out, id, bytes), TN_OK);
    put_buf(raw, &out);
}

/* Nothing but the answer to a ping is on its way. */
static void expect_silence(struct raw *raw)
{
    struct bus_frame frame;

    put_frame(raw, BUS_KIND_PING, 0, 0, "");
    assert_true(get(raw, &frame));
    assert_int_equal(frame.kind, BUS_KIND_PONG);
}

static void expect_piece(struct raw *raw, uint8_t flags, size_t len)
{
    struct bus_frame frame;

    assert_true(get(raw, &frame));
    assert_int_equal(frame.kind, BUS_KIND_MESSAGE);
    assert_int_equal(frame.flags, flags);
    assert_int_equal(frame.body.len, len);
}

static void answers_wait_for_credit(void **state)
{
    struct raw *raw = *state;

    greet(raw, "test.Echo/Large", 0);
    put_call(raw, 1, 1, 1, "4");
    wait_for(&raw->host->enlarged, 1); /* or there would be nothing yet that could wait */
    expect_silence(raw);
    put_credit(raw, 1, 1);
    expect_piece(raw, BUS_FLAG_LAST, 4);
}

/* The piece that begins with credit left is sent whole, and none after it. */
static void answer_stops_where_its_credit_ends(void **state)
{
    enum { LAST = 100 };
    struct raw *raw = *state;
    char len[16];

    (void)snprintf(len, sizeof(len), "%u", 2 * BUS_BODY_MAX + LAST);
    greet(raw, "test.Echo/Large", 1);
    put_call(raw, 1, 1, 1, len);
    wait_for(&raw->host->enlarged, 1);
    expect_piece(raw, BUS_FLAG_MORE, BUS_BODY_MAX);
    expect_silence(raw);
    put_credit(raw, 1, BUS_HEADER_SIZE + BUS_BODY_MAX - 1); /* to nothing left, not to one */
    expect_silence(raw);
    put_credit(raw, 1, 1);
    expect_piece(raw, BUS_FLAG_MORE, BUS_BODY_MAX);
    expect_silence(raw);
    put_credit(raw, 1, UINT32_MAX);
    expect_piece(raw, BUS_FLAG_LAST, LAST);
}

/* Sends until the host takes no more; the count of calls sent. */
static int flood(struct raw *raw)
{
    struct buf out = {0};
    int count = 0;
    int64_t still_us = clock_mono_us();

    (void)fcntl(raw->fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(
            bus_frame_write(&out, BUS_KIND_PING, 0, 0, (struct tn_bytes){raw->in.data, 16384}),
            TN_OK);
    size_t at = 0;
    while (clock_mono_us() - still_us < SECOND / 2) {
        ssize_t n = send(raw->fd, out.data + at, out.len - at, MSG_NOSIGNAL);

        if (n <= 0) {
            (void)usleep(1000);
            continue;
        }
        still_us = clock_mono_us();
        at = (at + (size_t)n) % out.len;
        count += (int)n;
        assert_true(count < 64 << 20); /* it would never stop */
    }
    buf_fini(&out);
    return count;
}

static void client_that_does_not_read_is_not_read_from(void **state)
{
    struct raw *raw = *state;
    struct bus_frame frame;

    greet(raw, "test.Echo/Echo", 65536);
    assert_int_equal(buf_reserve(&raw->in, 16384), TN_OK);
    memset(raw->in.data, 0, 16384);
    int sent = flood(raw);
    expect_others_unharmed(raw);
    /* All that went out comes back once we read. */
    (void)fcntl(raw->fd, F_SETFL, 0);
    int pongs = sent / (16384 + (int)BUS_HEADER_SIZE);
    for (int i = 0; i < pongs; i++) {
        assert_true(get(raw, &frame));
        assert_int_equal(frame.kind, BUS_KIND_PONG);
    }
}

/* Credit is the peer's word; what the host holds for it is bounded all the same. */
static void stream_that_is_not_read_stops_whatever_its_credit(void **state)
{
    /* What sockets take, generously. */
    enum { BOUND = (64 << 20) / STREAM_MESSAGE_SIZE };
    struct raw *raw = *state;
    uint64_t last = 0;
    int still = 0;

    greet(raw, "test.Echo/Stream", UINT32_MAX);
    put_call(raw, 1, 1, 1, "0");
    while (still < 100) {
        (void)usleep(2000);
        uint64_t now = atomic_load(&raw->host->streamed);
        still = now == last && now > 0 ? still + 1 : 0;
        last = now;
        assert_true(now < BOUND);
    }
    expect_others_unharmed(raw);
}

/* A host that takes connections and says hello, but nothing more. */
static int listen_mute(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(url, size, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

static void client_gives_up_a_host_that_fell_silent(void **state)
{
    char url[64];
    int listener = listen_mute(url, sizeof(url));
    const struct tenon_options options = {.url = url, .connect_timeout_us = SECOND / 10};
    const struct bus_hello hello = {
        .version_min = BUS_VERSION, .version_max = BUS_VERSION, .call_max = 8};
    const struct tn_bytes nothing = {0};
    struct tenon_client *client = NULL;
    struct tenon_result result;
    struct buf out = {0};
    uint8_t *response = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(tenon_client_create(&options, &client), TN_OK);
    int fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    assert_int_equal(bus_hello_write(&out, &hello), TN_OK);
    assert_int_equal(send(fd, out.data, out.len, MSG_NOSIGNAL), out.len);
    buf_fini(&out);
    assert_int_equal(tenon_client_connect(client, PATIENCE_US), TN_OK);
    int64_t start_us = clock_mono_us();
    assert_int_equal(tenon_invoke_bytes(client, "a/b", nothing, NULL, &response, &len, &result),
                     TN_UNAVAILABLE);
    assert_true(clock_mono_us() - start_us < PATIENCE_US);
    tenon_result_fini(&result);
    tenon_client_destroy(client);
    (void)close(fd);
    (void)close(listener);
}

static void server_survives_any_failed_allocation_at_its_creation(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth < 500; nth++) {
        const struct bus_server_options options = {0};
        struct bus_server *server = NULL;

        mem_fail_at(nth);
        tn_status st = bus_server_create(&options, &server, NULL);
        mem_fail_never();
        assert_true(st == TN_OK || st == TN_RESOURCE_EXHAUSTED);
        assert_int_equal(server != NULL, st == TN_OK);
        bus_server_destroy(server);
        if (st == TN_OK)
            return;
    }
    fail_msg("a server needs more than 499 allocations");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(garbage_is_answered_with_the_reason_and_closed),
        TEST(garbage_after_a_good_start_is_too),
        TEST(frame_longer_than_the_limit_is_refused_before_its_body),
        TEST(call_before_hello_is_refused),
        TEST(other_version_is_told_what_the_host_speaks),
        TEST(call_id_in_use_is_refused),
        TEST(call_id_past_the_hosts_maximum_is_refused),
        TEST(id_that_was_not_announced_is_refused),
        TEST(call_without_a_session_is_unauthenticated),
        TEST(open_method_needs_no_session),
        TEST(request_that_is_no_message_is_refused_by_field),
        TEST(frames_may_arrive_byte_by_byte),
        TEST(request_may_come_in_pieces),
        TEST(piece_after_the_request_ended_is_refused),
        TEST(cancelled_while_it_arrives_a_request_is_not_run),
        TEST(answers_wait_for_credit),
        TEST(answer_stops_where_its_credit_ends),
        TEST(client_that_does_not_read_is_not_read_from),
        TEST(stream_that_is_not_read_stops_whatever_its_credit),
        cmocka_unit_test(client_gives_up_a_host_that_fell_silent),
        cmocka_unit_test(server_survives_any_failed_allocation_at_its_creation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
