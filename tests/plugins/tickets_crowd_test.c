/* SPDX-License-Identifier: Apache-2.0 */
/* tickets_crowd_test.c - a real host whose clients create tickets at once: who gets them stays
 * even. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <tenon/records/v1/search.pb-c.h>

#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define CLIENTS 8
#define TICKETS_EACH 25
#define USERS 6

struct crowd_client {
    struct tenon_client *client;
    pthread_t thread;
    unsigned created;
};

static void *create_tickets(void *arg)
{
    struct crowd_client *one = arg;

    for (unsigned i = 0; i < TICKETS_EACH; i++) {
        struct fields fields = {0};
        char type[] = "tickets";
        char subject[] = "subject";

        fields_add(&fields, subject, "The scale shows nothing");
        Tenon__Records__V1__CreateRequest request = create_request(type, &fields);
        one->created += call_status(one->client,
                                    METHOD(records, Records, Create, create),
                                    &request.base,
                                    NULL) == TN_OK;
    }
    return NULL;
}

static uint64_t count_owned(struct tenon_client *client, uint64_t owner)
{
    char type[] = "tickets";
    char property[] = "hubspot_owner_id";
    Tenon__Records__V1__Value value = TENON__RECORDS__V1__VALUE__INIT;
    Tenon__Records__V1__Value *values[] = {&value};
    Tenon__Records__V1__Filter filter = TENON__RECORDS__V1__FILTER__INIT;
    Tenon__Records__V1__Filter *filters[] = {&filter};
    Tenon__Records__V1__FilterGroup group = TENON__RECORDS__V1__FILTER_GROUP__INIT;
    Tenon__Records__V1__FilterGroup *groups[] = {&group};
    Tenon__Records__V1__CountRequest request = TENON__RECORDS__V1__COUNT_REQUEST__INIT;

    value.kind_case = TENON__RECORDS__V1__VALUE__KIND_REFERENCE;
    value.reference = owner;
    filter.property = property;
    filter.op = TENON__RECORDS__V1__FILTER__OPERATOR__EQ;
    filter.values = values;
    filter.n_values = 1;
    group.filters = filters;
    group.n_filters = 1;
    request.type = type;
    request.groups = groups;
    request.n_groups = 1;
    Tenon__Records__V1__CountResponse *response =
        call(client, METHOD(records, Search, Count, count), &request.base);
    uint64_t count = response->count;
    answer_free(response);
    return count;
}

static uint64_t create_user(struct tenon_client *client, unsigned number)
{
    struct fields fields = {0};
    char type[] = "users";
    char names[][8] = {"email", "team"};
    char email[32];

    (void)snprintf(email, sizeof(email), "desk%u@x.example", number);
    fields_add(&fields, names[0], email);
    fields_add(&fields, names[1], "support");
    Tenon__Records__V1__CreateRequest request = create_request(type, &fields);
    Tenon__Records__V1__CreateResponse *response =
        call(client, METHOD(records, Records, Create, create), &request.base);
    uint64_t id = response->record->id;
    answer_free(response);
    return id;
}

static void create_rule(struct tenon_client *client, const char *mode)
{
    struct fields fields = {0};
    char type[] = "ticket_assignment_rules";
    char names[][16] = {"name", "pipeline", "team", "mode"};

    fields_add(&fields, names[0], "Everybody");
    fields_add(&fields, names[1], "*");
    fields_add(&fields, names[2], "support");
    fields_add(&fields, names[3], mode);
    Tenon__Records__V1__CreateRequest request = create_request(type, &fields);
    answer_free(call(client, METHOD(records, Records, Create, create), &request.base));
}

static void check_crowd(const char *mode)
{
    static const char *const plugins[] = {"contacts.so", "pipelines.so", "tickets.so"};
    struct tenond *host = tenond_create();
    struct crowd_client clients[CLIENTS] = {0};
    uint64_t users[USERS];
    unsigned created = 0;

    for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++) {
        char path[512];

        (void)snprintf(path, sizeof(path), PLUGINS "%s", plugins[i]);
        tenond_add_plugin(host, path);
    }
    tenond_start(host);
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i].client = tenond_connect(host, NULL);
    for (unsigned i = 0; i < USERS; i++)
        users[i] = create_user(clients[0].client, i);
    create_rule(clients[0].client, mode);
    for (unsigned i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i].thread, NULL, create_tickets, &clients[i]), 0);
    for (unsigned i = 0; i < CLIENTS; i++) {
        (void)pthread_join(clients[i].thread, NULL);
        created += clients[i].created;
    }
    /* None loses, however often the host had to run it again. */
    assert_int_equal(created, CLIENTS * TICKETS_EACH);
    for (unsigned i = 0; i < USERS; i++) {
        uint64_t count = count_owned(clients[0].client, users[i]);

        assert_in_range(count, CLIENTS * TICKETS_EACH / USERS, CLIENTS * TICKETS_EACH / USERS + 1);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        tenon_client_destroy(clients[i].client);
    tenond_stop(host);
    tenond_destroy(host);
}

static void turns_are_even_among_many_clients(void **state)
{
    (void)state;
    check_crowd("round_robin");
}

static void loads_are_even_among_many_clients(void **state)
{
    (void)state;
    check_crowd("load");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_even_among_many_clients),
        cmocka_unit_test(loads_are_even_among_many_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
