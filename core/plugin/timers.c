/* SPDX-License-Identifier: Apache-2.0 */
/* timers.c - see timers.h. */
#include "core/plugin/timers.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/callback.h"
#include "core/plugin/manifest_name.h"
#include "core/plugin/rest.h"
#include "core/record/timer.h"
#include "core/value/recur.h"

/* Timers looked at in one go: others get the thread in between. */
#define PAGE_COUNT 100u
/* Between two attempts, doubled from the one to the other. */
#define BACKOFF_MIN_US ((int64_t)100 * 1000)
#define BACKOFF_MAX_US ((int64_t)60 * 1000000)

_Static_assert(RECUR_LEN_MAX <= TIMER_RULE_MAX, "any rule fits");
_Static_assert(NAME_PATH_LEN_MAX + 1 + NAME_LEN_MAX <= TIMER_NAME_MAX, "PLUGIN/TIMER fits");

struct schedule {
    struct job job; /* its first member */
    struct lanes *lanes;
    struct plugin *plugin;
    uint32_t row;
    struct portal *portal;
    char name[TIMER_NAME_MAX + 1];
    uint32_t hindered_count; /* in a row; the lane's alone */
    _Atomic uint32_t letter_count;
};

static const struct tn_timer *row_of(const struct schedule *schedule)
{
    return &schedule->plugin->rows->timers.items[schedule->row];
}

static void make_name(const struct plugin *plugin, uint32_t row, char name[TIMER_NAME_MAX + 1])
{
    (void)snprintf(
        name, TIMER_NAME_MAX + 1, "%s/%s", plugin->rows->id, plugin->rows->timers.items[row].name);
}

static int64_t back_off_us(uint32_t failed_count)
{
    int64_t wait_us = BACKOFF_MIN_US << (failed_count < 20 ? failed_count : 20);

    return wait_us < BACKOFF_MAX_US ? wait_us : BACKOFF_MAX_US;
}

/* Rules */

static tn_status find_zone(const struct tn_call *call, const struct zone **ret_zone)
{
    struct plugin_host *host = call->plugin->host;
    const struct portal_settings settings =
        portal_settings(host->options.portals, txn_portal(call->txn));
    tn_status st = zones_get(host->zones, utf8_str(settings.time_zone), ret_zone);

    if (st == TN_OK)
        return TN_OK;
    if (st == TN_RESOURCE_EXHAUSTED)
        return err_memory(call->err, "a timer");
    return err_set(call->err,
                   TN_UNAVAILABLE,
                   "The time zone \"%s\" of the portal cannot be read.",
                   settings.time_zone);
}

/* TN_NOT_FOUND (err untouched): it does not come again. */
static tn_status find_next(const struct tn_call *call, const struct timer *timer, tn_time after_us,
                           tn_time *ret_us)
{
    const struct zone *zone = NULL;

    TRY(find_zone(call, &zone));
    return recur_next(timer->rule, zone, timer->begun_us, after_us, ret_us, call->err);
}

/* From its `begun_us` on, which counts if it is a time of the rule. */
static tn_status begin_rule(const struct tn_call *call, struct timer *timer)
{
    TRY(recur_check(timer->rule, call->err));
    tn_status st = find_next(call, timer, timer->begun_us - 1000000, &timer->due_us);

    if (st == TN_NOT_FOUND)
        return err_set(call->err,
                       TN_INVALID_ARGUMENT,
                       "The rule \"%.*s\" never comes.",
                       (int)timer->rule.len,
                       timer->rule.data);
    TRY(st);
    timer->wake_us = timer->due_us;
    return TN_OK;
}

/* Letters */

static struct letter_list letters_of(const struct schedule *schedule)
{
    return (struct letter_list){LETTER_FIRING, schedule->plugin->rows->id, row_of(schedule)->name};
}

static void count_letters(struct schedule *schedule)
{
    const struct letter_list list = letters_of(schedule);
    uint32_t count = 0;

    if (letters_count(
            schedule->plugin->host->options.records, schedule->portal, &list, &count, NULL) ==
        TN_OK)
        /* relaxed: a number for metrics, which belongs to nothing else */
        atomic_store_explicit(&schedule->letter_count, count, memory_order_relaxed);
}

/* Setting */

