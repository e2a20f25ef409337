/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/plugin: loading plugins that run and plugins that cannot, and calling them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/plugin/message.h"
#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define MACHINES MADE "bench_machines.so"
#define SITES MADE "bench_sites.so"
#define TOLD "TENON_TEST_TOLD"
#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct bench *open_both(void)
{
    struct bench *b = bench_open(FILES(MACHINES, SITES), NULL);

    bench_all_run(b);
    return b;
}

static tn_id make_machine(struct bench *b, const char *serial)
{
    tn_id id = 0;

    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("serial", serial), &id), TN_OK);
    return id;
}

/* A plugin that cannot run beside one that does, which is loaded after it. */
static struct plugin_info load_beside(const char *file, struct bench **ret_bench)
{
    char path[256];

    (void)unsetenv(TOLD);
    (void)snprintf(path, sizeof(path), "%s%s", MADE, file);
    *ret_bench = bench_open(FILES(path, MACHINES), NULL);
    assert_int_equal(bench_plugin(*ret_bench, "bench_machines.so").state, PLUGIN_RUNNING);
    return bench_plugin(*ret_bench, file);
}

/* What broken.c told by the environment, which is another one in a process of its own. */
static void check_told(const char *what)
{
    if (bench_isolation() == PLUGIN_IN_RUNNER)
        assert_null(getenv(TOLD));
    else
        assert_string_equal(getenv(TOLD), what);
}

static bool has_type(struct bench *b, const char *name)
{
    struct txn *txn = bench_begin(b);
    bool is = schema_type_by_name(txn_schema(txn), utf8_str(name)) != NULL;

    txn_destroy(txn);
    return is;
}

static void check_broken(const char *file, enum plugin_state state, const char *reason)
{
    struct bench *b;
    struct plugin_info info = load_beside(file, &b);

    assert_int_equal(info.state, state);
    if (!strstr(info.reason, reason))
        fail_msg("'%s' does not say '%s'", info.reason, reason);
    assert_false(has_type(b, "things"));
    bench_close(b);
}

/* Loading */

static void plugins_are_loaded_after_those_they_use(void **state)
{
    struct bench *b = bench_open(FILES(SITES, MACHINES), NULL);

    (void)state;
    bench_all_run(b);
    bench_close(b);
}

static void a_plugin_needs_those_that_it_uses(void **state)
{
    struct bench *b = bench_open(FILES(SITES), NULL);
    struct plugin_info info = bench_plugin(b, "bench_sites.so");

    (void)state;
    assert_int_equal(info.state, PLUGIN_REFUSED);
    assert_non_null(strstr(info.reason, "org.example.machines.v1.ScrapRequest"));
    assert_false(has_type(b, "sites"));
    bench_close(b);
}

static void a_disabled_plugin_takes_along_those_that_need_it(void **state)
{
    struct bench *b = bench_open(FILES(MACHINES, SITES), "org.example.machines");

    (void)state;
    assert_int_equal(bench_plugin(b, "bench_machines.so").state, PLUGIN_DISABLED);
    assert_int_equal(bench_plugin(b, "bench_sites.so").state, PLUGIN_REFUSED);
    assert_non_null(strstr(bench_plugin(b, "bench_sites.so").reason, "org.example.machines"));
    bench_close(b);
}

static void a_need_that_nobody_has_is_named(void **state)
{
    (void)state;
    check_broken("broken_need.so", PLUGIN_REFUSED, "org.example.nothing/1");
}

static void a_table_of_a_newer_host_is_refused(void **state)
{
    (void)state;
    check_broken("broken_newer.so", PLUGIN_REFUSED, "newer");
}

static void global_settings_are_not_served_yet(void **state)
{
    (void)state;
    check_broken("broken_global.so", PLUGIN_REFUSED, "things_max");
}

static void a_type_that_nobody_declares_is_named(void **state)
{
    (void)state;
    check_broken("broken_no_type.so", PLUGIN_REFUSED, "nowheres");
}

static void a_clashing_name_leaves_the_first_owner(void **state)
{
    struct bench *b = bench_open(FILES(MACHINES, MADE "broken_clash.so"), NULL);
    struct plugin_info info = bench_plugin(b, "broken_clash.so");

    (void)state;
    assert_int_equal(info.state, PLUGIN_REFUSED);
    assert_non_null(strstr(info.reason, "org.example.machines"));
    (void)make_machine(b, "M1");
    bench_close(b);
}

