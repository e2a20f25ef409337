/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins in processes of their own that crash, hang and misbehave: what it costs, whom it
 * costs, and what is said of it. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define MACHINES MADE "bench_machines.so"
#define UNRULY MADE "bench_unruly.so"
#define DUTIES MADE "bench_duties.so"
#define DO "org.example.unruly.v1.Unruly/Do"
#define SCRAP "org.example.machines.v1.Machines/Scrap"
/* What a plugin gets to come back. */
#define WAIT_US INT64_C(20000000)

static struct bench *open_with(const struct plugin_runner_limits *limits)
{
    struct bench *b =
        bench_open_isolated((const char *const[]){MACHINES, UNRULY, NULL}, limits, NULL);

    bench_all_run(b);
    return b;
}

static struct bench *open_both(void)
{
    return open_with(
        &(struct plugin_runner_limits){.hook_us = 300000, .call_us = 600000, .stop_us = 300000});
}

static tn_status order(struct bench *b, const char *what)
{
    struct buf request = {0};

    assert_int_equal(wire_add_text(&request, 1, what), TN_OK);
    tn_status st = bench_call(b, DO, buf_bytes(&request), NULL);
    buf_fini(&request);
    return st;
}

static struct plugin_info unruly(const struct bench *b)
{
    return bench_plugin(b, "bench_unruly.so");
}

static void pause_briefly(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    (void)nanosleep(&pause, NULL);
}

static void wait_until_up(const struct bench *b, uint64_t restart_count)
{
    const int64_t give_up_us = clock_mono_us() + WAIT_US;

    while (!unruly(b).is_up || unruly(b).restart_count < restart_count) {
        if (clock_mono_us() > give_up_us)
            fail_msg("it does not come back: %s", unruly(b).reason);
        pause_briefly();
    }
}

static void check_says(const struct bench *b, const char *what)
{
    if (!strstr(b->err.message, what))
        fail_msg("'%s' does not say '%s'", b->err.message, what);
    assert_non_null(strstr(b->err.message, "org.example.unruly"));
}

/* The harm costs its own call; the plugin comes back, and others did not notice. */
static void check_harm(const char *what, const char *said)
{
    struct bench *b = open_both();
    const int32_t pid = unruly(b).pid;
    const int32_t other_pid = bench_plugin(b, "bench_machines.so").pid;

    assert_int_equal(order(b, what), TN_UNAVAILABLE);
    check_says(b, said);
    wait_until_up(b, 1);
    assert_int_not_equal(unruly(b).pid, pid);
    assert_int_equal(order(b, "nothing"), TN_OK);
    assert_int_equal(unruly(b).restart_count, 1);
    assert_int_equal(bench_plugin(b, "bench_machines.so").pid, other_pid);
    bench_close(b);
}

static void a_crash_costs_its_call(void **state)
{
    (void)state;
    check_harm("crash", "signal 11 (segmentation fault)");
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) /* which tell of it in their way */
static void a_fault_that_was_sent_is_told(void **state)
{
    (void)state;
    check_harm("sent fault", "signal 11 (segmentation fault)");
}
#endif

static void an_abort_is_told(void **state)
{
    (void)state;
    check_harm("abort", "signal 6 (aborted)");
}

static void a_division_by_zero_is_told(void **state)
{
    (void)state;
    check_harm("divide", "signal 8 (arithmetic error)");
}

#ifndef __SANITIZE_THREAD__ /* which waits a second at an exit, longer than the host does */
static void an_exit_is_told(void **state)
{
    (void)state;
    check_harm("exit", "status 7");
}
#endif

static void a_method_that_hangs_is_stopped(void **state)
{
    (void)state;
    check_harm("hang", "did not answer within 600 ms");
}

static void nonsense_on_a_channel_ends_the_process(void **state)
{
    (void)state;
    check_harm("babble", "makes no sense");
}

static void a_frame_that_claims_to_be_giant_ends_the_process(void **state)
{
    (void)state;
    check_harm("giant", "makes no sense");
}

static void a_channel_that_is_closed_ends_the_process(void **state)
{
    (void)state;
    check_harm("close", "process");
}

static void what_was_written_before_a_crash_is_dropped(void **state)
{
    struct bench *b = open_both();

    (void)state;
    assert_int_equal(order(b, "write and crash"), TN_UNAVAILABLE);
    assert_int_equal(bench_count(b, "trials"), 0);
    bench_close(b);
}

/* The state between a crash and the next start lasts a moment only: some attempts may miss it. */
static bool meets_it_down(struct bench *b)
{
    tn_status st;

    assert_int_equal(order(b, "crash"), TN_UNAVAILABLE);
    do { /* its end may not have been seen by all of the host yet */
        st = order(b, "nothing");
        if (st == TN_UNAVAILABLE)
            check_says(b, "signal 11");
    } while (st == TN_UNAVAILABLE && b->err.retry_after_us == 0);
    return st == TN_UNAVAILABLE;
}

