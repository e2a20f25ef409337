/* SPDX-License-Identifier: Apache-2.0 */
/* Demo data: the same from the same seed, whole, and harmless. */
#include "sdk/cli/demo/demo.h"

#include <string.h>

#include "core/base/map.h"
#include "core/base/utf8.h"
#include "tests/unit/check.h"

#define TODAY 20000 /* 2024-10-04 */

static struct demo *make(uint64_t seed)
{
    struct demo *demo = NULL;

    assert_int_equal(demo_create(seed, TODAY, &demo, NULL), TN_OK);
    return demo;
}

/* Everything that is written, as one number. */
static uint64_t digest(const struct demo *demo)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < DEMO_USERS; i++)
        hash = hash * 31 + hash_bytes(demo->users[i].email, strlen(demo->users[i].email));
    for (size_t i = 0; i < DEMO_COMPANIES; i++)
        hash = hash * 31 + hash_bytes(demo->companies[i].name, strlen(demo->companies[i].name)) +
               (uint64_t)demo->companies[i].revenue;
    for (size_t i = 0; i < DEMO_CONTACTS; i++)
        hash = hash * 31 + hash_bytes(demo->contacts[i].email, strlen(demo->contacts[i].email));
    for (size_t i = 0; i < DEMO_DEALS; i++)
        hash = hash * 31 + hash_bytes(demo->deals[i].name, strlen(demo->deals[i].name)) +
               (uint64_t)demo->deals[i].amount_cents + (uint64_t)demo->deals[i].close_day;
    return hash;
}

static void the_same_seed_makes_the_same_data(void **state)
{
    struct demo *one = make(1);
    struct demo *again = make(1);
    struct demo *other = make(2);

    (void)state;
    assert_true(digest(one) == digest(again));
    assert_true(digest(one) != digest(other));
    demo_destroy(one);
    demo_destroy(again);
    demo_destroy(other);
}

static void must_be_new(struct map *seen, const char *key)
{
    static int something;
    void *old = NULL;

    assert_int_equal(map_set(seen, utf8_str(key), &something, &old), TN_OK);
    if (old)
        fail_msg("twice: %s", key);
}

static void keys_are_unique_for_many_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct demo *demo = make(seed);
        struct map seen = {0};

        for (size_t i = 0; i < DEMO_USERS; i++)
            must_be_new(&seen, demo->users[i].email);
        for (size_t i = 0; i < DEMO_COMPANIES; i++)
            must_be_new(&seen, demo->companies[i].domain);
        for (size_t i = 0; i < DEMO_CONTACTS; i++)
            must_be_new(&seen, demo->contacts[i].email);
        for (size_t i = 0; i < DEMO_DEALS; i++)
            must_be_new(&seen, demo->deals[i].key);
        for (size_t i = 0; i < DEMO_TICKETS; i++)
            must_be_new(&seen, demo->tickets[i].key);
        map_fini(&seen);
        demo_destroy(demo);
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static void nobody_real_can_be_reached(void **state)
{
    static const char *const ranges[] = {
        "+33 1 99 00", "+33 2 61 91", "+33 3 53 01", "+33 4 65 71", "+33 5 36 49"};
    struct demo *demo = make(3);

    (void)state;
    for (size_t i = 0; i < DEMO_COMPANIES; i++) {
        bool is_fiction = false;

        assert_true(ends_with(demo->companies[i].domain, ".example"));
        for (size_t k = 0; k < 5; k++)
            is_fiction = is_fiction || strncmp(demo->companies[i].phone, ranges[k], 11) == 0;
        assert_true(is_fiction);
    }
    for (size_t i = 0; i < DEMO_CONTACTS; i++) {
        const struct demo_contact *contact = &demo->contacts[i];

        assert_true(ends_with(contact->email, demo->companies[contact->company].domain));
        assert_int_equal(strncmp(contact->mobile, "+33 6 39 98", 11), 0);
        for (const char *p = contact->email; *p != '\0'; p++)
            assert_true((unsigned char)*p < 0x80 && *p != ' ');
    }
    demo_destroy(demo);
}

static void deals_hang_together(void **state)
{
    struct demo *demo = make(4);
    size_t open = 0;
    size_t won = 0;

    (void)state;
    for (size_t i = 0; i < DEMO_DEALS; i++) {
        const struct demo_deal *deal = &demo->deals[i];
        bool is_won = strcmp(deal->stage, "closedwon") == 0;
        bool is_closed = is_won || strcmp(deal->stage, "closedlost") == 0;
        int64_t sum = 0;

        for (uint32_t k = 0; k < deal->item_count; k++)
            sum += deal->items[k].price_cents * deal->items[k].quantity;
        assert_true(sum == deal->amount_cents && sum > 0);
        assert_true(is_closed == (deal->close_day <= TODAY));
        assert_true(deal->close_day > TODAY - DEMO_DAYS - 10);
        assert_int_equal(deal->owner, demo->companies[deal->company].owner);
        for (uint32_t k = 0; k < deal->contact_count; k++)
            assert_int_equal(demo->contacts[deal->contacts[k]].company, deal->company);
        if (deal->contact_count == 2)
            assert_int_not_equal(deal->contacts[0], deal->contacts[1]);
        open += !is_closed;
        won += is_won;
    }
    assert_in_range(open, DEMO_DEALS / 20, DEMO_DEALS / 4);
    assert_in_range(won, DEMO_DEALS / 4, DEMO_DEALS / 2);
    demo_destroy(demo);
}

static void tickets_hang_together(void **state)
{
    struct demo *demo = make(5);
    size_t open = 0;

    (void)state;
    for (size_t i = 0; i < DEMO_TICKETS; i++) {
        const struct demo_ticket *ticket = &demo->tickets[i];
        bool is_closed = strcmp(ticket->stage, "4") == 0;

        assert_true(ticket->contact < DEMO_CONTACTS);
        assert_true(ticket->created_s < (int64_t)TODAY * 86400);
        assert_true(is_closed == (ticket->closed_s > 0));
        if (is_closed)
            assert_in_range(ticket->closed_s, ticket->created_s, (int64_t)TODAY * 86400);
        open += !is_closed;
    }
    assert_in_range(open, 3, DEMO_TICKETS / 3);
    demo_destroy(demo);
}

static void creation_survives_any_failed_allocation(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth < 10; nth++) {
        struct demo *demo = NULL;
        tn_status status;

        mem_fail_at(nth);
        status = demo_create(1, TODAY, &demo, NULL);
        mem_fail_never();
        assert_true(status == TN_OK || status == TN_RESOURCE_EXHAUSTED);
        assert_true((demo != NULL) == (status == TN_OK));
        demo_destroy(demo);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_makes_the_same_data),
        cmocka_unit_test(keys_are_unique_for_many_seeds),
        cmocka_unit_test(nobody_real_can_be_reached),
        cmocka_unit_test(deals_hang_together),
        cmocka_unit_test(tickets_hang_together),
        cmocka_unit_test(creation_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
