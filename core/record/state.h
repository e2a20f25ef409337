/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - what the files of record/ share; nobody else includes it. */
#ifndef CORE_RECORD_STATE_H
#define CORE_RECORD_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/map.h"
#include "core/graph/edge.h"
#include "core/index/index.h"
#include "core/index/totals.h"
#include "core/record/blob.h"
#include "core/record/change.h"
#include "core/record/head.h"
#include "core/record/recent.h"
#include "core/record/records.h"
#include "core/record/txn.h"
#include "core/store/meta.h"

/* Bytes that one transaction may allocate: a batch of 1000 large records. */
#define TXN_ARENA_SIZE_MAX ((size_t)256 << 20)
/* Bytes that one transaction may write; several share a batch of STORE_BATCH_SIZE_MAX. */
#define TXN_WRITE_SIZE_MAX ((size_t)48 << 20)
/* Ended transactions whose memory is kept for the next ones, and how much of the arena of each. */
#define TXN_SPARE_MAX 64u
#define TXN_SPARE_SIZE_MAX ((size_t)32 << 10)
#define WATCHER_MAX 4096u
/* Transactions that share a write: a client waits for at most this many others. */
#define COMMITTER_GROUP_MAX 1024u

/* A store snapshot shared by transactions that began in the same epoch. */
struct shared_snapshot {
    _Atomic unsigned refs;
    struct store_snapshot *snapshot;
    bool is_stale; /* guarded by records->mu: no transaction begins with it any more */
    uint64_t epoch;
    int64_t opened_us; /* monotonic */
};

/* A portal as the committer knows it. */
struct portal_state {
    uint64_t id; /* the map's key */
    struct portal *portal;
    _Atomic uint64_t next_record;
    _Atomic uint64_t head;    /* newest durable change; release by the committer */
    _Atomic uint64_t settled; /* the newest schema version whose roll-ups are counted */
    _Atomic uint64_t
        timer_epoch;        /* rises with commits that have timers; release by the committer */
    const struct txn *turn; /* runs alone; guarded by records->mu, as the next four */
    struct submission *set_aside; /* waits for the turn to end; newest first */
    struct submission *queue_first;
    struct submission *queue_last;
    struct portal_state *next_in_turn; /* of those that have a queue */
    /* Of the group that is being built; the committer's alone. */
    struct store_batch *batch;
    uint64_t next_change;
    struct schema *schema;
    bool is_in_group;
};

/* What the committer is asked for. Lives in its transaction, or on a waiting thread's stack. */
struct submission {
    struct submission *next;
    struct portal_state *state;
    struct txn *txn; /* NULL: a schema change */
    /* A schema change: adds its writes to the batch. */
    tn_status (*evolve)(void *ctx, struct store_batch *batch, struct schema **ret_schema,
                        struct err *err);
    void *evolve_ctx;
    const char *language;  /* of a schema change's refusals; NULL: English */
    bool is_recount;       /* no change of the schema, and not logged */
    struct tn_bytes entry; /* of the change log, for a schema change */
    struct schema *schema; /* as it will be */
    txn_done_fn done;
    void *ctx;
    tn_status status;
};

struct group;         /* committer.c */
struct cached_totals; /* committer.c */

struct blob_pins; /* blob.c */

struct watcher {
    records_wake_fn wake;
    void *ctx;
};

struct records {
    struct store *store;
    struct catalog *catalog;
    struct portals *portals;
    struct log *log;
    struct entitle *entitle;
    struct log_driver driver;
    struct records_hooks hooks; /* `run` NULL: none */
    tn_status (*reread)(void *ctx, struct err *err);
    void *reread_ctx;

    pthread_mutex_t mu;
    pthread_cond_t submitted;        /* the committer waits on it */
    pthread_cond_t moved;            /* a group ended, or a turn */
    struct map states;               /* portal id -> struct portal_state; guarded by mu, as below */
    struct portal_state *turn_first; /* those with a queue, in the order of their turns */
    struct portal_state *turn_last;
    struct portal_state *popped; /* whose submission was taken last */
    int64_t shared_us;           /* monotonic: when another portal's than the last was */
    bool is_stopping;
    bool is_committing;
    int64_t aside_until_us;           /* monotonic: the first deadline of those set aside */
    uint64_t batch_count;             /* times that is_committing ended */
    struct shared_snapshot *snapshot; /* the newest one, or NULL */
    struct txn *spare;                /* ended ones, empty */
    uint32_t spare_count;
    uint64_t epoch; /* of the newest durable group */

