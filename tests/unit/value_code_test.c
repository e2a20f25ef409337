/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/code.c. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/value/value.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

static const char blob[VALUE_BLOB_SIZE] = {0, 1, 0, (char)0xff};

static const struct tn_value samples[] = {
    {.kind = TN_NONE},
    {.kind = TN_TEXT},
    {.kind = TN_TEXT,
     .as.text = {"Pi\xc3\xa8"
                 "ce",
                 6}},
    {.kind = TN_NUMBER},
    {.kind = TN_NUMBER, .exponent = -18, .as.integer = INT64_MIN + 1},
    {.kind = TN_NUMBER, .exponent = 18, .as.integer = INT64_MAX},
    {.kind = TN_BOOL, .as.integer = 1},
    {.kind = TN_DATE, .as.integer = -719162},
    {.kind = TN_DATETIME, .as.integer = 1714555800000000},
    {.kind = TN_CHOICE, .as.text = {"open", 4}},
    {.kind = TN_CHOICES, .as.text = {"a;b", 3}},
    {.kind = TN_REF, .as.integer = INT64_MAX},
    {.kind = TN_BLOB, .as.text = {blob, sizeof(blob)}},
    {.kind = TN_DURATION, .as.integer = INT64_MIN},
};
#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static void every_value_survives_its_encoding(void **state)
{
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        assert_int_equal(value_encode(&samples[i], &out), TN_OK);

    struct tn_bytes bytes = buf_bytes(&out);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct tn_value value;

        assert_int_equal(value_decode(&bytes, &value), TN_OK);
        assert_true(value_equal(&value, &samples[i]));
        assert_int_equal(value.exponent, samples[i].exponent);
    }
    assert_int_equal(bytes.len, 0);
    buf_fini(&out);
}

static void encode_refuses_what_it_could_not_read(void **state)
{
    struct tn_value unknown = {.kind = 11};
    struct tn_value large_kind = {.kind = 256 + TN_TEXT};
    struct tn_value exponent = {.kind = TN_NUMBER, .exponent = 19, .as.integer = 1};
    struct buf out = {0};

    (void)state;
    assert_int_equal(value_encode(&unknown, &out), TN_INVALID_ARGUMENT);
    assert_int_equal(value_encode(&large_kind, &out), TN_INVALID_ARGUMENT);
    assert_int_equal(value_encode(&exponent, &out), TN_INVALID_ARGUMENT);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void every_cut_encoding_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct buf out = {0};

        assert_int_equal(value_encode(&samples[i], &out), TN_OK);
        for (size_t len = 0; len < out.len; len++) {
            uint8_t *cut = mem_alloc(len);
            struct tn_bytes bytes = {cut, len};
            struct tn_value value = {.kind = 42};

            assert_non_null(cut);
            memcpy(cut, out.data, len);
            assert_int_equal(value_decode(&bytes, &value), TN_DATA_LOSS);
            assert_ptr_equal(bytes.data, cut);
            assert_int_equal(bytes.len, len);
            assert_int_equal(value.kind, 42);
            mem_free(cut);
        }
        buf_fini(&out);
    }
}

