/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - protobuf's encoding, as far as flat messages and descriptors need it. */
#ifndef CORE_PLUGIN_WIRE_H
#define CORE_PLUGIN_WIRE_H

#include <stdint.h>

#include "core/base/buf.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* One field of a message: a varint in `number`, or bytes. */
struct wire_field {
    uint32_t field;
    enum wire_type type;
    uint64_t number; /* WIRE_VARINT */
    struct tn_bytes bytes;
};

/*
 * Reads the next field and moves `*bytes` behind it; groups, which proto3 does not have, are
 * refused. TN_NOT_FOUND: the end; TN_INVALID_ARGUMENT: not protobuf; `*bytes` is untouched. [any]
 */
tn_status wire_next(struct tn_bytes *bytes, struct wire_field *ret_field);

/* Append one field. TN_RESOURCE_EXHAUSTED. [any] */
tn_status wire_add_varint(struct buf *out, uint32_t field, uint64_t value);
tn_status wire_add_bytes(struct buf *out, uint32_t field, const void *data, size_t len);
tn_status wire_add_text(struct buf *out, uint32_t field, const char *text);

#endif /* CORE_PLUGIN_WIRE_H */
