/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk_shim.c - preloaded into a host (LD_PRELOAD): its disks have TENON_FREE_MIB mebibytes left,
 * whatever they have.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BLOCK_SIZE 4096u

static void fill(struct statvfs *out)
{
    const char *text = getenv("TENON_FREE_MIB");
    unsigned long mib = text ? strtoul(text, NULL, 10) : 0;

    *out = (struct statvfs){.f_bsize = BLOCK_SIZE,
                            .f_frsize = BLOCK_SIZE,
                            .f_blocks = 1u << 30,
                            .f_bfree = (mib << 20) / BLOCK_SIZE,
                            .f_bavail = (mib << 20) / BLOCK_SIZE};
}

__attribute__((visibility("default"))) int fstatvfs(int fd, struct statvfs *out)
{
    if (fcntl(fd, F_GETFD) < 0)
        return -1;
    fill(out);
    return 0;
}

__attribute__((visibility("default"))) int statvfs(const char *path, struct statvfs *out)
{
    if (access(path, F_OK) != 0)
        return -1;
    fill(out);
    return 0;
}
