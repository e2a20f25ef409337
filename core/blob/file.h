/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - the files of blobs: DIR/PORTAL/HH/HASH for those that are sealed, HH being the first
 * byte, and DIR/new/ID for uploads. Errors of the disk become statuses here.
 */
#ifndef CORE_BLOB_FILE_H
#define CORE_BLOB_FILE_H

#include "core/blob/blobs.h"

/* PORTAL/HH/HASH */
#define FILE_PATH_SIZE 96
/* What the disk keeps free of blobs, so that the store has its 64 MiB (store_write) and more. */
#define FILE_ROOM ((uint64_t)128 << 20)

/* Opens the folder, made if it is not there and durable then. */
tn_status blob_file_dir_open(const char *dir, int *ret_dir_fd, struct err *err);
/* An empty file for an upload; TN_RESOURCE_EXHAUSTED: less than FILE_ROOM is free. */
tn_status blob_file_begin(int dir_fd, uint64_t upload, int *ret_fd, struct err *err);
/* All of the bytes at `offset`. TN_RESOURCE_EXHAUSTED: the disk is nearly full. */
tn_status blob_file_write(int fd, uint64_t offset, struct tn_bytes bytes, struct err *err);
/* Up to `size` bytes; fewer only at the end. TN_UNAVAILABLE. */
tn_status blob_file_read(int fd, uint64_t offset, void *buffer, size_t size, size_t *ret_len,
                         struct err *err);
/* What was written is on the disk. After a failure it may be lost, whatever a repeat says. */
tn_status blob_file_sync(int fd, struct err *err);
/* The upload's file, synced before, gets its name beside the one it has, in the place of a file
 * that has that name; durable. Safe to repeat. */
tn_status blob_file_name(int dir_fd, uint64_t upload, uint32_t portal, const uint8_t *hash,
                         struct err *err);
/* Takes an upload's own name away. */
void blob_file_end(int dir_fd, uint64_t upload);
/* TN_NOT_FOUND (err untouched): there is none. */
tn_status blob_file_open(int dir_fd, uint32_t portal, const uint8_t *hash, int *ret_fd,
                         uint64_t *ret_size, struct err *err);
/* One that is not there is removed. */
tn_status blob_file_remove(int dir_fd, uint32_t portal, const uint8_t *hash, struct err *err);

/* All files of uploads. */
tn_status blob_file_end_all(int dir_fd, struct err *err);
/* Calls `each` for every sealed file; what has another name is passed over. As blob_file_each(). */
tn_status blob_file_walk(int dir_fd, blob_file_fn each, void *ctx, struct err *err);

#endif /* CORE_BLOB_FILE_H */
