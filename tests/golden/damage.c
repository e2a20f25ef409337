/* SPDX-License-Identifier: Apache-2.0 */
/* damage.c - what a host says of a store whose entries were changed behind its back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/access/token.h"
#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/record/change.h"
#include "core/record/rollup.h"
#include "core/value/value.h"
#include "tests/golden/areas.h"
#include "tests/unit/filled.h"

#define ID_MAX 8u
#define CHANGE_MAX 100u

/* What is read of a portal by its first call. */
static tn_status read_portals(struct records *records, struct portals *portals, struct err *err)
{
    struct txn_options options = {.portal = portals_find(portals, utf8_str("main")),
                                  .deadline_us = INT64_MAX};
    struct txn *txn = NULL;

    if (!options.portal)
        return TN_OK; /* the damage is that it is not there */
    TRY(txn_begin(records, &options, &txn, err));
    txn_destroy(txn);
    return TN_OK;
}

/* Everything of the store that is read when a host starts. */
static tn_status read_start(struct store *store, struct err *err)
{
    struct catalog *catalog = NULL;
    struct portals *portals = NULL;
    struct records *records = NULL;
    struct tokens *tokens = NULL;
    tn_status st = catalog_open_stored(store, &catalog, err);

    if (st == TN_OK)
        st = portals_open(store, &portals, err);
    if (st == TN_OK)
        st = tokens_open(store, &tokens, err);
    if (st == TN_OK) {
        const struct records_options options = {
            .store = store, .catalog = catalog, .portals = portals};

        st = records_create(&options, &records, err);
    }
    if (st == TN_OK)
        st = read_portals(records, portals, err);
    records_destroy(records);
    tokens_close(tokens);
    portals_close(portals);
    catalog_close(catalog);
    return st;
}

static tn_status read_record(struct txn *txn, tn_id id, struct err *err)
{
    const struct schema_property *serial = fixture_property(txn, "machines", "serial");
    struct history_value *values = NULL;
    struct txn_link *links = NULL;
    struct record *record = NULL;
    struct tn_value value;
    bool more = false;
    size_t count = 0;

    tn_status st = txn_get_any(txn, fixture_type(txn, "machines"), id, &record, err);
    if (st == TN_NOT_FOUND) {
        err_clear(err);
        return TN_OK;
    }
    TRY(st);
    TRY(record_read(record, serial, &value));
    TRY(history_read(record, 0, &values, &count, err));
    return txn_linked(record,
                      fixture_association(txn, "machine_to_machine"),
                      false,
                      0,
                      10,
                      &links,
                      &count,
                      &more,
                      err);
}

