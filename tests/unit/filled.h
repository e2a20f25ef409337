/* SPDX-License-Identifier: Apache-2.0 */
/* filled.h - a fixture's store with entries of every kind of key, and hands to harm them. */
#ifndef TESTS_UNIT_FILLED_H
#define TESTS_UNIT_FILLED_H

#include "core/base/buf.h"
#include "core/store/store.h"
#include "tests/unit/fixture.h"

#define FILLED_ENTRY_MAX 4096

struct filled_entry {
    struct buf key;
    struct buf value;
};

/* What can be done to an entry. */
enum filled_harm { FILLED_REMOVED = 1, FILLED_CHANGED = 2, FILLED_MOVED = 4, FILLED_ADDED = 8 };

/*
 * A kind of key, by family, portal and start of the key. What no check could see, because what
 * is left is a store that could have come about: `unseen`, and why.
 */
struct filled_kind {
    const char *name;
    enum store_family family;
    bool is_of_host;
    const char *prefix;
    unsigned unseen; /* of enum filled_harm */
    const char *why;
};

/*
 * Every kind but one: the format is in a family that only core/store names, and a store in which
 * it is damaged does not open (store_format_test).
 */
extern const struct filled_kind filled_kinds[];
extern const size_t filled_kind_count;

/* Machines, linked, changed, archived and restored, one purged, a blob, an outcome, an import,
 * tokens and definitions. */
void filled_fill(struct fixture *f);

/* Where it keeps the files of its blobs. */
#define FILLED_BLOB_DIR_SIZE 96
void filled_blob_dir(const struct fixture *f, char dir[static FILLED_BLOB_DIR_SIZE]);

/* A blob that no record names. */
void filled_make_blob(struct fixture *f, const char *text);

/* Writes an entry behind the host's back; NULL removes it. */
void filled_put(struct fixture *f, enum store_family family, uint32_t portal, struct tn_bytes key,
                const struct tn_bytes *value);

/* Whether there is such an entry. */
bool filled_has(struct fixture *f, enum store_family family, uint32_t portal, struct tn_bytes key);

/* The entries of a family that start with `prefix`, into FILLED_ENTRY_MAX; how many. */
size_t filled_entries(struct fixture *f, enum store_family family, uint32_t portal,
                      const char *prefix, struct filled_entry *entries);
/* What is in them, and the array, which calloc made. */
void filled_free(struct filled_entry *entries, size_t count);

#endif /* TESTS_UNIT_FILLED_H */
