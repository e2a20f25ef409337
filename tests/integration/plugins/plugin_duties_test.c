/* SPDX-License-Identifier: Apache-2.0 */
/* Tests consumers and timers of plugins (core/plugin/duties.c), through the plugin duties.c. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tenon/records.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/check/check.h"
#include "core/plugin/letters.h"
#include "core/record/timer.h"
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

/* Timers by a rule */

#define MINUTE_US ((tn_time)60 * 1000000)

/* When the only alarm there is wakes; TN_TIME_NEVER: there is none. */
static tn_time next_alarm(struct bench *b)
{
    struct timer_due due[2];
    size_t count = 0;

    assert_int_equal(
        timers_earliest(
            b->records, b->portal, utf8_str("org.example.duties/alarm"), 2, due, &count, &b->err),
        TN_OK);
    assert_true(count <= 1);
    return count ? due[0].wake_us : TN_TIME_NEVER;
}

static tn_id make_ruled(struct bench *b, tn_time at_us, const char *rule, const char *mood)
{
    tn_id well = make_well(b, "deep", "100");

    assert_int_equal(
        bench_update(
            b, "wells", well, BENCH_VALUES("alarm", time_text(at_us), "rule", rule, "mood", mood)),
        TN_OK);
    return well;
}

static tn_time whole_second_us(tn_time at_us)
{
    return at_us - at_us % 1000000;
}

static void a_timer_with_a_rule_fires_at_each_of_its_times(void **state)
{
    struct bench *b = open_duties();
    tn_id well = make_well(b, "deep", "100");
    /* The first one is missed, the second one comes in five seconds: room for a loaded machine. */
    tn_time begun_us = whole_second_us(clock_wall_us() - MINUTE_US) + 5 * 1000000;

    (void)state;
    assert_int_equal(
        bench_update(b,
                     "wells",
                     well,
                     BENCH_VALUES("alarm", time_text(begun_us), "rule", "FREQ=MINUTELY;COUNT=2")),
        TN_OK);
    await_value(b, "wells", well, "fired", "1");
    await_value(b, "wells", well, "fired", "2");
    assert_string_equal(bench_read(b, "wells", well, "fired_due"), time_text(begun_us + MINUTE_US));
    assert_int_equal(next_alarm(b), TN_TIME_NEVER);
    close_sound(b);
}

static void missed_times_of_a_rule_fire_once_with_the_first_of_them(void **state)
{
    struct bench *b = open_duties();
    tn_time begun_us = whole_second_us(clock_wall_us() - 5 * HOUR_US);
    tn_id well = make_ruled(b, begun_us, "FREQ=MINUTELY;INTERVAL=30", "good");

    (void)state;
    await_value(b, "wells", well, "fired", "1");
    assert_string_equal(bench_read(b, "wells", well, "fired_due"), time_text(begun_us));
    tn_time next_us = next_alarm(b);
    assert_true(next_us > clock_wall_us() && next_us <= clock_wall_us() + 30 * MINUTE_US);
    assert_int_equal((next_us - begun_us) % (30 * MINUTE_US), 0);
    bench_reopen(b);
    await_another(b);
    assert_string_equal(bench_read(b, "wells", well, "fired"), "1");
    close_sound(b);
}

static void a_rule_whose_last_time_was_missed_fires_and_ends(void **state)
{
    struct bench *b = open_duties();
    tn_time begun_us = whole_second_us(clock_wall_us() - 5 * HOUR_US);
    tn_id well = make_ruled(b, begun_us, "FREQ=HOURLY;COUNT=3", "good");

    (void)state;
    await_value(b, "wells", well, "fired", "1");
    assert_int_equal(next_alarm(b), TN_TIME_NEVER);
    close_sound(b);
}

/* 2100-03-27 is the day before clocks change in Europe. */
static void a_rule_goes_by_the_clock_of_its_portal(void **state)
{
    struct bench *b = open_duties();
    struct portal_settings settings = portal_settings(b->portals, b->portal);
    tn_id well;

    (void)state;
    (void)snprintf(settings.time_zone, sizeof(settings.time_zone), "Europe/Paris");
    assert_int_equal(portals_update(b->portals, b->portal, &settings, &b->err), TN_OK);
    well = make_well(b, "deep", "100");
    assert_int_equal(bench_update(b,
                                  "wells",
                                  well,
                                  BENCH_VALUES("alarm",
                                               "2100-03-27T08:00:01Z",
                                               "rule",
                                               "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0")),
                     TN_OK);
    assert_string_equal(time_text(next_alarm(b)), "2100-03-28T07:00:00Z");
    close_sound(b);
}

