/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack.h - protobuf messages from outside: looked at before libprotobuf-c builds anything, which
 * itself knows no bound on nesting, believes every string and multiplies small inputs.
 */
#ifndef CORE_BUS_UNPACK_H
#define CORE_BUS_UNPACK_H

#include <protobuf-c/protobuf-c.h>

#include <tenon/base.h>

#include "core/base/arena.h"
#include "core/base/err.h"

/* Messages within messages, the outermost included: 34 KB of nesting would overrun a stack. */
#define BUS_UNPACK_DEPTH_MAX 64u
/* Fields of a message, those of the messages in it included; a batch of 1000 records has 120,000.
 */
#define BUS_UNPACK_FIELD_MAX (512u << 10)

/*
 * Whether `bytes` is a `type`: well formed, within the bounds above, every string valid UTF-8
 * without NUL. TN_INVALID_ARGUMENT with a violation naming the field ("properties[3].name").
 * Allocates nothing. [any]
 */
tn_status bus_unpack_check(struct tn_bytes bytes, const ProtobufCMessageDescriptor *type,
                           struct err *err);

/*
 * The message, in `arena` (nothing of it is freed but with the arena). NULL with `err` set:
 * TN_INVALID_ARGUMENT as above, TN_RESOURCE_EXHAUSTED: the arena's budget is out. [any]
 */
ProtobufCMessage *bus_unpack(struct tn_bytes bytes, const ProtobufCMessageDescriptor *type,
                             struct arena *arena, struct err *err);

#endif /* CORE_BUS_UNPACK_H */