static void damaged_encodings_are_refused(void **state)
{
    static const struct {
        uint8_t data[12];
        size_t len;
    } bad[] = {
        {{11}, 1},                   /* an unknown kind */
        {{0xff}, 1},                 /* another one */
        {{TN_TEXT, 3, 'a', 'b'}, 4}, /* a text past the end */
        {{TN_TEXT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11}, /* far past */
        {{TN_BLOB, 1, 'x'}, 3},    /* no SHA-256 */
        {{TN_BOOL, 4}, 2},         /* 2 */
        {{TN_BOOL, 1}, 2},         /* -1 */
        {{TN_NUMBER, 0, 20}, 3},   /* 10 x 10^0 is not canonical */
        {{TN_NUMBER, 1, 0}, 3},    /* 0 x 10^-1 */
        {{TN_NUMBER, 38, 2}, 3},   /* 10^19 */
        {{TN_NUMBER, 37, 2}, 3},   /* 10^-19 */
        {{TN_NUMBER, 0xff, 2}, 3}, /* 10^-128 */
        {{TN_DATE, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 11}, /* 65 bits */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tn_bytes bytes = {bad[i].data, bad[i].len};
        struct tn_value value;

        if (value_decode(&bytes, &value) != TN_DATA_LOSS)
            fail_msg("damage %zu is not seen", i);
    }
}

/* The order of two values' keys; each key must be self-delimiting. */
static int compare_keys(const struct tn_value *a, const struct tn_value *b)
{
    struct buf key_a = {0};
    struct buf key_b = {0};

    assert_int_equal(value_order_key(a, &key_a), TN_OK);
    assert_int_equal(value_order_key(b, &key_b), TN_OK);
    size_t len = key_a.len;
    assert_int_equal(value_order_key_len(a->kind, buf_bytes(&key_a)), len);
    size_t common = key_a.len < key_b.len ? key_a.len : key_b.len;
    int order = memcmp(key_a.data, key_b.data, common);
    if (order == 0)
        assert_int_equal(key_a.len, key_b.len); /* none begins another */

    /* What follows a key does not change its length. */
    assert_int_equal(buf_add(&key_a, key_b.data, key_b.len), TN_OK);
    assert_int_equal(value_order_key_len(a->kind, buf_bytes(&key_a)), len);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(value_order_key_len(a->kind, (struct tn_bytes){key_a.data, cut}), 0);
    buf_fini(&key_a);
    buf_fini(&key_b);
    return (order > 0) - (order < 0);
}

static struct tn_value random_number(struct random *random)
{
    struct decimal number = {0, 0};
    tn_status st;

    do {
        int64_t mantissa = (int64_t)(random_next(random) >> (random_next(random) % 64));

        st = decimal_make(random_below(random, 2) ? mantissa : -(mantissa / 2),
                          (int32_t)random_below(random, 37) - 18,
                          &number);
    } while (st != TN_OK);
    return value_number(number);
}

/* One that is close: a digit more or less, another sign, a neighbouring exponent. */
static struct tn_value random_neighbour(struct random *random, const struct tn_value *value)
{
    struct decimal near = {value->as.integer, value->exponent};

    switch (random_below(random, 4)) {
    case 0:
        near.mantissa /= 10;
        break;
    case 1:
        near.exponent += near.exponent < DECIMAL_EXPONENT_MAX;
        break;
    case 2:
        near.mantissa = near.mantissa == INT64_MIN ? INT64_MAX : -near.mantissa;
        break;
    default:
        near.mantissa += near.mantissa < INT64_MAX;
        break;
    }
    if (decimal_make(near.mantissa, near.exponent, &near) != TN_OK)
        return *value;
    return value_number(near);
}

static void number_keys_sort_as_numbers(void **state)
{
    struct random random = {1};

    (void)state;
    for (int i = 0; i < 50000; i++) {
        struct tn_value a = random_number(&random);
        struct tn_value b =
            random_below(&random, 2) ? random_number(&random) : random_neighbour(&random, &a);

        assert_int_equal(compare_keys(&a, &b), value_compare(&a, &b));
    }
}

static void number_keys_sort_the_extremes(void **state)
{
    static const struct decimal rising[] = {{INT64_MIN, 18},
                                            {INT64_MIN, 17},
                                            {-11, 0},
                                            {-1, 1},
                                            {-99, -1},
                                            {-9, 0},
                                            {-1, 0},
                                            {-1, -18},
                                            {0, 0},
                                            {1, -18},
                                            {INT64_MAX, -18},
                                            {99, -1},
                                            {1, 1},
                                            {101, -1},
                                            {11, 0},
                                            {1, 2},
                                            {INT64_MAX, 17},
                                            {INT64_MAX, 18}};
    const size_t count = sizeof(rising) / sizeof(rising[0]);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            struct tn_value a = value_number(rising[i]);
            struct tn_value b = value_number(rising[j]);

            if (compare_keys(&a, &b) != (i > j) - (i < j))
                fail_msg("keys %zu and %zu are out of order", i, j);
        }
}

static void equal_numbers_have_one_key(void **state)
{
    struct tn_value canonical = value_number((struct decimal){125, -1});
    struct tn_value padded = value_number((struct decimal){12500, -3});

    (void)state;
    assert_int_equal(compare_keys(&canonical, &padded), 0);
}

static void integer_keys_sort_as_integers(void **state)
{
    static const int64_t rising[] = {INT64_MIN, -256, -1, 0, 1, 255, INT64_MAX};
    static const uint32_t kinds[] = {TN_BOOL, TN_DATE, TN_DATETIME, TN_REF, TN_DURATION};

    (void)state;
    for (size_t k = 0; k < 5; k++)
        for (int i = 0; i < 7; i++)
            for (int j = 0; j < 7; j++) {
                struct tn_value a = value_integer(kinds[k], rising[i]);
                struct tn_value b = value_integer(kinds[k], rising[j]);

                assert_int_equal(compare_keys(&a, &b), (i > j) - (i < j));
            }
}

static size_t random_text(struct random *random, char *text)
{
    static const char *const parts[] = {"a", "A", "b", "\u00e9", "e", "~", " ", "\u8a9e", "0"};
    size_t len = 0;

    for (uint64_t n = random_below(random, 5); n > 0; n--) {
        const char *part = parts[random_below(random, sizeof(parts) / sizeof(parts[0]))];

        memcpy(text + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

static void text_keys_sort_as_texts_that_fold_apart(void **state)
{
    struct random random = {2};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text_a[32];
        char text_b[32];
        struct tn_value a =
            value_text(TN_TEXT, (struct tn_str){text_a, random_text(&random, text_a)});
        struct tn_value b =
            value_text(TN_TEXT, (struct tn_str){text_b, random_text(&random, text_b)});
        int keys = compare_keys(&a, &b);
        int values = value_compare(&a, &b);

        if (keys != 0) /* equal keys are rechecked against the rows */
            assert_int_equal(keys, (values > 0) - (values < 0));
        else
            assert_int_equal(a.as.text.len == 0, b.as.text.len == 0);
    }
}

static void blob_keys_escape_zeros(void **state)
{
    static const struct tn_str rising[] = {{"", 0},
                                           {"\0", 1},
                                           {"\0\0", 2},
                                           {"\0\1", 2},
                                           {"\0\xff", 2},
                                           {"\1", 1},
                                           {"A", 1},
                                           {"a", 1},
                                           {"\xff", 1}};

    (void)state;
    for (int i = 0; i < 9; i++)
        for (int j = 0; j < 9; j++) {
            struct tn_value a = value_text(TN_BLOB, rising[i]);
            struct tn_value b = value_text(TN_BLOB, rising[j]);

            assert_int_equal(compare_keys(&a, &b), (i > j) - (i < j));
        }
}

static void long_text_keys_are_cut(void **state)
{
    char text[3 * VALUE_KEY_TEXT_MAX];
    struct tn_value value = value_text(TN_TEXT, (struct tn_str){text, sizeof(text)});
    struct buf key = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(text); i += 3)
        memcpy(text + i, "\u8a9e", 3);
    assert_int_equal(value_order_key(&value, &key), TN_OK);
    assert_int_equal(key.len, VALUE_KEY_TEXT_MAX / 3 * 3 + 2);
    buf_fini(&key);
}

static void none_has_no_key(void **state)
{
    struct tn_value none = value_none();
    struct tn_value unknown = value_integer(11, 0);
    struct tn_value exponent = {.kind = TN_NUMBER, .exponent = 99, .as.integer = 1};
    struct buf key = {0};

    (void)state;
    assert_int_equal(value_order_key(&none, &key), TN_INVALID_ARGUMENT);
    assert_int_equal(value_order_key(&unknown, &key), TN_INVALID_ARGUMENT);
    assert_int_equal(value_order_key(&exponent, &key), TN_INVALID_ARGUMENT);
    assert_int_equal(value_unique_key(&none, &key), TN_INVALID_ARGUMENT);
    assert_int_equal(key.len, 0);
    buf_fini(&key);
}

static void bytes_that_are_no_key_have_no_length(void **state)
{
    static const uint8_t zeros[16] = {0};
    static const uint8_t bad_sign[] = {4, 64, 2, 0};
    static const uint8_t no_digits[] = {3, 64, 0};
    static const uint8_t endless[16] = {3, 64, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0};
    static const uint8_t bad_escape[] = {'a', 0, 2, 0, 1};

    (void)state;
    assert_int_equal(value_order_key_len(TN_NONE, (struct tn_bytes){zeros, 16}), 0);
    assert_int_equal(value_order_key_len(11, (struct tn_bytes){zeros, 16}), 0);
    assert_int_equal(value_order_key_len(TN_NUMBER, (struct tn_bytes){zeros, 16}), 0);
    assert_int_equal(value_order_key_len(TN_NUMBER, (struct tn_bytes){bad_sign, 4}), 0);
    assert_int_equal(value_order_key_len(TN_NUMBER, (struct tn_bytes){no_digits, 3}), 0);
    assert_int_equal(value_order_key_len(TN_NUMBER, (struct tn_bytes){endless, 16}), 0);
    assert_int_equal(value_order_key_len(TN_TEXT, (struct tn_bytes){zeros, 16}), 0);
    assert_int_equal(value_order_key_len(TN_TEXT, (struct tn_bytes){bad_escape, 5}), 0);
    assert_int_equal(value_order_key_len(TN_DATE, (struct tn_bytes){zeros, 7}), 0);
}

static bool same_unique_key(struct tn_str a, struct tn_str b)
{
    struct tn_value value_a = value_text(TN_TEXT, a);
    struct tn_value value_b = value_text(TN_TEXT, b);
    struct buf key_a = {0};
    struct buf key_b = {0};

    assert_int_equal(value_unique_key(&value_a, &key_a), TN_OK);
    assert_int_equal(value_unique_key(&value_b, &key_b), TN_OK);
    bool is_same = key_a.len == key_b.len && memcmp(key_a.data, key_b.data, key_a.len) == 0;
    buf_fini(&key_a);
    buf_fini(&key_b);
    return is_same;
}

static void unique_keys_ignore_case_but_not_accents(void **state)
{
    (void)state;
    assert_true(same_unique_key(utf8_str("Éa@X.fr"), utf8_str("éA@x.FR")));
    assert_true(same_unique_key(utf8_str("e\u0301"), utf8_str("É")));
    assert_false(same_unique_key(utf8_str("e"), utf8_str("é")));
    assert_false(same_unique_key(utf8_str("a"), utf8_str("ab")));
}

static void long_unique_keys_differ_in_their_last_byte(void **state)
{
    char a[VALUE_KEY_TEXT_MAX + 1];
    char b[VALUE_KEY_TEXT_MAX + 1];
    struct tn_value value = value_text(TN_TEXT, (struct tn_str){a, sizeof(a)});
    struct buf key = {0};

    (void)state;
    memset(a, 'x', sizeof(a));
    memset(b, 'X', sizeof(b));
    assert_true(same_unique_key((struct tn_str){a, sizeof(a)}, (struct tn_str){b, sizeof(b)}));
    b[sizeof(b) - 1] = 'y';
    assert_false(same_unique_key((struct tn_str){a, sizeof(a)}, (struct tn_str){b, sizeof(b)}));

    assert_int_equal(value_unique_key(&value, &key), TN_OK);
    assert_int_equal(key.len, 33);
    assert_int_equal(key.data[0], 0xff);
    buf_clear(&key);
    value.as.text.len--;
    assert_int_equal(value_unique_key(&value, &key), TN_OK);
    assert_int_equal(key.len, VALUE_KEY_TEXT_MAX + 2);
    buf_fini(&key);
}

static void keys_survive_any_failed_allocation(void **state)
{
    static char text[4000];
    struct tn_value value = value_text(TN_TEXT, (struct tn_str){text, sizeof(text)});
    tn_status (*const makers[])(const struct tn_value *value, struct buf *out) = {
        value_order_key, value_unique_key, value_encode};

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < 3; i++) {
        tn_status st = TN_RESOURCE_EXHAUSTED;
        unsigned nth = 1;

        for (; st != TN_OK && nth < 50; nth++) {
            struct buf key = {0};

            mem_fail_at(nth);
            st = makers[i](&value, &key);
            mem_fail_never();
            assert_true(st == TN_OK || (st == TN_RESOURCE_EXHAUSTED && key.len == 0));
            buf_fini(&key);
        }
        assert_int_equal(st, TN_OK);
        assert_true(nth > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_survives_its_encoding),
        cmocka_unit_test(encode_refuses_what_it_could_not_read),
        cmocka_unit_test(every_cut_encoding_is_refused),
        cmocka_unit_test(damaged_encodings_are_refused),
        cmocka_unit_test(number_keys_sort_as_numbers),
        cmocka_unit_test(number_keys_sort_the_extremes),
        cmocka_unit_test(equal_numbers_have_one_key),
        cmocka_unit_test(integer_keys_sort_as_integers),
        cmocka_unit_test(text_keys_sort_as_texts_that_fold_apart),
        cmocka_unit_test(blob_keys_escape_zeros),
        cmocka_unit_test(long_text_keys_are_cut),
        cmocka_unit_test(none_has_no_key),
        cmocka_unit_test(bytes_that_are_no_key_have_no_length),
        cmocka_unit_test(unique_keys_ignore_case_but_not_accents),
        cmocka_unit_test(long_unique_keys_differ_in_their_last_byte),
        cmocka_unit_test(keys_survive_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
