/* SPDX-License-Identifier: Apache-2.0 */
/* shim.cc - what RocksDB's C API lacks, made with its C++ one. No exception leaves it. */
#include "core/store/shim.h"

#include <rocksdb/env.h>

#include <cstdarg>
#include <cstdio>
#include <memory>
#include <new>

/* As RocksDB's db/c.cc defines it: the C API can take a logger but not make one. */
struct rocksdb_logger_t {
    std::shared_ptr<rocksdb::Logger> rep;
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
