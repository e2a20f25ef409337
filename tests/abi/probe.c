/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - a library with one function for every struct that crosses the boundary, for
 * abidiff.sh: compiled with two versions of the headers, abidiff tells how they differ.
 */
#include <tenon/tenon.h>

#define PROBE(type)                                        \
    uint64_t probe_##type(const struct type *probed);      \
    uint64_t probe_##type(const struct type *probed)       \
    {                                                      \
        return probed ? (uint64_t)sizeof(struct type) : 0; \
    }

PROBE(tn_plugin) /* and every row that its lists have */
PROBE(tn_core_v1)
PROBE(tn_records_v1)
PROBE(tn_bus_v1)
PROBE(tn_blobs_v1)
PROBE(tn_filter)
PROBE(tn_value)
PROBE(tn_str)
PROBE(tn_bytes)
