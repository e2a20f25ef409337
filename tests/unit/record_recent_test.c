/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/record/recent.c: what is remembered, for how long, and what the floor says of it. */
#include "core/record/recent.h"

#include "core/base/mem.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

static void newest_epoch_of_a_mark_is_found(void **state)
{
    struct recent *recent = recent_create();

    (void)state;
    assert_int_equal(recent_find(recent, 7), 0);
    recent_mark(recent, 7, 3);
    recent_mark(recent, 8, 3);
    recent_mark(recent, 7, 5);
    assert_int_equal(recent_find(recent, 7), 5);
    assert_int_equal(recent_find(recent, 8), 3);
    assert_int_equal(recent_find(recent, 9), 0);
    assert_int_equal(recent_floor(recent), 0);
    recent_destroy(recent);
}

/* The promise: a mark of an epoch above the floor is always found, with its newest epoch. */
static void nothing_above_the_floor_is_forgotten(void **state)
{
    enum { EPOCHS = 700, PER_EPOCH = 1000 };
    struct recent *recent = recent_create();
    struct random random = {42};
    uint64_t *hashes = mem_array(uint64_t, EPOCHS * PER_EPOCH);

    (void)state;
    assert_non_null(hashes);
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        for (int i = 0; i < PER_EPOCH; i++) {
            uint64_t hash = random_next(&random);

            hashes[(epoch - 1) * PER_EPOCH + (uint64_t)i] = hash;
            recent_mark(recent, hash, epoch);
        }
        assert_true(recent_floor(recent) < epoch);
    }
    uint64_t floor = recent_floor(recent);
    assert_true(floor > 0); /* more than two generations were marked */
    assert_true(floor < EPOCHS - RECENT_MARK_MAX / PER_EPOCH + 2); /* and one of them is kept */
    for (uint64_t epoch = floor + 1; epoch <= EPOCHS; epoch++)
        for (int i = 0; i < PER_EPOCH; i++)
            assert_int_equal(recent_find(recent, hashes[(epoch - 1) * PER_EPOCH + (uint64_t)i]),
                             epoch);
    mem_free(hashes);
    recent_destroy(recent);
}

static void mark_of_an_older_generation_gives_way_to_a_newer_one(void **state)
{
    struct recent *recent = recent_create();

    (void)state;
    recent_mark(recent, 1, 1);
    for (uint64_t i = 0; i < RECENT_MARK_MAX + 10; i++)
        recent_mark(recent, 1000 + i, 2);
    assert_int_equal(recent_find(recent, 1), 1);
    recent_mark(recent, 1, 3);
    assert_int_equal(recent_find(recent, 1), 3);
    assert_int_equal(recent_floor(recent), 0);
    recent_destroy(recent);
}

/* One huge group may turn both generations: then nobody from before it can be validated. */
static void group_larger_than_all_room_lifts_the_floor_to_itself(void **state)
{
    struct recent *recent = recent_create();

    (void)state;
    recent_mark(recent, 1, 1);
    for (uint64_t i = 0; i < 3ull * RECENT_MARK_MAX; i++)
        recent_mark(recent, 1000 + i, 2);
    assert_int_equal(recent_floor(recent), 2);
    recent_destroy(recent);
}

/* Hashes that share their low bits probe far, and are found all the same. */
static void colliding_hashes_are_told_apart(void **state)
{
    struct recent *recent = recent_create();

    (void)state;
    for (uint64_t i = 1; i <= 400; i++)
        recent_mark(recent, i << 58 | i % 2, i);
    for (uint64_t i = 337; i <= 400; i++) /* the last 64 have the hashes of those before */
        assert_true(recent_find(recent, i << 58 | i % 2) >= i);
    assert_int_equal(recent_find(recent, 12345), 0);
    recent_destroy(recent);
}

static void marking_without_memory_forgets_and_says_so(void **state)
{
    struct recent *recent = recent_create();

    (void)state;
    for (uint64_t i = 0; i < 512; i++)
        recent_mark(recent, 1000 + i, 4);
    mem_fail_at(1); /* growing fails, a second generation does not */
    recent_mark(recent, 1, 5);
    mem_fail_never();
    for (uint64_t i = 0; i < 512; i++)
        assert_true(recent_find(recent, 1000 + i) == 4 || recent_floor(recent) >= 4);
    assert_int_equal(recent_find(recent, 1), 5);
    recent_destroy(recent);
    for (unsigned nth = 1; nth <= 2; nth++) {
        mem_fail_at(nth);
        assert_null(recent_create());
        mem_fail_never();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_epoch_of_a_mark_is_found),
        cmocka_unit_test(nothing_above_the_floor_is_forgotten),
        cmocka_unit_test(mark_of_an_older_generation_gives_way_to_a_newer_one),
        cmocka_unit_test(group_larger_than_all_room_lifts_the_floor_to_itself),
        cmocka_unit_test(colliding_hashes_are_told_apart),
        cmocka_unit_test(marking_without_memory_forgets_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
