/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - Pipelines/Get, List and Board. */
#include <stdlib.h>
#include <string.h>

#include "message.h"

/* The pipeline of a request, the default one of no name. */
static tn_status find_pipeline(struct tn_call *call, const char *type, const char *name,
                               struct tn_record **ret_pipeline)
{
    tn_status st =
        pipeline_get(call, tn_str(type), tn_str(name[0] ? name : DEFAULT_PIPELINE), ret_pipeline);

    if (st != TN_NOT_FOUND)
        return st;
    return tn_core->refuse(call,
                           TN_NOT_FOUND,
                           PIPELINE_NAME,
                           "pipeline",
                           "There is no pipeline of this name for this type of records.");
}

tn_status serve_get(struct tn_call *call, const struct tn_record *request,
                    struct tn_record *response)
{
    Tenon__Pipelines__V1__GetResponse answer = TENON__PIPELINES__V1__GET_RESPONSE__INIT;
    Tenon__Pipelines__V1__GetRequest *asked =
        message_unpack(call, request, &tenon__pipelines__v1__get_request__descriptor);
    struct tn_record *pipeline = NULL;

    if (!asked)
        return tn_core->status(call);
    tn_status st = find_pipeline(call, asked->type, asked->name, &pipeline);
    tenon__pipelines__v1__get_request__free_unpacked(asked, NULL);
    if (st != TN_OK)
        return st;
    answer.pipeline = message_pipeline(call, pipeline);
    if (!answer.pipeline)
        return tn_core->status(call);
    st = message_answer(call, response, &answer.base);
    tenon__pipelines__v1__pipeline__free_unpacked(answer.pipeline, NULL);
    return st;
}

/* List */

/* Ids of the pipelines of a type (empty: of all), oldest first. */
static tn_status find_ids(struct tn_call *call, struct tn_str type, tn_id *ret_ids,
                          uint32_t *ret_count)
{
    struct tn_value value = {TN_TEXT, 0, {0}};
    struct tn_filter filter = {PIPELINE_TYPE, TN_EQ, 0, 1, &value};
    struct tn_found *found = NULL;
    const struct tn_record *record = NULL;
    uint32_t count = 0;

    value.as.text = type;
    tn_status st =
        tn_records->find(call, PIPELINE, &filter, type.len > 0, TN_BY_ID, PIPELINE_MAX, &found);
    if (st != TN_OK)
        return st;
    while ((st = tn_records->next(found, &record)) == TN_OK && record && count < PIPELINE_MAX)
        ret_ids[count++] = tn_id_of(record);
    tn_records->close(found);
    *ret_count = count;
    return st;
}

/*
 * The default pipeline of deals is there for whoever asks; made in this call, it is not found by a
 * query yet.
 */
static tn_status add_default(struct tn_call *call, struct tn_str type, tn_id *ids, uint32_t *count)
{
    struct tn_record *pipeline = NULL;

    if (type.len > 0 && (type.len != strlen(DEALS) || memcmp(type.data, DEALS, type.len) != 0))
        return TN_OK;
    tn_status st = pipeline_get(call, tn_str(DEALS), tn_str(DEFAULT_PIPELINE), &pipeline);
    if (st != TN_OK)
        return st;
    for (uint32_t i = 0; i < *count; i++)
        if (ids[i] == tn_id_of(pipeline))
            return TN_OK;
    if (*count < PIPELINE_MAX)
        ids[(*count)++] = tn_id_of(pipeline);
    return TN_OK;
}

static tn_status add_pipelines(struct tn_call *call, const tn_id *ids, uint32_t count,
                               Tenon__Pipelines__V1__ListResponse *answer)
{
    for (uint32_t i = 0; i < count; i++) {
        struct tn_record *pipeline = tn_get(call, PIPELINE, ids[i]);
        PipelineMessage *message = pipeline ? message_pipeline(call, pipeline) : NULL;

        if (message)
            answer->pipelines[answer->n_pipelines++] = message;
        else if (tn_core->status(call) != TN_OK)
            return tn_core->status(call);
    }
    return TN_OK;
}

tn_status serve_list(struct tn_call *call, const struct tn_record *request,
                     struct tn_record *response)
{
    Tenon__Pipelines__V1__ListRequest *asked =
        message_unpack(call, request, &tenon__pipelines__v1__list_request__descriptor);

    if (!asked)
        return tn_core->status(call);
    Tenon__Pipelines__V1__ListResponse *answer = malloc(sizeof(*answer));
    tn_id ids[PIPELINE_MAX];
    uint32_t count = 0;

