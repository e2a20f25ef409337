/* SPDX-License-Identifier: Apache-2.0 */
/* blobs.c - opening and closing, and reading blobs. */
#include "core/blob/blobs.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/blob/file.h"
#include "core/blob/state.h"

/* Read at a time where the whole of a file is hashed. */
#define HASH_STEP ((size_t)256 << 10)

struct blob_reader {
    struct blobs *blobs;
    uint32_t portal;
    int fd;
    uint64_t size;
};

static tn_status open_files(struct blobs *blobs, const char *dir, struct err *err)
{
    TRY(blob_file_dir_open(dir, &blobs->dir_fd, err));
    return blob_file_end_all(blobs->dir_fd, err);
}

tn_status blobs_open(const struct blobs_options *options, struct blobs **ret_blobs, struct err *err)
{
    struct blobs *blobs = mem_new(struct blobs);

    if (!blobs)
        return err_memory(err, "the blobs");
    blobs->records = options->records;
    blobs->log = options->log;
    blobs->dir_fd = -1;
    blobs->grace_us = options->grace_us ? options->grace_us : BLOB_GRACE_DEFAULT_US;
    blobs->is_quiet = options->is_quiet;
    blobs_set_size_max(blobs, options->size_max);
    (void)pthread_mutex_init(&blobs->mu, NULL);
    tn_status st = sodium_init() < 0
                       ? err_set(err, TN_INTERNAL, "The library of cryptography does not start.")
                       : open_files(blobs, options->dir, err);
    if (st == TN_OK)
        st = collector_start(blobs, err);
    if (st != TN_OK) {
        blobs_close(blobs);
        return st;
    }
    *ret_blobs = blobs;
    return TN_OK;
}

void blobs_close(struct blobs *blobs)
{
    if (!blobs)
        return;
    collector_stop(blobs);
    uploads_end_all(blobs);
    usage_fini(blobs);
    if (blobs->dir_fd >= 0)
        (void)close(blobs->dir_fd); /* of a folder */
    (void)pthread_mutex_destroy(&blobs->mu);
    mem_free(blobs);
}

void blobs_set_size_max(struct blobs *blobs, uint64_t size_max)
{
    atomic_store_explicit(
        &blobs->size_max, size_max ? size_max : BLOB_SIZE_DEFAULT, memory_order_relaxed);
}

/* Reading */

static tn_status refuse_lost(struct err *err)
{
    return err_set(
        err, TN_DATA_LOSS, "The file of a blob is missing or damaged; `tenon check` names it.");
}

static tn_status open_file(struct blobs *blobs, uint32_t portal, const uint8_t *hash,
                           const struct blob_entry *entry, int *ret_fd, struct err *err)
{
    uint64_t size = 0;
    int fd = -1;

    tn_status st = blob_file_open(blobs->dir_fd, portal, hash, &fd, &size, err);
    if (st == TN_NOT_FOUND)
        return refuse_lost(err);
    TRY(st);
    if (size != entry->size) {
        (void)close(fd); /* was only read */
        return refuse_lost(err);
    }
    *ret_fd = fd;
    return TN_OK;
}

/* While it is held, so that its file does not go before it is open. */
static tn_status open_held(struct blobs *blobs, uint32_t portal, const uint8_t *hash,
                           struct blob_entry *ret_entry, int *ret_fd, struct err *err)
{
    tn_status st = blob_find(blobs->records, portal, hash, ret_entry, err);

    if (st == TN_NOT_FOUND)
        return err_violate(err, st, "sha256", "not_found", "The portal has no such blob.");
    TRY(st);
    return open_file(blobs, portal, hash, ret_entry, ret_fd, err);
}

static tn_status open_reader(struct blob_reader *reader, const uint8_t *hash, struct err *err)
{
    struct records *records = reader->blobs->records;
    struct blob_entry entry;

    TRY(blob_hold(records, reader->portal, hash, err));
    tn_status st = open_held(reader->blobs, reader->portal, hash, &entry, &reader->fd, err);
    blob_unhold(records, reader->portal, hash);
    TRY(st);
    reader->size = entry.size;
    return TN_OK;
}

tn_status blobs_read(struct blobs *blobs, uint32_t portal,
                     const uint8_t hash[static VALUE_BLOB_SIZE], struct blob_reader **ret_reader,
                     uint64_t *ret_size, struct err *err)
{
    CLEANUP(mem_free_p) struct blob_reader *reader = mem_new(struct blob_reader);

    if (!reader)
        return err_memory(err, "a blob");
    reader->blobs = blobs;
    reader->portal = portal;
    TRY(usage_take(blobs, portal, USAGE_READER, err));
    tn_status st = open_reader(reader, hash, err);
    if (st != TN_OK) {
        usage_give(blobs, portal, USAGE_READER);
        return st;
    }
    *ret_size = reader->size;
    *ret_reader = TAKE(reader);
    return TN_OK;
}

tn_status blob_reader_fetch(struct blob_reader *reader, uint64_t offset, void *buffer, size_t size,
                            size_t *ret_len, struct err *err)
{
    size_t len = 0;

    if (offset > reader->size)
        offset = reader->size;
    if (size > reader->size - offset)
        size = (size_t)(reader->size - offset);
    TRY(blob_file_read(reader->fd, offset, buffer, size, &len, err));
    if (len < size)
        return refuse_lost(err);
    *ret_len = len;
    return TN_OK;
}

void blob_reader_close(struct blob_reader *reader)
{
    if (!reader)
        return;
    (void)close(reader->fd); /* was only read */
    usage_give(reader->blobs, reader->portal, USAGE_READER);
    mem_free(reader);
}

/* Checking */

static tn_status check_hash(int fd, const uint8_t *hash)
{
    CLEANUP(mem_free_p) uint8_t *bytes = mem_alloc(HASH_STEP);
    uint8_t found[VALUE_BLOB_SIZE];
    crypto_hash_sha256_state state;
    uint64_t offset = 0;
    size_t len;

    if (!bytes)
        return TN_RESOURCE_EXHAUSTED;
    (void)crypto_hash_sha256_init(&state);
    do {
        TRY(blob_file_read(fd, offset, bytes, HASH_STEP, &len, NULL));
        (void)crypto_hash_sha256_update(&state, bytes, len);
        offset += len;
    } while (len == HASH_STEP);
    (void)crypto_hash_sha256_final(&state, found);
    return memcmp(found, hash, sizeof(found)) == 0 ? TN_OK : TN_DATA_LOSS;
}

tn_status blob_file_check(const char *dir, uint32_t portal,
                          const uint8_t hash[static VALUE_BLOB_SIZE], uint64_t size, bool reads)
{
    uint64_t found = 0;
    int fd = -1;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return TN_NOT_FOUND;
    tn_status st = blob_file_open(dir_fd, portal, hash, &fd, &found, NULL);
    if (st == TN_OK && found != size)
        st = TN_DATA_LOSS;
    if (st == TN_OK && reads)
        st = check_hash(fd, hash);
    if (fd >= 0)
        (void)close(fd); /* was only read, as the folder */
    (void)close(dir_fd);
    return st;
}

tn_status blob_file_each(const char *dir, blob_file_fn each, void *ctx, struct err *err)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return TN_OK;
    tn_status st = blob_file_walk(dir_fd, each, ctx, err);
    (void)close(dir_fd); /* was only read */
    return st;
}
