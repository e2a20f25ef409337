/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs_test.c - hosts that are killed while clients upload blobs and name them in records:
 *
 *     blobs_test [KILLS]
 *
 * What was answered is there, byte for byte, and nothing is left that nobody ever takes away: no
 * file of an upload, and no file that has no entry.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenon/records/v1/blobs.pb-c.h>
#include <tenon/schema/v1/schema.pb-c.h>

#include "core/base/clock.h"
#include "core/check/check.h"
#include "tests/crash/sound.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define MACHINES PLUGIN_FOLDER "/host_machines.so"
#define KILLS 5u
#define UPLOADER_COUNT 3u
/* Blobs that are sealed by each, at least, before the host is killed. */
#define DONE_MIN 4u
#define DONE_MAX 4096u
#define SIZE_MAX_OF_BLOB ((size_t)600 << 10)
#define PIECE ((size_t)64 << 10)
#define HASH_TEXT_SIZE (crypto_hash_sha256_BYTES * 2 + 1)

struct done {
    char sha256[HASH_TEXT_SIZE];
    size_t size;
    uint64_t record; /* that names it; 0: none was answered */
};

/* One client; what was answered to it, in all lives of the host. */
struct uploader {
    struct tenond *host;
    unsigned number;
    atomic_uint done_count;
    struct done done[DONE_MAX];
    tn_status odd; /* what else a call came to than TN_OK and what a kill makes of it */
    char message[256];
};

/* True: it was answered. A host that was killed ends the run. */
static bool try_call(struct uploader *uploader, struct tenon_client *client, const char *method,
                     const ProtobufCMessageDescriptor *type, const ProtobufCMessage *request,
                     void *ret_response)
{
    const struct tenon_call_options options = {.timeout_us = TENOND_PATIENCE_US};
    struct tenon_result result = {0};
    ProtobufCMessage *response = NULL;
    const tn_status st = tenon_invoke(client, method, request, type, &options, &response, &result);

    if (st != TN_OK && st != TN_UNAVAILABLE) {
        uploader->odd = st;
        (void)snprintf(uploader->message, sizeof(uploader->message), "%s", result.message);
    }
    tenon_result_fini(&result);
    if (st != TN_OK)
        return false;
    *(ProtobufCMessage **)ret_response = response;
    return true;
}

static bool send_pieces(struct uploader *uploader, struct tenon_client *client, uint64_t upload,
                        uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += PIECE) {
        Tenon__Records__V1__BlobAppendRequest request =
            TENON__RECORDS__V1__BLOB_APPEND_REQUEST__INIT;
        Tenon__Records__V1__BlobAppendResponse *response;

        request.upload = upload;
        request.offset = at;
        request.data = (ProtobufCBinaryData){size - at < PIECE ? size - at : PIECE, bytes + at};
        if (!try_call(uploader,
                      client,
                      METHOD(records, Blobs, Append, blob_append),
                      &request.base,
                      &response))
            return false;
        answer_free(response);
    }
    return true;
}

static bool upload(struct uploader *uploader, struct tenon_client *client, uint8_t *bytes,
                   struct done *done)
{
    Tenon__Records__V1__BlobCreateRequest create = TENON__RECORDS__V1__BLOB_CREATE_REQUEST__INIT;
    Tenon__Records__V1__BlobSealRequest seal = TENON__RECORDS__V1__BLOB_SEAL_REQUEST__INIT;
    Tenon__Records__V1__BlobCreateResponse *begun;
    Tenon__Records__V1__BlobSealResponse *sealed;

    if (!try_call(
            uploader, client, METHOD(records, Blobs, Create, blob_create), &create.base, &begun))
        return false;
    seal.upload = begun->upload;
    seal.size = done->size;
    seal.sha256 = done->sha256;
    answer_free(begun);
    if (!send_pieces(uploader, client, seal.upload, bytes, done->size) ||
        !try_call(uploader, client, METHOD(records, Blobs, Seal, blob_seal), &seal.base, &sealed))
        return false;
    answer_free(sealed);
    return true;
}

