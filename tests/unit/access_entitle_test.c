/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/access/entitle.c: what licences come to, by tier, hub, module and time. */
#include "core/access/entitle.h"

#include <stdio.h>

#include <tenon/declare.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "core/store/meta.h"
#include "tests/unit/store_fixture.h"

#define DAY_US ((tn_time)24 * 3600 * 1000000)

struct opened {
    struct fixture *dir;
    struct store *store;
    struct portals *portals;
    struct entitle *entitle;
    struct portal *north;
    struct portal *south;
    struct key_pair pair;
    struct key_ring ring;
    tn_time now_us; /* about now, at the start of a day */
    struct err err;
};

static void open_all(struct opened *o)
{
    o->store = fixture_open(o->dir);
    assert_int_equal(portals_open(o->store, &o->portals, &o->err), TN_OK);
    assert_int_equal(entitle_open(o->store, o->portals, &o->ring, NULL, &o->entitle, &o->err),
                     TN_OK);
    o->north = portals_find(o->portals, utf8_str("north"));
    o->south = portals_find(o->portals, utf8_str("south"));
}

static void close_all(struct opened *o)
{
    entitle_close(o->entitle);
    portals_close(o->portals);
    store_close(o->store);
}

static int set_up(void **state)
{
    struct opened *o = mem_new(struct opened);
    void *dir = NULL;
    char text[KEY_TEXT_SIZE];

    assert_non_null(o);
    err_init(&o->err, NULL);
    assert_int_equal(fixture_make(&dir), 0);
    o->dir = dir;
    o->now_us = clock_wall_us() / DAY_US * DAY_US;
    assert_int_equal(key_create("vendor", &o->pair, &o->err), TN_OK);
    key_public_text(&o->pair.public, text);
    assert_int_equal(key_ring_add(&o->ring, utf8_str(text), &o->err), TN_OK);
    open_all(o);
    assert_int_equal(portals_create(o->portals, utf8_str("north"), NULL, &o->north, &o->err),
                     TN_OK);
    assert_int_equal(portals_create(o->portals, utf8_str("south"), NULL, &o->south, &o->err),
                     TN_OK);
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    struct opened *o = *state;
    void *dir = o->dir;

    close_all(o);
    key_fini(&o->pair);
    mem_free(o);
    return fixture_remove(&dir);
}

/* Of the portal north, of that tier, from yesterday for ten days and ten days of grace. */
static struct licence usual(const struct opened *o, const char *serial, uint32_t tier)
{
    struct licence licence = {.tier = tier,
                              .from_us = o->now_us - DAY_US,
                              .until_us = o->now_us + 9 * DAY_US,
                              .grace_days = 10,
                              .issued_us = o->now_us - DAY_US};

    (void)snprintf(licence.serial, sizeof(licence.serial), "%s", serial);
    (void)snprintf(licence.customer, sizeof(licence.customer), "Example");
    (void)snprintf(licence.portal, sizeof(licence.portal), "north");
    return licence;
}

static void put(struct opened *o, const struct portal *portal, const struct licence *licence,
                bool is_removed)
{
    struct store_batch *batch = store_batch_create();
    struct entitle_stored stored = {.installed_by = utf8_str("me"), .is_removed = is_removed};
    char key[ENTITLE_KEY_SIZE];
    uint8_t whole[ENTITLE_KEY_SIZE + 1] = {STORE_META_VALUE};
    struct buf text = {0};
    struct buf value = {0};

    assert_non_null(batch);
    assert_int_equal(licence_write(licence, &o->pair, &text, &o->err), TN_OK);
    stored.text = (struct tn_str){(const char *)text.data, text.len};
    assert_int_equal(entitle_pack(&stored, &value), TN_OK);
    entitle_key(licence->serial, key);
    memcpy(whole + 1, key, strlen(key));
    store_batch_put(batch,
                    STORE_META,
                    portal->id,
                    (struct tn_bytes){whole, 1 + strlen(key)},
                    buf_bytes(&value));
    assert_int_equal(store_write(o->store, batch, true, &o->err), TN_OK);
    store_batch_destroy(batch);
    buf_fini(&text);
    buf_fini(&value);
    assert_int_equal(entitle_reread(o->entitle, NULL, &o->err), TN_OK);
}

static tn_status ask(struct opened *o, const struct portal *portal, const char *module,
                     const char *hub, uint32_t tier, tn_time now_us)
{
    const struct entitle_need need = {utf8_str(module), utf8_str(hub), tier};

    err_clear(&o->err);
    return entitle_check(o->entitle, portal, &need, now_us, false, &o->err);
}

