/* SPDX-License-Identifier: Apache-2.0 */
/* upload.c - bytes on their way in. */
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/blob/file.h"
#include "core/blob/state.h"

/* Compared at a time when bytes come again. */
#define COMPARE_STEP ((size_t)64 << 10)

struct upload {
    uint64_t id; /* the map's key */
    uint32_t portal;
    unsigned users;      /* guarded by blobs->mu, as the next three */
    int64_t used_us;     /* monotonic */
    bool is_ended;       /* out of the map; the last user frees it */
    bool is_sealed;      /* written with both held */
    struct upload *next; /* of those that are being ended */

    pthread_mutex_t mu; /* held while it is written; before blobs->mu */
    int fd;             /* guarded by mu, as the rest */
    bool is_lost;       /* the disk may have lost bytes of it */
    uint64_t size;
    crypto_hash_sha256_state state;
    uint8_t hash[VALUE_BLOB_SIZE];
};

/* Nobody has it any more. */
static void destroy(struct blobs *blobs, struct upload *upload)
{
    if (upload->fd >= 0) {
        (void)close(upload->fd); /* what counts was synced */
        blob_file_end(blobs->dir_fd, upload->id);
    }
    if (!upload->is_sealed)
        usage_give(blobs, upload->portal, USAGE_UPLOAD);
    (void)pthread_mutex_destroy(&upload->mu);
    mem_free(upload);
}

/* Takes it out of the map; true: it is the caller's to destroy. [blobs->mu held] */
static bool take_out(struct blobs *blobs, struct upload *upload)
{
    (void)map_remove_u64(&blobs->uploads, &upload->id);
    upload->is_ended = true;
    return upload->users == 0;
}

/* Takes out what nobody used since then: a list of it. [blobs->mu held] */
static struct upload *take_idle(struct blobs *blobs, int64_t since_us)
{
    struct upload *idle = NULL;
    struct upload *upload;

    for (size_t at = 0; (upload = map_next(&blobs->uploads, &at, NULL));) {
        if (upload->users > 0 || upload->used_us > since_us)
            continue;
        upload->next = idle;
        idle = upload;
    }
    for (upload = idle; upload; upload = upload->next)
        (void)take_out(blobs, upload);
    return idle;
}

void uploads_expire(struct blobs *blobs, int64_t now_us)
{
    (void)pthread_mutex_lock(&blobs->mu);
    struct upload *idle = take_idle(blobs, now_us - BLOB_UPLOAD_KEPT_US);
    (void)pthread_mutex_unlock(&blobs->mu);
    while (idle) {
        struct upload *next = idle->next;

        destroy(blobs, idle);
        idle = next;
    }
}

void uploads_end_all(struct blobs *blobs)
{
    uploads_expire(blobs, INT64_MAX);
    map_fini(&blobs->uploads);
}

/* Using one */

static tn_status refuse_upload(struct err *err)
{
    return err_violate(err,
                       TN_NOT_FOUND,
                       "upload",
                       "not_found",
                       "There is no such upload: it is over, or the host was started again. "
                       "Begin another.");
}

static tn_status get(struct blobs *blobs, uint32_t portal, uint64_t id, struct upload **ret_upload,
                     struct err *err)
{
    (void)pthread_mutex_lock(&blobs->mu);
    struct upload *upload = map_get_u64(&blobs->uploads, &id);
    if (upload && upload->portal == portal)
        upload->users++;
    else
        upload = NULL;
    (void)pthread_mutex_unlock(&blobs->mu);
    if (!upload)
        return refuse_upload(err);
    (void)pthread_mutex_lock(&upload->mu);
    *ret_upload = upload;
    return TN_OK;
}

static void put(struct blobs *blobs, struct upload *upload)
{
    (void)pthread_mutex_unlock(&upload->mu);
    (void)pthread_mutex_lock(&blobs->mu);
    upload->users--;
    upload->used_us = clock_mono_us();
    bool is_last = upload->is_ended && upload->users == 0;
    (void)pthread_mutex_unlock(&blobs->mu);
    if (is_last)
        destroy(blobs, upload);
}

/* Beginning */

static struct upload *create(uint32_t portal)
{
    struct upload *upload = mem_new(struct upload);

    if (!upload)
        return NULL;
    do /* 64 bits: who does not know it misses it */
        randombytes_buf(&upload->id, sizeof(upload->id));
    while (upload->id == 0); /* "none" in what others keep */
    upload->portal = portal;
    upload->used_us = clock_mono_us();
    upload->fd = -1;
    (void)pthread_mutex_init(&upload->mu, NULL);
    (void)crypto_hash_sha256_init(&upload->state);
    return upload;
}

