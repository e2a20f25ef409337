/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/plugin: plugins replaced, taken out and put back while a host has calls in them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/plugin/file.h"
#include "core/plugin/message.h"
#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define SWAP_1 MADE "swap_1.so"
#define SWAP_2 MADE "swap_2.so"
#define WHICH "org.example.gadgets.v1.Gadgets/Which"
#define MORE "org.example.gadgets.v1.Gadgets/More"
#define ASK "org.example.asking.v1.Asking/Ask"
#define ID "org.example.gadgets"

/* Of a list: what a decimal's message holds first is its mantissa, zigzag. */
static int64_t number_in(struct tn_bytes response, uint32_t number)
{
    struct wire_field field;
    struct wire_field part;

    while (wire_next(&response, &field) == TN_OK)
        if (field.field == number && field.type == WIRE_BYTES)
            while (wire_next(&field.bytes, &part) == TN_OK)
                if (part.field == 1)
                    return (int64_t)(part.number >> 1) ^ -(int64_t)(part.number & 1);
    return 0;
}

/* The number in a field of the answer; fails the test if the call does. */
static int64_t ask(struct bench *b, const char *method, uint32_t field)
{
    struct buf response = {0};

    err_clear(&b->err);
    if (bench_call(b, method, (struct tn_bytes){0}, &response) != TN_OK)
        fail_msg("%s: %s", method, b->err.message);
    int64_t number = number_in(buf_bytes(&response), field);
    buf_fini(&response);
    return number;
}

static int64_t build_now(struct bench *b)
{
    return ask(b, WHICH, 1);
}

static tn_status replace_with(struct bench *b, const char *file, uint32_t flags)
{
    struct plugin_replaced replaced;

    err_clear(&b->err);
    return plugin_host_replace(b->plugins, file, flags, &replaced, &b->err);
}

static void must_replace(struct bench *b, const char *file)
{
    if (replace_with(b, file, 0) != TN_OK)
        fail_msg("%s: %s", file, b->err.message);
}

/* Refused with that status and a message that has `part`, and the first build serves as before. */
static void must_refuse(struct bench *b, const char *file, uint32_t flags, tn_status status,
                        const char *part)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s%s", MADE, file);
    tn_status st = replace_with(b, path, flags);
    char said[4096];
    (void)snprintf(said, sizeof(said), "%s", b->err.message);
    if (b->err.violation_count > 0)
        (void)snprintf(said, sizeof(said), "%s", b->err.violations[0].text);
    if (st != status || !strstr(said, part))
        fail_msg("%s: %s: %s", file, err_status_name(st), said);
    assert_int_equal(build_now(b), 1);
    assert_int_equal(bench_create(b, "gadgets", BENCH_VALUES("name", file), NULL), TN_OK);
}

static struct bench *open_first(void)
{
    struct bench *b = bench_open((const char *const[]){SWAP_1, MADE "swap_user.so", NULL}, NULL);

    bench_all_run(b);
    return b;
}

static void calls_begin_with_the_new_one(void **state)
{
    struct bench *b = open_first();
    tn_id id = 0;

    (void)state;
    assert_int_equal(build_now(b), 1);
    must_replace(b, SWAP_2);
    assert_int_equal(build_now(b), 2);
    assert_int_equal(bench_create(b, "gadgets", BENCH_VALUES("name", "g"), &id), TN_OK);
    assert_string_equal(bench_read(b, "gadgets", id, "build"), "2");
    assert_string_equal(bench_read(b, "gadgets", id, "hooked"), "1"); /* by one of them */
    assert_int_equal(ask(b, ASK, 1), 2);                              /* a joined call */
    bench_close(b);
}

static void a_transaction_stays_with_what_it_began_with(void **state)
{
    struct bench *b = open_first();
    struct plugin_replaced replaced;

    (void)state;
    bench_drain(b, 1); /* it would wait for the transaction of this very thread */
    struct txn *txn = bench_begin(b);
    (void)bench_new(b, txn, "gadgets", BENCH_VALUES("name", "old"));
    assert_int_equal(plugin_host_replace(b->plugins, SWAP_2, 0, &replaced, &b->err), TN_OK);
    assert_false(replaced.is_left);
    assert_string_equal(replaced.id, ID);
    (void)bench_new(b, txn, "gadgets", BENCH_VALUES("name", "older"));
    assert_int_equal(bench_commit(b, txn), TN_OK);
    tn_id id = bench_find(b, "gadgets", "name", "old");
    assert_string_equal(bench_read(b, "gadgets", id, "build"), "1");
    id = bench_find(b, "gadgets", "name", "older");
    assert_string_equal(bench_read(b, "gadgets", id, "build"), "1");
    assert_int_equal(build_now(b), 2);
    assert_int_equal(plugin_host_replace(b->plugins, SWAP_1, 0, &replaced, &b->err), TN_OK);
    assert_true(replaced.is_left); /* the first one too */
    bench_close(b);
}

