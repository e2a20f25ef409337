/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - the load generator: a client process that packs each request and unpacks each answer.
 *
 *     bench_client load URL CONTACTS           fills a portal, prints the data set
 *     bench_client WORK URL N SECONDS [SET]    keeps N calls under way
 *     bench_client WORK URL block SECONDS      one call after the other, blocking
 *     bench_client stream URL N SECONDS        reads the portal's whole change log, again and again
 *     bench_client count WORK URL N CALLS      makes so many calls, for profiles
 *     bench_client csv FIRST CONTACTS          the same people as rows of CSV, for other databases
 *
 * SET is what `load` printed, as one argument. The environment's TENON_BENCH_TOKEN is the token to
 * call with, for what is measured is to include that it is checked.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/client.h>
#include <tenon/events/v1/changes.pb-c.h>
#include <tenon/records/v1/records.pb-c.h>

#include "tests/bench/measure.h"
#include "tests/bench/person.h"
#include "tests/bench/work.h"

#define SLOT_MAX 1024u
#define PATIENCE_US ((int64_t)60 * 1000000)
#define LOAD_BATCH 1000u
#define COMPANY_COUNT 200u
#define CONTACTS_PER_COMPANY 100u
#define DEAL_COUNT 20000u
#define WATCH "tenon.events.v1.Changes/Watch"
#define BATCH_CREATE "tenon.records.v1.Records/BatchCreate"

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_client: %s: %s\n", what, why);
    exit(1);
}

static struct tenon_client *connect_to(const char *url)
{
    const struct tenon_options options = {
        .url = url, .token = getenv("TENON_BENCH_TOKEN"), .timeout_us = PATIENCE_US};
    struct tenon_client *client = NULL;

    if (tenon_client_create(&options, &client) != TN_OK ||
        tenon_client_connect(client, PATIENCE_US) != TN_OK)
        die(url, client ? tenon_client_reason(client) : "no client");
    return client;
}

/* Calls that keep going */

struct load;

struct slot {
    struct load *load;
    int64_t start_ns;
    bool has_answer;
};

struct load {
    struct tenon_client *client;
    const struct work *work;
    pthread_mutex_t mu;
    pthread_cond_t is_over;
    struct subject subject; /* guarded by mu, as all below */
    struct request request;
    struct measure measure;
    uint64_t left; /* calls to begin; UINT64_MAX: until the time is over */
    unsigned open_count;
    struct slot slots[SLOT_MAX];
};

static void check_answer(const struct work *work, const uint8_t *data, size_t len)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(work->response, NULL, len, data);

    if (!message)
        die(work->method, "the answer is damaged");
    protobuf_c_message_free_unpacked(message, NULL);
}

static void on_message(void *ctx, struct tn_bytes body)
{
    struct slot *slot = ctx;

    check_answer(slot->load->work, body.data, body.len);
    slot->has_answer = true;
}

static void on_done(void *ctx, const struct tenon_result *result);

/* A call begins as the one before ends: what is between them is counted too. Locked. */
static void ask(struct slot *slot, int64_t now_ns)
{
    struct load *load = slot->load;

    load->work->build(&load->subject, &load->request);
    slot->has_answer = false;
    slot->start_ns = now_ns;
    tn_status st = tenon_call(load->client,
                              load->work->method,
                              (struct tn_bytes){load->request.data, load->request.len},
                              NULL,
                              on_message,
                              on_done,
                              slot,
                              NULL);
    if (st != TN_OK)
        die(load->work->method, tenon_status_name(st));
}

/* Locked. */
static bool goes_on(struct load *load, int64_t now_ns)
{
    if (load->left == UINT64_MAX)
        return now_ns < load->measure.end_ns;
    if (load->left == 0)
        return false;
    load->left--;
    return true;
}