static void a_timer_that_fails_keeps_its_time_and_its_rule(void **state)
{
    struct bench *b = open_duties();
    tn_time begun_us = whole_second_us(clock_wall_us() - 5 * HOUR_US);
    tn_id well = make_ruled(b, begun_us, "FREQ=HOURLY;INTERVAL=2", "bad");

    (void)state;
    await_another(b); /* which is tried after the one that fails */
    update(b, well, "mood", "good");
    await_value(b, "wells", well, "fired", "1");
    assert_string_equal(bench_read(b, "wells", well, "fired_due"), time_text(begun_us));
    assert_int_equal(next_alarm(b), begun_us + 6 * HOUR_US);
    close_sound(b);
}

static void a_rule_that_is_none_is_refused_and_nothing_written(void **state)
{
    struct bench *b = open_duties();
    tn_id well = make_well(b, "deep", "100");

    (void)state;
    assert_int_equal(
        bench_update(
            b, "wells", well, BENCH_VALUES("alarm", "2100-01-01T00:00:00Z", "rule", "FREQ=NOW")),
        TN_INVALID_ARGUMENT);
    assert_string_equal(bench_read(b, "wells", well, "alarm"), "");
    assert_int_equal(next_alarm(b), TN_TIME_NEVER);
    close_sound(b);
}

/* Dead letters: a well in a bad mood is what the consumers do not take, nor its timer */

static const struct letter_list account_letters = {LETTER_CHANGE, "org.example.duties", "account"};
static const struct letter_list trace_letters = {LETTER_CHANGE, "org.example.duties", "trace"};
static const struct letter_list alarm_letters = {LETTER_FIRING, "org.example.duties", "alarm"};

/* Three attempts, and as many letters as the test says. */
static struct bench *open_impatient(uint32_t letter_max)
{
    struct bench *b = open_duties();

    b->attempt_max = 3;
    b->letter_max = letter_max;
    bench_reopen(b);
    return b;
}

static uint32_t count_letters(struct bench *b, const struct letter_list *list)
{
    uint32_t count = 0;

    assert_int_equal(letters_count(b->records, b->portal, list, &count, &b->err), TN_OK);
    return count;
}

static void await_letters(struct bench *b, const struct letter_list *list, uint32_t wanted)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;

    while (count_letters(b, list) != wanted && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(count_letters(b, list), wanted);
}

static struct plugin_consumer consumer(const struct bench *b, const char *name)
{
    struct plugin_consumer found;

    for (size_t i = 0; plugin_host_consumer(b->plugins, b->portal, i, &found); i++)
        if (strcmp(found.name, name) == 0)
            return found;
    fail_msg("no consumer %s", name);
    return found;
}

static struct plugin_consumer await_state(struct bench *b, const char *name,
                                          enum plugin_consumer_state wanted)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;

    while (consumer(b, name).state != wanted && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(consumer(b, name).state, wanted);
    return consumer(b, name);
}

static struct plugin_replayed replay(struct bench *b, const struct letter_list *list, tn_id record)
{
    const struct plugin_replay how = {.portal = b->portal, .list = list, .record = record};
    struct plugin_replayed replayed = {0};

    assert_int_equal(plugin_host_replay(b->plugins, &how, &replayed, &b->err), TN_OK);
    return replayed;
}

static uint32_t drop(struct bench *b, const struct letter_list *list, tn_id record, uint64_t change)
{
    const struct txn_options options = {
        .portal = b->portal, .source = utf8_str("test"), .deadline_us = INT64_MAX};
    const struct plugin_drop what = {list, record, change};
    uint32_t count = 0;

    assert_int_equal(plugin_host_drop(b->plugins, &options, &what, &count, &b->err), TN_OK);
    return count;
}

static tn_id make_bad_well(struct bench *b, const char *name)
{
    tn_id id = 0;

    assert_int_equal(
        bench_create(b, "wells", BENCH_VALUES("name", name, "depth", "9", "mood", "bad"), &id),
        TN_OK);
    return id;
}

