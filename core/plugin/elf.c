/* SPDX-License-Identifier: Apache-2.0 */
/* elf.c - see elf.h. Every offset that comes from the file is checked before its use. */
#include "core/plugin/elf.h"

#include <string.h>

#include "core/plugin/elf_impl.h"

/* RELR came with glibc 2.36; an older <elf.h> does not name it. */
#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif

/* The smallest page of both machines: what the dynamic loader maps and protects in. */
#define PAGE_SIZE 4096u
/* Addresses past this are no plugin's, and sums below it cannot overflow. */
#define VADDR_MAX (1ull << 40)
#define DYNAMIC_MAX 512u

tn_status elf_damaged(struct err *err, const char *what)
{
    return err_set(
        err, TN_INVALID_ARGUMENT, "The file is damaged: %s is outside it or malformed.", what);
}

/* Segments */

const struct elf_segment *elf_segment_of(const struct elf *elf, uint64_t vaddr, uint64_t size)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *s = &elf->segments[i];
        if (vaddr >= s->vaddr && vaddr - s->vaddr < s->memory_size)
            return size <= s->memory_size - (vaddr - s->vaddr) ? s : NULL;
    }
    return NULL;
}

const uint8_t *elf_at(const struct elf *elf, uint64_t vaddr, uint64_t size)
{
    const struct elf_segment *s = elf_segment_of(elf, vaddr, size);
    if (!s)
        return NULL;
    uint64_t offset = vaddr - s->vaddr;
    if (offset > s->file_size || size > s->file_size - offset)
        return NULL;
    return elf->file.data + s->file_offset + offset;
}

const char *elf_string(const struct elf *elf, uint64_t vaddr, size_t size_max)
{
    const struct elf_segment *s = elf_segment_of(elf, vaddr, 1);
    if (!s || vaddr - s->vaddr >= s->file_size)
        return NULL;
    uint64_t offset = vaddr - s->vaddr;
    uint64_t room = s->file_size - offset;
    const uint8_t *start = elf->file.data + s->file_offset + offset;
    return memchr(start, 0, room < size_max ? room : size_max) ? (const char *)start : NULL;
}

/* The loader protects whole pages, so what lies in a page begun by it stays writable. */
static bool is_relro(const struct elf *elf, uint64_t vaddr, uint64_t size)
{
    uint64_t end = (elf->relro.vaddr + elf->relro.size) & ~(uint64_t)(PAGE_SIZE - 1);
    return vaddr >= elf->relro.vaddr && vaddr < end && size <= end - vaddr;
}

bool elf_is_constant(const struct elf *elf, uint64_t vaddr, uint64_t size)
{
    const struct elf_segment *s = elf_segment_of(elf, vaddr, size);
    return s && (!(s->flags & PF_W) || is_relro(elf, vaddr, size));
}

bool elf_is_variable(const struct elf *elf, uint64_t vaddr, uint64_t size)
{
    const struct elf_segment *s = elf_segment_of(elf, vaddr, size);
    uint64_t relro_end = elf->relro.vaddr + elf->relro.size;
    bool in_relro = vaddr < relro_end && vaddr + size > elf->relro.vaddr;
    return s && (s->flags & PF_W) && !in_relro;
}

bool elf_is_code(const struct elf *elf, uint64_t vaddr)
{
    const struct elf_segment *s = elf_segment_of(elf, vaddr, 1);
    return s && (s->flags & PF_X) && elf_at(elf, vaddr, 1);
}

/* Headers */

static bool is_after(const struct elf_segment *after, const struct elf_segment *before)
{
    uint64_t end = before->vaddr + before->memory_size;
    uint64_t end_page = (end + PAGE_SIZE - 1) / PAGE_SIZE;
    return end_page <= after->vaddr / PAGE_SIZE;
}

