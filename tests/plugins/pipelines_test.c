/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/pipelines in a host: pipelines, deals that move in them, and the board. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/pipelines/v1/pipelines.pb-c.h>

#include "core/base/utf8.h"
#include "tests/integration/plugins/bench.h"

#define SERVICE "tenon.pipelines.v1.Pipelines/"

static struct bench *open_pipelines(void)
{
    struct bench *b = bench_open(
        (const char *const[]){
            PLUGINS "contacts.so", PLUGINS "pipelines.so", PLUGINS "products.so", NULL},
        NULL);

    bench_all_run(b);
    return b;
}

static tn_id make_deal(struct bench *b, const char *const *values)
{
    tn_id id = 0;

    if (bench_create(b, "deals", values, &id) != TN_OK)
        fail_msg("%s", b->err.message);
    return id;
}

/* Packs the request, calls, and unpacks the response where it is TN_OK. */
static tn_status call(struct bench *b, const char *method, const ProtobufCMessage *request,
                      const ProtobufCMessageDescriptor *type, void *ret_response)
{
    char name[64];
    uint8_t *bytes = malloc(protobuf_c_message_get_packed_size(request) + 1);
    struct buf response = {0};

    assert_non_null(bytes);
    size_t len = protobuf_c_message_pack(request, bytes);
    (void)snprintf(name, sizeof(name), SERVICE "%s", method);
    tn_status st = bench_call(b, name, (struct tn_bytes){bytes, len}, &response);
    if (st == TN_OK) {
        ProtobufCMessage *message =
            protobuf_c_message_unpack(type, NULL, response.len, response.data);

        assert_non_null(message);
        if (ret_response)
            *(ProtobufCMessage **)ret_response = message;
        else
            protobuf_c_message_free_unpacked(message, NULL);
    }
    buf_fini(&response);
    free(bytes);
    return st;
}

static tn_status create(struct bench *b, Tenon__Pipelines__V1__Pipeline *pipeline,
                        const char *template)
{
    char text[32];
    Tenon__Pipelines__V1__CreateRequest request = TENON__PIPELINES__V1__CREATE_REQUEST__INIT;

    (void)snprintf(text, sizeof(text), "%s", template);
    request.pipeline = pipeline;
    request.template_ = text;
    return call(
        b, "Create", &request.base, &tenon__pipelines__v1__create_response__descriptor, NULL);
}

static tn_status create_named(struct bench *b, const char *type, const char *name,
                              const char *template)
{
    char type_text[128];
    char name_text[128];
    Tenon__Pipelines__V1__Pipeline pipeline = TENON__PIPELINES__V1__PIPELINE__INIT;

    (void)snprintf(type_text, sizeof(type_text), "%s", type);
    (void)snprintf(name_text, sizeof(name_text), "%s", name);
    pipeline.type = type_text;
    pipeline.name = name_text;
    return create(b, &pipeline, template);
}

static Tenon__Pipelines__V1__Pipeline *get(struct bench *b, const char *name)
{
    char type[] = "deals";
    char text[64];
    Tenon__Pipelines__V1__GetRequest request = TENON__PIPELINES__V1__GET_REQUEST__INIT;
    Tenon__Pipelines__V1__GetResponse *response = NULL;

    (void)snprintf(text, sizeof(text), "%s", name);
    request.type = type;
    request.name = text;
    if (call(b, "Get", &request.base, &tenon__pipelines__v1__get_response__descriptor, &response) !=
        TN_OK)
        fail_msg("%s", b->err.message);
    Tenon__Pipelines__V1__Pipeline *pipeline = response->pipeline;
    response->pipeline = NULL;
    tenon__pipelines__v1__get_response__free_unpacked(response, NULL);
    return pipeline;
}

static void check_stages(struct bench *b, const char *pipeline, const char *const *names)
{
    Tenon__Pipelines__V1__Pipeline *found = get(b, pipeline);

    for (size_t i = 0; names[i]; i++) {
        assert_true(i < found->n_stages);
        assert_string_equal(found->stages[i]->name, names[i]);
    }
    tenon__pipelines__v1__pipeline__free_unpacked(found, NULL);
}

/* The default pipeline */

