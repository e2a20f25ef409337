/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden_test.c - every refusal reads as refusals.txt says, in English and in French.
 * GOLDEN_WRITE=1 writes the file instead.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "tests/golden/areas.h"
#include "tests/unit/check.h"

#define OPEN_FOLDERS_MAX 16

struct run {
    struct golden *g;
    unsigned fault_count;
    char folder[64]; /* the working directory meanwhile */
};

static const struct {
    const char *name;
    void (*run)(struct golden *g);
} areas[] = {
    {"configuration", area_configuration},
    {"values", area_values},
    {"declarations", area_declarations},
    {"files", area_files},
    {"check", area_check},
    {"records", area_records},
    {"desk", area_desk},
    {"calls", area_calls},
    {"bus", area_bus},
    {"store", area_store},
    {"client", area_client},
    {"commands", area_commands},
    {"plugins", area_plugins},
    {"isolated", area_isolated},
    {"transactions", area_transactions},
    {"damage", area_damage},
    {"writes", area_writes},
    {"starts", area_starts},
    {"licences", area_licences},
    {"protocol", area_protocol},
};

/* Of a plugin's texts: labels and options are none. */
static bool is_sentence(const char *english)
{
    size_t len = strlen(english);

    return len > 0 && english[len - 1] == '.';
}

static void add_texts(struct golden *g)
{
    size_t count = 0;
    const struct text_pair *pairs = text_pairs(&count);

    golden_add_texts(g, "core/base/text_fr.c", pairs, count, NULL);
    pairs = texts_of_contacts(&count);
    golden_add_texts(g, "plugins/contacts/texts.h", pairs, count, is_sentence);
    pairs = texts_of_pipelines(&count);
    golden_add_texts(g, "plugins/pipelines/texts.h", pairs, count, is_sentence);
    pairs = texts_of_tickets(&count);
    golden_add_texts(g, "plugins/tickets/texts.h", pairs, count, is_sentence);
}

static int set_up(void **state)
{
    struct run *run = calloc(1, sizeof(*run));

    assert_non_null(run);
    *state = run;
    (void)snprintf(run->folder, sizeof(run->folder), "/tmp/golden_test_XXXXXX");
    assert_non_null(mkdtemp(run->folder));
    assert_int_equal(chdir(run->folder), 0);
    run->g = golden_create();
    add_texts(run->g);
    for (size_t i = 0; i < COUNT_OF(areas); i++) {
        const char *only = getenv("GOLDEN_AREA");

        if (!only || strcmp(only, areas[i].name) == 0)
            areas[i].run(run->g);
    }
    run->fault_count = golden_finish(run->g, unreached, unreached_count);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int tear_down(void **state)
{
    struct run *run = *state;

    assert_int_equal(chdir("/"), 0);
    (void)nftw(run->folder, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    golden_destroy(run->g);
    free(run);
    return 0;
}

static void every_refusal_reads_as_the_file_says(void **state)
{
    const struct run *run = *state;
    const char *rewrites = getenv("GOLDEN_WRITE");

    assert_true(golden_compare(run->g, GOLDEN_FILE, rewrites && rewrites[0] == '1'));
}

static void every_text_is_reached_and_translated(void **state)
{
    const struct run *run = *state;

    assert_int_equal(run->fault_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_reads_as_the_file_says),
        cmocka_unit_test(every_text_is_reached_and_translated),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
