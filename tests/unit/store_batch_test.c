/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/store/batch.c and read.c: what is written together and read by key. */
#include "tests/unit/store_fixture.h"

static const struct tn_bytes nothing;

static void what_was_put_is_read_after_reopening(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);

    fixture_put(store, STORE_ROWS, 1, "pump", "red");
    fixture_expect(store, STORE_ROWS, 1, "pump", "red");
    store_close(store);

    store = fixture_open(fixture);
    fixture_expect(store, STORE_ROWS, 1, "pump", "red");
    store_close(store);
}

static void portals_and_families_do_not_see_each_other(void **state)
{
    static const uint32_t portals[] = {0, 1, 2, 0xfe, 0xff, 0x100, 0xfffffffe, 0xffffffff};
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);

    for (size_t i = 0; i < 8; i++) {
        for (int family = 1; family <= STORE_FAMILY_MAX; family++) {
            char value[32];

            (void)snprintf(value, sizeof(value), "%u/%d", portals[i], family);
            fixture_expect_none(store, (enum store_family)family, portals[i], "k");
            fixture_put(store, (enum store_family)family, portals[i], "k", value);
        }
    }
    for (size_t i = 0; i < 8; i++) {
        for (int family = 1; family <= STORE_FAMILY_MAX; family++) {
            char value[32];

            (void)snprintf(value, sizeof(value), "%u/%d", portals[i], family);
            fixture_expect(store, (enum store_family)family, portals[i], "k", value);
        }
    }
    store_close(store);
}

static void a_snapshot_keeps_what_it_saw(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct buf value = {0};

    fixture_put(store, STORE_ROWS, 1, "a", "old");
    struct store_snapshot *snapshot = store_snapshot_open(store);
    assert_non_null(snapshot);
    fixture_put(store, STORE_ROWS, 1, "a", "new");
    fixture_put(store, STORE_ROWS, 1, "b", "new");

    assert_int_equal(store_get(store, snapshot, STORE_ROWS, 1, bytes_of("a"), &value, NULL), TN_OK);
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.data, "old", 3);
    assert_int_equal(store_has(store, snapshot, STORE_ROWS, 1, bytes_of("b"), NULL), TN_NOT_FOUND);
    fixture_expect(store, STORE_ROWS, 1, "a", "new");

    buf_fini(&value);
    store_snapshot_close(snapshot);
    store_close(store);
}

static void a_batch_writes_in_the_order_of_its_calls(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();

    store_batch_put(batch, STORE_ROWS, 1, bytes_of("a"), bytes_of("1"));
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("a"), bytes_of("2"));
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("b"), bytes_of("3"));
    store_batch_delete(batch, STORE_ROWS, 1, bytes_of("b"));
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("c"), nothing);
    assert_int_equal(store_batch_count(batch), 5);
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);

    fixture_expect(store, STORE_ROWS, 1, "a", "2");
    fixture_expect_none(store, STORE_ROWS, 1, "b");
    fixture_expect(store, STORE_ROWS, 1, "c", "");
    store_batch_destroy(batch);
    store_close(store);
}

/* Keys of which a batch has many are put in their order, whatever order they came in. */
static void of_one_key_the_last_write_of_a_batch_counts(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();

    store_batch_put(batch, STORE_INDEX, 1, bytes_of("m"), bytes_of("1"));
    store_batch_put(batch, STORE_INDEX, 1, bytes_of("z"), bytes_of("1"));
    store_batch_put(batch, STORE_INDEX, 1, bytes_of("a"), bytes_of("1"));
    store_batch_delete(batch, STORE_INDEX, 1, bytes_of("z"));
    store_batch_delete(batch, STORE_INDEX, 1, bytes_of("m"));
    store_batch_put(batch, STORE_INDEX, 1, bytes_of("m"), bytes_of("2"));
    store_batch_put(batch, STORE_INDEX, 1, bytes_of("aa"), bytes_of(""));
    store_batch_put(batch, STORE_INDEX, 1, bytes_of(""), bytes_of("empty"));
    assert_int_equal(store_batch_count(batch), 8);
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);

    fixture_expect(store, STORE_INDEX, 1, "", "empty");
    fixture_expect(store, STORE_INDEX, 1, "a", "1");
    fixture_expect(store, STORE_INDEX, 1, "aa", "");
    fixture_expect(store, STORE_INDEX, 1, "m", "2");
    fixture_expect_none(store, STORE_INDEX, 1, "z");
    store_batch_destroy(batch);
    store_close(store);
}

