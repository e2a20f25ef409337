/* SPDX-License-Identifier: Apache-2.0 */
/* transactions.c - rules of transactions, queries and access that calls mostly keep by themselves,
 * and stores that are damaged in ways that only a reader notices. */
#include <stdlib.h>
#include <string.h>

#include "core/access/principal.h"
#include "core/base/utf8.h"
#include "core/query/query.h"
#include "core/record/change.h"
#include "core/record/rollup.h"
#include "core/value/value.h"
#include "tests/golden/areas.h"
#include "tests/unit/filled.h"

#define MACHINES(txn) fixture_type(txn, "machines")

typedef tn_status (*rule_fn)(struct fixture *f, struct txn *txn, struct err *err);

static struct record *record_of(struct txn *txn, const char *type, tn_id id)
{
    struct record *record = NULL;

    assert_int_equal(txn_get_any(txn, fixture_type(txn, type), id, &record, NULL), TN_OK);
    return record;
}

static tn_status link_with(struct txn *txn, const char *association, const char *type, tn_id from,
                           tn_id to, uint64_t labels, struct err *err)
{
    return txn_link(txn,
                    fixture_association(txn, association),
                    false,
                    record_of(txn, type, from),
                    to,
                    labels,
                    false,
                    NULL,
                    err);
}

/* Machines 1 and 2, site 4; machine 5 is archived. */

static tn_status write_archived(struct fixture *f, struct txn *txn, struct err *err)
{
    struct tn_value value = value_text(TN_TEXT, utf8_str("M-9"));

    (void)f;
    return record_write(
        record_of(txn, "machines", 5), fixture_property(txn, "machines", "serial"), &value, err);
}

static tn_status link_archived(struct fixture *f, struct txn *txn, struct err *err)
{
    (void)f;
    return link_with(txn, "machine_to_machine", "machines", 5, 1, 0, err);
}

static tn_status link_other_type(struct fixture *f, struct txn *txn, struct err *err)
{
    (void)f;
    return link_with(txn, "machine_to_machine", "sites", 4, 1, 0, err);
}

static tn_status link_with_label(struct fixture *f, struct txn *txn, struct err *err)
{
    (void)f;
    return link_with(txn, "machine_to_machine", "machines", 1, 2, 1u << 7, err);
}

static tn_status create_many(struct fixture *f, struct txn *txn, struct err *err)
{
    struct record *record = NULL;

    (void)f;
    for (;;)
        TRY(txn_create(txn, fixture_type(txn, "sites"), &record, err));
}

static tn_status read_new(struct fixture *f, struct txn *txn, struct err *err)
{
    struct history_value *values = NULL;
    struct record *record = NULL;
    size_t count = 0;

    (void)f;
    TRY(txn_create(txn, MACHINES(txn), &record, err));
    return history_read(record, 0, &values, &count, err);
}

static tn_status find_by_price(struct fixture *f, struct txn *txn, struct err *err)
{
    struct tn_value value = value_text(TN_TEXT, utf8_str("3"));
    struct record *record = NULL;

    (void)f;
    return txn_get_by(txn, fixture_property(txn, "machines", "price"), &value, &record, err);
}

static tn_status find_by_date(struct fixture *f, struct txn *txn, struct err *err)
{
    struct tn_value value = value_integer(TN_DATE, 1);
    struct record *record = NULL;

    (void)f;
    return txn_get_by(txn, fixture_property(txn, "machines", "serial"), &value, &record, err);
}

static tn_status write_other_property(struct fixture *f, struct txn *txn, struct err *err)
{
    struct tn_value value = value_text(TN_TEXT, utf8_str("x"));

    (void)f;
    return record_write(
        record_of(txn, "machines", 1), fixture_property(txn, "sites", "name"), &value, err);
}

static tn_status write_prepared(struct fixture *f, struct txn *txn, struct err *err)
{
    struct record *record = NULL;

    (void)f;
    TRY(txn_prepare(txn, err));
    return txn_create(txn, MACHINES(txn), &record, err);
}

static tn_status write_reading(struct fixture *f, struct txn *txn, struct err *err)
{
    const struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .is_read_only = true, .now_us = 1};
    struct record *record = NULL;
    struct txn *reading = NULL;

    (void)txn;
    TRY(txn_begin(f->records, &options, &reading, err));
    tn_status st = txn_create(reading, MACHINES(reading), &record, err);
    txn_destroy(reading);
    return st;
}

static tn_status keep_without_key(struct fixture *f, struct txn *txn, struct err *err)
{
    static const uint8_t hash[32] = {1};

    (void)f;
    return txn_keep_outcome(
        txn, utf8_str(""), utf8_str("a.B/C"), hash, (struct tn_bytes){hash, 1}, err);
}

static tn_status put_long_key(struct fixture *f, struct txn *txn, struct err *err)
{
    static char key[TXN_META_KEY_MAX + 100];

    (void)f;
    memset(key, 'k', sizeof(key));
    return txn_put_meta(
        txn, (struct tn_str){key, sizeof(key)}, (struct tn_bytes){(const uint8_t *)"x", 1}, err);
}

