/* SPDX-License-Identifier: Apache-2.0 */
/* elf_impl.h - what elf.c and elf_reloc.c share; nobody else includes it. */
#ifndef CORE_PLUGIN_ELF_IMPL_H
#define CORE_PLUGIN_ELF_IMPL_H

#include "core/plugin/elf.h"

#include <elf.h>

struct elf_segment {
    uint64_t vaddr;
    uint64_t file_offset;
    uint64_t file_size;
    uint64_t memory_size;
    uint32_t flags; /* PF_R, PF_W, PF_X */
};

/* A pointer that the dynamic loader fills in. */
struct elf_pointer {
    uint64_t at;
    uint64_t target;
    uint32_t import; /* symbol that it comes from, its target being unknown; 0: none */
};

/* An array of the dynamic section. */
struct elf_table {
    uint64_t vaddr;
    uint64_t size;
};

struct elf {
    struct tn_bytes file;
    uint16_t machine;
    uint32_t segment_count;
    struct elf_segment segments[ELF_SEGMENT_MAX];
    struct elf_table relro;
    struct elf_table dynamic;

    uint64_t symbols;
    struct elf_table strings;
    uint64_t hash;
    uint64_t gnu_hash;
    uint32_t symbol_count;

    struct elf_table rela;
    struct elf_table plt;
    struct elf_table relr;
    struct elf_pointer *pointers; /* by `at` */
    size_t pointer_count;
    size_t pointer_cap;

    uint64_t constructor_size;
    uint64_t library_names[ELF_LIBRARY_MAX]; /* offsets, then checked */
    uint32_t library_count;
    bool has_soname;
    uint64_t soname;
};

/* TN_INVALID_ARGUMENT; `what` names a field or entry of the format. */
tn_status elf_damaged(struct err *err, const char *what);

tn_status elf_refuse_textrel(struct err *err);
tn_status elf_refuse_static_tls(struct err *err);
tn_status elf_refuse_ifunc(struct err *err);

/* The segment that has all `size` bytes at `vaddr`, in the file or zeroed behind it; or NULL. */
const struct elf_segment *elf_segment_of(const struct elf *elf, uint64_t vaddr, uint64_t size);

tn_status elf_raw_symbol(const struct elf *elf, uint32_t index, Elf64_Sym *ret_raw,
                         const char **ret_name, struct err *err);

/* Fills `pointers` from the relocations, sorted. */
tn_status elf_read_relocations(struct elf *elf, struct err *err);

#endif /* CORE_PLUGIN_ELF_IMPL_H */
