/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - walks everything that a store holds and compares it with itself: what follows from the
 * rows is there and nothing else is, links have both directions and keep their limits, the change
 * log has no gaps and, played from its start, makes the rows, links and history that are there,
 * and definitions, heads, portals and due entries fit together. It reads everything and changes
 * nothing.
 */
#ifndef CORE_CHECK_CHECK_H
#define CORE_CHECK_CHECK_H

#include "core/base/err.h"
#include "core/schema/schema.h"
#include "core/store/store.h"

/* What a check of one portal may hold in memory; past it the check ends with
 * TN_RESOURCE_EXHAUSTED. About 300 bytes a record and 100 a link. */
#define CHECK_SIZE_MAX ((size_t)2 << 30)

/* One entry that is wrong, missing or too much. Lent for the call. */
struct check_finding {
    uint32_t portal; /* 0: the host's own */
    enum store_family family;
    const char *family_name; /* "index" */
    const char *key;         /* readable: "machines.serial of 17" */
    const char *problem;     /* a sentence, in the language of the options */
};

struct check_options {
    struct store *store;
    const char *language; /* NULL: English */
    const char *blob_dir; /* where the files of blobs are; NULL: they are not looked at */
    bool reads_blobs;     /* and compared with their hashes: it takes as long as reading all */
    void (*tell)(void *ctx, const struct check_finding *finding);
    void *ctx;
};

struct check_counts {
    uint64_t portals;
    uint64_t entries[STORE_FAMILY_MAX + 1]; /* read, by family */
    uint64_t findings;
    uint64_t blobs;
    uint64_t blobs_unnamed; /* of them: by no record; no finding, their time will come */
    uint64_t blob_files; /* that no blob has: a seal was cut short, the next start removes them */
};

/*
 * Everything of the store, as of one snapshot. TN_OK: all was read; `counts` (zeroed by the caller,
 * added to) says what was found. TN_DATA_LOSS, TN_UNAVAILABLE: it could not be read;
 * TN_RESOURCE_EXHAUSTED. [any] blocks
 */
tn_status check_store(const struct check_options *options, struct check_counts *counts,
                      struct err *err);

/* One portal alone, by its schema. As check_store. [any] blocks */
tn_status check_portal(const struct check_options *options, const struct schema *schema,
                       uint32_t portal, struct check_counts *counts, struct err *err);

/* "rows"; NULL for a number that is no family. Static. [any] */
const char *check_family_name(unsigned family);

#endif /* CORE_CHECK_CHECK_H */
