/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/link.c and, below it, core/graph/edge.c. */
#include <stdio.h>

#include "core/base/utf8.h"
#include "core/record/change.h"
#include "core/record/txn.h"
#include "tests/unit/fixture.h"
#include "tests/unit/invariants.h"

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

static struct record *get(struct fixture *f, struct txn *txn, const char *type, tn_id id)
{
    struct record *record = NULL;

    err_clear(&f->err);
    assert_int_equal(txn_get(txn, fixture_type(txn, type), id, &record, &f->err), TN_OK);
    return record;
}

static tn_status link_in(struct fixture *f, struct txn *txn, tn_id machine, tn_id site,
                         uint64_t labels, bool is_primary)
{
    return txn_link(txn,
                    fixture_association(txn, "machine_to_site"),
                    false,
                    get(f, txn, "machines", machine),
                    site,
                    labels,
                    is_primary,
                    NULL,
                    &f->err);
}

static tn_status link_now(struct fixture *f, tn_id machine, tn_id site)
{
    struct txn *txn = fixture_begin(f);
    tn_status st = link_in(f, txn, machine, site, 0, false);

    if (st != TN_OK) {
        txn_destroy(txn);
        return st;
    }
    return fixture_commit(f, txn);
}

static size_t count_links(struct fixture *f, struct txn *txn, const char *type, tn_id id)
{
    struct txn_link *links;
    size_t count;
    bool more;

    assert_int_equal(
        txn_linked(get(f, txn, type, id), NULL, false, 0, 100, &links, &count, &more, &f->err),
        TN_OK);
    return count;
}

static void link_is_seen_from_both_ends(void **state)
{
    struct fixture *f = *state;
    tn_id machine = fixture_machine(f, "A");
    tn_id site = fixture_site(f, "Paris");
    struct txn *txn = fixture_begin(f);
    struct txn_link *links;
    size_t count;
    bool more;

    assert_int_equal(link_in(f, txn, machine, site, 2, true), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    fixture_reopen(f);
    txn = fixture_begin(f);
    const struct schema_association *association = fixture_association(txn, "machine_to_site");
    assert_int_equal(txn_linked(get(f, txn, "machines", machine),
                                association,
                                false,
                                0,
                                10,
                                &links,
                                &count,
                                &more,
                                &f->err),
                     TN_OK);
    assert_int_equal(count, 1);
    assert_int_equal(links[0].to, site);
    assert_int_equal(links[0].labels, 2);
    assert_true(links[0].is_primary);
    assert_int_equal(
        txn_linked(
            get(f, txn, "sites", site), association, true, 0, 10, &links, &count, &more, &f->err),
        TN_OK);
    assert_int_equal(count, 1);
    assert_int_equal(links[0].to, machine);
    assert_false(links[0].is_primary); /* of the site's links, none is */
    txn_destroy(txn);
}

static void unlinked_is_gone_from_both_ends(void **state)
{
    struct fixture *f = *state;
    tn_id machine = fixture_machine(f, "A");
    tn_id site = fixture_site(f, "Paris");

    assert_int_equal(link_now(f, machine, site), TN_OK);
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_unlink(txn,
                                fixture_association(txn, "machine_to_site"),
                                false,
                                get(f, txn, "machines", machine),
                                site,
                                NULL,
                                &f->err),
                     TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    fixture_reopen(f);
    txn = fixture_begin(f);
    assert_int_equal(count_links(f, txn, "machines", machine), 0);
    assert_int_equal(count_links(f, txn, "sites", site), 0);
    txn_destroy(txn);
}

static void own_links_are_seen_before_the_commit(void **state)
{
    struct fixture *f = *state;
    tn_id machine = fixture_machine(f, "A");
    tn_id site = fixture_site(f, "Paris");
    struct txn *txn = fixture_begin(f);

    assert_int_equal(link_in(f, txn, machine, site, 0, false), TN_OK);
    assert_int_equal(count_links(f, txn, "machines", machine), 1);
    assert_int_equal(count_links(f, txn, "sites", site), 1);
    assert_int_equal(txn_unlink(txn,
                                fixture_association(txn, "machine_to_site"),
                                true,
                                get(f, txn, "sites", site),
                                machine,
                                NULL,
                                &f->err),
                     TN_OK);
    assert_int_equal(count_links(f, txn, "machines", machine), 0);
    txn_destroy(txn);
}

static void limits_of_both_sides_are_kept(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    tn_id b = fixture_machine(f, "B");
    tn_id c = fixture_machine(f, "C");
    tn_id paris = fixture_site(f, "Paris");
    tn_id lyon = fixture_site(f, "Lyon");

    assert_int_equal(link_now(f, a, paris), TN_OK);
    assert_int_equal(link_now(f, a, lyon), TN_FAILED_PRECONDITION);
    assert_true(fixture_refused(f, "machine_to_site", "limit"));
    assert_int_equal(link_now(f, b, paris), TN_OK);
    assert_int_equal(link_now(f, c, paris), TN_FAILED_PRECONDITION);
    assert_int_equal(link_now(f, a, paris), TN_OK); /* linked already: no further one */
}

static void wrong_links_are_refused(void **state)
{
    struct fixture *f = *state;
    tn_id machine = fixture_machine(f, "A");
    tn_id site = fixture_site(f, "Paris");
    struct txn *txn = fixture_begin(f);
    const struct schema_association *machines = fixture_association(txn, "machine_to_machine");

    assert_int_equal(link_in(f, txn, machine, site + 100, 0, false), TN_NOT_FOUND);
    err_clear(&f->err);
    assert_int_equal(link_in(f, txn, machine, machine, 0, false), TN_INVALID_ARGUMENT);
    assert_int_equal(link_in(f, txn, machine, site, 4, false), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "machine_to_site", "label"));
    err_clear(&f->err);
    assert_int_equal(
        txn_link(
            txn, machines, false, get(f, txn, "sites", site), machine, 0, false, NULL, &f->err),
        TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "machine_to_machine", "type"));
    txn_destroy(txn);
}

