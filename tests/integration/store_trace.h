/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_trace.h - what is read of a store, by portal: the functions of core/store/store.h that read
 * are wrapped by the linker (CMakeLists.txt lists them), so that a program that links this can
 * show that an answer did not depend on another portal, neither by what it says nor by how long it
 * takes.
 */
#ifndef TESTS_INTEGRATION_STORE_TRACE_H
#define TESTS_INTEGRATION_STORE_TRACE_H

#include "core/store/store.h"

struct store_trace;

/* Reads in `portal` are counted, in others but the host's (0) reported as foreign. One of a
 * store; it ends with store_trace_forget_all. [loader] */
struct store_trace *store_trace_of(struct store *store, uint32_t portal);

/* Before the stores are closed: traces are no more. */
void store_trace_forget_all(void);

/* From begin to end all threads are watched, also those that finish what was begun before. */
void store_trace_begin(struct store_trace *trace);
void store_trace_end(struct store_trace *trace);

/* Of what was read between begin and end. */
struct store_reads {
    uint64_t count;   /* keys asked for, and keys that cursors came by */
    uint64_t key_len; /* of all of them, in bytes */
    uint64_t foreign; /* reads in another portal */
};
struct store_reads store_trace_reads(const struct store_trace *trace);

#endif /* TESTS_INTEGRATION_STORE_TRACE_H */