static bool name(struct uploader *uploader, struct tenon_client *client, struct done *done)
{
    Tenon__Records__V1__CreateResponse *response;
    struct fields fields = {.count = 0};

    fields_add(&fields, (char[]){"serial"}, done->sha256 + 32);
    fields_add(&fields, (char[]){"manual"}, done->sha256);
    Tenon__Records__V1__CreateRequest request = create_request((char[]){"machines"}, &fields);
    if (!try_call(
            uploader, client, METHOD(records, Records, Create, create), &request.base, &response))
        return false;
    done->record = response->record->id;
    answer_free(response);
    return true;
}

static void begin_done(struct done *done, uint8_t *bytes)
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    *done = (struct done){.size = randombytes_uniform(SIZE_MAX_OF_BLOB)};
    randombytes_buf(bytes, done->size);
    (void)crypto_hash_sha256(hash, bytes, done->size);
    (void)sodium_bin2hex(done->sha256, sizeof(done->sha256), hash, sizeof(hash));
}

/* Until the host is killed. Every other blob is named. */
static void *run_uploader(void *ctx)
{
    struct uploader *uploader = ctx;
    struct tenon_client *client = tenond_connect(uploader->host, NULL);
    uint8_t *bytes = malloc(SIZE_MAX_OF_BLOB);
    bool goes_on = true;

    assert_non_null(bytes);
    for (unsigned i = atomic_load(&uploader->done_count); goes_on && i < DONE_MAX; i++) {
        struct done *done = &uploader->done[i];

        begin_done(done, bytes);
        goes_on = upload(uploader, client, bytes, done);
        if (goes_on)
            atomic_fetch_add(&uploader->done_count, 1);
        if (goes_on && i % 2 == 0)
            goes_on = name(uploader, client, done);
    }
    free(bytes);
    tenon_client_destroy(client);
    return NULL;
}

/* Looking at it */

/* Files below a folder of the blobs, but for folders themselves. */
static unsigned count_files(int parent, const char *name)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    unsigned count = 0;

    if (!dir)
        return 1; /* a file; one that goes just now is counted once more */
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            count += count_files(dirfd(dir), entry->d_name);
    (void)closedir(dir);
    return count;
}

static unsigned count_blob_files(const struct tenond *host, const char *folder)
{
    char path[TENOND_PATH_SIZE + 32];

    (void)snprintf(path, sizeof(path), "%s/blobs%s", host->data, folder);
    return count_files(AT_FDCWD, path);
}

/* The collector's first look, soon after a start, takes away what no entry has. */
static void await_files(const struct tenond *host, uint64_t count)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    const int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US;
    unsigned found;

    while ((found = count_blob_files(host, "")) != count) {
        if (clock_mono_us() > give_up_us)
            fail_msg("%u files stay for %llu blobs", found, (unsigned long long)count);
        (void)nanosleep(&pause, NULL);
    }
}

static void check_done(struct tenon_client *client, struct done *done)
{
    Tenon__Records__V1__BlobGetRequest request = TENON__RECORDS__V1__BLOB_GET_REQUEST__INIT;
    Tenon__Records__V1__GetRequest get = TENON__RECORDS__V1__GET_REQUEST__INIT;
    Tenon__Records__V1__RecordKey key = key_of_id(done->record);

    request.sha256 = done->sha256;
    Tenon__Records__V1__BlobGetResponse *blob =
        call(client, METHOD(records, Blobs, Get, blob_get), &request.base);
    assert_int_equal(blob->size, done->size);
    answer_free(blob);
    if (done->record == 0)
        return;
    get.type = (char[]){"machines"};
    get.key = &key;
    Tenon__Records__V1__GetResponse *record =
        call(client, METHOD(records, Records, Get, get), &get.base);
    assert_string_equal(record_text(record->record, "manual"), done->sha256);
    answer_free(record);
}

