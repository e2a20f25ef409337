/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - small files read and written as a whole. */
#ifndef SDK_CLI_COMMAND_FILE_H
#define SDK_CLI_COMMAND_FILE_H

#include "core/access/key.h"
#include "core/base/buf.h"
#include "core/base/err.h"

/* Appends a file of at most `size_max` bytes. TN_NOT_FOUND, TN_PERMISSION_DENIED; TN_OUT_OF_RANGE:
 * it is larger; TN_DATA_LOSS. blocks */
tn_status file_load(const char *path, size_t size_max, struct buf *out, struct err *err);

/* Writes a new file with that mode; nothing is left of one that could not be written.
 * TN_ALREADY_EXISTS: there is one, which is never overwritten. blocks */
tn_status file_store(const char *path, unsigned mode, struct tn_bytes bytes, struct err *err);

/* The pair of a file with a secret key. Statuses as file_load, and of key_read. blocks */
tn_status key_load(const char *path, struct key_pair *ret_pair, struct err *err);

#endif /* SDK_CLI_COMMAND_FILE_H */
