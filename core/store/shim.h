/* SPDX-License-Identifier: Apache-2.0 */
/* shim.h - what RocksDB's C API lacks, made with its C++ one. */
#ifndef CORE_STORE_SHIM_H
#define CORE_STORE_SHIM_H

#include <stddef.h>

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

struct log;

/*
 * A logger for rocksdb_options_set_info_log that gives warnings and errors to shim_log_line and
 * drops the rest. `log` is borrowed, may be NULL, and must outlive every database that was opened
 * with it. NULL when memory is out. [any]
 */
rocksdb_logger_t *shim_logger_create(struct log *log);
void shim_logger_destroy(rocksdb_logger_t *logger);

/*
 * Lets each memtable remember where the last key of each prefix of `prefix_size` bytes was put, and
 * look for the next one's place from there; for keys whose byte at `family_offset` is one of
 * `families` (static, ends with 0). False: memory is out, nothing is remembered. [any]
 */
int shim_set_insert_hints(rocksdb_options_t *options, const char *families, size_t family_offset,
                          size_t prefix_size);

/* In settings.c: one line of RocksDB's, `is_error` or a warning. [any] */
void shim_log_line(struct log *log, int is_error, const char *text);

#ifdef __cplusplus
}
#endif

#endif /* CORE_STORE_SHIM_H */
