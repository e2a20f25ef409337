/* SPDX-License-Identifier: Apache-2.0 */
/* Tests plugins/leads and plugins/lifecycle in a host, with the modules that they use. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <tenon/leads/v1/leads.pb-c.h>
#include <tenon/lifecycle/v1/lifecycle.pb-c.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "tests/integration/plugins/bench.h"

/* What happens after a commit is there within this time. */
#define PATIENCE_US ((int64_t)30 * 1000000)
#define CLICKERS 4
#define CLICKED_LEADS 100

static struct bench *open_leads(void)
{
    struct bench *b = bench_open((const char *const[]){PLUGINS "contacts.so",
                                                       PLUGINS "pipelines.so",
                                                       PLUGINS "lifecycle.so",
                                                       PLUGINS "leads.so",
                                                       NULL},
                                 NULL);

    bench_all_run(b);
    return b;
}

static tn_id make(struct bench *b, const char *type, const char *const *values)
{
    tn_id id = 0;

    if (bench_create(b, type, values, &id) != TN_OK)
        fail_msg("%s", b->err.message);
    return id;
}

static tn_status call(struct bench *b, const char *method, const ProtobufCMessage *request,
                      struct buf *ret_response)
{
    uint8_t bytes[1024];
    size_t len = protobuf_c_message_get_packed_size(request);

    assert_true(len <= sizeof(bytes));
    protobuf_c_message_pack(request, bytes);
    return bench_call(b, method, (struct tn_bytes){bytes, len}, ret_response);
}

static tn_id lead_of(struct bench *b, tn_id contact, tn_id company)
{
    Tenon__Leads__V1__CreateFromRequest request = TENON__LEADS__V1__CREATE_FROM_REQUEST__INIT;
    struct buf answer = {0};

    request.contact = contact;
    request.company = company;
    if (call(b, "tenon.leads.v1.Leads/CreateFrom", &request.base, &answer) != TN_OK)
        fail_msg("%s", b->err.message);
    Tenon__Leads__V1__CreateFromResponse *made =
        tenon__leads__v1__create_from_response__unpack(NULL, answer.len, answer.data);
    assert_non_null(made);
    tn_id lead = made->lead;
    tenon__leads__v1__create_from_response__free_unpacked(made, NULL);
    buf_fini(&answer);
    return lead;
}

struct qualified {
    tn_status status;
    tn_id deal;
    bool is_created;
};

static struct qualified qualify(struct bench *b, tn_id lead)
{
    Tenon__Leads__V1__QualifyRequest request = TENON__LEADS__V1__QUALIFY_REQUEST__INIT;
    struct buf answer = {0};
    struct qualified found = {0};

    request.lead = lead;
    found.status = call(b, "tenon.leads.v1.Leads/Qualify", &request.base, &answer);
    Tenon__Leads__V1__QualifyResponse *made =
        tenon__leads__v1__qualify_response__unpack(NULL, answer.len, answer.data);
    assert_non_null(made);
    found.deal = made->deal;
    found.is_created = made->created;
    tenon__leads__v1__qualify_response__free_unpacked(made, NULL);
    buf_fini(&answer);
    return found;
}

static tn_status touch(struct bench *b, tn_id lead, char *kind, bool is_answered)
{
    Tenon__Leads__V1__TouchRequest request = TENON__LEADS__V1__TOUCH_REQUEST__INIT;

    request.lead = lead;
    request.kind = kind;
    request.answered = is_answered;
    return call(b, "tenon.leads.v1.Leads/Touch", &request.base, NULL);
}

static tn_status disqualify(struct bench *b, tn_id lead, char *reason)
{
    Tenon__Leads__V1__DisqualifyRequest request = TENON__LEADS__V1__DISQUALIFY_REQUEST__INIT;

    request.lead = lead;
    request.reason = reason;
    return call(b, "tenon.leads.v1.Leads/Disqualify", &request.base, NULL);
}

static void check_value(struct bench *b, const char *type, tn_id id, const char *property,
                        const char *value)
{
    assert_string_equal(bench_read(b, type, id, property), value);
}

