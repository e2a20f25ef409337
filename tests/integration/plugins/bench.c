/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c - see bench.h. */
#include "tests/integration/plugins/bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/value/value.h"

/* Threads of a test that call plugins at once, and the channels of a plugin. */
#define BENCH_WORKERS 8u
/* As a host's own default. */
#define USER_FIRST 60706u
#define USER_COUNT 478u

static void must(struct bench *b, tn_status st)
{
    if (st != TN_OK)
        fail_msg("%s: %s", err_status_name(st), b->err.message);
}

static void open_store(struct bench *b)
{
    struct store_options options = {.create_if_missing = true};
    char store_dir[96];

    (void)snprintf(store_dir, sizeof(store_dir), "%s/store", b->dir);
    err_init(&b->err, b->language);
    must(b, store_open(store_dir, &options, &b->store, &b->err));
}

static void open_blobs(struct bench *b)
{
    char dir[96];
    const struct blobs_options blobs = {.records = b->records, .dir = dir, .is_quiet = true};

    (void)snprintf(dir, sizeof(dir), "%s/blobs", b->dir);
    must(b, blobs_open(&blobs, &b->blobs, &b->err));
}

static void open_records(struct bench *b)
{
    must(b, catalog_open(b->store, &b->catalog, &b->err));
    must(b, portals_open(b->store, &b->portals, &b->err));
    b->portal = portals_find(b->portals, utf8_str("main"));
    if (!b->portal)
        must(b, portals_create(b->portals, utf8_str("main"), NULL, &b->portal, &b->err));
    struct records_options records = {
        .store = b->store, .catalog = b->catalog, .portals = b->portals};
    must(b, records_create(&records, &b->records, &b->err));
    open_blobs(b);
}

enum plugin_isolation bench_isolation(void)
{
    const char *said = getenv("BENCH_ISOLATION");

    return said && strcmp(said, "process") == 0 ? PLUGIN_IN_RUNNER : PLUGIN_IN_HOST;
}

/* `fail_at`: which allocation of the load fails; 0: none. */
static tn_status load_plugins(struct bench *b, const char *disabled, unsigned fail_at)
{
    const char *dirs[] = {b->plugin_dir};
    struct plugin_host_options plugins = {
        .records = b->records,
        .catalog = b->catalog,
        .portals = b->portals,
        .blobs = b->blobs,
        .dirs = dirs,
        .dir_count = 1,
        .work_dir = b->work_dir,
        .disabled = &b->disabled,
        .disabled_count = disabled ? 1 : 0,
        .attempt_max = b->attempt_max,
        .letter_max = b->letter_max,
        .runner = BENCH_RUNNER,
        .isolation = b->isolation,
        .runner_limits = b->limits,
        .sandbox = {.user_first = USER_FIRST, .user_count = USER_COUNT},
        .worker_count = BENCH_WORKERS,
        .language = b->language,
        .retry_us = 1000,
        .drain_us = b->drain_us};

    b->disabled = disabled;
    must(b, plugin_host_create(&plugins, &b->plugins, &b->err));
    if (fail_at)
        mem_fail_at(fail_at);
    tn_status st = plugin_host_load_all(b->plugins, &b->err);
    mem_fail_never();
    return st;
}

static void open_all(struct bench *b, const char *disabled)
{
    open_store(b);
    open_records(b);
    must(b, load_plugins(b, disabled, 0));
}

static void close_records(struct bench *b)
{
    plugin_host_stop(b->plugins);
    blobs_close(b->blobs);
    records_destroy(b->records);
    plugin_host_destroy(b->plugins);
    portals_close(b->portals);
    catalog_close(b->catalog);
}

static void close_all(struct bench *b)
{
    close_records(b);
    store_close(b->store);
}

tn_status bench_reload(struct bench *b, unsigned nth)
{
    close_records(b);
    err_init(&b->err, b->language);
    open_records(b);
    return load_plugins(b, NULL, nth);
}

struct bench *bench_open(const char *const *files, const char *disabled)
{
    return bench_open_in(files, disabled, NULL);
}

static void name_dirs(struct bench *b)
{
    (void)snprintf(b->plugin_dir, sizeof(b->plugin_dir), "%s/files", b->dir);
    (void)snprintf(b->work_dir, sizeof(b->work_dir), "%s/work", b->dir);
}

struct bench *bench_open_at(const char *dir)
{
    struct bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    (void)snprintf(b->dir, sizeof(b->dir), "%s", dir);
    b->isolation = bench_isolation();
    name_dirs(b);
    open_all(b, NULL);
    return b;
}

