/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - plugin files: finding them, reading them, and the private copy that is mapped. */
#ifndef CORE_PLUGIN_FILE_H
#define CORE_PLUGIN_FILE_H

#include "core/base/buf.h"
#include "core/base/err.h"

/*
 * Calls `found` with the path of every regular file *.so of the folder, by name, hidden ones left
 * out. TN_NOT_FOUND: no such folder; a status of `found` ends it. [loader] blocks
 */
tn_status file_find(const char *dir,
                    tn_status (*found)(void *ctx, const char *path, struct err *err), void *ctx,
                    struct err *err);

/* Appends the bytes of a file of at most `size_max`. TN_NOT_FOUND, TN_PERMISSION_DENIED,
 * TN_RESOURCE_EXHAUSTED. [loader] blocks */
tn_status file_read(const char *path, size_t size_max, struct buf *out, struct err *err);

/*
 * Writes a new file for reading only, and reads it back to see that it holds the bytes.
 * TN_ALREADY_EXISTS; TN_DATA_LOSS: it holds others. What was begun is removed. [loader] blocks
 */
tn_status file_copy(const char *path, struct tn_bytes bytes, struct err *err);

/*
 * Makes the folder with mode 0700 if it is not there, and removes the copies that an earlier run
 * left in it ("<hash>-<n>.so"; nothing else). TN_PERMISSION_DENIED: others may write in it.
 * [loader] blocks
 */
tn_status file_clear_dir(const char *dir, struct err *err);

#endif /* CORE_PLUGIN_FILE_H */
