/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/email.c. */
#include "core/value/email.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

static const char *email(const char *text)
{
    static char out[EMAIL_SIZE];
    size_t len = 0;

    if (!email_normalise((struct tn_str){text, strlen(text)}, out, &len))
        return NULL;
    assert_int_equal(len, strlen(out));
    return out;
}

static void an_address_loses_its_blanks_and_its_domains_capitals(void **state)
{
    (void)state;
    assert_string_equal(email("ada@example.com"), "ada@example.com");
    assert_string_equal(email(" \tAda.L+x@Mail.Example.COM\r\n"), "Ada.L+x@mail.example.com");
    assert_string_equal(email("rené@exämple.fr"), "rené@exämple.fr");
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "   ",
                                        "ada",
                                        "@example.com",
                                        "ada@",
                                        "ada@example",
                                        "ada@example..com",
                                        "ada@.example.com",
                                        "ada@example.com.",
                                        "ada@-example.com",
                                        "ada@example-.com",
                                        "ada@1.2.3.4",
                                        "ada@example.com, bob@example.com",
                                        "ada @example.com",
                                        "ada..l@example.com",
                                        ".ada@example.com",
                                        "ada.@example.com",
                                        "ada@exa mple.com",
                                        "ada@b@example.com",
                                        "Ada <ada@example.com>"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (email(wrong[i]))
            fail_msg("'%s' was taken", wrong[i]);
}

static void the_parts_of_an_address_have_bounds(void **state)
{
    char text[400];

    (void)state;
    memset(text, 'a', 64);
    (void)snprintf(text + 64, sizeof(text) - 64, "@example.com");
    assert_non_null(email(text));
    memset(text, 'a', 65);
    (void)snprintf(text + 65, sizeof(text) - 65, "@example.com");
    assert_null(email(text));
    memcpy(text, "a@", 2);
    memset(text + 2, 'b', 64);
    (void)snprintf(text + 66, sizeof(text) - 66, ".com");
    assert_null(email(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_loses_its_blanks_and_its_domains_capitals),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(the_parts_of_an_address_have_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
