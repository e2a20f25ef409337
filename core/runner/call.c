/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - callbacks that the host asks for, and what they ask the host. */
#include <string.h>
#include <unistd.h>

#include "core/runner/program.h"

/* What one call may keep of what travelled. */
#define CALL_ARENA_SIZE ((size_t)1024 * 1024 * 1024)
/* Operations that wait; past it they are sent ahead of time. */
#define OPERATIONS_SIZE_MAX ((size_t)1024 * 1024)

_Noreturn void call_host_is_gone(void)
{
    _exit(0);
}

tn_status call_break(struct tn_call *call)
{
    call->broken = TN_RESOURCE_EXHAUSTED;
    return call->broken;
}

static tn_status begin_frame(struct tn_call *call)
{
    const struct channel_head head = {.kind = CHANNEL_ASK, .depth = call->depth};

    return channel_begin(&call->out, &head);
}

static void reset(struct tn_call *call)
{
    map_clear(&call->records);
    map_clear(&call->handles);
    arena_reset(&call->arena);
    memset(call->has_asked, 0, sizeof(call->has_asked));
    call->is_read_only = false;
    call->broken = TN_OK;
    call->epoch = 1;
    call->link_epoch = 1;
}

struct tn_call *call_open(struct stack *stack, uint32_t depth)
{
    struct tn_call *call = stack->calls[depth - 1];

    if (!call) {
        call = mem_new(struct tn_call);
        if (!call)
            return NULL;
        call->program = stack->program;
        call->stack = stack;
        call->depth = depth;
        arena_init(&call->arena, CALL_ARENA_SIZE);
        stack->calls[depth - 1] = call;
    }
    reset(call);
    return begin_frame(call) == TN_OK ? call : NULL;
}

/* Sending */

struct pack call_operation(struct tn_call *call, enum protocol_function function)
{
    struct pack operation = {.out = &call->out};

    call->function = (uint16_t)function;
    pack_u16(&operation, (uint16_t)function);
    return operation;
}

static tn_status send_frame(struct tn_call *call, const struct channel_head *head)
{
    memcpy(call->out.data, head, CHANNEL_HEAD_SIZE);
    tn_status st = channel_send(&call->stack->channel, &call->out);
    if (st == TN_RESOURCE_EXHAUSTED)
        return call_break(call);
    if (st != TN_OK)
        call_host_is_gone();
    return TN_OK;
}

static void run_call(struct stack *stack, const struct channel_head *head, struct tn_bytes body);

/* The answer's body, lent by the channel. */
static tn_status wait_for_answer(struct tn_call *call, struct tn_bytes *ret_body)
{
    struct channel_head head;

    for (;;) {
        if (channel_receive(&call->stack->channel, &head, ret_body) != TN_OK)
            call_host_is_gone();
        if (head.kind == CHANNEL_ANSWER)
            return head.status;
        run_call(call->stack, &head, *ret_body);
    }
}

static tn_status exchange(struct tn_call *call, const struct pack *operation,
                          struct tn_bytes *ret_body)
{
    const struct channel_head head = {
        .kind = CHANNEL_ASK, .what = call->function, .depth = call->depth};

    if (operation->is_full)
        return call_break(call);
    TRY(send_frame(call, &head));
    tn_status st = wait_for_answer(call, ret_body);
    return begin_frame(call) == TN_OK ? st : call_break(call);
}

tn_status call_later(struct tn_call *call, struct pack *operation)
{
    struct tn_bytes body;

    if (operation->is_full)
        return call_break(call);
    if (call->out.len > OPERATIONS_SIZE_MAX)
        return exchange(call, operation, &body);
    return TN_OK;
}

tn_status call_ask(struct tn_call *call, struct pack *operation, struct unpack *ret_answer)
{
    struct tn_bytes body;

    TRY(exchange(call, operation, &body));
    const char *copy = arena_copy(&call->arena, body.data, body.len);
    if (!copy)
        return call_break(call);
    *ret_answer = unpack_of((struct tn_bytes){(const uint8_t *)copy, body.len});
    return TN_OK;
}

tn_status call_ask_into(struct tn_call *call, struct pack *operation, struct buf *room,
                        struct unpack *ret_answer)
{
    struct tn_bytes body;

    TRY(exchange(call, operation, &body));
    buf_clear(room);
    if (buf_add(room, body.data, body.len) != TN_OK)
        return call_break(call);
    *ret_answer = unpack_of(buf_bytes(room));
    return TN_OK;
}

