/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/store/cursor.c. */
#include "tests/unit/store_fixture.h"

#define END "(end)"

static const struct tn_bytes all;

/* Walks from `from` and compares the keys met with `expected`, joined by spaces. */
static void expect_walk(struct store *store, const struct store_snapshot *snapshot, uint32_t portal,
                        const char *prefix, const char *from, bool reverse, const char *expected)
{
    struct store_cursor *cursor = store_cursor_open(
        store, snapshot, STORE_INDEX, portal, bytes_of(prefix), bytes_of(from), reverse);
    struct buf met = {0};
    struct tn_bytes key;
    struct tn_bytes value;
    tn_status status;

    assert_non_null(cursor);
    while ((status = store_cursor_next(cursor, &key, &value, NULL)) == TN_OK) {
        assert_int_equal(key.len, value.len); /* each was put with itself as value */
        assert_memory_equal(key.data, value.data, key.len);
        assert_int_equal(buf_add(&met, key.data, key.len), TN_OK);
        assert_int_equal(buf_add(&met, " ", 1), TN_OK);
    }
    assert_int_equal(status, TN_NOT_FOUND);
    assert_int_equal(store_cursor_next(cursor, &key, &value, NULL), TN_NOT_FOUND);
    assert_int_equal(buf_add(&met, END, strlen(END) + 1), TN_OK);
    assert_string_equal(met.data, expected);
    buf_fini(&met);
    store_cursor_close(cursor);
}

static void put_all(struct store *store, enum store_family family, uint32_t portal)
{
    static const char *const keys[] = {"c", "ab", "a", "b", "abc", "ac", "ba"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        fixture_put(store, family, portal, keys[i], keys[i]);
}

static void walks_in_the_order_of_bytes(void **state)
{
    struct store *store = fixture_open(*state);

    put_all(store, STORE_INDEX, 1);
    expect_walk(store, NULL, 1, "", "", false, "a ab abc ac b ba c " END);
    expect_walk(store, NULL, 1, "", "", true, "c ba b ac abc ab a " END);
    store_close(store);
}

static void walks_only_the_prefix(void **state)
{
    struct store *store = fixture_open(*state);

    put_all(store, STORE_INDEX, 1);
    expect_walk(store, NULL, 1, "a", "", false, "a ab abc ac " END);
    expect_walk(store, NULL, 1, "a", "", true, "ac abc ab a " END);
    expect_walk(store, NULL, 1, "ab", "", false, "ab abc " END);
    expect_walk(store, NULL, 1, "abcd", "", false, END);
    expect_walk(store, NULL, 1, "abcd", "", true, END);
    store_close(store);
}

static void begins_at_from_inclusive(void **state)
{
    struct store *store = fixture_open(*state);

    put_all(store, STORE_INDEX, 1);
    expect_walk(store, NULL, 1, "a", "ab", false, "ab abc ac " END);
    expect_walk(store, NULL, 1, "a", "ab", true, "ab a " END);
    expect_walk(store, NULL, 1, "a", "aba", false, "abc ac " END);
    expect_walk(store, NULL, 1, "a", "aba", true, "ab a " END);
    store_close(store);
}

static void a_start_outside_the_prefix_stays_within_it(void **state)
{
    struct store *store = fixture_open(*state);

    put_all(store, STORE_INDEX, 1);
    expect_walk(store, NULL, 1, "b", "a", false, "b ba " END);
    expect_walk(store, NULL, 1, "b", "c", false, END);
    expect_walk(store, NULL, 1, "b", "c", true, "ba b " END);
    expect_walk(store, NULL, 1, "b", "a", true, END);
    store_close(store);
}

static void walks_neither_other_portals_nor_other_families(void **state)
{
    static const uint32_t portals[] = {0, 1, 2, 255, 256, 0xfffffffe, 0xffffffff};
    struct store *store = fixture_open(*state);

    for (size_t i = 0; i < 7; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "%u", portals[i]);
        fixture_put(store, STORE_INDEX, portals[i], name, name);
        put_all(store, STORE_ROWS, portals[i]);
        put_all(store, STORE_UNIQUE, portals[i]);
        put_all(store, STORE_META, portals[i]);
    }
    for (size_t i = 0; i < 7; i++) {
        char expected[32];

        (void)snprintf(expected, sizeof(expected), "%u " END, portals[i]);
        expect_walk(store, NULL, portals[i], "", "", false, expected);
        expect_walk(store, NULL, portals[i], "", "", true, expected);
    }
    expect_walk(store, NULL, 3, "", "", false, END);
    store_close(store);
}

static void a_prefix_of_ff_ends_with_its_family(void **state)
{
    struct store *store = fixture_open(*state);

    fixture_put(store, STORE_INDEX, UINT32_MAX, "\xff\xff", "\xff\xff");
    fixture_put(store, STORE_INDEX, UINT32_MAX, "\xff\xff\xff", "\xff\xff\xff");
    fixture_put(store, STORE_INDEX, UINT32_MAX, "\xff\xfe", "\xff\xfe");
    put_all(store, STORE_UNIQUE, UINT32_MAX);
    expect_walk(store, NULL, UINT32_MAX, "\xff\xff", "", false, "\xff\xff \xff\xff\xff " END);
    expect_walk(store, NULL, UINT32_MAX, "\xff\xff", "", true, "\xff\xff\xff \xff\xff " END);
    store_close(store);
}

