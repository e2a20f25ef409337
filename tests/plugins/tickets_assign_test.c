/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/tickets in a host: who gets a ticket. */
#include "tests/plugins/tickets.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Assignment */

static void make_users(struct bench *b, unsigned count, const char *team, tn_id *ret_ids)
{
    for (unsigned i = 0; i < count; i++) {
        char email[64];

        (void)snprintf(email, sizeof(email), "%s%u@desk.example", team, i);
        ret_ids[i] = tickets_make(b, "users", BENCH_VALUES("email", email, "team", team));
    }
}

static unsigned owned(struct bench *b, const tn_id *tickets, unsigned count, tn_id user)
{
    unsigned found = 0;
    char text[32];

    (void)tickets_id_text(user, text);
    for (unsigned i = 0; i < count; i++)
        found += strcmp(bench_read(b, "tickets", tickets[i], "hubspot_owner_id"), text) == 0;
    return found;
}

static void a_rule_assigns_its_team_in_turn(void **state)
{
    struct bench *b = tickets_open();
    tn_id users[3];
    tn_id others[1];
    tn_id tickets[7];

    (void)state;
    make_users(b, 3, "support", users);
    make_users(b, 1, "sales", others);
    (void)tickets_make(b,
                       "ticket_assignment_rules",
                       BENCH_VALUES("name", "All", "pipeline", "*", "team", "support"));
    for (unsigned i = 0; i < 7; i++)
        tickets[i] = tickets_make_one(b, "A");
    assert_int_equal(owned(b, tickets, 7, users[0]), 3);
    assert_int_equal(owned(b, tickets, 7, users[1]), 2);
    assert_int_equal(owned(b, tickets, 7, users[2]), 2);
    tickets_check(b, tickets[0], "hs_time_to_first_rep_assignment", "0");
    assert_string_not_equal(bench_read(b, "tickets", tickets[0], "hubspot_owner_assigneddate"), "");
    bench_close(b);
}

static void members_of_a_rule_go_before_its_team(void **state)
{
    struct bench *b = tickets_open();
    tn_id users[2];
    tn_id tickets[2];

    (void)state;
    make_users(b, 2, "support", users);
    tn_id rule = tickets_make(b,
                              "ticket_assignment_rules",
                              BENCH_VALUES("name", "All", "pipeline", "0", "team", "support"));
    assert_int_equal(
        bench_link(b, "ticket_assignment_rules", rule, "ticket_assignment_rule_to_user", users[1]),
        TN_OK);
    tickets[0] = tickets_make_one(b, "A");
    tickets[1] = tickets_make_one(b, "B");
    assert_int_equal(owned(b, tickets, 2, users[1]), 2);
    bench_close(b);
}

static void who_has_an_owner_or_is_closed_is_not_assigned(void **state)
{
    struct bench *b = tickets_open();
    tn_id users[2];
    char text[32];
    tn_id closed;

    (void)state;
    make_users(b, 2, "support", users);
    (void)tickets_make(b,
                       "ticket_assignment_rules",
                       BENCH_VALUES("name", "All", "pipeline", "*", "team", "support"));
    tn_id id = tickets_make(
        b,
        "tickets",
        BENCH_VALUES("subject", "A", "hubspot_owner_id", tickets_id_text(users[1], text)));
    tickets_check(b, id, "hubspot_owner_id", text);
    closed = tickets_make(b, "tickets", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "4"));
    tickets_check(b, closed, "hubspot_owner_id", "");
    bench_close(b);
}

static void the_least_loaded_gets_the_next_ticket(void **state)
{
    struct bench *b = tickets_open();
    tn_id users[3];
    tn_id tickets[6];
    char text[32];

    (void)state;
    make_users(b, 3, "support", users);
    (void)tickets_make(
        b,
        "ticket_assignment_rules",
        BENCH_VALUES("name", "All", "pipeline", "*", "team", "support", "mode", "load"));
    for (unsigned i = 0; i < 6; i++)
        tickets[i] = tickets_make_one(b, "A");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(owned(b, tickets, 6, users[i]), 2);
    /* Who finishes work gets more. */
    (void)tickets_id_text(users[1], text);
    for (unsigned i = 0; i < 6; i++)
        if (strcmp(bench_read(b, "tickets", tickets[i], "hubspot_owner_id"), text) == 0)
            tickets_move(b, tickets[i], "4");
    tickets_check(b, tickets_make_one(b, "B"), "hubspot_owner_id", text);
    tickets_check(b, tickets_make_one(b, "C"), "hubspot_owner_id", text);
    bench_close(b);
}