    if (answer)
        tenon__pipelines__v1__list_response__init(answer);
    tn_status st = find_ids(call, tn_str(asked->type), ids, &count);
    if (st == TN_OK)
        st = add_default(call, tn_str(asked->type), ids, &count);
    if (st == TN_OK && answer)
        answer->pipelines = malloc((count + 1) * sizeof(PipelineMessage *));
    if (st == TN_OK && (!answer || !answer->pipelines))
        st = message_no_memory(call);
    if (st == TN_OK)
        st = add_pipelines(call, ids, count, answer);
    if (st == TN_OK)
        st = message_answer(call, response, &answer->base);
    tenon__pipelines__v1__list_response__free_unpacked(answer, NULL);
    tenon__pipelines__v1__list_request__free_unpacked(asked, NULL);
    return st;
}

/* Board */

enum { TOTAL_COUNT, TOTAL_AMOUNT, TOTAL_PROJECTED, TOTALS };

static tn_status read_totals(struct tn_call *call, const struct tn_record *stage, uint64_t owner,
                             struct tn_value totals[TOTALS])
{
    struct tn_value group[] = {{TN_TEXT, 0, {0}}, {TN_TEXT, 0, {0}}, {TN_REF, 0, {(int64_t)owner}}};

    group[0].as.text = tn_text(stage, STAGE_PIPELINE);
    group[1].as.text = tn_text(stage, STAGE_NAME);
    return tn_records->total(
        call, owner ? DEALS_BY_STAGE_AND_OWNER : DEALS_BY_STAGE, group, totals, TOTALS);
}

static tn_status add_column(struct tn_call *call, const struct tn_record *stage, uint64_t owner,
                            Tenon__Pipelines__V1__BoardResponse *answer)
{
    Tenon__Pipelines__V1__BoardColumn *column;
    struct tn_value totals[TOTALS];
    tn_status st = read_totals(call, stage, owner, totals);

    if (st != TN_OK)
        return st;
    column = malloc(sizeof(*column));
    if (!column)
        return message_no_memory(call);
    tenon__pipelines__v1__board_column__init(column);
    answer->columns[answer->n_columns++] = column; /* which frees it from here on */
    column->count = (uint64_t)tn_integer(totals[TOTAL_COUNT]);
    column->sum = message_decimal(totals[TOTAL_AMOUNT]);
    column->weighted_sum = message_decimal(totals[TOTAL_PROJECTED]);
    column->stage = message_stage(call, stage);
    if (!column->sum || !column->weighted_sum || !column->stage)
        return message_no_memory(call);
    return TN_OK;
}

static tn_status fill_board(struct tn_call *call, const Tenon__Pipelines__V1__BoardRequest *asked,
                            Tenon__Pipelines__V1__BoardResponse *answer)
{
    struct tn_record *stages[STAGE_MAX];
    struct tn_record *pipeline = NULL;
    uint32_t count = 0;

    if (strcmp(asked->type, DEALS) != 0)
        return tn_core->refuse(call,
                               TN_FAILED_PRECONDITION,
                               PIPELINE_TYPE,
                               "no_totals",
                               "Only the pipelines of deals keep counts and sums.");
    tn_status st = find_pipeline(call, asked->type, asked->name, &pipeline);
    if (st == TN_OK)
        st = pipeline_stages(call, pipeline, stages, &count);
    if (st != TN_OK)
        return st;
    answer->columns = malloc((count + 1) * sizeof(*answer->columns));
    if (!answer->columns)
        return message_no_memory(call);
    for (uint32_t i = 0; i < count && st == TN_OK; i++)
        st = add_column(call, stages[i], asked->owner, answer);
    return st;
}

tn_status serve_board(struct tn_call *call, const struct tn_record *request,
                      struct tn_record *response)
{
    Tenon__Pipelines__V1__BoardRequest *asked =
        message_unpack(call, request, &tenon__pipelines__v1__board_request__descriptor);

    if (!asked)
        return tn_core->status(call);
    Tenon__Pipelines__V1__BoardResponse *answer = malloc(sizeof(*answer));
    tn_status st = TN_OK;

    if (answer)
        tenon__pipelines__v1__board_response__init(answer);
    else
        st = message_no_memory(call);
    if (st == TN_OK)
        st = fill_board(call, asked, answer);
    if (st == TN_OK)
        st = message_answer(call, response, &answer->base);
    tenon__pipelines__v1__board_response__free_unpacked(answer, NULL);
    tenon__pipelines__v1__board_request__free_unpacked(asked, NULL);
    return st;
}
