/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - how RocksDB is set up, and why.
 *
 * One column family. Portal and family already make every kind of key a range of its own, and
 * each further one costs a memtable and ties the write-ahead log's life to the slowest. Measured
 * with 400,000 records of 15 keys: one family wrote 1.68 GB in all, was replayed in 0.15 s after a
 * kill and took 29 MiB while loading; three (rows and history, index, log) 1.14 GB, 0.34 s and
 * 38 MiB, in about the same time. Should the bytes written matter more one day, split by kind
 * of key there.
 *
 * The write-ahead log is read up to the first place that cannot be read (point in time), which
 * after a crash is its torn end. Elsewhere that would drop synced writes in silence, so check.c
 * tells the two apart before RocksDB is let near. The other modes are worse: "absolute
 * consistency" refuses the torn end that every kill may leave, "tolerate corrupted tail" refuses a
 * record whose last page a power cut left blank, passes over zeroed blocks, and takes a changed
 * length in the last block for the end. (track_and_verify_wals_in_manifest can report logs that
 * were rightly deleted as missing in this release: facebook/rocksdb#10892.)
 *
 * RocksDB writes no LOG file: its warnings and errors go to the host's log. Every opening would
 * turn the file over, even one that then fails, and Debian packages this release with assertions
 * on, one of which aborts the process when a full disk cuts LOG short.
 */
#include <string.h>

#include "core/store/private.h"

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

/* With 64 MiB a killed host took seconds to reopen; loading was no faster either. */
#define MEMTABLE_SIZE (8 * MIB)
/* One is filled, one flushed, one more absorbs a burst: 24 MiB at most. */
#define MEMTABLE_COUNT_MAX 3
/* How much is replayed after a kill, at most. */
#define WAL_SIZE_MAX (32 * MIB)
/* One for compaction, one for flushes: the machine belongs to the calls. */
#define BACKGROUND_JOB_COUNT 2
/* Tables kept open; at 16 MiB each this spans 8 GiB before files are reopened. */
#define OPEN_FILE_COUNT_MAX 512
#define TABLE_FILE_SIZE (16 * MIB)
#define LEVEL_BASE_SIZE (64 * MIB)
/* The MANIFEST is rolled at this size, so that what was deleted does not linger in it. */
#define MANIFEST_SIZE_MAX (8 * MIB)
/* Rows are some 400 bytes: a bigger block would read more for a get than it saves for a scan. */
#define BLOCK_SIZE (8 * KIB)
/* About 1 % of look-ups for absent keys read a block in vain. */
#define BLOOM_BITS_PER_KEY 10
#define CACHE_SHARD_BITS 3
/* Portal, family and the first 4 bytes of the key, the type: few, and neighbours inside. */
#define HINT_PREFIX_SIZE (KEY_PREFIX_SIZE + 4)

/*
 * Indexes and filters live in the cache too, so that its size bounds them. The limit is not
 * strict: a strict one fails reads when open cursors hold the cache, which is worse than
 * a passing excess of a block per cursor.
 */
rocksdb_cache_t *settings_cache_create(size_t size)
{
    rocksdb_lru_cache_options_t *options = rocksdb_lru_cache_options_create();

    rocksdb_lru_cache_options_set_capacity(options, size);
    rocksdb_lru_cache_options_set_num_shard_bits(options, CACHE_SHARD_BITS);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru_opts(options);
    rocksdb_lru_cache_options_destroy(options);
    return cache;
}

static void set_tables(rocksdb_options_t *options, rocksdb_cache_t *cache)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();

    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_block_size(table, BLOCK_SIZE);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);
    /* The options take the filter policy and share the cache. */
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY));
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_block_based_options_destroy(table);
}

/*
 * Those of which a record has most keys. RocksDB before 9.3 mixes the hints of puts with those of
 * range deletions (facebook/rocksdb#12558), so that families whose ranges are deleted have none.
 */
static const char hinted_families[] = {
    STORE_ROWS, STORE_INDEX, STORE_UNIQUE, STORE_WORDS, STORE_EDGES, 0};

bool settings_is_hinted(enum store_family family)
{
    return strchr(hinted_families, (int)family) != NULL;
}

static void set_sizes(rocksdb_options_t *options)
{
    rocksdb_options_set_write_buffer_size(options, MEMTABLE_SIZE);
    rocksdb_options_set_max_write_buffer_number(options, MEMTABLE_COUNT_MAX);
    rocksdb_options_set_max_total_wal_size(options, WAL_SIZE_MAX);
    rocksdb_options_set_target_file_size_base(options, TABLE_FILE_SIZE);
    rocksdb_options_set_max_bytes_for_level_base(options, LEVEL_BASE_SIZE);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    rocksdb_options_set_max_manifest_file_size(options, MANIFEST_SIZE_MAX);
    rocksdb_options_set_max_open_files(options, OPEN_FILE_COUNT_MAX);
    /* Without them it is slower. */
    (void)shim_set_insert_hints(options, hinted_families, KEY_PREFIX_SIZE - 1, HINT_PREFIX_SIZE);
}

/* Threads that RocksDB would start for statistics and for opening files are not wanted. */
static void set_threads(rocksdb_options_t *options)
{
    rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOB_COUNT);
    rocksdb_options_set_max_file_opening_threads(options, 1);
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
}

rocksdb_options_t *settings_create(rocksdb_cache_t *cache, rocksdb_logger_t *logger)
{
    rocksdb_options_t *options = rocksdb_options_create();

    set_tables(options, cache);
    set_sizes(options);
    set_threads(options);
    rocksdb_options_set_paranoid_checks(options, 1);
    rocksdb_options_set_wal_recovery_mode(options, rocksdb_point_in_time_recovery);
    /* What is young is rewritten often and packed fast; nine tenths rest at the bottom. */
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    rocksdb_options_set_bottommost_compression(options, rocksdb_zstd_compression);
    rocksdb_options_set_info_log(options, logger); /* shared: it may go before the database */
    return options;
}

void shim_log_line(struct log *log, int is_error, const char *text)
{
    LOG(log, is_error ? LOG_ERROR : LOG_WARN, "rocksdb says", LOG_STR("text", text));
}
