/* SPDX-License-Identifier: Apache-2.0 */
/* wal.hh - the batches in a write-ahead log of RocksDB: what a host really wrote. */
#ifndef TESTS_BENCH_WAL_HH
#define TESTS_BENCH_WAL_HH

#include <string>
#include <vector>

struct write_op {
    bool is_put;
    std::string key;
    std::string value;
};
using write_ops = std::vector<write_op>;

/* All batches of the logs in `directory`, oldest first; empty when one cannot be read. */
std::vector<write_ops> wal_read(const std::string &directory);

#endif /* TESTS_BENCH_WAL_HH */