/* Consumers follow a commit; this waits for what they write. */
static void await_value(struct bench *b, const char *type, tn_id id, const char *property,
                        const char *value)
{
    const struct timespec pause = {.tv_nsec = 2 * 1000000};
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;

    while (strcmp(bench_read(b, type, id, property), value) != 0) {
        if (clock_mono_us() > give_up_us)
            fail_msg("%s of %s is '%s', not '%s'",
                     property,
                     type,
                     bench_read(b, type, id, property),
                     value);
        (void)nanosleep(&pause, NULL);
    }
}

/* Making leads */

static void a_lead_is_named_and_owned_as_its_contact_and_starts_at_new(void **state)
{
    struct bench *b = open_leads();
    tn_id user = make(b, "users", BENCH_VALUES("email", "sam@example.com"));
    char owner[32];

    (void)state;
    (void)snprintf(owner, sizeof(owner), "%llu", (unsigned long long)user);
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Acme"));
    tn_id contact =
        make(b,
             "contacts",
             BENCH_VALUES("firstname", "Ada", "lastname", "L", "hubspot_owner_id", owner));
    assert_int_equal(bench_link(b, "contacts", contact, "contact_to_company", company), TN_OK);
    tn_id lead = lead_of(b, contact, 0);
    check_value(b, "leads", lead, "hs_lead_name", "Ada L");
    check_value(b, "leads", lead, "hubspot_owner_id", owner);
    check_value(b, "leads", lead, "hs_pipeline", "default");
    check_value(b, "leads", lead, "hs_pipeline_stage", "new");
    check_value(b, "leads", lead, "hs_lead_touch_count", "0");
    assert_int_equal(bench_primary(b, "leads", lead, "lead_to_contact"), contact);
    assert_int_equal(bench_primary(b, "leads", lead, "lead_to_company"), company);
    bench_close(b);
}

static void a_lead_of_a_company_alone_is_named_as_it(void **state)
{
    struct bench *b = open_leads();
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Acme"));

    (void)state;
    check_value(b, "leads", lead_of(b, 0, company), "hs_lead_name", "Acme");
    bench_close(b);
}

