/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs.h - the bytes of blobs: files named by their SHA-256, one folder per portal.
 *
 * Bytes come in through an upload, into a file of their own; sealing makes that file durable under
 * its name and then writes the entry (record/blob.h) that lets records name it. So an entry always
 * has its file. What no record names goes after a time of grace, by a thread of its own: first the
 * entry, then the file. An upload that is open when the host ends is gone.
 */
#ifndef CORE_BLOB_BLOBS_H
#define CORE_BLOB_BLOBS_H

#include "core/base/log.h"
#include "core/record/blob.h"

struct blobs;
struct blob_reader;

/* A gibibyte: recordings and scans fit, films do not. */
#define BLOB_SIZE_DEFAULT ((uint64_t)1 << 30)
/* A day, so that who uploads today may name it tomorrow. */
#define BLOB_GRACE_DEFAULT_US ((int64_t)24 * 3600 * 1000000)
/* Open uploads of one portal; past it TN_RESOURCE_EXHAUSTED until one ends. */
#define BLOB_UPLOAD_MAX 64u
/* Sealed uploads of one portal whose seal can be repeated: the newest. */
#define BLOB_SEALED_MAX 64u
/* Open readers of one portal; past it TN_RESOURCE_EXHAUSTED until one is closed. */
#define BLOB_READER_MAX 128u
/* Both of all portals: each has a file open, of which the host has so many. */
#define BLOB_FILE_MAX 1024u
/* What an upload is kept for since it was last used. */
#define BLOB_UPLOAD_KEPT_US ((int64_t)3600 * 1000000)

struct blobs_options {
    struct records *records; /* borrowed, as the rest, until blobs_close() */
    struct log *log;         /* may be NULL */
    const char *dir;         /* made with mode 0700 if it is not there; its parent is */
    uint64_t size_max;       /* bytes of one blob; 0: BLOB_SIZE_DEFAULT */
    int64_t grace_us;        /* 0: BLOB_GRACE_DEFAULT_US */
    bool is_quiet;           /* nothing collects but blobs_collect() */
};

/* Removes what uploads of an earlier run left, and starts the collector. TN_PERMISSION_DENIED,
 * TN_UNAVAILABLE, TN_RESOURCE_EXHAUSTED. [loader] blocks */
tn_status blobs_open(const struct blobs_options *options, struct blobs **ret_blobs,
                     struct err *err);
/* When no call of this file runs or comes any more. Accepts NULL. [loader] blocks */
void blobs_close(struct blobs *blobs);

/* Of uploads from now on; 0: the default. [any] */
void blobs_set_size_max(struct blobs *blobs, uint64_t size_max);

/* Uploads, known by a random id to their portal. TN_NOT_FOUND: violation of "upload". */

/* TN_RESOURCE_EXHAUSTED: too many blobs are open, or the disk is nearly full. [any] blocks */
tn_status blobs_begin(struct blobs *blobs, uint32_t portal, uint64_t *ret_upload, struct err *err);

/*
 * `offset` is what the upload had when the bytes were sent; what it has already is compared and
 * passed over, so an append whose answer was lost is safe to repeat. `*ret_size`: what it has now.
 * TN_OUT_OF_RANGE: a gap, or larger than a blob may be; TN_INVALID_ARGUMENT: other bytes than
 * before; TN_FAILED_PRECONDITION: sealed; TN_RESOURCE_EXHAUSTED: the disk. [any] blocks
 */
tn_status blobs_append(struct blobs *blobs, uint32_t portal, uint64_t upload, uint64_t offset,
                       struct tn_bytes bytes, uint64_t *ret_size, struct err *err);

/*
 * Durable and named on return; safe to repeat while the upload is kept. `expected` (NULL: any) and
 * `expected_size` (UINT64_MAX: any) have to fit: TN_FAILED_PRECONDITION, the upload stays open. A
 * file of that hash which is there is replaced, since it may be damaged. TN_UNAVAILABLE: try again;
 * if the disk lost the bytes, the upload is over. [any] blocks
 */
tn_status blobs_seal(struct blobs *blobs, uint32_t portal, uint64_t upload, const uint8_t *expected,
                     uint64_t expected_size, uint8_t ret_hash[static VALUE_BLOB_SIZE],
                     uint64_t *ret_size, struct err *err);
/* Ends an upload, sealed or not; one that is not there is ended. [any] blocks */
void blobs_end(struct blobs *blobs, uint32_t portal, uint64_t upload);

/* Reading */

/* TN_NOT_FOUND (err says so); TN_DATA_LOSS: its file is not there or of another size;
 * TN_RESOURCE_EXHAUSTED: too many are open; TN_UNAVAILABLE. A reader keeps its bytes even if they
 * are collected. [any] blocks */
tn_status blobs_read(struct blobs *blobs, uint32_t portal,
                     const uint8_t hash[static VALUE_BLOB_SIZE], struct blob_reader **ret_reader,
                     uint64_t *ret_size, struct err *err);
/* Up to `size` bytes; fewer only at the end, none behind it. TN_DATA_LOSS, TN_UNAVAILABLE. [any]
 * blocks */
tn_status blob_reader_fetch(struct blob_reader *reader, uint64_t offset, void *buffer, size_t size,
                            size_t *ret_len, struct err *err);
/* Before blobs_close(). Accepts NULL. [any] */
void blob_reader_close(struct blob_reader *reader);

/*
 * What the collector does now and then: notes which blobs nobody names, removes those that have
 * been without a name for the time of grace by `now_us` (wall clock), files without an entry, and
 * uploads that are over. Twice for a blob that was never looked at. [any], one thread at a time,
 * blocks
 */
tn_status blobs_collect(struct blobs *blobs, tn_time now_us, struct err *err);

/* Whether the file of an entry is there and of that size, and with `reads` whether its bytes have
 * the hash: for checks of a store that no host has. `dir` as in the options. TN_NOT_FOUND;
 * TN_DATA_LOSS: not; TN_UNAVAILABLE. [any] blocks */
tn_status blob_file_check(const char *dir, uint32_t portal,
                          const uint8_t hash[static VALUE_BLOB_SIZE], uint64_t size, bool reads);

/* Calls `each` for all files under `dir` that have a hash for their name, with an entry or not;
 * there are none in a folder that is not there. Stops at a status but TN_OK and returns it.
 * TN_UNAVAILABLE. [any] blocks */
typedef tn_status (*blob_file_fn)(void *ctx, uint32_t portal, const uint8_t *hash);
tn_status blob_file_each(const char *dir, blob_file_fn each, void *ctx, struct err *err);

#endif /* CORE_BLOB_BLOBS_H */