static void the_first_deal_makes_the_default_pipeline(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(bench_count(b, "pipelines"), 0);
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "Presse"));
    assert_int_equal(bench_count(b, "pipelines"), 1);
    assert_int_equal(bench_count(b, "pipeline_stages"), 7);
    assert_string_equal(bench_read(b, "deals", id, "pipeline"), "default");
    assert_string_equal(bench_read(b, "deals", id, "dealstage"), "appointmentscheduled");
    (void)make_deal(b, BENCH_VALUES("dealname", "Tour"));
    assert_int_equal(bench_count(b, "pipelines"), 1);
    bench_close(b);
}

static void deals_of_one_batch_share_the_default_pipeline(void **state)
{
    struct bench *b = open_pipelines();
    struct txn *txn = bench_begin(b);

    (void)state;
    (void)bench_new(b, txn, "deals", BENCH_VALUES("dealname", "A"));
    (void)bench_new(b, txn, "deals", BENCH_VALUES("dealname", "B", "dealstage", "closedwon"));
    assert_int_equal(bench_commit(b, txn), TN_OK);
    assert_int_equal(bench_count(b, "pipelines"), 1);
    bench_close(b);
}

static void the_loser_of_two_first_deals_is_run_again(void **state)
{
    struct bench *b = open_pipelines();
    struct txn *one = bench_begin(b);
    struct txn *other = bench_begin(b);

    (void)state;
    (void)bench_new(b, one, "deals", BENCH_VALUES("dealname", "A"));
    (void)bench_new(b, other, "deals", BENCH_VALUES("dealname", "B"));
    assert_int_equal(bench_commit(b, one), TN_OK);
    assert_int_equal(bench_commit(b, other), TN_ABORTED);
    assert_int_equal(bench_count(b, "pipelines"), 1);
    bench_close(b);
}

static void the_default_pipeline_has_the_native_stages_in_order(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    check_stages(b,
                 "default",
                 (const char *const[]){"appointmentscheduled",
                                       "qualifiedtobuy",
                                       "presentationscheduled",
                                       "decisionmakerboughtin",
                                       "contractsent",
                                       "closedwon",
                                       "closedlost",
                                       NULL});
    assert_int_equal(bench_count(b, "pipelines"), 1);
    bench_close(b);
}

static void the_default_pipeline_speaks_the_portals_language(void **state)
{
    struct bench *b = open_pipelines();
    struct portal_settings french = {.language = "fr"};

    (void)state;
    assert_int_equal(portals_update(b->portals, b->portal, &french, &b->err), TN_OK);
    Tenon__Pipelines__V1__Pipeline *pipeline = get(b, "default");
    assert_string_equal(pipeline->label, "Pipeline de vente");
    assert_string_equal(pipeline->stages[5]->label, "Gagnée");
    tenon__pipelines__v1__pipeline__free_unpacked(pipeline, NULL);
    bench_close(b);
}

/* Stages */

static void a_stage_gives_a_deal_its_probability_and_projection(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = make_deal(
        b, BENCH_VALUES("dealname", "A", "amount", "1500.50", "dealstage", "qualifiedtobuy"));

    (void)state;
    assert_string_equal(bench_read(b, "deals", id, "hs_deal_stage_probability"), "0.4");
    assert_string_equal(bench_read(b, "deals", id, "hs_projected_amount"), "600.2");
    assert_string_equal(bench_read(b, "deals", id, "hs_closed_amount"), "0");
    assert_string_equal(bench_read(b, "deals", id, "hs_is_closed"), "false");
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("amount", "10")), TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "hs_projected_amount"), "4");
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("amount", "")), TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "hs_projected_amount"), "");
    bench_close(b);
}

static void winning_closes_and_dates_a_deal(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "A", "amount", "100"));

    (void)state;
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "closedwon")), TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "hs_is_closed"), "true");
    assert_string_equal(bench_read(b, "deals", id, "hs_is_closed_won"), "true");
    assert_string_equal(bench_read(b, "deals", id, "hs_is_closed_lost"), "false");
    assert_string_equal(bench_read(b, "deals", id, "hs_closed_amount"), "100");
    assert_string_not_equal(bench_read(b, "deals", id, "closedate"), "");
    bench_close(b);
}