tn_status timers_set(struct tn_record *record, uint32_t row, tn_time at, const char *rule)
{
    struct tn_call *call = record->call;
    const struct plugin *plugin = call->plugin;
    char name[TIMER_NAME_MAX + 1];

    if (row >= plugin->rows->timers.count)
        return call_misuse(call, "no such timer is declared");
    if (plugin->binding->types[plugin->rows->timers.items[row].type] != record->type->id)
        return call_misuse(call, "it sets a timer on a record of another type");
    make_name(plugin, row, name);
    if (at == TN_TIME_NEVER)
        return call_fail(call, timer_set(record->record, utf8_str(name), NULL, call->err));
    struct timer timer = {.due_us = at, .wake_us = at, .begun_us = at};
    if (rule) {
        timer.rule = (struct tn_str){rule, strnlen(rule, TIMER_RULE_MAX + 1)};
        TRY(call_fail(call, begin_rule(call, &timer)));
    }
    return call_fail(call, timer_set(record->record, utf8_str(name), &timer, call->err));
}

/* One firing */

struct firing {
    struct schedule *schedule;
    const struct timer_due *due;
    const struct err *why; /* of the attempt that failed */
    bool is_letter;        /* it was the last one */
    bool is_full;          /* but there is no room for a dead letter */
};

/* What the commit consumes is what was due, not what it was moved to meanwhile. */
static tn_status find_firing(const struct firing *firing, struct tn_call *call,
                             const struct schema_type **ret_type, struct timer *ret_timer)
{
    const struct schema_type *type = schema_type_by_id(txn_schema(call->txn), firing->due->type);
    struct timer timer;

    if (!type)
        return TN_NOT_FOUND;
    TRY(timer_get(
        call->txn, type, firing->due->record, utf8_str(firing->schedule->name), &timer, call->err));
    if (timer.wake_us != firing->due->wake_us)
        return TN_NOT_FOUND;
    *ret_type = type;
    *ret_timer = timer;
    return TN_OK;
}

/* NULL: it is gone. */
static tn_status find_record(struct tn_call *call, const struct schema_type *type, tn_id id,
                             struct record **ret_record)
{
    tn_status st = txn_get(call->txn, type, id, ret_record, call->err);

    if (st != TN_NOT_FOUND)
        return call_fail(call, st);
    err_clear(call->err);
    *ret_record = NULL;
    return TN_OK;
}

/*
 * What was due is not due any more; by a rule it comes again after now, whatever was missed before.
 * `record` is NULL where it is gone.
 */
static tn_status consume(const struct firing *firing, struct tn_call *call,
                         const struct schema_type *type, const struct timer *timer,
                         struct record *record)
{
    const struct tn_str name = utf8_str(firing->schedule->name);
    tn_time now_us = txn_now(call->txn);
    struct timer next = {.rule = timer->rule, .begun_us = timer->begun_us};
    tn_status st = TN_NOT_FOUND;

    if (record && timer->rule.len)
        st = find_next(call, timer, now_us > timer->due_us ? now_us : timer->due_us, &next.due_us);
    if (st == TN_NOT_FOUND)
        return call_fail(call, timer_end(call->txn, type, firing->due->record, name, call->err));
    TRY(call_fail(call, st));
    next.wake_us = next.due_us;
    return call_fail(call, timer_set(record, name, &next, call->err));
}

static tn_status tell(const struct schedule *schedule, struct tn_call *call, struct record *record,
                      tn_time due_us)
{
    struct tn_record *seen = call_see(call, record);

    return seen ? callback_timer(call, row_of(schedule), seen, due_us) : call->status;
}

static tn_status fire(void *ctx, struct tn_call *call)
{
    const struct firing *firing = ctx;
    const struct schema_type *type;
    struct record *record;
    struct timer timer;
    tn_status st = find_firing(firing, call, &type, &timer);

    if (st == TN_NOT_FOUND)
        return TN_OK;
    TRY(call_fail(call, st));
    TRY(find_record(call, type, firing->due->record, &record));
    TRY(consume(firing, call, type, &timer, record));
    return record ? tell(firing->schedule, call, record, timer.due_us) : TN_OK;
}

/* Dead letters */

static tn_status add_letter(struct firing *firing, const struct timer *timer, struct tn_call *call)
{
    const struct schedule *schedule = firing->schedule;
    const struct letter_list list = letters_of(schedule);
    const struct letter letter = {.record = firing->due->record,
                                  .type = firing->due->type,
                                  .due_us = timer->due_us,
                                  .failed_count = timer->failed_count + 1,
                                  .at_us = txn_now(call->txn),
                                  .status = firing->why->status,
                                  .reason = firing->why->message};

    return letters_add(call->txn,
                       &list,
                       &letter,
                       plugin_letter_max(schedule->plugin),
                       &firing->is_full,
                       call->err);
}