static void archiving_removes_all_links_and_logs_them(void **state)
{
    struct fixture *f = *state;
    tn_id machine = fixture_machine(f, "A");
    tn_id site = fixture_site(f, "Paris");
    struct arena arena;
    struct change *changes;
    size_t count;

    assert_int_equal(link_now(f, machine, site), TN_OK);
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_archive(get(f, txn, "sites", site), &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    assert_int_equal(count_links(f, txn, "machines", machine), 0);
    txn_destroy(txn);
    arena_init(&arena, SIZE_MAX);
    assert_int_equal(changes_read(f->records, f->portal, 0, 10, &arena, &changes, &count, &f->err),
                     TN_OK);
    assert_int_equal(count, 4);
    assert_int_equal(changes[2].kind, CHANGE_LINKED);
    assert_int_equal(changes[2].record, machine);
    assert_int_equal(changes[3].kind, CHANGE_ARCHIVED);
    assert_int_equal(changes[3].link_count, 1);
    assert_true(changes[3].links[0].is_removed);
    arena_fini(&arena);
}

/* More than a transaction may change otherwise, in one of them: it is archived or it is not. */
static void a_record_with_many_links_is_archived_at_once(void **state)
{
    struct fixture *f = *state;
    tn_id hub = fixture_machine(f, "hub");
    tn_id first = 0;
    size_t left = TXN_LINK_MAX + 1;
    char serial[16];

    while (left > 0) {
        struct txn *txn = fixture_begin(f);
        const struct schema_association *association =
            fixture_association(txn, "machine_to_machine");
        struct record *at = get(f, txn, "machines", hub);

        for (size_t i = 0; i < TXN_RECORD_MAX / 2 && left > 0; i++, left--) {
            struct record *made;

            assert_int_equal(txn_create(txn, record_type(at), &made, &f->err), TN_OK);
            (void)snprintf(serial, sizeof(serial), "%zu", left);
            assert_int_equal(fixture_set(f, made, "serial", serial), TN_OK);
            assert_int_equal(
                txn_link(txn, association, false, at, record_id(made), 0, false, NULL, &f->err),
                TN_OK);
            first = first ? first : record_id(made);
        }
        assert_int_equal(fixture_commit(f, txn), TN_OK);
    }
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_archive(get(f, txn, "machines", hub), &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    txn = fixture_begin(f);
    assert_int_equal(count_links(f, txn, "machines", first), 0);
    txn_destroy(txn);
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);
    assert_int_equal(invariants_check(f->store, schema, f->portal->id, &f->err), TN_OK);
    schema_unref(schema);
}

static void another_primary_takes_over(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    tn_id others[2] = {fixture_machine(f, "B"), fixture_machine(f, "C")};
    struct txn_link *links;
    size_t count;
    bool more;

    for (int i = 0; i < 2; i++) {
        struct txn *txn = fixture_begin(f);

        assert_int_equal(txn_link(txn,
                                  fixture_association(txn, "machine_to_machine"),
                                  false,
                                  get(f, txn, "machines", a),
                                  others[i],
                                  0,
                                  true,
                                  NULL,
                                  &f->err),
                         TN_OK);
        assert_int_equal(fixture_commit(f, txn), TN_OK);
    }
    struct txn *txn = fixture_begin(f);
    assert_int_equal(
        txn_linked(get(f, txn, "machines", a), NULL, false, 0, 10, &links, &count, &more, &f->err),
        TN_OK);
    assert_int_equal(count, 2);
    assert_false(links[0].is_primary);
    assert_true(links[1].is_primary);
    txn_destroy(txn);
}

static void link_and_archive_of_its_end_conflict(void **state)
{
    struct fixture *f = *state;
    tn_id machine = fixture_machine(f, "A");
    tn_id site = fixture_site(f, "Paris");
    struct txn *linking = fixture_begin(f);
    struct txn *archiving = fixture_begin(f);

    assert_int_equal(link_in(f, linking, machine, site, 0, false), TN_OK);
    assert_int_equal(txn_archive(get(f, archiving, "sites", site), &f->err), TN_OK);
    assert_int_equal(fixture_commit(f, linking), TN_OK);
    assert_int_equal(fixture_commit(f, archiving), TN_ABORTED);
}

static void linked_read_conflicts_with_a_new_link(void **state)
{
    struct fixture *f = *state;
    tn_id machine = fixture_machine(f, "A");
    tn_id site = fixture_site(f, "Paris");
    struct txn *reader = fixture_begin(f);

    assert_int_equal(count_links(f, reader, "machines", machine), 0);
    assert_int_equal(fixture_set(f, get(f, reader, "machines", machine), "price", "0"), TN_OK);
    assert_int_equal(link_now(f, machine, site), TN_OK);
    assert_int_equal(fixture_commit(f, reader), TN_ABORTED);
}

static void links_are_listed_page_by_page(void **state)
{
    struct fixture *f = *state;
    tn_id a = fixture_machine(f, "A");
    tn_id after = 0;
    size_t seen = 0;
    bool more = true;

    for (int i = 0; i < 5; i++) {
        char serial[16];
        (void)snprintf(serial, sizeof(serial), "B-%d", i);
        tn_id b = fixture_machine(f, serial);
        struct txn *txn = fixture_begin(f);

        assert_int_equal(txn_link(txn,
                                  fixture_association(txn, "machine_to_machine"),
                                  false,
                                  get(f, txn, "machines", a),
                                  b,
                                  0,
                                  false,
                                  NULL,
                                  &f->err),
                         TN_OK);
        assert_int_equal(fixture_commit(f, txn), TN_OK);
    }
    while (more) {
        struct txn *txn = fixture_begin(f);
        struct txn_link *links;
        size_t count;

        assert_int_equal(txn_linked(get(f, txn, "machines", a),
                                    fixture_association(txn, "machine_to_machine"),
                                    false,
                                    after,
                                    2,
                                    &links,
                                    &count,
                                    &more,
                                    &f->err),
                         TN_OK);
        assert_true(count > 0);
        assert_true(links[0].to > after);
        after = links[count - 1].to;
        seen += count;
        txn_destroy(txn);
    }
    assert_int_equal(seen, 5);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A plugin that keeps an association of the fixture's machines for itself. */
static const struct tn_type kept_types[] = {{.name = "machines", .flags = TN_EXTERN},
                                            {.name = "parts", .label = "Part", .plural = "Parts"}};
static const struct tn_association kept_associations[] = {
    {.name = "machine_to_part", .from = 0, .to = 1, .flags = TN_READONLY},
};
static const struct tn_plugin keeper = {
    .magic = TN_MAGIC,
    .struct_size = (uint32_t)sizeof(struct tn_plugin),
    .id = "org.example.keeper",
    .version = "1.0.0",
    .summary = "Keeps parts in machines",
    .schema = 1,
    .schema_oldest = 1,
    .types = TN_LIST(kept_types),
    .associations = TN_LIST(kept_associations),
};

static tn_status link_part(struct fixture *f, struct txn *txn, tn_id machine, tn_id part,
                           bool is_linked)
{
    const struct schema_association *association = fixture_association(txn, "machine_to_part");
    struct record *at = get(f, txn, "machines", machine);

    if (is_linked)
        return txn_link(txn, association, false, at, part, 0, false, NULL, &f->err);
    return txn_unlink(txn, association, false, at, part, NULL, &f->err);
}

static void only_its_plugin_links_by_a_read_only_association(void **state)
{
    struct fixture *f = *state;
    struct catalog_declared *declared = NULL;
    struct record *made = NULL;
    tn_id machine = fixture_machine(f, "M-1");

    assert_int_equal(catalog_declare(f->catalog, &keeper, &declared, &f->err), TN_OK);
    assert_int_equal(catalog_keep(f->catalog, declared, &f->err), TN_OK);
    struct txn *txn = fixture_begin(f);
    assert_int_equal(txn_create(txn, fixture_type(txn, "parts"), &made, &f->err), TN_OK);
    tn_id part = record_id(made);
    assert_int_equal(link_part(f, txn, machine, part, true), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "machine_to_part", "read_only"));
    err_clear(&f->err);
    (void)txn_set_writer(txn, utf8_str("org.example.keeper"));
    assert_int_equal(link_part(f, txn, machine, part, true), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);

    txn = fixture_begin(f);
    assert_int_equal(link_part(f, txn, machine, part, false), TN_INVALID_ARGUMENT);
    assert_true(fixture_refused(f, "machine_to_part", "read_only"));
    err_clear(&f->err);
    assert_int_equal(count_links(f, txn, "machines", machine), 1);
    assert_int_equal(txn_archive(get(f, txn, "machines", machine), &f->err), TN_OK);
    assert_int_equal(count_links(f, txn, "parts", part), 0); /* what is archived has no links */
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    catalog_declared_destroy(declared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_its_plugin_links_by_a_read_only_association),
        CASE(link_is_seen_from_both_ends),
        CASE(unlinked_is_gone_from_both_ends),
        CASE(own_links_are_seen_before_the_commit),
        CASE(limits_of_both_sides_are_kept),
        CASE(wrong_links_are_refused),
        CASE(archiving_removes_all_links_and_logs_them),
        CASE(a_record_with_many_links_is_archived_at_once),
        CASE(another_primary_takes_over),
        CASE(link_and_archive_of_its_end_conflict),
        CASE(linked_read_conflicts_with_a_new_link),
        CASE(links_are_listed_page_by_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