/* From now on they take everything. */
static void grant_amnesty(struct bench *b)
{
    assert_int_equal(bench_create(b, "ledgers", BENCH_VALUES("name", "amnesty"), NULL), TN_OK);
}

struct collected {
    struct letter items[16];
    char reasons[16][128];
    size_t count;
};

static tn_status collect(void *ctx, const struct letter_list *list, const struct letter *letter,
                         struct err *err)
{
    struct collected *c = ctx;

    (void)list;
    (void)err;
    assert_true(c->count < 16);
    c->items[c->count] = *letter;
    (void)snprintf(c->reasons[c->count++], sizeof(c->reasons[0]), "%s", letter->reason);
    return TN_OK;
}

static struct collected read_letters(struct bench *b, const struct letter_list *list)
{
    struct collected c = {0};

    assert_int_equal(letters_walk(b->records, b->portal, list, collect, &c, &b->err), TN_OK);
    return c;
}

static void a_change_that_fails_becomes_a_dead_letter_and_others_go_on(void **state)
{
    struct bench *b = open_impatient(0);

    (void)state;
    tn_id bad = make_bad_well(b, "bad");
    (void)make_well(b, "good", "5");
    await_value(b, "ledgers", ledger_of(b), "calls", "1");
    assert_string_equal(bench_read(b, "ledgers", ledger_of(b), "depth"), "5");
    struct collected c = read_letters(b, &account_letters);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.items[0].record, bad);
    assert_int_equal(c.items[0].failed_count, 3);
    assert_int_equal(c.items[0].status, TN_FAILED_PRECONDITION);
    assert_string_equal(c.reasons[0], "The well is in a bad mood.");
    const struct plugin_consumer told = consumer(b, "account");
    assert_int_equal(told.letter_count, 1);
    assert_string_equal(told.reason, "The well is in a bad mood.");
    close_sound(b);
}

static void later_changes_of_a_record_wait_behind_its_dead_letter(void **state)
{
    struct bench *b = open_impatient(0);

    (void)state;
    tn_id bad = make_bad_well(b, "bad");
    await_letters(b, &trace_letters, 1);
    /* The plugin would take this one, but not before the first. */
    assert_int_equal(bench_update(b, "wells", bad, BENCH_VALUES("mood", "good", "remark", "one")),
                     TN_OK);
    await_letters(b, &trace_letters, 2);
    await_letters(b, &account_letters, 2);
    assert_int_equal(bench_count(b, "traces"), 0);
    assert_int_equal(read_letters(b, &trace_letters).items[1].failed_count, 0);
    close_sound(b);
}

static void replay_gives_letters_in_their_order_and_exactly_once(void **state)
{
    struct bench *b = open_impatient(0);

    (void)state;
    tn_id bad = make_bad_well(b, "bad");
    update(b, bad, "remark", "one");
    update(b, bad, "remark", "two");
    await_letters(b, &trace_letters, 3);
    await_letters(b, &account_letters, 3);
    bench_reopen(b); /* they are kept */
    struct plugin_replayed r = replay(b, &trace_letters, 0);
    assert_int_equal(r.done_count, 0);
    assert_int_equal(r.failed_count, 1);
    assert_int_equal(r.skipped_count, 2);
    assert_int_equal(read_letters(b, &trace_letters).items[0].failed_count, 4);

    update(b, bad, "remark", "three");
    await_letters(b, &trace_letters, 4);
    assert_int_equal(bench_count(b, "traces"), 0);
    grant_amnesty(b);
    r = replay(b, &trace_letters, bad);
    assert_int_equal(r.done_count, 4);
    await_trace(b, bad, "+> >one one>two two>three ");
    assert_int_equal(count_letters(b, &trace_letters), 0);
    assert_int_equal(replay(b, &trace_letters, 0).done_count, 0);
    await_trace(b, bad, "+> >one one>two two>three ");
    assert_int_equal(replay(b, &account_letters, 0).done_count, 4);
    assert_string_equal(bench_read(b, "ledgers", ledger_of(b), "calls"), "4");
    close_sound(b);
}

