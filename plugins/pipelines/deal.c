/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deal.c - what moving through the stages of a pipeline does: to deals, which know probabilities
 * and amounts, and to the records of any type that is marked TN_STAGED.
 */
#include <string.h>

#include "number.h"
#include "pipeline.h"

/* Positions of the same properties on the two kinds of types. */
struct staged_rows {
    uint32_t pipeline;
    uint32_t stage;
    uint32_t entered;
};

static const struct staged_rows deal_rows = {DEAL_PIPELINE, DEAL_STAGE, DEAL_STAGE_DATE};
static const struct staged_rows marked_rows = {STAGED_PIPELINE, STAGED_STAGE, STAGED_DATE};

static bool same(struct tn_str a, struct tn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Sets what it is not yet, so that nothing is written twice. */
static void set_if_other(struct tn_record *record, uint32_t property, struct tn_str text)
{
    if (!same(tn_text(record, property), text))
        tn_set_text(record, property, text);
}

static tn_status no_pipeline(struct tn_call *call, const struct staged_rows *rows)
{
    return tn_core->refuse(call,
                           TN_INVALID_ARGUMENT,
                           rows->pipeline,
                           "pipeline",
                           "There is no pipeline of this name for this type of records.");
}

/* Where a record begins that says no stage: the first one of its pipeline. */
static tn_status first_stage(struct tn_call *call, const struct staged_rows *rows,
                             struct tn_record *record, struct tn_record **ret_stage)
{
    struct tn_str type = tn_records->type_name(record);
    struct tn_str name = tn_text(record, rows->pipeline);
    struct tn_record *stages[STAGE_MAX];
    struct tn_record *pipeline;
    uint32_t count = 0;

    if (name.len == 0)
        name = tn_str(DEFAULT_PIPELINE);
    tn_status st = pipeline_get(call, type, name, &pipeline);
    if (st == TN_NOT_FOUND)
        return no_pipeline(call, rows);
    if (st != TN_OK)
        return st;
    st = pipeline_stages(call, pipeline, stages, &count);
    if (st != TN_OK)
        return st;
    if (count == 0)
        return no_pipeline(call, rows);
    *ret_stage = stages[0];
    return TN_OK;
}

static tn_status named_stage(struct tn_call *call, const struct staged_rows *rows,
                             struct tn_record *record, struct tn_record **ret_stage)
{
    struct tn_str type = tn_records->type_name(record);
    struct tn_record *pipeline;
    tn_status st = pipeline_get_stage(call, type, tn_text(record, rows->stage), ret_stage);

    if (st == TN_NOT_FOUND)
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               rows->stage,
                               "stage",
                               "There is no stage of this name for this type of records.");
    if (st != TN_OK || !tn_has(record, rows->pipeline) ||
        same(tn_text(record, rows->pipeline), tn_text(*ret_stage, STAGE_PIPELINE)))
        return st;
    st = pipeline_get(call, type, tn_text(record, rows->pipeline), &pipeline);
    if (st == TN_NOT_FOUND)
        return no_pipeline(call, rows);
    if (st != TN_OK || same(tn_text(pipeline, PIPELINE_NAME), tn_text(*ret_stage, STAGE_PIPELINE)))
        return st; /* written in other letters, perhaps */
    return tn_core->refuse(call,
                           TN_FAILED_PRECONDITION,
                           rows->stage,
                           "stage_of_pipeline",
                           "The stage belongs to another pipeline than the record's.");
}

/*
 * The stage that the record moves to, with its names and the date of its entry written;
 * `*ret_stage` is NULL where nothing moves.
 */
static tn_status move(struct tn_call *call, const struct staged_rows *rows,
                      const struct tn_record *before, struct tn_record *after,
                      struct tn_record **ret_stage)
{
    struct tn_record *stage = NULL;
    tn_status st;

    *ret_stage = NULL;
    if (before && same(tn_text(before, rows->stage), tn_text(after, rows->stage)) &&
        same(tn_text(before, rows->pipeline), tn_text(after, rows->pipeline)))
        return TN_OK;
    if (tn_has(after, rows->stage))
        st = named_stage(call, rows, after, &stage);
    else if (tn_has(before, rows->stage) &&
             same(tn_text(before, rows->pipeline), tn_text(after, rows->pipeline)))
        st = tn_core->refuse(call,
                             TN_INVALID_ARGUMENT,
                             rows->stage,
                             "required",
                             "What is in a pipeline is always in one of its stages.");
    else
        st = first_stage(call, rows, after, &stage);
    if (st != TN_OK)
        return st;
    set_if_other(after, rows->stage, tn_text(stage, STAGE_NAME));
    set_if_other(after, rows->pipeline, tn_text(stage, STAGE_PIPELINE));
    if (!same(tn_text(before, rows->stage), tn_text(after, rows->stage)))
        tn_set_time(after, rows->entered, tn_core->now(call));
    *ret_stage = stage;
    return TN_OK;
}