static void a_lead_comes_from_somebody(void **state)
{
    Tenon__Leads__V1__CreateFromRequest request = TENON__LEADS__V1__CREATE_FROM_REQUEST__INIT;
    struct bench *b = open_leads();

    (void)state;
    assert_int_equal(call(b, "tenon.leads.v1.Leads/CreateFrom", &request.base, NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "contact", "required"));
    request.contact = 4711;
    assert_int_equal(call(b, "tenon.leads.v1.Leads/CreateFrom", &request.base, NULL), TN_NOT_FOUND);
    assert_int_equal(bench_create(b, "leads", BENCH_VALUES("hs_lead_name", "Nobody"), NULL),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(bench_count(b, "leads"), 0);
    bench_close(b);
}

static void a_lead_is_created_as_any_record_with_its_link(void **state)
{
    struct bench *b = open_leads();
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    struct txn *txn = bench_begin(b);
    bool is_inverse;
    const struct schema_association *along =
        schema_association_by_name(txn_schema(txn), utf8_str("lead_to_contact"), &is_inverse);

    (void)state;
    assert_non_null(along);
    struct record *lead = bench_new(b, txn, "leads", BENCH_VALUES("hs_lead_name", "Fair 2026"));
    assert_int_equal(txn_link(txn, along, is_inverse, lead, contact, 0, false, NULL, &b->err),
                     TN_OK);
    tn_id id = record_id(lead);
    assert_int_equal(bench_commit(b, txn), TN_OK);
    assert_int_equal(bench_linked(b, "leads", id, "lead_to_contact"), contact);
    check_value(b, "leads", id, "hs_lead_name", "Fair 2026");
    check_value(b, "leads", id, "hs_pipeline_stage", "new");
    bench_close(b);
}

/* Working on them */

static void touches_are_counted_and_move_a_lead_forward(void **state)
{
    struct bench *b = open_leads();
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    tn_id lead = lead_of(b, contact, 0);

    (void)state;
    check_value(b, "contacts", contact, "hs_lead_status", "NEW");
    assert_int_equal(touch(b, lead, "EMAIL", false), TN_OK);
    check_value(b, "leads", lead, "hs_pipeline_stage", "attempting");
    check_value(b, "contacts", contact, "hs_lead_status", "ATTEMPTED_TO_CONTACT");
    assert_int_equal(touch(b, lead, "CALL", false), TN_OK);
    check_value(b, "leads", lead, "hs_pipeline_stage", "attempting");
    assert_int_equal(touch(b, lead, "CALL", true), TN_OK);
    check_value(b, "leads", lead, "hs_pipeline_stage", "connected");
    assert_int_equal(touch(b, lead, "MEETING", true), TN_OK);
    check_value(b, "leads", lead, "hs_pipeline_stage", "connected");
    check_value(b, "leads", lead, "hs_lead_call_count", "2");
    check_value(b, "leads", lead, "hs_lead_touch_count", "4");
    check_value(b, "contacts", contact, "hs_lead_status", "CONNECTED");
    assert_string_not_equal(bench_read(b, "leads", lead, "hs_last_touch_date"), "");
    bench_close(b);
}

static void a_touch_is_of_a_known_kind_and_of_the_past(void **state)
{
    Tenon__Leads__V1__TouchRequest request = TENON__LEADS__V1__TOUCH_REQUEST__INIT;
    struct bench *b = open_leads();
    tn_id lead = lead_of(b, make(b, "contacts", BENCH_VALUES("lastname", "L")), 0);
    char kind[] = "CALL";

    (void)state;
    assert_int_equal(touch(b, lead, "SHOUT", false), TN_INVALID_ARGUMENT);
    assert_int_equal(touch(b, 4711, "CALL", false), TN_NOT_FOUND);
    request.lead = lead;
    request.kind = kind;
    request.time = clock_wall_us() + (int64_t)3600 * 1000000;
    assert_int_equal(call(b, "tenon.leads.v1.Leads/Touch", &request.base, NULL),
                     TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "time", "future"));
    check_value(b, "leads", lead, "hs_lead_touch_count", "0");
    bench_close(b);
}

static void a_lead_is_disqualified_for_a_reason_and_may_come_back(void **state)
{
    struct bench *b = open_leads();
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    tn_id lead = lead_of(b, contact, 0);

    (void)state;
    assert_int_equal(
        bench_update(b, "leads", lead, BENCH_VALUES("hs_pipeline_stage", "disqualified")),
        TN_INVALID_ARGUMENT);
    assert_true(bench_refused(b, "hs_lead_disqualification_reason", "required"));
    assert_int_equal(disqualify(b, lead, "BORED"), TN_INVALID_ARGUMENT);
    assert_int_equal(disqualify(b, lead, "NO_BUDGET"), TN_OK);
    check_value(b, "leads", lead, "hs_pipeline_stage", "disqualified");
    check_value(b, "contacts", contact, "hs_lead_status", "UNQUALIFIED");
    assert_int_equal(qualify(b, lead).status, TN_FAILED_PRECONDITION);
    assert_int_equal(bench_count(b, "deals"), 0);
    assert_int_equal(
        bench_update(b, "leads", lead, BENCH_VALUES("hs_pipeline_stage", "attempting")), TN_OK);
    check_value(b, "leads", lead, "hs_lead_disqualification_reason", "");
    check_value(b, "leads", lead, "hs_lead_disqualified_date", "");
    assert_int_equal(qualify(b, lead).status, TN_OK);
    bench_close(b);
}

/* Qualifying */

