/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins built with the recorded headers of an older minor version run in today's host: data
 * alone, a hook, a setting, a method, a refusal and its translation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plugin/manifest.h"
#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define MACHINES MADE "machines_minor_0.so"
#define VISITS MADE "visits_minor_0.so"
#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct bench *open_recorded(void)
{
    struct bench *b = bench_open_in(FILES(MACHINES, VISITS), NULL, "fr");

    bench_all_run(b);
    return b;
}

static uint32_t minor_of(const char *path)
{
    static uint8_t bytes[1 << 20];
    CLEANUP(manifest_destroy_p) struct manifest *manifest = NULL;
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(manifest_read((struct tn_bytes){bytes, len}, NULL, &manifest, NULL), TN_OK);
    assert_null(manifest->plugin.hub);
    return manifest->plugin.minor;
}

static tn_id make_visit(struct bench *b)
{
    tn_id id = 0;

    assert_int_equal(bench_create(b, "visits", BENCH_VALUES("subject", "Oil"), &id), TN_OK);
    return id;
}

static void they_are_what_was_recorded(void **state)
{
    (void)state;
    assert_int_equal(minor_of(MACHINES), 0);
    assert_int_equal(minor_of(VISITS), 0);
}

static void a_hook_of_an_older_minor_reads_its_setting_and_writes(void **state)
{
    struct bench *b = open_recorded();
    tn_id id = make_visit(b);

    (void)state;
    assert_string_not_equal(bench_read(b, "visits", id, "due_at"), "");
    assert_int_equal(bench_update(b, "visits", id, BENCH_VALUES("status", "closed")), TN_OK);
    assert_string_not_equal(bench_read(b, "visits", id, "closed_at"), "");
    bench_close(b);
}

static void a_hook_of_an_older_minor_refuses_in_the_callers_language(void **state)
{
    struct bench *b = open_recorded();
    tn_id id = make_visit(b);

    (void)state;
    assert_int_equal(bench_update(b, "visits", id, BENCH_VALUES("status", "closed")), TN_OK);
    assert_int_equal(bench_update(b, "visits", id, BENCH_VALUES("status", "new")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "status", "closed_is_final"));
    assert_non_null(strstr(b->err.message, "Une visite close le reste."));
    bench_close(b);
}

static void a_method_of_an_older_minor_creates_and_links(void **state)
{
    struct bench *b = open_recorded();
    struct buf request = {0};
    struct buf response = {0};
    struct tn_bytes rest;
    struct wire_field field;
    tn_id machine = 0;

    (void)state;
    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("serial", "M1"), &machine), TN_OK);
    assert_int_equal(wire_add_varint(&request, 1, machine), TN_OK);
    assert_int_equal(wire_add_text(&request, 2, "Oil"), TN_OK);
    assert_int_equal(
        bench_call(b, "org.example.visits.v1.Visits/Plan", buf_bytes(&request), &response), TN_OK);
    rest = buf_bytes(&response);
    assert_int_equal(wire_next(&rest, &field), TN_OK);
    assert_int_equal(bench_linked(b, "visits", field.number, "visit_to_machine"), machine);
    assert_string_equal(bench_read(b, "visits", field.number, "subject"), "Oil");
    buf_fini(&request);
    buf_fini(&response);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_what_was_recorded),
        cmocka_unit_test(a_hook_of_an_older_minor_reads_its_setting_and_writes),
        cmocka_unit_test(a_hook_of_an_older_minor_refuses_in_the_callers_language),
        cmocka_unit_test(a_method_of_an_older_minor_creates_and_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
