/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/arena.c. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/check.h"

#define BUDGET ((size_t)1 << 20)

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    struct arena arena;
    unsigned char *pieces[200];

    (void)state;
    arena_init(&arena, BUDGET);
    for (int round = 0; round < 2; round++) { /* the second one reuses what the first has written */
        for (size_t i = 0; i < 200; i++) {
            size_t size = i * 7 % 300 + 1;

            pieces[i] = arena_alloc(&arena, size);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            for (size_t j = 0; j < size; j++)
                assert_int_equal(pieces[i][j], 0);
            memset(pieces[i], (int)i + 1, size);
        }
        for (size_t i = 0; i < 200; i++)
            assert_int_equal(pieces[i][i * 7 % 300], (unsigned char)(i + 1));
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

static void sizes_past_the_largest_block_are_served(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, BUDGET);
    unsigned char *large = arena_alloc(&arena, 700000);
    assert_non_null(large);
    large[699999] = 1;
    assert_non_null(arena_alloc(&arena, 1));
    arena_fini(&arena);
}

static void the_budget_is_kept_to_the_byte(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 64);
    assert_non_null(arena_alloc(&arena, 48));
    assert_null(arena_alloc(&arena, 17));
    assert_non_null(arena_alloc(&arena, 16));
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_alloc(&arena, 0)); /* which takes a piece of its own, too */
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 64));
    arena_fini(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 7));
    assert_null(arena_alloc_array(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_copy(&arena, "", SIZE_MAX));
    arena_fini(&arena);
}

static void failed_allocations_leave_it_usable(void **state)
{
    struct arena arena;
    struct tn_str copy = {"before", 6};

    (void)state;
    arena_init(&arena, BUDGET);
    mem_fail_at(1);
    assert_int_equal(arena_copy_str(&arena, (struct tn_str){"abc", 3}, &copy),
                     TN_RESOURCE_EXHAUSTED);
    mem_fail_never();
    assert_string_equal(copy.data, "before");
    assert_int_equal(arena_copy_str(&arena, (struct tn_str){"abcd", 3}, &copy), TN_OK);
    assert_string_equal(copy.data, "abc");
    assert_int_equal(copy.len, 3);
    arena_fini(&arena);
}

static void the_empty_string_is_copied(void **state)
{
    struct arena arena;
    struct tn_str copy = {NULL, 9};

    (void)state;
    arena_init(&arena, BUDGET);
    assert_int_equal(arena_copy_str(&arena, (struct tn_str){NULL, 0}, &copy), TN_OK);
    assert_string_equal(copy.data, "");
    assert_int_equal(copy.len, 0);
    arena_fini(&arena);
}

static void fini_makes_it_empty_and_usable_again(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 32);
    assert_non_null(arena_alloc(&arena, 32));
    arena_fini(&arena);
    arena_fini(&arena);
    assert_non_null(arena_alloc(&arena, 32));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(sizes_past_the_largest_block_are_served),
        cmocka_unit_test(the_budget_is_kept_to_the_byte),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(failed_allocations_leave_it_usable),
        cmocka_unit_test(the_empty_string_is_copied),
        cmocka_unit_test(fini_makes_it_empty_and_usable_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