static void a_qualified_lead_has_its_deal_with_what_it_is_linked_to(void **state)
{
    struct bench *b = open_leads();
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Acme"));
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    tn_id lead = lead_of(b, contact, company);
    struct qualified first = qualify(b, lead);

    (void)state;
    assert_int_equal(first.status, TN_OK);
    assert_true(first.is_created);
    check_value(b, "deals", first.deal, "dealname", "L");
    check_value(b, "deals", first.deal, "dealstage", "appointmentscheduled");
    assert_int_equal(bench_primary(b, "deals", first.deal, "deal_to_contact"), contact);
    assert_int_equal(bench_primary(b, "deals", first.deal, "deal_to_company"), company);
    assert_int_equal(bench_linked(b, "leads", lead, "lead_to_deal"), first.deal);
    check_value(b, "leads", lead, "hs_pipeline_stage", "qualified");
    check_value(b, "contacts", contact, "lifecyclestage", "salesqualifiedlead");
    struct qualified again = qualify(b, lead);
    assert_int_equal(again.status, TN_OK);
    assert_int_equal(again.deal, first.deal);
    assert_false(again.is_created);
    assert_int_equal(bench_count(b, "deals"), 1);
    bench_close(b);
}

static void moving_a_lead_to_qualified_makes_its_deal_too(void **state)
{
    struct bench *b = open_leads();
    tn_id lead = lead_of(b, make(b, "contacts", BENCH_VALUES("lastname", "L")), 0);

    (void)state;
    assert_int_equal(bench_update(b, "leads", lead, BENCH_VALUES("hs_pipeline_stage", "qualified")),
                     TN_OK);
    assert_int_equal(bench_count(b, "deals"), 1);
    assert_string_not_equal(bench_read(b, "leads", lead, "hs_lead_deal_id"), "");
    assert_int_equal(bench_update(b, "leads", lead, BENCH_VALUES("hs_pipeline_stage", "new")),
                     TN_FAILED_PRECONDITION);
    assert_true(bench_refused(b, "hs_pipeline_stage", "qualified"));
    assert_int_equal(disqualify(b, lead, "NO_NEED"), TN_FAILED_PRECONDITION);
    bench_close(b);
}

static void a_deal_that_is_refused_leaves_the_lead_as_it_was(void **state)
{
    Tenon__Leads__V1__QualifyRequest request = TENON__LEADS__V1__QUALIFY_REQUEST__INIT;
    struct bench *b = open_leads();
    tn_id lead = lead_of(b, make(b, "contacts", BENCH_VALUES("lastname", "L")), 0);
    char stage[] = "nosuchstage";

    (void)state;
    request.lead = lead;
    request.dealstage = stage;
    assert_int_equal(call(b, "tenon.leads.v1.Leads/Qualify", &request.base, NULL),
                     TN_INVALID_ARGUMENT);
    assert_int_equal(bench_count(b, "deals"), 0);
    check_value(b, "leads", lead, "hs_pipeline_stage", "new");
    bench_close(b);
}

struct clicker {
    struct bench *b;
    const tn_id *leads;
    pthread_t thread;
    unsigned created;
};

static void *click(void *ctx)
{
    struct clicker *clicker = ctx;

    for (unsigned i = 0; i < CLICKED_LEADS;) {
        struct bench own = *clicker->b; /* an err of its own */
        struct qualified done = qualify(&own, clicker->leads[i]);

        if (done.status == TN_ABORTED)
            continue; /* as the bus does: again */
        if (done.status != TN_OK)
            return (void *)(intptr_t)done.status;
        clicker->created += done.is_created;
        i++;
    }
    return NULL;
}

static void whoever_clicks_at_once_there_is_one_deal_for_each_lead(void **state)
{
    struct bench *b = open_leads();
    struct clicker clickers[CLICKERS] = {0};
    tn_id leads[CLICKED_LEADS];
    unsigned created = 0;

    (void)state;
    for (unsigned i = 0; i < CLICKED_LEADS; i++)
        leads[i] = lead_of(b, make(b, "contacts", BENCH_VALUES("lastname", "L")), 0);
    for (unsigned i = 0; i < CLICKERS; i++) {
        clickers[i].b = b;
        clickers[i].leads = leads;
        assert_int_equal(pthread_create(&clickers[i].thread, NULL, click, &clickers[i]), 0);
    }
    for (unsigned i = 0; i < CLICKERS; i++) {
        void *failed;

        assert_int_equal(pthread_join(clickers[i].thread, &failed), 0);
        assert_null(failed);
        created += clickers[i].created;
    }
    assert_int_equal(created, CLICKED_LEADS);
    assert_int_equal(bench_count(b, "deals"), CLICKED_LEADS);
    bench_close(b);
}

