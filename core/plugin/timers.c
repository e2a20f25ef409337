/* SPDX-License-Identifier: Apache-2.0 */
/* timers.c - see timers.h. */
#include "core/plugin/timers.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/attempt.h"
#include "core/plugin/callback.h"
#include "core/plugin/manifest_name.h"
#include "core/plugin/rest.h"
#include "core/record/timer.h"

/* Timers looked at in one go: others get the thread in between. */
#define PAGE_COUNT 100u
/* Between two attempts, doubled from the one to the other. */
#define BACKOFF_MIN_US ((int64_t)100 * 1000)
#define BACKOFF_MAX_US ((int64_t)60 * 1000000)

_Static_assert(NAME_PATH_LEN_MAX + 1 + NAME_LEN_MAX <= TIMER_NAME_MAX, "PLUGIN/TIMER fits");

struct schedule {
    struct job job; /* its first member */
    struct lanes *lanes;
    struct plugin *plugin;
    uint32_t row;
    struct portal *portal;
    char name[TIMER_NAME_MAX + 1];
    uint32_t hindered_count; /* in a row; the lane's alone */
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
    if (rule)
        return call_fail(call,
                         err_set(call->err,
                                 TN_UNIMPLEMENTED,
                                 "This version of the host does not serve %s, which the plugin %s "
                                 "asks for.",
                                 err_word(call->err, "timers that come again"),
                                 plugin->rows->id));
    const struct timer timer = {.due_us = at, .wake_us = at, .begun_us = at};
    return call_fail(call, timer_set(record->record, utf8_str(name), &timer, call->err));
}

/* One firing */

struct firing {
    struct schedule *schedule;
    const struct timer_due *due;
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
    TRY(call_fail(
        call,
        timer_end(
            call->txn, type, firing->due->record, utf8_str(firing->schedule->name), call->err)));
    st = txn_get(call->txn, type, firing->due->record, &record, call->err);
    if (st == TN_NOT_FOUND) {
        err_clear(call->err);
        return TN_OK; /* its record is gone, and so it is now */
    }
    TRY(call_fail(call, st));
    struct tn_record *seen = call_see(call, record);
    if (!seen)
        return call->status;
    return callback_timer(call, row_of(firing->schedule), seen, timer.due_us);
}

/* That it failed, and when it is tried again. */
static tn_status put_off(void *ctx, struct tn_call *call)
{
    const struct firing *firing = ctx;
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
    timer.wake_us = txn_now(call->txn) + back_off_us(timer.failed_count);
    timer.failed_count++;
    return call_fail(call, timer_set(record, utf8_str(firing->schedule->name), &timer, call->err));
}

static enum attempt_end try_firing(struct firing *firing,
                                   tn_status (*run)(void *ctx, struct tn_call *call),
                                   struct err *err)
{
    struct schedule *schedule = firing->schedule;
    const struct attempt attempt = {.plugin = schedule->plugin,
                                    .portal = schedule->portal,
                                    .lanes = schedule->lanes,
                                    .limit_us =
                                        plugin_limit_us(schedule->plugin, row_of(schedule)->flags),
                                    .now_us = clock_wall_us(),
                                    .run = run,
                                    .ctx = firing};

    return attempt_run(&attempt, err);
}

/* When to go on with the next one, 0: at once. */
static int64_t take_due(struct schedule *schedule, const struct timer_due *due)
{
    struct firing firing = {schedule, due};
    struct err err;

    err_init(&err, schedule->plugin->host->options.language);
    enum attempt_end end = try_firing(&firing, fire, &err);
    if (end == ATTEMPT_RESTS)
        return LANE_NEVER; /* what lets it serve again is a commit, which wakes it */
    if (end != ATTEMPT_DONE)
        LOG(schedule->plugin->host->options.log,
            LOG_WARN,
            "a timer failed",
            LOG_STR("timer", schedule->name),
            LOG_STR("portal", schedule->portal->name),
            LOG_UINT("record", due->record),
            LOG_STR("reason", err.message));
    if (end == ATTEMPT_REFUSED)
        end = try_firing(&firing, put_off, &err);
    if (end == ATTEMPT_DONE) {
        schedule->hindered_count = 0;
        return 0;
    }
    return clock_mono_us() + back_off_us(schedule->hindered_count++);
}

static int64_t take_page(struct schedule *schedule)
{
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
    for (size_t i = 0; i < count && !lanes_are_stopping(schedule->lanes); i++) {
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
    schedule->job = (struct job){
        .run = run_schedule, .lane = row_of(schedule)->flags & TN_LONG ? LANE_LONG : LANE_SHORT};
    make_name(plugin, row, schedule->name);
    if (lanes_add(lanes, &schedule->job) != TN_OK)
        return err_memory(err, "a timer");
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