static void closing_dates_a_deal_anew_unless_the_write_says_when(void **state)
{
    struct bench *b = open_pipelines();
    const char *expected = "2099-05-01T00:00:00Z";
    tn_id id =
        make_deal(b, BENCH_VALUES("dealname", "A", "amount", "100", "closedate", "2099-05-01"));
    char closed[64];

    (void)state;
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "contractsent")),
                     TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "closedate"), expected);
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "closedwon")), TN_OK);
    (void)snprintf(closed, sizeof(closed), "%s", bench_read(b, "deals", id, "closedate"));
    assert_string_not_equal(closed, expected);
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "contractsent")),
                     TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "closedate"), closed);
    assert_int_equal(
        bench_update(
            b, "deals", id, BENCH_VALUES("dealstage", "closedlost", "closedate", "2024-05-01")),
        TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "closedate"), "2024-05-01T00:00:00Z");
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "closedwon")), TN_OK);
    assert_string_not_equal(bench_read(b, "deals", id, "closedate"), "2024-05-01T00:00:00Z");
    bench_close(b);
}

static void a_deal_that_comes_in_lost_keeps_its_close_date(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = make_deal(b,
                         BENCH_VALUES("dealname",
                                      "A",
                                      "amount",
                                      "100",
                                      "closedate",
                                      "2024-05-01",
                                      "dealstage",
                                      "closedlost"));

    (void)state;
    assert_string_equal(bench_read(b, "deals", id, "hs_is_closed_lost"), "true");
    assert_string_equal(bench_read(b, "deals", id, "hs_closed_amount"), "0");
    assert_string_equal(bench_read(b, "deals", id, "hs_projected_amount"), "0");
    assert_string_equal(bench_read(b, "deals", id, "closedate"), "2024-05-01T00:00:00Z");
    bench_close(b);
}

static void moving_dates_the_stage_and_nothing_else_does(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "A"));
    char entered[64];

    (void)state;
    (void)snprintf(entered,
                   sizeof(entered),
                   "%s",
                   bench_read(b, "deals", id, "hs_v2_date_entered_current_stage"));
    assert_string_not_equal(entered, "");
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("amount", "5")), TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "hs_v2_date_entered_current_stage"), entered);
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "contractsent")),
                     TN_OK);
    assert_string_not_equal(bench_read(b, "deals", id, "hs_v2_date_entered_current_stage"),
                            entered);
    bench_close(b);
}

static void an_unknown_stage_is_refused(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(
        bench_create(b, "deals", BENCH_VALUES("dealname", "A", "dealstage", "nowhere"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "dealstage", "stage"));
    assert_int_equal(bench_count(b, "deals"), 0);
    assert_int_equal(bench_count(b, "pipelines"), 0); /* nothing half-written */
    bench_close(b);
}

static void an_unknown_pipeline_is_refused(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(
        bench_create(b, "deals", BENCH_VALUES("dealname", "A", "pipeline", "nowhere"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "pipeline", "pipeline"));
    assert_int_equal(
        bench_create(b,
                     "deals",
                     BENCH_VALUES("dealname", "A", "pipeline", "nowhere", "dealstage", "closedwon"),
                     NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "pipeline", "pipeline"));
    bench_close(b);
}

static void a_stage_of_another_pipeline_is_refused(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "A"));

    (void)state;
    assert_int_equal(create_named(b, "deals", "agency", "agency"), TN_OK);
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "quotesigned")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "dealstage", "stage_of_pipeline"));
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("pipeline", "agency")),
                     TN_FAILED_PRECONDITION);
    assert_int_equal(
        bench_update(
            b, "deals", id, BENCH_VALUES("pipeline", "agency", "dealstage", "quotesigned")),
        TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "hs_is_closed_won"), "true");
    bench_close(b);
}

static void a_deal_begins_in_the_first_stage_of_its_pipeline(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(create_named(b, "deals", "agency", "agency"), TN_OK);
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "A", "pipeline", "agency"));
    assert_string_equal(bench_read(b, "deals", id, "dealstage"), "meetingplanned");
    tn_id by_stage = make_deal(b, BENCH_VALUES("dealname", "B", "dealstage", "quotetosend"));
    assert_string_equal(bench_read(b, "deals", by_stage, "pipeline"), "agency");
    bench_close(b);
}

static void a_deal_does_not_leave_its_stage_for_none(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "A"));

    (void)state;
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "")),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "dealstage", "required"));
    bench_close(b);
}

