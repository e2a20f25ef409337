/* SPDX-License-Identifier: Apache-2.0 */
/* service_race_test.c - many clients at once on the same records: nobody's write is lost or
 * doubled. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "tenon/graph/v1/associations.pb-c.h"
#include "tests/integration/served.h"

#define CALLS 200 /* at once on one connection */

/* Calls on their way. */
struct calls {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    int open; /* guarded by mu, as those below */
    int statuses[TN_UNAUTHENTICATED + 1];
    uint64_t first_record; /* that an answer told */
    bool has_other_record; /* answers told different ones */
};

static void on_message(void *ctx, struct tn_bytes body)
{
    struct calls *calls = ctx;
    Tenon__Records__V1__CreateResponse *response =
        tenon__records__v1__create_response__unpack(NULL, body.len, body.data);

    if (response && response->record) {
        (void)pthread_mutex_lock(&calls->mu);
        if (calls->first_record == 0)
            calls->first_record = response->record->id;
        calls->has_other_record |= calls->first_record != response->record->id;
        (void)pthread_mutex_unlock(&calls->mu);
        tenon__records__v1__create_response__free_unpacked(response, NULL);
    }
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct calls *calls = ctx;

    (void)pthread_mutex_lock(&calls->mu);
    calls->statuses[result->status]++;
    if (calls->statuses[result->status] == 1 && result->status != TN_OK)
        print_message("  first %s: %s\n", tenon_status_name(result->status), result->message);
    calls->open--;
    (void)pthread_cond_signal(&calls->changed);
    (void)pthread_mutex_unlock(&calls->mu);
}

static void calls_init(struct calls *calls)
{
    *calls = (struct calls){0};
    (void)pthread_mutex_init(&calls->mu, NULL);
    (void)pthread_cond_init(&calls->changed, NULL);
}

static void begin_call(struct served *s, struct calls *calls, const char *method,
                       const void *request, tenon_message_fn message)
{
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = arena_alloc(&s->arena, len + 1);
    struct tenon_call_options options = s->options;

    assert_non_null(bytes);
    options.timeout_us = PATIENCE_US * 3;
    (void)protobuf_c_message_pack(request, bytes);
    (void)pthread_mutex_lock(&calls->mu);
    calls->open++;
    (void)pthread_mutex_unlock(&calls->mu);
    assert_int_equal(tenon_call(s->client,
                                method,
                                (struct tn_bytes){bytes, len},
                                &options,
                                message,
                                on_done,
                                calls,
                                NULL),
                     TN_OK);
}

static void wait_for_all(struct calls *calls)
{
    (void)pthread_mutex_lock(&calls->mu);
    while (calls->open > 0)
        (void)pthread_cond_wait(&calls->changed, &calls->mu);
    (void)pthread_mutex_unlock(&calls->mu);
    for (int i = 0; i <= TN_UNAUTHENTICATED; i++) {
        if (calls->statuses[i])
            print_message("  %s: %d\n", tenon_status_name(i), calls->statuses[i]);
    }
    (void)pthread_cond_destroy(&calls->changed);
    (void)pthread_mutex_destroy(&calls->mu);
}

/* ----------------------------------------------------------------------------- races --- */

/* Each update reads and writes the one record, so that most of them lose and run again. */
static void updates_of_one_record_all_get_through(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1");
    struct calls calls;

    calls_init(&calls);
    for (int i = 0; i < CALLS; i++) {
        Tenon__Records__V1__UpdateRequest request = TENON__RECORDS__V1__UPDATE_REQUEST__INIT;
        char price[16];

        (void)snprintf(price, sizeof(price), "%d", i + 1);
        request.type = a_text(s, "machines");
        request.key = an_id(s, made->id);
        request.properties = A_LIST(s, &request.n_properties, a_property(s, "price", price));
        begin_call(s, &calls, "tenon.records.v1.Records/Update", &request, NULL);
    }
    wait_for_all(&calls);
    assert_int_equal(calls.statuses[TN_OK], CALLS);
    assert_int_equal(get_record(s, "machines", made->id)->version, CALLS + 1);
}

static void one_of_many_equal_unique_values_wins(void **state)
{
    struct served *s = *state;
    struct calls calls;

    calls_init(&calls);
    for (int i = 0; i < CALLS; i++)
        begin_call(s,
                   &calls,
                   "tenon.records.v1.Records/Create",
                   a_create(s, "machines", i % 2 ? "serial=Same" : "serial=sAME"),
                   on_message);
    wait_for_all(&calls);
    assert_int_equal(calls.statuses[TN_OK], 1);
    assert_int_equal(calls.statuses[TN_ALREADY_EXISTS], CALLS - 1);
}

static void one_of_many_expecting_a_version_wins(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1");
    struct calls calls;

    calls_init(&calls);
    for (int i = 0; i < CALLS; i++) {
        Tenon__Records__V1__UpdateRequest request = TENON__RECORDS__V1__UPDATE_REQUEST__INIT;
        char price[16];

        (void)snprintf(price, sizeof(price), "%d", i + 1);
        request.type = a_text(s, "machines");
        request.key = an_id(s, made->id);
        request.expected_version = 1;
        request.properties = A_LIST(s, &request.n_properties, a_property(s, "price", price));
        begin_call(s, &calls, "tenon.records.v1.Records/Update", &request, NULL);
    }
    wait_for_all(&calls);
    assert_int_equal(calls.statuses[TN_OK], 1);
    assert_int_equal(calls.statuses[TN_ABORTED], CALLS - 1);
}

