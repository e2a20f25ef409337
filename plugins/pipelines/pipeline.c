/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline.c - finding and making pipelines and their stages. */
#include "pipeline.h"

#include <stdio.h>
#include <string.h>

#define KEY_SIZE (2 * NAME_LEN_MAX + 2)

static struct tn_value text_value(struct tn_str text)
{
    struct tn_value value = {TN_TEXT, 0, {0}};

    value.as.text = text;
    return value;
}

static bool is_str(struct tn_str text, const char *other)
{
    return text.len == strlen(other) && memcmp(text.data, other, text.len) == 0;
}

bool pipeline_is_name(struct tn_str name)
{
    if (name.len == 0 || name.len > NAME_LEN_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-')
            return false;
    }
    return true;
}

/* False: the names are too long to be those of anything. */
static bool make_key(char key[KEY_SIZE], struct tn_str type, struct tn_str name,
                     struct tn_str *ret_key)
{
    if (type.len > NAME_LEN_MAX || name.len > NAME_LEN_MAX)
        return false;
    memcpy(key, type.data, type.len);
    key[type.len] = '/';
    memcpy(key + type.len + 1, name.data, name.len);
    *ret_key = (struct tn_str){key, type.len + 1 + name.len};
    return true;
}

static tn_status find(struct tn_call *call, uint32_t key_property, struct tn_str type,
                      struct tn_str name, struct tn_record **ret_record)
{
    char buffer[KEY_SIZE];
    struct tn_str key;

    if (!make_key(buffer, type, name, &key))
        return TN_NOT_FOUND;
    struct tn_value value = text_value(key);
    return tn_records->get_by(call, key_property, &value, ret_record);
}

/* Made when it is first needed, inside the transaction that needs it: two at once conflict on the
 * key, and the second runs again. */
static tn_status make_default(struct tn_call *call, struct tn_record **ret_pipeline)
{
    return pipeline_make_template(call,
                                  template_find(tn_str("native")),
                                  tn_str(DEALS),
                                  tn_str(DEFAULT_PIPELINE),
                                  tn_str(""),
                                  ret_pipeline);
}

tn_status pipeline_get(struct tn_call *call, struct tn_str type, struct tn_str name,
                       struct tn_record **ret_pipeline)
{
    tn_status st = find(call, PIPELINE_KEY, type, name, ret_pipeline);

    if (st == TN_NOT_FOUND && is_str(type, DEALS) && is_str(name, DEFAULT_PIPELINE))
        return make_default(call, ret_pipeline);
    return st;
}

tn_status pipeline_get_stage(struct tn_call *call, struct tn_str type, struct tn_str name,
                             struct tn_record **ret_stage)
{
    struct tn_record *pipeline;
    tn_status st = find(call, STAGE_KEY, type, name, ret_stage);

    if (st != TN_NOT_FOUND || !is_str(type, DEALS))
        return st;
    /* It may be a stage of the default pipeline, which is not there before it is needed. */
    if (find(call, PIPELINE_KEY, type, tn_str(DEFAULT_PIPELINE), &pipeline) != TN_NOT_FOUND)
        return TN_NOT_FOUND;
    st = make_default(call, &pipeline);
    return st == TN_OK ? find(call, STAGE_KEY, type, name, ret_stage) : st;
}

static void sort_stages(struct tn_record **stages, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct tn_record *stage = stages[i];
        int64_t order = tn_int(stage, STAGE_ORDER);
        uint32_t j = i;

        for (; j > 0 && tn_int(stages[j - 1], STAGE_ORDER) > order; j--)
            stages[j] = stages[j - 1];
        stages[j] = stage;
    }
}

tn_status pipeline_stages(struct tn_call *call, struct tn_record *pipeline,
                          struct tn_record **ret_stages, uint32_t *ret_count)
{
    tn_id ids[STAGE_MAX];
    uint32_t count = 0;
    uint32_t live = 0;
    tn_status st = tn_records->linked(pipeline, PIPELINE_TO_STAGE, ids, STAGE_MAX, &count);

    if (st != TN_OK)
        return st;
    if (count > STAGE_MAX)
        count = STAGE_MAX;
    st = tn_records->get_all(call, STAGE, ids, count, ret_stages);
    if (st != TN_OK)
        return st;
    for (uint32_t i = 0; i < count; i++)
        if (ret_stages[i])
            ret_stages[live++] = ret_stages[i];
    sort_stages(ret_stages, live);
    *ret_count = live;
    return TN_OK;
}

