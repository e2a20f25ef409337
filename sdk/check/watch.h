/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - what the plugin takes of the process: memory, threads, descriptors, handlers. The
 * heap's functions and a few of libc's are defined here and so stand before libc's.
 */
#ifndef SDK_CHECK_WATCH_H
#define SDK_CHECK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/check/board.h"

/* What counts as the plugin's: everything, unless the thread is in the host's code. */
void watch_host_begin(void);
void watch_host_end(void);

/* From now on; `name`: of the file, for places in findings. Constructors are still the host's. */
void watch_start(struct board *board, const char *name);

/* After constructors have run: what they have registered. `base`: where the file is mapped. */
void watch_constructors(struct board *board, uint64_t base);

/* After stop(): threads must have ended. Waits for a second. */
void watch_threads(struct board *board, bool may_have_threads);

/* After unload(): memory, descriptors, signal handlers and settings of the process. */
void watch_end(struct board *board);

#endif /* SDK_CHECK_WATCH_H */
