/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - feeds a fuzz target the files of a directory, where there is no fuzzer to do it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A corpus keeps small inputs; longer ones are a mistake. */
#define INPUT_SIZE_MAX (1u << 20)

static _Noreturn void stop(const char *path, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", path, why);
    exit(1);
}

/* The input has a block of its very size, so that a sanitizer sees the first byte too many. */
static void replay(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    struct stat about;

    if (fd < 0 || fstat(fd, &about) != 0)
        stop(name, "cannot be read");
    if (about.st_size > INPUT_SIZE_MAX)
        stop(name, "is too large for a corpus");
    size_t size = (size_t)about.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (!data || read(fd, data, size) != about.st_size)
        stop(name, "cannot be read");
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    (void)close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        stop(argv[0], "takes a directory");
    DIR *dir = opendir(argv[1]);
    if (!dir)
        stop(argv[1], "cannot be read");

    unsigned count = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        replay(dirfd(dir), entry->d_name);
        count++;
    }
    (void)closedir(dir);
    if (count == 0)
        stop(argv[1], "holds no input");
    (void)printf("%u inputs\n", count);
    return 0;
}
