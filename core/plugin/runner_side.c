/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner_side.c - what comes from a runner without having been called: its log, and the calls that
 * threads of the plugin's own enter.
 */
#include <string.h>

#include "core/plugin/runner_impl.h"

/* One that a runner sends on such a channel, or nothing that makes sense. */
static bool is_ask(const struct channel_head *head, const struct tn_bytes *body)
{
    return head->kind == CHANNEL_ASK && body->len >= sizeof(uint16_t);
}

static tn_status answer(struct channel *channel, struct buf *out, tn_status status, int64_t now)
{
    const struct channel_head head = {.kind = CHANNEL_ANSWER, .status = status};
    struct pack pack = {.out = out, .is_full = channel_begin(out, &head) != TN_OK};

    if (status == TN_OK)
        pack_i64(&pack, now);
    return pack.is_full ? TN_RESOURCE_EXHAUSTED : channel_send(channel, out);
}

/* Log */

static tn_status take_line(struct runner_process *process)
{
    struct plugin *plugin = process->runner->plugin;
    struct channel_head head;
    struct tn_bytes body;

    TRY(channel_receive(&process->log, &head, &body));
    if (!is_ask(&head, &body))
        return TN_DATA_LOSS;
    struct unpack in = unpack_of(body);
    const uint16_t function = unpack_u16(&in);
    const uint32_t level = unpack_u32(&in);
    const struct tn_str text = unpack_str(&in);

    if (function != PROTOCOL_LOG || in.is_cut)
        return TN_DATA_LOSS;
    plugin_core_table.log(&plugin->handle, NULL, level, text);
    return answer(&process->log, &process->log_out, TN_OK, 0);
}

void side_take_log(struct runner_process *process)
{
    tn_status st = take_line(process);

    if (st == TN_UNAVAILABLE)
        (void)runner_process_end(process); /* the keeper buries it when it sees its end */
    else if (st != TN_OK)
        runner_process_kill(process, END_GARBLED, 0, NULL);
}

/* Calls of the plugin's own threads */

static tn_status enter(struct runner_call *rc, struct tn_bytes body)
{
    struct plugin *plugin = rc->lane->process->runner->plugin;
    struct unpack in = unpack_of(body);
    const uint16_t function = unpack_u16(&in);
    const struct tn_str portal = unpack_str(&in);
    struct tn_call *call = NULL;

    if (function != PROTOCOL_ENTER || in.is_cut || unpack_left(&in) > 0)
        return TN_DATA_LOSS;
    tn_status st = plugin_core_table.enter(&plugin->handle, portal, &call);
    if (st == TN_OK)
        rc->call = call;
    return answer(&rc->lane->channel, &rc->out, st, st == TN_OK ? plugin_core_table.now(call) : 0);
}

/* Ends the call that is entered, and with it what the runner knew of it. */
static tn_status finish(struct runner_call *rc, tn_status status)
{
    struct tn_call *call = TAKE(rc->call);

    rc->handle_count = 0;
    return plugin_core_table.finish(call, status);
}

/* Whether the last operation of the body is the end of the call; what is before it, then. */
static bool is_finish(struct tn_bytes *body, tn_status *ret_status)
{
    const size_t len = sizeof(uint16_t) + sizeof(uint32_t);

    if (body->len < len)
        return false;
    struct unpack in = unpack_of((struct tn_bytes){body->data + body->len - len, len});
    if (unpack_u16(&in) != PROTOCOL_FINISH)
        return false;
    *ret_status = (tn_status)unpack_u32(&in);
    body->len -= len;
    return true;
}

static tn_status serve_one(struct runner_call *rc)
{
    struct channel *channel = &rc->lane->channel;
    struct channel_head head;
    struct tn_bytes body;
    tn_status status;

    TRY(channel_receive(channel, &head, &body));
    if (!is_ask(&head, &body))
        return TN_DATA_LOSS;
    if (!rc->call)
        return enter(rc, body);
    if (head.what == PROTOCOL_FINISH && is_finish(&body, &status)) {
        if (body.len > 0)
            TRY(runner_ask_run(rc, body));
        return answer(channel, &rc->out, finish(rc, status), 0);
    }
    TRY(runner_ask_run(rc, body));
    return channel_send(channel, &rc->out);
}

/* [any] the thread of one lane */
static void *serve_side(void *ctx)
{
    struct lane *lane = ctx;
    struct runner_call rc;
    tn_status st = TN_OK;

    runner_call_init(&rc, lane, NULL);
    lane->channel.waits = NULL;
    while (st == TN_OK)
        st = serve_one(&rc);
    if (st != TN_UNAVAILABLE)
        runner_process_kill(lane->process, END_GARBLED, 0, NULL);
    if (rc.call)
        (void)finish(&rc, TN_UNAVAILABLE); /* drops what it wrote */
    runner_call_fini(&rc);
    return NULL;
}

tn_status sides_start(struct runner_process *process)
{
    for (; process->side_started < process->side_count; process->side_started++)
        if (pthread_create(&process->sides[process->side_started],
                           NULL,
                           serve_side,
                           &process->lanes[process->side_started]) != 0)
            return TN_RESOURCE_EXHAUSTED;
    return TN_OK;
}

void sides_join(struct runner_process *process)
{
    for (unsigned i = 0; i < process->side_started; i++)
        (void)pthread_join(process->sides[i], NULL); /* was created, and is joined once */
    process->side_started = 0;
}