/* The portal makes a type of its own while the plugin that declares it is away. */
static struct bench *open_crossed(tn_id *ret_id)
{
    struct bench *b = bench_open(FILES(MACHINES), "org.example.machines");
    const struct txn_options options = {.portal = b->portal, .source = utf8_str("api")};
    const struct catalog_property_request weight = {.name = utf8_str("weight"), .kind = TN_NUMBER};
    const struct catalog_type_request type = {
        .name = utf8_str("machines"), .properties = &weight, .property_count = 1};

    assert_int_equal(
        records_change_schema(
            b->records, &options, &(struct catalog_change){.add_type = &type}, &b->err),
        TN_OK);
    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("weight", "7"), ret_id), TN_OK);
    bench_reopen(b);
    return b;
}

/* The first plugin. */
static bool plugin_rests(const struct bench *b, const struct schema *schema,
                         const struct portal *portal, struct err *err)
{
    struct plugin_routes *routes = plugin_routes_take(b->plugins);
    bool rests = plugin_routes_rests(routes, 0, schema, portal, err);

    plugin_routes_release(routes);
    return rests;
}

static void a_plugin_rests_where_the_portal_gave_its_name(void **state)
{
    tn_id id = 0;
    struct bench *b = open_crossed(&id);
    struct portal *other = NULL;

    (void)state;
    assert_int_equal(bench_plugin(b, "bench_machines.so").state, PLUGIN_RUNNING);
    struct schema *schema = catalog_schema(b->catalog, b->portal->id);
    err_clear(&b->err);
    assert_true(plugin_rests(b, schema, b->portal, &b->err));
    assert_string_equal(b->err.message,
                        "The plugin org.example.machines does not serve the portal main, which "
                        "gave the name machines itself.");
    schema_unref(schema);
    assert_string_equal(bench_read(b, "machines", id, "weight"), "7");
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("weight", "8")), TN_OK);
    assert_int_equal(bench_archive(b, "machines", id), TN_OK); /* no hook keeps it */
    assert_int_equal(
        bench_call(b, "org.example.machines.v1.Machines/Scrap", (struct tn_bytes){0}, NULL),
        TN_FAILED_PRECONDITION);
    assert_non_null(strstr(b->err.message, "gave the name machines itself"));

    assert_int_equal(portals_create(b->portals, utf8_str("other"), NULL, &other, &b->err), TN_OK);
    schema = catalog_schema(b->catalog, other->id);
    assert_false(plugin_rests(b, schema, other, NULL));
    schema_unref(schema);
    b->portal = other;
    assert_string_equal(bench_read(b, "machines", make_machine(b, "M1"), "checked"), "true");
    bench_close(b);
}

static void a_property_of_the_portal_is_not_a_later_plugins(void **state)
{
    struct bench *b = bench_open(FILES(MACHINES), NULL);
    const struct txn_options options = {.portal = b->portal, .source = utf8_str("api")};
    const struct catalog_property_request own = {
        .type = utf8_str("machines"), .name = utf8_str("serial"), .kind = TN_NUMBER};

    (void)state;
    assert_int_equal(
        records_change_schema(
            b->records, &options, &(struct catalog_change){.add_property = &own}, &b->err),
        TN_ALREADY_EXISTS);
    assert_true(bench_refused(b, "name", "unique")); /* reserved while the plugin is there */
    bench_close(b);
}

static void a_cycle_is_named_and_refused(void **state)
{
    struct bench *b =
        bench_open(FILES(MADE "broken_cycle_a.so", MADE "broken_cycle_b.so", MACHINES), NULL);

    (void)state;
    assert_int_equal(bench_plugin(b, "broken_cycle_a.so").state, PLUGIN_REFUSED);
    assert_int_equal(bench_plugin(b, "broken_cycle_b.so").state, PLUGIN_REFUSED);
    assert_non_null(strstr(bench_plugin(b, "broken_cycle_b.so").reason, "eggs"));
    assert_int_equal(bench_plugin(b, "bench_machines.so").state, PLUGIN_RUNNING);
    bench_close(b);
}

static void a_failing_load_is_unloaded(void **state)
{
    (void)state;
    check_broken("broken_load.so", PLUGIN_FAILED, "load() failed with FAILED_PRECONDITION");
    check_told("unloaded");
}