static void what_a_stage_gives_is_not_written_by_hand(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(
        bench_create(b, "deals", BENCH_VALUES("dealname", "A", "hs_is_closed", "true"), NULL),
        TN_INVALID_ARGUMENT);
    assert_int_equal(bench_create(b, "pipelines", BENCH_VALUES("label", "By hand"), NULL),
                     TN_INVALID_ARGUMENT);
    bench_close(b);
}

static void a_deal_needs_a_name(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(bench_create(b, "deals", BENCH_VALUES("amount", "1"), NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "dealname", "required"));
    bench_close(b);
}

static void pipelines_and_stages_are_kept(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    (void)make_deal(b, BENCH_VALUES("dealname", "A"));
    assert_int_equal(
        bench_archive(b, "pipelines", bench_find(b, "pipelines", "key", "deals/default")),
        TN_FAILED_PRECONDITION);
    assert_int_equal(bench_archive(b,
                                   "pipeline_stages",
                                   bench_find(b, "pipeline_stages", "key", "deals/closedwon")),
                     TN_FAILED_PRECONDITION);
    bench_close(b);
}

/* Create, List, Board */

static void a_template_names_taken_stages_after_the_pipeline(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(create_named(b, "deals", "second", "journey"), TN_OK);
    check_stages(b,
                 "second",
                 (const char *const[]){
                     "newdeal", "quotesent", "negotiation", "closedwon", "closedlost", NULL});
    assert_int_equal(create_named(b, "deals", "third", "journey"), TN_OK);
    check_stages(b,
                 "third",
                 (const char *const[]){"third_newdeal",
                                       "third_quotesent",
                                       "third_negotiation",
                                       "third_closedwon",
                                       "third_closedlost",
                                       NULL});
    bench_close(b);
}

static void a_pipeline_of_ones_own_stages_works(void **state)
{
    struct bench *b = open_pipelines();
    char texts[][16] = {"deals", "fast", "hello", "deal", "WON"};
    Tenon__Records__V1__Decimal half = TENON__RECORDS__V1__DECIMAL__INIT;
    Tenon__Pipelines__V1__Stage first = TENON__PIPELINES__V1__STAGE__INIT;
    Tenon__Pipelines__V1__Stage won = TENON__PIPELINES__V1__STAGE__INIT;
    Tenon__Pipelines__V1__Stage *stages[] = {&first, &won};
    Tenon__Pipelines__V1__Pipeline pipeline = TENON__PIPELINES__V1__PIPELINE__INIT;

    (void)state;
    half.mantissa = 5;
    half.exponent = -1;
    first.name = texts[2];
    first.probability = &half;
    won.name = texts[3];
    won.state = texts[4];
    pipeline.type = texts[0];
    pipeline.name = texts[1];
    pipeline.stages = stages;
    pipeline.n_stages = 2;
    assert_int_equal(create(b, &pipeline, ""), TN_OK);
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "A", "amount", "8", "pipeline", "fast"));
    assert_string_equal(bench_read(b, "deals", id, "hs_projected_amount"), "4");
    assert_int_equal(bench_update(b, "deals", id, BENCH_VALUES("dealstage", "deal")), TN_OK);
    assert_string_equal(bench_read(b, "deals", id, "hs_closed_amount"), "8");
    bench_close(b);
}

static void a_wrong_pipeline_is_refused_with_its_rule(void **state)
{
    struct bench *b = open_pipelines();
    char texts[][16] = {"deals", "odd", "twice", "NEVER", "WON", "LOST", "TWICE"};
    Tenon__Records__V1__Decimal two = TENON__RECORDS__V1__DECIMAL__INIT;
    Tenon__Pipelines__V1__Stage stage = TENON__PIPELINES__V1__STAGE__INIT;
    Tenon__Pipelines__V1__Stage other = TENON__PIPELINES__V1__STAGE__INIT;
    Tenon__Pipelines__V1__Stage *stages[] = {&stage, &stage};
    Tenon__Pipelines__V1__Pipeline pipeline = TENON__PIPELINES__V1__PIPELINE__INIT;

    (void)state;
    two.mantissa = 2;
    stage.name = texts[2];
    pipeline.type = texts[0];
    pipeline.name = texts[1];
    pipeline.stages = stages;
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "", "stages"));
    pipeline.n_stages = 2;
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "name", "unique"));
    stages[1] = &other;
    other.name = texts[6];
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "name", "unique"));
    assert_int_equal(create(b, &pipeline, "native"), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "", "template"));
    pipeline.n_stages = 1;
    stage.probability = &two;
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "probability", "range"));
    two.mantissa = 5;
    two.exponent = -1;
    stage.state = texts[4];
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "probability", "state"));
    stage.state = texts[5];
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "probability", "state"));
    stage.probability = NULL;
    stage.state = texts[3];
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "state", "option"));
    assert_int_equal(create_named(b, "deals", "no name", "native"), TN_INVALID_ARGUMENT);
    assert_int_equal(create_named(b, "", "x", "native"), TN_INVALID_ARGUMENT);
    assert_int_equal(create_named(b, "deals", "x", "baroque"), TN_INVALID_ARGUMENT);
    assert_int_equal(create_named(b, "deals", "default", "native"), TN_ALREADY_EXISTS);
    assert_int_equal(create(b, NULL, "native"), TN_INVALID_ARGUMENT);
    assert_int_equal(bench_count(b, "pipelines"), 0);
    bench_close(b);
}