static tn_status add(struct blobs *blobs, struct upload *upload, struct err *err)
{
    (void)pthread_mutex_lock(&blobs->mu);
    tn_status st = map_set_u64(&blobs->uploads, &upload->id, upload, NULL);
    (void)pthread_mutex_unlock(&blobs->mu);
    return st == TN_OK ? TN_OK : err_memory(err, "an upload");
}

/* Room for one more, of those that are over if there is no other. */
static tn_status take_room(struct blobs *blobs, uint32_t portal, struct err *err)
{
    if (usage_take(blobs, portal, USAGE_UPLOAD, NULL) == TN_OK)
        return TN_OK;
    uploads_expire(blobs, clock_mono_us());
    return usage_take(blobs, portal, USAGE_UPLOAD, err);
}

tn_status blobs_begin(struct blobs *blobs, uint32_t portal, uint64_t *ret_upload, struct err *err)
{
    TRY(take_room(blobs, portal, err));
    struct upload *upload = create(portal);
    if (!upload) {
        usage_give(blobs, portal, USAGE_UPLOAD);
        return err_memory(err, "an upload");
    }
    const uint64_t id = upload->id;
    tn_status st = blob_file_begin(blobs->dir_fd, id, &upload->fd, err);
    if (st == TN_OK)
        st = add(blobs, upload, err);
    if (st != TN_OK) {
        destroy(blobs, upload);
        return st;
    }
    *ret_upload = id;
    return TN_OK;
}

void blobs_end(struct blobs *blobs, uint32_t portal, uint64_t id)
{
    bool is_free = false;

    (void)pthread_mutex_lock(&blobs->mu);
    struct upload *upload = map_get_u64(&blobs->uploads, &id);
    if (upload && upload->portal == portal)
        is_free = take_out(blobs, upload);
    (void)pthread_mutex_unlock(&blobs->mu);
    if (is_free)
        destroy(blobs, upload);
}

/* Appending */

static tn_status compare(const struct upload *upload, uint64_t offset, struct tn_bytes bytes,
                         struct err *err)
{
    CLEANUP(mem_free_p) uint8_t *held = mem_alloc(COMPARE_STEP);

    if (!held)
        return err_memory(err, "an upload");
    while (bytes.len > 0) {
        size_t size = bytes.len < COMPARE_STEP ? bytes.len : COMPARE_STEP;
        size_t len = 0;

        TRY(blob_file_read(upload->fd, offset, held, size, &len, err));
        if (len != size || memcmp(held, bytes.data, size) != 0)
            return err_violate(err,
                               TN_INVALID_ARGUMENT,
                               "bytes",
                               "differs",
                               "Other bytes were appended at this offset before.");
        bytes.data += size;
        bytes.len -= size;
        offset += size;
    }
    return TN_OK;
}

static tn_status check_append(const struct blobs *blobs, const struct upload *upload,
                              uint64_t offset, size_t len, struct err *err)
{
    uint64_t size_max = atomic_load_explicit(&blobs->size_max, memory_order_relaxed);

    if (upload->is_lost)
        return refuse_upload(err);
    if (upload->is_sealed)
        return err_set(err, TN_FAILED_PRECONDITION, "The upload is sealed: begin another.");
    if (offset > upload->size)
        return err_violate(err,
                           TN_OUT_OF_RANGE,
                           "offset",
                           "gap",
                           "The upload has %llu bytes: go on there.",
                           (unsigned long long)upload->size);
    if (offset > size_max || len > size_max - offset)
        return err_violate(err,
                           TN_OUT_OF_RANGE,
                           "bytes",
                           "too_large",
                           "A blob has at most %llu bytes.",
                           (unsigned long long)size_max);
    return TN_OK;
}

/* What it does not have yet is written first: bytes count when they are there. */
static tn_status append(const struct blobs *blobs, struct upload *upload, uint64_t offset,
                        struct tn_bytes bytes, struct err *err)
{
    TRY(check_append(blobs, upload, offset, bytes.len, err));
    uint64_t known = upload->size - offset;
    struct tn_bytes again = {bytes.data, known < bytes.len ? (size_t)known : bytes.len};
    struct tn_bytes fresh = {bytes.data + again.len, bytes.len - again.len};
    TRY(compare(upload, offset, again, err));
    if (fresh.len == 0)
        return TN_OK;
    TRY(blob_file_write(upload->fd, upload->size, fresh, err));
    (void)crypto_hash_sha256_update(&upload->state, fresh.data, fresh.len);
    upload->size += fresh.len;
    return TN_OK;
}

