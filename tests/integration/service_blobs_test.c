/* SPDX-License-Identifier: Apache-2.0 */
/* service_blobs_test.c - blobs over the bus: up, named by records, and down as a stream. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "tenon/records/v1/blobs.pb-c.h"
#include "tests/integration/served.h"

#define CREATE "tenon.records.v1.Blobs/Create"
#define APPEND "tenon.records.v1.Blobs/Append"
#define SEAL "tenon.records.v1.Blobs/Seal"
#define GET "tenon.records.v1.Blobs/Get"
#define READ "tenon.records.v1.Blobs/Read"

#define NOBODYS "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
/* Of the empty text. */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static uint64_t begin(struct served *s)
{
    const Tenon__Records__V1__BlobCreateRequest request =
        TENON__RECORDS__V1__BLOB_CREATE_REQUEST__INIT;
    const Tenon__Records__V1__BlobCreateResponse *response =
        served_must(s, CREATE, &request, &tenon__records__v1__blob_create_response__descriptor);

    return response->upload;
}

static const Tenon__Records__V1__BlobAppendResponse *
append(struct served *s, uint64_t upload, uint64_t offset, const void *data, size_t len)
{
    Tenon__Records__V1__BlobAppendRequest request = TENON__RECORDS__V1__BLOB_APPEND_REQUEST__INIT;

    request.upload = upload;
    request.offset = offset;
    request.data = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
    return served_call(s, APPEND, &request, &tenon__records__v1__blob_append_response__descriptor);
}

static const Tenon__Records__V1__BlobSealResponse *seal(struct served *s, uint64_t upload,
                                                        uint64_t size, const char *sha256)
{
    Tenon__Records__V1__BlobSealRequest request = TENON__RECORDS__V1__BLOB_SEAL_REQUEST__INIT;

    request.upload = upload;
    request.size = size;
    request.sha256 = a_text(s, sha256);
    return served_call(s, SEAL, &request, &tenon__records__v1__blob_seal_response__descriptor);
}

/* Its hash. */
static const char *make(struct served *s, const void *data, size_t len)
{
    uint64_t upload = begin(s);
    const size_t step = (size_t)1 << 20;

    for (size_t at = 0; at < len; at += step)
        assert_non_null(
            append(s, upload, at, (const uint8_t *)data + at, len - at < step ? len - at : step));
    const Tenon__Records__V1__BlobSealResponse *response = seal(s, upload, len, "");
    assert_non_null(response);
    assert_int_equal(response->size, len);
    return response->sha256;
}

static const Tenon__Records__V1__BlobGetResponse *get(struct served *s, const char *sha256)
{
    Tenon__Records__V1__BlobGetRequest request = TENON__RECORDS__V1__BLOB_GET_REQUEST__INIT;

    request.sha256 = a_text(s, sha256);
    return served_call(s, GET, &request, &tenon__records__v1__blob_get_response__descriptor);
}

/* Streams */

struct stream {
    pthread_mutex_t mu;
    pthread_cond_t done;
    struct buf bytes;
    bool is_done;
    tn_status status;
};

static void on_message(void *ctx, struct tn_bytes body)
{
    struct stream *stream = ctx;
    Tenon__Records__V1__BlobReadResponse *response =
        tenon__records__v1__blob_read_response__unpack(NULL, body.len, body.data);

    assert_non_null(response);
    assert_int_equal(buf_add(&stream->bytes, response->data.data, response->data.len), TN_OK);
    tenon__records__v1__blob_read_response__free_unpacked(response, NULL);
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct stream *stream = ctx;

    (void)pthread_mutex_lock(&stream->mu);
    stream->is_done = true;
    stream->status = result->status;
    (void)pthread_cond_signal(&stream->done);
    (void)pthread_mutex_unlock(&stream->mu);
}

static struct tenon_call *start_reading(struct served *s, struct stream *stream, const char *sha256,
                                        uint64_t offset, uint64_t length)
{
    Tenon__Records__V1__BlobReadRequest request = TENON__RECORDS__V1__BLOB_READ_REQUEST__INIT;
    struct tenon_call *call = NULL;
    uint8_t bytes[256];

    *stream = (struct stream){.status = TN_INTERNAL};
    (void)pthread_mutex_init(&stream->mu, NULL);
    (void)pthread_cond_init(&stream->done, NULL);
    request.sha256 = a_text(s, sha256);
    request.offset = offset;
    request.length = length;
    assert_true(tenon__records__v1__blob_read_request__get_packed_size(&request) <= sizeof(bytes));
    size_t len = tenon__records__v1__blob_read_request__pack(&request, bytes);
    assert_int_equal(tenon_call(s->client,
                                READ,
                                (struct tn_bytes){bytes, len},
                                &s->options,
                                on_message,
                                on_done,
                                stream,
                                &call),
                     TN_OK);
    return call;
}

