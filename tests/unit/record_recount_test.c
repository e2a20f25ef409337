/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/recount.c: roll-ups that are declared when records are there already. */
#include <string.h>

#include "core/base/utf8.h"
#include "core/record/rollup.h"
#include "core/record/txn.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

enum { MACHINE, USER };
enum { STATE, PRICE, WEIGHT };

static const struct tn_type uses[] = {{.name = "machines", .flags = TN_EXTERN},
                                      {.name = "users", .flags = TN_EXTERN}};
static const struct tn_property used[] = {
    [STATE] = {.type = MACHINE, .kind = TN_CHOICE, .name = "state", .flags = TN_EXTERN},
    [PRICE] = {.type = MACHINE, .kind = TN_NUMBER, .name = "price", .flags = TN_EXTERN},
};
static const uint32_t by_state[] = {STATE};
static const uint32_t of_price[] = {PRICE};
static const struct tn_rollup late[] = {
    {.name = "late", .group = TN_LIST(by_state), .sum = TN_LIST(of_price)}};

#define PLUGIN(id_)                                                                    \
    .magic = TN_MAGIC, .struct_size = (uint32_t)sizeof(struct tn_plugin), .id = (id_), \
    .version = "1.0.0", .summary = "of a test", .schema = 1, .schema_oldest = 1

static const struct tn_plugin statistics = {PLUGIN("org.example.statistics"),
                                            .types = TN_LIST(uses),
                                            .properties = TN_LIST(used),
                                            .rollups = TN_LIST(late)};

/* Mills, first without an owner. */
static const struct tn_type mill_types[] = {{.name = "mills"},
                                            {.name = "users", .flags = TN_EXTERN}};
static const struct tn_property mill_properties[] = {
    {.type = 0, .kind = TN_TEXT, .name = "town"},
    {.type = 0, .kind = TN_REF, .name = "owner", .flags = TN_OWNER, .refers = 1}};
static const uint32_t by_town[] = {0};
static const struct tn_rollup mill_rollups[] = {
    {.name = "mills_by_town", .group = TN_LIST(by_town)}};

static int set_up(void **state)
{
    *state = fixture_open();
    return 0;
}

static int tear_down(void **state)
{
    fixture_close(*state);
    return 0;
}

static void declare(struct fixture *f, const struct tn_plugin *plugin)
{
    struct catalog_declared *declared = NULL;

    err_clear(&f->err);
    if (catalog_declare(f->catalog, plugin, &declared, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    assert_int_equal(catalog_keep(f->catalog, declared, &f->err), TN_OK);
    catalog_declared_destroy(declared);
}

static void must_hold(struct fixture *f)
{
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);

    err_clear(&f->err);
    if (invariants_check(f->store, schema, f->portal->id, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    schema_unref(schema);
}

static uint64_t count_of(struct fixture *f, const char *rollup)
{
    struct txn *txn = fixture_begin(f);
    struct rollup_group *groups;
    size_t group_count;
    uint64_t count = 0;

    assert_int_equal(rollup_read(txn,
                                 schema_rollup_by_name(txn_schema(txn), utf8_str(rollup)),
                                 NULL,
                                 0,
                                 &groups,
                                 &group_count,
                                 &f->err),
                     TN_OK);
    for (size_t i = 0; i < group_count; i++)
        count += groups[i].count;
    txn_destroy(txn);
    return count;
}

static tn_status change(struct fixture *f, const char *type, tn_id id, const char *property,
                        const char *text)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, type), id, &record, &f->err), TN_OK);
    if (property)
        assert_int_equal(fixture_set(f, record, property, text), TN_OK);
    else
        assert_int_equal(txn_archive(record, &f->err), TN_OK);
    return fixture_commit(f, txn);
}

