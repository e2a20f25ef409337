/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c - see faults.h. A write that fails leaves half of itself behind, as disks do. */
#include "tests/unit/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The calls that are replaced have no object to hang from. */
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX]; /* guarded by mu */
static _Atomic bool is_on;
static _Atomic int64_t left_before;
static _Atomic int64_t left_to_fail;
static _Atomic uint64_t failed_count;
static _Atomic int failing_number;

void faults_begin(const struct faults *faults)
{
    (void)pthread_mutex_lock(&mu);
    (void)snprintf(folder, sizeof(folder), "%s/", faults->folder);
    (void)pthread_mutex_unlock(&mu);
    atomic_store(&left_before, (int64_t)faults->after);
    atomic_store(&left_to_fail, (int64_t)faults->count);
    atomic_store(&failed_count, 0);
    atomic_store(&failing_number, faults->number);
    atomic_store(&is_on, true);
}

uint64_t faults_end(void)
{
    atomic_store(&is_on, false);
    return atomic_load(&failed_count);
}

static bool is_ours(const char *path)
{
    (void)pthread_mutex_lock(&mu);
    bool is_in = strncmp(path, folder, strlen(folder)) == 0;
    (void)pthread_mutex_unlock(&mu);
    return is_in;
}

static bool fails(const char *path)
{
    if (!is_ours(path) || atomic_fetch_sub(&left_before, 1) > 0 ||
        atomic_fetch_sub(&left_to_fail, 1) <= 0)
        return false;
    (void)atomic_fetch_add(&failed_count, 1);
    errno = atomic_load(&failing_number);
    return true;
}

static bool fails_on(int fd)
{
    char link[64];
    char path[PATH_MAX];

    if (!atomic_load(&is_on))
        return false;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 2);
    if (len <= 0)
        return false;
    path[len] = '/'; /* the folder itself counts too */
    path[len + 1] = '\0';
    return fails(path);
}

#pragma GCC visibility push(default)

int open(const char *name, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(args, mode_t) : 0;
    va_end(args);
    if ((flags & O_CREAT) && atomic_load(&is_on) && fails(name))
        return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (!fails_on(fd))
        return syscall(SYS_write, fd, bytes, size);
    int number = errno;
    (void)syscall(SYS_write, fd, bytes, size / 2);
    errno = number;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return fails_on(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at);
}

int fsync(int fd)
{
    return fails_on(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fails_on(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t size)
{
    return fails_on(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t from, off_t size)
{
    return fails_on(fd) ? -1 : (int)syscall(SYS_fallocate, fd, mode, from, size);
}

int rename(const char *from, const char *to)
{
    return atomic_load(&is_on) && fails(to) ? -1 : (int)syscall(SYS_rename, from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return fails_on(to_fd) ? -1 : (int)syscall(SYS_renameat, from_fd, from, to_fd, to);
}

#pragma GCC visibility pop
