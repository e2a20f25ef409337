/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the tables that core/plugin gives to plugins, through the plugin probe.c. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define RUN "org.example.probes.v1.Probes/Run"
#define LOOK "org.example.probes.v1.Probes/Look"

struct answer {
    tn_status status;
    char text[256];
    int64_t number;
};

static void take_number(struct tn_bytes bytes, struct answer *answer)
{
    int64_t parts[2] = {0, 0};
    struct wire_field field;

    while (wire_next(&bytes, &field) == TN_OK)
        parts[field.field - 1] = unzigzag(field.number);
    answer->number = parts[0];
    for (; parts[1] > 0; parts[1]--)
        answer->number *= 10;
}

static struct answer ask(struct bench *b, const char *method, const char *what, tn_id item)
{
    struct buf request = {0};
    struct buf response = {0};
    struct answer answer = {0};
    struct wire_field field;

    assert_int_equal(wire_add_text(&request, 1, what), TN_OK);
    if (item)
        assert_int_equal(wire_add_varint(&request, 2, item), TN_OK);
    answer.status = bench_call(b, method, buf_bytes(&request), &response);
    struct tn_bytes rest = buf_bytes(&response);
    while (wire_next(&rest, &field) == TN_OK) {
        if (field.field == 1)
            (void)snprintf(answer.text,
                           sizeof(answer.text),
                           "%.*s",
                           (int)field.bytes.len,
                           (const char *)field.bytes.data);
        else
            take_number(field.bytes, &answer);
    }
    buf_fini(&request);
    buf_fini(&response);
    return answer;
}

