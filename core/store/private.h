/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of core/store share and nobody else sees. */
#ifndef CORE_STORE_PRIVATE_H
#define CORE_STORE_PRIVATE_H

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

#include "core/base/mem.h"
#include "core/store/shim.h"
#include "core/store/store.h"

/* portal u32 and family u8, before every key. */
#define KEY_PREFIX_SIZE ((size_t)5)

/* The store's own entries lie under portal 0 in a family that callers cannot name. */
#define FAMILY_OWN 0

struct store {
    char *dir;
    int dir_fd; /* holds the lock that keeps others out */
    bool is_read_only;
    uint32_t format; /* of the entries */
    rocksdb_t *db;
    rocksdb_column_family_handle_t *keys; /* the one column family: see settings.c */
    rocksdb_cache_t *cache;
    rocksdb_logger_t *logger;
    rocksdb_readoptions_t *newest; /* reads without a snapshot */
    rocksdb_writeoptions_t *synced;
    rocksdb_writeoptions_t *unsynced;

    /* The gate before the database: see gate_enter(). */
    _Atomic uint64_t users; /* who is inside, open cursors too */
    _Atomic bool is_shut;
    _Atomic bool is_reread; /* by `opener`, which was set before; the gate is shut to all others */
    pthread_t opener;
    _Atomic int failure; /* tn_status: see store_failure() */
    store_failed_fn failed;
    void *failed_ctx;
    pthread_mutex_t mu;
    pthread_cond_t left;              /* the last one left while the gate was shut */
    struct store_snapshot *snapshots; /* all that are open; guarded by mu */
};

struct store_snapshot {
    struct store *store;
    struct store_snapshot *next;
    struct store_snapshot *previous;
    const rocksdb_snapshot_t *view; /* NULL: it was lost when the store was opened again */
    rocksdb_readoptions_t *options; /* reads through `view` */
};

/* A whole key on the stack: RocksDB copies what it keeps. */
struct full_key {
    uint8_t data[KEY_PREFIX_SIZE + STORE_KEY_MAX];
    size_t len;
};

/* Writes portal and family to `out`, KEY_PREFIX_SIZE bytes. */
void key_prefix_write(uint8_t *out, unsigned family, uint32_t portal);

/* Says so. Returns TN_INVALID_ARGUMENT. */
tn_status key_too_long(struct err *err);

/* TN_INVALID_ARGUMENT: the key is longer than STORE_KEY_MAX. */
tn_status full_key_make(struct full_key *out, unsigned family, uint32_t portal, struct tn_bytes key,
                        struct err *err);

/* A batch as RocksDB lays it out: see batch.c. Kinds as db/dbformat.h numbers them. */
#define BATCH_HEADER_SIZE ((size_t)12)
enum { BATCH_DELETE = 0x00, BATCH_PUT = 0x01, BATCH_DELETE_RANGE = 0x0f };

/*
 * sort.c: appends the batch with its writes in the order of their keys to `out`. False, and `out`
 * as it was: memory is out, or it deletes a range; it is then written as it is.
 */
bool batch_sort(struct tn_bytes bytes, uint32_t count, struct buf *out);

/*
 * reopen.c: a database is closed only when nobody is inside. False: the gate is shut; nothing of
 * the database may be touched. Otherwise gate_leave() follows.
 */
bool gate_enter(struct store *store);
void gate_leave(struct store *store);
bool gate_is_shut(const struct store *store);
/* Says that the store is being opened again, and when to come back. Returns TN_UNAVAILABLE. */
tn_status gate_refuse(struct err *err);
/* As gate_enter, for a read through `snapshot`, or NULL; TN_UNAVAILABLE: not inside. */
tn_status gate_enter_snapshot(struct store *store, const struct store_snapshot *snapshot,
                              struct err *err);

/* reopen.c, once and at the end of a store's life. */
void gate_init(struct store *store);
void gate_fini(struct store *store);

/* A write failed: no other will succeed. */
void store_fail(struct store *store, tn_status status);

/* store.c: as store_open finds and leaves it. */
tn_status database_open(struct store *store, struct err *err);
/* Without the right to write. */
tn_status database_open_to_read(struct store *store, struct err *err);
void database_close(struct store *store);
/* A synced write that changes nothing. */
tn_status database_prove(struct store *store, struct err *err);

/* What was being done when RocksDB reported a failure: it decides what a failure means. */
enum fault_during { FAULT_OPEN, FAULT_READ, FAULT_WRITE };

/*
 * Turns RocksDB's text, which it takes and frees, into a status and says it in `err`. The only
 * place that knows those texts.
 */
tn_status fault_report(char *text, enum fault_during during, const char *dir, struct err *err);

/* settings.c: all of RocksDB's options, with the reasons. */
rocksdb_options_t *settings_create(rocksdb_cache_t *cache, rocksdb_logger_t *logger);
rocksdb_cache_t *settings_cache_create(size_t size);
/* No range of such a family may be deleted. */
bool settings_is_hinted(enum store_family family);

/*
 * format.c: what a directory holds, judged by its FORMAT file, and the steps of making a new one:
 * FORMAT.new is written first, and becomes FORMAT when the store behind it is complete.
 */
enum format_found {
    FORMAT_NOTHING,    /* no directory, or an empty one */
    FORMAT_UNFINISHED, /* creation was cut short: nothing was ever stored here */
    FORMAT_STORE       /* a store in a format that we read */
};

/*
 * TN_FAILED_PRECONDITION: a newer format, or files that are not ours; TN_PERMISSION_DENIED;
 * TN_UNAVAILABLE: I/O. Changes nothing. `dir_fd` is -1 when there is no directory. `ret_format`:
 * that of a FORMAT_STORE.
 */
tn_status format_inspect(int dir_fd, const char *dir, enum format_found *ret_found,
                         uint32_t *ret_format, struct err *err);
/* Durable on return. They replace a FORMAT that is there. */
tn_status format_begin(int dir_fd, const char *dir, struct err *err);
tn_status format_finish(int dir_fd, const char *dir, struct err *err);
void format_abandon(int dir_fd);

/*
 * Disks are not filled to the brim: once RocksDB finds no room it stops writing for good, and
 * it needs some to flush and compact. Opening may use half of what writing leaves.
 */
#define ROOM_TO_WRITE ((size_t)64 << 20)
#define ROOM_TO_OPEN ((size_t)32 << 20)

/* Writes a file, syncs it and takes it away. TN_UNAVAILABLE, TN_RESOURCE_EXHAUSTED: it could not.
 */
tn_status format_prove(int dir_fd, const char *dir, struct err *err);

/* TN_RESOURCE_EXHAUSTED: less than `size` bytes are free where the store is. */
tn_status format_need_room(int dir_fd, const char *dir, size_t size, struct err *err);

/* The status and message for a failed system call. */
tn_status format_fault(int number, const char *dir, struct err *err);

/*
 * check.c: reads the MANIFEST and the write-ahead logs as RocksDB frames them and finds what
 * RocksDB would pass over in silence. TN_DATA_LOSS with file and place. Changes nothing.
 */
tn_status check_logs(int dir_fd, const char *dir, struct err *err);

DEFINE_CLEANUP(struct store, store_close)

/* As in core/base/err.h. */
#ifdef __clang_analyzer__
#define gate_refuse(...) err_refusal(gate_refuse(__VA_ARGS__))
#define fault_report(...) err_refusal(fault_report(__VA_ARGS__))
#endif

#endif /* CORE_STORE_PRIVATE_H */
