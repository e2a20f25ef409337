/* SPDX-License-Identifier: Apache-2.0 */
/* position.h - how far a query has come, and the cursor that clients hold of it. */
#ifndef CORE_QUERY_POSITION_H
#define CORE_QUERY_POSITION_H

#include "core/query/query.h"

enum position_phase {
    POSITION_START = 0,
    POSITION_BY_ID = 1,    /* behind record `id` */
    POSITION_BY_VALUE = 2, /* sorted: behind `id` among those with `key` */
    POSITION_MISSING = 3   /* sorted: behind `id` among those without a value */
};

struct position {
    enum position_phase phase;
    tn_id id;
    struct buf key; /* order key of the sorted property */
};

/* [any] */
void position_fini(struct position *position);
tn_status position_set(struct position *position, enum position_phase phase, tn_id id,
                       struct tn_bytes key);

/* Depends on the portal and on all that the query asks for: a cursor of another is known. [any] */
tn_status position_hash(uint32_t portal, const struct query *query, uint64_t *ret_hash);

/*
 * Appends format (1), a hash of the query's and of what follows, phase, id, key.
 * TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status position_write(const struct position *position, uint64_t hash, struct buf *out);
/* TN_INVALID_ARGUMENT: not a cursor of this query, or a damaged one; TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status position_read(struct tn_bytes cursor, const struct query *query, uint64_t hash,
                        struct position *ret_position, struct err *err);

#endif /* CORE_QUERY_POSITION_H */