static enum entitle_standing standing(struct opened *o, size_t index, tn_time now_us)
{
    struct entitle_licence *licence = mem_new(struct entitle_licence);

    assert_non_null(licence);
    assert_true(entitle_get(o->entitle, o->north, index, now_us, licence));
    enum entitle_standing found = licence->standing;
    mem_free(licence);
    return found;
}

static void without_a_licence_a_portal_has_the_free_tier(void **state)
{
    struct opened *o = *state;

    assert_int_equal(ask(o, o->north, "a", "", TN_FREE, o->now_us), TN_OK);
    assert_int_equal(ask(o, o->north, "org.example.a", "", TN_STARTER, o->now_us),
                     TN_PERMISSION_DENIED);
    assert_string_equal(o->err.missing_module, "org.example.a");
    assert_string_equal(o->err.missing_tier, "starter");
}

static void a_licence_is_of_its_portal_alone(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_PROFESSIONAL);

    put(o, o->north, &licence, false);
    assert_int_equal(ask(o, o->north, "a", "", TN_PROFESSIONAL, o->now_us), TN_OK);
    assert_int_equal(ask(o, o->north, "a", "", TN_ENTERPRISE, o->now_us), TN_PERMISSION_DENIED);
    assert_int_equal(ask(o, o->south, "a", "", TN_STARTER, o->now_us), TN_PERMISSION_DENIED);
}

static void a_licence_in_another_portal_is_not_trusted(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_PROFESSIONAL);

    put(o, o->south, &licence, false);
    assert_int_equal(ask(o, o->south, "a", "", TN_STARTER, o->now_us), TN_PERMISSION_DENIED);
}

static void a_hub_s_own_tier_counts_for_it(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_STARTER);

    licence.hub_count = 2;
    licence.hubs[0] = (struct licence_hub){"plant", TN_ENTERPRISE};
    licence.hubs[1] = (struct licence_hub){"service", TN_FREE};
    put(o, o->north, &licence, false);
    assert_int_equal(ask(o, o->north, "a", "plant", TN_ENTERPRISE, o->now_us), TN_OK);
    assert_int_equal(ask(o, o->north, "a", "service", TN_STARTER, o->now_us), TN_PERMISSION_DENIED);
    assert_non_null(strstr(o->err.message, "service"));
    assert_int_equal(ask(o, o->north, "a", "marketing", TN_STARTER, o->now_us), TN_OK);
    assert_int_equal(ask(o, o->north, "a", "", TN_PROFESSIONAL, o->now_us), TN_PERMISSION_DENIED);
}

static void a_module_is_granted_beyond_the_tier(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_FREE);

    licence.module_count = 1;
    (void)snprintf(licence.modules[0], sizeof(licence.modules[0]), "org.example.a");
    put(o, o->north, &licence, false);
    assert_int_equal(ask(o, o->north, "org.example.a", "", TN_ENTERPRISE, o->now_us), TN_OK);
    assert_int_equal(ask(o, o->north, "org.example", "", TN_STARTER, o->now_us),
                     TN_PERMISSION_DENIED);
}

static void the_best_of_several_counts(void **state)
{
    struct opened *o = *state;
    struct licence low = usual(o, "1", TN_STARTER);
    struct licence high = usual(o, "2", TN_PROFESSIONAL);
    uint64_t count = 0;

    low.limit_count = high.limit_count = 1;
    low.limits[0] = (struct licence_limit){"seats", 50};
    high.limits[0] = (struct licence_limit){"seats", 10};
    put(o, o->north, &high, false);
    put(o, o->north, &low, false);
    assert_int_equal(ask(o, o->north, "a", "", TN_PROFESSIONAL, o->now_us), TN_OK);
    assert_true(entitle_limit(o->entitle, o->north, "seats", o->now_us, &count));
    assert_int_equal(count, 50);
    assert_false(entitle_limit(o->entitle, o->north, "machines", o->now_us, &count));
}

