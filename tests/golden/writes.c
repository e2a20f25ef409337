/* SPDX-License-Identifier: Apache-2.0 */
/* writes.c - commits that are not written: the log fails, they lose, are late, or are too large. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/record/state.h"
#include "core/value/value.h"
#include "tests/golden/areas.h"
#include "tests/unit/filled.h"

#define PATIENCE_US ((int64_t)60 * 1000000)
/* So many machines, each linked with each, are more links than a transaction has. */
#define LINKED_COUNT 150u
/* So many names as long as a text can be are more bytes than a transaction writes. */
#define LONG_COUNT 400u
/* More records than a search reads between two looks at the clock. */
#define SITE_COUNT 600u
#define MIB ((size_t)1 << 20)

/* A log that does not take the next commits. */
struct failing {
    struct fixture *f;
    struct log_driver real;
    enum log_outcome failure;
    unsigned fail_count;
    unsigned change_count; /* each writes another value */
};

static void commit_or_fail(void *ctx, struct log_commit *commits, size_t count, struct err *err)
{
    struct failing *failing = ctx;

    if (failing->fail_count == 0) {
        failing->real.commit(failing->real.ctx, commits, count, err);
        return;
    }
    failing->fail_count--;
    for (size_t i = 0; i < count; i++)
        commits[i].outcome = failing->failure;
}

static struct txn_options options_in(const struct fixture *f, const struct err *err)
{
    return (struct txn_options){.portal = f->portal,
                                .source = utf8_str("test"),
                                .user = utf8_str("tester"),
                                .language = err->language,
                                .deadline_us = INT64_MAX};
}

static struct txn *begin_in(struct fixture *f, const struct txn_options *options)
{
    struct txn *txn = NULL;

    if (txn_begin(f->records, options, &txn, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    return txn;
}

static tn_status commit(struct txn *txn, struct err *err)
{
    tn_status st = txn_commit_wait(txn, err);

    txn_destroy(txn);
    return st;
}

/* A transaction that changes the first machine. */
static struct txn *begin_change(struct failing *failing, const struct txn_options *options)
{
    struct fixture *f = failing->f;
    struct txn *txn = begin_in(f, options);
    struct record *record = NULL;
    char weight[16];

    (void)snprintf(weight, sizeof(weight), "%u", ++failing->change_count);
    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), 1, &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "weight", weight), TN_OK);
    return txn;
}

static tn_status change(struct failing *failing, struct err *err)
{
    const struct txn_options options = options_in(failing->f, err);

    return commit(begin_change(failing, &options), err);
}

/* The log */

static tn_status write_failing(void *ctx, struct err *err)
{
    struct failing *failing = ctx;

    failing->fail_count = 1;
    return change(failing, err);
}

static void await_mending(const struct fixture *f)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (records_is_frozen(f->records)) {
        assert_true(clock_mono_us() < until_us);
        (void)usleep(1000);
    }
}

static tn_status write_unknown(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    tn_status st = write_failing(ctx, err);

    await_mending(failing->f);
    return st;
}

/* Somebody reads: the store cannot be opened again meanwhile. */
static struct store_cursor *begin_reading(struct fixture *f)
{
    const struct tn_bytes all = {0};

    return store_cursor_open(f->store, NULL, STORE_ROWS, f->portal->id, all, all, false);
}

static tn_status write_frozen(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    struct store_cursor *reader = begin_reading(failing->f);
    struct txn *early = begin_change(failing, &options);

    assert_int_equal(write_failing(ctx, &failing->f->err), TN_UNAVAILABLE);
    tn_status st = commit(early, err);
    err->retry_after_us = 0; /* as long as it takes */
    store_cursor_close(reader);
    await_mending(failing->f);
    return st;
}

static tn_status reopen_reading(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    struct store_cursor *reader = begin_reading(failing->f);
    tn_status st = store_reopen(failing->f->store, NULL, NULL, err);

    store_cursor_close(reader);
    assert_int_equal(store_reopen(failing->f->store, NULL, NULL, &failing->f->err), TN_OK);
    store_resume(failing->f->store);
    return st;
}

/* The other calls */

static tn_status write_lost(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    struct txn *early = begin_change(failing, &options);

    assert_int_equal(change(failing, err), TN_OK);
    return commit(early, err);
}

static tn_status write_late(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    struct txn_options options = options_in(failing->f, err);

    options.deadline_us = clock_mono_us() - 1;
    return commit(begin_change(failing, &options), err);
}

