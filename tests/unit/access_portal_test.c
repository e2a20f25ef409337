/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/access/portal.c: names, settings, ids, and what is there after a restart. */
#include "core/access/portal.h"

#include "core/base/utf8.h"
#include "tests/unit/store_fixture.h"

struct opened {
    struct fixture *dir;
    struct store *store;
    struct portals *portals;
    struct err err;
};

static void open_all(struct opened *o)
{
    err_init(&o->err, NULL);
    o->store = fixture_open(o->dir);
    assert_int_equal(portals_open(o->store, &o->portals, &o->err), TN_OK);
}

static void close_all(struct opened *o)
{
    portals_close(o->portals);
    store_close(o->store);
}

static int set_up(void **state)
{
    struct opened *o = mem_new(struct opened);
    void *dir = NULL;

    assert_non_null(o);
    assert_int_equal(fixture_make(&dir), 0);
    o->dir = dir;
    open_all(o);
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    struct opened *o = *state;
    void *dir = o->dir;

    close_all(o);
    (void)fixture_remove(&dir);
    mem_free(o);
    return 0;
}

static tn_status create(struct opened *o, const char *name, const struct portal_settings *settings)
{
    struct portal *portal = NULL;

    err_clear(&o->err);
    tn_status st = portals_create(o->portals, utf8_str(name), settings, &portal, &o->err);
    assert_true((st == TN_OK) == (portal != NULL));
    return st;
}

static bool violates(const struct opened *o, const char *field)
{
    for (uint32_t i = 0; i < o->err.violation_count; i++)
        if (strcmp(o->err.violations[i].field, field) == 0)
            return true;
    return false;
}

static void names_are_checked(void **state)
{
    struct opened *o = *state;
    static const char *const bad[] = {
        "",
        "-a",
        "a-",
        "A",
        "a b",
        "a_b",
        "\xc3\xa9",
        "a234567890123456789012345678901234567890123456789012345678901234"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(create(o, bad[i], NULL), TN_INVALID_ARGUMENT);
        assert_true(violates(o, "name"));
    }
    assert_int_equal(create(o, "a", NULL), TN_OK);
    assert_int_equal(create(o, "0-9", NULL), TN_OK);
    assert_int_equal(
        create(o, "a23456789012345678901234567890123456789012345678901234567890123", NULL), TN_OK);
    assert_int_equal(create(o, "a", NULL), TN_ALREADY_EXISTS);
    assert_int_equal(o->err.violation_count, 1);
}

static void settings_have_defaults_and_are_merged(void **state)
{
    struct opened *o = *state;
    struct portal_settings wanted = {.title = "Éole", .currency = "CHF"};

    assert_int_equal(create(o, "main", &wanted), TN_OK);
    struct portal *portal = portals_find(o->portals, utf8_str("main"));
    struct portal_settings s = portal_settings(o->portals, portal);
    assert_string_equal(s.title, "Éole");
    assert_string_equal(s.time_zone, "UTC");
    assert_string_equal(s.currency, "CHF");
    assert_string_equal(s.language, "en");
    wanted = (struct portal_settings){.language = "fr"};
    assert_int_equal(portals_update(o->portals, portal, &wanted, &o->err), TN_OK);
    close_all(o);
    open_all(o);
    portal = portals_find(o->portals, utf8_str("main"));
    s = portal_settings(o->portals, portal);
    assert_string_equal(s.title, "Éole");
    assert_string_equal(s.language, "fr");
    assert_string_equal(s.currency, "CHF");
}

static void wrong_settings_are_refused_all_at_once_and_change_nothing(void **state)
{
    struct opened *o = *state;
    const struct portal_settings wrong = {
        .title = "\xff", .time_zone = "Mars/Crater", .currency = "eur", .language = "de"};

    assert_int_equal(create(o, "main", &wrong), TN_INVALID_ARGUMENT);
    assert_true(violates(o, "title"));
    assert_true(violates(o, "time_zone"));
    assert_true(violates(o, "currency"));
    assert_true(violates(o, "language"));
    assert_null(portals_find(o->portals, utf8_str("main")));
    assert_int_equal(create(o, "main", NULL), TN_OK);
    struct portal *portal = portals_find(o->portals, utf8_str("main"));
    assert_int_equal(portals_update(o->portals, portal, &wrong, &o->err), TN_INVALID_ARGUMENT);
    struct portal_settings s = portal_settings(o->portals, portal);
    assert_string_equal(s.time_zone, "UTC");
    assert_string_equal(s.title, "");
}

/* Other files and folders beside the zones, and paths out of them, are no zones. */
static void time_zones_are_those_of_the_system(void **state)
{
    struct opened *o = *state;
    static const char *const bad[] = {
        "Europe", "zone.tab", "tzdata.zi", "../../../etc/passwd", "/etc/localtime", ".", "Europe/"};
    struct portal_settings s = {.time_zone = "UTC"};

    assert_int_equal(create(o, "main", &s), TN_OK);
    struct portal *portal = portals_find(o->portals, utf8_str("main"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        err_clear(&o->err);
        (void)snprintf(s.time_zone, sizeof(s.time_zone), "%s", bad[i]);
        assert_int_equal(portals_update(o->portals, portal, &s, &o->err), TN_INVALID_ARGUMENT);
    }
    if (access("/usr/share/zoneinfo/Europe/Paris", R_OK) != 0)
        return; /* a system without zones has UTC */
    (void)snprintf(s.time_zone, sizeof(s.time_zone), "Europe/Paris");
    assert_int_equal(portals_update(o->portals, portal, &s, &o->err), TN_OK);
}

static void ids_rise_and_outlive_a_restart(void **state)
{
    struct opened *o = *state;

    assert_int_equal(create(o, "zz", NULL), TN_OK);
    assert_int_equal(create(o, "aa", NULL), TN_OK);
    uint32_t first = portals_find(o->portals, utf8_str("zz"))->id;
    uint32_t second = portals_find(o->portals, utf8_str("aa"))->id;
    assert_true(first > 0 && second > first);
    close_all(o);
    open_all(o);
    assert_int_equal(portals_find(o->portals, utf8_str("aa"))->id, second);
    assert_int_equal(create(o, "mm", NULL), TN_OK);
    assert_true(portals_find(o->portals, utf8_str("mm"))->id > second);
    assert_int_equal(portals_next(o->portals, 0)->id, first);
    assert_int_equal(portals_next(o->portals, first)->id, second);
    assert_null(portals_next(o->portals, UINT32_MAX));
    assert_null(portals_by_id(o->portals, 0));
    assert_null(portals_by_id(o->portals, 99));
    assert_string_equal(portals_by_id(o->portals, second)->name, "aa");
}

static void creation_survives_any_failed_allocation(void **state)
{
    struct opened *o = *state;

    for (unsigned nth = 1; nth < 100; nth++) {
        mem_fail_at(nth);
        tn_status st = create(o, "main", NULL);
        mem_fail_never();
        assert_true((portals_find(o->portals, utf8_str("main")) != NULL) == (st == TN_OK));
        if (st == TN_OK)
            return;
        assert_int_equal(st, TN_RESOURCE_EXHAUSTED);
    }
    fail_msg("a portal needs more than 99 allocations");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(names_are_checked),
        CASE(settings_have_defaults_and_are_merged),
        CASE(wrong_settings_are_refused_all_at_once_and_change_nothing),
        CASE(time_zones_are_those_of_the_system),
        CASE(ids_rise_and_outlive_a_restart),
        CASE(creation_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
