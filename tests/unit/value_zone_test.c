/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/zone.c and zones.c: names, files and rules that are refused, zones that are
 * kept. */
#include "core/value/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/value/zone_rule.h"
#include "tests/unit/check.h"

#define MONTH_S (365 * 86400 / 12)

static void names_that_are_no_zone_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "Mars/Olympus",
                                      "/etc/passwd",
                                      "../zoneinfo/UTC",
                                      "Europe",
                                      "zone.tab",
                                      "zone.tab.",
                                      "Europe/Paris\n"};
    struct zone *zone = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (zone_load(utf8_str(bad[i]), &zone) != TN_NOT_FOUND)
            fail_msg("'%s' is taken", bad[i]);
    assert_int_equal(zone_load((struct tn_str){"UTC\0x", 5}, &zone), TN_NOT_FOUND);
    assert_null(zone);
}

/* Fails at every byte, and never reads past one. */
static void a_zone_file_that_is_cut_short_is_refused(void **state)
{
    uint8_t bytes[8192];
    FILE *file = fopen(ZONE_FOLDER "/Europe/Paris", "rb");
    struct zone *zone = NULL;

    (void)state;
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    assert_true(len > 44 && len < sizeof(bytes));
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1);

        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        assert_int_equal(zone_parse((struct tn_bytes){copy, cut}, &zone), TN_INVALID_ARGUMENT);
        free(copy);
    }
    assert_int_equal(zone_parse((struct tn_bytes){bytes, len}, &zone), TN_OK);
    zone_destroy(zone);
}

static void rules_are_read_whole_or_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "CE-1",
                                      "CET",
                                      "CET-25",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J100",
                                      "CET-1CEST,366,100",
                                      "CET-1CEST,M3.5.0/168,M10.5.0",
                                      "CET-1CEST,M3.5.0,M10.5.0x",
                                      "<+03-3",
                                      "CET-1:60"};
    struct zone_rule rule;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (zone_rule_parse(utf8_str(bad[i]), &rule))
            fail_msg("'%s' is taken", bad[i]);
    assert_true(zone_rule_parse(utf8_str("<+0330>-3:30<+0430>,J79/24,J263/24"), &rule));
    assert_int_equal(rule.standard_s, 12600);
    assert_int_equal(rule.summer_s, 16200);
}

/* Summer time all year, as the files write it: the year's end is no change. */
static void summer_that_begins_as_it_ends_goes_on(void **state)
{
    static const int64_t begin_s = 1767232800; /* 2026-01-01 02:00 */
    struct zone_rule rule;

    (void)state;
    assert_true(zone_rule_parse(utf8_str("XXX3EDT4,0/0,J365/23"), &rule));
    for (int month = 0; month < 12; month++) {
        struct zone_span span = zone_rule_at(&rule, begin_s + month * MONTH_S);

        assert_int_equal(span.offset_s, -4 * 3600);
    }
}

static void a_zone_is_read_once(void **state)
{
    struct zones *zones;
    const struct zone *first;
    const struct zone *other;
    const struct zone *again;

    (void)state;
    assert_int_equal(zones_create(&zones), TN_OK);
    assert_int_equal(zones_get(zones, utf8_str("Europe/Paris"), &first), TN_OK);
    assert_int_equal(zones_get(zones, utf8_str("Asia/Kolkata"), &other), TN_OK);
    assert_int_equal(zones_get(zones, utf8_str("Europe/Paris"), &again), TN_OK);
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, other);
    assert_int_equal(zones_get(zones, utf8_str("Europe/Par"), &again), TN_NOT_FOUND);
    assert_ptr_equal(first, again);
    assert_int_equal(zone_at(other, 0).offset_s, 19800);
    zones_destroy(zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_no_zone_are_refused),
        cmocka_unit_test(a_zone_file_that_is_cut_short_is_refused),
        cmocka_unit_test(rules_are_read_whole_or_refused),
        cmocka_unit_test(summer_that_begins_as_it_ends_goes_on),
        cmocka_unit_test(a_zone_is_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