static void list_gives_the_pipelines_of_a_type(void **state)
{
    struct bench *b = open_pipelines();
    char deals[] = "deals";
    Tenon__Pipelines__V1__ListRequest request = TENON__PIPELINES__V1__LIST_REQUEST__INIT;
    Tenon__Pipelines__V1__ListResponse *response = NULL;

    (void)state;
    assert_int_equal(create_named(b, "tasks", "support", "agency"), TN_OK);
    request.type = deals;
    assert_int_equal(
        call(b, "List", &request.base, &tenon__pipelines__v1__list_response__descriptor, &response),
        TN_OK);
    assert_int_equal(response->n_pipelines, 1); /* made by being asked for */
    assert_string_equal(response->pipelines[0]->name, "default");
    tenon__pipelines__v1__list_response__free_unpacked(response, NULL);
    deals[0] = '\0'; /* of all types */
    assert_int_equal(
        call(b, "List", &request.base, &tenon__pipelines__v1__list_response__descriptor, &response),
        TN_OK);
    assert_int_equal(response->n_pipelines, 2);
    tenon__pipelines__v1__list_response__free_unpacked(response, NULL);
    bench_close(b);
}

static Tenon__Pipelines__V1__BoardResponse *board(struct bench *b, tn_id owner)
{
    char deals[] = "deals";
    Tenon__Pipelines__V1__BoardRequest request = TENON__PIPELINES__V1__BOARD_REQUEST__INIT;
    Tenon__Pipelines__V1__BoardResponse *response = NULL;

    request.type = deals;
    request.owner = owner;
    if (call(b,
             "Board",
             &request.base,
             &tenon__pipelines__v1__board_response__descriptor,
             &response) != TN_OK)
        fail_msg("%s", b->err.message);
    return response;
}

static void check_column(const Tenon__Pipelines__V1__BoardColumn *column, const char *stage,
                         uint64_t count, int64_t mantissa, int32_t exponent)
{
    assert_string_equal(column->stage->name, stage);
    assert_int_equal(column->count, count);
    assert_int_equal(column->sum->mantissa, mantissa);
    assert_int_equal(column->sum->exponent, exponent);
}

static void the_board_counts_and_sums_by_stage(void **state)
{
    struct bench *b = open_pipelines();
    tn_id owner = 0;
    char text[32];

    (void)state;
    assert_int_equal(bench_create(b, "users", BENCH_VALUES("email", "ada@example.com"), &owner),
                     TN_OK);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)owner);
    (void)make_deal(b, BENCH_VALUES("dealname", "A", "amount", "10.5"));
    (void)make_deal(b, BENCH_VALUES("dealname", "B", "amount", "2", "hubspot_owner_id", text));
    tn_id moved = make_deal(b, BENCH_VALUES("dealname", "C", "amount", "30"));
    (void)make_deal(b, BENCH_VALUES("dealname", "D"));
    assert_int_equal(bench_update(b, "deals", moved, BENCH_VALUES("dealstage", "closedwon")),
                     TN_OK);

    Tenon__Pipelines__V1__BoardResponse *all = board(b, 0);
    assert_int_equal(all->n_columns, 7);
    check_column(all->columns[0], "appointmentscheduled", 3, 125, -1);
    assert_int_equal(all->columns[0]->weighted_sum->mantissa, 25); /* 12.5 x 0.2 = 2.5 */
    assert_int_equal(all->columns[0]->weighted_sum->exponent, -1);
    check_column(all->columns[1], "qualifiedtobuy", 0, 0, 0);
    check_column(all->columns[5], "closedwon", 1, 3, 1);
    tenon__pipelines__v1__board_response__free_unpacked(all, NULL);

    Tenon__Pipelines__V1__BoardResponse *own = board(b, owner);
    check_column(own->columns[0], "appointmentscheduled", 1, 2, 0);
    check_column(own->columns[5], "closedwon", 0, 0, 0);
    tenon__pipelines__v1__board_response__free_unpacked(own, NULL);
    bench_close(b);
}

