/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/base/err.c. */
#include "core/base/err.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "tests/unit/check.h"

static void the_first_message_stays(void **state)
{
    struct err err;

    (void)state;
    err_init(&err, NULL);
    assert_int_equal(err_set(&err, TN_NOT_FOUND, "no %s", "first"), TN_NOT_FOUND);
    assert_int_equal(err_set(&err, TN_INTERNAL, "no %s", "second"), TN_INTERNAL);
    assert_int_equal(err.status, TN_NOT_FOUND);
    assert_string_equal(err.message, "no first");
}

static void a_violation_is_the_message_if_it_is_first(void **state)
{
    struct err err;

    (void)state;
    err_init(&err, "en");
    (void)err_violate(&err, TN_INVALID_ARGUMENT, "a", "required", "%s is missing", "a");
    (void)err_violate(&err, TN_ALREADY_EXISTS, NULL, "unique", "taken");
    assert_int_equal(err.status, TN_INVALID_ARGUMENT);
    assert_string_equal(err.message, "a is missing");
    assert_int_equal(err.violation_count, 2);
    assert_string_equal(err.violations[0].field, "a");
    assert_string_equal(err.violations[0].rule, "required");
    assert_string_equal(err.violations[1].field, "");
    assert_string_equal(err.violations[1].text, "taken");
}

static void violations_past_the_bound_are_counted(void **state)
{
    struct err err;

    (void)state;
    err_init(&err, "en");
    for (unsigned i = 0; i < ERR_VIOLATION_MAX + 3; i++)
        (void)err_violate(&err, TN_INVALID_ARGUMENT, "f", "r", "%u", i);
    assert_int_equal(err.violation_count, ERR_VIOLATION_MAX);
    assert_int_equal(err.violation_dropped, 3);
    assert_string_equal(err.violations[ERR_VIOLATION_MAX - 1].text, "15");
}

/* `count` times the three bytes of an ideograph, behind `ascii` ASCII characters. */
static const char *long_text(char *text, size_t ascii, size_t count)
{
    memset(text, 'x', ascii);
    for (size_t i = 0; i < count; i++)
        memcpy(text + ascii + i * 3, "\u8a9e", 3);
    text[ascii + count * 3] = '\0';
    return text;
}

static void long_texts_are_cut_at_a_character(void **state)
{
    (void)state;
    for (size_t ascii = 0; ascii < 3; ascii++) {
        char text[1000];
        struct err err;

        (void)long_text(text, ascii, 300);
        err_init(&err, "en");
        (void)err_violate(&err, TN_INVALID_ARGUMENT, text, text, "%s", text);
        assert_true(strlen(err.message) >= ERR_MESSAGE_SIZE - 4);
        assert_true(utf8_is_valid(err.message, strlen(err.message), NULL));
        assert_true(utf8_is_valid(err.violations[0].field, strlen(err.violations[0].field), NULL));
        assert_true(utf8_is_valid(err.violations[0].rule, strlen(err.violations[0].rule), NULL));
        assert_true(strlen(err.violations[0].text) >= ERR_TEXT_SIZE - 4);
        assert_true(utf8_is_valid(err.violations[0].text, strlen(err.violations[0].text), NULL));

        err_clear(&err);
        (void)err_set(&err, TN_INTERNAL, "%s", text);
        assert_true(strlen(err.message) >= ERR_MESSAGE_SIZE - 4);
        assert_true(utf8_is_valid(err.message, strlen(err.message), NULL));
    }
}

static void without_an_err_only_the_status_is_given(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, TN_ABORTED, "x"), TN_ABORTED);
    assert_int_equal(err_violate(NULL, TN_ABORTED, "f", "r", "x"), TN_ABORTED);
    assert_int_equal(err_violate_text(NULL, TN_ABORTED, "f", "r", utf8_str("x")), TN_ABORTED);
    assert_int_equal(err_memory(NULL, "x"), TN_RESOURCE_EXHAUSTED);
    err_copy(NULL, NULL);
}

static void clear_keeps_the_language(void **state)
{
    struct err err;

    (void)state;
    err_init(&err, "fr");
    (void)err_violate(&err, TN_ABORTED, "f", "r", "x");
    err_clear(&err);
    assert_int_equal(err.status, TN_OK);
    assert_int_equal(err.violation_count, 0);
    assert_int_equal(err_memory(&err, "x"), TN_RESOURCE_EXHAUSTED);
    assert_string_equal(err.message, "La mémoire est épuisée : pas de place pour « x ».");
}

static void copy_does_not_overwrite(void **state)
{
    struct err from;
    struct err to;

    (void)state;
    err_init(&from, "en");
    err_init(&to, "en");
    (void)err_set(&from, TN_ABORTED, "from");
    err_copy(&to, &from);
    assert_string_equal(to.message, "from");
    err_clear(&from);
    (void)err_set(&from, TN_INTERNAL, "later");
    err_copy(&to, &from);
    assert_int_equal(to.status, TN_ABORTED);
    assert_string_equal(to.message, "from");
}

static void an_empty_text_needs_no_data(void **state)
{
    struct err err;

    (void)state;
    err_init(&err, "en");
    (void)err_violate_text(&err, TN_ABORTED, "f", "r", (struct tn_str){NULL, 0});
    assert_string_equal(err.message, "");
    assert_int_equal(err.violation_count, 1);
}

static void statuses_have_grpcs_names(void **state)
{
    (void)state;
    assert_string_equal(err_status_name(TN_OK), "OK");
    assert_string_equal(err_status_name(TN_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(err_status_name(17), "UNKNOWN");
    assert_string_equal(err_status_name(-1), "UNKNOWN");
    assert_true(err_status_is_known(16));
    assert_false(err_status_is_known(17));
    assert_false(err_status_is_known(-1));
    for (tn_status i = TN_OK; i <= TN_UNAUTHENTICATED; i++)
        assert_non_null(err_status_name(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_stays),
        cmocka_unit_test(a_violation_is_the_message_if_it_is_first),
        cmocka_unit_test(violations_past_the_bound_are_counted),
        cmocka_unit_test(long_texts_are_cut_at_a_character),
        cmocka_unit_test(without_an_err_only_the_status_is_given),
        cmocka_unit_test(clear_keeps_the_language),
        cmocka_unit_test(copy_does_not_overwrite),
        cmocka_unit_test(an_empty_text_needs_no_data),
        cmocka_unit_test(statuses_have_grpcs_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