/* Segments that share a page would be mapped over each other: the loader sees other bytes. */
static tn_status add_segment(struct elf *elf, const Elf64_Phdr *header, struct err *err)
{
    const struct elf_segment s = {
        .vaddr = header->p_vaddr,
        .file_offset = header->p_offset,
        .file_size = header->p_filesz,
        .memory_size = header->p_memsz,
        .flags = header->p_flags,
    };

    if (elf->segment_count == ELF_SEGMENT_MAX || s.vaddr > VADDR_MAX || s.memory_size > VADDR_MAX ||
        s.file_size > s.memory_size || s.file_offset > elf->file.len ||
        s.file_size > elf->file.len - s.file_offset ||
        s.vaddr % PAGE_SIZE != s.file_offset % PAGE_SIZE)
        return elf_damaged(err, "PT_LOAD");
    if (elf->segment_count > 0 && !is_after(&s, &elf->segments[elf->segment_count - 1]))
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "The file is damaged: its segments overlap or are not in order.");
    if ((s.flags & PF_W) && (s.flags & PF_X))
        return err_set(
            err, TN_FAILED_PRECONDITION, "The file has a segment that is writable and executable.");
    elf->segments[elf->segment_count++] = s;
    return TN_OK;
}

static tn_status set_once(struct elf_table *table, const Elf64_Phdr *header, const char *what,
                          struct err *err)
{
    if (table->size || header->p_memsz == 0 || header->p_vaddr > VADDR_MAX ||
        header->p_memsz > VADDR_MAX)
        return elf_damaged(err, what);
    table->vaddr = header->p_vaddr;
    table->size = header->p_memsz;
    return TN_OK;
}

static tn_status read_program_header(struct elf *elf, const Elf64_Phdr *header,
                                     uint32_t *stack_count, struct err *err)
{
    switch (header->p_type) {
    case PT_LOAD:
        return add_segment(elf, header, err);
    case PT_DYNAMIC:
        return set_once(&elf->dynamic, header, "PT_DYNAMIC", err);
    case PT_GNU_RELRO:
        return set_once(&elf->relro, header, "PT_GNU_RELRO", err);
    case PT_GNU_STACK:
        if (header->p_flags & PF_X)
            return err_set(err, TN_FAILED_PRECONDITION, "The file asks for an executable stack.");
        (*stack_count)++;
        return TN_OK;
    case PT_INTERP:
        return err_set(err, TN_FAILED_PRECONDITION, "The file is a program, not a plugin.");
    default:
        return TN_OK;
    }
}

static tn_status read_program_headers(struct elf *elf, const Elf64_Ehdr *eh, struct err *err)
{
    uint32_t stack_count = 0;

    if (eh->e_phentsize != sizeof(Elf64_Phdr) || eh->e_phoff > elf->file.len ||
        eh->e_phnum * sizeof(Elf64_Phdr) > elf->file.len - eh->e_phoff)
        return elf_damaged(err, "e_phoff");
    /* Linkers put the sections last: a file that was cut short has lost their table, even where all
     * that is loaded is still there. */
    if (eh->e_shoff > elf->file.len ||
        (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr) > elf->file.len - eh->e_shoff)
        return elf_damaged(err, "e_shoff");
    for (uint32_t i = 0; i < eh->e_phnum; i++) {
        Elf64_Phdr header;

        memcpy(&header, elf->file.data + eh->e_phoff + i * sizeof(header), sizeof(header));
        TRY(read_program_header(elf, &header, &stack_count, err));
    }
    /* Without the header the loader gives every thread of the process such a stack. */
    if (stack_count == 0)
        return err_set(err, TN_FAILED_PRECONDITION, "The file asks for an executable stack.");
    return TN_OK;
}

static tn_status read_headers(struct elf *elf, struct err *err)
{
    Elf64_Ehdr eh;

    if (elf->file.len < sizeof(eh) || elf->file.len > ELF_FILE_SIZE_MAX ||
        memcmp(elf->file.data, ELFMAG, SELFMAG) != 0)
        return err_set(err, TN_INVALID_ARGUMENT, "The file is not an ELF shared object.");
    memcpy(&eh, elf->file.data, sizeof(eh));
    if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_ident[EI_DATA] != ELFDATA2LSB ||
        eh.e_type != ET_DYN)
        return err_set(err, TN_INVALID_ARGUMENT, "The file is not an ELF shared object.");
    if (eh.e_machine != EM_X86_64 && eh.e_machine != EM_AARCH64)
        return err_set(err,
                       TN_INVALID_ARGUMENT,
                       "The file is made for a machine that is not supported (number %u).",
                       (unsigned)eh.e_machine);
    elf->machine = eh.e_machine;
    return read_program_headers(elf, &eh, err);
}

/* The dynamic section */

static tn_status refuse_entry(struct err *err, const char *entry)
{
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "The file has a %s entry, which plugins must not have.",
                   entry);
}

