/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - reading and writing frames; integers are big-endian. */
#include "core/bus/frame.h"

#include <string.h>

#include "core/base/utf8.h"

/* What a kind of frame may carry. */
struct kind_rule {
    uint8_t flags;
    enum { ID_NONE, ID_NEEDED, ID_ANY } id;
};

static const struct kind_rule kind_rules[] = {
    [BUS_KIND_HELLO] = {0, ID_NONE},
    [BUS_KIND_DEFINE] = {0, ID_NONE},
    [BUS_KIND_CALL] = {BUS_FLAG_MORE | BUS_FLAG_TIMEOUT | BUS_FLAG_METADATA, ID_NEEDED},
    [BUS_KIND_MESSAGE] = {BUS_FLAG_MORE | BUS_FLAG_LAST, ID_NEEDED},
    [BUS_KIND_END] = {0, ID_NEEDED},
    [BUS_KIND_CANCEL] = {0, ID_NEEDED},
    [BUS_KIND_CREDIT] = {0, ID_ANY},
    [BUS_KIND_PING] = {0, ID_NONE},
    [BUS_KIND_PONG] = {0, ID_NONE},
    [BUS_KIND_GOAWAY] = {0, ID_NONE},
};
#define KIND_COUNT (sizeof(kind_rules) / sizeof(kind_rules[0]))

static tn_status check_header(const struct bus_frame *frame, struct err *err)
{
    if (frame->kind == 0 || frame->kind >= KIND_COUNT)
        return err_set(err, TN_DATA_LOSS, "There is no frame of kind %u.", frame->kind);
    const struct kind_rule *rule = &kind_rules[frame->kind];
    if (frame->flags & ~rule->flags)
        return err_set(err,
                       TN_DATA_LOSS,
                       "A frame of kind %u cannot have the flags %u.",
                       frame->kind,
                       frame->flags);
    if ((rule->id == ID_NONE && frame->call_id != 0) ||
        (rule->id == ID_NEEDED && frame->call_id == 0))
        return err_set(err,
                       TN_DATA_LOSS,
                       "A frame of kind %u cannot have the call id %u.",
                       frame->kind,
                       frame->call_id);
    if (frame->body.len > BUS_BODY_MAX)
        return err_set(err,
                       TN_DATA_LOSS,
                       "A frame of %zu bytes is longer than %u.",
                       frame->body.len,
                       BUS_BODY_MAX);
    return TN_OK;
}

tn_status bus_frame_read(struct tn_bytes *input, struct bus_frame *ret_frame, struct err *err)
{
    if (input->len < BUS_HEADER_SIZE)
        return TN_OUT_OF_RANGE;
    struct bus_frame frame = {
        .kind = input->data[2],
        .flags = input->data[3],
        .call_id = read_u32(input->data + 4),
        .body = {input->data + BUS_HEADER_SIZE, read_u16(input->data)},
    };
    TRY(check_header(&frame, err));
    if (input->len - BUS_HEADER_SIZE < frame.body.len)
        return TN_OUT_OF_RANGE;
    input->data += BUS_HEADER_SIZE + frame.body.len;
    input->len -= BUS_HEADER_SIZE + frame.body.len;
    *ret_frame = frame;
    return TN_OK;
}

void bus_header_write(uint8_t *p, uint8_t kind, uint8_t flags, uint32_t call_id, size_t body_len)
{
    write_u16(p, (uint16_t)body_len);
    p[2] = kind;
    p[3] = flags;
    write_u32(p + 4, call_id);
}

tn_status bus_frame_write(struct buf *out, uint8_t kind, uint8_t flags, uint32_t call_id,
                          struct tn_bytes body)
{
    TRY(buf_reserve(out, BUS_HEADER_SIZE + body.len));
    bus_header_write(out->data + out->len, kind, flags, call_id, body.len);
    if (body.len)
        memcpy(out->data + out->len + BUS_HEADER_SIZE, body.data, body.len);
    out->len += BUS_HEADER_SIZE + body.len;
    return TN_OK;
}

/*
 * Writers of bodies append a header with a body length of 0 and set it afterwards; a failure
 * takes the whole frame back.
 */
static tn_status end_frame(struct buf *out, size_t start, tn_status st)
{
    if (st != TN_OK) {
        out->len = start;
        return st;
    }
    write_u16(out->data + start, (uint16_t)(out->len - start - BUS_HEADER_SIZE));
    return TN_OK;
}

static tn_status add_u16(struct buf *out, uint16_t value)
{
    uint8_t bytes[2];

    write_u16(bytes, value);
    return buf_add(out, bytes, sizeof(bytes));
}

/* A u16 length, then the bytes. */
static tn_status add_str(struct buf *out, struct tn_str text)
{
    TRY(add_u16(out, (uint16_t)text.len));
    return buf_add(out, text.data, text.len);
}

/* Readers move `in` forward; false when it is too short. */
static bool take_u16(struct tn_bytes *in, uint16_t *ret_value)
{
    if (in->len < 2)
        return false;
    *ret_value = read_u16(in->data);
    in->data += 2;
    in->len -= 2;
    return true;
}

