/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.h - the change log: one entry for each record that a transaction changed, numbered per
 * portal without gaps. Events, audit, exports and replicas read it; nothing else is the truth of
 * what happened.
 */
#ifndef CORE_RECORD_CHANGE_H
#define CORE_RECORD_CHANGE_H

#include "core/base/arena.h"
#include "core/record/records.h"
#include "core/value/value.h"

enum change_kind {
    CHANGE_CREATED = 1,
    CHANGE_UPDATED = 2,
    CHANGE_ARCHIVED = 3,
    CHANGE_RESTORED = 4,
    CHANGE_PURGED = 5,
    CHANGE_LINKED = 6, /* only links of the record changed */
    CHANGE_SCHEMA = 7  /* no record: the portal's schema */
};

struct change_value {
    uint32_t property;
    struct tn_value before;
    struct tn_value after;
};

/* Told with the association's `from` record. */
struct change_link {
    uint32_t association;
    tn_id from;
    tn_id to;
    bool is_removed;
    bool is_primary;       /* the primary one of `from` */
    bool is_primary_of_to; /* and of `to` */
    uint64_t labels;
};

struct change {
    uint64_t number;
    uint64_t transaction; /* number of its transaction's first change */
    enum change_kind kind;
    uint32_t type;
    tn_id record;
    uint64_t version; /* of the record, after */
    tn_time at_us;
    struct tn_str source;
    struct tn_str user;
    struct change_value *values; /* by property id */
    size_t value_count;
    struct change_link *links;
    size_t link_count;
};

/* Appends all but number and transaction, which the key and the committer add: the entry starts
 * with its position in the transaction. TN_RESOURCE_EXHAUSTED. [any] */
tn_status change_encode(const struct change *change, uint64_t position, struct buf *out);
/* Texts point into `entry`, lists into `arena`. TN_DATA_LOSS; TN_UNIMPLEMENTED: newer. [any] */
tn_status change_decode(uint64_t number, struct tn_bytes entry, struct arena *arena,
                        struct change *ret_change);

/*
 * Reads changes with numbers above `after`, at most `limit`, oldest first, into `arena`;
 * `ret_count` is less than `limit` only at the head. [worker] blocks
 */
tn_status changes_read(struct records *records, const struct portal *portal, uint64_t after,
                       size_t limit, struct arena *arena, struct change **ret_changes,
                       size_t *ret_count, struct err *err);

/* What a property's value was, newest first: who set it, when, in which change. */
struct history_value {
    uint32_t property;
    struct tn_value value;
    tn_time at_us;
    struct tn_str source;
    struct tn_str user;
    uint64_t change; /* 0: set with the record's creation */
};

/* `property` 0: all, by id. At most HISTORY_MAX values, into the transaction's arena. [worker]
 * blocks */
#define HISTORY_MAX 10000u
tn_status history_read(struct record *record, uint32_t property, struct history_value **ret_values,
                       size_t *ret_count, struct err *err);

#endif /* CORE_RECORD_CHANGE_H */
