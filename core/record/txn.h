/* SPDX-License-Identifier: Apache-2.0 */
/*
 * txn.h - a transaction: one snapshot plus its own writes, committed as a whole or not at all.
 *
 * Everything read by id, by unique value or by link is remembered; if any of it changed before the
 * commit, the commit ends with TN_ABORTED and the caller runs again on a new snapshot. Queries
 * (query/) do not count as reads. A transaction and its records belong to one thread at a time;
 * records, values and lists that it lends live until txn_destroy().
 */
#ifndef CORE_RECORD_TXN_H
#define CORE_RECORD_TXN_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/record/records.h"
#include "core/value/row.h"

/* HubSpot's bound of a string property, which integrators write against. */
#define TXN_TEXT_SIZE_MAX ((size_t)65536)
/* Records and links that one transaction may change; a batch of 1000 with its links fits. */
#define TXN_RECORD_MAX 10000u
#define TXN_LINK_MAX 20000u
/* Links that leave with the records that one transaction archives, which is all or nothing: some
 * 30 MiB of writes. A record with more has to be unlinked in steps first. */
#define TXN_SHED_MAX 100000u

struct txn_options {
    struct portal *portal;
    struct tn_str source; /* "api", "import"; kept in history and log */
    struct tn_str user;   /* the principal */
    const char *language; /* of refusals; NULL: the portal's */
    tn_time now_us;       /* the time of the call, fixed over its runs; 0: now */
    int64_t deadline_us;  /* clock_mono_us; INT64_MAX: none */
    /* Asked in long loops; TN_OK, or why to stop. May be NULL. [worker] */
    tn_status (*state)(void *ctx);
    void *state_ctx; /* of the next two as well */
    /* Asked before code of the plugin of that number (pool.h) runs; false: it may not now, and the
     * call begins again when it may. NULL, both: it always may. [worker] */
    bool (*enter)(void *ctx, uint32_t plugin);
    void (*leave)(void *ctx);
    bool is_read_only; /* writes are refused with TN_FAILED_PRECONDITION */
    /* Runs alone in its portal: it cannot lose. For a call that lost three times; may wait. */
    bool takes_turn;
};

/* [worker] blocks if takes_turn */
tn_status txn_begin(struct records *records, const struct txn_options *options,
                    struct txn **ret_txn, struct err *err);

/* Drops what was not committed. Accepts NULL. Not while a commit is under way. [any] */
void txn_destroy(struct txn *txn);

/* Lent; of the transaction. [any] */
struct arena *txn_arena(struct txn *txn);
const struct schema *txn_schema(const struct txn *txn);
struct portal *txn_portal(const struct txn *txn);
struct records *txn_records(const struct txn *txn);
/* What its hooks are run by, as records_set_hooks() gave it; NULL: it has none. */
void *txn_routes(const struct txn *txn);
struct store_snapshot *txn_snapshot(const struct txn *txn);
tn_time txn_now(const struct txn *txn);
struct tn_str txn_user(const struct txn *txn);
struct tn_str txn_source(const struct txn *txn);
const char *txn_language(const struct txn *txn);
/* TN_OK, or TN_CANCELLED, TN_DEADLINE_EXCEEDED: stop working. Cheap enough for every row. */
tn_status txn_state(struct txn *txn);

/* Around the code of a plugin, by its number. TN_ABORTED: what runs the call refused, as it said
 * in the options; there is nothing to leave then. [worker] */
tn_status txn_enter_plugin(struct txn *txn, uint32_t plugin, struct err *err);
void txn_leave_plugin(struct txn *txn);

/*
 * Who writes from now on: a plugin's id, or the empty string for the client; decides about
 * TN_READONLY properties. Returns the writer before. [any]
 */
struct tn_str txn_set_writer(struct txn *txn, struct tn_str writer);

/*
 * A mark to go back to: txn_rollback() undoes all writes since (a nested call that failed).
 * What was read stays read. [any]
 */
struct txn_mark {
    size_t undo_count;
};
struct txn_mark txn_mark(struct txn *txn);
void txn_rollback(struct txn *txn, struct txn_mark mark);

/* Records */

/* A new record with its type's initial values. [worker] */
tn_status txn_create(struct txn *txn, const struct schema_type *type, struct record **ret_record,
                     struct err *err);

/*
 * The live record of that id; the same one twice is the same pointer. TN_NOT_FOUND (err says so):
 * none, or archived. [worker] blocks
 */
tn_status txn_get(struct txn *txn, const struct schema_type *type, tn_id id,
                  struct record **ret_record, struct err *err);
/* As txn_get, archived ones too. */
tn_status txn_get_any(struct txn *txn, const struct schema_type *type, tn_id id,
                      struct record **ret_record, struct err *err);
/* By the value of a unique property, own writes included. TN_FAILED_PRECONDITION: not unique. */
tn_status txn_get_by(struct txn *txn, const struct schema_property *property,
                     const struct tn_value *value, struct record **ret_record, struct err *err);

tn_status txn_archive(struct record *record, struct err *err);
/* TN_ALREADY_EXISTS: another record took a unique value meanwhile; says which. */
tn_status txn_restore(struct record *record, struct err *err);
/* Removes an archived record, its history, and its values in the change log, for ever. */
tn_status txn_purge(struct record *record, struct err *err);

/* [any] */
tn_id record_id(const struct record *record);
/* As it will be after the commit. */
uint64_t record_version(const struct record *record);
/* As it was when read; 0 for a new one. */
uint64_t record_read_version(const struct record *record);
const struct schema_type *record_type(const struct record *record);
struct txn *record_txn(const struct record *record);
struct row_header record_header(const struct record *record); /* as it will be */
bool record_is_new(const struct record *record);
bool record_is_archived(const struct record *record);
bool record_is_changed(const struct record *record);

