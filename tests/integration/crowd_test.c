/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus with clients that are many, silent, slow or greedy: the others are served. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/bus/frame.h"
#include "tests/integration/bus_client.h"
#include "tests/unit/check.h"

/* A client of frames, over a socket that it reads when it likes. */

static int connect_raw(const struct host *host)
{
    unsigned long port = strtoul(strrchr(host->tcp, ':') + 1, NULL, 10);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr = {htonl(INADDR_LOOPBACK)},
                                        .sin_port = htons((uint16_t)port)};
    const struct timeval patience = {.tv_sec = PATIENCE_US / SECOND};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void put(int fd, const void *data, size_t len)
{
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

/* Says hello, and makes `method` method 1 and a session session 1. The host's hello stays unread.
 */
static void greet(int fd, const char *method)
{
    const struct bus_hello hello = {.version_min = BUS_VERSION,
                                    .version_max = BUS_VERSION,
                                    .call_window = UINT32_MAX,
                                    .connection_window = UINT32_MAX};
    const struct bus_define defines[] = {
        {.what = BUS_DEFINE_METHOD, .id = 1, .method = utf8_str(method)},
        {.what = BUS_DEFINE_SESSION, .id = 1, .portal = {"main", 4}, .token = {"", 0}},
    };
    struct buf out = {0};

    assert_int_equal(bus_hello_write(&out, &hello), TN_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(bus_define_write(&out, &defines[i]), TN_OK);
    put(fd, out.data, out.len);
    buf_fini(&out);
}

static void add_call(struct buf *out, uint32_t id, const char *text)
{
    const struct bus_call_head head = {.method_id = 1, .session_id = 1, .timeout_us = -1};
    struct buf body = {0};
    uint8_t flags = 0;

    assert_int_equal(bus_call_head_write(&body, &head, &flags), TN_OK);
    assert_int_equal(buf_add(&body, text, strlen(text)), TN_OK);
    assert_int_equal(bus_frame_write(out, BUS_KIND_CALL, flags, id, buf_bytes(&body)), TN_OK);
    buf_fini(&body);
}

static void put_call(int fd, uint32_t id, const char *text)
{
    struct buf out = {0};

    add_call(&out, id, text);
    put(fd, out.data, out.len);
    buf_fini(&out);
}

/* Reads one frame; false at the end of the connection. The body is valid until the next one. */
static bool get(int fd, struct bus_frame *ret_frame)
{
    static uint8_t bytes[BUS_HEADER_SIZE + BUS_BODY_MAX];
    size_t need = BUS_HEADER_SIZE;
    size_t len = 0;

    while (len < need) {
        ssize_t n = recv(fd, bytes + len, need - len, 0);

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

static void get_hello(int fd)
{
    struct bus_frame frame;

    assert_true(get(fd, &frame));
    assert_int_equal(frame.kind, BUS_KIND_HELLO);
}

/* Silent */

static void connection_that_says_no_hello_is_closed(void **state)
{
    const struct bus_server_options options = {.hello_timeout_us = SECOND / 10};
    struct host *host = host_create(&options);
    struct bus_frame frame;
    int silent = connect_raw(host);
    int begun = connect_raw(host);

    (void)state;
    put(begun, "\x00\x1e\x01\x00\x00", 5);
    assert_false(get(silent, &frame));
    assert_false(get(begun, &frame));
    (void)close(silent);
    (void)close(begun);
    host_destroy(host);
}

static void client_that_is_silent_is_pinged_and_then_closed(void **state)
{
    const struct bus_server_options options = {.ping_interval_us = SECOND / 20};
    struct host *host = host_create(&options);
    struct bus_frame frame;
    int fd = connect_raw(host);
    int pings = 0;

    (void)state;
    greet(fd, "test.Echo/Hang");
    get_hello(fd);
    put_call(fd, 1, ""); /* an open call keeps nobody that has vanished */
    while (get(fd, &frame)) {
        assert_int_equal(frame.kind, BUS_KIND_PING);
        pings++;
    }
    assert_int_equal(pings, 3);
    wait_for(&host->cancelled, 1);
    (void)close(fd);
    host_destroy(host);
}

static void client_that_answers_pings_stays(void **state)
{
    const struct bus_server_options options = {.ping_interval_us = SECOND / 5};
    struct host *host = host_create(&options);
    struct bus_frame frame;
    struct buf pong = {0};
    int fd = connect_raw(host);

    (void)state;
    assert_int_equal(bus_frame_write(&pong, BUS_KIND_PONG, 0, 0, (struct tn_bytes){0}), TN_OK);
    greet(fd, "test.Echo/Echo");
    get_hello(fd);
    for (int i = 0; i < 5; i++) { /* two more than it may leave unanswered */
        assert_true(get(fd, &frame));
        assert_int_equal(frame.kind, BUS_KIND_PING);
        put(fd, pong.data, pong.len);
    }
    put_call(fd, 1, "still here");
    do {
        assert_true(get(fd, &frame));
    } while (frame.kind == BUS_KIND_PING);
    assert_int_equal(frame.kind, BUS_KIND_MESSAGE);
    buf_fini(&pong);
    (void)close(fd);
    host_destroy(host);
}

/* libtenon is not asked for anything meanwhile: it answers by itself. */
static void idle_client_of_the_library_stays(void **state)
{
    const struct bus_server_options options = {.ping_interval_us = SECOND / 5};
    struct host *host = host_create(&options);
    struct tenon_client *client = connect_to(host->tcp);
    int64_t until_us = clock_mono_us() + 2 * SECOND;

    (void)state;
    check_answer(client, "test.Echo/Echo", "before", NULL, "before");
    while (clock_mono_us() < until_us) /* ten intervals */
        (void)usleep(10000);
    check_answer(client, "test.Echo/Echo", "after", NULL, "after");
    assert_int_equal(atomic_load(&host->admitted), 1); /* on the same connection */
    tenon_client_destroy(client);
    host_destroy(host);
}

/* Slow */

/* Sends on from `*at`, round and round; whether the connection is still there. */
static bool push(int fd, const struct buf *frames, size_t *at)
{
    ssize_t n = send(fd, frames->data + *at, frames->len - *at, MSG_NOSIGNAL | MSG_DONTWAIT);
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

    if (n < 0 && errno != EAGAIN)
        return false;
    *at = (*at + (n > 0 ? (size_t)n : 0)) % frames->len;
    (void)poll(&poll_fd, 1, 10);
    return (poll_fd.revents & (POLLERR | POLLHUP)) == 0;
}

static void client_that_never_reads_is_closed(void **state)
{
    const struct bus_server_options options = {.stall_timeout_us = SECOND / 10};
    struct host *host = host_create(&options);
    const struct tn_bytes body = {(const uint8_t *)"ping", 4};
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    struct buf pings = {0};
    size_t at = 0;
    int fd = connect_raw(host);

    (void)state;
    greet(fd, "test.Echo/Echo");
    for (int i = 0; i < 50000; i++)
        assert_int_equal(bus_frame_write(&pings, BUS_KIND_PING, 0, 0, body), TN_OK);
    while (push(fd, &pings, &at))
        assert_true(clock_mono_us() < until_us);
    buf_fini(&pings);
    (void)close(fd);
    host_destroy(host);
}

/* Many */

enum { IDLE = 1000, NO_HELLO = 100, HALF_FRAME = 50, UNREAD = 50 };
enum { CROWD = IDLE + NO_HELLO + HALF_FRAME + UNREAD };

/* False: the machine does not let this process have so many. */
static bool may_open(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur >= count)
        return true;
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= count;
}

static void join_crowd(const struct host *host, int *fds)
{
    for (int i = 0; i < CROWD; i++) {
        fds[i] = connect_raw(host);
        if (i < IDLE) {
            greet(fds[i], "test.Echo/Echo");
            put_call(fds[i], 1, "once");
        } else if (i < IDLE + HALF_FRAME) {
            greet(fds[i], "test.Echo/Echo");
            put(fds[i], "\x40\x00\x03", 3);
        } else if (i < IDLE + HALF_FRAME + UNREAD) {
            greet(fds[i], "test.Echo/Stream");
            put_call(fds[i], 1, "0");
        }
    }
}

static void crowd_of_idle_slow_and_half_open_connections_holds_nobody_up(void **state)
{
    const struct bus_server_options options = {.connection_max = CROWD + 2,
                                               .hello_timeout_us = 60 * SECOND};
    struct bus_frame frame;

    (void)state;
    if (!may_open(2 * CROWD + 100)) {
        print_message("skipped: this process may not open %d files\n", 2 * CROWD + 100);
        skip();
    }
    struct host *host = host_create(&options);
    int *fds = mem_array(int, CROWD);
    struct tenon_client *first = connect_to(host->tcp);
    join_crowd(host, fds);
    struct tenon_client *last = connect_to(host->tcp);

    for (int i = 0; i < 500; i++) {
        check_answer(first, "test.Echo/Echo", "first", NULL, "first");
        check_answer(last, "test.Echo/Echo", "last", NULL, "last");
    }
    /* The idle ones were served, and still are. */
    for (int i = 0; i < IDLE; i += 50) {
        get_hello(fds[i]);
        put_call(fds[i], 2, "twice");
        for (uint32_t id = 1; id <= 2; id++) {
            assert_true(get(fds[i], &frame));
            assert_int_equal(frame.kind, BUS_KIND_MESSAGE);
            assert_int_equal(frame.call_id, id);
        }
    }
    for (int i = 0; i < CROWD; i++)
        (void)close(fds[i]);
    wait_for(&host->cancelled, UNREAD); /* the streams of those that left */
    check_answer(first, "test.Echo/Echo", "after", NULL, "after");
    tenon_client_destroy(last);
    tenon_client_destroy(first);
    mem_free(fds);
    host_destroy(host);
}

/* Greedy */

static void large_answers_of_a_connection_alternate_by_frame(void **state)
{
    struct fixture *fixture = *state;
    struct bus_frame frame;
    struct buf calls = {0};
    uint32_t frames[3] = {0};
    uint32_t turns = 0;
    uint32_t run = 0;
    uint32_t run_max = 0;
    uint32_t last = 0;
    int ended = 0;
    int fd = connect_raw(fixture->host);

    greet(fd, "test.Echo/Large");
    get_hello(fd);
    add_call(&calls, 1, "16000000");
    add_call(&calls, 2, "16000000");
    put(fd, calls.data, calls.len);
    buf_fini(&calls);
    /* More than sockets take: both have something to send from here on. */
    wait_for(&fixture->host->enlarged, 2);
    while (ended == 0) {
        assert_true(get(fd, &frame));
        assert_int_equal(frame.kind, BUS_KIND_MESSAGE);
        frames[frame.call_id]++;
        ended += (frame.flags & BUS_FLAG_LAST) != 0;
        if (frames[1] == 0 || frames[2] == 0)
            continue; /* what left before there was another */
        run = frame.call_id == last ? run + 1 : 1;
        last = frame.call_id;
        turns++;
        run_max = run > run_max ? run : run_max;
    }
    assert_int_equal(run_max, 1);
    assert_true(turns > 100);
    (void)close(fd);
}

static void small_calls_come_through_beside_a_huge_stream(void **state)
{
    enum { MESSAGES = 100000 };
    struct fixture *fixture = *state;
    struct outcome stream;

    outcome_init(&stream);
    assert_int_equal(tenon_call(fixture->client,
                                "test.Echo/Stream",
                                text_bytes("100000"),
                                NULL,
                                on_numbered,
                                on_done,
                                &stream,
                                &stream.call),
                     TN_OK);
    wait_for(&stream.received, 100);
    for (int i = 0; i < 100; i++)
        check_answer(fixture->client, "test.Echo/Echo", "small", NULL, "small");
    /* Counted, not timed: a host that finished the stream first would have sent all of it. */
    assert_true(atomic_load(&stream.received) < MESSAGES);
    assert_int_equal(outcome_of(&stream), TN_OK);
    assert_int_equal(atomic_load(&stream.received), MESSAGES);
    assert_true(stream.is_in_order);
}

/* More endless streams than workers, all of them read as fast as they come. */
static void streams_past_the_workers_starve_neither_calls_nor_each_other(void **state)
{
    enum { STREAMS = 12, CALLS = 100, PART = 200 };
    struct fixture *fixture = *state;
    struct tenon_client *other = connect_to(fixture->host->tcp);
    struct outcome streams[STREAMS];

    for (int i = 0; i < STREAMS; i++)
        call_async(fixture->client, "test.Echo/Stream", "0", NULL, &streams[i]);
    for (int i = 0; i < STREAMS; i++)
        wait_for(&streams[i].received, 1);
    for (int i = 0; i < CALLS; i++) {
        check_answer(fixture->client, "test.Echo/Echo", "same", NULL, "same");
        check_answer(other, "test.Echo/Echo", "other", NULL, "other");
    }
    for (int i = 0; i < STREAMS; i++)
        wait_for(&streams[i].received, atomic_load(&streams[i].received) + PART);
    for (int i = 0; i < STREAMS; i++)
        tenon_call_cancel(streams[i].call);
    for (int i = 0; i < STREAMS; i++)
        assert_int_equal(outcome_of(&streams[i]), TN_CANCELLED);
    tenon_client_destroy(other);
}

/* A connection with as many calls as it may have, whose answers it takes; another has but one. */
static void many_calls_of_a_connection_do_not_keep_another_from_its_one(void **state)
{
    enum { CALLS = 1000 };
    struct fixture *fixture = *state;
    struct tenon_client *other = connect_to(fixture->host->tcp);
    struct outcome *many = mem_array(struct outcome, CALLS);

    for (int i = 0; i < CALLS; i++)
        call_async(fixture->client, "test.Echo/Large", "50000", NULL, &many[i]);
    check_answer(other, "test.Echo/Echo", "one", NULL, "one");
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(outcome_of(&many[i]), TN_OK);
    mem_free(many);
    tenon_client_destroy(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_that_says_no_hello_is_closed),
        cmocka_unit_test(client_that_is_silent_is_pinged_and_then_closed),
        cmocka_unit_test(client_that_answers_pings_stays),
        cmocka_unit_test(idle_client_of_the_library_stays),
        cmocka_unit_test(client_that_never_reads_is_closed),
        cmocka_unit_test(crowd_of_idle_slow_and_half_open_connections_holds_nobody_up),
        TEST(large_answers_of_a_connection_alternate_by_frame),
        TEST(small_calls_come_through_beside_a_huge_stream),
        TEST(streams_past_the_workers_starve_neither_calls_nor_each_other),
        TEST(many_calls_of_a_connection_do_not_keep_another_from_its_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
