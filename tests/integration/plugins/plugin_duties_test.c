/* SPDX-License-Identifier: Apache-2.0 */
/* Tests consumers and timers of plugins (core/plugin/duties.c), through the plugin duties.c. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/check/check.h"
#include "core/value/value.h"
#include "tests/integration/plugins/bench.h"

/* Nothing here takes longer, on a loaded machine with sanitizers. */
#define PATIENCE_US ((int64_t)20 * 1000000)
#define HOUR_US ((tn_time)3600 * 1000000)

static struct bench *open_duties(void)
{
    struct bench *b = bench_open((const char *const[]){MADE "bench_duties.so", NULL}, NULL);

    bench_all_run(b);
    return b;
}

/* For tests that write while nothing is delivered: plugins in processes of their own, which have
 * ended then, would let nothing be written. */
static struct bench *open_inside(void)
{
    if (bench_isolation() == PLUGIN_IN_RUNNER)
        skip();
    return open_duties();
}

static void tell_finding(void *ctx, const struct check_finding *finding)
{
    (void)ctx;
    (void)fprintf(stderr, "%s [%s] %s\n", finding->family_name, finding->key, finding->problem);
}

/* Whatever happened, what is stored fits together. */
static void close_sound(struct bench *b)
{
    const struct check_options options = {.store = b->store, .tell = tell_finding};
    struct check_counts counts = {0};

    plugin_host_stop(b->plugins);
    assert_int_equal(check_store(&options, &counts, &b->err), TN_OK);
    assert_int_equal(counts.findings, 0);
    bench_close(b);
}

/* Until a value of the record reads so. */
static void await_value(struct bench *b, const char *type, tn_id id, const char *property,
                        const char *wanted)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;

    while (strcmp(bench_read(b, type, id, property), wanted) != 0 && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    assert_string_equal(bench_read(b, type, id, property), wanted);
}

static tn_id await_record(struct bench *b, const char *type, const char *property,
                          const char *value)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;
    tn_id id;

    while ((id = bench_find(b, type, property, value)) == 0 && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    assert_int_not_equal(id, 0);
    return id;
}

static tn_id ledger_of(struct bench *b)
{
    return await_record(b, "ledgers", "name", "account");
}

static void await_trace(struct bench *b, tn_id well, const char *wanted)
{
    char number[32];

    (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)well);
    await_value(b, "traces", await_record(b, "traces", "well", number), "text", wanted);
}

static tn_id make_well(struct bench *b, const char *name, const char *depth)
{
    tn_id id = 0;

    assert_int_equal(bench_create(b, "wells", BENCH_VALUES("name", name, "depth", depth), &id),
                     TN_OK);
    return id;
}

static void update(struct bench *b, tn_id well, const char *property, const char *value)
{
    assert_int_equal(bench_update(b, "wells", well, BENCH_VALUES(property, value)), TN_OK);
}

/* "2026-01-01T00:00:00Z" of a wall clock. */
static const char *time_text(tn_time at_us)
{
    static char text[64];
    struct buf out = {0};
    const struct tn_value value = {.kind = TN_DATETIME, .as.integer = at_us};

    assert_int_equal(value_format(&value, &out), TN_OK);
    (void)snprintf(text, sizeof(text), "%.*s", (int)out.len, (const char *)out.data);
    buf_fini(&out);
    return text;
}

/* Consumers */

static void a_consumer_is_given_each_change(void **state)
{
    struct bench *b = open_duties();

    (void)state;
    tn_id deep = make_well(b, "deep", "100");
    tn_id flat = make_well(b, "flat", "5");
    update(b, flat, "depth", "7");
    assert_int_equal(bench_archive(b, "wells", deep), TN_OK);
    tn_id ledger = ledger_of(b);
    await_value(b, "ledgers", ledger, "calls", "4");
    assert_string_equal(bench_read(b, "ledgers", ledger, "wells"), "1");
    assert_string_equal(bench_read(b, "ledgers", ledger, "depth"), "7");
    close_sound(b);
}

static void a_consumer_sees_what_each_change_did_in_order(void **state)
{
    struct bench *b = open_duties();

    (void)state;
    tn_id well = make_well(b, "deep", "100");
    update(b, well, "remark", "one");
    update(b, well, "depth", "200"); /* of no interest */
    update(b, well, "remark", "two");
    update(b, well, "remark", "three");
    assert_int_equal(bench_archive(b, "wells", well), TN_OK);
    await_trace(b, well, "+> >one one>two two>three three>- ");
    close_sound(b);
}

