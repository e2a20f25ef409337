/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - making files durable under their hash, reading and removing them. */
#include "core/blob/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Written back as it comes, by so many bytes: else sealing gives the disk all at once, and the
 * store's syncs wait behind it. */
#define BACK_STEP ((uint64_t)8 << 20)
#define NEW_DIR "new"
#define HASH_TEXT_SIZE ((size_t)VALUE_BLOB_SIZE * 2 + 1)
/* PORTAL/HH */
#define FOLDER_SIZE 16

static void close_p(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* read only, or synced before */
}

static tn_status fault(int number, struct err *err)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return err_set(err, TN_RESOURCE_EXHAUSTED, "The disk of the blobs is full.");
    case EACCES:
    case EPERM:
    case EROFS:
        return err_set(err,
                       TN_PERMISSION_DENIED,
                       "The files of blobs may not be opened: %s",
                       strerrordesc_np(number));
    default:
        return err_set(err,
                       TN_UNAVAILABLE,
                       "The files of blobs cannot be read or written: %s",
                       strerrordesc_np(number));
    }
}

/* Paths, from the folder of all */

static void upload_path(uint64_t upload, char path[static FILE_PATH_SIZE])
{
    (void)snprintf(path, FILE_PATH_SIZE, NEW_DIR "/%016" PRIx64, upload);
}

static void folder_path(uint32_t portal, const uint8_t *hash, char path[static FOLDER_SIZE])
{
    (void)snprintf(path, FOLDER_SIZE, "%" PRIu32 "/%02x", portal, hash[0]);
}

static void blob_path(uint32_t portal, const uint8_t *hash, char path[static FILE_PATH_SIZE])
{
    char text[HASH_TEXT_SIZE];
    char folder[FOLDER_SIZE];

    folder_path(portal, hash, folder);
    (void)sodium_bin2hex(text, sizeof(text), hash, VALUE_BLOB_SIZE);
    (void)snprintf(path, FILE_PATH_SIZE, "%s/%s", folder, text);
}

/* Folders */

static int open_folder(int dir_fd, const char *path)
{
    return openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static tn_status make_folder(int dir_fd, const char *path, struct err *err)
{
    if (mkdirat(dir_fd, path, 0700) == 0 || errno == EEXIST)
        return TN_OK;
    return fault(errno, err);
}

static tn_status sync_folder(int dir_fd, const char *path, struct err *err)
{
    CLEANUP(close_p) int fd = open_folder(dir_fd, path);

    return fd >= 0 && fsync(fd) == 0 ? TN_OK : fault(errno, err);
}

tn_status blob_file_dir_open(const char *dir, int *ret_dir_fd, struct err *err)
{
    TRY(make_folder(AT_FDCWD, dir, err));
    CLEANUP(close_p) int fd = open_folder(AT_FDCWD, dir);
    if (fd < 0)
        return fault(errno, err);
    TRY(make_folder(fd, NEW_DIR, err));
    TRY(sync_folder(fd, "..", err));
    *ret_dir_fd = fd;
    fd = -1;
    return TN_OK;
}

/* Uploads */

static tn_status need_room(int fd, uint64_t size, struct err *err)
{
    struct statvfs disk;

    if (fstatvfs(fd, &disk) != 0)
        return fault(errno, err);
    if ((uint64_t)disk.f_bavail * disk.f_frsize >= FILE_ROOM + size)
        return TN_OK;
    return fault(ENOSPC, err);
}

tn_status blob_file_begin(int dir_fd, uint64_t upload, int *ret_fd, struct err *err)
{
    char path[FILE_PATH_SIZE];

    TRY(need_room(dir_fd, 0, err));
    upload_path(upload, path);
    int fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fault(errno, err);
    *ret_fd = fd;
    return TN_OK;
}

/* Begins to write back each step that ends between the two. */
static void write_back(int fd, uint64_t from, uint64_t to)
{
    const uint64_t begin = from / BACK_STEP * BACK_STEP;
    const uint64_t end = to / BACK_STEP * BACK_STEP;

    if (end > begin) /* a hint */
        (void)sync_file_range(fd, (off_t)begin, (off_t)(end - begin), SYNC_FILE_RANGE_WRITE);
}

tn_status blob_file_write(int fd, uint64_t offset, struct tn_bytes bytes, struct err *err)
{
    const uint64_t from = offset;

    TRY(need_room(fd, bytes.len, err));
    while (bytes.len > 0) {
        ssize_t len = pwrite(fd, bytes.data, bytes.len, (off_t)offset);

        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            return fault(len < 0 ? errno : EIO, err);
        bytes.data += len;
        bytes.len -= (size_t)len;
        offset += (uint64_t)len;
    }
    write_back(fd, from, offset);
    return TN_OK;
}

tn_status blob_file_read(int fd, uint64_t offset, void *buffer, size_t size, size_t *ret_len,
                         struct err *err)
{
    size_t got = 0;

    while (got < size) {
        ssize_t len = pread(fd, (uint8_t *)buffer + got, size - got, (off_t)(offset + got));

        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return fault(errno, err);
        if (len == 0)
            break;
        got += (size_t)len;
    }
    *ret_len = got;
    return TN_OK;
}

tn_status blob_file_sync(int fd, struct err *err)
{
    return fsync(fd) == 0 ? TN_OK : fault(errno, err);
}

/* By a second name that takes the place of what is there, so that a repeat after a failure finds
 * the first. */
static tn_status give_name(int dir_fd, uint64_t upload, const char *to, struct err *err)
{
    char from[FILE_PATH_SIZE];
    char second[FILE_PATH_SIZE];

    upload_path(upload, from);
    (void)snprintf(second, sizeof(second), "%s.named", from);
    (void)unlinkat(dir_fd, second, 0); /* of an attempt that failed */
    if (linkat(dir_fd, from, dir_fd, second, 0) != 0 || renameat(dir_fd, second, dir_fd, to) != 0)
        return fault(errno, err);
    (void)unlinkat(dir_fd, second, 0); /* a file that had the name already keeps this one */
    return TN_OK;
}

/* All folders on the way are synced each time: they may be there since a moment before a kill, and
 * not on the disk yet. */
tn_status blob_file_name(int dir_fd, uint64_t upload, uint32_t portal, const uint8_t *hash,
                         struct err *err)
{
    char portal_folder[FOLDER_SIZE];
    char folder[FOLDER_SIZE];
    char to[FILE_PATH_SIZE];

    (void)snprintf(portal_folder, sizeof(portal_folder), "%" PRIu32, portal);
    folder_path(portal, hash, folder);
    blob_path(portal, hash, to);
    TRY(make_folder(dir_fd, portal_folder, err));
    TRY(make_folder(dir_fd, folder, err));
    TRY(give_name(dir_fd, upload, to, err));
    TRY(sync_folder(dir_fd, folder, err));
    TRY(sync_folder(dir_fd, portal_folder, err));
    return fsync(dir_fd) == 0 ? TN_OK : fault(errno, err);
}

void blob_file_end(int dir_fd, uint64_t upload)
{
    char path[FILE_PATH_SIZE];

    upload_path(upload, path);
    (void)unlinkat(dir_fd, path, 0); /* the next start removes what is left */
}

/* Sealed ones */

tn_status blob_file_open(int dir_fd, uint32_t portal, const uint8_t *hash, int *ret_fd,
                         uint64_t *ret_size, struct err *err)
{
    char path[FILE_PATH_SIZE];
    struct stat about;

    blob_path(portal, hash, path);
    CLEANUP(close_p) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? TN_NOT_FOUND : fault(errno, err);
    if (fstat(fd, &about) != 0)
        return fault(errno, err);
    *ret_size = (uint64_t)about.st_size;
    *ret_fd = fd;
    fd = -1;
    return TN_OK;
}

tn_status blob_file_remove(int dir_fd, uint32_t portal, const uint8_t *hash, struct err *err)
{
    char path[FILE_PATH_SIZE];

    blob_path(portal, hash, path);
    return unlinkat(dir_fd, path, 0) == 0 || errno == ENOENT ? TN_OK : fault(errno, err);
}

/* Walking */

static void close_dir_p(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir); /* was only read */
}

