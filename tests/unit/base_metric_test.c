/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/metric.c: what is counted is told, once, in Prometheus's text. */
#include "core/base/metric.h"

#include <pthread.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

#define THREAD_COUNT 4
#define ADDS 20000

static void check_text(const struct buf *out, const char *expected)
{
    if (out->len != strlen(expected) || memcmp(out->data, expected, out->len) != 0)
        fail_msg("wrote \"%.*s\"", (int)out->len, (const char *)out->data);
}

struct counted {
    struct metric_set set;
    struct metric_histogram histogram;
};

static void *count_in_thread(void *arg)
{
    struct counted *counted = arg;

    for (int i = 0; i < ADDS; i++) {
        metric_add(&counted->set, 3);
        metric_observe(&counted->histogram, i);
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    struct counted *counted = mem_new(struct counted);
    pthread_t threads[THREAD_COUNT];

    (void)state;
    assert_non_null(counted);
    for (int i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_in_thread, counted), 0);
    for (int i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(metric_read(&counted->set, 3), THREAD_COUNT * ADDS);
    assert_int_equal(metric_read(&counted->set, 2), 0);
    assert_int_equal(metric_count(&counted->histogram), THREAD_COUNT * ADDS);
    mem_free(counted);
}

static void values_stand_behind_their_labels(void **state)
{
    CLEANUP(buf_fini) struct buf out = {0};
    const struct metric_label labels[] = {{"method", "a.B/C"}, {"status", "OK"}, {0}};

    (void)state;
    assert_int_equal(metric_write_family(&out, "x_total", METRIC_COUNTER, "Calls"), TN_OK);
    assert_int_equal(metric_write_value(&out, "x_total", labels, 7), TN_OK);
    assert_int_equal(metric_write_value(&out, "y", NULL, UINT64_MAX), TN_OK);
    assert_int_equal(metric_write_time(&out, "z_seconds", NULL, 1500000), TN_OK);
    assert_int_equal(metric_write_time(&out, "z_seconds", NULL, 0), TN_OK);
    assert_int_equal(metric_write_time(&out, "z_seconds", NULL, 1), TN_OK);
    check_text(&out,
               "# HELP x_total Calls.\n# TYPE x_total counter\n"
               "x_total{method=\"a.B/C\",status=\"OK\"} 7\n"
               "y 18446744073709551615\n"
               "z_seconds 1.5\nz_seconds 0.0\nz_seconds 0.000001\n");
}

/* A plugin's id or a method's name cannot end the label and begin a sample of its own. */
static void label_values_are_escaped(void **state)
{
    CLEANUP(buf_fini) struct buf out = {0};
    const struct metric_label labels[] = {{"a", "x\"} 1\ny \\"}, {0}};

    (void)state;
    assert_int_equal(metric_write_value(&out, "n", labels, 1), TN_OK);
    check_text(&out, "n{a=\"x\\\"} 1\\ny \\\\\"} 1\n");
}

/* What is written of a value is all that is read of it: this one has no NUL behind it. */
static void long_label_values_are_cut(void **state)
{
    enum { WRITTEN = 512 };
    CLEANUP(buf_fini) struct buf out = {0};
    char *value = mem_alloc(WRITTEN);
    const struct metric_label labels[] = {{"a", value}, {0}};

    (void)state;
    assert_non_null(value);
    memset(value, 'x', WRITTEN);
    assert_int_equal(metric_write_value(&out, "n", labels, 1), TN_OK);
    assert_int_equal(out.len, strlen("n{a=\"\"} 1\n") + WRITTEN);
    mem_free(value);
}

/* Each bound is in its own bucket, and what is above all is in the last. */
static void buckets_are_cumulative_and_end_with_all(void **state)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct metric_histogram *histogram = mem_new(struct metric_histogram);
    const struct metric_label labels[] = {{"m", "x"}, {0}};

    (void)state;
    assert_non_null(histogram);
    metric_observe(histogram, (int64_t)metric_bound_us(0));
    metric_observe(histogram, (int64_t)metric_bound_us(0) + 1);
    metric_observe(histogram, -5); /* a clock that went back is no time at all */
    metric_observe(histogram, (int64_t)metric_bound_us(METRIC_BOUND_COUNT - 1) + 1);
    assert_int_equal(metric_write_histogram(&out, "d", labels, histogram), TN_OK);
    assert_int_equal(buf_add_u8(&out, 0), TN_OK);
    const char *text = (const char *)out.data;
    assert_non_null(strstr(text, "d_bucket{m=\"x\",le=\"0.00005\"} 2\n"));
    assert_non_null(strstr(text, "d_bucket{m=\"x\",le=\"0.0001\"} 3\n"));
    assert_non_null(strstr(text, "d_bucket{m=\"x\",le=\"10.0\"} 3\n"));
    assert_non_null(strstr(text, "d_bucket{m=\"x\",le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(text, "d_sum{m=\"x\"} 10.000102\n"));
    assert_non_null(strstr(text, "d_count{m=\"x\"} 4\n"));
    mem_free(histogram);
}

static void text_survives_any_failed_allocation(void **state)
{
    const struct metric_label labels[] = {{"m", "x"}, {0}};
    struct metric_histogram *histogram = mem_new(struct metric_histogram);

    (void)state;
    assert_non_null(histogram);
    for (unsigned nth = 1; nth < 100; nth++) {
        CLEANUP(buf_fini) struct buf out = {0};

        mem_fail_at(nth);
        tn_status st = metric_write_histogram(&out, "d", labels, histogram);
        mem_fail_never();
        if (st == TN_OK) {
            mem_free(histogram);
            return;
        }
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    }
    fail_msg("a histogram needs more than 99 allocations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_lose_no_count),
        cmocka_unit_test(values_stand_behind_their_labels),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(long_label_values_are_cut),
        cmocka_unit_test(buckets_are_cumulative_and_end_with_all),
        cmocka_unit_test(text_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
