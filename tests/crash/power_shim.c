/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power_shim.c - preloaded into a host (LD_PRELOAD): notes in a journal what would survive a power
 * cut, keeps what is unlinked or replaced, and lets calls fail on demand. See power.h.
 *
 * It must do nothing that the host could notice: it allocates nothing and keeps errno.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/crash/power.h"

#define LINE_SIZE (3 * PATH_MAX)

/* Set once, before main(). */
static char data[PATH_MAX];
static size_t parent_len; /* of the folder that `data` is in */
static char folder[PATH_MAX];
static int journal = -1;
static struct power_switches *switches;
static _Atomic uint64_t last_seq;

__attribute__((constructor)) static void begin(void)
{
    const char *data_name = getenv(POWER_DATA);
    const char *folder_name = getenv(POWER_FOLDER);
    char path[PATH_MAX + 16];

    if (!data_name || !folder_name)
        return;
    (void)snprintf(data, sizeof(data), "%s", data_name);
    parent_len = (size_t)(strrchr(data, '/') - data);
    (void)snprintf(folder, sizeof(folder), "%s", folder_name);
    (void)snprintf(path, sizeof(path), "%s/" POWER_SWITCHES, folder);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof(*switches), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)syscall(SYS_close, fd);
    if (page == MAP_FAILED)
        return;
    switches = page;
    (void)snprintf(path, sizeof(path), "%s/" POWER_JOURNAL, folder);
    journal =
        (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* One write, so that lines of several threads do not mix and a kill leaves whole ones. */
__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    int number = errno;

    va_start(args, format);
    int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof(line) &&
        syscall(SYS_write, journal, line, (size_t)len) != len)
        abort();
    errno = number;
}

static uint64_t next_seq(void)
{
    return atomic_fetch_add(&last_seq, 1) + 1;
}

/* Paths */