static void a_failing_start_is_stopped_and_unloaded(void **state)
{
    (void)state;
    check_broken("broken_start.so", PLUGIN_FAILED, "start() failed with UNAVAILABLE");
    check_told("stopped and unloaded");
}

static void what_a_plugin_served_ends_with_its_failing_start(void **state)
{
    const struct plugin_method *method;
    struct bench *b;
    size_t count = 0;

    (void)state;
    (void)load_beside("broken_start.so", &b);
    for (; (method = plugin_host_method(b->plugins, count)); count++)
        assert_string_equal(method->plugin, "org.example.machines");
    assert_int_equal(count, 1);
    bench_close(b);
}

static void what_a_constructor_hides_is_refused_without_running_it(void **state)
{
    (void)state;
    check_broken("broken_evil.so", PLUGIN_REFUSED, "things_max");
    assert_null(getenv(TOLD));
}

static void a_constructor_changes_nothing_of_what_was_declared(void **state)
{
    struct bench *b;
    struct plugin_info info = load_beside("broken_sly.so", &b);

    (void)state;
    check_told("constructed");
    assert_int_equal(info.state, PLUGIN_RUNNING);
    assert_string_equal(info.id, "org.example.sly");
    bench_close(b);
}

static void an_id_is_taken_once(void **state)
{
    struct bench *b = bench_open(FILES(MACHINES, MACHINES), NULL);

    (void)state;
    assert_int_equal(bench_plugin(b, "00-bench_machines.so").state, PLUGIN_RUNNING);
    assert_int_equal(bench_plugin(b, "01-bench_machines.so").state, PLUGIN_REFUSED);
    bench_close(b);
}

/* Writes what `change` makes of machines.so to a file, and has it loaded. */
static void load_changed(void (*change)(struct buf *bytes), enum plugin_state state,
                         const char *reason)
{
    char path[] = "/tmp/tenon-bytes-XXXXXX.so";
    int fd = mkstemps(path, 3);
    struct buf bytes = {0};
    FILE *from = fopen(MACHINES, "rb");
    char block[4096];
    size_t got;

    assert_true(fd >= 0);
    assert_non_null(from);
    while ((got = fread(block, 1, sizeof(block), from)) > 0)
        assert_int_equal(buf_add(&bytes, block, got), TN_OK);
    (void)fclose(from);
    change(&bytes);
    assert_int_equal(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
    (void)close(fd);
    buf_fini(&bytes);

    struct bench *b = bench_open(FILES(path, SITES), NULL);
    struct plugin_info info = bench_plugin(b, strrchr(path, '/') + 1);
    assert_int_equal(info.state, state);
    if (!strstr(info.reason, reason))
        fail_msg("'%s' does not say '%s'", info.reason, reason);
    assert_string_equal(info.id, "");
    bench_close(b);
    (void)unlink(path);
}

static void make_text(struct buf *bytes)
{
    buf_clear(bytes);
    assert_int_equal(buf_add(bytes, "no plugin\n", 10), TN_OK);
}

static void cut_half(struct buf *bytes)
{
    bytes->len /= 2;
}

static void change_magic(struct buf *bytes)
{
    const uint64_t magic = TN_MAGIC;
    unsigned count = 0;

    for (size_t i = 0; i + sizeof(magic) <= bytes->len; i++) {
        if (memcmp(bytes->data + i, &magic, sizeof(magic)) != 0)
            continue;
        bytes->data[i]++;
        count++;
    }
    assert_true(count > 0);
}

static void a_file_that_is_no_plugin_is_refused(void **state)
{
    (void)state;
    load_changed(make_text, PLUGIN_REFUSED, "");
}

static void a_file_cut_short_is_refused(void **state)
{
    (void)state;
    load_changed(cut_half, PLUGIN_REFUSED, "");
}

static void another_abi_is_refused(void **state)
{
    (void)state;
    load_changed(change_magic, PLUGIN_REFUSED, "ABI");
}

static bool do_all_run(const struct bench *b)
{
    struct plugin_info info;
    bool is = true;

    for (size_t i = 0; plugin_host_info(b->plugins, i, &info); i++) {
        assert_true(info.state == PLUGIN_RUNNING || info.reason[0] != '\0');
        is = is && info.state == PLUGIN_RUNNING;
    }
    return is;
}

/* Ends when the failing allocation lies behind all that loading needs; a start may do without one
 * here and there, but not without ten in a row. */
static void loading_survives_any_failed_allocation(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");
    unsigned run_count = 0;
    unsigned fail_count = 0;

    (void)state;
    for (unsigned nth = 1; nth < 2000 && run_count < 10; nth++) {
        tn_status st = bench_reload(b, nth);

        assert_true(st == TN_OK || st == TN_RESOURCE_EXHAUSTED);
        run_count = st == TN_OK && do_all_run(b) ? run_count + 1 : 0;
        fail_count += run_count == 0;
    }
    assert_int_equal(run_count, 10);
    assert_true(fail_count > 20);
    assert_string_equal(bench_read(b, "machines", id, "serial"), "M1");
    bench_close(b);
}

static void touch(const char *dir, const char *name, char path[256])
{
    (void)snprintf(path, 256, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fclose(file);
}

static void a_start_removes_old_copies_and_nothing_else(void **state)
{
    static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct bench *b = open_both();
    char name[128];
    char copy[256];
    char own[256];
    char almost[256];

    (void)state;
    (void)snprintf(name, sizeof(name), "%s-7.so", hash);
    touch(b->work_dir, name, copy);
    touch(b->work_dir, "mine.so", own);
    (void)snprintf(name, sizeof(name), "%s-x.so", hash);
    touch(b->work_dir, name, almost);
    bench_reopen(b);
    assert_int_not_equal(access(copy, F_OK), 0);
    assert_int_equal(access(own, F_OK), 0);
    assert_int_equal(access(almost, F_OK), 0);
    bench_close(b);
}

static void a_work_folder_that_others_may_write_is_refused(void **state)
{
    struct bench *b = open_both();
    struct plugin_host_options options = {.records = b->records, .work_dir = b->work_dir};
    struct plugin_host *host = NULL;

    (void)state;
    assert_int_equal(chmod(b->work_dir, 0777), 0);
    assert_int_equal(plugin_host_create(&options, &host, &b->err), TN_PERMISSION_DENIED);
    assert_null(host);
    bench_close(b);
}

static void plugins_keep_their_data_over_a_start(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    bench_reopen(b);
    bench_all_run(b);
    assert_string_equal(bench_read(b, "machines", id, "serial"), "M1");
    bench_close(b);
}

/* Hooks */

static void a_hook_writes_its_own_readonly_property(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    assert_string_equal(bench_read(b, "machines", id, "checked"), "true");
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("checked", "false")),
                     TN_INVALID_ARGUMENT);
    assert_string_equal(bench_read(b, "machines", id, "checked"), "true");
    bench_close(b);
}

