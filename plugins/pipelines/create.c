/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - Pipelines/Create: a pipeline with stages of its own, or from a template. */
#include <string.h>
#include <strings.h>

#include "message.h"
#include "number.h"

static tn_status invalid(struct tn_call *call, uint32_t property, const char *rule,
                         const char *text)
{
    return tn_core->refuse(call, TN_INVALID_ARGUMENT, property, rule, text);
}

/* The purposes and states are options; NULL: another text. */
static const char *option_of(const char *text, const char *const *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, options[i]) == 0)
            return options[i];
    return NULL;
}

/* Sums weighted by probability count what is won whole and what is lost not at all. */
static bool fits_state(const char *state, struct tn_value probability)
{
    if (strcmp(state, STATE_WON) == 0)
        return number_is_one(probability);
    return strcmp(state, STATE_LOST) != 0 || probability.as.integer == 0;
}

static tn_status check_stage(struct tn_call *call, const char *type, const StageMessage *from,
                             struct stage_wish *ret_wish)
{
    static const char *const states[] = {STATE_OPEN, STATE_WON, STATE_LOST, STATE_CLOSED};
    const size_t state_count = strcmp(type, DEALS) == 0 ? 3 : 4;
    const Tenon__Records__V1__Decimal *probability = from->probability;
    struct stage_wish wish = {.name = tn_str(from->name),
                              .label = tn_str(from->label[0] ? from->label : from->name),
                              .state = STATE_OPEN,
                              .probability = {TN_NUMBER, 0, {0}}};

    if (!pipeline_is_name(wish.name))
        return invalid(call,
                       STAGE_NAME,
                       "name",
                       "A name is made of letters, digits, '_' and '-', 100 at most.");
    if (from->state[0])
        wish.state = option_of(from->state, states, state_count);
    if (!wish.state)
        return invalid(call,
                       STAGE_STATE,
                       "option",
                       "A stage is OPEN, WON or LOST; of other records than deals, CLOSED too.");
    if (probability)
        wish.probability =
            (struct tn_value){TN_NUMBER, probability->exponent, {probability->mantissa}};
    else if (strcmp(wish.state, STATE_WON) == 0)
        wish.probability.as.integer = 1;
    if (!number_is_probability(wish.probability))
        return invalid(call, STAGE_PROBABILITY, "range", "A probability is from 0 to 1.");
    if (!fits_state(wish.state, wish.probability))
        return invalid(
            call, STAGE_PROBABILITY, "state", "What is won has the probability 1, what is lost 0.");
    *ret_wish = wish;
    return TN_OK;
}

static tn_status check_stages(struct tn_call *call, const PipelineMessage *from,
                              struct stage_wish *stages)
{
    struct tn_str type = tn_str(from->type);

    for (size_t i = 0; i < from->n_stages; i++) {
        struct tn_record *taken;
        tn_status st = check_stage(call, from->type, from->stages[i], &stages[i]);

        for (size_t j = 0; st == TN_OK && j < i; j++)
            if (strcasecmp(from->stages[j]->name, from->stages[i]->name) == 0) /* as their keys */
                st = invalid(call, STAGE_NAME, "unique", "Two stages have one name.");
        if (st != TN_OK)
            return st;
        st = pipeline_get_stage(call, type, stages[i].name, &taken);
        if (st == TN_OK)
            return tn_core->refuse(call,
                                   TN_ALREADY_EXISTS,
                                   STAGE_NAME,
                                   "unique",
                                   "Another stage of this type of records has this name.");
        if (st != TN_NOT_FOUND)
            return st;
    }
    return TN_OK;
}

