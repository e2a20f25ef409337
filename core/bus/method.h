/* SPDX-License-Identifier: Apache-2.0 */
/* method.h - the methods of a server by name. Entries live as long as the table, so that calls
 * and connections may keep pointers to them. */
#ifndef CORE_BUS_METHOD_H
#define CORE_BUS_METHOD_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/map.h"
#include "core/bus/server.h"

struct bus_method_entry {
    struct bus_method def; /* its strings belong to the entry */
    struct bus_method_entry *next;
    uint32_t module;               /* of def.module, for the pool; 0: it is "" */
    bool is_removed;               /* guarded by the table's mu */
    _Atomic int32_t usual_us_by_8; /* of a call's thread, in eighths of 1 us; relaxed: a hint */
};

struct bus_method_table {
    pthread_mutex_t mu;
    struct map by_name;             /* guarded by mu, as all below: those not removed */
    struct bus_method_entry *first; /* all that ever were, newest first */
    /* Rises with every change: what was looked up under an older number is looked up again. Pairs
     * with the acquire load of those who keep a look-up. */
    _Atomic uint32_t generation;
};

void bus_method_table_init(struct bus_method_table *table);
void bus_method_table_fini(struct bus_method_table *table);

/* Copies `method` and its strings. TN_ALREADY_EXISTS, TN_RESOURCE_EXHAUSTED. [any] */
tn_status bus_method_table_add(struct bus_method_table *table, const struct bus_method *method,
                               struct err *err);
void bus_method_table_remove(struct bus_method_table *table, const char *name);

/* NULL: none of that name. [any] */
struct bus_method_entry *bus_method_table_find(struct bus_method_table *table, struct tn_str name);

/*
 * The methods of `service` (empty: all) sorted by name, in `arena`.
 * TN_RESOURCE_EXHAUSTED: memory is out. [any]
 */
tn_status bus_method_table_list(struct bus_method_table *table, struct tn_str service,
                                struct arena *arena, const struct bus_method ***ret_methods,
                                size_t *ret_count);

#endif /* CORE_BUS_METHOD_H */
