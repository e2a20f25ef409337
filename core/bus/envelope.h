/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope.h - tenon.bus.v1.Call and Reply, as they cross the unary door: read without unpacking,
 * so that a request is not copied on its way, and written around an answer. Every function is
 * [any].
 */
#ifndef CORE_BUS_ENVELOPE_H
#define CORE_BUS_ENVELOPE_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/bus/frame.h"

/* What a Call may have besides its payload: lengths in frame.h, and protobuf's own bytes. */
#define BUS_ENVELOPE_MAX ((size_t)16 << 10)

/* Views into the Call. */
struct bus_envelope {
    struct tn_str method;
    struct tn_str portal;
    struct tn_str token;
    uint64_t timeout_ms; /* 0: not stated */
    struct tn_bytes payload;
};

/*
 * Reads a Call. Its metadata is appended to `metadata` as bus_metadata_add() does.
 * TN_INVALID_ARGUMENT: it is none, or one of its parts is longer than frame.h says;
 * TN_RESOURCE_EXHAUSTED: memory is out.
 */
tn_status bus_envelope_read(struct tn_bytes bytes, struct bus_envelope *ret_envelope,
                            struct buf *metadata, struct err *err);

/* Appends a Reply up to its payload, of which `payload_len` bytes are to follow.
 * TN_RESOURCE_EXHAUSTED: memory is out, `out` is as it was. */
tn_status bus_reply_write(struct buf *out, const struct bus_ending *ending, size_t payload_len);

#endif /* CORE_BUS_ENVELOPE_H */
