/* SPDX-License-Identifier: Apache-2.0 */
/* harness_test.c - hosts for plugins' tests: what they match, and what they say when they fail. */
#include <stdlib.h>
#include <string.h>

#include <tenon/harness.h>

#include "tests/unit/check.h"

static void answers_match_what_has_at_least_what_is_expected(void **state)
{
    (void)state;
    assert_true(tenon_harness_matches("{'a': 1}", "{\"a\": 1, \"b\": 2}"));
    assert_true(tenon_harness_matches("{'a': '1'}", "{\"a\": 1}"));
    assert_true(
        tenon_harness_matches("{'a': {'b': [1, 2]}}", "{\"a\": {\"b\": [1, 2], \"c\": 0}}"));
    assert_true(tenon_harness_matches("{'a': 0, 'b': '', 'c': false, 'd': null}", "{}"));
    assert_true(
        tenon_harness_matches("{'it\\'s': 'a \"word\"'}", "{\"it's\": \"a \\\"word\\\"\"}"));
}

static void answers_do_not_match_what_they_lack(void **state)
{
    (void)state;
    assert_false(tenon_harness_matches("{'a': 1}", "{\"a\": 2}"));
    assert_false(tenon_harness_matches("{'a': 1}", "{}"));
    assert_false(tenon_harness_matches("{'a': [1]}", "{\"a\": [1, 2]}"));
    assert_false(tenon_harness_matches("{'a': [2, 1]}", "{\"a\": [1, 2]}"));
    assert_false(tenon_harness_matches("{'a': {}}", "{\"a\": 1}"));
    assert_false(tenon_harness_matches("{'a': 1", "{\"a\": 1}"));
    assert_false(tenon_harness_matches("{'a': 1}", "no JSON"));
}

static void properties_match_by_name_as_a_person_writes_them(void **state)
{
    const char *record =
        "{\"properties\": [{\"name\": \"n\", \"value\": {\"number\": {\"mantissa\": 95,"
        " \"exponent\": -1}}}, {\"name\": \"d\", \"value\": {\"date\": 0}},"
        " {\"name\": \"b\", \"value\": {\"boolean\": false}}]}";

    (void)state;
    assert_true(tenon_harness_matches("{'properties': {'n': '9.5', 'd': '1970-01-01'}}", record));
    assert_true(tenon_harness_matches("{'properties': {'b': false, 'x': null}}", record));
    assert_false(tenon_harness_matches("{'properties': {'n': '9.50001'}}", record));
    assert_false(tenon_harness_matches("{'properties': {'n': null}}", record));
    assert_false(tenon_harness_matches("{'properties': {'x': ''}}", record));
}

static struct tenon_harness *start(const char *plugin)
{
    const struct tenon_harness_options options = {.plugins = &plugin, .plugin_count = 1};
    struct tenon_harness *harness = NULL;

    assert_int_equal(tenon_harness_create(&options, &harness), TN_OK);
    assert_int_equal(tenon_harness_start(harness), TN_OK);
    return harness;
}

static void data_outlive_a_stop_and_a_kill(void **state)
{
    struct tenon_harness *harness = start(MACHINES);
    uint64_t site = tenon_test_create(harness, "sites", "{'name': '%s'}", "North");

    (void)state;
    assert_int_equal(tenon_harness_start(harness), TN_FAILED_PRECONDITION);
    tenon_test_restart(harness);
    tenon_test_record(harness, "sites", site, "{'name': 'North'}");
    assert_int_equal(tenon_harness_kill(harness), TN_OK);
    assert_int_equal(tenon_harness_kill(harness), TN_FAILED_PRECONDITION);
    assert_int_equal(tenon_harness_stop(harness), TN_FAILED_PRECONDITION);
    assert_int_equal(tenon_harness_start(harness), TN_OK);
    tenon_test_record(harness, "sites", site, "{'name': 'North'}");
    assert_int_equal(tenon_test_end(harness), 0);
}

static void refusals_are_told_with_their_fields(void **state)
{
    struct tenon_harness *harness = start(MACHINES);
    const char *response = "untouched";

    (void)state;
    assert_int_equal(tenon_harness_call(harness,
                                        "tenon.records.v1.Records/Create",
                                        "{'type': 'sites', 'properties': {}}",
                                        &response),
                     TN_INVALID_ARGUMENT);
    assert_non_null(strstr(tenon_harness_reason(harness), "name: "));
    assert_string_equal(response, "untouched");
    assert_int_equal(tenon_harness_call(harness, "org.example.None/Such", "{}", &response),
                     TN_NOT_FOUND);
    assert_int_equal(
        tenon_harness_call(harness, "tenon.records.v1.Records/Create", "{'type'", &response),
        TN_INVALID_ARGUMENT);
    assert_int_equal(
        tenon_harness_call(harness, "tenon.records.v1.Records/Create", "{'tpye': 1}", &response),
        TN_INVALID_ARGUMENT);
    assert_int_equal(tenon_harness_stop(harness), TN_OK);
    assert_int_equal(tenon_harness_call(harness, "tenon.admin.v1.Status/Get", "{}", &response),
                     TN_FAILED_PRECONDITION);
    tenon_harness_destroy(harness);
}

static void what_is_not_there_is_named(void **state)
{
    static const char *const plugins[] = {"/nowhere/boats.so", "no_such_plugin"};
    struct tenon_harness *harness = NULL;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct tenon_harness_options options = {.plugins = &plugins[i], .plugin_count = 1};

        assert_int_equal(tenon_harness_create(&options, &harness), TN_NOT_FOUND);
        assert_non_null(strstr(tenon_harness_reason(harness), plugins[i]));
        tenon_harness_destroy(harness);
    }
    const struct tenon_harness_options options = {.host = "/nowhere/tenond"};
    assert_int_equal(tenon_harness_create(&options, &harness), TN_NOT_FOUND);
    assert_non_null(strstr(tenon_harness_reason(harness), "/nowhere/tenond"));
    assert_int_equal(tenon_harness_start(harness), TN_FAILED_PRECONDITION);
    tenon_harness_destroy(harness);
}

static void plugin_that_does_not_run_fails_the_start(void **state)
{
    static const char *const plugin = REFUSED;
    const struct tenon_harness_options options = {.plugins = &plugin, .plugin_count = 1};
    struct tenon_harness *harness = NULL;

    (void)state;
    assert_int_equal(tenon_harness_create(&options, &harness), TN_OK);
    assert_int_equal(tenon_harness_start(harness), TN_FAILED_PRECONDITION);
    assert_non_null(strstr(tenon_harness_reason(harness), "plugin does not run"));
    tenon_harness_destroy(harness);
}

static void host_that_ends_early_is_told_with_its_log(void **state)
{
    static const char *const arguments[] = {"--no-such-option", NULL};
    const struct tenon_harness_options options = {.arguments = arguments};
    struct tenon_harness *harness = NULL;

    (void)state;
    assert_int_equal(tenon_harness_create(&options, &harness), TN_OK);
    assert_int_equal(tenon_harness_start(harness), TN_UNAVAILABLE);
    assert_non_null(strstr(tenon_harness_reason(harness), "no-such-option"));
    tenon_harness_destroy(harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_match_what_has_at_least_what_is_expected),
        cmocka_unit_test(answers_do_not_match_what_they_lack),
        cmocka_unit_test(properties_match_by_name_as_a_person_writes_them),
        cmocka_unit_test(data_outlive_a_stop_and_a_kill),
        cmocka_unit_test(refusals_are_told_with_their_fields),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(plugin_that_does_not_run_fails_the_start),
        cmocka_unit_test(host_that_ends_early_is_told_with_its_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