static tn_status make_own(struct tn_call *call, const PipelineMessage *from,
                          struct tn_record **ret_pipeline)
{
    static const char *const purposes[] = {"sales", "customer", "recruiting", "project"};
    struct stage_wish stages[STAGE_MAX];
    struct pipeline_wish wish = {.type = tn_str(from->type),
                                 .name = tn_str(from->name),
                                 .label = tn_str(from->label[0] ? from->label : from->name),
                                 .purpose = "sales",
                                 .stages = stages,
                                 .stage_count = (uint32_t)from->n_stages};

    if (from->n_stages == 0)
        return invalid(
            call, UINT32_MAX, "stages", "A pipeline needs stages, or a template that has them.");
    if (from->n_stages > STAGE_MAX)
        return invalid(call, UINT32_MAX, "stages", "A pipeline has at most 100 stages.");
    if (from->purpose[0])
        wish.purpose = option_of(from->purpose, purposes, sizeof(purposes) / sizeof(purposes[0]));
    if (!wish.purpose)
        return invalid(call,
                       PIPELINE_PURPOSE,
                       "option",
                       "A purpose is sales, customer, recruiting or project.");
    tn_status st = check_stages(call, from, stages);
    return st == TN_OK ? pipeline_make(call, &wish, ret_pipeline) : st;
}

static tn_status make_from_template(struct tn_call *call, const PipelineMessage *from,
                                    const char *name, struct tn_record **ret_pipeline)
{
    const struct template *template = template_find(tn_str(name));

    if (!template)
        return invalid(
            call, UINT32_MAX, "template", "The templates are native, agency, journey and leads.");
    if (from->n_stages > 0)
        return invalid(
            call, UINT32_MAX, "template", "Give either the stages or a template, not both.");
    return pipeline_make_template(
        call, template, tn_str(from->type), tn_str(from->name), tn_str(from->label), ret_pipeline);
}

static tn_status check_names(struct tn_call *call, const PipelineMessage *from)
{
    struct tn_record *taken;

    if (!from)
        return invalid(call, UINT32_MAX, "required", "The pipeline is missing.");
    if (!pipeline_is_name(tn_str(from->type)))
        return invalid(call, PIPELINE_TYPE, "name", "This is not the name of a type of records.");
    if (!pipeline_is_name(tn_str(from->name)))
        return invalid(call,
                       PIPELINE_NAME,
                       "name",
                       "A name is made of letters, digits, '_' and '-', 100 at most.");
    tn_status st = pipeline_get(call, tn_str(from->type), tn_str(from->name), &taken);
    if (st == TN_OK)
        return tn_core->refuse(call,
                               TN_ALREADY_EXISTS,
                               PIPELINE_NAME,
                               "unique",
                               "Another pipeline of this type of records has this name.");
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status create(struct tn_call *call, const Tenon__Pipelines__V1__CreateRequest *asked,
                        struct tn_record *response)
{
    Tenon__Pipelines__V1__CreateResponse answer = TENON__PIPELINES__V1__CREATE_RESPONSE__INIT;
    struct tn_record *pipeline = NULL;
    tn_status st = check_names(call, asked->pipeline);

    if (st == TN_OK && asked->template_[0])
        st = make_from_template(call, asked->pipeline, asked->template_, &pipeline);
    else if (st == TN_OK)
        st = make_own(call, asked->pipeline, &pipeline);
    if (st != TN_OK)
        return st;
    answer.pipeline = message_pipeline(call, pipeline);
    if (!answer.pipeline)
        return tn_core->status(call);
    st = message_answer(call, response, &answer.base);
    tenon__pipelines__v1__pipeline__free_unpacked(answer.pipeline, NULL);
    return st;
}

tn_status serve_create(struct tn_call *call, const struct tn_record *request,
                       struct tn_record *response)
{
    Tenon__Pipelines__V1__CreateRequest *asked =
        message_unpack(call, request, &tenon__pipelines__v1__create_request__descriptor);

    if (!asked)
        return tn_core->status(call);
    tn_status st = create(call, asked, response);
    tenon__pipelines__v1__create_request__free_unpacked(asked, NULL);
    return st;
}