/* As the items of a batch are, whose hooks run one after the other. */
static void what_follows_a_hook_is_not_written_by_its_plugin(void **state)
{
    struct bench *b = open_both();
    struct txn *txn = bench_begin(b);
    struct record *first = bench_new(b, txn, "machines", BENCH_VALUES("serial", "M1"));

    (void)state;
    assert_int_equal(txn_prepare_changes(txn, &b->err), TN_OK);
    struct record *second = bench_new(b, txn, "machines", BENCH_VALUES("serial", "M2"));
    assert_int_equal(bench_set(b, second, "checked", "false"), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "checked", "read_only"));
    assert_int_equal(bench_set(b, first, "checked", "false"), TN_INVALID_ARGUMENT);
    txn_destroy(txn);
    bench_close(b);
}

static void a_hook_refuses_with_field_and_rule(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("state", "scrapped")), TN_OK);
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("state", "new")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "state", "scrapped_is_final"));
    assert_string_equal(bench_read(b, "machines", id, "state"), "scrapped");
    bench_close(b);
}

static void a_refusal_is_told_in_the_language_of_the_call(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");
    struct portal_settings french = {.language = "fr"};

    (void)state;
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("state", "scrapped")), TN_OK);
    assert_int_equal(portals_update(b->portals, b->portal, &french, &b->err), TN_OK);
    (void)bench_update(b, "machines", id, BENCH_VALUES("state", "new"));
    assert_string_equal(b->err.violations[0].text, "Ce qui est au rebut y reste.");
    bench_close(b);
}