/* Many keys of many kinds, in random order and batches: each is found, and no other. */
static void keys_are_found_whatever_the_order_they_came_in(void **state)
{
    enum { KEYS = 4096, BATCH = 64 };
    static const enum store_family families[] = {
        STORE_ROWS, STORE_INDEX, STORE_UNIQUE, STORE_WORDS, STORE_EDGES, STORE_LOG};
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();
    char key[32];

    for (uint32_t i = 0; i < KEYS; i++) {
        uint32_t place = i * 2654435761u % KEYS; /* odd, so that each comes once */

        (void)snprintf(key, sizeof(key), "type%u-%05u", place % 3, place);
        store_batch_put(batch, families[place % 6], 1 + place % 2, bytes_of(key), bytes_of(key));
        if (i % BATCH == BATCH - 1) {
            assert_int_equal(store_write(store, batch, false, NULL), TN_OK);
            store_batch_clear(batch);
        }
    }
    for (uint32_t place = 0; place < KEYS; place++) {
        (void)snprintf(key, sizeof(key), "type%u-%05u", place % 3, place);
        fixture_expect(store, families[place % 6], 1 + place % 2, key, key);
        fixture_expect_none(store, families[place % 6], 2 - place % 2, key);
    }
    store_batch_destroy(batch);
    store_close(store);
}

static void delete_range_removes_from_inclusive_to_exclusive(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();

    for (uint32_t portal = 1; portal <= 2; portal++) {
        fixture_put(store, STORE_HISTORY, portal, "a", "x");
        fixture_put(store, STORE_HISTORY, portal, "b", "x");
        fixture_put(store, STORE_HISTORY, portal, "c", "x");
    }
    store_batch_delete_range(batch, STORE_HISTORY, 1, bytes_of("a"), bytes_of("c"));
    store_batch_put(batch, STORE_HISTORY, 1, bytes_of("aa"), bytes_of("after"));
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);

    fixture_expect_none(store, STORE_HISTORY, 1, "a");
    fixture_expect_none(store, STORE_HISTORY, 1, "b");
    fixture_expect(store, STORE_HISTORY, 1, "c", "x");
    fixture_expect(store, STORE_HISTORY, 1, "aa", "after");
    fixture_expect(store, STORE_HISTORY, 2, "a", "x");
    fixture_expect(store, STORE_HISTORY, 2, "b", "x");
    store_batch_destroy(batch);
    store_close(store);
}

static void an_appended_batch_comes_after_and_stays_whole(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();
    struct store_batch *more = store_batch_create();
    struct store_batch *none = store_batch_create();

    store_batch_append(batch, none);
    assert_int_equal(store_batch_count(batch), 0);
    store_batch_put(more, STORE_HISTORY, 1, bytes_of("a"), bytes_of("2"));
    store_batch_delete_range(more, STORE_HISTORY, 1, bytes_of("b"), bytes_of("c"));
    store_batch_put(batch, STORE_HISTORY, 1, bytes_of("a"), bytes_of("1"));
    store_batch_put(batch, STORE_HISTORY, 1, bytes_of("b"), bytes_of("1"));
    store_batch_append(batch, more);
    store_batch_append(batch, none);
    assert_int_equal(store_batch_count(batch), 4);
    assert_int_equal(store_batch_count(more), 2);
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);

    fixture_expect(store, STORE_HISTORY, 1, "a", "2");
    fixture_expect_none(store, STORE_HISTORY, 1, "b");
    store_batch_destroy(none);
    store_batch_destroy(more);
    store_batch_destroy(batch);
    store_close(store);
}