static void walks_what_its_snapshot_saw(void **state)
{
    struct store *store = fixture_open(*state);
    struct store_batch *batch = store_batch_create();

    put_all(store, STORE_INDEX, 1);
    struct store_snapshot *snapshot = store_snapshot_open(store);
    assert_non_null(snapshot);
    fixture_put(store, STORE_INDEX, 1, "aa", "aa");
    store_batch_delete(batch, STORE_INDEX, 1, bytes_of("b"));
    store_batch_delete(batch, STORE_INDEX, 1, bytes_of("ba"));
    store_batch_delete(batch, STORE_INDEX, 1, bytes_of("c"));
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);

    expect_walk(store, snapshot, 1, "", "", false, "a ab abc ac b ba c " END);
    expect_walk(store, NULL, 1, "", "", false, "a aa ab abc ac " END);
    store_batch_destroy(batch);
    store_snapshot_close(snapshot);
    store_close(store);
}

static void an_open_cursor_does_not_see_later_writes(void **state)
{
    struct store *store = fixture_open(*state);
    struct tn_bytes key;
    struct tn_bytes value;

    fixture_put(store, STORE_INDEX, 1, "a", "a");
    struct store_cursor *cursor = store_cursor_open(store, NULL, STORE_INDEX, 1, all, all, false);
    assert_non_null(cursor);
    fixture_put(store, STORE_INDEX, 1, "b", "b");
    assert_int_equal(store_cursor_next(cursor, &key, &value, NULL), TN_OK);
    assert_int_equal(store_cursor_next(cursor, &key, &value, NULL), TN_NOT_FOUND);
    store_cursor_close(cursor);
    store_close(store);
}

static void the_value_may_be_left_out(void **state)
{
    struct store *store = fixture_open(*state);
    struct tn_bytes key = {0};

    fixture_put(store, STORE_INDEX, 1, "a", "value");
    struct store_cursor *cursor = store_cursor_open(store, NULL, STORE_INDEX, 1, all, all, false);
    assert_non_null(cursor);
    assert_int_equal(store_cursor_next(cursor, &key, NULL, NULL), TN_OK);
    assert_int_equal(key.len, 1);
    store_cursor_close(cursor);
    store_close(store);
}

/* Gathers keys; stops at the one called `stop_at`. */
struct gathered {
    char keys[64];
    const char *stop_at;
};

static tn_status gather(void *ctx, struct tn_bytes key, struct tn_bytes value, struct err *err)
{
    struct gathered *gathered = ctx;
    size_t len = strlen(gathered->keys);

    assert_int_equal(key.len, value.len);
    (void)snprintf(gathered->keys + len,
                   sizeof(gathered->keys) - len,
                   "%.*s|",
                   (int)key.len,
                   (const char *)key.data);
    if (gathered->stop_at && key.len == strlen(gathered->stop_at) &&
        memcmp(key.data, gathered->stop_at, key.len) == 0)
        return err_set(err, TN_DATA_LOSS, "stopped");
    return TN_OK;
}

static void each_is_called_in_order_until_it_fails(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    const struct tn_bytes prefix = {(const uint8_t *)"b", 1};
    struct gathered every = {.stop_at = NULL};
    struct gathered some = {.stop_at = "b"};
    struct gathered none = {.stop_at = NULL};

    fixture_put(store, STORE_INDEX, 1, "a", "a");
    fixture_put(store, STORE_INDEX, 1, "bb", "bb");
    fixture_put(store, STORE_INDEX, 1, "b", "b");
    fixture_put(store, STORE_INDEX, 1, "c", "c");
    assert_int_equal(store_each(store, STORE_INDEX, 1, prefix, gather, &every, NULL), TN_OK);
    assert_string_equal(every.keys, "b|bb|");
    err_init(&fixture->err, NULL);
    assert_int_equal(store_each(store, STORE_INDEX, 1, prefix, gather, &some, &fixture->err),
                     TN_DATA_LOSS);
    assert_string_equal(some.keys, "b|");
    assert_string_equal(fixture->err.message, "stopped");
    assert_int_equal(store_each(store, STORE_INDEX, 2, prefix, gather, &none, NULL), TN_OK);
    assert_string_equal(none.keys, "");
    store_close(store);
}

static void opening_survives_any_failed_allocation(void **state)
{
    struct store *store = fixture_open(*state);
    unsigned nth = 1;
    struct store_cursor *cursor = NULL;

    for (; !cursor && nth < 10; nth++) {
        mem_fail_at(nth);
        cursor = store_cursor_open(store, NULL, STORE_INDEX, 1, all, all, false);
        mem_fail_never();
    }
    assert_non_null(cursor);
    assert_true(nth > 2); /* the first one failed */
    store_cursor_close(cursor);
    store_close(store);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(walks_in_the_order_of_bytes),
        WITH_FIXTURE(walks_only_the_prefix),
        WITH_FIXTURE(begins_at_from_inclusive),
        WITH_FIXTURE(a_start_outside_the_prefix_stays_within_it),
        WITH_FIXTURE(walks_neither_other_portals_nor_other_families),
        WITH_FIXTURE(a_prefix_of_ff_ends_with_its_family),
        WITH_FIXTURE(walks_what_its_snapshot_saw),
        WITH_FIXTURE(each_is_called_in_order_until_it_fails),
        WITH_FIXTURE(an_open_cursor_does_not_see_later_writes),
        WITH_FIXTURE(the_value_may_be_left_out),
        WITH_FIXTURE(opening_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