    pthread_mutex_t watch_mu;
    struct blob_pins *blob_pins;
    struct watcher *watchers; /* guarded by watch_mu */
    size_t watcher_count;

    pthread_t thread;
    bool has_thread;
    /* The committer's alone. */
    struct group *group;
    int64_t expired_us; /* monotonic: when it last looked for what has ended */
    struct recent *recent;
    uint64_t mended_epoch; /* what was read in an older one may not be what the store has */
    struct mending *mending;
    /* For metrics: the committer's to write; relaxed. */
    _Atomic uint64_t group_count;
    _Atomic uint64_t commit_count;
    _Atomic uint64_t conflict_count;
    _Atomic uint64_t failure_count;
    _Atomic uint64_t key_count;
    _Atomic uint64_t byte_count;
    _Atomic uint64_t mending_count;
    _Atomic uint64_t mending_failure_count;
    struct map counted;          /* portal, type -> struct counted; counted.c */
    struct map totals;           /* portal, key -> struct cached_totals */
    struct cached_totals *dirty; /* those of the group that is built */
};

/* [any] */
tn_status records_state(struct records *records, struct portal *portal,
                        struct portal_state **ret_state, struct err *err);
/* As records_state(), for a transaction that begins: `*ret_txn` is an empty one, or NULL: none is
 * kept. */
tn_status records_enter(struct records *records, struct portal *portal,
                        struct portal_state **ret_state, struct txn **ret_txn, struct err *err);
/* Keeps the empty transaction for another one, or frees it. */
void records_leave(struct records *records, struct txn *txn);
tn_status records_snapshot(struct records *records, struct shared_snapshot **ret_snapshot);
void records_snapshot_release(struct shared_snapshot *snapshot);
/* Gives it to the committer; TN_UNAVAILABLE: stopping, or frozen; TN_RESOURCE_EXHAUSTED: frozen by
 * a full disk. Nothing is written then. */
tn_status committer_submit(struct records *records, struct submission *submission, struct err *err);
/* The same, and waits for it; `done` and `ctx` of `asked` are not used. */
tn_status committer_submit_wait(struct records *records, const struct submission *asked,
                                struct err *err);
tn_status committer_start(struct records *records);
void committer_stop(struct records *records);
void committer_free_totals(struct records *records);
/* What it remembers of totals; the store has them. [committer thread] */
void committer_forget_totals(struct records *records);
/* Marks of the group that ends have this number; no later group may have it too. */
void committer_end_epoch(struct records *records);
/* The transaction runs alone in its portal from now on; waits until it can, or the call ends. */
tn_status committer_take_turn(struct records *records, struct portal_state *state, struct txn *txn,
                              struct err *err);
void committer_end_turn(struct records *records, struct portal_state *state, const struct txn *txn);
/* Tells those who wait for a turn to end that their time was up first. [committer thread, mu held,
 * let go of meanwhile] */
void turns_refuse_late(struct records *records);
/* Whether its deadline has passed; and says that it has. */
bool txn_is_late(const struct txn *txn, int64_t now_us);
tn_status txn_refuse_late(struct err *err);
/* queue.c: behind all of its portal that wait. [mu held] */
void committer_push(struct records *records, struct submission *sub);
/* Takes out what is next to be written, portals in turns, as much as is written at once; a schema
 * change comes last. What waits for a portal's turn (turn.c) is put aside. NULL: nothing waits.
 * [mu held] */
struct submission *committer_take(struct records *records);
/* What was taken into the group that is being built, from the first on. [committer thread] */
const struct submission *committer_group(const struct records *records);
/* Ends its turn and tells it. [committer thread] */
void committer_complete(struct submission *sub, tn_status status, const struct err *err);
void records_wake_watchers(struct records *records);

