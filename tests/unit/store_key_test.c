/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/store/key.c. */
#include "core/store/key.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "tests/unit/check.h"

#define ROUND_COUNT 20000

/* A sequence that is the same in every run: splitmix64. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Edges and small numbers more often than chance would have them, so that parts are equal too. */
static uint64_t random_number(uint64_t *seed)
{
    static const uint64_t edges[] = {0, 1, 0xff, 0x100, 0xffff, UINT32_MAX, 1ull << 32, UINT64_MAX};
    uint64_t dice = next_random(seed);

    return dice % 3 == 0 ? next_random(seed) : edges[dice / 3 % 8];
}

static int compare_bytes(const struct buf *a, const struct buf *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->data, b->data, len);

    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* The order of tuples of numbers. */
static int compare_numbers(const uint64_t *a, const uint64_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

static void row_keys_sort_by_type_then_record(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < ROUND_COUNT; round++) {
        uint64_t parts[2][2];
        struct buf keys[2] = {{0}, {0}};

        for (int i = 0; i < 2; i++) {
            struct key_row_parts read;

            parts[i][0] = (uint32_t)random_number(&seed);
            parts[i][1] = random_number(&seed);
            assert_int_equal(key_row(&keys[i], (uint32_t)parts[i][0], parts[i][1]), TN_OK);
            assert_int_equal(key_row_read(buf_bytes(&keys[i]), &read), TN_OK);
            assert_int_equal(read.type, parts[i][0]);
            assert_int_equal(read.record, parts[i][1]);
        }
        assert_int_equal(sign(compare_bytes(&keys[0], &keys[1])),
                         compare_numbers(parts[0], parts[1], 2));
        buf_fini(&keys[0]);
        buf_fini(&keys[1]);
    }
}

static void edge_keys_sort_by_their_parts(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int round = 0; round < ROUND_COUNT; round++) {
        uint64_t parts[2][5];
        struct buf keys[2] = {{0}, {0}};

        for (int i = 0; i < 2; i++) {
            uint64_t *p = parts[i];
            struct key_edge_parts read;

            for (int k = 0; k < 5; k++)
                p[k] = k == 1 || k == 4 ? random_number(&seed) : (uint32_t)random_number(&seed);
            assert_int_equal(
                key_edge(&keys[i], (uint32_t)p[0], p[1], (uint32_t)p[2], (uint32_t)p[3], p[4]),
                TN_OK);
            assert_int_equal(key_edge_read(buf_bytes(&keys[i]), &read), TN_OK);
            assert_int_equal(read.from_type, p[0]);
            assert_int_equal(read.from, p[1]);
            assert_int_equal(read.association, p[2]);
            assert_int_equal(read.to_type, p[3]);
            assert_int_equal(read.to, p[4]);
        }
        assert_int_equal(sign(compare_bytes(&keys[0], &keys[1])),
                         compare_numbers(parts[0], parts[1], 5));
        buf_fini(&keys[0]);
        buf_fini(&keys[1]);
    }
}

static void history_keys_sort_the_latest_change_first(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int round = 0; round < ROUND_COUNT; round++) {
        uint64_t parts[2][4];
        struct buf keys[2] = {{0}, {0}};

        for (int i = 0; i < 2; i++) {
            uint64_t *p = parts[i];
            struct key_history_parts read;

            for (int k = 0; k < 4; k++)
                p[k] = k % 2 ? random_number(&seed) : (uint32_t)random_number(&seed);
            assert_int_equal(key_history(&keys[i], (uint32_t)p[0], p[1], (uint32_t)p[2], p[3]),
                             TN_OK);
            assert_int_equal(key_history_read(buf_bytes(&keys[i]), &read), TN_OK);
            assert_int_equal(read.type, p[0]);
            assert_int_equal(read.record, p[1]);
            assert_int_equal(read.property, p[2]);
            assert_int_equal(read.change, p[3]);
            p[3] = ~p[3];
        }
        assert_int_equal(sign(compare_bytes(&keys[0], &keys[1])),
                         compare_numbers(parts[0], parts[1], 4));
        buf_fini(&keys[0]);
        buf_fini(&keys[1]);
    }
}

static void log_keys_sort_by_change(void **state)
{
    struct buf low = {0};
    struct buf high = {0};
    uint64_t change = 0;

    (void)state;
    assert_int_equal(key_log(&low, 255), TN_OK);
    assert_int_equal(key_log(&high, 256), TN_OK);
    assert_true(compare_bytes(&low, &high) < 0);
    assert_int_equal(key_log_read(buf_bytes(&high), &change), TN_OK);
    assert_int_equal(change, 256);
    buf_fini(&low);
    buf_fini(&high);
}

