/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/contacts/address.c. */
#include "plugins/contacts/address.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

static struct tn_str str(const char *text)
{
    return (struct tn_str){text, strlen(text)};
}

static const char *email(const char *text)
{
    static char out[ADDRESS_EMAIL_SIZE];

    return address_email(str(text), out, NULL) ? out : NULL;
}

static const char *domain(const char *text)
{
    static char out[ADDRESS_DOMAIN_SIZE];

    return address_domain(str(text), out) ? out : NULL;
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

static void an_address_tells_its_domain(void **state)
{
    char out[ADDRESS_EMAIL_SIZE];
    struct tn_str found;

    (void)state;
    assert_true(address_email(str(" ada@Example.com "), out, &found));
    assert_int_equal(found.len, strlen("example.com"));
    assert_memory_equal(found.data, "example.com", found.len);
}

static void a_domain_is_cut_out_of_a_url(void **state)
{
    (void)state;
    assert_string_equal(domain("example.com"), "example.com");
    assert_string_equal(domain("  HTTPS://www.Example.com/path?q#f "), "example.com");
    assert_string_equal(domain("http://shop.example.co.uk:8080"), "shop.example.co.uk");
    assert_string_equal(domain("www.example.com."), "example.com");
}

static void what_is_no_domain_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "example",
                                        "http://",
                                        "exa mple.com",
                                        "a..b",
                                        "ftp://",
                                        "-a.com",
                                        "192.168.1.1",
                                        "a_b.c"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (domain(wrong[i]))
            fail_msg("'%s' was taken", wrong[i]);
}

static void free_mail_is_known_by_its_whole_domain(void **state)
{
    static const char *const free_mail[] = {"aliceadsl.fr",
                                            "gmail.com",
                                            "orange.fr",
                                            "free.fr",
                                            "wanadoo.fr",
                                            "hotmail.com",
                                            "zoho.com",
                                            "yahoo.fr"};
    static const char *const others[] = {
        "example.com", "mail", "gmail", "gmail.co", "gmail.com.example", "orange.f", "a", "zzz.zz"};

    (void)state;
    for (size_t i = 0; i < sizeof(free_mail) / sizeof(free_mail[0]); i++)
        assert_true(address_is_free_mail(str(free_mail[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(address_is_free_mail(str(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_loses_its_blanks_and_its_domains_capitals),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(the_parts_of_an_address_have_bounds),
        cmocka_unit_test(an_address_tells_its_domain),
        cmocka_unit_test(a_domain_is_cut_out_of_a_url),
        cmocka_unit_test(what_is_no_domain_is_refused),
        cmocka_unit_test(free_mail_is_known_by_its_whole_domain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