/* mend.c: what the committer does about writes that failed. */
struct mending *mending_create(struct records *records);
void mending_destroy(struct mending *mending);
/* A write failed, as `err` says: nothing is written until mend() succeeds. [committer thread] */
void mend_begin(struct records *records, const struct err *err);
/* When mend() is due, monotonic; INT64_MAX: nothing is to be mended. [committer thread] */
int64_t mend_due_us(struct records *records);
/* Opens the store again and reads what is kept of it; or says when to try again. [committer
 * thread] blocks */
void mend(struct records *records);
/* TN_OK, or why nothing is written now, and when to come back. [any] */
tn_status mend_refuse(const struct records *records, struct err *err);

/* Until `cond`, of CLOCK_MONOTONIC, is signalled, or that time, INT64_MAX: for ever. [mu held] */
void records_await(pthread_cond_t *cond, pthread_mutex_t *mu, int64_t until_us);
/* Reads the heads of all portals again. TN_DATA_LOSS: one is older than what was acknowledged. */
tn_status records_reread(struct records *records, struct err *err);

/* Whether every roll-up of the schema has its totals, and sees to it. [worker] blocks */
bool rollups_are_settled(const struct portal_state *state, const struct schema *schema);
tn_status rollups_settle(struct records *records, struct portal_state *state,
                         const struct schema *schema, struct err *err);

/* Hashes of what is read and written, by portal. */
enum mark_kind {
    MARK_RECORD = 1, /* a record's row */
    MARK_UNIQUE,     /* who has a unique value */
    MARK_EDGE,       /* one link */
    MARK_EDGES,      /* the links of one record by one association and direction */
    MARK_ALL_EDGES,  /* all links of one record */
    MARK_META,       /* a key of family meta */
    MARK_TIMERS      /* all timers of a record */
};

struct txn_edge {
    struct edge edge;
    uint64_t key[3];              /* association, from, to: the map's key */
    struct record *ends[2];       /* from, to */
    struct txn_edge *next[2];     /* in the list of each end */
    struct txn_edge *next_in_txn; /* by creation */
    struct edge_value before;
    struct edge_value after;
    bool was_linked;
    bool is_linked;
};

struct record {
    struct txn *txn;
    const struct schema_type *type;
    tn_id id;
    struct tn_bytes row;      /* as read; empty for a new one */
    struct row_header read;   /* zero for a new one */
    struct row_value *writes; /* in the transaction's arena, in no order */
    size_t write_count;
    size_t write_cap;
    struct txn_edge *edges;
    struct record *next; /* in the transaction, by first use */
    struct record *next_pending;
    bool is_pending; /* in the list of those that hooks and checks have to look at */
    bool is_new;
    bool is_archived; /* as it will be */
    bool is_purged;
    bool is_gone;    /* its creation was rolled back */
    bool is_touched; /* written to, with or without effect */
    bool is_hooked;  /* its hooks ran on what it is now */
    bool is_checked;
    struct tn_bytes new_row; /* once encoded */
};

/* A record that got some unique value in this transaction; it may have lost it again. */
struct unique_holder {
    struct record *record;
    struct unique_holder *next;
};

struct txn_meta {
    struct tn_str key; /* as stored: who keeps it, then its text */
    struct tn_bytes stored;
    struct tn_bytes value; /* empty: none */
    tn_time expires_us;    /* of an outcome; 0: it stays */
    bool is_written;
    struct txn_meta *next;
};

struct pending_history {
    struct pending_history *next;
    struct record *record;
    uint32_t property;
    uint64_t position; /* of its change in the transaction */
    struct tn_bytes value;
};

struct pending_entry {
    struct pending_entry *next;
    struct tn_bytes bytes; /* of the change log */
};

/* A list of hashes; grows in the transaction's arena. */
struct marks {
    uint64_t *hashes;
    size_t count;
    size_t cap;
};

enum undo_kind { UNDO_ADDED, UNDO_WRITE, UNDO_CREATE, UNDO_STATE, UNDO_EDGE, UNDO_META };
struct undo {
    enum undo_kind kind;
    void *target;
    union {
        struct {
            size_t index; /* in the record's writes */
            struct tn_value value;
        } write;
        struct {
            bool is_archived;
            bool is_purged;
            bool is_touched;
            bool is_hooked;
            bool is_checked;
        } state;
        struct {
            struct edge_value value;
            bool is_linked;
        } edge;
        struct {
            struct tn_bytes value;
            bool is_written;
        } meta;
    } as;
};

