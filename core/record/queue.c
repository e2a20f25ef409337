/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c - what waits for the committer: a queue for each portal, and portals in turns, so that
 * none waits for all that another one writes.
 */
#include "core/base/clock.h"
#include "core/record/state.h"

/*
 * What shares a write while several portals do: a group cannot be left before its end, so that what
 * one portal writes at once is how long the others wait. As many as fill the time of a sync.
 */
#define SHARED_GROUP_MAX 64u
#define SHARED_GROUP_SIZE_MAX ((size_t)128 << 10)
/* How long after the last turn of another portal that is so. */
#define SHARED_US ((int64_t)1000000)

/* A portal whose queue is not empty, behind the others. [mu held] */
static void join_turns(struct records *records, struct portal_state *state)
{
    state->next_in_turn = NULL;
    if (records->turn_last)
        records->turn_last->next_in_turn = state;
    else
        records->turn_first = state;
    records->turn_last = state;
}

void committer_push(struct records *records, struct submission *sub)
{
    struct portal_state *state = sub->state;

    sub->next = NULL;
    if (state->queue_last) {
        state->queue_last->next = sub;
    } else {
        state->queue_first = sub;
        join_turns(records, state);
    }
    state->queue_last = sub;
}

/* Of the portal whose turn it is, which goes behind the others; NULL: nothing waits. [mu held] */
static struct submission *pop_any(struct records *records)
{
    struct portal_state *state = records->turn_first;

    if (!state)
        return NULL;
    struct submission *sub = state->queue_first;
    state->queue_first = sub->next;
    records->turn_first = state->next_in_turn;
    if (!records->turn_first)
        records->turn_last = NULL;
    if (state->queue_first)
        join_turns(records, state);
    else
        state->queue_last = NULL;
    return sub;
}

/* Puts what waits for a turn aside, and gives the first of the others. [mu held] */
static struct submission *pop(struct records *records)
{
    struct submission *sub;

    while ((sub = pop_any(records))) {
        struct portal_state *state = sub->state;

        if (!state->turn || state->turn == sub->txn)
            return sub;
        sub->next = state->set_aside;
        state->set_aside = sub;
        if (sub->txn && sub->txn->deadline_us < records->aside_until_us)
            records->aside_until_us = sub->txn->deadline_us;
    }
    return NULL;
}

/* Whether several portals write, of late. [mu held] */
static bool is_shared(struct records *records, const struct submission *sub, int64_t now_us)
{
    if (records->popped && records->popped != sub->state)
        records->shared_us = now_us;
    records->popped = sub->state;
    return records->shared_us != 0 && now_us - records->shared_us < SHARED_US;
}

struct submission *committer_take(struct records *records)
{
    struct submission *first = NULL;
    struct submission **end = &first;
    const int64_t now_us = clock_mono_us();
    size_t size = 0;
    bool is_full = false;
    struct submission *sub;

    for (size_t count = 1; !is_full && (sub = pop(records)); count++) {
        const bool is_tight = is_shared(records, sub, now_us);

        sub->next = NULL;
        *end = sub;
        end = &sub->next;
        size += sub->txn ? txn_write_size(sub->txn) : 0;
        is_full = !sub->txn || count == COMMITTER_GROUP_MAX ||
                  (is_tight && (count >= SHARED_GROUP_MAX || size >= SHARED_GROUP_SIZE_MAX));
    }
    return first;
}
