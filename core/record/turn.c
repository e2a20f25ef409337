/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.c - a transaction that lost too often runs alone in its portal: what others submit meanwhile
 * is set aside. Whoever waits, for a turn or for one to end, waits no longer than its call.
 */
#include "core/base/clock.h"
#include "core/record/state.h"

/* How often a call that waits for its turn asks whether anybody still waits for it. */
#define TURN_LOOK_US ((int64_t)50 * 1000)

bool txn_is_late(const struct txn *txn, int64_t now_us)
{
    return txn->deadline_us < now_us;
}

tn_status txn_refuse_late(struct err *err)
{
    return err_set(err,
                   TN_DEADLINE_EXCEEDED,
                   "The call's time was up before it could be written: it was not.");
}

/* Who waits for a turn to end */

/* Takes those out of `list` whose time is up. */
static struct submission *split_late(struct records *records, struct submission **list,
                                     int64_t now_us)
{
    struct submission *late = NULL;

    while (*list) {
        struct submission *sub = *list;

        if (sub->txn && txn_is_late(sub->txn, now_us)) {
            *list = sub->next;
            sub->next = late;
            late = sub;
            continue;
        }
        if (sub->txn && sub->txn->deadline_us < records->aside_until_us)
            records->aside_until_us = sub->txn->deadline_us;
        list = &sub->next;
    }
    return late;
}

/* Tells those who wait for a turn to end that their time was up first. [mu held] */
void turns_refuse_late(struct records *records)
{
    int64_t now_us = clock_mono_us();
    struct submission *late = NULL;
    struct portal_state *state;

    records->aside_until_us = INT64_MAX;
    for (size_t at = 0; (state = map_next(&records->states, &at, NULL));) {
        struct submission *more = split_late(records, &state->set_aside, now_us);

        while (more) {
            struct submission *next = more->next;

            more->next = late;
            late = more;
            more = next;
        }
    }
    (void)pthread_mutex_unlock(&records->mu);
    while (late) {
        struct submission *next = late->next; /* `done` may free it */
        struct err err;

        err_init(&err, late->txn->language);
        committer_complete(late, txn_refuse_late(&err), &err);
        late = next;
    }
    (void)pthread_mutex_lock(&records->mu);
}

/* Turns */

/* Whether the call goes on; asks now and then, as nobody tells. [mu held] */
static tn_status wait_for_move(struct records *records, struct txn *txn)
{
    int64_t until_us = clock_mono_us() + TURN_LOOK_US;

    records_await(
        &records->moved, &records->mu, txn->deadline_us < until_us ? txn->deadline_us : until_us);
    return txn_state(txn);
}

tn_status committer_take_turn(struct records *records, struct portal_state *state, struct txn *txn,
                              struct err *err)
{
    tn_status st = TN_OK;

    (void)pthread_mutex_lock(&records->mu);
    while (state->turn && st == TN_OK)
        st = wait_for_move(records, txn);
    if (st == TN_OK) {
        state->turn = txn;
        txn->has_turn = true;
    }
    /* What is being committed now belongs before the turn's snapshot. */
    uint64_t batch = records->batch_count;
    while (st == TN_OK && records->is_committing && records->batch_count == batch)
        st = wait_for_move(records, txn);
    (void)pthread_mutex_unlock(&records->mu);
    if (st == TN_DEADLINE_EXCEEDED)
        return txn_refuse_late(err);
    return st == TN_OK ? TN_OK : err_set(err, st, "The call was given up.");
}

void committer_end_turn(struct records *records, struct portal_state *state, const struct txn *txn)
{
    (void)pthread_mutex_lock(&records->mu);
    if (state->turn == txn) {
        struct submission *aside = state->set_aside;
        struct submission *in_order = NULL;

        state->turn = NULL;
        state->set_aside = NULL;
        while (aside) { /* newest first: turn it round */
            struct submission *next = aside->next;

            aside->next = in_order;
            in_order = aside;
            aside = next;
        }
        while (in_order) {
            struct submission *next = in_order->next;

            committer_push(records, in_order);
            in_order = next;
        }
        (void)pthread_cond_signal(&records->submitted);
        (void)pthread_cond_broadcast(&records->moved);
    }
    (void)pthread_mutex_unlock(&records->mu);
}