static tn_status run_query(struct txn *txn, struct query *query, struct err *err)
{
    struct query_run *run = NULL;
    tn_status st;

    query->type = MACHINES(txn);
    st = query_open(txn, query, (struct tn_bytes){0}, &run, err);
    query_close(run);
    return st;
}

static tn_status query_groups(struct fixture *f, struct txn *txn, struct err *err)
{
    static const struct query_group groups[QUERY_GROUP_MAX + 1];
    struct query query = {.groups = groups, .group_count = QUERY_GROUP_MAX + 1};

    (void)f;
    return run_query(txn, &query, err);
}

static tn_status query_filters(struct fixture *f, struct txn *txn, struct err *err)
{
    static const struct query_filter filters[QUERY_FILTER_MAX + 1];
    const struct query_group group = {.filters = filters, .filter_count = QUERY_FILTER_MAX + 1};
    struct query query = {.groups = &group, .group_count = 1};

    (void)f;
    return run_query(txn, &query, err);
}

static tn_status query_nothing(struct fixture *f, struct txn *txn, struct err *err)
{
    static const struct query_filter filter = {.op = QUERY_HAS};
    const struct query_group group = {.filters = &filter, .filter_count = 1};
    struct query query = {.groups = &group, .group_count = 1};

    (void)f;
    return run_query(txn, &query, err);
}

static tn_status query_other_kind(struct fixture *f, struct txn *txn, struct err *err)
{
    const struct tn_value value = value_integer(TN_DATE, 1);
    const struct query_filter filter = {.op = QUERY_EQ,
                                        .property = fixture_property(txn, "machines", "price"),
                                        .values = &value,
                                        .value_count = 1};
    const struct query_group group = {.filters = &filter, .filter_count = 1};
    struct query query = {.groups = &group, .group_count = 1};

    (void)f;
    return run_query(txn, &query, err);
}

static tn_status query_archived(struct fixture *f, struct txn *txn, struct err *err)
{
    struct query query = {.archived = true, .sort = fixture_property(txn, "machines", "price")};

    (void)f;
    return run_query(txn, &query, err);
}

static tn_status total_of_more(struct fixture *f, struct txn *txn, struct err *err)
{
    const struct schema_rollup *rollup =
        schema_rollup_by_name(txn_schema(txn), utf8_str("machines_by_state"));
    struct tn_value prefix[3] = {value_none(), value_none(), value_none()};
    struct rollup_group *groups = NULL;
    size_t count = 0;

    (void)f;
    return rollup_read(txn, rollup, prefix, 3, &groups, &count, err);
}

static tn_status admit(struct fixture *f, const struct access_peer *peer, struct err *err)
{
    const struct access access = {.portals = f->portals};
    struct principal principal;
    struct portal *portal = NULL;

    return access_admit(
        &access, peer, (struct tn_str){0}, (struct tn_str){0}, &principal, &portal, err);
}

static tn_status admit_stranger(struct fixture *f, struct txn *txn, struct err *err)
{
    (void)txn;
    return admit(f, &(struct access_peer){.is_ipc = true, .uid = 4711}, err);
}

static tn_status admit_machine(struct fixture *f, struct txn *txn, struct err *err)
{
    (void)txn;
    return admit(f, &(struct access_peer){.uid = 0}, err);
}

static const struct rule {
    const char *title;
    rule_fn run;
} rules[] = {
    {"a write to an archived record", write_archived},
    {"a link from an archived record", link_archived},
    {"a link from a record of another type", link_other_type},
    {"a link with a label that there is not", link_with_label},
    {"more records than a transaction has room for", create_many},
    {"the history of a new record", read_new},
    {"a record by a value that is not unique", find_by_price},
    {"a record by a value of another kind", find_by_date},
    {"a property of another type", write_other_property},
    {"a write after the transaction was prepared", write_prepared},
    {"a write of a call that only reads", write_reading},
    {"an idempotency key of no bytes", keep_without_key},
    {"a setting with a name that is too long", put_long_key},
    {"a query of too many groups", query_groups},
    {"a query of too many filters", query_filters},
    {"a query for nothing", query_nothing},
    {"a query with a value of another kind", query_other_kind},
    {"archived records in an order", query_archived},
    {"totals of more properties than there are", total_of_more},
    {"another user of the machine", admit_stranger},
    {"another machine without a token", admit_machine},
};

struct ruled {
    struct fixture *f;
    rule_fn run;
};

static tn_status run_rule(void *ctx, struct err *err)
{
    const struct ruled *r = ctx;
    struct txn *txn = fixture_begin(r->f);
    tn_status st = r->run(r->f, txn, err);

    txn_destroy(txn);
    return st;
}

void area_transactions(struct golden *g)
{
    struct ruled r = {.f = fixture_open()};

    golden_area(g, "Transactions, queries and access");
    filled_fill(r.f);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        r.run = rules[i].run;
        golden_run(g, rules[i].title, NULL, run_rule, &r);
    }
    fixture_close(r.f);
}