static void on_done(void *ctx, const struct tenon_result *result)
{
    struct slot *slot = ctx;
    struct load *load = slot->load;
    int64_t now_ns = measure_now_ns();

    if (result->status != TN_OK || !slot->has_answer)
        die(load->work->method, result->message);
    (void)pthread_mutex_lock(&load->mu);
    measure_add(&load->measure, slot->start_ns, now_ns, load->work->units);
    if (goes_on(load, now_ns))
        ask(slot, now_ns);
    else if (--load->open_count == 0)
        (void)pthread_cond_signal(&load->is_over);
    (void)pthread_mutex_unlock(&load->mu);
}

static void read_set(struct data_set *data, const char *set)
{
    if (set && sscanf(set,
                      "contacts %" SCNu64 " %" SCNu64 " companies %" SCNu64 " %" SCNu64,
                      &data->first_contact,
                      &data->contact_count,
                      &data->first_company,
                      &data->company_count) != 4)
        die(set, "no data set");
}

/* People whom no other run has made: numbers from a range of this process and time. */
static void init_subject(struct subject *subject, const char *set)
{
    uint64_t seed = (uint64_t)measure_now_ns() ^ (uint64_t)getpid() << 32;

    subject->random = person_random(&seed);
    subject->next_person = 1000000000u + person_random(&seed) % 1000000000u * 1000u;
    read_set(&subject->data, set);
}

static void run(const struct work *work, const char *url, unsigned count, double seconds,
                uint64_t calls, const char *set)
{
    struct load *load = calloc(1, sizeof(*load));

    if (!load || count < 1 || count > SLOT_MAX)
        die(work->name, "too many calls");
    load->client = connect_to(url);
    load->work = work;
    load->left = calls;
    load->open_count = count;
    (void)pthread_mutex_init(&load->mu, NULL);
    (void)pthread_cond_init(&load->is_over, NULL);
    init_subject(&load->subject, set);
    (void)pthread_mutex_lock(&load->mu);
    measure_begin(&load->measure, seconds);
    for (unsigned i = 0; i < count; i++) {
        load->slots[i].load = load;
        if (goes_on(load, 0))
            ask(&load->slots[i], measure_now_ns());
    }
    while (load->open_count > 0)
        (void)pthread_cond_wait(&load->is_over, &load->mu);
    (void)pthread_mutex_unlock(&load->mu);
    measure_print(&load->measure);
    tenon_client_destroy(load->client);
    free(load->request.data);
    free(load);
}

static void run_blocking(const struct work *work, const char *url, double seconds, const char *set)
{
    struct tenon_client *client = connect_to(url);
    struct subject subject = {0};
    struct request request = {0};
    struct measure measure;

    init_subject(&subject, set);
    measure_begin(&measure, seconds);
    for (int64_t start_ns = measure_now_ns(); start_ns < measure.end_ns;) {
        uint8_t *answer = NULL;
        size_t len = 0;

        work->build(&subject, &request);
        tn_status st = tenon_invoke_bytes(client,
                                          work->method,
                                          (struct tn_bytes){request.data, request.len},
                                          NULL,
                                          &answer,
                                          &len,
                                          NULL);
        if (st != TN_OK)
            die(work->method, tenon_status_name(st));
        check_answer(work, answer, len);
        free(answer);
        int64_t now_ns = measure_now_ns();
        measure_add(&measure, start_ns, now_ns, work->units);
        start_ns = now_ns;
    }
    measure_print(&measure);
    free(request.data);
    tenon_client_destroy(client);
}

/* The change log as a stream */

struct stream {
    pthread_mutex_t mu;
    pthread_cond_t moved;
    struct measure measure; /* guarded by mu, as all below */
    int64_t start_ns;
    uint64_t head;
    bool is_read; /* to its head */
    bool has_ended;
};

