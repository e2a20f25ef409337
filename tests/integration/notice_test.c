/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus/notice.c with nng's own SUB sockets. */
#include <stdio.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <tenon/bus/v1/bus.pb-c.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/bus/notice.h"
#include "tests/integration/bus_host.h"
#include "tests/unit/check.h"

struct notified {
    struct host *host;
    char url[BUS_URL_SIZE];
};

/* `north` changes with each notice, its head being `streamed`; `south` as often as `hanging`. */
static void tell(void *ctx, struct bus_server *server)
{
    struct host *host = ctx;

    bus_server_notify(server, "north", atomic_load(&host->streamed));
    for (int i = atomic_exchange(&host->hanging, 0); i > 0; i--)
        bus_server_notify(server, "south", 0);
    (void)atomic_fetch_add(&host->late, 1); /* how often it was asked */
}

static int set_up(void **state)
{
    const struct bus_server_options options = {.heads = tell};
    struct notified *notified = mem_new(struct notified);

    notified->host = host_create(&options);
    *state = notified;
    return 0;
}

static void listen_at(struct notified *notified, const char *url)
{
    struct err err;

    err_init(&err, NULL);
    if (bus_server_listen(notified->host->server, url, notified->url, &err) != TN_OK)
        fail_msg("%s", err.message);
}

static int tear_down(void **state)
{
    struct notified *notified = *state;

    host_destroy(notified->host);
    mem_free(notified);
    return 0;
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    _Atomic int *count = arg;

    (void)pipe;
    (void)event;
    (void)atomic_fetch_add(count, 1);
}

static nng_socket subscribe(const struct notified *notified, const char *topic, size_t len)
{
    nng_socket sub;

    assert_int_equal(strncmp(notified->url, "sp+pub+", 7), 0);
    assert_int_equal(nng_sub0_open(&sub), 0);
    assert_int_equal(nng_socket_set(sub, NNG_OPT_SUB_SUBSCRIBE, topic, len), 0);
    assert_int_equal(nng_socket_set_ms(sub, NNG_OPT_RECVTIMEO, (nng_duration)(PATIENCE_US / 1000)),
                     0);
    assert_int_equal(nng_dial(sub, notified->url + 7, NULL, 0), 0);
    return sub;
}

/* Commits until the first notice: a subscription needs a moment to be known. */
static uint64_t receive_head(struct notified *notified, nng_socket sub)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    uint8_t bytes[256];
    size_t len = sizeof(bytes);

    assert_int_equal(nng_socket_set_ms(sub, NNG_OPT_RECVTIMEO, 50), 0);
    for (;;) {
        bus_server_changed(notified->host->server);
        len = sizeof(bytes);
        int result = nng_recv(sub, bytes, &len, 0);
        if (result == 0)
            break;
        assert_int_equal(result, NNG_ETIMEDOUT);
        assert_true(clock_mono_us() < until_us);
    }
    Tenon__Bus__V1__Notice *notice = tenon__bus__v1__notice__unpack(NULL, len, bytes);
    assert_non_null(notice);
    assert_string_equal(notice->portal, "north");
    uint64_t head = notice->head;
    tenon__bus__v1__notice__free_unpacked(notice, NULL);
    return head;
}

static void expect_newest(struct notified *notified)
{
    nng_socket sub = subscribe(notified, "", 0);

    (void)receive_head(notified, sub);
    for (uint64_t i = 1; i <= 50; i++) {
        atomic_store(&notified->host->streamed, i);
        bus_server_changed(notified->host->server);
    }
    while (receive_head(notified, sub) != 50)
        continue;
    (void)nng_close(sub);
}

static void tells_the_newest_head_over_tcp(void **state)
{
    listen_at(*state, "sp+pub+tcp://127.0.0.1:0");
    expect_newest(*state);
}

static void tells_the_newest_head_over_ipc(void **state)
{
    struct notified *notified = *state;
    char url[BUS_URL_SIZE];

    (void)snprintf(url, sizeof(url), "sp+pub+ipc://%s/notices", notified->host->directory);
    listen_at(notified, url);
    expect_newest(notified);
}

static void subscription_may_be_to_one_portal(void **state)
{
    struct notified *notified = *state;

    listen_at(notified, "sp+pub+tcp://127.0.0.1:0");
    nng_socket south = subscribe(notified, "\x0a\x05south", 7);
    nng_socket north = subscribe(notified, "\x0a\x05north", 7);
    (void)receive_head(notified, north);
    uint8_t bytes[64];
    size_t len = sizeof(bytes);
    assert_int_equal(nng_recv(south, bytes, &len, NNG_FLAG_NONBLOCK), NNG_EAGAIN);
    (void)nng_close(north);
    (void)nng_close(south);
}

static void many_commits_are_told_together(void **state)
{
    enum { COMMITS = 100000 };
    struct notified *notified = *state;
    struct host *host = notified->host;

    listen_at(notified, "sp+pub+tcp://127.0.0.1:0");
    int64_t start_us = clock_mono_us();
    for (int i = 0; i < COMMITS; i++)
        bus_server_changed(host->server);
    int64_t took_us = clock_mono_us() - start_us;
    wait_for(&host->late, 1);
    assert_true(atomic_load(&host->late) <= took_us / NOTICE_INTERVAL_US + 2);
}

static void nobody_is_asked_without_a_listener(void **state)
{
    struct notified *notified = *state;

    bus_server_changed(notified->host->server);
    bus_server_stop(notified->host->server, 0);
    bus_server_changed(notified->host->server);
    bus_server_destroy(notified->host->server);
    assert_int_equal(atomic_load(&notified->host->late), 0);
    notified->host->server = NULL;
}

static void slow_reader_holds_nobody_up(void **state)
{
    struct notified *notified = *state;
    _Atomic int pipes = 0;
    nng_socket slow;

    listen_at(notified, "sp+pub+tcp://127.0.0.1:0");
    /* It reads nothing; what is sent fills its queue, the kernel's and the host's. */
    assert_int_equal(nng_sub0_open(&slow), 0);
    assert_int_equal(nng_pipe_notify(slow, NNG_PIPE_EV_ADD_POST, on_pipe, &pipes), 0);
    assert_int_equal(nng_socket_set(slow, NNG_OPT_SUB_SUBSCRIBE, "", 0), 0);
    assert_int_equal(nng_dial(slow, notified->url + 7, NULL, 0), 0);
    wait_for(&pipes, 1);
    nng_socket sub = subscribe(notified, "\x0a\x05north", 7);
    atomic_store(&notified->host->hanging, 100000);
    bus_server_changed(notified->host->server);
    wait_for(&notified->host->late, 1);
    for (int i = 0; i < 20; i++)
        (void)receive_head(notified, sub);
    (void)nng_close(sub);
    (void)nng_close(slow);
}

static void notices_are_for_this_machine(void **state)
{
    const char *urls[] = {
        "sp+pub+tls+tcp://localhost:0", "sp+pub+tcp://0.0.0.0:0", "sp+pub+http://x", "sp+pub+"};
    struct notified *notified = *state;
    struct err err;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        err_init(&err, NULL);
        assert_int_equal(bus_server_listen(notified->host->server, urls[i], NULL, &err),
                         TN_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, urls[i]));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(tells_the_newest_head_over_tcp),
        TEST(tells_the_newest_head_over_ipc),
        TEST(subscription_may_be_to_one_portal),
        TEST(many_commits_are_told_together),
        TEST(nobody_is_asked_without_a_listener),
        TEST(slow_reader_holds_nobody_up),
        TEST(notices_are_for_this_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
