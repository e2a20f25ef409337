/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wal.cc - reading the log's framing: blocks of 32 KiB that hold fragments, each of a checksum (4
 * bytes), a length (2), a kind (1) and, of the recyclable kinds, a log number (4).
 */
#include "tests/bench/wal.hh"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace
{
constexpr size_t block_size = 32768;
constexpr size_t header_size = 7;
constexpr size_t recyclable_header_size = 11;

enum fragment { none, full, first, middle, last, recyclable_full };

struct collector : rocksdb::WriteBatch::Handler {
    write_ops ops;

    rocksdb::Status PutCF(uint32_t, const rocksdb::Slice &key, const rocksdb::Slice &value) override
    {
        ops.push_back({true, key.ToString(), value.ToString()});
        return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice &key) override
    {
        ops.push_back({false, key.ToString(), {}});
        return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteRangeCF(uint32_t, const rocksdb::Slice &, const rocksdb::Slice &) override
    {
        return rocksdb::Status::OK(); /* none of what is measured */
    }
    void LogData(const rocksdb::Slice &) override
    {
    }
};

bool add_batch(const std::string &bytes, std::vector<write_ops> &batches)
{
    rocksdb::WriteBatch batch(bytes);
    collector found;

    if (!batch.Iterate(&found).ok())
        return false;
    batches.push_back(std::move(found.ops));
    return true;
}

bool read_log(const std::string &data, std::vector<write_ops> &batches)
{
    std::string record;
    size_t at = 0;

    while (at + header_size <= data.size()) {
        size_t left = block_size - at % block_size;
        if (left < header_size) {
            at += left; /* the filled-up end of a block */
            continue;
        }
        size_t len = static_cast<unsigned char>(data[at + 4]) |
                     static_cast<size_t>(static_cast<unsigned char>(data[at + 5])) << 8;
        unsigned kind = static_cast<unsigned char>(data[at + 6]);
        if (kind == none)
            break; /* room that was reserved */
        bool is_recyclable = kind >= recyclable_full;
        size_t begin = at + (is_recyclable ? recyclable_header_size : header_size);
        if (begin + len > data.size())
            break; /* being written */
        if (is_recyclable)
            kind -= recyclable_full - full;
        record = kind == full || kind == first ? data.substr(begin, len)
                                               : record + data.substr(begin, len);
        if ((kind == full || kind == last) && !add_batch(record, batches))
            return false;
        at = begin + len;
    }
    return true;
}
} // namespace

std::vector<write_ops> wal_read(const std::string &directory)
{
    std::vector<std::filesystem::path> logs;
    std::vector<write_ops> batches;

    for (const auto &entry : std::filesystem::directory_iterator(directory))
        if (entry.path().extension() == ".log")
            logs.push_back(entry.path());
    std::sort(logs.begin(), logs.end());
    for (const auto &log : logs) {
        std::ifstream file(log, std::ios::binary);
        std::string data{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};

        if (!read_log(data, batches))
            return {};
    }
    return batches;
}