static void a_refusal_that_a_hook_ignores_marks_the_call(void **state)
{
    struct bench *b = open_both();

    (void)state;
    assert_int_equal(
        bench_create(b, "machines", BENCH_VALUES("serial", "M1", "hours", "100001"), NULL),
        TN_OUT_OF_RANGE);
    assert_true(bench_refused(b, "hours", "range"));
    assert_int_equal(bench_count(b, "machines"), 0);
    bench_close(b);
}

static void a_hook_refuses_an_archiving(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    assert_int_equal(bench_archive(b, "machines", id), TN_FAILED_PRECONDITION);
    assert_string_equal(bench_read(b, "machines", id, "serial"), "M1");
    bench_close(b);
}

static void a_hook_makes_and_links_a_record_which_gets_its_own_hooks(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("state", "scrapped")), TN_OK);
    tn_id note = bench_linked(b, "machines", id, "machine_to_note");
    assert_true(note != 0);
    assert_string_equal(bench_read(b, "notes_on_machines", note, "text"), "scrapped");
    char machine[32];
    (void)snprintf(machine, sizeof(machine), "%llu", (unsigned long long)id);
    assert_string_equal(bench_read(b, "notes_on_machines", note, "machine"), machine);
    bench_close(b);
}

static void a_hook_sleeps_through_what_it_did_not_ask_for(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    assert_int_equal(bench_setting(b, "org.example.machines", "hours_max", "-1"), TN_OK);
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("serial", "M2")), TN_OK);
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("hours", "0")), TN_OUT_OF_RANGE);
    bench_close(b);
}

static void a_plugin_writes_only_what_it_declared(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    assert_int_equal(bench_create(b, "sites", BENCH_VALUES("name", "trespass"), NULL),
                     TN_PERMISSION_DENIED);
    assert_int_equal(bench_count(b, "sites"), 0);
    assert_string_equal(bench_read(b, "machines", id, "serial"), "M1");
    bench_close(b);
}

static void a_plugin_adds_a_property_to_a_type_of_another(void **state)
{
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");

    (void)state;
    assert_int_equal(bench_update(b, "machines", id, BENCH_VALUES("scanned", "true")), TN_OK);
    assert_string_equal(bench_read(b, "machines", id, "scanned"), "true");
    bench_close(b);
}

/* Settings */

static void a_setting_is_read_by_the_plugin_at_once(void **state)
{
    struct bench *b = open_both();

    (void)state;
    assert_int_equal(bench_setting(b, "org.example.machines", "hours_max", "10"), TN_OK);
    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("serial", "M1", "hours", "11"), NULL),
                     TN_OUT_OF_RANGE);
    assert_int_equal(bench_setting(b, "org.example.machines", "hours_max", ""), TN_OK);
    assert_int_equal(bench_create(b, "machines", BENCH_VALUES("serial", "M1", "hours", "11"), NULL),
                     TN_OK);
    bench_close(b);
}

static void a_setting_of_another_kind_is_refused(void **state)
{
    struct bench *b = open_both();

    (void)state;
    assert_int_equal(bench_setting(b, "org.example.machines", "hours_max", "many"),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(bench_setting(b, "org.example.machines", "minutes_max", "1"), TN_NOT_FOUND);
    assert_int_equal(bench_setting(b, "org.example.nobody", "hours_max", "1"), TN_NOT_FOUND);
    bench_close(b);
}

static void a_setting_says_whether_it_is_the_default(void **state)
{
    struct bench *b = open_both();
    struct buf text = {0};
    bool is_default = false;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct txn *txn = bench_begin(b);

        buf_clear(&text);
        assert_int_equal(plugin_setting_get(txn,
                                            utf8_str("org.example.machines"),
                                            utf8_str("hours_max"),
                                            &text,
                                            &is_default,
                                            &b->err),
                         TN_OK);
        txn_destroy(txn);
        assert_int_equal(is_default, i == 0);
        assert_memory_equal(text.data, i == 0 ? "100000" : "7", text.len);
        assert_int_equal(bench_setting(b, "org.example.machines", "hours_max", "7"), TN_OK);
    }
    buf_fini(&text);
    bench_close(b);
}

/* Methods */

static uint64_t number_of(struct buf *message, uint32_t wanted)
{
    struct tn_bytes rest = buf_bytes(message);
    struct wire_field field;
    uint64_t found = 0;

    while (wire_next(&rest, &field) == TN_OK)
        if (field.field == wanted && field.type == WIRE_VARINT)
            found = field.number;
    return found;
}

