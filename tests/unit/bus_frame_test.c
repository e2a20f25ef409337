/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/bus/frame.c. */
#include "core/bus/frame.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/unit/check.h"

static struct tn_bytes bytes_of(const char *text)
{
    return (struct tn_bytes){(const uint8_t *)text, strlen(text)};
}

static void frame_comes_back_as_it_was_written(void **state)
{
    struct buf out = {0};
    struct bus_frame frame;

    (void)state;
    assert_int_equal(bus_frame_write(&out, BUS_KIND_MESSAGE, BUS_FLAG_LAST, 77, bytes_of("body")),
                     TN_OK);
    assert_int_equal(bus_frame_write(&out, BUS_KIND_CANCEL, 0, 78, bytes_of("")), TN_OK);
    struct tn_bytes input = buf_bytes(&out);
    assert_int_equal(bus_frame_read(&input, &frame, NULL), TN_OK);
    assert_int_equal(frame.kind, BUS_KIND_MESSAGE);
    assert_int_equal(frame.flags, BUS_FLAG_LAST);
    assert_int_equal(frame.call_id, 77);
    assert_int_equal(frame.body.len, 4);
    assert_memory_equal(frame.body.data, "body", 4);
    assert_int_equal(bus_frame_read(&input, &frame, NULL), TN_OK);
    assert_int_equal(frame.call_id, 78);
    assert_int_equal(input.len, 0);
    buf_fini(&out);
}

static void every_prefix_of_a_frame_is_incomplete(void **state)
{
    struct buf out = {0};
    struct bus_frame frame;

    (void)state;
    assert_int_equal(bus_frame_write(&out, BUS_KIND_PING, 0, 0, bytes_of("12345678")), TN_OK);
    for (size_t len = 0; len < out.len; len++) {
        struct tn_bytes input = {out.data, len};

        assert_int_equal(bus_frame_read(&input, &frame, NULL), TN_OUT_OF_RANGE);
        assert_int_equal(input.len, len);
    }
    buf_fini(&out);
}

static void impossible_headers_are_refused(void **state)
{
    const uint8_t headers[][BUS_HEADER_SIZE] = {
        {0, 0, 0, 0, 0, 0, 0, 1},                               /* no kind */
        {0, 0, BUS_KIND_GOAWAY + 1, 0, 0, 0, 0, 0},             /* no such kind */
        {0, 0, BUS_KIND_MESSAGE, BUS_FLAG_TIMEOUT, 0, 0, 0, 1}, /* a call's flag */
        {0, 0, BUS_KIND_CALL, 0x80, 0, 0, 0, 1},                /* no such flag */
        {0, 0, BUS_KIND_CALL, 0, 0, 0, 0, 0},                   /* needs an id */
        {0, 0, BUS_KIND_HELLO, 0, 0, 0, 0, 1},                  /* has none */
        {0x40, 0x01, BUS_KIND_PING, 0, 0, 0, 0, 0},             /* 16385 bytes */
    };
    struct bus_frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct tn_bytes input = {headers[i], BUS_HEADER_SIZE};
        struct err err;

        err_init(&err, NULL);
        assert_int_equal(bus_frame_read(&input, &frame, &err), TN_DATA_LOSS);
        assert_int_not_equal(err.message[0], '\0');
    }
}

/* One byte more is refused above. */
static void longest_body_is_read(void **state)
{
    static const uint8_t body[BUS_BODY_MAX];
    struct bus_frame frame;
    struct buf out = {0};

    (void)state;
    assert_int_equal(
        bus_frame_write(&out, BUS_KIND_PING, 0, 0, (struct tn_bytes){body, sizeof(body)}), TN_OK);
    struct tn_bytes input = buf_bytes(&out);
    assert_int_equal(bus_frame_read(&input, &frame, NULL), TN_OK);
    assert_int_equal(frame.body.len, BUS_BODY_MAX);
    assert_int_equal(input.len, 0);
    buf_fini(&out);
}

