/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - who did what to a portal, beside its records: entries that ride in the transaction of
 * what they tell, and are never changed.
 */
#ifndef CORE_SERVICE_AUDIT_H
#define CORE_SERVICE_AUDIT_H

#include "core/record/txn.h"

/* A longer part is cut. */
#define AUDIT_TEXT_MAX 200u

struct audit_entry {
    struct tn_str user; /* a principal's name; empty: the host */
    struct tn_str action;
    struct tn_str subject;
    struct tn_str detail; /* English */
};

/* Adds an entry at the time of the transaction. [worker] */
tn_status audit_add(struct txn *txn, const struct audit_entry *entry, struct err *err);

#endif /* CORE_SERVICE_AUDIT_H */