/* The lifecycle */

static void apply(struct bench *b, char *event, tn_id contact, tn_id company)
{
    Tenon__Lifecycle__V1__ApplyRequest request = TENON__LIFECYCLE__V1__APPLY_REQUEST__INIT;

    request.event = event;
    request.contact = contact;
    request.company = company;
    if (call(b, "tenon.lifecycle.v1.Lifecycle/Apply", &request.base, NULL) != TN_OK)
        fail_msg("%s", b->err.message);
}

static void what_happens_moves_the_lifecycle_forward_only(void **state)
{
    struct bench *b = open_leads();
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Acme"));

    (void)state;
    apply(b, "deal_won", contact, company);
    check_value(b, "contacts", contact, "lifecyclestage", "customer");
    check_value(b, "companies", company, "lifecyclestage", "customer");
    assert_string_not_equal(bench_read(b, "contacts", contact, "hs_lifecyclestage_customer_date"),
                            "");
    apply(b, "lead_created", contact, company);
    check_value(b, "contacts", contact, "lifecyclestage", "customer");
    assert_int_equal(bench_update(b, "contacts", contact, BENCH_VALUES("lifecyclestage", "other")),
                     TN_OK);
    apply(b, "deal_won", contact, 0);
    check_value(b, "contacts", contact, "lifecyclestage", "other");
    bench_close(b);
}

static void settings_say_which_stage_follows_and_whether_the_status_does(void **state)
{
    struct bench *b = open_leads();
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));

    (void)state;
    assert_int_equal(bench_setting(b, "tenon.lifecycle", "lead_created", "marketingqualifiedlead"),
                     TN_OK);
    assert_int_equal(bench_setting(b, "tenon.lifecycle", "lead_status_follows", "false"), TN_OK);
    apply(b, "lead_created", contact, 0);
    check_value(b, "contacts", contact, "lifecyclestage", "marketingqualifiedlead");
    check_value(b, "contacts", contact, "hs_lead_status", "");
    bench_close(b);
}

static void an_event_is_known_and_happens_to_somebody(void **state)
{
    Tenon__Lifecycle__V1__ApplyRequest request = TENON__LIFECYCLE__V1__APPLY_REQUEST__INIT;
    struct bench *b = open_leads();
    char event[] = "deal_won";
    char unknown[] = "deal_dropped";

    (void)state;
    request.event = event;
    assert_int_equal(call(b, "tenon.lifecycle.v1.Lifecycle/Apply", &request.base, NULL),
                     TN_INVALID_ARGUMENT);
    request.event = unknown;
    request.contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    assert_int_equal(call(b, "tenon.lifecycle.v1.Lifecycle/Apply", &request.base, NULL),
                     TN_INVALID_ARGUMENT);
    bench_close(b);
}

static void a_deal_and_its_winning_move_its_contact_and_company_on(void **state)
{
    struct bench *b = open_leads();
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Acme"));
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    tn_id deal = qualify(b, lead_of(b, contact, company)).deal;

    (void)state;
    await_value(b, "contacts", contact, "lifecyclestage", "opportunity");
    await_value(b, "companies", company, "lifecyclestage", "opportunity");
    check_value(b, "contacts", contact, "hs_lead_status", "OPEN_DEAL");
    assert_int_equal(bench_update(b, "deals", deal, BENCH_VALUES("dealstage", "closedwon")), TN_OK);
    await_value(b, "contacts", contact, "lifecyclestage", "customer");
    await_value(b, "companies", company, "lifecyclestage", "customer");
    bench_close(b);
}

static void contacts_follow_their_company(void **state)
{
    struct bench *b = open_leads();
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Acme"));
    tn_id early = make(b, "contacts", BENCH_VALUES("lastname", "Early"));
    tn_id late =
        make(b, "contacts", BENCH_VALUES("lastname", "Late", "lifecyclestage", "evangelist"));

    (void)state;
    assert_int_equal(bench_link(b, "contacts", early, "contact_to_company", company), TN_OK);
    assert_int_equal(bench_link(b, "contacts", late, "contact_to_company", company), TN_OK);
    assert_int_equal(
        bench_update(b, "companies", company, BENCH_VALUES("lifecyclestage", "customer")), TN_OK);
    await_value(b, "contacts", early, "lifecyclestage", "customer");
    check_value(b, "contacts", late, "lifecyclestage", "evangelist");
    bench_close(b);
}

