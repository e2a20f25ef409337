/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - ordered keys and values on RocksDB: families, batches, snapshots, cursors. The only
 * user of RocksDB. It knows portals as the first part of every key and nothing else of its callers.
 */
#ifndef CORE_STORE_STORE_H
#define CORE_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/log.h"

/*
 * What keys mean; see architecture.md "Keys" for their parts. On disk a key is
 * `portal u32 · family u8 · rest`, in as few column families as measurement justifies, so
 * that a portal is a key range. The numbers are stored: never reuse one.
 */
enum store_family {
    STORE_ROWS = 1,
    STORE_INDEX = 2,
    STORE_UNIQUE = 3,
    STORE_WORDS = 4,
    STORE_EDGES = 5,
    STORE_HISTORY = 6,
    STORE_ROLLUP = 7,
    STORE_LOG = 8,
    STORE_DUE = 9,
    STORE_META = 10
};
#define STORE_FAMILY_MAX 10

/*
 * The newest format of keys and values that this host reads and writes.
 * 2: a text that is a telephone number is one word; in 1 its groups of digits were words.
 */
#define STORE_FORMAT 2u

/*
 * Bounds. A longer key, put or looked up, is TN_INVALID_ARGUMENT; a batch that grows beyond its
 * size keeps what it has and store_write refuses it with TN_RESOURCE_EXHAUSTED.
 */
#define STORE_KEY_MAX ((size_t)2048)
#define STORE_BATCH_SIZE_MAX ((size_t)64 << 20)

struct store;
struct store_snapshot;
struct store_batch;
struct store_cursor;

struct store_options {
    bool create_if_missing;
    bool is_read_only; /* changes no file; writes fail. What a kill left in the log is read. */
    size_t block_cache_size; /* bytes; 0: 32 MiB */
    struct log *log;         /* borrowed until store_close; may be NULL */
};

/*
 * Opens the store in `dir`, alone. TN_NOT_FOUND: none there and not to be created;
 * TN_FAILED_PRECONDITION: a newer format, or no store of ours; TN_DATA_LOSS: damaged, with what
 * and where; TN_UNAVAILABLE: another process has it; TN_PERMISSION_DENIED. On any failure nothing
 * in `dir` was changed. [any] blocks
 */
tn_status store_open(const char *dir, const struct store_options *options, struct store **ret_store,
                     struct err *err);
void store_close(struct store *store);

/*
 * What a store comes to when a write failed: store_write refuses all others, nothing is written,
 * until store_reopen() and then store_resume(). Meanwhile it can be read. TN_OK: it did not;
 * TN_RESOURCE_EXHAUSTED: the disk was full; else whether that write happened is unknown. [any]
 */
tn_status store_failure(const struct store *store);

/* `failed` runs when a write failed, on the thread that wrote; it must not block. One at most,
 * before other threads write. */
typedef void (*store_failed_fn)(void *ctx);
void store_set_watcher(struct store *store, store_failed_fn failed, void *ctx);

/* Reads again what was kept of the store in memory. */
typedef tn_status (*store_reread_fn)(void *ctx, struct err *err);

/*
 * Closes the database and opens it again, in place: what failed writes left is there or not from
 * now on. First it asks the disk whether it writes, and waits for those that read right now, 2 s at
 * most; who reads meanwhile, and whoever has an older snapshot or cursor, gets TN_UNAVAILABLE for
 * ever after. If it fails, all of this may have happened, or nothing; the store can be read if
 * that is possible at all: try again later. TN_UNAVAILABLE: the disk does not write, or somebody
 * still reads; TN_RESOURCE_EXHAUSTED: too little room; TN_DATA_LOSS: damaged, it stays shut.
 * Once it is open, `reread` (NULL: none) runs on this thread, which alone can read until then, so
 * that nobody sees the store ahead of what is kept of it; its failure is one of all.
 * One thread at a time. [any] blocks
 */
tn_status store_reopen(struct store *store, store_reread_fn reread, void *ctx, struct err *err);
/* Lets writes through again. [any] */
void store_resume(struct store *store);

/* What the entries are like: STORE_FORMAT, or an older one until they are renewed. [any] */
uint32_t store_format(const struct store *store);

/*
 * Renewing the entries of an older format: begin, write them as they are now, end. From the
 * beginning on no older program opens the store, and until the end nobody does for reading alone. A
 * crash in between is followed by the same again, which must not mind what was done already.
 * Statuses as store_write; durable on return. Before anybody else uses the store. [any] blocks
 */
tn_status store_renew_begin(struct store *store, struct err *err);
tn_status store_renew_end(struct store *store, struct err *err);

/* A consistent view; at most 60 s old by contract of the callers. NULL when memory is out. [any] */
struct store_snapshot *store_snapshot_open(struct store *store);
void store_snapshot_close(struct store_snapshot *snapshot);

/*
 * The value of a key, replacing what `ret_value` holds. `snapshot` NULL: the newest.
 * TN_NOT_FOUND (err untouched); TN_DATA_LOSS; TN_UNAVAILABLE: I/O, or the store is or was opened
 * again (store_reopen), with when to come back. [any] blocks
 */
tn_status store_get(struct store *store, const struct store_snapshot *snapshot,
                    enum store_family family, uint32_t portal, struct tn_bytes key,
                    struct buf *ret_value, struct err *err);