static bool same_number(struct tn_value a, struct tn_value b)
{
    return a.kind == b.kind && a.exponent == b.exponent && a.as.integer == b.as.integer;
}

/*
 * The close date of an open deal is when it is expected to close; closing makes it when it did,
 * unless the same write gives another. A deal that comes in closed keeps the date it comes with.
 */
static void date_close(struct tn_call *call, const struct tn_record *before, struct tn_record *deal)
{
    bool is_dated =
        before ? !same_number(tn_read(before, DEAL_CLOSE_DATE), tn_read(deal, DEAL_CLOSE_DATE))
               : true;

    if (!is_dated || !tn_has(deal, DEAL_CLOSE_DATE))
        tn_set_time(deal, DEAL_CLOSE_DATE, tn_core->now(call));
}

static void enter_stage(struct tn_call *call, const struct tn_record *before,
                        struct tn_record *deal, const struct tn_record *stage)
{
    int is_won = tn_is(stage, STAGE_STATE, STATE_WON);
    int is_lost = tn_is(stage, STAGE_STATE, STATE_LOST);
    bool was_so = tn_int(before, DEAL_IS_WON) == is_won && tn_int(before, DEAL_IS_LOST) == is_lost;

    tn_set(deal, DEAL_PROBABILITY, tn_read(stage, STAGE_PROBABILITY));
    tn_set_bool(deal, DEAL_IS_CLOSED, is_won || is_lost);
    tn_set_bool(deal, DEAL_IS_WON, is_won);
    tn_set_bool(deal, DEAL_IS_LOST, is_lost);
    if ((is_won || is_lost) && !was_so)
        date_close(call, before, deal);
}

static tn_status weigh_amount(struct tn_call *call, struct tn_record *deal)
{
    struct tn_value amount = tn_read(deal, DEAL_AMOUNT);
    struct tn_value projected = {TN_NONE, 0, {0}};
    struct tn_value closed = {TN_NONE, 0, {0}};

    if (amount.kind != TN_NONE) {
        if (!number_multiply(amount, tn_read(deal, DEAL_PROBABILITY), &projected))
            return tn_core->refuse(
                call, TN_OUT_OF_RANGE, DEAL_AMOUNT, "range", "The amount is too large.");
        closed = (struct tn_value){TN_NUMBER, 0, {0}};
        if (tn_int(deal, DEAL_IS_WON))
            closed = amount;
    }
    tn_set(deal, DEAL_PROJECTED_AMOUNT, projected);
    tn_set(deal, DEAL_CLOSED_AMOUNT, closed);
    return TN_OK;
}

tn_status deal_changes(struct tn_call *call, const struct tn_record *before,
                       struct tn_record *after)
{
    struct tn_record *stage;

    if (!after)
        return TN_OK;
    tn_status st = move(call, &deal_rows, before, after, &stage);
    if (st != TN_OK)
        return st;
    if (stage)
        enter_stage(call, before, after, stage);
    if (stage || !same_number(tn_read(before, DEAL_AMOUNT), tn_read(after, DEAL_AMOUNT)))
        st = weigh_amount(call, after);
    if (tn_int(before, DEAL_OWNER) != tn_int(after, DEAL_OWNER)) {
        if (tn_has(after, DEAL_OWNER))
            tn_set_time(after, DEAL_OWNER_DATE, tn_core->now(call));
        else
            tn_clear(after, DEAL_OWNER_DATE);
    }
    return st;
}

tn_status staged_changes(struct tn_call *call, const struct tn_record *before,
                         struct tn_record *after)
{
    struct tn_record *stage;

    /* Not every record of such a type is in a pipeline, until it is put into one. */
    if (!after || (!tn_has(after, STAGED_PIPELINE) && !tn_has(after, STAGED_STAGE) &&
                   !tn_has(before, STAGED_STAGE)))
        return TN_OK;
    tn_status st = move(call, &marked_rows, before, after, &stage);
    if (st == TN_OK && stage)
        tn_set_bool(after, STAGED_IS_CLOSED, !tn_is(stage, STAGE_STATE, STATE_OPEN));
    return st;
}
