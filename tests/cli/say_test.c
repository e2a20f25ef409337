/* SPDX-License-Identifier: Apache-2.0 */
/* The French texts: found, sorted, and with the conversions of the English ones. */
#include "sdk/cli/say.h"

#include <string.h>

#include "core/base/utf8.h"
#include "tests/unit/check.h"

/* The conversions of a printf format, one after the other: "%s%.*s%llu". */
static void conversions(const char *format, char *out, size_t size)
{
    size_t len = 0;

    for (const char *p = format; (p = strchr(p, '%'));) {
        size_t n = strcspn(p + 1, "diouxXcspfgeE%") + 2;

        assert_true(len + n < size);
        memcpy(out + len, p, n);
        len += n;
        p += n;
    }
    out[len] = '\0';
}

static void texts_are_sorted_and_found(void **state)
{
    size_t count;
    const struct text_pair *pairs = say_pairs(&count);

    (void)state;
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(pairs[i - 1].english, pairs[i].english) >= 0)
            fail_msg("not sorted: %s", pairs[i].english);
        assert_ptr_equal(say_in("fr_FR.UTF-8", pairs[i].english), pairs[i].french);
        assert_ptr_equal(say_in("en", pairs[i].english), pairs[i].english);
        assert_true(utf8_is_valid(pairs[i].french, strlen(pairs[i].french), NULL));
    }
}

static void translations_keep_the_conversions(void **state)
{
    size_t count;
    const struct text_pair *pairs = say_pairs(&count);
    char english[128];
    char french[128];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        conversions(pairs[i].english, english, sizeof(english));
        conversions(pairs[i].french, french, sizeof(french));
        assert_string_equal(english, french);
    }
}

static void failures_are_said_in_the_language_of_the_error(void **state)
{
    struct err err;

    (void)state;
    err_init(&err, "fr");
    assert_int_equal(say_fail(&err, TN_NOT_FOUND, "'%s' is no file.", "x"), TN_NOT_FOUND);
    assert_string_equal(err.message, "« x » n'est pas un fichier.");
    assert_int_equal(say_fail(NULL, TN_NOT_FOUND, "'%s' is no file.", "x"), TN_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_sorted_and_found),
        cmocka_unit_test(translations_keep_the_conversions),
        cmocka_unit_test(failures_are_said_in_the_language_of_the_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