static tn_status give_up(void *ctx)
{
    (void)ctx;
    return TN_CANCELLED;
}

static tn_status wait_for_turn(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    struct txn_options options = options_in(failing->f, err);
    struct txn *second = NULL;

    options.takes_turn = true;
    struct txn *first = begin_in(failing->f, &options);
    options.state = give_up;
    tn_status st = txn_begin(failing->f->records, &options, &second, err);
    txn_destroy(first);
    return st;
}

static tn_status search_late(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    struct txn_options options = options_in(failing->f, err);

    options.deadline_us = clock_mono_us() - 1;
    struct txn *txn = begin_in(failing->f, &options);
    const struct query query = {.type = fixture_type(txn, "sites")};
    struct query_run *run = NULL;
    struct query_hit hit;
    tn_status st = query_open(txn, &query, (struct tn_bytes){0}, &run, err);
    while (st == TN_OK)
        st = query_next(run, &hit, err);
    query_close(run);
    txn_destroy(txn);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* What is too much */

static struct record *add(struct fixture *f, struct txn *txn, const char *type,
                          const char *property, const char *text)
{
    struct record *record = NULL;

    assert_int_equal(txn_create(txn, fixture_type(txn, type), &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, property, text), TN_OK);
    return record;
}

static tn_status write_twins(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    struct txn *txn = begin_in(failing->f, &options);

    (void)add(failing->f, txn, "machines", "serial", "twin");
    (void)add(failing->f, txn, "machines", "serial", "twin");
    return commit(txn, err);
}

static tn_status write_large_sum(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    struct txn *txn = begin_in(failing->f, &options);
    struct record *record = add(failing->f, txn, "machines", "serial", "heavy");

    assert_int_equal(fixture_set(failing->f, record, "price", "9000000000000000000e18"), TN_OK);
    assert_int_equal(fixture_set(failing->f, record, "weight", "9000000000000000000e18"), TN_OK);
    return commit(txn, err);
}

static tn_status write_long(void *ctx, struct err *err)
{
    static char text[TXN_TEXT_SIZE_MAX + 1];
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    struct txn *txn = begin_in(failing->f, &options);

    memset(text, 'x', sizeof(text) - 1);
    for (unsigned i = 0; i < LONG_COUNT; i++)
        (void)add(failing->f, txn, "sites", "name", text);
    return commit(txn, err);
}

static tn_status link_many(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    struct txn *txn = begin_in(failing->f, &options);
    const struct schema_association *association = fixture_association(txn, "machine_to_machine");
    struct record *machines[LINKED_COUNT];
    tn_status st = TN_OK;

    for (unsigned i = 0; i < LINKED_COUNT; i++)
        assert_int_equal(txn_create(txn, fixture_type(txn, "machines"), &machines[i], err), TN_OK);
    for (unsigned i = 0; i < LINKED_COUNT * LINKED_COUNT && st == TN_OK; i++) {
        struct record *from = machines[i / LINKED_COUNT];
        struct record *to = machines[i % LINKED_COUNT];

        if (from != to)
            st = txn_link(txn, association, false, from, record_id(to), 0, false, NULL, err);
    }
    txn_destroy(txn);
    return st;
}

static tn_status create_archived(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    struct txn *txn = begin_in(failing->f, &options);
    struct record *record = NULL;

    tn_status st = txn_create(txn, fixture_type(txn, "lorries"), &record, err);
    txn_destroy(txn);
    return st;
}

static tn_status add_property(void *ctx, struct err *err)
{
    static char names[SCHEMA_PROPERTY_MAX][8];
    static struct catalog_property_request properties[SCHEMA_PROPERTY_MAX];
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    const struct catalog_type_request type = {
        .name = utf8_str("wide"), .properties = properties, .property_count = SCHEMA_PROPERTY_MAX};
    const struct catalog_property_request more = {
        .type = utf8_str("wide"), .name = utf8_str("more"), .kind = TN_TEXT};

    for (unsigned i = 0; i < SCHEMA_PROPERTY_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "p%u", i);
        properties[i] =
            (struct catalog_property_request){.name = utf8_str(names[i]), .kind = TN_TEXT};
    }
    (void)records_change_schema(failing->f->records, /* the second time it is there */
                                &options,
                                &(struct catalog_change){.add_type = &type},
                                &failing->f->err);
    return records_change_schema(
        failing->f->records, &options, &(struct catalog_change){.add_property = &more}, err);
}

