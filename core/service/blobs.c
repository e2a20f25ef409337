/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs.c - tenon.records.v1.Blobs: uploads, and reading as a stream. Like a watch, a reader that
 * waits for credit holds neither a worker nor bytes, only its place and an open file.
 */
#include "core/blob/blobs.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/service/service.h"
#include "core/service/wire.h"
#include "tenon/records/v1/blobs.pb-c.h"

/* Bytes of one message of a stream: a few fit into the 256 KiB that a client reads ahead. */
#define READ_STEP ((size_t)64 << 10)

/* Uploads */

static tn_status create(struct service_call *call, const void *message, void *answer)
{
    Tenon__Records__V1__BlobCreateResponse *response = answer;

    (void)message;
    return blobs_begin(
        call->service->blobs, call->session->portal->id, &response->upload, call->err);
}

static tn_status append(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BlobAppendRequest *request = message;
    Tenon__Records__V1__BlobAppendResponse *response = answer;
    struct tn_bytes data = {request->data.data, request->data.len};

    return blobs_append(call->service->blobs,
                        call->session->portal->id,
                        request->upload,
                        request->offset,
                        data,
                        &response->size,
                        call->err);
}

static tn_status write_hash(struct service_call *call, const uint8_t *hash, char **ret_text)
{
    struct tn_value value =
        value_text(TN_BLOB, (struct tn_str){(const char *)hash, VALUE_BLOB_SIZE});
    char *text = wire_blob_write(call, &value);

    if (!text)
        return TN_RESOURCE_EXHAUSTED;
    *ret_text = text;
    return TN_OK;
}

static tn_status seal(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BlobSealRequest *request = message;
    Tenon__Records__V1__BlobSealResponse *response = answer;
    bool is_expected = request->sha256[0] != '\0';
    uint8_t expected[VALUE_BLOB_SIZE];
    uint8_t hash[VALUE_BLOB_SIZE];

    if (is_expected)
        TRY(wire_blob_read(utf8_str(request->sha256), "sha256", expected, call->err));
    TRY(blobs_seal(call->service->blobs,
                   call->session->portal->id,
                   request->upload,
                   is_expected ? expected : NULL,
                   request->size,
                   hash,
                   &response->size,
                   call->err));
    return write_hash(call, hash, &response->sha256);
}

/* Reading */

static tn_status open_reader(struct service_call *call, const char *sha256,
                             struct blob_reader **ret_reader, uint64_t *ret_size)
{
    uint8_t hash[VALUE_BLOB_SIZE];

    TRY(wire_blob_read(utf8_str(sha256), "sha256", hash, call->err));
    return blobs_read(
        call->service->blobs, call->session->portal->id, hash, ret_reader, ret_size, call->err);
}

static tn_status get(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BlobGetRequest *request = message;
    Tenon__Records__V1__BlobGetResponse *response = answer;
    struct blob_reader *reader = NULL;

    TRY(open_reader(call, request->sha256, &reader, &response->size));
    blob_reader_close(reader);
    return TN_OK;
}

struct reading {
    struct blob_reader *reader;
    const struct session *session;
    uint64_t offset;
    uint64_t end;
};

static tn_status send_some(struct reading *reading, struct bus_call *bus)
{
    Tenon__Records__V1__BlobReadResponse response = TENON__RECORDS__V1__BLOB_READ_RESPONSE__INIT;
    CLEANUP(mem_free_p) uint8_t *bytes = mem_alloc(READ_STEP);
    uint64_t left = reading->end - reading->offset;
    size_t len = 0;

    if (!bytes)
        return err_memory(bus_call_err(bus), "the answer");
    TRY(blob_reader_fetch(reading->reader,
                          reading->offset,
                          bytes,
                          left < READ_STEP ? (size_t)left : READ_STEP,
                          &len,
                          bus_call_err(bus)));
    response.data = (ProtobufCBinaryData){len, bytes};
    TRY(bus_call_send(bus, &response.base));
    reading->offset += len;
    return TN_OK;
}