/* Whatever became of the record since: the consumer is behind. */
static void a_consumer_that_is_behind_sees_what_was(void **state)
{
    struct bench *b = open_inside();
    struct txn *txn = bench_begin(b);

    (void)state;
    txn_destroy(txn);
    tn_id well = make_well(b, "deep", "100");
    await_value(b, "ledgers", ledger_of(b), "calls", "1");
    plugin_host_stop(b->plugins);
    update(b, well, "remark", "one");
    update(b, well, "remark", "two");
    update(b, well, "depth", "300");
    assert_int_equal(bench_archive(b, "wells", well), TN_OK);
    bench_reopen(b);
    await_trace(b, well, "+> >one one>two two>- ");
    await_value(b, "ledgers", ledger_of(b), "calls", "5");
    assert_string_equal(bench_read(b, "ledgers", ledger_of(b), "depth"), "0");
    close_sound(b);
}

static void a_consumer_counts_exactly_across_restarts(void **state)
{
    struct bench *b = open_duties();
    char name[32];

    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        (void)snprintf(name, sizeof(name), "well %u", i);
        (void)make_well(b, name, "1");
        if (i % 20 == 19)
            bench_reopen(b);
    }
    await_value(b, "ledgers", ledger_of(b), "wells", "60");
    assert_string_equal(bench_read(b, "ledgers", ledger_of(b), "calls"), "60");
    close_sound(b);
}

/* Timers */

static void a_timer_fires_once_with_its_time(void **state)
{
    struct bench *b = open_duties();
    tn_id well = make_well(b, "deep", "100");
    char at[64];

    (void)state;
    (void)snprintf(at, sizeof(at), "%s", time_text(clock_wall_us() + 50000));
    update(b, well, "alarm", at);
    await_value(b, "wells", well, "fired", "1");
    assert_string_equal(bench_read(b, "wells", well, "fired_due"), at);
    bench_reopen(b);
    assert_string_equal(bench_read(b, "wells", well, "fired"), "1");
    close_sound(b);
}

static void a_timer_that_is_overdue_after_a_restart_fires_once(void **state)
{
    struct bench *b = open_inside();
    tn_id well = make_well(b, "deep", "100");
    char at[64];

    (void)state;
    plugin_host_stop(b->plugins);
    (void)snprintf(at, sizeof(at), "%s", time_text(clock_wall_us() - HOUR_US));
    update(b, well, "alarm", at);
    bench_reopen(b);
    await_value(b, "wells", well, "fired", "1");
    assert_string_equal(bench_read(b, "wells", well, "fired_due"), at);
    close_sound(b);
}

/* One that fires afterwards shows that the other would have, had it been there. */
static void await_another(struct bench *b)
{
    tn_id other = make_well(b, "other", "1");

    update(b, other, "alarm", time_text(clock_wall_us()));
    await_value(b, "wells", other, "fired", "1");
}

static void a_timer_that_is_moved_fires_at_the_later_time(void **state)
{
    struct bench *b = open_inside();
    tn_id well = make_well(b, "deep", "100");

    (void)state;
    plugin_host_stop(b->plugins);
    update(b, well, "alarm", time_text(clock_wall_us() - HOUR_US));
    update(b, well, "alarm", time_text(clock_wall_us() + HOUR_US));
    bench_reopen(b);
    await_another(b);
    assert_string_equal(bench_read(b, "wells", well, "fired"), "");
    close_sound(b);
}

static void a_timer_that_is_cancelled_never_fires(void **state)
{
    struct bench *b = open_inside();
    tn_id well = make_well(b, "deep", "100");

    (void)state;
    plugin_host_stop(b->plugins);
    update(b, well, "alarm", time_text(clock_wall_us() - HOUR_US));
    update(b, well, "alarm", NULL);
    bench_reopen(b);
    await_another(b);
    assert_string_equal(bench_read(b, "wells", well, "fired"), "");
    close_sound(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer_is_given_each_change),
        cmocka_unit_test(a_consumer_sees_what_each_change_did_in_order),
        cmocka_unit_test(a_consumer_that_is_behind_sees_what_was),
        cmocka_unit_test(a_consumer_counts_exactly_across_restarts),
        cmocka_unit_test(a_timer_fires_once_with_its_time),
        cmocka_unit_test(a_timer_that_is_overdue_after_a_restart_fires_once),
        cmocka_unit_test(a_timer_that_is_moved_fires_at_the_later_time),
        cmocka_unit_test(a_timer_that_is_cancelled_never_fires),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
