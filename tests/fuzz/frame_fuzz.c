/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds bytes to the frame reader and to the readers of bodies. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/bus/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_call(const struct bus_frame *frame)
{
    struct bus_call_head head;
    struct tn_bytes request;
    struct tn_str key;
    struct tn_str value;
    struct err err;

    err_init(&err, NULL);
    if (bus_call_head_read(frame, &head, &request, &err) != TN_OK)
        return;
    require(request.data + request.len == frame->body.data + frame->body.len);
    while (bus_metadata_next(&head.metadata, &key, &value))
        require(utf8_is_valid(value.data, value.len, NULL));
    require(head.metadata.len == 0);
}

static void read_body(const struct bus_frame *frame)
{
    struct bus_hello hello;
    struct bus_define define;
    struct bus_ending ending;
    uint32_t credit;
    struct err err;

    err_init(&err, NULL);
    switch (frame->kind) {
    case BUS_KIND_HELLO:
        (void)bus_hello_read(frame->body, &hello, &err);
        break;
    case BUS_KIND_DEFINE:
        if (bus_define_read(frame->body, &define, &err) == TN_OK)
            require(define.id < BUS_METHOD_ID_MAX);
        break;
    case BUS_KIND_CALL:
        read_call(frame);
        break;
    case BUS_KIND_END:
    case BUS_KIND_GOAWAY:
        if (bus_ending_read(frame->body, &ending, &err) == TN_OK)
            require(err_status_is_known(ending.status));
        break;
    case BUS_KIND_CREDIT:
        (void)bus_credit_read(frame->body, &credit, &err);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_bytes input = {data, size};
    struct bus_frame frame;
    struct err err;

    err_init(&err, NULL);
    while (bus_frame_read(&input, &frame, &err) == TN_OK) {
        require(frame.body.len <= BUS_BODY_MAX);
        read_body(&frame);
    }
    return 0;
}
