/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - protobuf's wire format, one field at a time. */
#ifndef CORE_BUS_WIRE_H
#define CORE_BUS_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

struct bus_wire_field {
    uint32_t number;
    uint32_t wire;           /* ProtobufCWireType */
    struct tn_bytes content; /* of length-prefixed ones; borrowed */
};

/* Takes one field off the front; false, with `bytes` anywhere, if it is malformed or a group.
 * [any] */
bool bus_wire_next(struct tn_bytes *bytes, struct bus_wire_field *ret_field);

#endif /* CORE_BUS_WIRE_H */
