/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - small files, and what is said about those that cannot be read or written. */
#include "sdk/cli/command/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "sdk/cli/say.h"

#define CHUNK_SIZE ((size_t)1 << 16)

tn_status file_load(const char *path, size_t size_max, struct buf *out, struct err *err)
{
    FILE *in = fopen(path, "re");
    tn_status status = TN_OK;
    size_t len = 1;

    if (!in)
        return say_fail(err,
                        errno == EACCES ? TN_PERMISSION_DENIED : TN_NOT_FOUND,
                        "'%s' cannot be opened: %s.",
                        path,
                        strerror(errno));
    while (status == TN_OK && len > 0) {
        status = buf_reserve(out, CHUNK_SIZE);
        if (status != TN_OK) {
            (void)err_memory(err, "the file");
            break;
        }
        len = fread(out->data + out->len, 1, CHUNK_SIZE, in);
        out->len += len;
        if (out->len > size_max)
            status = say_fail(err, TN_OUT_OF_RANGE, "'%s' is too large.", path);
    }
    if (status == TN_OK && ferror(in))
        status = say_fail(err, TN_DATA_LOSS, "The file cannot be read: %s.", strerror(errno));
    (void)fclose(in);
    return status;
}

tn_status file_store(const char *path, unsigned mode, struct tn_bytes bytes, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    size_t done = 0;

    if (fd < 0)
        return say_fail(err,
                        errno == EEXIST ? TN_ALREADY_EXISTS : TN_UNAVAILABLE,
                        "'%s' cannot be written: %s.",
                        path,
                        strerror(errno));
    while (done < bytes.len) {
        ssize_t put = write(fd, bytes.data + done, bytes.len - done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break;
        done += (size_t)put;
    }
    bool is_whole = done == bytes.len && fsync(fd) == 0;
    int number = errno;
    is_whole = close(fd) == 0 && is_whole;
    if (is_whole)
        return TN_OK;
    (void)unlink(path); /* what is there is not whole */
    return say_fail(err, TN_UNAVAILABLE, "'%s' cannot be written: %s.", path, strerror(number));
}

tn_status key_load(const char *path, struct key_pair *ret_pair, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    tn_status st = file_load(path, SHEET_SIZE_MAX, &text, err);

    if (st == TN_OK)
        st = key_read((struct tn_str){(const char *)text.data, text.len}, ret_pair, err);
    if (text.data)
        sodium_memzero(text.data, text.len);
    return st;
}