static void only_deals_have_a_board(void **state)
{
    struct bench *b = open_pipelines();
    char tasks[] = "tasks";
    Tenon__Pipelines__V1__BoardRequest request = TENON__PIPELINES__V1__BOARD_REQUEST__INIT;

    (void)state;
    request.type = tasks;
    assert_int_equal(
        call(b, "Board", &request.base, &tenon__pipelines__v1__board_response__descriptor, NULL),
        TN_FAILED_PRECONDITION);
    bench_close(b);
}

static void an_archived_deal_leaves_the_board(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = make_deal(b, BENCH_VALUES("dealname", "A", "amount", "10"));

    (void)state;
    assert_int_equal(bench_archive(b, "deals", id), TN_OK);
    Tenon__Pipelines__V1__BoardResponse *all = board(b, 0);
    check_column(all->columns[0], "appointmentscheduled", 0, 0, 0);
    tenon__pipelines__v1__board_response__free_unpacked(all, NULL);
    bench_close(b);
}

static void bytes_that_are_no_request_are_refused(void **state)
{
    static const uint8_t bytes[] = {0x0a, 0x7f};
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(bench_call(b, SERVICE "List", (struct tn_bytes){bytes, sizeof(bytes)}, NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "", "malformed"));
    bench_close(b);
}

/* A plugin reads strings to their first NUL and stores what it reads. */
static void texts_of_a_request_are_checked_before_the_plugin_sees_them(void **state)
{
    static const uint8_t with_nul[] = {0x0a, 0x03, 'a', 0, 'b'};
    static const uint8_t no_utf8[] = {0x0a, 0x02, 'a', 0xff};
    /* A pipeline with two stages; the label of the second is a NUL. */
    static const uint8_t deep[] = {0x0a, 7, 0x2a, 0, 0x2a, 3, 0x12, 1, 0};
    struct bench *b = open_pipelines();

    (void)state;
    assert_int_equal(bench_call(b, SERVICE "Create", (struct tn_bytes){deep, sizeof(deep)}, NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "pipeline.stages[1].label", "utf8"));
    assert_int_equal(
        bench_call(b, SERVICE "List", (struct tn_bytes){with_nul, sizeof(with_nul)}, NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "type", "utf8"));
    assert_int_equal(
        bench_call(b, SERVICE "List", (struct tn_bytes){no_utf8, sizeof(no_utf8)}, NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "type", "utf8"));
    bench_close(b);
}

static void a_request_that_would_unpack_to_too_much_is_refused(void **state)
{
    size_t len = (size_t)1024 * 1024 + 2;
    struct bench *b = open_pipelines();
    uint8_t *bytes = malloc(len);

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'a', len);
    memcpy(bytes, (const uint8_t[]){0x0a, 0xfe, 0xff, 0x3f}, 4); /* a type of 1 MiB less two */
    assert_int_equal(bench_call(b, SERVICE "List", (struct tn_bytes){bytes, len}, NULL),
                     TN_RESOURCE_EXHAUSTED);
    assert_true(bench_refused(b, "", "too_large"));
    free(bytes);
    bench_close(b);
}

static void pipelines_are_made_by_their_own_method_only(void **state)
{
    struct bench *b = open_pipelines();
    tn_id id = 0;

    (void)state;
    assert_int_equal(bench_create(b, "pipelines", BENCH_VALUES("label", "Mine"), &id),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "", "made"));
    assert_int_equal(bench_create(b, "pipeline_stages", BENCH_VALUES("label", "Mine"), &id),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "", "made"));
    bench_close(b);
}