/* The body of the one frame in `out`. */
static struct bus_frame only_frame(const struct buf *out)
{
    struct tn_bytes input = buf_bytes(out);
    struct bus_frame frame;

    assert_int_equal(bus_frame_read(&input, &frame, NULL), TN_OK);
    assert_int_equal(input.len, 0);
    return frame;
}

static void hello_comes_back_and_every_prefix_is_refused(void **state)
{
    const struct bus_hello hello = {1, 3, 65536, 1 << 20, 1024, 4 << 20, {"host 1", 6}};
    struct bus_hello read;
    struct buf out = {0};

    (void)state;
    assert_int_equal(bus_hello_write(&out, &hello), TN_OK);
    struct tn_bytes body = only_frame(&out).body;
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(bus_hello_read((struct tn_bytes){body.data, len}, &read, NULL),
                         TN_DATA_LOSS);
    assert_int_equal(bus_hello_read(body, &read, NULL), TN_OK);
    assert_int_equal(read.version_max, 3);
    assert_int_equal(read.call_window, 65536);
    assert_int_equal(read.connection_window, 1 << 20);
    assert_int_equal(read.call_max, 1024);
    assert_int_equal(read.request_size_max, 4 << 20);
    assert_true(utf8_is(read.software, "host 1"));
    buf_fini(&out);
}

static void hello_of_a_later_version_may_be_longer(void **state)
{
    const struct bus_hello hello = {.version_min = 1, .version_max = 9, .software = {"x", 1}};
    struct bus_hello read;
    struct buf out = {0};

    (void)state;
    assert_int_equal(bus_hello_write(&out, &hello), TN_OK);
    struct tn_bytes body = only_frame(&out).body;
    struct buf longer = {0};
    assert_int_equal(buf_add(&longer, body.data, body.len), TN_OK);
    assert_int_equal(buf_add(&longer, "more", 4), TN_OK);
    assert_int_equal(bus_hello_read(buf_bytes(&longer), &read, NULL), TN_OK);
    buf_fini(&longer);
    buf_fini(&out);
}

static void hello_with_another_magic_is_refused(void **state)
{
    const struct bus_hello hello = {.version_min = 1, .version_max = 1};
    struct bus_hello read;
    struct buf out = {0};

    (void)state;
    assert_int_equal(bus_hello_write(&out, &hello), TN_OK);
    out.data[BUS_HEADER_SIZE] ^= 1;
    assert_int_equal(bus_hello_read(only_frame(&out).body, &read, NULL), TN_DATA_LOSS);
    buf_fini(&out);
}

static void session_comes_back_and_every_prefix_is_refused(void **state)
{
    const struct bus_define define = {.what = BUS_DEFINE_SESSION,
                                      .id = 255,
                                      .portal = {"main", 4},
                                      .token = {"secret", 6},
                                      .language = {"fr", 2}};
    struct bus_define read;
    struct buf out = {0};

    (void)state;
    assert_int_equal(bus_define_write(&out, &define), TN_OK);
    struct tn_bytes body = only_frame(&out).body;
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(bus_define_read((struct tn_bytes){body.data, len}, &read, NULL),
                         TN_DATA_LOSS);
    assert_int_equal(bus_define_read(body, &read, NULL), TN_OK);
    assert_int_equal(read.id, 255);
    assert_true(utf8_is(read.portal, "main"));
    assert_true(utf8_is(read.token, "secret"));
    assert_true(utf8_is(read.language, "fr"));
    buf_fini(&out);
}

