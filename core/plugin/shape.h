/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.h - what the encoded messages of a plugin look like: protobuf-c's descriptors, made of its
 * FileDescriptorSet, so that the host looks at such a message with the eyes that it has for its
 * own (core/bus/unpack.h).
 */
#ifndef CORE_PLUGIN_SHAPE_H
#define CORE_PLUGIN_SHAPE_H

#include <protobuf-c/protobuf-c.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/map.h"

/* Messages declared in messages; deeper ones are refused. */
#define SHAPE_DEPTH_MAX 16u

/* Zero is empty. What it gives out lives as long as the arena it was read into. */
struct shapes {
    struct map by_name; /* ".org.example.v1.Message" -> struct shape */
};

/*
 * Reads a serialized google.protobuf.FileDescriptorSet, imports included. The descriptors name and
 * number fields and say of what type they are; nothing can be unpacked by them.
 * TN_INVALID_ARGUMENT: it is none, or refers to what it does not have; TN_RESOURCE_EXHAUSTED.
 * `shapes` is to be ended in any case. [loader]
 */
tn_status shapes_read(struct shapes *shapes, struct tn_bytes set, struct arena *arena,
                      struct err *err);
void shapes_fini(struct shapes *shapes);

/* Of the full name, "org.example.v1.Message"; NULL: no such. [any] */
const ProtobufCMessageDescriptor *shapes_find(const struct shapes *shapes, const char *name);

#endif /* CORE_PLUGIN_SHAPE_H */