static void index_keys_sort_by_value_then_record(void **state)
{
    static const uint8_t apple[] = {'a', 'p', 0, 1};
    static const uint8_t apply[] = {'a', 'q', 0, 1};
    struct tn_bytes first = {apple, sizeof(apple)};
    struct tn_bytes second = {apply, sizeof(apply)};
    struct buf keys[3] = {{0}, {0}, {0}};
    uint64_t record = 0;

    (void)state;
    assert_int_equal(key_index(&keys[0], 7, 3, first, 8), TN_OK);
    assert_int_equal(key_index(&keys[1], 7, 3, first, 9), TN_OK);
    assert_int_equal(key_index(&keys[2], 7, 3, second, 1), TN_OK);
    assert_true(compare_bytes(&keys[0], &keys[1]) < 0);
    assert_true(compare_bytes(&keys[1], &keys[2]) < 0);
    assert_int_equal(key_record_read(buf_bytes(&keys[1]), &record), TN_OK);
    assert_int_equal(record, 9);
    for (int i = 0; i < 3; i++)
        buf_fini(&keys[i]);
}

static bool starts_with(const struct buf *key, const struct buf *start)
{
    return key->len >= start->len && memcmp(key->data, start->data, start->len) == 0;
}

static void starts_are_starts_of_their_keys(void **state)
{
    static const uint8_t bytes[] = {9, 0, 1};
    struct tn_bytes value = {bytes, sizeof(bytes)};
    struct tn_str word = {"north", 5};
    struct tn_str part = {"nor", 3};
    struct buf whole[4] = {{0}, {0}, {0}, {0}};
    struct buf starts[10] = {{0}};
    static const int of[10] = {0, 0, 0, 1, 1, 1, 2, 2, 3, 3};

    (void)state;
    assert_int_equal(key_index(&whole[0], 1, 2, value, 3), TN_OK);
    assert_int_equal(key_type(&starts[0], 1), TN_OK);
    assert_int_equal(key_property(&starts[1], 1, 2), TN_OK);
    assert_int_equal(key_index_value(&starts[2], 1, 2, value), TN_OK);

    assert_int_equal(key_word(&whole[1], 1, word, 3), TN_OK);
    assert_int_equal(key_type(&starts[3], 1), TN_OK);
    assert_int_equal(key_word_start(&starts[4], 1, part), TN_OK);
    assert_int_equal(key_word_whole(&starts[5], 1, word), TN_OK);

    assert_int_equal(key_edge(&whole[2], 1, 2, 3, 4, 5), TN_OK);
    assert_int_equal(key_edges_of(&starts[6], 1, 2), TN_OK);
    assert_int_equal(key_edges_by(&starts[7], 1, 2, 3), TN_OK);

    assert_int_equal(key_history(&whole[3], 1, 2, 3, 4), TN_OK);
    assert_int_equal(key_history_of(&starts[8], 1, 2), TN_OK);
    assert_int_equal(key_history_property(&starts[9], 1, 2, 3), TN_OK);

    for (int i = 0; i < 10; i++) {
        assert_true(starts_with(&whole[of[i]], &starts[i]));
        buf_fini(&starts[i]);
    }
    for (int i = 0; i < 4; i++)
        buf_fini(&whole[i]);
}

static void the_start_of_a_whole_word_excludes_longer_words(void **state)
{
    struct tn_str word = {"north", 5};
    struct tn_str longer = {"northern", 8};
    struct buf start = {0};
    struct buf key = {0};

    (void)state;
    assert_int_equal(key_word_whole(&start, 1, word), TN_OK);
    assert_int_equal(key_word(&key, 1, longer, 3), TN_OK);
    assert_false(starts_with(&key, &start));
    buf_fini(&start);
    buf_fini(&key);
}