tn_status blobs_append(struct blobs *blobs, uint32_t portal, uint64_t id, uint64_t offset,
                       struct tn_bytes bytes, uint64_t *ret_size, struct err *err)
{
    struct upload *upload;

    TRY(get(blobs, portal, id, &upload, err));
    tn_status st = append(blobs, upload, offset, bytes, err);
    if (st == TN_OK)
        *ret_size = upload->size;
    put(blobs, upload);
    return st;
}

/* Sealing */

static tn_status check_expected(const struct upload *upload, const uint8_t *expected,
                                uint64_t expected_size, struct err *err)
{
    if (expected_size != UINT64_MAX && expected_size != upload->size)
        return err_violate(err,
                           TN_FAILED_PRECONDITION,
                           "size",
                           "differs",
                           "The upload has %llu bytes, not %llu.",
                           (unsigned long long)upload->size,
                           (unsigned long long)expected_size);
    if (expected && memcmp(expected, upload->hash, sizeof(upload->hash)) != 0)
        return err_violate(err,
                           TN_FAILED_PRECONDITION,
                           "sha256",
                           "differs",
                           "The bytes of the upload have another SHA-256.");
    return TN_OK;
}

/* Bytes that the disk could not take are lost even if it takes others later, and nobody can tell
 * which: the upload is over. */
static tn_status sync_bytes(struct blobs *blobs, struct upload *upload, struct err *err)
{
    tn_status st = blob_file_sync(upload->fd, err);

    if (st != TN_OK) {
        upload->is_lost = true;
        blobs_end(blobs, upload->portal, upload->id);
    }
    return st;
}

/* While it is held: first the file, then the entry. */
static tn_status seal_held(struct blobs *blobs, const struct upload *upload, struct err *err)
{
    const struct blob_entry entry = {.size = upload->size, .sealed_us = clock_wall_us()};

    TRY(blob_file_name(blobs->dir_fd, upload->id, upload->portal, upload->hash, err));
    return blob_put(blobs->records, upload->portal, upload->hash, &entry, err);
}

/* It is open no more, and one that was sealed long ago can be sealed again no more. */
static void note_sealed(struct blobs *blobs, struct upload *upload)
{
    (void)close(upload->fd); /* it was synced */
    upload->fd = -1;
    blob_file_end(blobs->dir_fd, upload->id);
    (void)pthread_mutex_lock(&blobs->mu);
    upload->is_sealed = true;
    const uint64_t oldest = usage_note_sealed(blobs, upload->portal, upload->id);
    (void)pthread_mutex_unlock(&blobs->mu);
    if (oldest)
        blobs_end(blobs, upload->portal, oldest);
}

static tn_status seal(struct blobs *blobs, struct upload *upload, const uint8_t *expected,
                      uint64_t expected_size, struct err *err)
{
    crypto_hash_sha256_state state = upload->state; /* it may go on if this is refused */

    if (upload->is_lost)
        return refuse_upload(err);
    if (!upload->is_sealed)
        (void)crypto_hash_sha256_final(&state, upload->hash);
    TRY(check_expected(upload, expected, expected_size, err));
    if (upload->is_sealed)
        return TN_OK;
    TRY(sync_bytes(blobs, upload, err));
    TRY(blob_hold(blobs->records, upload->portal, upload->hash, err));
    tn_status st = seal_held(blobs, upload, err);
    blob_unhold(blobs->records, upload->portal, upload->hash);
    if (st == TN_OK)
        note_sealed(blobs, upload);
    return st;
}

tn_status blobs_seal(struct blobs *blobs, uint32_t portal, uint64_t id, const uint8_t *expected,
                     uint64_t expected_size, uint8_t ret_hash[static VALUE_BLOB_SIZE],
                     uint64_t *ret_size, struct err *err)
{
    struct upload *upload;

    TRY(get(blobs, portal, id, &upload, err));
    tn_status st = seal(blobs, upload, expected, expected_size, err);
    if (st == TN_OK) {
        memcpy(ret_hash, upload->hash, VALUE_BLOB_SIZE);
        *ret_size = upload->size;
    }
    put(blobs, upload);
    return st;
}