static void a_plugin_that_is_down_says_so_and_when_to_come_again(void **state)
{
    struct bench *b = open_both();
    uint64_t attempts = 1;

    (void)state;
    for (; !meets_it_down(b); attempts++) {
        if (attempts == 5)
            fail_msg("it is never down");
        wait_until_up(b, attempts);
    }
    bench_close(b);
}

static void a_hook_that_crashes_fails_its_write_only(void **state)
{
    struct bench *b = open_both();

    (void)state;
    assert_int_equal(bench_create(b, "trials", BENCH_VALUES("name", "crash"), NULL),
                     TN_UNAVAILABLE);
    check_says(b, "signal 11");
    wait_until_up(b, 1);
    assert_int_equal(bench_create(b, "trials", BENCH_VALUES("name", "fine"), NULL), TN_OK);
    assert_int_equal(bench_count(b, "trials"), 1);
    bench_close(b);
}

static void a_hook_that_hangs_is_stopped_in_time(void **state)
{
    struct bench *b = open_both();
    const int64_t begun_us = clock_mono_us();

    (void)state;
    assert_int_equal(bench_create(b, "trials", BENCH_VALUES("name", "hang"), NULL), TN_UNAVAILABLE);
    assert_true(clock_mono_us() - begun_us < INT64_C(5000000));
    check_says(b, "did not answer within 300 ms");
    bench_close(b);
}

static void an_advisory_hook_that_crashes_is_skipped_and_undone(void **state)
{
    struct bench *b = open_both();
    tn_id id = 0;

    (void)state;
    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("serial", "fine"), &id), TN_OK);
    assert_string_equal(bench_read(b, "machines", id, "state"), "scrapped");
    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("serial", "crash"), &id), TN_OK);
    assert_string_equal(bench_read(b, "machines", id, "state"), "new");
    assert_int_equal(unruly(b).hook_skipped, 1);
    bench_close(b);
}

static void an_advisory_hook_of_a_plugin_that_is_off_is_skipped(void **state)
{
    struct bench *b = open_with(&(struct plugin_runner_limits){.failure_max = 1});
    tn_id id = 0;

    (void)state;
    assert_int_equal(order(b, "crash"), TN_UNAVAILABLE);
    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("serial", "any"), &id), TN_OK);
    assert_string_equal(bench_read(b, "machines", id, "state"), "new");
    assert_int_equal(unruly(b).hook_skipped, 1);
    assert_int_equal(bench_create(b, "trials", BENCH_VALUES("name", "any"), NULL), TN_UNAVAILABLE);
    bench_close(b);
}

static void a_plugin_that_keeps_failing_is_switched_off(void **state)
{
    struct bench *b = open_with(&(struct plugin_runner_limits){.failure_max = 3});
    const int64_t give_up_us = clock_mono_us() + WAIT_US;

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        wait_until_up(b, i);
        assert_int_equal(order(b, "crash"), TN_UNAVAILABLE);
    }
    while (unruly(b).state == PLUGIN_RUNNING && clock_mono_us() < give_up_us)
        pause_briefly();
    assert_int_equal(unruly(b).state, PLUGIN_FAILED);
    assert_non_null(strstr(unruly(b).reason, "signal 11"));
    assert_int_equal(order(b, "nothing"), TN_UNAVAILABLE);
    assert_int_equal(unruly(b).restart_count, 2);
    bench_close(b);
}

static void one_that_others_kill_is_not_switched_off(void **state)
{
    struct bench *b = open_with(&(struct plugin_runner_limits){.failure_max = 1});

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(kill(unruly(b).pid, SIGKILL), 0);
        wait_until_up(b, i + 1);
    }
    assert_int_equal(order(b, "nothing"), TN_OK);
    assert_int_equal(order(b, "kill"), TN_UNAVAILABLE);
    check_says(b, "signal 9 (killed)");
    bench_close(b);
}

static void a_stop_that_hangs_is_cut_short(void **state)
{
    struct bench *b = open_both();
    const int64_t begun_us = clock_mono_us();

    (void)state;
    assert_int_equal(order(b, "linger"), TN_OK);
    plugin_host_stop(b->plugins);
    assert_true(clock_mono_us() - begun_us < INT64_C(5000000));
    bench_close(b);
}

static void a_call_after_the_stop_is_refused(void **state)
{
    struct bench *b = open_both();

    (void)state;
    plugin_host_stop(b->plugins);
    assert_int_equal(order(b, "nothing"), TN_UNAVAILABLE);
    check_says(b, "is being stopped");
    assert_int_equal(bench_create(b, "trials", BENCH_VALUES("name", "any"), NULL), TN_UNAVAILABLE);
    bench_close(b);
}