static void the_next_start_finds_what_replaced(void **state)
{
    struct bench *b = open_first();

    (void)state;
    must_replace(b, SWAP_2);
    bench_reopen(b);
    bench_all_run(b);
    assert_int_equal(build_now(b), 2);
    bench_close(b);
}

/* Files */

static void copy_file(const char *from, const char *to)
{
    CLEANUP(buf_fini) struct buf bytes = {0};

    assert_int_equal(file_read(from, PLUGIN_FILE_SIZE_MAX, &bytes, NULL), TN_OK);
    assert_int_equal(file_copy(to, buf_bytes(&bytes), NULL), TN_OK);
}

/* "DIR/.NAME.SUFFIX" of "DIR/NAME" */
static void hide(const char *path, const char *suffix, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');

    (void)snprintf(out, size, "%.*s/.%s.%s", (int)(slash - path), path, slash + 1, suffix);
}

/* The host died between two renames: the old file has its second name yet. */
static void what_a_crash_interrupted_is_undone(void **state)
{
    struct bench *b = open_first();
    char path[256];
    char kept[300];
    char signature[300];

    (void)state;
    must_replace(b, SWAP_2);
    (void)snprintf(path, sizeof(path), "%s", bench_plugin(b, "swap_1.so").file);
    hide(path, "old", kept, sizeof(kept));
    assert_int_equal(access(kept, F_OK), -1); /* nothing is left of what went well */
    copy_file(SWAP_1, kept);
    (void)snprintf(signature, sizeof(signature), "%s.sig", path);
    copy_file(SWAP_1, signature); /* of the new one: the old one had none */
    bench_reopen(b);
    assert_int_equal(build_now(b), 1);
    assert_int_equal(access(kept, F_OK), -1);
    assert_int_equal(access(signature, F_OK), -1);
    bench_close(b);
}

static void a_signature_goes_with_its_file(void **state)
{
    struct bench *b = open_first();
    char from[256];
    char there[300];

    (void)state;
    (void)snprintf(from, sizeof(from), "%s/signed.so", b->dir);
    copy_file(SWAP_2, from);
    (void)snprintf(from, sizeof(from), "%s/signed.so.sig", b->dir);
    const struct tn_bytes who = {(const uint8_t *)"who", 3}; /* nobody asks here */
    assert_int_equal(file_copy(from, who, NULL), TN_OK);
    (void)snprintf(there, sizeof(there), "%s.sig", bench_plugin(b, "swap_1.so").file);
    (void)snprintf(from, sizeof(from), "%s/signed.so", b->dir);
    must_replace(b, from);
    assert_int_equal(access(there, F_OK), 0);
    must_replace(b, SWAP_1); /* has none */
    assert_int_equal(access(there, F_OK), -1);
    bench_close(b);
}

static void what_is_added_is_there(void **state)
{
    struct bench *b = open_first();
    tn_id id = 0;

    (void)state;
    must_replace(b, MADE "swap_more.so");
    assert_int_equal(ask(b, MORE, 1), 3);
    assert_int_equal(bench_create(b, "gadgets", BENCH_VALUES("name", "g", "colour", "red"), &id),
                     TN_OK);
    assert_string_equal(bench_read(b, "gadgets", id, "colour"), "red");
    /* Its caller was bound to fewer fields: the message is carried over. */
    assert_int_equal(ask(b, ASK, 1), 3);
    bench_close(b);
}

static void a_bad_one_leaves_the_old_one_serving(void **state)
{
    struct bench *b = open_first();

    (void)state;
    must_refuse(b, "swap_broken.so", 0, TN_UNAVAILABLE, "Its start() failed with");
    must_refuse(b, "swap_older.so", 0, TN_FAILED_PRECONDITION, "older than 1.0.0");
    must_refuse(b, "swap_kind.so", 0, TN_FAILED_PRECONDITION, "another kind than the stored");
    must_refuse(
        b, "swap_lacks.so", 0, TN_FAILED_PRECONDITION, "the plugin org.example.asking uses");
    must_refuse(b, "bench_sites.so", 0, TN_NOT_FOUND, "There is no plugin org.example.sites");
    must_refuse(b, "no_such.so", 0, TN_NOT_FOUND, "no_such.so");
    bench_reopen(b);
    assert_int_equal(build_now(b), 1);
    bench_close(b);
}

