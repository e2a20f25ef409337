/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/access/limit.c: how many, how fast, and when to come again. */
#include "core/access/limit.h"

#include <pthread.h>

#include "tests/unit/check.h"

#define START_US ((int64_t)1000000000)
#define SECOND_US ((int64_t)1000000)

static unsigned take_all(struct limit *limit, const struct limit_rate *rate, int64_t now_us)
{
    int64_t retry_us = 0;
    unsigned count = 0;

    while (count < 100000 && limit_take(limit, rate, now_us, &retry_us))
        count++;
    return count;
}

static void no_rate_is_no_limit(void **state)
{
    struct limit limit = {0};
    const struct limit_rate rate = {0};

    (void)state;
    assert_int_equal(take_all(&limit, &rate, START_US), 100000);
}

static void a_full_bucket_gives_its_burst_and_no_more(void **state)
{
    struct limit limit = {0};
    const struct limit_rate rate = {.per_second = 10, .burst = 25};

    (void)state;
    assert_int_equal(take_all(&limit, &rate, START_US), 25);
    assert_int_equal(take_all(&limit, &rate, START_US), 0);
}

static void without_a_burst_it_is_a_second_s_worth(void **state)
{
    struct limit limit = {0};
    const struct limit_rate rate = {.per_second = 7};

    (void)state;
    assert_int_equal(take_all(&limit, &rate, START_US), 7);
}

static void it_fills_at_its_rate_and_not_over_its_rim(void **state)
{
    struct limit limit = {0};
    const struct limit_rate rate = {.per_second = 10, .burst = 25};

    (void)state;
    (void)take_all(&limit, &rate, START_US);
    assert_int_equal(take_all(&limit, &rate, START_US + SECOND_US), 10);
    assert_int_equal(take_all(&limit, &rate, START_US + 3600 * SECOND_US), 25);
}

static void who_is_refused_is_told_when_there_will_be_one(void **state)
{
    struct limit limit = {0};
    const struct limit_rate rate = {.per_second = 4, .burst = 1};
    int64_t retry_us = 0;

    (void)state;
    assert_true(limit_take(&limit, &rate, START_US, &retry_us));
    assert_false(limit_take(&limit, &rate, START_US, &retry_us));
    assert_int_equal(retry_us, SECOND_US / 4);
    assert_false(limit_take(&limit, &rate, START_US + retry_us - 1, &(int64_t){0}));
    assert_true(limit_take(&limit, &rate, START_US + retry_us, &(int64_t){0}));
}

static void what_is_returned_can_be_taken_again(void **state)
{
    struct limit limit = {0};
    const struct limit_rate rate = {.per_second = 5};

    (void)state;
    (void)take_all(&limit, &rate, START_US);
    limit_return(&limit, &rate);
    assert_int_equal(take_all(&limit, &rate, START_US), 1);
}

struct taker {
    struct limit *limit;
    const struct limit_rate *rate;
    unsigned count;
};

static void *take_in_thread(void *arg)
{
    struct taker *taker = arg;

    taker->count = take_all(taker->limit, taker->rate, START_US);
    return NULL;
}

static void threads_together_get_no_more_than_one(void **state)
{
    struct limit limit = {0};
    const struct limit_rate rate = {.per_second = 20000};
    struct taker takers[4];
    pthread_t threads[4];
    unsigned count = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        takers[i] = (struct taker){&limit, &rate, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, take_in_thread, &takers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        count += takers[i].count;
    }
    assert_int_equal(count, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(a_full_bucket_gives_its_burst_and_no_more),
        cmocka_unit_test(without_a_burst_it_is_a_second_s_worth),
        cmocka_unit_test(it_fills_at_its_rate_and_not_over_its_rim),
        cmocka_unit_test(who_is_refused_is_told_when_there_will_be_one),
        cmocka_unit_test(what_is_returned_can_be_taken_again),
        cmocka_unit_test(threads_together_get_no_more_than_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