/* A full list is none's failure: the firing is put off. */
static tn_status give_up(struct firing *firing, const struct schema_type *type,
                         const struct timer *timer, struct record *record, struct tn_call *call)
{
    tn_status st = add_letter(firing, timer, call);

    if (firing->is_full) {
        err_clear(call->err);
        return TN_RESOURCE_EXHAUSTED;
    }
    TRY(call_fail(call, st));
    firing->is_letter = true;
    return consume(firing, call, type, timer, record);
}

struct replay {
    struct schedule *schedule;
    const struct letter *letter;
    const struct err *why;
};

/* The letter goes in the commit of what the plugin does. */
static tn_status fire_letter(void *ctx, struct tn_call *call)
{
    const struct replay *replay = ctx;
    const struct letter *letter = replay->letter;
    const struct letter_list list = letters_of(replay->schedule);
    const struct schema_type *type = schema_type_by_id(txn_schema(call->txn), letter->type);
    struct record *record;
    tn_status st = letters_take(call->txn, &list, letter, call->err);

    if (st == TN_NOT_FOUND)
        return TN_OK; /* somebody else was faster */
    TRY(call_fail(call, st));
    if (!type)
        return TN_OK;
    TRY(find_record(call, type, letter->record, &record));
    return record ? tell(replay->schedule, call, record, letter->due_us) : TN_OK;
}

static tn_status note_letter(void *ctx, struct tn_call *call)
{
    const struct replay *replay = ctx;
    const struct letter_list list = letters_of(replay->schedule);
    struct letter letter = *replay->letter;

    letter.failed_count++;
    letter.at_us = txn_now(call->txn);
    letter.status = replay->why->status;
    letter.reason = replay->why->message;
    return call_fail(call, letters_note(call->txn, &list, &letter, call->err));
}

/* That it failed, and when it is tried again, if it is. */
static tn_status put_off(void *ctx, struct tn_call *call)
{
    struct firing *firing = ctx;
    const struct schema_type *type;
    struct record *record;
    struct timer timer;
    tn_status st = find_firing(firing, call, &type, &timer);

    if (st == TN_OK)
        st = txn_get(call->txn, type, firing->due->record, &record, call->err);
    if (st == TN_NOT_FOUND) {
        err_clear(call->err);
        return TN_OK; /* moved or ended meanwhile */
    }
    TRY(call_fail(call, st));
    firing->is_letter = firing->is_full = false;
    if (timer.failed_count + 1 >= plugin_attempt_max(firing->schedule->plugin)) {
        st = give_up(firing, type, &timer, record, call);
        if (!firing->is_full)
            return st;
    }
    timer.wake_us = txn_now(call->txn) + back_off_us(timer.failed_count);
    timer.failed_count++;
    return call_fail(call, timer_set(record, utf8_str(firing->schedule->name), &timer, call->err));
}

static enum attempt_end attempt_call(struct schedule *schedule,
                                     tn_status (*run)(void *ctx, struct tn_call *call), void *ctx,
                                     struct err *err)
{
    const struct attempt attempt = {.plugin = schedule->plugin,
                                    .portal = schedule->portal,
                                    .lanes = schedule->lanes,
                                    .limit_us =
                                        plugin_limit_us(schedule->plugin, row_of(schedule)->flags),
                                    .now_us = clock_wall_us(),
                                    .run = run,
                                    .ctx = ctx};

    return attempt_run(&attempt, err);
}

static void report_failure(const struct firing *firing, const char *what, const struct err *err)
{
    LOG(firing->schedule->plugin->host->options.log,
        LOG_WARN,
        what,
        LOG_STR("timer", firing->schedule->name),
        LOG_STR("portal", firing->schedule->portal->name),
        LOG_UINT("record", firing->due->record),
        LOG_STR("reason", err->message));
}

static enum attempt_end take_refusal(struct firing *firing, const struct err *why)
{
    struct err err;

    err_init(&err, firing->schedule->plugin->host->options.language);
    firing->why = why;
    enum attempt_end end = attempt_call(firing->schedule, put_off, firing, &err);
    if (end == ATTEMPT_DONE && firing->is_letter) {
        count_letters(firing->schedule);
        report_failure(firing, "a firing became a dead letter", why);
    } else if (firing->is_full) {
        report_failure(firing, "a timer is tried on: its list of dead letters is full", why);
    }
    return end;
}

/* When to go on with the next one, 0: at once. */
static int64_t take_due(struct schedule *schedule, const struct timer_due *due)
{
    struct firing firing = {.schedule = schedule, .due = due};
    struct err err;

    err_init(&err, schedule->plugin->host->options.language);
    enum attempt_end end = attempt_call(schedule, fire, &firing, &err);
    if (end == ATTEMPT_RESTS)
        return LANE_NEVER; /* what lets it serve again is a commit, which wakes it */
    if (end != ATTEMPT_DONE)
        report_failure(&firing, "a timer failed", &err);
    if (end == ATTEMPT_REFUSED)
        end = take_refusal(&firing, &err);
    if (end == ATTEMPT_DONE) {
        schedule->hindered_count = 0;
        return 0;
    }
    return clock_mono_us() + back_off_us(schedule->hindered_count++);
}