tn_status elf_refuse_textrel(struct err *err)
{
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "The file has relocations in its code; compile all of it with -fPIC.");
}

tn_status elf_refuse_static_tls(struct err *err)
{
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "The file uses static thread-local storage, of which a process has little; "
                   "compile with -fPIC and without -ftls-model.");
}

tn_status elf_refuse_ifunc(struct err *err)
{
    return err_set(err,
                   TN_FAILED_PRECONDITION,
                   "The file has IFUNC symbols, whose resolvers run while it is loaded.");
}

static tn_status check_size(uint64_t value, uint64_t expected, const char *what, struct err *err)
{
    return value == expected ? TN_OK : elf_damaged(err, what);
}

/* DF_1_ bits other than these ask the loader to treat other objects differently. */
#define DF_1_ALLOWED (DF_1_NOW | DF_1_NODELETE)

static tn_status read_flags(const Elf64_Dyn *d, struct err *err)
{
    uint64_t value = d->d_un.d_val;

    if (d->d_tag == DT_FLAGS_1)
        return value & ~(uint64_t)DF_1_ALLOWED ? refuse_entry(err, "DT_FLAGS_1") : TN_OK;
    if (value & DF_TEXTREL)
        return elf_refuse_textrel(err);
    return value & DF_STATIC_TLS ? elf_refuse_static_tls(err) : TN_OK;
}

/* What would run early, search elsewhere, or stand in for other objects. */
static tn_status check_entry(const Elf64_Dyn *d, struct err *err)
{
    switch (d->d_tag) {
    case DT_TEXTREL:
        return elf_refuse_textrel(err);
    case DT_FLAGS:
    case DT_FLAGS_1:
        return read_flags(d, err);
    case DT_RPATH:
        return refuse_entry(err, "RPATH");
    case DT_RUNPATH:
        return refuse_entry(err, "RUNPATH");
    case DT_PREINIT_ARRAY:
        return refuse_entry(err, "PREINIT_ARRAY");
    case DT_AUXILIARY:
        return refuse_entry(err, "AUXILIARY");
    case DT_FILTER:
        return refuse_entry(err, "FILTER");
    case DT_AUDIT:
    case DT_DEPAUDIT:
        return refuse_entry(err, "AUDIT");
    case DT_REL:
        return refuse_entry(err, "REL");
    case DT_RELAENT:
        return check_size(d->d_un.d_val, sizeof(Elf64_Rela), "DT_RELAENT", err);
    case DT_SYMENT:
        return check_size(d->d_un.d_val, sizeof(Elf64_Sym), "DT_SYMENT", err);
    case DT_RELRENT:
        return check_size(d->d_un.d_val, sizeof(uint64_t), "DT_RELRENT", err);
    case DT_PLTREL:
        return check_size(d->d_un.d_val, DT_RELA, "DT_PLTREL", err);
    default:
        return TN_OK;
    }
}

/* The number of an entry that is wanted; the loader, too, lets the last one count. */
static uint64_t *entry_place(struct elf *elf, int64_t tag)
{
    switch (tag) {
    case DT_SYMTAB:
        return &elf->symbols;
    case DT_STRTAB:
        return &elf->strings.vaddr;
    case DT_STRSZ:
        return &elf->strings.size;
    case DT_HASH:
        return &elf->hash;
    case DT_GNU_HASH:
        return &elf->gnu_hash;
    case DT_RELA:
        return &elf->rela.vaddr;
    case DT_RELASZ:
        return &elf->rela.size;
    case DT_JMPREL:
        return &elf->plt.vaddr;
    case DT_PLTRELSZ:
        return &elf->plt.size;
    case DT_RELR:
        return &elf->relr.vaddr;
    case DT_RELRSZ:
        return &elf->relr.size;
    case DT_INIT_ARRAYSZ:
        return &elf->constructor_size;
    case DT_SONAME:
        elf->has_soname = true;
        return &elf->soname;
    default:
        return NULL;
    }
}

