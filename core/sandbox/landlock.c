/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.c - Landlock by its system calls: libc has no functions for it. */
#include "core/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/sandbox/step.h"

/* Later than the headers of Debian 12, by the version that brought them. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)  /* 3 */
#define NET_BIND_CONNECT (UINT64_C(3))       /* 4 */
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define SCOPE_ABSTRACT_SIGNAL (UINT64_C(3))  /* 6 */

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Plain files, neither links, pipes nor folders: a scratch folder is flat. */
#define ACCESS_WRITE                                                                \
    (ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
     LANDLOCK_ACCESS_FS_MAKE_REG | ACCESS_TRUNCATE)
/* What can be said of a file that is no folder. */
#define ACCESS_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)

/* struct landlock_ruleset_attr as of version 6. */
struct rules_attr {
    uint64_t files;
    uint64_t net;
    uint64_t scope;
};

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? (int)version : 0;
}

/* Every access to files that a version knows: what is handled and not allowed is refused. */
static uint64_t handled_files(int version)
{
    uint64_t handled = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

    if (version >= 2)
        handled |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        handled |= ACCESS_TRUNCATE;
    if (version >= 5)
        handled |= ACCESS_IOCTL_DEV;
    return handled;
}

tn_status landlock_create(int version, int *ret_rules, struct err *err)
{
    struct rules_attr attr = {.files = handled_files(version)};
    size_t size = sizeof(attr.files);

    if (version >= 4) {
        attr.net = NET_BIND_CONNECT;
        size += sizeof(attr.net);
    }
    if (version >= LANDLOCK_VERSION_SCOPE) {
        attr.scope = SCOPE_ABSTRACT_SIGNAL;
        size += sizeof(attr.scope);
    }
    long fd = syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (fd < 0)
        return step_failed(err, "Landlock", errno);
    *ret_rules = (int)fd;
    return TN_OK;
}

static tn_status add_rule(int rules, int parent, uint64_t access, struct err *err)
{
    struct landlock_path_beneath_attr attr = {.allowed_access = access, .parent_fd = parent};

    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &attr, 0) != 0)
        return step_failed(err, "Landlock", errno);
    return TN_OK;
}

static void close_p(const int *fd)
{
    (void)close(*fd); /* only named a place */
}

tn_status landlock_allow(int rules, int version, const char *path, enum landlock_right right,
                         struct err *err)
{
    CLEANUP(close_p) int fd = open(path, O_PATH | O_CLOEXEC);
    uint64_t access = right == LANDLOCK_WRITE ? ACCESS_WRITE : ACCESS_READ;
    struct stat info;

    if (fd < 0 && errno == ENOENT)
        return TN_OK;
    if (fd < 0 || fstat(fd, &info) != 0)
        return step_failed(err, path, errno);
    if (!S_ISDIR(info.st_mode))
        access &= ACCESS_FILE;
    return add_rule(rules, fd, access & handled_files(version), err);
}

tn_status landlock_allow_file(int rules, int fd, struct err *err)
{
    return add_rule(rules, fd, LANDLOCK_ACCESS_FS_READ_FILE, err);
}

tn_status landlock_enter(int rules, struct err *err)
{
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        return step_failed(err, "Landlock", errno);
    return TN_OK;
}