static void an_older_one_is_taken_if_that_is_allowed(void **state)
{
    struct bench *b = open_first();

    (void)state;
    assert_int_equal(replace_with(b, MADE "swap_older.so", PLUGIN_DOWNGRADE), TN_OK);
    assert_int_equal(build_now(b), 4);
    bench_close(b);
}

/* Puts another file in the place of one while nothing runs, as a package manager would. */
static void put_in_place(const char *path, const char *file)
{
    char temporary[300];
    uint8_t bytes[4096];
    size_t len;

    (void)snprintf(temporary, sizeof(temporary), "%s.new", path);
    FILE *in = fopen(file, "rb");
    FILE *out = fopen(temporary, "wb");
    assert_non_null(in);
    assert_non_null(out);
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    (void)fclose(in);
    assert_int_equal(rename(temporary, path), 0);
}

static void an_older_file_than_the_one_that_ran_last_is_not_started(void **state)
{
    struct bench *b = open_first();
    char path[256];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s", bench_plugin(b, "swap_1.so").file);
    bench_halt(b);
    put_in_place(path, MADE "swap_older.so");
    bench_resume(b);
    struct plugin_info info = bench_plugin(b, "swap_1.so");
    assert_int_equal(info.state, PLUGIN_REFUSED);
    assert_non_null(strstr(info.reason, "older than 1.0.0, which ran here last"));
    /* Nor by being put in the place of itself, unless that is allowed. */
    assert_int_equal(replace_with(b, MADE "swap_older.so", 0), TN_FAILED_PRECONDITION);
    assert_non_null(strstr(b->err.message, "which ran here last"));
    assert_int_equal(replace_with(b, MADE "swap_older.so", PLUGIN_DOWNGRADE), TN_OK);
    assert_int_equal(build_now(b), 4);
    bench_reopen(b); /* it is the one that ran last now */
    assert_int_equal(build_now(b), 4);
    must_replace(b, SWAP_1);
    bench_reopen(b);
    assert_int_equal(build_now(b), 1);
    bench_close(b);
}

static void more_permissions_need_consent(void **state)
{
    struct bench *b = bench_open(
        (const char *const[]){
            SWAP_1, MADE "swap_user.so", MADE "bench_machines.so", MADE "bench_sites.so", NULL},
        NULL);

    (void)state;
    bench_all_run(b);
    must_refuse(b, "swap_uses.so", 0, TN_PERMISSION_DENIED, "It uses sites");
    assert_int_equal(b->err.violation_count, 0); /* of the calls that were made since */
    assert_int_equal(replace_with(b, MADE "swap_uses.so", PLUGIN_CONSENT), TN_OK);
    assert_int_equal(build_now(b), 8);
    bench_close(b);
}

/* Taking out, and back */

static bool has_method(const struct bench *b, const char *name)
{
    struct plugin_routes *routes = plugin_routes_take(b->plugins);
    bool has = plugin_routes_find(routes, utf8_str(name)) != NULL;

    plugin_routes_release(routes);
    return has;
}

static void a_disabled_one_stays_out_over_restarts(void **state)
{
    struct bench *b = bench_open((const char *const[]){SWAP_1, NULL}, NULL);
    tn_id id = 0;

    (void)state;
    err_clear(&b->err);
    assert_int_equal(plugin_host_disable(b->plugins, ID, &b->err), TN_OK);
    for (int i = 0; i < 2; i++) {
        struct plugin_info info = bench_plugin(b, "swap_1.so");
        char name[8];

        assert_int_equal(info.state, PLUGIN_DISABLED);
        assert_string_equal(info.reason, "It was disabled by an administrator.");
        assert_string_equal(info.version, "1.0.0");
        assert_false(has_method(b, WHICH));
        (void)snprintf(name, sizeof(name), "g%d", i);
        assert_int_equal(bench_create(b, "gadgets", BENCH_VALUES("name", name), &id), TN_OK);
        assert_string_equal(bench_read(b, "gadgets", id, "hooked"), ""); /* its records stay */
        bench_reopen(b);
    }
    assert_int_equal(plugin_host_disable(b->plugins, ID, &b->err), TN_FAILED_PRECONDITION);
    assert_int_equal(replace_with(b, SWAP_2, 0), TN_FAILED_PRECONDITION);
    err_clear(&b->err);
    assert_int_equal(plugin_host_enable(b->plugins, ID, &b->err), TN_OK);
    assert_int_equal(build_now(b), 1);
    assert_int_equal(plugin_host_enable(b->plugins, ID, &b->err), TN_FAILED_PRECONDITION);
    bench_reopen(b);
    assert_int_equal(build_now(b), 1);
    bench_close(b);
}