static void a_consumer_waits_while_its_list_is_full(void **state)
{
    struct bench *b = open_impatient(2);

    (void)state;
    tn_id first = make_bad_well(b, "first");
    (void)make_bad_well(b, "second");
    await_letters(b, &account_letters, 2);
    (void)make_bad_well(b, "third");
    (void)make_well(b, "good", "5");
    const struct plugin_consumer told = await_state(b, "account", CONSUMER_WAITING);
    assert_int_equal(plugin_consumer_lag(&told), 2);
    assert_string_equal(told.reason,
                        "account of the plugin org.example.duties has 2 dead letters, which is as "
                        "many as it may have: replay or drop some.");
    assert_int_equal(bench_count(b, "ledgers"), 0);

    assert_int_equal(drop(b, &account_letters, first, 0), 1);
    await_value(b, "ledgers", ledger_of(b), "calls", "1"); /* the good one's */
    assert_int_equal(count_letters(b, &account_letters), 2);
    (void)await_state(b, "account", CONSUMER_RUNNING);
    close_sound(b);
}

static void what_waits_behind_a_letter_waits_where_the_list_is_full(void **state)
{
    struct bench *b = open_impatient(1);

    (void)state;
    tn_id bad = make_bad_well(b, "bad");
    await_letters(b, &trace_letters, 1);
    update(b, bad, "remark", "one");
    (void)await_state(b, "trace", CONSUMER_WAITING);
    grant_amnesty(b);
    assert_int_equal(replay(b, &trace_letters, 0).done_count, 1);
    await_trace(b, bad, "+> >one ");
    (void)await_state(b, "trace", CONSUMER_RUNNING);
    close_sound(b);
}

static void a_letter_that_is_dropped_lets_those_behind_it_be_replayed(void **state)
{
    struct bench *b = open_impatient(0);

    (void)state;
    tn_id bad = make_bad_well(b, "bad");
    assert_int_equal(bench_update(b, "wells", bad, BENCH_VALUES("mood", "good", "remark", "one")),
                     TN_OK);
    await_letters(b, &trace_letters, 2);
    struct collected c = read_letters(b, &trace_letters);
    assert_int_equal(drop(b, &trace_letters, bad, c.items[0].change), 1);
    assert_int_equal(drop(b, &trace_letters, bad, c.items[0].change), 0);
    assert_int_equal(replay(b, &trace_letters, 0).done_count, 1);
    await_trace(b, bad, ">one ");
    close_sound(b);
}

static void a_letter_of_what_was_purged_goes_when_it_is_replayed(void **state)
{
    struct bench *b = open_impatient(0);
    struct record *record;

    (void)state;
    tn_id bad = make_bad_well(b, "bad");
    await_letters(b, &account_letters, 1);
    assert_int_equal(bench_archive(b, "wells", bad), TN_OK);
    await_letters(b, &account_letters, 2);
    struct txn *txn = bench_begin(b);
    const struct schema_type *type = schema_type_by_name(txn_schema(txn), utf8_str("wells"));
    assert_int_equal(txn_get_any(txn, type, bad, &record, &b->err), TN_OK);
    assert_int_equal(txn_purge(record, &b->err), TN_OK);
    assert_int_equal(bench_commit(b, txn), TN_OK);
    assert_int_equal(replay(b, &account_letters, 0).done_count, 2);
    assert_int_equal(count_letters(b, &account_letters), 0);
    assert_int_equal(bench_count(b, "ledgers"), 0);
    close_sound(b);
}

static void a_timer_that_fails_becomes_a_dead_letter(void **state)
{
    struct bench *b = open_impatient(0);
    tn_id bad = make_bad_well(b, "bad");
    char at[64];

    (void)state;
    (void)snprintf(at, sizeof(at), "%s", time_text(clock_wall_us()));
    update(b, bad, "alarm", at);
    await_letters(b, &alarm_letters, 1);
    assert_int_equal(read_letters(b, &alarm_letters).items[0].failed_count, 3);
    await_another(b); /* it holds up nobody */
    bench_reopen(b);
    assert_int_equal(replay(b, &alarm_letters, 0).failed_count, 1);
    assert_string_equal(bench_read(b, "wells", bad, "fired"), "");
    grant_amnesty(b);
    assert_int_equal(replay(b, &alarm_letters, 0).done_count, 1);
    assert_int_equal(replay(b, &alarm_letters, 0).done_count, 0);
    assert_string_equal(bench_read(b, "wells", bad, "fired"), "1");
    assert_string_equal(bench_read(b, "wells", bad, "fired_due"), at);
    close_sound(b);
}