tn_status call_ask_lent(struct tn_call *call, struct pack *operation, struct unpack *ret_answer)
{
    struct tn_bytes body;

    TRY(exchange(call, operation, &body));
    *ret_answer = unpack_of(body);
    return TN_OK;
}

/* Callbacks */

/* One callback as the host sent it. */
struct callback {
    uint16_t what; /* enum protocol_callback */
    uint32_t row;
    struct tn_record *first;
    struct tn_record *second;
    tn_time due;
    struct tn_value progress; /* of a migration */
};

static void take_callback(struct tn_call *call, struct unpack *in, struct callback *callback)
{
    callback->row = unpack_u32(in);
    call->now = unpack_i64(in);
    callback->first = record_take(call, in);
    callback->second = record_take(call, in);
    record_take_luggage(call, in);
    callback->due = unpack_i64(in);
    if (callback->what == PROTOCOL_MIGRATE)
        callback->progress = unpack_value(in);
    if (in->is_cut)
        call_host_is_gone();
}

/* What came of the step goes with the frame that ends the call. */
static tn_status run_migration(struct tn_call *call, const struct callback *callback)
{
    const struct program *program = call->program;
    struct tn_value progress = callback->progress;
    tn_status st =
        MAPPED(program, tn_migrate_fn, program->rows->migrate)(call, callback->row, &progress);

    if (st != TN_OK)
        return st;
    struct pack operation = call_operation(call, PROTOCOL_PROGRESS);
    pack_value(&operation, &progress);
    return call_later(call, &operation);
}

static tn_status run_callback(struct tn_call *call, const struct callback *callback)
{
    const struct program *program = call->program;
    const struct tn_plugin *rows = program->rows;
    const uint32_t row = callback->row;

    if (callback->what == PROTOCOL_HOOK && row < rows->hooks.count)
        return MAPPED(program, tn_hook_fn, rows->hooks.items[row].run)(
            call, callback->first, callback->second);
    if (callback->what == PROTOCOL_CONSUMER && row < rows->consumers.count)
        return MAPPED(program, tn_consumer_fn, rows->consumers.items[row].run)(
            call, callback->first, callback->second);
    if (callback->what == PROTOCOL_TIMER_DUE && row < rows->timers.count)
        return MAPPED(program, tn_timer_fn, rows->timers.items[row].run)(
            call, callback->first, callback->due);
    if (callback->what == PROTOCOL_MIGRATE && rows->migrate)
        return run_migration(call, callback);
    if (callback->what != PROTOCOL_METHOD || row >= rows->methods.count)
        call_host_is_gone();
    call->is_read_only = (rows->methods.items[row].flags & TN_READS) != 0;
    return MAPPED(program, tn_method_fn, rows->methods.items[row].run)(
        call, callback->first, callback->second);
}

static void run_call(struct stack *stack, const struct channel_head *head, struct tn_bytes body)
{
    struct channel_head done = {.kind = CHANNEL_DONE, .depth = head->depth};

    if (head->kind != CHANNEL_CALL || head->depth == 0 || head->depth > PROTOCOL_DEPTH_MAX)
        call_host_is_gone();
    struct tn_call *call = call_open(stack, head->depth);
    const char *copy = call ? arena_copy(&call->arena, body.data, body.len) : NULL;
    if (!copy)
        _exit(1); /* without memory for a call there is no use in waiting for more of them */
    struct unpack in = unpack_of((struct tn_bytes){(const uint8_t *)copy, body.len});
    struct callback callback = {.what = head->what};
    take_callback(call, &in, &callback);
    if (call->broken == TN_OK)
        done.status = run_callback(call, &callback);
    query_end(call);
    if (call->broken != TN_OK)
        done.status = call->broken;
    if (send_frame(call, &done) == TN_OK)
        return;
    /* Too much for a frame: without it. */
    done.status = call->broken;
    if (begin_frame(call) != TN_OK || send_frame(call, &done) != TN_OK)
        _exit(1);
}

void *call_serve(void *ctx)
{
    struct stack *stack = ctx;
    struct channel_head head;
    struct tn_bytes body;

    for (;;) {
        if (channel_receive(&stack->channel, &head, &body) != TN_OK)
            call_host_is_gone();
        run_call(stack, &head, body);
    }
}