static void a_cleared_batch_is_empty_and_usable(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();

    store_batch_put(batch, STORE_ROWS, 1, bytes_of("a"), bytes_of("1"));
    store_batch_clear(batch);
    assert_int_equal(store_batch_count(batch), 0);
    assert_int_equal(store_batch_size(batch), 0);
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);
    fixture_expect_none(store, STORE_ROWS, 1, "a");
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("b"), bytes_of("2"));
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);
    fixture_expect(store, STORE_ROWS, 1, "b", "2");
    store_batch_destroy(batch);
    store_close(store);
}

static void keys_up_to_the_bound_are_kept_and_longer_ones_refuse_the_whole_batch(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();
    static uint8_t data[STORE_KEY_MAX + 1];
    struct tn_bytes longest = {data, STORE_KEY_MAX};
    struct tn_bytes too_long = {data, STORE_KEY_MAX + 1};
    struct buf value = {0};

    store_batch_put(batch, STORE_ROWS, 1, longest, bytes_of("1"));
    assert_int_equal(store_write(store, batch, true, NULL), TN_OK);
    assert_int_equal(store_get(store, NULL, STORE_ROWS, 1, longest, &value, NULL), TN_OK);

    store_batch_clear(batch);
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("a"), bytes_of("1"));
    store_batch_put(batch, STORE_ROWS, 1, too_long, bytes_of("1"));
    assert_int_equal(store_write(store, batch, true, &fixture->err), TN_INVALID_ARGUMENT);
    fixture_expect_none(store, STORE_ROWS, 1, "a");
    assert_int_equal(store_get(store, NULL, STORE_ROWS, 1, too_long, &value, NULL),
                     TN_INVALID_ARGUMENT);
    buf_fini(&value);
    store_batch_destroy(batch);
    store_close(store);
}

static void a_batch_past_its_size_is_refused_whole(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();
    size_t len = STORE_BATCH_SIZE_MAX / 4 + 1;
    uint8_t *data = mem_alloc_zeroed(len, 1);
    struct tn_bytes value = {data, len};

    assert_non_null(data);
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("a"), bytes_of("1"));
    for (int i = 0; i < 4; i++)
        store_batch_put(batch, STORE_ROWS, 1, bytes_of("b"), value);
    assert_true(store_batch_size(batch) <= STORE_BATCH_SIZE_MAX);
    assert_int_equal(store_write(store, batch, true, &fixture->err), TN_RESOURCE_EXHAUSTED);
    fixture_expect_none(store, STORE_ROWS, 1, "a");
    mem_free(data);
    store_batch_destroy(batch);
    store_close(store);
}

static void a_batch_that_memory_failed_is_refused_whole(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();
    struct store_batch *group = store_batch_create();

    mem_fail_at(1);
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("a"), bytes_of("1"));
    mem_fail_never();
    store_batch_put(batch, STORE_ROWS, 1, bytes_of("b"), bytes_of("1"));
    store_batch_append(group, batch);
    assert_int_equal(store_write(store, batch, true, NULL), TN_RESOURCE_EXHAUSTED);
    assert_int_equal(store_write(store, group, true, NULL), TN_RESOURCE_EXHAUSTED);
    fixture_expect_none(store, STORE_ROWS, 1, "b");
    store_batch_destroy(group);
    store_batch_destroy(batch);
    store_close(store);
}

