/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_test.c - what manifest_read makes of plugins as compilers and linkers build them. */
#include "core/plugin/manifest.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdlib.h>

#include <jansson.h>
#include <tenon/tenon.h>

#include "tests/abi/sample.h"
#include "tests/unit/check.h"

static struct manifest *read_sample(const char *folder, const char *name)
{
    struct tn_bytes file = sample_read(folder, name);
    struct manifest *manifest = NULL;
    struct err err;

    err_init(&err, NULL);
    if (manifest_read(file, NULL, &manifest, &err) != TN_OK)
        fail_msg("%s/%s: %s", folder, name, err.message);
    free((void *)(uintptr_t)file.data);
    return manifest; /* outlives the bytes */
}

/* Accepted */

static void check_machines(const char *folder, const char *name)
{
    struct manifest *m = read_sample(folder, name);
    const struct tn_plugin *p = &m->plugin;

    assert_string_equal(p->id, "org.example.machines");
    assert_string_equal(p->version, "1.0.0");
    assert_int_equal(p->types.count, 2);
    assert_int_equal(p->types.item_size, sizeof(struct tn_type));
    assert_string_equal(p->types.items[0].plural, "Machines");
    assert_int_equal(p->properties.count, 5);
    assert_string_equal(p->properties.items[0].name, "serial");
    assert_int_equal(p->properties.items[0].flags, TN_REQUIRED | TN_UNIQUE | TN_TITLE);
    assert_int_equal(p->properties.items[1].options.count, 2);
    assert_string_equal(p->properties.items[1].options.items[1].label, "Used");
    assert_int_equal(p->associations.count, 1);
    assert_int_equal(p->associations.items[0].max_to, 1);
    assert_null(p->associations.items[0].labels.items);
    assert_int_equal(p->hooks.count, 0);
    assert_false(manifest_has_code(m));
    assert_int_equal(strlen(m->hash), MANIFEST_HASH_SIZE - 1);
    manifest_destroy(m);
}

static void check_machines_in(const char *folder)
{
    check_machines(folder, "machines");
    check_machines(folder, "machines_cpp");
}

static void check_visits(const char *folder, const char *name)
{
    struct manifest *m = read_sample(folder, name);
    const struct tn_plugin *p = &m->plugin;

    assert_int_equal(p->types.items[0].flags, TN_STAGED);
    assert_int_equal(p->properties.items[4].flags, TN_OWNER);
    assert_int_equal(p->hooks.count, 1);
    assert_int_equal(p->hooks.items[0].on.count, 1);
    assert_int_equal(p->hooks.items[0].on.items[0], 1);
    assert_int_not_equal(manifest_vaddr(&p->hooks.items[0].run), 0);
    assert_int_equal(p->methods.items[0].flags, TN_JOINS);
    assert_int_not_equal(manifest_vaddr(&p->methods.items[0].run),
                         manifest_vaddr(&p->hooks.items[0].run));
    assert_int_equal(p->needs.count, 2);
    assert_int_equal(p->needs.items[1].min_size, sizeof(struct tn_records_v1));
    assert_int_not_equal(manifest_vaddr(&p->needs.items[0].slot),
                         manifest_vaddr(&p->needs.items[1].slot));
    assert_string_equal(p->settings.items[0].fallback, "48h");
    assert_string_equal(p->texts.items[0].text, "Une visite close le reste.");
    assert_true(manifest_has_code(m));
    manifest_destroy(m);
}

static void check_visits_in(const char *folder)
{
    static const char *const names[] = {"visits", "debug", "sysv", "relr"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], "relr") != 0 || sample_exists(folder, names[i]))
            check_visits(folder, names[i]);
}

static void reads_declarations_of_every_compiler_and_linker(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_machines_in) >= 1);
    assert_true(sample_each_folder(check_visits_in) >= 1);
}

/* The function and slot addresses are those that the loader comes to. */
static void check_addresses(const char *folder)
{
    struct manifest *m = read_sample(folder, "visits");
    char path[SAMPLE_PATH_SIZE];
    Dl_info info;

    sample_path(folder, "visits", path);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(object);
    const struct tn_plugin *mapped = dlsym(object, "tenon_plugin_v1");
    assert_non_null(mapped);
    assert_int_not_equal(dladdr(mapped, &info), 0);
    uint64_t base = (uint64_t)(uintptr_t)info.dli_fbase;
    assert_int_equal(base + manifest_vaddr(&m->plugin.hooks.items[0].run),
                     manifest_vaddr(&mapped->hooks.items[0].run));
    assert_int_equal(base + manifest_vaddr(&m->plugin.methods.items[0].run),
                     manifest_vaddr(&mapped->methods.items[0].run));
    assert_int_equal(base + manifest_vaddr(&m->plugin.needs.items[1].slot),
                     manifest_vaddr(&mapped->needs.items[1].slot));
    assert_int_equal(dlclose(object), 0);
    manifest_destroy(m);
}

