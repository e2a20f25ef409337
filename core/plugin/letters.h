/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letters.h - dead letters: changes and firings that their plugin did not take, however often they
 * were tried. Each consumer and each timer of a plugin has a list of its own in each portal, which
 * rides in the commit that passes over what failed, and is bounded. What belongs to one record
 * stays in its order.
 */
#ifndef CORE_PLUGIN_LETTERS_H
#define CORE_PLUGIN_LETTERS_H

#include "core/record/txn.h"

enum letter_kind {
    LETTER_CHANGE = 1, /* of a consumer */
    LETTER_FIRING = 2  /* of a timer */
};

/* Whose they are. */
struct letter_list {
    enum letter_kind kind;
    const char *plugin; /* id */
    const char *name;   /* of the consumer or timer */
};

struct letter {
    tn_id record;
    uint32_t type;
    uint64_t change;       /* number of a LETTER_CHANGE */
    tn_time due_us;        /* when a LETTER_FIRING was due */
    uint32_t failed_count; /* 0: it was not tried, it waits behind another one of its record */
    tn_time at_us;         /* of the last attempt, or when it came to wait */
    tn_status status;      /* how that ended */
    const char *reason;    /* and why; "" if it only waits */
};

/* Whether the record has letters in the list. [worker] blocks */
tn_status letters_has(struct txn *txn, const struct letter_list *list, tn_id record, bool *ret_has,
                      struct err *err);
/*
 * Appends one behind those of its record. TN_RESOURCE_EXHAUSTED with `*ret_is_full`: the list has
 * `max` of them; it is written only then. [worker] blocks
 */
tn_status letters_add(struct txn *txn, const struct letter_list *list, const struct letter *letter,
                      uint32_t max, bool *ret_is_full, struct err *err);
/* Takes one out, by record and change or due_us. TN_NOT_FOUND (err untouched): it is not there.
 * [worker] blocks */
tn_status letters_take(struct txn *txn, const struct letter_list *list, const struct letter *letter,
                       struct err *err);
/* Notes how another attempt at it ended; does nothing if it is not there any more. [worker] blocks
 */
tn_status letters_note(struct txn *txn, const struct letter_list *list, const struct letter *letter,
                       struct err *err);

/* How many the list has, as stored. [any] blocks */
tn_status letters_count(struct records *records, const struct portal *portal,
                        const struct letter_list *list, uint32_t *ret_count, struct err *err);

/* Lent for the call. Another status than TN_OK ends the walk with it. */
typedef tn_status (*letters_visit_fn)(void *ctx, const struct letter_list *list,
                                      const struct letter *letter, struct err *err);
/*
 * All letters of the portal, as stored: by kind, plugin, name and record, those of one record in
 * their order. `list` narrows it: NULL: all; its `name` NULL: all of the plugin and kind.
 * [any] blocks
 */
tn_status letters_walk(struct records *records, const struct portal *portal,
                       const struct letter_list *list, letters_visit_fn visit, void *ctx,
                       struct err *err);

#endif /* CORE_PLUGIN_LETTERS_H */
