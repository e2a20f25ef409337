/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c - see sample.h. */
#include "tests/abi/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

void sample_path(const char *folder, const char *name, char out[SAMPLE_PATH_SIZE])
{
    int len = snprintf(out, SAMPLE_PATH_SIZE, "%s/%s.so", folder, name);
    assert_in_range(len, 1, SAMPLE_PATH_SIZE - 1);
}

bool sample_exists(const char *folder, const char *name)
{
    char path[SAMPLE_PATH_SIZE];
    sample_path(folder, name, path);
    FILE *file = fopen(path, "rb");
    if (file)
        (void)fclose(file);
    return file != NULL;
}

struct tn_bytes sample_read(const char *folder, const char *name)
{
    char path[SAMPLE_PATH_SIZE];
    sample_path(folder, name, path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    uint8_t *data = malloc((size_t)size);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, file), (size_t)size);
    (void)fclose(file);
    return (struct tn_bytes){data, (size_t)size};
}

unsigned sample_each_folder(void (*test)(const char *folder))
{
    char folders[] = SAMPLE_FOLDERS;
    char *rest = NULL;
    unsigned count = 0;

    for (char *f = strtok_r(folders, ":", &rest); f; f = strtok_r(NULL, ":", &rest), count++)
        test(f);
    return count;
}
