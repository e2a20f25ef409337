/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenon/declare.h - what a plugin states about itself, as constant data.
 *
 * The lists are flat, like tables of a database: rows refer to each other by
 * position (an enumerator of the plugin), and code uses the same enumerators.
 * Positions belong to one build; names are for ever, and are what is stored.
 *
 * TN_EXTERN on a row means "owned by another plugin, I use it": the host checks at
 * load that it exists with this kind. A plugin touches nothing that it has not
 * declared, so its lists are also its permissions, shown before it is installed.
 */
#ifndef TN_DECLARE_H
#define TN_DECLARE_H

#include "value.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tn_call;
struct tn_record;

/* Flags of any row. */
#define TN_EXTERN 0x10000u /* declared elsewhere, used here */
#define TN_WRITES 0x20000u /* with TN_EXTERN: written too, not only read */

enum { TN_FREE = 0, TN_STARTER = 1, TN_PROFESSIONAL = 2, TN_ENTERPRISE = 3 };

/*
 * Types: of records, or with TN_MESSAGE of requests and responses.
 *
 * A message is a protobuf message on the bus. Without TN_ENCODED it is flat: its
 * properties are its fields, and values are read and written one by one. With TN_ENCODED
 * it has no rows in `properties`; tn_plugin.descriptors describe it, and it is taken and
 * given as encoded bytes (tn_core_v1.body and set_body), for messages with nested or
 * repeated parts. The plugin decodes them itself. A message of another plugin may be
 * declared TN_EXTERN | TN_ENCODED whichever way its owner declares it.
 *
 * The host declares one record type itself: `users`, with `email` (unique), `firstname`,
 * `lastname` and `team`, all TN_TEXT. Plugins refer to it as TN_EXTERN and do not write it.
 */

#define TN_MESSAGE 1u /* never stored */
#define TN_ENCODED 2u /* with TN_MESSAGE */

/*
 * Eight marks that a record type may carry and to which the host gives no meaning, so that
 * a plugin can work on types that it does not know: tenon/marks.h lists those agreed upon.
 * A type is marked by its owner: a TN_EXTERN row carries none, nor does a message.
 */
#define TN_MARK(n) (0x100u << (n)) /* n from 0 to 7 */
#define TN_MARK_ALL 0xff00u

/* In place of a row as `type` of a property (each such type gains it), hook or consumer: */
#define TN_ANY_TYPE 0xffffffffu                  /* every record type of the portal */
#define TN_MARKED(marks) (0xfffe0000u | (marks)) /* those that carry one of these marks */
#define TN_IS_MARKED(type) (((type)&0xffff00ffu) == 0xfffe0000u && ((type)&TN_MARK_ALL) != 0)

struct tn_type {
    const char *name; /* "tickets"; a message's is "org.example.tickets.v1.CloseRequest" */
    const char *label;
    const char *plural;
    uint32_t flags;
    uint32_t tier; /* below it, records can be read and exported, not written */
};
TN_LIST_OF(tn_type_list, tn_type);

/* Properties: of a record type, or fields of a message (numbered in row order from 1). */

#define TN_REQUIRED 1u
#define TN_UNIQUE 2u
#define TN_INDEXED 4u
#define TN_SEARCHABLE 8u
#define TN_READONLY 16u /* written by the plugin that declares it; refused to anybody else */
#define TN_HIDDEN 32u   /* people see it only where they ask for it by name */
#define TN_TITLE 64u    /* names the record to people */
#define TN_TRAVELS 128u /* a message's TN_REF: the record itself comes with the request */
#define TN_OWNER 256u   /* a TN_REF to `users`: who owns the record; one per type */
#define TN_EMAIL 512u   /* a TN_TEXT: one e-mail address, kept with its domain in lower case */

/*
 * The owner is what access rules go by, so the host adds it to the dimensions of every
 * roll-up of the type: totals never tell a restricted user about the records of others.
 */

struct tn_option {
    const char *name;
    const char *label;
};
TN_LIST_OF(tn_option_list, tn_option);

struct tn_property {
    uint32_t type; /* row of types (a foreign type gains it), TN_ANY_TYPE or TN_MARKED() */
    uint32_t kind; /* TN_TEXT... */
    const char *name;
    const char *label;
    uint32_t flags;
    uint32_t refers; /* of TN_REF: row of types */
    const char *group;
    const char *fallback; /* as a person would write it */
    struct tn_option_list options;
};
TN_LIST_OF(tn_property_list, tn_property);

/* Associations: two-way links between records. */

struct tn_association {
    const char *name; /* "ticket_to_contact" */
    uint32_t from;    /* rows of types */
    uint32_t to;
    const char *label;   /* of the `to` records, seen from a `from` record */
    const char *inverse; /* and the other way */
    uint32_t max_to;     /* `to` records of one `from` record; 0: no limit */
    uint32_t max_from;
    uint32_t flags; /* TN_READONLY: only the plugin that declares it links and unlinks by it */
    uint32_t reserved;
    struct tn_option_list labels; /* "decision_maker"...; 64 at most */
};
TN_LIST_OF(tn_association_list, tn_association);

