/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/contacts in a host: contacts, companies, and the link between them. */
#include <string.h>

#include "core/plugin/wire.h"
#include "tests/integration/plugins/bench.h"

#define CONTACTS "tenon.contacts"

static struct bench *open_contacts(void)
{
    struct bench *b = bench_open((const char *const[]){PLUGINS "contacts.so", NULL}, NULL);

    bench_all_run(b);
    return b;
}

static tn_id make(struct bench *b, const char *type, const char *const *values)
{
    tn_id id = 0;

    if (bench_create(b, type, values, &id) != TN_OK)
        fail_msg("%s", b->err.message);
    return id;
}

static void an_address_is_kept_normalised(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = make(b, "contacts", BENCH_VALUES("email", "  Ada@Example.COM "));

    (void)state;
    assert_string_equal(bench_read(b, "contacts", id, "email"), "Ada@example.com");
    assert_string_equal(bench_read(b, "contacts", id, "hs_email_domain"), "example.com");
    bench_close(b);
}

static void a_wrong_address_is_refused(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    assert_int_equal(bench_create(b, "contacts", BENCH_VALUES("email", "ada at home"), NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "email", "email"));
    assert_int_equal(bench_count(b, "contacts"), 0);
    bench_close(b);
}

static void an_address_is_had_once_whatever_its_capitals(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    (void)make(b, "contacts", BENCH_VALUES("email", "ada@example.com"));
    assert_int_equal(bench_create(b, "contacts", BENCH_VALUES("email", "ADA@EXAMPLE.COM"), NULL),
                     TN_ALREADY_EXISTS);
    assert_true(bench_refused(b, "email", "unique"));
    bench_close(b);
}

static void a_cleared_address_clears_its_domain(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = make(b, "contacts", BENCH_VALUES("email", "ada@example.com", "lastname", "L"));
    struct txn *txn = bench_begin(b);
    struct record *record;

    (void)state;
    assert_int_equal(txn_get(txn,
                             schema_type_by_name(txn_schema(txn), (struct tn_str){"contacts", 8}),
                             id,
                             &record,
                             &b->err),
                     TN_OK);
    assert_int_equal(bench_set(b, record, "email", NULL), TN_OK);
    assert_int_equal(bench_commit(b, txn), TN_OK);
    assert_string_equal(bench_read(b, "contacts", id, "hs_email_domain"), "");
    assert_string_equal(bench_read(b, "contacts", id, "hs_full_name_or_email"), "L");
    bench_close(b);
}

static void a_contact_needs_an_address_or_a_name(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    assert_int_equal(bench_create(b, "contacts", BENCH_VALUES("city", "Lille"), NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "email", "required"));
    (void)make(b, "contacts", BENCH_VALUES("firstname", "Ada"));
    bench_close(b);
}

static void a_contact_is_shown_by_name_or_address(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = make(b, "contacts", BENCH_VALUES("email", "ada@example.com"));

    (void)state;
    assert_string_equal(bench_read(b, "contacts", id, "hs_full_name_or_email"), "ada@example.com");
    assert_int_equal(
        bench_update(b, "contacts", id, BENCH_VALUES("firstname", "Ada", "lastname", "Lovelace")),
        TN_OK);
    assert_string_equal(bench_read(b, "contacts", id, "hs_full_name_or_email"), "Ada Lovelace");
    bench_close(b);
}

/* Lifecycle */

static void a_new_contact_is_a_dated_lead(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = make(b, "contacts", BENCH_VALUES("lastname", "Lovelace"));

    (void)state;
    assert_string_equal(bench_read(b, "contacts", id, "lifecyclestage"), "lead");
    assert_string_not_equal(bench_read(b, "contacts", id, "hs_lifecyclestage_lead_date"), "");
    assert_string_equal(bench_read(b, "contacts", id, "hs_lifecyclestage_customer_date"), "");
    bench_close(b);
}

static void the_lifecycle_moves_forward_and_dates_each_stage(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = make(b, "contacts", BENCH_VALUES("lastname", "Lovelace"));

    (void)state;
    assert_int_equal(bench_update(b, "contacts", id, BENCH_VALUES("lifecyclestage", "customer")),
                     TN_OK);
    assert_string_not_equal(bench_read(b, "contacts", id, "hs_lifecyclestage_customer_date"), "");
    bench_close(b);
}

static void the_lifecycle_does_not_go_back(void **state)
{
    static const char *const types[] = {"contacts", "companies"};
    static const char *const names[] = {"lastname", "name"};
    struct bench *b = open_contacts();

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        tn_id id =
            make(b, types[i], BENCH_VALUES(names[i], "Lovelace", "lifecyclestage", "customer"));

        assert_int_equal(bench_update(b, types[i], id, BENCH_VALUES("lifecyclestage", "lead")),
                         TN_FAILED_PRECONDITION);
        assert_true(bench_refused(b, "lifecyclestage", "forward_only"));
        assert_string_equal(bench_read(b, types[i], id, "lifecyclestage"), "customer");
    }
    bench_close(b);
}

