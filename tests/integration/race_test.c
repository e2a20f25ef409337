/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race_test.c - what holds when several clients want the same thing at the same time, over real
 * sockets: unique values, limits of associations, expected versions, idempotency keys.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <tenon/events/v1/changes.pb-c.h>
#include <tenon/graph/v1/associations.pb-c.h>
#include <tenon/records/v1/search.pb-c.h>

#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/unit/check.h"

#define RACER_COUNT 8
#define ROUND_COUNT 20

struct race;

/* One client, with a thread and a connection of its own, and how its call of this round ended. */
struct racer {
    struct race *race;
    struct tenon_client *client;
    unsigned place;
    tn_status status;
    void *response;
    struct tenon_result result;
};

/* What all racers do in a round; the barrier lets their calls go at once. */
struct race {
    void (*run)(struct racer *racer);
    pthread_barrier_t start;
    unsigned round;
    uint64_t id;                  /* of what is raced for */
    uint64_t others[RACER_COUNT]; /* what each racer links with it */
};

struct course {
    struct tenond *host;
    struct tenon_client *client;
    struct race race;
    struct racer racers[RACER_COUNT];
};

static void racer_call(struct racer *racer, const char *method,
                       const ProtobufCMessageDescriptor *response_type,
                       const ProtobufCMessage *request, const char *key)
{
    const struct tenon_call_options options = {.idempotency_key = key};
    ProtobufCMessage *response = NULL;

    (void)pthread_barrier_wait(&racer->race->start);
    racer->status = tenon_invoke(
        racer->client, method, request, response_type, &options, &response, &racer->result);
    racer->response = response;
}

static void *run_racer(void *ctx)
{
    struct racer *racer = ctx;

    racer->race->run(racer);
    return NULL;
}

/* One round: all call at once, all have ended. */
static void course_run(struct course *course, void (*run)(struct racer *racer), unsigned round,
                       uint64_t id)
{
    pthread_t threads[RACER_COUNT];

    course->race.run = run;
    course->race.round = round;
    course->race.id = id;
    for (unsigned i = 0; i < RACER_COUNT; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_racer, &course->racers[i]), 0);
    for (unsigned i = 0; i < RACER_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void course_clear(struct course *course)
{
    for (unsigned i = 0; i < RACER_COUNT; i++) {
        answer_free(course->racers[i].response);
        course->racers[i].response = NULL;
        tenon_result_fini(&course->racers[i].result);
    }
}

/* How many ended with TN_OK; the others must have ended with `refusal`. */
static unsigned count_winners(const struct course *course, tn_status refusal)
{
    unsigned count = 0;

    for (unsigned i = 0; i < RACER_COUNT; i++) {
        const struct racer *racer = &course->racers[i];

        if (racer->status == TN_OK)
            count++;
        else if (racer->status != refusal)
            fail_msg("%s: %s", tenon_status_name(racer->status), racer->result.message);
    }
    return count;
}

static const struct racer *find_winner(const struct course *course)
{
    for (unsigned i = 0; i < RACER_COUNT; i++)
        if (course->racers[i].status == TN_OK)
            return &course->racers[i];
    fail_msg("nobody won");
    return NULL;
}

static uint64_t count_records(struct course *course, char *type)
{
    Tenon__Records__V1__CountRequest request;

    tenon__records__v1__count_request__init(&request);
    request.type = type;
    Tenon__Records__V1__CountResponse *response =
        call(course->client, METHOD(records, Search, Count, count), &request.base);
    uint64_t count = response->count;
    answer_free(response);
    return count;
}

static Tenon__Records__V1__GetResponse *get_machine(struct course *course, uint64_t id)
{
    Tenon__Records__V1__GetRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(id);

    tenon__records__v1__get_request__init(&request);
    request.type = "machines";
    request.key = &key;
    return call(course->client, METHOD(records, Records, Get, get), &request.base);
}

static uint64_t head_of(struct course *course)
{
    Tenon__Events__V1__ListRequest request;

    tenon__events__v1__list_request__init(&request);
    request.limit = 1;
    Tenon__Events__V1__ListResponse *response =
        call(course->client, METHOD(events, Changes, List, list), &request.base);
    uint64_t head = response->head;
    answer_free(response);
    return head;
}

/* Set up once: hosts are slow to start, and the races do not meet. */

static int set_up(void **state)
{
    static struct course course;

    course.host = tenond_create();
    tenond_add_plugin(course.host, PLUGIN_FOLDER "/host_machines.so");
    tenond_start(course.host);
    course.client = tenond_connect(course.host, NULL);
    assert_int_equal(pthread_barrier_init(&course.race.start, NULL, RACER_COUNT), 0);
    for (unsigned i = 0; i < RACER_COUNT; i++)
        course.racers[i] = (struct racer){.race = &course.race,
                                          .client = tenond_connect(course.host, NULL),
                                          .place = i,
                                          .result = {.message = ""}};
    *state = &course;
    return 0;
}

static int tear_down(void **state)
{
    struct course *course = *state;

    for (unsigned i = 0; i < RACER_COUNT; i++)
        tenon_client_destroy(course->racers[i].client);
    tenon_client_destroy(course->client);
    tenond_stop(course->host);
    tenond_destroy(course->host);
    (void)pthread_barrier_destroy(&course->race.start);
    return 0;
}

/* Unique values */

/* The same value for everybody, in letters of another case for half of them. */
static void create_with_same_serial(struct racer *racer)
{
    struct fields fields = {.count = 0};
    char serial[FIELD_SIZE];

    (void)snprintf(serial,
                   sizeof(serial),
                   racer->place % 2 ? "One-%u@Example.Org" : "one-%u@example.org",
                   racer->race->round);
    fields_add(&fields, "serial", serial);
    Tenon__Records__V1__CreateRequest request = create_request("machines", &fields);
    racer_call(racer, METHOD(records, Records, Create, create), &request.base, NULL);
}

static void one_record_gets_a_unique_value(void **state)
{
    struct course *course = *state;
    uint64_t before = count_records(course, "machines");

    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        course_run(course, create_with_same_serial, round, 0);
        assert_int_equal(count_winners(course, TN_ALREADY_EXISTS), 1);
        course_clear(course);
    }
    assert_int_equal(count_records(course, "machines"), before + ROUND_COUNT);
}