/* Roll-ups do not see the batch itself. */
static void a_batch_is_spread_by_load_too(void **state)
{
    struct bench *b = tickets_open();
    tn_id users[4];

    (void)state;
    make_users(b, 4, "support", users);
    (void)tickets_make(
        b,
        "ticket_assignment_rules",
        BENCH_VALUES("name", "All", "pipeline", "*", "team", "support", "mode", "load"));
    for (unsigned round = 0; round < 2; round++) {
        tn_id tickets[10];
        struct txn *txn = bench_begin(b);

        for (unsigned i = 0; i < 10; i++)
            tickets[i] = record_id(bench_new(b, txn, "tickets", BENCH_VALUES("subject", "A")));
        assert_int_equal(bench_commit(b, txn), TN_OK);
        for (unsigned i = 0; i < 4; i++) {
            unsigned count = owned(b, tickets, 10, users[i]);

            assert_true(count == 2 || count == 3);
        }
    }
    bench_close(b);
}

/* Concurrent creations: a conflict is run again, as the host does it. */
#define CREATORS 4
#define CREATIONS 15

struct creator {
    struct bench bench; /* with an error of its own */
    pthread_t thread;
    unsigned conflicts;
    tn_id tickets[CREATIONS];
};

static void *create_tickets(void *arg)
{
    struct creator *creator = arg;
    struct bench *b = &creator->bench;

    for (unsigned i = 0; i < CREATIONS;) {
        struct txn *txn = bench_begin(b);
        struct record *ticket = bench_new(b, txn, "tickets", BENCH_VALUES("subject", "A"));
        tn_id id = record_id(ticket);
        tn_status st = bench_commit(b, txn);

        if (st == TN_OK)
            creator->tickets[i++] = id;
        else if (st == TN_ABORTED)
            creator->conflicts++;
        else
            break; /* the count tells */
    }
    return NULL;
}

static void check_even_under_load(const char *mode)
{
    struct bench *b = tickets_open();
    struct creator creators[CREATORS];
    tn_id users[7];
    unsigned conflicts = 0;

    make_users(b, 7, "support", users);
    (void)tickets_make(
        b,
        "ticket_assignment_rules",
        BENCH_VALUES("name", "All", "pipeline", "*", "team", "support", "mode", mode));
    for (unsigned i = 0; i < CREATORS; i++) {
        creators[i] = (struct creator){.bench = *b};
        assert_int_equal(pthread_create(&creators[i].thread, NULL, create_tickets, &creators[i]),
                         0);
    }
    for (unsigned i = 0; i < CREATORS; i++) {
        (void)pthread_join(creators[i].thread, NULL);
        conflicts += creators[i].conflicts;
    }
    assert_int_equal(bench_count(b, "tickets"), CREATORS * CREATIONS);
    for (unsigned i = 0; i < 7; i++) {
        unsigned count = 0;

        for (unsigned j = 0; j < CREATORS; j++)
            count += owned(b, creators[j].tickets, CREATIONS, users[i]);
        if (count != 60 / 7 && count != 60 / 7 + 1)
            fail_msg("%s gave one of 7 users %u of 60 tickets", mode, count);
    }
    assert_true(conflicts > 0); /* or nothing was at once */
    bench_close(b);
}

static void turns_stay_even_when_tickets_come_in_at_once(void **state)
{
    (void)state;
    check_even_under_load("round_robin");
}

static void loads_stay_even_when_tickets_come_in_at_once(void **state)
{
    (void)state;
    check_even_under_load("load");
}

static void assign_gives_a_ticket_to_the_next_one(void **state)
{
    struct bench *b = tickets_open();
    tn_id users[2];
    char text[32];
    tn_id id = tickets_make_one(b, "A");

    (void)state;
    assert_int_equal(tickets_call(b, "Assign", (struct asked){.first = id}, NULL),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "ticket", "no_rule"));
    make_users(b, 2, "support", users);
    (void)tickets_make(b,
                       "ticket_assignment_rules",
                       BENCH_VALUES("name", "All", "pipeline", "*", "team", "support"));
    tickets_must_call(b, "Assign", (struct asked){.first = id});
    tickets_check(b, id, "hubspot_owner_id", tickets_id_text(users[0], text));
    tickets_must_call(b, "Assign", (struct asked){.first = id});
    tickets_check(b, id, "hubspot_owner_id", tickets_id_text(users[1], text));
    assert_int_equal(
        bench_create(b, "ticket_assignment_rules", BENCH_VALUES("name", "B", "mode", ""), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "mode", "required"));
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_assigns_its_team_in_turn),
        cmocka_unit_test(members_of_a_rule_go_before_its_team),
        cmocka_unit_test(who_has_an_owner_or_is_closed_is_not_assigned),
        cmocka_unit_test(the_least_loaded_gets_the_next_ticket),
        cmocka_unit_test(a_batch_is_spread_by_load_too),
        cmocka_unit_test(turns_stay_even_when_tickets_come_in_at_once),
        cmocka_unit_test(loads_stay_even_when_tickets_come_in_at_once),
        cmocka_unit_test(assign_gives_a_ticket_to_the_next_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