static void get_many_finds_those_that_are_there(void **state)
{
    enum { COUNT = 100 };
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    char names[COUNT][8];
    struct tn_bytes keys[COUNT];
    struct buf values[COUNT] = {{0}};
    bool found[COUNT];

    /* In no order; every third is not there. */
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%u", (i * 37) % COUNT);
        keys[i] = bytes_of(names[i]);
        found[i] = i % 2;
        assert_int_equal(buf_add(&values[i], "before", 6), TN_OK);
        if (i % 3)
            fixture_put(store, STORE_ROWS, 5, names[i], names[i]);
    }
    assert_int_equal(store_get_many(store, NULL, STORE_ROWS, 5, keys, COUNT, values, found, NULL),
                     TN_OK);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(found[i], i % 3 != 0);
        assert_int_equal(values[i].len, found[i] ? keys[i].len : 0);
        if (found[i])
            assert_memory_equal(values[i].data, keys[i].data, keys[i].len);
        buf_fini(&values[i]);
    }
    store_close(store);
}

static void get_many_sees_what_its_snapshot_saw(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct tn_bytes keys[2] = {bytes_of("a"), bytes_of("b")};
    struct buf values[2] = {{0}, {0}};
    bool found[2];

    fixture_put(store, STORE_ROWS, 5, "a", "old");
    struct store_snapshot *snapshot = store_snapshot_open(store);
    fixture_put(store, STORE_ROWS, 5, "a", "new");
    fixture_put(store, STORE_ROWS, 5, "b", "new");
    assert_int_equal(store_get_many(store, snapshot, STORE_ROWS, 5, keys, 2, values, found, NULL),
                     TN_OK);
    assert_true(found[0]);
    assert_false(found[1]);
    assert_memory_equal(values[0].data, "old", 3);
    buf_fini(&values[0]);
    buf_fini(&values[1]);
    store_snapshot_close(snapshot);
    store_close(store);
}

static void a_value_not_found_leaves_the_output_and_the_error_as_they_were(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct buf value = {0};

    assert_int_equal(buf_add(&value, "before", 6), TN_OK);
    assert_int_equal(store_get(store, NULL, STORE_ROWS, 1, bytes_of("a"), &value, &fixture->err),
                     TN_NOT_FOUND);
    assert_int_equal(value.len, 6);
    assert_int_equal(fixture->err.status, TN_OK);
    buf_fini(&value);
    store_close(store);
}

static void memory_usage_counts_what_is_written(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture);
    struct store_batch *batch = store_batch_create();
    static const uint8_t data[4096] = {1};
    struct tn_bytes value = {data, sizeof(data)};
    uint64_t before = store_memory_usage(store);

    for (unsigned i = 0; i < 1000; i++) {
        char key[8];

        (void)snprintf(key, sizeof(key), "%u", i);
        store_batch_put(batch, STORE_ROWS, 1, bytes_of(key), value);
    }
    assert_int_equal(store_write(store, batch, false, NULL), TN_OK);
    assert_true(store_memory_usage(store) >= before + 1000 * sizeof(data));
    store_batch_destroy(batch);
    store_close(store);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_was_put_is_read_after_reopening),
        WITH_FIXTURE(portals_and_families_do_not_see_each_other),
        WITH_FIXTURE(a_snapshot_keeps_what_it_saw),
        WITH_FIXTURE(a_batch_writes_in_the_order_of_its_calls),
        WITH_FIXTURE(of_one_key_the_last_write_of_a_batch_counts),
        WITH_FIXTURE(keys_are_found_whatever_the_order_they_came_in),
        WITH_FIXTURE(delete_range_removes_from_inclusive_to_exclusive),
        WITH_FIXTURE(an_appended_batch_comes_after_and_stays_whole),
        WITH_FIXTURE(a_cleared_batch_is_empty_and_usable),
        WITH_FIXTURE(keys_up_to_the_bound_are_kept_and_longer_ones_refuse_the_whole_batch),
        WITH_FIXTURE(a_batch_past_its_size_is_refused_whole),
        WITH_FIXTURE(a_batch_that_memory_failed_is_refused_whole),
        WITH_FIXTURE(get_many_finds_those_that_are_there),
        WITH_FIXTURE(get_many_sees_what_its_snapshot_saw),
        WITH_FIXTURE(a_value_not_found_leaves_the_output_and_the_error_as_they_were),
        WITH_FIXTURE(memory_usage_counts_what_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
