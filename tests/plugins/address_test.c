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

static const char *domain(const char *text)
{
    static char out[ADDRESS_DOMAIN_SIZE];

    return address_domain(str(text), out) ? out : NULL;
}

static void an_address_tells_its_domain(void **state)
{
    (void)state;
    struct tn_str found = address_domain_of(str("ada@example.com"));
    assert_int_equal(found.len, strlen("example.com"));
    assert_memory_equal(found.data, "example.com", found.len);
    assert_int_equal(address_domain_of(str("")).len, 0);
    assert_int_equal(address_domain_of(str("ada")).len, 0);
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
        cmocka_unit_test(an_address_tells_its_domain),
        cmocka_unit_test(a_domain_is_cut_out_of_a_url),
        cmocka_unit_test(what_is_no_domain_is_refused),
        cmocka_unit_test(free_mail_is_known_by_its_whole_domain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
