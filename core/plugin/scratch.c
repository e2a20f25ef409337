/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.c - flat folders: made, measured, emptied. */
#include "core/plugin/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

static tn_status fail(struct err *err, const char *path, int number)
{
    return err_set(err, TN_UNAVAILABLE, "%s: %s.", path, strerrordesc_np(number));
}

static void close_dir_p(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir); /* was only read */
}

/* The next entry but "." and ".."; NULL: no more. */
static const char *next_name(DIR *dir)
{
    const struct dirent *entry;

    do
        entry = readdir(dir);
    while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry ? entry->d_name : NULL;
}

static DIR *open_at(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (fd >= 0 && !dir)
        (void)close(fd); /* was only opened */
    return dir;
}

/* Empties and removes a folder whose entries are files. */
static void remove_at(int parent, const char *name)
{
    CLEANUP(close_dir_p) DIR *dir = open_at(parent, name);

    for (const char *file = dir ? next_name(dir) : NULL; file; file = next_name(dir))
        (void)unlinkat(dirfd(dir), file, 0);    /* the folder then stays, as below */
    (void)unlinkat(parent, name, AT_REMOVEDIR); /* what stays is tried again by the next start */
}

tn_status scratch_prepare(const char *dir, struct err *err)
{
    struct stat info;

    /* Others may pass through it, as runners do that are other users, but not look around. */
    if (mkdir(dir, 0711) != 0 && errno != EEXIST)
        return fail(err, dir, errno);
    CLEANUP(close_dir_p) DIR *open_dir = open_at(AT_FDCWD, dir);
    if (!open_dir || fstat(dirfd(open_dir), &info) != 0)
        return fail(err, dir, errno);
    if (info.st_uid != geteuid() || info.st_mode & 0022)
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "%s must be a folder of this user in which nobody else may write.",
                       dir);
    for (const char *name = next_name(open_dir); name; name = next_name(open_dir))
        remove_at(dirfd(open_dir), name);
    return TN_OK;
}

tn_status scratch_make(const char *path, uid_t user, struct err *err)
{
    if (mkdir(path, 0700) != 0)
        return fail(err, path, errno);
    if (user != 0 && chown(path, user, user) != 0)
        return fail(err, path, errno);
    return TN_OK;
}

void scratch_remove(const char *path)
{
    remove_at(AT_FDCWD, path);
}

uint64_t scratch_measure(const char *path)
{
    CLEANUP(close_dir_p) DIR *dir = open_at(AT_FDCWD, path);
    uint64_t sum = 0;
    unsigned count = 0;

    for (const char *name = dir ? next_name(dir) : NULL; name; name = next_name(dir)) {
        struct stat info;

        if (++count > SCRATCH_FILE_MAX)
            return UINT64_MAX;
        if (fstatat(dirfd(dir), name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            sum += (uint64_t)info.st_blocks * 512;
    }
    return sum;
}
