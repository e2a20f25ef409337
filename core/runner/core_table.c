/* SPDX-License-Identifier: Apache-2.0 */
/* core_table.c - tenon.core/1 in a runner. */
#include <string.h>

#include "core/runner/program.h"

/* As PLUGIN_MESSAGE_SIZE_MAX: the host refuses longer ones. */
#define BODY_SIZE_MAX ((size_t)4 * 1024 * 1024)

static void *core_self(const struct tn_call *call)
{
    return call->program->self;
}

/* Calls are lent to plugins as constant, and are ours to change. */
static struct tn_call *own(const struct tn_call *call)
{
    return (struct tn_call *)(uintptr_t)call;
}

static struct tn_str core_asked(const struct tn_call *lent, uint32_t what)
{
    struct tn_call *call = own(lent);
    struct pack operation;
    struct unpack answer;

    if (what >= ASKED_COUNT)
        return (struct tn_str){"", 0};
    if (call->has_asked[what])
        return call->asked[what];
    operation = call_operation(call, PROTOCOL_ASKED);
    pack_u32(&operation, what);
    if (call_ask(call, &operation, &answer) != TN_OK)
        return (struct tn_str){"", 0};
    call->asked[what] = unpack_str(&answer);
    call->has_asked[what] = true;
    return call->asked[what];
}

static tn_time core_now(const struct tn_call *call)
{
    return call->now;
}

/* An operation without arguments whose answer is its status. */
static tn_status ask_plainly(struct tn_call *call, enum protocol_function function)
{
    struct pack operation = call_operation(call, function);
    struct unpack answer;

    return call_ask(call, &operation, &answer);
}

static tn_status core_status(const struct tn_call *call)
{
    return ask_plainly(own(call), PROTOCOL_STATUS);
}

static tn_status core_refuse(struct tn_call *call, tn_status status, uint32_t property,
                             const char *rule, const char *text)
{
    struct pack operation = call_operation(call, PROTOCOL_REFUSE);
    struct unpack answer;

    pack_u32(&operation, (uint32_t)status);
    pack_u32(&operation, property);
    pack_str(&operation, (struct tn_str){rule, strlen(rule)});
    pack_str(&operation, (struct tn_str){text, strlen(text)});
    if (status <= TN_OK || status > TN_UNAUTHENTICATED)
        return call_ask(call, &operation, &answer);
    TRY(call_later(call, &operation));
    return status;
}

static tn_status core_setting(struct tn_call *call, uint32_t setting, struct tn_value *ret_value)
{
    struct pack operation = call_operation(call, PROTOCOL_SETTING);
    struct unpack answer;

    pack_u32(&operation, setting);
    TRY(call_ask(call, &operation, &answer));
    *ret_value = unpack_value(&answer);
    return TN_OK;
}

static uint32_t core_granted(struct tn_call *call, uint32_t feature)
{
    struct pack operation = call_operation(call, PROTOCOL_GRANTED);
    struct unpack answer;

    pack_u32(&operation, feature);
    return call_ask(call, &operation, &answer) == TN_OK ? unpack_u32(&answer) : 0;
}

/* Without a call: by the channel that is for it. */
static void log_aside(struct program *program, uint32_t level, struct tn_str text)
{
    const struct channel_head head = {.kind = CHANNEL_ASK};
    struct channel_head answer;
    struct tn_bytes body;

    pthread_mutex_lock(&program->log_mu);
    struct pack out = {.out = &program->log_out,
                       .is_full = channel_begin(&program->log_out, &head) != TN_OK};
    pack_u16(&out, PROTOCOL_LOG);
    pack_u32(&out, level);
    pack_str(&out, text);
    if (!out.is_full && (channel_send(&program->log, &program->log_out) != TN_OK ||
                         channel_receive(&program->log, &answer, &body) != TN_OK))
        call_host_is_gone();
    pthread_mutex_unlock(&program->log_mu);
}

static void core_log(const struct tn_host *host, const struct tn_call *call, uint32_t level,
                     struct tn_str text)
{
    struct unpack answer;

    if (!call) {
        log_aside(host->program, level, text);
        return;
    }
    struct pack operation = call_operation(own(call), PROTOCOL_LOG);
    pack_u32(&operation, level);
    pack_str(&operation, text);
    (void)call_ask(own(call), &operation, &answer); /* a line that is lost fails nothing */
}

static tn_status core_zone(struct tn_call *call, struct tn_str name, tn_time at,
                           struct tn_zone_span *ret_span)
{
    struct pack operation = call_operation(call, PROTOCOL_ZONE);
    struct unpack answer;