/* For an association between records of one type: follow it from `to` to `from`. */
#define TN_INVERSE 0x80000000u

/* Roll-ups: counts and sums kept by the commit path. */

struct tn_rollup {
    const char *name;
    struct tn_index_list group; /* properties of one type */
    struct tn_index_list sum;   /* TN_NUMBER properties; the count is always kept */
    struct tn_index_list by;    /* as long as `sum`, or empty: weight of each sum */
};
TN_LIST_OF(tn_rollup_list, tn_rollup);

/*
 * Callbacks. Each runs in a call, and a call is a transaction: it sees one snapshot
 * and its own writes. Returning TN_OK commits them, then the answer goes out; any
 * other status drops them. On a conflict the host runs the callback again on a new
 * snapshot, so effects belong in records, timers and answers, nowhere else. All
 * [worker].
 *
 *   hook      inside somebody's transaction, once for each record of `type` of which
 *             a property in `on` changed. `before` is NULL on creation, `after` on
 *             archiving. Writes on `after` join the transaction. Runs as the plugin.
 *   consumer  after a commit; each change at least once, in order per record. The
 *             cursor moves in the same commit: the effect is exactly once.
 *   timer     once, at its time, with the record it was set on; later if the host
 *             was down.
 *   method    `request` and `response` are messages. Runs as the caller.
 *   migrate   one step from schema `from`; see tn_plugin.
 */
typedef tn_status (*tn_hook_fn)(struct tn_call *call, const struct tn_record *before,
                                struct tn_record *after);
typedef tn_status (*tn_consumer_fn)(struct tn_call *call, const struct tn_record *before,
                                    const struct tn_record *after);
typedef tn_status (*tn_timer_fn)(struct tn_call *call, struct tn_record *record, tn_time due);
typedef tn_status (*tn_method_fn)(struct tn_call *call, const struct tn_record *request,
                                  struct tn_record *response);
typedef tn_status (*tn_migrate_fn)(struct tn_call *call, uint32_t from, struct tn_value *progress);

/*
 * `on` wakes it (empty: any change) and `with` names associations whose records come
 * along. What a plugin declares of a type always travels with its records; anything
 * else costs a runner one round trip.
 */
struct tn_hook {
    uint32_t type; /* row of types, TN_ANY_TYPE or TN_MARKED() */
    int32_t order; /* lower first; between equals by plugin id. One pass, no loops. */
    tn_hook_fn run;
    struct tn_index_list on;
    struct tn_index_list with;
    uint32_t flags;
    uint32_t tier;
};
TN_LIST_OF(tn_hook_list, tn_hook);

#define TN_ADVISORY 1u /* skipped, and counted, when its plugin is down; else the write waits */

struct tn_consumer {
    const char *name; /* of its cursor, for ever */
    uint32_t type;    /* row of types, TN_ANY_TYPE or TN_MARKED() */
    uint32_t flags;
    tn_consumer_fn run;
    struct tn_index_list on;
    struct tn_index_list with;
};
TN_LIST_OF(tn_consumer_list, tn_consumer);

#define TN_LONG 1u /* of a consumer or timer: may run for minutes, in a lane of its own */

struct tn_timer {
    const char *name;
    uint32_t type;
    uint32_t flags;
    tn_timer_fn run;
};
TN_LIST_OF(tn_timer_list, tn_timer);

#define TN_READS 1u   /* writes nothing: may be retried, or run at a replica */
#define TN_JOINS 2u   /* called inside a transaction, it is part of it */
#define TN_STREAMS 4u /* many responses, see tn_core_v1.send */
#define TN_OUTSIDE 8u /* touches the world outside: never run again by the host */

struct tn_method {
    const char *name; /* "org.example.tickets.v1.Tickets/Close" */
    uint32_t request; /* rows of types, TN_MESSAGE */
    uint32_t response;
    tn_method_fn run; /* NULL with TN_EXTERN */
    uint32_t flags;
    uint32_t tier;
};
TN_LIST_OF(tn_method_list, tn_method);

/* Settings: per portal unless TN_GLOBAL; part of the snapshot, so live by nature. */

#define TN_GLOBAL 1u
#define TN_SECRET 2u

struct tn_setting {
    const char *name;
    const char *doc; /* a sentence, with the unit */
    uint32_t kind;
    uint32_t flags;
    const char *fallback; /* "4h", "64KiB", "true" */
};
TN_LIST_OF(tn_setting_list, tn_setting);

/* Features: parts of a plugin that a higher tier opens, or a count that it limits. */

struct tn_feature {
    const char *name;
    uint32_t limits[4]; /* by tier; 0: not granted; UINT32_MAX: no limit */
};
TN_LIST_OF(tn_feature_list, tn_feature);

/* Texts in another language; `source` is a label, option, doc or refusal above. */

struct tn_text {
    const char *language;
    const char *source;
    const char *text;
};
TN_LIST_OF(tn_text_list, tn_text);

#ifdef __cplusplus
}
#endif
#endif /* TN_DECLARE_H */
