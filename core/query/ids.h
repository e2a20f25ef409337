/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.h - the records that an index proposes for a query, by rising id and without repeats.
 *
 * Entries of one value lie in the index by record id and are read as they are wanted; those of
 * several values or of a range are collected and sorted first. Past QUERY_CANDIDATE_MAX of these
 * the index is no help, and the rows are walked instead: no query is refused for its size.
 */
#ifndef CORE_QUERY_IDS_H
#define CORE_QUERY_IDS_H

#include "core/query/plan.h"

/* Ids collected for one group: 1 MiB of memory. */
#define QUERY_CANDIDATE_MAX ((size_t)131072)

struct ids;

/*
 * Candidates of all groups with ids above `after`. TN_NOT_FOUND (err untouched): a group has no
 * index to use, or one has too many candidates. The query and `arena` must outlive it.
 * OWNED: ids_close. [worker] blocks
 */
tn_status ids_open(struct txn *txn, const struct query *query, tn_id after, struct arena *arena,
                   struct ids **ret_ids, struct err *err);
void ids_close(struct ids *ids);

/* Whether no index is left to read: ids_next() costs nothing. [any] */
bool ids_are_collected(const struct ids *ids);

/* TN_NOT_FOUND: the end. [worker] blocks */
tn_status ids_next(struct ids *ids, tn_id *ret_id, struct err *err);

#endif /* CORE_QUERY_IDS_H */
