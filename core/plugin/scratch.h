/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch.h - the folders that plugins in processes of their own may write in: one for each, flat,
 * empty at the start and gone at the end.
 */
#ifndef CORE_PLUGIN_SCRATCH_H
#define CORE_PLUGIN_SCRATCH_H

#include <sys/types.h>

#include "core/base/err.h"

/* More files than this count as a full folder. */
#define SCRATCH_FILE_MAX 1024u

/* Makes `dir` if it is not there, which must be this user's alone, and removes what an earlier host
 * left in it. [loader] blocks */
tn_status scratch_prepare(const char *dir, struct err *err);

/* Makes the empty folder `path` for a user (0: this one), who alone may enter it. [any] blocks */
tn_status scratch_make(const char *path, uid_t user, struct err *err);

/* Removes it with its files, when nobody uses it any more. What cannot be removed stays for the
 * next scratch_prepare(). [any] blocks */
void scratch_remove(const char *path);

/* Bytes on the disk that its files take; UINT64_MAX: it has more than SCRATCH_FILE_MAX of them.
 * 0 when it cannot be looked at. [any] blocks */
uint64_t scratch_measure(const char *path);

#endif /* CORE_PLUGIN_SCRATCH_H */
