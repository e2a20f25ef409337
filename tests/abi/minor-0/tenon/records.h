/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon/records.h - records, their values, links, queries and timers.
 *
 * Positions (`type`, `property`, `association`, `timer`, `rollup`) are those of the
 * plugin's declarations; a property of another type than the record's is
 * TN_INVALID_ARGUMENT. A record read by get() or linked() that changed before the commit is
 * a conflict; one met by find() is not, until it is opened with get().
 */
#ifndef TN_RECORDS_H
#define TN_RECORDS_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TN_RECORDS_ID "tenon.records/1"

struct tn_found; /* OWNED until close(), and closed by the end of the call */

/*
 * How a filter compares a record's value with its own. Values are of the property's kind,
 * one unless said otherwise. A record without a value passes TN_NE and TN_HAS_NOT only.
 */
enum {
    TN_EQ = 1,
    TN_NE = 2,
    TN_LT = 3,
    TN_LE = 4,
    TN_GT = 5,
    TN_GE = 6,
    TN_IN = 7,      /* equals one of several values */
    TN_HAS = 8,     /* there is a value; takes none */
    TN_HAS_NOT = 9, /* there is no value; takes none */
    TN_WORD = 10,   /* of TN_SEARCHABLE: has each word of a TN_TEXT, case and accents apart */
    TN_BETWEEN = 11 /* two values: from the first to the second, both included */
};

struct tn_filter {
    uint32_t property;
    uint32_t op;
    uint32_t group;       /* filters of a group are ANDed, groups ORed */
    uint32_t value_count; /* as `op` says */
    const struct tn_value *values;
};

/* As `sort` of find: a TN_INDEXED property, TN_DESCENDING or not, or one of the others. */
#define TN_DESCENDING 0x80000000u   /* with a property */
#define TN_BY_ID UINT32_MAX         /* oldest first */
#define TN_NEWEST_FIRST 0xfffffffeu /* by id, descending */

#define TN_LINK_PRIMARY 1u /* the first among the records linked by this association */

#define TN_TIME_NEVER INT64_MIN

struct tn_records_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /*
     * Values. `ret_value` is TN_NONE where there is none; its text is lent until the
     * property is written or the call ends. TN_INVALID_ARGUMENT: a property of another type. [any]
     */
    tn_status (*read)(const struct tn_record *record, uint32_t property,
                      struct tn_value *ret_value);
    /*
     * Copies `value`. TN_INVALID_ARGUMENT: another kind, or no such option;
     * TN_PERMISSION_DENIED: neither owned nor declared TN_WRITES, or TN_READONLY. [any]
     */
    tn_status (*write)(struct tn_record *record, uint32_t property, const struct tn_value *value);
    /* 0 of a message. A new record has its id at once. [any] */
    tn_id (*id)(const struct tn_record *record);
    /* The change number that wrote it last; 0 of a new record or a message. [any] */
    uint64_t (*version)(const struct tn_record *record);
    /* The name of its type, which a row with TN_ANY_TYPE or TN_MARKED does not tell; lent. [any] */
    struct tn_str (*type_name)(const struct tn_record *record);

    /*
     * Records. The same record twice in a call is the same pointer. get_by: by a
     * unique property. get_all: as get(), several in one round trip; absent ones are
     * NULL. TN_NOT_FOUND; TN_PERMISSION_DENIED. [any] block
     */
    tn_status (*create)(struct tn_call *call, uint32_t type, struct tn_record **ret_record);
    tn_status (*get)(struct tn_call *call, uint32_t type, tn_id id, struct tn_record **ret_record);
    tn_status (*get_by)(struct tn_call *call, uint32_t property, const struct tn_value *value,
                        struct tn_record **ret_record);
    tn_status (*get_all)(struct tn_call *call, uint32_t type, const tn_id *ids, uint32_t count,
                         struct tn_record **ret_records);
    tn_status (*archive)(struct tn_record *record);

    /*
     * Links, own writes included. link: `flags` is TN_LINK_PRIMARY or 0; `labels` has bit
     * n set for the nth of the association's labels. Linking what is linked replaces its
     * labels; the primary one stays primary until another one becomes it. unlink: with all
     * its labels; what is not linked stays so. linked: at most `size` ids, the primary
     * one first, the others by id; the number there are in `ret_count`.
     * TN_INVALID_ARGUMENT: an association of another type, no such label or flag;
     * TN_FAILED_PRECONDITION: more than max_to or max_from, told at the commit at the
     * latest; TN_NOT_FOUND: no record `to`, likewise. [any] linked blocks
     */
    tn_status (*link)(struct tn_record *from, uint32_t association, tn_id to, uint32_t flags,
                      uint64_t labels);
    tn_status (*unlink)(struct tn_record *from, uint32_t association, tn_id to);
    tn_status (*linked)(struct tn_record *at, uint32_t association, tn_id *ret_ids, uint32_t size,
                        uint32_t *ret_count);

    /*
     * Queries see the snapshot, not the call's own writes. Records equal by `sort` come
     * by id, those without a value last; `limit` of them at most, 0 for all. Records
     * that the caller may not see are not found. A record from next() lives until the
     * following next() or close(); NULL at the end. TN_INVALID_ARGUMENT: `sort` is not
     * indexed, or a filter does not fit its property. [any] find and next block
     */
    tn_status (*find)(struct tn_call *call, uint32_t type, const struct tn_filter *filters,
                      uint32_t filter_count, uint32_t sort, uint32_t limit,
                      struct tn_found **ret_found);
    tn_status (*next)(struct tn_found *found, const struct tn_record **ret_record);
    void (*close)(struct tn_found *found);

    /*
     * Count, then the sums, of one group into `ret_totals`, which has room for `size`
     * values; `group` has a value for each property of the roll-up's group. Sees the
     * snapshot, not the call's own writes. TN_OUT_OF_RANGE: `size` is too small. [any] blocks
     */
    tn_status (*total)(struct tn_call *call, uint32_t rollup, const struct tn_value *group,
                       struct tn_value *ret_totals, uint32_t size);

    /*
     * Timers: one per record and timer; setting it again moves it, archiving the
     * record ends it, TN_TIME_NEVER cancels. `rule`: an RFC 5545 RRULE, with the
     * portal's time zone, or NULL for once. TN_INVALID_ARGUMENT: a timer of another
     * type, or no such rule. [any]
     */
    tn_status (*timer)(struct tn_record *record, uint32_t timer, tn_time at, const char *rule);
};

#ifdef __cplusplus
}
#endif
#endif /* TN_RECORDS_H */
