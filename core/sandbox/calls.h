/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h - the system calls that a plugin's process may make without asking.
 *
 * All others stop the thread that makes them until the host has answered (plugin/watch.h), which
 * refuses most and lets some through: files at allowed places, mapping code until the sandbox is
 * sealed.
 */
#ifndef CORE_SANDBOX_CALLS_H
#define CORE_SANDBOX_CALLS_H

#include <stdbool.h>

#include "core/base/err.h"

/* Whether the kernel can keep such a list and tell another process. [any] */
bool calls_supported(void);

/*
 * Puts the calling thread, and those that it will start, under the list. `ret_listener` is where
 * the host hears of the other calls; the caller closes it. TN_UNAVAILABLE: the kernel refused;
 * TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status calls_enter(int *ret_listener, struct err *err);

/* Writes the program that calls_enter() gives to the kernel, an array of struct sock_filter, to
 * `fd`. [any] */
tn_status calls_export(int fd, struct err *err);

/* "connect" of a number; "call 999" of one that is not known here. [any] */
#define CALLS_NAME_SIZE 40
void calls_name(int number, char out[static CALLS_NAME_SIZE]);

/* One of the list; for tests. */
struct calls_entry {
    int number;
    const char *why;
    bool is_conditional; /* by its arguments */
};
/* By position from 0; false: no more. [any] */
bool calls_entry(size_t index, struct calls_entry *ret_entry);

#endif /* CORE_SANDBOX_CALLS_H */