static void end_reading(struct stream *stream, tn_status status, const void *data, size_t len)
{
    int64_t until_us = clock_wall_us() + PATIENCE_US;
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    int waited = 0;

    (void)pthread_mutex_lock(&stream->mu);
    while (!stream->is_done && waited == 0)
        waited = pthread_cond_timedwait(&stream->done, &stream->mu, &until);
    (void)pthread_mutex_unlock(&stream->mu);
    assert_true(stream->is_done);
    assert_int_equal(stream->status, status);
    assert_int_equal(stream->bytes.len, len);
    if (len)
        assert_memory_equal(stream->bytes.data, data, len);
    buf_fini(&stream->bytes);
    (void)pthread_cond_destroy(&stream->done);
    (void)pthread_mutex_destroy(&stream->mu);
}

static void must_read(struct served *s, const char *sha256, uint64_t offset, uint64_t length,
                      const void *data, size_t len)
{
    struct stream stream;

    (void)start_reading(s, &stream, sha256, offset, length);
    end_reading(&stream, TN_OK, data, len);
}

/* Bytes that differ everywhere. */
static uint8_t *some_bytes(size_t len)
{
    uint8_t *bytes = malloc(len);
    uint64_t seed = 1;

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(seed >> 56);
    }
    return bytes;
}

static void bytes_go_up_and_come_down_whole_and_by_range(void **state)
{
    struct served *s = *state;
    const size_t len = ((size_t)3 << 20) + 17;
    uint8_t *bytes = some_bytes(len);
    const char *sha256 = make(s, bytes, len);

    assert_int_equal(get(s, sha256)->size, len);
    must_read(s, sha256, 0, 0, bytes, len);
    must_read(s, sha256, 1000, 70000, bytes + 1000, 70000);
    must_read(s, sha256, len - 3, 100, bytes + len - 3, 3);
    must_read(s, sha256, 5, UINT64_MAX, bytes + 5, len - 5);
    must_read(s, sha256, len, 0, NULL, 0);
    free(bytes);
}

static void range_that_begins_behind_the_end_is_refused(void **state)
{
    struct served *s = *state;
    const char *sha256 = make(s, "bytes", 5);
    struct stream stream;

    (void)start_reading(s, &stream, sha256, 6, 0);
    end_reading(&stream, TN_OUT_OF_RANGE, NULL, 0);
    (void)start_reading(s, &stream, sha256, UINT64_MAX, UINT64_MAX);
    end_reading(&stream, TN_OUT_OF_RANGE, NULL, 0);
    must_read(s, sha256, 5, 1, NULL, 0);
}

static void reader_that_pauses_gets_all_later_and_others_go_on(void **state)
{
    struct served *s = *state;
    const size_t len = (size_t)2 << 20;
    uint8_t *bytes = some_bytes(len);
    const char *sha256 = make(s, bytes, len);
    struct stream stream;

    struct tenon_call *call = start_reading(s, &stream, sha256, 0, 0);
    tenon_call_pause(call);
    assert_int_equal(get(s, sha256)->size, len);
    tenon_call_resume(call);
    end_reading(&stream, TN_OK, bytes, len);
    free(bytes);
}

static void record_names_a_blob_by_its_hash(void **state)
{
    struct served *s = *state;
    char values[160];

    (void)snprintf(values, sizeof(values), "serial=M-1;manual=%s", make(s, "manual", 6));
    const Tenon__Records__V1__Record *made = create_record(s, "machines", values);
    assert_string_equal(text_of(s, get_record(s, "machines", made->id), "manual"),
                        make(s, "manual", 6));
}

