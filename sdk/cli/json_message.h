/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_message.h - JSON to protobuf bytes and back, by descriptors: proto3's JSON mapping.
 *
 * Fields are read under their own names and their lowerCamelCase ones, and written under their own.
 * 64-bit integers are JSON integers (read from strings as well; written as strings past 2^63-1),
 * enums are names (read from numbers as well), bytes are base64. Members at their default are not
 * written, null is read as absent. Maps stay lists of entries. Nothing is dropped in silence:
 * an unknown member or a wrong type is refused with its path, "records[3].properties[0].value".
 */
#ifndef SDK_CLI_JSON_MESSAGE_H
#define SDK_CLI_JSON_MESSAGE_H

#include <jansson.h>
#include <tenon/base.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "sdk/cli/descriptors.h"

/* Messages inside messages, the outermost counted. */
#define JSON_MESSAGE_DEPTH_MAX 64

/*
 * For json_message_encode: where a tenon.records.v1.Value is expected, a bare string, number or
 * boolean stands for {"literal": "..."}; where a list of tenon.records.v1.Property is expected, an
 * object {"email": "a@b"} stands for [{"name": "email", "value": ...}], null for no value.
 */
#define JSON_MESSAGE_SHORTHAND 1u

/*
 * Appends the encoded message to `out`. TN_INVALID_ARGUMENT with one violation whose field is the
 * path and whose rule is "unknown", "type", "range", "oneof", "twice", "depth" or "base64"; `out`
 * is then as before. [any]
 */
tn_status json_message_encode(const struct message_type *type, const json_t *json, unsigned flags,
                              struct buf *out, struct err *err);

/*
 * The object of an encoded message, OWNED: json_decref. Fields that `type` does not know are left
 * out. TN_DATA_LOSS: not a message of this type. [any]
 */
tn_status json_message_decode(const struct message_type *type, struct tn_bytes wire,
                              json_t **ret_json, struct err *err);

static inline void json_decref_p(json_t **json)
{
    json_decref(*json);
}

#endif /* SDK_CLI_JSON_MESSAGE_H */
