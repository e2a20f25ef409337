/* SPDX-License-Identifier: Apache-2.0 */
/* runner_call.c - one callback that runs in a runner: sent, asked by, done. */
#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/plugin/runner_impl.h"
#include "core/record/txn.h"

/* Waiting */

/* Whether the innermost call of a lane waits on for its runner. */
static bool waits(void *ctx)
{
    const struct lane *lane = ctx;
    const struct runner_call *rc = lane->top;
    const struct plugin_runner_limits *limits = &rc->call->plugin->host->options.runner_limits;
    const int64_t spent_us = rc->spent_us + clock_mono_us() - rc->waits_since_us;

    if (spent_us <= rc->limit_us)
        return true;
    /* A caller in a hurry does not end the process under other calls. */
    return rc->has_deadline && spent_us <= limits->call_us &&
           txn_state(rc->call->txn) != TN_DEADLINE_EXCEEDED;
}

/* Handles */

void runner_call_init(struct runner_call *rc, struct lane *lane, struct tn_call *call)
{
    *rc = (struct runner_call){.call = call,
                               .lane = lane,
                               .outer = lane->top,
                               .depth = lane->top ? lane->top->depth + 1 : 1,
                               .out = lane->spare};
    lane->spare = (struct buf){0};
    lane->top = rc;
    lane->channel.waits = waits;
    lane->channel.ctx = lane;
}

void runner_call_fini(struct runner_call *rc)
{
    struct lane *lane = rc->lane;

    assert(lane->top == rc);
    lane->top = rc->outer;
    if (lane->spare.cap == 0)
        lane->spare = rc->out;
    else
        buf_fini(&rc->out);
    mem_free(rc->handles);
}

static bool make_room(struct runner_call *rc)
{
    const uint32_t room = rc->handle_room ? rc->handle_room * 2 : 16;

    if (rc->handle_count < rc->handle_room)
        return true;
    if (room > RUNNER_HANDLE_MAX)
        return false;
    struct handle *handles = mem_resize(rc->handles, room, sizeof(*handles));
    if (!handles)
        return false;
    rc->handles = handles;
    rc->handle_room = room;
    return true;
}

uint32_t runner_call_handle(struct runner_call *rc, enum handle_kind kind, void *what)
{
    struct tn_record *record = kind == HANDLE_RECORD ? what : NULL;

    if (record && record->handle)
        return record->handle;
    if (!make_room(rc))
        return 0;
    rc->handles[rc->handle_count++] = (struct handle){.kind = kind, .what = what};
    if (record)
        record->handle = rc->handle_count;
    return rc->handle_count;
}

/* Frames */

/* What a call that waits no longer was given: a limit, or its caller's deadline. */
static int64_t given_us(const struct runner_call *rc)
{
    const struct plugin_runner_limits *limits = &rc->call->plugin->host->options.runner_limits;
    const int64_t spent_us = rc->spent_us + clock_mono_us() - rc->waits_since_us;

    if (!rc->has_deadline)
        return rc->limit_us;
    return spent_us > limits->call_us ? limits->call_us : spent_us;
}

/* Ends a process that cannot be spoken with any more. */
static tn_status give_up(struct runner_call *rc, tn_status status)
{
    struct runner_process *process = rc->lane->process;

    if (status == TN_DEADLINE_EXCEEDED)
        runner_process_kill(process, END_LATE, (int)(given_us(rc->lane->top) / 1000), NULL);
    else if (status != TN_UNAVAILABLE)
        runner_process_kill(process, END_GARBLED, 0, NULL);
    return status;
}

tn_status runner_call_send(struct runner_call *rc)
{
    rc->lane->top->waits_since_us = clock_mono_us();
    tn_status st = channel_send(&rc->lane->channel, &rc->out);
    return st == TN_OK ? TN_OK : give_up(rc, st);
}

tn_status runner_call_receive(struct runner_call *rc, struct channel_head *ret_head,
                              struct tn_bytes *ret_body)
{
    /* The clock still runs from when it was sent to. */
    tn_status st = channel_receive(&rc->lane->channel, ret_head, ret_body);

    if (st != TN_OK)
        return give_up(rc, st);
    rc->spent_us += clock_mono_us() - rc->waits_since_us;
    return TN_OK;
}

/* The call that a frame is about: an outer one's record may be asked for in an inner callback. */
static struct runner_call *find_depth(struct runner_call *rc, uint32_t depth)
{
    while (rc && rc->depth != depth)
        rc = rc->outer;
    return rc;
}

