/* SPDX-License-Identifier: Apache-2.0 */
/* head.h - where a portal stands: its newest change and the next record id, in family meta. */
#ifndef CORE_RECORD_HEAD_H
#define CORE_RECORD_HEAD_H

#include "core/base/err.h"
#include "core/store/store.h"

struct head {
    uint64_t change;      /* newest change number; 0: none yet */
    uint64_t next_record; /* the next record id to give; from 1 */
};

/* A portal without commits has {0, 1}. TN_DATA_LOSS: damaged, or not the change log's end. blocks
 */
tn_status head_read(struct store *store, uint32_t portal, struct head *ret_head, struct err *err);
/* The value of its entry, whose key is the byte STORE_META_HEAD. TN_DATA_LOSS. [any] */
tn_status head_decode(struct tn_bytes value, struct head *ret_head);
void head_put(struct store_batch *batch, uint32_t portal, const struct head *head);

#endif /* CORE_RECORD_HEAD_H */