static void wrong_names_are_refused(void **state)
{
    struct served *s = *state;
    static const char *const wrong[] = {"serial=M;manual=cafe",
                                        "serial=M;manual=" NOBODYS "00",
                                        "serial=M;manual=x" NOBODYS,
                                        "serial=M;manual=z0112233445566778899aabbccddeeff"
                                        "00112233445566778899aabbccddeeff"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(served_call(s,
                                "tenon.records.v1.Records/Create",
                                a_create(s, "machines", wrong[i]),
                                &tenon__records__v1__create_response__descriptor));
        assert_true(served_refused(s, TN_INVALID_ARGUMENT, "manual", "blob"));
    }
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            a_create(s, "machines", "serial=M;manual=" NOBODYS),
                            &tenon__records__v1__create_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "manual", "not_found"));
    served_is_alive(s);
}

static void blob_of_another_portal_is_nowhere(void **state)
{
    struct served *s = *state;
    const char *sha256 = make(s, "theirs", 6);
    struct stream stream;
    char values[160];

    s->options.portal = s->f->other->name;
    assert_null(get(s, sha256));
    assert_true(served_refused(s, TN_NOT_FOUND, "sha256", "not_found"));
    (void)start_reading(s, &stream, sha256, 0, 0);
    end_reading(&stream, TN_NOT_FOUND, NULL, 0);
    (void)snprintf(values, sizeof(values), "serial=M;manual=%s", sha256);
    assert_null(served_call(s,
                            "tenon.records.v1.Records/Create",
                            a_create(s, "machines", values),
                            &tenon__records__v1__create_response__descriptor));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "manual", "not_found"));
    s->options.portal = NULL;
}

static void upload_of_another_portal_is_nowhere(void **state)
{
    struct served *s = *state;
    uint64_t upload = begin(s);

    s->options.portal = s->f->other->name;
    assert_null(append(s, upload, 0, "x", 1));
    assert_true(served_refused(s, TN_NOT_FOUND, "upload", "not_found"));
    assert_null(seal(s, upload, 0, ""));
    assert_true(served_refused(s, TN_NOT_FOUND, "upload", "not_found"));
    s->options.portal = NULL;
    assert_non_null(seal(s, upload, 0, EMPTY));
}

static void uploads_that_do_not_fit_are_refused(void **state)
{
    struct served *s = *state;
    const size_t step = (size_t)1 << 20;
    uint8_t *bytes = some_bytes(step);
    uint64_t upload = begin(s);

    assert_null(append(s, upload, 5, "x", 1));
    assert_true(served_refused(s, TN_OUT_OF_RANGE, "offset", "gap"));
    for (uint64_t at = 0; at < SERVED_BLOB_MAX; at += step)
        assert_int_equal(append(s, upload, at, bytes, step)->size, at + step);
    assert_null(append(s, upload, SERVED_BLOB_MAX, "x", 1));
    assert_true(served_refused(s, TN_OUT_OF_RANGE, "bytes", "too_large"));
    assert_null(append(s, upload, 0, "other", 5));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "bytes", "differs"));
    assert_null(seal(s, upload, 1, ""));
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "size", "differs"));
    assert_null(seal(s, upload, SERVED_BLOB_MAX, EMPTY));
    assert_true(served_refused(s, TN_FAILED_PRECONDITION, "sha256", "differs"));
    assert_null(seal(s, upload, SERVED_BLOB_MAX, "cafe"));
    assert_true(served_refused(s, TN_INVALID_ARGUMENT, "sha256", "blob"));
    free(bytes);
}

static void upload_that_a_restart_ended_is_told_so_and_what_was_sealed_is_there(void **state)
{
    struct served *s = *state;
    uint64_t upload = begin(s);
    const char *sha256 = make(s, "bytes", 5);

    assert_non_null(append(s, upload, 0, "abc", 3));
    served_restart(s);
    assert_null(append(s, upload, 3, "def", 3));
    assert_true(served_refused(s, TN_NOT_FOUND, "upload", "not_found"));
    must_read(s, sha256, 0, 0, "bytes", 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_go_up_and_come_down_whole_and_by_range),
        TEST(range_that_begins_behind_the_end_is_refused),
        TEST(reader_that_pauses_gets_all_later_and_others_go_on),
        TEST(record_names_a_blob_by_its_hash),
        TEST(wrong_names_are_refused),
        TEST(blob_of_another_portal_is_nowhere),
        TEST(upload_of_another_portal_is_nowhere),
        TEST(uploads_that_do_not_fit_are_refused),
        TEST(upload_that_a_restart_ended_is_told_so_and_what_was_sealed_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
