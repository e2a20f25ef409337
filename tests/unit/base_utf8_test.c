/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/utf8.c. */
#include "core/base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "tests/unit/check.h"

/* Encodes `c` in as many bytes as asked for, rightly or not. */
static size_t encode(uint32_t c, size_t len, char *out)
{
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(marks[len] | c);
    return len;
}

static size_t shortest(uint32_t c)
{
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static void each_character_is_valid_in_its_shortest_form_only(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x1fffff; c++) {
        bool is_char = c != 0 && (c < 0xd800 || c > 0xdfff) && c <= 0x10ffff;

        for (size_t len = shortest(c); len <= 4; len++) {
            char bytes[4];
            bool expected = is_char && len == shortest(c);

            if (utf8_is_valid(bytes, encode(c, len, bytes), NULL) != expected)
                fail_msg("U+%X in %zu bytes", c, len);
        }
    }
}

static void the_first_bad_byte_is_named(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        size_t bad;
    } texts[] = {
        {"\xff", 1, 0},
        {"abc\0def", 7, 3},
        {"0123456789abcde\0", 16, 15},
        {"01234567\xc3", 9, 8},
        {"\u00e9\xe2\x82", 4, 2},
        {"\u00e9\xe2\x82x", 5, 2},
        {"a\x80", 2, 1},
        {"\xf0\x9f\x98", 3, 0},
        {"12345678\xf4\x90\x80\x80", 12, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        /* Of its own size, so that the sanitizer sees every byte read behind it. */
        char *copy = mem_alloc(texts[i].len);
        size_t bad = 42;

        assert_non_null(copy);
        memcpy(copy, texts[i].text, texts[i].len);
        assert_false(utf8_is_valid(copy, texts[i].len, &bad));
        assert_int_equal(bad, texts[i].bad);
        mem_free(copy);
    }
}

static void valid_texts_leave_the_offset(void **state)
{
    size_t bad = 42;

    (void)state;
    assert_true(utf8_is_valid("0123456701234567\u00e9", 18, &bad));
    assert_true(utf8_is_valid(NULL, 0, &bad));
    assert_int_equal(bad, 42);
}

static void cut_never_splits_a_character(void **state)
{
    const char *text = "a\u00e9\u20ac\U0001f600";
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};

    (void)state;
    for (size_t max = 0; max <= 10; max++)
        assert_int_equal(utf8_cut(text, max), cuts[max]);
}

static void characters_are_counted_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(utf8_count(utf8_str("a\u00e9\u20ac\U0001f600")), 4);
    assert_int_equal(utf8_count(utf8_str("")), 0);
}

static void equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(utf8_is(utf8_str("abc"), "abc"));
    assert_false(utf8_is(utf8_str("abc"), "ab"));
    assert_false(utf8_is(utf8_str("abc"), "abC"));
    assert_true(utf8_equal((struct tn_str){NULL, 0}, utf8_str("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_character_is_valid_in_its_shortest_form_only),
        cmocka_unit_test(the_first_bad_byte_is_named),
        cmocka_unit_test(valid_texts_leave_the_offset),
        cmocka_unit_test(cut_never_splits_a_character),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(equality_is_of_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