static void clearing_the_stage_is_the_way_back(void **state)
{
    struct bench *b = open_contacts();
    tn_id id =
        make(b, "contacts", BENCH_VALUES("lastname", "Lovelace", "lifecyclestage", "customer"));

    (void)state;
    assert_int_equal(bench_update(b, "contacts", id, BENCH_VALUES("lifecyclestage", "")), TN_OK);
    assert_int_equal(bench_update(b, "contacts", id, BENCH_VALUES("lifecyclestage", "lead")),
                     TN_OK);
    bench_close(b);
}

static void the_stage_other_has_no_rank(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = make(b, "contacts", BENCH_VALUES("lastname", "L", "lifecyclestage", "other"));

    (void)state;
    assert_int_equal(bench_update(b, "contacts", id, BENCH_VALUES("lifecyclestage", "subscriber")),
                     TN_OK);
    assert_int_equal(bench_update(b, "contacts", id, BENCH_VALUES("lifecyclestage", "other")),
                     TN_OK);
    bench_close(b);
}

static void a_stage_that_is_none_is_refused(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    assert_int_equal(
        bench_create(
            b, "contacts", BENCH_VALUES("lastname", "L", "lifecyclestage", "prospect"), NULL),
        TN_INVALID_ARGUMENT);
    bench_close(b);
}

/* Companies */

static void a_domain_is_kept_normalised_and_names_a_company_without_name(void **state)
{
    struct bench *b = open_contacts();
    tn_id id = make(b, "companies", BENCH_VALUES("domain", "https://www.Example.com/about"));

    (void)state;
    assert_string_equal(bench_read(b, "companies", id, "domain"), "example.com");
    assert_string_equal(bench_read(b, "companies", id, "name"), "example.com");
    assert_int_equal(bench_create(b, "companies", BENCH_VALUES("domain", "EXAMPLE.COM"), NULL),
                     TN_ALREADY_EXISTS);
    bench_close(b);
}

