/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_reloc.c - the pointers of a shared object: the dynamic loader would write them from
 * relocations (RELA, or packed as RELR); here they are looked up instead.
 */
#include "core/plugin/elf.h"

#include <stdlib.h>
#include <string.h>

#include "core/plugin/elf_impl.h"

enum relocation {
    RELOC_OTHER,
    RELOC_RELATIVE,
    RELOC_SYMBOL,
    RELOC_STATIC_TLS,
    RELOC_IFUNC,
    RELOC_UNKNOWN
};

static enum relocation relocation_x86(uint32_t type)
{
    switch (type) {
    case R_X86_64_RELATIVE:
        return RELOC_RELATIVE;
    case R_X86_64_64:
        return RELOC_SYMBOL;
    case R_X86_64_TPOFF64:
        return RELOC_STATIC_TLS;
    case R_X86_64_IRELATIVE:
        return RELOC_IFUNC;
    case R_X86_64_NONE:
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT:
    case R_X86_64_DTPMOD64:
    case R_X86_64_DTPOFF64:
    case R_X86_64_TLSDESC:
        return RELOC_OTHER;
    default:
        return RELOC_UNKNOWN;
    }
}

static enum relocation relocation_aarch64(uint32_t type)
{
    switch (type) {
    case R_AARCH64_RELATIVE:
        return RELOC_RELATIVE;
    case R_AARCH64_ABS64:
        return RELOC_SYMBOL;
    case R_AARCH64_TLS_TPREL:
        return RELOC_STATIC_TLS;
    case R_AARCH64_IRELATIVE:
        return RELOC_IFUNC;
    case R_AARCH64_NONE:
    case R_AARCH64_GLOB_DAT:
    case R_AARCH64_JUMP_SLOT:
    case R_AARCH64_TLS_DTPMOD:
    case R_AARCH64_TLS_DTPREL:
    case R_AARCH64_TLSDESC:
        return RELOC_OTHER;
    default:
        return RELOC_UNKNOWN;
    }
}

static tn_status add_pointer(struct elf *elf, uint64_t at, uint64_t target, uint32_t import,
                             struct err *err)
{
    if (elf->pointer_count == elf->pointer_cap) {
        size_t cap = elf->pointer_cap ? elf->pointer_cap * 2 : 256;
        if (cap > ELF_POINTER_MAX)
            return err_set(err,
                           TN_FAILED_PRECONDITION,
                           "The file has more than %u relocations.",
                           ELF_POINTER_MAX);
        struct elf_pointer *grown = mem_resize(elf->pointers, cap, sizeof(*grown));
        if (!grown)
            return err_memory(err, "relocations");
        elf->pointers = grown;
        elf->pointer_cap = cap;
    }
    elf->pointers[elf->pointer_count++] = (struct elf_pointer){at, target, import};
    return TN_OK;
}

static tn_status add_symbol_pointer(struct elf *elf, const Elf64_Rela *r, struct err *err)
{
    uint32_t index = (uint32_t)ELF64_R_SYM(r->r_info);
    Elf64_Sym raw;
    const char *name;

    TRY(elf_raw_symbol(elf, index, &raw, &name, err));
    bool is_ours = raw.st_shndx != SHN_UNDEF && raw.st_shndx != SHN_ABS;
    return add_pointer(
        elf, r->r_offset, raw.st_value + (uint64_t)r->r_addend, is_ours ? 0 : index, err);
}

static tn_status read_relocation(struct elf *elf, const Elf64_Rela *r, struct err *err)
{
    uint32_t type = (uint32_t)ELF64_R_TYPE(r->r_info);
    const struct elf_segment *where = elf_segment_of(elf, r->r_offset, sizeof(uint64_t));

    if (type == 0) /* NONE, on both machines */
        return TN_OK;
    if (!where)
        return elf_damaged(err, "r_offset");
    if (!(where->flags & PF_W))
        return elf_refuse_textrel(err);
    switch (elf->machine == EM_X86_64 ? relocation_x86(type) : relocation_aarch64(type)) {
    case RELOC_RELATIVE:
        return add_pointer(elf, r->r_offset, (uint64_t)r->r_addend, 0, err);
    case RELOC_SYMBOL:
        return add_symbol_pointer(elf, r, err);
    case RELOC_OTHER:
        return TN_OK;
    case RELOC_STATIC_TLS:
        return elf_refuse_static_tls(err);
    case RELOC_IFUNC:
        return elf_refuse_ifunc(err);
    case RELOC_UNKNOWN:
    default:
        return err_set(err,
                       TN_FAILED_PRECONDITION,
                       "The file has relocations of a kind that plugins do not use (%u).",
                       (unsigned)type);
    }
}