static tn_status read_dynamic(struct elf *elf, struct err *err)
{
    uint64_t count = elf->dynamic.size / sizeof(Elf64_Dyn);

    if (count == 0 || count > DYNAMIC_MAX ||
        !elf_at(elf, elf->dynamic.vaddr, count * sizeof(Elf64_Dyn)))
        return elf_damaged(err, "PT_DYNAMIC");
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Dyn d;

        memcpy(&d, elf_at(elf, elf->dynamic.vaddr + i * sizeof(d), sizeof(d)), sizeof(d));
        if (d.d_tag == DT_NULL)
            return TN_OK;
        TRY(check_entry(&d, err));
        if (d.d_tag == DT_NEEDED) {
            if (elf->library_count == ELF_LIBRARY_MAX)
                return err_set(err,
                               TN_FAILED_PRECONDITION,
                               "The file needs more than %u libraries.",
                               ELF_LIBRARY_MAX);
            elf->library_names[elf->library_count++] = d.d_un.d_val;
            continue;
        }
        uint64_t *place = entry_place(elf, d.d_tag);
        if (place)
            *place = d.d_un.d_val;
    }
    return elf_damaged(err, "PT_DYNAMIC"); /* no DT_NULL: the loader would read on */
}

/* A string of the string table; NULL if it is not all in it. */
static const char *string_of(const struct elf *elf, uint64_t offset)
{
    if (offset >= elf->strings.size)
        return NULL;
    uint64_t room = elf->strings.size - offset;
    return elf_string(
        elf, elf->strings.vaddr + offset, room < ELF_NAME_SIZE_MAX ? room : ELF_NAME_SIZE_MAX);
}

static tn_status check_dynamic(const struct elf *elf, struct err *err)
{
    if (!elf_at(elf, elf->strings.vaddr, elf->strings.size) || elf->strings.size == 0)
        return elf_damaged(err, "DT_STRTAB");
    for (uint32_t i = 0; i < elf->library_count; i++)
        if (!string_of(elf, elf->library_names[i]))
            return elf_damaged(err, "DT_NEEDED");
    if (elf->has_soname && !string_of(elf, elf->soname))
        return elf_damaged(err, "DT_SONAME");
    if (elf->constructor_size > elf->file.len)
        return elf_damaged(err, "DT_INIT_ARRAYSZ");
    return TN_OK;
}

/* Symbols */

static bool read_words(const struct elf *elf, uint64_t vaddr, uint32_t *words, uint32_t count)
{
    const uint8_t *p = elf_at(elf, vaddr, count * sizeof(uint32_t));
    if (p)
        memcpy(words, p, count * sizeof(uint32_t));
    return p != NULL;
}

/* The GNU table does not say how many symbols there are: the last chain's end does. */
static tn_status count_gnu_symbols(const struct elf *elf, uint32_t *ret_count, struct err *err)
{
    uint32_t head[4]; /* buckets, first hashed symbol, bloom words, bloom shift */
    uint32_t last = 0;

    if (!read_words(elf, elf->gnu_hash, head, 4) || head[0] == 0 || head[0] > ELF_SYMBOL_MAX ||
        head[1] > ELF_SYMBOL_MAX || head[2] > ELF_SYMBOL_MAX)
        return elf_damaged(err, "DT_GNU_HASH");
    uint64_t buckets = elf->gnu_hash + sizeof(head) + 8ull * head[2];
    uint64_t chains = buckets + 4ull * head[0];
    for (uint32_t i = 0; i < head[0]; i++) {
        uint32_t bucket;

        if (!read_words(elf, buckets + 4ull * i, &bucket, 1) || (bucket && bucket < head[1]))
            return elf_damaged(err, "DT_GNU_HASH");
        last = bucket > last ? bucket : last;
    }
    if (last == 0) { /* nothing is hashed */
        *ret_count = head[1];
        return TN_OK;
    }
    for (; last < ELF_SYMBOL_MAX; last++) {
        uint32_t hash;

        if (!read_words(elf, chains + 4ull * (last - head[1]), &hash, 1))
            break;
        if (hash & 1) {
            *ret_count = last + 1;
            return TN_OK;
        }
    }
    return elf_damaged(err, "DT_GNU_HASH");
}

