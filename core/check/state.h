/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - what the files of check/ share; nobody else includes it. */
#ifndef CORE_CHECK_STATE_H
#define CORE_CHECK_STATE_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/check/check.h"
#include "core/graph/edge.h"
#include "core/record/head.h"
#include "core/value/row.h"

/* Readable keys are cut at this. */
#define CHECK_KEY_SIZE 512

/* A value as the change log tells it. */
struct told_value {
    uint32_t property;
    uint64_t hash; /* of its encoding */
};

/* A record as its row says it is, and as the change log tells it. */
struct checked_record {
    tn_id id; /* the map's key */
    uint32_t type;
    bool has_row;
    bool is_told;   /* the log tells of its creation */
    bool is_purged; /* and of its end */
    bool is_broken; /* a finding was told: what follows from it is not */
    struct row_header row;
    struct row_header told;
    struct told_value *values; /* by property id */
    uint32_t value_count;
    uint32_t value_cap;
};

/* A link as the change log tells it. */
struct told_link {
    uint64_t key[3]; /* association, from, to: the map's key */
    struct edge_value value;
    bool is_linked;
};

/* Hashes of the keys that one family should have, for naming those that are too many. */
struct hashes {
    uint64_t *list;
    size_t count;
    size_t cap;
};

struct check {
    const struct check_options *options;
    struct check_counts *counts;
    struct store *store;
    struct store_snapshot *snapshot;
    const struct schema *schema; /* NULL while the host's own entries are checked */
    uint32_t portal;
    struct err *err; /* why the check itself failed */
    struct err said; /* the finding that is being told */
    struct arena arena;
    struct arena scratch; /* of one entry */
    struct head head;
    bool has_head;
    struct map records;
    struct map links;
    tn_status (*split)(struct tn_str text, tn_status (*each)(void *ctx, struct tn_str word),
                       void *ctx); /* into words, as the store's format does */
    bool log_is_whole;             /* as far as it was read: no gap, nothing damaged */
    uint64_t record_max;           /* the highest id met */
    uint64_t found[STORE_FAMILY_MAX + 1];
    enum store_family collected; /* 0: look entries up; else gather this family's keys */
    struct hashes hashes;
};

/* Tells of an entry. `key` is as stored, without portal and family. */
#define FOUND(check, family, key, ...)                            \
    do {                                                          \
        err_clear(&(check)->said);                                \
        (void)err_set(&(check)->said, TN_DATA_LOSS, __VA_ARGS__); \
        check_tell((check), (family), (key));                     \
    } while (0)
void check_tell(struct check *check, enum store_family family, struct tn_bytes key);

/* Writes a key as a person reads it. */
void check_describe(const struct check *check, enum store_family family, struct tn_bytes key,
                    char text[CHECK_KEY_SIZE]);

/* Calls `each` for all entries of a family with that prefix; stops at a status but TN_OK. */
typedef tn_status (*check_each_fn)(struct check *check, void *ctx, struct tn_bytes key,
                                   struct tn_bytes value);
tn_status check_walk(struct check *check, uint32_t portal, enum store_family family,
                     struct tn_bytes prefix, check_each_fn each, void *ctx);

/* An entry that must be there, with that value; what is wrong is told. */
tn_status check_expect(struct check *check, enum store_family family, const struct buf *key,
                       struct tn_bytes value);
/*
 * Tells of entries of the family that nothing has expected; `again` expects all of them once more,
 * which only happens if there are any.
 */
tn_status check_expect_no_more(struct check *check, enum store_family family,
                               tn_status (*again)(struct check *check));

tn_status check_memory(struct check *check);

/* The record of that id, or NULL. */
struct checked_record *check_record(const struct check *check, tn_id id);
/* As above; made if it is not there. */
tn_status check_add_record(struct check *check, tn_id id, struct checked_record **ret_record);

/* The parts, in their order. Each returns TN_OK when all was read. */
tn_status check_meta(struct check *check);       /* head, definitions, outcomes */
tn_status check_values(struct check *check);     /* settings, imports, cursors; of check_meta */
tn_status check_blobs(struct check *check);      /* entries and names; of check_meta */
tn_status check_blob_files(struct check *check); /* those that no entry has; of all portals */
/* That a blob which the row names knows it; of check_rows. */
tn_status check_blob_named(struct check *check, const struct checked_record *record,
                           const struct row_value *named);
tn_status check_timers(struct check *check); /* and when they are due; after the rows */
tn_status check_rows(struct check *check);   /* reads them into `records` */
tn_status check_log(struct check *check);    /* against rows and history */
tn_status check_index(struct check *check);  /* index, unique, words */
tn_status check_rollups(struct check *check);
tn_status check_links(struct check *check);
/* The host's own: portals and what is due. `ret_readable`: definitions and portals are sound, so
 * what portals hold can be read by them. After check_meta of portal 0. */
tn_status check_host(struct check *check, bool *ret_readable);

/* As in core/base/err.h. */
#ifdef __clang_analyzer__
#define check_memory(...) err_refusal(check_memory(__VA_ARGS__))
#endif

#endif /* CORE_CHECK_STATE_H */