static void a_company_needs_a_name_or_a_domain(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    assert_int_equal(bench_create(b, "companies", BENCH_VALUES("city", "Lille"), NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "name", "required"));
    assert_int_equal(
        bench_create(b, "companies", BENCH_VALUES("name", "A", "domain", "nowhere"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "domain", "domain"));
    bench_close(b);
}

static void a_company_has_one_parent(void **state)
{
    struct bench *b = open_contacts();
    tn_id parent = make(b, "companies", BENCH_VALUES("name", "Parent"));
    tn_id other = make(b, "companies", BENCH_VALUES("name", "Other"));
    tn_id child = make(b, "companies", BENCH_VALUES("name", "Child"));

    (void)state;
    assert_int_equal(bench_link(b, "companies", parent, "parent_company_to_child_company", child),
                     TN_OK);
    struct txn *txn = bench_begin(b);
    bool is_inverse;
    const struct schema_association *found =
        schema_association_by_name(txn_schema(txn),
                                   (struct tn_str){"parent_company_to_child_company",
                                                   strlen("parent_company_to_child_company")},
                                   &is_inverse);
    struct record *from;
    assert_int_equal(txn_get(txn,
                             schema_type_by_name(txn_schema(txn), (struct tn_str){"companies", 9}),
                             other,
                             &from,
                             &b->err),
                     TN_OK);
    tn_status st = txn_link(txn, found, false, from, child, 0, false, NULL, &b->err);
    if (st == TN_OK)
        st = bench_commit(b, txn);
    else
        txn_destroy(txn);
    assert_int_equal(st, TN_FAILED_PRECONDITION);
    bench_close(b);
}

/* The company of an address */

static void a_contact_gets_no_company_unless_the_portal_asks(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    (void)make(b, "contacts", BENCH_VALUES("email", "ada@example.com"));
    assert_int_equal(bench_count(b, "companies"), 0);
    bench_close(b);
}

static void the_company_of_an_address_is_made_once(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    assert_int_equal(bench_setting(b, CONTACTS, "company_from_email", "true"), TN_OK);
    tn_id ada = make(b, "contacts", BENCH_VALUES("email", "ada@example.com"));
    tn_id bob = make(b, "contacts", BENCH_VALUES("email", "bob@Example.com"));
    tn_id company = bench_find(b, "companies", "domain", "example.com");
    assert_true(company != 0);
    assert_int_equal(bench_count(b, "companies"), 1);
    assert_true(bench_primary(b, "contacts", ada, "contact_to_company") == company);
    assert_true(bench_primary(b, "contacts", bob, "contact_to_company") == company);
    bench_close(b);
}

static void two_contacts_of_one_batch_share_the_new_company(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    assert_int_equal(bench_setting(b, CONTACTS, "company_from_email", "true"), TN_OK);
    struct txn *txn = bench_begin(b);
    (void)bench_new(b, txn, "contacts", BENCH_VALUES("email", "ada@example.com"));
    (void)bench_new(b, txn, "contacts", BENCH_VALUES("email", "bob@example.com"));
    assert_int_equal(bench_commit(b, txn), TN_OK);
    assert_int_equal(bench_count(b, "companies"), 1);
    bench_close(b);
}

static void free_mail_tells_no_company(void **state)
{
    struct bench *b = open_contacts();

    (void)state;
    assert_int_equal(bench_setting(b, CONTACTS, "company_from_email", "true"), TN_OK);
    (void)make(b, "contacts", BENCH_VALUES("email", "ada@gmail.com"));
    assert_int_equal(bench_count(b, "companies"), 0);
    bench_close(b);
}

struct ensured {
    tn_status status;
    tn_id company;
    bool is_created;
};

static struct ensured ensure(struct bench *b, tn_id contact)
{
    struct buf request = {0};
    struct buf response = {0};
    struct wire_field field;
    struct ensured found = {0};

    assert_int_equal(wire_add_varint(&request, 1, contact), TN_OK);
    found.status =
        bench_call(b, "tenon.contacts.v1.Contacts/EnsureCompany", buf_bytes(&request), &response);
    struct tn_bytes rest = buf_bytes(&response);
    while (wire_next(&rest, &field) == TN_OK) {
        if (field.field == 1)
            found.company = field.number;
        if (field.field == 2)
            found.is_created = field.number != 0;
    }
    buf_fini(&request);
    buf_fini(&response);
    return found;
}

static void ensure_company_makes_it_then_finds_it(void **state)
{
    struct bench *b = open_contacts();
    tn_id ada = make(b, "contacts", BENCH_VALUES("email", "ada@example.com"));
    struct ensured first = ensure(b, ada);
    struct ensured again = ensure(b, ada);

    (void)state;
    assert_int_equal(first.status, TN_OK);
    assert_true(first.is_created);
    assert_string_equal(bench_read(b, "companies", first.company, "domain"), "example.com");
    assert_int_equal(again.status, TN_OK);
    assert_false(again.is_created);
    assert_true(again.company == first.company);
    bench_close(b);
}

static void ensure_company_finds_one_by_its_domain(void **state)
{
    struct bench *b = open_contacts();
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Ex", "domain", "example.com"));
    tn_id ada = make(b, "contacts", BENCH_VALUES("email", "ada@example.com"));
    struct ensured found = ensure(b, ada);

    (void)state;
    assert_int_equal(found.status, TN_OK);
    assert_false(found.is_created);
    assert_true(found.company == company);
    assert_true(bench_primary(b, "contacts", ada, "contact_to_company") == company);
    bench_close(b);
}

static void ensure_company_says_why_there_is_none(void **state)
{
    struct bench *b = open_contacts();
    tn_id named = make(b, "contacts", BENCH_VALUES("lastname", "Lovelace"));
    tn_id free_mail = make(b, "contacts", BENCH_VALUES("email", "ada@free.fr"));

    (void)state;
    assert_int_equal(ensure(b, named).status, TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "contact", "email"));
    assert_int_equal(ensure(b, free_mail).status, TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "contact", "free_mail"));
    assert_int_equal(ensure(b, 987654).status, TN_NOT_FOUND);
    assert_int_equal(bench_count(b, "companies"), 0);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_kept_normalised),
        cmocka_unit_test(a_wrong_address_is_refused),
        cmocka_unit_test(an_address_is_had_once_whatever_its_capitals),
        cmocka_unit_test(a_cleared_address_clears_its_domain),
        cmocka_unit_test(a_contact_needs_an_address_or_a_name),
        cmocka_unit_test(a_contact_is_shown_by_name_or_address),
        cmocka_unit_test(a_new_contact_is_a_dated_lead),
        cmocka_unit_test(the_lifecycle_moves_forward_and_dates_each_stage),
        cmocka_unit_test(the_lifecycle_does_not_go_back),
        cmocka_unit_test(clearing_the_stage_is_the_way_back),
        cmocka_unit_test(the_stage_other_has_no_rank),
        cmocka_unit_test(a_stage_that_is_none_is_refused),
        cmocka_unit_test(a_domain_is_kept_normalised_and_names_a_company_without_name),
        cmocka_unit_test(a_company_needs_a_name_or_a_domain),
        cmocka_unit_test(a_company_has_one_parent),
        cmocka_unit_test(a_contact_gets_no_company_unless_the_portal_asks),
        cmocka_unit_test(the_company_of_an_address_is_made_once),
        cmocka_unit_test(two_contacts_of_one_batch_share_the_new_company),
        cmocka_unit_test(free_mail_tells_no_company),
        cmocka_unit_test(ensure_company_makes_it_then_finds_it),
        cmocka_unit_test(ensure_company_finds_one_by_its_domain),
        cmocka_unit_test(ensure_company_says_why_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