static void loser_is_told_who_has_the_value(void **state)
{
    struct course *course = *state;

    course_run(course, create_with_same_serial, ROUND_COUNT, 0);
    const struct racer *winner = find_winner(course);
    const Tenon__Records__V1__CreateResponse *won = winner->response;
    char id[32];

    (void)snprintf(id, sizeof(id), ": %llu", (unsigned long long)won->record->id);
    for (unsigned i = 0; i < RACER_COUNT; i++) {
        const struct tenon_result *result = &course->racers[i].result;

        if (&course->racers[i] == winner)
            continue;
        assert_non_null(strstr(result->message, id));
        assert_int_equal(result->violation_count, 1);
        assert_string_equal(result->violations[0].field, "serial");
        assert_string_equal(result->violations[0].rule, "unique");
    }
    course_clear(course);
}

/* Limits of associations */

static void link_with_garage(struct racer *racer, uint64_t machine, uint64_t garage)
{
    Tenon__Graph__V1__LinkRequest request;
    Tenon__Records__V1__RecordKey from = key_of_id(machine);
    Tenon__Records__V1__RecordKey to = key_of_id(garage);

    tenon__graph__v1__link_request__init(&request);
    request.association = "machine_to_garage";
    request.from = &from;
    request.to = &to;
    racer_call(racer, METHOD(graph, Associations, Link, link), &request.base, NULL);
}

static void link_one_machine(struct racer *racer)
{
    link_with_garage(racer, racer->race->id, racer->race->others[racer->place]);
}

static void link_one_garage(struct racer *racer)
{
    link_with_garage(racer, racer->race->others[racer->place], racer->race->id);
}

static uint64_t create_numbered(struct course *course, char *type, char *property,
                                const char *prefix, unsigned round, unsigned place)
{
    char name[FIELD_SIZE];

    (void)snprintf(name, sizeof(name), "%s-%u-%u", prefix, round, place);
    return create_record(course->client, type, property, name);
}

static size_t count_links(struct course *course, char *type, uint64_t id)
{
    Tenon__Graph__V1__ListRequest request;
    Tenon__Records__V1__RecordKey key = key_of_id(id);

    tenon__graph__v1__list_request__init(&request);
    request.type = type;
    request.at = &key;
    Tenon__Graph__V1__ListResponse *response =
        call(course->client, METHOD(graph, Associations, List, list), &request.base);
    size_t count = response->n_links;
    answer_free(response);
    return count;
}

static void limit_of_one_lets_one_link_through(void **state)
{
    struct course *course = *state;

    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        uint64_t machine = create_numbered(course, "machines", "serial", "linked", round, 0);

        for (unsigned i = 0; i < RACER_COUNT; i++)
            course->race.others[i] = create_numbered(course, "sites", "name", "to", round, i);
        course_run(course, link_one_machine, round, machine);
        assert_int_equal(count_winners(course, TN_FAILED_PRECONDITION), 1);
        assert_int_equal(count_links(course, "machines", machine), 1);
        course_clear(course);
    }
}

static void limit_of_four_lets_four_links_through(void **state)
{
    struct course *course = *state;

    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        uint64_t garage = create_numbered(course, "sites", "name", "shared", round, 0);

        for (unsigned i = 0; i < RACER_COUNT; i++)
            course->race.others[i] =
                create_numbered(course, "machines", "serial", "from", round, i);
        course_run(course, link_one_garage, round, garage);
        assert_int_equal(count_winners(course, TN_FAILED_PRECONDITION), 4);
        assert_int_equal(count_links(course, "sites", garage), 4);
        course_clear(course);
    }
}

/* Compare and set */

