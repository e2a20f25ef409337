/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - opening and closing: look first, then touch. */
#include "core/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/store/private.h"

#define CACHE_SIZE_DEFAULT ((size_t)32 << 20)

/* RocksDB's name for the column family that always exists. */
static const char *const column_family = "default";

/* The entry that repeats what FORMAT says, inside the store. */
static const struct tn_bytes format_key = {(const uint8_t *)"format", 6};

/* Everything but the directory and the database. NULL when memory is out. */
static struct store *create(const char *dir, const struct store_options *options)
{
    CLEANUP(store_close_p) struct store *store = mem_new(struct store);

    if (!store)
        return NULL;
    store->dir_fd = -1;
    gate_init(store);
    store->dir = mem_copy_str(dir);
    store->logger = shim_logger_create(options->log);
    if (!store->dir || !store->logger)
        return NULL;
    store->cache = settings_cache_create(options->block_cache_size ? options->block_cache_size
                                                                   : CACHE_SIZE_DEFAULT);
    store->newest = rocksdb_readoptions_create();
    store->unsynced = rocksdb_writeoptions_create();
    store->synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(store->synced, 1);
    return TAKE(store);
}

void database_close(struct store *store)
{
    if (store->keys)
        rocksdb_column_family_handle_destroy(store->keys);
    if (store->db)
        rocksdb_close(store->db);
    store->keys = NULL;
    store->db = NULL;
}

/* So that the next opening has nothing to replay; the log holds it all if this fails. */
static void flush(struct store *store)
{
    rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
    char *fault = NULL;

    rocksdb_flush_cf(store->db, options, store->keys, &fault);
    rocksdb_flushoptions_destroy(options);
    rocksdb_free(fault);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->db && !store->is_read_only && store_failure(store) == TN_OK)
        flush(store);
    database_close(store);
    gate_fini(store);
    if (store->newest)
        rocksdb_readoptions_destroy(store->newest);
    if (store->unsynced)
        rocksdb_writeoptions_destroy(store->unsynced);
    if (store->synced)
        rocksdb_writeoptions_destroy(store->synced);
    if (store->cache)
        rocksdb_cache_destroy(store->cache);
    shim_logger_destroy(store->logger);
    if (store->dir_fd >= 0)
        (void)close(store->dir_fd); /* lets go of the lock; nothing was written through it */
    mem_free(store->dir);
    mem_free(store);
}

/* Makes the directory, durably, if there is none. */
static tn_status make_dir(const char *dir, bool *ret_made, struct err *err)
{
    if (mkdir(dir, 0700) != 0) {
        if (errno == EEXIST)
            return TN_OK;
        return errno == ENOENT ? err_set(err,
                                         TN_NOT_FOUND,
                                         "The directory that '%s' is to be in is not there.",
                                         dir)
                               : format_fault(errno, dir, err);
    }
    *ret_made = true;
    return TN_OK;
}

/*
 * Opens and locks the directory. RocksDB's own lock would come too late: it is a file that has to
 * be made, and reading takes none.
 */
