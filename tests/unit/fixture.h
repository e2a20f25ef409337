/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - a store in a directory of its own with two portals and object types of the tests'
 * invention: machines at sites.
 */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include "core/record/txn.h"
#include "tests/unit/check.h"

struct fixture {
    char dir[64];
    struct store *store;
    struct catalog *catalog;
    struct portals *portals;
    struct records *records;
    struct catalog_declared *declared;
    struct portal *portal;
    struct portal *other;
    struct err err; /* of the last call through the helpers below */
};

/* Fails the test if anything does. */
struct fixture *fixture_open(void);
/* In a directory that is there or not; fixture_close removes it, fixture_leave does not. */
struct fixture *fixture_open_at(const char *dir);
void fixture_leave(struct fixture *f);
/* Closes and opens everything again on the same directory. */
void fixture_reopen(struct fixture *f);
/* Closes everything, and opens it again. */
void fixture_suspend(struct fixture *f);
void fixture_resume(struct fixture *f);
void fixture_close(struct fixture *f);

/* What is declared:
 *   machines  serial (text, required, unique, searchable), state (choice new;used;broken, initial
 * new), tags (choices a;b;c), price (number, indexed), weight (number), installed_on (date,
 * indexed), hours (number, read-only), owner (owner of users), site (reference to sites), manual
 * (blob) sites name (text, required, searchable, indexed) machine_to_site     at most one site a
 * machine, two machines a site; labels main, spare machine_to_machine  no limit machines_by_state
 * roll-up: by state, sums price, and price weighted by weight
 */
extern const struct tn_plugin fixture_plugin;

struct txn *fixture_begin(struct fixture *f);
const struct schema_type *fixture_type(struct txn *txn, const char *name);
const struct schema_property *fixture_property(struct txn *txn, const char *type, const char *name);
const struct schema_association *fixture_association(struct txn *txn, const char *name);

/* A value as a person writes it, into the record; the status of record_write. */
tn_status fixture_set(struct fixture *f, struct record *record, const char *property,
                      const char *text);
/* As a person reads it; in the transaction's arena. */
const char *fixture_get(struct record *record, const char *property);

/* A machine or site in a transaction of its own; returns its id. */
tn_id fixture_machine(struct fixture *f, const char *serial);
tn_id fixture_site(struct fixture *f, const char *name);

/* Commits, waits, destroys. */
tn_status fixture_commit(struct fixture *f, struct txn *txn);

/* Whether the last error has that field and rule. */
bool fixture_refused(const struct fixture *f, const char *field, const char *rule);

#endif /* TESTS_UNIT_FIXTURE_H */