/* Serves what the callback asks until it is done; `ret_status` is what it returned. */
static tn_status serve(struct runner_call *rc, tn_status *ret_status)
{
    for (;;) {
        struct channel_head head;
        struct tn_bytes body;

        TRY(runner_call_receive(rc, &head, &body));
        struct runner_call *about = find_depth(rc, head.depth);
        const bool is_done = head.kind == CHANNEL_DONE && about == rc;
        if (!about || (head.kind != CHANNEL_ASK && !is_done))
            return give_up(rc, TN_DATA_LOSS);
        if (body.len > 0 || !is_done) {
            tn_status st = runner_ask_run(about, body);

            if (st != TN_OK)
                return give_up(rc, st);
        }
        if (is_done) {
            *ret_status = head.status;
            return TN_OK;
        }
        TRY(runner_call_send(about));
    }
}

/* Lanes */

/* With runner->mu held: the lane that this thread has, else a free one. */
static struct lane *pick_lane(struct runner_process *process)
{
    struct lane *free_lane = NULL;

    for (unsigned i = process->side_count; i < process->lane_count; i++) {
        struct lane *lane = &process->lanes[i];

        if (lane->is_busy && pthread_equal(lane->owner, pthread_self()))
            return lane;
        if (!lane->is_busy && !free_lane)
            free_lane = lane;
    }
    return free_lane;
}

static tn_status is_down(const struct runner *runner, struct err *err)
{
    const int64_t left_us = runner->retry_at_us - clock_mono_us();

    if (err && runner->state == RUNNER_DOWN && left_us > 0)
        err->retry_after_us = left_us;
    if (runner->end.kind != END_NOT)
        return end_say(runner->plugin, &runner->end, err);
    return err_set(
        err, TN_UNAVAILABLE, "The plugin %s is being started.", runner->plugin->rows->id);
}

static tn_status no_lane(const struct runner *runner, struct err *err)
{
    return err_set(err,
                   TN_UNAVAILABLE,
                   "The plugin %s has more calls to answer than it can take.",
                   runner->plugin->rows->id);
}

static tn_status take_lane(struct runner *runner, struct lane **ret_lane, struct err *err)
{
    const int64_t give_up_us =
        clock_mono_us() + runner->plugin->host->options.runner_limits.hook_us;
    const struct timespec until = {.tv_sec = give_up_us / 1000000,
                                   .tv_nsec = give_up_us % 1000000 * 1000};
    struct lane *lane = NULL;
    tn_status st = TN_OK;

    pthread_mutex_lock(&runner->mu);
    while (runner->state == RUNNER_SERVING && !(lane = pick_lane(runner->process)) && st == TN_OK)
        if (pthread_cond_timedwait(&runner->changed, &runner->mu, &until) != 0)
            st = TN_DEADLINE_EXCEEDED;
    if (lane) {
        if (!lane->is_busy)
            runner_process_ref(lane->process);
        lane->is_busy = true;
        lane->owner = pthread_self();
        st = TN_OK;
    } else {
        st = runner->state == RUNNER_SERVING ? no_lane(runner, err) : is_down(runner, err);
    }
    pthread_mutex_unlock(&runner->mu);
    if (st == TN_OK)
        *ret_lane = lane;
    return st;
}

static void give_lane(struct runner *runner, struct lane *lane)
{
    if (lane->top)
        return; /* an outer call goes on with it */
    pthread_mutex_lock(&runner->mu);
    lane->is_busy = false;
    pthread_cond_broadcast(&runner->changed);
    pthread_mutex_unlock(&runner->mu);
    runner_process_unref(lane->process);
}

/* Callbacks */

static tn_status fail_down(struct tn_call *call, tn_status status)
{
    call->is_down = true;
    return call_fail(call, status);
}

/* One callback, and what travels with it. */
struct callback {
    enum protocol_callback what;
    uint32_t row;
    const struct tn_record *first; /* before, request, or the timer's record */
    const struct tn_record *second;
    struct tn_record *linked;         /* whose links travel, those of `with`; NULL: none */
    const struct tn_index_list *with; /* NULL: what the first refers to travels, if it says so */
    tn_time due;
    struct tn_value *progress; /* of a migration; NULL: it is none */
    int64_t limit_us;
    bool has_deadline;
};

static struct pack pack_callback(struct runner_call *rc, const struct callback *callback)
{
    const struct channel_head head = {
        .kind = CHANNEL_CALL, .what = (uint16_t)callback->what, .depth = rc->depth};
    struct pack out = {.out = &rc->out, .is_full = channel_begin(&rc->out, &head) != TN_OK};

    pack_u32(&out, callback->row);
    pack_i64(&out, txn_now(rc->call->txn));
    view_pack(rc, &out, callback->first);
    view_pack(rc, &out, callback->second);
    if (callback->with)
        view_pack_linked(rc, &out, callback->linked, callback->with);
    else
        view_pack_references(rc, &out, callback->first);
    pack_i64(&out, callback->due);
    if (callback->progress)
        pack_value(&out, callback->progress);
    return out;
}