static void a_word_with_a_nul_is_refused(void **state)
{
    struct tn_str word = {"no\0rth", 6};
    struct buf out = {0};

    (void)state;
    assert_int_equal(key_word(&out, 1, word, 3), TN_INVALID_ARGUMENT);
    assert_int_equal(key_word_whole(&out, 1, word), TN_INVALID_ARGUMENT);
    assert_int_equal(key_word_start(&out, 1, word), TN_INVALID_ARGUMENT);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void an_end_is_behind_all_keys_with_its_prefix(void **state)
{
    uint64_t seed = 4;

    (void)state;
    for (int round = 0; round < ROUND_COUNT; round++) {
        uint8_t tail[4];
        struct buf prefix = {0};
        struct buf inside = {0};

        /* Bytes are FF half of the time: those carry. */
        for (unsigned i = 0, n = 1 + (unsigned)(next_random(&seed) % 5); i < n; i++)
            (void)buf_add_u8(&prefix, next_random(&seed) & 1 ? 0xff : (uint8_t)next_random(&seed));
        for (unsigned i = 0; i < sizeof(tail); i++)
            tail[i] = next_random(&seed) & 1 ? 0xff : (uint8_t)next_random(&seed);
        assert_int_equal(buf_add(&inside, prefix.data, prefix.len), TN_OK);
        assert_int_equal(buf_add(&inside, tail, next_random(&seed) % 5), TN_OK);

        bool is_all_ff = true;
        for (size_t i = 0; i < prefix.len; i++)
            is_all_ff = is_all_ff && prefix.data[i] == 0xff;
        tn_status status = key_make_end(&prefix, 0);
        assert_int_equal(status, is_all_ff ? TN_OUT_OF_RANGE : TN_OK);
        if (status == TN_OK)
            assert_true(compare_bytes(&inside, &prefix) < 0);
        buf_fini(&prefix);
        buf_fini(&inside);
    }
}

static void an_end_leaves_the_bytes_before_its_start(void **state)
{
    struct buf out = {0};

    (void)state;
    assert_int_equal(buf_add_u8(&out, 0x01), TN_OK);
    assert_int_equal(buf_add_u8(&out, 0xff), TN_OK);
    assert_int_equal(key_make_end(&out, 1), TN_OUT_OF_RANGE);
    assert_int_equal(key_make_end(&out, 2), TN_OUT_OF_RANGE);
    assert_int_equal(out.len, 2);
    assert_int_equal(out.data[0], 0x01);
    buf_fini(&out);
}

static void keys_of_another_length_are_damage(void **state)
{
    static const uint8_t bytes[64] = {0};
    struct key_row_parts row = {.type = 7};
    struct key_edge_parts edge = {.from_type = 7};
    struct key_history_parts history = {.type = 7};
    uint64_t number = 7;

    (void)state;
    for (size_t len = 0; len < sizeof(bytes); len++) {
        struct tn_bytes key = {bytes, len};

        assert_int_equal(key_row_read(key, &row), len == 12 ? TN_OK : TN_DATA_LOSS);
        assert_int_equal(key_edge_read(key, &edge), len == 28 ? TN_OK : TN_DATA_LOSS);
        assert_int_equal(key_history_read(key, &history), len == 24 ? TN_OK : TN_DATA_LOSS);
        assert_int_equal(key_log_read(key, &number), len == 8 ? TN_OK : TN_DATA_LOSS);
        assert_int_equal(key_record_read(key, &number), len >= 14 ? TN_OK : TN_DATA_LOSS);
    }
}

static void a_failed_allocation_leaves_the_buffer_as_it_was(void **state)
{
    static const uint8_t bytes[300] = {1};
    struct tn_bytes value = {bytes, sizeof(bytes)};
    struct buf out = {0};

    (void)state;
    assert_int_equal(buf_add_u8(&out, 42), TN_OK);
    mem_fail_at(1);
    assert_int_equal(key_index(&out, 1, 2, value, 3), TN_RESOURCE_EXHAUSTED);
    mem_fail_never();
    assert_int_equal(out.len, 1);
    assert_int_equal(out.data[0], 42);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_keys_sort_by_type_then_record),
        cmocka_unit_test(edge_keys_sort_by_their_parts),
        cmocka_unit_test(history_keys_sort_the_latest_change_first),
        cmocka_unit_test(log_keys_sort_by_change),
        cmocka_unit_test(index_keys_sort_by_value_then_record),
        cmocka_unit_test(starts_are_starts_of_their_keys),
        cmocka_unit_test(the_start_of_a_whole_word_excludes_longer_words),
        cmocka_unit_test(a_word_with_a_nul_is_refused),
        cmocka_unit_test(an_end_is_behind_all_keys_with_its_prefix),
        cmocka_unit_test(an_end_leaves_the_bytes_before_its_start),
        cmocka_unit_test(keys_of_another_length_are_damage),
        cmocka_unit_test(a_failed_allocation_leaves_the_buffer_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
