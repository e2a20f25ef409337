/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptors.h - message types as a google.protobuf.FileDescriptorSet tells them, linked to each
 * other, for code that has no compiled stubs. Not changed once built: any thread may read.
 */
#ifndef SDK_CLI_DESCRIPTORS_H
#define SDK_CLI_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/err.h"
#include "core/base/mem.h"

/* Larger sets are refused: the host's own is 40 KiB. */
#define DESCRIPTORS_SIZE_MAX (4u << 20)
/* Messages declared inside messages, deeper than this, are refused. */
#define DESCRIPTORS_NESTING_MAX 16
/* More oneofs in one message are refused. */
#define DESCRIPTORS_ONEOF_MAX 16

/* The numbers of google.protobuf.FieldDescriptorProto.Type. */
enum field_kind {
    FIELD_DOUBLE = 1,
    FIELD_FLOAT = 2,
    FIELD_INT64 = 3,
    FIELD_UINT64 = 4,
    FIELD_INT32 = 5,
    FIELD_FIXED64 = 6,
    FIELD_FIXED32 = 7,
    FIELD_BOOL = 8,
    FIELD_STRING = 9,
    FIELD_GROUP = 10, /* refused */
    FIELD_MESSAGE = 11,
    FIELD_BYTES = 12,
    FIELD_UINT32 = 13,
    FIELD_ENUM = 14,
    FIELD_SFIXED32 = 15,
    FIELD_SFIXED64 = 16,
    FIELD_SINT32 = 17,
    FIELD_SINT64 = 18
};

struct enum_value {
    const char *name;
    int32_t number;
};

struct enum_type {
    const char *name; /* "tenon.events.v1.Change.Kind" */
    const struct enum_value *values;
    uint32_t value_count;
};

struct field_type {
    const char *name;      /* "first_row" */
    const char *json_name; /* "firstRow" */
    uint32_t number;
    enum field_kind kind;
    bool is_repeated;
    bool is_packed;                      /* how a repeated scalar is written; both are read */
    int32_t oneof;                       /* index into the message's oneofs; -1: none */
    const struct message_type *message;  /* of FIELD_MESSAGE */
    const struct enum_type *enumeration; /* of FIELD_ENUM */
};

struct message_type {
    const char *name; /* "tenon.records.v1.Record" */
    const struct field_type *fields;
    uint32_t field_count;
    const char *const *oneofs;
    uint32_t oneof_count;
};

struct method_type {
    const char *name; /* "tenon.records.v1.Records/Create" */
    const struct message_type *request;
    const struct message_type *response;
    bool streams;
};

struct descriptors;

/*
 * Reads a serialized FileDescriptorSet; nothing of `set` is kept. TN_DATA_LOSS: it is none, or
 * names types that it does not hold; TN_OUT_OF_RANGE: past a bound above. [any]
 */
tn_status descriptors_create(struct tn_bytes set, struct descriptors **ret_descriptors,
                             struct err *err);
void descriptors_destroy(struct descriptors *descriptors);
DEFINE_CLEANUP(struct descriptors, descriptors_destroy)

/* By full name, or NULL. Lent as long as the set lives. [any] */
const struct message_type *descriptors_message(const struct descriptors *descriptors,
                                               const char *name);
const struct method_type *descriptors_method(const struct descriptors *descriptors,
                                             const char *name);

/* NULL where the message has no such field. [any] */
const struct field_type *message_field(const struct message_type *type, uint32_t number);
/* By its own name or its JSON name. [any] */
const struct field_type *message_field_named(const struct message_type *type, const char *name);

/* "int64", "string": as a .proto says it; a message's or enum's full name. [any] */
const char *field_kind_name(const struct field_type *field);

#endif /* SDK_CLI_DESCRIPTORS_H */