static void a_stage_stays_with_its_pipeline(void **state)
{
    struct bench *b = open_pipelines();

    (void)state;
    (void)make_deal(b, BENCH_VALUES("dealname", "A"));
    tn_id pipeline = bench_find(b, "pipelines", "key", "deals/default");
    tn_id stage = bench_find(b, "pipeline_stages", "key", "deals/closedwon");
    assert_true(bench_linked(b, "pipeline_stages", stage, "pipeline_stage_to_pipeline") ==
                pipeline);
    struct txn *txn = bench_begin(b);
    const struct schema *schema = txn_schema(txn);
    struct record *at = NULL;
    bool is_inverse = false;
    err_clear(&b->err);
    assert_int_equal(
        txn_get(txn, schema_type_by_name(schema, utf8_str("pipeline_stages")), stage, &at, &b->err),
        TN_OK);
    const struct schema_association *association =
        schema_association_by_name(schema, utf8_str("pipeline_stage_to_pipeline"), &is_inverse);
    assert_non_null(association);
    assert_int_equal(txn_unlink(txn, association, is_inverse, at, pipeline, NULL, &b->err),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "pipeline_to_pipeline_stage", "read_only"));
    txn_destroy(txn);
    bench_close(b);
}

/* Types of others */

static struct bench *open_staged(void)
{
    struct bench *b = bench_open(
        (const char *const[]){STAGED, PLUGINS "contacts.so", PLUGINS "pipelines.so", NULL}, NULL);

    bench_all_run(b);
    return b;
}

static void a_marked_type_moves_through_its_own_stages(void **state)
{
    struct bench *b = open_staged();
    tn_id id = 0;

    (void)state;
    assert_int_equal(create_named(b, "visits", "service", "agency"), TN_OK);
    assert_int_equal(
        bench_create(b, "visits", BENCH_VALUES("subject", "A", "hs_pipeline", "service"), &id),
        TN_OK);
    assert_string_equal(bench_read(b, "visits", id, "hs_pipeline_stage"), "meetingplanned");
    assert_string_equal(bench_read(b, "visits", id, "hs_is_closed"), "false");
    assert_int_equal(bench_update(b, "visits", id, BENCH_VALUES("hs_pipeline_stage", "lost")),
                     TN_OK);
    assert_string_equal(bench_read(b, "visits", id, "hs_is_closed"), "true");
    assert_string_not_equal(bench_read(b, "visits", id, "hs_v2_date_entered_current_stage"), "");
    bench_close(b);
}

static void a_marked_type_has_no_stages_of_deals(void **state)
{
    struct bench *b = open_staged();

    (void)state;
    assert_int_equal(
        bench_create(
            b, "visits", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "closedwon"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "hs_pipeline_stage", "stage"));
    assert_int_equal(
        bench_create(b, "visits", BENCH_VALUES("subject", "A", "hs_pipeline", "default"), NULL),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "hs_pipeline", "pipeline"));
    bench_close(b);
}

static void a_stage_of_others_than_deals_may_close_without_winning(void **state)
{
    struct bench *b = open_staged();
    char texts[][16] = {"visits", "service", "waiting", "over", "CLOSED", "deals"};
    Tenon__Pipelines__V1__Stage open = TENON__PIPELINES__V1__STAGE__INIT;
    Tenon__Pipelines__V1__Stage over = TENON__PIPELINES__V1__STAGE__INIT;
    Tenon__Pipelines__V1__Stage *stages[] = {&open, &over};
    Tenon__Pipelines__V1__Pipeline pipeline = TENON__PIPELINES__V1__PIPELINE__INIT;
    tn_id id = 0;

    (void)state;
    open.name = texts[2];
    over.name = texts[3];
    over.state = texts[4];
    pipeline.type = texts[0];
    pipeline.name = texts[1];
    pipeline.stages = stages;
    pipeline.n_stages = 2;
    assert_int_equal(create(b, &pipeline, ""), TN_OK);
    assert_int_equal(
        bench_create(b, "visits", BENCH_VALUES("subject", "A", "hs_pipeline_stage", "over"), &id),
        TN_OK);
    assert_string_equal(bench_read(b, "visits", id, "hs_is_closed"), "true");
    pipeline.type = texts[5];
    assert_int_equal(create(b, &pipeline, ""), TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "state", "option"));
    bench_close(b);
}