/* Sends what was packed, and serves it to its end. */
static tn_status run(struct runner_call *rc, const struct pack *out, struct err *err)
{
    tn_status returned = TN_OK;

    if (out->is_full || rc->out.len > CHANNEL_BODY_MAX)
        return call_fail(rc->call, err_memory(err, "a call"));
    tn_status st = runner_call_send(rc);
    if (st == TN_OK)
        st = serve(rc, &returned);
    if (st == TN_OK)
        return returned;
    const struct end end = runner_process_end(rc->lane->process);
    return fail_down(rc->call, end_say(rc->call->plugin, &end, err));
}

static tn_status too_deep(const struct plugin *plugin, struct err *err)
{
    return err_set(err,
                   TN_RESOURCE_EXHAUSTED,
                   "Calls into the plugin %s nest more than %u deep.",
                   plugin->rows->id,
                   PROTOCOL_DEPTH_MAX);
}

static tn_status enter(struct runner *runner, struct tn_call *call, const struct callback *callback)
{
    struct runner_call rc;
    struct lane *lane;
    tn_status st = take_lane(runner, &lane, call->err);

    if (st != TN_OK)
        return fail_down(call, st);
    runner_call_init(&rc, lane, call);
    rc.limit_us = callback->limit_us;
    rc.has_deadline = callback->has_deadline;
    rc.progress = callback->progress;
    if (rc.depth > PROTOCOL_DEPTH_MAX) {
        st = call_fail(call, too_deep(call->plugin, call->err));
    } else {
        const struct pack out = pack_callback(&rc, callback);

        st = run(&rc, &out, call->err);
    }
    runner_call_fini(&rc);
    give_lane(runner, lane);
    return st;
}

tn_status runner_hook(struct runner *runner, struct tn_call *call, const struct tn_hook *row,
                      const struct tn_record *before, struct tn_record *after)
{
    const struct plugin *plugin = call->plugin;

    return enter(runner,
                 call,
                 &(struct callback){.what = PROTOCOL_HOOK,
                                    .row = (uint32_t)(row - plugin->rows->hooks.items),
                                    .first = before,
                                    .second = after,
                                    .linked = after,
                                    .with = &row->with,
                                    .limit_us = plugin->host->options.runner_limits.hook_us});
}

/* The record as it is now, which a consumer whose `with` names links would look at. */
static struct tn_record *find_live(struct tn_call *call, const struct tn_consumer *row,
                                   const struct tn_record *past)
{
    struct tn_record *live = NULL;

    if (row->with.count == 0 || !past || row->type >= call->plugin->rows->types.count)
        return NULL;
    /* Not there any more, or the call is marked. */
    return plugin_records_table.get(call, row->type, past->id, &live) == TN_OK ? live : NULL;
}

tn_status runner_consumer(struct runner *runner, struct tn_call *call,
                          const struct tn_consumer *row, const struct tn_record *before,
                          const struct tn_record *after)
{
    const struct plugin *plugin = call->plugin;

    return enter(runner,
                 call,
                 &(struct callback){.what = PROTOCOL_CONSUMER,
                                    .row = (uint32_t)(row - plugin->rows->consumers.items),
                                    .first = before,
                                    .second = after,
                                    .linked = find_live(call, row, after),
                                    .with = &row->with,
                                    .limit_us = plugin_limit_us(plugin, row->flags)});
}

tn_status runner_timer(struct runner *runner, struct tn_call *call, const struct tn_timer *row,
                       struct tn_record *record, tn_time due)
{
    static const struct tn_index_list none = {0};
    const struct plugin *plugin = call->plugin;

    return enter(runner,
                 call,
                 &(struct callback){.what = PROTOCOL_TIMER_DUE,
                                    .row = (uint32_t)(row - plugin->rows->timers.items),
                                    .first = record,
                                    .with = &none,
                                    .due = due,
                                    .limit_us = plugin_limit_us(plugin, row->flags)});
}

tn_status runner_method(struct runner *runner, struct tn_call *call, const struct tn_method *row,
                        struct tn_record *request, struct tn_record *response)
{
    const struct plugin *plugin = call->plugin;

    return enter(runner,
                 call,
                 &(struct callback){.what = PROTOCOL_METHOD,
                                    .row = (uint32_t)(row - plugin->rows->methods.items),
                                    .first = request,
                                    .second = response,
                                    .limit_us = plugin->host->options.runner_limits.hook_us,
                                    .has_deadline = true});
}

tn_status runner_migrate(struct runner *runner, struct tn_call *call, uint32_t from,
                         struct tn_value *progress)
{
    static const struct tn_index_list none = {0};
    const struct plugin *plugin = call->plugin;

    return enter(runner,
                 call,
                 &(struct callback){.what = PROTOCOL_MIGRATE,
                                    .row = from,
                                    .with = &none,
                                    .progress = progress,
                                    .limit_us = plugin_limit_us(plugin, TN_LONG)});
}