static void addresses_are_those_that_the_loader_comes_to(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_addresses) >= 1);
}

static void check_evil(const char *folder)
{
    struct manifest *m = read_sample(folder, "evil");
    char path[SAMPLE_PATH_SIZE];

    sample_path(folder, "evil", path);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(object);
    const struct tn_plugin *mapped = dlsym(object, "tenon_plugin_v1");
    assert_non_null(mapped);
    if (strcmp(mapped->id, "org.example.trusted") != 0) /* the attack works on the mapping */
        fail_msg("%s: %s", path, mapped->id);
    assert_int_equal(mapped->tier, TN_FREE);
    assert_string_equal(m->plugin.id, "org.example.evil");
    assert_int_equal(m->plugin.tier, TN_ENTERPRISE);
    assert_int_equal(m->plugin.types.count, 1);
    assert_true(m->constructor_count >= 1);
    bool has_mprotect = false;
    for (uint32_t i = 0; i < m->import_count; i++)
        has_mprotect |= strcmp(m->imports[i], "mprotect") == 0;
    assert_true(has_mprotect);
    assert_int_equal(dlclose(object), 0);
    manifest_destroy(m);
}

static void a_constructor_cannot_change_what_was_read(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_evil) >= 1);
}

static void check_newer_tail(const char *folder)
{
    if (!sample_exists(folder, "TAIL_ZERO"))
        return;
    struct manifest *m = read_sample(folder, "TAIL_ZERO");
    assert_int_equal(m->plugin.struct_size, sizeof(struct tn_plugin) + 16);
    manifest_destroy(m);
    manifest_destroy(read_sample(folder, "OK"));
}

/* What was built against the headers of minor 0 says what they could say. */
static void check_minor_0(const char *folder)
{
    check_machines(folder, "machines_minor_0");
    check_visits(folder, "visits_minor_0");
    struct manifest *m = read_sample(folder, "visits_minor_0");
    assert_int_equal(m->plugin.minor, 0);
    assert_int_equal(m->plugin.struct_size, 304);
    assert_null(m->plugin.hub);
    assert_int_equal(m->plugin.capabilities.count, 0);
    manifest_destroy(m);
}

static void a_plugin_for_an_older_minor_is_read(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_minor_0) >= 1);
}

static void check_machine(const char *folder, const char *name, uint16_t machine)
{
    struct manifest *m = read_sample(folder, name);

    assert_int_equal(m->machine, machine);
    assert_string_equal(m->plugin.id, "org.example.bare");
    assert_string_equal(m->plugin.properties.items[0].options.items[1].label, "Blue");
    assert_string_equal(m->plugin.properties.items[0].fallback, "red");
    assert_null(m->plugin.properties.items[0].group);
    assert_int_not_equal(manifest_vaddr(&m->plugin.start), 0);
    assert_int_equal(manifest_vaddr(&m->plugin.stop), 0);
    assert_int_equal(m->library_count, 0);
    assert_true(manifest_has_code(m));
    manifest_destroy(m);
}

static void check_machines_known(const char *folder)
{
    if (!sample_exists(folder, "bare_aarch64"))
        return;
    check_machine(folder, "bare_aarch64", EM_AARCH64);
    check_machine(folder, "bare_x86_64", EM_X86_64);
}

static void a_plugin_can_be_read_on_another_machine(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_machines_known) >= 1);
}

static void a_longer_struct_is_read_while_its_tail_is_zero(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_newer_tail) >= 1);
}

/* Refused */

struct refusal {
    const char *sample;
    tn_status status;
    const char *part; /* of the message */
};