static tn_status take_dir(struct store *store, struct err *err)
{
    store->dir_fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir_fd < 0)
        return errno == ENOENT
                   ? err_set(err, TN_NOT_FOUND, "There is no store in '%s'.", store->dir)
                   : format_fault(errno, store->dir, err);
    if (flock(store->dir_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? err_set(err,
                                              TN_UNAVAILABLE,
                                              "The store in '%s' is in use by another process.",
                                              store->dir)
                                    : format_fault(errno, store->dir, err);
    int mode = R_OK | X_OK | (store->is_read_only ? 0 : W_OK);
    if (faccessat(store->dir_fd, ".", mode, AT_EACCESS) != 0)
        return format_fault(errno, store->dir, err);
    return TN_OK;
}

static tn_status sync_parent(const struct store *store, struct err *err)
{
    int fd = openat(store->dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0;
    int number = errno;

    if (fd >= 0)
        (void)close(fd); /* was only synced */
    return failed ? format_fault(number, store->dir, err) : TN_OK;
}

enum open_mode { OPEN_CREATE, OPEN_CHECK, OPEN_WRITE };

static tn_status open_database(struct store *store, enum open_mode mode, struct err *err)
{
    rocksdb_options_t *options = settings_create(store->cache, store->logger);
    const rocksdb_options_t *const per_family = options;
    char *fault = NULL;

    rocksdb_options_set_create_if_missing(options, mode == OPEN_CREATE);
    if (mode == OPEN_CHECK)
        store->db = rocksdb_open_for_read_only_column_families(
            options, store->dir, 1, &column_family, &per_family, &store->keys, 0, &fault);
    else
        store->db = rocksdb_open_column_families(
            options, store->dir, 1, &column_family, &per_family, &store->keys, &fault);
    rocksdb_options_destroy(options);
    return fault ? fault_report(fault, FAULT_OPEN, store->dir, err) : TN_OK;
}

/* The entry that check_format reads. */
static tn_status write_format(struct store *store, struct err *err)
{
    struct full_key key;
    uint8_t value[4];
    char *fault = NULL;

    TRY(full_key_make(&key, FAMILY_OWN, 0, format_key, err));
    write_u32(value, STORE_FORMAT);
    rocksdb_put_cf(store->db,
                   store->synced,
                   store->keys,
                   (const char *)key.data,
                   key.len,
                   (const char *)value,
                   sizeof(value),
                   &fault);
    if (fault)
        return fault_report(fault, FAULT_WRITE, store->dir, err);
    store->format = STORE_FORMAT;
    return TN_OK;
}

/* Removes what RocksDB left of a creation that was cut short. */
static void destroy_database(struct store *store)
{
    rocksdb_options_t *options = settings_create(store->cache, store->logger);
    char *fault = NULL;

    database_close(store);
    rocksdb_destroy_db(options, store->dir, &fault);
    rocksdb_options_destroy(options);
    rocksdb_free(fault); /* creating or looking comes next and tells */
}

static tn_status create_contents(struct store *store, struct err *err)
{
    tn_status status = open_database(store, OPEN_CREATE, err);

    if (status == TN_OK)
        status = write_format(store, err);
    if (status == TN_OK)
        status = format_finish(store->dir_fd, store->dir, err);
    if (status != TN_OK)
        destroy_database(store);
    return status;
}

static tn_status create_store(struct store *store, enum format_found found, struct err *err)
{
    if (found == FORMAT_UNFINISHED)
        destroy_database(store);
    TRY(sync_parent(store, err));

    tn_status status = format_begin(store->dir_fd, store->dir, err);
    if (status == TN_OK)
        status = create_contents(store, err);
    if (status != TN_OK)
        format_abandon(store->dir_fd);
    return status;
}

/* What the entry inside says must be what FORMAT says, or older while the store is renewed. */
static tn_status check_format(struct store *store, uint32_t outside, struct err *err)
{
    struct full_key key;
    size_t len = 0;
    char *fault = NULL;

    TRY(full_key_make(&key, FAMILY_OWN, 0, format_key, err));
    char *value = rocksdb_get_cf(
        store->db, store->newest, store->keys, (const char *)key.data, key.len, &len, &fault);
    if (fault)
        return fault_report(fault, FAULT_READ, store->dir, err);

    uint32_t format = value && len == 4 ? read_u32((const uint8_t *)value) : 0;
    rocksdb_free(value);
    if (format == 0 || format > outside)
        return err_set(err,
                       TN_DATA_LOSS,
                       "The store in '%s' is damaged: its own entry says format %u, FORMAT %u.",
                       store->dir,
                       format,
                       outside);
    if (format < outside && store->is_read_only)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The store in '%s' is on its way from format %u to %u: start the host, "
                       "which finishes it.",
                       store->dir,
                       format,
                       outside);
    store->format = format;
    return TN_OK;
}

/*
 * Looks before it touches: RocksDB opened for writing turns over its logs and may flush half of
 * a log before it meets damage, so all of it is read first without the right to write.
 */
static tn_status open_store(struct store *store, uint32_t format, bool is_read_only,
                            struct err *err)
{
    TRY(check_logs(store->dir_fd, store->dir, err));
    TRY(open_database(store, OPEN_CHECK, err));
    TRY(check_format(store, format, err));
    if (is_read_only)
        return TN_OK;
    database_close(store);
    return open_database(store, OPEN_WRITE, err);
}

static tn_status open_or_create(struct store *store, const struct store_options *options,
                                struct err *err)
{
    enum format_found found;
    uint32_t format = 0;

    TRY(take_dir(store, err));
    TRY(format_inspect(store->dir_fd, store->dir, &found, &format, err));
    if (found != FORMAT_STORE && (!options->create_if_missing || options->is_read_only))
        return err_set(err, TN_NOT_FOUND, "There is no store in '%s'.", store->dir);
    if (!options->is_read_only)
        TRY(format_need_room(store->dir_fd, store->dir, ROOM_TO_OPEN, err));
    if (found == FORMAT_STORE)
        return open_store(store, format, options->is_read_only, err);
    return create_store(store, found, err);
}

tn_status database_open(struct store *store, struct err *err)
{
    return open_store(store, store->format, false, err);
}

tn_status database_open_to_read(struct store *store, struct err *err)
{
    return open_store(store, store->format, true, err);
}

tn_status database_prove(struct store *store, struct err *err)
{
    return write_format(store, err);
}

tn_status store_open(const char *dir, const struct store_options *options, struct store **ret_store,
                     struct err *err)
{
    CLEANUP(store_close_p) struct store *store = create(dir, options);
    int64_t start_us = clock_mono_us();
    bool made_dir = false;

    if (!store)
        return err_memory(err, "the store");
    store->is_read_only = options->is_read_only;
    if (options->create_if_missing && !options->is_read_only)
        TRY(make_dir(dir, &made_dir, err));

    tn_status status = open_or_create(store, options, err);
    if (status != TN_OK) {
        database_close(store); /* a check that failed is still open, for reading */
        if (made_dir)
            (void)rmdir(dir); /* empty, or somebody else's by now */
        return status;
    }
    LOG(options->log,
        LOG_INFO,
        "store opened",
        LOG_STR("dir", dir),
        LOG_UINT("format", store->format),
        LOG_INT("us", clock_mono_us() - start_us));
    *ret_store = TAKE(store);
    return TN_OK;
}

uint32_t store_format(const struct store *store)
{
    return store->format;
}

tn_status store_renew_begin(struct store *store, struct err *err)
{
    TRY(format_begin(store->dir_fd, store->dir, err));
    return format_finish(store->dir_fd, store->dir, err);
}

/* Its sync is that of all that was written before. */
tn_status store_renew_end(struct store *store, struct err *err)
{
    return write_format(store, err);
}

uint64_t store_memory_usage(struct store *store)
{
    char *fault = NULL;
    uint64_t size = 0;

    if (!gate_enter(store))
        return 0;
    rocksdb_memory_consumers_t *consumers = rocksdb_memory_consumers_create();
    rocksdb_memory_consumers_add_db(consumers, store->db);
    rocksdb_memory_consumers_add_cache(consumers, store->cache);
    rocksdb_memory_usage_t *usage = rocksdb_approximate_memory_usage_create(consumers, &fault);
    if (!fault) {
        size = rocksdb_approximate_memory_usage_get_mem_table_total(usage) +
               rocksdb_approximate_memory_usage_get_mem_table_readers_total(usage) +
               rocksdb_approximate_memory_usage_get_cache_total(usage);
        rocksdb_approximate_memory_usage_destroy(usage);
    }
    rocksdb_free(fault);
    rocksdb_memory_consumers_destroy(consumers);
    gate_leave(store);
    return size;
}
