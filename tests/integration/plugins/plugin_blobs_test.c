/* SPDX-License-Identifier: Apache-2.0 */
/* Tests tenon.blobs/1 (core/plugin/blobs_table.c) through the plugin papers.c. */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define RUN "org.example.papers.v1.Papers/Run"
#define LOOK "org.example.papers.v1.Papers/Look"

static int set_up(void **state)
{
    struct bench *b = bench_open((const char *const[]){MADE "bench_papers.so", NULL}, NULL);

    bench_all_run(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bench_close(*state);
    return 0;
}

static tn_status ask(struct bench *b, const char *method, const char *what, tn_id paper,
                     struct buf *ret_response)
{
    struct buf request = {0};

    assert_int_equal(wire_add_text(&request, 1, what), TN_OK);
    if (paper)
        assert_int_equal(wire_add_varint(&request, 2, paper), TN_OK);
    err_clear(&b->err);
    tn_status st = bench_call(b, method, buf_bytes(&request), ret_response);
    buf_fini(&request);
    return st;
}

static tn_id keep(struct bench *b, const char *text)
{
    char what[64];

    (void)snprintf(what, sizeof(what), "keep %s", text);
    assert_int_equal(ask(b, RUN, what, 0, NULL), TN_OK);
    tn_id id = bench_find(b, "papers", "name", text);
    assert_true(id != 0);
    return id;
}

static void must_show(struct bench *b, tn_id paper, const char *text)
{
    struct buf response = {0};
    struct wire_field field;

    assert_int_equal(ask(b, RUN, "show", paper, &response), TN_OK);
    struct tn_bytes rest = buf_bytes(&response);
    assert_int_equal(wire_next(&rest, &field), TN_OK);
    assert_int_equal(field.bytes.len, strlen(text));
    assert_memory_equal(field.bytes.data, text, strlen(text));
    buf_fini(&response);
}

static void collect(struct bench *b)
{
    tn_time now_us = clock_wall_us();

    assert_int_equal(blobs_collect(b->blobs, now_us, &b->err), TN_OK);
    assert_int_equal(blobs_collect(b->blobs, now_us + BLOB_GRACE_DEFAULT_US, &b->err), TN_OK);
}

static void made_blob_is_named_kept_and_read_by_range(void **state)
{
    struct bench *b = *state;
    tn_id id = keep(b, "0123456789");

    collect(b);
    must_show(b, id, "234");
    bench_reopen(b);
    must_show(b, id, "234");
    must_show(b, keep(b, "abc"), "c");
}

static void blob_that_is_not_there_is_an_answer(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, RUN, "nothing", 0, NULL), TN_OK);
}

static void upload_left_open_ends_with_the_call(void **state)
{
    struct bench *b = *state;

    /* More often than a portal may have uploads open. */
    for (unsigned i = 0; i <= BLOB_UPLOAD_MAX; i++)
        assert_int_equal(ask(b, RUN, "leave", 0, NULL), TN_OK);
}

static void misuse_fails_the_call(void **state)
{
    static const char *const wrong[] = {
        "miss text", "miss fetch", "miss many", "miss append", "miss seal"};
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(ask(b, RUN, wrong[i], 0, NULL), TN_INTERNAL);
        assert_non_null(strstr(b->err.message, "org.example.papers"));
    }
    must_show(b, keep(b, "abcd"), "cd");
}

static void method_that_reads_makes_no_blob(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, LOOK, "write", 0, NULL), TN_INTERNAL);
    assert_non_null(strstr(b->err.message, "read only"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(made_blob_is_named_kept_and_read_by_range),
        TEST(blob_that_is_not_there_is_an_answer),
        TEST(upload_left_open_ends_with_the_call),
        TEST(misuse_fails_the_call),
        TEST(method_that_reads_makes_no_blob),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