static bool take_u32(struct tn_bytes *in, uint32_t *ret_value)
{
    if (in->len < 4)
        return false;
    *ret_value = read_u32(in->data);
    in->data += 4;
    in->len -= 4;
    return true;
}

static bool take_bytes(struct tn_bytes *in, size_t len, struct tn_bytes *ret_bytes)
{
    if (in->len < len)
        return false;
    *ret_bytes = (struct tn_bytes){in->data, len};
    in->data += len;
    in->len -= len;
    return true;
}

static bool take_str(struct tn_bytes *in, size_t max, struct tn_str *ret_text)
{
    uint16_t len = 0;
    struct tn_bytes bytes = {0};

    if (!take_u16(in, &len) || len > max || !take_bytes(in, len, &bytes))
        return false;
    *ret_text = (struct tn_str){(const char *)bytes.data, bytes.len};
    return utf8_is_valid(ret_text->data, ret_text->len, NULL);
}

static tn_status malformed(struct err *err, const char *what)
{
    return err_set(err, TN_DATA_LOSS, "A frame of type %s is malformed.", what);
}

static tn_status hello_body(struct buf *out, const struct bus_hello *hello)
{
    TRY(buf_add_u32(out, BUS_MAGIC));
    TRY(add_u16(out, hello->version_min));
    TRY(add_u16(out, hello->version_max));
    TRY(buf_add_u32(out, hello->call_window));
    TRY(buf_add_u32(out, hello->connection_window));
    TRY(buf_add_u32(out, hello->call_max));
    TRY(buf_add_u32(out, hello->request_size_max));
    return add_str(out, hello->software);
}

tn_status bus_hello_write(struct buf *out, const struct bus_hello *hello)
{
    size_t start = out->len;

    TRY(bus_frame_write(out, BUS_KIND_HELLO, 0, 0, (struct tn_bytes){0}));
    return end_frame(out, start, hello_body(out, hello));
}

tn_status bus_hello_read(struct tn_bytes body, struct bus_hello *ret_hello, struct err *err)
{
    struct bus_hello hello = {0};
    uint32_t magic = 0;

    /* What follows is for later versions to add to. */
    if (!take_u32(&body, &magic) || magic != BUS_MAGIC || !take_u16(&body, &hello.version_min) ||
        !take_u16(&body, &hello.version_max) || !take_u32(&body, &hello.call_window) ||
        !take_u32(&body, &hello.connection_window) || !take_u32(&body, &hello.call_max) ||
        !take_u32(&body, &hello.request_size_max) ||
        !take_str(&body, BUS_NAME_MAX, &hello.software) || hello.version_min > hello.version_max)
        return malformed(err, "HELLO");
    *ret_hello = hello;
    return TN_OK;
}

static tn_status define_body(struct buf *out, const struct bus_define *define)
{
    TRY(buf_add_u8(out, define->what));
    TRY(add_u16(out, define->id));
    if (define->what == BUS_DEFINE_METHOD)
        return add_str(out, define->method);
    TRY(add_str(out, define->portal));
    TRY(add_str(out, define->token));
    return add_str(out, define->language);
}

tn_status bus_define_write(struct buf *out, const struct bus_define *define)
{
    size_t start = out->len;

    TRY(bus_frame_write(out, BUS_KIND_DEFINE, 0, 0, (struct tn_bytes){0}));
    return end_frame(out, start, define_body(out, define));
}

tn_status bus_define_read(struct tn_bytes body, struct bus_define *ret_define, struct err *err)
{
    struct bus_define define = {0};
    bool is_good = body.len > 0;

    if (is_good) {
        define.what = body.data[0];
        body.data++;
        body.len--;
        is_good = take_u16(&body, &define.id);
    }
    if (is_good && define.what == BUS_DEFINE_METHOD)
        is_good = define.id < BUS_METHOD_ID_MAX && take_str(&body, BUS_NAME_MAX, &define.method) &&
                  define.method.len > 0;
    else if (is_good && define.what == BUS_DEFINE_SESSION)
        is_good = define.id > 0 && define.id < BUS_SESSION_ID_MAX &&
                  take_str(&body, BUS_NAME_MAX, &define.portal) &&
                  take_str(&body, BUS_TOKEN_MAX, &define.token) &&
                  take_str(&body, BUS_NAME_MAX, &define.language);
    else
        is_good = false;
    if (!is_good || body.len > 0)
        return malformed(err, "DEFINE");
    *ret_define = define;
    return TN_OK;
}

static tn_status call_head_body(struct buf *out, const struct bus_call_head *head)
{
    uint8_t fixed[12];
    size_t len = 4;

    write_u16(fixed, head->method_id);
    write_u16(fixed + 2, head->session_id);
    if (head->timeout_us >= 0) {
        write_u64(fixed + len, (uint64_t)head->timeout_us);
        len += 8;
    }
    TRY(buf_add(out, fixed, len));
    if (head->metadata.len == 0)
        return TN_OK;
    TRY(add_u16(out, (uint16_t)head->metadata.len));
    return buf_add(out, head->metadata.data, head->metadata.len);
}