static void late_rollup_counts_what_was_there(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    tn_id b = fixture_machine(f, "B");
    tn_id c = fixture_machine(f, "C");

    assert_int_equal(change(f, "machines", a, "price", "10"), TN_OK);
    assert_int_equal(change(f, "machines", c, NULL, NULL), TN_OK);
    uint64_t head = records_head(f->records, f->portal);
    declare(f, &statistics);
    assert_int_equal(count_of(f, "late"), 2);
    assert_int_equal(count_of(f, "machines_by_state"), 2);
    must_hold(f);
    assert_int_equal(change(f, "machines", a, "price", "12"), TN_OK);
    assert_int_equal(change(f, "machines", b, "state", "used"), TN_OK);
    must_hold(f);
    assert_int_equal(change(f, "machines", a, NULL, NULL), TN_OK);
    assert_int_equal(count_of(f, "late"), 1);
    must_hold(f);
    assert_int_equal(records_head(f->records, f->portal), head + 3); /* counting is no change */
}

static void what_is_counted_stays_so_after_a_restart(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");

    declare(f, &statistics);
    assert_int_equal(change(f, "machines", a, "price", "12"), TN_OK);
    fixture_reopen(f);
    declare(f, &statistics);
    assert_int_equal(count_of(f, "late"), 1);
    assert_int_equal(change(f, "machines", a, NULL, NULL), TN_OK);
    assert_int_equal(count_of(f, "late"), 0);
    must_hold(f);
}

static void transaction_from_before_the_declaration_runs_again(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "machines"), a, &record, &f->err), TN_OK);
    assert_int_equal(txn_archive(record, &f->err), TN_OK);
    declare(f, &statistics);
    assert_int_equal(fixture_commit(f, txn), TN_ABORTED);
    assert_int_equal(change(f, "machines", a, NULL, NULL), TN_OK);
    must_hold(f);
}

static void owner_that_a_type_gains_divides_its_totals_anew(void **state)
{
    struct fixture *f = *state;
    struct tn_plugin mills = {PLUGIN("org.example.mills"),
                              .types = TN_LIST(mill_types),
                              .properties = TN_LIST(mill_properties),
                              .rollups = TN_LIST(mill_rollups)};
    static struct tn_plugin first; /* outlives the catalog, as a plugin does */
    static struct tn_plugin second;
    struct record *record;

    first = second = mills;
    first.properties.count = 1;
    declare(f, &first);
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_create(txn, fixture_type(txn, "mills"), &record, &f->err), TN_OK);
    tn_id id = record_id(record);
    assert_int_equal(fixture_set(f, record, "town", "Delft"), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    assert_int_equal(count_of(f, "mills_by_town"), 1);
    must_hold(f);
    fixture_reopen(f);
    declare(f, &second);
    assert_int_equal(count_of(f, "mills_by_town"), 1);
    assert_int_equal(change(f, "mills", id, "town", "Leiden"), TN_OK);
    must_hold(f);
    assert_int_equal(change(f, "mills", id, NULL, NULL), TN_OK);
    assert_int_equal(count_of(f, "mills_by_town"), 0);
    must_hold(f);
}

/* What cannot be a key of a group is refused, and nobody else is hurt. */
static void value_too_long_to_count_by_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct tn_plugin mills = {PLUGIN("org.example.mills"),
                                           .types = TN_LIST(mill_types),
                                           .properties = TN_LIST(mill_properties),
                                           .rollups = TN_LIST(mill_rollups)};
    char town[5001];
    struct record *record;

    declare(f, &mills);
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_create(txn, fixture_type(txn, "mills"), &record, &f->err), TN_OK);
    memset(town, 'x', sizeof(town) - 1);
    town[sizeof(town) - 1] = '\0';
    assert_int_equal(fixture_set(f, record, "town", town), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_INVALID_ARGUMENT);
    assert_false(records_is_frozen(f->records));
    (void)fixture_machine(f, "A");
    must_hold(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(late_rollup_counts_what_was_there),
        CASE(what_is_counted_stays_so_after_a_restart),
        CASE(transaction_from_before_the_declaration_runs_again),
        CASE(owner_that_a_type_gains_divides_its_totals_anew),
        CASE(value_too_long_to_count_by_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
