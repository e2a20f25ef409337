/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/text_fr.c: what a translator may get wrong. */
#include "core/base/text.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/utf8.h"
#include "tests/unit/check.h"

static void pairs_are_sorted_and_unique(void **state)
{
    size_t count = 0;
    const struct text_pair *pairs = text_pairs(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 1; i < count; i++)
        if (strcmp(pairs[i - 1].english, pairs[i].english) >= 0)
            fail_msg("'%s' is out of order", pairs[i].english);
}

/* The next conversion of `*format` from its '%' to its letter; moves behind it. Length 0: none. */
static struct tn_str next_conversion(const char **format)
{
    const char *p = *format;

    while (*p) {
        const char *start = strchr(p, '%');

        if (!start)
            break;
        if (start[1] == '%') {
            p = start + 2;
            continue;
        }
        size_t len = strcspn(start + 1, "diouxXeEfFgGaAcspn") + 2;
        if (start[len - 1] == '\0')
            len--; /* a lone '%' or letters that are none: never equal to a real one */
        *format = start + len;
        return (struct tn_str){start, len};
    }
    return (struct tn_str){"", 0};
}

static bool has_equal_conversions(const char *english, const char *french)
{
    for (;;) {
        struct tn_str a = next_conversion(&english);
        struct tn_str b = next_conversion(&french);

        if (!utf8_equal(a, b))
            return false;
        if (a.len == 0)
            return true;
        if (!strchr("diouxXeEfFgGaAcsp", a.data[a.len - 1]))
            return false;
    }
}

static void unequal_conversions_are_seen(void **state)
{
    (void)state;
    assert_true(has_equal_conversions("a %s, %zu %%", "%s b %zu"));
    assert_true(has_equal_conversions("100 %%", "100 %% de"));
    assert_false(has_equal_conversions("%s %d", "%d %s"));
    assert_false(has_equal_conversions("%s", ""));
    assert_false(has_equal_conversions("", "%s"));
    assert_false(has_equal_conversions("%zu", "%u"));
    assert_false(has_equal_conversions("%.*s", "%s"));
    assert_false(has_equal_conversions("50 %", "50 %"));
}

static void both_languages_have_the_same_conversions(void **state)
{
    size_t count = 0;
    const struct text_pair *pairs = text_pairs(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        if (!has_equal_conversions(pairs[i].english, pairs[i].french))
            fail_msg("'%s' has other conversions in French", pairs[i].english);
}

static void texts_are_utf8_and_not_empty(void **state)
{
    size_t count = 0;
    const struct text_pair *pairs = text_pairs(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(pairs[i].english[0] != '\0');
        assert_true(pairs[i].french[0] != '\0');
        assert_true(utf8_is_valid(pairs[i].english, strlen(pairs[i].english), NULL));
        assert_true(utf8_is_valid(pairs[i].french, strlen(pairs[i].french), NULL));
    }
}

static void every_pair_is_found_by_its_english(void **state)
{
    size_t count = 0;
    const struct text_pair *pairs = text_pairs(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(text_in("fr", pairs[i].english), pairs[i].french);
        assert_ptr_equal(text_in("fr-CA", pairs[i].english), pairs[i].french);
        assert_ptr_equal(text_in("en", pairs[i].english), pairs[i].english);
        assert_ptr_equal(text_in("de", pairs[i].english), pairs[i].english);
        assert_ptr_equal(text_in("", pairs[i].english), pairs[i].english);
    }
}

static void a_text_without_pair_is_itself(void **state)
{
    const char *text = "There is no such text.";

    (void)state;
    assert_ptr_equal(text_in("fr", text), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_sorted_and_unique),
        cmocka_unit_test(unequal_conversions_are_seen),
        cmocka_unit_test(both_languages_have_the_same_conversions),
        cmocka_unit_test(texts_are_utf8_and_not_empty),
        cmocka_unit_test(every_pair_is_found_by_its_english),
        cmocka_unit_test(a_text_without_pair_is_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
