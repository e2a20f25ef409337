/* SPDX-License-Identifier: Apache-2.0 */
/* install.c - rename() over the old file, which keeps a second name until that is sure. */
#include "core/plugin/install.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/plugin/file.h"
#include "core/plugin/host.h"

/* As packages install them. */
#define INSTALLED_MODE 0644

static tn_status fail(struct err *err, const char *path, int error)
{
    return err_set(err,
                   error == EACCES || error == EPERM || error == EROFS ? TN_PERMISSION_DENIED
                   : error == ENOSPC || error == EDQUOT                ? TN_RESOURCE_EXHAUSTED
                                                                       : TN_UNAVAILABLE,
                   "The file cannot be put in the place of %s: %s.",
                   path,
                   strerrordesc_np(error));
}

/* "DIR/.NAME.SUFFIX" */
static bool hide(const char *target, const char *suffix, char path[PATH_MAX])
{
    const char *slash = strrchr(target, '/');
    const char *name = slash ? slash + 1 : target;
    int len = snprintf(path, PATH_MAX, "%.*s.%s.%s", (int)(name - target), target, name, suffix);

    return len > 0 && len < PATH_MAX;
}

static bool holds(const char *path, struct tn_bytes bytes)
{
    CLEANUP(buf_fini) struct buf there = {0};

    return file_read(path, PLUGIN_FILE_SIZE_MAX, &there, NULL) == TN_OK && there.len == bytes.len &&
           memcmp(there.data, bytes.data, bytes.len) == 0;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int error = 0;

    if (fd < 0 || fsync(fd) != 0)
        error = errno;
    if (fd >= 0)
        (void)close(fd); /* was only synced */
    return error;
}

static int sync_folder(const char *target)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(target, '/');

    (void)snprintf(folder,
                   sizeof(folder),
                   "%.*s",
                   slash ? (int)(slash - target) + 1 : 1,
                   slash ? target : ".");
    return sync_path(folder, O_DIRECTORY);
}

tn_status install_prepare(struct install *install, const char *target, struct tn_bytes bytes,
                          struct err *err)
{
    *install = (struct install){0};
    if (!hide(target, "new", install->fresh) || !hide(target, "old", install->kept))
        return fail(err, target, ENAMETOOLONG);
    (void)snprintf(install->target, sizeof(install->target), "%s", target); /* shorter */
    install->is_there = holds(target, bytes);
    if (install->is_there)
        return TN_OK;
    install_end(install); /* what an earlier one left that was cut short */
    TRY(file_copy(install->fresh, bytes, err));
    int error = chmod(install->fresh, INSTALLED_MODE) == 0 ? 0 : errno;
    if (error == 0)
        error = sync_path(install->fresh, 0);
    if (error == 0)
        return TN_OK;
    install_end(install);
    return fail(err, target, error);
}

tn_status install_swap(struct install *install, struct err *err)
{
    int error = 0;

    if (install->is_there)
        return TN_OK;
    /* A target that somebody removed has nothing to go back to. */
    if (link(install->target, install->kept) != 0 && errno != ENOENT)
        error = errno;
    if (error == 0 && rename(install->fresh, install->target) != 0)
        error = errno;
    if (error == 0)
        error = sync_folder(install->target);
    if (error == 0)
        return TN_OK;
    install_undo(install);
    return fail(err, install->target, error);
}

void install_undo(struct install *install)
{
    if (install->is_there)
        return;
    if (rename(install->kept, install->target) == 0)
        (void)sync_folder(install->target); /* what a power cut leaves is checked at the start */
}

void install_end(struct install *install)
{
    if (install->is_there)
        return;
    (void)unlink(install->fresh); /* most often not there, as the next */
    (void)unlink(install->kept);
}