static void end_reading(struct reading *reading, struct bus_call *bus, tn_status status)
{
    blob_reader_close(reading->reader);
    mem_free(reading);
    bus_call_finish(bus, status);
    bus_call_unref(bus);
}

/* Sends a message, then waits or ends, after which the call is not ours. The next message has to
 * queue for a worker, so that long blobs leave workers to others. */
static void read_step(struct bus_call *bus, void *ctx)
{
    struct reading *reading = ctx;
    tn_status st = bus_call_state(bus);

    if (st == TN_OK)
        st =
            session_check(reading->session, bus_call_err(bus)); /* it may have been revoked since */
    if (st == TN_OK && reading->offset < reading->end) {
        st = send_some(reading, bus);
        if (st == TN_OK)
            bus_call_wake(bus);
        else if (st == TN_RESOURCE_EXHAUSTED && bus_call_err(bus)->status == TN_OK)
            st = TN_OK; /* the reader has no room: its credit wakes it */
        if (st == TN_OK) {
            bus_call_wait(bus, INT64_MAX, read_step, reading);
            return;
        }
    }
    end_reading(reading, bus, st);
}

static tn_status check_range(const struct service_call *call,
                             const Tenon__Records__V1__BlobReadRequest *request, uint64_t size)
{
    if (request->offset <= size)
        return TN_OK;
    return err_violate(call->err,
                       TN_OUT_OF_RANGE,
                       "offset",
                       "beyond_end",
                       "The blob has %llu bytes.",
                       (unsigned long long)size);
}

static tn_status start_reading(struct service_call *call, const void *message, void *answer)
{
    const Tenon__Records__V1__BlobReadRequest *request = message;
    struct reading *reading = mem_new(struct reading);
    uint64_t size = 0;

    (void)answer;
    if (!reading)
        return err_memory(call->err, "a stream");
    tn_status st = open_reader(call, request->sha256, &reading->reader, &size);
    if (st == TN_OK)
        st = check_range(call, request, size);
    if (st != TN_OK) {
        blob_reader_close(reading->reader);
        mem_free(reading);
        return st;
    }
    reading->session = call->session;
    reading->offset = request->offset;
    reading->end = size;
    if (request->length > 0 && request->length < size - reading->offset)
        reading->end = reading->offset + request->length;
    bus_call_ref(call->bus);
    read_step(call->bus, reading);
    return TN_OK;
}

struct service_methods service_blobs(void)
{
    static const struct dispatch_method methods[] = {
        {
            .name = "tenon.records.v1.Blobs/Create",
            .request = &tenon__records__v1__blob_create_request__descriptor,
            .response = &tenon__records__v1__blob_create_response__descriptor,
            .flags = DISPATCH_BARE | DISPATCH_BLOCKS,
            .run = create,
        },
        {
            .name = "tenon.records.v1.Blobs/Append",
            .request = &tenon__records__v1__blob_append_request__descriptor,
            .response = &tenon__records__v1__blob_append_response__descriptor,
            .flags = DISPATCH_BARE | DISPATCH_BLOCKS,
            .run = append,
        },
        {
            .name = "tenon.records.v1.Blobs/Seal",
            .request = &tenon__records__v1__blob_seal_request__descriptor,
            .response = &tenon__records__v1__blob_seal_response__descriptor,
            .flags = DISPATCH_BARE | DISPATCH_BLOCKS,
            .run = seal,
        },
        {
            .name = "tenon.records.v1.Blobs/Get",
            .request = &tenon__records__v1__blob_get_request__descriptor,
            .response = &tenon__records__v1__blob_get_response__descriptor,
            .flags = DISPATCH_READS | DISPATCH_BARE,
            .run = get,
        },
        {
            .name = "tenon.records.v1.Blobs/Read",
            .request = &tenon__records__v1__blob_read_request__descriptor,
            .response = &tenon__records__v1__blob_read_response__descriptor,
            .flags = DISPATCH_READS | DISPATCH_BARE | DISPATCH_STREAMS,
            .run = start_reading,
        },
    };

    return (struct service_methods){methods, sizeof(methods) / sizeof(methods[0])};
}
