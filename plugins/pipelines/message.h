/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - pipelines as protobuf messages. Messages are made of malloc's memory, as protobuf-c
 * unpacks them, and are freed whole by its free_unpacked functions.
 */
#ifndef PLUGINS_PIPELINES_MESSAGE_H
#define PLUGINS_PIPELINES_MESSAGE_H

#include <tenon/pipelines/v1/pipelines.pb-c.h>

#include "pipeline.h"

typedef Tenon__Pipelines__V1__Pipeline PipelineMessage;
typedef Tenon__Pipelines__V1__Stage StageMessage;

/* Memory is out: marks the call. Returns TN_RESOURCE_EXHAUSTED. */
tn_status message_no_memory(struct tn_call *call);

/* The request's bytes as a message of `type`; NULL: they are none, or memory is out, and the call
 * is marked. */
void *message_unpack(struct tn_call *call, const struct tn_record *request,
                     const ProtobufCMessageDescriptor *type);

/* Sets the response's bytes. */
tn_status message_answer(struct tn_call *call, struct tn_record *response,
                         const ProtobufCMessage *message);

/* A pipeline with its stages, or one stage; OWNED. NULL: the call is marked. */
PipelineMessage *message_pipeline(struct tn_call *call, struct tn_record *pipeline);
StageMessage *message_stage(struct tn_call *call, const struct tn_record *stage);

/* A number; OWNED. NULL: memory is out. */
Tenon__Records__V1__Decimal *message_decimal(struct tn_value number);

#endif /* PLUGINS_PIPELINES_MESSAGE_H */