/* What a plugin does wrong */

static const char *const misuses[] = {"write lent",
                                      "archive lent",
                                      "create user",
                                      "link message",
                                      "link nothing",
                                      "link oddly",
                                      "read no field",
                                      "total nothing",
                                      "set timer",
                                      "find by many",
                                      "find by many values",
                                      "find oddly",
                                      "refuse nothing",
                                      "set body",
                                      "send",
                                      "finish",
                                      "request nothing",
                                      "invoke response",
                                      "dig"};

static tn_status misuse(struct bench *b, const char *what)
{
    struct buf request = {0};

    assert_int_equal(wire_add_text(&request, 1, what), TN_OK);
    tn_status st = bench_call(b, "org.example.misuses.v1.Misuses/Run", buf_bytes(&request), NULL);
    buf_fini(&request);
    return st;
}

static void what_a_plugin_does_wrong_is_told_alike_in_both(void **state)
{
    const char *const files[] = {MISUSER, NULL};
    struct bench *inside = bench_open(files, NULL);
    struct bench *apart = bench_open_isolated(files, &(struct plugin_runner_limits){0}, NULL);

    (void)state;
    bench_all_run(inside);
    bench_all_run(apart);
    assert_int_equal(bench_create(inside, "things", BENCH_VALUES("name", "a"), NULL), TN_OK);
    assert_int_equal(bench_create(apart, "things", BENCH_VALUES("name", "a"), NULL), TN_OK);
    for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
        const tn_status st = misuse(inside, misuses[i]);

        if (misuse(apart, misuses[i]) != st)
            fail_msg("%s: %s, not %s", misuses[i], apart->err.message, inside->err.message);
        assert_string_equal(apart->err.message, inside->err.message);
    }
    bench_close(inside);
    bench_close(apart);
}

/* Calls at once: one that crashes takes those with it that are in the same process, once each. */
struct caller {
    struct bench *b;
    const struct plugin_method *method;
    const char *what;
    tn_status status;
    char message[ERR_MESSAGE_SIZE];
};

static void *call_once(void *ctx)
{
    struct caller *caller = ctx;
    const struct txn_options options = {.portal = caller->b->portal,
                                        .source = utf8_str("test"),
                                        .user = utf8_str("tester"),
                                        .deadline_us = INT64_MAX};
    struct buf request = {0};
    struct buf response = {0};
    struct txn *txn = NULL;
    struct err err;

    err_init(&err, NULL);
    caller->status = wire_add_text(&request, 1, caller->what);
    if (caller->status == TN_OK)
        caller->status = txn_begin(caller->b->records, &options, &txn, &err);
    if (caller->status == TN_OK)
        caller->status =
            plugin_method_run(caller->method, txn, buf_bytes(&request), &response, &err);
    (void)snprintf(caller->message, sizeof(caller->message), "%s", err.message);
    txn_destroy(txn);
    buf_fini(&request);
    buf_fini(&response);
    return NULL;
}

#define CALLERS 6u

static void call_together(struct bench *b, const char *last, struct caller callers[CALLERS])
{
    pthread_t threads[CALLERS];
    const struct plugin_method *method = NULL;

    for (size_t i = 0; (method = plugin_host_method(b->plugins, i)) != NULL; i++)
        if (strcmp(method->name, DO) == 0)
            break;
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){b, method, i == CALLERS - 1 ? last : "sleep", TN_OK, ""};
        assert_int_equal(pthread_create(&threads[i], NULL, call_once, &callers[i]), 0);
        pause_briefly(); /* the last one last, most of the time: the claim does not need it */
    }
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void calls_run_at_once(void **state)
{
    struct bench *b = open_both();
    struct caller callers[CALLERS];
    const int64_t begun_us = clock_mono_us();

    (void)state;
    call_together(b, "sleep", callers);
    assert_true(clock_mono_us() - begun_us < (int64_t)CALLERS * 300000);
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(callers[i].status, TN_OK);
    bench_close(b);
}

static void a_crash_ends_every_call_in_it_at_once(void **state)
{
    struct bench *b = open_both();
    struct caller callers[CALLERS];

    (void)state;
    call_together(b, "crash", callers);
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(callers[i].status, TN_UNAVAILABLE);
        assert_non_null(strstr(callers[i].message, "signal 11"));
    }
    bench_close(b);
}

/* Consumers */

static struct plugin_info duties(const struct bench *b)
{
    return bench_plugin(b, "bench_duties.so");
}