static void one_that_others_need_is_not_disabled(void **state)
{
    struct bench *b = open_first();

    (void)state;
    err_clear(&b->err);
    assert_int_equal(plugin_host_disable(b->plugins, ID, &b->err), TN_FAILED_PRECONDITION);
    assert_non_null(strstr(b->err.message, "org.example.asking needs"));
    err_clear(&b->err);
    assert_int_equal(plugin_host_disable(b->plugins, "org.example.moon", &b->err), TN_NOT_FOUND);
    assert_int_equal(build_now(b), 1);
    err_clear(&b->err);
    assert_int_equal(plugin_host_disable(b->plugins, "org.example.asking", &b->err), TN_OK);
    assert_int_equal(plugin_host_disable(b->plugins, ID, &b->err), TN_OK);
    err_clear(&b->err);
    assert_int_equal(plugin_host_enable(b->plugins, "org.example.asking", &b->err),
                     TN_FAILED_PRECONDITION);
    assert_non_null(strstr(b->err.message, "which does not run"));
    bench_close(b);
}

static void what_the_configuration_disables_no_command_enables(void **state)
{
    struct bench *b = bench_open((const char *const[]){SWAP_1, NULL}, ID);

    (void)state;
    err_clear(&b->err);
    assert_int_equal(plugin_host_enable(b->plugins, ID, &b->err), TN_FAILED_PRECONDITION);
    assert_non_null(strstr(b->err.message, "by the configuration"));
    bench_close(b);
}

/* Traps */

/* The file that a plugin is listed with, whose bytes are replaced under its name. */
static void the_same_path_after_a_rename_is_another_plugin(void **state)
{
    struct bench *b = open_first();
    char path[256];

    (void)state;
    must_replace(b, SWAP_2); /* renamed over the path of the first */
    (void)snprintf(path, sizeof(path), "%s", bench_plugin(b, "swap_1.so").file);
    must_replace(b, SWAP_1);
    assert_int_equal(build_now(b), 1);
    must_replace(b, path); /* by itself, from its own place */
    assert_int_equal(build_now(b), 1);
    bench_close(b);
}

/* By name, or by a descriptor's path, the linker would give the old mapping again. */
static void the_same_bytes_are_mapped_anew(void **state)
{
    struct bench *b = open_first();

    (void)state;
    assert_int_equal(ask(b, WHICH, 2), 1);
    assert_int_equal(ask(b, WHICH, 2), 2); /* a static of the plugin counts */
    must_replace(b, SWAP_1);
    assert_int_equal(ask(b, WHICH, 2), 1);
    bench_close(b);
}

static void the_same_soname_is_another_plugin(void **state)
{
    struct bench *b = open_first();

    (void)state;
    must_replace(b, MADE "swap_soname_1.so");
    assert_int_equal(build_now(b), 21);
    must_replace(b, MADE "swap_soname_2.so");
    assert_int_equal(build_now(b), 22);
    bench_close(b);
}

static void what_cannot_be_replaced_later_is_refused(void **state)
{
    struct bench *b = open_first();

    (void)state;
    must_refuse(b, "swap_tls.so", 0, TN_FAILED_PRECONDITION, "static thread-local storage");
#ifdef __clang__ /* which makes no such symbols: it is one export too many */
    must_refuse(b, "swap_unique.so", 0, TN_FAILED_PRECONDITION, "");
#else
    must_refuse(b, "swap_unique.so", 0, TN_FAILED_PRECONDITION, "is unique in the process");
#endif
    bench_close(b);
}

/* What the test tells the plugin by its environment reaches no process of its own. */
static bool leave_if_isolated(struct bench *b)
{
    bool is_isolated = b->isolation == PLUGIN_IN_RUNNER;

    if (is_isolated)
        bench_close(b);
    return is_isolated;
}

/* A thread that was in the plugin ends after it was unloaded: its destructor of thread data runs.
 */
