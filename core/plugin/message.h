/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - flat messages: those whose fields are rows of declarations. On the bus they are
 * protobuf messages, with the field's position (from 1) as its number:
 *
 *     text, choice, choices  string          date                sint32, days since 1970-01-01
 *     number                 Decimal         datetime, duration  sint64, microseconds
 *     bool                   bool            ref                 uint64
 *     blob                   bytes
 *
 * Decimal is tenon.records.v1.Decimal. A field that is absent, or that proto3 leaves out because
 * it is zero, is TN_NONE, or the field's fallback; where it is TN_REQUIRED, zero of a bool, date,
 * datetime or duration is a value, and any other absence a violation.
 */
#ifndef CORE_PLUGIN_MESSAGE_H
#define CORE_PLUGIN_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include <tenon/declare.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

/* Fields of one message. More would be a record type in disguise. */
#define MESSAGE_FIELD_MAX 1000u

struct message_field {
    const char *name;
    uint32_t kind;
    uint32_t flags;
    const struct tn_option_list *options;
    struct tn_value initial; /* the fallback, or TN_NONE */
};

struct message_type {
    const char *name;                        /* "org.example.machines.v1.CloseRequest" */
    bool is_encoded;                         /* its owner decodes it; no fields */
    const ProtobufCMessageDescriptor *shape; /* of an encoded one: what it is checked against */
    const struct message_field *fields;
    uint32_t field_count;
};

struct message {
    const struct message_type *type;
    struct tn_value *values; /* one per field */
    struct tn_bytes body;    /* of an encoded one */
};

/* An empty message in `arena`. TN_RESOURCE_EXHAUSTED. [any] */
tn_status message_create(struct arena *arena, const struct message_type *type,
                         struct message **ret_message, struct err *err);

/*
 * Checks a value for a field as record_write() would: its kind, its options, its form.
 * Violations of the field's name. Texts are copied into `arena`. [any]
 */
tn_status message_write(struct message *message, struct arena *arena, uint32_t field,
                        const struct tn_value *value, struct err *err);

/*
 * Reads the encoded message; texts point into `bytes`. Unknown fields are skipped, as protobuf
 * does. One that its owner decodes is kept as it is, once bus_unpack_check() has nothing to say.
 * TN_INVALID_ARGUMENT: not such a message, or violations of its fields. [any]
 */
tn_status message_decode(struct message *message, struct tn_bytes bytes, struct err *err);

/* Fills in what is absent, as above; violations of what is required and missing. [any] */
tn_status message_check(struct message *message, struct err *err);

/* Appends the encoded message. TN_RESOURCE_EXHAUSTED. [any] */
tn_status message_encode(const struct message *message, struct buf *out);

#endif /* CORE_PLUGIN_MESSAGE_H */
