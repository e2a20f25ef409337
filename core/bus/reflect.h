/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reflect.h - what a host can be asked about itself: the descriptors of its services, as
 * tenon.bus.v1.Reflection serves them, and its health.
 */
#ifndef CORE_BUS_REFLECT_H
#define CORE_BUS_REFLECT_H

#include <pthread.h>

#include <tenon/base.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/map.h"

struct bus_server;
struct bus_file;

/* FileDescriptorProtos by name; none goes, but it may be renewed. Embedded in the server. */
struct bus_reflect {
    pthread_mutex_t mu;
    struct map by_name; /* guarded by mu, as all below */
    struct bus_file *first;
    struct bus_file **last_next;
    uint32_t visit; /* marks the files of one walk */
};

/* More files than this are refused. */
#define BUS_FILE_MAX 4096u

void bus_reflect_init(struct bus_reflect *reflect);
void bus_reflect_fini(struct bus_reflect *reflect);

/*
 * Copies the files of a FileDescriptorSet that are not there yet, or none of them on failure. Those
 * that `module` (a plugin; "": the host) gave before, it may renew; the host's stay as they are.
 * TN_INVALID_ARGUMENT: not one; TN_RESOURCE_EXHAUSTED: memory, or too many files. [any]
 */
tn_status bus_reflect_add(struct bus_reflect *reflect, const char *module, struct tn_bytes set,
                          struct err *err);

/*
 * A FileDescriptorSet, in `arena`, with the files that declare `symbols` (full names of services
 * or messages; empty ones are skipped) and all that they import, each behind what it imports.
 * `*ret_found` is how many of the symbols were found.
 * TN_RESOURCE_EXHAUSTED: memory is out. [any]
 */
tn_status bus_reflect_find(struct bus_reflect *reflect, const struct tn_str *symbols,
                           size_t symbol_count, struct arena *arena, struct tn_bytes *ret_set,
                           size_t *ret_found);

/* Registers Reflection and Health with `server`, which serves them from its own state. */
tn_status bus_reflect_serve(struct bus_server *server, struct err *err);

#endif /* CORE_BUS_REFLECT_H */