static int64_t take_page(struct schedule *schedule)
{
    const int64_t until_us = clock_mono_us() + LANE_TURN_US;
    struct timer_due due[PAGE_COUNT];
    size_t count = 0;
    struct err err;

    err_init(&err, schedule->plugin->host->options.language);
    if (timers_earliest(schedule->plugin->host->options.records,
                        schedule->portal,
                        utf8_str(schedule->name),
                        PAGE_COUNT,
                        due,
                        &count,
                        &err) != TN_OK) {
        LOG(schedule->plugin->host->options.log,
            LOG_ERROR,
            "timers cannot be read",
            LOG_STR("timer", schedule->name),
            LOG_STR("portal", schedule->portal->name),
            LOG_STR("reason", err.message));
        return clock_mono_us() + back_off_us(schedule->hindered_count++);
    }
    for (size_t i = 0;
         i < count && clock_mono_us() < until_us && !lanes_are_stopping(schedule->lanes);
         i++) {
        tn_time now_us = clock_wall_us();

        if (due[i].wake_us > now_us)
            return clock_mono_us() + (due[i].wake_us - now_us);
        int64_t due_us = take_due(schedule, &due[i]);
        if (due_us != 0)
            return due_us;
    }
    return count == 0 ? LANE_NEVER : clock_mono_us();
}

static int64_t run_schedule(struct job *job)
{
    struct schedule *schedule = (struct schedule *)(void *)job; /* its first member */
    const struct plugin_host_options *options = &schedule->plugin->host->options;
    struct schema *schema = catalog_schema(options->catalog, schedule->portal->id);

    if (!schema)
        return clock_mono_us() + back_off_us(schedule->hindered_count++);
    bool rests = rest_check(schedule->plugin, schema, schedule->portal, NULL) != TN_OK;
    schema_unref(schema);
    return rests ? LANE_NEVER : take_page(schedule);
}

/* Opening */

tn_status schedule_open(struct lanes *lanes, struct plugin *plugin, uint32_t row,
                        struct portal *portal, struct schedule **ret_schedule, struct err *err)
{
    CLEANUP(mem_free_p) struct schedule *schedule = mem_new(struct schedule);

    if (!schedule)
        return err_memory(err, "a timer");
    schedule->lanes = lanes;
    schedule->plugin = plugin;
    schedule->row = row;
    schedule->portal = portal;
    schedule->job = (struct job){.run = run_schedule,
                                 .lane = row_of(schedule)->flags & TN_LONG ? LANE_LONG : LANE_SHORT,
                                 .owner = plugin};
    make_name(plugin, row, schedule->name);
    if (lanes_add(lanes, &schedule->job) != TN_OK)
        return err_memory(err, "a timer");
    count_letters(schedule);
    *ret_schedule = TAKE(schedule);
    return TN_OK;
}

void schedule_close(struct schedule *schedule)
{
    mem_free(schedule);
}

void schedule_wake(struct schedule *schedule)
{
    lanes_wake(schedule->lanes, &schedule->job);
}

enum attempt_end schedule_replay(struct schedule *schedule, const struct letter *letter,
                                 struct err *err)
{
    struct replay replay = {.schedule = schedule, .letter = letter, .why = err};
    enum attempt_end end = attempt_call(schedule, fire_letter, &replay, err);

    if (end == ATTEMPT_REFUSED) {
        struct err other;

        err_init(&other, schedule->plugin->host->options.language);
        (void)attempt_call(schedule, note_letter, &replay, &other); /* else as it was before */
    }
    count_letters(schedule);
    return end;
}

bool schedule_is(const struct schedule *schedule, const char *plugin, const char *name)
{
    return strcmp(schedule->plugin->rows->id, plugin) == 0 &&
           strcmp(row_of(schedule)->name, name) == 0;
}

void schedule_recount(struct schedule *schedule)
{
    count_letters(schedule);
}

void schedule_read(const struct schedule *schedule, struct plugin_timer *ret_timer)
{
    *ret_timer = (struct plugin_timer){
        .plugin = schedule->plugin->rows->id,
        .name = row_of(schedule)->name,
        .letter_count = atomic_load_explicit(&schedule->letter_count, memory_order_relaxed)};
}