static void one_key_at_once_makes_one_record(void **state)
{
    struct served *s = *state;
    struct calls calls;

    calls_init(&calls);
    s->options.idempotency_key = "the-one";
    for (int i = 0; i < CALLS; i++)
        begin_call(s,
                   &calls,
                   "tenon.records.v1.Records/Create",
                   a_create(s, "sites", "name=Here"),
                   on_message);
    wait_for_all(&calls);
    assert_int_equal(calls.statuses[TN_OK], CALLS);
    assert_false(calls.has_other_record);

    Tenon__Records__V1__ListRequest request = TENON__RECORDS__V1__LIST_REQUEST__INIT;
    request.type = a_text(s, "sites");
    const Tenon__Records__V1__ListResponse *list =
        served_must(s,
                    "tenon.records.v1.Records/List",
                    &request,
                    &tenon__records__v1__list_response__descriptor);
    assert_int_equal(list->n_records, 1);
}

static void write_prices(struct served *s, struct calls *calls, uint64_t id)
{
    calls_init(calls);
    for (int i = 0; i < CALLS; i++) {
        Tenon__Records__V1__UpdateRequest request = TENON__RECORDS__V1__UPDATE_REQUEST__INIT;
        char text[16];

        (void)snprintf(text, sizeof(text), "%d", i + 1);
        request.type = a_text(s, "machines");
        request.key = an_id(s, id);
        request.properties = A_LIST(s, &request.n_properties, a_property(s, "price", text));
        s->options.idempotency_key = text;
        begin_call(s, calls, "tenon.records.v1.Records/Update", &request, NULL);
    }
    s->options.idempotency_key = NULL;
    wait_for_all(calls);
    assert_int_equal(calls->statuses[TN_OK], CALLS);
}

/* Most lose and run again, as those above; what they answered in the end is what is kept. */
static void calls_that_ran_again_keep_their_outcomes(void **state)
{
    struct served *s = *state;
    uint64_t id = create_record(s, "machines", "serial=M-1")->id;
    struct calls calls;

    write_prices(s, &calls, id);
    const Tenon__Records__V1__Record *once = get_record(s, "machines", id);
    assert_int_equal(once->version, CALLS + 1);
    write_prices(s, &calls, id);
    assert_int_equal(get_record(s, "machines", id)->version, once->version);
}

/* Two machines a site: the third and all later ones are over its limit, whoever comes first. */
static void limits_of_links_hold_whoever_comes_first(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *site = create_record(s, "sites", "name=Here");
    uint64_t machines[50];
    struct calls calls;

    for (int i = 0; i < 50; i++) {
        char values[32];

        (void)snprintf(values, sizeof(values), "serial=M-%d", i);
        machines[i] = create_record(s, "machines", values)->id;
    }
    calls_init(&calls);
    for (int i = 0; i < 50; i++) {
        Tenon__Graph__V1__LinkRequest request = TENON__GRAPH__V1__LINK_REQUEST__INIT;

        request.association = a_text(s, "machine_to_site");
        request.from = an_id(s, machines[i]);
        request.to = an_id(s, site->id);
        begin_call(s, &calls, "tenon.graph.v1.Associations/Link", &request, NULL);
    }
    wait_for_all(&calls);
    assert_int_equal(calls.statuses[TN_OK], 2);
    assert_int_equal(calls.statuses[TN_FAILED_PRECONDITION], 48);
}

/* Ends many calls at every stage of their way; what is left behind the leak checker would tell. */
static void calls_cancelled_on_their_way_leave_nothing(void **state)
{
    struct served *s = *state;
    const Tenon__Records__V1__Record *made = create_record(s, "machines", "serial=M-1");
    struct calls calls;

    calls_init(&calls);
    for (int i = 0; i < CALLS; i++) {
        Tenon__Records__V1__UpdateRequest request = TENON__RECORDS__V1__UPDATE_REQUEST__INIT;
        struct tenon_call_options options = {.timeout_us = 1 + i * 2000};
        uint8_t bytes[256];
        char price[16];

        (void)snprintf(price, sizeof(price), "%d", i + 1);
        request.type = a_text(s, "machines");
        request.key = an_id(s, made->id);
        request.properties = A_LIST(s, &request.n_properties, a_property(s, "price", price));
        size_t len = tenon__records__v1__update_request__pack(&request, bytes);
        (void)pthread_mutex_lock(&calls.mu);
        calls.open++;
        (void)pthread_mutex_unlock(&calls.mu);
        assert_int_equal(tenon_call(s->client,
                                    "tenon.records.v1.Records/Update",
                                    (struct tn_bytes){bytes, len},
                                    &options,
                                    NULL,
                                    on_done,
                                    &calls,
                                    NULL),
                         TN_OK);
    }
    wait_for_all(&calls);
    assert_int_equal(calls.statuses[TN_OK] + calls.statuses[TN_DEADLINE_EXCEEDED], CALLS);
    uint64_t version = get_record(s, "machines", made->id)->version;
    assert_true(version >= 1 + (uint64_t)calls.statuses[TN_OK]);
    served_is_alive(s);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, served_setup, served_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(updates_of_one_record_all_get_through),
        TEST(one_of_many_equal_unique_values_wins),
        TEST(one_of_many_expecting_a_version_wins),
        TEST(one_key_at_once_makes_one_record),
        TEST(calls_that_ran_again_keep_their_outcomes),
        TEST(limits_of_links_hold_whoever_comes_first),
        TEST(calls_cancelled_on_their_way_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