struct visit {
    struct bench *b;
    pthread_barrier_t was_in;
    pthread_barrier_t may_end;
};

static void *visit(void *ctx)
{
    struct visit *v = ctx;

    (void)build_now(v->b);
    (void)pthread_barrier_wait(&v->was_in);
    (void)pthread_barrier_wait(&v->may_end);
    return NULL;
}

static void thread_data_outlives_the_plugin(void **state)
{
    struct bench *b = open_first();
    struct visit v = {.b = b};
    char path[128];
    pthread_t thread;

    (void)state;
    if (leave_if_isolated(b))
        return;
    (void)snprintf(path, sizeof(path), "%s/thread-ended", b->dir);
    assert_int_equal(setenv("SWAP_AT_THREAD_END", path, 1), 0);
    must_replace(b, MADE "swap_keys.so");
    (void)pthread_barrier_init(&v.was_in, NULL, 2);
    (void)pthread_barrier_init(&v.may_end, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, visit, &v), 0);
    (void)pthread_barrier_wait(&v.was_in);
    must_replace(b, SWAP_1);
    assert_int_equal(access(path, F_OK), -1);
    (void)pthread_barrier_wait(&v.may_end);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(access(path, F_OK), 0);
    (void)pthread_barrier_destroy(&v.was_in);
    (void)pthread_barrier_destroy(&v.may_end);
    bench_close(b);
}

/* Migrations */

#define SECOND MADE "swap_second.so"
#define GADGET_COUNT 23 /* five a step */

static void make_gadgets(struct bench *b)
{
    char name[16];

    for (int i = 0; i < GADGET_COUNT; i++) {
        (void)snprintf(name, sizeof(name), "g%d", i);
        assert_int_equal(bench_create(b, "gadgets", BENCH_VALUES("name", name), NULL), TN_OK);
    }
}

static unsigned count_form(struct bench *b, const char *form)
{
    unsigned count = 0;
    char name[16];

    for (int i = 0; i < GADGET_COUNT; i++) {
        (void)snprintf(name, sizeof(name), "g%d", i);
        tn_id id = bench_find(b, "gadgets", "name", name);
        count += strcmp(bench_read(b, "gadgets", id, "form"), form) == 0;
    }
    return count;
}

/* How the first plugin's migration is: steps since it serves, and why it waits. */
static uint64_t look(const struct bench *b, bool *ret_is_under_way, struct err *err)
{
    struct plugin_routes *routes = plugin_routes_take(b->plugins);
    uint32_t left = 0;
    uint64_t steps = 0;

    err_init(err, NULL);
    *ret_is_under_way = plugin_routes_migration(routes, 0, &left, &steps, err);
    plugin_routes_release(routes);
    return steps;
}

/* Until that many gadgets are of the second form, and none is under way or it says `part`. */
static void await_form(struct bench *b, unsigned count, const char *part)
{
    int64_t late_us = clock_mono_us() + (int64_t)30 * 1000000;
    bool is_under_way = true;
    struct err err;

    for (;;) {
        (void)look(b, &is_under_way, &err);
        bool is_as_wanted = part ? strstr(err.message, part) != NULL : !is_under_way;
        if (is_as_wanted && count_form(b, "2") == count)
            return;
        if (clock_mono_us() > late_us)
            fail_msg("%u are of the second form; %s", count_form(b, "2"), err.message);
        (void)usleep(1000);
    }
}

static void records_are_migrated_after_the_switch(void **state)
{
    struct bench *b = open_first();
    bool is_under_way = false;
    struct err err;

    (void)state;
    make_gadgets(b);
    assert_int_equal(count_form(b, "1"), GADGET_COUNT);
    must_replace(b, SECOND);
    await_form(b, GADGET_COUNT, NULL);
    assert_int_equal(look(b, &is_under_way, &err), 5); /* 4 times 5, and 3 */
    /* What is of the second schema now, the first cannot read. */
    assert_int_equal(replace_with(b, SWAP_1, PLUGIN_DOWNGRADE), TN_FAILED_PRECONDITION);
    assert_non_null(strstr(b->err.message, "which it cannot read"));
    assert_int_equal(build_now(b), 12);
    must_replace(b, MADE "swap_third.so");
    bench_reopen(b);
    bench_all_run(b);
    assert_int_equal(build_now(b), 13);
    bench_close(b);
}

static void what_cannot_read_the_records_is_refused(void **state)
{
    struct bench *b = open_first();

    (void)state;
    must_refuse(b, "swap_third.so", 0, TN_FAILED_PRECONDITION, "it reads from 2 on");
    bench_close(b);
}

