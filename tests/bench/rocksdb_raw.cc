/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rocksdb_raw.cc - the baseline of records: RocksDB alone, set up as the host's store is, hints
 * and sorted batches included, with the same keys and bytes. They are taken from the write-ahead
 * log of a host that did the same; the last 8 bytes of each key (the record's id, the change's
 * number) are counted up from there.
 *
 *     rocksdb_raw shape SAMPLE                          what one batch of SAMPLE holds
 *     rocksdb_raw write SAMPLE DIR N RECORDS SECONDS    N threads, RECORDS to a synced batch
 *     rocksdb_raw get SAMPLE DIR FIRST COUNT SECONDS    two threads read rows at random
 *
 * SAMPLE and DIR are store directories; that of `get` may be in use by a host.
 */
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/options_util.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/store/shim.h"
#include "tests/bench/measure.h"
#include "tests/bench/person.h"
#include "tests/bench/wal.hh"

/* As RocksDB's db/c.cc and the host's shim define it. */
struct rocksdb_options_t {
    rocksdb::Options rep;
};

namespace
{
/* As the host's default. */
constexpr size_t cache_size = size_t{32} << 20;
/* Batches of the sample that are repeated in turn. */
constexpr size_t shape_count_max = 256;
/* Fewer operations are the host's own book-keeping. */
constexpr size_t operation_count_min = 4;
constexpr unsigned reader_count = 2;
/* Read before the clock starts: the host's cache is warm as well. */
constexpr unsigned warm_count = 20000;

[[noreturn]] void die(const std::string &what)
{
    (void)std::fprintf(stderr, "rocksdb_raw: %s\n", what.c_str());
    std::exit(1);
}

void check(const rocksdb::Status &status)
{
    if (!status.ok())
        die(status.ToString());
}

/* Writes no LOG: the directory may be somebody else's. */
struct silent_logger : rocksdb::Logger {
    using rocksdb::Logger::Logv;
    void Logv(const char *, va_list) override
    {
    }
};

struct shape {
    write_ops ops;
    std::vector<bool> is_fixed; /* the key is the same in all batches: a counter, a sum */
};

std::vector<shape> shapes_of(const std::string &sample)
{
    std::vector<write_ops> batches = wal_read(sample);
    std::map<std::string, size_t> counts;
    std::vector<shape> shapes;

    while (!batches.empty() && shapes.size() < shape_count_max) {
        if (batches.back().size() >= operation_count_min)
            shapes.push_back({std::move(batches.back()), {}});
        batches.pop_back();
    }
    if (shapes.empty())
        die("there is no sample in " + sample);
    for (const auto &one : shapes)
        for (const auto &op : one.ops)
            counts[op.key]++;
    for (auto &one : shapes)
        for (const auto &op : one.ops)
            one.is_fixed.push_back(op.key.size() < 8 || counts[op.key] > 1);
    return shapes;
}

std::string key_at(const std::string &key, uint64_t number)
{
    std::string moved = key;

    for (size_t i = 0; i < 8; i++)
        moved[moved.size() - 1 - i] = static_cast<char>(number >> (8 * i));
    return moved;
}

rocksdb::Options options_of(const std::string &sample)
{
    rocksdb::DBOptions db;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(cache_size, 3);
    rocksdb::ConfigOptions config;

    check(rocksdb::LoadLatestOptions(config, sample, &db, &families, &cache));
    rocksdb::Options options(db, families.at(0).options);
    options.info_log = std::make_shared<silent_logger>();
    options.create_if_missing = true;

    /* What the options file does not tell: families 1 to 5 have hints (core/store/settings.c). */
    rocksdb_options_t wrapped{options};
    if (!shim_set_insert_hints(&wrapped, "\1\2\3\4\5", 4, 9))
        die("no memory for hints");
    return wrapped.rep;
}

std::unique_ptr<rocksdb::DB> open(const std::string &sample, const std::string &dir,
                                  bool is_written)
{
    rocksdb::DB *db = nullptr;
    rocksdb::Options options = options_of(sample);

    if (is_written)
        check(rocksdb::DB::Open(options, dir, &db));
    else
        check(rocksdb::DB::OpenForReadOnly(options, dir, &db));
    return std::unique_ptr<rocksdb::DB>(db);
}

/* Runs `body(thread, measure)` on threads and prints what they measured together. */
template <typename Body> void measure_threads(unsigned count, double seconds, Body body)
{
    measure all;
    measure_begin(&all, seconds);
    std::vector<measure> parts(count, all);
    std::vector<std::thread> threads;

    for (unsigned i = 0; i < count; i++)
        threads.emplace_back([&parts, &body, i] { body(i, parts[i]); });
    for (auto &thread : threads)
        thread.join();
    for (const auto &part : parts)
        measure_merge(&all, &part);
    measure_print(&all);
}

using moved_op = std::pair<std::string, const write_op *>;

/* In the order of keys, as the host's. What belongs to the batch and not to a record is put once.
 */
void fill(rocksdb::WriteBatch &batch, const std::vector<shape> &shapes, uint64_t number,
          unsigned record_count)
{
    std::vector<moved_op> ops;

    for (unsigned i = 0; i < record_count; i++) {
        const shape &one = shapes[(number + i) % shapes.size()];

        for (size_t k = 0; k < one.ops.size(); k++) {
            const write_op &op = one.ops[k];

            if (one.is_fixed[k] && i > 0)
                continue;
            ops.emplace_back(one.is_fixed[k] ? op.key : key_at(op.key, number + i), &op);
        }
    }
    std::sort(ops.begin(), ops.end());
    batch.Clear();
    for (const auto &op : ops)
        if (op.second->is_put)
            check(batch.Put(op.first, op.second->value));
        else
            check(batch.Delete(op.first));
}

void write(const std::string &sample, const std::string &dir, unsigned thread_count,
           unsigned record_count, double seconds)
{
    std::vector<shape> shapes = shapes_of(sample);
    auto db = open(sample, dir, true);
    uint64_t begin = db->GetLatestSequenceNumber() + 1000000; /* as in no run before */

    measure_threads(thread_count, seconds, [&](unsigned thread, measure &measured) {
        rocksdb::WriteOptions options;
        rocksdb::WriteBatch batch;
        uint64_t number = begin + thread * record_count;

        options.sync = true;
        for (int64_t start_ns = measure_now_ns(); start_ns < measured.end_ns;) {
            fill(batch, shapes, number, record_count);
            check(db->Write(options, &batch));
            number += uint64_t{thread_count} * record_count;
            int64_t now_ns = measure_now_ns();
            measure_add(&measured, start_ns, now_ns, record_count);
            start_ns = now_ns;
        }
    });
}

/* The row is the first thing that a commit puts. */
void get(const std::string &sample, const std::string &dir, uint64_t first, uint64_t count,
         double seconds)
{
    const std::string row = shapes_of(sample).front().ops.front().key;
    auto db = open(sample, dir, false);
    uint64_t warm_state = first;
    rocksdb::PinnableSlice read;

    for (unsigned i = 0; i < warm_count; i++) {
        read.Reset();
        check(db->Get(rocksdb::ReadOptions(),
                      db->DefaultColumnFamily(),
                      key_at(row, first + person_random(&warm_state) % count),
                      &read));
    }
    measure_threads(reader_count, seconds, [&](unsigned thread, measure &measured) {
        uint64_t state = static_cast<uint64_t>(measured.begin_ns) + thread;
        rocksdb::PinnableSlice value;

        for (int64_t start_ns = measure_now_ns(); start_ns < measured.end_ns;) {
            value.Reset();
            check(db->Get(rocksdb::ReadOptions(),
                          db->DefaultColumnFamily(),
                          key_at(row, first + person_random(&state) % count),
                          &value));
            int64_t now_ns = measure_now_ns();
            measure_add(&measured, start_ns, now_ns, 1);
            start_ns = now_ns;
        }
    });
}

void print_shape(const std::string &sample)
{
    const shape one = shapes_of(sample).front();
    size_t bytes = 0;

    for (const auto &op : one.ops) {
        std::string text;
        char hex[8];

        for (const char byte : op.key) {
            (void)std::snprintf(hex,
                                sizeof(hex),
                                byte >= 32 && byte < 127 ? "%c" : "\\%02x",
                                static_cast<unsigned char>(byte));
            text += hex;
        }
        bytes += op.key.size() + op.value.size();
        (void)std::printf("%s %zu+%zu %s\n",
                          op.is_put ? "put" : "delete",
                          op.key.size(),
                          op.value.size(),
                          text.c_str());
    }
    (void)std::printf("%zu operations, %zu bytes\n", one.ops.size(), bytes);
}
} // namespace

int main(int argc, char **argv)
{
    std::string what = argc > 2 ? argv[1] : "";

    if (what == "shape" && argc == 3)
        print_shape(argv[2]);
    else if (what == "write" && argc == 7)
        write(argv[2],
              argv[3],
              static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)),
              static_cast<unsigned>(std::strtoul(argv[5], nullptr, 10)),
              std::strtod(argv[6], nullptr));
    else if (what == "get" && argc == 7)
        get(argv[2],
            argv[3],
            std::strtoull(argv[4], nullptr, 10),
            std::strtoull(argv[5], nullptr, 10),
            std::strtod(argv[6], nullptr));
    else
        die("usage: shape SAMPLE | write SAMPLE DIR N RECORDS SECONDS | "
            "get SAMPLE DIR FIRST COUNT SECONDS");
    return 0;
}