static bool path_of(int fd, char path[PATH_MAX])
{
    char link[64];

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    path[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* The absolute path if it is the data directory or in it. */
static bool is_ours(int dir_fd, const char *name, char path[PATH_MAX])
{
    char dir[PATH_MAX] = "";
    size_t len = strlen(data);

    if (journal < 0)
        return false;
    if (name[0] == '/')
        (void)snprintf(path, PATH_MAX, "%s", name);
    else if (dir_fd == AT_FDCWD ? getcwd(dir, sizeof(dir)) != NULL : path_of(dir_fd, dir))
        (void)snprintf(path, PATH_MAX, "%.2000s/%.2000s", dir, name);
    else
        return false;
    return strncmp(path, data, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* And the folder that the data directory is in, for its entry there. */
static bool is_our_file(int fd, char path[PATH_MAX])
{
    size_t len = strlen(data);

    if (journal < 0 || !path_of(fd, path))
        return false;
    if (strncmp(path, data, len) == 0 && (path[len] == '\0' || path[len] == '/'))
        return true;
    return strlen(path) == parent_len && strncmp(path, data, parent_len) == 0;
}

static bool is_log(const char *path)
{
    size_t len = strlen(path);

    return len > 4 && strcmp(path + len - 4, ".log") == 0;
}

/* Another name for what is about to lose its own, so that it can come back. */
static void keep(int dir_fd, const char *name, char kept[PATH_MAX])
{
    static _Atomic uint64_t count;
    int number = errno;

    (void)snprintf(kept,
                   PATH_MAX,
                   "%.2000s/" POWER_SHADOW "/%d-%llu",
                   folder,
                   (int)getpid(),
                   (unsigned long long)atomic_fetch_add(&count, 1));
    if (linkat(dir_fd, name, AT_FDCWD, kept, 0) != 0)
        (void)snprintf(kept, PATH_MAX, "-");
    errno = number;
}

/* Failing on demand */

static bool fails(enum power_call call, int fd)
{
    char path[PATH_MAX];

    if (!switches || atomic_load(&switches->fail_call) != (int32_t)call || !is_our_file(fd, path) ||
        !is_log(path))
        return false;
    if (atomic_fetch_sub(&switches->fail_after, 1) > 0)
        return false;
    if (atomic_fetch_sub(&switches->fail_count, 1) <= 0)
        return false;
    (void)atomic_fetch_add(&switches->failed_count, 1);
    errno = atomic_load(&switches->fail_errno);
    return true;
}

#pragma GCC visibility push(default)

/* The calls. POWER(name) is the one that would be called without us. */

#define POWER(name)         \
    __typeof__(&name) real; \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

static int opened(int fd, bool is_new, const char *path)
{
    if (fd >= 0 && is_new)
        note("C\t%llu\t%s\n", (unsigned long long)next_seq(), path);
    return fd;
}

static int open_ours(int dir_fd, const char *name, int flags, mode_t mode)
{
    char path[PATH_MAX];
    struct stat st;
    bool is_new = (flags & O_CREAT) && is_ours(dir_fd, name, path) &&
                  fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0;

    return opened((int)syscall(SYS_openat, dir_fd, name, flags, mode), is_new, path);
}

static mode_t mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(args, mode_t) : 0;
}

#define OPEN_BODY(dir_fd)               \
    va_list args;                       \
    va_start(args, flags);              \
    mode_t mode = mode_of(flags, args); \
    va_end(args);                       \
    return open_ours((dir_fd), name, flags, mode)

int open(const char *name, int flags, ...)
{
    OPEN_BODY(AT_FDCWD);
}

int open64(const char *name, int flags, ...)
{
    OPEN_BODY(AT_FDCWD);
}

int openat(int dir_fd, const char *name, int flags, ...)
{
    OPEN_BODY(dir_fd);
}

int openat64(int dir_fd, const char *name, int flags, ...)
{
    OPEN_BODY(dir_fd);
}

int mkdir(const char *name, mode_t mode)
{
    char path[PATH_MAX];
    int result = (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);

    if (result == 0 && is_ours(AT_FDCWD, name, path))
        note("C\t%llu\t%s\n", (unsigned long long)next_seq(), path);
    return result;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (fails(POWER_WRITE, fd))
        return -1;
    return syscall(SYS_write, fd, bytes, size);
}

/* What was on the disk is never written over: the cut only knows lengths. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    char path[PATH_MAX];
    struct stat st;

    if (is_our_file(fd, path) && fstat(fd, &st) == 0 && at < st.st_size)
        abort();
    if (fails(POWER_WRITE, fd))
        return -1;
    return syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    return pwrite(fd, bytes, size, at);
}

static int sync_ours(int fd, long call)
{
    char path[PATH_MAX];
    struct stat st;
    uint64_t seq = atomic_load(&last_seq);
    bool is_known = is_our_file(fd, path) && fstat(fd, &st) == 0;

    if (fails(POWER_SYNC, fd))
        return -1;
    if (is_known && is_log(path) && atomic_load(&switches->log_lies))
        return 0;
    if (is_known)
        (void)usleep((useconds_t)atomic_load(&switches->sync_delay_us));
    int result = (int)syscall(call, fd);
    if (result == 0 && is_known && S_ISDIR(st.st_mode))
        note("D\t%llu\t%s\n", (unsigned long long)seq, path);
    else if (result == 0 && is_known)
        note("S\t%llu\t%lld\n", (unsigned long long)st.st_ino, (long long)st.st_size);
    return result;
}

int fsync(int fd)
{
    return sync_ours(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_ours(fd, SYS_fdatasync);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    char from_path[PATH_MAX];
    char to_path[PATH_MAX];
    char kept[PATH_MAX] = "-";
    bool is_known = is_ours(from_fd, from, from_path) && is_ours(to_fd, to, to_path);

    if (is_known)
        keep(to_fd, to, kept);
    int result = (int)syscall(SYS_renameat, from_fd, from, to_fd, to);
    if (result == 0 && is_known)
        note("R\t%llu\t%s\t%s\t%s\n", (unsigned long long)next_seq(), from_path, to_path, kept);
    return result;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int dir_fd, const char *name, int flags)
{
    char path[PATH_MAX];
    char kept[PATH_MAX] = "-";
    bool is_known = is_ours(dir_fd, name, path);

    if (is_known)
        keep(dir_fd, name, kept);
    int result = (int)syscall(SYS_unlinkat, dir_fd, name, flags);
    if (result == 0 && is_known)
        note("U\t%llu\t%s\t%s\n", (unsigned long long)next_seq(), path, kept);
    return result;
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

/* Room: what the file system says of itself. */

int fstatvfs(int fd, struct statvfs *st)
{
    POWER(fstatvfs);
    int result = real(fd, st);

    if (result == 0 && switches && atomic_load(&switches->is_full)) {
        st->f_bavail = 0;
        st->f_bfree = 0;
    }
    return result;
}

int fstatvfs64(int fd, struct statvfs64 *st)
{
    POWER(fstatvfs64);
    int result = real(fd, st);

    if (result == 0 && switches && atomic_load(&switches->is_full)) {
        st->f_bavail = 0;
        st->f_bfree = 0;
    }
    return result;
}

#pragma GCC visibility pop