static void a_method_takes_and_gives_flat_messages(void **state)
{
    static const uint8_t price[] = {0x08, 0xfa, 0x01, 0x10, 0x01}; /* 125 x 10^-1 */
    struct bench *b = open_both();
    tn_id id = make_machine(b, "M1");
    struct buf request = {0};
    struct buf response = {0};
    struct tn_bytes rest;
    struct wire_field field;
    bool has_price = false;

    (void)state;
    assert_int_equal(wire_add_varint(&request, 1, id), TN_OK);
    assert_int_equal(wire_add_bytes(&request, 3, price, sizeof(price)), TN_OK);
    assert_int_equal(wire_add_varint(&request, 4, zigzag(-3)), TN_OK);
    assert_int_equal(wire_add_text(&request, 99, "unknown fields are skipped"), TN_OK);
    assert_int_equal(
        bench_call(b, "org.example.machines.v1.Machines/Scrap", buf_bytes(&request), &response),
        TN_OK);
    tn_id note = number_of(&response, 1);
    assert_string_equal(bench_read(b, "notes_on_machines", note, "text"), "old"); /* fallback */
    assert_int_equal(unzigzag(number_of(&response, 3)), -3);
    rest = buf_bytes(&response);
    while (wire_next(&rest, &field) == TN_OK)
        has_price = has_price || (field.field == 2 && field.bytes.len == sizeof(price) &&
                                  memcmp(field.bytes.data, price, sizeof(price)) == 0);
    assert_true(has_price);
    buf_fini(&request);
    buf_fini(&response);
    bench_close(b);
}

static void a_required_field_is_named_when_it_is_missing(void **state)
{
    struct bench *b = open_both();

    (void)state;
    assert_int_equal(
        bench_call(b, "org.example.machines.v1.Machines/Scrap", (struct tn_bytes){0}, NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "machine", "required"));
    bench_close(b);
}

static void bytes_that_are_no_message_are_refused(void **state)
{
    static const uint8_t bytes[] = {0x08};
    struct bench *b = open_both();

    (void)state;
    assert_int_equal(bench_call(b,
                                "org.example.machines.v1.Machines/Scrap",
                                (struct tn_bytes){bytes, sizeof(bytes)},
                                NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "", "malformed"));
    bench_close(b);
}

struct closing {
    struct bench *b;
    tn_id site;
    tn_id machine;
    struct buf response;
};

static struct closing open_site(void)
{
    struct closing c = {.b = open_both()};

    c.machine = make_machine(c.b, "M1");
    assert_int_equal(bench_create(c.b, "sites", BENCH_VALUES("name", "Lille"), &c.site), TN_OK);
    return c;
}

static tn_status close_site(struct closing *c, tn_id machine, const char *reason, bool is_anyway)
{
    struct buf request = {0};

    assert_int_equal(wire_add_varint(&request, 1, c->site), TN_OK);
    assert_int_equal(wire_add_varint(&request, 2, machine), TN_OK);
    assert_int_equal(wire_add_text(&request, 3, reason), TN_OK);
    assert_int_equal(wire_add_varint(&request, 4, is_anyway), TN_OK);
    tn_status st =
        bench_call(c->b, "org.example.sites.v1.Sites/Close", buf_bytes(&request), &c->response);
    buf_fini(&request);
    return st;
}

static void a_joined_method_commits_with_its_caller(void **state)
{
    struct closing c = open_site();

    (void)state;
    assert_int_equal(close_site(&c, c.machine, "too loud", false), TN_OK);
    assert_string_equal(bench_read(c.b, "sites", c.site, "state"), "closed");
    assert_string_equal(bench_read(c.b, "machines", c.machine, "state"), "scrapped");
    assert_int_equal(bench_count(c.b, "notes_on_machines"), 2); /* the hook's and the method's */
    buf_fini(&c.response);
    bench_close(c.b);
}

static void a_joined_method_that_fails_leaves_its_callers_writes_alone(void **state)
{
    struct closing c = open_site();

    (void)state;
    assert_int_equal(close_site(&c, c.machine, "changed my mind", true), TN_OK);
    assert_string_equal(bench_read(c.b, "sites", c.site, "state"), "closed");
    assert_string_equal(bench_read(c.b, "machines", c.machine, "state"), "new");
    assert_int_equal(bench_count(c.b, "notes_on_machines"), 0);
    buf_fini(&c.response);
    bench_close(c.b);
}

