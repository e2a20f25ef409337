/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clicks_test.c - two people qualify the same lead at the same moment, again and again, while the
 * host is killed in between: each lead has one deal, and both are told the same one.
 *
 *     clicks_test [LEADS [KILLS [SEED]]]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenon/leads/v1/leads.pb-c.h>
#include <tenon/records/v1/search.pb-c.h>

#include "core/base/clock.h"
#include "tests/integration/host.h"
#include "tests/integration/requests.h"
#include "tests/integration/vendor.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

#define CLICKER_COUNT 2
/* A click is tried again, over as many kills as it meets, for this long. */
#define PATIENCE_US ((int64_t)120 * 1000000)
/* A kill comes at any moment of the calls that follow its signal. */
#define KILL_WITHIN_US 5000

static unsigned lead_count = 200;
static unsigned kill_count = 4;
static unsigned seed = 1;

struct contest {
    struct tenond *host;
    uint64_t *leads;
    pthread_barrier_t together; /* of the clickers, before each lead */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned clicked; /* leads that both are through with */
};

struct clicker {
    struct contest *contest;
    struct tenon_client *client;
    pthread_t thread;
    uint64_t *deals; /* that it was told, by lead */
    unsigned created;
    tn_status failed;
    char message[256];
};

static void install_modules(struct tenond *host)
{
    static const char *const names[] = {"contacts", "pipelines", "lifecycle", "leads"};
    char path[512];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), PLUGINS "%s.so", names[i]);
        tenond_add_plugin(host, path);
    }
}

static uint64_t make_lead(struct tenon_client *client, uint64_t contact)
{
    Tenon__Leads__V1__CreateFromRequest request = TENON__LEADS__V1__CREATE_FROM_REQUEST__INIT;

    request.contact = contact;
    Tenon__Leads__V1__CreateFromResponse *made =
        call(client, METHOD(leads, Leads, CreateFrom, create_from), &request.base);
    uint64_t id = made->lead;
    answer_free(made);
    return id;
}

/* Again where the host was killed under it, as whoever clicked would. */
static tn_status qualify(struct clicker *clicker, uint64_t lead, uint64_t *ret_deal)
{
    Tenon__Leads__V1__QualifyRequest request = TENON__LEADS__V1__QUALIFY_REQUEST__INIT;
    int64_t give_up_us = clock_mono_us() + PATIENCE_US;
    ProtobufCMessage *answer = NULL;
    tn_status st;

    request.lead = lead;
    do {
        struct tenon_result result = {0};

        st = tenon_invoke(clicker->client,
                          "tenon.leads.v1.Leads/Qualify",
                          &request.base,
                          &tenon__leads__v1__qualify_response__descriptor,
                          NULL,
                          &answer,
                          &result);
        (void)snprintf(clicker->message, sizeof(clicker->message), "%s", result.message);
        tenon_result_fini(&result);
    } while ((st == TN_UNAVAILABLE || st == TN_ABORTED) && clock_mono_us() < give_up_us);
    if (st != TN_OK)
        return st;
    const Tenon__Leads__V1__QualifyResponse *told = (const void *)answer;
    *ret_deal = told->deal;
    clicker->created += told->created ? 1u : 0u;
    answer_free(answer);
    return TN_OK;
}

static void *click_all(void *ctx)
{
    struct clicker *clicker = ctx;
    struct contest *contest = clicker->contest;

    for (unsigned i = 0; i < lead_count; i++) {
        (void)pthread_barrier_wait(&contest->together);
        if (clicker->failed == TN_OK) /* the other one waits at the barrier */
            clicker->failed = qualify(clicker, contest->leads[i], &clicker->deals[i]);
        (void)pthread_mutex_lock(&contest->lock);
        contest->clicked = i;
        (void)pthread_cond_signal(&contest->moved);
        (void)pthread_mutex_unlock(&contest->lock);
    }
    return NULL;
}

