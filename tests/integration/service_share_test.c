/* SPDX-License-Identifier: Apache-2.0 */
/* service_share_test.c - a plugin whose hooks take for ever leaves the threads of the host to
 * others, in its own portal too. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/integration/served.h"

/* More than the plugin may hold, no more than the portal may. */
#define WRITER_COUNT 4u

struct held {
    struct served *s;
    char path[160];
    int fd; /* -1: its hook has not come yet */
    _Atomic int status;
    _Atomic int has_ended;
};

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct held *held = ctx;

    atomic_store(&held->status, result->status);
    atomic_store(&held->has_ended, 1);
}

static void begin(struct served *s, struct held *held, unsigned i)
{
    char values[192];
    const struct tenon_call_options options = {.timeout_us = PATIENCE_US * 3};

    held->fd = -1;
    (void)snprintf(held->path, sizeof(held->path), "%s/fifo%u", s->f->dir, i);
    (void)snprintf(values, sizeof(values), "name=%s", held->path);
    assert_int_equal(mkfifo(held->path, 0600), 0);
    Tenon__Records__V1__CreateRequest *request = a_create(s, "held_thing", values);
    size_t len = protobuf_c_message_get_packed_size(&request->base);
    uint8_t *bytes = arena_alloc(&s->arena, len);
    assert_non_null(bytes);
    (void)protobuf_c_message_pack(&request->base, bytes);
    assert_int_equal(tenon_call(s->client,
                                "tenon.records.v1.Records/Create",
                                (struct tn_bytes){bytes, len},
                                &options,
                                NULL,
                                on_done,
                                held,
                                NULL),
                     TN_OK);
}

/* How many hooks have come to where they wait. */
static unsigned count_inside(struct held *held)
{
    unsigned count = 0;

    for (unsigned i = 0; i < WRITER_COUNT; i++) {
        if (held[i].fd < 0)
            held[i].fd = open(held[i].path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        count += held[i].fd >= 0;
    }
    return count;
}

static void wait_inside(struct held *held, unsigned count)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (count_inside(held) < count) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
}

static void wait_ended(const struct held *held)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (!atomic_load(&held->has_ended)) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
}

static void let_go(struct held *held)
{
    if (held->fd < 0 || atomic_load(&held->has_ended))
        return;
    assert_int_equal(write(held->fd, "x", 1), 1);
    wait_ended(held);
    assert_int_equal(close(held->fd), 0);
}

static void slow_hooks_leave_their_portal_a_thread(void **state)
{
    struct served *s = served_open_with(HELD_PLUGINS);
    struct held held[WRITER_COUNT] = {0};
    const unsigned max = pool_plugin_max(SERVED_WORKERS);

    (void)state;
    assert_int_equal(max, WRITER_COUNT - 1);
    assert_int_equal(pool_portal_max(SERVED_WORKERS), WRITER_COUNT);
    for (unsigned i = 0; i < WRITER_COUNT; i++)
        begin(s, &held[i], i);
    wait_inside(held, max);
    create_record(s, "machines", "serial=A1"); /* in the same portal, of another type */
    assert_int_equal(count_inside(held), max);

    for (unsigned i = 0; i < WRITER_COUNT; i++)
        let_go(&held[i]);
    wait_inside(held, WRITER_COUNT); /* the one that waited comes in when there is room */
    for (unsigned i = 0; i < WRITER_COUNT; i++) {
        let_go(&held[i]);
        assert_int_equal(atomic_load(&held[i].status), TN_OK);
        assert_int_equal(unlink(held[i].path), 0);
    }
    served_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_hooks_leave_their_portal_a_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