/* A bench whose plugin's thread has made the item "entered". */
static struct bench *open_probe(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct bench *b = bench_open((const char *const[]){MADE "bench_probe.so", NULL}, NULL);
    int64_t give_up_us = clock_mono_us() + INT64_C(20000000);

    bench_all_run(b);
    while (bench_count(b, "items") == 0 && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(bench_count(b, "items"), 1);
    return b;
}

static tn_id make_item(struct bench *b, const char *name, const char *kind, const char *rank,
                       const char *amount)
{
    tn_id id = 0;

    assert_int_equal(
        bench_create(b,
                     "items",
                     BENCH_VALUES("name", name, "kind", kind, "rank", rank, "amount", amount),
                     &id),
        TN_OK);
    return id;
}

static struct bench *open_items(void)
{
    struct bench *b = open_probe();

    (void)make_item(b, "a", "a", "1", "10");
    (void)make_item(b, "b", "b", "3", "200");
    (void)make_item(b, "c", "c", "4", "");
    (void)make_item(b, "d", "b", "2", "1000");
    return b;
}

static void check_found(const char *what, const char *names)
{
    struct bench *b = open_items();
    struct answer answer = ask(b, RUN, what, 0);

    if (answer.status != TN_OK)
        fail_msg("%s", b->err.message);
    assert_string_equal(answer.text, names);
    bench_close(b);
}

static void a_thread_enters_and_finishes_calls(void **state)
{
    struct bench *b = open_probe();

    (void)state;
    assert_true(bench_find(b, "items", "name", "entered") != 0);
    plugin_host_stop(b->plugins); /* joins the thread */
    assert_true(bench_find(b, "items", "name", "dropped") == 0);
    bench_close(b);
}

static void find_gives_all_by_id(void **state)
{
    (void)state;
    check_found("find all", "entered,a,b,c,d");
}

static void find_stops_at_its_limit(void **state)
{
    (void)state;
    check_found("find limited", "entered,a");
}

static void find_sorts_and_puts_those_without_a_value_last(void **state)
{
    (void)state;
    check_found("find ranked", "c,b,d,a,entered");
}

static void find_filters_by_equality(void **state)
{
    (void)state;
    check_found("find group", "b,d");
}

static void find_takes_any_of_several_groups(void **state)
{
    (void)state;
    check_found("find either", "b,c,d");
}

static void find_gives_the_newest_first(void **state)
{
    (void)state;
    check_found("find newest", "d,c");
}

static void find_looks_for_words(void **state)
{
    (void)state;
    check_found("find word", "c");
}

static void find_refuses_what_it_cannot_do(void **state)
{
    struct bench *b = open_items();

    (void)state;
    assert_int_equal(ask(b, RUN, "find vague words", 0).status, TN_FAILED_PRECONDITION);
    assert_int_not_equal(ask(b, RUN, "find unsorted", 0).status, TN_OK);
    bench_close(b);
}

static void total_reads_a_group_of_a_roll_up(void **state)
{
    struct bench *b = open_items();

    (void)state;
    assert_string_equal(ask(b, RUN, "total", 0).text, "2/1200");
    assert_int_equal(ask(b, RUN, "small total", 0).status, TN_OUT_OF_RANGE);
    bench_close(b);
}

static void links_come_primary_first_and_are_counted(void **state)
{
    struct bench *b = open_probe();
    struct answer answer = ask(b, RUN, "links", make_item(b, "a", "a", "1", "1"));

    (void)state;
    assert_int_equal(answer.status, TN_OK);
    assert_string_equal(answer.text, "3 primary first");
    assert_int_equal(answer.number, 2); /* after one is unlinked */
    bench_close(b);
}

static void an_association_of_a_type_with_itself_has_directions(void **state)
{
    struct bench *b = open_probe();
    struct answer answer = ask(b, RUN, "directions", make_item(b, "a", "a", "1", "1"));

    (void)state;
    assert_int_equal(answer.status, TN_OK);
    assert_string_equal(answer.text, "back");
    assert_int_equal(answer.number, 1);
    bench_close(b);
}

static void the_same_record_is_the_same_pointer(void **state)
{
    struct bench *b = open_probe();

    (void)state;
    assert_int_equal(ask(b, RUN, "same", make_item(b, "a", "a", "1", "1")).number, 4);
    bench_close(b);
}

static void archiving_through_a_plugin_archives(void **state)
{
    struct bench *b = open_probe();
    tn_id id = make_item(b, "a", "a", "1", "1");

    (void)state;
    assert_int_equal(ask(b, RUN, "archive", id).status, TN_OK);
    assert_int_equal(bench_count(b, "items"), 1);
    bench_close(b);
}

static void a_zone_tells_how_long_its_offset_holds(void **state)
{
    static const char *const always = "-9223372036854775808 9223372036854775807 0";
    struct bench *b = open_probe();

    (void)state;
    /* Summer of 2026, from 29 March 01:00 UTC to before 25 October 01:00 UTC. */
    static const char *const summer = "1774746000000000 1792890000000000 7200";
    assert_string_equal(ask(b, RUN, "zone 1774746000000000 Europe/Paris", 0).text, summer);
    assert_string_equal(ask(b, RUN, "zone 1792889999999999 Europe/Paris", 0).text, summer);
    assert_string_equal(ask(b, RUN, "zone 1774745999999999 Europe/Paris", 0).text,
                        "1761440400000000 1774746000000000 3600");
    assert_string_equal(ask(b, RUN, "zone -1 UTC", 0).text, always);
    /* Beyond the years in which clocks change, and within the span that is told. */
    assert_string_equal(ask(b, RUN, "zone -9223372036854775808 Europe/Paris", 0).text,
                        "-9223372036854775808 -2486592561000000 561");
    assert_string_equal(ask(b, RUN, "zone 9223372036854775806 Asia/Kolkata", 0).text,
                        "-764145000000000 9223372036854775807 19800");
    assert_int_equal(ask(b, RUN, "zone 0 Europe/Par", 0).status, TN_NOT_FOUND);
    assert_int_equal(ask(b, RUN, "zone 0 ../../etc/passwd", 0).status, TN_NOT_FOUND);
    assert_int_equal(ask(b, RUN, "zone 0 ", 0).status, TN_NOT_FOUND);
    bench_close(b);
}

static void misuse_of_the_host_fails_the_call(void **state)
{
    static const char *const wrong[] = {"miss property",
                                        "miss unknown row",
                                        "miss type",
                                        "miss message",
                                        "miss body",
                                        "miss setting",
                                        "miss ignored"};
    struct bench *b = open_probe();
    tn_id id = make_item(b, "a", "a", "1", "1");

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        /* Not the caller's fault, whatever the plugin's function was told. */
        assert_int_equal(ask(b, RUN, wrong[i], id).status, TN_INTERNAL);
        assert_int_equal(b->err.status, TN_INTERNAL);
        assert_non_null(strstr(b->err.message, "org.example.probes"));
    }
    assert_int_equal(ask(b, RUN, "kind", id).status, TN_INVALID_ARGUMENT);
    assert_int_equal(ask(b, RUN, "miss commit", id).status, TN_UNIMPLEMENTED);
    assert_int_equal(ask(b, RUN, "miss odd status", id).status, TN_INTERNAL);
    bench_close(b);
}

