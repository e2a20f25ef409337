/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.h - rules of the kernel about files, by where they are in the tree. */
#ifndef CORE_SANDBOX_LANDLOCK_H
#define CORE_SANDBOX_LANDLOCK_H

#include <stdbool.h>

#include "core/base/err.h"

/* 0: the kernel has none. [any] */
int landlock_version(void);

/* Scopes, which confine signals and abstract sockets, came with this version. */
#define LANDLOCK_VERSION_SCOPE 6

/*
 * Rules that allow nothing, as a descriptor that the caller closes: no file, no TCP since version
 * 4, nor signals and abstract sockets of others since LANDLOCK_VERSION_SCOPE. TN_UNAVAILABLE. [any]
 */
tn_status landlock_create(int version, int *ret_rules, struct err *err);

enum landlock_right { LANDLOCK_READ, LANDLOCK_WRITE };

/*
 * Allows reading below `path`, or reading, making, changing and removing plain files. What is not
 * there is left out. TN_UNAVAILABLE. [any]
 */
tn_status landlock_allow(int rules, int version, const char *path, enum landlock_right right,
                         struct err *err);
/* Allows reading one open file. [any] */
tn_status landlock_allow_file(int rules, int fd, struct err *err);

/* Puts the calling thread, and those that it will start, under the rules. [any] */
tn_status landlock_enter(int rules, struct err *err);

#endif /* CORE_SANDBOX_LANDLOCK_H */
