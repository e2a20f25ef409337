/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_damage_test.c - files that are cut, flipped or edited: whatever they say,
 * reading them touches nothing outside them (the sanitizers watch) and an edit that
 * the dynamic loader would act upon is refused.
 */
#include "core/plugin/manifest.h"

#include <stdlib.h>

#include "tests/abi/sample.h"
#include "tests/unit/check.h"

#define FLIP_COUNT 10000u

static tn_status read_edit(const struct sample_edit *e, struct err *err)
{
    struct manifest *manifest = NULL;

    err_init(err, NULL);
    tn_status status = manifest_read((struct tn_bytes){e->data, e->len}, NULL, &manifest, err);
    assert_true((status == TN_OK) == (manifest != NULL));
    assert_true(status == TN_OK || err->message[0] != '\0');
    manifest_destroy(manifest);
    return status;
}

static void expect_refusal(struct sample_edit *e, const char *part)
{
    struct err err;

    tn_status status = read_edit(e, &err);
    if (status == TN_OK || !strstr(err.message, part))
        fail_msg("wanted '%s', got %s: %s", part, err_status_name(status), err.message);
    free(e->data);
}

static void every_cut_file_is_refused(void **state)
{
    struct sample_edit whole = sample_edit("visits");
    struct err err;
    Elf64_Phdr *dynamic = sample_segment(&whole, PT_DYNAMIC);
    size_t needed = dynamic->p_offset + dynamic->p_filesz; /* what follows may be debug data */

    (void)state;
    for (size_t len = 0; len < whole.len; len += 64) {
        struct sample_edit cut = {malloc(len ? len : 1), len};

        assert_non_null(cut.data);
        memcpy(cut.data, whole.data, len);
        tn_status status = read_edit(&cut, &err);
        if (len < needed)
            assert_int_not_equal(status, TN_OK);
        free(cut.data);
    }
    assert_int_equal(read_edit(&whole, &err), TN_OK);
    free(whole.data);
}

/* xorshift64: the same flips on every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void flipped_bytes_never_lead_outside_the_file(void **state)
{
    struct sample_edit e = sample_edit("visits");
    uint64_t random = 0x9e3779b97f4a7c15u;
    unsigned refused_count = 0;
    struct err err;

    (void)state;
    for (unsigned i = 0; i < FLIP_COUNT; i++) {
        uint8_t *byte = &e.data[next_random(&random) % e.len];
        uint8_t old = *byte;

        *byte = (uint8_t)(old ^ (1 + next_random(&random) % 255));
        refused_count += read_edit(&e, &err) != TN_OK;
        *byte = old;
    }
    /* Much of a small file is padding and names of sections. */
    assert_in_range(refused_count, FLIP_COUNT / 100, FLIP_COUNT);
    assert_int_equal(read_edit(&e, &err), TN_OK);
    free(e.data);
}

/* The first bytes of every table, where each flip matters. */
static void flipped_headers_never_lead_outside_the_file(void **state)
{
    struct sample_edit e = sample_edit("visits");
    Elf64_Phdr *dynamic = sample_segment(&e, PT_DYNAMIC);
    const struct {
        size_t at;
        size_t len;
    } tables[] = {
        {0, sizeof(Elf64_Ehdr) + 16 * sizeof(Elf64_Phdr)},
        {dynamic->p_offset, dynamic->p_filesz},
        {sample_dynamic(&e, DT_RELA)->d_un.d_ptr, 256},
        {sample_dynamic(&e, DT_SYMTAB)->d_un.d_ptr, 256},
        {sample_dynamic(&e, DT_GNU_HASH)->d_un.d_ptr, 64},
    };
    static const uint8_t masks[] = {0x01, 0x08, 0x80, 0xff};
    struct err err;
    unsigned refused_count = 0;

    (void)state;
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (size_t i = tables[t].at; i < tables[t].at + tables[t].len; i++)
            for (size_t m = 0; m < sizeof(masks); m++) {
                assert_in_range(i, 0, e.len - 1);
                e.data[i] ^= masks[m];
                refused_count += read_edit(&e, &err) != TN_OK;
                e.data[i] ^= masks[m];
            }
    assert_true(refused_count > 1000);
    free(e.data);
}

