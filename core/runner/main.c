/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - tenon-runner: a plugin in a process of its own. The host starts it with one end of a
 * socketpair (PROTOCOL_CONTROL_FD), and sends it the others; nobody else does.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/runner/program.h"

/* What the names that the host sends may take. */
#define ARENA_SIZE ((size_t)1024 * 1024)

static tn_status take_channels(struct program *program)
{
    int fds[CHANNEL_FD_MAX];
    unsigned count = 0;

    TRY(channel_receive_fds(PROTOCOL_CONTROL_FD, fds, &count));
    if (count < 2)
        return TN_DATA_LOSS;
    program->control.fd = PROTOCOL_CONTROL_FD;
    program->log.fd = fds[0];
    program->stack_count = count - 1;
    program->stacks = mem_array(struct stack, program->stack_count);
    if (!program->stacks)
        return TN_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < program->stack_count; i++) {
        program->stacks[i].channel.fd = fds[i + 1];
        program->stacks[i].program = program;
    }
    return TN_OK;
}

/* Each of the host's workers has one; the sides are served by the plugin's own threads. */
static tn_status start_threads(struct program *program)
{
    pthread_attr_t how;
    tn_status st = TN_OK;

    pthread_attr_init(&how);
    pthread_attr_setstacksize(&how, PROTOCOL_STACK_SIZE);
    for (uint32_t i = program->side_count; i < program->stack_count && st == TN_OK; i++) {
        pthread_t thread;

        if (pthread_create(&thread, &how, call_serve, &program->stacks[i]) != 0)
            st = TN_RESOURCE_EXHAUSTED;
        else
            (void)pthread_detach(thread); /* until the process ends */
    }
    pthread_attr_destroy(&how);
    return st;
}

static tn_status answer(struct program *program, uint16_t what, tn_status status,
                        const struct buf *why)
{
    const struct channel_head head = {.kind = CHANNEL_DONE, .what = what, .status = status};

    TRY(channel_begin(&program->control_out, &head));
    TRY(buf_add(&program->control_out, why->data, why->len));
    return channel_send(&program->control, &program->control_out);
}

static tn_status open_plugin(struct program *program, struct tn_bytes asked)
{
    CLEANUP(buf_fini) struct buf why = {0};

    enum protocol_open failed = PROTOCOL_MAP;
    tn_status st = load_open(program, asked, &failed, &why);
    if (st == TN_OK) {
        failed = PROTOCOL_MAP;
        st = start_threads(program);
    }
    return answer(program, (uint16_t)failed, st, &why);
}

static tn_status begin_plugin(struct program *program)
{
    const struct buf nothing = {0};
    enum protocol_begin failed = PROTOCOL_LOAD;
    tn_status st = load_begin(program, &failed);

    if (st != TN_OK)
        load_end(program);
    return answer(program, (uint16_t)failed, st, &nothing);
}

static tn_status serve(struct program *program)
{
    struct channel_head head;
    struct tn_bytes body;

    TRY(channel_receive(&program->control, &head, &body));
    if (head.kind != CHANNEL_CALL)
        return TN_DATA_LOSS;
    switch (head.what) {
    case PROTOCOL_OPEN:
        return open_plugin(program, body);
    case PROTOCOL_BEGIN:
        return begin_plugin(program);
    case PROTOCOL_END:
        load_end(program);
        return TN_CANCELLED;
    default:
        return TN_DATA_LOSS;
    }
}

int main(void)
{
    static struct program program;
    tn_status st;

    /* A host that dies takes its runners along, even one that is in a callback for ever. It fails
     * for no signal of that number; a host that died before is seen by its channel. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    program.handle.program = &program;
    arena_init(&program.arena, ARENA_SIZE);
    pthread_mutex_init(&program.mu, NULL);
    pthread_mutex_init(&program.log_mu, NULL);
    st = take_channels(&program);
    if (st != TN_OK)
        (void)fputs("tenon-runner: only tenond starts it\n", stderr);
    while (st == TN_OK)
        st = serve(&program);
    /* The plugin stays mapped, and nothing of it runs after this. */
    _exit(st == TN_CANCELLED ? 0 : 1);
}