/* A step that fails leaves what the steps before it did; the host may end and begin meanwhile. */
static void a_migration_goes_on_where_it_was(void **state)
{
    struct bench *b = open_first();
    bool is_under_way = false;
    struct err err;

    (void)state;
    if (leave_if_isolated(b))
        return;
    make_gadgets(b);
    assert_int_equal(setenv("SWAP_STUCK", "1", 1), 0);
    must_replace(b, SECOND);
    await_form(b, 5, "refused and gave no reason");
    bench_reopen(b);
    await_form(b, 5, "refused and gave no reason");
    assert_int_equal(look(b, &is_under_way, &err), 0); /* not from the beginning */
    /* Half of them are of the second schema: neither the first nor the third is served. */
    assert_int_equal(replace_with(b, SWAP_1, PLUGIN_DOWNGRADE), TN_FAILED_PRECONDITION);
    assert_int_equal(replace_with(b, MADE "swap_third.so", 0), TN_FAILED_PRECONDITION);
    must_replace(b, MADE "swap_stalled.so"); /* has no steps to make */
    await_form(b, 5, "cannot go on with the migration that another version began");
    assert_int_equal(unsetenv("SWAP_STUCK"), 0);
    assert_int_equal(replace_with(b, SECOND, PLUGIN_DOWNGRADE), TN_OK);
    await_form(b, GADGET_COUNT, NULL);
    bench_close(b);
}

/* Memory */

static uint64_t resident_bytes(void)
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%llu %llu", &total, &resident), 2);
    (void)fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

#define REPLACEMENT_COUNT 100
/* What stays of each: the pages that its mapping was relocated in, and the linker's own. With
 * sanitizers also their shadow, and what they keep of freed memory. */
#ifdef __SANITIZE_ADDRESS__
#define COST_MAX ((uint64_t)2 << 20)
#else
#define COST_MAX ((uint64_t)128 << 10)
#endif

static void a_replacement_costs_little_memory(void **state)
{
    struct bench *b = open_first();

    (void)state;
    for (int i = 0; i < 10; i++) /* the store and the allocator warm up */
        must_replace(b, i % 2 == 0 ? SWAP_2 : SWAP_1);
    uint64_t before = resident_bytes();
    for (int i = 0; i < REPLACEMENT_COUNT; i++) {
        must_replace(b, i % 2 == 0 ? SWAP_2 : SWAP_1);
        assert_int_equal(build_now(b), i % 2 == 0 ? 2 : 1);
    }
    uint64_t after = resident_bytes();
    uint64_t cost = after > before ? (after - before) / REPLACEMENT_COUNT : 0;
    print_message(
        "%d replacements: %llu KiB each\n", REPLACEMENT_COUNT, (unsigned long long)(cost >> 10));
    assert_in_range(cost, 0, COST_MAX);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_begin_with_the_new_one),
        cmocka_unit_test(a_transaction_stays_with_what_it_began_with),
        cmocka_unit_test(the_next_start_finds_what_replaced),
        cmocka_unit_test(what_a_crash_interrupted_is_undone),
        cmocka_unit_test(a_signature_goes_with_its_file),
        cmocka_unit_test(what_is_added_is_there),
        cmocka_unit_test(a_bad_one_leaves_the_old_one_serving),
        cmocka_unit_test(an_older_one_is_taken_if_that_is_allowed),
        cmocka_unit_test(an_older_file_than_the_one_that_ran_last_is_not_started),
        cmocka_unit_test(more_permissions_need_consent),
        cmocka_unit_test(a_disabled_one_stays_out_over_restarts),
        cmocka_unit_test(one_that_others_need_is_not_disabled),
        cmocka_unit_test(what_the_configuration_disables_no_command_enables),
        cmocka_unit_test(the_same_path_after_a_rename_is_another_plugin),
        cmocka_unit_test(the_same_bytes_are_mapped_anew),
        cmocka_unit_test(the_same_soname_is_another_plugin),
        cmocka_unit_test(what_cannot_be_replaced_later_is_refused),
        cmocka_unit_test(thread_data_outlives_the_plugin),
        cmocka_unit_test(records_are_migrated_after_the_switch),
        cmocka_unit_test(what_cannot_read_the_records_is_refused),
        cmocka_unit_test(a_migration_goes_on_where_it_was),
        cmocka_unit_test(a_replacement_costs_little_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