/* TN_NONE where there is none; texts are lent. TN_DATA_LOSS. [any] */
tn_status record_read(const struct record *record, const struct schema_property *property,
                      struct tn_value *ret_value);
/* As it was in the store; TN_NONE for a new record. */
tn_status record_read_before(const struct record *record, const struct schema_property *property,
                             struct tn_value *ret_value);
/*
 * Copies `value`. Violations of the property's name: wrong kind, no such option, read-only, no such
 * record; checked here. Required values and uniqueness are checked at the commit. [worker]
 */
tn_status record_write(struct record *record, const struct schema_property *property,
                       const struct tn_value *value, struct err *err);
/* All live values by property id, archived properties left out, into `arena`. [any] */
tn_status record_values(const struct record *record, struct arena *arena,
                        struct row_value **ret_values, size_t *ret_count);

/* Links */

struct txn_link {
    tn_id to;
    uint32_t to_type;
    const struct schema_association *association;
    bool is_inverse; /* seen from the association's `to` side */
    bool is_primary;
    uint64_t labels; /* bits by position */
    tn_time created_us;
};

/*
 * Links `from` to the record `to`; `is_inverse`: `from` is the association's `to` side. A pair
 * linked before gets these labels. `ret_changed` may be NULL. TN_NOT_FOUND: no such record;
 * TN_FAILED_PRECONDITION: the limit is reached (violation of the association's name, rule "limit");
 * TN_INVALID_ARGUMENT: other type, unknown label bits, or a record with itself. [worker] blocks
 */
tn_status txn_link(struct txn *txn, const struct schema_association *association, bool is_inverse,
                   struct record *from, tn_id to, uint64_t labels, bool is_primary,
                   bool *ret_changed, struct err *err);
tn_status txn_unlink(struct txn *txn, const struct schema_association *association, bool is_inverse,
                     struct record *from, tn_id to, bool *ret_changed, struct err *err);

/*
 * The links of a record, own writes included, by (association, other id), the primary one flagged;
 * from behind `after` (0: the start), at most `limit`, into the transaction's arena. `association`
 * NULL: all (then `after` must be 0). `ret_more`: there are more. [worker] blocks
 */
tn_status txn_linked(struct record *at, const struct schema_association *association,
                     bool is_inverse, tn_id after, size_t limit, struct txn_link **ret_links,
                     size_t *ret_count, bool *ret_more, struct err *err);

/* What services and plugins keep beside records: settings, the progress of an import. A key is at
 * most TXN_META_KEY_MAX bytes; reads and writes count for conflicts as those of records do. */
#define TXN_META_KEY_MAX 400u
/* Lent by the transaction, own writes included. TN_NOT_FOUND (err untouched). [worker] blocks */
tn_status txn_get_meta(struct txn *txn, struct tn_str key, struct tn_bytes *ret_value,
                       struct err *err);
/* Copies both. An empty value removes the key. [worker] */
tn_status txn_put_meta(struct txn *txn, struct tn_str key, struct tn_bytes value, struct err *err);

/* Idempotency */

/*
 * The response that `key` got before; TN_NOT_FOUND: none. TN_ALREADY_EXISTS: it was used for
 * another method or request. `request_hash` is of the encoded request. [worker] blocks
 */
#define TXN_KEY_SIZE_MAX 128u                          /* bytes of an idempotency key */
#define TXN_KEY_KEPT_US (24 * 3600 * (int64_t)1000000) /* a day, as HubSpot's write traces */
tn_status txn_outcome(struct txn *txn, struct tn_str key, struct tn_str method,
                      const uint8_t request_hash[32], struct tn_bytes *ret_response,
                      struct err *err);
/* Keeps `response` as the key's outcome with this commit; copied. [any] */
tn_status txn_keep_outcome(struct txn *txn, struct tn_str key, struct tn_str method,
                           const uint8_t request_hash[32], struct tn_bytes response,
                           struct err *err);

/* Commit */

/* Runs the hooks and checks the records as a whole; txn_commit does it if it was not done. After
 * it, records read as they will be stored, so an answer can be built. [worker] blocks */
tn_status txn_prepare(struct txn *txn, struct err *err);

/*
 * As txn_prepare, for what was changed so far: the rows of an import are refused one by one, and
 * txn_rollback() to a mark before a refused one takes it out. More may be written after it.
 */
tn_status txn_prepare_changes(struct txn *txn, struct err *err);

/*
 * Hands the transaction to the committer; `done` is called once, on the committer's thread, and
 * must not block: TN_OK: durable; TN_ABORTED: something read has changed, run again;
 * TN_UNAVAILABLE: the outcome is unknown, the portal is frozen; TN_RESOURCE_EXHAUSTED: disk full,
 * nothing written. The transaction must be destroyed after it, from `done` or later. Another status
 * than TN_OK from txn_commit itself: refused, `done` is not called. Nothing written: `done` is
 * called before txn_commit returns. [worker] blocks
 */
typedef void (*txn_done_fn)(void *ctx, tn_status status, const struct err *err);
tn_status txn_commit(struct txn *txn, txn_done_fn done, void *ctx, struct err *err);

/* Commits and waits. [worker] blocks */
tn_status txn_commit_wait(struct txn *txn, struct err *err);

/* A change of the schema, committed alone and at once; logged as a change. [worker] blocks */
tn_status records_change_schema(struct records *records, const struct txn_options *options,
                                const struct catalog_change *change, struct err *err);

#endif /* CORE_RECORD_TXN_H */