static const struct refusal refusals[] = {
    {"MAGIC", TN_UNIMPLEMENTED, "another plugin ABI"},
    {"RUN_TIME", TN_INVALID_ARGUMENT, "filled in at run time"},
    {"NEWER_MINOR", TN_UNIMPLEMENTED, "needs minor version 2 "},
    {"OLDER_MINOR", TN_INVALID_ARGUMENT, "is for minor version 0 "},
    {"BETWEEN_MINORS", TN_INVALID_ARGUMENT, "it has 312 bytes"},
    {"CAPABILITY", TN_UNIMPLEMENTED, "capabilities[1].kind is no kind of capability: 4."},
    {"TAIL_NUMBER", TN_UNIMPLEMENTED, "needs a newer one"},
    {"TAIL_POINTER", TN_UNIMPLEMENTED, "needs a newer one"},
    {"LONG_ROW", TN_UNIMPLEMENTED, "types[0] says something"},
    {"UNKNOWN_FLAG", TN_UNIMPLEMENTED, "types[0].flags has flags"},
    {"IMPORTED_FUNCTION",
     TN_INVALID_ARGUMENT,
     "hooks[0].run comes from another library ('imported')"},
    {"DATA_AS_FUNCTION", TN_INVALID_ARGUMENT, "hooks[0].run does not point to code"},
    {"CONSTANT_SLOT", TN_INVALID_ARGUMENT, "needs[0].slot does not point to a variable"},
    {"ABSOLUTE_STRING", TN_INVALID_ARGUMENT, "types[0].label is an absolute address"},
    {"NOT_UTF8", TN_INVALID_ARGUMENT, "types[0].label is not UTF-8"},
    {"WRITABLE_LIST", TN_FAILED_PRECONDITION, "types is not constant"},
    {"SECOND_EXPORT", TN_FAILED_PRECONDITION, "exports 'second' besides"},
    {"IFUNC", TN_FAILED_PRECONDITION, "IFUNC"},
    {"STATIC_TLS", TN_FAILED_PRECONDITION, "static thread-local storage"},
    {"SHORT_STRUCT", TN_INVALID_ARGUMENT, "it has 64 bytes"},
    {"NO_EXPORT", TN_FAILED_PRECONDITION, "exports 'another_name'"},
    {"TEXT_RELOCATION", TN_FAILED_PRECONDITION, "relocations in its code"},
    {"EXEC_STACK", TN_FAILED_PRECONDITION, "executable stack"},
    {"RUNPATH", TN_FAILED_PRECONDITION, "a RUNPATH entry"},
    {"RPATH", TN_FAILED_PRECONDITION, "a RPATH entry"},
    {"NO_RELRO", TN_FAILED_PRECONDITION, "tenon_plugin_v1 is not constant"},
    {"LIBRARY", TN_FAILED_PRECONDITION, "linked with 'libdl.so.2'"},
    {"SONAME", TN_FAILED_PRECONDITION, "calls itself 'libm.so.6'"},
    {"INTERPOSE", TN_FAILED_PRECONDITION, "a DT_FLAGS_1 entry"},
};

static unsigned refused_count; /* samples seen; the walk over folders takes no argument */

static void check_refusal(const char *folder, const struct refusal *r)
{
    struct tn_bytes file = sample_read(folder, r->sample);
    struct manifest *manifest = NULL;
    struct err err;

    err_init(&err, NULL);
    tn_status status = manifest_read(file, NULL, &manifest, &err);
    free((void *)(uintptr_t)file.data);
    if (status != r->status || !strstr(err.message, r->part))
        fail_msg("%s/%s: %s: %s", folder, r->sample, err_status_name(status), err.message);
    assert_null(manifest);
    refused_count++;
}

static void check_refusals(const char *folder)
{
    if (!sample_exists(folder, "OK"))
        return; /* wrong ones are made with one linker */
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        check_refusal(folder, &refusals[i]);
    if (sample_exists(folder, "UNIQUE"))
        check_refusal(folder,
                      &(struct refusal){"UNIQUE", TN_FAILED_PRECONDITION, "-fno-gnu-unique"});
}

static void refuses_each_plugin_that_is_wrong_in_one_way(void **state)
{
    (void)state;
    refused_count = 0;
    (void)sample_each_folder(check_refusals);
    assert_true(refused_count > sizeof(refusals) / sizeof(refusals[0]));
}

static void check_rules(const char *folder)
{
    static const char *const allowed[] = {"libother.so.1", "libdl.so.2"};
    const struct manifest_rules rules = {allowed, 2};
    struct manifest *manifest = NULL;

    if (!sample_exists(folder, "LIBRARY"))
        return;
    struct tn_bytes file = sample_read(folder, "LIBRARY");
    assert_int_equal(manifest_read(file, &rules, &manifest, NULL), TN_OK);
    free((void *)(uintptr_t)file.data);
    assert_string_equal(manifest->libraries[0], "libdl.so.2");
    manifest_destroy(manifest);
}

static void a_library_is_accepted_when_the_rules_name_it(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_rules) >= 1);
}

