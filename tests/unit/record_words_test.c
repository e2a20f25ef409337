/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/index/index.c through transactions: words of texts with more than are indexed. */
#include <stdio.h>
#include <stdlib.h>

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

static void rename_to(struct fixture *f, tn_id id, unsigned first, unsigned count)
{
    struct txn *txn = fixture_begin(f);
    struct schema *schema = catalog_schema(f->catalog, f->portal->id);
    struct record *record;
    char *text = words(first, count);

    assert_int_equal(txn_get(txn, fixture_type(txn, "sites"), id, &record, &f->err), TN_OK);
    assert_int_equal(fixture_set(f, record, "name", text), TN_OK);
    assert_int_equal(fixture_commit(f, txn), TN_OK);
    free(text);
    err_clear(&f->err);
    if (invariants_check(f->store, schema, f->portal->id, &f->err) != TN_OK)
        fail_msg("%s", f->err.message);
    schema_unref(schema);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_follow_from_the_row_alone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