static tn_status read_rela(struct elf *elf, const struct elf_table *table, const char *what,
                           struct err *err)
{
    if (table->size == 0)
        return TN_OK;
    if (table->size % sizeof(Elf64_Rela) || !elf_at(elf, table->vaddr, table->size))
        return elf_damaged(err, what);
    for (uint64_t i = 0; i < table->size; i += sizeof(Elf64_Rela)) {
        Elf64_Rela r;

        memcpy(&r, elf_at(elf, table->vaddr + i, sizeof(r)), sizeof(r));
        TRY(read_relocation(elf, &r, err));
    }
    return TN_OK;
}

/* The word at `vaddr` is a relative pointer, its target being in its place. */
static tn_status add_relative_word(struct elf *elf, uint64_t vaddr, struct err *err)
{
    const uint8_t *word = elf_at(elf, vaddr, sizeof(uint64_t));
    const struct elf_segment *where = elf_segment_of(elf, vaddr, sizeof(uint64_t));
    uint64_t target;

    if (!word)
        return elf_damaged(err, "DT_RELR");
    if (!(where->flags & PF_W))
        return elf_refuse_textrel(err);
    memcpy(&target, word, sizeof(target));
    return add_pointer(elf, vaddr, target, 0, err);
}

/* RELR: an even entry is an address; an odd one has bits for the 63 words that follow. */
static tn_status read_relr(struct elf *elf, struct err *err)
{
    uint64_t next = 0;

    if (elf->relr.size == 0)
        return TN_OK;
    if (elf->relr.size % 8 || !elf_at(elf, elf->relr.vaddr, elf->relr.size))
        return elf_damaged(err, "DT_RELR");
    for (uint64_t i = 0; i < elf->relr.size; i += 8) {
        uint64_t entry;

        memcpy(&entry, elf_at(elf, elf->relr.vaddr + i, sizeof(entry)), sizeof(entry));
        if ((entry & 1) == 0) {
            TRY(add_relative_word(elf, entry, err));
            next = entry + 8;
            continue;
        }
        for (unsigned bit = 0; bit < 63; bit++)
            if (entry >> (bit + 1) & 1)
                TRY(add_relative_word(elf, next + 8ull * bit, err));
        next += 63 * 8;
    }
    return TN_OK;
}

static int compare_pointers(const void *a, const void *b)
{
    const struct elf_pointer *x = a;
    const struct elf_pointer *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Of relocations that overlap, the order decides, which is the loader's affair. */
static tn_status sort_pointers(struct elf *elf, struct err *err)
{
    if (elf->pointer_count == 0)
        return TN_OK;
    qsort(elf->pointers, elf->pointer_count, sizeof(elf->pointers[0]), compare_pointers);
    for (size_t i = 1; i < elf->pointer_count; i++)
        if (elf->pointers[i].at - elf->pointers[i - 1].at < sizeof(uint64_t))
            return err_set(
                err, TN_INVALID_ARGUMENT, "The file is damaged: two relocations overlap.");
    return TN_OK;
}

/* The first pointer at or after `vaddr`; NULL if there is none. */
static const struct elf_pointer *pointer_from(const struct elf *elf, uint64_t vaddr)
{
    size_t low = 0;
    size_t high = elf->pointer_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (elf->pointers[middle].at < vaddr)
            low = middle + 1;
        else
            high = middle;
    }
    return low < elf->pointer_count ? &elf->pointers[low] : NULL;
}

bool elf_is_relocated(const struct elf *elf, uint64_t vaddr, uint64_t size)
{
    const struct elf_pointer *p = pointer_from(elf, vaddr < 7 ? 0 : vaddr - 7);
    return size > 0 && p && p->at < vaddr + size;
}

tn_status elf_pointer(const struct elf *elf, uint64_t vaddr, const char *what, uint64_t *ret_vaddr,
                      struct err *err)
{
    static const uint8_t null[sizeof(uint64_t)];
    const uint8_t *raw = elf_at(elf, vaddr, sizeof(null));
    const struct elf_pointer *p = pointer_from(elf, vaddr);

    if (!raw)
        return elf_damaged(err, what);
    if (!p || p->at != vaddr) {
        if (memcmp(raw, null, sizeof(null)) != 0 || elf_is_relocated(elf, vaddr, sizeof(null)))
            return err_set(
                err, TN_INVALID_ARGUMENT, "%s is an absolute address, not one in the file.", what);
        *ret_vaddr = 0;
        return TN_OK;
    }
    if (p->import) {
        Elf64_Sym raw_import;
        const char *name;

        TRY(elf_raw_symbol(elf, p->import, &raw_import, &name, err));
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "%s comes from another library ('%s'); it must be the plugin's own.",
                       what,
                       name);
    }
    *ret_vaddr = p->target;
    return TN_OK;
}

tn_status elf_read_relocations(struct elf *elf, struct err *err)
{
    TRY(read_rela(elf, &elf->rela, "DT_RELA", err));
    TRY(read_rela(elf, &elf->plt, "DT_JMPREL", err));
    TRY(read_relr(elf, err));
    return sort_pointers(elf, err);
}
