/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/map.c. */
#include "core/base/map.h"

#include "core/base/mem.h"
#include "tests/unit/check.h"

#define COUNT 1000

static void finds_every_key_after_removals(void **state)
{
    static uint64_t keys[COUNT];
    struct map map = {0};

    (void)state;
    for (uint64_t i = 0; i < COUNT; i++) {
        keys[i] = i * 7919;
        assert_int_equal(map_set_u64(&map, &keys[i], &keys[i], NULL), TN_OK);
    }
    for (size_t i = 0; i < COUNT; i += 3)
        assert_ptr_equal(map_remove_u64(&map, &keys[i]), &keys[i]);
    for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(map_get_u64(&map, &keys[i]), i % 3 == 0 ? NULL : &keys[i]);
    map_fini(&map);
}

static void set_replaces_and_returns_the_old_value(void **state)
{
    struct map map = {0};
    struct tn_str key = {"k", 1};
    int first = 1;
    int second = 2;
    void *old = &first;

    (void)state;
    assert_int_equal(map_set(&map, key, &first, &old), TN_OK);
    assert_null(old);
    assert_int_equal(map_set(&map, key, &second, &old), TN_OK);
    assert_ptr_equal(old, &first);
    assert_int_equal(map_count(&map), 1);
    map_fini(&map);
}

static void failed_allocation_leaves_the_map_as_it_was(void **state)
{
    static uint64_t keys[13];
    struct map map = {0};

    (void)state;
    for (uint64_t i = 0; i < 12; i++) {
        keys[i] = i;
        assert_int_equal(map_set_u64(&map, &keys[i], &keys[i], NULL), TN_OK);
    }
    keys[12] = 12;
    mem_fail_at(1);
    assert_int_equal(map_set_u64(&map, &keys[12], &keys[12], NULL), TN_RESOURCE_EXHAUSTED);
    mem_fail_never();
    assert_int_equal(map_count(&map), 12);
    assert_null(map_get_u64(&map, &keys[12]));
    map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_key_after_removals),
        cmocka_unit_test(set_replaces_and_returns_the_old_value),
        cmocka_unit_test(failed_allocation_leaves_the_map_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
