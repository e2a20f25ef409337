/* SPDX-License-Identifier: Apache-2.0 */
/* surroundings.c - what the machine gives the host, and whether it is enough. */
#include <stdint.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/blob/blobs.h"
#include "core/main.h"

/* Files besides connections: 512 tables and their logs, plugins, sockets; and room for more; and
 * blobs. */
#define FILES_BESIDES (1024u + BLOB_FILE_MAX)
/* A store that was just made, a socket, and a handful of plugins and connections. */
#define FILES_MIN 64u
/* Writes are refused when 64 MiB are left: this is some time before. */
#define ROOM_LOW ((uint64_t)512 << 20)

static void warn_root(struct log *log)
{
    if (geteuid() == 0)
        LOG(log,
            LOG_WARN,
            "running as root, and what plugins run in it with it: give the host a user of its own");
}

/* How many files may be open, after raising the soft limit as far as needed and allowed: the usual
 * one, 1024, is for programs that use select(). */
static uint64_t raise_limit(uint64_t needed)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return UINT64_MAX; /* there is none that one could read */
    if (limit.rlim_cur >= needed)
        return limit.rlim_cur;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

static uint64_t files_needed(uint32_t connection_max)
{
    return (uint64_t)(connection_max ? connection_max : BUS_CONNECTION_MAX_DEFAULT) + FILES_BESIDES;
}

void surroundings_check_files(struct log *log, uint32_t connection_max)
{
    const uint64_t needed = files_needed(connection_max);
    const uint64_t allowed = raise_limit(needed);

    if (allowed < needed)
        LOG(log,
            LOG_WARN,
            "too few open files for all connections: raise the hard limit (ulimit -Hn, "
            "LimitNOFILE) or "
            "lower limits.connections",
            LOG_UINT("limit", allowed),
            LOG_UINT("needed", needed));
}

tn_status surroundings_check(struct log *log, uint32_t connection_max, struct err *err)
{
    const uint64_t allowed = raise_limit(files_needed(connection_max));

    warn_root(log);
    if (allowed < FILES_MIN)
        return err_set(err,
                       TN_RESOURCE_EXHAUSTED,
                       "The limit of %llu open files is too low: the host needs at least %u.",
                       (unsigned long long)allowed,
                       FILES_MIN);
    surroundings_check_files(log, connection_max);
    return TN_OK;
}

void surroundings_check_disk(struct log *log, const char *dir)
{
    struct statvfs disk;

    if (statvfs(dir, &disk) != 0)
        return; /* the store has just been opened there: it has told what is wrong */
    uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (room < ROOM_LOW)
        LOG(log,
            LOG_WARN,
            "the disk is nearly full: make room, or writes will be refused",
            LOG_STR("dir", dir),
            LOG_UINT("mib_left", room >> 20));
}