tn_status bus_call_head_write(struct buf *out, const struct bus_call_head *head, uint8_t *ret_flags)
{
    size_t start = out->len;
    tn_status st = call_head_body(out, head);

    if (st != TN_OK) {
        out->len = start;
        return st;
    }
    *ret_flags = (uint8_t)((head->timeout_us >= 0 ? BUS_FLAG_TIMEOUT : 0) |
                           (head->metadata.len ? BUS_FLAG_METADATA : 0));
    return TN_OK;
}

/* Whether all pairs are whole and valid, so that bus_metadata_next needs no checks. */
static bool metadata_is_valid(struct tn_bytes metadata)
{
    while (metadata.len > 0) {
        struct tn_str key;
        struct tn_str value;

        if (!take_str(&metadata, BUS_NAME_MAX, &key) ||
            !take_str(&metadata, BUS_METADATA_MAX, &value))
            return false;
    }
    return true;
}

static bool take_timeout(struct tn_bytes *body, int64_t *ret_timeout_us)
{
    struct tn_bytes bytes = {0};

    if (!take_bytes(body, 8, &bytes))
        return false;
    uint64_t timeout_us = read_u64(bytes.data);
    *ret_timeout_us = (int64_t)timeout_us;
    return timeout_us <= INT64_MAX;
}

tn_status bus_call_head_read(const struct bus_frame *frame, struct bus_call_head *ret_head,
                             struct tn_bytes *ret_request, struct err *err)
{
    struct bus_call_head head = {.timeout_us = -1};
    struct tn_bytes body = frame->body;
    uint16_t len = 0;

    if (!take_u16(&body, &head.method_id) || head.method_id >= BUS_METHOD_ID_MAX ||
        !take_u16(&body, &head.session_id) || head.session_id >= BUS_SESSION_ID_MAX)
        return malformed(err, "CALL");
    if ((frame->flags & BUS_FLAG_TIMEOUT) && !take_timeout(&body, &head.timeout_us))
        return malformed(err, "CALL");
    if ((frame->flags & BUS_FLAG_METADATA) &&
        (!take_u16(&body, &len) || len > BUS_METADATA_MAX ||
         !take_bytes(&body, len, &head.metadata) || !metadata_is_valid(head.metadata)))
        return malformed(err, "CALL");
    *ret_head = head;
    *ret_request = body;
    return TN_OK;
}

tn_status bus_metadata_add(struct buf *out, struct tn_str key, struct tn_str value)
{
    if (key.len == 0 || key.len > BUS_NAME_MAX || value.len > BUS_METADATA_MAX ||
        out->len + key.len + value.len + 4 > BUS_METADATA_MAX)
        return TN_INVALID_ARGUMENT;
    TRY(buf_reserve(out, key.len + value.len + 4));
    (void)add_str(out, key); /* there is room */
    return add_str(out, value);
}

bool bus_metadata_next(struct tn_bytes *metadata, struct tn_str *ret_key, struct tn_str *ret_value)
{
    return take_str(metadata, BUS_NAME_MAX, ret_key) &&
           take_str(metadata, BUS_METADATA_MAX, ret_value);
}

static tn_status ending_body(struct buf *out, const struct bus_ending *ending)
{
    TRY(add_u16(out, (uint16_t)ending->status));
    TRY(add_str(out, ending->message));
    return buf_add(out, ending->details.data, ending->details.len);
}

tn_status bus_ending_write(struct buf *out, uint8_t kind, uint32_t call_id,
                           const struct bus_ending *ending)
{
    size_t start = out->len;

    TRY(bus_frame_write(out, kind, 0, call_id, (struct tn_bytes){0}));
    return end_frame(out, start, ending_body(out, ending));
}

tn_status bus_ending_read(struct tn_bytes body, struct bus_ending *ret_ending, struct err *err)
{
    struct bus_ending ending = {0};
    uint16_t status = 0;

    if (!take_u16(&body, &status) || !take_str(&body, BUS_BODY_MAX, &ending.message))
        return malformed(err, "END");
    ending.status = err_status_is_known(status) ? status : TN_UNKNOWN;
    ending.details = body;
    *ret_ending = ending;
    return TN_OK;
}

tn_status bus_credit_write(struct buf *out, uint32_t call_id, uint32_t bytes)
{
    uint8_t body[4];

    write_u32(body, bytes);
    return bus_frame_write(out, BUS_KIND_CREDIT, 0, call_id, (struct tn_bytes){body, sizeof(body)});
}

tn_status bus_credit_read(struct tn_bytes body, uint32_t *ret_bytes, struct err *err)
{
    uint32_t bytes = 0;

    if (!take_u32(&body, &bytes) || body.len > 0)
        return malformed(err, "CREDIT");
    *ret_bytes = bytes;
    return TN_OK;
}
