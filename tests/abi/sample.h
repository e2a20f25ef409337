/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - the plugins that the build made as samples, as bytes. */
#ifndef TESTS_ABI_SAMPLE_H
#define TESTS_ABI_SAMPLE_H

#include <elf.h>
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

/* A sample to be damaged; free(data). */
struct sample_edit {
    uint8_t *data;
    size_t len;
};

/* Sample NAME of the first folder. */
struct sample_edit sample_edit(const char *name);

/* Where its headers are; each fails the test if there is none. */
Elf64_Phdr *sample_segment(struct sample_edit *e, uint32_t type);
Elf64_Dyn *sample_dynamic(struct sample_edit *e, int64_t tag);
Elf64_Rela *sample_relocations(struct sample_edit *e);
Elf64_Sym *sample_symbol(struct sample_edit *e, const char *name);
/* The byte that is loaded at this address. */
uint8_t *sample_at(struct sample_edit *e, uint64_t vaddr);

int manifest_damage_tests(void);

#endif /* TESTS_ABI_SAMPLE_H */
