/* SPDX-License-Identifier: Apache-2.0 */
/* install.c - rename() over the old files, which keep second names until that is sure. */
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
#define SIGNATURE_SUFFIX ".sig"

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

static bool name_files(struct install *install, const char *target)
{
    char signature[PATH_MAX];
    int len = snprintf(signature, sizeof(signature), "%s" SIGNATURE_SUFFIX, target);

    *install = (struct install){0};
    if (len < 0 || (size_t)len >= sizeof(signature))
        return false;
    (void)snprintf(install->plugin.target, PATH_MAX, "%s", target); /* shorter */
    (void)snprintf(install->signature.target, PATH_MAX, "%s", signature);
    return hide(target, "new", install->plugin.fresh) &&
           hide(target, "old", install->plugin.kept) &&
           hide(signature, "new", install->signature.fresh) &&
           hide(signature, "old", install->signature.kept);
}

static tn_status write_fresh(const struct install_file *file, struct tn_bytes bytes,
                             struct err *err)
{
    TRY(file_copy(file->fresh, bytes, err));
    int error = chmod(file->fresh, INSTALLED_MODE) == 0 ? 0 : errno;
    if (error == 0)
        error = sync_path(file->fresh, 0);
    return error == 0 ? TN_OK : fail(err, file->target, error);
}

tn_status install_prepare(struct install *install, const char *target, struct tn_bytes bytes,
                          struct tn_bytes signature, struct err *err)
{
    if (!name_files(install, target))
        return fail(err, target, ENAMETOOLONG);
    install->is_signed = signature.len > 0;
    install->is_there =
        holds(target, bytes) && (install->is_signed ? holds(install->signature.target, signature)
                                                    : access(install->signature.target, F_OK) != 0);
    if (install->is_there)
        return TN_OK;
    install_end(install); /* what an earlier one left that was refused */
    tn_status st = write_fresh(&install->plugin, bytes, err);
    if (st == TN_OK && install->is_signed)
        st = write_fresh(&install->signature, signature, err);
    if (st != TN_OK)
        install_end(install);
    return st;
}

/* A file that is not there has nothing to go back to. */
static int keep(const struct install_file *file)
{
    return link(file->target, file->kept) == 0 || errno == ENOENT ? 0 : errno;
}

/* Once the plugin's old file has its second name, a start undoes what follows. */
static int keep_both(const struct install *install)
{
    int error = keep(&install->signature);

    if (error == 0)
        error = keep(&install->plugin);
    return error == 0 ? sync_folder(install->plugin.target) : error;
}

static int move_both(const struct install *install)
{
    int failed = install->is_signed ? rename(install->signature.fresh, install->signature.target)
                                    : unlink(install->signature.target);

    if (failed != 0 && (install->is_signed || errno != ENOENT))
        return errno;
    if (rename(install->plugin.fresh, install->plugin.target) != 0)
        return errno;
    return sync_folder(install->plugin.target);
}

tn_status install_swap(struct install *install, struct err *err)
{
    if (install->is_there)
        return TN_OK;
    int error = keep_both(install);
    if (error == 0)
        error = move_both(install);
    if (error == 0)
        return TN_OK;
    install_undo(install);
    return fail(err, install->plugin.target, error);
}

void install_undo(struct install *install)
{
    if (install->is_there || access(install->plugin.kept, F_OK) != 0)
        return;
    if (rename(install->signature.kept, install->signature.target) != 0)
        (void)unlink(install->signature.target); /* the old one had none */
    if (rename(install->plugin.kept, install->plugin.target) == 0)
        (void)sync_folder(install->plugin.target); /* else the next start does it again */
}

void install_end(struct install *install)
{
    if (install->is_there)
        return;
    /* Most are most often not there. The plugin's second name first: without it nothing is undone.
     */
    if (unlink(install->plugin.kept) == 0)
        (void)sync_folder(install->plugin.target); /* else a power cut undoes it */
    (void)unlink(install->signature.kept);
    (void)unlink(install->plugin.fresh);
    (void)unlink(install->signature.fresh);
}

void install_recover(const char *target)
{
    struct install install;

    if (!name_files(&install, target))
        return;
    install_undo(&install);
    install_end(&install);
}