static tn_status open_dir(int dir_fd, const char *path, DIR **ret_dir, struct err *err)
{
    int fd = open_folder(dir_fd, path);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir) {
        tn_status st = fault(errno, err);

        close_p(&fd);
        return st;
    }
    *ret_dir = dir;
    return TN_OK;
}

/* The next name that is not one of the dots; NULL: the end. */
static const char *next_name(DIR *dir)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            return entry->d_name;
    return NULL;
}

tn_status blob_file_end_all(int dir_fd, struct err *err)
{
    CLEANUP(close_dir_p) DIR *dir = NULL;
    const char *name;

    TRY(open_dir(dir_fd, NEW_DIR, &dir, err));
    while ((name = next_name(dir)))
        if (unlinkat(dirfd(dir), name, 0) != 0)
            return fault(errno, err);
    return TN_OK;
}

static bool read_hash(const char *name, uint8_t hash[static VALUE_BLOB_SIZE])
{
    size_t len = 0;

    return strlen(name) == HASH_TEXT_SIZE - 1 &&
           sodium_hex2bin(hash, VALUE_BLOB_SIZE, name, strlen(name), NULL, &len, NULL) == 0 &&
           len == VALUE_BLOB_SIZE;
}

static tn_status each_file(int dir_fd, const char *folder, uint32_t portal, blob_file_fn each,
                           void *ctx, struct err *err)
{
    CLEANUP(close_dir_p) DIR *dir = NULL;
    uint8_t hash[VALUE_BLOB_SIZE];
    const char *name;

    TRY(open_dir(dir_fd, folder, &dir, err));
    while ((name = next_name(dir)))
        if (read_hash(name, hash))
            TRY(each(ctx, portal, hash));
    return TN_OK;
}

static tn_status each_folder(int dir_fd, const char *portal_folder, uint32_t portal,
                             blob_file_fn each, void *ctx, struct err *err)
{
    CLEANUP(close_dir_p) DIR *dir = NULL;
    const char *name;

    TRY(open_dir(dir_fd, portal_folder, &dir, err));
    while ((name = next_name(dir)))
        if (strlen(name) == 2)
            TRY(each_file(dirfd(dir), name, portal, each, ctx, err));
    return TN_OK;
}

tn_status blob_file_walk(int dir_fd, blob_file_fn each, void *ctx, struct err *err)
{
    CLEANUP(close_dir_p) DIR *dir = NULL;
    const char *name;

    TRY(open_dir(dir_fd, ".", &dir, err));
    while ((name = next_name(dir))) {
        char *end;
        unsigned long portal = strtoul(name, &end, 10);

        if (*end == '\0' && portal > 0 && portal <= UINT32_MAX)
            TRY(each_folder(dirfd(dir), name, (uint32_t)portal, each, ctx, err));
    }
    return TN_OK;
}
