/* SPDX-License-Identifier: Apache-2.0 */
/* Tests tenon.blobs/1 (core/plugin/blobs_table.c) through the plugin papers.c. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/routes.h"
#include "core/plugin/runner_impl.h"
#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define RUN "org.example.papers.v1.Papers/Run"
#define LOOK "org.example.papers.v1.Papers/Look"

static int set_up(void **state)
{
    struct bench *b = bench_open(
        (const char *const[]){
            MADE "bench_papers.so", MADE "bench_machines.so", MADE "bench_sites.so", NULL},
        NULL);

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

static void must_answer(struct bench *b, const char *what, tn_id paper, const char *text)
{
    struct buf response = {0};
    struct wire_field field;

    if (ask(b, RUN, what, paper, &response) != TN_OK)
        fail_msg("%s: %s", what, b->err.message);
    struct tn_bytes rest = buf_bytes(&response);
    assert_int_equal(wire_next(&rest, &field), TN_OK);
    assert_int_equal(field.bytes.len, strlen(text));
    assert_memory_equal(field.bytes.data, text, strlen(text));
    buf_fini(&response);
}

static void must_show(struct bench *b, tn_id paper, const char *text)
{
    must_answer(b, "show", paper, text);
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

static void long_blob_passes_whole_and_by_range(void **state)
{
    must_answer(*state, "long", 0, "right");
}

static void more_bytes_than_a_blob_may_have_fail_the_call(void **state)
{
    struct bench *b = *state;

    blobs_set_size_max(b->blobs, 1u << 20);
    assert_int_equal(ask(b, RUN, "too long", 0, NULL), TN_OUT_OF_RANGE);
    assert_non_null(strstr(b->err.message, "1048576 bytes"));
    must_show(b, keep(b, "abc"), "c");
}

static void blobs_that_were_closed_do_not_count(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, RUN, "reopen", keep(b, "abc"), NULL), TN_OK);
}

static bool is_empty(const struct bench *b, const char *folder)
{
    char path[128];
    unsigned count = 0;
    const struct dirent *entry;

    (void)snprintf(path, sizeof(path), "%s/blobs/%s", b->dir, folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count == 0;
}

static void process_that_dies_in_an_upload_leaves_nothing_of_it(void **state)
{
    struct bench *b = *state;

    if (bench_isolation() != PLUGIN_IN_RUNNER)
        skip(); /* it would be the end of this one */
    assert_int_equal(ask(b, RUN, "die", 0, NULL), TN_UNAVAILABLE);
    assert_true(is_empty(b, "new"));
}

/* What a process asks for that has the table of nobody's giving. */
static tn_status ask_as_process(struct bench *b, const char *id)
{
    static const uint16_t create = PROTOCOL_BLOB_CREATE;
    struct plugin_routes *routes = plugin_routes_take(b->plugins);
    struct txn *txn = bench_begin(b);
    struct lane lane = {.channel = {.fd = -1}};
    struct runner_call rc;
    struct tn_call call;

    call_init(&call, routes_plugin(routes, utf8_str(id)), txn, &b->err);
    runner_call_init(&rc, &lane, &call);
    tn_status st = runner_ask_run(&rc, (struct tn_bytes){(const uint8_t *)&create, sizeof(create)});
    runner_call_fini(&rc);
    buf_fini(&lane.spare);
    call_fini(&call);
    txn_destroy(txn);
    plugin_routes_release(routes);
    return st;
}

static void process_whose_plugin_declares_no_need_gets_no_blobs(void **state)
{
    assert_int_equal(ask_as_process(*state, "org.example.papers"), TN_OK);
    assert_int_equal(ask_as_process(*state, "org.example.sites"), TN_DATA_LOSS);
}

static void blob_that_is_not_there_is_an_answer(void **state)
{
    struct bench *b = *state;

    must_answer(b, "nothing", 0, "not there");
}

static void upload_left_open_ends_with_the_call(void **state)
{
    struct bench *b = *state;

    /* More often than a portal may have uploads open. */
    for (unsigned i = 0; i <= BLOB_UPLOAD_MAX; i++)
        assert_int_equal(ask(b, RUN, "leave", 0, NULL), TN_OK);
    assert_true(is_empty(b, "new"));
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
        TEST(long_blob_passes_whole_and_by_range),
        TEST(more_bytes_than_a_blob_may_have_fail_the_call),
        TEST(blobs_that_were_closed_do_not_count),
        TEST(process_that_dies_in_an_upload_leaves_nothing_of_it),
        TEST(process_whose_plugin_declares_no_need_gets_no_blobs),
        TEST(blob_that_is_not_there_is_an_answer),
        TEST(upload_left_open_ends_with_the_call),
        TEST(misuse_fails_the_call),
        TEST(method_that_reads_makes_no_blob),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