static void await_duties(const struct bench *b, bool is_up)
{
    const int64_t give_up_us = clock_mono_us() + WAIT_US;

    while (duties(b).is_up != is_up) {
        if (clock_mono_us() > give_up_us)
            fail_msg("it does not come up, or go down: %s", duties(b).reason);
        pause_briefly();
    }
}

static void await_trace(struct bench *b, tn_id well, const char *text)
{
    const int64_t give_up_us = clock_mono_us() + WAIT_US;
    char key[24];
    tn_id trace = 0;

    (void)snprintf(key, sizeof(key), "%llu", (unsigned long long)well);
    while (!(trace = bench_find(b, "traces", "well", key)) ||
           strcmp(bench_read(b, "traces", trace, "text"), text) != 0) {
        if (clock_mono_us() > give_up_us)
            fail_msg("the trace is not '%s'", text);
        pause_briefly();
    }
}

/* Fails often enough that it stays down for longer than two attempts of a consumer take. */
static void crash_often(const struct bench *b)
{
    for (unsigned i = 0; i < 6; i++) {
        await_duties(b, true);
        assert_int_equal(kill(duties(b).pid, SIGABRT), 0);
        await_duties(b, false);
    }
}

static bool a_consumer_says(const struct bench *b, const char *part)
{
    struct plugin_consumer consumer;

    for (size_t i = 0; plugin_host_consumer(b->plugins, b->portal, i, &consumer); i++)
        if (strstr(consumer.reason, part))
            return true;
    return false;
}

static void await_reason(const struct bench *b, const char *part)
{
    const int64_t give_up_us = clock_mono_us() + WAIT_US;

    while (!a_consumer_says(b, part)) {
        if (clock_mono_us() > give_up_us)
            fail_msg("no consumer says '%s'", part);
        pause_briefly();
    }
}

/* Nor does it add to those that the change itself costs later. */
static void a_process_that_is_not_there_costs_consumers_no_attempt(void **state)
{
    struct bench *b = bench_open_isolated(
        (const char *const[]){DUTIES, NULL}, &(struct plugin_runner_limits){0}, NULL);
    struct plugin_consumer consumer;
    tn_id well = 0;

    (void)state;
    b->attempt_max = 6; /* one more than there are for certain while the process is down */
    bench_reopen(b);
    assert_int_equal(bench_create(b, "wells", BENCH_VALUES("name", "Ada", "remark", "a"), &well),
                     TN_OK);
    await_trace(b, well, "+>a ");
    crash_often(b);
    assert_int_equal(bench_update(b, "wells", well, BENCH_VALUES("remark", "b", "mood", "bad")),
                     TN_OK);
    await_reason(b, "bad mood");
    assert_int_equal(bench_create(b, "ledgers", BENCH_VALUES("name", "amnesty"), NULL), TN_OK);
    await_trace(b, well, "+>a a>b ");
    for (size_t i = 0; plugin_host_consumer(b->plugins, b->portal, i, &consumer); i++)
        assert_int_equal(consumer.letter_count, 0);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_costs_its_call),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(a_fault_that_was_sent_is_told),
#endif
        cmocka_unit_test(an_abort_is_told),
        cmocka_unit_test(a_division_by_zero_is_told),
#ifndef __SANITIZE_THREAD__
        cmocka_unit_test(an_exit_is_told),
#endif
        cmocka_unit_test(a_method_that_hangs_is_stopped),
        cmocka_unit_test(nonsense_on_a_channel_ends_the_process),
        cmocka_unit_test(a_frame_that_claims_to_be_giant_ends_the_process),
        cmocka_unit_test(a_channel_that_is_closed_ends_the_process),
        cmocka_unit_test(what_was_written_before_a_crash_is_dropped),
        cmocka_unit_test(a_plugin_that_is_down_says_so_and_when_to_come_again),
        cmocka_unit_test(a_hook_that_crashes_fails_its_write_only),
        cmocka_unit_test(a_hook_that_hangs_is_stopped_in_time),
        cmocka_unit_test(an_advisory_hook_that_crashes_is_skipped_and_undone),
        cmocka_unit_test(an_advisory_hook_of_a_plugin_that_is_off_is_skipped),
        cmocka_unit_test(a_plugin_that_keeps_failing_is_switched_off),
        cmocka_unit_test(one_that_others_kill_is_not_switched_off),
        cmocka_unit_test(a_stop_that_hangs_is_cut_short),
        cmocka_unit_test(a_call_after_the_stop_is_refused),
        cmocka_unit_test(what_a_plugin_does_wrong_is_told_alike_in_both),
        cmocka_unit_test(calls_run_at_once),
        cmocka_unit_test(a_crash_ends_every_call_in_it_at_once),
        cmocka_unit_test(a_process_that_is_not_there_costs_consumers_no_attempt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