static void definitions_with_impossible_ids_and_names_are_refused(void **state)
{
    const struct bus_define defines[] = {
        {.what = BUS_DEFINE_METHOD, .id = BUS_METHOD_ID_MAX, .method = {"m", 1}},
        {.what = BUS_DEFINE_METHOD, .id = 1, .method = {"", 0}},
        {.what = BUS_DEFINE_METHOD, .id = 1, .method = {"\xff", 1}},
        {.what = BUS_DEFINE_METHOD, .id = 1, .method = {"a\0b", 3}},
        {.what = BUS_DEFINE_SESSION, .id = 0},
        {.what = BUS_DEFINE_SESSION, .id = BUS_SESSION_ID_MAX},
        {.what = 3, .id = 1},
    };
    struct bus_define read;

    (void)state;
    for (size_t i = 0; i < sizeof(defines) / sizeof(defines[0]); i++) {
        struct buf out = {0};

        assert_int_equal(bus_define_write(&out, &defines[i]), TN_OK);
        assert_int_equal(bus_define_read(only_frame(&out).body, &read, NULL), TN_DATA_LOSS);
        buf_fini(&out);
    }
}

static void call_head_comes_back_with_and_without_its_parts(void **state)
{
    struct buf metadata = {0};

    (void)state;
    assert_int_equal(bus_metadata_add(&metadata, utf8_str("a"), utf8_str("1")), TN_OK);
    assert_int_equal(bus_metadata_add(&metadata, utf8_str("b"), utf8_str("")), TN_OK);
    for (unsigned parts = 0; parts < 4; parts++) {
        struct bus_call_head head = {.method_id = 5, .session_id = 6, .timeout_us = -1};
        struct bus_frame frame = {.kind = BUS_KIND_CALL, .call_id = 1};
        struct tn_bytes request;
        struct tn_str key;
        struct tn_str value;
        struct buf body = {0};

        if (parts & 1)
            head.timeout_us = 1234567890123;
        if (parts & 2)
            head.metadata = buf_bytes(&metadata);
        assert_int_equal(bus_call_head_write(&body, &head, &frame.flags), TN_OK);
        assert_int_equal(buf_add(&body, "request", 7), TN_OK);
        frame.body = buf_bytes(&body);
        struct bus_call_head read;
        assert_int_equal(bus_call_head_read(&frame, &read, &request, NULL), TN_OK);
        assert_int_equal(read.method_id, 5);
        assert_int_equal(read.session_id, 6);
        assert_int_equal(read.timeout_us, head.timeout_us);
        assert_int_equal(request.len, 7);
        assert_memory_equal(request.data, "request", 7);
        assert_int_equal(bus_metadata_next(&read.metadata, &key, &value), (parts & 2) != 0);
        buf_fini(&body);
    }
    buf_fini(&metadata);
}

static void call_head_cut_short_or_with_broken_metadata_is_refused(void **state)
{
    const struct bus_call_head head = {.metadata = {(const uint8_t *)"\0\5abc", 5}};
    struct bus_frame frame = {.kind = BUS_KIND_CALL, .call_id = 1};
    struct bus_call_head read;
    struct tn_bytes request;
    struct buf body = {0};

    (void)state;
    assert_int_equal(bus_call_head_write(&body, &head, &frame.flags), TN_OK);
    for (size_t len = 0; len <= body.len; len++) {
        frame.body = (struct tn_bytes){body.data, len};
        assert_int_equal(bus_call_head_read(&frame, &read, &request, NULL), TN_DATA_LOSS);
    }
    buf_fini(&body);
}

static void negative_timeout_on_the_wire_is_refused(void **state)
{
    uint8_t body[12] = {0, 1, 0, 1, 0x80};
    struct bus_frame frame = {.flags = BUS_FLAG_TIMEOUT, .body = {body, sizeof(body)}};
    struct bus_call_head read;
    struct tn_bytes request;

    (void)state;
    assert_int_equal(bus_call_head_read(&frame, &read, &request, NULL), TN_DATA_LOSS);
    body[4] = 0x7f;
    assert_int_equal(bus_call_head_read(&frame, &read, &request, NULL), TN_OK);
}

