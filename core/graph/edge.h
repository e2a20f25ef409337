/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge.h - links as they are stored: one entry for each direction, with the same value. The
 * association in a key tells the direction, so that links between records of one type have both.
 */
#ifndef CORE_GRAPH_EDGE_H
#define CORE_GRAPH_EDGE_H

#include "core/base/err.h"
#include "core/schema/schema.h"
#include "core/store/key.h"
#include "core/store/store.h"

/* In the association of a key: seen from the association's `to` record. Ids stay below it. */
#define EDGE_INVERSE 0x40000000u

struct edge_value {
    uint64_t labels;         /* bits by position in the association's labels */
    bool is_primary_of_from; /* the primary one of all links of its `from` record */
    bool is_primary_of_to;
    tn_time created_us;
};

/* A link, told in the association's own direction. */
struct edge {
    const struct schema_association *association;
    tn_id from;
    tn_id to;
};

/* One entry of a record's links. */
struct edge_entry {
    uint32_t association; /* id, without EDGE_INVERSE */
    bool is_inverse;
    uint32_t other_type;
    tn_id other;
    struct edge_value value;
};

/* Both directions at once. [any] */
tn_status edge_put(struct store_batch *batch, uint32_t portal, const struct edge *edge,
                   const struct edge_value *value);
tn_status edge_delete(struct store_batch *batch, uint32_t portal, const struct edge *edge);

/* TN_DATA_LOSS; TN_UNIMPLEMENTED: newer. [any] */
tn_status edge_value_decode(struct tn_bytes bytes, struct edge_value *ret_value);

/* TN_NOT_FOUND (err untouched): they are not linked. [any] blocks */
tn_status edge_get(struct store *store, const struct store_snapshot *snapshot, uint32_t portal,
                   const struct edge *edge, struct edge_value *ret_value, struct err *err);

/*
 * Walks the stored links of a record: of one association and direction behind the other record
 * `after` (0: from the start), or with `association` NULL all of them. OWNED: edge_walk_close. NULL
 * when memory is out.
 */
struct edge_walk;
struct edge_walk *edge_walk_open(struct store *store, const struct store_snapshot *snapshot,
                                 uint32_t portal, uint32_t type, tn_id record,
                                 const struct schema_association *association, bool is_inverse,
                                 tn_id after);
/* By association, direction and other id. TN_NOT_FOUND: the end. [any] blocks */
tn_status edge_walk_next(struct edge_walk *walk, struct edge_entry *ret_entry, struct err *err);
void edge_walk_close(struct edge_walk *walk);

#endif /* CORE_GRAPH_EDGE_H */