static void a_record_of_a_marked_type_may_be_in_no_pipeline(void **state)
{
    struct bench *b = open_staged();

    (void)state;
    assert_int_equal(bench_create(b, "visits", BENCH_VALUES("subject", "A"), NULL), TN_OK);
    assert_int_equal(bench_count(b, "pipelines"), 0);
    bench_close(b);
}

/* Links */

static void a_deal_is_linked_to_people_firms_and_line_items(void **state)
{
    struct bench *b = open_pipelines();
    tn_id deal = make_deal(b, BENCH_VALUES("dealname", "A"));
    tn_id contact = 0;
    tn_id company = 0;
    tn_id line = 0;

    (void)state;
    assert_int_equal(bench_create(b, "contacts", BENCH_VALUES("lastname", "L"), &contact), TN_OK);
    assert_int_equal(bench_create(b, "companies", BENCH_VALUES("name", "Ex"), &company), TN_OK);
    assert_int_equal(bench_create(b, "line_items", BENCH_VALUES("name", "Press"), &line), TN_OK);
    assert_int_equal(bench_link(b, "deals", deal, "deal_to_contact", contact), TN_OK);
    assert_int_equal(bench_link(b, "deals", deal, "deal_to_company", company), TN_OK);
    assert_int_equal(bench_link(b, "deals", deal, "deal_to_line_item", line), TN_OK);
    assert_true(bench_linked(b, "contacts", contact, "contact_to_deal") == deal);
    assert_true(bench_linked(b, "line_items", line, "line_item_to_deal") == deal);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_deal_makes_the_default_pipeline),
        cmocka_unit_test(deals_of_one_batch_share_the_default_pipeline),
        cmocka_unit_test(the_loser_of_two_first_deals_is_run_again),
        cmocka_unit_test(the_default_pipeline_has_the_native_stages_in_order),
        cmocka_unit_test(the_default_pipeline_speaks_the_portals_language),
        cmocka_unit_test(a_stage_gives_a_deal_its_probability_and_projection),
        cmocka_unit_test(winning_closes_and_dates_a_deal),
        cmocka_unit_test(closing_dates_a_deal_anew_unless_the_write_says_when),
        cmocka_unit_test(a_deal_that_comes_in_lost_keeps_its_close_date),
        cmocka_unit_test(moving_dates_the_stage_and_nothing_else_does),
        cmocka_unit_test(an_unknown_stage_is_refused),
        cmocka_unit_test(an_unknown_pipeline_is_refused),
        cmocka_unit_test(a_stage_of_another_pipeline_is_refused),
        cmocka_unit_test(a_deal_begins_in_the_first_stage_of_its_pipeline),
        cmocka_unit_test(a_deal_does_not_leave_its_stage_for_none),
        cmocka_unit_test(what_a_stage_gives_is_not_written_by_hand),
        cmocka_unit_test(a_deal_needs_a_name),
        cmocka_unit_test(pipelines_and_stages_are_kept),
        cmocka_unit_test(a_template_names_taken_stages_after_the_pipeline),
        cmocka_unit_test(a_pipeline_of_ones_own_stages_works),
        cmocka_unit_test(a_wrong_pipeline_is_refused_with_its_rule),
        cmocka_unit_test(list_gives_the_pipelines_of_a_type),
        cmocka_unit_test(the_board_counts_and_sums_by_stage),
        cmocka_unit_test(only_deals_have_a_board),
        cmocka_unit_test(an_archived_deal_leaves_the_board),
        cmocka_unit_test(bytes_that_are_no_request_are_refused),
        cmocka_unit_test(texts_of_a_request_are_checked_before_the_plugin_sees_them),
        cmocka_unit_test(a_request_that_would_unpack_to_too_much_is_refused),
        cmocka_unit_test(pipelines_are_made_by_their_own_method_only),
        cmocka_unit_test(a_stage_stays_with_its_pipeline),
        cmocka_unit_test(a_marked_type_moves_through_its_own_stages),
        cmocka_unit_test(a_marked_type_has_no_stages_of_deals),
        cmocka_unit_test(a_stage_of_others_than_deals_may_close_without_winning),
        cmocka_unit_test(a_record_of_a_marked_type_may_be_in_no_pipeline),
        cmocka_unit_test(a_deal_is_linked_to_people_firms_and_line_items),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
