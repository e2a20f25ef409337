/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recent.h - what changed in recent commits, in memory: hashes of records, links and unique values,
 * each with the epoch (group of commits) that changed it last. A transaction conflicts with what is
 * marked with a later epoch than its snapshot's. So validation reads nothing from disk. Equal
 * hashes of different things make a false conflict, which costs a second run and nothing else.
 */
#ifndef CORE_RECORD_RECENT_H
#define CORE_RECORD_RECENT_H

#include <stdint.h>

#include <tenon/base.h>

/*
 * Marks of one generation; two are kept. Past it the older one is forgotten, and transactions with
 * snapshots from before are run again. 16 bytes a mark at half load: 16 MiB in all at the most.
 */
#define RECENT_MARK_MAX 131072u

struct recent;

/* NULL when memory is out. One thread at a time. */
struct recent *recent_create(void);
void recent_destroy(struct recent *recent);

void recent_mark(struct recent *recent, uint64_t hash, uint64_t epoch);
/* The epoch that marked `hash` last; 0: none that is remembered. */
uint64_t recent_find(const struct recent *recent, uint64_t hash);
/* Snapshots of an earlier epoch than this cannot be validated any more. */
uint64_t recent_floor(const struct recent *recent);

#endif /* CORE_RECORD_RECENT_H */
