/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/mem.c. */
#include "core/base/mem.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/check.h"

static void new_objects_are_zeroed(void **state)
{
    uint64_t *numbers = mem_array(uint64_t, 100);

    (void)state;
    assert_non_null(numbers);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(numbers[i], 0);
    mem_free(numbers);
}

static void nothing_is_a_block_too(void **state)
{
    void *none = mem_alloc(0);
    void *no_items = mem_array(uint64_t, 0);

    (void)state;
    assert_non_null(none);
    assert_non_null(no_items);
    none = mem_resize(none, 0, 8);
    assert_non_null(none);
    mem_free(none);
    mem_free(no_items);
    mem_free(NULL);
}

static void products_that_overflow_are_refused(void **state)
{
    char *kept = mem_copy_str("kept");
    /* Unknown to the compiler, which would warn of it. */
    volatile size_t count = SIZE_MAX / 2;

    (void)state;
    assert_non_null(kept);
    assert_null(mem_alloc_zeroed(count, 3));
    assert_null(mem_resize(kept, count, 3));
    assert_string_equal(kept, "kept");
    mem_free(kept);
}

static void resize_keeps_the_beginning(void **state)
{
    char *text = mem_copy_str("abc");

    (void)state;
    assert_non_null(text);
    char *more = mem_resize(text, 1000, 8);
    assert_non_null(more);
    assert_string_equal(more, "abc");
    mem_free(more);
}

static void the_nth_allocation_fails_once(void **state)
{
    (void)state;
    mem_fail_at(3);
    void *first = mem_alloc(1);
    void *second = mem_new(int);
    char *third = mem_copy_str("x");
    void *fourth = mem_alloc(1);
    mem_fail_never();
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth);
    mem_free(first);
    mem_free(second);
    mem_free(fourth);
}

static void fail_never_takes_it_back(void **state)
{
    (void)state;
    mem_fail_at(1);
    mem_fail_never();
    void *block = mem_alloc(1);
    assert_non_null(block);
    mem_free(block);
}

static void *allocate(void *arg)
{
    (void)arg;
    return mem_alloc(1);
}

static void another_thread_does_not_take_the_failure(void **state)
{
    pthread_t thread;
    void *theirs = NULL;

    (void)state;
    mem_fail_at(1);
    assert_int_equal(pthread_create(&thread, NULL, allocate, NULL), 0);
    assert_int_equal(pthread_join(thread, &theirs), 0);
    void *ours = mem_alloc(1);
    mem_fail_never();
    assert_non_null(theirs);
    assert_null(ours);
    mem_free(theirs);
}

static void take_leaves_null_behind(void **state)
{
    char *text = mem_copy_str("x");
    char *taken = TAKE(text);

    (void)state;
    assert_null(text);
    assert_string_equal(taken, "x");
    mem_free(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_objects_are_zeroed),
        cmocka_unit_test(nothing_is_a_block_too),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(resize_keeps_the_beginning),
        cmocka_unit_test(the_nth_allocation_fails_once),
        cmocka_unit_test(fail_never_takes_it_back),
        cmocka_unit_test(another_thread_does_not_take_the_failure),
        cmocka_unit_test(take_leaves_null_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