static tn_status make_stage(struct tn_call *call, const struct pipeline_wish *pipeline,
                            uint32_t order, struct tn_record **ret_stage)
{
    const struct stage_wish *wish = &pipeline->stages[order];
    struct tn_record *stage = tn_create(call, STAGE);
    char buffer[KEY_SIZE];
    struct tn_str key;

    if (!stage || !make_key(buffer, pipeline->type, wish->name, &key))
        return TN_RESOURCE_EXHAUSTED; /* of create; the names were checked */
    tn_set_text(stage, STAGE_KEY, key);
    tn_set_text(stage, STAGE_TYPE, pipeline->type);
    tn_set_text(stage, STAGE_PIPELINE, pipeline->name);
    tn_set_text(stage, STAGE_NAME, wish->name);
    tn_set_text(stage, STAGE_LABEL, wish->label);
    tn_set_choice(stage, STAGE_STATE, wish->state);
    tn_set(stage, STAGE_PROBABILITY, wish->probability);
    tn_set_number(stage, STAGE_ORDER, order, 0);
    *ret_stage = stage;
    return tn_core->status(call);
}

tn_status pipeline_make(struct tn_call *call, const struct pipeline_wish *wish,
                        struct tn_record **ret_pipeline)
{
    struct tn_record *pipeline = tn_create(call, PIPELINE);
    char buffer[KEY_SIZE];
    struct tn_str key;

    if (!pipeline || !make_key(buffer, wish->type, wish->name, &key))
        return TN_RESOURCE_EXHAUSTED; /* of create; the names were checked */
    tn_set_text(pipeline, PIPELINE_KEY, key);
    tn_set_text(pipeline, PIPELINE_TYPE, wish->type);
    tn_set_text(pipeline, PIPELINE_NAME, wish->name);
    tn_set_text(pipeline, PIPELINE_LABEL, wish->label);
    tn_set_choice(pipeline, PIPELINE_PURPOSE, wish->purpose);
    for (uint32_t i = 0; i < wish->stage_count; i++) {
        struct tn_record *stage;
        tn_status st = make_stage(call, wish, i, &stage);

        if (st != TN_OK)
            return st;
        tn_link(pipeline, PIPELINE_TO_STAGE, tn_id_of(stage));
    }
    *ret_pipeline = pipeline;
    return tn_core->status(call);
}

/* The stage's own name, or one after the pipeline where another one has that. */
static tn_status free_name(struct tn_call *call, struct tn_str type, struct tn_str pipeline,
                           const char *name, char buffer[KEY_SIZE], struct tn_str *ret_name)
{
    struct tn_record *taken;
    tn_status st = find(call, STAGE_KEY, type, tn_str(name), &taken);

    if (st == TN_OK)
        (void)snprintf(
            buffer, KEY_SIZE, "%.*s_%s", (int)pipeline.len, pipeline.data, name); /* cut */
    else if (st == TN_NOT_FOUND)
        (void)snprintf(buffer, KEY_SIZE, "%s", name);
    else
        return st;
    *ret_name = tn_str(buffer);
    if (pipeline_is_name(*ret_name))
        return TN_OK;
    return tn_core->refuse(call,
                           TN_INVALID_ARGUMENT,
                           UINT32_MAX,
                           "too_long",
                           "The pipeline's name is too long to name its stages after it.");
}

tn_status pipeline_make_template(struct tn_call *call, const struct template *template,
                                 struct tn_str type, struct tn_str name, struct tn_str label,
                                 struct tn_record **ret_pipeline)
{
    struct tn_str language = tn_core->asked(call, TN_ASKED_PORTAL_LANGUAGE);
    struct stage_wish stages[STAGE_MAX];
    char names[STAGE_MAX][KEY_SIZE];
    struct pipeline_wish wish = {.type = type,
                                 .name = name,
                                 .label = label,
                                 .purpose = "sales",
                                 .stages = stages,
                                 .stage_count = template->stage_count};

    if (wish.label.len == 0)
        wish.label = tn_str(template_text(language, template->english, template->french));
    for (uint32_t i = 0; i < template->stage_count; i++) {
        const struct template_stage *stage = &template->stages[i];
        tn_status st = free_name(call, type, name, stage->name, names[i], &stages[i].name);

        if (st != TN_OK)
            return st;
        stages[i].label = tn_str(template_text(language, stage->english, stage->french));
        stages[i].state = stage->state;
        stages[i].probability = (struct tn_value){TN_NUMBER, -1, {stage->tenths}};
    }
    return pipeline_make(call, &wish, ret_pipeline);
}

static bool is_keyed(const struct tn_record *record)
{
    return tn_has(record,
                  is_str(tn_records->type_name(record), PIPELINES) ? PIPELINE_KEY : STAGE_KEY);
}

/* Records stand in stages, so neither goes away under them. */
tn_status pipeline_changes(struct tn_call *call, const struct tn_record *before,
                           struct tn_record *after)
{
    if (after && !before && !is_keyed(after))
        return tn_core->refuse(call,
                               TN_INVALID_ARGUMENT,
                               UINT32_MAX,
                               "made",
                               "Pipelines and their stages are made by Pipelines/Create.");
    if (after)
        return TN_OK;
    return tn_core->refuse(call,
                           TN_FAILED_PRECONDITION,
                           UINT32_MAX,
                           "kept",
                           "Pipelines and their stages are kept: records may stand in them.");
}
