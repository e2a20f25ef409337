/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf.h - a shared object as bytes: where its segments, symbols and pointers would lie,
 * read without mapping anything for execution. Addresses are the file's own (link-time
 * "vaddr"); nothing that the file says is used before it was checked.
 *
 * elf_open refuses what could run code or change other libraries before the host has
 * decided anything: text relocations, an executable stack, IFUNC, RPATH, preinit entries
 * and the like, and layouts of which the dynamic loader would see other bytes than we do.
 */
#ifndef CORE_PLUGIN_ELF_H
#define CORE_PLUGIN_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include <tenon/base.h>

#include "core/base/err.h"
#include "core/base/mem.h"

/* Bounds; a file past one of them is refused. Plugins have some 10 segments and 5 libraries. */
#define ELF_FILE_SIZE_MAX (256u << 20)
#define ELF_SEGMENT_MAX 32u
#define ELF_LIBRARY_MAX 64u
#define ELF_SYMBOL_MAX (1u << 20)
#define ELF_POINTER_MAX (1u << 20)
#define ELF_NAME_SIZE_MAX 4096u /* of a symbol or library */

struct elf;

struct elf_symbol {
    const char *name; /* lent from the file */
    uint64_t vaddr;
    uint64_t size;
    bool is_import;
    bool is_export; /* other objects can see it */
    bool is_data;
};

/*
 * Reads headers, dynamic section, symbols and relocations. `file` is borrowed until
 * elf_destroy. TN_INVALID_ARGUMENT: no shared object, or damaged; TN_FAILED_PRECONDITION:
 * built in a way that plugins must not be; TN_RESOURCE_EXHAUSTED. [any]
 */
tn_status elf_open(struct tn_bytes file, struct elf **ret_elf, struct err *err);
void elf_destroy(struct elf *elf);
DEFINE_CLEANUP(struct elf, elf_destroy)

/* EM_X86_64 or EM_AARCH64. [any] */
uint16_t elf_machine(const struct elf *elf);

/* Functions that run when it is loaded, the compiler's own among them. [any] */
uint32_t elf_constructor_count(const struct elf *elf);

/* DT_NEEDED in order, and DT_SONAME or NULL; lent from the file. [any] */
uint32_t elf_library_count(const struct elf *elf);
const char *elf_library(const struct elf *elf, uint32_t index);
const char *elf_soname(const struct elf *elf);

/* Symbols, from 1 to count - 1: 0 is none. TN_INVALID_ARGUMENT: damaged. [any] */
uint32_t elf_symbol_count(const struct elf *elf);
tn_status elf_symbol(const struct elf *elf, uint32_t index, struct elf_symbol *ret_symbol,
                     struct err *err);

/*
 * The `size` bytes that will lie at `vaddr`, before relocation; NULL if they are not all
 * in the file and in one segment. Not aligned. [any]
 */
const uint8_t *elf_at(const struct elf *elf, uint64_t vaddr, uint64_t size);

/* The string at `vaddr` if it ends within `size_max` bytes, NUL included; else NULL. [any] */
const char *elf_string(const struct elf *elf, uint64_t vaddr, size_t size_max);

/* What `size` bytes at `vaddr` will be once it is loaded and relocated. [any] */
bool elf_is_constant(const struct elf *elf, uint64_t vaddr, uint64_t size);
bool elf_is_variable(const struct elf *elf, uint64_t vaddr, uint64_t size);
bool elf_is_code(const struct elf *elf, uint64_t vaddr);

/*
 * The pointer stored at `vaddr`, as an address in this file; 0 is NULL. `what` names it in
 * messages. TN_INVALID_ARGUMENT: outside the file, imported, or an absolute address. [any]
 */
tn_status elf_pointer(const struct elf *elf, uint64_t vaddr, const char *what, uint64_t *ret_vaddr,
                      struct err *err);

/* Whether any byte of the range is filled in by a relocation. [any] */
bool elf_is_relocated(const struct elf *elf, uint64_t vaddr, uint64_t size);

#endif /* CORE_PLUGIN_ELF_H */