static struct bench *make_bench(const char *const *files, const char *language)
{
    struct bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->language = language;
    b->isolation = bench_isolation();
    (void)snprintf(b->dir, sizeof(b->dir), "/tmp/tenon-bench-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    name_dirs(b);
    assert_int_equal(mkdir(b->plugin_dir, 0700), 0);
    for (unsigned i = 0; files[i]; i++) {
        const char *slash = strrchr(files[i], '/');
        char path[512];

        /* The host takes files by name. */
        (void)snprintf(path, sizeof(path), "%s/%02u-%s", b->plugin_dir, i, slash + 1);
        assert_int_equal(symlink(files[i], path), 0);
    }
    return b;
}

struct bench *bench_open_in(const char *const *files, const char *disabled, const char *language)
{
    struct bench *b = make_bench(files, language);

    open_all(b, disabled);
    return b;
}

struct bench *bench_open_isolated(const char *const *files,
                                  const struct plugin_runner_limits *limits, const char *language)
{
    struct bench *b = make_bench(files, language);

    b->isolation = PLUGIN_IN_RUNNER;
    b->limits = *limits;
    open_all(b, NULL);
    return b;
}

void bench_halt(struct bench *b)
{
    close_all(b);
}

void bench_resume(struct bench *b)
{
    open_all(b, NULL);
}

void bench_reopen(struct bench *b)
{
    bench_halt(b);
    bench_resume(b);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void bench_drain(struct bench *b, int64_t drain_us)
{
    b->drain_us = drain_us;
    bench_reopen(b);
}

void bench_close(struct bench *b)
{
    close_all(b);
    (void)nftw(b->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(b);
}

struct plugin_info bench_plugin(const struct bench *b, const char *file)
{
    struct plugin_info info;

    for (size_t i = 0; plugin_host_info(b->plugins, i, &info); i++) {
        size_t len = strlen(info.file);

        if (len >= strlen(file) && strcmp(info.file + len - strlen(file), file) == 0)
            return info;
    }
    fail_msg("no plugin file %s", file);
    return info;
}

void bench_all_run(const struct bench *b)
{
    struct plugin_info info;

    for (size_t i = 0; plugin_host_info(b->plugins, i, &info); i++)
        if (info.state != PLUGIN_RUNNING)
            fail_msg("%s: %s", info.file, info.reason);
}

/* Transactions */

struct txn *bench_begin(struct bench *b)
{
    struct txn_options options = {.portal = b->portal,
                                  .source = utf8_str("test"),
                                  .user = utf8_str("tester"),
                                  .language = b->language,
                                  .now_us = b->now_us,
                                  .deadline_us = INT64_MAX};
    struct txn *txn = NULL;

    err_init(&b->err, b->language);
    must(b, txn_begin(b->records, &options, &txn, &b->err));
    return txn;
}

tn_status bench_commit(struct bench *b, struct txn *txn)
{
    tn_status st = txn_commit_wait(txn, &b->err);

    txn_destroy(txn);
    return st;
}

static const struct schema_type *type_of(struct txn *txn, const char *name)
{
    const struct schema_type *type = schema_type_by_name(txn_schema(txn), utf8_str(name));

    if (!type)
        fail_msg("no type %s", name);
    return type;
}

static const struct schema_property *property_of(struct txn *txn, const struct schema_type *type,
                                                 const char *name)
{
    const struct schema_property *property =
        schema_property_by_name(txn_schema(txn), type, utf8_str(name));

    if (!property)
        fail_msg("no property %s", name);
    return property;
}

tn_status bench_set(struct bench *b, struct record *record, const char *property, const char *value)
{
    const struct schema_property *found =
        property_of(record_txn(record), record_type(record), property);
    struct tn_value parsed = value_none();

    if (value)
        TRY(value_parse(found->kind, utf8_str(value), property, &parsed, &b->err));
    return record_write(record, found, &parsed, &b->err);
}

static tn_status set_all(struct bench *b, struct record *record, const char *const *values)
{
    for (size_t i = 0; values[i]; i += 2)
        TRY(bench_set(b, record, values[i], values[i + 1]));
    return TN_OK;
}

struct record *bench_new(struct bench *b, struct txn *txn, const char *type,
                         const char *const *values)
{
    struct record *record = NULL;

    must(b, txn_create(txn, type_of(txn, type), &record, &b->err));
    must(b, set_all(b, record, values));
    return record;
}

tn_status bench_create(struct bench *b, const char *type, const char *const *values, tn_id *ret_id)
{
    struct txn *txn = bench_begin(b);
    struct record *record = NULL;

    must(b, txn_create(txn, type_of(txn, type), &record, &b->err));
    tn_status st = set_all(b, record, values);
    tn_id id = record_id(record);
    if (st == TN_OK)
        st = bench_commit(b, txn);
    else
        txn_destroy(txn);
    if (st == TN_OK && ret_id)
        *ret_id = id;
    return st;
}

static struct record *get(struct bench *b, struct txn *txn, const char *type, tn_id id)
{
    struct record *record = NULL;

    must(b, txn_get(txn, type_of(txn, type), id, &record, &b->err));
    return record;
}

tn_status bench_update(struct bench *b, const char *type, tn_id id, const char *const *values)
{
    struct txn *txn = bench_begin(b);
    tn_status st = set_all(b, get(b, txn, type, id), values);

    if (st == TN_OK)
        return bench_commit(b, txn);
    txn_destroy(txn);
    return st;
}

tn_status bench_archive(struct bench *b, const char *type, tn_id id)
{
    struct txn *txn = bench_begin(b);

    must(b, txn_archive(get(b, txn, type, id), &b->err));
    return bench_commit(b, txn);
}

const char *bench_read(struct bench *b, const char *type, tn_id id, const char *property)
{
    static char text[1024];
    struct txn *txn = bench_begin(b);
    struct record *record = get(b, txn, type, id);
    struct buf out = {0};
    struct tn_value value;

    must(b, record_read(record, property_of(txn, record_type(record), property), &value));
    must(b, value_format(&value, &out));
    (void)snprintf(
        text, sizeof(text), "%.*s", (int)out.len, out.data ? (const char *)out.data : "");
    buf_fini(&out);
    txn_destroy(txn);
    return text;
}

uint64_t bench_count(struct bench *b, const char *type)
{
    struct txn *txn = bench_begin(b);
    struct query query = {.type = type_of(txn, type)};
    uint64_t count = 0;

    must(b, query_count(txn, &query, &count, &b->err));
    txn_destroy(txn);
    return count;
}

tn_id bench_find(struct bench *b, const char *type, const char *property, const char *value)
{
    struct txn *txn = bench_begin(b);
    const struct schema_property *key = property_of(txn, type_of(txn, type), property);
    struct tn_value wanted;
    struct record *record = NULL;

    must(b, value_parse(key->kind, utf8_str(value), property, &wanted, &b->err));
    tn_status st = txn_get_by(txn, key, &wanted, &record, &b->err);
    tn_id id = st == TN_OK ? record_id(record) : 0;
    if (st != TN_NOT_FOUND)
        must(b, st);
    txn_destroy(txn);
    return id;
}

static const struct schema_association *association_of(struct txn *txn, const char *name,
                                                       bool *ret_is_inverse)
{
    const struct schema_association *found =
        schema_association_by_name(txn_schema(txn), utf8_str(name), ret_is_inverse);

    if (!found)
        fail_msg("no association %s", name);
    return found;
}

static tn_id linked(struct bench *b, const char *type, tn_id id, const char *association,
                    bool must_be_primary)
{
    struct txn *txn = bench_begin(b);
    bool is_inverse;
    const struct schema_association *along = association_of(txn, association, &is_inverse);
    struct txn_link *links;
    size_t count;
    bool has_more;
    tn_id found = 0;

    must(b,
         txn_linked(
             get(b, txn, type, id), along, is_inverse, 0, 100, &links, &count, &has_more, &b->err));
    for (size_t i = 0; i < count; i++)
        if (links[i].is_primary || (found == 0 && !must_be_primary))
            found = links[i].to;
    txn_destroy(txn);
    return found;
}

tn_id bench_linked(struct bench *b, const char *type, tn_id id, const char *association)
{
    return linked(b, type, id, association, false);
}

tn_id bench_primary(struct bench *b, const char *type, tn_id id, const char *association)
{
    return linked(b, type, id, association, true);
}

tn_status bench_link(struct bench *b, const char *type, tn_id from, const char *association,
                     tn_id to)
{
    struct txn *txn = bench_begin(b);
    bool is_inverse;
    const struct schema_association *along = association_of(txn, association, &is_inverse);

    must(b, txn_link(txn, along, is_inverse, get(b, txn, type, from), to, 0, false, NULL, &b->err));
    return bench_commit(b, txn);
}

tn_status bench_call(struct bench *b, const char *name, struct tn_bytes request,
                     struct buf *ret_response)
{
    struct txn *txn = bench_begin(b);
    struct buf response = {0};
    const struct plugin_method *method = NULL;

    for (size_t i = 0; (method = plugin_host_method(b->plugins, i)) != NULL; i++)
        if (strcmp(method->name, name) == 0)
            break;
    if (!method)
        fail_msg("no method %s", name);
    tn_status st = plugin_method_run(method, txn, request, &response, &b->err);
    if (st == TN_OK)
        st = bench_commit(b, txn);
    else
        txn_destroy(txn);
    if (st == TN_OK && ret_response)
        must(b, buf_add(ret_response, response.data, response.len));
    buf_fini(&response);
    return st;
}

tn_status bench_setting(struct bench *b, const char *plugin, const char *name, const char *value)
{
    struct txn *txn = bench_begin(b);
    tn_status st =
        plugin_setting_set(txn, utf8_str(plugin), utf8_str(name), utf8_str(value), &b->err);

    if (st == TN_OK)
        return bench_commit(b, txn);
    txn_destroy(txn);
    return st;
}

bool bench_refused(const struct bench *b, const char *field, const char *rule)
{
    for (uint32_t i = 0; i < b->err.violation_count; i++)
        if (strcmp(b->err.violations[i].field, field) == 0 &&
            strcmp(b->err.violations[i].rule, rule) == 0)
            return true;
    return false;
}