static void a_caller_that_passes_a_failure_on_drops_everything(void **state)
{
    struct closing c = open_site();

    (void)state;
    assert_int_equal(close_site(&c, c.machine + 1000, "gone", false), TN_NOT_FOUND);
    assert_true(bench_refused(c.b, "machine", "reference")); /* the callee's reason */
    assert_string_equal(bench_read(c.b, "sites", c.site, "state"), "");
    buf_fini(&c.response);
    bench_close(c.b);
}

static void a_served_method_is_described(void **state)
{
    struct bench *b = open_both();
    const struct plugin_method *method;
    unsigned count = 0;

    (void)state;
    for (size_t i = 0; (method = plugin_host_method(b->plugins, i)) != NULL; i++) {
        assert_true(method->descriptors.len > 0);
        assert_true(method->flags & TN_JOINS);
        count++;
    }
    assert_int_equal(count, 2);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plugins_are_loaded_after_those_they_use),
        cmocka_unit_test(a_plugin_needs_those_that_it_uses),
        cmocka_unit_test(a_disabled_plugin_takes_along_those_that_need_it),
        cmocka_unit_test(a_need_that_nobody_has_is_named),
        cmocka_unit_test(a_table_of_a_newer_host_is_refused),
        cmocka_unit_test(global_settings_are_not_served_yet),
        cmocka_unit_test(a_type_that_nobody_declares_is_named),
        cmocka_unit_test(a_clashing_name_leaves_the_first_owner),
        cmocka_unit_test(a_plugin_rests_where_the_portal_gave_its_name),
        cmocka_unit_test(a_property_of_the_portal_is_not_a_later_plugins),
        cmocka_unit_test(a_cycle_is_named_and_refused),
        cmocka_unit_test(a_failing_load_is_unloaded),
        cmocka_unit_test(a_failing_start_is_stopped_and_unloaded),
        cmocka_unit_test(what_a_plugin_served_ends_with_its_failing_start),
        cmocka_unit_test(what_a_constructor_hides_is_refused_without_running_it),
        cmocka_unit_test(a_constructor_changes_nothing_of_what_was_declared),
        cmocka_unit_test(an_id_is_taken_once),
        cmocka_unit_test(a_file_that_is_no_plugin_is_refused),
        cmocka_unit_test(a_file_cut_short_is_refused),
        cmocka_unit_test(another_abi_is_refused),
        cmocka_unit_test(loading_survives_any_failed_allocation),
        cmocka_unit_test(a_start_removes_old_copies_and_nothing_else),
        cmocka_unit_test(a_work_folder_that_others_may_write_is_refused),
        cmocka_unit_test(plugins_keep_their_data_over_a_start),
        cmocka_unit_test(a_hook_writes_its_own_readonly_property),
        cmocka_unit_test(what_follows_a_hook_is_not_written_by_its_plugin),
        cmocka_unit_test(a_hook_refuses_with_field_and_rule),
        cmocka_unit_test(a_refusal_is_told_in_the_language_of_the_call),
        cmocka_unit_test(a_refusal_that_a_hook_ignores_marks_the_call),
        cmocka_unit_test(a_hook_refuses_an_archiving),
        cmocka_unit_test(a_hook_makes_and_links_a_record_which_gets_its_own_hooks),
        cmocka_unit_test(a_hook_sleeps_through_what_it_did_not_ask_for),
        cmocka_unit_test(a_plugin_writes_only_what_it_declared),
        cmocka_unit_test(a_plugin_adds_a_property_to_a_type_of_another),
        cmocka_unit_test(a_setting_is_read_by_the_plugin_at_once),
        cmocka_unit_test(a_setting_of_another_kind_is_refused),
        cmocka_unit_test(a_setting_says_whether_it_is_the_default),
        cmocka_unit_test(a_method_takes_and_gives_flat_messages),
        cmocka_unit_test(a_required_field_is_named_when_it_is_missing),
        cmocka_unit_test(bytes_that_are_no_message_are_refused),
        cmocka_unit_test(a_joined_method_commits_with_its_caller),
        cmocka_unit_test(a_joined_method_that_fails_leaves_its_callers_writes_alone),
        cmocka_unit_test(a_caller_that_passes_a_failure_on_drops_everything),
        cmocka_unit_test(a_served_method_is_described),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
