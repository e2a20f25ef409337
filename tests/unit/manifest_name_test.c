/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_name_test.c - which names plugins may give. */
#include "core/plugin/manifest_name.h"

#include <string.h>

#include "tests/unit/check.h"

/* Both lists end with NULL. */
static void check_names(bool (*is_name)(const char *), const char *const *good,
                        const char *const *bad)
{
    for (; *good; good++)
        if (!is_name(*good))
            fail_msg("refused '%s'", *good);
    for (; *bad; bad++)
        if (is_name(*bad))
            fail_msg("accepted '%s'", *bad);
}

static void plain_names_are_lower_case_words(void **state)
{
    static const char *const good[] = {"a", "machines", "price_2", "x9", NULL};
    static const char *const bad[] = {
        "", "Machines", "9x", "_x", "a-b", "a.b", "a b", "caf\xc3\xa9", NULL};
    char name[NAME_LEN_MAX + 2];

    (void)state;
    check_names(name_is_plain, good, bad);
    memset(name, 'a', sizeof(name));
    name[NAME_LEN_MAX] = '\0';
    assert_true(name_is_plain(name));
    name[NAME_LEN_MAX] = 'a';
    name[NAME_LEN_MAX + 1] = '\0';
    assert_false(name_is_plain(name));
}

static void plugin_ids_are_reverse_dns(void **state)
{
    static const char *const good[] = {"org.example.machines", "tenon.x", "org.my-firm.a2", NULL};
    static const char *const bad[] = {"",
                                      "machines",
                                      ".",
                                      "org.",
                                      ".org",
                                      "org..x",
                                      "Org.example",
                                      "org.2x",
                                      "org.-x",
                                      "org.x-",
                                      "org.x y",
                                      "org.x/",
                                      NULL};
    (void)state;
    check_names(name_is_plugin_id, good, bad);
}

static void endpoints_are_a_host_and_a_port(void **state)
{
    static const char *const good[] = {"api.example.org:443",
                                       "localhost:1",
                                       "192.0.2.1:65535",
                                       "[2001:db8::1]:443",
                                       "[::ffff:192.0.2.1]:80",
                                       "x-y.z9:80",
                                       NULL};
    static const char *const bad[] = {"",
                                      ":443",
                                      "api.example.org",
                                      "api.example.org:",
                                      "api.example.org:0",
                                      "api.example.org:080",
                                      "api.example.org:65536",
                                      "api.example.org:99999",
                                      "api.example.org:443443",
                                      "api.example.org:443/",
                                      "api.example.org:https",
                                      "Api.example.org:443",
                                      "api..org:443",
                                      ".org:443",
                                      "api.example.org.:443",
                                      "-x.org:443",
                                      "x-.org:443",
                                      "*.example.org:443",
                                      "2001:db8::1:443",
                                      "[2001:db8::1]",
                                      "[2001:db8::1",
                                      "[]:443",
                                      "[192.0.2.1]:443",
                                      "[g::1]:443",
                                      "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:443",
                                      NULL};
    (void)state;
    check_names(name_is_endpoint, good, bad);
}

static void paths_are_absolute_and_straight(void **state)
{
    static const char *const good[] = {"/usr", "/usr/bin/gs", "/etc/.hidden", "/a/..b/c d", NULL};
    static const char *const bad[] = {"",
                                      "/",
                                      "usr",
                                      "./usr",
                                      "/usr/",
                                      "//usr",
                                      "/usr//bin",
                                      "/.",
                                      "/usr/./bin",
                                      "/usr/../etc",
                                      "/usr/..",
                                      NULL};
    (void)state;
    check_names(name_is_path, good, bad);
}

static void versions_are_semantic(void **state)
{
    static const char *const good[] = {
        "0.0.0", "1.20.3", "1.0.0-rc.1", "1.0.0-x-y.0a", "1.0.0+001", "1.0.0-a+b.c-d", NULL};
    static const char *const bad[] = {"",
                                      "1",
                                      "1.0",
                                      "1.0.0.0",
                                      "01.0.0",
                                      "1.0.00",
                                      "1.0.0-",
                                      "1.0.0-01",
                                      "1.0.0-a..b",
                                      "1.0.0+",
                                      "v1.0.0",
                                      "1.0.x",
                                      "1.0.0 ",
                                      NULL};
    (void)state;
    check_names(name_is_version, good, bad);
}

static void messages_and_methods_have_a_package(void **state)
{
    static const char *const good_messages[] = {
        "org.example.v1.PlanRequest", "a.B", "a_b.c1", NULL};
    static const char *const bad_messages[] = {
        "", "PlanRequest", "a.", ".a", "a..b", "a.1b", "a.b/c", "a.b-c", NULL};
    static const char *const good_methods[] = {"org.example.v1.Visits/Plan", "a.B/c", NULL};
    static const char *const bad_methods[] = {
        "", "Visits/Plan", "a.B", "a.B/", "a.B/c/d", "/c", "a.B/1", "a.B/c d", NULL};

    (void)state;
    check_names(name_is_message, good_messages, bad_messages);
    check_names(name_is_method, good_methods, bad_methods);
}

static void needs_have_a_major_version(void **state)
{
    static const char *const good[] = {"tenon.core/1", "x/12", "a.b_c.d/9", NULL};
    static const char *const bad[] = {"",
                                      "tenon.core",
                                      "tenon.core/",
                                      "tenon.core/0",
                                      "/1",
                                      "tenon..core/1",
                                      "tenon./1",
                                      ".core/1",
                                      "tenon.core/1x",
                                      "Tenon/1",
                                      "a/1/2",
                                      NULL};
    (void)state;
    check_names(name_is_need, good, bad);
}

static void languages_are_tags(void **state)
{
    static const char *const good[] = {"fr", "pt-BR", "zh-Hans-CN", "ast", NULL};
    static const char *const bad[] = {
        "", "f", "FR", "french", "fr-", "fr--CA", "fr_CA", "fr-abcdefghi", NULL};
    (void)state;
    check_names(name_is_language, good, bad);
}

static void options_can_be_joined(void **state)
{
    static const char *const good[] = {"new", "In use", "A/B", "d\xc3\xa9j\xc3\xa0", NULL};
    static const char *const bad[] = {"", "a;b", ";", NULL};
    (void)state;
    check_names(name_is_option, good, bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names_are_lower_case_words),
        cmocka_unit_test(plugin_ids_are_reverse_dns),
        cmocka_unit_test(endpoints_are_a_host_and_a_port),
        cmocka_unit_test(paths_are_absolute_and_straight),
        cmocka_unit_test(versions_are_semantic),
        cmocka_unit_test(messages_and_methods_have_a_package),
        cmocka_unit_test(needs_have_a_major_version),
        cmocka_unit_test(languages_are_tags),
        cmocka_unit_test(options_can_be_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