static tn_status read_all(struct txn *txn, const struct query *query, struct err *err)
{
    struct query_run *run = NULL;
    struct query_hit hit;

    TRY(query_open(txn, query, (struct tn_bytes){0}, &run, err));
    tn_status st;
    while ((st = query_next(run, &hit, err)) == TN_OK)
        continue;
    query_close(run);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

static tn_status read_lists(struct fixture *f, struct txn *txn, struct err *err)
{
    const struct schema_rollup *rollup =
        schema_rollup_by_name(txn_schema(txn), utf8_str("machines_by_state"));
    struct tn_value name = value_text(TN_TEXT, utf8_str("Pump A"));
    struct query query = {.type = fixture_type(txn, "machines")};
    static const uint8_t hash[32] = {1};
    struct rollup_group *groups = NULL;
    struct change *changes = NULL;
    struct record *record = NULL;
    struct tn_bytes response;
    size_t count = 0;

    TRY(read_all(txn, &query, err));
    query.sort = fixture_property(txn, "machines", "price");
    TRY(read_all(txn, &query, err));
    TRY(rollup_read(txn, rollup, NULL, 0, &groups, &count, err));
    tn_status st =
        txn_get_by(txn, fixture_property(txn, "machines", "serial"), &name, &record, err);
    if (st != TN_OK && st != TN_NOT_FOUND)
        return st;
    err_clear(err);
    TRY(changes_read(f->records, f->portal, 0, CHANGE_MAX, txn_arena(txn), &changes, &count, err));
    st = txn_outcome(txn, utf8_str("key-1"), utf8_str("a.B/C"), hash, &response, err);
    return st == TN_NOT_FOUND ? TN_OK : st;
}

/* Everything of it, as far as it can be read. */
static tn_status read_store(void *ctx, struct err *err)
{
    struct fixture *f = ctx;

    TRY(read_start(f->store, err));
    struct txn *txn = fixture_begin(f);
    tn_status st = TN_OK;
    for (tn_id id = 1; id < ID_MAX && st == TN_OK; id++)
        st = read_record(txn, id, err);
    if (st == TN_OK)
        st = read_lists(f, txn, err);
    txn_destroy(txn);
    return st;
}

/* Notes what is said if no damage has shown it before. */
static void look(struct golden *g, struct fixture *f, const char *how)
{
    struct err err;

    err_init(&err, NULL);
    if (read_store(f, &err) == TN_OK || err.status == TN_OK ||
        err.status == TN_RESOURCE_EXHAUSTED || !golden_is_new(g, err.message))
        return;
    golden_run(g, "a damaged entry", how, read_store, f);
}

static void change_bytes(struct golden *g, struct fixture *f, const struct filled_kind *kind,
                         uint32_t portal, const struct filled_entry *entry)
{
    static const uint8_t masks[] = {0x55, 0x01};
    const struct tn_bytes value = buf_bytes(&entry->value);
    char how[96];

    (void)snprintf(how, sizeof(how), "a changed byte in %s %s", kind->name, kind->prefix);
    for (size_t i = 0; i < value.len * sizeof(masks); i++) {
        uint8_t *byte = &entry->value.data[i / sizeof(masks)];

        *byte ^= masks[i % sizeof(masks)];
        filled_put(f, kind->family, portal, buf_bytes(&entry->key), &value);
        look(g, f, how);
        *byte ^= masks[i % sizeof(masks)];
    }
}

static void damage_entry(struct golden *g, struct fixture *f, const struct filled_kind *kind,
                         uint32_t portal, const struct filled_entry *entry)
{
    static const uint8_t values[][9] = {"\xff\xff\xff\xff\xff\xff\xff\xff", "", "\x01", "\x09\x09"};
    const struct tn_bytes key = buf_bytes(&entry->key);
    const struct tn_bytes old = buf_bytes(&entry->value);
    char how[96];

    (void)snprintf(how, sizeof(how), "other bytes in %s %s", kind->name, kind->prefix);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        const struct tn_bytes value = {values[i], strlen((const char *)values[i])};

        filled_put(f, kind->family, portal, key, &value);
        look(g, f, how);
    }
    change_bytes(g, f, kind, portal, entry);
    filled_put(f, kind->family, portal, key, &old);
}

void area_damage(struct golden *g)
{
    const struct tn_bytes token_key = {(const uint8_t *)"t\x01\x02\x03", 4};
    const struct tn_bytes any = {(const uint8_t *)"\xff", 1};
    struct fixture *f = fixture_open();

    golden_area(g, "Stores that are damaged, as calls meet it first");
    filled_fill(f);
    if (read_store(f, &f->err) != TN_OK)
        fail_msg("what is sound is not read: %s", f->err.message);
    for (size_t i = 0; i < filled_kind_count; i++) {
        const struct filled_kind *kind = &filled_kinds[i];
        uint32_t portal = kind->is_of_host ? 0 : f->portal->id;
        struct filled_entry *entries = calloc(FILLED_ENTRY_MAX, sizeof(*entries));

        assert_non_null(entries);
        size_t count = filled_entries(f, kind->family, portal, kind->prefix, entries);
        for (size_t j = 0; j < count; j++)
            damage_entry(g, f, kind, portal, &entries[j]);
        filled_free(entries, count);
    }
    filled_put(f, STORE_META, 0, token_key, &any);
    look(g, f, "other bytes in tokens t");
    fixture_close(f);
}