static void a_timer_is_tried_on_while_its_list_is_full(void **state)
{
    struct bench *b = open_impatient(1);
    tn_id first = make_bad_well(b, "first");
    tn_id second = make_bad_well(b, "second");

    (void)state;
    update(b, first, "alarm", time_text(clock_wall_us()));
    await_letters(b, &alarm_letters, 1);
    update(b, second, "alarm", time_text(clock_wall_us()));
    await_another(b);
    grant_amnesty(b);
    await_value(b, "wells", second, "fired", "1");
    assert_int_equal(count_letters(b, &alarm_letters), 1);
    close_sound(b);
}

static void archiving_a_record_ends_its_timers(void **state)
{
    struct bench *b = open_inside();
    tn_id well = make_well(b, "deep", "100");
    tn_id other = 0;

    (void)state;
    plugin_host_stop(b->plugins);
    update(b, well, "alarm", time_text(clock_wall_us() - HOUR_US));
    assert_int_equal(bench_archive(b, "wells", well), TN_OK);
    bench_reopen(b);
    await_another(b);
    struct txn *txn = bench_begin(b);
    const struct schema_type *type = schema_type_by_name(txn_schema(txn), utf8_str("wells"));
    struct record *record;
    assert_int_equal(txn_get_any(txn, type, well, &record, &b->err), TN_OK);
    assert_int_equal(txn_restore(record, &b->err), TN_OK);
    assert_int_equal(bench_commit(b, txn), TN_OK);
    assert_int_equal(bench_create(b, "wells", BENCH_VALUES("name", "third"), &other), TN_OK);
    update(b, other, "alarm", time_text(clock_wall_us()));
    await_value(b, "wells", other, "fired", "1");
    assert_string_equal(bench_read(b, "wells", well, "fired"), "");
    close_sound(b);
}

static void letters_of_nobody_are_not_replayed(void **state)
{
    static const struct letter_list none = {LETTER_CHANGE, "org.example.duties", "alarm"};
    struct bench *b = open_duties();
    const struct plugin_replay how = {.portal = b->portal, .list = &none};
    struct plugin_replayed replayed = {.done_count = 7};

    (void)state;
    assert_int_equal(plugin_host_replay(b->plugins, &how, &replayed, &b->err), TN_NOT_FOUND);
    assert_true(bench_refused(b, "consumer", "not_running"));
    assert_int_equal(replayed.done_count, 7);
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
        cmocka_unit_test(a_timer_with_a_rule_fires_at_each_of_its_times),
        cmocka_unit_test(missed_times_of_a_rule_fire_once_with_the_first_of_them),
        cmocka_unit_test(a_rule_whose_last_time_was_missed_fires_and_ends),
        cmocka_unit_test(a_rule_goes_by_the_clock_of_its_portal),
        cmocka_unit_test(a_timer_that_fails_keeps_its_time_and_its_rule),
        cmocka_unit_test(a_rule_that_is_none_is_refused_and_nothing_written),
        cmocka_unit_test(a_change_that_fails_becomes_a_dead_letter_and_others_go_on),
        cmocka_unit_test(later_changes_of_a_record_wait_behind_its_dead_letter),
        cmocka_unit_test(replay_gives_letters_in_their_order_and_exactly_once),
        cmocka_unit_test(a_consumer_waits_while_its_list_is_full),
        cmocka_unit_test(what_waits_behind_a_letter_waits_where_the_list_is_full),
        cmocka_unit_test(a_letter_that_is_dropped_lets_those_behind_it_be_replayed),
        cmocka_unit_test(a_letter_of_what_was_purged_goes_when_it_is_replayed),
        cmocka_unit_test(a_timer_that_fails_becomes_a_dead_letter),
        cmocka_unit_test(a_timer_is_tried_on_while_its_list_is_full),
        cmocka_unit_test(archiving_a_record_ends_its_timers),
        cmocka_unit_test(letters_of_nobody_are_not_replayed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