static void time_takes_a_licence_from_pending_to_ended(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_STARTER);
    const struct entitle_need need = {utf8_str("a"), utf8_str(""), TN_STARTER};

    licence.from_us = o->now_us + 100 * DAY_US;
    licence.until_us = o->now_us + 200 * DAY_US;
    put(o, o->north, &licence, false);
    assert_int_equal(standing(o, 0, o->now_us + 99 * DAY_US), ENTITLE_PENDING);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us + 100 * DAY_US - 1),
                     TN_PERMISSION_DENIED);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us + 100 * DAY_US), TN_OK);
    assert_int_equal(standing(o, 0, o->now_us + 100 * DAY_US), ENTITLE_ACTIVE);
    assert_int_equal(standing(o, 0, o->now_us + 170 * DAY_US), ENTITLE_SOON);
    assert_int_equal(standing(o, 0, o->now_us + 200 * DAY_US), ENTITLE_GRACE);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us + 210 * DAY_US - 1), TN_OK);
    assert_int_equal(standing(o, 0, o->now_us + 210 * DAY_US), ENTITLE_ENDED);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us + 210 * DAY_US),
                     TN_PERMISSION_DENIED);
    assert_non_null(strstr(o->err.message, "ended on"));
    assert_int_equal(
        entitle_check(o->entitle, o->north, &need, o->now_us + 210 * DAY_US, true, NULL), TN_OK);
}

static void reading_needs_that_it_was_granted_once(void **state)
{
    struct opened *o = *state;
    const struct entitle_need need = {utf8_str("a"), utf8_str(""), TN_STARTER};

    assert_int_equal(entitle_check(o->entitle, o->north, &need, o->now_us, true, NULL),
                     TN_PERMISSION_DENIED);
}

static void a_removed_licence_grants_nothing(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_STARTER);

    put(o, o->north, &licence, true);
    assert_int_equal(standing(o, 0, o->now_us), ENTITLE_REMOVED);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us), TN_PERMISSION_DENIED);
}

static void keys_that_go_take_their_licences_along(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_STARTER);
    struct key_ring ring = o->ring;

    put(o, o->north, &licence, false);
    assert_int_equal(key_ring_revoke(&ring, utf8_str(o->pair.public.id), &o->err), TN_OK);
    entitle_set_ring(o->entitle, &ring);
    assert_int_equal(entitle_reread(o->entitle, NULL, &o->err), TN_OK);
    assert_int_equal(standing(o, 0, o->now_us), ENTITLE_UNTRUSTED);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us), TN_PERMISSION_DENIED);
    entitle_set_ring(o->entitle, &o->ring);
    assert_int_equal(entitle_reread(o->entitle, o->north, &o->err), TN_OK);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us), TN_OK);
}

static void every_change_is_a_new_number(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_STARTER);
    uint64_t before = atomic_load(&o->north->entitled);

    put(o, o->north, &licence, false);
    assert_true(atomic_load(&o->north->entitled) > before);
}

static void turning_the_clock_back_gives_nothing(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_STARTER);

    put(o, o->north, &licence, false);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us), TN_OK);
    entitle_tick(o->entitle, o->now_us + 100 * DAY_US);
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us), TN_PERMISSION_DENIED);
    close_all(o);
    open_all(o); /* nor does a restart */
    assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us), TN_PERMISSION_DENIED);
    assert_int_equal(entitle_now(o->entitle, 0), o->now_us + 100 * DAY_US);
}

static void without_entitlement_everything_is_granted(void **state)
{
    struct opened *o = *state;
    const struct entitle_need need = {utf8_str("a"), utf8_str(""), TN_ENTERPRISE};
    uint64_t count = 0;

    assert_int_equal(entitle_check(NULL, o->north, &need, 0, false, NULL), TN_OK);
    assert_int_equal(entitle_tier(NULL, o->north, &need, 0), TN_ENTERPRISE);
    assert_false(entitle_limit(NULL, o->north, "seats", 0, &count));
}

static void rereading_survives_any_failed_allocation(void **state)
{
    struct opened *o = *state;
    struct licence licence = usual(o, "1", TN_STARTER);

    put(o, o->north, &licence, false);
    for (unsigned nth = 1; nth < 100; nth++) {
        mem_fail_at(nth);
        tn_status st = entitle_reread(o->entitle, o->north, NULL);
        mem_fail_never();
        assert_int_equal(ask(o, o->north, "a", "", TN_STARTER, o->now_us), TN_OK);
        if (st == TN_OK)
            return;
    }
    fail();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(without_a_licence_a_portal_has_the_free_tier),
        CASE(a_licence_is_of_its_portal_alone),
        CASE(a_licence_in_another_portal_is_not_trusted),
        CASE(a_hub_s_own_tier_counts_for_it),
        CASE(a_module_is_granted_beyond_the_tier),
        CASE(the_best_of_several_counts),
        CASE(time_takes_a_licence_from_pending_to_ended),
        CASE(reading_needs_that_it_was_granted_once),
        CASE(a_removed_licence_grants_nothing),
        CASE(keys_that_go_take_their_licences_along),
        CASE(every_change_is_a_new_number),
        CASE(turning_the_clock_back_gives_nothing),
        CASE(without_entitlement_everything_is_granted),
        CASE(rereading_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