static tn_status add_type(void *ctx, struct err *err)
{
    struct failing *failing = ctx;
    const struct txn_options options = options_in(failing->f, err);
    const struct catalog_type_request type = {.name = utf8_str("last")};

    return records_change_schema(
        failing->f->records, &options, &(struct catalog_change){.add_type = &type}, err);
}

static tn_status write_large(void *ctx, struct err *err)
{
    static const uint8_t bytes[MIB];
    struct failing *failing = ctx;
    struct store_batch *batch = store_batch_create();

    assert_non_null(batch);
    for (size_t i = 0; i <= STORE_BATCH_SIZE_MAX / MIB; i++)
        store_batch_put(
            batch, STORE_META, 0, (struct tn_bytes){bytes, 1}, (struct tn_bytes){bytes, MIB});
    tn_status st = store_write(failing->f->store, batch, false, err);
    store_batch_destroy(batch);
    return st;
}

static tn_status read_long_key(void *ctx, struct err *err)
{
    static const uint8_t bytes[STORE_KEY_MAX + 1];
    struct failing *failing = ctx;
    struct buf value = {0};

    return store_get(failing->f->store,
                     NULL,
                     STORE_META,
                     0,
                     (struct tn_bytes){bytes, sizeof(bytes)},
                     &value,
                     err);
}

/* Machine 1, many sites, and a type that is archived. */
static void fill(struct fixture *f)
{
    struct err err;

    err_init(&err, NULL);
    const struct txn_options options = options_in(f, &err);
    const struct catalog_type_request type = {.name = utf8_str("lorries")};
    (void)fixture_machine(f, "A");
    struct txn *txn = begin_in(f, &options);
    for (unsigned i = 0; i < SITE_COUNT; i++)
        (void)add(f, txn, "sites", "name", "x");
    if (commit(txn, &err) != TN_OK ||
        records_change_schema(
            f->records, &options, &(struct catalog_change){.add_type = &type}, &err) != TN_OK ||
        records_change_schema(
            f->records, &options, &(struct catalog_change){.archive_type = &type.name}, &err) !=
            TN_OK)
        fail_msg("%s", err.message);
}

static void note_bounds(struct golden *g, struct failing *failing)
{
    const struct tn_bytes next_key = {(const uint8_t *)"sn", 2};
    const struct tn_bytes none_left = {(const uint8_t *)"\xff\xff\xff\xff", 4};
    struct fixture *f = failing->f;

    golden_run(g, "two new records with one unique value", NULL, write_twins, failing);
    golden_run(g, "a sum that is too large", NULL, write_large_sum, failing);
    golden_run(g, "many long texts at once", NULL, write_long, failing);
    golden_run(g, "many links at once", NULL, link_many, failing);
    golden_run(g, "a record of an archived type", NULL, create_archived, failing);
    golden_run(g, "a property more than a type has", NULL, add_property, failing);
    golden_run(g, "a batch of 65 MiB", NULL, write_large, failing);
    golden_run(g, "a key of 2 KiB and a byte", NULL, read_long_key, failing);
    filled_put(f, STORE_META, f->portal->id, next_key, &none_left);
    fixture_reopen(f);
    golden_run(g, "a type when all ids are given", NULL, add_type, failing);
}

void area_writes(struct golden *g)
{
    struct failing failing = {.f = fixture_open()};

    golden_area(g, "Commits that are not written");
    fill(failing.f);
    failing.real = failing.f->records->driver;
    failing.f->records->driver.ctx = &failing;
    failing.f->records->driver.commit = commit_or_fail;
    failing.failure = LOG_FULL;
    golden_run(g, "a full disk", NULL, write_failing, &failing);
    failing.failure = LOG_UNAVAILABLE;
    golden_run(g, "a log that is away", NULL, write_failing, &failing);
    failing.failure = LOG_UNKNOWN;
    golden_run(g, "a write that failed in the middle", NULL, write_unknown, &failing);
    golden_run(g, "a commit after one that failed", NULL, write_frozen, &failing);
    golden_hide(g, failing.f->dir, "<FOLDER>");
    golden_run(g, "a store that is read while it is to be opened", NULL, reopen_reading, &failing);
    golden_run(g, "a commit that loses", NULL, write_lost, &failing);
    golden_run(g, "a commit that is late", NULL, write_late, &failing);
    golden_run(g, "a call that gives up while it waits", NULL, wait_for_turn, &failing);
    golden_run(g, "a search that is late", NULL, search_late, &failing);
    golden_area(g, "Bounds of what is written");
    note_bounds(g, &failing);
    fixture_close(failing.f);
}