static void metadata_beyond_its_bounds_is_refused(void **state)
{
    static char text[BUS_METADATA_MAX];
    struct buf out = {0};

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(bus_metadata_add(&out, utf8_str(""), utf8_str("v")), TN_INVALID_ARGUMENT);
    assert_int_equal(bus_metadata_add(&out, (struct tn_str){text, BUS_NAME_MAX + 1}, utf8_str("v")),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(bus_metadata_add(&out, utf8_str("k"), (struct tn_str){text, sizeof(text)}),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void ending_comes_back_and_unknown_statuses_are_unknown(void **state)
{
    struct bus_ending ending = {
        .status = TN_NOT_FOUND, .message = {"gone", 4}, .details = {(const uint8_t *)"d", 1}};
    struct bus_ending read;
    struct buf out = {0};

    (void)state;
    assert_int_equal(bus_ending_write(&out, BUS_KIND_END, 9, &ending), TN_OK);
    struct tn_bytes body = only_frame(&out).body;
    assert_int_equal(bus_ending_read(body, &read, NULL), TN_OK);
    assert_int_equal(read.status, TN_NOT_FOUND);
    assert_true(utf8_is(read.message, "gone"));
    assert_int_equal(read.details.len, 1);
    for (size_t len = 0; len < body.len - 1; len++)
        assert_int_equal(bus_ending_read((struct tn_bytes){body.data, len}, &read, NULL),
                         TN_DATA_LOSS);
    write_u16(out.data + BUS_HEADER_SIZE, 4711);
    assert_int_equal(bus_ending_read(body, &read, NULL), TN_OK);
    assert_int_equal(read.status, TN_UNKNOWN);
    buf_fini(&out);
}

static void credit_of_another_length_is_refused(void **state)
{
    struct buf out = {0};
    uint32_t bytes = 0;

    (void)state;
    assert_int_equal(bus_credit_write(&out, 4, 99), TN_OK);
    assert_int_equal(bus_credit_read(only_frame(&out).body, &bytes, NULL), TN_OK);
    assert_int_equal(bytes, 99);
    assert_int_equal(bus_credit_read(bytes_of("123"), &bytes, NULL), TN_DATA_LOSS);
    assert_int_equal(bus_credit_read(bytes_of("12345"), &bytes, NULL), TN_DATA_LOSS);
    buf_fini(&out);
}

static void failed_allocation_leaves_whole_frames_only(void **state)
{
    const struct bus_define define = {
        .what = BUS_DEFINE_METHOD, .id = 1, .method = {"service/method", 14}};

    (void)state;
    for (unsigned nth = 1; nth < 100; nth++) {
        struct buf out = {0};

        mem_fail_at(nth);
        tn_status st = bus_define_write(&out, &define);
        mem_fail_never();
        assert_true(st == TN_OK || st == TN_RESOURCE_EXHAUSTED);
        assert_int_equal(out.len > 0, st == TN_OK);
        buf_fini(&out);
        if (st == TN_OK)
            return;
    }
    fail_msg("a definition needs more than 99 allocations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_comes_back_as_it_was_written),
        cmocka_unit_test(every_prefix_of_a_frame_is_incomplete),
        cmocka_unit_test(impossible_headers_are_refused),
        cmocka_unit_test(longest_body_is_read),
        cmocka_unit_test(hello_comes_back_and_every_prefix_is_refused),
        cmocka_unit_test(hello_of_a_later_version_may_be_longer),
        cmocka_unit_test(hello_with_another_magic_is_refused),
        cmocka_unit_test(session_comes_back_and_every_prefix_is_refused),
        cmocka_unit_test(definitions_with_impossible_ids_and_names_are_refused),
        cmocka_unit_test(call_head_comes_back_with_and_without_its_parts),
        cmocka_unit_test(call_head_cut_short_or_with_broken_metadata_is_refused),
        cmocka_unit_test(negative_timeout_on_the_wire_is_refused),
        cmocka_unit_test(metadata_beyond_its_bounds_is_refused),
        cmocka_unit_test(ending_comes_back_and_unknown_statuses_are_unknown),
        cmocka_unit_test(credit_of_another_length_is_refused),
        cmocka_unit_test(failed_allocation_leaves_whole_frames_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
