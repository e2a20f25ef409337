/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.c - the FORMAT file, which says that a directory holds a store of ours and in which
 * format, so that this is known before RocksDB touches anything.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/store/private.h"

#define FORMAT_FILE "FORMAT"
#define FORMAT_FILE_NEW "FORMAT.new"
/* Neither ours nor RocksDB's when it is left behind: both pass over it. */
#define PROOF_FILE "PROOF"
#define PROOF_SIZE 4096u
#define FORMAT_START "tenon store, format "
/* The start, ten digits, a newline and the NUL; what a newer format adds is not read. */
#define FORMAT_TEXT_SIZE 32
_Static_assert(sizeof(FORMAT_START) + 11 <= FORMAT_TEXT_SIZE, "a format of ten digits fits");

tn_status format_fault(int number, const char *dir, struct err *err)
{
    const char *text = strerror(number);

    switch (number) {
    case EACCES:
    case EPERM:
    case EROFS:
        return err_set(
            err, TN_PERMISSION_DENIED, "The store in '%s' may not be opened: %s", dir, text);
    case ENOSPC:
    case EDQUOT:
        return err_set(err, TN_RESOURCE_EXHAUSTED, "The disk of the store in '%s' is full.", dir);
    case ENOTDIR:
        return err_set(err, TN_FAILED_PRECONDITION, "'%s' is not a directory.", dir);
    default:
        return err_set(err, TN_UNAVAILABLE, "The store in '%s' cannot be read: %s", dir, text);
    }
}

tn_status format_need_room(int dir_fd, const char *dir, size_t size, struct err *err)
{
    struct statvfs disk;

    if (fstatvfs(dir_fd, &disk) != 0)
        return format_fault(errno, dir, err);
    if ((uint64_t)disk.f_bavail * disk.f_frsize >= size)
        return TN_OK;
    return err_set(err,
                   TN_RESOURCE_EXHAUSTED,
                   "The disk of the store in '%s' has less than %u MiB left.",
                   dir,
                   (unsigned)(size >> 20));
}

static tn_status refuse_stranger(const char *dir, struct err *err)
{
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "'%s' holds files but no store of this program; give an empty directory.",
                   dir);
}

/* `text` is the file, NUL-terminated. */
static tn_status judge(const char *text, const char *dir, uint32_t *ret_format, struct err *err)
{
    unsigned long long format = 0;
    const char *p = text + strlen(FORMAT_START);

    if (strncmp(text, FORMAT_START, strlen(FORMAT_START)) != 0)
        return refuse_stranger(dir, err);
    for (; *p >= '0' && *p <= '9' && format <= UINT32_MAX; p++)
        format = format * 10 + (unsigned)(*p - '0');
    if (*p != '\n' || format == 0)
        return err_set(err,
                       TN_DATA_LOSS,
                       "The store in '%s' is damaged: %s is unreadable at byte %llu.",
                       dir,
                       FORMAT_FILE,
                       (unsigned long long)strlen(FORMAT_START));
    if (format > STORE_FORMAT)
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The store in '%s' has format %llu; this program reads up to %u. "
                       "Use the newer one.",
                       dir,
                       format,
                       STORE_FORMAT);
    *ret_format = (uint32_t)format;
    return TN_OK;
}

static tn_status read_format(int fd, const char *dir, uint32_t *ret_format, struct err *err)
{
    char text[FORMAT_TEXT_SIZE] = {0};
    ssize_t len = read(fd, text, sizeof(text) - 1);

    if (len < 0)
        return format_fault(errno, dir, err);
    return judge(text, dir, ret_format, err);
}

/* Without a FORMAT file: empty, begun, or somebody else's. */
static tn_status inspect_entries(DIR *entries, const char *dir, enum format_found *ret_found,
                                 struct err *err)
{
    bool is_empty = true;
    const struct dirent *entry;

    while ((errno = 0, entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, FORMAT_FILE_NEW) == 0) {
            *ret_found = FORMAT_UNFINISHED;
            return TN_OK;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            is_empty = false;
    }
    if (errno != 0)
        return format_fault(errno, dir, err);
    if (!is_empty)
        return refuse_stranger(dir, err);
    *ret_found = FORMAT_NOTHING;
    return TN_OK;
}

tn_status format_inspect(int dir_fd, const char *dir, enum format_found *ret_found,
                         uint32_t *ret_format, struct err *err)
{
    if (dir_fd < 0) {
        *ret_found = FORMAT_NOTHING;
        return TN_OK;
    }

    int fd = openat(dir_fd, FORMAT_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        tn_status status = read_format(fd, dir, ret_format, err);

        (void)close(fd); /* was only read */
        if (status == TN_OK)
            *ret_found = FORMAT_STORE;
        return status;
    }
    if (errno != ENOENT)
        return format_fault(errno, dir, err);

    /* A descriptor of its own: closedir closes it, and reading moves it. */
    fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        tn_status status = format_fault(errno, dir, err);

        if (fd >= 0)
            (void)close(fd); /* was only read */
        return status;
    }
    tn_status status = inspect_entries(entries, dir, ret_found, err);
    (void)closedir(entries); /* was only read */
    return status;
}

static tn_status write_synced(int fd, const char *text, size_t len)
{
    if (write(fd, text, len) != (ssize_t)len)
        return TN_UNAVAILABLE;
    return fsync(fd) == 0 ? TN_OK : TN_UNAVAILABLE;
}

tn_status format_begin(int dir_fd, const char *dir, struct err *err)
{
    char text[FORMAT_TEXT_SIZE];
    int len = snprintf(text, sizeof(text), FORMAT_START "%u\n", STORE_FORMAT);
    int fd = openat(dir_fd, FORMAT_FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return format_fault(errno, dir, err);
    errno = EIO; /* of a write that was merely short */
    tn_status status = write_synced(fd, text, (size_t)len);
    if (status == TN_OK && fsync(dir_fd) != 0)
        status = TN_UNAVAILABLE;
    int number = errno;
    (void)close(fd); /* synced, or given up */
    return status == TN_OK ? TN_OK : format_fault(number, dir, err);
}

tn_status format_prove(int dir_fd, const char *dir, struct err *err)
{
    uint8_t text[PROOF_SIZE] = {0};
    int fd = openat(dir_fd, PROOF_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return format_fault(errno, dir, err);
    errno = EIO; /* of a write that was merely short */
    tn_status status = write_synced(fd, (const char *)text, sizeof(text));
    int number = errno;
    (void)close(fd);                       /* synced, or given up */
    (void)unlinkat(dir_fd, PROOF_FILE, 0); /* the next proof writes over it */
    if (status == TN_OK && fsync(dir_fd) != 0) {
        status = TN_UNAVAILABLE;
        number = errno;
    }
    return status == TN_OK ? TN_OK : format_fault(number, dir, err);
}

tn_status format_finish(int dir_fd, const char *dir, struct err *err)
{
    if (renameat(dir_fd, FORMAT_FILE_NEW, dir_fd, FORMAT_FILE) != 0 || fsync(dir_fd) != 0)
        return format_fault(errno, dir, err);
    return TN_OK;
}

void format_abandon(int dir_fd)
{
    (void)unlinkat(dir_fd, FORMAT_FILE, 0); /* the next opening finds what is left */
    (void)unlinkat(dir_fd, FORMAT_FILE_NEW, 0);
}