static void update_first_version(struct racer *racer)
{
    struct fields fields = {.count = 0};
    Tenon__Records__V1__RecordKey key = key_of_id(racer->race->id);

    fields_add_number(&fields, "hours", racer->place + 1);
    Tenon__Records__V1__UpdateRequest request = update_request("machines", &key, &fields);
    request.expected_version = 1;
    racer_call(racer, METHOD(records, Records, Update, update), &request.base, NULL);
}

static void one_update_finds_the_version_that_it_expects(void **state)
{
    struct course *course = *state;

    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        uint64_t id = create_numbered(course, "machines", "serial", "versioned", round, 0);

        course_run(course, update_first_version, round, id);
        assert_int_equal(count_winners(course, TN_ABORTED), 1);
        const struct racer *winner = find_winner(course);
        Tenon__Records__V1__GetResponse *now = get_machine(course, id);
        assert_int_equal(now->record->version, 2);
        assert_int_equal(record_number(now->record, "hours"), winner->place + 1);
        answer_free(now);
        course_clear(course);
    }
}

static void update_any_version(struct racer *racer)
{
    struct fields fields = {.count = 0};
    Tenon__Records__V1__RecordKey key = key_of_id(racer->race->id);

    fields_add_number(&fields, "hours", racer->place + 1);
    Tenon__Records__V1__UpdateRequest request = update_request("machines", &key, &fields);
    racer_call(racer, METHOD(records, Records, Update, update), &request.base, NULL);
}

static void updates_without_expectation_all_succeed(void **state)
{
    struct course *course = *state;

    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        uint64_t id = create_numbered(course, "machines", "serial", "hot", round, 0);
        bool seen[RACER_COUNT] = {false};

        course_run(course, update_any_version, round, id);
        assert_int_equal(count_winners(course, TN_OK), RACER_COUNT);
        for (unsigned i = 0; i < RACER_COUNT; i++) {
            const Tenon__Records__V1__UpdateResponse *response = course->racers[i].response;
            uint64_t version = response->record->version;

            assert_in_range(version, 2, RACER_COUNT + 1);
            assert_false(seen[version - 2]); /* each wrote a version of its own */
            seen[version - 2] = true;
        }
        course_clear(course);
    }
}

/* Idempotency keys */

static void create_with_same_key(struct racer *racer)
{
    struct fields fields = {.count = 0};
    char name[FIELD_SIZE];

    (void)snprintf(name, sizeof(name), "keyed-%u", racer->race->round);
    fields_add(&fields, "serial", name);
    Tenon__Records__V1__CreateRequest request = create_request("machines", &fields);
    racer_call(racer, METHOD(records, Records, Create, create), &request.base, name);
}

static void same_key_creates_one_record(void **state)
{
    struct course *course = *state;

    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        uint64_t head = head_of(course);

        course_run(course, create_with_same_key, round, 0);
        assert_int_equal(count_winners(course, TN_OK), RACER_COUNT);
        const Tenon__Records__V1__CreateResponse *first = course->racers[0].response;
        for (unsigned i = 1; i < RACER_COUNT; i++) {
            const Tenon__Records__V1__CreateResponse *other = course->racers[i].response;

            assert_int_equal(other->record->id, first->record->id);
            assert_int_equal(other->record->version, 1);
            assert_int_equal(other->record->created_at, first->record->created_at);
        }
        assert_int_equal(head_of(course), head + 1);
        course_clear(course);
    }
}

static void key_is_refused_for_another_request(void **state)
{
    struct course *course = *state;

    course_run(course, create_with_same_key, ROUND_COUNT, 0);
    course_clear(course);
    for (unsigned i = 0; i < 2; i++) { /* and stays so */
        struct fields fields = {.count = 0};
        const struct tenon_call_options options = {.idempotency_key = "keyed-20"};
        struct tenon_result result = {.message = ""};
        ProtobufCMessage *response = NULL;

        fields_add(&fields, "serial", "another");
        Tenon__Records__V1__CreateRequest request = create_request("machines", &fields);
        assert_int_equal(tenon_invoke(course->client,
                                      "tenon.records.v1.Records/Create",
                                      &request.base,
                                      &tenon__records__v1__create_response__descriptor,
                                      &options,
                                      &response,
                                      &result),
                         TN_ALREADY_EXISTS);
        assert_string_equal(result.violations[0].field, "idempotency-key");
        assert_string_equal(result.violations[0].rule, "reused");
        tenon_result_fini(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_record_gets_a_unique_value),
        cmocka_unit_test(loser_is_told_who_has_the_value),
        cmocka_unit_test(limit_of_one_lets_one_link_through),
        cmocka_unit_test(limit_of_four_lets_four_links_through),
        cmocka_unit_test(one_update_finds_the_version_that_it_expects),
        cmocka_unit_test(updates_without_expectation_all_succeed),
        cmocka_unit_test(same_key_creates_one_record),
        cmocka_unit_test(key_is_refused_for_another_request),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
