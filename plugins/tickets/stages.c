/* SPDX-License-Identifier: Apache-2.0 */
/* stages.c - the default pipeline, and moving on the desk's behalf. */
#include "stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/pipelines/v1/pipelines.pb-c.h>

/* "tickets/" and a name of 100 at most; longer ones are nobody's. */
#define KEY_SIZE 128

typedef Tenon__Pipelines__V1__Stage StageMessage;

struct default_stage {
    const char *name;
    const char *english;
    const char *french;
    const char *state;
    const char *waits_on; /* NULL: neither */
};

/* As integrators know them. */
static const struct default_stage default_stages[] = {
    {"1", "New", "Nouveau", "OPEN", NULL},
    {"2", "Waiting on contact", "En attente du contact", "OPEN", WAITS_ON_CUSTOMER},
    {"3", "Waiting on us", "En attente de notre part", "OPEN", WAITS_ON_US},
    {"4", "Closed", "Fermé", "CLOSED", NULL},
};
#define DEFAULT_COUNT (sizeof(default_stages) / sizeof(default_stages[0]))

static tn_status find(struct tn_call *call, uint32_t key, struct tn_str name,
                      struct tn_record **ret_record)
{
    char buffer[KEY_SIZE];
    struct tn_value value = {TN_TEXT, 0, {0}};
    int len = snprintf(buffer, sizeof(buffer), TICKETS "/%.*s", (int)name.len, name.data);

    if (len < 0 || (size_t)len >= sizeof(buffer))
        return TN_NOT_FOUND;
    value.as.text = (struct tn_str){buffer, (size_t)len};
    return tn_records->get_by(call, key, &value, ret_record);
}

/* The default pipeline */

static bool is_french(struct tn_call *call)
{
    struct tn_str language = tn_core->asked(call, TN_ASKED_PORTAL_LANGUAGE);

    return language.len >= 2 && memcmp(language.data, "fr", 2) == 0;
}

