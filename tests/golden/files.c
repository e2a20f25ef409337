/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - files that are no plugins, or are built, linked or damaged in a way that is refused. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/plugin/file.h"
#include "core/plugin/manifest.h"
#include "tests/abi/sample.h"
#include "tests/golden/areas.h"
#include "tests/unit/check.h"

/* tests/abi/samples/wrong.c, built with -DWRONG=this or the flag named. */
static const struct {
    const char *sample;
    const char *title;
} samples[] = {
    {"MAGIC", "another magic number"},
    {"RUN_TIME", "a constant that a constructor fills"},
    {"NEWER_MINOR", "a newer minor version of the ABI"},
    {"OLDER_MINOR", "a member that came after the minor version it says"},
    {"TAIL_NUMBER", "a longer struct whose tail says something"},
    {"LONG_ROW", "a longer row whose tail says something"},
    {"UNKNOWN_FLAG", "a flag of a newer host"},
    {"IMPORTED_FUNCTION", "a function of another library"},
    {"DATA_AS_FUNCTION", "data as a function"},
    {"CONSTANT_SLOT", "a constant as the place of a need"},
    {"ABSOLUTE_STRING", "a number as a text"},
    {"NOT_UTF8", "a label in Latin-1"},
    {"WRITABLE_LIST", "a list that is not const"},
    {"SECOND_EXPORT", "a second exported symbol"},
    {"IFUNC", "an indirect function"},
    {"STATIC_TLS", "static thread-local storage"},
    {"SHORT_STRUCT", "a shorter struct than the first ABI's"},
    {"TEXT_RELOCATION", "-Wl,-z,notext"},
    {"EXEC_STACK", "-Wl,-z,execstack"},
    {"RUNPATH", "-Wl,--enable-new-dtags,-rpath,/tmp"},
    {"INTERPOSE", "-Wl,-z,interpose"},
    {"NO_RELRO", "-Wl,-z,norelro"},
    {"LIBRARY", "-l:libdl.so.2"},
    {"SONAME", "-Wl,-soname,libm.so.6"},
    {"UNIQUE", "g++ without -fno-gnu-unique"},
};

/* What an edit is told: the file, its constant, and where that is loaded. */
struct damaged {
    struct sample_edit *e;
    struct tn_plugin *plugin; /* its pointers are zero: relocations fill them */
    Elf64_Rela *first;        /* relocation of the constant's members */
    Elf64_Sym *symbol;
};

/* The relocation of a member of the constant. */
static Elf64_Rela *relocation_of(const struct damaged *d, size_t member)
{
    Elf64_Rela *r = d->first;

    while (r->r_offset != d->symbol->st_value + member)
        r++;
    return r;
}

#define HEADER(e) ((Elf64_Ehdr *)(void *)(e)->data)
#define MEMBER(name) offsetof(struct tn_plugin, name)

#define EDITS(X)                                                                                   \
    X("a file for RISC-V", machine, HEADER(d->e)->e_machine = EM_RISCV)                            \
    X("a program of fixed place", type, HEADER(d->e)->e_type = ET_EXEC)                            \
    X("a program", interpreter, sample_segment(d->e, PT_NOTE)->p_type = PT_INTERP)                 \
    X("a file that is cut", cut, d->e->len = 4096)                                                 \
    X("code that can be written", writable, sample_segment(d->e, PT_LOAD)->p_flags |= PF_W | PF_X) \
    X("segments over each other", overlap, sample_segment(d->e, PT_LOAD)->p_memsz = 1u << 20)      \
    X("code that runs before all other",                                                           \
      early,                                                                                       \
      sample_dynamic(d->e, DT_FINI)->d_tag = DT_PREINIT_ARRAY)                                     \
    X("two relocations of one place", twice, d->first[0].r_offset = d->first[1].r_offset)          \
    X("a relocation outside the file", place, d->first[0].r_offset = UINT64_MAX - 3)               \
    X("a relocation that no plugin has", unknown, d->first[0].r_info = ELF64_R_INFO(0, 200))       \
    X("a function named tenon_plugin_v1",                                                          \
      function,                                                                                    \
      d->symbol->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC))                                    \
    X("tenon_plugin_v1 of somebody else", undefined, d->symbol->st_shndx = SHN_UNDEF)              \
    X("rows of three bytes", row, d->plugin->types.item_size = 3)                                  \
    X("more rows than the file has", rows, d->plugin->types.count = 100000)                        \
    X("a text outside the file", text, relocation_of(d, MEMBER(id))->r_addend = 0x7fffffff)

#define AS_FUNCTION(title, name, ...)                  \
    static void damage_##name(const struct damaged *d) \
    {                                                  \
        __VA_ARGS__;                                   \
    }
#define AS_CASE(title, name, ...) {title, #__VA_ARGS__, damage_##name},

EDITS(AS_FUNCTION)

static const struct damage {
    const char *title;
    const char *how;
    void (*run)(const struct damaged *d);
} damages[] = {EDITS(AS_CASE)};

static tn_status read_manifest(void *ctx, struct err *err)
{
    const struct sample_edit *e = ctx;
    struct manifest *manifest = NULL;

    return manifest_read((struct tn_bytes){e->data, e->len}, NULL, &manifest, err);
}

static void note_sample(struct golden *g, const char *title, const char *name)
{
    struct sample_edit e = sample_edit(name);
    char how[128];

    (void)snprintf(how, sizeof(how), "tenon plugin check %s.so", name);
    golden_run(g, title, how, read_manifest, &e);
    free(e.data);
}

static void note_damage(struct golden *g, const struct damage *damage)
{
    struct sample_edit e = sample_edit("visits");
    Elf64_Sym *symbol = sample_symbol(&e, "tenon_plugin_v1");
    const struct damaged d = {&e,
                              (struct tn_plugin *)(void *)sample_at(&e, symbol->st_value),
                              sample_relocations(&e),
                              symbol};

    damage->run(&d);
    golden_run(g, damage->title, damage->how, read_manifest, &e);
    free(e.data);
}

/* Files and folders */

static tn_status read_text(void *ctx, struct err *err)
{
    static uint8_t script[] = "#!/bin/sh\nexit 0\n";
    struct sample_edit e = {script, sizeof(script)};

    (void)ctx;
    return read_manifest(&e, err);
}

static tn_status read_path(void *ctx, struct err *err)
{
    struct buf out = {0};
    tn_status st = file_read(ctx, 16, &out, err);

    buf_fini(&out);
    return st;
}

static tn_status clear_shared(void *ctx, struct err *err)
{
    return file_clear_dir(ctx, err);
}

void area_files(struct golden *g)
{
    char none[] = "none.so";
    char folder[] = "/";
    char large[] = "large.so";
    char shared[] = "shared";

    golden_area(g, "Files of plugins (d: the file's tables)");
    golden_run(g, "a script", "tenon plugin check script.so", read_text, NULL);
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        note_sample(g, samples[i].title, samples[i].sample);
    for (size_t i = 0; i < COUNT_OF(damages); i++)
        note_damage(g, &damages[i]);

    FILE *file = fopen(large, "wb");
    assert_non_null(file);
    assert_true(fputs("more than is taken here", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(mkdir(shared, 0700), 0);
    assert_int_equal(chmod(shared, 0777), 0);
    golden_run(g, "a file that is not there", none, read_path, none);
    golden_run(g, "a folder as a file", folder, read_path, folder);
    golden_run(g, "a file that is too large (here: 16 bytes)", large, read_path, large);
    golden_run(g, "a work folder that all may write", "mkdir -m 777 shared", clear_shared, shared);
}
