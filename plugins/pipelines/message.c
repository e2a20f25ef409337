/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - records to messages. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

/* Two bytes can ask for a message of some sixty and a pointer, so this bounds memory to 50 MiB. A
 * pipeline with all its stages and long labels has far less. */
#define REQUEST_SIZE_MAX ((size_t)1024 * 1024)

tn_status message_no_memory(struct tn_call *call)
{
    return tn_core->refuse(
        call, TN_RESOURCE_EXHAUSTED, UINT32_MAX, "memory", "Memory is out for pipelines.");
}

void *message_unpack(struct tn_call *call, const struct tn_record *request,
                     const ProtobufCMessageDescriptor *type)
{
    struct tn_bytes body = tn_body(request);

    if (body.len > REQUEST_SIZE_MAX) {
        (void)tn_core->refuse(call,
                              TN_RESOURCE_EXHAUSTED,
                              UINT32_MAX,
                              "too_large",
                              "A request about pipelines has at most 1 MiB.");
        return NULL;
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, body.len, body.data);
    if (!message)
        (void)tn_core->refuse(call,
                              TN_INVALID_ARGUMENT,
                              UINT32_MAX,
                              "message",
                              "The request is not an encoded message of its type.");
    return message;
}

tn_status message_answer(struct tn_call *call, struct tn_record *response,
                         const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(len > 0 ? len : 1);

    if (!bytes)
        return message_no_memory(call);
    protobuf_c_message_pack(message, bytes);
    tn_set_body(response, bytes, len);
    free(bytes);
    return tn_core->status(call);
}

static char *copy(struct tn_str text)
{
    char *out = malloc(text.len + 1);

    if (!out)
        return NULL;
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return out;
}

/* Gives `*member` a copy; protobuf-c's own empty string stays where memory is out. */
static bool set_text(char **member, const struct tn_record *record, uint32_t property)
{
    char *text = copy(tn_text(record, property));

    if (text)
        *member = text;
    return text != NULL;
}

Tenon__Records__V1__Decimal *message_decimal(struct tn_value number)
{
    Tenon__Records__V1__Decimal *decimal = malloc(sizeof(*decimal));

    if (!decimal)
        return NULL;
    tenon__records__v1__decimal__init(decimal);
    if (number.kind == TN_NUMBER) {
        decimal->mantissa = number.as.integer;
        decimal->exponent = number.exponent;
    }
    return decimal;
}

StageMessage *message_stage(struct tn_call *call, const struct tn_record *stage)
{
    StageMessage *message = malloc(sizeof(*message));

    if (!message) {
        (void)message_no_memory(call);
        return NULL;
    }
    tenon__pipelines__v1__stage__init(message);
    message->id = tn_id_of(stage);
    message->probability = message_decimal(tn_read(stage, STAGE_PROBABILITY));
    if (message->probability && set_text(&message->name, stage, STAGE_NAME) &&
        set_text(&message->label, stage, STAGE_LABEL) &&
        set_text(&message->state, stage, STAGE_STATE))
        return message;
    (void)message_no_memory(call);
    tenon__pipelines__v1__stage__free_unpacked(message, NULL);
    return NULL;
}

static bool add_stages(struct tn_call *call, PipelineMessage *message, struct tn_record *pipeline)
{
    struct tn_record *stages[STAGE_MAX];
    uint32_t count = 0;

    if (pipeline_stages(call, pipeline, stages, &count) != TN_OK)
        return false;
    message->stages = malloc((count + 1) * sizeof(*message->stages));
    if (!message->stages)
        return message_no_memory(call) == TN_OK;
    for (uint32_t i = 0; i < count; i++) {
        StageMessage *stage = message_stage(call, stages[i]);

        if (!stage)
            return false;
        message->stages[message->n_stages++] = stage;
    }
    return true;
}

PipelineMessage *message_pipeline(struct tn_call *call, struct tn_record *pipeline)
{
    PipelineMessage *message = malloc(sizeof(*message));

    if (!message) {
        (void)message_no_memory(call);
        return NULL;
    }
    tenon__pipelines__v1__pipeline__init(message);
    message->id = tn_id_of(pipeline);
    bool is_full = set_text(&message->name, pipeline, PIPELINE_NAME) &&
                   set_text(&message->type, pipeline, PIPELINE_TYPE) &&
                   set_text(&message->label, pipeline, PIPELINE_LABEL) &&
                   set_text(&message->purpose, pipeline, PIPELINE_PURPOSE);
    if (!is_full)
        (void)message_no_memory(call);
    if (is_full && add_stages(call, message, pipeline))
        return message;
    tenon__pipelines__v1__pipeline__free_unpacked(message, NULL);
    return NULL;
}
