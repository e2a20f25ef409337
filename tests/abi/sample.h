/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - the plugins that the build made as samples, as bytes. */
#ifndef TESTS_ABI_SAMPLE_H
#define TESTS_ABI_SAMPLE_H

#include <stdbool.h>

#include <tenon/base.h>

#define SAMPLE_PATH_SIZE 1024u

/*
 * The bytes of sample NAME of FOLDER, in a block of just that size, so that a sanitizer sees
 * every read beyond it; released with free(). Fails the test if it cannot be read.
 */
struct tn_bytes sample_read(const char *folder, const char *name);

/* Whether there is such a sample; not every linker can make every one. */
bool sample_exists(const char *folder, const char *name);

void sample_path(const char *folder, const char *name, char out[SAMPLE_PATH_SIZE]);

/*
 * Calls `test` for each folder of samples, one for each compiler and linker; returns how
 * many there were.
 */
unsigned sample_each_folder(void (*test)(const char *folder));

int manifest_damage_tests(void);

#endif /* TESTS_ABI_SAMPLE_H */
