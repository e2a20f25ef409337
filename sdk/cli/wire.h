/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - the protobuf wire types of field kinds. */
#ifndef SDK_CLI_WIRE_H
#define SDK_CLI_WIRE_H

#include "sdk/cli/descriptors.h"

enum wire_type { WIRE_VARINT = 0, WIRE_I64 = 1, WIRE_LEN = 2, WIRE_I32 = 5 };

static inline enum wire_type wire_type_of(enum field_kind kind)
{
    switch (kind) {
    case FIELD_DOUBLE:
    case FIELD_FIXED64:
    case FIELD_SFIXED64:
        return WIRE_I64;
    case FIELD_FLOAT:
    case FIELD_FIXED32:
    case FIELD_SFIXED32:
        return WIRE_I32;
    case FIELD_STRING:
    case FIELD_BYTES:
    case FIELD_MESSAGE:
    case FIELD_GROUP:
        return WIRE_LEN;
    default:
        return WIRE_VARINT;
    }
}

#endif /* SDK_CLI_WIRE_H */