/* By how many a transaction changes the live records of a limited type. */
struct limit_step {
    struct limit_step *next;
    const struct schema_type *type;
    const char *name; /* of the limit */
    uint64_t max;
    int32_t delta;
};

enum txn_stage { TXN_OPEN, TXN_PREPARED, TXN_SUBMITTED, TXN_ENDED };

struct txn {
    struct txn *next_spare;
    struct records *records;
    struct portal *portal;
    struct portal_state *state;
    void *routes; /* of the records' hooks; NULL: there are none */
    struct schema *schema;
    struct shared_snapshot *snapshot;
    struct arena arena;
    enum txn_stage stage;
    struct tn_str source;
    struct tn_str user;
    struct tn_str writer;
    uint64_t entitled; /* the portal's, when it began */
    char language[8];
    tn_time now_us;
    int64_t deadline_us;
    tn_status (*ask_state)(void *ctx);
    void *state_ctx;
    bool (*enter)(void *ctx, uint32_t plugin);
    void (*leave)(void *ctx);
    bool is_read_only;
    bool has_turn;
    bool is_in_hook;
    bool has_timers;   /* its commit sets or ends some */
    bool has_detached; /* some link hangs in the list of one of its records only */

    struct map by_id;  /* id -> struct record */
    struct map unique; /* unique key -> struct unique_holder */
    struct map edges;  /* key -> struct txn_edge */
    struct map metas;  /* key -> struct txn_meta */
    struct record *first;
    struct record *last;
    size_t record_count;
    struct record *first_pending;
    struct record *last_pending;
    struct txn_edge *first_edge;
    struct txn_edge *last_edge;
    size_t edge_count;
    size_t shed_count; /* links of records that it archives: not held against TXN_LINK_MAX */
    struct txn_meta *first_meta;
    struct undo *undos;
    size_t undo_count;
    size_t undo_cap;
    struct marks reads;
    struct marks writes;
    struct txn_blob *blobs; /* held until it ends */

    /* What the committer gets. */
    struct store_batch *batch;
    struct pending_entry *entries;
    struct pending_entry *last_entry;
    uint64_t entry_count;
    struct pending_history *history;
    size_t pending_size; /* bytes of entries and history, keys included */
    struct totals_step *steps;
    struct limit_step *limits;
    struct submission submission;
};

/* The memory of an empty one. */
void txn_free(struct txn *txn);

/* Remember what was read or will be written. TN_RESOURCE_EXHAUSTED. */
tn_status txn_mark_read(struct txn *txn, uint64_t hash);
tn_status txn_mark_write(struct txn *txn, uint64_t hash);
uint64_t mark_id(const struct txn *txn, enum mark_kind kind, uint64_t a, uint64_t b, uint64_t c);
uint64_t mark_bytes(const struct txn *txn, enum mark_kind kind, struct tn_bytes bytes);

/* Keeps how things were, for txn_rollback. TN_RESOURCE_EXHAUSTED. */
tn_status txn_add_undo(struct txn *txn, const struct undo *undo);
tn_status txn_undo_state(struct record *record);
tn_status txn_undo_edge(struct txn *txn, struct txn_edge *edge);
tn_status txn_undo_meta(struct txn *txn, struct txn_meta *meta);

/* TN_FAILED_PRECONDITION in a read-only or prepared transaction. */
tn_status txn_may_write(struct txn *txn, struct err *err);

/* As txn_may_write; TN_NOT_FOUND: it was purged, or its creation rolled back. */
tn_status record_may_change(const struct record *record, struct err *err);

/* Hooks and checks look at it again, if only to find that there is nothing to do. */
void record_set_pending(struct record *record);
/* It is about to be written to: its hooks and checks run on what becomes of it. */
tn_status record_touch(struct record *record);

