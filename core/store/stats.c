/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - what RocksDB tells of itself, for metrics. */
#include <sys/statvfs.h>

#include "core/store/private.h"

/* 0 where it is not told. */
static uint64_t property(struct store *store, const char *name)
{
    uint64_t value = 0;

    return rocksdb_property_int_cf(store->db, store->keys, name, &value) == 0 ? value : 0;
}

static uint64_t room_left(const struct store *store)
{
    struct statvfs disk;

    return fstatvfs(store->dir_fd, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
}

struct store_stats store_stats(struct store *store)
{
    return (struct store_stats){
        .table_bytes = property(store, "rocksdb.total-sst-files-size"),
        .unflushed_bytes = property(store, "rocksdb.cur-size-all-mem-tables"),
        .compaction_bytes = property(store, "rocksdb.estimate-pending-compaction-bytes"),
        .compaction_count = property(store, "rocksdb.num-running-compactions"),
        .flush_count = property(store, "rocksdb.num-running-flushes"),
        .error_count = property(store, "rocksdb.background-errors"),
        .is_delayed = property(store, "rocksdb.actual-delayed-write-rate") > 0,
        .is_stopped = property(store, "rocksdb.is-write-stopped") > 0,
        .disk_free_bytes = room_left(store),
    };
}
