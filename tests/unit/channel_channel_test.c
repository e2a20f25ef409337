/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/channel/channel.c: frames over a socketpair, and what is none. */
#include "core/channel/channel.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/check.h"

struct pair {
    struct channel near;
    int far;
};

static struct pair open_pair(void)
{
    int ends[2];

    assert_int_equal(channel_pair(ends), TN_OK);
    return (struct pair){.near = {.fd = ends[0]}, .far = ends[1]};
}

static void close_pair(struct pair *pair)
{
    channel_fini(&pair->near);
    if (pair->far >= 0)
        (void)close(pair->far);
}

/* As the other end sends them, whatever they are. */
static void send_raw(const struct pair *pair, const void *data, size_t len)
{
    assert_int_equal(send(pair->far, data, len, 0), len);
}

static bool never(void *ctx)
{
    unsigned *asked = ctx;

    ++*asked;
    return false;
}

struct sender {
    struct channel channel;
    size_t len;
    tn_status status;
};

static void *send_large(void *ctx)
{
    struct sender *sender = ctx;
    struct buf frame = {0};
    const struct channel_head head = {.kind = CHANNEL_ASK, .what = 5, .depth = 2};

    sender->status = channel_begin(&frame, &head);
    for (size_t i = 0; i < sender->len && sender->status == TN_OK; i++)
        sender->status = buf_add_u8(&frame, (uint8_t)i);
    if (sender->status == TN_OK)
        sender->status = channel_send(&sender->channel, &frame);
    buf_fini(&frame);
    return NULL;
}

/* Of more bytes than a socket takes at once. */
static void a_large_frame_arrives_as_it_was_sent(void **state)
{
    struct pair pair = open_pair();
    struct sender sender = {.channel = {.fd = pair.far}, .len = 3000000};
    struct channel_head head;
    struct tn_bytes body;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, send_large, &sender), 0);
    assert_int_equal(channel_receive(&pair.near, &head, &body), TN_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sender.status, TN_OK);
    assert_int_equal(head.kind, CHANNEL_ASK);
    assert_int_equal(head.what, 5);
    assert_int_equal(head.depth, 2);
    assert_int_equal(body.len, sender.len);
    for (size_t i = 0; i < body.len; i++)
        if (body.data[i] != (uint8_t)i)
            fail_msg("byte %zu is another", i);
    close_pair(&pair);
}

static void a_frame_beyond_the_bound_is_refused_before_it_comes(void **state)
{
    struct pair pair = open_pair();
    const struct channel_head giant = {.body_len = CHANNEL_BODY_MAX + 1, .kind = CHANNEL_DONE};
    struct channel_head head;
    struct tn_bytes body;

    (void)state;
    send_raw(&pair, &giant, sizeof(giant));
    assert_int_equal(channel_receive(&pair.near, &head, &body), TN_DATA_LOSS);
    close_pair(&pair);
}

static void two_frames_at_once_are_refused(void **state)
{
    struct pair pair = open_pair();
    const struct channel_head heads[2] = {{.kind = CHANNEL_DONE}, {.kind = CHANNEL_DONE}};
    struct channel_head head;
    struct tn_bytes body;

    (void)state;
    send_raw(&pair, heads, sizeof(heads));
    assert_int_equal(channel_receive(&pair.near, &head, &body), TN_DATA_LOSS);
    close_pair(&pair);
}

static void an_end_that_closes_is_told(void **state)
{
    struct pair pair = open_pair();
    const struct channel_head half = {.body_len = 8, .kind = CHANNEL_DONE};
    struct channel_head head;
    struct tn_bytes body;
    struct buf frame = {0};

    (void)state;
    send_raw(&pair, &half, sizeof(half));
    (void)close(pair.far);
    pair.far = -1;
    assert_int_equal(channel_receive(&pair.near, &head, &body), TN_UNAVAILABLE);
    assert_int_equal(channel_begin(&frame, &half), TN_OK);
    assert_int_equal(channel_send(&pair.near, &frame), TN_UNAVAILABLE);
    buf_fini(&frame);
    close_pair(&pair);
}

static void a_frame_that_does_not_come_is_waited_for_as_long_as_is_said(void **state)
{
    struct pair pair = open_pair();
    const struct channel_head half = {.body_len = 8, .kind = CHANNEL_DONE};
    struct channel_head head;
    struct tn_bytes body;
    unsigned asked = 0;

    (void)state;
    pair.near.waits = never;
    pair.near.ctx = &asked;
    channel_set_pause(pair.near.fd, 1000);
    assert_int_equal(channel_receive(&pair.near, &head, &body), TN_DEADLINE_EXCEEDED);
    send_raw(&pair, &half, sizeof(half));
    assert_int_equal(channel_receive(&pair.near, &head, &body), TN_DEADLINE_EXCEEDED);
    assert_int_equal(asked, 2);
    close_pair(&pair);
}

/* A process that does not read does not hold the host up for ever. */
static void a_frame_that_nobody_takes_is_given_up(void **state)
{
    struct pair pair = open_pair();
    struct buf frame = {0};
    const struct channel_head head = {.kind = CHANNEL_CALL};
    static const uint8_t bytes[4 * 1024 * 1024];
    unsigned asked = 0;

    (void)state;
    pair.near.waits = never;
    pair.near.ctx = &asked;
    channel_set_pause(pair.near.fd, 1000);
    assert_int_equal(channel_begin(&frame, &head), TN_OK);
    assert_int_equal(buf_add(&frame, bytes, sizeof(bytes)), TN_OK);
    assert_int_equal(channel_send(&pair.near, &frame), TN_DEADLINE_EXCEEDED);
    buf_fini(&frame);
    close_pair(&pair);
}

static void descriptors_are_handed_over(void **state)
{
    struct pair pair = open_pair();
    struct pair other = open_pair();
    int fds[CHANNEL_FD_MAX];
    unsigned count = 0;
    char byte = 'x';

    (void)state;
    assert_int_equal(channel_send_fds(pair.near.fd, (const int[]){other.far}, 1), TN_OK);
    assert_int_equal(channel_receive_fds(pair.far, fds, &count), TN_OK);
    assert_int_equal(count, 1);
    assert_int_equal(write(fds[0], &byte, 1), 1);
    byte = 0;
    assert_int_equal(read(other.near.fd, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    (void)close(fds[0]);
    close_pair(&pair);
    close_pair(&other);
}

static void a_byte_without_descriptors_is_refused(void **state)
{
    struct pair pair = open_pair();
    int fds[CHANNEL_FD_MAX];
    unsigned count = 0;

    (void)state;
    send_raw(&pair, "x", 1);
    assert_int_equal(channel_receive_fds(pair.near.fd, fds, &count), TN_DATA_LOSS);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_frame_arrives_as_it_was_sent),
        cmocka_unit_test(a_frame_beyond_the_bound_is_refused_before_it_comes),
        cmocka_unit_test(two_frames_at_once_are_refused),
        cmocka_unit_test(an_end_that_closes_is_told),
        cmocka_unit_test(a_frame_that_does_not_come_is_waited_for_as_long_as_is_said),
        cmocka_unit_test(a_frame_that_nobody_takes_is_given_up),
        cmocka_unit_test(descriptors_are_handed_over),
        cmocka_unit_test(a_byte_without_descriptors_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