/* Of two tables the larger counts, so that neither hides a symbol that the other finds. */
static tn_status count_symbols(struct elf *elf, struct err *err)
{
    uint32_t count = 0;

    if (elf->gnu_hash)
        TRY(count_gnu_symbols(elf, &count, err));
    if (elf->hash) {
        uint32_t head[2]; /* buckets, symbols */

        if (!read_words(elf, elf->hash, head, 2) || head[1] > ELF_SYMBOL_MAX)
            return elf_damaged(err, "DT_HASH");
        count = head[1] > count ? head[1] : count;
    }
    if (count == 0 || !elf_at(elf, elf->symbols, count * sizeof(Elf64_Sym)))
        return elf_damaged(err, "DT_SYMTAB");
    elf->symbol_count = count;
    return TN_OK;
}

tn_status elf_raw_symbol(const struct elf *elf, uint32_t index, Elf64_Sym *ret_raw,
                         const char **ret_name, struct err *err)
{
    Elf64_Sym raw;

    if (index >= elf->symbol_count)
        return elf_damaged(err, "DT_SYMTAB");
    memcpy(&raw, elf_at(elf, elf->symbols + index * sizeof(raw), sizeof(raw)), sizeof(raw));
    const char *name = string_of(elf, raw.st_name);
    if (!name)
        return elf_damaged(err, "DT_STRTAB");
    *ret_raw = raw;
    *ret_name = name;
    return TN_OK;
}

tn_status elf_symbol(const struct elf *elf, uint32_t index, struct elf_symbol *ret_symbol,
                     struct err *err)
{
    Elf64_Sym raw;
    const char *name;

    TRY(elf_raw_symbol(elf, index, &raw, &name, err));
    unsigned bind = ELF64_ST_BIND(raw.st_info);
    unsigned visibility = ELF64_ST_VISIBILITY(raw.st_other);
    ret_symbol->name = name;
    ret_symbol->vaddr = raw.st_value;
    ret_symbol->size = raw.st_size;
    ret_symbol->is_import = raw.st_shndx == SHN_UNDEF;
    ret_symbol->is_export = raw.st_shndx != SHN_UNDEF && bind != STB_LOCAL &&
                            (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
    ret_symbol->is_data = ELF64_ST_TYPE(raw.st_info) == STT_OBJECT && raw.st_shndx != SHN_ABS;
    return TN_OK;
}

static tn_status check_symbols(const struct elf *elf, struct err *err)
{
    for (uint32_t i = 1; i < elf->symbol_count; i++) {
        Elf64_Sym raw;
        const char *name;

        TRY(elf_raw_symbol(elf, i, &raw, &name, err));
        if (ELF64_ST_BIND(raw.st_info) == STB_GNU_UNIQUE)
            return err_set(err,
                           TN_FAILED_PRECONDITION,
                           "Symbol '%s' is unique in the process and would outlive its plugin; "
                           "compile with -fno-gnu-unique.",
                           name);
        if (ELF64_ST_TYPE(raw.st_info) == STT_GNU_IFUNC && raw.st_shndx != SHN_UNDEF)
            return elf_refuse_ifunc(err);
    }
    return TN_OK;
}

/* The object */

static tn_status read_all(struct elf *elf, struct err *err)
{
    TRY(read_headers(elf, err));
    TRY(read_dynamic(elf, err));
    TRY(check_dynamic(elf, err));
    TRY(count_symbols(elf, err));
    TRY(check_symbols(elf, err));
    return elf_read_relocations(elf, err);
}

tn_status elf_open(struct tn_bytes file, struct elf **ret_elf, struct err *err)
{
    CLEANUP(elf_destroy_p) struct elf *elf = mem_new(struct elf);

    if (!elf)
        return err_memory(err, "a plugin file");
    elf->file = file;
    TRY(read_all(elf, err));
    *ret_elf = TAKE(elf);
    return TN_OK;
}

void elf_destroy(struct elf *elf)
{
    if (!elf)
        return;
    mem_free(elf->pointers);
    mem_free(elf);
}

uint16_t elf_machine(const struct elf *elf)
{
    return elf->machine;
}

uint32_t elf_constructor_count(const struct elf *elf)
{
    return (uint32_t)(elf->constructor_size / sizeof(uint64_t));
}

uint32_t elf_library_count(const struct elf *elf)
{
    return elf->library_count;
}

const char *elf_library(const struct elf *elf, uint32_t index)
{
    return string_of(elf, elf->library_names[index]);
}

const char *elf_soname(const struct elf *elf)
{
    return elf->has_soname ? string_of(elf, elf->soname) : NULL;
}

uint32_t elf_symbol_count(const struct elf *elf)
{
    return elf->symbol_count;
}