static void on_page(void *ctx, struct tn_bytes body)
{
    struct stream *stream = ctx;
    int64_t now_ns = measure_now_ns();
    Tenon__Events__V1__WatchResponse *page =
        tenon__events__v1__watch_response__unpack(NULL, body.len, body.data);

    if (!page || page->n_changes == 0)
        die(WATCH, "a page is damaged");
    (void)pthread_mutex_lock(&stream->mu);
    measure_add(&stream->measure, stream->start_ns, now_ns, body.len);
    stream->start_ns = now_ns;
    stream->is_read |= page->changes[page->n_changes - 1]->number >= stream->head;
    if (stream->is_read || now_ns >= stream->measure.end_ns)
        (void)pthread_cond_signal(&stream->moved);
    (void)pthread_mutex_unlock(&stream->mu);
    tenon__events__v1__watch_response__free_unpacked(page, NULL);
}

static void on_stream_end(void *ctx, const struct tenon_result *result)
{
    struct stream *stream = ctx;

    if (result->status != TN_CANCELLED)
        die(WATCH, result->message);
    (void)pthread_mutex_lock(&stream->mu);
    stream->has_ended = true;
    (void)pthread_cond_signal(&stream->moved);
    (void)pthread_mutex_unlock(&stream->mu);
}

static uint64_t head_of(struct tenon_client *client)
{
    Tenon__Events__V1__ListRequest request = TENON__EVENTS__V1__LIST_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;

    request.limit = 1;
    if (tenon_invoke(client,
                     "tenon.events.v1.Changes/List",
                     &request.base,
                     &tenon__events__v1__list_response__descriptor,
                     NULL,
                     &answer,
                     NULL) != TN_OK)
        die("Changes/List", "it failed");
    uint64_t head = ((Tenon__Events__V1__ListResponse *)(void *)answer)->head;
    protobuf_c_message_free_unpacked(answer, NULL);
    return head;
}

/* From the first change to the head, once. */
static void watch(struct tenon_client *client, struct stream *stream)
{
    Tenon__Events__V1__WatchRequest message = TENON__EVENTS__V1__WATCH_REQUEST__INIT;
    const struct tenon_call_options options = {.timeout_us = INT64_MAX};
    struct request request = {0};
    struct tenon_call *call = NULL;

    request_pack(&request, &message.base);
    (void)pthread_mutex_lock(&stream->mu);
    stream->is_read = false;
    stream->has_ended = false;
    stream->start_ns = measure_now_ns();
    (void)pthread_mutex_unlock(&stream->mu);
    if (tenon_call(client,
                   WATCH,
                   (struct tn_bytes){request.data, request.len},
                   &options,
                   on_page,
                   on_stream_end,
                   stream,
                   &call) != TN_OK)
        die(WATCH, "it was not taken");
    free(request.data);
    (void)pthread_mutex_lock(&stream->mu);
    while (!stream->is_read && measure_now_ns() < stream->measure.end_ns)
        (void)pthread_cond_wait(&stream->moved, &stream->mu);
    (void)pthread_mutex_unlock(&stream->mu);
    tenon_call_cancel(call);
    (void)pthread_mutex_lock(&stream->mu);
    while (!stream->has_ended)
        (void)pthread_cond_wait(&stream->moved, &stream->mu);
    (void)pthread_mutex_unlock(&stream->mu);
}

static void run_stream(const char *url, double seconds)
{
    struct tenon_client *client = connect_to(url);
    struct stream stream = {.head = head_of(client)};

    (void)pthread_mutex_init(&stream.mu, NULL);
    (void)pthread_cond_init(&stream.moved, NULL);
    measure_begin(&stream.measure, seconds);
    while (measure_now_ns() < stream.measure.end_ns)
        watch(client, &stream);
    measure_print(&stream.measure);
    tenon_client_destroy(client);
}

/* Loading */