    pack_str(&operation, name);
    pack_i64(&operation, at);
    TRY(call_ask(call, &operation, &answer));
    *ret_span = (struct tn_zone_span){0};
    ret_span->from = unpack_i64(&answer);
    ret_span->until = unpack_i64(&answer);
    ret_span->offset_s = (int32_t)unpack_u32(&answer);
    return TN_OK;
}

static tn_status core_commit(struct tn_call *call)
{
    tn_status st = ask_plainly(call, PROTOCOL_COMMIT);

    call->epoch++;
    call->link_epoch++;
    return st;
}

static tn_status core_send(struct tn_call *call, const struct tn_record *response)
{
    struct pack operation = call_operation(call, PROTOCOL_SEND);
    struct unpack answer;

    pack_u32(&operation, response->handle);
    return call_ask(call, &operation, &answer);
}

static bool is_encoded(const struct tn_record *message)
{
    const struct tn_plugin *rows = message->call->program->rows;

    return message->seen == PROTOCOL_SEEN_MESSAGE && message->type_row < rows->types.count &&
           rows->types.items[message->type_row].flags & TN_ENCODED;
}

static tn_status core_body(const struct tn_record *message, struct tn_bytes *ret_body)
{
    struct pack operation;
    struct unpack answer;

    if (is_encoded(message) && message->has_body) {
        *ret_body = message->body;
        return TN_OK;
    }
    operation = call_operation(message->call, PROTOCOL_BODY);
    pack_u32(&operation, message->handle);
    TRY(call_ask(message->call, &operation, &answer));
    *ret_body = unpack_bytes(&answer);
    return TN_OK;
}

/* The host checks the bytes, and fails the call if they are no such message. */
static tn_status core_set_body(struct tn_record *message, struct tn_bytes body)
{
    struct pack operation = call_operation(message->call, PROTOCOL_SET_BODY);
    struct unpack answer;

    pack_u32(&operation, message->handle);
    pack_bytes(&operation, body);
    message->has_body = false;
    if (is_encoded(message) && body.len <= BODY_SIZE_MAX)
        return call_later(message->call, &operation);
    return call_ask(message->call, &operation, &answer);
}

static tn_status core_hold(struct tn_call *call)
{
    return ask_plainly(call, PROTOCOL_HOLD);
}

/* Calls of the plugin's own threads */

static struct stack *take_side(struct program *program)
{
    struct stack *side = NULL;

    pthread_mutex_lock(&program->mu);
    for (uint32_t i = 0; i < program->side_count && !side; i++)
        if (!program->stacks[i].is_used)
            side = &program->stacks[i];
    if (side)
        side->is_used = true;
    pthread_mutex_unlock(&program->mu);
    return side;
}

static void give_side(struct stack *side)
{
    pthread_mutex_lock(&side->program->mu);
    side->is_used = false;
    pthread_mutex_unlock(&side->program->mu);
}

static tn_status core_enter(const struct tn_host *host, struct tn_str portal,
                            struct tn_call **ret_call)
{
    struct stack *side = take_side(host->program);
    struct unpack answer;

    if (!side)
        return TN_RESOURCE_EXHAUSTED;
    struct tn_call *call = call_open(side, 1);
    tn_status st = TN_RESOURCE_EXHAUSTED;
    if (call) {
        struct pack operation = call_operation(call, PROTOCOL_ENTER);

        pack_str(&operation, portal);
        st = call_ask(call, &operation, &answer);
    }
    if (st != TN_OK) {
        give_side(side);
        return st;
    }
    call->now = unpack_i64(&answer);
    *ret_call = call;
    return TN_OK;
}

static tn_status core_finish(struct tn_call *call, tn_status status)
{
    struct stack *side = call->stack;
    struct unpack answer;

    if (call->broken != TN_OK)
        status = call->broken;
    struct pack operation = call_operation(call, PROTOCOL_FINISH);
    pack_u32(&operation, (uint32_t)status);
    status = call_ask(call, &operation, &answer);
    if (side - side->program->stacks < side->program->side_count) {
        query_end(call);
        give_side(side);
    }
    return status;
}

const struct tn_core_v1 runner_core_table = {
    .struct_size = sizeof(struct tn_core_v1),
    .self = core_self,
    .asked = core_asked,
    .now = core_now,
    .status = core_status,
    .refuse = core_refuse,
    .setting = core_setting,
    .granted = core_granted,
    .log = core_log,
    .commit = core_commit,
    .send = core_send,
    .body = core_body,
    .set_body = core_set_body,
    .hold = core_hold,
    .enter = core_enter,
    .finish = core_finish,
    .zone = core_zone,
};