/* entitled.c: TN_PERMISSION_DENIED: the portal's licences do not let it be written. */
tn_status txn_check_type(const struct txn *txn, const struct schema_type *type, struct err *err);
tn_status record_check_property(const struct record *record, const struct schema_property *property,
                                struct err *err);
tn_status txn_check_association(const struct txn *txn, const struct schema_association *association,
                                struct err *err);
tn_status records_check_change(struct records *records, const struct txn_options *options,
                               const struct catalog_change *change, struct err *err);

/* counted.c: limits of licences. TN_RESOURCE_EXHAUSTED: there would be too many. */
tn_status txn_note_limits(struct txn *txn, struct err *err);
tn_status counted_check(struct records *records, const struct txn *txn, struct err *err);
void counted_add(struct records *records, const struct txn *txn);
/* A write failed: rows are counted again. [committer thread] */
void counted_forget(struct records *records);
/* The same if too much is remembered; between two groups. [committer thread] */
void counted_bound(struct records *records);

/* Whether the record differs from what the store holds. */
bool record_has_effect(const struct record *record);

/* Whether the live record has the value of `key` (index_unique_key) in that property. */
tn_status record_has_unique(const struct record *record, const struct schema_property *property,
                            struct tn_bytes key, bool *ret_has);
/* A record that got the value in this transaction and still has it, or NULL; of those that got it
 * before `before` did if that is not NULL. */
tn_status txn_unique_holder(struct txn *txn, const struct schema_property *property,
                            struct tn_bytes key, const struct record *before,
                            struct record **ret_holder);

/* Remembers that the record gets the value, or all that it has (it is restored), for the above and
 * for look-ups; others with it are checked again. TN_RESOURCE_EXHAUSTED; TN_DATA_LOSS. */
tn_status record_note_unique(struct record *record, const struct schema_property *property,
                             const struct tn_value *value);
tn_status record_note_all_unique(struct record *record);

/* Unlinks everything of a record (it is archived). */
tn_status txn_unlink_all(struct record *record, struct err *err);

/* Encodes what the transaction does for the committer. */
tn_status txn_encode(struct txn *txn, struct err *err);
/* Bytes that its commit writes, but for totals. */
size_t txn_write_size(const struct txn *txn);
/* And, last, the values beside records: an outcome is kept when the response is known. */
tn_status txn_encode_metas(struct txn *txn, struct err *err);

/* The value under `name` of that owner, own writes included, marked as read. [worker] blocks */
tn_status txn_open_meta(struct txn *txn, enum store_meta owner, struct tn_str name,
                        struct txn_meta **ret_meta, struct err *err);

/* Ends all timers of a record (it is archived). */
tn_status timers_end_all(struct record *record, struct err *err);
/* Adds the entry of family due of a timer that is written, and takes away the one that it had. */
tn_status timer_encode_due(struct txn *txn, const struct txn_meta *meta);

/* That the outcome under `key` of family meta ends at `at_us`. [worker] */
void expire_note(struct store_batch *batch, tn_time at_us, uint32_t portal, struct tn_bytes key);
/* Now and then, takes away what has ended, with the batch. [committer thread] */
void expire_look(struct records *records, struct store_batch *batch);

/* Renews the entries of a store of an older format, before there are transactions. [loader] blocks
 */
tn_status renew_store(struct records *records, struct err *err);

/* What a property of a record was after change `number`, if a later one replaced it; lent by the
 * transaction. TN_NOT_FOUND (err untouched): none did. [worker] blocks */
tn_status history_find_replaced(struct txn *txn, uint32_t type, tn_id record, uint32_t property,
                                uint64_t number, struct tn_value *ret_value, struct err *err);

/* blob.c */
struct blob_pins *blob_pins_create(void);
void blob_pins_destroy(struct blob_pins *pins);
void txn_release_blobs(struct txn *txn);
/* The names that the record gave up, and those that it gives, into the batch. */
tn_status blob_keep_names(const struct record *record);

/* Purging: removes the history of a record and blanks it in the change log. */
tn_status history_purge(struct record *record, struct store_batch *batch, struct err *err);
tn_status history_encode(const struct tn_value *value, const struct txn *txn, struct buf *out);

#endif /* CORE_RECORD_STATE_H */