/* What was answered is there. */
static void check_all(struct tenond *host, struct uploader *uploaders)
{
    struct tenon_client *client = tenond_connect(host, NULL);

    for (unsigned i = 0; i < UPLOADER_COUNT; i++) {
        if (uploaders[i].odd != TN_OK)
            fail_msg("%s: %s", tenon_status_name(uploaders[i].odd), uploaders[i].message);
        for (unsigned k = 0; k < atomic_load(&uploaders[i].done_count); k++)
            check_done(client, &uploaders[i].done[k]);
    }
    tenon_client_destroy(client);
}

/* Doing it */

static void make_property(struct tenond *host)
{
    Tenon__Schema__V1__CreatePropertyRequest request =
        TENON__SCHEMA__V1__CREATE_PROPERTY_REQUEST__INIT;
    Tenon__Schema__V1__PropertyType property = TENON__SCHEMA__V1__PROPERTY_TYPE__INIT;
    struct tenon_client *client = tenond_connect(host, NULL);

    property.name = (char[]){"manual"};
    property.kind = (char[]){"blob"};
    request.type = (char[]){"machines"};
    request.property = &property;
    answer_free(
        call(client, METHOD(schema, Schema, CreateProperty, create_property), &request.base));
    tenon_client_destroy(client);
}

static void await_done(struct uploader *uploaders, const unsigned *before)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    const int64_t give_up_us = clock_mono_us() + TENOND_PATIENCE_US;

    for (unsigned i = 0; i < UPLOADER_COUNT; i++)
        while (atomic_load(&uploaders[i].done_count) < before[i] + DONE_MIN) {
            if (clock_mono_us() > give_up_us)
                fail_msg("nothing is uploaded: %s", uploaders[i].message);
            (void)nanosleep(&pause, NULL);
        }
}

static void upload_and_kill(struct tenond *host, struct uploader *uploaders)
{
    pthread_t threads[UPLOADER_COUNT];
    unsigned before[UPLOADER_COUNT];

    for (unsigned i = 0; i < UPLOADER_COUNT; i++) {
        before[i] = atomic_load(&uploaders[i].done_count);
        assert_int_equal(pthread_create(&threads[i], NULL, run_uploader, &uploaders[i]), 0);
    }
    await_done(uploaders, before);
    tenond_kill(host);
    for (unsigned i = 0; i < UPLOADER_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void kills_in_uploads_lose_nothing_and_leave_nothing(void **state)
{
    const unsigned *kills = *state;
    struct tenond *host = tenond_create();
    struct uploader *uploaders = calloc(UPLOADER_COUNT, sizeof(*uploaders));
    unsigned cut_count = 0;

    assert_non_null(uploaders);
    tenond_add_plugin(host, MACHINES);
    tenond_start(host);
    make_property(host);
    for (unsigned i = 0; i < UPLOADER_COUNT; i++) {
        uploaders[i].host = host;
        uploaders[i].number = i;
    }
    for (unsigned i = 0; i < *kills; i++) {
        upload_and_kill(host, uploaders);
        const struct check_counts counts = must_be_sound(host);
        cut_count += count_blob_files(host, "/new");
        tenond_start(host);
        assert_int_equal(count_blob_files(host, "/new"), 0);
        await_files(host, counts.blobs);
        check_all(host, uploaders);
    }
    tenond_stop(host);
    (void)must_be_sound(host);
    /* Or the kills came when nothing was under way. */
    assert_true(cut_count > 0);
    print_message("%u uploads were cut short\n", cut_count);
    free(uploaders);
    tenond_destroy(host);
}

int main(int argc, char **argv)
{
    unsigned kills = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : KILLS;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(kills_in_uploads_lose_nothing_and_leave_nothing, &kills),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