/* Creates a batch and returns the id of its first record, whose others follow. */
static uint64_t create_batch(struct tenon_client *client, const struct request *request)
{
    struct tenon_result result = {0};
    uint8_t *data = NULL;
    size_t len = 0;

    if (tenon_invoke_bytes(client,
                           BATCH_CREATE,
                           (struct tn_bytes){request->data, request->len},
                           NULL,
                           &data,
                           &len,
                           &result) != TN_OK)
        die(BATCH_CREATE, result.message);
    Tenon__Records__V1__BatchCreateResponse *answer =
        tenon__records__v1__batch_create_response__unpack(NULL, len, data);
    if (!answer || answer->n_records == 0 ||
        answer->records[answer->n_records - 1]->id - answer->records[0]->id + 1 !=
            answer->n_records)
        die(BATCH_CREATE, "the ids do not follow one another");
    uint64_t id = answer->records[0]->id;
    tenon__records__v1__batch_create_response__free_unpacked(answer, NULL);
    free(data);
    tenon_result_fini(&result);
    return id;
}

static void load(const char *url, uint64_t count)
{
    struct tenon_client *client = connect_to(url);
    struct request request = {0};
    struct data_set data = {.company_count = COMPANY_COUNT};

    work_deals(&request, DEAL_COUNT, 1); /* makes the default pipeline, which takes ids */
    (void)create_batch(client, &request);
    for (uint64_t i = 0; i < DEAL_COUNT; i += LOAD_BATCH) {
        work_deals(&request, i, LOAD_BATCH);
        (void)create_batch(client, &request);
    }
    work_companies(&request, COMPANY_COUNT);
    data.first_company = create_batch(client, &request);
    for (; data.contact_count < count; data.contact_count += LOAD_BATCH) {
        work_people(&request, &data, data.contact_count, LOAD_BATCH, CONTACTS_PER_COMPANY);
        uint64_t id = create_batch(client, &request);
        if (data.contact_count == 0)
            data.first_contact = id;
        if (id != data.first_contact + data.contact_count)
            die(url, "somebody else writes into the portal");
    }
    (void)printf("contacts %" PRIu64 " %" PRIu64 " companies %" PRIu64 " %" PRIu64 "\n",
                 data.first_contact,
                 data.contact_count,
                 data.first_company,
                 data.company_count);
    free(request.data);
    tenon_client_destroy(client);
}

/* id, company (or nothing), then the texts */
static void print_csv(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        struct person person;

        person_make(&person, i);
        (void)printf("%" PRIu64 ",", i);
        if (i / CONTACTS_PER_COMPANY < COMPANY_COUNT)
            (void)printf("%" PRIu64, i / CONTACTS_PER_COMPANY);
        for (size_t k = 0; k < PERSON_FULL; k++)
            (void)printf(",%s", person.texts[k]);
        (void)printf("\n");
    }
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "load") == 0) {
        load(argv[2], strtoull(argv[3], NULL, 10));
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "csv") == 0) {
        print_csv(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
        return 0;
    }
    if (argc >= 5 && strcmp(argv[1], "stream") == 0) {
        run_stream(argv[2], strtod(argv[4], NULL));
        return 0;
    }
    bool is_counted = argc > 1 && strcmp(argv[1], "count") == 0;
    char **rest = argv + is_counted; /* URL at 2 */
    int rest_count = argc - is_counted;
    const struct work *work = rest_count >= 5 ? work_find(rest[1]) : NULL;
    if (!work) {
        (void)fprintf(stderr, "usage: see tests/bench/client.c\n");
        return 2;
    }
    const char *set = rest_count > 5 ? rest[5] : NULL;
    if (strcmp(rest[3], "block") == 0)
        run_blocking(work, rest[2], strtod(rest[4], NULL), set);
    else if (is_counted)
        run(work,
            rest[2],
            (unsigned)strtoul(rest[3], NULL, 10),
            1,
            strtoull(rest[4], NULL, 10),
            set);
    else
        run(work,
            rest[2],
            (unsigned)strtoul(rest[3], NULL, 10),
            strtod(rest[4], NULL),
            UINT64_MAX,
            set);
    return 0;
}
