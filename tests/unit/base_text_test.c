/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/text.c. */
#include "core/base/text.h"

#include <string.h>

#include "core/base/utf8.h"
#include "tests/unit/check.h"

static void pairs_are_sorted_so_that_they_are_found(void **state)
{
    size_t count;
    const struct text_pair *pairs = text_pairs(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(pairs[i - 1].english, pairs[i].english) >= 0)
            fail_msg("'%s' does not come before '%s'", pairs[i - 1].english, pairs[i].english);
        assert_ptr_equal(text_in("fr", pairs[i].english), pairs[i].french);
    }
}

/* Copies the conversions of a printf format, "%s%u" of "%s has %u", into `out`. */
static void conversions(const char *format, char *out, size_t size)
{
    size_t len = 0;

    for (const char *p = format; *p != '\0'; p++) {
        if (*p != '%')
            continue;
        size_t span = 1 + strspn(p + 1, "#0- +.123456789*hljzt") + 1;
        assert_true(len + span < size);
        memcpy(out + len, p, span);
        len += span;
        p += span - 1;
    }
    out[len] = '\0';
}

static void pairs_have_the_same_conversions_in_the_same_order(void **state)
{
    size_t count;
    const struct text_pair *pairs = text_pairs(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        char english[128];
        char french[128];

        conversions(pairs[i].english, english, sizeof(english));
        conversions(pairs[i].french, french, sizeof(french));
        if (strcmp(english, french) != 0)
            fail_msg(
                "'%s' has %s, '%s' has %s", pairs[i].english, english, pairs[i].french, french);
        assert_true(utf8_is_valid(pairs[i].french, strlen(pairs[i].french), NULL));
    }
}

static void an_unknown_text_or_language_stays_english(void **state)
{
    const char *known = "Memory is out: no room for %s.";
    const char *unknown = "nobody says this";

    (void)state;
    assert_ptr_equal(text_in("fr", unknown), unknown);
    assert_ptr_equal(text_in("en", known), known);
    assert_ptr_equal(text_in("de", known), known);
    assert_ptr_not_equal(text_in("fr-CA", known), known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_sorted_so_that_they_are_found),
        cmocka_unit_test(pairs_have_the_same_conversions_in_the_same_order),
        cmocka_unit_test(an_unknown_text_or_language_stays_english),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
