/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer.h - times at which something is to happen to a record. A timer has a name (of whoever set
 * it, and opaque here), one per record, and rides in the commit that sets, moves or ends it,
 * without a change number: family meta has it by record, family due of the portal by name and time.
 */
#ifndef CORE_RECORD_TIMER_H
#define CORE_RECORD_TIMER_H

#include "core/record/txn.h"

/* Bytes of a name, which has no NUL; a longer one is TN_INVALID_ARGUMENT. Type and record stand
 * before it in its key of family meta. */
#define TIMER_NAME_MAX (TXN_META_KEY_MAX - 12u)
/* Bytes of a rule (RFC 5545, RRULE); checked by who sets it. */
#define TIMER_RULE_MAX 512u

struct timer {
    tn_time due_us;        /* wall clock: when it is to happen */
    tn_time wake_us;       /* when to look at it; behind due_us when it failed and is tried again */
    struct tn_str rule;    /* how it comes again; empty: it does not */
    tn_time begun_us;      /* of a rule: its first time */
    uint32_t failed_count; /* attempts at this due_us */
};

/*
 * Sets the timer, moves it, or with NULL ends it, in the record's transaction; `timer` is copied.
 * TN_NOT_FOUND: the record is archived or gone. [worker] blocks
 */
tn_status timer_set(struct record *record, struct tn_str name, const struct timer *timer,
                    struct err *err);
/* Own writes included; the rule is lent by the transaction. TN_NOT_FOUND (err untouched): none.
 * [worker] blocks */
tn_status timer_get(struct txn *txn, const struct schema_type *type, tn_id record,
                    struct tn_str name, struct timer *ret_timer, struct err *err);
/* Ends the timer of a record that need not be there any more. [worker] blocks */
tn_status timer_end(struct txn *txn, const struct schema_type *type, tn_id record,
                    struct tn_str name, struct err *err);

struct timer_due {
    uint32_t type;
    tn_id record;
    tn_time wake_us;
};

/*
 * The timers of that name with the earliest wake_us, at most `limit`, whether they are due or not,
 * as they are stored now. [any] blocks
 */
tn_status timers_earliest(struct records *records, const struct portal *portal, struct tn_str name,
                          size_t limit, struct timer_due *ret_timers, size_t *ret_count,
                          struct err *err);

/*
 * The key of family due that belongs to one of family meta, whole as stored, and back.
 * TN_DATA_LOSS: this is no key of a timer; TN_RESOURCE_EXHAUSTED. [any]
 */
#define TIMER_META_KEY_MIN 14u /* owner u8, type u32, record u64, a name */
tn_status timer_due_key(struct tn_bytes meta_key, tn_time wake_us, struct buf *out);
tn_status timer_meta_key(struct tn_bytes due_key, tn_time *ret_wake_us, struct buf *out);

/* Rises when timers of the portal were set, moved or ended by a durable commit. [any] */
uint64_t timers_epoch(struct records *records, const struct portal *portal);

#endif /* CORE_RECORD_TIMER_H */