static void refusals_are_said_in_french_too(void **state)
{
    static const uint8_t bytes[] = "#!/bin/sh\nexit 0\n";
    struct manifest *manifest = NULL;
    struct err err;

    (void)state;
    err_init(&err, "fr");
    assert_int_equal(manifest_read((struct tn_bytes){bytes, sizeof(bytes)}, NULL, &manifest, &err),
                     TN_INVALID_ARGUMENT);
    assert_string_equal(err.message, "Le fichier n'est pas un objet partagé ELF.");
    assert_int_equal(manifest_read((struct tn_bytes){NULL, 0}, NULL, &manifest, NULL),
                     TN_INVALID_ARGUMENT);
}

/* Printed */

static void check_json(const char *folder)
{
    struct manifest *m = read_sample(folder, "visits");
    char *text = NULL;
    size_t size = 0;
    json_error_t error;

    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    manifest_print_json(m, out);
    assert_int_equal(fclose(out), 0);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        fail_msg("%s in %s", error.text, text);
    assert_string_equal(json_string_value(json_object_get(root, "id")), "org.example.visits");
    assert_int_equal(json_array_size(json_object_get(root, "properties")),
                     m->plugin.properties.count);
    json_t *type = json_array_get(json_object_get(root, "types"), 0);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(type, "marks"), 0)), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "file"), "sha256")),
                        m->hash);
    json_decref(root);
    free(text);
    manifest_destroy(m);
}

static void prints_json_that_parses(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_json) >= 1);
}

static void check_text(const char *folder)
{
    struct manifest *m = read_sample(folder, "visits");
    char *text = NULL;
    size_t size = 0;

    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    manifest_print(m, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "org.example.visits 1.0.0 - Visits with a promised time\n"));
    assert_non_null(strstr(text, "  uses type machines\n"));
    assert_non_null(strstr(text, "    owner: reference to users, owner\n"));
    assert_non_null(strstr(text, "  serves org.example.visits.v1.Visits/Plan, joins\n"));
    free(text);
    manifest_destroy(m);
}

static char *print_sample(const char *folder, const char *name,
                          void (*print)(const struct manifest *, FILE *))
{
    struct manifest *m = read_sample(folder, name);
    char *text = NULL;
    size_t size = 0;

    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print(m, out);
    assert_int_equal(fclose(out), 0);
    manifest_destroy(m);
    return text;
}

static void check_wants(const char *folder)
{
    if (!sample_exists(folder, "OK"))
        return;
    char *text = print_sample(folder, "OK", manifest_print);
    assert_non_null(strstr(text, "  tier free of service, ABI 1.1, "));
    assert_non_null(strstr(text,
                           "  wants to connect to api.example.org:443: Asks there for the state "
                           "of gadgets.\n  wants to run /usr/bin/gs: Prints gadgets.\n"));
    free(text);
    text = print_sample(folder, "OK", manifest_print_json);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "hub")), "service");
    json_t *wanted = json_array_get(json_object_get(root, "capabilities"), 1);
    assert_string_equal(json_string_value(json_object_get(wanted, "kind")), "program");
    assert_string_equal(json_string_value(json_object_get(wanted, "value")), "/usr/bin/gs");
    assert_string_equal(json_string_value(json_object_get(wanted, "reason")), "Prints gadgets.");
    json_decref(root);
    free(text);
}

static void prints_the_hub_and_what_it_wants_of_the_machine(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_wants) >= 1);
}

static void prints_what_it_brings_and_what_it_uses(void **state)
{
    (void)state;
    assert_true(sample_each_folder(check_text) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_declarations_of_every_compiler_and_linker),
        cmocka_unit_test(addresses_are_those_that_the_loader_comes_to),
        cmocka_unit_test(a_constructor_cannot_change_what_was_read),
        cmocka_unit_test(a_plugin_for_an_older_minor_is_read),
        cmocka_unit_test(a_plugin_can_be_read_on_another_machine),
        cmocka_unit_test(a_longer_struct_is_read_while_its_tail_is_zero),
        cmocka_unit_test(refuses_each_plugin_that_is_wrong_in_one_way),
        cmocka_unit_test(a_library_is_accepted_when_the_rules_name_it),
        cmocka_unit_test(refusals_are_said_in_french_too),
        cmocka_unit_test(prints_json_that_parses),
        cmocka_unit_test(prints_the_hub_and_what_it_wants_of_the_machine),
        cmocka_unit_test(prints_what_it_brings_and_what_it_uses),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + manifest_damage_tests();
}