/* Whether the key is there: store_get without the value. TN_NOT_FOUND. [any] blocks */
tn_status store_has(struct store *store, const struct store_snapshot *snapshot,
                    enum store_family family, uint32_t portal, struct tn_bytes key,
                    struct err *err);

/*
 * Several keys of one family and portal in one go; `ret_found[i]` says whether keys[i] is there,
 * `ret_values[i]` is replaced, by nothing if not. On failure both are undefined but for being valid
 * buffers. TN_INVALID_ARGUMENT, TN_DATA_LOSS, TN_UNAVAILABLE. [any] blocks
 */
tn_status store_get_many(struct store *store, const struct store_snapshot *snapshot,
                         enum store_family family, uint32_t portal, const struct tn_bytes *keys,
                         size_t count, struct buf *ret_values, bool *ret_found, struct err *err);

/* Writes that happen together. One thread at a time. Keys and values are copied. */
struct store_batch *store_batch_create(void);
void store_batch_destroy(struct store_batch *batch);
void store_batch_clear(struct store_batch *batch);
size_t store_batch_count(const struct store_batch *batch); /* writes in it */
size_t store_batch_size(const struct store_batch *batch);  /* bytes */
/* What store_write would refuse it with, told before others share its write; TN_OK: nothing. */
tn_status store_batch_status(const struct store_batch *batch);
void store_batch_put(struct store_batch *batch, enum store_family family, uint32_t portal,
                     struct tn_bytes key, struct tn_bytes value);
void store_batch_delete(struct store_batch *batch, enum store_family family, uint32_t portal,
                        struct tn_bytes key);
/* All keys from `from` up to, not including, `to`; of history, roll-ups, log, due or meta: the
 * others' keys are put with hints that RocksDB confuses with ranges (settings.c). */
void store_batch_delete_range(struct store_batch *batch, enum store_family family, uint32_t portal,
                              struct tn_bytes from, struct tn_bytes to);
/* Appends `from`'s writes to `batch`. */
void store_batch_append(struct store_batch *batch, const struct store_batch *from);

/*
 * All of the batch, or nothing. `sync`: durable against power loss on return.
 * TN_UNAVAILABLE: an I/O error, the outcome is unknown, and the store has failed (store_failure);
 * or it had failed before, nothing was written, and err says when to come back;
 * TN_RESOURCE_EXHAUSTED: the disk has less than 64 MiB left, or the batch was too large for its
 * bound or for the memory, nothing was written; TN_INVALID_ARGUMENT: a key was too long, nothing
 * was written. [any] blocks
 */
tn_status store_write(struct store *store, struct store_batch *batch, bool sync, struct err *err);

/*
 * Walks the keys of one family and portal that start with `prefix`, from `from` (inclusive, a whole
 * key; empty: the start) upwards, or with `reverse` from `from` (inclusive; empty: the end)
 * downwards. A `from` outside the prefix is cut to it. NULL when memory is out. The
 * snapshot must outlive it; without one it sees what is newest at opening. One thread at a time.
 * [any] blocks
 */
struct store_cursor *store_cursor_open(struct store *store, const struct store_snapshot *snapshot,
                                       enum store_family family, uint32_t portal,
                                       struct tn_bytes prefix, struct tn_bytes from, bool reverse);
void store_cursor_close(struct store_cursor *cursor);

/*
 * The next key (without portal and family) and value (may be NULL), lent until the next call.
 * TN_NOT_FOUND: the end; TN_DATA_LOSS, TN_UNAVAILABLE. [any] blocks
 */
tn_status store_cursor_next(struct store_cursor *cursor, struct tn_bytes *ret_key,
                            struct tn_bytes *ret_value, struct err *err);

/*
 * Calls `each` for all entries with that prefix, as they were when it began, in the order of their
 * keys, lent for the call. Stops at the first status but TN_OK and returns it; `each` says why.
 * TN_RESOURCE_EXHAUSTED, and as store_cursor_next. [any] blocks
 */
typedef tn_status (*store_each_fn)(void *ctx, struct tn_bytes key, struct tn_bytes value,
                                   struct err *err);
tn_status store_each(struct store *store, enum store_family family, uint32_t portal,
                     struct tn_bytes prefix, store_each_fn each, void *ctx, struct err *err);

/*
 * The first portal and family behind `portal` and `family` (0, 0: the start) that has a key, also
 * one that nobody knows: for checks. TN_NOT_FOUND (err untouched): none. [any] blocks
 */
tn_status store_next_range(struct store *store, const struct store_snapshot *snapshot,
                           uint32_t portal, unsigned family, uint32_t *ret_portal,
                           unsigned *ret_family, struct err *err);

/* Bytes of memory RocksDB holds (tables, cache, memtables), for metrics. [any] */
uint64_t store_memory_usage(struct store *store);

/* As it is now, about. */
struct store_stats {
    uint64_t table_bytes;      /* on disk, of tables */
    uint64_t unflushed_bytes;  /* in memory and the write-ahead log only */
    uint64_t compaction_bytes; /* that wait to be compacted */
    uint64_t compaction_count; /* that run, as the next */
    uint64_t flush_count;
    uint64_t error_count; /* of flushes and compactions, since opening */
    bool is_delayed;      /* writes wait for compactions */
    bool is_stopped;      /* no write goes on */
    uint64_t disk_free_bytes;
};
struct store_stats store_stats(struct store *store); /* [any] */

#endif /* CORE_STORE_STORE_H */