static void early_code_is_refused(void **state)
{
    static const struct {
        int64_t tag;
        const char *part;
    } tags[] = {
        {DT_PREINIT_ARRAY, "PREINIT_ARRAY"},
        {DT_AUXILIARY, "AUXILIARY"},
        {DT_FILTER, "FILTER"},
        {DT_AUDIT, "AUDIT"},
        {DT_DEPAUDIT, "AUDIT"},
        {DT_TEXTREL, "relocations in its code"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        struct sample_edit e = sample_edit("visits");

        sample_dynamic(&e, DT_FINI)->d_tag = tags[i].tag;
        expect_refusal(&e, tags[i].part);
    }
}

static void other_kinds_of_files_are_refused(void **state)
{
    struct sample_edit e = sample_edit("visits");
    (void)state;
    ((Elf64_Ehdr *)(void *)e.data)->e_machine = EM_RISCV;
    expect_refusal(&e, "number 243");
    e = sample_edit("visits");
    ((Elf64_Ehdr *)(void *)e.data)->e_type = ET_EXEC;
    expect_refusal(&e, "not an ELF shared object");
    e = sample_edit("visits");
    e.data[EI_CLASS] = ELFCLASS32;
    expect_refusal(&e, "not an ELF shared object");
    e = sample_edit("visits");
    sample_segment(&e, PT_NOTE)->p_type = PT_INTERP;
    expect_refusal(&e, "is a program");
}

static void segments_that_the_loader_sees_otherwise_are_refused(void **state)
{
    struct sample_edit e = sample_edit("visits");
    (void)state;
    sample_segment(&e, PT_LOAD)->p_flags = PF_R | PF_W | PF_X;
    expect_refusal(&e, "writable and executable");
    e = sample_edit("visits");
    sample_segment(&e, PT_LOAD)->p_memsz = 1u << 20; /* over the next one */
    expect_refusal(&e, "segments overlap");
    e = sample_edit("visits");
    sample_segment(&e, PT_LOAD)->p_vaddr = 8;
    expect_refusal(&e, "PT_LOAD");
    e = sample_edit("visits");
    sample_segment(&e, PT_GNU_STACK)->p_type = PT_NULL;
    expect_refusal(&e, "executable stack");
    e = sample_edit("visits");
    sample_segment(&e, PT_GNU_STACK)->p_flags |= PF_X;
    expect_refusal(&e, "executable stack");
    e = sample_edit("visits");
    sample_segment(&e, PT_NOTE)->p_type = PT_DYNAMIC;
    expect_refusal(&e, "PT_DYNAMIC");
}

static void relocations_that_leave_room_for_doubt_are_refused(void **state)
{
    struct sample_edit e = sample_edit("visits");
    (void)state;
    sample_relocations(&e)[0].r_offset = sample_relocations(&e)[1].r_offset;
    expect_refusal(&e, "two relocations overlap");
    e = sample_edit("visits");
    sample_relocations(&e)[0].r_offset = 0; /* the ELF header: read-only */
    expect_refusal(&e, "relocations in its code");
    e = sample_edit("visits");
    sample_relocations(&e)[0].r_offset = UINT64_MAX - 3;
    expect_refusal(&e, "r_offset");
    e = sample_edit("visits");
    sample_relocations(&e)[0].r_info = ELF64_R_INFO(0, 200);
    expect_refusal(&e, "(200)");
    e = sample_edit("visits");
    sample_relocations(&e)[0].r_info = ELF64_R_INFO(
        0xffffff,
        ((Elf64_Ehdr *)(void *)e.data)->e_machine == EM_X86_64 ? R_X86_64_64 : R_AARCH64_ABS64);
    expect_refusal(&e, "DT_SYMTAB");
}

static void a_failed_allocation_is_reported_and_leaks_nothing(void **state)
{
    struct sample_edit e = sample_edit("visits");
    struct err err;

    (void)state;
    for (unsigned nth = 1; nth < 1000; nth++) {
        mem_fail_at(nth);
        tn_status status = read_edit(&e, &err);
        mem_fail_never();
        if (status == TN_OK) {
            assert_true(nth > 3);
            free(e.data);
            return;
        }
        assert_int_equal(status, TN_RESOURCE_EXHAUSTED);
    }
    fail_msg("reading takes more than 999 allocations");
}

int manifest_damage_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_file_is_refused),
        cmocka_unit_test(flipped_bytes_never_lead_outside_the_file),
        cmocka_unit_test(flipped_headers_never_lead_outside_the_file),
        cmocka_unit_test(early_code_is_refused),
        cmocka_unit_test(other_kinds_of_files_are_refused),
        cmocka_unit_test(segments_that_the_loader_sees_otherwise_are_refused),
        cmocka_unit_test(relocations_that_leave_room_for_doubt_are_refused),
        cmocka_unit_test(a_failed_allocation_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
