/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/index/index.c through transactions: words of texts with more than are indexed. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/utf8.h"
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

/* `count` words from number `first` on; freed by the caller. */
static char *words(unsigned first, unsigned count)
{
    char *text = malloc((size_t)count * 8 + 1);
    size_t len = 0;

    assert_non_null(text);
    for (unsigned i = first; i < first + count; i++)
        len += (size_t)snprintf(text + len, 9, "w%u ", i);
    return text;
}

/* Each word is kept with the properties that have it, and no other word is. */
static void check_words(struct fixture *f)
{
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);

    err_clear(&f->err);
    if (invariants_check(f->store, schema, f->portal->id, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    schema_unref(schema);
}

/* `note` may be NULL: nothing is written there. */
static void write_texts(struct fixture *f, tn_id id, const char *name, const char *note)
{
    struct txn *txn = fixture_begin(f);
    struct record *record;

    assert_int_equal(txn_get(txn, fixture_type(txn, "sites"), id, &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "name", name), TN_OK);
    if (note)
        assert_int_equal(fixture_set(f, record, "note", note), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    check_words(f);
}

static void rename_to(struct fixture *f, tn_id id, unsigned first, unsigned count)
{
    char *text = words(first, count);

    write_texts(f, id, text, NULL);
    free(text);
}

static void words_follow_from_the_row_alone(void **state)
{
    struct fixture *f = *state;
    tn_id id = fixture_site(f, "Paris");

    rename_to(f, id, 0, 1900);
    rename_to(f, id, 1000, 1900); /* 2900 distinct ones before and after */
    rename_to(f, id, 1000, 2500);
    rename_to(f, id, 2000, 2500);
    rename_to(f, id, 2400, 300);
}

static void a_word_moves_from_property_to_property(void **state)
{
    struct fixture *f = *state;
    const struct txn_options options = {
        .portal = f->portal, .source = utf8_str("test"), .user = utf8_str("tester"), .now_us = 1};
    const struct catalog_property_request note = {.type = utf8_str("sites"),
                                                  .name = utf8_str("note"),
                                                  .kind = TN_TEXT,
                                                  .flags = TN_SEARCHABLE};

    assert_int_equal(records_add_property(f->records, &options, &note, &f->err), TN_OK);
    tn_id id = fixture_site(f, "Paris");
    write_texts(f, id, "Paris", "north yard");
    write_texts(f, id, "North", "yard"); /* from the one to the other */
    write_texts(f, id, "North yard", "north");
    write_texts(f, id, "Yard", "north yard");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_word_moves_from_property_to_property, set_up, tear_down),
        cmocka_unit_test_setup_teardown(words_follow_from_the_row_alone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
