/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - files as plain system calls see them. */
#include "core/plugin/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

#define SUFFIX ".so"
#define COPY_HASH_LEN 64u /* SHA-256 in hexadecimal, as load.c names copies */

static void close_p(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* read only, or read back by another descriptor */
}

static tn_status fail(struct err *err, const char *path, int error)
{
    tn_status status = TN_UNAVAILABLE;

    if (error == ENOENT || error == ENOTDIR)
        status = TN_NOT_FOUND;
    else if (error == EACCES || error == EPERM || error == ELOOP)
        status = TN_PERMISSION_DENIED;
    else if (error == EEXIST)
        status = TN_ALREADY_EXISTS;
    else if (error == ENOSPC || error == ENOMEM || error == EMFILE)
        status = TN_RESOURCE_EXHAUSTED;
    return err_set(err, status, "%s: %s.", path, strerrordesc_np(error));
}

static bool is_plugin_name(const char *name)
{
    size_t len = strlen(name);

    return name[0] != '.' && len > strlen(SUFFIX) &&
           strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int select_plugin(const struct dirent *entry)
{
    return is_plugin_name(entry->d_name);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static tn_status join(const char *dir, const char *name, char path[PATH_MAX], struct err *err)
{
    int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);

    if (len < 0 || len >= PATH_MAX)
        return fail(err, dir, ENAMETOOLONG);
    return TN_OK;
}

tn_status file_find(const char *dir,
                    tn_status (*found)(void *ctx, const char *path, struct err *err), void *ctx,
                    struct err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, select_plugin, compare_names);
    tn_status st = TN_OK;

    if (count < 0)
        return fail(err, dir, errno);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct stat info;

        if (st == TN_OK)
            st = join(dir, entries[i]->d_name, path, err);
        if (st == TN_OK && stat(path, &info) == 0 && S_ISREG(info.st_mode))
            st = found(ctx, path, err);
        free(entries[i]); /* scandir's own allocation */
    }
    free(entries); /* scandir's */
    return st;
}

static tn_status read_all(int fd, const char *path, size_t size, struct buf *out, struct err *err)
{
    if (buf_reserve(out, size) != TN_OK)
        return err_memory(err, "a file");
    while (size > 0) {
        ssize_t got = read(fd, out->data + out->len, size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err, path, errno);
        if (got == 0)
            return err_set(err, TN_UNAVAILABLE, "%s became shorter while it was read.", path);
        out->len += (size_t)got;
        size -= (size_t)got;
    }
    return TN_OK;
}

tn_status file_read(const char *path, size_t size_max, struct buf *out, struct err *err)
{
    CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0)
        return fail(err, path, errno);
    if (!S_ISREG(info.st_mode))
        return err_set(err, TN_INVALID_ARGUMENT, "%s is not a regular file.", path);
    if ((uint64_t)info.st_size > size_max)
        return err_set(err, TN_RESOURCE_EXHAUSTED, "%s is larger than %zu bytes.", path, size_max);
    return read_all(fd, path, (size_t)info.st_size, out, err);
}

static tn_status write_all(int fd, const char *path, struct tn_bytes bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.data, bytes.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail(err, path, errno);
        bytes.data += put;
        bytes.len -= (size_t)put;
    }
    return TN_OK;
}

/* For all to read, whatever the mask: a process of a plugin, which is another user, maps it by a
 * descriptor that it was left. The folder keeps others away. */
static tn_status write_new(const char *path, struct tn_bytes bytes, struct err *err)
{
    CLEANUP(close_p)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);

    if (fd < 0 || fchmod(fd, 0444) != 0)
        return fail(err, path, errno);
    return write_all(fd, path, bytes, err);
}

static tn_status verify(const char *path, struct tn_bytes bytes, struct err *err)
{
    CLEANUP(buf_fini) struct buf copy = {0};

    TRY(file_read(path, bytes.len, &copy, err));
    if (copy.len != bytes.len || (bytes.len && memcmp(copy.data, bytes.data, bytes.len) != 0))
        return err_set(err, TN_DATA_LOSS, "%s holds other bytes than were written.", path);
    return TN_OK;
}

tn_status file_copy(const char *path, struct tn_bytes bytes, struct err *err)
{
    tn_status st = write_new(path, bytes, err);

    if (st == TN_OK)
        st = verify(path, bytes, err);
    if (st != TN_OK && st != TN_ALREADY_EXISTS)
        (void)unlink(path); /* the next start clears the folder */
    return st;
}

/* "<64 hexadecimal digits>-<number>.so": nobody names a plugin of their own so. */
static bool is_copy_name(const char *name)
{
    size_t hash_len = strspn(name, "0123456789abcdef");

    if (hash_len != COPY_HASH_LEN || name[hash_len] != '-')
        return false;
    name += hash_len + 1;
    size_t number_len = strspn(name, "0123456789");
    return number_len > 0 && strcmp(name + number_len, SUFFIX) == 0;
}

static tn_status remove_copy(void *ctx, const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');

    (void)ctx;
    if (!is_copy_name(slash ? slash + 1 : path))
        return TN_OK;
    return unlink(path) == 0 ? TN_OK : fail(err, path, errno);
}

tn_status file_clear_dir(const char *dir, struct err *err)
{
    struct stat info;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return fail(err, dir, errno);
    if (lstat(dir, &info) != 0)
        return fail(err, dir, errno);
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || info.st_mode & 0022)
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "%s must be a folder of this user in which nobody else may write.",
                       dir);
    return file_find(dir, remove_copy, NULL, err);
}