/* At `kill_count` places of the list, at any moment of what goes on there. */
static void kill_between(struct contest *contest, struct random *random)
{
    for (unsigned i = 0; i < kill_count; i++) {
        unsigned place = (unsigned)(((uint64_t)i * 2 + 1) * lead_count / (2 * kill_count));

        (void)pthread_mutex_lock(&contest->lock);
        while (contest->clicked < place && contest->clicked + 1 < lead_count)
            (void)pthread_cond_wait(&contest->moved, &contest->lock);
        (void)pthread_mutex_unlock(&contest->lock);
        const struct timespec moment = {.tv_nsec =
                                            (long)random_below(random, KILL_WITHIN_US) * 1000};
        (void)nanosleep(&moment, NULL);
        tenond_kill(contest->host);
        vendor_start_granted(contest->host);
    }
}

static uint64_t count_records(struct tenon_client *client, char *type)
{
    Tenon__Records__V1__CountRequest request;

    tenon__records__v1__count_request__init(&request);
    request.type = type;
    Tenon__Records__V1__CountResponse *response =
        call(client, METHOD(records, Search, Count, count), &request.base);
    uint64_t count = response->count;
    answer_free(response);
    return count;
}

static void check_deals(struct contest *contest, const struct clicker *clickers)
{
    struct tenon_client *client = tenond_connect(contest->host, NULL);

    for (unsigned i = 0; i < CLICKER_COUNT; i++)
        if (clickers[i].failed != TN_OK)
            fail_msg("%s: %s", tenon_status_name(clickers[i].failed), clickers[i].message);
    for (unsigned i = 0; i < lead_count; i++)
        assert_int_equal(clickers[0].deals[i], clickers[1].deals[i]);
    assert_int_equal(count_records(client, "leads"), lead_count);
    assert_int_equal(count_records(client, "deals"), lead_count);
    tenon_client_destroy(client);
}

static void whoever_qualifies_a_lead_there_is_one_deal(void **state)
{
    struct contest contest = {.host = tenond_create(),
                              .leads = calloc(lead_count, sizeof(uint64_t)),
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .moved = PTHREAD_COND_INITIALIZER};
    struct clicker clickers[CLICKER_COUNT] = {0};
    struct random random = {.state = seed};

    (void)state;
    (void)printf("seed %u\n", seed);
    assert_non_null(contest.leads);
    assert_int_equal(pthread_barrier_init(&contest.together, NULL, CLICKER_COUNT), 0);
    install_modules(contest.host);
    vendor_start_granted(contest.host);
    struct tenon_client *client = tenond_connect(contest.host, NULL);
    for (unsigned i = 0; i < lead_count; i++)
        contest.leads[i] = make_lead(client, create_record(client, "contacts", "lastname", "L"));
    for (unsigned i = 0; i < CLICKER_COUNT; i++) {
        clickers[i].contest = &contest;
        clickers[i].client = tenond_connect(contest.host, NULL);
        clickers[i].deals = calloc(lead_count, sizeof(uint64_t));
        assert_non_null(clickers[i].deals);
        assert_int_equal(pthread_create(&clickers[i].thread, NULL, click_all, &clickers[i]), 0);
    }
    kill_between(&contest, &random);
    for (unsigned i = 0; i < CLICKER_COUNT; i++)
        assert_int_equal(pthread_join(clickers[i].thread, NULL), 0);
    check_deals(&contest, clickers);
    (void)printf("%u leads, %u kills: %u deals made, %u told as made\n",
                 lead_count,
                 kill_count,
                 lead_count,
                 clickers[0].created + clickers[1].created);
    for (unsigned i = 0; i < CLICKER_COUNT; i++) {
        tenon_client_destroy(clickers[i].client);
        free(clickers[i].deals);
    }
    tenon_client_destroy(client);
    (void)pthread_barrier_destroy(&contest.together);
    free(contest.leads);
    tenond_destroy(contest.host);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_qualifies_a_lead_there_is_one_deal),
    };

    if (argc > 1)
        lead_count = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        kill_count = (unsigned)strtoul(argv[2], NULL, 10);
    if (argc > 3)
        seed = (unsigned)strtoul(argv[3], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