static void a_company_follows_its_contacts_where_the_portal_wants_it(void **state)
{
    struct bench *b = open_leads();
    tn_id company = make(b, "companies", BENCH_VALUES("name", "Acme"));
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));

    (void)state;
    assert_int_equal(bench_setting(b, "tenon.lifecycle", "company_follows_contacts", "true"),
                     TN_OK);
    assert_int_equal(bench_link(b, "contacts", contact, "contact_to_company", company), TN_OK);
    assert_int_equal(
        bench_update(b, "contacts", contact, BENCH_VALUES("lifecyclestage", "customer")), TN_OK);
    await_value(b, "companies", company, "lifecyclestage", "customer");
    bench_close(b);
}

static void a_rule_makes_a_lead_once_for_a_contact_that_gets_that_far(void **state)
{
    struct bench *b = open_leads();
    tn_id contact = make(b, "contacts", BENCH_VALUES("lastname", "L"));
    const struct timespec pause = {.tv_nsec = 2 * 1000000};
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;

    (void)state;
    assert_int_equal(bench_setting(b, "tenon.leads", "from_lifecycle", "marketingqualifiedlead"),
                     TN_OK);
    assert_int_equal(
        bench_update(
            b, "contacts", contact, BENCH_VALUES("lifecyclestage", "marketingqualifiedlead")),
        TN_OK);
    while (bench_count(b, "leads") == 0 && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(bench_count(b, "leads"), 1);
    /* Cleared and reached again: it has its lead. Changes come in their order, so that the lead of
     * a later one shows that this was seen. */
    assert_int_equal(bench_update(b, "contacts", contact, BENCH_VALUES("lifecyclestage", NULL)),
                     TN_OK);
    assert_int_equal(
        bench_update(
            b, "contacts", contact, BENCH_VALUES("lifecyclestage", "marketingqualifiedlead")),
        TN_OK);
    (void)make(
        b, "contacts", BENCH_VALUES("lastname", "M", "lifecyclestage", "marketingqualifiedlead"));
    while (bench_count(b, "leads") == 1 && clock_mono_us() < give_up_us)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(bench_count(b, "leads"), 2);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lead_is_named_and_owned_as_its_contact_and_starts_at_new),
        cmocka_unit_test(a_lead_of_a_company_alone_is_named_as_it),
        cmocka_unit_test(a_lead_comes_from_somebody),
        cmocka_unit_test(a_lead_is_created_as_any_record_with_its_link),
        cmocka_unit_test(touches_are_counted_and_move_a_lead_forward),
        cmocka_unit_test(a_touch_is_of_a_known_kind_and_of_the_past),
        cmocka_unit_test(a_lead_is_disqualified_for_a_reason_and_may_come_back),
        cmocka_unit_test(a_qualified_lead_has_its_deal_with_what_it_is_linked_to),
        cmocka_unit_test(moving_a_lead_to_qualified_makes_its_deal_too),
        cmocka_unit_test(a_deal_that_is_refused_leaves_the_lead_as_it_was),
        cmocka_unit_test(whoever_clicks_at_once_there_is_one_deal_for_each_lead),
        cmocka_unit_test(what_happens_moves_the_lifecycle_forward_only),
        cmocka_unit_test(settings_say_which_stage_follows_and_whether_the_status_does),
        cmocka_unit_test(an_event_is_known_and_happens_to_somebody),
        cmocka_unit_test(a_deal_and_its_winning_move_its_contact_and_company_on),
        cmocka_unit_test(contacts_follow_their_company),
        cmocka_unit_test(a_company_follows_its_contacts_where_the_portal_wants_it),
        cmocka_unit_test(a_rule_makes_a_lead_once_for_a_contact_that_gets_that_far),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