/* protobuf-c wants char *, and reads it only. */
static char *borrow(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static tn_status pack(struct tn_record *request, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(len);

    if (!bytes)
        return TN_RESOURCE_EXHAUSTED;
    protobuf_c_message_pack(message, bytes);
    tn_set_body(request, bytes, len);
    free(bytes);
    return TN_OK;
}

static tn_status ask_for_pipeline(struct tn_call *call)
{
    Tenon__Pipelines__V1__CreateRequest asked = TENON__PIPELINES__V1__CREATE_REQUEST__INIT;
    Tenon__Pipelines__V1__Pipeline pipeline = TENON__PIPELINES__V1__PIPELINE__INIT;
    StageMessage stages[DEFAULT_COUNT];
    StageMessage *list[DEFAULT_COUNT];
    const struct tn_record *response = NULL;
    struct tn_record *request = tn_request(call, CREATE_PIPELINE);
    bool french = is_french(call);

    for (size_t i = 0; i < DEFAULT_COUNT; i++) {
        const struct default_stage *stage = &default_stages[i];

        tenon__pipelines__v1__stage__init(&stages[i]);
        stages[i].name = borrow(stage->name);
        stages[i].label = borrow(french ? stage->french : stage->english);
        stages[i].state = borrow(stage->state);
        list[i] = &stages[i];
    }
    pipeline.name = borrow(DEFAULT_PIPELINE);
    pipeline.type = borrow(TICKETS);
    pipeline.label = borrow(french ? "Pipeline d'assistance" : "Support pipeline");
    pipeline.purpose = borrow("customer");
    pipeline.stages = list;
    pipeline.n_stages = DEFAULT_COUNT;
    asked.pipeline = &pipeline;
    if (!request || pack(request, &asked.base) != TN_OK)
        return tn_core->refuse(
            call, TN_RESOURCE_EXHAUSTED, UINT32_MAX, "memory", "Memory is out for tickets.");
    return tn_invoke(request, &response);
}

static tn_status make_default(struct tn_call *call)
{
    tn_status st = ask_for_pipeline(call);

    for (size_t i = 0; st == TN_OK && i < DEFAULT_COUNT; i++) {
        struct tn_record *stage;

        if (!default_stages[i].waits_on)
            continue;
        st = find(call, STAGE_KEY, tn_str(default_stages[i].name), &stage);
        if (st == TN_OK)
            tn_set_choice(stage, STAGE_WAITS_ON, default_stages[i].waits_on);
    }
    return st;
}

static bool is_default_stage(const struct tn_record *ticket)
{
    for (size_t i = 0; i < DEFAULT_COUNT; i++)
        if (tn_is(ticket, STAGED_STAGE, default_stages[i].name))
            return true;
    return false;
}

tn_status stages_prepare(struct tn_call *call, struct tn_record *ticket)
{
    bool says_pipeline = tn_has(ticket, STAGED_PIPELINE);
    bool says_stage = tn_has(ticket, STAGED_STAGE);
    struct tn_record *pipeline;

    if (!says_pipeline && !says_stage)
        tn_set_text(ticket, STAGED_PIPELINE, tn_str(DEFAULT_PIPELINE));
    else if (!tn_is(ticket, STAGED_PIPELINE, DEFAULT_PIPELINE) &&
             (says_pipeline || !is_default_stage(ticket)))
        return TN_OK;
    tn_status st = find(call, PIPELINE_KEY, tn_str(DEFAULT_PIPELINE), &pipeline);
    return st == TN_NOT_FOUND ? make_default(call) : st;
}

tn_status stages_check_pipeline(struct tn_call *call, struct tn_str name)
{
    struct tn_record *pipeline;

    if (name.len == strlen(DEFAULT_PIPELINE) && memcmp(name.data, DEFAULT_PIPELINE, name.len) == 0)
        return TN_OK;
    return find(call, PIPELINE_KEY, name, &pipeline);
}

/* Stages */

tn_status stages_of(struct tn_call *call, const struct tn_record *ticket,
                    struct tn_record **ret_stage)
{
    return find(call, STAGE_KEY, tn_text(ticket, STAGED_STAGE), ret_stage);
}

static bool fits(const struct tn_record *stage, enum stage_wish wish)
{
    bool is_open = tn_is(stage, STAGE_STATE, STATE_OPEN);

    switch (wish) {
    case STAGE_OPEN:
        return is_open;
    case STAGE_CLOSED:
        return !is_open;
    case STAGE_ON_CUSTOMER:
        return is_open && tn_is(stage, STAGE_WAITS_ON, WAITS_ON_CUSTOMER);
    default:
        return is_open && tn_is(stage, STAGE_WAITS_ON, WAITS_ON_US);
    }
}

static tn_status read_stages(struct tn_call *call, const struct tn_record *ticket,
                             struct tn_record **stages, uint32_t *ret_count)
{
    tn_id ids[STAGE_MAX];
    uint32_t count = 0;
    struct tn_record *pipeline;
    tn_status st = find(call, PIPELINE_KEY, tn_text(ticket, STAGED_PIPELINE), &pipeline);

    if (st == TN_OK)
        st = tn_records->linked(pipeline, PIPELINE_TO_STAGE, ids, STAGE_MAX, &count);
    if (st != TN_OK)
        return st;
    *ret_count = count < STAGE_MAX ? count : STAGE_MAX;
    return tn_records->get_all(call, STAGE, ids, *ret_count, stages);
}

tn_status stages_move(struct tn_call *call, struct tn_record *ticket, enum stage_wish wish)
{
    struct tn_record *stages[STAGE_MAX];
    const struct tn_record *first = NULL;
    uint32_t count = 0;
    tn_status st = read_stages(call, ticket, stages, &count);

    if (st != TN_OK)
        return st;
    for (uint32_t i = 0; i < count; i++)
        if (stages[i] && fits(stages[i], wish) &&
            (!first || tn_int(stages[i], STAGE_ORDER) < tn_int(first, STAGE_ORDER)))
            first = stages[i];
    if (!first)
        return TN_NOT_FOUND;
    tn_set_text(ticket, STAGED_STAGE, tn_text(first, STAGE_NAME));
    return tn_core->status(call);
}