static void a_refusal_without_a_reason_names_the_plugin(void **state)
{
    struct bench *b = open_probe();

    (void)state;
    assert_int_equal(ask(b, RUN, "nonsense", 0).status, TN_INVALID_ARGUMENT);
    assert_non_null(strstr(b->err.message, "org.example.probes"));
    bench_close(b);
}

static void a_reading_method_does_not_write(void **state)
{
    struct bench *b = open_probe();
    tn_id id = make_item(b, "a", "a", "1", "1");

    (void)state;
    assert_string_equal(ask(b, LOOK, "read", id).text, "a");
    assert_int_equal(ask(b, LOOK, "write", id).status, TN_INTERNAL);
    assert_string_equal(bench_read(b, "items", id, "name"), "a");
    bench_close(b);
}

static void calls_nest_so_deep_and_no_deeper(void **state)
{
    struct bench *b = open_probe();

    (void)state;
    assert_int_equal(ask(b, RUN, "dig", 0).number, PLUGIN_DEPTH_MAX);
    bench_close(b);
}

struct stayer {
    struct bench *b;
    const struct plugin_method *method;
    tn_status status;
};

static void *stay(void *ctx)
{
    struct stayer *stayer = ctx;
    struct txn_options options = {.portal = stayer->b->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .deadline_us = INT64_MAX};
    struct buf request = {0};
    struct buf response = {0};
    struct txn *txn = NULL;
    struct err err;

    err_init(&err, NULL);
    stayer->status = wire_add_text(&request, 1, "stay");
    if (stayer->status == TN_OK)
        stayer->status = txn_begin(stayer->b->records, &options, &txn, &err);
    for (int i = 0; i < 10 && stayer->status == TN_OK; i++)
        stayer->status =
            plugin_method_run(stayer->method, txn, buf_bytes(&request), &response, &err);
    txn_destroy(txn);
    buf_fini(&request);
    buf_fini(&response);
    return NULL;
}

static void callbacks_of_a_serial_plugin_take_turns(void **state)
{
    struct bench *b = open_probe();
    struct stayer stayers[4];
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        stayers[i] = (struct stayer){b, plugin_host_method(b->plugins, 0), TN_UNKNOWN};
        assert_string_equal(stayers[i].method->name, RUN);
        assert_int_equal(pthread_create(&threads[i], NULL, stay, &stayers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(stayers[i].status, TN_OK);
    }
    assert_int_equal(ask(b, RUN, "stay", 0).number, 1);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_enters_and_finishes_calls),
        cmocka_unit_test(find_gives_all_by_id),
        cmocka_unit_test(find_stops_at_its_limit),
        cmocka_unit_test(find_sorts_and_puts_those_without_a_value_last),
        cmocka_unit_test(find_filters_by_equality),
        cmocka_unit_test(find_takes_any_of_several_groups),
        cmocka_unit_test(find_gives_the_newest_first),
        cmocka_unit_test(find_looks_for_words),
        cmocka_unit_test(find_refuses_what_it_cannot_do),
        cmocka_unit_test(total_reads_a_group_of_a_roll_up),
        cmocka_unit_test(links_come_primary_first_and_are_counted),
        cmocka_unit_test(an_association_of_a_type_with_itself_has_directions),
        cmocka_unit_test(the_same_record_is_the_same_pointer),
        cmocka_unit_test(archiving_through_a_plugin_archives),
        cmocka_unit_test(a_zone_tells_how_long_its_offset_holds),
        cmocka_unit_test(misuse_of_the_host_fails_the_call),
        cmocka_unit_test(a_refusal_without_a_reason_names_the_plugin),
        cmocka_unit_test(a_reading_method_does_not_write),
        cmocka_unit_test(calls_nest_so_deep_and_no_deeper),
        cmocka_unit_test(callbacks_of_a_serial_plugin_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
