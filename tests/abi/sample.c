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

/* Damaged */

struct sample_edit sample_edit(const char *name)
{
    char folders[] = SAMPLE_FOLDERS;
    char *end = strchr(folders, ':');

    if (end)
        *end = '\0';
    struct tn_bytes file = sample_read(folders, name);
    return (struct sample_edit){(uint8_t *)(uintptr_t)file.data, file.len};
}

Elf64_Phdr *sample_segment(struct sample_edit *e, uint32_t type)
{
    Elf64_Ehdr *eh = (Elf64_Ehdr *)(void *)e->data;
    Elf64_Phdr *ph = (Elf64_Phdr *)(void *)(e->data + eh->e_phoff);

    for (unsigned i = 0; i < eh->e_phnum; i++)
        if (ph[i].p_type == type)
            return &ph[i];
    fail_msg("no program header %u", (unsigned)type);
    return NULL;
}

Elf64_Dyn *sample_dynamic(struct sample_edit *e, int64_t tag)
{
    Elf64_Dyn *d = (Elf64_Dyn *)(void *)(e->data + sample_segment(e, PT_DYNAMIC)->p_offset);

    for (; d->d_tag != DT_NULL; d++)
        if (d->d_tag == tag)
            return d;
    fail_msg("no dynamic entry %lld", (long long)tag);
    return NULL;
}

Elf64_Rela *sample_relocations(struct sample_edit *e)
{
    return (Elf64_Rela *)(void *)(e->data + sample_dynamic(e, DT_RELA)->d_un.d_ptr);
}

Elf64_Sym *sample_symbol(struct sample_edit *e, const char *name)
{
    const char *names = (const char *)sample_at(e, sample_dynamic(e, DT_STRTAB)->d_un.d_ptr);
    Elf64_Sym *symbol = (Elf64_Sym *)(void *)sample_at(e, sample_dynamic(e, DT_SYMTAB)->d_un.d_ptr);
    const char *end = (const char *)e->data + e->len;

    /* The names follow the symbols in every file that a linker made. */
    for (; (const char *)symbol < names && names + symbol->st_name < end; symbol++)
        if (strcmp(names + symbol->st_name, name) == 0)
            return symbol;
    fail_msg("no symbol %s", name);
    return NULL;
}

uint8_t *sample_at(struct sample_edit *e, uint64_t vaddr)
{
    Elf64_Ehdr *eh = (Elf64_Ehdr *)(void *)e->data;
    Elf64_Phdr *ph = (Elf64_Phdr *)(void *)(e->data + eh->e_phoff);

    for (unsigned i = 0; i < eh->e_phnum; i++)
        if (ph[i].p_type == PT_LOAD && vaddr >= ph[i].p_vaddr &&
            vaddr - ph[i].p_vaddr < ph[i].p_filesz)
            return e->data + ph[i].p_offset + (vaddr - ph[i].p_vaddr);
    fail_msg("nothing is loaded at %llx", (unsigned long long)vaddr);
    return NULL;
}
