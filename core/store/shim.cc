/* SPDX-License-Identifier: Apache-2.0 */
/* shim.cc - what RocksDB's C API lacks, made with its C++ one. No exception leaves it. */
#include "core/store/shim.h"

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

/* As RocksDB's db/c.cc defines it: the C API can take a logger but not make one. */
struct rocksdb_logger_t {
    std::shared_ptr<rocksdb::Logger> rep;
};

struct rocksdb_options_t {
    rocksdb::Options rep;
};

namespace
{

/* Longer lines are cut. */
constexpr std::size_t line_size = 1024;

class ForwardingLogger : public rocksdb::Logger
{
  public:
    explicit ForwardingLogger(struct log *log)
        : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(log)
    {
    }

    using rocksdb::Logger::Logv;

    /* The dump of all options at every opening. */
    void LogHeader(const char * /* format */, va_list /* args */) override
    {
    }

    __attribute__((format(printf, 3, 0))) void Logv(const rocksdb::InfoLogLevel level,
                                                    const char *format, va_list args) override
    {
        char line[line_size];

        if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL)
            return;
        (void)std::vsnprintf(line, sizeof(line), format, args);
        shim_log_line(log_, level >= rocksdb::InfoLogLevel::ERROR_LEVEL, line);
    }

  private:
    struct log *log_;
};

/* The first bytes of the keys of some families, which the byte at an offset tells. */
class HintPrefix : public rocksdb::SliceTransform
{
  public:
    HintPrefix(const char *families, std::size_t family_offset, std::size_t size)
        : families_(families), family_offset_(family_offset), size_(size)
    {
    }

    const char *Name() const override
    {
        return "tenon.HintPrefix";
    }

    rocksdb::Slice Transform(const rocksdb::Slice &key) const override
    {
        return {key.data(), size_};
    }

    bool InDomain(const rocksdb::Slice &key) const override
    {
        return key.size() > size_ && key[family_offset_] != 0 &&
               std::strchr(families_, key[family_offset_]) != nullptr;
    }

  private:
    const char *families_;
    std::size_t family_offset_;
    std::size_t size_;
};

} // namespace

rocksdb_logger_t *shim_logger_create(struct log *log)
{
    try {
        return new rocksdb_logger_t{std::make_shared<ForwardingLogger>(log)};
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void shim_logger_destroy(rocksdb_logger_t *logger)
{
    delete logger;
}

int shim_set_insert_hints(rocksdb_options_t *options, const char *families, size_t family_offset,
                          size_t prefix_size)
{
    try {
        options->rep.memtable_insert_with_hint_prefix_extractor =
            std::make_shared<HintPrefix>(families, family_offset, prefix_size);
        return 1;
    } catch (const std::bad_alloc &) {
        return 0;
    }
}
