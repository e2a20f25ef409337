/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - the bus's wire format: frames and their bodies, as docs/bus-protocol.md describes
 * them. Knows nothing of connections. Every function is [any] and allocates nothing beyond the
 * buffer it writes to.
 */
#ifndef CORE_BUS_FRAME_H
#define CORE_BUS_FRAME_H

#include <stdint.h>

#include <tenon/base.h>

#include "core/base/buf.h"
#include "core/base/err.h"

#define BUS_HEADER_SIZE 8u
/* Of one frame; larger messages travel in pieces, so that calls take turns. */
#define BUS_BODY_MAX 16384u
#define BUS_VERSION 1u
#define BUS_MAGIC 0x544e4f4eu /* "TNON" */

/* Ids of methods and sessions are below these; a peer announces an id anew to replace it. */
#define BUS_METHOD_ID_MAX 1024u
#define BUS_SESSION_ID_MAX 256u /* 0 is no session */

#define BUS_NAME_MAX 255u      /* bytes of a method, portal or language name */
#define BUS_TOKEN_MAX 4096u    /* bytes of a token */
#define BUS_METADATA_MAX 4096u /* bytes of a call's metadata */

enum bus_kind {
    BUS_KIND_HELLO = 1,
    BUS_KIND_DEFINE = 2,
    BUS_KIND_CALL = 3,
    BUS_KIND_MESSAGE = 4,
    BUS_KIND_END = 5,
    BUS_KIND_CANCEL = 6,
    BUS_KIND_CREDIT = 7,
    BUS_KIND_PING = 8,
    BUS_KIND_PONG = 9,
    BUS_KIND_GOAWAY = 10,
};

#define BUS_FLAG_MORE 1u     /* CALL, MESSAGE: the message goes on in the next MESSAGE */
#define BUS_FLAG_LAST 2u     /* MESSAGE: ends the call with TN_OK as well */
#define BUS_FLAG_TIMEOUT 4u  /* CALL: states how much time is left */
#define BUS_FLAG_METADATA 8u /* CALL: carries metadata */

struct bus_frame {
    uint8_t kind;
    uint8_t flags;
    uint32_t call_id;
    struct tn_bytes body; /* borrowed from the input */
};

/*
 * Takes one frame off the front of `input`. TN_OUT_OF_RANGE: it is not complete yet, `input` is
 * untouched; TN_DATA_LOSS: it is none.
 */
tn_status bus_frame_read(struct tn_bytes *input, struct bus_frame *ret_frame, struct err *err);

/* Writes a header (BUS_HEADER_SIZE bytes) at `p`. */
void bus_header_write(uint8_t *p, uint8_t kind, uint8_t flags, uint32_t call_id, size_t body_len);

/* Appends a whole frame. TN_RESOURCE_EXHAUSTED: memory is out, `out` is as it was. */
tn_status bus_frame_write(struct buf *out, uint8_t kind, uint8_t flags, uint32_t call_id,
                          struct tn_bytes body);

/* Bodies. The readers say TN_DATA_LOSS, with the reason in `err`, and lend views into the body. */

struct bus_hello {
    uint16_t version_min;
    uint16_t version_max;
    uint32_t call_window;       /* credit of each call's answers at its start, bytes */
    uint32_t connection_window; /* credit of all of them together */
    uint32_t call_max;          /* the server's: call ids are 1 to this; 0 from a client */
    uint32_t request_size_max;  /* the server's; 0 from a client */
    struct tn_str software;     /* for people: "tenond 0.1.0" */
};
tn_status bus_hello_write(struct buf *out, const struct bus_hello *hello);
tn_status bus_hello_read(struct tn_bytes body, struct bus_hello *ret_hello, struct err *err);

enum bus_define_what { BUS_DEFINE_METHOD = 1, BUS_DEFINE_SESSION = 2 };
struct bus_define {
    uint8_t what;
    uint16_t id;
    struct tn_str method; /* of BUS_DEFINE_METHOD */
    struct tn_str portal; /* of BUS_DEFINE_SESSION, as those below */
    struct tn_str token;
    struct tn_str language;
};
tn_status bus_define_write(struct buf *out, const struct bus_define *define);
tn_status bus_define_read(struct tn_bytes body, struct bus_define *ret_define, struct err *err);

/* What stands before the request in the body of a CALL. */
struct bus_call_head {
    uint16_t method_id;
    uint16_t session_id;
    int64_t timeout_us;       /* what is left of the call's time; -1: not stated */
    struct tn_bytes metadata; /* read with bus_metadata_next */
};
/* Appends the head only; `*ret_flags` is what the frame's flags must say of it. */
tn_status bus_call_head_write(struct buf *out, const struct bus_call_head *head,
                              uint8_t *ret_flags);
/* `*ret_request` is the rest of the body. */
tn_status bus_call_head_read(const struct bus_frame *frame, struct bus_call_head *ret_head,
                             struct tn_bytes *ret_request, struct err *err);

/* TN_INVALID_ARGUMENT: longer than the format allows; `out` is untouched. */
tn_status bus_metadata_add(struct buf *out, struct tn_str key, struct tn_str value);
/* Takes one pair off the front; false at the end. The bytes come from bus_call_head_read. */
bool bus_metadata_next(struct tn_bytes *metadata, struct tn_str *ret_key, struct tn_str *ret_value);

/* END and GOAWAY: a status, a sentence, and (END only) an encoded StatusDetails. */
struct bus_ending {
    tn_status status;
    struct tn_str message;
    struct tn_bytes details;
};
tn_status bus_ending_write(struct buf *out, uint8_t kind, uint32_t call_id,
                           const struct bus_ending *ending);
tn_status bus_ending_read(struct tn_bytes body, struct bus_ending *ret_ending, struct err *err);

tn_status bus_credit_write(struct buf *out, uint32_t call_id, uint32_t bytes);
tn_status bus_credit_read(struct tn_bytes body, uint32_t *ret_bytes, struct err *err);

#endif /* CORE_BUS_FRAME_H */
